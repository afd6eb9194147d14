"""Finnish clauses for question rules: the main clause of a tagged sentence, its finite verb, and its chunks with their cases.

Word endings decide, tags only where endings are ambiguous; trees aren't used: rules need case endings, and small packs are weak at arcs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from build_data.makers import words_fi as lists
from build_data.makers.chunks_fi import chunks
from build_data.makers.forms_fi import BE, OWN, SIGNS, agrees, case_of, is_verb
from build_data.makers.questions import Chunk, Names, compounds, entity, regex_tokens, without_asides
from build_data.parse import Sentence, Word
from build_data.parse_types import Entity

APOSTROPHES = frozenset("'’‘")
JOINS = frozenset(["ja", "tai", "sekä", "mutta", "eikä", "eivätkä"])
VERBAL, UNSURE = frozenset(["VERB", "AUX"]), frozenset(["VERB", "AUX", "X", "SYM", "INTJ"])


@dataclass(frozen=True)
class Clause:
    """A main clause: its words without the final stop, the place of its finite verb, and its chunks in order.

    `opener` is the word that begins what follows the clause behind a comma, `tail` its place in the text; ("", (0, 0)) if nothing does.
    """

    text: str
    words: tuple[Word, ...]
    verb: int
    chunks: tuple[Chunk, ...]
    first_is_name: bool
    opener: str = ""
    tail: tuple[int, int] = (0, 0)
    entities: tuple[Entity, ...] = ()  # where the pack finds names

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

    def named(self, chunk: Chunk) -> str:
        """Return what the pack takes a phrase's name for: "person", "place", "other", or "" where it says nothing."""
        return entity(self.entities, self.has(chunk))

    def head(self, chunk: Chunk) -> Word:
        return self.words[chunk.stop - 1]

    @property
    def compound(self) -> bool:
        """Whether a participle straight behind "on" belongs to the verb ("on muuttanut")."""
        behind = self.words[self.verb + 1] if self.verb + 1 < len(self.words) else None
        return behind is not None and self.words[self.verb].text.casefold() in BE and lists.PARTICIPLE.fullmatch(behind.text.casefold()) is not None

    def sure(self, chunk: Chunk) -> bool:
        """Tell whether form and tag agree on an answer and nothing beside it may belong to it."""
        words, head = self.has(chunk), self.head(chunk)
        if chunk.doubtful or any(w.upos not in ("NOUN", "PROPN", "ADJ", "NUM", "ADP", "CCONJ") for w in words):
            return False
        named = head.text.rsplit("-", 1)[-1][:1].isupper() and (head is not self.words[0] or self.first_is_name)
        if head.upos in ("NOUN", "PROPN") and not (agrees(head, chunk.case) or (named and chunk.case != "nom")):
            return False
        return self.left_open(chunk) and self._right(chunk)

    def left_open(self, chunk: Chunk) -> bool:
        """Tell whether nothing before a chunk may belong to it."""
        if chunk.start in (0, self.verb + 1) or (self.compound and chunk.start == self.verb + 2):
            return True
        before = self.words[chunk.start - 1]
        lower = before.text.casefold()
        if lower in lists.DEGREES or lower in lists.BOUND:
            return False
        if lists.OPTIONAL.fullmatch(lower):
            return True
        last = next(c for c in self.chunks if c.stop == chunk.start)
        if last.case in ("time", "missä", "mihin", "mistä", "milloin"):
            return True
        return before.upos in ("NOUN", "PROPN") and agrees(before, last.case) and last.case not in (chunk.case, "gen", "px", "tra", "adv", "num")

    def _right(self, chunk: Chunk) -> bool:
        if chunk.stop in (len(self.words), self.verb):
            return True
        behind = self.words[chunk.stop]
        lower = behind.text.casefold()
        if lower in lists.BOUND or behind.upos in ("ADP", "CCONJ", "X", "SYM", "PUNCT") or lower in lists.POSTPOSITIONS:
            return False
        return chunk.case != "gen" and not (behind.upos in ("NOUN", "PROPN", "ADJ", "NUM", "VERB") and case_of(behind) == chunk.case)


