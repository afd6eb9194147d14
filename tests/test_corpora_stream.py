"""Running text one document after the other: a broken one is counted, none is kept, plain files and the Hub are read the same way."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from corpora_fakes import declare, named

from corpora import corpus as corpora
from corpora.config import ConfigError
from corpora.genres import GENRES, house_genre
from corpora.readers import read_documents, stream_documents
from corpora.records import Document

PIN = "0123456789abcdef0123456789abcdef01234567"
GOOD = {"id": "a", "paragraphs": ["Yksi.", "Kaksi."], "genre": "wikipedia"}


@pytest.fixture(autouse=True)
def collection(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CORPORA_DIR", str(tmp_path))
    return tmp_path


def test_broken_documents_are_counted_and_the_rest_is_read(collection: Path) -> None:
    lines = [
        json.dumps(GOOD),
        '{"id": "b", "paragraphs": [',
        "[1]",
        json.dumps({"id": "c", "paragraphs": []}),
        json.dumps({"id": "d", "paragraphs": "Kolme.\n\nNeljä."}),
    ]
    content = "\n".join(lines).encode() + b'\n{"id": "e", "paragraphs": ["Rikki \xe4."]}\n{"id": "f", "paragraphs": ["\\ud800"]}\n'
    made = declare(collection, "documents", {"a.jsonl": content}, 7)
    broken: list[str] = []
    found = list(stream_documents(made, "train", broken))
    assert [(d.id, d.paragraphs) for d in found] == [
        ("xx/made:a", ("Yksi.", "Kaksi.")),
        ("xx/made:d", ("Kolme.", "", "Neljä.")),
        ("xx/made:e", ("Rikki \ufffd.",)),
    ]
    assert [line.partition(": ")[2][:12] for line in broken] == ["not JSON (Ex", "no JSON obje", "no paragraph", "field 'parag"]
    assert all(f"a.jsonl:{number}" in line for number, line in zip((2, 3, 4, 7), broken, strict=True))
    with pytest.raises(ConfigError, match="4 rows break a rule of our records, declared are 0"):
        read_documents(made, "train")


def test_a_stream_of_which_nothing_can_be_read_is_no_empty_collection(collection: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lines = "\n".join(json.dumps({"id": f"{n}", "body": "Yksi."}) for n in range(3))
    made = declare(collection, "documents", {"a.jsonl": lines}, 3)
    broken: list[str] = []
    with pytest.raises(
        ConfigError,
        match=r"'xx/made', split 'train': none of 3 documents could be read:\n  .*a\.jsonl:1: no field 'paragraphs'; the row has id, body; say in `fields`",
    ):
        list(stream_documents(made, "train", broken))
    monkeypatch.setattr("corpora.readers.HOPELESS", 5)
    read = 0

    def rows() -> Iterator[dict[str, Any]]:
        nonlocal read
        while True:
            read += 1
            yield {"id": f"{read}", "content": "x" * 10_000}

    made, _ = streamed(monkeypatch, rows())
    with pytest.raises(ConfigError, match="none of 5 documents could be read"):
        list(stream_documents(made, "docs", broken))
    assert read <= 6  # not all of a collection that the network brings


def test_what_is_told_of_a_broken_document_is_short(collection: Path) -> None:
    lines = [json.dumps(GOOD), json.dumps({"id": "b", "paragraphs": [["x" * 5000]]})]
    broken: list[str] = []
    assert len(list(stream_documents(declare(collection, "documents", {"a.jsonl": "\n".join(lines)}, 2), "train", broken))) == 1
    assert len(broken) == 1 and len(broken[0]) < 500


def test_a_wrong_count_is_still_told(collection: Path) -> None:
    made = declare(collection, "documents", {"a.jsonl": json.dumps(GOOD) + "\n"}, 2)
    with pytest.raises(ConfigError, match="1 rows found, 2 declared"):
        list(stream_documents(made, "train", []))


def test_plain_text_is_documents_between_empty_lines(collection: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = declare(collection, "text", {"a.txt": "Yksi.\nKaksi.\n\n\nKolme.\n"}, 2, kind="documents", genre="novel")
    assert [(d.id, d.paragraphs, d.genre, d.publishable) for d in stream_documents(made, "train", [])] == [
        ("xx/made:train-1", ("Yksi.", "Kaksi."), "novel", "yes"),
        ("xx/made:train-2", ("Kolme.",), "novel", "yes"),
    ]
    monkeypatch.setattr("corpora.readers.forms.MOST_TEXT", 5)
    made = declare(collection, "text", {"b.txt": "Yksi.\nKaksi.\nKolme.\nNeljä."}, 3, kind="documents")
    assert [d.paragraphs for d in stream_documents(made, "train", [])] == [("Yksi.", "Kaksi."), ("Kolme.",), ("Neljä.",)]


def test_translated_documents_say_so_and_genres_are_words_of_the_house(collection: Path) -> None:
    rows = [GOOD, {"id": "b", "paragraphs": ["X."], "genre": "europarl (TRANSLATED)"}]
    made = declare(collection, "documents", {"a.jsonl": "\n".join(map(json.dumps, rows))}, 2)
    assert [(d.genre, d.origin) for d in read_documents(made, "train")] == [("encyclopaedia", "native"), ("parliament", "human-translated")]
    odd = declare(collection, "documents", {"b.jsonl": json.dumps({**GOOD, "genre": "novell"})}, 1)
    with pytest.raises(ConfigError, match=r"genre 'novell' is none of .*did you mean novel\?"):
        read_documents(odd, "train")


def test_every_declared_genre_is_known() -> None:
    assert {house_genre(corpora.load(name).genre) for name in corpora.declared()} <= {"", *GENRES}


def streamed(monkeypatch: pytest.MonkeyPatch, rows: Iterator[dict[str, Any]], **home: Any) -> tuple[Any, list[Any]]:
    asked: list[Any] = []

    def load_dataset(*args: Any, **kwargs: Any) -> Any:
        asked.append((args, kwargs))
        return type("Stream", (), {"features": None, "__iter__": lambda self: rows})()

    monkeypatch.setitem(sys.modules, "datasets", SimpleNamespace(load_dataset=load_dataset))
    raw = {
        "title": "t",
        "languages": ["fi"],
        "kind": "documents",
        "origin": "native",
        "licence": "CC0-1.0",
        "publishable": "yes",
        "reader": "documents",
        "source": "s",
    }
    table = {"id": "org/name", "config": "fin", "revision": PIN, "splits": {"docs": "train"}, "fields": {"paragraphs": "text"}, **home}
    return named({**raw, "genre": "web", "hub": table}), asked


def test_the_hubs_text_is_streamed_and_never_read_beyond_what_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    given = 0

    def rows() -> Iterator[dict[str, Any]]:
        nonlocal given
        while True:
            given += 1
            yield {"id": f"u{given}", "text": f"Sivu {given}.\nToinen kappale."}

    made, asked = streamed(monkeypatch, rows(), first=5)
    stream = stream_documents(made, "docs", [])
    assert next(stream) == Document(
        id="xx/made:u1", paragraphs=("Sivu 1.", "Toinen kappale."), genre="web", corpus="xx/made", licence="CC0-1.0", publishable="yes"
    )
    assert given == 1 and len(list(stream)) == 4 and given <= 6
    assert asked == [(("org/name", "fin"), {"split": "train", "revision": PIN, "streaming": True})]
    assert corpora.fingerprint(made, "docs")["first"] == 5


def test_a_stream_that_breaks_off_says_where(monkeypatch: pytest.MonkeyPatch) -> None:
    def rows() -> Iterator[dict[str, Any]]:
        yield {"id": "a", "text": "Yksi."}
        raise ConnectionError("reset by peer")

    made, _ = streamed(monkeypatch, rows())
    with pytest.raises(ConfigError, match=r"the stream of org/name broke off after 1 rows \(ConnectionError: reset by peer\). Run the same command again"):
        list(stream_documents(made, "docs", []))


def test_the_real_library_streams(monkeypatch: pytest.MonkeyPatch) -> None:
    datasets = pytest.importorskip("datasets")
    made, _ = streamed(monkeypatch, iter(()))
    monkeypatch.setitem(sys.modules, "datasets", datasets)
    table = datasets.Dataset.from_dict({"id": ["a", "b"], "text": ["Yksi.", "Kaksi."]}).to_iterable_dataset()
    monkeypatch.setattr(datasets, "load_dataset", lambda *_args, **_kwargs: table)
    assert [d.paragraphs for d in stream_documents(made, "docs", [])] == [("Yksi.",), ("Kaksi.",)]
