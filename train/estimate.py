"""What a plan will cost, in steps and tokens: for --dry-run and for the time left. No torch, nothing is written."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from corpora import corpus as corpora
from corpora.base import default_cache, ready_base
from corpora.config import ConfigError
from corpora.readers import read_records
from corpora.records import Choice, Kind, Record, Span, Tags, Text
from corpora.study import METRIC_KIND, Study, Task, Training, arms_of, members, mix_of, parts_of, twin
from train.data import built_rows, target_records
from train.features import Pieces, Shape, features
from train.mixture import arm_data, even, masking_data
from train.order import steps_of
from train.run import Run
from train.samplers import Sampling

# Characters per sub-word of the XLM-R vocabulary, measured with the bundled texts (en 4.2, fi 4.4, hu 3.9; spaces counted).
CHARACTERS = 4.2
QUICK, EXACT = 200, 2000  # rows that are looked at per set: by their characters; by the base's own tokenizer
SPECIAL = 4  # <s>, </s></s>, </s>
# Tokens of a row where none is at hand, counted with the XLM-R tokenizer on 2,000 rows each: MNLI, SQuAD v1.1 dev (windows of 384), HellaSwag dev
# (all endings), UD English train. Texts fill their inputs.
TYPICAL: dict[Kind, float] = {"pair": 33, "span": 206, "choice": 192, "tags": 29, "text": 256}
GUESS_ROWS = 20_000  # a target whose row count is declared nowhere; udpos and panx have about as many


@dataclass(frozen=True)
class Cost:
    """Steps and tokens of one run's training (a sweep of learning rates counts each), and the tokens of its looks at dev, which go forward only."""

    steps: int
    tokens: int
    dev_tokens: int = 0

    @property
    def work(self) -> float:
        """Training tokens that take as long: a forward pass is a third of a step."""
        return self.tokens + self.dev_tokens / 3


@dataclass(frozen=True)
class Size:
    """A set: its rows, how many inputs of the encoder a row makes, how many tokens it has in all of them."""

    rows: int
    inputs: float
    tokens: float
    guessed: bool = False


