"""The rows of a native arm: documents of the language's corpora, or labelled native records, -> a family's maker -> rows.

Documents stream from their readers through a reservoir (build_data/reservoir.py), so a corpus of any size takes the same memory; the maker
gets them in blocks, in the order of their rank, until there are SURPLUS times the rows that the budget asks for.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from build_data.makers import MAKERS, family, make, maker_key
from build_data.makers.clean import clean_key
from build_data.makers.common import Declared
from build_data.parse import Parser
from build_data.reservoir import choose_documents
from build_data.shares import choose_rows
from build_data.split import rank
from build_data.steps import Ledger
from corpora import corpus as corpora
from corpora import readers
from corpora.config import ConfigError
from corpora.corpus import Corpus
from corpora.records import Document, Record
from corpora.shards import digest
from corpora.study import Study

VERSION = 2
SURPLUS = 1.5  # rows made for one that is wanted: filters, duplicates and the leak guard take some
WORDS = 4_000_000  # of one corpus, at most, unless the budget is large: 30 to 60 MB in memory
WORDS_A_ROW = 400  # words that a large budget may take for a row: the scarcest family (discourse relations) needs some 300

Rows = tuple[list[Record], list[dict[str, Any]]]


def sources(study: Study, task: str, language: str) -> list[tuple[Corpus, str]]:
    """Return (corpus, split) of everything a native arm is made from. Raises ConfigError for a corpus that does not fit, or a maker of another kind."""
    spec = study.tasks[task]
    names = spec.native.get(language, ())
    if not names:
        raise ConfigError(
            f"studies/{study.name}.toml: tasks.{task}.native has no corpora for {language!r}, but arms names native-{language}; add them or take the arm out"
        )
    reads, kind = family(spec.maker).reads, family(spec.maker).kind
    if kind != spec.kind:
        fit = ", ".join(name for name, declared in MAKERS.items() if declared.kind == spec.kind)
        raise ConfigError(f"tasks.{task}.maker = {spec.maker!r} makes rows of kind {kind!r}, but the task is of kind {spec.kind!r}; makers of that kind: {fit}")
    found: list[tuple[Corpus, str]] = []
    for name in names:
        corpus = corpora.load(name)
        if (corpus.kind == "documents") != (reads == "documents"):
            wanted = "running text (kind 'documents')" if reads == "documents" else "labelled rows (pair, tags, ...)"
            raise ConfigError(f"tasks.{task}.native.{language}: {name!r} is of kind {corpus.kind!r}, but maker {spec.maker!r} reads {wanted}")
        if language not in corpus.languages:
            raise ConfigError(f"tasks.{task}.native.{language}: {name!r} is in {', '.join(corpus.languages)}")
        if "translated" in corpus.origin:
            raise ConfigError(f"tasks.{task}.native.{language}: {name!r} is {corpus.origin}, so it is no native text; take it out")
        found += [(corpus, split) for split in _splits(corpus)]
    return found


def _splits(corpus: Corpus) -> list[str]:
    """Return the splits that rows are made from: the documents, or the training part; a collection without one (a test set that others publish) gives all."""
    known = sorted({*corpus.splits, *(corpus.hub.splits if corpus.hub else ())})
    return ["docs"] if corpus.kind == "documents" and "docs" in known else ["train"] if "train" in known else known


def settings(study: Study, task: str, language: str) -> dict[str, Any]:
    """Return what decides the rows beside corpora and parser: for keys and manifests."""
    spec = study.tasks[task]
    found: dict[str, Any] = {"maker": maker_key(spec.maker), "documents": spec.documents, "shares": spec.shares_for(language), "version": VERSION}
    return found | ({"clean": clean_key(language)} if family(spec.maker).reads == "documents" else {})


def rows_key(study: Study, task: str, language: str, parser: Parser) -> str:
    """Return the hash of everything that decides the made rows."""
    made_from = [[corpora.fingerprint(corpus, split), corpora.reading(corpus)] for corpus, split in sources(study, task, language)]
    return digest([made_from, settings(study, task, language), _needed(study), parser.fingerprint])


def _needed(study: Study) -> tuple[int, int]:
    return int(SURPLUS * study.budget.validation), int(SURPLUS * study.budget.examples)


def make_rows(study: Study, task: str, language: str, parser: Parser, tell: Callable[[str], None]) -> Rows:
    """Make the rows of a native arm, with a closed ledger a step. `tell` is told what is being done."""
    spec = study.tasks[task]
    declared = family(spec.maker)
    items, ledgers = _records(study, task, language) if declared.reads == "records" else _documents(study, task, language, tell)
    rows, made = _in_blocks(study, task, language, parser, items, tell)
    surplus = choose_rows(rows, declared.labels, spec.shares_for(language), *_needed(study))
    ledgers += [*made, *(ledger | {"step": "surplus"} for ledger in surplus.ledgers)]
    return sorted(surplus.kept, key=lambda r: r.id), ledgers


def _records(study: Study, task: str, language: str) -> tuple[list[Record], list[dict[str, Any]]]:
    """Read labelled rows; single rows that are translations go, whatever their corpus says of itself."""
    rows = [row for corpus, split in sources(study, task, language) for row in readers.read_records(corpus, split)]
    kept = [row for row in rows if "translated" not in row.origin]
    ledger = Ledger("read", rows_in=len(rows), kept=len(kept), excluded=Counter({"translated": len(rows) - len(kept)} if len(rows) > len(kept) else {}))
    return sorted(kept, key=lambda r: (rank(r.id), r.id)), [ledger.close()]


def _documents(study: Study, task: str, language: str, tell: Callable[[str], None]) -> tuple[list[Document], list[dict[str, Any]]]:
    """Choose and clean the documents of all corpora, in the order of their rank."""
    words = max(WORDS, WORDS_A_ROW * (study.budget.examples + study.budget.validation))
    kept: list[Document] = []
    ledgers: list[dict[str, Any]] = []
    for corpus, split in sources(study, task, language):
        tell(f"reading {corpus.name}")
        broken: list[str] = []
        stream = readers.stream_documents(corpus, split, broken)
        chosen = choose_documents(stream, corpus.name, language, study.tasks[task].documents, words, broken)
        kept += chosen.documents
        ledgers += chosen.ledgers
    return sorted(kept, key=lambda d: (rank(d.id), d.id)), merged(ledgers)


def _in_blocks(study: Study, task: str, language: str, parser: Parser, items: Sequence[Any], tell: Callable[[str], None]) -> Rows:
    """Run the maker block by block until there are rows enough; what it does not look at is counted as "enough_rows"."""
    spec = study.tasks[task]
    declared = family(spec.maker)
    maker = make(spec.maker)
    rows: list[Record] = []
    ledgers: list[dict[str, Any]] = []
    used = 0
    for block in blocks(items, declared.block_words if declared.reads == "documents" else 0):
        tell(f"making rows from {declared.reads} {used + 1} to {used + len(block)} of {len(items)}")
        made = maker(block, language, parser, 1)
        rows += made.records
        ledgers += made.ledgers
        used += len(block)
        if used < len(items) and _enough(study, declared, spec.shares_for(language), rows):
            break
    whole = Ledger("blocks", rows_in=len(items), kept=used, excluded=Counter({"enough_rows": len(items) - used} if used < len(items) else {}))
    return rows, [whole.close(), *merged(ledgers)]


def _enough(study: Study, declared: Declared, shares: Any, rows: Sequence[Record]) -> bool:
    validation, examples = _needed(study)
    return len(rows) >= examples and len(choose_rows(rows, declared.labels, shares, validation, examples).kept) >= examples + validation


def blocks(items: Sequence[Any], words: int) -> Iterator[Sequence[Any]]:
    """Yield documents in blocks of at least `words` words (the last may have fewer); 0 = all in one."""
    start = size = 0
    for number, item in enumerate(items):
        size += sum(text.count(" ") + 1 for text in item.paragraphs) if words else 0
        if words and size >= words:
            yield items[start : number + 1]
            start, size = number + 1, 0
    if start < len(items):
        yield items[start:]


def merged(ledgers: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return ledgers with those of one step added up, in the order in which steps first came."""
    found: dict[str, Ledger] = {}
    for one in ledgers:
        total = found.setdefault(one["step"], Ledger(one["step"]))
        total.rows_in += one["in"]
        total.made += one["made"]
        total.kept += one["kept"]
        total.excluded.update(one["excluded"])
    return [ledger.close() for ledger in found.values()]
