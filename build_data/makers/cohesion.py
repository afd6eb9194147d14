"""What ties sentences of running text together: content stems that two of them share. For makers whose one right answer must be decidable.

A stem counts as content if few sentences of all documents have it, and ties two sentences only if few sentences of their own
document have it: a topic's words stand everywhere in the document, so they tell no place in it from another (lexical cohesion,
Halliday and Hasan 1976; texts are cut at the same place by Hearst 1997, TextTiling).

A sentence that is none of running prose (plain), or that nobody went over (spelling.py), ties nothing. Most are passed by the signs and words that
a pattern would need; patterns see the rest.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import compress
from typing import NamedTuple

import numpy as np

from build_data.makers.common import whole_sentence
from build_data.makers.ordinary import signs
from build_data.makers.tally import FIGURE, GLUED, JOINED, NAMED, REPEATS, SHOUTS, SPOKEN, STUMP, TORN, WORDED, Limits, Stems, Tally
from corpora.records import Document

COMMON = 0.01  # share of all sentences beyond which a stem is no content
FAMILIAR = 0.05  # share of all sentences beyond which a stem says nothing of what a sentence is about
TOPIC = 0.12  # share of a document's sentences beyond which a stem tells no place in it
FEW = 3  # sentences that a stem may always stand in, whatever the shares say
TIED = 3  # sentences before one that it may be tied to
LINES = 1_000  # sentences of a document that are looked at; the makers bound its rows
SHORTEST, LONGEST = 5, 35  # words a sentence
COMMAS = 4  # a sentence: one with more is mostly a list, or several sentences strung together
UNTENDED, FEWEST = 0.1, 2  # share of a document's sentences, and number, beyond which none of it is used
WEB = ("web", "blog")  # genres whose paragraphs have lost their headings

ASKED = "qa"  # genre whose documents begin with what somebody asks, mostly in haste
QUOTED = re.compile(r"[\"'“”„»«‘’…;¬|*_<>{}=~^\\]")  # quotations, and leftovers of markup
DOUBTFUL = re.compile(r"[):–-](?:(?<!-)|(?=[ -]|ja|tai|és|vagy))")  # signs one of which the next two patterns need
CUT_OFF = ("Mm", "Ts", "Ym", "Huom", "Ks", "Vrt", "Ld", "Vö", "Stb")  # what opens in the middle
GOES_ON = ("Eli ", "Tai ", "Sekä ", "Siis ", "Joten ", "Samoin ", "Vagyis ", "Azaz ")  # what mostly opens the other half of the sentence before
GOES_ON_WITH = frozenset(map(str.strip, GOES_ON))
# Enumerations, faces (":D"), the remains of a compound or of a line ("Kunto- Alaskan"). The sign comes first: what opens with letters is tried at every letter.
ODD = re.compile(
    r"[):–-](?:(?<=\))(?: [A-ZÅÄÖÁÉÍÓÚÜŐŰ]|[^\W\d_])|(?<=:)-?[()DPp](?!\w)|(?<=\s–)\w"
    r"|(?<=[^\W\d_]-)(?: (?!(?:és|s|vagy|meg|illetve|valamint|ja|tai|taikka|sekä|eikä|vai|kuin|että)\b)|(?:ja|tai|és|vagy)\b))"
)
OPENED = re.compile(rf"(?:{'|'.join(CUT_OFF)})\b")
ENDED = re.compile(r"[.,] ?[?!]$")
LISTED = re.compile(r"[A-ZÅÄÖÁÉÍÓÚÜŐŰ]\w+ – [a-zåäöáéíóúüőű]|\d\)|--| [–-] .* [–-] .* [–-] ")
UNSPACED = re.compile(r",[^\W\d_]")  # a comma without its space
GROWN = re.compile(r"[0-9](?<=[a-zåäöáéíóúüőű]{3}[0-9])")  # a number that grew on to a word
SHOUTED = re.compile(r"\b[A-ZÅÄÖÁÉÍÓÚÜŐŰ]{4,}\b")
# A sentence that ends, or begins with a small letter, inside.
INNER = re.compile(r"[.!?](?: [–-] [a-zåäöáéíóúüőű]|\S+\s|(?:(?<=\)[.!?])|(?<=[^\W\d_]{5}[.!?])) [a-zåäöáéíóúüőű])")
TWICE = re.compile(r"\b(\w[\w-]{2,}) \1\b", re.IGNORECASE)  # a heading written twice ("Talo talo, joka ...")


def plain(text: str) -> str:
    """Return why a sentence is no plain one of running prose, or "": "length", "list_item", "no_sentence", "signs", "odd_signs"."""
    return whole_sentence(text, SHORTEST, LONGEST) or ("odd_signs" if _odd(text) else "")


def _odd(text: str, mark: int = SHOUTS | REPEATS | FIGURE) -> bool:
    last = text[-1]
    if not text[0].isalpha() or last not in ".!?" or text.count("(") != text.count(")") or QUOTED.search(text) or text.startswith(GOES_ON):
        return True
    commas = text.count(",")
    if commas and (commas > COMMAS or " ," in text or (commas > text.count(", ") and UNSPACED.search(text))):
        return True
    if text.startswith(CUT_OFF) and OPENED.match(text):
        return True
    if last != "." and (text.rstrip(".!?").endswith(":") or ENDED.search(text, len(text) - 3)):
        return True
    if DOUBTFUL.search(text) and (text.rstrip(".!?").endswith(":") or ODD.search(text) or LISTED.search(text)):
        return True
    if mark & FIGURE and GROWN.search(text):
        return True
    inside = text[:-1]
    if ("." in inside or "?" in inside or "!" in inside) and INNER.search(text):
        return True
    if mark & SHOUTS and SHOUTED.search(text):
        return True
    if not mark & (REPEATS | FIGURE) and "-" not in text:
        return False
    words = inside.casefold().replace("-", " ").replace(",", "").split()
    return len(set(words)) < len(words) and TWICE.search(text) is not None


class Line(NamedTuple):
    """A sentence: its place in the document, its paragraph, why it is no plain one (""), and which of the sentences before it are tied to it."""

    text: str
    at: int
    paragraph: int
    fault: str
    ties: int  # bit n: the sentence n places before, TIED of them, shares a stem that is rare among all sentences, and in the document too
    number: int  # among the sentences of all documents
    stems: Stems  # of all sentences

    @property
    def about(self) -> frozenset[int]:
        """Its stems but for the familiar ones."""
        return self.stems.of(self.number, self.number + 1)


@dataclass(frozen=True, slots=True)
class Script:
    """A document as lines, which are the sentences from number `first` on of all, and the content stems of all documents."""

    document: Document
    lines: tuple[Line, ...]
    first: int
    stems: Stems

    def content(self) -> frozenset[int]:
        """Return the content stems of its lines."""
        return self.stems.of(self.first, self.first + len(self.lines))


def scripts(kept: Sequence[tuple[Document, list[list[str]]]], language: str, *, tied: bool = True) -> list[Script]:
    """Return documents, in order of id, as lines with their stems; at most LINES of each. Without `tied` nobody asks for stems: lines have none, nor ties.

    Besides `plain`'s reasons a line is "glued" where a word inside it has a capital that the word mostly lacks elsewhere (a heading or the next
    sentence grew on to it), "torn" where a space stands inside a word ("sairaala n", "mo st"), and "sloppy" where a comma is missing before a
    conjunction or it is written as people talk; a document with many such lines has no other. "asked" are the asker's own in a document of questions and answers.
    """
    ordered = sorted(kept, key=lambda item: item[0].id)
    cut = [[(n, s) for n, part in enumerate(parts) for s in part][:LINES] for _, parts in ordered]
    texts = [text for some in cut for _, text in some]
    tally = Tally(texts, language)
    known = tally.known
    limits = Limits(max(FEW, COMMON * len(texts)), max(FEW, FAMILIAR * len(texts)), [max(FEW, TOPIC * len(some)) for some in cut])
    ordinary, figures = signs(texts, (SHORTEST, LONGEST), COMMAS)
    if tied:
        about, content, ties = tally.stems([n for n, some in enumerate(cut) for _ in some], limits, figures, TIED)
    else:
        about = content = Stems(np.zeros(0, np.int64), [0] * len(texts))
        ties = [0] * len(texts)
    found = tally.marks(figures)
    ordinary &= (found & (WORDED | SHOUTS | REPEATS) == WORDED) & ~tally.open_with(lambda word: word in GOES_ON_WITH or word.startswith(CUT_OFF))
    looked_at = (~ordinary | (found & (GLUED | STUMP | TORN) > 0)).tolist()
    joined = (found & (JOINED | SPOKEN) > 0).tolist()
    marks = found.tolist()
    out, start = list[Script](), 0
    for (document, _), some in zip(ordered, cut, strict=True):
        stop = start + len(some)
        web = document.genre.startswith(WEB)
        some_joined = compress(range(start, stop), joined[start:stop])
        sloppy = {at for at in some_joined if known.slips(texts[at], joined=marks[at] & JOINED > 0, spoken=marks[at] & SPOKEN > 0)}
        untended = len(sloppy) > max(FEWEST, UNTENDED * len(some))
        asked = _asked(document, some)
        lines = []
        for at, (paragraph, text) in enumerate(some):
            number, fault = start + at, ""
            mark = marks[number]
            if looked_at[number] or number in sloppy or untended or at < asked or (web and mark & NAMED):
                fault = (
                    ("asked" if at < asked else "")
                    or whole_sentence(text, SHORTEST, LONGEST, worded=mark & WORDED > 0)
                    or ("odd_signs" if _odd(text, mark) else "")
                    or ("sloppy" if untended or number in sloppy else "")
                    or tally.broken(text, mark, web=web)
                )
            lines.append(Line(text, at, paragraph, fault, ties[number], number, about))
        out.append(Script(document, tuple(lines), start, content))
        start = stop
    return out


def _asked(document: Document, lines: Sequence[tuple[int, str]]) -> int:
    """Return how many sentences a question and answer begins with that are the asker's: those up to the last question in its first half."""
    if not document.genre.startswith(ASKED):
        return 0
    return max((at + 1 for at, (_, text) in enumerate(lines[: (len(lines) + 1) // 2]) if text.endswith("?")), default=0)
