"""What a plan will cost, from row counts and a sample of texts: for --dry-run and for the time left. No torch, nothing is written."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from corpora import corpus as corpora
from corpora.config import ConfigError
from corpora.records import Record, Span, Tags
from corpora.study import Study, Training, data_folder
from train.data import built, built_rows, target_records
from train.order import steps_of
from train.run import Run

# Characters per sub-word of the XLM-R vocabulary, measured with the bundled texts (en 4.2, fi 4.4, hu 3.9; spaces counted).
CHARACTERS = 4.2
SAMPLE = 200  # rows that are looked at per set
GUESS_ROWS = 20_000  # a target whose row count is declared nowhere; udpos and panx have about as many
SPECIAL = 4  # <s>, </s></s>, </s>


@dataclass(frozen=True)
class Cost:
    """Steps and tokens of one run's training (dev looks are not counted)."""

    steps: int
    tokens: int


class Estimator:
    """Estimates runs of one study; sets are sampled once."""

    def __init__(self, study: Study, root: Path) -> None:
        self.study, self.root = study, root
        self._sampled: dict[str, tuple[float, float]] = {}
        self.guessed: list[str] = []  # sets that are not here: a full budget of rows, half of max_length each

    def cost(self, run: Run) -> Cost:
        """Return the cost of a run; tatoeba trains nothing."""
        steps = tokens = 0
        for name, training, rows, inputs, length in self._jobs(run):
            del name
            count = steps_of(round(rows * inputs), training.batch, training.epochs, training.max_steps)
            steps += count
            tokens += round(min(count * training.batch, rows * inputs * training.epochs) * length)
        return Cost(steps, tokens)

    def _jobs(self, run: Run) -> list[tuple[str, Training, int, float, float]]:
        if run.phase == "intermediate":
            out = []
            for task in run.tasks:
                training = self.study.tasks[task].training
                folder = data_folder(self.study, task, run.arm, self.root / "data")
                inputs, length = self._lengths(f"{task}.{run.arm}", training, lambda task=task: built(self.study, task, run.arm, self.root).records("train"))
                rows = self.study.budget.examples if f"{task}.{run.arm}" in self.guessed else built_rows(folder, "train")
                out.append((task, training, rows, inputs, length))
            return out
        target = self.study.targets[run.target]
        if not target.english:
            return []
        inputs, length = self._lengths(run.target, target.training, lambda: target_records(self.study, run.target, "train"))
        return [(run.target, target.training, self._rows(run.target), inputs, length)]

    def _rows(self, name: str) -> int:
        target = self.study.targets[name]
        corpus = corpora.load(target.english)
        declared = corpus.splits["train"].rows if "train" in corpus.splits else corpus.hub.rows.get("train", 0) if corpus.hub else 0
        if not declared and not target.train_rows:
            self.guessed.append(f"rows of {name}")
            return GUESS_ROWS
        return min(target.train_rows or declared, declared or target.train_rows)

    def _lengths(self, name: str, training: Training, rows: object) -> tuple[float, float]:
        """Return (inputs per row, tokens per input) of a sample: a long context gives several windows."""
        if name not in self._sampled:
            assert callable(rows)
            try:
                sample: Sequence[Record] = rows()[:SAMPLE]
            except ConfigError:
                self.guessed.append(name)
                self._sampled[name] = (1.0, training.max_length / 2)
                return self._sampled[name]
            inputs, tokens = zip(*(row_cost(record, training) for record in sample), strict=True) if sample else ((1,), (1.0,))
            self._sampled[name] = (sum(inputs) / len(inputs), sum(tokens) / sum(inputs))
        return self._sampled[name]


def row_cost(record: Record, training: Training) -> tuple[int, float]:
    """Return (inputs, tokens in all of them) of one row, from its characters."""
    pieces = [len(text) / CHARACTERS for text in record.texts()]
    if isinstance(record, Tags):
        pieces = [sum(max(1.0, len(token) / CHARACTERS) for token in record.tokens)]
    if not isinstance(record, Span):
        return 1, min(sum(pieces) + SPECIAL, float(training.max_length))
    context, question = pieces
    room = max(8.0, training.max_length - question - SPECIAL)
    windows, left = 1, context - room
    while left > 0:
        windows, left = windows + 1, left - max(1.0, room - training.stride)
    overlap = (windows - 1) * min(training.stride, room)
    return windows, context + overlap + windows * (question + SPECIAL)
