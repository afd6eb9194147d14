"""A text beside its translation: sentences in place, words on both sides, and the links between them. Pure functions."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from build_data.sentences import Offsets
from build_data.translate import Translated

WORD = re.compile(r"\S+")


@dataclass(frozen=True, slots=True)
class Word:
    """A white-space word: its text, where it stands (code points), and the number of its sentence."""

    text: str
    start: int
    end: int
    sentence: int


@dataclass(frozen=True)
class Bitext:
    """A source text, its translation and what links them; `links[t]` maps source words to weights for target word t."""

    source: str
    target: str
    source_words: tuple[Word, ...]
    target_words: tuple[Word, ...]
    links: tuple[Mapping[int, float], ...]
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


def assemble(source: str, spans: Sequence[Offsets], parts: Sequence[Translated]) -> Bitext:
    """Put each sentence's translation in the sentence's place; the white space between sentences stays as it was."""
    pieces: list[str] = []
    left: list[Word] = []
    right: list[Word] = []
    links: list[dict[int, float]] = []
    read = written = 0
    for number, ((start, end), part) in enumerate(zip(spans, parts, strict=True)):
        gap = source[read:start]
        pieces += [gap, part.text]
        written += len(gap)
        first, offset = len(left), len(links)
        left += _words(source[start:end], start, number)
        right += _words(part.text, written, number)
        links += [{} for _ in range(len(right) - len(links))]
        for s, t, weight in part.links:
            if offset + t < len(links) and first + s < len(left):
                links[offset + t][first + s] = weight
        read, written = end, written + len(part.text)
    return Bitext(source, "".join(pieces) + source[read:], tuple(left), tuple(right), tuple(links), tuple(parts))


def _words(text: str, start: int, sentence: int) -> list[Word]:
    # str.split and \S differ on \x1c-\x1f only, which a translation model never writes and `mt_normal.english` removes.
    return [Word(m.group(), start + m.start(), start + m.end(), sentence) for m in WORD.finditer(text)]
