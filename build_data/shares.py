"""Which rows of a native arm are kept: labels in equal numbers, and no genre above the share that the study allows it.

Filters and leak guard take rows as they find them, so what a maker had evened out is uneven again behind them; and a collection is what it
is (a third of the Finnish one is law). Rows go by their hash rank, so the choice does not depend on the order in which they were made; rows
that share their texts go together (build_data/groups.py).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from build_data.groups import closed
from build_data.split import by_rank, held_out, share_of
from build_data.steps import Dropped, Ledger, Outcome
from corpora.records import Pair, Record

FEWEST = 100  # validation rows below which a score is known to ten points or worse; there genres may exceed their shares
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
        if side:  # a few rows of another mixture say more than fewer of the right one
            chosen, others = _filled(chosen, others, validation, "label_balance")
            chosen, others = _filled(chosen, others, int(min(validation, FEWEST) * SPARE), "genre_share")
        kept += chosen
        dropped += others
    ledger = Ledger("shares", rows_in=len(records), kept=len(kept))
    ledger.excluded.update(d.reason for d in dropped)
    return Outcome(kept, dropped, [ledger.close()])


def _balanced(rows: Sequence[Record], labels: Sequence[str], shares: Mapping[str, float], most: int) -> tuple[list[Record], list[Dropped]]:
    """Choose among the rows of one side: each label's numbers differ by one at most, and closed groups are kept or dropped whole where that can be."""
    paired = bool(labels) and any(isinstance(record, Pair) for record in rows)  # tags are labels of words, of which every row has many
    names = labels if paired else ("",)
    counts = {name: Counter(r.genre for r in rows if _label(r, paired) == name) for name in names}
    quotas = [most // len(names) + (number < most % len(names)) for number in range(len(names))]
    fits = {name: fitting(counts[name], shares, quota) for name, quota in zip(names, quotas, strict=True)}
    least = min(fits.values())
    sizes = {name: min(fit, least + 1) for name, fit in fits.items()}
    kept, refused = _taken(closed(rows), sizes, shares, paired)
    kept, others = _evened(kept, names, shares, paired)
    why = "budget" if least >= most // len(names) else "label_balance"
    dropped = [Dropped(r, "shares", reason or why) for group, reason in [*refused, *others] for r in group]
    order = {r.id: number for number, r in enumerate(rows)}
    chosen = sorted((r for group in kept for r in group), key=lambda r: (names.index(_label(r, paired)), order[r.id]))
    return chosen, sorted(dropped, key=lambda d: order[d.record.id])


def _label(record: Record, paired: bool) -> str:
    return record.label if paired and isinstance(record, Pair) else ""


Group = tuple[Record, ...]
Refused = list[tuple[Group, str]]  # with the reason, "" where the caller knows it


def _taken(groups: Sequence[Group], sizes: Mapping[str, int], shares: Mapping[str, float], paired: bool) -> tuple[list[Group], Refused]:
    """Take groups in their order while each label has room for its rows, and each genre within its label."""
    kept: list[Group] = []
    refused: Refused = []
    used: Counter[tuple[str, str]] = Counter()
    count: Counter[str] = Counter()
    for group in groups:
        wanted = Counter((_label(r, paired), r.genre) for r in group)
        more = Counter(_label(r, paired) for r in group)
        full = any(used[key] + number > _cap(shares, key[1], sizes[key[0]]) for key, number in wanted.items() if shares.get(key[1], 1.0) < 1)
        if full or any(count[name] + number > sizes[name] for name, number in more.items()):
            refused.append((group, "genre_share" if full else ""))
        else:
            kept.append(group)
            used.update(wanted)
            count.update(more)
    return kept, refused


def _evened(groups: Sequence[Group], names: Sequence[str], shares: Mapping[str, float], paired: bool) -> tuple[list[Group], Refused]:
    """Drop groups, last ones first, until labels are even and genres within their shares: groups that found no room may have left holes.

    Where whole groups cannot do it, a group gives up single rows: labels go before groups.
    """
    kept, refused = list(groups), list[tuple[Group, str]]()
    count = Counter(_label(r, paired) for group in kept for r in group)
    genres = Counter(r.genre for group in kept for r in group)
    while True:
        total = sum(count.values())
        over = next((genre for genre in sorted(genres) if genres[genre] > shares.get(genre, 1.0) * total + 1e-9), None)
        high, low = max(names, key=lambda name: count[name]), min(names, key=lambda name: count[name])
        if over is None and count[high] - count[low] <= 1:
            return kept, refused
        at = _spare(kept, over, high, low, paired)
        if at is None:
            at = next(n for n in reversed(range(len(kept))) if any(r.genre == over if over is not None else _label(r, paired) == high for r in kept[n]))
            kept[at : at + 1] = [(r,) for r in kept[at]]
            continue
        gone = kept.pop(at)
        count.subtract(_label(r, paired) for r in gone)
        genres.subtract(r.genre for r in gone)
        refused.append((gone, "" if over is None else "genre_share"))


def _spare(groups: Sequence[Group], genre: str | None, high: str, low: str, paired: bool) -> int | None:
    """Return the last group that can go: one of `genre`, or one with more of the label `high` than of any other and none of `low`."""
    for at in reversed(range(len(groups))):
        own = [_label(r, paired) for r in groups[at]]
        if genre is not None and any(r.genre == genre for r in groups[at]):
            return at
        if genre is None and low not in own and set(own) == {high}:
            return at
    return None


def _filled(kept: Sequence[Record], dropped: Sequence[Dropped], wanted: int, reason: str) -> tuple[list[Record], list[Dropped]]:
    """Fill up a side of fewer rows than `wanted` with groups that went for one reason: thirty rows to validate on say more than twenty-one even ones."""
    spare = [d.record for d in dropped if d.reason == reason]
    taken: set[str] = set()
    for group in closed(spare):
        if len(kept) + len(taken) < wanted:
            taken |= {record.id for record in group}
    return [*kept, *(r for r in spare if r.id in taken)], [d for d in dropped if d.record.id not in taken]
