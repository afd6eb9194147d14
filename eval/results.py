"""What a study's runs left behind: which cells are scored, which are missing and why, and the outcomes of every example.

The plan of train/ says which runs a study has; a run is found by its key, so runs made with other settings or other data
can never be mixed in. Where no plan can be made (the built tasks are elsewhere, say), runs are found by the study's name.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from corpora import bounded
from corpora import corpus as corpora
from corpora.config import ConfigError
from corpora.shards import digest
from corpora.study import Study, arms_of, targets_of
from eval.score import SCORES, test_fingerprint, tested
from train.run import runs_folder


@dataclass(frozen=True, slots=True, order=True)
class Row:
    """A line of the report's tables: an intermediate group and the arm its examples come from; ((), "none") = no intermediate task."""

    tasks: tuple[str, ...]
    arm: str

    @property
    def label(self) -> str:
        return f"{'+'.join(self.tasks)}.{self.arm}" if self.tasks else "none"


NONE = Row((), "none")


@dataclass(frozen=True, slots=True, order=True)
class Cell:
    """One planned target run."""

    row: Row
    target: str
    seed: int

    @property
    def label(self) -> str:
        return f"{self.target} <- {self.row.label}, seed {self.seed}"


@dataclass(frozen=True, slots=True)
class Scored:
    """A cell that has scores: its run's key, folder and record, and its result lines."""

    key: str
    folder: Path
    record: Mapping[str, Any]
    lines: Sequence[Mapping[str, Any]]

    def value(self, language: str, metric: str) -> float | None:
        found = [line["value"] for line in self.lines if line["language"] == language and line["metric"] == metric]
        return float(found[0]) if found else None


@dataclass(frozen=True, slots=True)
class Gap:
    """A planned cell without scores, and why."""

    cell: Cell
    key: str
    why: str  # "not run", "not scored", "failed: ..."


@dataclass(frozen=True)
class Results:
    """All that was found for a study. `planned` is False where runs had to be found by the study's name."""

    study: Study
    root: Path
    scored: Mapping[Cell, Scored]
    gaps: Sequence[Gap]
    planned: bool
    note: str = ""

    @property
    def rows(self) -> list[Row]:
        return rows(self.study)

    def seeds(self, row: Row, target: str) -> tuple[int, ...]:
        return tuple(seed for seed in self.study.seeds if Cell(row, target, seed) in self.scored)

    def of(self, row: Row, target: str, seed: int) -> Scored:
        return self.scored[Cell(row, target, seed)]

    def values(self, row: Row, target: str, language: str, metric: str) -> list[float]:
        found = (self.scored[Cell(row, target, seed)].value(language, metric) for seed in self.seeds(row, target))
        return [value for value in found if value is not None]


def rows(study: Study) -> list[Row]:
    """Return the rows a study asks for: none first, then each group with each arm that can be made for it."""
    found = [NONE] if "none" in study.arms else []
    return found + [Row(group, arm) for group in study.intermediate for arm in arms_of(study, group)]


def cells(study: Study) -> list[Cell]:
    """Return every target run that the study asks for."""
    return [Cell(row, target, seed) for row in rows(study) for target in targets_for(study, row) for seed in study.seeds]


def targets_for(study: Study, row: Row) -> list[str]:
    """Return the targets that a row has: all, but no retrieval where targets train jointly with the tasks or alone for longer."""
    return targets_of(study, row.tasks) if row.tasks else list(study.targets)


def collect(study: Study, root: Path) -> Results:
    """Find the runs of `study` under `root`/runs. Raises ConfigError for scores that were not made on the same test data."""
    plan, note = _plan(study, root)
    scored: dict[Cell, Scored] = {}
    gaps: list[Gap] = []
    named = {} if plan else _by_name(study, root)
    for cell in cells(study):
        key, parent = (plan or named).get(cell, ("", ""))
        found = _read(runs_folder(root), key, parent) if key else "not run"
        if isinstance(found, Scored):
            scored[cell] = found
        else:
            gaps.append(Gap(cell, key, found))
    _share_base(study, scored, gaps)
    _check_data(study, scored)
    _check_english(study, scored)
    return Results(study, root, scored, gaps, bool(plan), note)


def _plan(study: Study, root: Path) -> tuple[dict[Cell, tuple[str, str]], str]:
    """Return cell -> (run key, its parent's key) as train/ plans the study, or nothing and the reason."""
    from train import graph

    try:
        runs = graph.plan(study, root)
    except ConfigError as err:
        return {}, f"No plan of the study could be made, so runs were found by the study's name: {err}"
    return {Cell(Row(tuple(run.tasks), run.arm), run.target, run.seed): (run.key, run.parent) for run in runs if run.phase == "target"}, ""


