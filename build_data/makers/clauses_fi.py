"""Finnish clauses for question rules: the main clause of a tagged sentence, its finite verb, and its chunks with their cases.

Word endings decide, tags only where endings are ambiguous; trees aren't used: rules need case endings, and small packs are weak at arcs.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from build_data.makers import words_fi as lists
from build_data.makers.questions import Chunk, Names, regex_tokens
from build_data.parse import Sentence, Word

CASES: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("ine", re.compile(r".{3,}ss[aä](?:[aä]n|nsa|nsä|mme)?(?:kin)?")),
    ("ade", re.compile(r".{3,}ll[aä](?:[aä]n|nsa|nsä)?(?:kin)?")),
    ("abl", re.compile(r".{3,}lt[aä](?:[aä]n|nsa|nsä)?")),
    ("all", re.compile(r".{3,}lle(?:en|nsa|nsä)?(?:kin)?")),
    ("ela", re.compile(r".{2,}st[aä](?:[aä]n|nsa|nsä)?(?:kin)?")),
    ("ill", re.compile(r".{2,}(?:[aeiouyäö]{2}h[aeiouyäö]n|[ai]ih[ie]n|seen|siin|[^t]iin|oon|uun|yyn|öön|aan|ään|een)(?:kin)?")),
    ("ess", re.compile(r".{2,}n[aä]")),
    ("px", re.compile(r".{3,}ns[aä]")),
    ("tra", re.compile(r".{3,}ksi")),
)
PARTITIVE_NOT_ELATIVE = re.compile(r".*(?:[^aeiouyäö]ist[aä]|(?:i|o|u|y|ö)st[aä]|vierasta|hammasta|rikasta|kirkasta|sairasta|kaunista)")
DOUBTFUL_ILLATIVE = re.compile(r".*(?:[^h]een|aan|ään)")
VERB_SHAPE = re.compile(r".*(?:v[aä]t|[aeiouyäö]|t[aä][aä]n|d[aä][aä]n|[lrns][aä][aä]n|tiin)")
NO_VERB_SHAPE = re.compile(r".*(?:sti|ss[aä]|st[aä]|ll[aä]|lt[aä]|lle|nen|mme|tte|ksi|uus|isuus|[aeiouyäö]n?kin|isia|isiä|ja|jä|inen)")
PASSIVE = re.compile(r".*(?:t[aä][aä]n|d[aä][aä]n|ll[aä][aä]n|rr[aä][aä]n|nn[aä][aä]n|tiin)|.*tt[uy]|.*[dtnlr]t[uy]")
PARTITIVE_SHAPE = re.compile(r".*(?:aa|oa|ua|ea|yä|öä|eä|ää|ia|iä|oja|öjä|uja|yjä|eja|ejä|ita|itä)")
MONTHS = re.compile("(?:tammi|helmi|maalis|huhti|touko|kesä|heinä|elo|syys|loka|marras|joulu)kuun")  # genitives that look like illatives
ESSIVE = re.compile(r"vuonna|.*(?:päivänä|yönä|iltana|aamuna|kesänä|talvena|syksynä|keväänä|hetkenä|kertana|viikonloppuna)")  # "juna" is none
BESIDE = frozenset(["pitkin", "kohti", "vastaan", "varten", "vasten", "päin", "kautta", "ilman"])  # the partitive or genitive before belongs to these
OWN = re.compile(r".{3,}mme|(?!pieni).{2,}[aeiouyäö]ni")  # "söimme", "lapsemme", "ystäväni": somebody speaks of himself
SIGNS = frozenset("±\"”’‘„“'()[]:;!?–—»«/")
BE = frozenset(["on", "oli", "ovat", "olivat"])


@dataclass(frozen=True)
class Clause:
    """A main clause: its words without the final stop, the place of its finite verb, and its chunks in order."""

    text: str
    words: tuple[Word, ...]
    verb: int
    chunks: tuple[Chunk, ...]
    first_is_name: bool

    def has(self, chunk: Chunk) -> tuple[Word, ...]:
        return self.words[chunk.start : chunk.stop]

    @property
    def subject(self) -> Chunk | None:
        """The nominative chunk straight before the verb, if it is the only one there that may be a subject or object."""
        before = [c for c in self.chunks if c.stop <= self.verb and c.case in ("nom", "gen", "par", "px")]
        return before[0] if len(before) == 1 and before[0].case == "nom" and before[0].stop == self.verb else None

    def around(self, chunk: Chunk) -> tuple[str, str]:
        """Return the small forms of the words before and behind a chunk ("" at an end)."""
        before = self.words[chunk.start - 1].text.casefold() if chunk.start else ""
        return before, self.words[chunk.stop].text.casefold() if chunk.stop < len(self.words) else ""


def find_clause(text: str, sentence: Sentence, names: Names) -> Clause | None:
    """Return the sentence's first main clause, or None where it has none that the rules understand."""
    words = list(sentence.words)
    if (
        len(words) < 4
        or words[0].upos in ("VERB", "AUX")
        or words[-1].text != "."
        or words[0].text.casefold() in lists.SUBORDINATORS
        or any(w.text in SIGNS or w.text[0] in "'’‘" for w in words)
    ):
        return None
    words = words[:-1]
    commas = [i for i, w in enumerate(words) if w.text == ","]
    if commas:
        if words[commas[0] + 1].text.casefold() not in lists.CONTINUES if commas[0] + 1 < len(words) else True:
            return None
        words = words[: commas[0]]
        if words[-1].text.casefold() in (*lists.NEAR_TIMES, "niin", "silloin", "siitä", "siten"):
            return None  # "vasta, kun ...": what follows the comma is part of it
    words = [w for w in words if w.text.casefold() not in lists.DROPPED]
    finite = [i for i, w in enumerate(words) if is_verb(w)]
    both = [i for i, w in enumerate(words) if w.text.casefold() in ("ja", "tai", "sekä", "mutta", "eikä", "eivätkä")]
    if len(finite) == 2 and any(finite[0] < b < finite[1] for b in both):  # "avasi kuoren ja puhalsi ...": the first half stands alone
        words = words[: next(b for b in both if finite[0] < b)]
        finite = finite[:1]
    if len(finite) != 1 or finite[0] == 0 or len(words) < 3 or any(lists.NEGATION.fullmatch(w.text.casefold()) for w in words):
        return None
    if any(w.feats.get("Person") in ("1", "2") or (OWN.fullmatch(w.text.casefold()) and w.upos != "ADJ") for w in words) or words[finite[0]].text.endswith(
        "tte"
    ):
        return None
    if any(w.text.casefold() in ("kuin", "niinkuin") for w in words) or any(
        w.text[:1].isupper() and small > capital for w in words[1:] for small, capital in [names.seen(w.text)]
    ):
        return None  # a comparison, or a heading glued to the sentence ("Mikkeli Juoksussa käytetään ...")
    before = _joined(words, _chunks(text, words, 0, finite[0]))
    after = _joined(words, _chunks(text, words, finite[0] + 1, len(words)))
    if before is None or after is None:
        return None
    words = words[: after[-1].stop if after else finite[0] + 1]
    name = _first_is_name(words, words[0] is sentence.words[0], names)
    return None if name is None else Clause(text, tuple(words), finite[0], (*before, *after), name)


