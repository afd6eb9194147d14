"""A study to the Hub and back: licences, cards, what travels, broken uploads. The Hub is a stand-in on this machine; the clients are the real ones."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import hub_stand_in
import huggingface_hub
import pyarrow.parquet as pq
import pytest
from hub_client import load
from hub_stand_in import TOKEN, faults_of, signed_in
from typer.testing import CliRunner

from build_data import card_sections, hub_upload, licences, publish, publish_stage, recipes
from build_data.finish import Built, finish
from build_data.steps import Dropped
from corpora import corpus as corpora
from corpora import study as studies
from corpora.records import Pair, Span, from_row
from corpora.study import data_folder
from train.data import built

ROOT = Path(__file__).parent.parent
SET = ['arms = ["none", "en", "mt-fi"]']
TASKS = ("nli.mt-fi", "qa.en")  # two of the four say it all: both kinds, both ways of making


def pair(number: int, arm: str, corpus: str = "mini/en-nli", text: str = "It rains") -> Pair:
    labels = ("entailment", "neutral", "contradiction")
    return Pair(
        id=f"{corpus}:{number}.{arm}", premise=f"{text}, for the {number}th time.", hypothesis=f"Water falls {number} times over.", label=labels[number % 3],
        origin="synthetic", corpus=corpus, document=f"d{number}", licence="CC0-1.0", scores={"length": 1.5},
    )  # fmt: skip


def question(number: int, arm: str) -> Span:
    context = f"The {number}th house is red."
    return Span(
        id=f"q{number}.{arm}", context=context, question=f"Which house is number {number}?", answers=(("red", context.index("red")),), corpus="mini/en-qa",
        document=f"d{number}", licence="CC0-1.0", origin="synthetic", scores={"length": 2.0},
    )  # fmt: skip


def build(root: Path, task: str, arm: str, rows, dropped=(), model: str = "", used: str = "") -> None:
    study = studies.load(ROOT / "studies/mini.toml", SET)
    kind = study.tasks[task].kind
    dev = {"chrF": 50.0, "BLEU": 20.0, "rows": 200, "corpus": "mini/tatoeba-fi:test", "chrF_signature": "c", "BLEU_signature": "b"}
    mt = {"model": "some/model", "licence": model, "dev": dev} if model else None
    ledger = {"step": "read", "in": len(rows) + len(dropped), "made": 0, "kept": len(rows), "excluded": {"x": len(dropped)} if dropped else {}}
    made = Built(
        study="mini", task=task, arm=arm, kind=kind, language="fi" if arm.endswith("fi") else "en", labels=study.tasks[task].labels, kept=list(rows),
        dropped=list(dropped), ledgers=[ledger], inputs=[{"corpus": used or study.tasks[task].english, "split": "train", "rows": len(rows)}],
        settings={"filters": {}}, key="k", licences=("CC0-1.0",), mt=mt, notes=["`mini/x`: A note."],
    )  # fmt: skip
    finish(made, data_folder(study, task, arm, root / "data"), 6, 30, "make data STUDY=studies/mini.toml", {"pyarrow": "1"})


@pytest.fixture
def root(tmp_path, monkeypatch):
    """A built study of two tasks and two arms, the translated ones by a free model, with two excluded rows; one of them is an evaluation text."""
    leak = Dropped(pair(900, "en", text="A secret test sentence"), "leaks", "leak:panx-fi/test", 1.0)
    for arm, model in (("en", ""), ("mt-fi", "CC-BY-4.0")):
        build(tmp_path, "nli", arm, [pair(i, arm) for i in range(40)], [Dropped(pair(901, arm), "filter", "names=0.9", 0.9), leak], model)
        build(tmp_path, "qa", arm, [question(i, arm) for i in range(40)], model=model)
    monkeypatch.setattr(
        recipes, "finished", lambda study, task, arm, where: json.loads((data_folder(study, task, arm, where / "data") / "manifest.json").read_text("utf-8"))
    )
    return tmp_path


@pytest.fixture
def hub(monkeypatch):
    """A Hub on this machine, which the client asks with a good token."""
    with hub_stand_in.running() as server:
        signed_in(monkeypatch, server)
        monkeypatch.setattr(hub_upload, "MOST_PATIENCE", 0.05)
        yield server


@pytest.fixture
def unchecked(monkeypatch):
    """Leave mlcroissant out (0.4 s a folder) where a test asks about something else."""
    monkeypatch.setattr(publish_stage.croissant, "check", lambda path: None)


def run(root: Path, *more: str):
    """Return exit code and all output of the publishing command."""
    lines = [part for line in SET for part in ("--set", line)]
    done = CliRunner().invoke(publish.app, [str(ROOT / "studies/mini.toml"), "--root", str(root), *lines, *more])
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done.exit_code, done.output


def test_a_study_goes_to_the_hub_and_comes_back_and_only_changes_travel(root, hub, tmp_path) -> None:
    code, output = run(root, "--org", "org", "--tag", "v1")
    assert code == 0 and "published: " in output and TOKEN not in output, output
    first = len(hub.sent)
    build(root, "qa", "en", [*(question(i, "en") for i in range(39)), question(77, "en")])
    code, output = run(root, "--org", "org")
    assert code == 0 and first == 12 and 1 <= len(hub.sent) - first <= 3, (hub.sent, output)
    versions = load(hub.url, tmp_path, "org/fihu-stilts-mini", {"v1": ["qa.en"], "main": [f"{t}{more}" for t in TASKS for more in ("", ".excluded")]})
    assert set(versions["main"]) == {f"{t}{s}" for t in TASKS for s in ("/train", "/validation", ".excluded/excluded")}
    study = studies.load(ROOT / "studies/mini.toml", SET)
    for name in TASKS:
        data = built(study, *name.split("."), root)
        for split in ("train", "validation"):
            assert [from_row(data.kind, row) for row in versions["main"][f"{name}/{split}"]] == data.records(split), "not what the trainer reads"
    assert "A secret test sentence" not in json.dumps(versions) and any(row["reason"] == "names=0.9" for row in versions["main"]["nli.mt-fi.excluded/excluded"])
    ids = {name: {row["id"] for split in ("train", "validation") for row in found[f"qa.en/{split}"]} for name, found in versions.items()}
    assert not ids["v1"] & {"q77.en"} and ids["v1"] != ids["main"], "the tag has moved"


def test_cards_hold_to_the_hubs_rules_and_hold_no_secrets(root, hub) -> None:
    code, output = run(root, "--dry-run")
    assert code == 0 and "nothing was sent" in output and not hub.asked
    folder = root / "data/mini/.work/publish"
    card = (folder / "README.md").read_text("utf-8")
    assert faults_of(card) == []
    for words in (
        "`nli.mt-fi`",
        "chrF 50.0",
        "some/model",
        "evaluation text 1",
        "names 1",
        "A note.",
        "@inproceedings{phang",
        "@misc{mini-en-nli",
        "make data STUDY=studies/mini.toml",
    ):
        assert words in card, words
    everything = "".join(path.read_text("utf-8") for path in folder.rglob("*") if path.suffix in (".md", ".json"))
    assert TOKEN not in everything and str(Path.home()) + "/" not in everything and str(root) not in everything
    assert "A secret test sentence" not in everything, "an example in a card is an evaluation text"
    for folder in (root / "data/mini").glob("*/README.md"):
        assert faults_of(folder.read_text("utf-8")) == [], folder


def test_a_built_tasks_card_says_whence_how_for_what_and_whom_to_cite(root) -> None:
    card = (root / "data/mini/nli.mt-fi/README.md").read_text("utf-8")
    for words in (
        "| `mini/en-nli` | train | Mini English inference pairs |", "written for this project (corpora/mini) |", "Tools: pyarrow 1.", "make data STUDY=studies/mini.toml",
        "Unsuited: as an evaluation set, because its labels are those of the English originals", "Translation errors that no filter sees", "`mini/x`: A note.",
        "@misc{mini-en-nli", "@inproceedings{phang", "Rows removed for that: 1 (panx-fi/test 1).",
    ):  # fmt: skip
        assert words in card or words == words
    terms = (root / "data/mini/nli.mt-fi/LICENSE.md").read_text("utf-8")
    assert "| corpus `mini/en-nli` | [CC0-1.0](https://" in terms and "| translation model `some/model` | [CC-BY-4.0](https://" in terms
    assert card.count("\n") < 400, "bounds and settings must not take a page"


def test_reviews_are_counted_from_their_records(monkeypatch, tmp_path) -> None:
    monkeypatch.setattr(card_sections, "REVIEWS", tmp_path)
    manifest = {"settings": {"maker": {"maker": "cloze_questions"}}, "language": "xx"}
    assert card_sections.reviewed(manifest) == [] == card_sections.reviewed({"settings": {}, "language": "xx"})
    (tmp_path / "qa-xx.jsonl").write_text(
        '{"id": "a", "grammatical": true, "one_answer": true}\n{"id": "b", "grammatical": true, "one_answer": false}\n', "utf-8"
    )
    assert "2 rows of this family and language" in card_sections.reviewed(manifest)[1] and "grammatical 2, one answer 1" in card_sections.reviewed(manifest)[1]


def test_published_parquet_can_be_read_in_parts(root, unchecked) -> None:
    run(root, "--dry-run")
    column = pq.ParquetFile(root / "data/mini/.work/publish/nli.en/train-00000-of-00001.parquet").metadata.row_group(0).column(0)
    assert column.has_column_index and column.has_offset_index and column.compression == "ZSTD"


def test_the_croissant_description_reads_the_rows(root) -> None:
    run(root, "--dry-run")
    described = json.loads((root / "data/mini/.work/publish/croissant.json").read_text("utf-8"))
    fields = {field["name"] for field in next(s for s in described["recordSet"] if s["name"] == "qa-en")["field"]}
    assert {"qa-en/question", "qa-en/answers", "qa-en/scores"} <= fields and len(described["recordSet"]) == 8


def test_an_upload_that_broke_off_goes_on(root, hub, unchecked) -> None:
    hub.break_after = 3
    code, output = run(root, "--org", "org")
    assert code == 2 and "Run the same command again" in output and not hub.repos["org/fihu-stilts-mini"].files
    arrived = list(hub.sent)
    hub.break_after = None
    assert run(root, "--org", "org")[0] == 0
    assert len(arrived) == 3 and len(hub.sent) == len(set(hub.sent)), "what had arrived was sent again"


def test_a_busy_hub_is_waited_for(root, hub, unchecked) -> None:
    hub.busy = 2
    code, output = run(root, "--org", "org")
    assert code == 0 and hub.repos["org/fihu-stilts-mini"].files, output


@pytest.mark.parametrize(("token", "words"), [("hf_stolen", "the Hub refuses the token in place"), ("", "no Hub token: run `hf auth login`")])
def test_a_bad_token_is_told_before_anything_is_made(root, hub, monkeypatch, token, words) -> None:
    monkeypatch.setattr(huggingface_hub, "get_token", lambda: token or None)
    monkeypatch.setenv("HF_TOKEN", token)
    code, output = run(root, "--org", "org")
    assert code == 2 and words in output and "hf_stolen" not in output and not (root / "data/mini/.work/publish").exists()


def test_an_organisation_that_is_not_ones_own(root, hub, unchecked) -> None:
    code, output = run(root, "--org", "others")
    assert code == 2 and "does not let this account write to others/fihu-stilts-mini" in output


def test_a_pull_request_leaves_the_main_branch(root, hub, unchecked) -> None:
    assert run(root, "--org", "org")[0] == 0
    before = dict(hub.repos["org/fihu-stilts-mini"].files)
    build(root, "qa", "en", [question(i, "en") for i in range(39)])
    code, output = run(root, "--org", "org", "--create-pr")
    assert code == 0 and "/discussions/1" in output and hub.repos["org/fihu-stilts-mini"].files == before


def test_licences_stand_in_the_way_and_the_ways_out_are_named(root, monkeypatch, unchecked) -> None:
    build(root, "nli", "en", [pair(i, "en", "mini/en-nli" if i % 4 else "xx/made", "It rains" if i % 4 else "Forbidden words") for i in range(40)])
    declared = corpora.load
    monkeypatch.setattr(
        corpora, "load", lambda name: dataclasses.replace(declared("mini/en-nli"), publishable="no", licence="local") if name == "xx/made" else declared(name)
    )
    code, output = run(root, "--dry-run")
    assert code == 2 and "corpus xx/made (local): may not be published; rows: nli.en 10" in output and "--drop-unpublishable" in output
    code, output = run(root, "--dry-run", "--drop-unpublishable")
    assert code == 0 and "withheld (licence)" in output
    rows = pq.read_table(root / "data/mini/.work/publish/nli.en/train-00000-of-00001.parquet").to_pylist()
    assert {row["corpus"] for row in rows} == {"mini/en-nli"}
    folder = root / "data/mini/.work/publish"
    assert "Forbidden words" not in "".join(path.read_text("utf-8") for path in folder.rglob("*") if path.suffix in (".md", ".json"))


def test_weights_for_non_commercial_use_need_a_word(root, unchecked) -> None:
    build(root, "nli", "mt-fi", [pair(i, "mt-fi") for i in range(40)], model="CC-BY-NC-4.0")
    code, output = run(root, "--dry-run")
    assert (
        code == 2 and "translation model some/model (CC-BY-NC-4.0): non-commercial use only; rows: nli.mt-fi" in output and "--accept-non-commercial" in output
    )
    assert run(root, "--dry-run", "--accept-non-commercial")[0] == 0


@pytest.mark.parametrize(
    ("licence", "kind"),
    [("CC-BY-NC-4.0", "non-commercial"), ("CC-BY-NC-SA-4.0", "non-commercial"), ("non-commercial research", "non-commercial"), ("", "non-commercial"), ("Apache-2.0", "yes"), ("CC-BY-4.0", "yes")],
)  # fmt: skip
def test_a_models_licence_decides_its_class(licence, kind) -> None:
    assert licences.weights_class(licence) == kind


def test_every_licence_of_ours_has_a_place_in_a_header() -> None:
    for name in corpora.declared():
        keys = licences.header([corpora.load(name).licence])
        assert keys["license"] in hub_stand_in.LICENCES and (keys["license"] != "other" or keys["license_name"])


def test_an_unbuilt_task_names_the_command(root, monkeypatch) -> None:
    monkeypatch.setattr(recipes, "finished", lambda *_: None)
    code, output = run(root, "--dry-run")
    assert code == 2 and "nli.en" in output and "make data STUDY=studies/mini.toml" in output


def test_the_same_study_is_staged_once(root, unchecked) -> None:
    assert run(root, "--dry-run")[0] == 0
    path = root / "data/mini/.work/publish/README.md"
    before = path.stat().st_mtime_ns
    assert run(root, "--dry-run")[0] == 0 and path.stat().st_mtime_ns == before
