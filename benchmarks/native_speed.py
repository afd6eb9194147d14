"""Measures what native tasks cost beside parsing: documents a second and core, and memory on a text file of any size.

    python -m benchmarks.native_speed speed  [--count 400] [--words 350] [--parses FOLDER]   cleaning, cutting and making, family by family
    python -m benchmarks.native_speed memory [--mb 50 1000]                peak memory of a build from a generated file

`speed` takes running text of CORPORA_DIR (the bundled documents where it has none) in documents of --words words. Times are processor
seconds of one thread, the best of three; what a maker spends inside the parser is timed apart and taken off. `memory` runs each size in
a process of its own: a file of documents streams through reservoir, cleaning and the maker of plain text. With --parses, parses are kept in that
folder (LANGUAGE.sqlite), so that a second measurement parses nothing.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from build_data.makers import MAKERS, make
from build_data.makers.clean import clean
from build_data.native import WORDS, blocks
from build_data.parse import Parse, Parser, load_parser
from build_data.reservoir import choose_documents
from corpora import corpus as corpora
from corpora import readers
from corpora.config import ConfigError, build
from corpora.corpus import Corpus
from corpora.records import Document
from corpora.shards import file_sha256
from corpora.study import Parsing

PACKS = Parsing(packs={"fi": "mini/models/stanza/fi", "hu": "mini/models/stanza/hu"})
TEXT = {"fi": ("fi/fincore", "fi/kirjastonhoitaja", "fi/law"), "hu": ("hu/nerkor_docs", "hu/gold_standard", "hu/eltec")}
ROUNDS = 3


class Timed:
    """A parser that keeps the time spent in it."""

    def __init__(self, parser: Parser) -> None:
        self.parser, self.seconds = parser, 0.0
        self.fingerprint, self.layers, self.language = parser.fingerprint, parser.layers, parser.language

    def parse(self, texts: Sequence[str], **asked: Any) -> list[Parse | None]:
        start = time.process_time()
        try:
            return self.parser.parse(texts, **asked)
        finally:
            self.seconds += time.process_time() - start

    def __getattr__(self, name: str) -> Any:
        return getattr(self.parser, name)


def documents(language: str, count: int, words: int) -> list[Document]:
    """Return `count` documents of about `words` words, put together from the paragraphs of real ones, corpus by turns."""
    try:
        streams = [_paragraphs(name, language) for name in TEXT[language]]
        return _filled(streams, count, words)
    except ConfigError:
        return _filled([_paragraphs(f"mini/{language}-docs", language)], count, words)


def _paragraphs(name: str, language: str) -> Iterator[tuple[str, str]]:
    del language
    for document in readers.stream_documents(corpora.load(name), "docs", []):
        if document.year[:4] >= "1900" or not document.year:
            yield from ((document.genre, paragraph) for paragraph in document.paragraphs)


def _filled(streams: list[Iterator[tuple[str, str]]], count: int, words: int) -> list[Document]:
    found: list[Document] = []
    while len(found) < count and streams:
        stream = streams[len(found) % len(streams)]
        parts: list[str] = []
        genre = ""
        size = 0
        while size < words and (item := next(stream, None)) is not None:
            genre = item[0]
            parts.append(" ".join(item[1].split(" ")[: max(words - size, 1)]) if len(item[1]) > 10 * words else item[1])
            size += len(parts[-1].split())
        if size < words:
            streams.remove(stream)
        if parts:
            found.append(Document(id=f"d{len(found)}", paragraphs=tuple(parts), genre=genre, corpus="bench", licence="-"))
    return found


def speed(count: int, words: int, parses: Path | None, families: Sequence[str]) -> None:
    """Print documents a second for cleaning and for every family that reads documents."""
    for language in TEXT:
        found = documents(language, count, words)
        total = sum(len(p.split()) for d in found for p in d.paragraphs)
        clean(found[:2], language)
        best = min(_seconds(lambda f=found, lang=language: clean(f, lang)) for _ in range(ROUNDS))  # type: ignore[misc]
        print(f"{language}: {len(found)} documents, {total / len(found):.0f} words each; cleaning {len(found) / best:,.0f} documents/s")
        kept, _ = clean(found, language)
        with tempfile.TemporaryDirectory() as folder:
            parser = load_parser(PACKS, language, (parses or Path(folder)) / f"{language}.sqlite", 1)
            for name in [n for n, declared in MAKERS.items() if declared.reads == "documents" and (not families or n in families)]:
                _family(name, kept, language, parser, len(found), best)


def _family(name: str, kept: Sequence[Document], language: str, parser: Parser, count: int, cleaning: float) -> None:
    make(name)(kept, language, parser, 1)  # fills the cache of parses
    best, rows = float("inf"), 0
    for _ in range(ROUNDS):
        timed = Timed(parser)
        start = time.process_time()
        rows = len(make(name)(kept, language, timed, 1).records)
        best = min(best, time.process_time() - start - timed.seconds)
    print(f"  {name:16} {rows:6} rows; making {count / best:8,.0f} documents/s, with cleaning {count / (best + cleaning):8,.0f}", flush=True)


def _seconds(work: Any) -> float:
    start = time.process_time()
    work()
    return time.process_time() - start


def generate(path: Path, megabytes: int) -> int:
    """Write a file of documents made from the bundled ones, each told apart by its number; return how many."""
    lines = [json.loads(line) for line in (corpora.ROOT / "mini/fi/docs.jsonl").read_text("utf-8").splitlines()]
    count = written = 0
    with path.open("w", encoding="utf-8") as file:
        while written < megabytes * 1_000_000:
            paragraphs = [f"{text} Näin kertoo teksti numero {count}." for number in range(3) for text in lines[(count + number) % len(lines)]["paragraphs"]]
            written += file.write(json.dumps({"id": f"g{count}", "genre": "news", "paragraphs": paragraphs}, ensure_ascii=False) + "\n")
            count += 1
    return count


def one(path: Path, rows: int) -> None:
    """Build text rows from a generated file; print documents, seconds and peak memory."""
    raw = {
        "title": "generated", "languages": ["fi"], "kind": "documents", "origin": "synthetic", "licence": "CC0-1.0", "publishable": "yes", "reader": "documents",
        "source": "generated", "splits": {"docs": {"files": [path.name], "sha256": [file_sha256(path)], "rows": rows}},
    }  # fmt: skip
    corpus = build(Corpus, raw, "generated.toml")
    object.__setattr__(corpus, "name", "fi/generated")
    start = time.process_time()
    chosen = choose_documents(readers.stream_documents(corpus, "docs", []), corpus.name, "fi", 0, WORDS, [])
    reading = time.process_time() - start
    made = sum(len(make("text")(block, "fi", None, 1).records) for block in blocks(chosen.documents, MAKERS["text"].block_words))  # type: ignore[arg-type]
    seconds = time.process_time() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(
        f"{path.stat().st_size / 1e6:6.0f} MB, {rows:,} documents: {len(chosen.documents):,} chosen, {made:,} rows; {reading:.1f} s to choose, "
        f"{seconds:.1f} s in all ({rows / seconds:,.0f} documents/s); peak memory {peak:.0f} MB",
        flush=True,
    )


def memory(sizes: Sequence[int]) -> None:
    """Run `one` on a generated file of each size, in a process of its own."""
    for size in sizes:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "text.jsonl"
            rows = generate(path, size)
            code = f"from pathlib import Path; from benchmarks.native_speed import one; one(Path({str(path)!r}), {rows})"
            subprocess.run([sys.executable, "-c", code], check=True, env={**os.environ, "CORPORA_DIR": folder})


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["speed", "memory"])
    parser.add_argument("--count", type=int, default=400)
    parser.add_argument("--words", type=int, default=350)
    parser.add_argument("--parses", type=Path, help="speed: folder where parses are kept")
    parser.add_argument("--family", action="append", default=[], choices=sorted(MAKERS), help="speed: only this family; may be given more than once")
    parser.add_argument("--mb", type=int, nargs="+", default=[50, 1000])
    args = parser.parse_args()
    speed(args.count, args.words, args.parses, args.family) if args.what == "speed" else memory(args.mb)


if __name__ == "__main__":
    main()