def _first_is_name(words: Sequence[Word], first: bool, names: Names) -> bool | None:
    """Tell whether the clause's first word keeps its capital in the middle of a question; None = nobody knows."""
    text = words[0].text
    if text in lists.FIRST_NAMES:
        return True
    if lists.PERSONS.fullmatch(text.casefold()):
        return False
    known = names.is_name(text, first)
    # Never seen inside a sentence: the tag decides, if the next word is a name too.
    if known is None and words[0].upos == "PROPN":
        return True if len(words) > 1 and words[1].text[:1].isupper() else None
    return bool(known)


def _joined(words: Sequence[Word], chunks: Sequence[Chunk]) -> list[Chunk] | None:
    """Make "hirvet ja metsäjänikset" one chunk. A conjunction between unlike chunks opens a second clause: the rest is left out.

    None where that would leave nothing, or where the second clause holds the verb.
    """
    out: list[Chunk] = []
    at = 0
    while at < len(chunks):
        chunk = chunks[at]
        if words[chunk.start].text.casefold() not in ("ja", "tai", "sekä", "eli", "mutta"):
            out.append(chunk)
            at += 1
            continue
        following = chunks[at + 1] if at + 1 < len(chunks) else None
        if not out or following is None or words[chunk.start - 1].text.endswith("-"):
            return None  # "maa- ja metsätalousministeriö" is one word
        if out[-1].case != following.case or following.case == "adv":
            torn = out[-1].case in ("gen", "adv") or DOUBTFUL_ILLATIVE.fullmatch(words[out[-1].stop - 1].text.casefold())
            return out if chunks[0].start > 0 and not torn else None
        out[-1] = Chunk(out[-1].start, following.stop, following.case, out[-1].doubtful or following.doubtful)
        at += 2
    return out


def is_verb(word: Word) -> bool:
    lower = word.text.casefold()
    finite = word.upos in ("VERB", "AUX") and word.feats.get("VerbForm") == "Fin"
    return lower in BE or (
        finite
        and word.text[0].islower()
        and VERB_SHAPE.fullmatch(lower) is not None
        and (NO_VERB_SHAPE.fullmatch(lower) is None or lower in ("tulee", "kulki"))
    )


