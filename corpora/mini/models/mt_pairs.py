"""The sentence pairs that train_mt.py learns from: which are read, held out, weighed, aligned, and how they are batched."""

from __future__ import annotations

import argparse
import gzip
import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy
import torch

Pair = tuple[str, str]
Array = numpy.ndarray[Any, Any]

# Files whose owners give no licence to build a public model on (class "local use only" in the collection's manifest).
NOT_OPEN = ("3blue1brown_captions", "opensubtitles_xed")
SURE, ADDED = 2.0, 1.0  # weight of a link that both directions of the aligner found, and of one that was added


@dataclass(frozen=True, slots=True)
class Row:
    """One pair as piece numbers, each side closed by 0; `links` is [n, 3]: English word, target word, weight."""

    source: list[int]
    target: list[int]
    share: float  # how often it is seen in an epoch
    links: Array | None = None


@dataclass(slots=True)
class Pairs:
    """Distinct pairs with their file, how many each file gave, and what was held out."""

    files: dict[Pair, str] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)
    held_out: dict[str, list[Pair]] = field(default_factory=dict)


def table(text: str) -> dict[str, float]:
    """Read "file=2,other=0.5"."""
    return {name: float(value) for name, value in (entry.split("=") for entry in text.split(",") if entry)}


def read(path: Path) -> list[Pair]:
    """Return the (English, target) pairs of one gzipped TSV file."""
    with gzip.open(path, "rt", encoding="utf-8") as file:
        rows = (line.rstrip("\n").split("\t") for line in file)
        return [(row[0], row[1]) for row in rows if len(row) >= 2 and row[0].split() and row[1].split()]


def tail(rows: list[Pair], least: int) -> int:
    """Return where the last paragraph with its questions begins that leaves `least` rows or more (paragraphs follow the questions of the one before)."""
    at = max(len(rows) - least, 0)
    while at and not (rows[at - 1][0].endswith("?") and not rows[at][0].endswith("?")):
        at -= 1
    return at


def load(args: argparse.Namespace) -> Pairs:
    """Read DATA/en-LANG less the skipped files, the evaluation texts, the held-out tails and what is too long."""
    evaluation = [read(path) for path in (args.data / "dev").glob(f"en-{args.lang}.*.tsv.gz")]
    found, files = Pairs(), {}
    for path in sorted((args.data / f"en-{args.lang}").glob("*.tsv.gz")):
        stem = path.name.removesuffix(".tsv.gz")
        if stem in args.skip.split(","):
            continue
        files[stem] = read(path)
        if stem in args.hold_out:
            at = tail(files[stem], int(args.hold_out[stem]))
            files[stem], found.held_out[stem] = files[stem][:at], files[stem][at:]
    seen = {text for rows in (*evaluation, *found.held_out.values()) for pair in rows for text in pair}
    # The Tatoeba retrieval targets are evaluation data: neither side of them may be seen.
    for path in sorted((args.data.parent / "targets/retrieval/tatoeba").glob("tatoeba.*.txt.gz")):
        with gzip.open(path, "rt", encoding="utf-8") as file:
            seen |= {line.strip() for line in file}
    for stem, rows in files.items():
        before, limit = len(found.files), args.limit.get(stem, args.max_words)
        for pair in rows:
            if not seen.intersection(pair) and max(len(side.split()) for side in pair) <= limit:
                found.files.setdefault(pair, stem)
        found.counts[stem] = len(found.files) - before
    return found


def links(path: Path, pairs: Mapping[Pair, str]) -> dict[Pair, Array]:
    """Return the links that align_pairs.py wrote, of the pairs asked for."""
    out = {}
    with gzip.open(path, "rt", encoding="utf-8") as file:
        for line in file:
            source, target, marks = line.rstrip("\n").split("\t")
            if marks and (source, target) in pairs:
                rows = [(*map(int, mark.rstrip("!").split("-")), SURE if mark.endswith("!") else ADDED) for mark in marks.split()]
                out[source, target] = numpy.array(rows, dtype=numpy.uint8)
    return out


def encode(args: argparse.Namespace, pieces: Any, pairs: Pairs) -> list[Row]:
    """Return the pairs as piece numbers, with their links where the pieces have as many words as the text."""
    aligned = links(args.align, pairs.files) if args.align else {}
    first = starts(pieces)
    rows = []
    for pair, stem in pairs.files.items():
        source, target = pieces.encode(pair[0]), pieces.encode(pair[1])
        if not (0 < len(source) < args.max_pieces and 0 < len(target) < args.max_pieces):
            continue
        # Normalising may join or split words ("..." for one sign); then the numbers of the links mean other words.
        same = first[source].sum() == len(pair[0].split()) and first[target].sum() == len(pair[1].split())
        rows.append(Row([*source, 0], [*target, 0], args.mix.get(stem, 1.0), aligned.get(pair) if same else None))
    return rows


def starts(pieces: Any) -> Array:
    """Return for each piece number whether it begins a word."""
    return numpy.array([pieces.id_to_piece(i).startswith("▁") for i in range(len(pieces))])


def batches(rows: list[Row], budget: int, rng: random.Random) -> Iterator[list[Row]]:
    """Yield rows of similar length whose padded size stays within `budget` pieces, epoch after epoch; share 2.5 is seen two or three times in one."""
    while True:
        chosen = [row for row in rows for _ in range(int(row.share + rng.random()))]
        noise = {id(row): rng.random() * 3 for row in rows}
        chosen.sort(key=lambda row: (max(len(row.source), len(row.target)) + noise[id(row)], len(row.source)))
        epoch: list[list[Row]] = [[]]
        longest = (0, 0)
        for row in chosen:
            longest = max(longest[0], len(row.source)), max(longest[1], len(row.target))
            if epoch[-1] and sum(longest) * (len(epoch[-1]) + 1) > budget:
                epoch.append([])
                longest = len(row.source), len(row.target)
            epoch[-1].append(row)
        rng.shuffle(epoch)
        yield from epoch


def padded(rows: list[list[int]], value: int) -> torch.Tensor:
    """Return an int64 tensor [rows, longest], filled up with `value`."""
    longest = max(map(len, rows))
    return torch.tensor([row + [value] * (longest - len(row)) for row in rows])


def wanted(rows: list[Row], first: Array, shape: tuple[int, ...]) -> torch.Tensor:
    """Return the attention [rows, target pieces, source pieces] that the links ask for: each linked target piece spreads 1 over its source pieces."""
    out = numpy.zeros(shape, dtype=numpy.float32)
    for place, row in zip(out, rows, strict=True):
        if row.links is None:
            continue
        source, target = (numpy.cumsum(first[side[:-1]]) - 1 for side in (row.source, row.target))
        words = numpy.zeros((target[-1] + 1, source[-1] + 1), dtype=numpy.float32)
        words[row.links[:, 1], row.links[:, 0]] = row.links[:, 2]
        spread = words[target][:, source]
        place[: len(target), : len(source)] = spread / numpy.maximum(spread.sum(1, keepdims=True), 1e-9)
    return torch.from_numpy(out)
