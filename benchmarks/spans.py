"""How many answers are found again after translation, and how many of those are right.

  python -m benchmarks.spans deepl --language fi    gold: a corpus that translates another one with its answers (DeepL's SQuAD 2.0)
  python -m benchmarks.spans squad --language fi    SQuAD 1.1 dev through the model; --sample 200 --out FILE writes a file for reading

deepl judges by place: a found span is right if the F1 of its words with the gold ones is at least 0.5 (the gold was itself inferred; about 96 % of it is right).
Thresholds were chosen on the documents of --half 0; report --half 1, which shares none with it.
"""

from __future__ import annotations

import argparse
import dataclasses
import random
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from benchmarks.twins import Twin, rows_of, twins
from build_data.answers import AGREE, Case, Found, Lost, case_of, decide, method_names
from build_data.encoder import Encoder
from build_data.memory import Linker, Memory
from build_data.mt_embed import Aligner
from build_data.mt_spans import Engine, Views, second_try, translate_spans
from build_data.steps import Dropped, Work
from build_data.translate import load_translator
from corpora import corpus as corpora
from corpora import readers
from corpora.config import ConfigError
from corpora.records import Span
from corpora.study import Translation

Result = Found | Lost | None
Outcome = tuple[Twin, Result]


def deepl(args: argparse.Namespace) -> str:
    """Return the tables of projection against gold."""
    memory, translator = Memory(args.memory), _translator(args)
    found, unpaired = twins(rows_of(args.corpus, args.half, args.rows, args.seed), ("en", args.language))
    linkers: dict[str, Linker] = {"embedding": Aligner(Encoder(), args.layer)}
    phrases: dict[str, str] = {}
    if translator:
        linkers["attention"] = translator
        answers = list(dict.fromkeys(twin.answer for twin in found))
        phrases = {a: t.text for a, t in zip(answers, memory.translate(translator, answers), strict=True)}
    begun = time.perf_counter()
    views = Views(memory, linkers, ((twin.bitext, [(twin.answer, twin.start)]) for twin in found))
    linked = time.perf_counter() - begun
    begun = time.perf_counter()
    cases = [
        (twin, case_of(twin.bitext, twin.answer, twin.start, phrases.get(twin.answer, ""), views.of(twin.bitext, [(twin.answer, twin.start)]), args.language))
        for twin in found
    ]
    results: list[Outcome] = [(twin, decide(case) if case else None) for twin, case in cases]
    took = time.perf_counter() - begun
    before = results
    if translator:
        again = second_try(
            translator, {i: case for i, ((_, case), (_, result)) in enumerate(zip(cases, results, strict=True)) if case and isinstance(result, Lost)}
        )
        results = [(twin, again.get(i, result)) for i, (twin, result) in enumerate(results)]
    if args.out:
        _write_misses(args.out, results)
    head = (
        f"{len(found) + unpaired} rows of {args.corpus}, half {args.half}; {unpaired} with sentences that could not be paired (counted as not kept). "
        f"Linking {memory.counts['linked']} sentence pairs took {linked:.0f} s; finding ran at {len(found) / took:.0f} rows/s."
    )
    rows = len(found) + unpaired
    return "\n\n".join(
        [head, _ablations(cases, rows), _ways(before, results, rows), _by("witnesses that agree", results, rows), _by_reason(cases, results, rows)]
    )


def _ablations(cases: Sequence[tuple[Twin, Case | None]], rows: int) -> str:
    names = [n for n in ("copy", "phrase", "attention", "embedding") if any(case and n in case.supports for _, case in cases)]
    lines = [_header("witnesses")]
    for name in names:
        lines.append(_line(f"{name} alone, unconfirmed", [(twin, _alone(case.only(name)) if case else None) for twin, case in cases], rows))
    sets = [(a, b) for i, a in enumerate(names) for b in names[i + 1 :]]
    for some in (*sets, tuple(names)):
        lines.append(
            _line(" and ".join(some) if some != tuple(names) else "all", [(twin, decide(case.only(*some)) if case else None) for twin, case in cases], rows)
        )
    return "\n".join(lines)


def _ways(before: Sequence[Outcome], after: Sequence[Outcome], rows: int) -> str:
    return "\n".join([_header("the cascade"), _line("without the score", before, rows), _line("with it", after, rows)])