def case_of(word: Word) -> str:
    """Return the case that a word's ending shows: "ine", "ill", ..., "par", "gen", "nom" or "" for what isn't a nominal."""
    lower = word.text.casefold()
    if word.upos in ("ADV", "ADP", "SCONJ", "CCONJ", "AUX", "INTJ", "PUNCT", "SYM") or word.feats.get("VerbForm") in ("Fin", "Inf"):
        return ""
    if MONTHS.fullmatch(lower):
        return "gen"
    for name, shape in CASES:
        if shape.fullmatch(lower):
            if name == "ela" and PARTITIVE_NOT_ELATIVE.fullmatch(lower) and not word.text[0].isupper():
                return "par"
            if name in ("ela", "abl") and word.feats.get("Case") == "Par":
                return "par"  # "kieltä", "miestä"
            if name == "ess" and word.feats.get("Case") != "Ess" and not ESSIVE.fullmatch(lower) and not re.fullmatch(r".{4,}[aeioäö]n[aä]", lower):
                continue
            return name
    if lower.endswith("n"):
        return "gen"
    return "par" if word.feats.get("Case") == "Par" and lower[-1] in "aä" else "nom"


def _chunks(text: str, words: Sequence[Word], start: int, stop: int) -> list[Chunk]:
    """Cut words [start, stop) into chunks: times, amounts, noun phrases, single words."""
    times = dict(regex_tokens(words, text, lists.TIME))
    out: list[Chunk] = []
    at = start
    while at < stop:
        chunk = Chunk(at, times[at], "time") if at in times and times[at] <= stop else _amount(words, at, stop) or _phrase(words, at, stop, post=start > 0)
        out.append(chunk)
        at = chunk.stop
    return out


def _amount(words: Sequence[Word], at: int, stop: int) -> Chunk | None:
    """Return "noin 400 000 euroa" from `at`, if that is what stands there."""
    i = at + (words[at].text.casefold() in lists.ABOUT)
    digits = i
    while digits < stop and lists.NUMBER.fullmatch(words[digits].text.casefold()):
        digits += 1
    if digits == i or digits - i > 2:
        return None
    end = digits
    while (
        end < stop
        and end - digits < 3
        and words[end].text[-1:] in "aä"
        and words[end].upos in ("NOUN", "ADJ", "VERB")
        and case_of(words[end]) in ("par", "nom", "")
    ):
        end += 1
        if words[end - 1].upos == "NOUN":
            return Chunk(at, end, "num")
    return None


def _phrase(words: Sequence[Word], at: int, stop: int, post: bool) -> Chunk:
    """Return the noun phrase (or the single word) that begins at `at`.

    A genitive goes with what follows, an adjective with a noun of its case, a name with the next name. Behind the verb a
    genitive may be an object instead, so that the phrase is doubtful.
    """
    i, doubtful = at, False
    while True:
        word, case = words[i], case_of(words[i])
        if not case:
            return Chunk(at, i + 1, "adv" if i == at else case_of(words[i - 1]), doubtful or i > at)
        following = words[i + 1] if i + 1 < stop else None
        if (
            case == "ill"
            and not post
            and following is not None
            and DOUBTFUL_ILLATIVE.fullmatch(word.text.casefold())
            and case_of(following) in ("nom", "gen", "par")
        ):
            case = "gen"  # "Saimaan pinta", not "into Saimaa"
        if following is not None and case == "gen" and following.text.casefold() in lists.POSTPOSITIONS:
            return Chunk(at, i + 2, lists.POSTPOSITIONS[following.text.casefold()], doubtful)
        if following is None or not _goes_on(word, case, following):
            return Chunk(at, i + 1, case, doubtful)
        if case == "gen" and post and i == at and (word.text[0].islower() or case_of(following) in ("ill", "all", "ela", "abl")):
            doubtful = True
        i += 1


def _goes_on(word: Word, case: str, following: Word) -> bool:
    after = case_of(following)
    if not after or following.upos not in ("NOUN", "PROPN", "ADJ", "NUM"):
        return False
    if case == "gen":
        return True
    if case == after and (case in ("ine", "ela", "ade", "abl", "all", "ess") or (case == "nom" and word.text[-1] == following.text[-1] == "t")):
        return True  # two neighbours in one case are a phrase, whatever their tags
    if word.text[0].isupper() and following.text[0].isupper() and case == "nom" and following.upos == "PROPN":
        return True
    if word.upos in ("ADJ", "DET", "NUM", "PRON"):
        return case == after
    return case == "nom" and after == "nom" and following.text[0].isupper() and word.upos == "NOUN"  # "puheenjohtaja Sirpa Latvala"
