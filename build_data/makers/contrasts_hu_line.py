"""A Hungarian sentence as the rules of contrasts look at it: words in small letters, tags, clauses, phrases. See contrasts_hu."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from build_data.makers.contrasts import Forms, Site
from build_data.makers.contrasts_hu_nouns import CASES, is_bare, split_case
from build_data.makers.contrasts_hu_verbs import is_verb, listed
from build_data.parse import Word

DEFINITE = listed("azt ezt őt őket azokat ezeket")
INDEFINITE = listed(
    "amit akit amelyet melyet mit kit valamit semmit senkit valakit mindent sokat keveset annyit ilyet olyat amiket akiket amelyeket melyeket "
    "engem téged minket bennünket titeket benneteket ilyesmit ennyit mindenkit"
)
BETWEEN = listed("nem is sem se már még csak mindig soha sohasem éppen most ismét újra aztán azonban nagyon")
PREVERBS = listed("meg el ki be le fel föl át rá oda ide össze vissza haza")
ONE, MANY = listed("aki ami amely mely"), listed("akik amik amelyek melyek")
MODALS = listed("kell lehet szabad muszáj van volt volna kár jó")
TIMES = re.compile(r".*(?:este|reggel|éjjel|éjszaka|nap|nappal|nyáron|télen|hajnal|idő|perc|óra|héten|évben|félig|vége|eleje|közepe|napja|hete|éve)")
CASE_OF_ENDING = {
    "": "nom", "t": "acc", "bban": "ine", "bben": "ine", "bba": "ill", "bbe": "ill", "bból": "ela", "bből": "ela", "zon": "sup", "zen": "sup", "rra": "sub",
    "rre": "sub", "rról": "del", "rről": "del", "nnál": "ade", "nnél": "ade", "hhoz": "all", "hhez": "all", "ttól": "abl", "ttől": "abl", "nnak": "dat",
    "nnek": "dat", "zzal": "ins", "zzel": "ins",
}  # fmt: skip
DEMONSTRATIVES = {
    first + rest: ("Sing", case) for first in "ea" for rest, case in (CASE_OF_ENDING | {"z": "nom", "zt": "acc"}).items() if rest not in ("", "t")
} | {
    many + ending: ("Plur", case)
    for many in ("ezek", "azok")
    for case, endings in ({"nom": ("",)} | CASES).items()
    for ending in (*endings, *(("kal", "kel") if case == "ins" else ()))
}


class Line:
    """A sentence's words in small letters, and what is asked of them."""

    def __init__(self, words: Sequence[Word], forms: Forms) -> None:
        self.words, self.forms = words, forms
        self.low = [w.text.casefold() for w in words]
        self.pos = [w.upos if any(map(str.isalnum, w.text)) else "PUNCT" for w in words]

    def at(self, i: int) -> str:
        return self.low[i] if 0 <= i < len(self.low) else ""

    def tag(self, i: int) -> str:
        return self.pos[i] if 0 <= i < len(self.pos) else "PUNCT"

    def noun(self, i: int) -> bool:
        """Tell whether place i has a noun; an adverb by its tag is one if the text has it in cases ("ágy")."""
        tag = self.tag(i)
        return tag == "NOUN" or (tag == "ADV" and len(self.low[i]) > 2 and self.low[i] not in BETWEEN and is_bare(self.low[i], self.forms))

    def verb(self, i: int) -> bool:
        return self.tag(i) in ("VERB", "AUX") and self.words[i].feats.get("VerbForm", "Fin") == "Fin" and is_verb(self.low[i], self.forms)

    def ends(self, i: int) -> bool:
        """Tell whether a clause ends before place i."""
        return self.tag(i) in ("PUNCT", "SCONJ", "CCONJ")

    def next_verb(self, i: int, skip: frozenset[str] = BETWEEN, most: int = 2) -> int:
        """Return the place of the finite verb that follows place i, with nothing but small words between; -1 if none does."""
        for j in range(i + 1, min(i + 2 + most, len(self.low))):
            if self.verb(j):
                return j
            if self.low[j] not in skip:
                break
        return -1

    def clause(self, i: int) -> tuple[int, int]:
        """Return where the clause of place i starts and stops, by punctuation and conjunctions."""
        start, stop = i, i + 1
        while start > 0 and not self.ends(start - 1):
            start -= 1
        while stop < len(self.low) and not self.ends(stop):
            stop += 1
        return start, stop

    def others(self, i: int) -> bool:
        """Tell whether the clause of place i has another word that may be a verb, or an infinitive."""
        start, stop = self.clause(i)
        return any(j != i and (self.tag(j) in ("VERB", "AUX") or self.words[j].feats.get("VerbForm") or self.low[j] in MODALS) for j in range(start, stop))

    def only_verb(self, i: int) -> int:
        """Return the place of the finite verb in the clause that place i opens, if it is the first that may be one; else -1."""
        for j in range(i + 1, len(self.low)):
            if self.ends(j):
                return -1
            if self.tag(j) in ("VERB", "AUX"):
                return j if self.verb(j) else -1
        return -1

    def has_object(self, j: int, i: int) -> bool:
        """Tell whether the clause of the verb at place j has an accusative besides the word at place i, and no infinitive."""
        start, stop = self.clause(j)
        if any(self.words[k].feats.get("VerbForm") == "Inf" for k in range(start, stop)):
            return False
        return any(
            self.low[k] in DEFINITE
            or self.low[k] in INDEFINITE
            or (self.tag(k) == "NOUN" and self.low[k].endswith("t") and split_case(self.low[k], self.forms)[1] == "acc")
            for k in range(start, stop)
            if k != i
        )

    def accusative(self, j: int) -> int:
        """Return the place of the definite object that stands behind the verb at place j and ends its phrase; -1 if there is none."""
        start = j + 2 if self.at(j + 1) in PREVERBS else j + 1
        if self.at(start) not in ("a", "az"):
            return -1
        i = start + 1
        while self.tag(i) == "ADJ" and i < start + 3:
            i += 1
        if self.tag(i) != "NOUN" or not (self.ends(i + 1) or self.tag(i + 1) == "ADV"):
            return -1
        return i if split_case(self.low[i], self.forms)[1] == "acc" else -1

    def plain(self, i: int) -> bool:
        """Tell whether a noun stands in the singular and the nominative, by its form too."""
        return not self.low[i].endswith("k") and is_bare(self.low[i], self.forms)

    def phrase(self, i: int) -> int:
        """Return where the article of the noun at place i stands, with nothing but one or two adjectives between; -1 if it has none."""
        for j in range(i - 1, max(-1, i - 4), -1):
            if self.low[j] in ("a", "az"):
                return -1 if self.at(j - 1) in DEMONSTRATIVES else j
            if self.tag(j) != "ADJ":
                break
        return -1

    def alone(self, start: int) -> bool:
        """Tell whether the phrase that begins at `start` opens a clause, or follows an adverb, and continues no list."""
        if self.tag(start - 1) == "ADV":
            return not self.noun(start - 1)
        return self.opens(start) and not (self.at(start - 1) == "," and self.tag(start - 2) in ("NOUN", "PROPN", "ADJ", "PRON"))

    def opens(self, i: int) -> bool:
        """Tell whether place i begins a clause."""
        return i == 0 or self.at(i - 1) in ("hogy", ",", "–", "—", "„", ":", ";", "mert", "ha", "mikor", "amikor", "de", "míg", "mintha")

    def site(self, contrast: str, side: int, i: int, other: str) -> Iterator[Site]:
        word = self.words[i]
        if other and other != self.low[i] and word.text[1:] == self.low[i][1:] and word.end - word.start == len(word.text):
            yield Site(contrast, side, word.start, word.end, self.low[i], other)