def _alone(case: Case) -> Result:
    """Return what a single witness would take without being confirmed."""
    best = case.best(case.total)
    return case.found(best, 0.0, tuple(case.supports)) if case.total(best) >= AGREE else None


def _header(what: str) -> str:
    return f"| {what} | rows | kept % | right % (F1 >= .5) | F1 >= .9 % | exact % |\n|---|--:|--:|--:|--:|--:|"


def _line(name: str, results: Iterable[Outcome], rows: int) -> str:
    kept = [(twin, result) for twin, result in results if isinstance(result, Found)]
    scores = [twin.f1(result) for twin, result in kept]
    shares = [sum(s >= 0.5 for s in scores), sum(s >= 0.9 for s in scores), sum(twin.exact(result) for twin, result in kept)]
    return f"| {name} | {len(kept)} | {100 * len(kept) / max(rows, 1):.1f} | " + " | ".join(f"{100 * n / max(len(kept), 1):.1f}" for n in shares) + " |"


def _by(what: str, results: Sequence[Outcome], rows: int) -> str:
    groups: dict[str, list[Outcome]] = {}
    for twin, result in results:
        if isinstance(result, Found):
            groups.setdefault(result.method, []).append((twin, result))
    return "\n".join([_header(what), *(_line(name, group, rows) for name, group in sorted(groups.items(), key=lambda item: -len(item[1])))])


def _by_reason(cases: Sequence[tuple[Twin, Case | None]], results: Sequence[Outcome], rows: int) -> str:
    """Return, for each reason of a loss, how often the best candidate would have been right."""
    groups: dict[str, list[Outcome]] = {}
    for (twin, case), (_, result) in zip(cases, results, strict=True):
        if not isinstance(result, Found):
            groups.setdefault(result.reason if result else "no target word", []).append((twin, case.found(case.best(case.total), 0.0, ()) if case else None))
    return "\n".join([_header("lost because (and what its best candidate was worth)"), *(_line(name, group, rows) for name, group in sorted(groups.items()))])


def _write_misses(path: Path, results: Sequence[Outcome]) -> None:
    """Write what was accepted and differs from gold, worst first, for reading."""
    wrong = sorted(((twin.f1(r), twin, r) for twin, r in results if isinstance(r, Found) and twin.f1(r) < 0.9), key=lambda item: (item[0], item[1].id))
    lines = [
        f"{value:.2f} {twin.id} {r.method} {r.agreement}\n  EN   {_marked(*_sentence(twin), twin.answer)}\n  GOLD {twin.text}\n  OURS {_around(twin, r)}\n"
        for value, twin, r in wrong
    ]
    path.write_text("\n".join(lines), "utf-8")


def _sentence(twin: Twin) -> tuple[str, int]:
    first = twin.bitext.source_words[twin.bitext.asked(twin.start, len(twin.answer))[0]].sentence
    sentence = twin.bitext.pairs[first][0]
    return sentence, twin.start - min(word.start for word in twin.bitext.source_words if word.sentence == first)


def _around(twin: Twin, found: Found) -> str:
    return _context(twin.bitext.target, found.text, found.start)


def _context(text: str, answer: str, start: int, width: int = 160) -> str:
    """Return the neighbourhood of an answer with the answer marked."""
    left, right = max(start - width, 0), start + len(answer) + width
    return _marked(text[left:right].replace("\n", " "), start - left, answer)


def _marked(text: str, start: int, answer: str) -> str:
    return f"{text[:start]}>>>{text[start : start + len(answer)]}<<<{text[start + len(answer) :]}"


