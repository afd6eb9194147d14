"""The one way into a corpus: a declared corpus and a split to records, documents or aligned sentences.

Where the files are: CORPORA_DIR, then bundled, then the Hub. `source` of an aligned pair is in the corpus's first language,
`target` in its second: Tatoeba's `source` is the foreign side and its `target` the English one, as XTREME scores it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import cast

from corpora.config import ConfigError
from corpora.corpus import Corpus, locate, split_of
from corpora.readers.forms import Raw, raw_rows
from corpora.readers.rows import Item, Shape, keeps, make, row_id
from corpora.records import Aligned, Document, Record, RecordError

SHOWN = 3  # refused rows that an error spells out
HOPELESS = 1_000  # documents of a stream, none of which could be read: the next million won't do better
TOLD = 400  # characters of what is told of a broken document, whose text may be a book


def read(corpus: Corpus, split: str, limit: int = 0, refused: list[str] | None = None) -> list[Record] | list[Document] | list[Aligned]:
    """Return a split's rows, in file order, as what the corpus's kind says.

    `limit` > 0 stops after that many rows and then skips the count check. `refused` receives one line per row that breaks a rule of
    our records; how many do is declared in the TOML, so none goes unseen. Raises ConfigError: file and line, what was found, what to write.
    """
    if corpus.kind == "documents":
        return read_documents(corpus, split, limit, refused)
    if corpus.kind == "aligned":
        return read_aligned(corpus, split, limit, refused)
    return read_records(corpus, split, limit, refused)


def read_records(corpus: Corpus, split: str, limit: int = 0, refused: list[str] | None = None) -> list[Record]:
    """Return the records of a pair, span, choice, tags or text corpus; see `read`."""
    if corpus.kind in ("documents", "aligned"):
        raise ConfigError(f"corpus {corpus.name!r} is of kind {corpus.kind!r}, but records (pair, span, choice, tags, text) are wanted here")
    return cast(list[Record], _read(corpus, split, limit, refused))


def read_documents(corpus: Corpus, split: str, limit: int = 0, refused: list[str] | None = None) -> list[Document]:
    """Return the documents of a corpus of running text; see `read`."""
    if corpus.kind != "documents":
        raise ConfigError(f"corpus {corpus.name!r} is of kind {corpus.kind!r}, but running text (kind 'documents') is wanted here")
    return cast(list[Document], _read(corpus, split, limit, refused))


def read_aligned(corpus: Corpus, split: str, limit: int = 0, refused: list[str] | None = None) -> list[Aligned]:
    """Return the sentence pairs of an aligned corpus; see `read`."""
    if corpus.kind != "aligned":
        raise ConfigError(f"corpus {corpus.name!r} is of kind {corpus.kind!r}, but sentence pairs (kind 'aligned') are wanted here")
    return cast(list[Aligned], _read(corpus, split, limit, refused))


def stream_documents(corpus: Corpus, split: str, broken: list[str]) -> Iterator[Document]:
    """Yield the documents of a corpus of running text one by one, in file order; none is kept here, so memory does not grow with the corpus.

    A document that breaks a rule is no reason to stop among a million others: it adds one line to `broken` and is left out; where none can be
    read, a field has another name, and the stream ends. From the Hub rows are streamed, none is downloaded before it is asked for. Two
    documents may have one id: to tell that, all ids would have to be kept (35 MB more for a file of 1 GB). Raises ConfigError as `read` does, at
    the end for a wrong count.
    """
    if corpus.kind != "documents":
        raise ConfigError(f"corpus {corpus.name!r} is of kind {corpus.kind!r}, but running text (kind 'documents') is wanted here")
    shape, rows, declared, _ = _source(corpus, split)
    number = given = 0
    wrong: list[str] = []  # of the beginning, while nothing could be read
    for number, (where, row) in enumerate(rows, 1):
        try:
            if keeps(shape, row):
                document = cast(Document, make(shape, row, row_id(shape, row, number)))
                given += 1
                yield document
        except RecordError as err:
            line = f"{where}: {err}"[:TOLD]
            broken.append(line)
            if not given:
                wrong.append(line)
            if len(wrong) == number == HOPELESS:
                break
    if number and len(wrong) == number:
        found = "\n  ".join(wrong[:SHOWN]) + ("\n  ..." if number > SHOWN else "")
        raise ConfigError(f"corpus {corpus.name!r}, split {split!r}: none of {number} documents could be read:\n  {found}")
    _check_count(shape, number, declared)


def _read(corpus: Corpus, split: str, limit: int, refused: list[str] | None) -> list[Item]:
    return _items(*_source(corpus, split), limit, refused)


def _source(corpus: Corpus, split: str) -> tuple[Shape, Iterable[Raw], int, int]:
    """Return how a split names its fields, its raw rows, and how many rows and refusals are declared."""
    paths = locate(corpus, split)
    files = split_of(corpus, split)
    if paths is not None and files is not None:
        return Shape(corpus, split, corpus.fields, corpus.keep), raw_rows(corpus.reader, paths), files.rows, files.refused
    from corpora import hub  # only now is the Hub wanted

    assert corpus.hub is not None  # locate() has made sure
    home = corpus.hub
    shape = Shape(corpus, split, {**corpus.fields, **home.fields}, home.keep or corpus.keep, home.label_names)
    rows = ((f"{home.id} {home.splits[split]} row {number}", row) for number, row in enumerate(hub.load_rows(corpus, split), 1))
    return shape, rows, home.rows.get(split, 0), home.refused.get(split, 0)


def _items(shape: Shape, rows: Iterable[Raw], declared: int, may_refuse: int, limit: int, refused: list[str] | None) -> list[Item]:
    """Return the items of raw rows, held to the declared counts. Raises ConfigError."""
    kept: list[Item] = []
    wrong: list[str] = []
    seen: dict[str, int] = {}
    number = 0
    for number, (where, row) in enumerate(rows, 1):
        try:
            if keeps(shape, row):
                kept.append(make(shape, row, _unique(row_id(shape, row, number), seen)))
        except RecordError as err:
            wrong.append(f"{where}: {err}")
        if limit and len(kept) >= limit:
            break
    else:
        _check_count(shape, number, declared)
        limit = 0
    if len(wrong) > may_refuse or (not limit and len(wrong) != may_refuse):
        found = "\n  ".join(wrong[:SHOWN]) + ("\n  ..." if len(wrong) > SHOWN else "") or "none"
        raise ConfigError(
            f"corpus {shape.corpus.name!r}, split {shape.split!r}: {len(wrong)} rows break a rule of our records, declared are {may_refuse}:\n  {found}\n"
            f"Mend the rows, or declare them in corpora/{shape.corpus.name}.toml (`refused = {len(wrong)}` beside `rows`) and say why in `note`"
        )
    if not kept:
        raise ConfigError(f"corpus {shape.corpus.name!r}, split {shape.split!r}: none of {number} rows is kept; keep = {dict(shape.keep)} fits no row")
    if refused is not None:
        refused.extend(wrong)
    return kept


def _check_count(shape: Shape, found: int, declared: int) -> None:
    where = f"corpus {shape.corpus.name!r}, split {shape.split!r}"
    if not found:
        raise ConfigError(f"{where}: no rows at all; an empty collection is a mistake in its files or in corpora/{shape.corpus.name}.toml")
    if declared and found != declared:
        raise ConfigError(
            f"{where}: {found} rows found, {declared} declared in corpora/{shape.corpus.name}.toml. Another version of the source? "
            "Fetch the declared one, or declare this one with its rows and sha256 (`python -m corpora seal` does it for local files)"
        )


def _unique(name: str, seen: dict[str, int]) -> str:
    """Return `name`, or name~2, name~3 ... where a row of the split has it already."""
    count = seen[name] = seen.get(name, 0) + 1
    unique = name if count == 1 else f"{name}~{count}"
    return unique if count == 1 else _unique(unique, seen)


def count_rows(corpus: Corpus, split: str) -> int:
    """Return how many raw rows a split's local files hold, whatever was declared. Raises ConfigError."""
    paths = locate(corpus, split, verify=False)
    if paths is None:
        raise ConfigError(f"corpus {corpus.name!r}, split {split!r}: its files are not here, so they cannot be counted")
    return sum(1 for _ in raw_rows(corpus.reader, paths))
