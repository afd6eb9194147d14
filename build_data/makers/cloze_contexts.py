"""What a question is read with: a window of sentences around its own, or one of another paragraph, where it has no answer."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from build_data.makers.common import chance
from build_data.makers.questions import stem
from corpora.records import Document, Span

CONTEXT = (2, 8)  # sentences a context
SIZES = (4, 8)  # of which so many are drawn; short documents have fewer
MOST_CONTEXT = 1500  # characters: about what a reader of 384 sub-words sees in one window
OTHER_SIZE = 0.01  # what a sentence more or fewer than drawn costs, as a share of the context by which the answer may miss its place instead
ACROSS = 0.03  # what a border of paragraphs costs
KNOWN = 0.75  # share of a question's stems; a sentence that has more of them may answer it in other words
WORD = re.compile(r"\w+(?:-\w+)*")


@dataclass(frozen=True)
class Place:
    """A sentence of a document: all its sentences, the number of the paragraph that each is in, and which one."""

    document: Document
    lines: tuple[str, ...]
    paragraphs: tuple[int, ...]
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


def window(place: Place, answer: tuple[int, int], seed: int) -> tuple[str, int] | None:
    """Return the context of a question, and where its sentence begins in it: CONTEXT sentences of the document in a row, in which the answer stands once.

    Sentences that can be asked for often open their paragraph, and answers their sentence. Left so, every ninth answer of the Finnish rows would
    stand at the very beginning. So chance draws where in the context the answer is to stand, evenly from first to last, and how many sentences
    there are; of all windows the nearest to that is taken, which may begin in the paragraph before. None where no window fits.
    """
    found = place.text[slice(*answer)]
    once = re.compile(rf"(?<!\w){re.escape(found)}(?!\w)", re.IGNORECASE)
    drawn = chance(seed, place.document.id, place.text, *answer)
    wanted, size = (drawn >> 16) / 2**48, SIZES[0] + drawn % (SIZES[1] - SIZES[0] + 1)
    before, inside = place.text[: answer[0]].count(" "), found.count(" ") + 1
    counts = [line.count(" ") + 1 for line in place.lines[max(0, place.at - CONTEXT[1]) : place.at + CONTEXT[1]]]
    shift = max(0, place.at - CONTEXT[1])

    def far(ends: tuple[int, int]) -> tuple[float, int]:
        whole, ahead = sum(counts[ends[0] - shift : ends[1] - shift]), before + sum(counts[ends[0] - shift : place.at - shift])
        borders = place.paragraphs[ends[1] - 1] - place.paragraphs[ends[0]]
        return abs(ahead / max(1, whole - inside) - wanted) + OTHER_SIZE * abs(ends[1] - ends[0] - size) + ACROSS * min(borders, 2), ends[0]

    for first, stop in sorted(_windows(place), key=far):
        context = " ".join(place.lines[first:stop])
        if len(context) <= MOST_CONTEXT and len(once.findall(context)) == 1:
            return context, len(" ".join([*place.lines[first : place.at], ""]))
    return None


def _windows(place: Place) -> list[tuple[int, int]]:
    """Return [first, stop) of every CONTEXT of sentences in a row around the place."""
    count = len(place.lines)
    return [
        (first, first + size)
        for size in range(CONTEXT[0], CONTEXT[1] + 1)
        for first in range(max(0, place.at - size + 1), place.at + 1)
        if first + size <= count
    ]


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
    with more than KNOWN of the question's stems. Sentences are as many as chance draws for it, as in `window`: longer contexts would tell that there is no answer.
    """
    answer, size = row.answers[0][0], SIZES[0] + chance("elsewhere", row.id) % (SIZES[1] - SIZES[0] + 1)
    head, asked = stem(WORD.findall(answer)[-1]), _stems(row.question.split(maxsplit=1)[-1])
    best, most = "", 0
    for part in parts:
        for first in range(0, len(part), size):
            lines = part[first : first + size]
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
