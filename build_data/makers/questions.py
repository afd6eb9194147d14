"""What question writers of every language share: drafts, names, and putting words back into a line."""

from __future__ import annotations

import dataclasses
import functools
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from build_data.makers.tokens import tokens
from build_data.makers.words import REMEMBERED, Known
from build_data.parse import Word
from build_data.parse_types import Entity

TOKEN = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)*")
TOKEN_OR_NUMBER = re.compile(r"\w+(?:[-.,]\w+)*")


@dataclass(frozen=True, slots=True)
class Draft:
    """A question and its answer as offsets in the sentence; `kind` says what is asked for (time, place, number, subject, ...)."""

    kind: str
    start: int
    end: int
    question: str


@dataclass(frozen=True, slots=True)
class Chunk:
    """Words [start, stop) of a clause that belong together, with the case of their head ("nom", "ine", ...), or "adv", "time", "num"."""

    start: int
    stop: int
    case: str
    doubtful: bool = False  # it may be two constituents: good enough to stay in a question, not to be an answer


@dataclass
class Names:
    """Which capitalised words are names, judged from running text: a common noun is written small somewhere, a name inside a sentence isn't.

    Words are known by their first letters, so that inflected forms count together. Words that `derived` matches don't count:
    "japanilainen" and "szegedi" are written small and would make Japani and Szeged common nouns.
    """

    derived: re.Pattern[str]

    small: Counter[str] = field(default_factory=Counter)
    capital: Counter[str] = field(default_factory=Counter)
    entities: tuple[Entity, ...] = ()  # of the sentence in hand, where the pack finds them

    def read(self, sentences: Iterable[str]) -> None:
        """Count the words of sentences; the first word of each says nothing."""
        found = tokens(list(sentences), hyphens=True).counted()
        inside = dict(zip(found.words, (found.times - found.first).tolist(), strict=True))
        words = [word for word, count in inside.items() if count and not self.derived.fullmatch(word)]
        for word, known in zip(words, _stems(words), strict=True):
            side = self.capital if word[0].isupper() else self.small
            side[known] = side.get(known, 0) + inside[word]

    def beside(self, entities: Sequence[Entity] | None) -> Names:
        """Return the same names beside the entities of a sentence."""
        return dataclasses.replace(self, entities=tuple(entities)) if entities else self

    def is_name(self, word: str, first: bool) -> bool | None:
        """Tell whether `word` is a name; None = a first word never seen elsewhere, so nobody knows."""
        if not word[:1].isupper():
            return False
        if not first:
            return True
        small, capital = self.seen(word)
        return None if small == capital == 0 else capital > small

    def seen(self, word: str) -> tuple[int, int]:
        """Return how often words of this stem stood inside a sentence with a small and with a capital letter."""
        known = stem(word)
        return self.small.get(known, 0), self.capital.get(known, 0)


# Letters of a word, by its length, that it keeps in most of its forms; longer words keep as many as the longest here.
KEPT = tuple(max(4, min(8, length - 3)) for length in range(12))


@functools.lru_cache(REMEMBERED)
def stem(word: str) -> str:
    """Return the letters that a word keeps in most of its forms: its first ones, in small letters."""
    return word.casefold()[: KEPT[min(len(word), len(KEPT) - 1)]]


def _stems(words: Sequence[str]) -> list[str]:
    """Return `stem` of each word; small letters for all of them at once."""
    small, most = "\n".join(words).casefold().split("\n") if words else [], len(KEPT) - 1
    return [folded[: KEPT[min(len(word), most)]] for word, folded in zip(words, small, strict=True)]


PERSON, PLACE = ("PER", "PERSON"), ("LOC", "GPE", "FAC")  # as packs of Stanza call them
PLAIN = ("NOUN", "PROPN", "ADJ", "NUM", "VERB")
ASIDE = re.compile(r" \([^()]*\)")


def entity(entities: Sequence[Entity], words: Sequence[Word]) -> str:
    """Return what the pack takes the last of `words` for, "person", "place" or "other"; "" where it is in no entity."""
    kind = next((e.kind for e in entities if words and e.start <= words[-1].start < e.end), "")
    return "person" if kind in PERSON else "place" if kind in PLACE else "other" if kind else ""


def specific(words: Sequence[Word], dull: frozenset[str], least: tuple[int, int]) -> bool:
    """Tell whether a question's words say enough to be understood alone: at least (words, letters) of content, or a name or number and one more.

    `dull` words ("on", "tehdä") don't count.
    """
    content = [w for w in words if w.upos in PLAIN and len(w.text) > 2 and w.text.casefold() not in dull]
    marked = any(w.text[0].isdigit() or (w.upos == "PROPN" and w.text[0].isupper()) for w in words)
    return (len(content) >= least[0] and sum(len(w.text) for w in content) >= least[1]) or (marked and len(content) >= 2)


