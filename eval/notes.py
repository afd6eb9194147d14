"""What the report says in words: what was compared, why a demonstration claims nothing, how to read the numbers, where they come from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from corpora.bounded import private
from corpora.languages import name_of
from corpora.study import Study, members
from eval.compare import targets_in
from eval.manifests import BuiltTask
from eval.results import Results, Scored
from eval.score import HEADLINE, tested
from eval.shared import of_study
from train.metrics import METRICS as METRIC_OF

_SQUAD = (
    "F1 is SQuAD's token F1, the best over the gold answers, after lower-casing and dropping ASCII punctuation and English articles (as XTREME does in every "
    "language); exact match, XTREME's mean of both, and both under rules of the language itself (its articles, all Unicode punctuation) are in results.jsonl."
)
METRICS = {
    "udpos": (
        "udpos F1 is XTREME's: chunk F1 over runs of equal tags (the rule of seqeval 0.0.12 on bare UPOS tags), which is not token accuracy; "
        "accuracy and macro-F1 over tags are in results.jsonl."
    ),
    "panx": "panx F1 counts whole entities: type, first and last token must all be right. PAN-X has redirect lines among its sentences; results.jsonl has F1 without them too.",
    "ner": "ner F1 counts whole entities: type, first and last token must all be right.",
    "tydiqa": f"tydiqa {_SQUAD}",
    "xquad": f"xquad {_SQUAD}",
    "mlqa": "mlqa F1 is MLQA's own token F1: Unicode punctuation and the articles of the answer's language are dropped.",
    "xnli": "xnli accuracy: share of pairs with the right one of three labels.",
    "pawsx": "pawsx accuracy: share of pairs rightly called paraphrases or none.",
    "accuracy": "accuracy: share of rows with the right label; Matthews' correlation is in results.jsonl.",
    "tatoeba": (
        "tatoeba accuracy: each English sentence is the query, the nearest foreign sentence by cosine is the hit; no training. The other direction, margins "
        "(CSLS, ratio) and every layer and pooling are in results.jsonl and in each run's details.json."
    ),
    "bucc2018": "bucc2018 F1: mined sentence pairs (margin ratio) against the gold ones, cut at the threshold that is best on BUCC's own dev part.",
}


def test_sizes(results: Results) -> dict[tuple[str, str], int]:
    """Return (target, language) -> number of scored test examples, where a run has told it."""
    return {(line["target"], line["language"]): line["n"] for run in results.scored.values() for line in run.lines}


def why_demonstration(results: Results) -> str:
    """Return why a demonstration's numbers carry no claim, with its sizes; '' for a study that is none."""
    study = results.study
    if not study.demonstration:
        return ""
    sizes = sorted(test_sizes(results).values())
    tests = f", tests of {sizes[0]:,} to {sizes[-1]:,} examples" if sizes else ""
    frozen = f", {study.freeze_layers} frozen layers" if study.freeze_layers else ""
    seeds = f"{len(study.seeds)} seed{'s' if len(study.seeds) > 1 else ''}"
    return (
        f"Why: {study.budget.examples:,} intermediate examples per task and arm{tests}{frozen} and {seeds} were chosen so that everything runs in minutes. "
        "Differences of a few points come and go at these sizes, in either direction; the report shows that the machinery works, end to end."
    )


def compared(results: Results) -> list[tuple[str, str]]:
    """Return the study in (what, words) pairs."""
    study = results.study
    groups = "; ".join(" + ".join(f"{name} ({_made_from(study, name)})" for name in members(study, group)) for group in study.intermediate)
    targets = "; ".join(f"{name} ({', '.join(_tested(results, name)) or 'in no language'})" for name in study.targets)
    s = study.statistics
    return [
        ("Question", f"Do intermediate tasks made from {_names(study.languages)} (native text or machine-translated English data) beat the English ones?"),
        ("Base", private(study.base.model) + (f", {study.freeze_layers} lower layers and the embeddings frozen" if study.freeze_layers else "")),
        ("Intermediate tasks", f"{groups}; budget {study.budget.examples:,} training examples per task and arm"),
        ("Arms", ", ".join(study.arms)),
        ("Targets", f"{targets}; trained on English, best checkpoint by English dev, tested zero-shot"),
        ("Seeds", ", ".join(map(str, study.seeds))),
        (
            "Test of a difference",
            f"paired bootstrap over test examples nested with the training noise of the seeds (Student's t for few seeds), {s.draws:,} draws, "
            f"{100 * (1 - s.alpha):g} % percentile intervals, Holm-corrected over arms; approximate randomisation as second opinion; "
            f"equivalent = the interval lies within ±{s.margin:g} points",
        ),
    ]


def _tested(results: Results, target: str) -> list[str]:
    sizes = test_sizes(results)
    return [f"{language} {sizes[target, language]:,}" if (target, language) in sizes else language for language in tested(results.study, target)]


def _names(languages: Sequence[str]) -> str:
    return " or ".join(name_of(language) for language in languages)


