"""The shapes of a row. Each checks itself when it is made, so a wrong row cannot travel (HOUSE contract 3)."""

from __future__ import annotations

import dataclasses
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal

Kind = Literal["pair", "span", "choice", "tags", "text"]
KINDS: tuple[Kind, ...] = ("pair", "span", "choice", "tags", "text")
Origin = Literal["native", "human-translated", "machine-translated", "synthetic"]


class RecordError(ValueError):
    """A row that breaks its own rules; the message names the row, the field and what was found."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """What every row carries whatever its kind.

    `source_id` names the English row a translation was made from; `licence` and `publishable` (yes, non-commercial, no) are its
    corpus's, `genre` (a word of corpora/genres.py) and `year` those of its document, where known; `subtype` is
    a finer class than the label (a discourse relation's sense, what a question asks for); `scores` has one number per filter that looked at it.
    """

    kind: ClassVar[Kind]
    id: str
    source_id: str = ""
    origin: str = "native"
    corpus: str = ""
    document: str = ""
    licence: str = ""
    publishable: str = ""
    genre: str = ""
    year: str = ""
    subtype: str = ""
    scores: Mapping[str, float] = field(default_factory=dict)

    def texts(self) -> tuple[str, ...]:
        """Return the texts a reader would see, in order (for filters, duplicates and the leak guard)."""
        raise NotImplementedError

    def _check_text(self, **texts: str) -> None:
        if not self.id:
            raise RecordError("a row without an id")
        for name, text in texts.items():
            if not isinstance(text, str):
                raise RecordError(f"row {self.id}: {name} is {text!r}, not a text")
            if not text.strip():
                raise RecordError(f"row {self.id}: {name} is empty")
            if not unicodedata.is_normalized("NFC", text):
                raise RecordError(f"row {self.id}: {name} is not in Unicode form NFC")
            if "\ufffd" in text:
                raise RecordError(f"row {self.id}: {name} holds U+FFFD, so its encoding was broken before it came here")


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair(Record):
    """Two texts and a label, e.g. NLI. A single-text task leaves `hypothesis` empty."""

    kind: ClassVar[Kind] = "pair"
    premise: str
    hypothesis: str
    label: str

    def __post_init__(self) -> None:
        self._check_text(premise=self.premise, **({"hypothesis": self.hypothesis} if self.hypothesis else {}))
        if not self.label:
            raise RecordError(f"row {self.id}: no label")

    def texts(self) -> tuple[str, ...]:
        return (self.premise, self.hypothesis) if self.hypothesis else (self.premise,)


@dataclass(frozen=True, slots=True, kw_only=True)
class Span(Record):
    """A question on a context; answers are (text, start) with start in code points; no answers = unanswerable."""

    kind: ClassVar[Kind] = "span"
    title: str = ""
    context: str
    question: str
    answers: tuple[tuple[str, int], ...]

    def __post_init__(self) -> None:
        self._check_text(context=self.context, question=self.question)
        for text, start in self.answers:
            found = self.context[start : start + len(text)] if start >= 0 else ""
            if not text or found != text:
                raise RecordError(f"row {self.id}: answer {text!r} is not at offset {start} of its context; found {found!r} there")

    def texts(self) -> tuple[str, ...]:
        return (self.context, self.question)


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice(Record):
    """A context and several endings, of which number `label` is right."""

    kind: ClassVar[Kind] = "choice"
    context: str
    endings: tuple[str, ...]
    label: int

    def __post_init__(self) -> None:
        self._check_text(context=self.context, **{f"ending {i}": ending for i, ending in enumerate(self.endings)})
        if not 0 <= self.label < len(self.endings):
            raise RecordError(f"row {self.id}: label {self.label} names none of its {len(self.endings)} endings")

    def texts(self) -> tuple[str, ...]:
        return (self.context, *self.endings)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tags(Record):
    """Tokens with a tag each."""

    kind: ClassVar[Kind] = "tags"
    tokens: tuple[str, ...]
    tags: tuple[str, ...]

    def __post_init__(self) -> None:
        if len(self.tokens) != len(self.tags):
            raise RecordError(f"row {self.id}: {len(self.tokens)} tokens but {len(self.tags)} tags")
        if not self.tokens:
            raise RecordError(f"row {self.id}: no tokens")
        if not all(self.tokens) or not all(self.tags):
            raise RecordError(f"row {self.id}: an empty token or tag")

    def texts(self) -> tuple[str, ...]:
        return (" ".join(self.tokens),)


@dataclass(frozen=True, slots=True, kw_only=True)
class Text(Record):
    """Plain text, for masked-language modelling."""

    kind: ClassVar[Kind] = "text"
    text: str

    def __post_init__(self) -> None:
        self._check_text(text=self.text)

    def texts(self) -> tuple[str, ...]:
        return (self.text,)


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """Running text as a corpus gives it: paragraphs in order. Native makers cut rows out of it."""

    id: str
    paragraphs: tuple[str, ...]
    title: str = ""
    genre: str = ""
    year: str = ""
    corpus: str = ""
    origin: str = "native"
    licence: str = ""
    publishable: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Aligned:
    """A sentence and its translation (retrieval targets, MT development sets)."""

    id: str
    source: str
    target: str
    corpus: str = ""


SHAPES: dict[Kind, type[Record]] = {"pair": Pair, "span": Span, "choice": Choice, "tags": Tags, "text": Text}


def nfc(text: str) -> str:
    """Return `text` in Unicode form NFC, as every stored text is."""
    return unicodedata.normalize("NFC", text)


def with_scores(record: Record, scores: Mapping[str, float]) -> Record:
    """Return the row with `scores` laid over the ones it has."""
    return dataclasses.replace(record, scores={**record.scores, **scores})


_NAMES = {shape: tuple(field.name for field in dataclasses.fields(shape)) for shape in SHAPES.values()}


def to_row(record: Record) -> dict[str, Any]:
    """Return the row as the columns users know from the English originals (HOUSE contract 1)."""
    row = {name: getattr(record, name) for name in _NAMES[type(record)]}
    if isinstance(record, Span):
        row["answers"] = {"text": [t for t, _ in record.answers], "answer_start": [s for _, s in record.answers]}
    for name in ("endings", "tokens", "tags"):
        if name in row:
            row[name] = list(row[name])
    row["scores"] = dict(record.scores)
    return row


def from_row(kind: Kind, row: Mapping[str, Any]) -> Record:
    """Return the record of one table row; its own checks run again. Raises RecordError."""
    values = {name: row[name] for name in _NAMES[SHAPES[kind]] if name in row}
    if kind == "span":
        values["answers"] = tuple(zip(row["answers"]["text"], row["answers"]["answer_start"], strict=True))
    for name in ("endings", "tokens", "tags"):
        if name in values:
            values[name] = tuple(values[name])
    values["scores"] = {name: value for name, value in (row.get("scores") or {}).items() if value is not None}
    return SHAPES[kind](**values)


def found_labels(records: Sequence[Record]) -> tuple[str, ...]:
    """Return every label or tag of the rows, sorted."""
    return tuple(sorted({label for r in records for label in ((r.label,) if isinstance(r, Pair) else r.tags if isinstance(r, Tags) else ())}))


def check_labels(records: Sequence[Record], labels: Sequence[str], where: str) -> None:
    """Hold labels or tags to the declared set. Raises RecordError naming row, label and the set."""
    known = set(labels)
    for record in records:
        found = (record.label,) if isinstance(record, Pair) else record.tags if isinstance(record, Tags) else ()
        for label in found:
            if label not in known:
                raise RecordError(f"{where}: row {record.id} has label {label!r}; declared: {', '.join(sorted(known))}")
