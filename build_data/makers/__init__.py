"""Native makers: running text, or labelled native records, -> rows of a task. A name resolves here and nowhere else."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from build_data.makers import cloze, coherence, discourse, endings, grammaticality, labelled, matching, neighbours, passages
from build_data.makers.common import Declared, Made, Maker
from build_data.parse import Parser
from build_data.uncollected import uncollected
from corpora.config import pick
from corpora.shards import file_sha256

__all__ = ["MAKERS", "Declared", "Made", "Maker", "family", "labels_of", "make", "maker_key"]

# A family is one line here; what it is, it says itself.
MAKERS: Mapping[str, Declared] = {
    **labelled.FAMILIES,
    "cloze_questions": cloze.FAMILY,
    "cloze_questions_unanswerable": cloze.WITH_UNANSWERABLE,
    "coherence": coherence.FAMILY,
    "discourse": discourse.FAMILY,
    "endings": endings.FAMILY,
    "grammaticality": grammaticality.FAMILY,
    "neighbours": neighbours.FAMILY,
    "matching": matching.FAMILY,
    "text": passages.FAMILY,
}


def family(name: str) -> Declared:
    """Return what the family `name` declares. Raises ConfigError for an unknown name."""
    return pick(MAKERS, name, "maker")


def make(name: str, max_sentences: int = 0) -> Maker:
    """Return the maker `name`, capped at `max_sentences` a document, 0 = at what it declares. Raises ConfigError for an unknown name."""
    return functools.partial(_run, family(name), max_sentences or family(name).max_sentences)


def _run(declared: Declared, most: int, items: Sequence[Any], language: str, parser: Parser, seed: int) -> Made:
    with uncollected():  # a block is some million sentences' words, stems and rows: the rounds over them cost a fifth of the making
        return declared.run(items, language, parser, seed, max_sentences=most)


def labels_of(name: str) -> tuple[str, ...]:
    """Return the labels of a maker's rows; () for questions. Raises ConfigError."""
    return family(name).labels


def maker_key(name: str, max_sentences: int = 0) -> dict[str, Any]:
    """Return what decides a maker's rows beside its documents, language, parser and seed: for keys and manifests. Raises ConfigError."""
    declared = family(name)
    lists = [file_sha256(path) for path in sorted(Path(__file__).parent.glob("words_*.toml"))]  # mended by people who raise no version
    own = declared.settings() if declared.settings else None
    return {
        "maker": name, "version": declared.version, "max_sentences": max_sentences or declared.max_sentences, "block_words": declared.block_words, "lists": lists, "own": own,
    }  # fmt: skip
