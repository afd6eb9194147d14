"""Two languages' versions of one text, as gold for answer projection: pairs their sentences and says which target words the answer is."""

from __future__ import annotations

import hashlib
import math
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from build_data import sentences
from build_data.answers import Found, trimmed
from build_data.mt_bitext import Bitext, assemble
from build_data.sentences import Offsets
from build_data.translate import Translated
from corpora import corpus as corpora
from corpora import readers
from corpora.config import ConfigError
from corpora.records import Span

BEADS = ((1, 1, 0.0), (1, 2, 0.7), (2, 1, 0.7), (2, 2, 1.0), (1, 3, 1.5), (3, 1, 1.5))  # sentences on both sides that belong together, and what that costs


@dataclass(frozen=True)
class Twin:
    """A source row whose answer is known in the target too: `gold` are numbers of bitext.target_words, `text` is the answer there."""

    id: str
    bitext: Bitext
    answer: str
    start: int
    gold: frozenset[int]
    text: str

    def f1(self, found: Found) -> float:
        """Return the F1 of a found span's words with the gold ones, by place and not by look."""
        words = self.bitext.target_words
        taken = {i for i, word in enumerate(words) if word.start < found.start + len(found.text) and word.end > found.start}
        shared = len(taken & self.gold)
        return 2 * shared / (len(taken) + len(self.gold)) if shared else 0.0

    def exact(self, found: Found) -> bool:
        """Say whether the very words of the gold answer were found, and in the same letters."""
        return self.f1(found) == 1.0 and found.text == self.text


def pair(left: Sequence[int], right: Sequence[int]) -> list[tuple[int, int]]:
    """Return (sentences of the source, sentences of the target) of each bead, in order, by the sentences' lengths; [] where no way fits.

    As Gale and Church: the cheapest path through beads, a bead costing the squared log of its length ratio beside the texts' own, and BEADS.
    """
    ratio = max(sum(right), 1) / max(sum(left), 1)
    best: dict[tuple[int, int], tuple[float, list[tuple[int, int]]]] = {(0, 0): (0.0, [])}
    for i in range(len(left) + 1):
        for j in range(len(right) + 1):
            for a, b, price in BEADS:
                before = best.get((i - a, j - b))
                if before is None:
                    continue
                cost = before[0] + price + 2 * math.log((sum(right[j - b : j]) + 5) / (ratio * sum(left[i - a : i]) + 5)) ** 2
                if (i, j) not in best or cost < best[i, j][0]:
                    best[i, j] = cost, [*before[1], (a, b)]
    return best.get((len(left), len(right)), (0.0, []))[1]


def join(source: str, target: str, languages: tuple[str, str]) -> tuple[Bitext, list[Offsets]] | None:
    """Return the two versions of a text as a bitext, and where its target sentences stood in `target`; None where sentences cannot be paired."""
    left, right = (sentences.split(text, language) for text, language in zip((source, target), languages, strict=True))
    beads = [(1, 1)] * len(left) if len(left) == len(right) else pair([b - a for a, b in left], [b - a for a, b in right])
    if not beads:
        return None
    lefts, rights = list(_merged(left, [a for a, _ in beads])), list(_merged(right, [b for _, b in beads]))
    return assemble(source, lefts, [Translated(target[a:b], 0.0) for a, b in rights]), rights


def _merged(spans: Sequence[Offsets], sizes: Sequence[int]) -> Iterator[Offsets]:
    at = 0
    for size in sizes:
        yield spans[at][0], spans[at + size - 1][1]
        at += size


def twin_of(source: Span, target: Span, bitext: Bitext, places: Sequence[Offsets]) -> Twin:
    """Return the twin of two answerable rows; `places` are the bitext's target sentences in the target row's context."""
    (answer, start), (text, place) = source.answers[0], target.answers[0]
    first: dict[int, int] = {}
    for word in bitext.target_words:
        first.setdefault(word.sentence, word.start)
    moved = [(word, places[word.sentence][0] + word.start - first[word.sentence], len(word.text)) for word in bitext.target_words]
    gold = frozenset(i for i, (_, at, length) in enumerate(moved) if at < place + len(text) and at + length > place)
    begin, end = trimmed(text, 0, len(text))
    return Twin(source.id, bitext, answer, start, gold, text[begin:end])


def rows_of(name: str, half: int, rows: int, seed: int) -> list[tuple[Span, Span]]:
    """Return answerable (source, target) rows of a translated corpus, drawn from one half of its documents (0 or 1)."""
    translated = corpora.load(name)
    if not translated.translation_of:
        raise ConfigError(f"corpus {name!r} translates no other one; name one whose TOML has translation_of")
    source = {r.id: r for r in readers.read_records(corpora.load(translated.translation_of), "train") if isinstance(r, Span) and r.answers}
    found = [(source[r.source_id], r) for r in readers.read_records(translated, "train") if isinstance(r, Span) and r.answers and r.source_id in source]
    mine = sorted((p for p in found if int(hashlib.sha256(p[1].document.encode()).hexdigest()[:8], 16) % 2 == half), key=lambda p: p[0].id)
    random.Random(seed).shuffle(mine)
    return mine[:rows]


def twins(pairs: Sequence[tuple[Span, Span]], languages: tuple[str, str]) -> tuple[list[Twin], int]:
    """Return the twins, and how many rows have texts whose sentences could not be paired."""
    joined = {(a.context, b.context): join(a.context, b.context, languages) for a, b in pairs}
    out = [twin_of(a, b, *both) for a, b in pairs if (both := joined[a.context, b.context]) is not None]
    return out, len(pairs) - len(out)
