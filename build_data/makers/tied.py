"""Contexts with the sentence that really follows them, tied to it by a stem, and closed groups of such items. For makers of choices and pairs.

In a closed group every ending serves every context: once right, otherwise wrong. What an ending says by itself, it then says as often of a
wrong one as of a right one.
"""

from __future__ import annotations

import functools
import math
from collections import deque
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice, pairwise, takewhile

from build_data.makers.cohesion import TIED, Line, Script
from build_data.makers.common import chance
from build_data.near import jaccard, normal
from build_data.split import CELLS, cell, side
from build_data.steps import Ledger
from corpora.records import Document

CONTEXT, CONTEXT_WORDS = 4, 70  # most sentences and words of a context
BARE = 10  # words of a context; below, much could stand behind it; two plain sentences always have as many
APART = 4  # sentences between one context with its ending and another of the same document: nearer ones often could follow too
LOOKED_AT = 80  # items of about its length among which one finds its group
CHUNK = 1_000  # items over documents that are grouped together
ALIKE = 0.3  # Jaccard similarity of character 5-grams from which two endings say the same


@dataclass(frozen=True)
class Item:
    """A context and its real ending."""

    document: Document
    context: tuple[Line, ...]
    ending: Line

    @functools.cached_property
    def about(self) -> frozenset[int]:
        """What the context is about: its stems but for the familiar ones."""
        return frozenset().union(*(line.about for line in self.context))

    @functools.cached_property
    def says(self) -> frozenset[int]:
        """What the ending is about."""
        return self.ending.about

    @functools.cached_property
    def place(self) -> str:
        """Where the ending stands, for ids and chance."""
        return f"{self.document.id}:{self.ending.at}"

    @property
    def passage(self) -> str:
        """The context as one text."""
        return " ".join(line.text for line in self.context)


Group = tuple[Item, ...]
Fit = Callable[[Item, Item], bool]


def items(script: Script, seed: int, ledger: Ledger) -> Iterator[Item]:
    """Yield a document's items. Candidates are sentences behind another of their paragraph; the ledger counts them, and why others are none.

    Refused: `cohesion.plain`'s reasons and "glued" (of the sentence or the one before it), "same_text" (it stands in its context), "bare" (its context says too little), "no_tie" (no stem ties it to that).
    """
    lines = script.lines
    for before, ending in pairwise(lines):
        if before.paragraph != ending.paragraph:
            continue
        ledger.made += 1
        fault = ending.fault or before.fault
        if not fault:
            first = _first(lines, ending)
            same = any(ending.text == line.text for line in lines[first : ending.at])
            if same or ending.ties:  # else no context ties it
                first = max(first, ending.at - _wanted(script.document.id, ending, seed))
                same = same and any(ending.text == line.text for line in lines[first : ending.at])
            alone = ending.at - first == 1
            if same:
                fault = "same_text"
            elif alone and before.text.count(" ") + 1 < BARE:
                fault = "bare"
            elif ending.ties & ((2 << min(TIED, ending.at - first)) - 1):
                yield Item(script.document, lines[first : ending.at], ending)
                continue
            fault = fault or "no_tie"
        ledger.excluded[fault] += 1


def _first(lines: Sequence[Line], ending: Line) -> int:
    """Return the first of the one to four plain sentences of its paragraph straight before the ending."""
    first, size = ending.at - 1, lines[ending.at - 1].text.count(" ") + 1
    while ending.at - first < CONTEXT and first > 0:
        line = lines[first - 1]
        size += line.text.count(" ") + 1
        if line.fault or line.paragraph != ending.paragraph or size > CONTEXT_WORDS:
            break
        first -= 1
    return first


def _wanted(document: str, ending: Line, seed: int) -> int:
    """Return how many sentences a context has where there are so many: chance says it."""
    return 2 + chance(seed, document, ending.at, "context") % (CONTEXT - 1)


def _unlike(item: Item, other: Item) -> bool:
    one, two = item.ending.text, other.ending.text
    return one[-1] == two[-1] and jaccard(normal(one), normal(two)) < ALIKE


