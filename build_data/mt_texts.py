"""The texts of a shard through a translator, and what every translated record is given: shared by pairs, choices and questions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Protocol

from build_data import sentences
from build_data.memory import Decoder, Memory
from build_data.mt_bitext import Bitext, assemble
from build_data.steps import Dropped
from build_data.translate import Translated
from corpora.records import Record


class Sized(Decoder, Protocol):
    """A decoder that also counts pieces and says its settings, as Translator does."""

    settings: dict[str, Any]
    source: str  # the language it reads

    def pieces(self, text: str) -> int: ...


class Texts:
    """The texts of one shard, cut into sentences and translated together in one call (so equal sentences are decoded once)."""

    def __init__(self, translator: Sized, memory: Memory, texts: Iterable[str]) -> None:
        limit = int(translator.settings["max_input"])
        self._spans = {text: sentences.split(text, translator.source, translator.pieces, limit) for text in dict.fromkeys(texts)}
        parts = list(dict.fromkeys(text[a:b] for text, spans in self._spans.items() for a, b in spans))
        self._done: Mapping[str, Translated] = dict(zip(parts, memory.translate(translator, parts), strict=True))

    def __getitem__(self, text: str) -> Bitext:
        spans = self._spans[text]
        return assemble(text, spans, [self._done[text[a:b]] for a, b in spans])


def faulty(record: Record, sides: Sequence[Bitext]) -> Dropped | None:
    """Return the row as dropped where a side stayed degenerate; the first fault found is the reason."""
    for side in sides:
        flags = side.flags or (() if side.target.strip() else ("empty",))
        if flags:
            return Dropped(record, "translate", flags[0], mt_score(sides))
    return None


def named(record: Record, language: str) -> dict[str, Any]:
    """Return the fields that say what a translated row was made from."""
    return {"id": f"{record.id}.mt-{language}", "source_id": record.id, "origin": "machine-translated"}


def mt_score(sides: Sequence[Bitext]) -> float:
    """Return the mean log-probability of a piece over the sides, each weighted by its words."""
    words = [max(len(side.target_words), 1) for side in sides]
    return round(sum(side.score * n for side, n in zip(sides, words, strict=True)) / max(sum(words), 1), 4)
