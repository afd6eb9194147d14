"""The data behind the arms as pictures and tables: what became of the rows, whose text they are, what translation did."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from eval.manifests import BuiltTask, of_rows

# Stage of a manifest's steps -> part of the funnel, in the order of the steps. What is not named here is "other".
STAGES: Mapping[str, str] = {
    "make": "making", "dedup": "duplicates", "dedup_equal": "duplicates", "translate_pairs": "translation", "translate_choices": "translation",
    "translate_spans": "translation", "translate_back": "translation", "answers": "translation", "leaks": "leaks", "filter": "filters",
    "surplus": "over budget", "shares": "over budget", "budget": "over budget",
}  # fmt: skip
PARTS = ("train", "validation", "over budget", "filters", "duplicates", "leaks", "translation", "making", "other")


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of a bar: its name, its class for colour, rows, share of the bar (0 to 1), and the reasons in it."""

    name: str
    kind: str
    rows: int
    share: float
    title: str


@dataclass(frozen=True, slots=True)
class Bar:
    """A built task's rows as one bar."""

    label: str
    total: int
    parts: Sequence[Part]


def funnels(built: Sequence[BuiltTask]) -> list[Bar]:
    """Return a bar for every built task: where its rows (for native arms: its candidates) ended."""
    bars = []
    for one in built:
        if not one.found or one.excluded is None:
            continue
        rows: Counter[str] = Counter({"train": one.train or 0, "validation": one.validation or 0})
        reasons: dict[str, list[str]] = {}
        for reason, count in one.excluded.items():
            if not of_rows(reason.partition(": ")[0]):
                continue
            part = STAGES.get(reason.partition(": ")[0], "other")
            rows[part] += count
            reasons.setdefault(part, []).append(f"{reason.partition(': ')[2]} {count:,}")
        bars.append(_bar(one.label, {name: rows[name] for name in PARTS if rows[name]}, reasons))
    return bars


def genres(built: Sequence[BuiltTask]) -> list[Bar]:
    """Return a bar for every native task whose manifest tells the genres of its training rows."""
    return [_bar(one.label, dict(Counter(one.genres).most_common()), {}) for one in built if one.genres]


def genre_names(bars: Sequence[Bar]) -> list[str]:
    """Return the genres of all bars, most frequent first, for the legend: their place decides the colour."""
    total: Counter[str] = Counter()
    for bar in bars:
        total.update({part.name: part.rows for part in bar.parts})
    return [name for name, _ in total.most_common()]


def _bar(label: str, rows: Mapping[str, int], reasons: Mapping[str, Sequence[str]]) -> Bar:
    total = sum(rows.values())
    parts = [
        Part(
            name,
            name.replace(" ", "-"),
            count,
            count / max(1, total),
            f"{name}: {count:,} of {total:,}" + (f" ({'; '.join(reasons[name])})" if name in reasons else ""),
        )
        for name, count in rows.items()
    ]
    return Bar(label, total, parts)


@dataclass(frozen=True, slots=True)
class Translated:
    """What a manifest says of an arm's translation; "" where it says nothing."""

    label: str
    model: str
    licence: str
    chrf: str
    bleu: str
    retried: str
    failed: str
    found: str  # answers found again
    overlap: str  # change of premise-hypothesis word overlap (stems), in points
    hypothesis_only: str  # accuracy of a classifier that sees the hypothesis alone: English -> translated


def translations(built: Sequence[BuiltTask]) -> list[Translated]:
    """Return a row for every translated task."""
    return [_translated(one, one.mt) for one in built if one.mt]


def _translated(one: BuiltTask, mt: Mapping[str, Any]) -> Translated:
    decoding, artefacts = mt.get("decoding") or {}, mt.get("artefacts") or {}
    alone, stems = artefacts.get("hypothesis_only") or {}, (artefacts.get("overlap") or {}).get("stems") or {}
    english, translated = (alone.get(side) or {} for side in ("english", "translated"))
    return Translated(
        one.label, str(mt.get("model") or ""), str(mt.get("licence") or ""), _number(mt.get("chrF")), _number(mt.get("BLEU")),
        _percent(decoding.get("share_retried")), _percent(decoding.get("share_failed")), _percent(one.recovery),
        f"{100 * stems['change']:+.0f}".replace("-", "−") if "change" in stems else "",
        f"{_percent(english.get('accuracy'))} → {_percent(translated.get('accuracy'))}" if english and translated else "",
    )  # fmt: skip


def _number(value: Any) -> str:
    return f"{value:.1f}" if isinstance(value, int | float) else ""


def _percent(value: Any) -> str:
    return f"{100 * value:.1f} %" if isinstance(value, int | float) else ""
