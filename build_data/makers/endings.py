"""Ending choice from running text, HellaSwag-like: a context of one to four sentences, the real next sentence and three real ones from elsewhere.

Rows come in closed groups of four contexts with their four endings: each ending is right in one row and wrong in three, and each
position is right once. Whatever an ending says by itself, its length, its opening words, a pronoun without antecedent, it therefore
says as often of a wrong one as of a right one: a model without the context can score 25 % and no more. HellaSwag wrote its wrong
endings with a model and then filtered them against another; an audit could solve 40 % of its rows without the context (GoldenSwag).

One right answer: the real ending shares a tying stem (see cohesion) with the last two sentences of its context, and no wrong one shares
one with any of the context. Groups come from one document where four fit; what is left over is grouped within its corpus and genre,
over documents that a split puts on the same side.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from build_data.makers.cohesion import Line, Script, scripts
from build_data.makers.common import Declared, Made, chance, common_fields, read_documents
from build_data.near import jaccard, normal
from build_data.parse import Parser
from build_data.split import side
from build_data.steps import Ledger
from corpora.records import Choice, Document, Record

NAME = "endings"
VERSION = 1
ENDINGS = 4
CONTEXT, CONTEXT_WORDS = 4, 70  # most sentences and words of a context
RATIO = 1.15  # longest ending of a group over the shortest, in characters
APART = 4  # sentences between one context with its ending and another of the same document: nearer ones often could follow too
ALIKE = 0.3  # Jaccard similarity of character 5-grams from which two endings say the same
CHUNK = 1_000  # left-over contexts that are grouped together: finding groups takes the square of it
CELL, SMALLEST_SHARE = 0.8, 0.005  # see _chunks


@dataclass(frozen=True)
class Item:
    """A context and its real ending."""

    document: Document
    context: tuple[Line, ...]
    ending: Line

    @property
    def place(self) -> str:
        return f"{self.document.id}:{self.ending.at}"


Group = tuple[Item, ...]


def endings(documents: Sequence[Document], language: str, parser: Parser, seed: int, *, max_sentences: int) -> Made:
    """Make rows, at most `max_sentences` of a document; see the module. The parser isn't needed: sentence borders come by rule.

    Candidates are sentences behind another of their paragraph. Refused: `cohesion.plain`'s reasons and "glued" (of the sentence or
    the one before it), "no_tie" (nothing ties it to its context), "no_group" (no three others fit), "document_full".
    """
    del parser
    kept, read = read_documents(documents, language, least=2)
    ledger = Ledger("make")
    groups: list[tuple[Group, str]] = []
    rest: list[Item] = []
    topics: dict[str, frozenset[str]] = {}
    for script in scripts(kept, language):
        topics[script.document.id] = frozenset().union(*(line.content for line in script.lines))
        found, over = _grouped(_by_length(_items(script, seed, ledger)), _fit_inside)
        found.sort(key=lambda group: chance(seed, group[0].place))
        most = max_sentences // ENDINGS
        groups += [(group, "same_document") for group in found[:most]]
        room = max(0, max_sentences - ENDINGS * len(found))
        rest += sorted(over, key=lambda item: chance(seed, item.place))[:room]
        if full := ENDINGS * len(found[most:]) + len(over[room:]):
            ledger.excluded["document_full"] += full
    for chunk in _chunks(rest):
        found, over = _grouped(_by_length(chunk), _fit_across, topics)
        groups += [(group, "same_genre") for group in found]
        if over:
            ledger.excluded["no_group"] += len(over)
    rows = sorted((row for group, origin in groups for row in _rows(group, origin, seed)), key=lambda r: r.id)
    ledger.kept = len(rows)
    return Made(rows, [read.close(), ledger.close()])


def _by_length(items: Iterable[Item]) -> list[Item]:
    """Return items by the length of their endings, so that a group can be looked for among neighbours."""
    return sorted(items, key=lambda item: (len(item.ending.text), item.place))


def _items(script: Script, seed: int, ledger: Ledger) -> Iterator[Item]:
    lines = script.lines
    for before, ending in pairwise(lines):
        if before.paragraph != ending.paragraph:
            continue
        ledger.made += 1
        fault = ending.fault or before.fault
        if not fault:
            context = _context(lines, ending, seed, script.document.id)
            if any(line.ties & ending.ties for line in context[-2:]):
                yield Item(script.document, context, ending)
                continue
            fault = "no_tie"
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


def _fit(item: Item, other: Item) -> bool:
    one, two = item.ending.text, other.ending.text
    return (
        max(len(one), len(two)) <= RATIO * min(len(one), len(two))
        and one[-1] == two[-1]
        and jaccard(normal(one), normal(two)) < ALIKE
    )  # fmt: skip


def _fit_inside(item: Item, other: Item) -> bool:
    """Tell whether each ending can be a wrong one for the other's context, both of one document."""
    first, second = sorted((item, other), key=lambda i: i.ending.at)
    apart = second.context[0].at - first.ending.at > APART
    return apart and not _tied(item, other.ending) and not _tied(other, item.ending) and _fit(item, other)


