"""Whole records through a translator: English pairs and spans in, the same rows in the target language out, as build steps.

Every row comes back: translated, or Dropped with stage "translate" (degenerate output) or "answers" (the answer was not found).
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Literal, Protocol

from build_data import answers, sentences
from build_data.memory import Decoder, Memory
from build_data.mt_bitext import Bitext, assemble
from build_data.steps import Dropped, Step, Work
from build_data.translate import Translated
from corpora.records import Pair, Record, Span, with_scores

VERSION = 1  # raise when the same translations would give other rows


class Sized(Decoder, Protocol):
    """A decoder that also counts pieces and says its settings, as Translator does."""

    settings: dict[str, Any]

    def pieces(self, text: str) -> int: ...


class Texts:
    """The texts of one shard, cut into sentences and translated together in one call (so equal sentences are decoded once)."""

    def __init__(self, translator: Sized, memory: Memory, texts: Iterable[str]) -> None:
        limit = int(translator.settings["max_input"])
        self._spans = {text: sentences.split(text, translator.pieces, limit) for text in dict.fromkeys(texts)}
        parts = list(dict.fromkeys(text[a:b] for text, spans in self._spans.items() for a, b in spans))
        self._done: Mapping[str, Translated] = dict(zip(parts, memory.translate(translator, parts), strict=True))

    def __getitem__(self, text: str) -> Bitext:
        spans = self._spans[text]
        return assemble(text, spans, [self._done[text[a:b]] for a, b in spans])


def translate_pairs(translator: Sized, memory: Memory, language: str) -> Work:
    """Return the step body that turns English pairs into pairs in `language`."""

    def work(records: Sequence[Record]) -> Iterator[Record | Dropped]:
        texts = Texts(translator, memory, (text for record in records for text in record.texts()))
        for record in records:
            assert isinstance(record, Pair), record
            premise = texts[record.premise]
            hypothesis = texts[record.hypothesis] if record.hypothesis else None
            sides = [side for side in (premise, hypothesis) if side is not None]
            yield _faulty(record, sides) or with_scores(
                dataclasses.replace(record, premise=premise.target, hypothesis=hypothesis.target if hypothesis else "", **_named(record, language)),
                {"mt_score": _score(sides)},
            )

    return work


def translate_spans(translator: Sized, memory: Memory, language: str) -> Work:
    """Return the step body that turns English question rows into rows in `language`, with the answers found again."""

    def work(records: Sequence[Record]) -> Iterator[Record | Dropped]:
        spans = [record for record in records if isinstance(record, Span)]
        assert len(spans) == len(records), "translate_spans takes question rows only"
        texts = Texts(translator, memory, (t for r in spans for t in (r.context, r.question, *(a for a, _ in r.answers))))
        for record in spans:
            context, question = texts[record.context], texts[record.question]
            yield _faulty(record, [context, question]) or _with_answers(record, context, question, texts, language)

    return work


def _with_answers(record: Span, context: Bitext, question: Bitext, texts: Texts, language: str) -> Record | Dropped:
    """Return the translated row. Of several answers those that are found stay; a row that loses all of them is dropped."""
    results = [answers.find(context, text, start, texts[text].target) for text, start in dict.fromkeys(record.answers)]
    found = [result for result in results if isinstance(result, answers.Found)]
    lost = [result for result in results if isinstance(result, answers.Lost)]
    if lost and not found:
        worst = max(lost, key=lambda result: result.value)
        return Dropped(record, "answers", f"{worst.reason}={worst.seen}" if worst.seen else worst.reason, worst.value)
    agreement = {"span_agreement": sum(result.agreement for result in found) / len(found)} if found else {}
    row = dataclasses.replace(
        record, context=context.target, question=question.target, answers=tuple(dict.fromkeys((r.text, r.start) for r in found)), **_named(record, language)
    )
    return with_scores(row, {"mt_score": _score([context, question]), **agreement})


def _faulty(record: Record, sides: Sequence[Bitext]) -> Dropped | None:
    """Return the row as dropped where a side stayed degenerate; the first fault found is the reason."""
    for side in sides:
        flags = side.flags or (() if side.target.strip() else ("empty",))
        if flags:
            return Dropped(record, "translate", flags[0], _score(sides))
    return None


def _named(record: Record, language: str) -> dict[str, Any]:
    return {"id": f"{record.id}.mt-{language}", "source_id": record.id, "origin": "machine-translated"}


def _score(sides: Sequence[Bitext]) -> float:
    """Return the mean log-probability of a piece over the sides, each weighted by its words."""
    words = [max(len(side.target_words), 1) for side in sides]
    return round(sum(side.score * n for side, n in zip(sides, words, strict=True)) / max(sum(words), 1), 4)


def mt_step(kind: Literal["pair", "span"], translator: Sized, memory: Memory, language: str) -> Step:
    """Return the step whose key names everything that decides its rows."""
    work = (translate_pairs if kind == "pair" else translate_spans)(translator, memory, language)
    return Step(f"translate_{kind}s", work, {"model": translator.fingerprint, "language": language}, version=VERSION)
