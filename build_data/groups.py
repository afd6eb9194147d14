"""Closed groups: rows of one task that share their texts, so that each says as often right as wrong. Split, what is left of one gives its labels away.

Makers of choices and pairs build them (build_data/makers/tied.py: every ending of a group serves every context of it); here they are found again
by their texts alone, whoever made the rows.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence

from corpora.records import Choice, Pair, Record

MOST = 12  # rows: what hangs together beyond it (one reply that many questions got) is no closed group, and its rows go one by one


def closed(rows: Sequence[Record]) -> list[tuple[Record, ...]]:
    """Return rows in groups that share a text, each as early as its first row; every other row is a group by itself."""
    home: dict[Hashable, Hashable] = {}

    def find(one: Hashable) -> Hashable:
        while home.setdefault(one, one) != one:
            home[one] = one = home[home[one]]
        return one

    for number, row in enumerate(rows):
        for text in _texts(row):
            home[find(text)] = find(number)
    found: dict[Hashable, list[Record]] = {}
    for number, row in enumerate(rows):
        found.setdefault(find(number), []).append(row)
    large = {row.id for group in found.values() if len(group) > MOST for row in group}
    out: list[tuple[Record, ...]] = []
    for number, row in enumerate(rows):
        if row.id in large:
            out.append((row,))
        elif found[find(number)][0] is row:
            out.append(tuple(found[find(number)]))
    return out


def _texts(row: Record) -> Iterator[str]:
    if isinstance(row, Pair) and row.hypothesis:
        yield from (row.premise, row.hypothesis)
    elif isinstance(row, Choice):
        yield from (row.context, *row.endings)
