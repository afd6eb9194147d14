"""Texts that several arms of a study share: the table data/STUDY/across.json, written when a build ends.

Inside an arm no text is on both sides of a split (split.py); arms that come from the same documents put them on the same side, as it is a
hash of the document's name. What is left are texts that two *documents* share, a formula of law or a stock phrase: one may be in the train side of
one arm and the other in the validation side of another, which matters where a run trains on both (a mixture, or several tasks together).
A text counts as shared if it is equal but for case and signs, or near (near.py); texts below six words only if they are equal.

Texts are compared once: what was found lies in data/STUDY/.across/ (sketches.py), and a task that was built anew costs only its new texts.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from build_data import near
from build_data.refilter import remember
from build_data.sketches import SIDES, Sketch, Twins, keep, twins
from corpora.shards import digest, file_sha256

VERSION = 3
Place = tuple[int, str, int]  # folder, side, row of its sketch


def table(sketches: Sequence[Sketch], alike: Twins) -> list[dict[str, Any]]:
    """Return one line for each pair of built tasks and sides that share a text: how many texts are equal and near, and the rows of the second that hold them.

    The sides are train beside train, and train beside validation both ways. `alike` has the near texts of each text (sketches.twins).
    """
    places = _places(sketches, alike)
    counts: dict[tuple[str, str, str], Counter[str]] = defaultdict(Counter)
    rows: dict[tuple[str, str, str], set[str]] = defaultdict(set)
    for text, held in places.items():
        owners = {folder: "near" for twin in alike.get(text, ()) for folder, side, _ in places.get(twin, ()) if side == "train"}
        owners |= {folder: "equal" for folder, side, _ in held if side == "train"}
        for folder, side, row in held:
            name = sketches[folder].name
            for other, how in owners.items():
                if other != folder and not (side == "train" and sketches[other].name > name):  # train beside train is the same from either end
                    line = sketches[other].name, name, side
                    counts[line][how] += 1
                    rows[line].update(sketches[folder].ids(row))
    return [
        {"train": one, "beside": other, "side": side, "equal": found["equal"], "near": found["near"], "rows": sorted(rows[one, other, side])}
        for (one, other, side), found in sorted(counts.items())
    ]


def _places(sketches: Sequence[Sketch], alike: Mapping[int, Iterable[int]]) -> dict[int, list[Place]]:
    """Return where each text stands that more than one folder has or that has a near text; the others can't make a line."""
    owners: Counter[int] = Counter()
    for sketch in sketches:
        owners.update(set(sketch.hashes.tolist()))
    places: dict[int, list[Place]] = defaultdict(list)
    for number, sketch in enumerate(sketches):
        for row, (text, side) in enumerate(zip(sketch.hashes.tolist(), sketch.sides.tolist(), strict=True)):
            if owners[text] > 1 or text in alike:
                places[text].append((number, SIDES[side], row))
    return places


def write(folders: Sequence[Path], path: Path) -> list[dict[str, Any]]:
    """Write the table of built folders to `path` and return it; texts that were compared before, in whatever task, are not compared again.

    The file also has the sum of each folder's manifest, by which the trainer knows that the table is of the tasks it reads (train/apart.py).
    """
    sums = {folder.name: file_sha256(folder / "manifest.json") for folder in folders}
    keys = {name: digest([VERSION, near.VERSION, near.BOUND, found]) for name, found in sums.items()}

    def compare() -> dict[str, Any]:
        store = path.parent / ".across"
        before, now = keep(folders, keys, store)
        return {"tasks": sums, "lines": table(now, twins(before, now, keys, store / "near.parquet"))}

    found: list[dict[str, Any]] = remember(path, digest(keys), compare)["lines"]
    return found


def straddling(lines: Sequence[dict[str, Any]]) -> int:
    """Return how many validation rows hold a text that another arm trains on."""
    return len({(line["beside"], row) for line in lines if line["side"] == "validation" for row in line["rows"]})
