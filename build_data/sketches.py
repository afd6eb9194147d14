"""What is kept of each built task's texts, so that a changed task is compared with the others at the price of its new texts.

A sketch is one Parquet file a task, data/STUDY/.across/TASK.ARM.parquet: each side's distinct texts in normal form (near.py), the rows that hold
them, and the 32 band keys of their MinHash. near.parquet beside them has every pair of near texts among all of them. A file of other
times, half a set of files or a damaged one (each has its sum) only costs the comparison anew.
"""

from __future__ import annotations

import functools
import hashlib
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from build_data import near
from build_data.split import SHORTEST_NEAR
from corpora.shards import KEY, SUM, digest, read_key, whole

COLUMNS = ("premise", "hypothesis", "context", "question", "endings", "text", "tokens")  # what a model reads
SIDES = ("train", "validation")
SUMMED = 5000  # rows whose values are written out at a time for a sum
Twins = Mapping[int, Sequence[int]]  # hash of a text -> hashes of the texts near to it
Hashes = npt.NDArray[np.uint64]


@dataclass(frozen=True)
class Sketch:
    """The texts of a built task: arrays of n distinct (side, text), in order of reading."""

    name: str
    table: pa.Table  # hash: uint64, side: uint8 (place in SIDES), bands: 32 x uint32, text: string, ids: list of strings

    @functools.cached_property
    def hashes(self) -> Hashes:
        """(n,) 64 bits of each text's BLAKE2b."""
        return self.table["hash"].to_numpy()  # type: ignore[no-any-return]

    @functools.cached_property
    def sides(self) -> npt.NDArray[np.uint8]:
        """(n,) places in SIDES."""
        return self.table["side"].to_numpy()  # type: ignore[no-any-return]

    @functools.cached_property
    def bands(self) -> npt.NDArray[np.uint32]:
        """(n, near.BANDS) band keys; all zero for a text that is too short to be near another."""
        return np.frombuffer(b"".join(self.table["bands"].to_pylist()), dtype="<u4").reshape(-1, near.BANDS)

    def text(self, row: int) -> str:
        """Return the normal form of one text."""
        return self.table["text"][row].as_py()  # type: ignore[no-any-return]

    def ids(self, row: int) -> list[str]:
        """Return the ids of the rows that hold one text."""
        return self.table["ids"][row].as_py()  # type: ignore[no-any-return]


def keep(folders: Sequence[Path], keys: Mapping[str, str], store: Path) -> tuple[dict[str, Sketch], list[Sketch]]:
    """Return the sketches that lay in `store` and those of the folders as they are now, which lie there afterwards."""
    before = {path.stem: found for path in sorted(store.glob("*.parquet")) if path.stem != "near" and (found := _read(path, path.stem))}
    known = functools.cache(lambda: _known(before.values()))
    now = []
    for folder in folders:
        path = store / f"{folder.name}.parquet"
        if folder.name not in before or read_key(path) != keys[folder.name]:
            made = Sketch(folder.name, _sketch(folder, known()))
            _write(path, made.table, keys[folder.name], "lz4")
            now.append(made)
        else:
            now.append(before[folder.name])
    for name in before.keys() - set(keys):  # a task that the study no longer has
        (store / f"{name}.parquet").unlink()
    return before, now


def _read(path: Path, name: str) -> Sketch | None:
    table = _sound(path)
    return None if table is None else Sketch(name, table)


def _write(path: Path, table: pa.Table, key: str, compression: str = "snappy") -> None:
    with whole(path) as file:
        pq.write_table(table.replace_schema_metadata({KEY: key.encode(), SUM: _sum(table, key)}), file, compression=compression)


def _sound(path: Path) -> pa.Table | None:
    """Return what `_write` wrote, None where it is not there or not what was written."""
    try:
        table = pq.read_table(path)
        key = (table.schema.metadata or {}).get(KEY, b"").decode()
        return table if (table.schema.metadata or {}).get(SUM) == _sum(table, key) else None
    except (OSError, pa.ArrowException, ValueError, MemoryError):
        return None


def _sum(table: pa.Table, key: str) -> bytes:
    """Return the sum of a key and a table's values, a few thousand rows at a time; how they lie in a file is not part of it."""
    total = hashlib.blake2b(repr((key, table.column_names)).encode(), digest_size=16)
    for start in range(0, len(table), SUMMED):
        total.update(repr(table.slice(start, SUMMED).to_pydict()).encode("utf-8", "surrogatepass"))
    return total.hexdigest().encode()


def _known(sketches: Any) -> dict[int, bytes]:
    known: dict[int, bytes] = {}
    for sketch in sketches:
        known.update(zip(sketch.table["hash"].to_pylist(), sketch.table["bands"].to_pylist(), strict=True))
    return known


def hash_of(text: str) -> int:
    """Return 64 bits that stand for a text; of a million texts two have the same by a chance of 3 in 100 million."""
    return int.from_bytes(hashlib.blake2b(text.encode("utf-8"), digest_size=8).digest(), "little")


