"""Raw rows to records: fields by their declared names, labels by name, NFC, stable ids. Local files and the Hub share this."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from corpora.corpus import Corpus
from corpora.genres import house_genre, translated
from corpora.readers.forms import BROKEN
from corpora.records import Aligned, Choice, Document, Pair, Record, RecordError, Span, Tags, Text, nfc

Item = Record | Document | Aligned
WIDTH = 100  # characters: plain-text books are broken at some 70; a paragraph on one line is mostly longer
WRAPPED = 2  # lines a block, on average, that speak for broken lines
LISTS = ("endings", "paragraphs")  # a joined field gives these a list, and all others one text


@dataclass(frozen=True)
class Shape:
    """How one source (the local files, or the Hub) names its fields and labels."""

    corpus: Corpus
    split: str
    fields: Mapping[str, str]
    keep: Mapping[str, str]
    label_names: tuple[str, ...] = ()  # names of integer labels, in order


def value(row: Mapping[str, Any], spec: str) -> Any:
    """Return a field, "choices.text" being the field of a field. Raises RecordError naming the fields there are."""
    found: Any = row
    for part in spec.split("."):
        if not isinstance(found, Mapping) or part not in found:
            raise RecordError(f"no field {spec!r}; the row has {', '.join(map(str, row))}; say in `fields` which one it is")
        found = found[part]
    return found


def field(shape: Shape, row: Mapping[str, Any], name: str) -> Any:
    """Return our field `name`; a joined spec ("a+b") gives a list or one text. Raises RecordError."""
    spec = shape.fields.get(name, name)
    if "+" not in spec:
        return value(row, spec)
    parts = [text(value(row, part), part) for part in spec.split("+")]
    return parts if name in LISTS else " ".join(shape.corpus.words.get(part, part) for part in parts)


def raw_text(found: Any, name: str) -> str:
    """Return a text as it stands. Raises RecordError for anything else, and for half a surrogate pair, which JSON can hold and UTF-8 cannot."""
    if not isinstance(found, str):
        raise RecordError(f"field {name!r} is {found!r}, not a text")
    try:
        found.encode("utf-8")
    except UnicodeEncodeError as err:
        raise RecordError(f"field {name!r} holds half a surrogate pair at character {err.start}") from None
    return found


def text(found: Any, name: str) -> str:
    """Return a text in NFC. Raises RecordError for anything else."""
    return nfc(raw_text(found, name))


def texts(found: Any, name: str) -> tuple[str, ...]:
    """Return a list of texts in NFC. Raises RecordError for anything else."""
    if isinstance(found, str) or not isinstance(found, Sequence):
        raise RecordError(f"field {name!r} is {found!r}, not a list of texts")
    return tuple(text(item, name) for item in found)


def optional(shape: Shape, row: Mapping[str, Any], name: str) -> str:
    """Return our field `name` as text, or '' where the row has none."""
    spec = shape.fields.get(name, name)
    found = row.get(spec) if "." not in spec and "+" not in spec else field(shape, row, name)
    return "" if found is None else text(str(found), name)


def label(shape: Shape, found: Any) -> str:
    """Return a label as our records carry it. Raises RecordError for none, or for one outside the declared set."""
    if found is None or found == "":
        raise RecordError("no label")
    if isinstance(found, int) and shape.label_names:
        if not 0 <= found < len(shape.label_names):
            raise RecordError(f"label {found} is outside the {len(shape.label_names)} declared names")
        found = shape.label_names[found]
    name = shape.corpus.label_names.get(str(found), str(found))
    if shape.corpus.labels and shape.corpus.labels != ("*",) and name not in shape.corpus.labels:
        raise RecordError(f"label {name!r} is not declared; `labels` has {', '.join(shape.corpus.labels)}")
    return name


def keeps(shape: Shape, row: Mapping[str, Any]) -> bool:
    """Whether a row belongs to the corpus by its `keep` ("pb" = is, "finnish-*" = starts so, "a|b" = one of them). Raises RecordError for an unknown field."""
    for name, wanted in shape.keep.items():
        found = str(value(row, name))
        if not any(found.startswith(one[:-1]) if one.endswith("*") else found == one for one in wanted.split("|")):
            return False
    return True


def row_id(shape: Shape, row: Mapping[str, Any], number: int) -> str:
    """Return a stable id: `corpus:id`. A missing id or a bare number names a row only within its split, so the split is put before it."""
    own = optional(shape, row, "id")
    if not own:
        own = f"{shape.split}-{number}"
    elif own.isdigit():
        own = f"{shape.split}-{own}"
    return f"{shape.corpus.name}:{own}"


def group(what: str) -> str:
    """Return a short stable name for all rows that share a text."""
    return "p-" + hashlib.sha256(what.encode("utf-8")).hexdigest()[:16]


def answer_at(context: str, found: Any, start: Any) -> tuple[str, int]:
    """Return (answer, start) in the NFC form of `context`, which is raw and whose offsets `start` counts in code points.

    Raises RecordError where the answer is not at its offset, or where normalising would melt it into its neighbours.
    """
    if not isinstance(found, str) or isinstance(start, bool) or not isinstance(start, int):
        raise RecordError(f"answer {found!r} at {start!r}; an answer is a text and a whole number")
    there = context[start : start + len(found)] if start >= 0 else ""
    if not found or nfc(there) != nfc(found):
        raise RecordError(f"answer {found!r} is not at offset {start} of its context; found {there!r} there")
    before, answer, whole = nfc(context[:start]), nfc(found), nfc(context)
    if not whole.startswith(before) or whole[len(before) : len(before) + len(answer)] != answer:
        raise RecordError(f"answer {found!r} at offset {start} cuts a character of the context in two once it is in Unicode form NFC")
    return answer, len(before)


def _pair(shape: Shape, row: Mapping[str, Any], base: dict[str, Any]) -> Pair:
    premise = text(field(shape, row, "premise"), "premise")
    second = text(field(shape, row, "hypothesis"), "hypothesis") if "hypothesis" in row or "hypothesis" in shape.fields else ""
    if not second.strip() and ("hypothesis" in row or "hypothesis" in shape.fields):
        raise RecordError("hypothesis is empty")  # a record allows it, for single-text tasks; a file with such a column does not
    base["document"] = base["document"] or group(premise)
    return Pair(premise=premise, hypothesis=second, label=label(shape, field(shape, row, "label")), **base)


def _span(shape: Shape, row: Mapping[str, Any], base: dict[str, Any]) -> Span:
    context = raw_text(value(row, shape.fields.get("context", "context")), "context")  # offsets count in the raw form
    question = text(field(shape, row, "question"), "question")
    answers = field(shape, row, "answers")
    found, starts = value(answers, "text"), value(answers, "answer_start")
    if not isinstance(found, list) or not isinstance(starts, list) or len(found) != len(starts):
        raise RecordError(f"answers = {answers!r}; `text` and `answer_start` are lists of one length")
    pairs = dict.fromkeys(answer_at(context, *pair) for pair in zip(found, starts, strict=True))  # several annotators often gave one answer
    title = optional(shape, row, "title")
    base["document"] = base["document"] or title or group(nfc(context))
    return Span(title=title, context=nfc(context), question=question, answers=tuple(pairs), **base)


def _choice(shape: Shape, row: Mapping[str, Any], base: dict[str, Any]) -> Choice:
    context = text(field(shape, row, "context"), "context")
    name = label(shape, field(shape, row, "label"))
    if not name.isdigit():
        raise RecordError(f'label {name!r} is no number of an ending; map it in `label_names`, the first ending being "0"')
    base["document"] = base["document"] or group(context)
    return Choice(context=context, endings=texts(field(shape, row, "endings"), "endings"), label=int(name), **base)


def _tags(shape: Shape, row: Mapping[str, Any], base: dict[str, Any]) -> Tags:
    base["document"] = base["document"] or base["id"]
    tags = field(shape, row, "tags")
    if isinstance(tags, str) or not isinstance(tags, Sequence):
        raise RecordError(f"field 'tags' is {tags!r}, not a list")
    return Tags(tokens=texts(field(shape, row, "tokens"), "tokens"), tags=tuple(label(shape, tag) for tag in tags), **base)


def _text(shape: Shape, row: Mapping[str, Any], base: dict[str, Any]) -> Text:
    base["document"] = base["document"] or base["id"]
    return Text(text=text(field(shape, row, "text"), "text"), **base)


def _paragraphs(whole: str) -> tuple[str, ...]:
    """Return the paragraphs of a text in one string: its lines, or where lines are broken at a width (books as plain text) what blank lines set apart."""
    lines = whole.splitlines()
    written = [line for line in lines if line.strip()]
    blocks = [block for block in re.split(r"\n[ \t]*(?:\n[ \t]*)+", whole.replace("\r\n", "\n").strip()) if block]
    wrapped = len(blocks) > 1 and max(map(len, written)) <= WIDTH and len(written) >= WRAPPED * len(blocks)
    return tuple(blocks) if wrapped else tuple(lines)


def _document(shape: Shape, row: Mapping[str, Any], base: dict[str, Any]) -> Document:
    """Make a document. Empty and broken paragraphs may stand in it: build_data/makers/clean.py counts them and leaves them out."""
    if BROKEN in row and len(row) == 1:
        raise RecordError(str(row[BROKEN]))
    found = field(shape, row, "paragraphs")
    paragraphs = _paragraphs(text(found, "paragraphs")) if isinstance(found, str) else texts(found, "paragraphs")  # the Hub's texts are one string
    if not paragraphs:
        raise RecordError("no paragraphs")
    own = {name: base[name] for name in ("id", "corpus", "licence", "publishable", "genre", "year")}
    origin = "human-translated" if translated(optional(shape, row, "genre")) else base["origin"]
    return Document(paragraphs=paragraphs, title=optional(shape, row, "title"), origin=origin, **own)


def _aligned(shape: Shape, row: Mapping[str, Any], base: dict[str, Any]) -> Aligned:
    source, target = (text(field(shape, row, name), name) for name in ("source", "target"))
    one_side = shape.corpus.singles and bool(source.strip()) != bool(target.strip())
    for name, side in (("source", source), ("target", target)):
        if (not side.strip() and not one_side) or "\ufffd" in side:
            raise RecordError(f"{name} is empty" if not side.strip() else f"{name} holds U+FFFD, so its encoding was broken before it came here")
    return Aligned(id=base["id"], source=source, target=target, corpus=shape.corpus.name)


MAKERS: Mapping[str, Callable[[Shape, Mapping[str, Any], dict[str, Any]], Item]] = {
    "pair": _pair,
    "span": _span,
    "choice": _choice,
    "tags": _tags,
    "text": _text,
    "documents": _document,
    "aligned": _aligned,
}


def make(shape: Shape, row: Mapping[str, Any], name: str) -> Item:
    """Return the item that a raw row stands for, under id `name`. Raises RecordError with what is wrong."""
    corpus = shape.corpus
    own = name.removeprefix(f"{corpus.name}:")
    base: dict[str, Any] = {
        "id": name,
        "source_id": f"{corpus.translation_of}:{own}" if corpus.translation_of else "",
        "origin": corpus.origin,
        "corpus": corpus.name,
        "document": optional(shape, row, "document"),
        "licence": corpus.licence,
        "publishable": corpus.publishable,
        "genre": house_genre(optional(shape, row, "genre") or corpus.genre) if corpus.kind in ("documents", "tags") else house_genre(corpus.genre),
        "year": optional(shape, row, "year") or corpus.year,
    }
    return MAKERS[corpus.kind](shape, row, base)
