"""How well a translation says what its source says, by the base encoder: which words find a counterpart, and in what order.

Each word piece of one side is held against all of the other side (cosine of the states of layer 6 of 12, as BERTScore does), which
needs half the network and sees more than one vector a sentence. Area under the curve, Finnish, 300 good pairs beside 150 damaged
ones (November 2026, benchmarks/damage.py):

| damage               | one vector, layer 12 | similarity | coverage | order |
|----------------------|----------------------|------------|----------|-------|
| shuffled pair        | 1.00                 | .99        | .98      | .82   |
| half, full stop kept | .76                  | .89        | .93      | .83   |
| word salad           | .60                  | .73        | .64      | .93   |
| negation dropped     | .64                  | .68        | .70      | .60   |
| number changed       | .62                  | .45        | .58      | .49   |

Scores of a pair are kept in one SQLite file under the encoder's fingerprint, so a text is encoded once over all builds.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np

from build_data.encoder import Encoder, Vectors
from build_data.shared_file import LOOK, SharedFile

VERSION = 1  # raised whenever the same encoder gives other scores
LAYER = 6  # of 12; layers 4 to 8 differ by .02 at most, higher ones lose the order of words
CHUNK = 256  # pairs encoded together: about 40 MB of states


@dataclass(frozen=True, slots=True)
class Likeness:
    """Of one pair: `similarity`, the mean best cosine of pieces both ways; `coverage`, that of the source's three worst pieces;
    `order`, the correlation (-1 to 1) between places in the source and places of the counterparts."""

    similarity: float
    coverage: float
    order: float


class Comparer(Protocol):
    """What filters need of a comparer, so that tests can bring their own."""

    @property
    def fingerprint(self) -> str: ...

    def compare(self, pairs: Sequence[tuple[str, str]]) -> list[Likeness]:
        """Return the likeness of each (translation, source), in order."""
        ...


class Similarity:
    """The base encoder as a comparer, with its cache; see Comparer. The encoder is loaded at the first pair that is not cached."""

    def __init__(self, cache: Path, encoder: Encoder | None = None) -> None:
        self._encoder = encoder or Encoder()
        self._cache = _Cache(cache)
        self.fingerprint = f"{self._encoder.fingerprint}.{VERSION}.{LAYER}"

    def compare(self, pairs: Sequence[tuple[str, str]]) -> list[Likeness]:
        """See Comparer.compare."""
        keys = [hashlib.sha256(f"{self.fingerprint}\0{text}\0{source}".encode()).digest()[:16] for text, source in pairs]
        known = self._cache.get(list(dict.fromkeys(keys)))
        todo = sorted(
            {key: pair for key, pair in zip(keys, pairs, strict=True) if key not in known}.items(), key=lambda item: (len(item[1][1]), item[1][1], item[0])
        )
        for at in range(0, len(todo), CHUNK):
            part = todo[at : at + CHUNK]
            found = self._compare([pair for _, pair in part])
            fresh = {key: like for (key, _), like in zip(part, found, strict=True)}
            self._cache.put(fresh)
            known |= fresh
        return [known[key] for key in keys]

    def _compare(self, pairs: Sequence[tuple[str, str]]) -> list[Likeness]:
        texts = sorted({side for pair in pairs for side in pair})
        states: dict[str, Vectors] = {}
        for rows, encoding, batch in self._encoder.states(texts, LAYER):
            sizes = encoding["attention_mask"].sum(1).tolist()
            for row, size, pieces in zip(rows, sizes, batch.float().numpy(), strict=True):
                inner = pieces[1 : size - 1]  # without the signs for beginning and end
                states[texts[row]] = inner / np.maximum(np.linalg.norm(inner, axis=1, keepdims=True), 1e-9)
        return [likeness(states[text], states[source]) for text, source in pairs]


def likeness(text: Vectors, source: Vectors) -> Likeness:
    """Return the likeness of two texts from the states of their pieces, [pieces, hidden], rows of length 1. A side without pieces is like nothing."""
    if not len(text) or not len(source):
        return Likeness(0.0, 0.0, 0.0)
    cosines = source @ text.T
    found, said = cosines.max(1), cosines.max(0)
    places = cosines.argmax(1)
    order = float(np.corrcoef(np.arange(len(places)), places)[0, 1]) if len(places) > 3 and places.std() > 0 else 0.5
    return Likeness(round(float((found.mean() + said.mean()) / 2), 4), round(float(np.sort(found)[:3].mean()), 4), round(order, 4))


class _Cache(SharedFile):
    """Likenesses by key."""

    what = "likenesses"
    setup = ("CREATE TABLE IF NOT EXISTS likeness (key BLOB PRIMARY KEY, similarity REAL, coverage REAL, places REAL) WITHOUT ROWID",)

    def get(self, keys: Sequence[bytes]) -> dict[bytes, Likeness]:
        """Return what is known of `keys`. Raises ConfigError for a file that is no such cache."""
        found: dict[bytes, Likeness] = {}
        try:
            for at in range(0, len(keys), LOOK):
                part = keys[at : at + LOOK]
                rows = self.connection().execute(f"SELECT * FROM likeness WHERE key IN ({','.join('?' * len(part))})", part)
                found.update((key, Likeness(*values)) for key, *values in rows)
        except sqlite3.DatabaseError as err:
            raise self.broken(err) from None
        return found

    def put(self, values: Mapping[bytes, Likeness]) -> None:
        """Store values in one transaction; of two writers of one key the first stays."""
        try:
            with self.connection() as connection:
                rows = [(key, like.similarity, like.coverage, like.order) for key, like in values.items()]
                connection.executemany("INSERT OR IGNORE INTO likeness VALUES (?, ?, ?, ?)", rows)
        except sqlite3.DatabaseError as err:
            raise self.broken(err) from None
