"""English questions through a translator: the same rows in the target language, with their answers found again (answers.py says how).

Only sentences that hold an answer are aligned. For answers that stay undecided the translator is asked which of the stretches is the likeliest
translation of the answer, and they are decided again with that witness.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Protocol, TypeVar

from build_data import answers
from build_data.answers import Found, Lost
from build_data.memory import Linker, Memory
from build_data.mt_bitext import Bitext, Links, linked
from build_data.mt_texts import Sized, Texts, faulty, mt_score, named
from build_data.steps import Dropped, Work
from corpora.records import Record, Span, with_scores

Answer = tuple[str, int]
Key = TypeVar("Key")


class Engine(Sized, Linker, Protocol):
    """A translator that can also link the words of a sentence and its translation, and score a given translation."""

    def score(self, pairs: Sequence[tuple[str, str]]) -> list[float]: ...


class Views:
    """The word links of the sentences that hold an answer, by witness; each sentence pair is aligned once."""

    def __init__(self, memory: Memory, linkers: Mapping[str, Linker], wanted: Iterable[tuple[Bitext, Sequence[Answer]]]) -> None:
        pairs = list(dict.fromkeys(bitext.pairs[n] for bitext, asked in wanted for n in held(bitext, asked)))
        self._links = {name: dict(zip(pairs, memory.align(linker, pairs), strict=True)) for name, linker in linkers.items()}

    def of(self, bitext: Bitext, asked: Sequence[Answer]) -> dict[str, Links]:
        """Return each witness's links of a text, in the sentences that hold its answers."""
        return {name: linked(bitext, {n: links[bitext.pairs[n]] for n in held(bitext, asked)}) for name, links in self._links.items()}


def held(bitext: Bitext, asked: Sequence[Answer]) -> list[int]:
    """Return the numbers of the sentences that hold a part of an answer."""
    return sorted({bitext.source_words[i].sentence for text, start in asked for i in bitext.asked(start, len(text))})


def translate_spans(translator: Engine, memory: Memory, language: str, aligner: Linker | None = None) -> Work:
    """Return the step body that turns English question rows into rows in `language`.

    `aligner` (an mt_embed.Aligner) is the second link witness beside the translator's attention; without it answers need a literal match.
    """
    linkers: dict[str, Linker] = {"attention": translator, **({"embedding": aligner} if aligner else {})}

    def work(records: Sequence[Record]) -> Iterator[Record | Dropped]:
        spans = [record for record in records if isinstance(record, Span)]
        assert len(spans) == len(records), "translate_spans takes question rows only"
        texts = Texts(translator, memory, (t for r in spans for t in (r.context, r.question, *(a for a, _ in r.answers))))
        sound = [record for record in spans if not faulty(record, [texts[record.context], texts[record.question]])]
        found = find_all(translator, memory, linkers, language, texts, sound)
        for record in spans:
            context, question = texts[record.context], texts[record.question]
            yield faulty(record, [context, question]) or _with_answers(record, context, question, found, language)

    return work


def find_all(
    translator: Engine, memory: Memory, linkers: Mapping[str, Linker], language: str, texts: Texts, records: Sequence[Span]
) -> dict[tuple[str, Answer], Found | Lost]:
    """Return what became of each (context, answer) of the records; equal ones are looked for once."""
    asked: dict[str, dict[Answer, None]] = {}
    for record in records:
        asked.setdefault(record.context, {}).update(dict.fromkeys(record.answers))
    sides = {context: texts[context] for context in asked}
    views = Views(memory, linkers, ((sides[context], list(some)) for context, some in asked.items()))
    cases: dict[tuple[str, Answer], answers.Case] = {}
    out: dict[tuple[str, Answer], Found | Lost] = {}
    for context, some in asked.items():
        links = views.of(sides[context], list(some))
        for text, start in some:
            case = answers.case_of(sides[context], text, start, texts[text].target, links, language)
            out[context, (text, start)] = answers.decide(case) if case else Lost("no_span", 0.0)
            if case:
                cases[context, (text, start)] = case
    return out | second_try(translator, {key: case for key, case in cases.items() if isinstance(out[key], Lost)})


def second_try(translator: Engine, undecided: Mapping[Key, answers.Case]) -> dict[Key, Found | Lost]:
    """Decide cases again with the translation model's own choice among the stretches as one more witness."""
    stretches = {key: answers.rivals(case) for key, case in undecided.items()}
    pairs = [(case.answer, case.text(stretch)) for key, case in undecided.items() for stretch in stretches[key]]
    values = iter(translator.score(pairs) if pairs else [])
    return {key: answers.decide(answers.scored(case, {stretch: next(values) for stretch in stretches[key]})) for key, case in undecided.items()}


def _with_answers(record: Span, context: Bitext, question: Bitext, known: Mapping[tuple[str, Answer], Found | Lost], language: str) -> Record | Dropped:
    """Return the translated row. Of several answers those that are found stay; a row that loses all of them is dropped."""
    results = [known[record.context, answer] for answer in dict.fromkeys(record.answers)]
    found = [result for result in results if isinstance(result, Found)]
    lost = [result for result in results if isinstance(result, Lost)]
    if lost and not found:
        worst = max(lost, key=lambda result: result.value)
        return Dropped(record, "answers", f"{worst.reason}={worst.seen}" if worst.seen else worst.reason, worst.value)
    row = dataclasses.replace(
        record, context=context.target, question=question.target, answers=tuple(dict.fromkeys((r.text, r.start) for r in found)), **named(record, language)
    )
    return with_scores(row, {"mt_score": mt_score([context, question]), **_span_scores(found)})


def _span_scores(found: Sequence[Found]) -> dict[str, float]:
    """Return the scores of the answer with the best agreement; answers.method_names reads `span_method`."""
    if not found:
        return {}
    best = max(found, key=lambda result: result.agreement)
    return {"span_agreement": best.agreement, "span_method": float(answers.method_code(best.methods))}
