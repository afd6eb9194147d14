"""Declarations of corpora (one small TOML each, under corpora/) and where their files are found."""

from __future__ import annotations

import functools
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from corpora import languages
from corpora.config import ConfigError, pick, read
from corpora.shards import known_sha256

ROOT = Path(__file__).parent
ReaderName = Literal[
    "jsonl", "squad-json", "squad-jsonl", "conllu", "tsv-tags", "documents", "sentences", "picked", "text", "aligned-tsv", "aligned-lines", "ccgbank"
]


@dataclass(frozen=True, kw_only=True)
class Files:
    """The local files of one split, relative to CORPORA_DIR (or to corpora/ for bundled ones), read one after the other."""

    files: tuple[str, ...]
    sha256: tuple[str, ...]  # "" = a licensed file whose sum is not known here; `python -m corpora seal` writes that of a local copy
    rows: int  # what the reader must find in all; a changed source cannot pass unseen
    refused: int = 0  # how many of them break a rule of our records and are left out; `note` says why

    def __post_init__(self) -> None:
        if len(self.files) != len(self.sha256):
            raise ValueError(f"{len(self.files)} files but {len(self.sha256)} sha256 sums")
        if self.rows <= 0:
            raise ValueError(f"rows = {self.rows}; it must be the number of rows that the reader finds")
        if not 0 <= self.refused < self.rows:
            raise ValueError(f"refused = {self.refused}; it must be at least 0 and below rows = {self.rows}")
        for name in self.files:
            if name.startswith("/") or ".." in Path(name).parts:
                raise ValueError(f"file {name!r} must be relative and stay inside its folder")


@dataclass(frozen=True, kw_only=True)
class Hub:
    """The corpus on the Hugging Face Hub: `load_dataset(id, config, revision=revision)`; our split name -> theirs."""

    id: str
    revision: str  # a commit, 40 hex digits; "" = none known yet, and then nothing is loaded until `python -m corpora pin NAME` has written one
    config: str = ""
    splits: Mapping[str, str]
    rows: Mapping[str, int] = field(default_factory=dict)  # declared counts there; they may differ from a partial local copy
    refused: Mapping[str, int] = field(default_factory=dict)  # of these, rows that break a rule of our records
    keep: Mapping[str, str] = field(default_factory=dict)  # as the corpus's own `keep`, for a Hub split that holds more than this corpus
    fields: Mapping[str, str] = field(default_factory=dict)  # our field -> their column, over the corpus's own `fields`
    label_names: tuple[str, ...] = ()  # names of their integer labels, in order, where the Hub stores integers
    first: int = 0  # running text, which is streamed: so many rows from the stream's beginning are read, 0 = all. For collections that nobody reads whole

    def __post_init__(self) -> None:
        if not re.fullmatch(r"[A-Za-z0-9][\w.-]*(/[A-Za-z0-9][\w.-]*)?", self.id, re.ASCII):
            raise ValueError(f"id = {self.id!r}; write the dataset's name on the Hub, owner/name")
        if self.revision and (len(self.revision) != 40 or set(self.revision) - set("0123456789abcdef")):
            raise ValueError(
                f'revision = {self.revision!r}; a branch or tag can change: write a commit (40 hex digits), or "" and run `python -m corpora pin NAME`'
            )
        for ours in {**self.rows, **self.refused}:
            if ours not in self.splits:
                raise ValueError(f"rows or refused names split {ours!r}, which `splits` does not have; it has {', '.join(self.splits)}")


@dataclass(frozen=True, kw_only=True)
class Corpus:
    """Something that exists: what, from where, under which licence, how many rows."""

    title: str
    languages: tuple[str, ...]
    kind: Literal["pair", "span", "choice", "tags", "text", "documents", "aligned"]
    origin: Literal["native", "human-translated", "machine-translated", "synthetic"]
    licence: str
    publishable: Literal["yes", "non-commercial", "no"]
    reader: ReaderName
    source: str  # where it was published: repository and commit, or URL
    citation: str = ""
    note: str = ""
    genre: str = ""
    year: str = ""  # of every row that names none: "1999"
    labels: tuple[str, ...] = ()  # pair: labels; tags: tag set; as the records carry them; ["*"] = an open set (supertags)
    label_names: Mapping[str, str] = field(default_factory=dict)  # label as in the file -> label as in our records
    fields: Mapping[str, str] = field(default_factory=dict)  # our field -> field in the file: "txt1"; nested "choices.text"; joined "context+question"
    words: Mapping[str, str] = field(default_factory=dict)  # a code in a joined field -> the words that stand for it ("cause" -> "Mi volt az oka?")
    keep: Mapping[str, str] = field(default_factory=dict)  # only rows whose field has this value, "finnish-*" = starts so (counted before this)
    singles: bool = False  # aligned: a row with one empty side is a sentence without a translation, for mining (BUCC)
    translation_of: str = ""  # corpus whose rows of the same id this one translates: gives the records their source_id
    splits: Mapping[str, Files] = field(default_factory=dict)
    hub: Hub | None = None
    name: str = field(default="", init=False)  # path below corpora/, e.g. "en/mnli"; set by load()

    def __post_init__(self) -> None:
        if not self.licence.strip():
            raise ValueError("licence is empty; write the licence's name, or 'none stated' with publishable = \"no\"")
        if self.kind in ("pair", "tags") and not self.labels:
            raise ValueError(f"kind {self.kind!r} needs `labels`, the closed set of its labels")
        if self.year and not re.fullmatch(r"\d{4}", self.year):
            raise ValueError(f"year = {self.year!r}; write four digits, the year in which all of the text was written, or leave it out")
        if self.singles and self.kind != "aligned":
            raise ValueError(f"singles = true, but kind is {self.kind!r}; only aligned corpora have sentences without a translation")
        if not self.splits and self.hub is None:
            raise ValueError("neither splits (local files) nor hub is declared, so there is nothing to read")


