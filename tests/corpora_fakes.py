"""A declared corpus made of files that a test writes: what the tests of corpora/ share."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

from corpora.config import build
from corpora.corpus import Corpus
from corpora.shards import file_sha256

KIND_OF = {
    "squad-json": "span",
    "squad-jsonl": "span",
    "conllu": "tags",
    "tsv-tags": "tags",
    "documents": "documents",
    "aligned-tsv": "aligned",
    "aligned-lines": "aligned",
}


def declare(folder: Path, reader: str, files: dict[str, str | bytes], rows: int, **more: Any) -> Corpus:
    """Write `files` (name -> content; .gz is packed) under `folder` and return a corpus "xx/made" whose split "train" they are."""
    sums = []
    for name, content in files.items():
        raw = content if isinstance(content, bytes) else content.encode("utf-8")
        (folder / name).write_bytes(gzip.compress(raw, mtime=0) if name.endswith(".gz") else raw)
        sums.append(file_sha256(folder / name))
    split = {"files": list(files), "sha256": sums, "rows": rows, "refused": more.pop("refused", 0)}
    raw_corpus = {
        "title": "made by a test", "languages": ["fi"], "kind": KIND_OF.get(reader, "pair"), "origin": "native", "licence": "CC0-1.0", "publishable": "yes",
        "reader": reader, "source": "https://example.org/made", "splits": {"train": split}, **more,
    }  # fmt: skip
    if raw_corpus["kind"] == "pair":
        raw_corpus.setdefault("labels", ["yes", "no"])
    if raw_corpus["kind"] == "tags":
        raw_corpus.setdefault("labels", ["NOUN", "VERB", "AUX", "SCONJ", "PUNCT"])
    return named(raw_corpus)


def named(raw: dict[str, Any], name: str = "xx/made") -> Corpus:
    corpus = build(Corpus, raw, "made.toml")
    object.__setattr__(corpus, "name", name)
    return corpus
