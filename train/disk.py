"""Is there room for the checkpoints of a study? Asked before the first run, because a full disk would be noticed after hours."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

from corpora.config import ConfigError
from corpora.shards import require_writable
from corpora.study import Study
from train.run import Run, runs_folder
from train.speed import Net, net_of

FLOAT = 4  # bytes: weights and optimiser states are float32
IN_WORK = 3  # a run in work may keep its weights and the optimiser's two moments


def checkpoint_bytes(study: Study, net: Net) -> int:
    """Return the least that one checkpoint takes: the layers that train. Word embeddings come on top, with a trimmed vocabulary a few per cent."""
    return FLOAT * (net.layers - study.freeze_layers) * (4 * net.width**2 + 2 * net.width * net.inner)


def check_disk(study: Study, root: Path, todo: Sequence[Run], workers: int) -> None:
    """Raise ConfigError where nothing can be written to the runs of `root`, or the checkpoints that those of `todo` will leave do not fit on its disk."""
    require_writable(runs_folder(root))
    net = net_of(study)
    if net is None:
        return
    kept = sum(run.phase == "intermediate" or study.keep_checkpoints == "all" for run in todo)
    needed = checkpoint_bytes(study, net) * (kept + IN_WORK * workers)
    place = next(folder for folder in (runs_folder(root), *runs_folder(root).absolute().parents) if folder.exists())
    free = shutil.disk_usage(place).free
    if free < needed:
        raise ConfigError(
            f"{place}: {free / 1e9:.1f} GB free, but {kept} checkpoints and {workers} runs in work take at least {needed / 1e9:.1f} GB; free some space, "
            f"name another --root, or train fewer arms or seeds{', or set keep_checkpoints = intermediate' if study.keep_checkpoints == 'all' else ''}"
        )
