"""The data stage from the command line, on the bundled study: what it leaves, what it says, how it stops."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from build_data.leak_sets import leak_index
from build_data.leaks import leaked
from corpora import study as studies
from corpora.shards import read_records, read_rows

ROOT = Path(__file__).parent.parent
ENV = {**os.environ, "OMP_NUM_THREADS": "1", "HF_HUB_OFFLINE": "1"}


def build(*arguments: str, env: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", "build_data", *arguments], cwd=ROOT, capture_output=True, text=True, env=env or ENV, timeout=240)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("project")
    done = build("studies/mini.toml", "--root", str(root), "--task", "nli", "--arm", "en", "--arm", "mt-fi", "--arm", "native-hu", "--threads", "1")
    assert done.returncode == 0, done.stderr
    assert "nli.mt-fi" in done.stdout and "3 tasks under" in done.stdout
    return root


def manifest(root: Path, name: str) -> dict[str, Any]:
    return json.loads((root / "data/mini" / name / "manifest.json").read_text("utf-8"))


@pytest.mark.parametrize("arm", ["en", "mt-fi", "native-hu"])
def test_rows_balance_and_reload(built: Path, arm: str) -> None:
    folder, found = built / "data/mini" / f"nli.{arm}", manifest(built, f"nli.{arm}")
    for step in found["steps"]:
        assert step["in"] + step["made"] == step["kept"] + sum(step["excluded"].values()), step
    for split in ("train", "validation"):
        rows = read_records(sorted(folder.glob(f"{split}-*.parquet")), "pair")
        assert len(rows) == found["counts"][split]
        assert all(getattr(r, "label", None) in found["labels"] for r in rows)
    assert len(read_rows(folder / "excluded-00000.parquet")) == found["counts"]["excluded"]
    assert found["counts"]["train"] == 180


def test_no_document_is_on_both_sides_and_no_evaluation_text_is_left(built: Path) -> None:
    index = leak_index(studies.load(ROOT / "studies/mini.toml"))
    for arm in ("en", "mt-fi", "native-hu"):
        folder = built / "data/mini" / f"nli.{arm}"
        train, held_out = (read_records([folder / f"{split}-00000.parquet"], "pair") for split in ("train", "validation"))
        assert not {r.document for r in train} & {r.document for r in held_out}
        assert not leaked(index, [*train, *held_out], arm.rpartition("-")[2])


def test_a_translated_row_names_its_english_row(built: Path) -> None:
    english = {r.id for split in ("train", "validation") for r in read_records([built / f"data/mini/nli.en/{split}-00000.parquet"], "pair")}
    english |= {row["id"] for row in read_rows(built / "data/mini/nli.en/excluded-00000.parquet")}
    rows = read_records([built / "data/mini/nli.mt-fi/train-00000.parquet"], "pair")
    assert all(r.source_id in english and r.origin == "machine-translated" and r.id.endswith(".mt-fi") for r in rows)


def test_datasets_loads_the_folder(built: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    datasets = pytest.importorskip("datasets")
    loaded = datasets.load_dataset(str(built / "data/mini/nli.mt-fi"), cache_dir=str(tmp_path))
    assert set(loaded) == {"train", "validation"} and loaded["train"].num_rows == 180
    assert {"premise", "hypothesis", "label", "id", "source_id", "origin", "scores"} <= set(loaded["train"].column_names)


def test_a_second_run_does_nothing_and_a_rebuild_gives_the_same_bytes(built: Path) -> None:
    arguments = ("studies/mini.toml", "--root", str(built), "--task", "nli", "--arm", "mt-fi", "--arm", "native-hu", "--threads", "1")
    assert "nothing to do" in build(*arguments).stdout
    folder = built / "data/mini/nli.native-hu"
    before = {p.name: p.read_bytes() for p in folder.iterdir()}
    (folder / "train-00000.parquet").write_bytes(b"damaged")
    done = build(*arguments)
    assert "unchanged" in done.stdout and "nli.native-hu    built" in done.stdout
    after = {p.name: p.read_bytes() for p in folder.iterdir()}
    for name in ("manifest.json", "README.md"):  # they hold the command, which the fixture gave other arms
        after[name] = before[name] = b""
    assert after == before


def test_a_dry_run_touches_nothing(tmp_path: Path) -> None:
    done = build("studies/mini.toml", "--root", str(tmp_path), "--dry-run")
    assert done.returncode == 0 and "to build" in done.stdout and "--dry-run" in done.stdout
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("arguments", "parts"),
    [
        (["studies/mini.toml", "--lang", "et"], ["LANG='et'", "fi, hu", "docs/add-a-language.md"]),
        (["studies/mini.toml", "--arm", "mt-sv"], ["--arm 'mt-sv'", "native-hu"]),
        (
            ["studies/mini.toml", "--task", "qa", "--arm", "native-fi", "--set", 'tasks.qa.native = { fi = [], hu = ["mini/hu-docs"] }'],
            ["studies/mini.toml: --task qa --arm native-fi leave nothing to build; task qa has a corpus for: en, mt-fi, mt-hu, native-hu"],
        ),
        (["studies/nimi.toml"], ["studies/nimi.toml: no such file", "mini.toml"]),
        (["studies/mini.toml", "--set", "budgit.examples = 3"], ["'budgit'", "did you mean budget"]),
        (["studies/mini.toml", "--set", 'translation.models.fi = "mini/models/stanza/fi"'], ["model.bin", "CTranslate2"]),
        (["studies/mini.toml", "--set", 'parsing.packs.fi = "mini/models/mt/fi"', "--arm", "native-fi"], ["mini/models/mt/fi"]),
        (["studies/mini.toml", "--set", "filters.wrds = [1, 2]"], ["wrds"]),
    ],
)
def test_bad_input_is_one_clear_paragraph(tmp_path: Path, arguments: list[str], parts: list[str]) -> None:
    done = build(*arguments, "--root", str(tmp_path), "--threads", "1")
    assert done.returncode == 2, done.stdout + done.stderr
    assert "Traceback" not in done.stderr and done.stderr.startswith("error: ")
    for part in parts:
        assert part in done.stderr
    assert not list(tmp_path.rglob("manifest.json"))


def test_a_task_with_too_few_rows_fails_the_build_and_not_the_other_tasks(tmp_path: Path) -> None:
    done = build("studies/mini.toml", "--root", str(tmp_path), "--arm", "en", "--set", "tasks.nli.rows = 5")
    assert done.returncode == 2 and "1 of 2 tasks are built" in done.stderr and "nli.en: only 5 rows are left" in done.stderr and "qa.en" in done.stdout
    assert (tmp_path / "data/mini/qa.en/manifest.json").is_file() and not (tmp_path / "data/mini/nli.en").exists()


def test_ctrl_c_keeps_what_is_whole_and_says_how_to_go_on(tmp_path: Path) -> None:
    child = subprocess.Popen(
        [sys.executable, "-m", "build_data", "studies/mini.toml", "--root", str(tmp_path), "--threads", "1"],
        cwd=ROOT, env=ENV, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    deadline = time.monotonic() + 60
    while not (tmp_path / "data/mini/nli.en/manifest.json").exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    time.sleep(1)
    child.send_signal(signal.SIGINT)
    _, errors = child.communicate(timeout=60)
    assert child.returncode == 130 and "goes on from there" in errors and "Traceback" not in errors
    assert not list(tmp_path.rglob("*.part"))
    assert (tmp_path / "data/mini/nli.en/manifest.json").exists()
