"""Sentence order of two bare sentences: does B follow A, precede A, or come from elsewhere in the same document?

The coherence task for small collections, such as the bundled one: it makes rows of nearly every pair of neighbours, where `coherence` takes only
those whose order cohesion decides (on the bundled documents 12 rows of 80 documents). The price: many orders are open, so little of it can be learned.

Every pair of neighbours is used once, in one class, chosen by hash; B from elsewhere lies at least three sentences away and is about as
long as the true neighbour, so that neither length nor topic tells the classes apart.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from build_data.makers.common import Declared, Made, chance, common_fields, read_documents, whole_sentence
from build_data.parse import Parser
from build_data.steps import Ledger
from corpora.records import Document, Pair, Record

NAME = "neighbours"
VERSION = 1
LABELS = ("follows", "precedes", "elsewhere")
SHORTEST, LONGEST = 4, 60  # words a sentence
DISTANCE = 3  # sentences between A and a B from elsewhere: the nearest ones often could follow as well
LENGTH_FACTOR = 1.5  # B from elsewhere is at most so much longer or shorter than the true neighbour


@dataclass(frozen=True)
class Slot:
    """A pair of neighbours, and a sentence from elsewhere in the document that could stand for the second ("" if none can)."""

    document: Document
    at: int
    first: str
    second: str
    other: str
    rank: int


def neighbours(documents: Sequence[Document], language: str, parser: Parser, seed: int, *, max_sentences: int) -> Made:
    """Make rows; see the module. The parser isn't needed: sentence borders come by rule.

    Candidates are pairs of neighbours. Refused: "length", "list_item", "no_sentence", "signs" (one of the two is no plain
    sentence), "same_text", "class_balance" (the class it could have is full).
    """
    del parser
    kept, read = read_documents(documents, language, least=2)
    ledger = Ledger("make")
    slots: list[Slot] = []
    for document, parts in kept:
        slots += _slots(document, [s for part in parts for s in part][:max_sentences], seed, ledger)
    rows = _rows(slots, ledger)
    ledger.kept = len(rows)
    return Made(rows, [read.close(), ledger.close()])


def _slots(document: Document, lines: Sequence[str], seed: int, ledger: Ledger) -> list[Slot]:
    """Cut the document into neighbours that share no sentence; a sentence that is none only costs itself."""
    faults = [whole_sentence(line, SHORTEST, LONGEST) for line in lines]
    slots: list[Slot] = []
    at = chance(seed, document.id, "phase") % 2 if len(lines) > 3 else 0
    while at + 1 < len(lines):
        fault = faults[at] or faults[at + 1] or ("same_text" if lines[at] == lines[at + 1] else "")
        ledger.made += 1
        if fault:
            ledger.excluded[fault] += 1
        else:
            slots.append(Slot(document, at, lines[at], lines[at + 1], _elsewhere(document, lines, faults, at, seed), chance(seed, document.id, at)))
        # After a faulty first sentence the second may still open a pair.
        at += 1 if faults[at] else 2
    return slots


def _elsewhere(document: Document, lines: Sequence[str], faults: Sequence[str], at: int, seed: int) -> str:
    """Return a sentence far from `at` and about as long as its true neighbour, chosen by hash; "" if there is none."""
    size = len(lines[at + 1])
    near = [
        i
        for i, line in enumerate(lines)
        if abs(i - at) >= DISTANCE and not faults[i] and line not in (lines[at], lines[at + 1]) and size / LENGTH_FACTOR <= len(line) <= size * LENGTH_FACTOR
    ]
    return lines[min(near, key=lambda i: chance(seed, document.id, at, i))] if near else ""


def _rows(slots: Sequence[Slot], ledger: Ledger) -> list[Record]:
    """Give each slot the class that has fewest rows so far, in hash order; then even the classes out."""
    counts: Counter[str] = Counter()
    chosen: dict[tuple[str, int], str] = {}
    for slot in sorted(slots, key=lambda s: (not s.other, s.rank)):  # those that can be "elsewhere" first, or that class would run dry
        allowed = LABELS if slot.other else LABELS[:2]
        label = min(allowed, key=lambda name: (counts[name], LABELS.index(name)))
        # Without `elsewhere` the other two would outgrow it: a slot that has no room left is refused.
        if not slot.other and counts[label] > counts["elsewhere"]:
            ledger.excluded["class_balance"] += 1
            continue
        counts[label] += 1
        chosen[slot.document.id, slot.at] = label
    return [_row(slot, chosen[slot.document.id, slot.at]) for slot in slots if (slot.document.id, slot.at) in chosen]


def _row(slot: Slot, label: str) -> Pair:
    premise, hypothesis = {"follows": (slot.first, slot.second), "precedes": (slot.second, slot.first), "elsewhere": (slot.first, slot.other)}[label]
    return Pair(**common_fields(slot.document, NAME, slot.at), premise=premise, hypothesis=hypothesis, label=label)


FAMILY = Declared(
    run=neighbours,
    kind="pair",
    labels=LABELS,
    version=VERSION,
    chance=1 / 3,
    what="Two sentences of one document: the second follows the first, precedes it, or stands elsewhere in the document.",
    problems=("Two orders of a pair can both make sense; the label says which one the author chose.",),
)
