"""Train and validation: by document, within budget, and with no text on both sides."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence

from build_data.near import Near, normal
from build_data.steps import Dropped
from corpora.records import Record

SHORTEST_NEAR = 6  # words; a shorter text is on both sides only if it is equal ("Missä hän on?" is not "Missä hän oli?")
CELLS, SMALLEST_SHARE = (0.8, 0.3), 0.005  # see cell


class StraddleError(AssertionError):
    """A document or text on both sides of a split: a defect of ours, never passed over."""


def rank(text: str) -> float:
    """Return a number in [0, 1) that depends on `text` only: a text stays on its side when others come or go."""
    return int(hashlib.sha256(text.encode("utf-8")).hexdigest()[:13], 16) / 16**13


def origin_id(record: Record) -> str:
    """Return the id that matched arms share: the English row's id for a translation, else the row's own."""
    return record.source_id or record.id


def by_rank(records: Iterable[Record]) -> list[Record]:
    """Return rows in the order in which they are chosen: by chance, the same for matched arms and for any order of shards."""
    return sorted(records, key=lambda r: (rank(origin_id(r)), r.id))


def side(document: str) -> float:
    """Return where a document stands between validation (near 0) and train (near 1): a split of any share cuts this line in two."""
    return rank(f"side:{document}")


def cell(document: str, width: float) -> int:
    """Return the number of the cell of that line in which a document stands; each cell ends at `width` times the end of the one above.

    A maker that puts texts of two documents into one row does not know the split's share; within cells of .8, at most a fifth of the validation
    documents have train documents in their cell, whatever the share.
    """
    return math.floor(math.log(max(side(document), SMALLEST_SHARE)) / math.log(width))


def held_out(record: Record, share: float) -> bool:
    """Return whether a row is for validation: by its document (premise, title), so matched arms and all tasks on one corpus agree."""
    return side(record.document or origin_id(record)) < share


Alike = Mapping[str, Mapping[str, float]]  # normal form of a validation text -> those of near train texts, and how near


def share_of(validation: int, examples: int) -> float:
    """Return the share of documents that are for validation."""
    return validation / (validation + examples)


def split(records: Sequence[Record], validation: int, examples: int, alike: Alike | None = None) -> tuple[list[Record], list[Record], list[Dropped]]:
    """Split rows into train and validation, both within budget, and return what neither keeps.

    A document's side is a hash of its name, so it never depends on other rows. Where two documents share a text, exactly or
    nearly, the validation row goes (stage "split", reason "straddle"): the train side, which matched arms share, is untouched.
    The surplus over the budget is dropped as "budget". `alike` is near_across of these rows or more, if it is known. Raises StraddleError where a document or text is on both sides after that.
    """
    share = share_of(validation, examples)
    train: list[Record] = []
    others: list[Record] = []
    for record in by_rank(records):
        (others if held_out(record, share) else train).append(record)
    surplus = train[examples:]
    train = train[:examples]
    shared = dict(_shared(train, others, near_across(records, share) if alike is None else alike))
    apart = [r for r in others if r.id not in shared]
    dropped = [Dropped(r, "split", "straddle", shared[r.id]) for r in others if r.id in shared]
    dropped += [Dropped(r, "budget", "budget") for r in surplus + apart[validation:]]
    check_apart(train, apart[:validation])
    return sorted(train, key=lambda r: r.id), sorted(apart[:validation], key=lambda r: r.id), dropped


def near_across(records: Sequence[Record], share: float) -> dict[str, dict[str, float]]:
    """Return which train texts are near to which validation texts, of all documents' sides; equal ones are not listed."""
    sides: tuple[set[str], set[str]] = (set(), set())
    for record in records:
        sides[held_out(record, share)].update(t for t in map(normal, record.texts()) if len(t.split()) >= SHORTEST_NEAR)
    near, names = Near(), sorted(sides[True])
    for text in names:
        near.add((text,))
    found: dict[str, dict[str, float]] = {}
    for text in sorted(sides[False]) if names else ():
        for number, value in near.find((text,)):
            if names[number] != text:
                found.setdefault(names[number], {})[text] = round(value, 4)
    return found


def _shared(train: Sequence[Record], others: Sequence[Record], alike: Alike) -> Iterator[tuple[str, float]]:
    """Yield (id, similarity) of each row of `others` that has a text of `train`: 1 for an equal one, else Jaccard of .7 up."""
    known = _texts(train)
    for record in others:
        keys = [normal(text) or text for text in record.texts()]
        values = [1.0 if key in known else max((v for text, v in alike.get(key, {}).items() if text in known), default=0.0) for key in keys]
        if max(values):
            yield record.id, max(values)


def check_apart(train: Sequence[Record], held: Sequence[Record]) -> None:
    """Hold the two sides of a finished task apart: no document, and no text but for case and signs, is on both. Raises StraddleError."""
    for what, keys in (("document", _documents), ("text", _texts)):
        both = keys(train) & keys(held)
        if both:
            raise StraddleError(f"{len(both)} {what}s are in train and in validation, for example {min(both)!r}")


def _documents(records: Sequence[Record]) -> set[str]:
    return {r.document or origin_id(r) for r in records}


def _texts(records: Sequence[Record]) -> set[str]:
    return {normal(text) or text for r in records for text in r.texts()}
