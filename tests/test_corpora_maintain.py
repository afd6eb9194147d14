"""`python -m corpora`: seal and pin write what is true now and touch nothing else; check and list tell it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from corpora import corpus as corpora
from corpora import maintain
from corpora.__main__ import app
from corpora.config import ConfigError
from corpora.readers import read

ROW = '{{"id": "{}", "premise": "A.", "hypothesis": "B.", "label": "yes"}}\n'
TOML = """\
# a comment that stays
title = "made by a test"
languages = ["en"]
kind = "pair"
origin = "native"
licence = "CC0-1.0"
publishable = "yes"
reader = "jsonl"
source = "here"
labels = ["yes"]

[splits.train]
files = ["xx/a.jsonl", "xx/b.jsonl"]
sha256 = [
  "0000",
  "0000",
]
rows = 1  # sealed

[splits.dev]
files = ["xx/c.jsonl"]
sha256 = ["0000"]
rows = 1

[splits.far]
files = ["far/away.jsonl"]
sha256 = ["1111"]
rows = 7

[hub]
id = "org/name"
revision = ""

[hub.splits]
train = "train"
"""


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder of declarations with one corpus, "xx/made", beside its files."""
    (tmp_path / "xx").mkdir()
    (tmp_path / "xx/made.toml").write_text(TOML, encoding="utf-8")
    for name, ids in (("a", "12"), ("b", "3"), ("c", "4")):
        (tmp_path / f"xx/{name}.jsonl").write_text("".join(ROW.format(i) for i in ids), encoding="utf-8")
    monkeypatch.setattr(corpora, "ROOT", tmp_path)
    monkeypatch.setenv("CORPORA_DIR", str(tmp_path / "none"))
    corpora.declared.cache_clear()
    corpora.load.cache_clear()
    yield tmp_path
    corpora.declared.cache_clear()
    corpora.load.cache_clear()


def test_seal_writes_sums_and_rows_and_nothing_else(root: Path) -> None:
    with pytest.raises(ConfigError, match="declared is 0000"):
        read(corpora.load("xx/made"), "train")
    changed = maintain.seal("xx/made")
    assert [line[:24] for line in changed] == ["xx/made train: 1 -> 3 ro", "xx/made dev: 1 -> 1 rows", "xx/made far: files not h"]
    assert len(read(corpora.load("xx/made"), "train")) == 3 and len(read(corpora.load("xx/made"), "dev")) == 1
    text = (root / "xx/made.toml").read_text("utf-8")
    kept = [line for line in TOML.splitlines() if "0000" not in line and not line.startswith("rows = 1")]
    assert [line for line in text.splitlines() if line in kept] == kept and "rows = 3  # sealed" in text and "# a comment that stays" in text
    assert maintain.seal("xx/made") == ["xx/made far: files not here, left as declared"]
    assert (root / "xx/made.toml").read_text("utf-8") == text


def test_a_declaration_in_another_form_is_not_touched(root: Path) -> None:
    path = root / "xx/made.toml"
    path.write_text(TOML.replace("rows = 1\n", "rows    = 1\n"), encoding="utf-8")
    before = path.read_text("utf-8")
    with pytest.raises(ConfigError, match=r"\[splits\.dev\] must be a table of its own"):
        maintain.seal("xx/made")
    assert path.read_text("utf-8") == before


def test_pin_writes_the_commit(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(maintain, "newest_commit", lambda corpus: "a" * 40)
    assert maintain.pin("xx/made") == ["xx/made: org/name not pinned -> aaaaaaaaaaaa"]
    home = corpora.load("xx/made").hub
    assert home is not None and home.revision == "a" * 40 and maintain.pin("xx/made") == []


def main(arguments: list[str]) -> tuple[int, str]:
    done = CliRunner().invoke(app, arguments)
    return done.exit_code, done.output


def test_the_commands(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    code, out = main(["check"])
    assert code == 1 and "WRONG: corpus 'xx/made'" in out
    code, out = main(["seal", "xx/made"])
    assert code == 0
    assert "xx/made train: 1 -> 3 rows" in out and [line.split() for line in out.splitlines()[-3:]] == [
        ["xx/made", "train", "3", "ok"], ["xx/made", "dev", "1", "ok"], ["xx/made", "far", "missing"],
    ]  # fmt: skip
    code, out = main(["list"])
    assert code == 0 and "hub:org/name (not pinned)" in out
    code, out = main(["check", "xx/mode"])
    assert code == 2 and "no corpus named 'xx/mode'; did you mean xx/made?" in out
    monkeypatch.setattr(maintain, "newest_commit", lambda corpus: "b" * 40)
    code, out = main(["pin", "xx/made"])
    assert code == 0 and "-> bbbbbbbbbbbb" in out
