"""The parts of a build that an engine's workers do: chunks of translation, shards, batches of texts to parse.

Whether workers do them or this process does changes nothing in what comes out: a sentence's translation and a text's parse do not depend on their
company, and shards are cut by the plan. So small builds stay in this process, where nothing has to be started and loaded.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from build_data import mt_build
from build_data.ahead import Ahead, Order, Way
from build_data.memory import Memory
from build_data.mt_hardware import devices
from build_data.parse_pool import POOL_FROM, Isolated
from build_data.steps import Parts, Step, cut
from build_data.translate import Translated, Translator
from corpora.engine import Engine
from corpora.engine_tasks import Needs, Stage
from corpora.records import Kind, Record
from corpora.study import Study, arm_language

if TYPE_CHECKING:
    from build_data.builder import Builder

ENOUGH = 2000  # rows of an arm from which workers pay: they take some 5 s of a core each to start and load, such rows half a minute to parse
GB = 1 << 30
TRANSLATE = Needs(cpus=1, gpus=0.6, memory=GB)  # 0.2 GB with the bundled model; one on a GPU, which leaves room for four span workers
ROWS = Needs(cpus=1, memory=2 * GB)  # 0.8 GB with the bundled pack
SPAN_ROWS = Needs(cpus=1, gpus=0.1, memory=2 * GB)  # answers are found by the translation model's attention, on a GPU where it translates on one


def make_builder(study: Study, root: str, blind: bool) -> Builder:
    """Make a worker in its process; see builder.make_builder (which this file must not load: it needs recipes)."""
    from build_data import builder

    return builder.make_builder(study, root, blind)


class Crew:
    """An engine with the stages of one study's build. `root`: where the caches of workers on this machine lie."""

    def __init__(self, engine: Engine, study: Study, root: Path) -> None:
        self.engine, self.study = engine, study
        self.ahead: Ahead | None = None
        gpu = devices() == "cuda"
        maker = functools.partial(make_builder, study, str(root.resolve()))
        self._translating = Stage("translate", functools.partial(maker, False), TRANSLATE)
        self._rows = Stage("rows", functools.partial(maker, gpu), ROWS)
        self._span_rows = Stage("span rows", functools.partial(maker, False), SPAN_ROWS) if gpu else self._rows
        self._places: dict[str, dict[str, int]] = {}  # arm -> text -> how many texts are before it, and itself

    def pays(self, rows: int) -> bool:
        """Say whether an arm of so many rows is work for workers."""
        return self.engine.sooner or (self.engine.workers > 1 and rows >= ENOUGH)

    def translate(self, orders: Sequence[Order], memory: Path, told: Callable[[str, int, int], None]) -> None:
        """Begin to translate arms, in the background."""
        shared: dict[int, dict[str, int]] = {}  # arms of the same tasks have one list of texts
        for order in orders:
            if id(order.texts) not in shared:
                shared[id(order.texts)] = {text: number for number, text in enumerate(order.texts, 1)}
            self._places[order.arm] = shared[id(order.texts)]
        self.ahead = Ahead(self.engine, self._translating, devices(), memory, orders, told)
        if not orders[0].arm.startswith("bt-"):  # what will score loads its networks while the first sentences are translated
            for _ in range(self.engine.workers // 2):
                self.engine.submit(self._rows, "parse", ["."], (arm_language(orders[0].arm), 0, True))

    def wait(self, arm: str, texts: Iterable[str]) -> None:
        """Return when all of `texts` are translated for an arm; at once where that was not left to workers."""
        if self.ahead and arm in self._places:
            self.ahead.wait(arm, max(map(self._places[arm].__getitem__, texts), default=0))

    def shards(
        self, kind: Kind, name: tuple[str, str], steps: Sequence[Step], shards: Sequence[Sequence[Record]],
        sources: Mapping[str, Record], ways: Sequence[tuple[Way, Translator]], memory: Memory,
    ) -> Iterator[Parts]:  # fmt: skip
        """Yield what `steps` make of each shard of (task, arm), in order."""
        from build_data.builder import ShardOrder

        def calls() -> Iterator[tuple[Sequence[Record], Any]]:
            for rows in shards:
                english = tuple(sources[r.id] for r in rows if r.id in sources)
                known = tuple(self._known(name[1], ways, mt_build.texts_of(english), memory)) if english else ()
                yield rows, ShardOrder(*name, tuple(step.key for step in steps), english, known)

        stage = self._span_rows if kind == "span" and ways else self._rows
        for rows, done in zip(shards, self.engine.map(stage, "rows", calls()), strict=True):
            yield done.value.without([(rows[i], why) for i, why in sorted(done.bad.items())])

    def _known(
        self, arm: str, ways: Sequence[tuple[Way, Translator]], texts: Sequence[str], memory: Memory
    ) -> Iterator[tuple[Way, dict[str, Any], dict[str, Translated]]]:
        """Yield what each translator made of the sentences of texts, when all of them are there."""
        self.wait(arm, texts)
        for way, translator in ways:
            parts = list(dict.fromkeys(mt_build.sentences_of(translator, texts)))
            yield way, dict(translator.settings), dict(zip(parts, memory.translate(translator, parts), strict=True))
            if len(ways) > 1:
                texts = list(dict.fromkeys(mt_build.targets(translator, memory, texts)))

    def pool(self, language: str, here: Any) -> ParsePool:
        """Return what parses batches of texts of a language; `here` is the parser's own pool, for few texts."""
        return ParsePool(self.engine, self._rows, language, here)


class ParsePool:
    """Takes the place of parse_pool.Pool in the parser of the process that plans."""

    def __init__(self, engine: Engine, stage: Stage, language: str, here: Any) -> None:
        self.engine, self.stage, self.language, self.here = engine, stage, language, here
        self._seen = 0

    def run(self, batches: Sequence[list[str]], layers: int, split: bool) -> Iterator[tuple[list[str], list[str | Isolated]]]:
        """Yield each batch with one result a text, in order; see Pool.run."""
        self._seen += sum(map(len, batches))
        if not self.engine.sooner and self._seen < POOL_FROM:
            yield from self.here.run(batches, layers, split)
            return
        few = len(batches) < self.engine.workers
        parts = [list(part) for batch in batches for part in cut(batch, -(-len(batch) // self.engine.workers) if few else len(batch))]
        order = (self.language, layers, split)
        for part, done in zip(parts, self.engine.map(self.stage, "parse", ((part, order) for part in parts)), strict=True):
            made = iter(done.value)
            yield part, [Isolated(f"crash={done.bad[i]}") if i in done.bad else next(made) for i in range(len(part))]

    def close(self) -> None:
        """See Pool.close: the engine's workers are the engine's to end."""
        self.here.close()
