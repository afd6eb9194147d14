"""What a question is read with: a window of sentences around its own, or one of another paragraph, where it has no answer."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from build_data.makers.common import chance
from build_data.makers.questions import stem
from corpora.records import Document, Span

CONTEXT = (2, 6)  # sentences a context
MOST_CONTEXT = 1500  # characters: about what a reader of 384 sub-words sees in one window
KNOWN = 0.75  # share of a question's stems; a sentence that has more of them may answer it in other words
WORD = re.compile(r"\w+(?:-\w+)*")


@dataclass(frozen=True)
class Place:
    """A sentence and its paragraph's sentences, the place of both known."""

    document: Document
    lines: tuple[str, ...]
    at: int

    @property
    def text(self) -> str:
        return self.lines[self.at]


def merged(parts: Sequence[Sequence[str]]) -> list[list[str]]:
    """Join paragraphs of one sentence with their neighbours: a context needs two sentences."""
    out: list[list[str]] = []
    for part in parts:
        if out and (len(part) < CONTEXT[0] or len(out[-1]) < CONTEXT[0]) and len(out[-1]) + len(part) <= CONTEXT[1]:
            out[-1] = [*out[-1], *part]
        else:
            out.append(list(part))
    return out


def window(place: Place, seed: int) -> tuple[str, int] | None:
    """Return a context of at most CONTEXT[1] sentences, and where the place's sentence begins in it; its place in the window is by hash.

    None where the context is one sentence, or longer than MOST_CONTEXT characters.
    """
    lines = list(place.lines)
    first = 0
    if len(lines) > CONTEXT[1]:
        low, high = max(0, place.at - CONTEXT[1] + 1), min(place.at, len(lines) - CONTEXT[1])
        first = low + chance(seed, place.document.id, place.text) % (high - low + 1)
        lines = lines[first : first + CONTEXT[1]]
    at = place.at - first
    while len(" ".join(lines)) > MOST_CONTEXT and len(lines) > CONTEXT[0]:  # long sentences: fewer of them, from the farther end
        if at > len(lines) - 1 - at:
            lines, at = lines[1:], at - 1
        else:
            lines = lines[:-1]
    context = " ".join(lines)
    start = len(" ".join([*lines[:at], ""]))
    return (context, start) if len(lines) >= CONTEXT[0] and len(context) <= MOST_CONTEXT else None


def unanswerable(rows: Sequence[Span], documents: Mapping[str, Sequence[Sequence[str]]], share: float, seed: int) -> list[Span]:
    """Return rows, `share` of them with a context from elsewhere in their document and no answer.

    Which, the hash decides, so that the question alone gives no hint. Fewer are changed where documents have no paragraph that fits.
    """
    wanted = int(share * len(rows))
    changed: dict[str, Span] = {}
    for row in sorted(rows, key=lambda r: chance(seed, "unanswerable", r.id)) if wanted else ():
        if len(changed) == wanted:
            break
        context = elsewhere(row, documents.get(row.document, ()))
        if context:
            changed[row.id] = dataclasses.replace(row, context=context, answers=())
    return [changed.get(row.id, row) for row in rows]


def elsewhere(row: Span, parts: Sequence[Sequence[str]]) -> str:
    """Return the window of the document that shares most with a question and doesn't answer it, "" where there is none.

    It holds no sentence of the row's own context, no stem of the answer's last word, not the answer itself, and no sentence
    with more than KNOWN of the question's stems.
    """
    answer = row.answers[0][0]
    head, asked = stem(WORD.findall(answer)[-1]), _stems(row.question.split(maxsplit=1)[-1])
    best, most = "", 0
    for part in parts:
        for first in range(0, len(part), CONTEXT[1]):
            lines = part[first : first + CONTEXT[1]]
            context = " ".join(lines)
            if len(lines) < CONTEXT[0] or len(context) > MOST_CONTEXT or any(line in row.context for line in lines):
                continue
            known = [len(asked & _stems(line)) for line in lines]
            shared = len(asked & _stems(context))
            near = answer.casefold() in context.casefold() or head in _stems(context)
            if not near and max(known) <= KNOWN * len(asked) and shared > most:
                best, most = context, shared
    return best


def _stems(text: str) -> set[str]:
    return {stem(word) for word in WORD.findall(text) if len(word) > 3 or word.isdigit()}
