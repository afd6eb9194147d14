"""Record -> token ids, labels and offsets: one function a kind. No torch.

A feature is one input of the encoder (choice: one per ending). A long context gives several windows, a long sentence
several chunks, so `record` says which row of the list a feature was cut from.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import tokenizers

from corpora.config import ConfigError
from corpora.records import Choice, Kind, Pair, Record, Span, Tags, Text
from train.pieces import Pieces as Pieces

DASHES = "–—‐‑−"  # those that SQuAD's normal form keeps
IGNORED = -100  # label of a token that has none: cross-entropy passes it over


@dataclass(slots=True)
class Feature:
    """One example. `rows`: token ids of its inputs (one; for choice one per ending).

    `label`: pair: [class]; choice: [right ending]; span: [first, last] token, [0, 0] = not in this window; tags: one per token.
    `words`: tags: position that speaks for each word (its first or last sub-word; see Shape.subword). `owner`: tags on mean sub-words: the number
    of each token's word in its row, 0 = none. `offsets`: span: code points of each context token, else (-1, -1).
    """

    record: int
    rows: list[list[int]]
    label: list[int]
    types: list[list[int]] | None = None
    words: list[int] = field(default_factory=list)
    offsets: list[tuple[int, int]] = field(default_factory=list)
    owner: list[int] = field(default_factory=list)

    @property
    def length(self) -> int:
        """Tokens of the longest row."""
        return max(len(row) for row in self.rows)


@dataclass(frozen=True)
class Shape:
    """What decides the features of a task besides its records."""

    kind: Kind
    labels: tuple[str, ...] = ()
    max_length: int = 128
    stride: int = 64
    prefix: str = ""  # put before the first text of every input
    gold: bool = True  # False: labels are not looked at (prediction)
    pooling: Literal["mean", "cls"] = "mean"  # pair, choice: what stands for an input
    subword: Literal["first", "last", "mean"] = "first"  # tags: what stands for a word
    long: Literal["split", "truncate"] = "split"  # tags: a sentence that is too long is cut into chunks and glued (XTREME), or loses its end (jiant)
    layers: Literal["last", "mix", "attention"] = "last"  # what the head looks at


def features(records: Sequence[Record], pieces: Pieces, shape: Shape) -> list[Feature]:
    """Return the features of `records`, which must all be of `shape.kind`. Raises ConfigError for a label that is not declared."""
    if not records:
        return []
    return MAKERS[shape.kind](records, pieces, shape)


def _label(label: str, labels: dict[str, int], record: Record, gold: bool) -> int:
    if not gold:
        return IGNORED
    if label not in labels:
        raise ConfigError(
            f"row {record.id} of {record.corpus or 'its corpus'} has label {label!r}; declared are {', '.join(labels)}. Add it to `labels`, or mend the row"
        )
    return labels[label]


def pair(records: Sequence[Any], pieces: Pieces, shape: Shape) -> list[Feature]:
    """<s> premise </s></s> hypothesis </s>, the longer text cut first."""
    known = {label: i for i, label in enumerate(shape.labels)}
    rows: Sequence[Pair] = records
    found = pieces.pairs([(shape.prefix + r.premise, r.hypothesis) for r in rows], shape.max_length)
    return [Feature(i, *_row(encodings[0], pieces, [_label(r.label, known, r, shape.gold)])) for i, (r, encodings) in enumerate(zip(rows, found, strict=True))]


def _row(encoding: tokenizers.Encoding, pieces: Pieces, label: list[int]) -> tuple[list[list[int]], list[int], list[list[int]] | None]:
    return [pieces.remap(encoding.ids)], label, [list(encoding.type_ids)] if pieces.typed else None


def choice(records: Sequence[Any], pieces: Pieces, shape: Shape) -> list[Feature]:
    """One row per ending: <s> context </s></s> ending </s>, the context cut first."""
    out = []
    rows: Sequence[Choice] = records
    for i, record in enumerate(rows):
        found = pieces.pairs([(shape.prefix + record.context, ending) for ending in record.endings], shape.max_length)
        encodings = [some[0] for some in found]
        types = [list(e.type_ids) for e in encodings] if pieces.typed else None
        out.append(Feature(i, [pieces.remap(e.ids) for e in encodings], [record.label], types))
    return out


def span(records: Sequence[Any], pieces: Pieces, shape: Shape) -> list[Feature]:
    """<s> question </s></s> window of the context </s>, windows sharing `stride` sub-words; the first gold answer trains.

    Questions are cut to 64 sub-words, as XTREME does, or to a third of the input where that is less.
    """
    rows: Sequence[Span] = records
    most = min(64, shape.max_length // 3)
    questions = _cut([shape.prefix + r.question for r in rows], pieces, most)
    stride = max(1, min(shape.stride, (shape.max_length - most - pieces.pair_extra) // 2))  # a window must move on
    out = []
    found = pieces.pairs([(q, r.context) for q, r in zip(questions, rows, strict=True)], shape.max_length, "only_second", stride)
    for i, (record, windows) in enumerate(zip(rows, found, strict=True)):
        for window in windows:
            offsets = _offsets(window, record.context)
            rows_, label, types = _row(window, pieces, _place(offsets, record))
            out.append(Feature(i, rows_, label, types, offsets=offsets))
    return out


def _cut(texts: Sequence[str], pieces: Pieces, most: int) -> list[str]:
    encodings = pieces.tokenizer.encode_batch(list(texts), add_special_tokens=False)
    return [text if len(e.ids) <= most else text[: e.offsets[most - 1][1]] for text, e in zip(texts, encodings, strict=True)]


def _offsets(window: tokenizers.Encoding, context: str) -> list[tuple[int, int]]:
    """Return [start, end) in code points of each context token, without blanks, and without a dash that begins a longer token; (-1, -1) elsewhere."""
    out = []
    for (start, end), text in zip(window.offsets, window.sequence_ids, strict=True):
        if text != 1:
            out.append((-1, -1))
            continue
        # The sub-word '▁' owns the blank before its word; in "(1920–1999)" '–19' is one sub-word, and no answer begins with its dash.
        while start < end and (context[start].isspace() or (end - start > 1 and context[start] in DASHES)):
            start += 1
        out.append((start, end))
    return out


def _place(offsets: Sequence[tuple[int, int]], record: Span) -> list[int]:
    """Return [first, last] token of the first gold answer, or [0, 0] where this window does not hold all of it."""
    if not record.answers:
        return [0, 0]
    text, start = record.answers[0]
    end = start + len(text.rstrip())
    start += len(text) - len(text.lstrip())
    start += len(record.context[start:end]) - len(record.context[start:end].lstrip(DASHES)) if (start, start + 1) not in offsets else 0
    first = next((i for i, (a, b) in enumerate(offsets) if a <= start < b), 0)
    last = next((i for i, (a, b) in enumerate(offsets) if a < end <= b), 0)
    return [first, last] if 0 < first <= last else [0, 0]


def tags(records: Sequence[Any], pieces: Pieces, shape: Shape) -> list[Feature]:
    """<s> sub-words </s>, the label on the sub-word that speaks for a word (`subword`), the rest ignored.

    A sentence that is too long is cut into chunks, never dropped (`long` = "split", as XTREME does), or its further words are left out
    (`long` = "truncate", as jiant does). A word that yields no sub-word, or more than an input holds, becomes <unk>. So every word that is
    not cut off has exactly one labelled position.
    """
    rows: Sequence[Tags] = records
    known = {label: i for i, label in enumerate(shape.labels)}
    lead = [*pieces.first, *(pieces.tokenizer.encode(shape.prefix, add_special_tokens=False).ids if shape.prefix else [])]
    head, tail, unk = pieces.remap(lead), pieces.remap(pieces.last), [pieces.unk]
    room = shape.max_length - len(head) - len(tail)
    out = []
    for i, (record, words) in enumerate(zip(rows, pieces.words([r.tokens for r in rows]), strict=True)):
        labels = [_label(tag, known, record, shape.gold) for tag in record.tags]
        feature = _opened(i, head)
        for word, label in zip(words, labels, strict=True):
            ids = pieces.remap(word) if 0 < len(word) <= room else unk
            if len(feature.rows[0]) + len(ids) + len(tail) > shape.max_length:
                if shape.long == "truncate":
                    break
                out.append(_closed(feature, tail, pieces, shape))
                feature = _opened(i, head)
            _add(feature, ids, label, shape)
        out.append(_closed(feature, tail, pieces, shape))
    return out


def _opened(record: int, head: list[int]) -> Feature:
    return Feature(record, [list(head)], [IGNORED] * len(head), owner=[0] * len(head))


def _add(feature: Feature, ids: list[int], label: int, shape: Shape) -> None:
    """Add a word: its sub-words, the place that speaks for it, and the label there."""
    place = len(ids) - 1 if shape.subword == "last" else 0
    feature.words.append(len(feature.rows[0]) + place)
    feature.rows[0] += ids
    feature.label += [label if i == place else IGNORED for i in range(len(ids))]
    feature.owner += [len(feature.words)] * len(ids)


def _closed(feature: Feature, tail: list[int], pieces: Pieces, shape: Shape) -> Feature:
    feature.rows[0] += tail
    feature.label += [IGNORED] * len(tail)
    feature.owner = [*feature.owner, *[0] * len(tail)] if shape.subword == "mean" else []
    feature.types = [[0] * len(feature.rows[0])] if pieces.typed else None
    return feature


def text(records: Sequence[Any], pieces: Pieces, shape: Shape) -> list[Feature]:
    """<s> text </s> without labels; train/masking.py hides pieces of it, anew for every batch. The end of a longer text is cut off."""
    rows: Sequence[Text] = records
    return plain([shape.prefix + r.text for r in rows], pieces, shape.max_length)


def plain(texts: Sequence[str], pieces: Pieces, max_length: int) -> list[Feature]:
    """<s> text </s>, for embeddings; the end of a longer text is cut off."""
    found = pieces.pairs([(text, "") for text in texts], max_length)
    return [Feature(i, *_row(encodings[0], pieces, [])) for i, encodings in enumerate(found)]


MAKERS: dict[str, Callable[[Sequence[Any], Pieces, Shape], list[Feature]]] = {"pair": pair, "choice": choice, "span": span, "tags": tags, "text": text}
