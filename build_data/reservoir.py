"""Which documents of a corpus enter a build: those of smallest hash rank that are running text, in memory that does not grow with the corpus.

Documents stream by; what is kept is the shortest beginning, in the order of rank, that has enough documents or enough words. It is the
same for any order of the stream, and a document that cannot be among them any more is not even cleaned: of a million documents
some thousands are, where a thousand are wanted.
"""

from __future__ import annotations

import dataclasses
import heapq
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from build_data.makers.clean import Cleaned, clean_document, count
from build_data.split import rank
from build_data.steps import Ledger
from corpora.records import Document


@dataclass(order=True)
class Entry:
    """A document that was looked at; the heap gives the one of greatest rank first."""

    order: tuple[float, str]
    words: int = field(compare=False)
    found: Cleaned = field(compare=False)


@dataclass(frozen=True)
class Chosen:
    """Cleaned documents in the order of their rank, and two closed ledgers: of documents (in = kept + excluded) and of their paragraphs."""

    documents: list[Document]
    ledgers: list[dict[str, Any]]


class Reservoir:
    """Keeps the documents of smallest rank, up to `most` of them (0 = any number) and no more than it takes to have `words` words."""

    def __init__(self, language: str, most: int, words: int) -> None:
        self.language, self.most, self.bound = language, most, words
        self._heap: list[Entry] = []
        self._kept = self._words = self._passed = 0

    def add(self, document: Document) -> None:
        """Look at one document of the stream."""
        at = rank(document.id)
        if self._full() and at > -self._heap[0].order[0]:
            self._passed += 1
            return
        found = clean_document(document, self.language)
        size = sum(text.count(" ") + 1 for text in found.document.paragraphs) if found.document else 0
        heapq.heappush(self._heap, Entry((-at, document.id), size, found))
        self._kept += size > 0
        self._words += size
        while self._can_spare():
            gone = heapq.heappop(self._heap)
            self._kept -= gone.words > 0
            self._words -= gone.words
            self._passed += 1

    def _full(self) -> bool:
        return bool(self._heap) and (0 < self.most <= self._kept or self._words >= self.bound)

    def _can_spare(self) -> bool:
        """Say whether there is enough without the document of greatest rank; one that was refused is spared as soon as there is enough."""
        size = self._heap[0].words if self._heap else 0
        return self._full() and (not size or 0 < self.most < self._kept or self._words - size >= self.bound)

    def close(self, corpus: str, broken: int) -> Chosen:
        """Return what was kept; `broken` documents could not be read at all. Raises CountError if one got lost."""
        whole, parts = Ledger(f"documents of {corpus}"), Ledger("clean paragraphs")
        entries = sorted(self._heap, key=lambda e: (-e.order[0], e.order[1], e.found.document.paragraphs if e.found.document else ()))
        for entry in entries:
            count(entry.found, whole, parts)
        whole.rows_in += self._passed + broken
        whole.excluded.update({name: number for name, number in (("not_chosen", self._passed), ("broken", broken)) if number})
        return Chosen(_named_apart([e.found.document for e in entries if e.found.document]), [whole.close(), parts.close()])


def _named_apart(documents: list[Document]) -> list[Document]:
    """Return documents with a second one of the same id renamed "id~2", a third "id~3"; such have one rank, so they stand side by side."""
    seen: Counter[str] = Counter()
    found: list[Document] = []
    for document in documents:
        seen[document.id] += 1
        number = seen[document.id]
        found.append(document if number == 1 else dataclasses.replace(document, id=f"{document.id}~{number}"))
    return found


def choose_documents(stream: Iterable[Document], corpus: str, language: str, most: int, words: int, broken: list[str]) -> Chosen:
    """Run a stream through a reservoir; `broken` is what the stream fills while it runs (corpora.readers.stream_documents)."""
    reservoir = Reservoir(language, most, words)
    for document in stream:
        reservoir.add(document)
    return reservoir.close(corpus, len(broken))