def fit_inside(item: Item, other: Item) -> bool:
    """Tell whether each ending can be a wrong one for the other's context, both of one document: far away, about nothing in common, unlike, of one final sign."""
    first, second = sorted((item, other), key=lambda i: i.ending.at)
    return second.context[0].at - first.ending.at > APART and _strangers(item, other) and _unlike(item, other)


def fit_across(item: Item, other: Item) -> bool:
    """The same for items of two documents."""
    if item.document.id == other.document.id:
        return fit_inside(item, other)
    return _strangers(item, other) and _unlike(item, other)


def fit_apart(item: Item, other: Item) -> bool:
    """The same for items of two documents only: within one, much could stand next."""
    return item.document.id != other.document.id and fit_across(item, other)


def _strangers(item: Item, other: Item) -> bool:
    return item.about.isdisjoint(other.says) and other.about.isdisjoint(item.says)


def grouped(some: Iterable[Item], size: int, ratio: float, fit: Fit, topics: Mapping[str, frozenset[int]] | None = None) -> tuple[list[Group], list[Item]]:
    """Return groups of `size` items that all fit one another, and the items left over; the same for any order of `some`.

    No ending of a group is longer than `ratio` times another, in characters. Greedy, the shortest first, with the next LOOKED_AT in length
    that fit; given the documents' `topics`, with those of them whose document has most stems in common.
    """
    left = deque(sorted(some, key=lambda item: (len(item.ending.text), item.place)))
    groups, over, used, known = list[Group](), list[Item](), set[str](), dict[tuple[str, str], float]()
    while left:
        first = left.popleft()
        if first.place in used:
            continue
        near = _near(first, left, used, ratio)
        if topics is not None:
            near.sort(key=lambda item: -_likeness(first.document.id, item.document.id, topics, known))
        group = [first]
        for item in near:
            if all(fit(item, member) for member in group):
                group.append(item)
                if len(group) == size:
                    break
        if len(group) < size:
            over.append(first)
            continue
        groups.append(tuple(group))
        used.update(item.place for item in group)
    return groups, over


def _near(first: Item, left: Iterable[Item], used: Container[str], ratio: float) -> list[Item]:
    """Return the next LOOKED_AT items in length that are not used, none longer than `ratio` times the first."""
    longest = ratio * len(first.ending.text)
    return list(islice(takewhile(lambda item: len(item.ending.text) <= longest, (item for item in left if item.place not in used)), LOOKED_AT))


def _likeness(one: str, two: str, topics: Mapping[str, frozenset[int]], known: dict[tuple[str, str], float]) -> float:
    """Return the cosine of the stems of two documents, 0 to 1; what was asked for before is in `known`."""
    found = known.get((one, two))
    if found is None:
        a, b = topics[one], topics[two]
        found = known[one, two] = len(a & b) / math.sqrt(max(1, len(a) * len(b)))
    return found


def chunks(left: Sequence[Item], width: float) -> Iterator[list[Item]]:
    """Yield items of one corpus and genre ("web" of "web: Opinion"), of documents that are neighbours in the order in which splits take them.

    Rows whose texts a split finds on both sides are lost to validation, so chunks are cells of that order (split.cell).
    """
    cells: dict[tuple[str, str, int], list[Item]] = {}
    for item in sorted(left, key=lambda i: (side(i.document.id), i.place)):
        cells.setdefault((item.document.corpus, item.document.genre.partition(":")[0], cell(item.document.id, width)), []).append(item)
    for _, some in sorted(cells.items(), key=lambda c: c[0]):
        for start in range(0, len(some), CHUNK):
            yield some[start : start + CHUNK]


def grouped_across(
    some: Sequence[Item], size: int, ratio: float, topics: Mapping[str, frozenset[int]] | None, fit: Fit = fit_across
) -> tuple[list[Group], list[Item]]:
    """Return groups over documents of one corpus and genre, and the items left over: what finds no group in its narrow cell may find one in a wide one."""
    groups, rest = list[Group](), list(some)
    for width in CELLS:
        cells, rest = list(chunks(rest, width)), []
        for chunk in cells:
            found, over = grouped(chunk, size, ratio, fit, topics)
            groups += found
            rest += over
    return groups, rest