def squad(args: argparse.Namespace) -> str:
    """Return the table of what SQuAD keeps in the target language; write a sample for reading."""
    translator = _translator(args)
    if translator is None:
        raise ConfigError("squad needs a translation model; name its folder with --model")
    rows = [row for row in readers.read_records(corpora.load(args.corpus), "dev") if isinstance(row, Span)]
    if args.rows:
        contexts = sorted({row.context for row in rows})
        random.Random(args.seed).shuffle(contexts)
        chosen = set(contexts[: args.rows])
        rows = [row for row in rows if row.context in chosen]
    memory = Memory(args.memory)
    begun = time.perf_counter()
    step = translate_spans(translator, memory, args.language, None if args.attention_only else Aligner(Encoder(), args.layer))
    results: list[Span | Dropped] = []
    for at in range(0, len(rows), 500):
        results += [r for r in step(rows[at : at + 500]) if isinstance(r, Span | Dropped)]
        print(f"{len(results)} of {len(rows)}, {time.perf_counter() - begun:.0f} s", file=sys.stderr)
    kept = [(row, r) for row, r in zip(rows, results, strict=True) if isinstance(r, Span)]
    assert all(r.context[start : start + len(text)] == text for _, r in kept for text, start in r.answers)
    if args.out:
        _write_sample(args.out, [row for row, _ in kept], step, args.sample, args.seed)
    return _kept(rows, results) + f"\n\nmemory: {dict(memory.counts)}"


def _kept(rows: Sequence[Span], results: Sequence[Span | Dropped]) -> str:
    counts = Counter(
        f"dropped by {r.stage}: {r.reason.partition('=')[0]}" if isinstance(r, Dropped) else "kept by " + "+".join(method_names(int(r.scores["span_method"])))
        for r in results
    )
    kept = sum(n for name, n in counts.items() if name.startswith("kept"))
    lines = [
        f"{len(rows)} questions on {len({row.context for row in rows})} paragraphs: {kept} kept, {100 * kept / len(rows):.1f} %",
        "",
        "| what | questions | % |",
    ]
    return "\n".join([*lines, "|---|--:|--:|", *(f"| {name} | {n} | {100 * n / len(rows):.1f} |" for name, n in counts.most_common())])


def _write_sample(path: Path, kept: Sequence[Span], step: Work, size: int, seed: int) -> None:
    """Write `size` kept questions side by side: the first annotated answer that was found, marked on both sides."""
    chosen = random.Random(seed).sample(sorted(kept, key=lambda row: row.id), min(size, len(kept)))
    lines = []
    for number, row in enumerate(chosen, 1):
        alone = [dataclasses.replace(row, answers=(answer,)) for answer in dict.fromkeys(row.answers)]  # the memory knows all of it
        first, result = next((one, r) for one, r in zip(alone, step(alone), strict=True) if isinstance(r, Span))
        (answer, start), (text, place) = first.answers[0], result.answers[0]
        methods = "+".join(method_names(int(result.scores["span_method"])))
        lines.append(
            f"{number} {row.id} {methods} {result.scores['span_agreement']:.2f}\n  Q  {row.question}\n  EN {_context(row.context, answer, start)}\n"
            f"  XX {_context(result.context, text, place)}\n"
        )
    path.write_text("\n".join(lines), "utf-8")


def _translator(args: argparse.Namespace) -> Engine | None:
    return load_translator(Translation(models={args.language: args.model}), args.language, 1) if args.model else None


MODES: dict[str, tuple[Callable[[argparse.Namespace], str], str]] = {"deepl": (deepl, "fi/squad_v2_deepl"), "squad": (squad, "en/squad_v1")}


def main() -> None:
    """Read the command line, print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("mode", choices=MODES)
    parser.add_argument("--language", required=True, help="the target language, e.g. fi")
    parser.add_argument("--model", default="", help="folder of the en->xx model; deepl without one has no attention and no phrases")
    parser.add_argument("--corpus", default="", help="another corpus than " + " or ".join(name for _, name in MODES.values()))
    parser.add_argument("--rows", type=int, default=0, help="deepl: rows (0 = 1000); squad: paragraphs (0 = all)")
    parser.add_argument("--half", type=int, default=1, choices=(0, 1), help="which half of the documents: 0 for tuning, 1 for reporting")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--layer", type=int, default=0, help="layer of the encoder (0 = the default)")
    parser.add_argument("--attention-only", action="store_true", help="squad: without the encoder")
    parser.add_argument("--sample", type=int, default=200, help="squad: how many questions --out gets")
    parser.add_argument("--out", type=Path, help="a file for reading: deepl the spans that differ from gold, squad the sample")
    parser.add_argument("--memory", type=Path, help="translation memory to keep between runs")
    args = parser.parse_args()
    run, args.corpus = MODES[args.mode][0], args.corpus or MODES[args.mode][1]
    args.rows = args.rows or (1000 if args.mode == "deepl" else 0)
    print(run(args))


if __name__ == "__main__":
    main()
