"""A study: one TOML that holds a whole experiment. Nothing about an experiment is said anywhere else."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from corpora import corpus as corpora
from corpora import languages
from corpora.config import ConfigError, read
from corpora.study_arms import VARIANTS, arm_language, base_arm, check_arm, is_translated, parts_of, variant_of
from corpora.study_data import Budget, Guard, Parsing, Statistics, Translation
from corpora.study_parts import METRIC_KIND, RETRIEVAL, Base, Heads, Masking, Metric, Mix, Target, Task, Training

__all__ = [
    "METRIC_KIND", "RETRIEVAL", "VARIANTS", "Base", "Budget", "Guard", "Heads", "Masking", "Metric", "Mix", "Parsing", "Statistics", "Study",
    "Target", "Task", "Training", "Translation", "arm_language", "arms_of", "base_arm", "built_tasks", "check_arm", "data_folder", "has_arm", "is_translated",
    "load", "masking_arms", "members", "mix_of", "parts_of", "targets_of", "twin", "variant_of",
]  # fmt: skip


NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")  # of tasks, targets and mixes
FILE_NAME = re.compile(r"[A-Za-z0-9][\w .+-]{0,99}")  # of studies; their folders under data/ and reports/ have it


@dataclass(frozen=True, kw_only=True)
class Study:
    """Everything an experiment is, as read from studies/NAME.toml."""

    title: str  # of the report
    languages: tuple[str, ...]  # that transfer is measured for and that arms may be made from; English is always there
    arms: tuple[str, ...]  # "none", "en", "mt-fi", "native-fi", "bt-en", a mixture "en+mt-fi"; any but none with "~unfiltered" or "~random-drop" behind
    seeds: tuple[int, ...]  # every run is trained once a seed
    base: Base
    tasks: Mapping[str, Task]
    intermediate: tuple[tuple[str, ...], ...]  # each a set of tasks trained together, [["nli"], ["nli", "qa"]], or the name of a mix: [["all-nine"]]
    targets: Mapping[str, Target]  # what every run is scored on
    budget: Budget
    translation: Translation = field(default_factory=Translation)
    parsing: Parsing = field(default_factory=Parsing)
    filters: Mapping[str, tuple[float, float]] = field(default_factory=dict)  # filter name -> bounds over its own defaults
    mixes: Mapping[str, Mix] = field(default_factory=dict)
    heads: Heads = field(default_factory=Heads)
    guard: Guard = field(default_factory=Guard)
    statistics: Statistics = field(default_factory=Statistics)
    precision: Literal["auto", "float32", "bfloat16"] = (
        "auto"  # numbers that training computes with; auto = bfloat16 where the hardware multiplies it, else float32
    )
    freeze_layers: int = 0  # embeddings and this many lower layers stay as they are (a mini study's economy; the report says so)
    keep_checkpoints: Literal["intermediate", "all"] = (
        "intermediate"  # whose weights stay on disk once they are scored: intermediate runs, or those of targets too
    )
    save_minutes: float = 10.0  # minutes between two states of a run in work, from which a killed run goes on; 0 = none for that reason
    save_steps: int = 0  # steps between two states; 0 = none for that reason
    compile: bool = False  # torch.compile the encoder's layers on CUDA (no CUDA, no effect)
    demonstration: bool = False  # True: the report refuses any claim about the question
    note: str = ""  # what a reader of the report must know of this study
    name: str = field(default="", init=False)  # file name without .toml

    def __post_init__(self) -> None:
        for language in self.languages:
            if language not in languages.declared():
                raise ValueError(f"languages: {language!r} is not one of {', '.join(languages.declared())}; docs/add-a-language.md says how to add one")
        for what, values in (("seeds", self.seeds), ("arms", self.arms), ("languages", self.languages)):
            if not values or len(set(values)) != len(values):
                raise ValueError(f"{what} = {list(values)}: must not be empty nor hold one twice")
        for what, names in (("tasks", self.tasks), ("targets", self.targets), ("mixes", self.mixes)):
            for name in names:
                if not NAME.fullmatch(name):  # they become names of folders and pages
                    raise ValueError(f"{what}: the name {name!r} may hold letters, digits, '_' and '-' only (64 at most), and begins with a letter or digit")
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
            if not group:
                raise ValueError("intermediate holds an empty list; write a list of tasks, or the name of a mix")
            if len(group) != 1 or group[0] not in self.mixes:
                self._known("intermediate", group, mixed=len(group) == 1)
        for name, mix in self.mixes.items():
            self._check_mix(name, mix)
        for name in {spec.head for spec in self.tasks.values() if spec.head}:
            sharing = {one: (spec.kind, frozenset(spec.labels), spec.metric) for one, spec in self.tasks.items() if name in (spec.head, one)}
            if len(set(sharing.values())) > 1:
                raise ValueError(f"tasks {', '.join(sharing)} share the head {name!r}, but differ in kind, labels or metric")
        for name, spec in self.tasks.items():
            if spec.versus and (spec.versus not in self.tasks or not self.tasks[spec.versus].english):
                raise ValueError(f"tasks.{name}.versus = {spec.versus!r} is no task with English rows")
        for name, bounds in self.filters.items():
            if bounds[0] > bounds[1]:
                raise ValueError(f"filters.{name} = {list(bounds)}: the lower bound is above the upper one")

    def _known(self, where: str, tasks: Sequence[str], mixed: bool = False) -> None:
        for task in tasks:
            if task not in self.tasks:
                mixes = f"; mixes: {', '.join(self.mixes)} (one alone in its list)" if self.mixes and (mixed or task in self.mixes) else ""
                raise ValueError(f"{where}: task {task!r} is not declared; declared: {', '.join(self.tasks)}{mixes}")

    def _check_mix(self, name: str, mix: Mix) -> None:
        if name in self.tasks:
            raise ValueError(f"mixes.{name}: a task has that name already")
        if not mix.tasks:
            raise ValueError(f"mixes.{name}.tasks is empty")
        self._known(f"mixes.{name}.tasks", mix.tasks)
        if mix.mlm and (mix.mlm.task not in self.tasks or self.tasks[mix.mlm.task].kind != "text" or mix.mlm.task in mix.tasks):
            texts = ", ".join(one for one, spec in self.tasks.items() if spec.kind == "text") or "none"
            raise ValueError(f"mixes.{name}.mlm.task = {mix.mlm.task!r}: must be a task of kind text that is not in `tasks`; there is: {texts}")
        if mix.mode == "control" and (name,) in self.intermediate and not any(twin(self, name, group) for group in self.intermediate):
            raise ValueError(f"mixes.{name}: no two-stage group of `intermediate` trains {', '.join(mix.tasks)} without mlm, so there are no steps to match")


def load(path: Path, overrides: Sequence[str] = ()) -> Study:
    """Read and cross-check a study: every corpus it names must be declared. Raises ConfigError."""
    study = read(Study, path, overrides)
    if not FILE_NAME.fullmatch(path.stem):
        raise ConfigError(f"{path}: a study's folders are named after its file; write letters, digits, spaces and . + _ - only, a letter or digit first")
    object.__setattr__(study, "name", path.stem)
    try:
        for name, task in study.tasks.items():
            for corpus, split in task.sources:
                corpora.split_of(corpora.load(corpus), split)
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
    """Refuse an unknown language, and translated text in a native arm: most of HuLU, say, is Hungarian that was English first."""
    if language not in languages.declared():
        raise ConfigError(
            f"tasks.{task}.native.{language}: {language!r} is not one of {', '.join(languages.declared())}; docs/add-a-language.md says how to add one"
        )
    for name in names:
        corpus = corpora.load(name)
        if "translated" in corpus.origin:
            raise ConfigError(f"tasks.{task}.native.{language}: {name!r} is {corpus.origin}, so it is no native text; take it out")


def built_tasks(study: Study, languages: Sequence[str] = ()) -> list[tuple[str, str]]:
    """Return the (task, arm) folders the data stage builds, in the study's order; `languages` narrows the arms that need one of them (bt-en: its pivot).

    A mixture has no folder of its own: it is read from those of its parts. A task has no folder for an arm that it has no corpus for.
    """
    wanted = {"en", *(languages or study.languages)}
    used = {task for group in study.intermediate for task in members(study, group)}
    parts = dict.fromkeys(part for arm in study.arms if arm != "none" for part in parts_of(arm))
    needed = {arm: study.translation.through if base_arm(arm) == "bt-en" else arm_language(arm) for arm in parts}
    found = [(task, arm) for arm, language in needed.items() if language in wanted for task in study.tasks if task in used and has_arm(study, task, arm)]
    masked = dict.fromkeys(mix.mlm.task for mix in (mix_of(study, group) for group in study.intermediate) if mix.mlm)
    texts = [(task, arm) for task in masked for arm in masking_arms(study, task) if arm_language(arm) in wanted]
    return [*found, *(pair for pair in texts if pair not in found)]


def has_arm(study: Study, task: str, arm: str) -> bool:
    """Say whether a task has a corpus for every part of an arm: English rows for en, mt-* and bt-en, native text for native-*.

    Tags stand at words, which a translation does not keep, and plain text exists in every language: neither has translated arms.
    """
    spec = study.tasks[task]

    def has(part: str) -> bool:
        if part.startswith("native-"):
            return bool(spec.native.get(arm_language(part)))
        return bool(spec.english) and not (is_translated(part) and spec.kind in ("tags", "text"))

    return all(map(has, parts_of(arm)))


def arms_of(study: Study, group: Sequence[str]) -> list[str]:
    """Return the study's arms (but none) that every task of a group has a corpus for; a control has the arm none alone."""
    if mix_of(study, group).mode == "control":
        return ["none"]
    return [arm for arm in study.arms if arm != "none" and all(has_arm(study, task, arm) for task in members(study, group))]


