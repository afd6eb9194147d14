"""Which rows of a native arm are kept: labels in equal numbers, and no genre above the share that the study allows it.

Filters and leak guard take rows as they find them, so what a maker had evened out is uneven again behind them; and a collection is what it
is (a third of the Finnish one is law). Rows go by their hash rank, so the choice does not depend on the order in which they were made.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from build_data.split import by_rank, held_out, share_of
from build_data.steps import Dropped, Ledger, Outcome
from corpora.records import Pair, Record

SPARE = 1.25  # validation rows chosen over those wanted: some go because a train text is near (split.py)


def genres_of(records: Sequence[Record]) -> dict[str, int]:
    """Return the number of rows of each genre, most first; a row that has none counts as "unknown"."""
    return dict(Counter(record.genre or "unknown" for record in records).most_common())


def fitting(counts: Mapping[str, int], shares: Mapping[str, float], most: int) -> int:
    """Return the largest number of rows, at most `most`, of which no genre makes up more than its share."""
    for size in range(min(most, sum(counts.values())), 0, -1):
        if sum(min(count, _cap(shares, genre, size)) for genre, count in counts.items()) >= size:
            return size
    return 0


def _cap(shares: Mapping[str, float], genre: str, size: int) -> int:
    return int(shares.get(genre, 1.0) * size + 1e-9)


def choose_rows(records: Sequence[Record], labels: Sequence[str], shares: Mapping[str, float], validation: int, examples: int) -> Outcome:
    """Choose the rows of both sides of the split. Reasons: "genre_share", "label_balance" (its label has more rows than the rarest), "budget"."""
    share = share_of(validation, examples)
    kept: list[Record] = []
    dropped: list[Dropped] = []
    for side, most in ((False, examples), (True, int(validation * SPARE))):
        rows = [record for record in by_rank(records) if held_out(record, share) is side]
        chosen, others = _balanced(rows, labels, shares, most)
        if side and len(chosen) < validation:
            chosen, others = _filled(chosen, others, validation)
        kept += chosen
        dropped += others
    ledger = Ledger("shares", rows_in=len(records), kept=len(kept))
    ledger.excluded.update(d.reason for d in dropped)
    return Outcome(kept, dropped, [ledger.close()])


def _balanced(rows: Sequence[Record], labels: Sequence[str], shares: Mapping[str, float], most: int) -> tuple[list[Record], list[Dropped]]:
    """Choose among the rows of one side, label by label: numbers differ by one at most."""
    paired = bool(labels) and any(isinstance(record, Pair) for record in rows)  # tags are labels of words, of which every row has many
    groups: dict[str, list[Record]] = {label: [] for label in labels} if paired else {"": []}
    for record in rows:
        groups[record.label if paired and isinstance(record, Pair) else ""].append(record)
    quotas = [most // len(groups) + (number < most % len(groups)) for number in range(len(groups))]
    fits = [fitting(Counter(r.genre for r in group), shares, quota) for group, quota in zip(groups.values(), quotas, strict=True)]
    least = min(fits)
    why = "budget" if least >= most // len(groups) else "label_balance"
    parts = [_take(group, min(fit, least + 1), shares, why) for group, fit in zip(groups.values(), fits, strict=True)]
    return [record for kept, _ in parts for record in kept], [refused for _, others in parts for refused in others]


def _filled(kept: Sequence[Record], dropped: Sequence[Dropped], wanted: int) -> tuple[list[Record], list[Dropped]]:
    """Fill up a side of few rows with those that went for their label alone: thirty rows to validate on say more than twenty-one even ones."""
    spare = [d.record for d in dropped if d.reason == "label_balance"][: wanted - len(kept)]
    taken = {record.id for record in spare}
    return [*kept, *spare], [d for d in dropped if d.record.id not in taken]


def _take(rows: Sequence[Record], size: int, shares: Mapping[str, float], why: str) -> tuple[list[Record], list[Dropped]]:
    kept: list[Record] = []
    dropped: list[Dropped] = []
    used: Counter[str] = Counter()
    for record in rows:
        full = used[record.genre] >= _cap(shares, record.genre, size)
        if full or len(kept) == size:
            dropped.append(Dropped(record, "shares", "genre_share" if full and shares.get(record.genre, 1.0) < 1 else why))
        else:
            used[record.genre] += 1
            kept.append(record)
    return kept, dropped
