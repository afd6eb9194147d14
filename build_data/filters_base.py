"""What a filter is and what it may look at. A score is pure; bounds and the decision live apart from it (HOUSE contract 4)."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from build_data.parse import Parse
from build_data.similarity import Likeness
from corpora.config import ConfigError
from corpora.records import Kind, Record

Need = Literal["source", "parse", "encoder"]
Family = Literal["heuristic", "words", "language", "parse", "encoder", "task", "all"]


@dataclass(frozen=True, slots=True)
class Item:
    """One text of a row; `source` is the English behind a translated one ("" for native text), parse and likeness where a filter asked for them."""

    language: str
    text: str
    source: str = ""
    parse: Parse | None = None
    like: Likeness | None = None


@dataclass(frozen=True, slots=True)
class View:
    """A row with its texts as items, and the English row it was made from."""

    language: str
    items: tuple[Item, ...]
    record: Record | None = None
    source: Record | None = None


@dataclass(frozen=True, kw_only=True)
class Filter:
    """A score with the range in which a row is kept (both ends included).

    Exactly one of `item` (a score of one text; a row has that of its worst), `row` (a score of the whole row) and `combine` (a score
    of one text's other scores by name and its language) makes the score. `worst` says which of several texts decides: "far" is
    the one farthest from 1 as a factor. A filter that is not `on` works only where a study names it under [filters].
    """

    name: str
    family: Family
    item: Callable[[Item], float] | None = None
    row: Callable[[View], float] | None = None
    combine: Callable[[Mapping[str, float], str], float] | None = None
    worst: Literal["min", "max", "far"] = "max"
    low: float = -math.inf
    high: float = math.inf
    needs: frozenset[Need] = frozenset()
    kinds: frozenset[Kind] = frozenset()  # empty: rows of every kind
    on: bool = True
    across: bool = False  # makes sense between two languages only
    why: str

    def __post_init__(self) -> None:
        check_bounds(self.name, self.low, self.high)
        if sum(part is not None for part in (self.item, self.row, self.combine)) != 1:
            raise ValueError(f"filter {self.name}: give one of item, row and combine")

    def keeps(self, value: float) -> bool:
        """Tell whether a row with this score is kept."""
        return self.low <= value <= self.high


def check_bounds(name: str, low: float, high: float) -> None:
    """Raise ConfigError for bounds that keep nothing, or that are no numbers."""
    if math.isnan(low) or math.isnan(high) or low > high:
        raise ConfigError(f"filters.{name} = [{low:g}, {high:g}]: the lower bound is above the upper one, so nothing would be kept; write [low, high]")


def _not_a_number(f: Filter, text: str) -> ConfigError:
    """NaN lies within no bounds and outside none, so it is refused."""
    return ConfigError(f"filter {f.name} scored NaN on {text[:80]!r}: a score must be a number. Mend the score, or take the filter out of the study")


def worst_of(f: Filter, values: Sequence[float]) -> float:
    """Return the score that decides for a row whose texts score `values` (not empty)."""
    if len(values) == 1:
        return values[0]
    if f.worst == "far":
        return max(values, key=lambda value: abs(math.log(value)) if value > 0 else math.inf)
    return min(values) if f.worst == "min" else max(values)


def score(view: View, filters: Sequence[Filter]) -> dict[str, float]:
    """Return every filter's score of a row, by name. Raises ConfigError for NaN."""
    each: list[dict[str, float]] = []
    for item in view.items:
        known: dict[str, float] = {}
        for f in filters:
            if f.item is not None:
                value = known[f.name] = f.item(item)
            elif f.combine is not None:
                value = known[f.name] = f.combine(known, view.language)
            else:
                continue
            if value != value:
                raise _not_a_number(f, item.text)
        each.append(known)
    out = each[0] if len(each) == 1 else {f.name: worst_of(f, [known[f.name] for known in each]) for f in filters if f.row is None}
    for f in filters:
        if f.row is not None:
            out[f.name] = f.row(view)
            if out[f.name] != out[f.name]:
                raise _not_a_number(f, view.items[0].text)
    return out


def failure(scores: Mapping[str, float], filters: Sequence[Filter]) -> tuple[Filter, float] | None:
    """Return the first filter that refuses these scores, with its score; None if all keep it. A score that is not there refuses nothing."""
    for f in filters:
        value = scores.get(f.name)
        if value is not None and not f.low <= value <= f.high:
            return f, value
    return None
