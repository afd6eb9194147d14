"""Hungarian clauses for question rules: the main clause of a tagged sentence, its finite verb, and its chunks with their cases."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from build_data.makers import words_hu as lists
from build_data.makers.chunks_hu import chunks
from build_data.makers.questions import Chunk, Names, compounds, entity, regex_tokens, without_asides
from build_data.makers.verbs_hu import ARTICLES, NOMINAL, OWN, PARTICIPLE, SIGNS, case_of, finite_verbs
from build_data.parse import Sentence, Word
from build_data.parse_types import Entity

FIRST_PERSON = re.compile(r".{2,}[aeoöáéi]m")
LEFT_ALONE = SIGNS | {"akár"}
MISTAKEN = frozenset(["ADV", "X", "VERB", "PRON", "INTJ", "ADP"])  # tags of what is a noun


@dataclass(frozen=True)
class Clause:
    """A main clause without its final stop; `verb` is its finite verb, `preverb` the place of a preverb that stands apart (or -1).

    `opener` is the word that begins what follows the clause behind a comma, `tail` its place in the text; ("", (0, 0)) if nothing does.
    """

    text: str
    words: tuple[Word, ...]
    verb: int
    preverb: int
    chunks: tuple[Chunk, ...]
    first_is_name: bool
    opener: str = ""
    tail: tuple[int, int] = (0, 0)
    entities: tuple[Entity, ...] = ()  # where the pack finds names

    def has(self, chunk: Chunk) -> tuple[Word, ...]:
        return self.words[chunk.start : chunk.stop]

    def named(self, chunk: Chunk) -> str:
        """Return what the pack takes a phrase's name for: "person", "place", "other", or "" where it says nothing."""
        return entity(self.entities, self.has(chunk))

    def head(self, chunk: Chunk) -> Word:
        return self.words[chunk.stop - 1]

    def sure(self, chunk: Chunk) -> bool:
        """Tell whether the tags and forms of an answer are plain and nothing beside it may belong to it."""
        words = self.has(chunk)
        if PARTICIPLE.fullmatch(words[0].text.casefold()) or any(
            PARTICIPLE.fullmatch(w.text) and w.upos == "ADJ" for w in self.words[chunk.stop : chunk.stop + 2]
        ):
            return False
        owned = any(key.endswith("[psor]") for key in self.head(chunk).feats)
        before = self.words[chunk.start - 1] if chunk.start else None
        if owned and before is not None and chunk.start - 1 not in (self.verb, self.preverb) and before.upos in ("NOUN", "PROPN") and case_of(before) == "nom":
            return False  # its owner may stand before it
        if any(w.upos in ("NOUN", "PROPN") and w.feats.get("Case", "Nom") not in ("Nom", "Dat") for w in words[:-1]) and "CCONJ" not in {w.upos for w in words}:
            return False  # two phrases taken for one
        plain = all(w.upos in (*NOMINAL, "DET", "ADP", "CCONJ") or w.text.casefold() in ARTICLES for w in words)
        return plain and not chunk.doubtful and self.left_open(chunk) and self._right_open(chunk)

    def left_open(self, chunk: Chunk) -> bool:
        """Tell whether nothing before a chunk may belong to it: an article, the verb or a word in a plain case ends what stood before."""
        if chunk.start == 0 or chunk.start - 1 in (self.verb, self.preverb) or self.words[chunk.start].text.casefold() in ARTICLES:
            return True
        before = self.words[chunk.start - 1]
        lower = before.text.casefold()
        if lists.ADVERBS.fullmatch(lower):
            return lower not in lists.DEGREES
        case = case_of(before)
        agrees = before.feats.get("Case", case).casefold() == case
        return before.upos in ("NOUN", "PROPN") and agrees and case not in ("", "nom", "somewhere", "dat")

    def _right_open(self, chunk: Chunk) -> bool:
        if chunk.stop >= len(self.words) or chunk.stop in (self.verb, self.preverb):
            return True
        behind = self.words[chunk.stop]
        lower = behind.text.casefold()
        if lower in ARTICLES or lists.ADVERBS.fullmatch(lower):
            return lower not in lists.OTHER_POSTPOSITIONS and lower not in lists.POSTPOSITIONS
        if PARTICIPLE.fullmatch(lower) or behind.upos in ("ADP", "CCONJ", "VERB", "X", "SYM") or lower in lists.OTHER_POSTPOSITIONS:
            return False
        return chunk.case != "nom" and not (chunk.case in ("sup", "ine", "ade") and lower.endswith("i"))

    @property
    def subjects(self) -> list[Chunk]:
        """Nominative noun phrases."""
        return [c for c in self.chunks if c.case == "nom" and self.head(c).upos in ("NOUN", "PROPN", "NUM")]


