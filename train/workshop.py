"""What a worker does with a run, and what it keeps between runs: the encoder, the tokenizer, the frozen layers' outputs."""

from __future__ import annotations

import fcntl
import importlib
import platform
import resource
import shutil
import subprocess
import time
import traceback
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch

from corpora.base import default_cache, ensure_base, identity
from corpora.bounded import private
from corpora.config import ConfigError
from corpora.shards import digest, write_json, write_text
from corpora.study import RETRIEVAL, Study
from train import before, checkpoint
from train.data import study_texts, texts_key
from train.features import Pieces
from train.frozen import States
from train.heads import Head
from train.jobs import Work, work_of
from train.logs import Log
from train.loop import Note, Outcome, Progress, Stopped, fit
from train.mixture import matched
from train.model import Encoder, Model, precision_of
from train.oracle import remember, weights_of
from train.peers import ALONE, Peers
from train.resume import Keeper
from train.run import Run, aside, json_line, owner, read_record, record, run_folder, runs_folder, states_folder
from train.trim import trim

Hook = Callable[[Study, Run, Path, Model], None]


def base_folder(study: Study, root: Path, cache: Path | None = None) -> Path:
    """Return the encoder folder of a study, converted and trimmed once; a second worker waits for the first."""
    home = runs_folder(root) / "base"
    home.mkdir(parents=True, exist_ok=True)
    with (home / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        base = ensure_base(study.base, cache or default_cache())
        if not study.base.trim:
            return base
        return trim(base, study_texts(study, root), home / digest([identity(study.base), texts_key(study, root)]))


class Workshop:
    """One encoder in memory; its trained weights are put back to the base's before every run."""

    def __init__(self, study: Study, root: Path, number: int = 0, group: Peers = ALONE) -> None:
        self.study, self.root, self.group = study, root, group
        self.device = torch.device("cuda", number % torch.cuda.device_count()) if torch.cuda.is_available() else torch.device("cpu")
        self.precision = precision_of(study.precision, self.device)
        folder = base_folder(study, root)
        self.pieces = Pieces(folder)
        self.encoder = Encoder(folder, study.freeze_layers, study.base.dropout).to(self.device)
        if study.compile and self.device.type == "cuda":
            self.encoder.compile_layers()
        self.mark = f"{folder.name} {self.precision} {self.device.type}"
        self.origin = {name: value.clone() for name, value in checkpoint.trained(self.encoder).items()}
        self.states = States(runs_folder(root) / "base" / f"states-{digest([identity(study.base), folder.name, study.freeze_layers])}")
        self.git = _git(root)

    def model(self, run: Run, heads: list[Head]) -> Model:
        """Return a model that starts where `run` starts: the base, with its parent's encoder laid over it, and fresh heads."""
        own = checkpoint.trained(self.encoder)
        for name, value in self.origin.items():
            own[name].copy_(value)
        if run.parent:
            checkpoint.load_encoder(runs_folder(self.root) / run.parent / "checkpoint", self.encoder, self.pieces)
        model = Model(self.encoder, self.pieces, heads, run.seed, self.precision).to(self.device)
        model.states = self.states
        before.remember(model, self.origin)
        return model.eval()

    def train(self, run: Run, progress: Progress, note: Note = lambda _: None) -> tuple[Model, Outcome]:
        """Train a run (retrieval: nothing to train) and return the model in eval mode with what happened. `note` gets the lines of its log."""
        work = work_of(self.study, run, self.root)
        if not work.jobs:
            return self.model(run, []), Outcome()
        if len(work.rates) > 1:
            return self._swept(run, work, progress, note)
        return self._once(run, work, work.rates[0] if work.rates else None, progress, note)

    def _once(self, run: Run, work: Work, rate: float | None, progress: Progress, note: Note) -> tuple[Model, Outcome]:
        model = self.model(run, list(work.heads.values()))
        folder = states_folder(self.root, run) / ("own" if rate is None else f"lr-{rate:g}")
        keeper = Keeper(folder, self.study.save_minutes, self.study.save_steps, self.mark, owner=owner(self.study.name, run))
        outcome = fit(model, work.at(rate), run.seed, progress, work.sampling, keeper, note, self.group)
        outcome.rates = {job.name: job.training.lr for job in work.at(rate)}
        return model, outcome

    def _swept(self, run: Run, work: Work, progress: Progress, note: Note) -> tuple[Model, Outcome]:
        """Train at every learning rate of the grid and leave the one with the best dev score in the model: intermediate or English dev, as for
        checkpoints, never a target's test data. A rate at which training diverges loses. Raises ConfigError where all do, or no job has dev rows."""
        if not any(job.dev for job in work.jobs):
            raise ConfigError(f"{run.label}: lr_grid chooses by dev scores, but there are no dev rows; raise budget.validation, or write one lr")
        tried: list[dict[str, Any]] = []
        best: tuple[float, Outcome, dict[str, torch.Tensor]] | None = None
        for rate in work.rates:
            try:
                model, outcome = self._once(run, work, rate, progress, note)
            except ConfigError as err:
                tried.append({"lr": rate, "value": None, "error": str(err)})
                continue
            value = self.group.told(work.value(outcome.dev), self.device)
            tried.append(
                {
                    "lr": rate,
                    "value": value,
                    "dev": outcome.dev,
                    "steps": outcome.steps,
                    "chosen_step": outcome.chosen_step,
                    "seconds": round(outcome.seconds, 2),
                }
            )
            if best is None or value > best[0]:
                best = value, outcome, {name: weight.detach().clone() for name, weight in weights_of(model).items()}
        if best is None:
            raise ConfigError(f"{run.label}: training diverged at every learning rate of lr_grid: {'; '.join(str(one['error']) for one in tried)}")
        for name, weight in weights_of(model).items():
            weight.copy_(best[2][name])
        best[1].sweep = tried
        return model.eval(), best[1]

    def open(self, run: Run) -> Model:
        """Return the model of a finished run. Raises ConfigError where its checkpoint was not kept."""
        if run.settings.get("metric") in RETRIEVAL:
            return self.model(run, [])
        folder = run_folder(self.root, run) / "checkpoint"
        if not folder.is_dir():
            raise ConfigError(f"{folder}: not kept (keep_checkpoints = {self.study.keep_checkpoints!r}); delete {folder.parent} and run: make train")
        model = self.model(run, checkpoint.heads_of(folder))
        checkpoint.load(folder, model)
        return model.eval()

    def perform(self, run: Run, after: str, progress: Progress) -> dict[str, Any]:
        """Train `run`, score it with the hook `after` ('module:function', '' = none) and leave its folder, whole or not at all.

        A failed run leaves run.json with status 'failed' and raises. Where only the hook fails, the checkpoint is kept.
        """
        if not self.group.first:
            self.train(run, progress)
            return {}
        folder = run_folder(self.root, run)
        with aside(folder) as part:
            try:
                with Log(part) as log:
                    model, outcome = self.train(run, progress, log.line)
            except (BrokenPipeError, ConnectionResetError):
                raise  # the parent is gone: nobody asked for this run any more
            except Exception as err:
                if isinstance(err, Stopped):
                    shutil.rmtree(states_folder(self.root, run), ignore_errors=True)  # it would only stop there again
                    if err.model is not None and err.chosen_step:
                        checkpoint.save(part / "last-good", err.model)
                write_json(part / "run.json", record(run, "failed", error=_why(err)))
                raise
            about = self._about(run, outcome, model)
            write_text(part / "log.jsonl", "".join(json_line(line) for line in outcome.log))
            write_json(part / "run.json", about)
            remember(model, outcome.oracle)
            failed = _call(after, self.study, run, part, model) if run.phase == "target" else None
            trained = bool(outcome.steps)
            if trained and (run.phase == "intermediate" or not after or failed or self.study.keep_checkpoints == "all"):
                checkpoint.save(part / "checkpoint", model)
            if failed:
                write_json(part / "run.json", {**about, "hook_error": _why(failed)})
        shutil.rmtree(states_folder(self.root, run), ignore_errors=True)
        if failed:
            raise failed
        return about

    def score_again(self, run: Run, after: str) -> None:
        """Run only the hook of a finished run, and then drop its checkpoint where the study does not keep it; an earlier failure of the hook is forgotten."""
        folder = run_folder(self.root, run)
        model, about = self.open(run), read_record(folder)
        if about.pop("hook_error", None):
            write_json(folder / "run.json", about)
        if failed := _call(after, self.study, run, folder, model):
            write_json(folder / "run.json", {**about, "hook_error": _why(failed)})
            raise failed
        if self.study.keep_checkpoints != "all":
            shutil.rmtree(folder / "checkpoint", ignore_errors=True)

    def _about(self, run: Run, outcome: Outcome, model: Model) -> dict[str, Any]:
        import tokenizers
        import transformers

        versions = {"torch": torch.__version__, "transformers": transformers.__version__, "tokenizers": tokenizers.__version__}
        seconds = round(outcome.seconds, 2)
        device = torch.cuda.get_device_name(self.device) if self.device.type == "cuda" else f"cpu {platform.machine()}, {torch.get_num_threads()} threads"
        return record(
            run, "finished", study=self.study.name, demonstration=self.study.demonstration, base_model=asdict(self.study.base) | {"model": private(self.study.base.model)},
            steps=outcome.steps, tokens=outcome.tokens, seconds=seconds, tokens_per_second=round(outcome.tokens / seconds, 1) if seconds else 0.0,
            shares=outcome.shares, rows=outcome.rows, lr=_one(outcome.rates), sweep=outcome.sweep, matched=matched(self.study, run, self.root),
            dev=outcome.dev, chosen_step=outcome.chosen_step, evals=outcome.evals, finished_at=time.strftime("%Y-%m-%dT%H:%M:%S%z"), git=self.git,
            precision=str(self.precision).removeprefix("torch."), device=device, vocabulary=model.encoder.net.config.vocab_size,
            unknown_pieces=model.pieces.missed, peak_memory_mb=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
            versions={"python": platform.python_version(), **versions},
        )  # fmt: skip


def _one(rates: dict[str, float]) -> float | dict[str, float] | None:
    """Return the learning rate of a run: the one of all its jobs, or job -> rate where they differ."""
    found = set(rates.values())
    return next(iter(found)) if len(found) == 1 else rates or None


def _call(after: str, study: Study, run: Run, folder: Path, model: Model) -> Exception | None:
    """Call the hook; return what it raised."""
    if not after:
        return None
    try:
        module, _, name = after.partition(":")
        hook: Hook = getattr(importlib.import_module(module), name)
        hook(study, run, folder, model)
        if not (folder / "scores.json").is_file():
            raise ConfigError(f"the hook {after} left no scores.json, so run {run.key} does not count as scored; it must write one, or leave --after out")
    except Exception as err:  # whatever a hook does wrong must not lose the training
        return err
    return None


def _why(err: BaseException) -> str:
    return private(str(err) if isinstance(err, ConfigError) else "".join(traceback.format_exception(err)).strip())


def _git(root: Path) -> str | None:
    try:
        done = subprocess.run(["git", "rev-parse", "HEAD"], cwd=root, capture_output=True, text=True, timeout=10, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip() or None if done.returncode == 0 else None
