"""A worker of the data stage: translates chunks, makes shards and parses texts, with models that it loads once.

It only computes. What it needs beside models comes with the task (English rows, translations), what it makes goes back; caches that it keeps on
its own machine save work and decide nothing.
"""

from __future__ import annotations

import dataclasses
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from build_data import recipes
from build_data.ahead import Way
from build_data.memory import Memory
from build_data.mt_back import load_back
from build_data.parse_pool import Isolated
from build_data.steps import Parts, parts_of
from build_data.translate import Translated, Translator, load_translator
from build_data.workshop import Workshop
from corpora.config import ConfigError
from corpora.records import Record
from corpora.study import Study


@dataclass(frozen=True)
class ShardOrder:
    """What a shard's rows need: the English rows behind them, and by each translator what their sentences are in the other language."""

    task: str
    arm: str
    keys: tuple[str, ...]  # of the steps, as the plan has them
    sources: tuple[Record, ...] = ()
    ways: tuple[tuple[Way, dict[str, Any], dict[str, Translated]], ...] = ()  # (way, the translator's settings, sentence -> translation)


class Builder:
    """One worker's models. `root`: where its caches lie. `blind`: the GPU that the build translates on is not this worker's."""

    def __init__(self, study: Study, root: Path, blind: bool = False) -> None:
        if blind:  # the numbers a GPU computes with may not be had on a CPU; nothing is decoded here
            study = dataclasses.replace(study, translation=dataclasses.replace(study.translation, compute_type="auto"))
        self.study, self.blind = study, blind
        self.shop = Workshop(study, root, 1)

    def translate(self, texts: Sequence[str], way: Way) -> list[Translated]:
        """Translate distinct sentences."""
        translator = self.shop.translator(way.language) if way.language else self.shop.back
        if translator.fingerprint != way.fingerprint:
            raise ConfigError(
                f"a worker translates with {translator.folder.path} in {translator.engine.numbers}, which is not what the build was planned with: put the same model "
                "on every machine, and start the build on one like the workers', or write the numbers into the study (translation.compute_type)"
            )
        return translator.translate(texts)

    def rows(self, records: Sequence[Record], order: ShardOrder) -> Parts:
        """Make a shard: translate (all is known already), find answers, score."""
        memory = Memory(None)
        self.shop.__dict__["memory"] = memory
        for way, settings, known in order.ways:
            self._planned(way, settings)
            memory.learn(way.fingerprint, known.items())
        steps = recipes.gates_of(self.shop, order.task, order.arm, {r.id: r for r in order.sources}).steps
        if tuple(step.key for step in steps) != order.keys:
            raise ConfigError(
                f"{order.task}.{order.arm}: a worker has other models, parser packs or code than the build was planned with; "
                "bring every machine to the same versions and files"
            )
        parts = parts_of(steps, records)
        if self.blind and memory.counts["decoded"]:
            raise RuntimeError(f"{memory.counts['decoded']} sentences of a shard were not translated before it")
        return parts

    def _planned(self, way: Way, settings: dict[str, Any]) -> None:
        """Have the translator of a way, without trying it: whoever planned the build did. One without its GPU goes by the plan's settings."""
        if way.language and way.language not in self.shop._translators:
            self.shop._translators[way.language] = load_translator(self.study.translation, way.language, 1)
        elif not way.language and "back" not in self.shop.__dict__:
            self.shop.__dict__["back"] = load_back(self.study.translation, 1)
        if self.blind:
            translator: Translator = self.shop._translators[way.language] if way.language else self.shop.back
            translator.fingerprint, translator.settings = way.fingerprint, settings

    def parse(self, texts: Sequence[str], order: tuple[str, int, bool]) -> list[str | Isolated]:
        """Parse texts; `order` is (language, layers, whether texts are split at blank lines)."""
        language, layers, split = order
        return [result for _, results in self.shop.parser(language).pool.run([list(texts)], layers, split) for result in results]


def make_builder(study: Study, root: str, blind: bool) -> Builder:
    """Make a worker: its caches lie under `root` where that folder is on its machine, else in a folder for the time being."""
    there = Path(root)
    return Builder(study, there if root and there.is_dir() else Path(tempfile.mkdtemp(prefix="fihu-stilts-")), blind)
