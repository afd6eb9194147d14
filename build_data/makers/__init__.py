"""Native makers: running text -> rows of a task, without annotation. A name resolves here and nowhere else."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from build_data.makers import cloze, coherence
from build_data.makers.common import Made, Maker
from corpora.config import pick
from corpora.records import Kind
from corpora.shards import file_sha256

__all__ = ["MAKERS", "Made", "Maker", "labels_of", "make", "maker_key"]

MAX_SENTENCES = 60  # a document: beyond it long ones (laws, novels) would outweigh all others


@dataclass(frozen=True)
class Declared:
    """A maker with the kind of row it makes, its labels and its version."""

    run: Callable[..., Made]
    kind: Kind
    labels: tuple[str, ...]
    version: int


MAKERS: Mapping[str, Declared] = {
    "coherence": Declared(coherence.coherence, "pair", coherence.LABELS, coherence.VERSION),
    "cloze_questions": Declared(cloze.cloze_questions, "span", (), cloze.VERSION),
}


def make(name: str, max_sentences: int = MAX_SENTENCES) -> Maker:
    """Return the maker `name`, capped at `max_sentences` a document. Raises ConfigError for an unknown name."""
    return functools.partial(pick(MAKERS, name, "maker").run, max_sentences=max_sentences)


def labels_of(name: str) -> tuple[str, ...]:
    """Return the labels of a maker's rows; () for questions. Raises ConfigError."""
    return pick(MAKERS, name, "maker").labels


def maker_key(name: str, max_sentences: int = MAX_SENTENCES) -> dict[str, Any]:
    """Return what decides a maker's rows beside its documents, language, parser and seed: for keys and manifests. Raises ConfigError."""
    lists = [file_sha256(path) for path in sorted(Path(__file__).parent.glob("words_*.toml"))]  # mended by people who raise no version
    return {"maker": name, "version": pick(MAKERS, name, "maker").version, "max_sentences": max_sentences, "lists": lists}