def _tied(item: Item, ending: Line) -> bool:
    return any(line.ties & ending.ties for line in item.context)


def _fit_across(item: Item, other: Item) -> bool:
    """The same for items of two documents, where a topic's words would tie too."""
    if item.document.id == other.document.id:
        return _fit_inside(item, other)
    strangers = not any(line.content & other.ending.content for line in item.context) and not any(line.content & item.ending.content for line in other.context)
    return strangers and _fit(item, other)


def _grouped(items: Sequence[Item], fit: Callable[[Item, Item], bool], topics: Mapping[str, frozenset[str]] | None = None) -> tuple[list[Group], list[Item]]:
    """Return groups of four items that all fit one another, and the items left over. `items` are in order of length.

    Greedy, the shortest first, with the next in length that fit; given the documents' `topics`, with those whose document has most stems in common.
    """
    left, groups, over = list(items), list[Group](), list[Item]()
    while left:
        first = left.pop(0)
        group = [first]
        near = [item for item in left if len(item.ending.text) <= RATIO * len(first.ending.text)]
        if topics is not None:
            near.sort(key=lambda item: -_likeness(topics[first.document.id], topics[item.document.id]))
        for item in near:
            if len(group) < ENDINGS and all(fit(item, member) for member in group):
                group.append(item)
        if len(group) < ENDINGS:
            over.append(first)
            continue
        groups.append(tuple(group))
        used = {item.place for item in group}
        left = [item for item in left if item.place not in used]
    return groups, over


def _likeness(one: frozenset[str], two: frozenset[str]) -> float:
    """Return the cosine of two sets, 0 to 1."""
    return len(one & two) / math.sqrt(max(1, len(one) * len(two)))


def _chunks(items: Sequence[Item]) -> Iterator[list[Item]]:
    """Yield left-over items of one corpus and genre ("web" of "web: Opinion"), of documents that are neighbours in the order in which splits take them.

    Rows whose texts a split finds on both sides are lost to validation, and a maker does not know the split's share. So chunks are cells
    of that order, each a fifth narrower than the next: whatever the share, at most a fifth of the validation documents have train documents in their cell.
    """
    cells: dict[tuple[str, str, int], list[Item]] = {}
    for item in sorted(items, key=lambda i: (side(i.document.id), i.place)):
        cell = math.floor(math.log(max(side(item.document.id), SMALLEST_SHARE)) / math.log(CELL))
        cells.setdefault((item.document.corpus, item.document.genre.partition(":")[0], cell), []).append(item)
    for _, some in sorted(cells.items(), key=lambda c: c[0]):
        for start in range(0, len(some), CHUNK):
            yield some[start : start + CHUNK]


def _rows(group: Group, origin: str, seed: int) -> Iterator[Record]:
    """Yield the group's four rows. The id names where the endings are from, in the order shown."""
    mark = chance(seed, *(item.place for item in group))
    for number, item in enumerate(group):
        right = (number + mark) % ENDINGS
        shown = sorted((other for other in group if other is not item), key=lambda other: chance(seed, item.place, other.place))
        shown.insert(right, item)
        places = [str(other.ending.at) if other.document.id == item.document.id else other.place for other in shown]
        yield Choice(
            **common_fields(item.document, NAME, item.ending.at) | {"id": f"{item.document.id}-{NAME}-{item.ending.at}({' '.join(places)})"},
            subtype=origin, context=" ".join(line.text for line in item.context), endings=tuple(other.ending.text for other in shown), label=right,
        )  # fmt: skip


FAMILY = Declared(
    run=endings, kind="choice", version=VERSION, chance=1 / ENDINGS,
    what="One to four sentences of a document and four real sentences of about one length, of which one follows them; the three others come from elsewhere in the "
    "document or, where none fit there, from another document of its corpus and genre.",
    problems=(
        "The right ending shares a word stem with its context and the wrong ones do not, so much of the task is word overlap, though across inflected forms.",
        "Now and then a wrong ending could follow as well; docs/native-review counts how often.",
    ),
)  # fmt: skip
