"""The state of a run in work, so that a killed run goes on where it was: resumed and unbroken training give the same bits on a CPU.

safetensors for weights, optimiser, best weights and torch's random state; JSON for the rest (step, log, scores, Python's and numpy's random
state). The tensors are written first, then the JSON with their SHA-256, each whole or absent; then older states are deleted. A state that is
broken, of another version or of another torch is refused, and the run begins anew and says so.
"""

from __future__ import annotations

import random
import re
import shutil
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from corpora.bounded import read_json
from corpora.config import ConfigError
from corpora.shards import file_sha256, whole, write_json
from train.run import OWNER

VERSION = 1  # of the format
MINUTES = 10.0  # between two states: a kill costs half of that on average, a state of e5-small takes a second to write


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


@dataclass(frozen=True)
class Saved:
    """What was read: `about` as it was given to `save`, `tensors` by name (without the random state, which is set already)."""

    about: dict[str, Any]
    tensors: dict[str, Tensor]


class Keeper:
    """Keeps the state of one training in `folder`. `minutes`, `steps`: a state is due after so long, or every so many steps (0 = never for that reason).

    `mark`: what a state must have been saved with to be of use (the trimmed base, the precision). `owner`: whose state it is, for `run.sweep_states`.
    """

    def __init__(
        self, folder: Path, minutes: float = MINUTES, steps: int = 0, mark: str = "", say: Callable[[str], None] = _say, owner: Mapping[str, Any] | None = None
    ) -> None:
        self.owner, self.folder, self.minutes, self.steps, self.mark, self.say = owner, folder, minutes, steps, mark, say
        self.last = time.monotonic()

    def due(self, step: int) -> bool:
        """Return whether a state should be saved after `step`."""
        return bool(self.steps and step % self.steps == 0) or bool(self.minutes and time.monotonic() - self.last > 60 * self.minutes)

    def check_room(self, size: int) -> None:
        """Raise ConfigError where the disk has not room for two states of `size` bytes (the old one goes when the new one is there)."""
        there = next(place for place in (self.folder, *self.folder.parents) if place.is_dir())
        free = shutil.disk_usage(there).free
        if free < 2 * size:
            raise ConfigError(
                f"{self.folder.parent}: {free / 1e9:.1f} GB are free, but the checkpoints of a run need {2 * size / 1e9:.1f} GB while it trains; "
                "free some space, or put the project on a larger disk"
            )

    def save(self, about: Mapping[str, Any], tensors: Mapping[str, Tensor], device: torch.device) -> None:
        """Write a state, whole or not at all, and delete the older ones."""
        from safetensors.torch import save as to_bytes

        name = f"state-{about['step']:08d}"
        values = {key: value.detach().contiguous().cpu() for key, value in tensors.items()} | {"random.torch": torch.get_rng_state()}
        if device.type == "cuda":
            values["random.cuda"] = torch.cuda.get_rng_state(device)
        path = self.folder / f"{name}.safetensors"
        with whole(path) as file:
            file.write(to_bytes(values))
        kind, numbers, *rest = np.random.get_state()
        state = {"python": random.getstate(), "numpy": [kind, np.asarray(numbers).tolist(), *rest]}
        note = {"version": VERSION, "torch": torch.__version__, "mark": self.mark, "sha256": file_sha256(path), "random": state, "about": dict(about)}
        write_json(self.folder / f"{name}.json", note)
        if self.owner and not (self.folder / OWNER).is_file():
            write_json(self.folder / OWNER, dict(self.owner))
        for old in self.folder.glob("*state-*"):
            if not old.name.startswith(name):
                old.unlink(missing_ok=True)
        self.last = time.monotonic()

    def load(self, device: torch.device) -> Saved | None:
        """Return the newest state and set the random state to it; None where there is none, or it is of no use (which is said)."""
        notes = sorted(self.folder.glob("state-*.json"))
        if not notes:
            return None
        try:
            return self._read(notes[-1], device)
        except (OSError, ValueError, KeyError, TypeError) as err:
            self.say(f"{notes[-1]}: {err}; the run begins anew")
            self.drop()
            return None

    def _read(self, path: Path, device: torch.device) -> Saved:
        from safetensors import SafetensorError
        from safetensors.torch import load_file

        note = read_json(path)
        for what, found, wanted in (("format", note["version"], VERSION), ("torch", note["torch"], torch.__version__), ("base", note["mark"], self.mark)):
            if found != wanted:
                raise ValueError(f"saved with {what} {found}, this is {what} {wanted}")
        tensors = path.with_suffix(".safetensors")
        if file_sha256(tensors) != note["sha256"]:
            raise ValueError(f"{tensors.name} has not the checksum that was written down; it is broken")
        try:
            values = load_file(tensors)
        except SafetensorError as err:
            raise ValueError(str(err)) from None
        version, numbers, gauss = note["random"]["python"]
        kind, words, *rest = note["random"]["numpy"]
        random.setstate((version, tuple(numbers), gauss))
        np.random.set_state((kind, np.array(words, np.uint32), *rest))
        torch.set_rng_state(values.pop("random.torch"))
        cuda = values.pop("random.cuda", None)
        if cuda is not None and device.type == "cuda":
            torch.cuda.set_rng_state(cuda, device)
        return Saved(note["about"], values)

    def drop(self) -> None:
        """Delete every state."""
        shutil.rmtree(self.folder, ignore_errors=True)


def optimiser_tensors(optimiser: torch.optim.Optimizer, names: Mapping[Tensor, str]) -> dict[str, Tensor]:
    """Return the optimiser's state by parameter and kind; parameters that no step has touched have none."""
    return {f"optimiser.{kind}.{names[p]}": value for p, state in optimiser.state.items() for kind, value in state.items() if isinstance(value, Tensor)}


def restore_optimiser(optimiser: torch.optim.Optimizer, names: Mapping[Tensor, str], tensors: Mapping[str, Tensor]) -> None:
    """Put the optimiser's state back."""
    own = {name: p for p, name in names.items()}
    for key, value in tensors.items():
        if found := re.fullmatch(r"optimiser\.(\w+)\.(.+)", key):
            p = own[found[2]]
            where = torch.device("cpu") if found[1] == "step" and not optimiser.defaults.get("fused") else p.device
            optimiser.state[p][found[1]] = value.to(where)
