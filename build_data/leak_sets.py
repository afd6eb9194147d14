"""Which evaluation sets the leak guard knows: dev and test of every target of the study in every language, and what `guard.also` adds."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from build_data.leaks import SETTINGS, Index
from corpora import corpus as corpora
from corpora.readers import read
from corpora.records import Aligned, Document, Record
from corpora.shards import digest
from corpora.study import Study


class EvaluationSet(NamedTuple):
    """One split of a corpus that no training row may repeat."""

    target: str
    language: str
    corpus: str
    split: str

    @property
    def origin(self) -> str:
        return f"{self.target}.{self.language}"


def evaluation_sets(study: Study) -> list[EvaluationSet]:
    """Return every set in a fixed order. All languages of the targets, whatever part of the study is built. Raises ConfigError."""
    found = [EvaluationSet(name, language, corpus, split) for name, target in study.targets.items()
             for language, corpus in {"en": target.english, **target.test}.items() if corpus
             for split in _splits(corpus) if split in ("dev", "test")]  # fmt: skip
    for name in study.guard.also:
        corpus, _, split = name.partition(":")
        language = corpora.load(corpus).languages[0]
        found += [EvaluationSet(corpus, language, corpus, one) for one in ([split] if split else _splits(corpus)) if one in ("dev", "test") or split]
    return found


def _splits(corpus: str) -> list[str]:
    declared = corpora.load(corpus)
    return sorted({*declared.splits, *(declared.hub.splits if declared.hub else ())})


def fingerprint(study: Study) -> str:
    """Return what decides the guard's verdicts; no text is read for it. Raises ConfigError for a missing or changed file."""
    known = [(one, corpora.load(one.corpus)) for one in evaluation_sets(study)]
    return digest([SETTINGS, [[one.origin, corpora.fingerprint(corpus, one.split), corpora.reading(corpus)] for one, corpus in known]])


def leak_index(study: Study) -> Index:
    """Read all evaluation sets of the study into an index. Raises ConfigError."""
    index = Index()
    for one in evaluation_sets(study):
        for language, texts in texts_of(one):
            index.add_all(texts, f"{one.target}.{language}")
    index.fingerprint = fingerprint(study)
    return index


def texts_of(one: EvaluationSet) -> Iterable[tuple[str, list[str]]]:
    """Return (language, texts) of a set; the English side of sentence pairs is English."""
    declared = corpora.load(one.corpus)
    found: dict[str, list[str]] = {one.language: []}
    for language, text in _texts(read(declared, one.split), one.language, declared.languages):
        found.setdefault(language, []).append(text)
    return found.items()


def _texts(rows: Iterable[object], language: str, languages: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    for row in rows:
        if isinstance(row, Aligned):
            yield from ((side, text) for side, text in zip(languages, (row.source, row.target), strict=True) if text)  # of a mining test, one side may be empty
        elif isinstance(row, Record):
            yield from ((language, text) for text in row.texts())
        elif isinstance(row, Document):
            yield from ((language, text) for text in row.paragraphs)