def mix_of(study: Study, group: Sequence[str]) -> Mix:
    """Return how a group of `intermediate` trains: the mix of that name, or the listed tasks together, each for its own epochs."""
    return study.mixes[group[0]] if len(group) == 1 and group[0] in study.mixes else Mix(tasks=tuple(group))


def members(study: Study, group: Sequence[str]) -> tuple[str, ...]:
    """Return the tasks of a group of `intermediate` (without the masked-language task of its mix)."""
    return mix_of(study, group).tasks


def targets_of(study: Study, group: Sequence[str]) -> list[str]:
    """Return the targets that a group's runs have: in one stage and in a control those that train, in two stages all."""
    return [name for name, target in study.targets.items() if mix_of(study, group).mode == "two-stage" or not target.retrieval]


def masking_arms(study: Study, task: str) -> list[str]:
    """Return the arms whose texts a masked-language task reads, whatever the arm of the other tasks: all that it has a corpus for."""
    spec = study.tasks[task]
    return [*(["en"] if spec.english else []), *(f"native-{language}" for language in study.languages if spec.native.get(language))]


def twin(study: Study, control: str, group: Sequence[str]) -> bool:
    """Say whether a control takes its steps from a group: the same tasks in two stages, without mlm."""
    mix = mix_of(study, group)
    return mix.mode == "two-stage" and mix.mlm is None and sorted(mix.tasks) == sorted(study.mixes[control].tasks)


def data_folder(study: Study, task: str, arm: str, root: Path = Path("data")) -> Path:
    """Return where a built task lies. One folder a study, so that two studies never overwrite each other's tasks."""
    return root / study.name / f"{task}.{arm}"
