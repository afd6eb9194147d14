"""The log of a run while it trains: log.jsonl, and TensorBoard's files beside it where the package tensorboard is installed (extra `logs`)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib.util import find_spec
from pathlib import Path
from types import TracebackType
from typing import IO, Any

from train.run import json_line


class Log:
    """Writes the lines of one run as they come: a line is on disk when `line` returns. Watch with: tensorboard --logdir runs."""

    def __init__(self, folder: Path) -> None:
        self.file: IO[str] = (folder / "log.jsonl").open("w", encoding="utf-8")
        self.board: Any = None
        if find_spec("tensorboard"):
            from torch.utils.tensorboard import SummaryWriter

            self.board = SummaryWriter(str(folder / "tensorboard"))

    def line(self, line: Mapping[str, Any]) -> None:
        """Write one line; its numbers become TensorBoard's curves, named by their place in it ("dev/panx/f1")."""
        self.file.write(json_line(line))
        self.file.flush()
        if self.board is not None:
            for name, value in numbers(line):
                if name != "step":
                    self.board.add_scalar(name, value, line["step"])

    def __enter__(self) -> Log:
        return self

    def __exit__(self, kind: type[BaseException] | None, err: BaseException | None, trace: TracebackType | None) -> None:
        self.file.close()
        if self.board is not None:
            self.board.close()


def numbers(value: Mapping[str, Any], at: str = "") -> Iterator[tuple[str, float]]:
    """Yield (path, number) of every number in nested tables."""
    for name, inner in value.items():
        if isinstance(inner, Mapping):
            yield from numbers(inner, f"{at}{name}/")
        elif isinstance(inner, int | float):
            yield at + name, float(inner)
