"""Translation on an engine's workers, ahead of the shards that will need it: decoding and parsing overlap.

Sentences go to workers in chunks, in the order of the rows they stand in; what comes back is stored in the translation memory, chunk by
chunk. A shard waits until the memory has all of its sentences, no longer. The queue is bounded by what the engine takes ahead; what is translated
and not yet used waits on disk. While the last shards of an arm are scored, the next arm is translated.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from build_data import mt_build
from build_data.memory import Memory
from build_data.translate import Translated, Translator, batched
from corpora.engine import Engine
from corpora.engine_tasks import Done, Stage

CHUNK = {"cpu": 2000, "cuda": 16_000}  # sentences a task, at most: batches hold one length only, so fewer would leave them half empty; what a kill costs
LEAST = 250  # sentences of the first and the last tasks: shards can begin sooner, and no worker is left with a large one at the end
STRIDE = 100  # texts that are cut into sentences at a time


@dataclass(frozen=True)
class Way:
    """What a translating worker is told: into which language ("" = back into English), and by which model and settings it must be."""

    language: str
    fingerprint: str


@dataclass(frozen=True)
class Order:
    """The texts of one arm, and the translators they go through, in order."""

    arm: str
    texts: Sequence[str]
    ways: Sequence[tuple[Way, Translator]]


class Ahead:
    """Translates orders one after the other in a thread of its own; `wait` returns when an arm is translated up to some text."""

    def __init__(self, engine: Engine, stage: Stage, device: str, memory: Path, orders: Sequence[Order], told: Callable[[str, int, int], None]) -> None:
        self.engine, self.stage, self.chunk, self.memory, self.told = engine, stage, CHUNK[device], memory, told
        self._done: dict[str, int] = {}
        self._error: BaseException | None = None
        self._news = threading.Condition()
        self._thread = threading.Thread(target=self._run, args=(list(orders),), name="translate ahead", daemon=True)
        self._thread.start()

    def wait(self, arm: str, count: int) -> None:
        """Return when the first `count` texts of an arm are translated. Raises what went wrong with the translation."""
        with self._news:
            while self._done.get(arm, -1) < count:
                if self._error is not None:
                    raise self._error
                self._news.wait(1.0)

    def _run(self, orders: Sequence[Order]) -> None:
        try:
            with Memory(self.memory) as memory:
                for order in orders:
                    texts = order.texts
                    for number, (way, translator) in enumerate(order.ways):
                        if number:
                            texts = list(dict.fromkeys(mt_build.targets(order.ways[0][1], memory, order.texts)))
                        self._translate(memory, order.arm if number + 1 == len(order.ways) else "", way, translator, texts)
                    self._reached(order.arm, len(order.texts))
        except BaseException as err:  # whoever waits is told
            with self._news:
                self._error = err
                self._news.notify_all()

    def _translate(self, memory: Memory, arm: str, way: Way, translator: Translator, texts: Sequence[str]) -> None:
        """Translate the sentences of texts that the memory lacks. `arm`: whose progress it is, "" = nobody's."""
        sent: deque[tuple[list[str], int]] = deque()
        what = f"translating {translator.source}->{translator.language}: texts"
        self.told(what, 0, len(texts))
        for done in self.engine.map(self.stage, "translate", self._chunks(memory, way, translator, texts, sent)):
            chunk, reached = sent.popleft()
            memory.learn(way.fingerprint, zip(chunk, with_crashes(len(chunk), done), strict=True))
            self._reached(arm, reached)
            self.told(what, reached, len(texts))

    def _chunks(
        self, memory: Memory, way: Way, translator: Translator, texts: Sequence[str], sent: deque[tuple[list[str], int]]
    ) -> Iterator[tuple[Sequence[Any], Way]]:
        """Yield the sentences to translate, a chunk at a time; `sent` is told each chunk, and how many texts are translated once it is back."""
        chunk: dict[str, None] = {}
        reached, grown = 0, LEAST
        for some in batched(texts, STRIDE):
            reached += len(some)
            under_way = {sentence for other, _ in sent for sentence in other}
            parts = (sentence for sentence in mt_build.sentences_of(translator, some) if sentence not in under_way)
            chunk.update(dict.fromkeys(memory.unknown(way.fingerprint, parts)))
            if len(chunk) >= max(min(self.chunk, grown, (len(texts) - reached) // (2 * self.engine.workers)), LEAST):
                sent.append((list(chunk), reached))
                yield list(chunk), way
                chunk, grown = {}, 2 * grown
        if chunk:
            sent.append((list(chunk), len(texts)))
            yield list(chunk), way

    def _reached(self, arm: str, count: int) -> None:
        with self._news:
            self._done[arm] = count
            self._news.notify_all()


def with_crashes(count: int, done: Done) -> Iterator[Translated]:
    """Yield a chunk's translations; a sentence that no worker survived has an empty one, flagged "crash"."""
    made = iter(done.value)
    for position in range(count):
        yield Translated("", 0.0, ("crash",)) if position in done.bad else next(made)