def find_clause(text: str, sentence: Sentence, names: Names) -> Clause | None:
    """Return the sentence's first main clause, or None where it has none that the rules understand."""
    words = compounds(without_asides(sentence.words), lists.ANDS)
    texts = [w.text for w in words]
    if (
        len(words) < 4
        or words[0].upos in VERBAL
        or texts[-1] != "."
        or texts[0].casefold() in lists.SUBORDINATORS
        or not SIGNS.isdisjoint(texts)
        or not APOSTROPHES.isdisjoint([form[0] for form in texts])
    ):
        return None
    words, texts = words[:-1], texts[:-1]
    opener, tail = "", (0, 0)
    if "," in texts:
        comma = texts.index(",")
        if comma + 1 == len(words) or texts[comma + 1].casefold() not in lists.CONTINUES:
            return None
        if texts.count(",") == 1:
            opener, tail = texts[comma + 1].casefold(), (words[comma + 1].start, words[-1].end)
        words = words[:comma]
        if not words or texts[comma - 1].casefold() in (*lists.NEAR_TIMES, "niin", "silloin", "siitä", "siten"):
            return None  # "vasta, kun ...": what follows the comma is part of it
    lower = [w.text.casefold() for w in words]
    if not lists.DROPPED.isdisjoint(lower):
        words = [w for i, w in enumerate(words) if lower[i] not in lists.DROPPED or (i and words[i - 1].upos in ("NOUN", "PROPN", "ADJ"))]
        lower = [w.text.casefold() for w in words]
    finite = [i for i, w in enumerate(words) if (w.upos in VERBAL or lower[i] in BE) and is_verb(w)]
    if len(finite) == 2 and (
        both := [i for i in range(finite[0] + 1, finite[1]) if lower[i] in JOINS]
    ):  # "avasi kuoren ja puhalsi ...": the first half stands alone
        words, lower, finite = words[: both[-1]], lower[: both[-1]], finite[:1]
    if len(finite) != 1 or finite[0] == 0 or len(words) < 3 or any(map(lists.NEGATION.fullmatch, lower)):
        return None
    verb = words[finite[0]]
    if [w for w in words if w.upos in UNSURE and w is not verb and (w.upos not in VERBAL or w.feats.get("VerbForm") == "Fin")]:
        return None  # a second verb that the endings don't show
    if verb.text.endswith("tte") or [w for w in words if w.feats.get("Person") in ("1", "2")]:
        return None
    if [w for form, w in zip(lower, words, strict=True) if form.endswith(("mme", "ni")) and w.upos != "ADJ" and OWN.fullmatch(form)]:
        return None
    capitals = [names.seen(w.text) for w in words[1:] if w.text[0].isupper()]
    if "kuin" in lower or "niinkuin" in lower or any(small > capital for small, capital in capitals):
        return None  # a comparison, or a heading glued to the sentence ("Mikkeli Juoksussa käytetään ...")
    times = dict(regex_tokens(words, text, lists.TIME, lists.TIME_SIGNS))
    before = chunks(words, times, 0, finite[0])
    after = chunks(words, times, finite[0] + 1, len(words))
    if before is None or after is None:
        return None
    words = words[: after[-1].stop if after else finite[0] + 1]
    name = True if entity(names.entities, words[:1]) else _first_is_name(words, words[0].start == sentence.words[0].start, names)
    return None if name is None else Clause(text, tuple(words), finite[0], (*before, *after), name, opener, tail, names.entities)


def _first_is_name(words: Sequence[Word], first: bool, names: Names) -> bool | None:
    """Tell whether the clause's first word keeps its capital in the middle of a question; None = nobody knows."""
    text = words[0].text
    if text in lists.FIRST_NAMES:
        return True
    if lists.PERSONS.fullmatch(text.casefold()):
        return False
    known = names.is_name(text, first)
    if known is False and words[0].upos == "PROPN" and first:
        return None  # seen small elsewhere, but the tag says a name: perhaps another word of the same beginning
    # Never seen inside a sentence: the tag decides, if the next word is a name too.
    if known is None and words[0].upos == "PROPN":
        return True if len(words) > 1 and words[1].text[:1].isupper() else None
    return bool(known)
