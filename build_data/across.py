"""Texts that several arms of a study share: the table data/STUDY/across.json, written when a build ends.

Inside an arm no text is on both sides of a split (split.py); arms that come from the same documents put them on the same side, as it is a
hash of the document's name. What is left are texts that two *documents* share, a formula of law or a stock phrase: one may be in the train side of
one arm and the other in the validation side of another, which matters where a run trains on both (a mixture, or several tasks together).
A text counts as shared if it is equal but for case and signs, or near (near.py); texts below six words only if they are equal.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from build_data.near import BOUND, VERSION, Near, normal
from build_data.refilter import remember
from build_data.split import SHORTEST_NEAR
from corpora.shards import digest

COLUMNS = ("premise", "hypothesis", "context", "question", "endings", "text", "tokens")  # what a model reads
SIDES = ("train", "validation")
Texts = dict[str, list[str]]  # normal form -> ids of the rows that have it


def texts_of(folder: Path, split: str) -> Texts:
    """Return the texts of one side of a built task."""
    found: Texts = {}
    for path in sorted(folder.glob(f"{split}-*.parquet")):
        table = pq.read_table(path)
        for row in table.select(["id", *(name for name in COLUMNS if name in table.column_names)]).to_pylist():
            tokens = [" ".join(row.pop("tokens"))] if "tokens" in row else []
            endings = row.pop("endings", None) or []
            for text in {normal(part) for part in (*tokens, *endings, *(row[name] or "" for name in row if name != "id"))} - {""}:
                found.setdefault(text, []).append(row["id"])
    return found


def table(folders: Sequence[Path]) -> list[dict[str, Any]]:
    """Return one line for each pair of built tasks and sides that share a text: how many texts are equal and near, and the rows of the second that hold them.

    The sides are train beside train, and train beside validation both ways.
    """
    texts = {(folder.name, side): texts_of(folder, side) for folder in folders for side in SIDES}
    owners: dict[str, set[str]] = {}  # train text -> the tasks that train on it
    for (name, side), found in texts.items():
        if side == "train":
            for text in found:
                owners.setdefault(text, set()).add(name)
    index, numbered = Near(), sorted(text for text in owners if len(text.split()) >= SHORTEST_NEAR)
    for text in numbered:
        index.add((text,))
    counts: dict[tuple[str, str, str], Counter[str]] = {}
    rows: dict[tuple[str, str, str], set[str]] = {}
    for (name, side), found in texts.items():
        for text, ids in found.items():
            like = dict.fromkeys(owners.get(text, ()), "equal")
            if len(text.split()) >= SHORTEST_NEAR:
                like = {other: "near" for number, _ in index.find((text,)) for other in owners[numbered[number]]} | like
            for other, how in like.items():
                if other != name and not (side == "train" and other > name):  # train beside train is the same from either end
                    counts.setdefault((other, name, side), Counter())[how] += 1
                    rows.setdefault((other, name, side), set()).update(ids)
    return [
        {"train": one, "beside": other, "side": side, "equal": found["equal"], "near": found["near"], "rows": sorted(rows[one, other, side])}
        for (one, other, side), found in sorted(counts.items())
    ]


def write(folders: Sequence[Path], path: Path) -> list[dict[str, Any]]:
    """Write the table of built folders to `path` and return it; nothing is compared again while the folders are what they were."""
    key = digest([VERSION, BOUND, {folder.name: (folder / "manifest.json").read_text("utf-8") for folder in folders}])
    found: list[dict[str, Any]] = remember(path, key, lambda: table(folders))
    return found


def straddling(lines: Sequence[dict[str, Any]]) -> int:
    """Return how many validation rows hold a text that another arm trains on."""
    return len({(line["beside"], row) for line in lines if line["side"] == "validation" for row in line["rows"]})
