"""Contexts with the sentence that really follows them, tied to it by a stem, and closed groups of such items. For makers of choices and pairs.

In a closed group every ending serves every context: once right, otherwise wrong. What an ending says by itself, it then says as often of a
wrong one as of a right one.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from build_data.makers.cohesion import Line, Script
from build_data.makers.common import chance
from build_data.near import jaccard, normal
from build_data.steps import Ledger
from corpora.records import Document

TIED = 3  # last sentences of the context, one of which the ending must be tied to
CONTEXT, CONTEXT_WORDS = 4, 70  # most sentences and words of a context
APART = 4  # sentences between one context with its ending and another of the same document: nearer ones often could follow too
ALIKE = 0.3  # Jaccard similarity of character 5-grams from which two endings say the same


@dataclass(frozen=True)
class Item:
    """A context and its real ending."""

    document: Document
    context: tuple[Line, ...]
    ending: Line

    @property
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

    Refused: `cohesion.plain`'s reasons and "glued" (of the sentence or the one before it), "same_text" (it stands in its context), "no_tie" (no stem ties it to that).
    """
    lines = script.lines
    for before, ending in pairwise(lines):
        if before.paragraph != ending.paragraph:
            continue
        ledger.made += 1
        fault = ending.fault or before.fault
        if not fault:
            context = _context(lines, ending, seed, script.document.id)
            if any(line.text == ending.text for line in context):
                fault = "same_text"
            elif any(line.ties & ending.ties for line in context[-TIED:]):
                yield Item(script.document, context, ending)
                continue
            fault = fault or "no_tie"
        ledger.excluded[fault] += 1


def _context(lines: Sequence[Line], ending: Line, seed: int, document: str) -> tuple[Line, ...]:
    """Return the one to four plain sentences of its paragraph straight before the ending; how many, chance says where there are more."""
    wanted = 2 + chance(seed, document, ending.at, "context") % (CONTEXT - 1)
    first, size = ending.at - 1, len(lines[ending.at - 1].text.split())
    while ending.at - first < wanted and first > 0:
        line = lines[first - 1]
        size += len(line.text.split())
        if line.fault or line.paragraph != ending.paragraph or size > CONTEXT_WORDS:
            break
        first -= 1
    return tuple(lines[first : ending.at])


def _unlike(item: Item, other: Item) -> bool:
    one, two = item.ending.text, other.ending.text
    return one[-1] == two[-1] and jaccard(normal(one), normal(two)) < ALIKE


def fit_inside(item: Item, other: Item) -> bool:
    """Tell whether each ending can be a wrong one for the other's context, both of one document: far away, untied, unlike, of one final sign."""
    first, second = sorted((item, other), key=lambda i: i.ending.at)
    apart = second.context[0].at - first.ending.at > APART
    return apart and not _tied(item, other.ending) and not _tied(other, item.ending) and _unlike(item, other)


def _tied(item: Item, ending: Line) -> bool:
    return any(line.ties & ending.ties for line in item.context)


def fit_strangers(item: Item, other: Item) -> bool:
    """The same, and not even a word of the document's topic in common."""
    return fit_inside(item, other) and _strangers(item, other)


def fit_across(item: Item, other: Item) -> bool:
    """The same for items of two documents, where a topic's words would tie too."""
    if item.document.id == other.document.id:
        return fit_inside(item, other)
    return _strangers(item, other) and _unlike(item, other)


def _strangers(item: Item, other: Item) -> bool:
    return not any(line.content & other.ending.content for line in item.context) and not any(line.content & item.ending.content for line in other.context)


def grouped(some: Iterable[Item], size: int, ratio: float, fit: Fit, topics: Mapping[str, frozenset[str]] | None = None) -> tuple[list[Group], list[Item]]:
    """Return groups of `size` items that all fit one another, and the items left over; the same for any order of `some`.

    No ending of a group is longer than `ratio` times another, in characters. Greedy, the shortest first, with the next in length that
    fit; given the documents' `topics`, with those whose document has most stems in common.
    """
    left, groups, over = sorted(some, key=lambda item: (len(item.ending.text), item.place)), list[Group](), list[Item]()
    while left:
        first = left.pop(0)
        group = [first]
        near = [item for item in left if len(item.ending.text) <= ratio * len(first.ending.text)]
        if topics is not None:
            near.sort(key=lambda item: -_likeness(topics[first.document.id], topics[item.document.id]))
        for item in near:
            if len(group) < size and all(fit(item, member) for member in group):
                group.append(item)
        if len(group) < size:
            over.append(first)
            continue
        groups.append(tuple(group))
        used = {item.place for item in group}
        left = [item for item in left if item.place not in used]
    return groups, over


def _likeness(one: frozenset[str], two: frozenset[str]) -> float:
    """Return the cosine of two sets, 0 to 1."""
    return len(one & two) / math.sqrt(max(1, len(one) * len(two)))
