"""A run: one fine-tuning, named by a key that depends on everything that decides its result and on nothing else."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

from corpora.bounded import private, read_json
from corpora.config import ConfigError
from corpora.parts import part_of, sweep_parts
from corpora.shards import digest
from corpora.study import RETRIEVAL

VERSION = 3  # of the training step: raise it when a change of train/ changes results, and every run is computed anew

OWNER = "owner.json"  # beside a state

Phase = Literal["intermediate", "target"]
State = Literal["done", "score", "train"]


@dataclass(frozen=True, kw_only=True)
class Run:
    """A node of a study's graph: base -> [intermediate] -> target.

    `tasks`: the intermediate group (of a target run: the group its parent was trained on; () = straight from the base).
    `arm`: where those tasks' examples come from ("none" = straight from the base). `parent`: key of the intermediate run
    whose encoder this one starts from, "" = the base. `settings`: base, precision, freezing and hyper-parameters.
    `data`: fingerprints of the English or intermediate training and dev data. `guides`: what is taken from another run's record -> that
    run's key: "lr" (the learning rate that won the sweep of the first seed), "steps" (how many the matching intermediate run took).
    A joint run (single-stage) has a target, tasks and an arm, but no parent.
    """

    phase: Phase
    tasks: tuple[str, ...]
    target: str = ""
    arm: str
    seed: int
    parent: str = ""
    settings: Mapping[str, Any] = field(default_factory=dict)
    data: Mapping[str, Any] = field(default_factory=dict)
    guides: Mapping[str, str] = field(default_factory=dict)

    @cached_property
    def key(self) -> str:
        """16 hex digits: the name of the run's folder."""
        about = dataclasses.asdict(self)
        if not self.guides:
            del about["guides"]
        return digest({"version": VERSION, **about})

    @property
    def needs(self) -> tuple[str, ...]:
        """Keys of the runs that must be finished before this one."""
        return tuple(dict.fromkeys(key for key in (self.parent, *self.guides.values()) if key))

    @property
    def label(self) -> str:
        """The run in words, e.g. 'udpos <- nli+qa.mt-fi, seed 1'."""
        source = f"{'+'.join(self.tasks)}.{self.arm}" if self.tasks else "base"
        return f"{self.target} <- {source}, seed {self.seed}" if self.target else f"{source}, seed {self.seed}"


def runs_folder(root: Path) -> Path:
    """Return where the runs of the project at `root` lie."""
    return root / "runs"


def run_folder(root: Path, run: Run) -> Path:
    """Return the folder of one run: run.json, log.jsonl, checkpoint/, and scores.json once eval/ has scored it."""
    return key_folder(root, run.key)


def key_folder(root: Path, key: str) -> Path:
    """Return the folder of the run with that key."""
    return runs_folder(root) / key


def record(run: Run, status: str, **more: Any) -> dict[str, Any]:
    """Return what run.json says: the run, its key and label, its status, and whatever else is known (errors without home folders and tokens)."""
    told = {name: private(value) if isinstance(value, str) else value for name, value in more.items()}
    return {**dataclasses.asdict(run), "key": run.key, "label": run.label, "status": status, **told}


def json_line(value: Mapping[str, Any]) -> str:
    """Return one line of a .jsonl file."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True) + "\n"


def read_record(folder: Path) -> dict[str, Any]:
    """Return run.json of a run's folder, {} where there is none or it is not JSON (such a run is done again)."""
    try:
        value = read_json(folder / "run.json")
    except (OSError, ValueError):
        return {}
    return value if isinstance(value, dict) else {}


def state(root: Path, run: Run, after: str) -> State:
    """Return what is left to do for a run: nothing, only the hook `after` (its scores.json is missing), or all of it."""
    folder = run_folder(root, run)
    kept = (folder / "checkpoint" / "checkpoint.json").is_file()
    if read_record(folder).get("status") != "finished" or (run.phase == "intermediate" and not kept):
        return "train"
    if run.phase == "intermediate" or not after or (folder / "scores.json").is_file():
        return "done"
    return "score" if kept or run.settings.get("metric") in RETRIEVAL else "train"


@contextlib.contextmanager
def aside(folder: Path) -> Iterator[Path]:
    """Fill a folder beside `folder` and put it in its place: it is whole or absent. On an error that left a run.json, that record stays."""
    part = part_of(folder)
    shutil.rmtree(part, ignore_errors=True)
    try:
        part.mkdir(parents=True)
        try:
            yield part
        except BaseException:
            if read_record(part).get("status") == "finished":  # its record was written, what had to follow was not (a full disk): it is not finished
                (part / "run.json").unlink()
            raise
        finally:
            if (part / "run.json").is_file():
                shutil.rmtree(folder, ignore_errors=True)
                part.rename(folder)
    except OSError as err:
        raise ConfigError(f"{folder}: could not be written ({err.strerror or err}); free some space and run the same command again") from err
    finally:
        shutil.rmtree(part, ignore_errors=True)


def sweep(root: Path) -> None:
    """Delete what killed workers left behind: what is unfinished and whose process is gone."""
    sweep_parts(runs_folder(root))


def states_folder(root: Path, run: Run) -> Path:
    """Return where the state of a run in work is kept (train/resume.py); it goes when the run is finished."""
    return runs_folder(root) / f".{run.key}.state"


def owner(study: str, run: Run) -> dict[str, Any]:
    """Return what stands beside a state: which run of which study it is, whatever its settings."""
    return {"study": study, **{name: getattr(run, name) for name in ("phase", "target", "arm", "seed")}, "tasks": list(run.tasks)}


def sweep_states(root: Path, study: str, runs: Sequence[Run]) -> int:
    """Delete the states of runs that have another key now, because their settings or data changed, and of finished ones; return how many there were.

    `runs`: what is planned. Only a state of the same run of the same study goes, and none that a process may be at work on: the caller holds the
    study's lock, and a folder of the run in work (which `sweep` deletes where its process is gone) must not be there. States of other studies,
    and of seeds or targets that are not in the plan, stay.
    """
    planned, ours = {run.key for run in runs if state(root, run, "") == "train"}, [owner(study, run) for run in runs]
    gone = 0
    for folder in runs_folder(root).glob(".*.state"):
        key = folder.name.removeprefix(".").removesuffix(".state")
        if key in planned or any(runs_folder(root).glob(f".{key}.*.part")):
            continue
        if any(_owner_of(note) in ours for note in folder.glob(f"*/{OWNER}")):
            shutil.rmtree(folder, ignore_errors=True)
            gone += 1
    return gone


def _owner_of(path: Path) -> Any:
    try:
        return read_json(path)
    except (OSError, ValueError):
        return None
