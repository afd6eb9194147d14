"""Features -> padded tensors."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor

from train.features import IGNORED, Feature
from train.order import round_up
from train.unpadded import Layout, layout

TENSORS = ("ids", "mask", "types", "hidden", "label", "owner")


@dataclass(slots=True)
class Batch:
    """Padded inputs [rows, length] with their mask; `hidden` [rows, length, size] replaces ids where lower layers are frozen.

    `label`: pair, choice [examples]; span [examples, 2]; tags, text [rows, length]. `group`: rows per example (choice has several).
    """

    task: str
    ids: Tensor
    mask: Tensor
    types: Tensor | None
    hidden: Tensor | None
    label: Tensor
    group: list[int]
    tokens: int
    lengths: list[int]  # tokens of each row
    place: Layout | None = None  # where rows lie without padding, if it is known already
    owner: Tensor | None = None  # [rows, length], tags on mean sub-words: number of the token's word in its row, 0 = none

    def to(self, device: torch.device) -> Batch:
        """Return the batch with its tensors on `device`."""
        return self if device.type == "cpu" else self._each(lambda tensor: tensor.to(device, non_blocking=True))

    def pinned(self) -> Batch:
        """Return the batch in page-locked memory, from where copies to a GPU need not be waited for."""
        return self._each(Tensor.pin_memory)

    def placed(self) -> Batch:
        """Return the batch with its layout beside it."""
        return replace(self, place=layout(self.lengths, self.ids.shape[1], self.ids.device))

    def used_by(self, stream: Any) -> None:
        """Tell CUDA's allocator that another stream than the one that made the tensors works with them."""
        place = [self.place.index, self.place.position, self.place.bounds] if self.place is not None else []
        for tensor in [*place, *(value for name in TENSORS if (value := getattr(self, name)) is not None)]:
            tensor.record_stream(stream)

    def _each(self, change: Callable[[Tensor], Tensor]) -> Batch:
        changed: dict[str, Any] = {name: change(value) for name in TENSORS if (value := getattr(self, name)) is not None}
        return replace(self, **changed)


def collate(task: str, kind: str, some: Sequence[Feature], pad: int, hidden: Sequence[Sequence[Tensor]] | None = None) -> Batch:
    """Pad features of one task to a batch. `hidden`: for each feature the frozen states [tokens, size] of its rows."""
    rows = [row for feature in some for row in feature.rows]
    lengths = [len(row) for row in rows]
    width = round_up(max(lengths))
    ids = torch.full((len(rows), width), pad, dtype=torch.long)
    mask = torch.zeros((len(rows), width), dtype=torch.long)
    for i, row in enumerate(rows):
        ids[i, : len(row)] = torch.tensor(row)
        mask[i, : len(row)] = 1
    types = None
    if some[0].types is not None:
        types = torch.zeros_like(ids)
        for i, row in enumerate(row for feature in some for row in feature.types or ()):
            types[i, : len(row)] = torch.tensor(row)
    states = None
    if hidden is not None:
        flat = [state for rows_ in hidden for state in rows_]
        states = flat[0].new_zeros((len(flat), width, flat[0].shape[-1]))
        for i, state in enumerate(flat):
            states[i, : len(state)] = state
    owner = _positions([f.owner for f in some], width, 0) if some[0].owner else None
    return Batch(task, ids, mask, types, states, _labels(kind, some, width), [len(f.rows) for f in some], sum(lengths), lengths, owner=owner)


def _labels(kind: str, some: Sequence[Feature], width: int) -> Tensor:
    if kind not in ("tags", "text"):
        values: list[Any] = [f.label if kind == "span" else f.label[0] if f.label else IGNORED for f in some]
        return torch.tensor(values, dtype=torch.long)
    return _positions([f.label for f in some], width, IGNORED)


def _positions(values: Sequence[Sequence[int]], width: int, rest: int) -> Tensor:
    out = torch.full((len(values), width), rest, dtype=torch.long)
    for i, row in enumerate(values):
        out[i, : len(row)] = torch.tensor(row)
    return out