def copied(question: str, sentence: str) -> int:
    """Return the length in words of the longest run of the question that the sentence has word for word."""
    ours, theirs = ([w.casefold() for w in TOKEN_OR_NUMBER.findall(text)] for text in (question, sentence))
    best = 0
    last = [0] * (len(theirs) + 1)
    for word in ours:
        row = [0] * (len(theirs) + 1)
        for k, other in enumerate(theirs):
            if word == other:
                row[k + 1] = last[k] + 1
                best = max(best, row[k + 1])
        last = row
    return best


def plausible(text: str, signs: frozenset[str], openers: frozenset[str], continues: frozenset[str], unfit: Known) -> bool:
    """Tell from the bare text whether rules could find a question, so that only such sentences are parsed.

    It must be declarative and free of `signs`, may not begin with one of `openers`, and its part before the first comma (which
    one of `continues` must follow) may hold no word that `unfit` matches.
    """
    text = ASIDE.sub("", text) if "(" in text else text  # a remark in brackets is left out of the question
    if not text.endswith(".") or _one_of(signs).search(text, 0, len(text) - 1):
        return False
    head, comma, tail = text[:-1].partition(", ")
    own = head.casefold().split()
    if comma and (not tail.split() or tail.split()[0].casefold().strip(".") not in continues):
        return False
    return len(own) >= 3 and own[0] not in openers and not any(map(unfit.fullmatch, own))


@functools.cache
def _one_of(signs: frozenset[str]) -> re.Pattern[str]:
    return re.compile(f"[{re.escape(''.join(sorted(signs)))}]")


def without_asides(words: Sequence[Word]) -> list[Word]:
    """Return words without those in round brackets."""
    if "(" not in [word.text for word in words]:
        return list(words)
    out: list[Word] = []
    depth = 0
    for word in words:
        depth += word.text == "("
        if not depth:
            out.append(word)
        depth -= word.text == ")" and depth > 0
    return out


def compounds(words: Sequence[Word], ands: frozenset[str]) -> list[Word]:
    """Make one word of "maa- ja metsätalousministeriö": what is left of a first word that shares its end with the next, `ands` between."""
    if not [word for word in words if word.text[-1] == "-"]:
        return list(words)
    out: list[Word] = []
    for word in words:
        if len(out) > 1 and out[-1].text in ands and out[-2].text.endswith("-") and len(out[-2].text) > 2 and word.text[0].isalpha():
            first, between = out[-2], out[-1]
            out[-2:] = [dataclasses.replace(word, text=f"{first.text} {between.text} {word.text}", start=first.start)]
        else:
            out.append(word)
    return out


def in_order(words: Sequence[Word], small: bool) -> str:
    """Write words in one line, with the spaces they had where they were neighbours; `small` = the first letter becomes small."""
    out = ""
    last: Word | None = None
    for word in words:
        glued = last is not None and last.end == word.start
        out += ("" if glued or not out else " ") + word.text
        last = word
    return out[:1].lower() + out[1:] if small else out


def question(asked: str, words: Sequence[Word], first: Word, first_is_name: bool) -> str:
    """Return `asked` + words + "?"; the sentence's first word loses its capital wherever it went, unless it is a name."""
    parts: list[str] = []
    run: list[Word] = []
    for word in words:
        if word is first and not first_is_name and (len(word.text) == 1 or word.text[1:].replace("-", "").islower()):
            parts += [in_order(run, False)] if run else []
            run = []
            parts.append(word.text[:1].lower() + word.text[1:])
            continue
        run.append(word)
    parts += [in_order(run, False)] if run else []
    line = " ".join([asked, *parts])
    return line[:1].upper() + line[1:] + "?"


def regex_tokens(words: Sequence[Word], text: str, pattern: re.Pattern[str], signs: Sequence[str]) -> list[tuple[int, int]]:
    """Return [start, stop) of words covered by each match of `pattern` in the words' stretch of `text`, where borders agree.

    `signs`: letters or digits of which each match holds one, in small letters; a text without any is not searched.
    """
    lower = text.casefold()
    if not words or not any(map(lower.__contains__, signs)):
        return []
    spans = [(m.start(), m.end()) for m in pattern.finditer(text, words[0].start, words[-1].end)]
    if not spans:
        return []
    begins = {w.start: i for i, w in enumerate(words)}
    ends = {w.end: i + 1 for i, w in enumerate(words)}
    joined: list[tuple[int, int]] = []
    for a, b in spans:  # "lauantaina" + "kello yhdeksän": neighbours are one answer
        if joined and text[joined[-1][1] : a].isspace():
            joined[-1] = (joined[-1][0], b)
        else:
            joined.append((a, b))
    return [(begins[a], ends[b]) for a, b in joined if a in begins and b in ends]