def notes(results: Results, unequal: Sequence[BuiltTask]) -> list[str]:
    """Return what a reader must know to read the numbers rightly."""
    study = results.study
    found = [study.note, results.note, _control(study)]
    tydiqa = [name for name, target in study.targets.items() if target.metric == "tydiqa"]
    if "hu" in study.languages and tydiqa and not set(tydiqa) & set(targets_in(results, "hu")):
        found.append("XTREME has no extractive QA in Hungarian, so the Hungarian average has fewer targets; averages of two languages are not comparable.")
    if len(study.seeds) == 1:
        found.append("One seed: nothing is known of the noise of training, so no interval is given and the question is not answered.")
    elif len(study.seeds) < 5:
        found.append(
            f"With {len(study.seeds)} seeds the noise of training is known roughly, and intervals are as wide as that calls for; more seeds narrow them fast."
        )
    found.append(_alike(results))
    for one in unequal:
        share = f"{100 * (one.below or 0):.0f} % below budget"
        found.append(f"Unequal: {one.label} has {one.train:,} of {one.budget:,} training examples ({share}); marked † in the tables.")
    found += [_cut(study, name) for name in study.targets if study.targets[name].test_rows]
    found += [_extra(study, name) for name in study.targets if not study.targets[name].xtreme or study.targets[name].test_split != "test"]
    found += [METRICS[metric] for metric in HEADLINE if metric in {target.metric for target in study.targets.values()}]
    for name, target in study.targets.items():
        if target.retrieval:
            prefix = f", prefix {target.prefix!r}" if target.prefix else ""
            layer = "the last hidden state" if target.layer == -1 else f"hidden state {target.layer}"
            found.append(f"{name}: {layer}, {target.pooling} pooling{prefix}; numbers of other layers or harnesses are not comparable.")
    return [note for note in found if note]


def _control(study: Study) -> str:
    """Say what the arm bt-en is for, where the study has it."""
    if "bt-en" not in study.arms:
        return ""
    language = study.translation.through
    name = name_of(language)
    return (
        f"bt-en is the control for translation artefacts: the English rows translated into {name} (the rows of mt-{language}) and back into English. "
        f"What it gains or loses against en comes from translation, not from a language; what mt-{language} gains over bt-en does not come from translation alone."
    )


def _alike(results: Results) -> str:
    """Say how far the arms move together at a seed, where the study can tell."""
    one = of_study(results)
    if one.found is None:
        return ""
    what = "is taken off the noise of training in every difference" if one.used else "is not used: arms are taken as independent"
    found = f"{one.found:.2f} (standard error {one.error:.2f})".replace("-", "−")
    return f"Noise that arms share at a seed: correlation {found} over all arms and trained targets; it {what}."


def _extra(study: Study, name: str) -> str:
    """Say what is unusual about a target that XTREME does not have, or whose test labels are not public."""
    target = study.targets[name]
    marks = ["not XTREME: reported, but in no average"] if not target.xtreme else []
    marks += [f"tested on the {target.test_split} split, because the labels of the test split are not public"] if target.test_split != "test" else []
    return f"{name}: {'; '.join(marks)}."


def _cut(study: Study, name: str) -> str:
    return f"{name}: only the first {study.targets[name].test_rows:,} test rows of each language were used."


def provenance(results: Results, command: str) -> list[tuple[str, str]]:
    """Return where the numbers come from, in (what, words) pairs."""
    runs = distinct(results)
    records = [run.record for run in runs]
    seconds = sum(float(record.get("seconds") or 0) for record in records)
    return [
        ("Command", command or "not recorded"),
        ("Code", _all(records, "git")),
        ("Versions", _all(records, "versions")),
        ("Device", _all(records, "device")),
        ("Precision", _all(records, "precision")),
        ("Runs", f"{len(runs)} scored target runs in runs/, {seconds / 60:.1f} minutes of training and prediction; every run's settings are in its run.json"),
        ("Finished", _span([str(record["finished_at"]) for record in records if record.get("finished_at")])),
        ("Seeds", ", ".join(map(str, results.study.seeds)) + f"; bootstrap seed {results.study.statistics.seed}"),
    ]


def _span(times: Sequence[str]) -> str:
    """Return 'first to last' of ISO times."""
    return " to ".join(dict.fromkeys((min(times), max(times)))) if times else "not recorded"


def distinct(results: Results) -> list[Scored]:
    """Return the scored runs, each once, in the order of the tables."""
    return list({run.key: run for _, run in sorted(results.scored.items(), key=lambda item: _order(results, item[0]))}.values())


def dev(results: Results, run: Scored) -> str:
    """Return the English dev score that chose a run's checkpoint, '' where nothing was trained."""
    target = str(run.lines[0]["target"])
    scores, name = (run.record.get("dev") or {}).get(target), METRIC_OF[results.study.targets[target].metric].headline
    return f"{name} {float(scores[name]):.1f}" if isinstance(scores, Mapping) and name in scores else ""


def _order(results: Results, cell: Any) -> tuple[int, int, int]:
    return results.rows.index(cell.row), list(results.study.targets).index(cell.target), results.study.seeds.index(cell.seed)


def _all(records: Sequence[Mapping[str, Any]], key: str) -> str:
    """Return the distinct values that the runs recorded under `key`, in words."""
    found = {_words(record[key]): None for record in records if record.get(key)}
    return "; or ".join(found) or "not recorded"


def _words(value: Any) -> str:
    return ", ".join(f"{k} {v}" for k, v in value.items()) if isinstance(value, Mapping) else str(value)


def _made_from(study: Study, task: str) -> str:
    spec = study.tasks[task]
    named = dict.fromkeys(corpus for corpus, _ in spec.sources)
    return f"{spec.kind}, from {' + '.join(named) or 'native text alone'}"