class Estimator:
    """Estimates runs of one study; sets are sampled once. `exact`: by the base's own tokenizer, where that is on this machine."""

    def __init__(self, study: Study, root: Path, exact: bool = False) -> None:
        self.study, self.root = study, root
        folder = ready_base(study.base, default_cache()) if exact else None
        self.pieces = Pieces(folder) if folder else None
        self._sizes: dict[str, Size] = {}

    @property
    def guessed(self) -> list[str]:
        """Sets that are not here: their rows as declared, their tokens as is typical of the kind."""
        return [name for name, size in self._sizes.items() if size.guessed]

    def cost(self, run: Run) -> Cost:
        """Return the cost of a run; retrieval trains nothing."""
        if run.target and self.study.targets[run.target].retrieval:
            return Cost(0, 0)
        jobs, counts = self._jobs(run), self._counts(run)
        tokens = sum(self._tokens(size, t, counts[name]) for name, (size, _, t) in jobs.items())
        evals = max((t.evals for _, dev, t in jobs.values() if dev.rows), default=0)
        seen = sum(dev.rows * dev.tokens for _, dev, _ in jobs.values()) * evals
        times = max([len(t.lr_grid) for _, _, t in jobs.values()] + [1]) if "lr" not in run.guides else 1
        return Cost(sum(counts.values()) * times, round(tokens) * times, round(seen) * times)

    def _counts(self, run: Run) -> dict[str, int]:
        """Return job -> steps of one training of a run."""
        jobs = self._jobs(run)
        own = {name: steps_of(round(size.rows * size.inputs), t.batch, t.epochs, t.max_steps) for name, (size, _, t) in jobs.items()}
        return self._sampling(run).counts(own, {name: size.rows for name, (size, _, _) in jobs.items()})

    def length(self, runs: Sequence[Run]) -> float:
        """Return the tokens of a mean training input of these runs, every token counting once."""
        sizes = [size for run in runs for size, _, _ in self._jobs_or_none(run).values()]
        tokens = [(size.rows * size.tokens, size.tokens / max(1.0, size.inputs)) for size in sizes if size.rows]
        return sum(weight * each for weight, each in tokens) / max(1.0, sum(weight for weight, _ in tokens))

    def _jobs_or_none(self, run: Run) -> dict[str, tuple[Size, Size, Training]]:
        return {} if run.target and self.study.targets[run.target].retrieval else self._jobs(run)

    @staticmethod
    def _tokens(size: Size, training: Training, steps: int) -> float:
        """Return the tokens of so many batches; the last batch of an epoch may be smaller."""
        inputs = round(size.rows * size.inputs)
        per_epoch = steps_of(inputs, training.batch, 1.0, 0)
        return steps / per_epoch * size.rows * size.tokens if inputs else 0.0

    def _sampling(self, run: Run) -> Sampling:
        mix = mix_of(self.study, run.tasks)
        if "steps" in run.guides:
            group = next(g for g in self.study.intermediate if twin(self.study, run.tasks[0], g))
            return Sampling(extra=sum(self._counts(Run(phase="intermediate", tasks=group, arm=self._arm(group), seed=run.seed)).values()))
        if run.target and not run.settings.get("joint"):
            return Sampling()
        return Sampling(mix, 0 if run.target else self.study.budget.steps, mix.mlm.task if mix.mlm else "")

    def _arm(self, group: Sequence[str]) -> str:
        arms = arms_of(self.study, group)
        return "en" if "en" in arms else arms[0]

    def _jobs(self, run: Run) -> dict[str, tuple[Size, Size, Training]]:
        """Return job -> (training set, dev set, training)."""
        study, out, joint = self.study, dict[str, tuple[Size, Size, Training]](), bool(run.settings.get("joint"))
        mix = mix_of(study, run.tasks)
        if run.phase == "intermediate" or joint:
            for task in members(study, run.tasks):
                dev = Size(0, 1, 0) if joint else self.arm(task, run.arm, "validation")
                out[task] = (self.arm(task, run.arm, "train"), dev, study.tasks[task].training)
            if mix.mlm:
                out[mix.mlm.task] = (self.arm(mix.mlm.task, "", "train"), Size(0, 1, 0), study.tasks[mix.mlm.task].training)
        if run.target:
            out[run.target] = (self.target(run.target, "train"), self.target(run.target, "dev"), study.targets[run.target].training)
        return out

    def arm(self, task: str, arm: str, split: str) -> Size:
        """Return the size of a split of an arm of a task ("" = the texts of a masked-language task)."""
        return self._size(f"{task}.{arm or 'texts'} {split}", lambda: self._arm_size(task, arm, split))

    def _arm_size(self, task: str, arm: str, split: str) -> Size:
        spec = self.study.tasks[task]
        try:
            data = arm_data(self.study, task, arm, self.root) if arm else masking_data(self.study, task, self.root)
        except ConfigError:
            return self._unbuilt(spec, arm, split)
        quotas = even(data.limits[split], len(data.parts)) if data.limits else [0]
        rows = [min(built_rows(part.folder, split), quota or 1 << 60) for part, quota in zip(data.parts, quotas, strict=True)]
        looked = [self._look(part.records(split), part.kind, part.labels, spec.training) for part in data.parts]
        share = [count / max(1, sum(rows)) for count in rows]
        inputs, tokens = (sum(w * one[i] for w, one in zip(share, looked, strict=True)) for i in (0, 1))
        return Size(sum(rows), inputs, tokens)

    def _unbuilt(self, spec: Task, arm: str, split: str) -> Size:
        """Return the size that an arm will have: the budget, or as many rows as its English corpora declare, less the validation rows."""
        wanted = self.study.budget.examples if split == "train" else self.study.budget.validation
        declared = [_declared(corpus, part) for corpus, part in spec.sources]
        if arm and all(declared) and not any(part.startswith("native-") for part in parts_of(arm)):
            have = min(spec.rows or sum(declared), sum(declared)) - (self.study.budget.validation if split == "train" else 0)
            wanted = max(1, min(wanted, have))
        inputs, tokens = 1.0, min(TYPICAL[spec.kind], spec.training.max_length * (4.0 if spec.kind == "choice" else 1.0))
        for corpus, part in spec.sources[:1]:
            if corpora.load(corpus).kind == spec.kind and _local(corpus, part):
                inputs, tokens = self._look(read_records(corpora.load(corpus), part, limit=QUICK), spec.kind, spec.labels, spec.training)
        return Size(wanted, inputs, tokens, guessed=True)

    def target(self, name: str, split: str) -> Size:
        """Return the size of a split of a target's English data."""
        return self._size(f"{name} {split}", lambda: self._target_size(name, split))

    def _target_size(self, name: str, split: str) -> Size:
        target = self.study.targets[name]
        most = target.train_rows if split == "train" else target.dev_rows
        declared = _declared(target.english, target.split if split == "train" else split)
        rows = min(most or declared, declared or most) or GUESS_ROWS
        kind = METRIC_KIND[target.metric]
        if not _local(target.english, target.split if split == "train" else split):
            return Size(rows, 1.0, min(TYPICAL[kind], float(target.training.max_length)), guessed=True)
        return Size(rows, *self._look(target_records(self.study, name, split), kind, target.labels, target.training))

    def _size(self, name: str, made: Callable[[], Size]) -> Size:
        if name not in self._sizes:
            self._sizes[name] = made()
        return self._sizes[name]

    def _look(self, records: Sequence[Record], kind: Kind, labels: tuple[str, ...], training: Training) -> tuple[float, float]:
        """Return (inputs, tokens) per row, from a sample spread evenly over the rows: a long context gives several windows."""
        most = EXACT if self.pieces else QUICK
        sample = [records[i * len(records) // most] for i in range(most)] if len(records) > most else list(records)
        if not sample:
            return 1.0, 0.0
        if self.pieces:
            shape = Shape(kind, labels, training.max_length, training.stride, self.study.base.prefix, gold=False, **asdict(self.study.heads))
            found = features(sample, self.pieces, shape)
            return len(found) / len(sample), sum(len(row) for feature in found for row in feature.rows) / len(sample)
        inputs, tokens = zip(*(row_cost(record, training) for record in sample), strict=True)
        return sum(inputs) / len(sample), sum(tokens) / len(sample)


def _declared(name: str, split: str) -> int:
    """Return how many rows a split has by its declaration, 0 = it does not say: those of the local files where they are here, else the Hub's."""
    corpus = corpora.load(name)
    hub = corpus.hub.rows.get(split, 0) if corpus.hub else 0
    return corpus.splits[split].rows if split in corpus.splits and (not hub or _local(name, split)) else hub


def _local(name: str, split: str) -> bool:
    """Say whether a split's files are on this machine and of the declared sums: an estimate never asks the Hub."""
    try:
        return corpora.locate(corpora.load(name), split) is not None
    except ConfigError:
        return False


def row_cost(record: Record, training: Training) -> tuple[int, float]:
    """Return (inputs, tokens in all of them) of one row, from its characters."""
    most = float(training.max_length)
    if isinstance(record, Choice):
        return 1, sum(min((len(record.context) + len(ending)) / CHARACTERS + SPECIAL, most) for ending in record.endings)
    pieces = [len(text) / CHARACTERS for text in record.texts()]
    if isinstance(record, Tags):
        pieces = [sum(max(1.0, len(token) / CHARACTERS) for token in record.tokens)]
    if isinstance(record, Text) or not isinstance(record, Span):
        return 1, min(sum(pieces) + SPECIAL, most)
    context, question = pieces
    room = max(8.0, training.max_length - question - SPECIAL)
    windows, left = 1, context - room
    while left > 0:
        windows, left = windows + 1, left - max(1.0, room - training.stride)
    overlap = (windows - 1) * min(training.stride, room)
    return windows, context + overlap + windows * (question + SPECIAL)
