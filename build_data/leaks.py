"""Leak guard: no text of a dev or test set of the study's targets may be in an intermediate task (HOUSE contract 7).

A text leaks if one of these holds, tried in this order; the rule that found it is part of the reason:

- `equal`: casefolded and reduced to letters and digits it is an evaluation text;
- `inside`: it holds a whole evaluation text of 6 to 12 words;
- `words`: it shares 13 words in a row with one (the length of GPT-3 and lm-eval, facts/data-stage 4);
- `stems`: it shares 8 stems in a row with one in its own language, for 13 Finnish words say more than 13 English ones;
- `near`: it has six words or more and its character 5-grams overlap with those of one by .7 (Jaccard; near.py).

Texts of one word never leak: "Yes." in a test set bans nothing.
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from build_data import near
from build_data.near import Near, normal
from build_data.stems import stem
from build_data.steps import Dropped, Step
from build_data.windows import Numbers, Table, Words, windows
from corpora.records import Record

VERSION = 2
SHORTEST_EQUAL = 2  # words; an equal text of one is chance
SHORTEST_INSIDE = 6  # words; a shorter sentence may stand in any book
SHORTEST_NEAR = 6  # words; shorter ones are near by chance ("Missä hän on?", "Missä hän oli?")
WINDOW = 13  # words in a row
STEMS = 8  # stems in a row
BATCH = 2_000  # texts looked up together: some megabytes of numbers


@dataclass(frozen=True, slots=True)
class Leak:
    """What was found of one text: "target.language" it leaks from, the rule, and how alike (1 unless the rule is `near`)."""

    origin: str
    rule: str
    value: float = 1.0


@dataclass
class Index:
    """The evaluation texts, each with the "target.language" it is from. Add all, then find."""

    counts: dict[str, int] = field(default_factory=dict)  # texts read, by "target.language"
    fingerprint: str = ""

    def __post_init__(self) -> None:
        self._origins: list[str] = []
        self._words = Words()
        self._stems: dict[str, Words] = {}
        self._equal: dict[str, int] = {}
        self._inside = {size: Table() for size in range(SHORTEST_INSIDE, WINDOW)}
        self._windows = Table()
        self._stemmed: dict[str, Table] = {}  # language -> runs of stems
        self._near = Near()
        self._near_origins: list[int] = []

    def add(self, text: str, origin: str) -> None:
        """Add one evaluation text of "target.language"."""
        self.add_all([text], origin)

    def add_all(self, texts: Sequence[str], origin: str) -> None:
        """Add the evaluation texts of "target.language"; the language decides the stemmer."""
        self.counts[origin] = self.counts.get(origin, 0) + len(texts)
        code = len(self._origins)
        self._origins.append(origin)
        language = origin.rpartition(".")[2]
        for batch in _batches(texts):
            words = [normal(text).split() for text in batch]
            for tokens in words:
                if len(tokens) >= SHORTEST_EQUAL:
                    self._equal.setdefault("".join(tokens), code)
                if len(tokens) >= SHORTEST_NEAR:
                    self._near.add((" ".join(tokens),))
                    self._near_origins.append(code)
            for size, table in self._inside.items():
                _fill(table, *_flat([tokens for tokens in words if len(tokens) == size], self._words), size, code)
            _fill(self._windows, *_flat(words, self._words), WINDOW, code)
            _fill(self._stemmed.setdefault(language, Table()), *_flat(words, self._stems_of(language)), STEMS, code)

    def find(self, text: str, language: str) -> Leak | None:
        """Return what one text in `language` leaks, or None."""
        return self.find_all([text], language)[0]

    def find_all(self, texts: Sequence[str], language: str) -> list[Leak | None]:
        """Return what each text leaks, or None; equal texts are looked up once."""
        distinct = list(dict.fromkeys(texts))
        found: dict[str, Leak | None] = {}
        for batch in _batches(distinct):
            found.update(zip(batch, self._look_up(batch, language), strict=True))
        return [found[text] for text in texts]

    def _look_up(self, texts: Sequence[str], language: str) -> list[Leak | None]:
        words = [normal(text).split() for text in texts]
        found: list[Leak | None] = [self._leak(self._equal.get("".join(tokens), -1) if len(tokens) >= SHORTEST_EQUAL else -1, "equal") for tokens in words]
        numbers, places = _flat(words, self._words)
        for size, table in self._inside.items():
            self._mark(found, table, numbers, places, size, "inside")
        self._mark(found, self._windows, numbers, places, WINDOW, "words")
        if language in self._stemmed:
            self._mark(found, self._stemmed[language], *_flat(words, self._stems_of(language)), STEMS, "stems")
        for at, tokens in enumerate(words):
            if found[at] is None and len(tokens) >= SHORTEST_NEAR:
                best = max(self._near.find((" ".join(tokens),)), key=lambda item: item[1], default=None)
                found[at] = self._leak(self._near_origins[best[0]], "near", best[1]) if best else None
        return found

    def _mark(self, found: list[Leak | None], table: Table, numbers: Numbers, places: NDArray[np.int64], size: int, rule: str) -> None:
        runs, texts = windows(numbers, places, size)
        codes = table.find(runs)
        for at in np.flatnonzero(codes >= 0):
            if found[texts[at]] is None:
                found[texts[at]] = self._leak(int(codes[at]), rule)

    def _stems_of(self, language: str) -> Words:
        return self._stems.setdefault(language, Words(functools.partial(stem, language=language)))

    def _leak(self, code: int, rule: str, value: float = 1.0) -> Leak | None:
        return Leak(self._origins[code], rule, round(value, 4)) if code >= 0 else None


def _batches(texts: Sequence[str]) -> Iterator[Sequence[str]]:
    return (texts[at : at + BATCH] for at in range(0, len(texts), BATCH))


def _flat(texts: Sequence[Sequence[str]], words: Words) -> tuple[Numbers, NDArray[np.int64]]:
    """Return the numbers [n] of all words one after the other, and the text [n] each is of."""
    numbers = words.numbers(list(itertools.chain.from_iterable(texts)))
    return numbers, np.repeat(np.arange(len(texts), dtype=np.int64), [len(tokens) for tokens in texts])


def _fill(table: Table, numbers: Numbers, places: NDArray[np.int64], size: int, code: int) -> None:
    runs, _ = windows(numbers, places, size)
    table.add(runs, np.full(len(runs), code, np.int32))


def leak_guard(index: Index, language: str, sources: Mapping[str, Record] | None = None) -> Step:
    """Return the step that refuses rows with a leaked text; reason "leak:TARGET.LANGUAGE=RULE", value 1 or how near.

    `sources` has the English row behind each `source_id`: a translation of an evaluation text leaks as the text itself does.
    """

    def work(records: Sequence[Record]) -> Iterator[Record | Dropped]:
        for record, leak in zip(records, find_leaks(index, records, language, sources or {}), strict=True):
            yield Dropped(record, "leaks", f"leak:{leak.origin}={leak.rule}", leak.value) if leak else record

    return Step("leaks", work, {"index": index.fingerprint, "language": language}, VERSION)


def find_leaks(index: Index, records: Sequence[Record], language: str, sources: Mapping[str, Record]) -> list[Leak | None]:
    """Return the first leak of each row, or None: of its own texts, then of its English source's."""
    own = iter(index.find_all([text for record in records for text in record.texts()], language))
    behind = [sources[record.source_id].texts() if record.source_id in sources else () for record in records]
    english = iter(index.find_all([text for texts in behind for text in texts], "en"))
    found = []
    for record, texts in zip(records, behind, strict=True):
        leaks = [*itertools.islice(own, len(record.texts())), *itertools.islice(english, len(texts))]
        found.append(next(filter(None, leaks), None))
    return found


def leaked(index: Index, records: Iterable[Record], language: str) -> Mapping[str, int]:
    """Count rows with a leak, by origin: what a finished task is checked with (nothing may be left)."""
    counts: dict[str, int] = {}
    for leak in find_leaks(index, list(records), language, {}):
        if leak:
            counts[leak.origin] = counts.get(leak.origin, 0) + 1
    return counts


SETTINGS = [VERSION, near.VERSION, near.BOUND, SHORTEST_EQUAL, SHORTEST_INSIDE, SHORTEST_NEAR, WINDOW, STEMS]
