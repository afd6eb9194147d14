"""Whole records through a translator: English pairs, choices and questions in, the same rows in the target language out, as build steps.

Tags are not translated: a tag a token has no place in a sentence whose words are others (CCG and POS have no counterpart; names would go as spans).

Every row comes back: translated, or Dropped with stage "translate" (degenerate output) or "answers" (the answer was not found).
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence

from build_data import answers
from build_data.memory import Linker, Memory
from build_data.mt_spans import Engine, translate_spans
from build_data.mt_texts import Sized, Texts, faulty, mt_score, named
from build_data.steps import Dropped, Step, Work
from corpora.config import ConfigError
from corpora.records import Choice, Kind, Pair, Record, with_scores

VERSION = 1  # raise when the same translations would give other rows


def translate_pairs(translator: Sized, memory: Memory, language: str) -> Work:
    """Return the step body that turns English pairs into pairs in `language`."""

    def work(records: Sequence[Record]) -> Iterator[Record | Dropped]:
        texts = Texts(translator, memory, (text for record in records for text in record.texts()))
        for record in records:
            assert isinstance(record, Pair), record
            premise = texts[record.premise]
            hypothesis = texts[record.hypothesis] if record.hypothesis else None
            sides = [side for side in (premise, hypothesis) if side is not None]
            yield faulty(record, sides) or with_scores(
                dataclasses.replace(record, premise=premise.target, hypothesis=hypothesis.target if hypothesis else "", **named(record, language)),
                {"mt_score": mt_score(sides)},
            )

    return work


def translate_choices(translator: Sized, memory: Memory, language: str) -> Work:
    """Return the step body that turns English choices into choices in `language`; endings that become equal make a row useless ("endings_equal")."""

    def work(records: Sequence[Record]) -> Iterator[Record | Dropped]:
        texts = Texts(translator, memory, (text for record in records for text in record.texts()))
        for record in records:
            assert isinstance(record, Choice), record
            context, *endings = (texts[text] for text in record.texts())
            sides = [context, *endings]
            written = tuple(ending.target for ending in endings)
            if fault := faulty(record, sides):
                yield fault
            elif len(set(written)) < len(set(record.endings)):
                yield Dropped(record, "translate", "endings_equal", mt_score(sides))
            else:
                row = dataclasses.replace(record, context=context.target, endings=written, **named(record, language))
                yield with_scores(row, {"mt_score": mt_score(sides)})

    return work


def mt_step(kind: Kind, translator: Engine, memory: Memory, language: str, aligner: Linker | None = None) -> Step:
    """Return the step whose key names everything that decides its rows; `aligner` is used for kind "span" only."""
    model = {"model": translator.fingerprint, "language": language}
    if kind == "pair":
        return Step("translate_pairs", translate_pairs(translator, memory, language), model, version=VERSION)
    if kind == "choice":
        return Step("translate_choices", translate_choices(translator, memory, language), model, version=VERSION)
    if kind == "span":
        linker = {"aligner": aligner.fingerprint if aligner else "", "answers": answers.VERSION}
        return Step("translate_spans", translate_spans(translator, memory, language, aligner), model | linker, version=VERSION)
    raise ConfigError(f"a task of kind {kind!r} cannot be machine-translated; mt and bt arms take kinds pair, choice and span")
