"""Leak guard: no text of a dev or test set of the study's targets may be in an intermediate task (HOUSE contract 7).

A text leaks if, casefolded and reduced to letters and digits, it equals an evaluation text; if it holds a whole evaluation
text of six words or more; or if it shares thirteen words in a row with one (GPT-3's and lm-eval's length, facts/data-stage 4).
Texts of one or two words never leak: "Yes." in a test set bans nothing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from build_data.dedup import normal
from build_data.steps import Dropped, Step, each
from corpora import corpus as corpora
from corpora.records import Aligned, Document, Record
from corpora.shards import digest
from corpora.study import Study

VERSION = 1
SHORTEST_EQUAL = 3  # words; an equal text of fewer is chance
SHORTEST_INSIDE = 6  # words; a shorter sentence may stand in any book
WINDOW = 13  # words in a row


@dataclass
class Index:
    """Hashes of the evaluation texts, each with the "target.language" it is from."""

    equal: dict[int, str] = field(default_factory=dict)
    inside: dict[int, dict[int, str]] = field(default_factory=dict)  # length in words -> hash of a whole text -> where from
    windows: dict[int, str] = field(default_factory=dict)
    gates: set[int] = field(default_factory=set)  # the first six words of all of these: most places of a text are passed over after one look
    counts: dict[str, int] = field(default_factory=dict)  # texts read, by "target.language"
    fingerprint: str = ""

    def add(self, text: str, origin: str) -> None:
        """Add one evaluation text."""
        tokens = normal(text).split()
        self.counts[origin] = self.counts.get(origin, 0) + 1
        if len(tokens) >= SHORTEST_EQUAL:
            self.equal.setdefault(_hash(tokens), origin)
        if SHORTEST_INSIDE <= len(tokens) <= WINDOW:
            self.inside.setdefault(len(tokens), {}).setdefault(_hash(tokens), origin)
            self.gates.add(_hash(tokens[:SHORTEST_INSIDE]))
        for at in range(len(tokens) - WINDOW + 1):
            self.windows.setdefault(_hash(tokens[at : at + WINDOW]), origin)
            self.gates.add(_hash(tokens[at : at + SHORTEST_INSIDE]))

    def find(self, text: str) -> str:
        """Return the "target.language" whose evaluation text is, or is inside, `text`; "" if none."""
        tokens = normal(text).split()
        if len(tokens) >= SHORTEST_EQUAL and (origin := self.equal.get(_hash(tokens))):
            return origin
        for at in range(len(tokens) - SHORTEST_INSIDE + 1):
            if _hash(tokens[at : at + SHORTEST_INSIDE]) in self.gates and (origin := self._at(tokens[at : at + WINDOW])):
                return origin
        return ""

    def _at(self, tokens: Sequence[str]) -> str:
        """Return where a text that begins just here is from, "" if none does."""
        whole = next((known[h] for size, known in self.inside.items() if size <= len(tokens) and (h := _hash(tokens[:size])) in known), "")
        return whole or (self.windows.get(_hash(tokens), "") if len(tokens) == WINDOW else "")


def _hash(tokens: Sequence[str]) -> int:
    """Return 64 bits of a hash that is the same in every process and on every machine."""
    return int.from_bytes(hashlib.blake2b(" ".join(tokens).encode("utf-8"), digest_size=8).digest(), "big")


def leak_index(study: Study, languages: Sequence[str] | None = None) -> Index:
    """Read dev and test sets of all targets of the study: English dev, and dev and test of each language. Raises ConfigError."""
    index = Index()
    sources: list[object] = []
    for name, corpus, split, language in _sets(study, languages):
        sources.append(corpora.fingerprint(corpora.load(corpus), split))
        for text in _texts(corpus, split):
            index.add(text, f"{name}.{language}")
    index.fingerprint = digest([VERSION, SHORTEST_EQUAL, SHORTEST_INSIDE, WINDOW, sources])
    return index


def _sets(study: Study, languages: Sequence[str] | None) -> Iterator[tuple[str, str, str, str]]:
    """Yield (target, corpus, split, language) of every evaluation set that is declared."""
    for name, target in study.targets.items():
        wanted = {"en": target.english, **{k: v for k, v in target.test.items() if languages is None or k in languages}}
        for language, corpus in wanted.items():
            known: set[str] = set()
            if corpus:
                declared = corpora.load(corpus)
                known = {*declared.splits, *(declared.hub.splits if declared.hub else ())}
            for split in sorted(known & {"dev", "test"}):
                yield name, corpus, split, language


def _texts(corpus: str, split: str) -> Iterable[str]:
    from corpora.readers import read  # not at the top: filters and tests use Index alone

    for row in read(corpora.load(corpus), split):
        if isinstance(row, Record):
            yield from row.texts()
        elif isinstance(row, Aligned):
            yield from (row.source, row.target)
        elif isinstance(row, Document):
            yield from row.paragraphs


def leak_guard(index: Index) -> Step:
    """Return the row-local step that refuses rows with a leaked text; reason "leak:TARGET.LANGUAGE"."""

    def keep(record: Record) -> Record | Dropped:
        origin = next(filter(None, map(index.find, record.texts())), "")
        return Dropped(record, "leaks", f"leak:{origin}") if origin else record

    return Step("leaks", each(keep), {"index": index.fingerprint}, VERSION)


def leaked(index: Index, records: Iterable[Record]) -> Mapping[str, int]:
    """Count rows with a leak, by origin: what a finished task is checked with (nothing may be left)."""
    counts: dict[str, int] = {}
    for record in records:
        if origin := next(filter(None, map(index.find, record.texts())), ""):
            counts[origin] = counts.get(origin, 0) + 1
    return counts