@functools.cache
def declared() -> Mapping[str, Path]:
    """Return every declared corpus, also those of $FIHU_DECLARATIONS: name -> its TOML file. Raises ConfigError for one that is declared twice."""
    found = languages.files((ROOT, *languages.folders()[1:]), "**/*.toml")
    return {name: path for name, path in found.items() if name.partition("/")[0] not in (languages.FOLDER, languages.LISTS)}


@functools.cache
def load(name: str) -> Corpus:
    """Return the corpus declared under `name` ("en/mnli"). Raises ConfigError, with near names for a miss."""
    corpus = read(Corpus, pick(declared(), name, "corpus"))
    object.__setattr__(corpus, "name", name)
    return corpus


def corpora_dir() -> Path:
    """Return the folder that is looked at first: $CORPORA_DIR, else ~/.cache/fihu-stilts."""
    return Path(os.environ.get("CORPORA_DIR") or Path.home() / ".cache" / "fihu-stilts").expanduser()


def find_folder(name: str | Path) -> Path:
    """Return where a model folder lies: as given if absolute, else below CORPORA_DIR if it is there, else below corpora/ (bundled)."""
    path = Path(name).expanduser()
    here = corpora_dir() / path
    return path if path.is_absolute() else here if here.is_dir() else ROOT / path


def split_of(corpus: Corpus, split: str) -> Files | None:
    """Return the local files declared for `split`, or None where only the Hub has it. Raises ConfigError for an unknown split."""
    known = {*corpus.splits, *(corpus.hub.splits if corpus.hub else ())}
    if split not in known:
        raise ConfigError(f"corpus {corpus.name!r} has no split {split!r}; it has {', '.join(sorted(known))}")
    return corpus.splits.get(split)


def locate(corpus: Corpus, split: str, verify: bool = True) -> list[Path] | None:
    """Return the verified local files of a split: CORPORA_DIR first, then what is bundled, then beside your own declarations; None = only the Hub may have it.

    Raises ConfigError for a checksum that differs, or where no place can have the files.
    """
    files = split_of(corpus, split)
    if files is None:
        return None
    found: list[Path] = []
    for name, expected in zip(files.files, files.sha256, strict=True):
        places = [folder / name for folder in (corpora_dir(), ROOT, *languages.folders()[1:])]
        path = next((p for p in places if p.is_file()), None)
        if path is None:
            if corpus.hub is not None and split in corpus.hub.splits:
                return None
            raise ConfigError(
                f"corpus {corpus.name!r}, split {split!r}: file {name} is neither in {corpora_dir()} nor bundled, and the corpus has no home on the Hub. "
                f"Get it from {corpus.source} and put it at {places[0]}, or set CORPORA_DIR to the folder that has {name}"
            )
        if verify:
            _verify(path, expected, corpus.name)
        found.append(path)
    return found


def _verify(path: Path, expected: str, name: str) -> None:
    if not expected:
        raise ConfigError(
            f"corpus {name!r}: {path} is here, but its sum is not declared, so nobody can tell which version it is; run `python -m corpora seal {name}`"
        )
    found = known_sha256(path)
    if found != expected:
        raise ConfigError(
            f"corpus {name!r}: {path} has sha256 {found[:16]}..., declared is {expected[:16]}... (corpora/{name}.toml). "
            "The file is damaged or another version: fetch it again, or declare the new version with its own sum and row count"
        )


def fingerprint(corpus: Corpus, split: str) -> dict[str, object]:
    """Return what identifies a split's content for keys and manifests: local sums, or the Hub's id and revision."""
    files = split_of(corpus, split)
    if locate(corpus, split) is not None and files is not None:
        return {"corpus": corpus.name, "split": split, "files": list(files.files), "sha256": list(files.sha256), "rows": files.rows}
    assert corpus.hub is not None
    return {"corpus": corpus.name, "split": split, "hub": corpus.hub.id, "config": corpus.hub.config, "revision": corpus.hub.revision} | (
        {"first": corpus.hub.first} if corpus.hub.first else {}
    )


def shaping(corpus: Corpus) -> dict[str, object]:
    """Return what a declaration makes of its files, for keys beside `fingerprint`: which rows it keeps, how it reads and labels them."""
    home = {"keep": dict(corpus.hub.keep), "fields": dict(corpus.hub.fields), "label_names": list(corpus.hub.label_names)} if corpus.hub else {}
    tables = {name: dict(getattr(corpus, name)) for name in ("label_names", "fields", "words", "keep")}
    return {"kind": corpus.kind, "reader": corpus.reader, "singles": corpus.singles, **tables, "labels": list(corpus.labels), "hub": home}


def reading(corpus: Corpus) -> dict[str, object]:
    """Return the same, and what each row says of itself: a built task holds that, a score does not hang on it."""
    return {**shaping(corpus), **{name: getattr(corpus, name) for name in ("origin", "licence", "publishable", "genre", "year", "translation_of")}}