def _sketch(folder: Path, known: Mapping[int, bytes]) -> pa.Table:
    found: dict[tuple[int, str], list[str]] = {}  # (side, normal form) -> rows
    for side, name in enumerate(SIDES):
        for path in sorted(folder.glob(f"{name}-*.parquet")):
            for row in pq.read_table(path, columns=[c for c in ("id", *COLUMNS) if c in pq.read_schema(path).names]).to_pylist():
                for text in dict.fromkeys(filter(None, map(near.normal, _parts(row)))):  # in the row's order: same rows, same bytes in every process
                    found.setdefault((side, text), []).append(row["id"])
    texts = [text for _, text in found]
    hashes = [hash_of(text) for text in texts]
    nothing = bytes(4 * near.BANDS)
    bands = [
        known.get(number) or (near.bands(text).tobytes() if len(text.split()) >= SHORTEST_NEAR else nothing) for number, text in zip(hashes, texts, strict=True)
    ]
    return pa.table(
        {
            "hash": pa.array(hashes, pa.uint64()),
            "side": pa.array([side for side, _ in found], pa.uint8()),
            "bands": pa.array(bands, pa.binary(4 * near.BANDS)),
            "text": pa.array(texts, pa.string()),
            "ids": pa.array(list(found.values()), pa.list_(pa.string())),
        }
    )


def _parts(row: Mapping[str, Any]) -> list[str]:
    tokens = [" ".join(row["tokens"])] if row.get("tokens") else []
    return [*tokens, *(row.get("endings") or []), *(row[name] for name in COLUMNS if name not in ("tokens", "endings") and row.get(name))]


def twins(before: Mapping[str, Sketch], now: Sequence[Sketch], keys: Mapping[str, str], path: Path) -> Twins:
    """Return the near texts of each text of the sketches `now`; pairs among the texts of `before` are read from `path`, where the pairs of now lie afterwards."""
    present = np.unique(np.concatenate([sketch.hashes for sketch in now] or [np.empty(0, np.uint64)]))
    old, pairs = np.empty(0, np.uint64), np.empty((0, 2), np.uint64)
    # The file says which sketches it is of: after a kill between writing a sketch and writing this, nothing counts as compared.
    if read_key(path) == _state(before) and (read := _sound(path)) is not None:
        pairs = np.column_stack([read["one"].to_numpy(), read["other"].to_numpy()])
        pairs = pairs[np.isin(pairs, present).all(axis=1)]
        old = np.unique(np.concatenate([sketch.hashes for sketch in before.values()]))
    fresh = _compare(now, np.setdiff1d(present, old, assume_unique=True))
    pairs = np.unique(np.concatenate([pairs, fresh]), axis=0)  # in one order, whichever tasks were there before
    after = {sketch.name: sketch for sketch in now}
    _write(path, pa.table({"one": pa.array(pairs[:, 0], pa.uint64()), "other": pa.array(pairs[:, 1], pa.uint64())}), _state(after))
    found: dict[int, list[int]] = defaultdict(list)
    for one, other in pairs.tolist():
        found[one].append(other)
        found[other].append(one)
    return found


def _state(sketches: Mapping[str, Sketch]) -> str:
    """Return what the sketches' texts are, whatever their order."""
    return digest([near.VERSION, near.BOUND, {name: hashlib.blake2b(s.hashes.tobytes(), digest_size=8).hexdigest() for name, s in sketches.items()}])


def _compare(sketches: Sequence[Sketch], new: Hashes) -> npt.NDArray[np.uint64]:
    """Return the (n, 2) hashes of near texts of which at least one is in `new` (sorted)."""
    if not len(new):
        return np.empty((0, 2), np.uint64)
    hashes = np.concatenate([sketch.hashes for sketch in sketches])
    hashes, first = np.unique(hashes, return_index=True)  # each text once, whichever task has it
    starts = np.cumsum([0, *(len(sketch.hashes) for sketch in sketches)])
    bands = np.concatenate([sketch.bands for sketch in sketches])[first]
    long = bands.any(axis=1)
    hashes, bands, first = hashes[long], bands[long], first[long]
    fresh = np.isin(hashes, new)

    @functools.lru_cache(maxsize=4_000)
    def text(number: int) -> str:
        folder = int(np.searchsorted(starts, first[number], side="right")) - 1
        return sketches[folder].text(int(first[number] - starts[folder]))

    found: list[tuple[int, int]] = []
    for one, other in sorted(_candidates(bands, fresh)):
        if near.jaccard(text(one), text(other)) >= near.BOUND:
            found.append((int(hashes[one]), int(hashes[other])))
    return np.array(found, np.uint64).reshape(-1, 2)


def _candidates(bands: npt.NDArray[np.uint32], fresh: npt.NDArray[np.bool_]) -> set[tuple[int, int]]:
    """Return the pairs of texts (one below the other) that share a band key, at least one of them fresh."""
    found: set[tuple[int, int]] = set()
    for band in bands.T:
        sought = np.unique(band[fresh])
        place = np.minimum(np.searchsorted(sought, band), len(sought) - 1) if len(sought) else np.zeros(len(band), np.int64)
        groups: dict[int, list[int]] = defaultdict(list)
        for number in np.flatnonzero(sought[place] == band).tolist() if len(sought) else ():
            groups[int(place[number])].append(number)
        for group in groups.values():
            if len(group) > 1:
                found.update((one, other) for i, one in enumerate(group) for other in group[i + 1 :] if fresh[one] or fresh[other])
    return found
