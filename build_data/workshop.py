"""What the arms of one build share: models, caches, the English rows, the leak index. Each is loaded when first needed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from build_data import mt_build, mt_canary, mt_record
from build_data.ahead import Order, Way
from build_data.crew import Crew
from build_data.encoder import SENTENCES, Encoder
from build_data.finish import rank
from build_data.leak_sets import leak_index
from build_data.leaks import Index
from build_data.makers.passages import as_text
from build_data.memory import Memory
from build_data.mt_back import load_back
from build_data.mt_embed import Aligner
from build_data.mt_hardware import devices
from build_data.parse import StanzaParser, load_parser
from build_data.similarity import Similarity
from build_data.translate import Translator, load_translator
from corpora import corpus as corpora
from corpora import readers
from corpora.engine import Engine
from corpora.records import Record
from corpora.study import Base, Study, arm_language, base_arm, is_translated

Progress = Callable[[str, int, int], None]  # (what, done, of)
Pair = tuple[str, str]  # (task, arm)


@dataclass
class Workshop:
    """`wanted` are the (task, arm) folders that will be built: their sentences are translated together, before the first of them is made."""

    study: Study
    root: Path
    threads: int = 1
    progress: Progress = lambda what, done, of: None
    wanted: Sequence[Pair] = ()
    engine: Engine | None = None
    _translators: dict[str, Translator] = field(default_factory=dict)
    _parsers: dict[str, StanzaParser] = field(default_factory=dict)
    _models: dict[str, dict[str, Any]] = field(default_factory=dict)
    _rows: dict[str, list[Record]] = field(default_factory=dict)
    _lists: dict[tuple[str, ...], list[str]] = field(default_factory=dict)
    _decoded: set[Pair] = field(default_factory=set)

    @property
    def folder(self) -> Path:
        """Return where caches and unfinished shards lie."""
        return self.root / "data" / self.study.name / ".work"

    @cached_property
    def crew(self) -> Crew | None:
        """Return the engine's workers for this study; None where everything is done in this process."""
        return Crew(self.engine, self.study, self.root) if self.engine else None

    @cached_property
    def memory(self) -> Memory:
        """Return the translation memory of the study."""
        return Memory(self.folder / "memory.sqlite")

    @cached_property
    def leaks(self) -> Index:
        """Return the index of the evaluation texts."""
        self.progress("reading the evaluation texts for the leak guard", 0, 0)
        return leak_index(self.study)

    @cached_property
    def back(self) -> Translator:
        """Return the translator pivot -> English of the arm bt-en."""
        return self._tried(load_back(self.study.translation, self.threads))

    @cached_property
    def aligner(self) -> Aligner | None:
        """Return the second witness for answer spans, None where the study goes without."""
        return load_aligner(self.study)

    @cached_property
    def comparer(self) -> Similarity:
        """Return what compares translations with their sources by the base encoder."""
        return Similarity(self.folder / "likeness.sqlite")

    def translator(self, language: str) -> Translator:
        """Return the translator English -> `language`."""
        if language not in self._translators:
            self._translators[language] = self._tried(load_translator(self.study.translation, language, self.threads))
        return self._translators[language]

    def _tried(self, translator: Translator) -> Translator:
        """Return a translator that stops and does not loop, tried once a model and machine. Raises ConfigError with the worst sentence for another."""
        self.progress(f"trying the model {translator.source}->{translator.language} on twenty sentences", 0, 0)
        for one in filter(None, (translator, translator.second)):
            mt_canary.require(one.folder, devices(), one.engine.numbers)
        return translator

    def parser(self, language: str) -> StanzaParser:
        """Return the Stanza parser of a language."""
        if language not in self._parsers:
            self.folder.mkdir(parents=True, exist_ok=True)
            self._parsers[language] = parser = load_parser(self.study.parsing, language, self.folder / "parses.sqlite", 1 if self.crew else self.threads)
            if self.crew:
                parser.pool = self.crew.pool(language, parser.pool)
        return self._parsers[language]

    def english(self, task: str) -> list[Record]:
        """Return the English rows that enter a task's build: all, or `rows` of them chosen by a hash of their id; in order of id."""
        if task not in self._rows:
            spec = self.study.tasks[task]
            records = [row for corpus, split in spec.sources for row in readers.read_records(corpora.load(corpus), split)]
            records = as_text(records, "en") if spec.kind == "text" else records
            self._rows[task] = sorted(sorted(records, key=lambda r: rank(r.id))[: spec.rows or None], key=lambda r: r.id)
        return self._rows[task]

    def decode(self, arm: str, texts: Iterable[str] = ()) -> None:
        """See that every sentence of all wanted tasks of a translated arm is translated: before this returns, or on workers while it goes on.

        `texts`: those that must be translated when it returns, whoever does it. A weaker model is refused before the first.
        """
        tasks = [task for task, other in self.wanted if base_arm(other) == arm]
        if not self._decoded.issuperset((task, arm) for task in tasks):
            self.model_record(arm)
            if self.crew and self.crew.pays(sum(len(self.english(task)) for task in tasks)):
                self._decode_ahead(self.crew)
            else:
                self._decode_here(arm)
            self._decoded.update((task, arm) for task in tasks)
        if self.crew:
            self.crew.wait(arm, texts)

    def _decode_here(self, arm: str) -> None:
        texts, pivot = self._texts(arm), self.pivot(arm)
        first = self.translator(pivot)
        mt_build.decode_all(first, self.memory, texts, self._told(f"translating en->{pivot}: texts"))
        if arm.startswith("bt-"):
            between = list(dict.fromkeys(mt_build.targets(first, self.memory, texts)))
            mt_build.decode_all(self.back, self.memory, between, self._told(f"translating {pivot}->en: texts"))

    def _texts(self, arm: str) -> list[str]:
        """Return the distinct texts of all wanted tasks of a translated arm: one list for all arms of the same tasks."""
        tasks = tuple(dict.fromkeys(task for task, other in self.wanted if base_arm(other) == arm))
        if tasks not in self._lists:
            self._lists[tasks] = list(dict.fromkeys(text for task in tasks for text in mt_build.texts_of(self.english(task))))
        return self._lists[tasks]

    def _decode_ahead(self, crew: Crew) -> None:
        """Begin to translate all wanted arms, one after the other, on workers. Shards wait for their own sentences only (crew.shards)."""
        arms = list(dict.fromkeys(base_arm(arm) for _, arm in self.wanted if is_translated(arm)))
        for arm in arms:
            self.model_record(arm)
        orders = [Order(arm, self._texts(arm), self.named([self.translator(self.pivot(arm)), *([self.back] if arm.startswith("bt-") else [])])) for arm in arms]
        crew.translate(orders, self.folder / "memory.sqlite", self.progress)
        self._decoded.update((task, base_arm(arm)) for task, arm in self.wanted if is_translated(arm))

    def pivot(self, arm: str) -> str:
        """Return the language that an arm's English rows are translated into first."""
        return self.study.translation.through if arm.startswith("bt-") else arm_language(arm)

    @staticmethod
    def named(ways: Sequence[Translator]) -> list[tuple[Way, Translator]]:
        """Return translators with the names by which workers know them."""
        return [(Way("" if way.language == "en" else way.language, way.fingerprint), way) for way in ways]

    def model_record(self, arm: str) -> dict[str, Any]:
        """Return what the manifest says of an arm's translation models, measured on the study's dev corpus."""
        if arm not in self._models:
            study, language = self.study.translation, arm_language(arm)
            bt = arm.startswith("bt-")
            told = lambda what: self.progress(what, 0, 0)  # noqa: E731 - a progress line without numbers
            record = mt_record.forward(study, self.translator(study.through if bt else language), self.memory, self.threads, told)
            self._models[arm] = record | ({"back": mt_record.backward(study, self.back, self.memory, told)} if bt else {})
        return self._models[arm]

    def _told(self, what: str) -> Callable[[int, int], None]:
        return lambda done, of: self.progress(what, done, of)


def load_aligner(study: Study) -> Aligner | None:
    """Return the word aligner that a study names (translation.aligner); nothing heavy is loaded yet."""
    name = study.translation.aligner
    if not name:
        return None
    return Aligner(Encoder(Base(model=name, fallback=SENTENCES.fallback if name == SENTENCES.model else "")))
