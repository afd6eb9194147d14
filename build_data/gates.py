"""The gates that the rows of one arm pass, in order, and what is kept of each so that a changed bound repeats none of them.

English rows, or rows made from native text -> duplicates -> (translation and) scores, shard by shard -> rows that translation made
equal -> leaks -> the filters' decision. Everything before the decision is the same for all variants of an arm and for all
bounds, and lies under data/STUDY/.work/TASK.ARM/.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from build_data import near
from build_data.dedup import VERSION as DEDUP_VERSION
from build_data.dedup import dedup_step, equal_step
from build_data.filters import filter_step
from build_data.filters_base import Filter
from build_data.leaks import SETTINGS, Index, leak_guard
from build_data.parse import Parser
from build_data.refilter import content, open_bounds, remembered, score_step
from build_data.similarity import Comparer
from build_data.steps import Outcome, Shards, Step, are_whole, run_sharded
from corpora.records import Kind, Record

OnShard = Callable[[int, bool], None]


@dataclass(frozen=True)
class Gates:
    """What decides an arm's rows before the bounds do. `translate` are the steps of a translated arm, given only when rows are there to be translated."""

    folder: Path
    kind: Kind
    language: str
    filters: Sequence[Filter]
    parser: Parser | None
    guard: str  # fingerprint of the evaluation sets
    index: Callable[[], Index]  # reads them; called only where a verdict is missing
    sources: Mapping[str, Record] = field(default_factory=dict)  # English rows of a translated arm, by id
    translate: Sequence[Step] = ()
    before: Callable[[], Any] = lambda: None  # called once before the first shard that must be made (decoding all sentences together)
    comparer: Comparer | None = None  # where a study names a filter that asks the encoder
    compute: Callable[[Sequence[Step]], Shards] | None = None  # steps -> what makes their shards, where workers do

    @property
    def steps(self) -> list[Step]:
        """Return the row-local steps, whose results lie in shards: translation, and scores."""
        return [*self.translate, score_step(filter_step(open_bounds(self.filters), self.language, self.parser, self.sources, self.comparer))]

    def run(self, records: Sequence[Record], on_shard: OnShard = lambda rows, kept: None) -> Outcome:
        """Return the rows that are left, all with their scores, what was refused so far, and a ledger a step."""
        total = Outcome(list(records), [], [])
        self._gate(total, remembered(self.folder / "dedup.json", [DEDUP_VERSION, near.VERSION, near.BOUND], dedup_step, total.kept))
        steps, key = self.steps, content(total.kept)
        if not are_whole(steps, total.kept, self.folder, key):
            self.before()
        self._gate(total, run_sharded(steps, total.kept, self.kind, self.folder, key, on_shard, self.compute(steps) if self.compute else None))
        if self.translate:
            self._gate(total, remembered(self.folder / "dedup_equal.json", DEDUP_VERSION, equal_step, total.kept))
        key_parts = [SETTINGS, self.guard, self.language, content(list(self.sources.values()))]
        self._gate(total, remembered(self.folder / "leaks.json", key_parts, lambda: leak_guard(self.index(), self.language, self.sources), total.kept))
        return total

    @staticmethod
    def _gate(total: Outcome, passed: Outcome) -> None:
        total.kept, total.dropped, total.ledgers = passed.kept, total.dropped + passed.dropped, total.ledgers + passed.ledgers
