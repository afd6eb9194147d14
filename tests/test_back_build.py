"""The control arm end to end, with word-by-word translators for models: a study that names bt-en, its built folders, their runs, the report."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import eval_fakes as fakes
import pytest
from bilingual import Words

from build_data import recipes, workshop
from build_data.mt_card import section
from corpora import corpus
from corpora import study as studies
from corpora.records import Span
from corpora.shards import read_records, read_rows
from corpora.study import Study
from eval import manifests, report, score
from eval.results import cells
from train.graph import plan

ROOT = Path(__file__).parent.parent


def model(folder: Path) -> Path:
    """Write a folder that passes for a Finnish-English model until somebody loads it."""
    folder.mkdir()
    for name in ("model.bin", "source.spm", "target.spm"):
        (folder / name).write_bytes(b"never loaded")
    (folder / "config.json").write_text("{}", "utf-8")
    (folder / "shared_vocabulary.json").write_text('["a"]', "utf-8")
    (folder / "model.json").write_text('{"source": "fi", "target": "en", "licence": "CC0-1.0"}', "utf-8")
    return folder


def load(root: Path) -> Study:
    lines = ['arms = ["none", "en", "bt-en"]', "seeds = [1]", f'translation.back.fi = "{root / "fi-en"}"', "budget.examples = 120"]
    return studies.load(ROOT / "studies/mini.toml", lines)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> tuple[Study, Path, Words, Words]:
    root = tmp_path_factory.mktemp("project")
    model(root / "fi-en")
    study = load(root)
    shop, there, back = make_shop(study, root)
    for pair in studies.built_tasks(study, ["fi"]):
        recipes.build_task(shop, *pair, "make data")
    return study, root, there, back


def make_shop(study: Study, root: Path) -> tuple[workshop.Workshop, Words, Words]:
    there, back = Words("en", "fi"), Words("fi", "en")
    shop = workshop.Workshop(study, root, wanted=studies.built_tasks(study, ["fi"]))
    shop._translators["fi"] = there  # type: ignore[assignment]
    shop.back = back  # type: ignore[assignment]
    shop.aligner = None
    return shop, there, back


def manifest(root: Path, name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((root / "data/mini" / name / "manifest.json").read_text("utf-8"))
    return found


def test_the_folders_hold_english_rows_of_the_same_sources(built: tuple[Study, Path, Words, Words]) -> None:
    _, root, _, _ = built
    for task, kind in (("nli", "pair"), ("qa", "span")):
        english = read_records([root / f"data/mini/{task}.en/train-00000.parquet"], kind)  # type: ignore[arg-type]
        rows = read_records([root / f"data/mini/{task}.bt-en/train-00000.parquet"], kind)  # type: ignore[arg-type]
        known = {r.id: r for r in english} | {row["id"]: row for row in read_rows(root / f"data/mini/{task}.en/excluded-00000.parquet")}
        assert len(rows) == 120 and {r.source_id for r in rows} <= set(known) and all(r.id == f"{r.source_id}.bt-en" for r in rows)
        assert {r.origin for r in rows} == {"machine-translated"}
        shared = {r.source_id for r in rows} & {r.id for r in english}
        assert len(shared) > 90  # matched arms: the same English rows, but for what was lost on the way
    answered = [r for r in rows if isinstance(r, Span) and r.answers]
    assert answered and all(r.context[s : s + len(t)] == t for r in answered for t, s in r.answers)
    assert not any("were" in r.context.split() and "was" in r.context.split() for r in answered)  # the second half really read the first


def test_manifest_and_card_tell_both_ways(built: tuple[Study, Path, Words, Words]) -> None:
    _, root, _, _ = built
    for task in ("nli", "qa"):
        found = manifest(root, f"{task}.bt-en")
        for step in found["steps"]:
            assert step["in"] + step["made"] == step["kept"] + sum(step["excluded"].values()), step
        assert (found["language"], found["mt"]["language"], found["mt"]["back"]["language"]) == ("en", "fi", "en")
        assert found["mt"]["dev"]["corpus"] == "mini/tatoeba-fi:test" and found["mt"]["back"]["dev"]["rows"] == 200 and found["mt"]["chrF"] < 50
        assert found["mt"]["decoding"]["sentences"] > 100 and found["mt"]["back"]["decoding"]["sentences"] > 100
        assert found["mt"]["artefacts"]["overlap"]["words"]["change"] == pytest.approx(0.0, abs=0.02)
        card = (root / f"data/mini/{task}.bt-en/README.md").read_text("utf-8")
        assert "\n".join(section(found)) in card and "language:\n- en\n" in card and "multilinguality:\n- translation\n" in card
    assert manifest(root, "nli.bt-en")["spans"] is None
    spans = manifest(root, "qa.bt-en")["spans"]
    assert spans["kept"] == sum(spans["methods"].values()) > 100
    only = manifest(root, "nli.bt-en")["mt"]["artefacts"]["hypothesis_only"]
    assert abs(only["change"]) < 0.1 and 0.3 < only["majority"] < 0.5


def test_each_sentence_was_decoded_once_and_a_rebuild_gives_the_same_bytes(built: tuple[Study, Path, Words, Words], tmp_path: Path) -> None:
    study, root, there, back = built
    assert max(there.seen.values()) == 1 and max(back.seen.values()) == 1
    folder = root / "data/mini/nli.bt-en"
    before = {p.name: p.read_bytes() for p in folder.iterdir()}
    assert recipes.finished(study, "nli", "bt-en", root) is not None
    shop, again, _ = make_shop(study, root)
    recipes.build_task(shop, "nli", "bt-en", "make data")
    assert {p.name: p.read_bytes() for p in folder.iterdir()} == before and not again.seen


def test_runs_are_planned_and_the_report_shows_its_data(built: tuple[Study, Path, Words, Words], monkeypatch: pytest.MonkeyPatch) -> None:
    study, root, _, _ = built
    runs = plan(study, root)
    assert {r.arm for r in runs if r.phase == "intermediate"} == {"en", "bt-en"}
    told = {one.label: one for one in manifests.built(study, root)}
    assert told["qa.bt-en"].recovery and told["nli.bt-en"].train == 120 and told["nli.bt-en"].mt
    fakes.plan(monkeypatch, study)
    cell = next(c for c in cells(study) if c.row.arm == "bt-en" and c.target == "tydiqa")
    fakes.write_run(root, study, cell, 0.5, data=score.test_fingerprint(study.targets["tydiqa"], corpus.load("mini/tydiqa-fi")))
    text = (report.make(study, root).parent / "report.md").read_text("utf-8")
    assert "bt-en is the control for translation artefacts" in text and "| qa.bt-en |" in text
