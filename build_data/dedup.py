"""The same row twice inside a task: exact, the same but for case, punctuation and spaces, or nearly the same.

What is decided on: the English rows for every arm that comes from them (en, mt-*, bt-en), once, before anything is translated.
A row is then a duplicate in all of these arms or in none, and matched arms stay matched. Native rows are decided on
themselves, all corpora of the arm together. Two English rows that only their translations make equal are caught by
`equal_step` afterwards; they cost the arm a row that its English twin keeps, and there is no better side to err on,
because equal texts with two labels teach nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from build_data import near
from build_data.near import Near, normal
from build_data.split import by_rank
from build_data.steps import Dropped, Step
from corpora.records import Choice, Pair, Record, Span, Tags

VERSION = 2


def answer_of(record: Record) -> str:
    """Return what the row says about its texts: its label, tags or answers."""
    if isinstance(record, Pair):
        return record.label
    if isinstance(record, Choice):
        return str(record.label)
    if isinstance(record, Tags):
        return " ".join(record.tags)
    return repr(sorted({normal(text) or text for text, _ in record.answers})) if isinstance(record, Span) else ""


def _key(record: Record) -> tuple[str, ...]:
    # A text of signs alone has an empty normal form; such texts are equal only if they are the same.
    return tuple(normal(text) or text for text in record.texts())


def dedup_step() -> Step:
    """Return the step that keeps the first of rows that are the same. It must see the whole task at once: run it with steps.run.

    First is who has the lowest rank (split.by_rank), so the verdict is the same for any order of rows. Reasons: "duplicate"
    (texts and answer equal), "duplicate_conflict" (texts equal, another label or answer: one of the two is wrong, and the
    later goes), "near_duplicate" (every text near one and the same row's, the answer equal; the value says how near).
    Near rows with another answer are no duplicates but what a model learns most from: "Is the door open?", "Is the door shut?".
    """
    return Step("dedup", lambda records: _judge(records, near_too=True), {"near": near.BOUND, "minhash": near.VERSION}, VERSION)


def equal_step() -> Step:
    """Return the step for translated rows: equal texts alone ("duplicate", "duplicate_conflict"); see the top of this file."""
    return Step("dedup_equal", lambda records: _judge(records, near_too=False), {}, VERSION)


def _judge(records: Sequence[Record], near_too: bool) -> Iterator[Record | Dropped]:
    first: dict[tuple[str, ...], str] = {}
    alike: dict[int, tuple[Near, list[str]]] = {}  # number of texts -> the rows kept so far and what they answer
    verdicts: dict[str, Dropped] = {}
    for record in by_rank(records):
        key, answer = _key(record), answer_of(record)
        if key in first:
            verdicts[record.id] = Dropped(record, "dedup", "duplicate" if first[key] == answer else "duplicate_conflict", 1.0)
            continue
        if near_too:
            index, answers = alike.setdefault(len(key), (Near(), []))
            best = max((value for number, value in index.find(key) if answers[number] == answer), default=0.0)
            if best:
                verdicts[record.id] = Dropped(record, "dedup", "near_duplicate", round(best, 4))
                continue
            index.add(key)
            answers.append(answer)
        first[key] = answer
    for record in records:
        yield verdicts.get(record.id, record)
