"""The translation of a whole build: every distinct sentence of all its arms is decoded once, before the first shard is made.

Shards then find everything in the translation memory. Decoding over all tasks together keeps the engine's batches full (a shard alone has a few
sentences of each length), and a sentence that premise, hypothesis, context and question share costs nothing the second time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from build_data import sentences
from build_data.memory import Memory
from build_data.mt_texts import Sized, Texts
from build_data.translate import Translated, Translator, batched
from corpora.records import Record, Span

TEXTS = 500  # texts looked at together, so that memory stays flat
Told = Callable[[int, int], None]  # (texts done, texts in all)


def texts_of(records: Iterable[Record]) -> list[str]:
    """Return the distinct texts of records that are translated, in order: what a reader sees, and the answers by themselves."""
    found: dict[str, None] = {}
    for record in records:
        found.update(dict.fromkeys(record.texts()))
        if isinstance(record, Span):
            found.update((text, None) for text, _ in record.answers)
    return list(found)


def sentences_of(translator: Sized, texts: Iterable[str]) -> Iterator[str]:
    """Yield the sentences of texts, cut as the translator can take them."""
    limit = int(translator.settings["max_input"])
    for text in texts:
        for start, end in sentences.split(text, translator.source, translator.pieces, limit):
            yield text[start:end]


def decode_all(translator: Translator, memory: Memory, texts: Sequence[str], told: Told = lambda done, of: None) -> None:
    """Translate every sentence of `texts` that the memory lacks, whatever its task. Can be killed at any time and goes on from there."""
    seen = 0

    def counted() -> Iterator[str]:
        nonlocal seen
        for text in texts:
            seen += 1
            yield text

    told(0, len(texts))
    memory.fill(translator, sentences_of(translator, counted()), lambda known, decoded: told(seen, len(texts)))


def results(translator: Sized, memory: Memory, texts: Iterable[str]) -> Iterator[Mapping[str, Translated]]:
    """Yield sentence -> translation for the sentences of `texts`, some at a time, out of the memory."""
    for some in batched(texts, TEXTS):
        parts = list(dict.fromkeys(sentences_of(translator, some)))
        yield dict(zip(parts, memory.translate(translator, parts), strict=True))


def targets(translator: Sized, memory: Memory, texts: Iterable[str]) -> Iterator[str]:
    """Yield the translations of whole texts, out of the memory, for a translator that goes on from there (bt-en)."""
    for some in batched(texts, TEXTS):
        made = Texts(translator, memory, some)
        yield from (made[text].target for text in some)
