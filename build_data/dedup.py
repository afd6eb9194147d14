"""The same row twice inside a task, exact or but for case, punctuation and spaces."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from build_data.steps import Dropped, Step
from corpora.records import Choice, Pair, Record, Span

VERSION = 1


def normal(text: str) -> str:
    """Return `text` casefolded, letters and digits alone, one space between words; the same form the leak guard compares."""
    return " ".join("".join(sign if sign.isalnum() else " " for sign in text.casefold()).split())


def _answer(record: Record) -> str:
    """Return what the row says about its texts: its label, or its answers."""
    if isinstance(record, Pair):
        return record.label
    if isinstance(record, Choice):
        return str(record.label)
    return repr(sorted(normal(text) for text, _ in record.answers)) if isinstance(record, Span) else ""


def dedup_step() -> Step:
    """Return the step that keeps the first of equal rows. It must see the whole task at once: run it with steps.run.

    Reasons: "duplicate" (texts and answer equal), "duplicate_conflict" (texts equal, another label or answer: one of the
    two is wrong, and the later goes).
    """

    def work(records: Sequence[Record]) -> Iterator[Record | Dropped]:
        first: dict[tuple[str, ...], str] = {}
        for record in records:
            # A text of signs alone has an empty normal form; such texts are equal only if they are the same.
            key = tuple(normal(text) or text for text in record.texts())
            answer = _answer(record)
            if key not in first:
                first[key] = answer
                yield record
            else:
                yield Dropped(record, "dedup", "duplicate" if first[key] == answer else "duplicate_conflict")

    return Step("dedup", work, {}, VERSION)
