"""A Hungarian sentence as the rules of contrasts look at it: words in small letters, tags, clauses, phrases. See contrasts_hu."""

from __future__ import annotations

from collections.abc import Sequence
from operator import attrgetter

from build_data.makers.common import listed
from build_data.makers.contrasts import Forms, Site
from build_data.makers.contrasts_hu_marks import BORDER, KNOWN
from build_data.makers.contrasts_hu_nouns import is_bare, split_case
from build_data.makers.contrasts_hu_verbs import is_verb
from build_data.makers.contrasts_hu_words import ARTICLES, BETWEEN, CLAUSE_ENDS, DEMONSTRATIVES, OBJECTS, OPENING, PREVERBS, VERBAL
from build_data.parse import Word

MODALS = listed("kell lehet szabad muszáj van volt volna kár jó")
TIMES = (  # ends
    "este", "reggel", "éjjel", "éjszaka", "nap", "nappal", "nyáron", "télen", "hajnal", "idő", "perc", "óra", "héten", "évben", "félig", "vége", "eleje", "közepe", "napja",
    "hete", "éve",
)  # fmt: skip
TEXT_AND_UPOS = attrgetter("text", "upos")
PADS = 4  # rules look three words beyond a place
BORDERS = [BORDER] * PADS


class Line:
    """A sentence's words in small letters (`low`), their tags (`pos`, "PUNCT" for any sign) and marks, and what is asked of them.

    PADS empty places stand behind the last word, so that place -1 is empty as well: before the sentence as behind it there is a border.
    """

    def __init__(self, words: Sequence[Word], forms: Forms) -> None:
        self.words, self.forms = words, forms
        self.low: Sequence[str]
        self.pos: Sequence[str]
        self.marks: Sequence[int]
        self.low, self.pos, self.marks = zip(*map(KNOWN.__getitem__, map(TEXT_AND_UPOS, words)), *BORDERS, strict=True)

    def noun(self, i: int) -> bool:
        """Tell whether place i has a noun; an adverb by its tag is one if the text has it in cases ("ágy")."""
        tag = self.pos[i]
        return tag == "NOUN" or (tag == "ADV" and len(self.low[i]) > 2 and self.low[i] not in BETWEEN and is_bare(self.low[i], self.forms))

    def finite(self, i: int) -> bool:
        """Tell whether place i has a finite verb by its tag."""
        return self.pos[i] in VERBAL and self.words[i].feats.get("VerbForm", "Fin") == "Fin"

    def verb(self, i: int) -> bool:
        """Tell whether place i has a finite verb by its tag, and mostly in the text."""
        return self.pos[i] in VERBAL and self.words[i].feats.get("VerbForm", "Fin") == "Fin" and is_verb(self.low[i], self.forms)

    def ends(self, i: int) -> bool:
        """Tell whether a clause ends before place i."""
        return self.pos[i] in CLAUSE_ENDS

    def next_verb(self, i: int, skip: frozenset[str] = BETWEEN, most: int = 2) -> int:
        """Return the place of the finite verb that follows place i, with nothing but small words between; -1 if none does."""
        for j in range(i + 1, i + 2 + most):
            if self.verb(j):
                return j
            if self.low[j] not in skip:
                break
        return -1

    def start(self, i: int) -> int:
        """Return where the clause of place i starts, by punctuation and conjunctions."""
        pos = self.pos
        while pos[i - 1] not in CLAUSE_ENDS:
            i -= 1
        return i

    def clause(self, i: int) -> tuple[int, int]:
        """Return where the clause of place i starts and stops."""
        stop, pos = i + 1, self.pos
        while pos[stop] not in CLAUSE_ENDS:
            stop += 1
        return self.start(i), stop

    def others(self, i: int) -> bool:
        """Tell whether the clause of place i has another word that may be a verb, or an infinitive."""
        start, stop = self.clause(i)
        return any(j != i and (self.pos[j] in VERBAL or self.low[j] in MODALS or self.words[j].feats.get("VerbForm")) for j in range(start, stop))

    def only_verb(self, i: int) -> int:
        """Return the place of the finite verb in the clause that place i opens, if it is the first that may be one; else -1."""
        for j in range(i + 1, len(self.words)):
            if self.ends(j):
                return -1
            if self.pos[j] in VERBAL:
                return j if self.verb(j) else -1
        return -1

    def has_object(self, j: int, i: int) -> bool:
        """Tell whether the clause of the verb at place j has an accusative besides the word at place i, and no infinitive."""
        start, stop = self.clause(j)
        if any(self.words[k].feats.get("VerbForm") == "Inf" for k in range(start, stop)):
            return False
        return any(
            self.low[k] in OBJECTS or (self.low[k].endswith("t") and self.pos[k] == "NOUN" and split_case(self.low[k], self.forms)[1] == "acc")
            for k in range(start, stop)
            if k != i
        )

    def accusative(self, j: int) -> int:
        """Return the place of the definite object that stands behind the verb at place j and ends its phrase; -1 if there is none."""
        start = j + 2 if self.low[j + 1] in PREVERBS else j + 1
        if self.low[start] not in ARTICLES:
            return -1
        i = start + 1
        while self.pos[i] == "ADJ" and i < start + 3:
            i += 1
        if self.pos[i] != "NOUN" or not (self.ends(i + 1) or self.pos[i + 1] == "ADV"):
            return -1
        return i if split_case(self.low[i], self.forms)[1] == "acc" else -1

    def plain(self, i: int) -> bool:
        """Tell whether a noun stands in the singular and the nominative, by its form too."""
        return not self.low[i].endswith("k") and is_bare(self.low[i], self.forms)

    def phrase(self, i: int) -> int:
        """Return where the article of the noun at place i stands, with nothing but one or two adjectives between; -1 if it has none."""
        for j in range(i - 1, max(-1, i - 4), -1):
            if self.low[j] in ARTICLES:
                return -1 if self.low[j - 1] in DEMONSTRATIVES else j
            if self.pos[j] != "ADJ":
                break
        return -1

    def alone(self, start: int) -> bool:
        """Tell whether the phrase that begins at `start` opens a clause, or follows an adverb, and continues no list."""
        if self.pos[start - 1] == "ADV":
            return not self.noun(start - 1)
        return self.opens(start) and not (self.low[start - 1] == "," and self.pos[start - 2] in ("NOUN", "PROPN", "ADJ", "PRON"))

    def opens(self, i: int) -> bool:
        """Tell whether place i begins a clause."""
        return i == 0 or self.low[i - 1] in OPENING

    def site(self, contrast: str, side: int, i: int, other: str) -> Site | None:
        """Return the site at place i with its other form, None if that is none, or where the text does not have the word as it is."""
        word = self.words[i]
        if other and other != self.low[i] and word.text[1:] == self.low[i][1:] and word.end - word.start == len(word.text):
            return Site(contrast, side, word.start, word.end, self.low[i], other)
        return None