def _by_name(study: Study, root: Path) -> dict[Cell, tuple[str, str]]:
    """Return cell -> (key, "") of the scored runs that carry the study's name. Raises ConfigError where two claim one cell."""
    found: dict[Cell, tuple[str, str]] = {}
    for path in sorted(runs_folder(root).glob(f"*/{SCORES}")):
        for line in read_json(path):
            if line.get("study") == study.name:
                cell = Cell(Row(tuple(line["tasks"]), line["arm"]), line["target"], line["seed"])
                key = path.parent.name
                if found.setdefault(cell, (key, ""))[0] != key:
                    raise ConfigError(
                        f"{runs_folder(root)}: runs {found[cell][0]} and {key} both claim the cell '{cell.label}' of study {study.name!r}, "
                        "with different settings or data, and no plan can be made to choose between them. "
                        "Run `make data` so that the plan can be made, or move one of the two away"
                    )
    return found


def _read(runs: Path, key: str, parent: str) -> Scored | str:
    """Return the scored run of that key, or why there is none."""
    folder = runs / key
    if not (folder / "run.json").is_file():
        above = read_json(runs / parent / "run.json") if parent and (runs / parent / "run.json").is_file() else {}
        failed = above.get("status", "finished") != "finished"
        return f"not run: its intermediate run {parent} failed: {_last_line(above.get('error'))}" if failed else "not run"
    record = read_json(folder / "run.json")
    status = record.get("status", "finished")
    if status != "finished":
        why = _last_line(record.get("error"))
        return why if why.startswith(status) else f"{status}: {why}"
    if not (folder / SCORES).is_file():
        return f"not scored: {_last_line(record['hook_error'])}" if record.get("hook_error") else "not scored"
    return Scored(key, folder, record, read_json(folder / SCORES))


def _last_line(error: Any) -> str:
    """Return the last line of an error, which in a traceback is the one that says what went wrong."""
    return (str(error or "").strip() or "no reason recorded").splitlines()[-1]


def _share_base(study: Study, scored: dict[Cell, Scored], gaps: list[Gap]) -> None:
    """Give every seed the one run of a target that involves no training at all (retrieval straight from the base)."""
    for target, declared in study.targets.items():
        have = [scored[Cell(NONE, target, seed)] for seed in study.seeds if Cell(NONE, target, seed) in scored]
        if declared.retrieval and have:
            scored.update({Cell(NONE, target, seed): have[0] for seed in study.seeds if Cell(NONE, target, seed) not in scored})
    gaps[:] = [gap for gap in gaps if gap.cell not in scored]


def _check_data(study: Study, scored: Mapping[Cell, Scored]) -> None:
    """Hold the scores of a (target, language) to one data fingerprint: the one the study declares now, where it can be told."""
    for target in study.targets:
        for language, corpus in tested(study, target).items():
            seen: dict[str, str] = {}
            expected = _expected(study, target, corpus)
            for cell, found in scored.items():
                if cell.target == target:
                    seen.update({str(line["data"]): found.key for line in found.lines if line["language"] == language})
            if len(seen) > 1 or (expected and seen and expected not in seen):
                what = ", ".join(f"{data} (run {key})" for data, key in sorted(seen.items()))
                raise ConfigError(
                    f"target {target!r}, language {language!r}: scores were made on different test data: {what}"
                    f"{f'; the study now asks for {expected}' if expected else ''}. Numbers on different data are not compared: "
                    f"score again with `python -m eval score studies/{study.name}.toml`, or run `make train` where a checkpoint was not kept"
                )


def _check_english(study: Study, scored: Mapping[Cell, Scored]) -> None:
    """Hold the runs of a target to one version of its English training data (runs found by key have it by construction). Raises ConfigError."""
    for target in study.targets:
        seen: dict[str, str] = {}
        for cell, found in scored.items():
            if cell.target == target and (english := (found.record.get("data") or {}).get("english")):
                seen[digest(english)] = found.key
        if len(seen) > 1:
            runs = ", ".join(sorted(seen.values()))
            raise ConfigError(
                f"target {target!r}: its runs were trained on {len(seen)} versions of the English data (e.g. runs {runs}). They are not compared: "
                "run `make data`, so that the plan can tell which are meant, or move the others away"
            )


def _expected(study: Study, target: str, corpus: str) -> str:
    try:
        return test_fingerprint(study.targets[target], corpora.load(corpus))
    except ConfigError:  # the test data need not lie where the report is made
        return ""


def read_json(path: Path) -> Any:
    """Return what a JSON file holds. Raises ConfigError for one that is not JSON."""
    try:
        return bounded.read_json(path)
    except (OSError, ValueError) as err:
        raise ConfigError(f"{path}: not readable as JSON ({err}); delete the folder {path.parent} and make it again") from None
