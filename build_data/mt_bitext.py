"""A text beside its translation: sentences in place, words on both sides, and links between them. Pure functions."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from build_data.mt_align import Link
from build_data.sentences import Offsets
from build_data.translate import Translated

WORD = re.compile(r"\S+")
Links = tuple[Mapping[int, float], ...]  # for each target word of a text: source word -> weight 0..1


@dataclass(frozen=True, slots=True)
class Word:
    """A white-space word: its text, where it stands (code points), and the number of its sentence."""

    text: str
    start: int
    end: int
    sentence: int


@dataclass(frozen=True)
class Bitext:
    """A source text and its translation, sentence by sentence: `pairs[n]` is sentence n as (source, translation)."""

    source: str
    target: str
    source_words: tuple[Word, ...]
    target_words: tuple[Word, ...]
    pairs: tuple[tuple[str, str], ...]
    parts: tuple[Translated, ...]

    @property
    def flags(self) -> tuple[str, ...]:
        """Return what is wrong with any sentence."""
        return tuple(dict.fromkeys(flag for part in self.parts for flag in part.flags))

    @property
    def score(self) -> float:
        """Return the mean log-probability, sentences weighted by their words; 0.0 where nothing was decoded."""
        weights = [max(len(part.text.split()), 1) for part in self.parts]
        return sum(p.score * w for p, w in zip(self.parts, weights, strict=True)) / max(sum(weights), 1)

    def asked(self, start: int, length: int) -> list[int]:
        """Return the numbers of the source words that source[start : start + length] touches, cut words included."""
        return [i for i, word in enumerate(self.source_words) if word.start < start + length and word.end > start]


def assemble(source: str, spans: Sequence[Offsets], parts: Sequence[Translated]) -> Bitext:
    """Put each sentence's translation in the sentence's place; the white space between sentences stays as it was."""
    pieces: list[str] = []
    left: list[Word] = []
    right: list[Word] = []
    read = written = 0
    for number, ((start, end), part) in enumerate(zip(spans, parts, strict=True)):
        gap = source[read:start]
        pieces += [gap, part.text]
        written += len(gap)
        left += _words(source[start:end], start, number)
        right += _words(part.text, written, number)
        read, written = end, written + len(part.text)
    pairs = tuple((source[a:b], part.text) for (a, b), part in zip(spans, parts, strict=True))
    return Bitext(source, "".join(pieces) + source[read:], tuple(left), tuple(right), pairs, tuple(parts))


def linked(bitext: Bitext, found: Mapping[int, Sequence[Link]]) -> Links:
    """Return the links of a whole text from those of its sentences (number of the sentence -> links); the other sentences have none."""
    first_source, first_target = _firsts(bitext.source_words), _firsts(bitext.target_words)
    out: list[dict[int, float]] = [{} for _ in bitext.target_words]
    for sentence, some in found.items():
        for s, t, weight in some:
            source, target = first_source.get(sentence, 0) + s, first_target.get(sentence, 0) + t
            if source < len(bitext.source_words) and target < len(out) and bitext.target_words[target].sentence == sentence:
                out[target][source] = weight
    return tuple(out)


def _firsts(words: Sequence[Word]) -> dict[int, int]:
    """Return sentence -> number of its first word."""
    out: dict[int, int] = {}
    for number, word in enumerate(words):
        out.setdefault(word.sentence, number)
    return out


def _words(text: str, start: int, sentence: int) -> list[Word]:
    # str.split and \S differ on \x1c-\x1f only, which a translation model never writes and `mt_normal.english` removes.
    return [Word(m.group(), start + m.start(), start + m.end(), sentence) for m in WORD.finditer(text)]