def find_clause(text: str, sentence: Sentence, names: Names) -> Clause | None:
    """Return the sentence's first main clause, or None where it has none that the rules understand."""
    words = compounds(without_asides(sentence.words), lists.ANDS)
    texts = [w.text for w in words]
    if (
        len(words) < 4
        or texts[-1] != "."
        or texts[0].casefold() in lists.SUBORDINATORS
        or not LEFT_ALONE.isdisjoint(texts)
        or ("mint" in texts and any(not at or texts[at - 1].casefold() != "több" for at, form in enumerate(texts) if form == "mint"))  # but "több mint"
    ):
        return None
    words, texts = words[:-1], texts[:-1]
    opener, tail = "", (0, 0)
    if "," in texts:
        comma = texts.index(",")
        if comma + 1 >= len(words) or texts[comma + 1].casefold() not in lists.CONTINUES:
            return None
        if texts.count(",") == 1:
            opener, tail = texts[comma + 1].casefold(), (words[comma + 1].start, words[-1].end)
        words = words[:comma]
        if not words or texts[comma - 1].casefold() in ("azért", "akkor", "ott", "úgy", "olyan", "annyira", "is"):
            return None
    words, finite = _first_half(_mended([w for w in words if w.text.casefold() not in lists.DROPPED]))
    if len(finite) != 1 or len(words) < 3 or any(map(lists.UNFIT.fullmatch, [w.text.casefold() for w in words])):
        return None
    if [w for w in words if w.feats.get("Person") in ("1", "2") or w.feats.get("Person[psor]") in ("1", "2")]:
        return None
    if [w for w in words if OWN.fullmatch(w.text) or (w.upos == "VERB" and FIRST_PERSON.fullmatch(w.text))]:
        return None
    known = {words[0].text, words[1].text} & lists.FIRST_NAMES or entity(names.entities, words[:1])
    first = True if known else names.is_name(words[0].text, words[0].start == sentence.words[0].start)
    if first is None:
        if words[0].upos in ("NOUN", "PROPN") and not (words[0].upos == "PROPN" and words[1].text[0].isupper()):
            return None  # never seen elsewhere: a name or a plain word
        first = words[0].upos == "PROPN"
    if not first and words[0].upos == "PROPN" and words[0].start == sentence.words[0].start:
        return None  # seen small elsewhere, but the tag says a name: perhaps another word of the same beginning
    verb = finite[0]
    if any(w.upos in ("X", "SYM", "INTJ") or (w.upos in ("VERB", "AUX") and w.feats.get("VerbForm") == "Fin") for i, w in enumerate(words) if i != verb):
        return None  # a second verb that the endings don't show
    if words[verb].upos not in ("VERB", "AUX") and words[verb].text not in lists.COMMON_VERBS:
        return None
    if verb and words[verb - 1].text in lists.PREVERBS:
        return None
    preverb = verb + 1 if verb + 1 < len(words) and words[verb + 1].text in lists.PREVERBS else -1
    times = dict(regex_tokens(words, text, lists.TIME, lists.TIME_SIGNS))
    before = chunks(words, times, 0, verb)
    after = chunks(words, times, max(verb, preverb) + 1, len(words))
    if before is None or after is None:
        return None
    words = words[: after[-1].stop if after else max(verb, preverb) + 1]
    return Clause(text, tuple(words), verb, preverb, (*before, *after), first, opener, tail, names.entities)


def _first_half(words: list[Word]) -> tuple[list[Word], list[int]]:
    """Cut "... és ..." with a verb on each side down to its first half; return it with the places of its finite verbs."""
    finite = finite_verbs(words)
    if len(finite) == 2:
        cuts = [at for at in range(finite[0] + 1, finite[1]) if words[at].text.casefold() in ("és", "s", "de", "vagy")]
        if cuts:
            words = words[: cuts[-1]]
            return words, finite_verbs(words)
    return words, finite


def _mended(words: Sequence[Word]) -> list[Word]:
    """Put right what weak tags get wrong most: first names, and the word after an article, which is never an adverb."""
    out, before = list(words), ""
    for i, word in enumerate(words):
        if word.text in lists.FIRST_NAMES and word.upos != "PROPN":
            out[i] = _tagged(word, "PROPN")
        elif word.text in lists.TITLES:
            out[i] = _tagged(word, "NOUN")
        elif word.upos in MISTAKEN and before.casefold() in ("a", "az") and len(word.text) > 2 and not lists.ANAPHORA.fullmatch(word.text):
            out[i] = _tagged(word, "PROPN" if word.text[0].isupper() else "NOUN")
        before = word.text
    return out


def _tagged(word: Word, upos: str) -> Word:
    return Word(word.text, upos, {}, word.head, word.deprel, word.start, word.end, word.lemma)
