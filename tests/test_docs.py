"""The pages hold what they say: links resolve, TOML loads, commands and messages exist, the generated page is the generator's."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from build_data import word_lists
from build_data.filters_base import Filter, Item
from build_data.makers import make
from build_data.makers.common import Declared
from corpora import corpus as corpora
from corpora import maintain, readers, reference, study
from corpora.records import Document
from corpora.study import Study
from train.graph import plan

ROOT = Path(__file__).parent.parent
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)")
FENCE = re.compile(r"^```([^\n]*)\n(.*?)^```", re.MULTILINE | re.DOTALL)
SOURCES = [path for room in ("corpora", "build_data", "train", "eval", "benchmarks") for path in sorted((ROOT / room).rglob("*.py"))]


def block(page: str, name: str) -> str:
    """Return the only block of a page in docs/ that is marked `name` ("toml study")."""
    (text,) = [text for mark, text in FENCE.findall((ROOT / "docs" / page).read_text("utf-8")) if mark == name]
    return text


def anchors(page: Path) -> set[str]:
    """Return the anchors of a page's headings, as forges make them."""
    heads = re.findall(r"^#+ (.*)$", page.read_text("utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", head.lower()).replace(" ", "-") for head in heads}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_inside_the_project_resolve(page: Path) -> None:
    text = FENCE.sub("", page.read_text("utf-8"))
    for link in LINK.findall(text):
        if link.startswith(("http://", "https://", "mailto:")):
            continue
        path, _, anchor = link.partition("#")
        there = (page.parent / path).resolve() if path else page
        assert there.exists() and there.is_relative_to(ROOT), f"{page.name}: {link}"
        if anchor and there.suffix == ".md":
            assert anchor in anchors(there), f"{page.name}: {link}"


def test_every_page_is_linked_from_the_readme() -> None:
    linked = set(LINK.findall((ROOT / "README.md").read_text("utf-8")))
    assert {f"docs/{page.name}" for page in (ROOT / "docs").glob("*.md")} | {"CONTRIBUTING.md", "CITATION.cff", "LICENSE"} <= linked


def test_the_study_page_is_the_generators() -> None:
    assert (ROOT / "docs/study-file.md").read_text("utf-8") == reference.page(), "run: python -m corpora.reference > docs/study-file.md"


def test_every_key_of_a_study_has_a_type_a_default_and_a_meaning() -> None:
    found = {cls: reference.keys(cls, paths[0]) for cls, paths in reference.tables().items()}
    assert {key.name for key in found[Study]} >= {"title", "arms", "tasks", "heads", "mixes"}
    for cls, keys in found.items():
        assert not [key.name for key in keys if not key.meaning], cls


def test_a_reference_reads_comments_behind_and_above_fields_and_escapes_markup() -> None:
    from corpora.study_parts import Task, Training

    assert reference.meanings(Training)["batch"] == "examples a step; windows of one context count one each"
    assert reference.meanings(Task)["english"].startswith("corpus that the en")
    assert reference.cell("a <s> * | `b*`") == r"a &lt;s> \* \| `b*`"
    assert [reference.toml(v) for v in (True, ("a",), 2, "")] == ["true", '["a"]', "2", '""']


def test_the_study_of_ten_lines_is_one(tmp_path: Path) -> None:
    text = block("quickstart.md", "toml study")
    assert len(text.splitlines()) == 10
    (tmp_path / "order.toml").write_text(text, "utf-8")
    assert study.built_tasks(study.load(tmp_path / "order.toml")) == [("order", "native-fi")]


def test_a_corpus_of_the_page_is_sealed_and_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "fi").mkdir()
    (tmp_path / "fi/diaries.toml").write_text(block("extending.md", "toml corpus"), "utf-8")
    (tmp_path / "fi/diaries.txt").write_text("Satoi koko päivän. Kissa nukkui.\n\nIllalla tuli vieras. Keitin kahvia.\n", "utf-8")
    monkeypatch.setenv("FIHU_DECLARATIONS", str(tmp_path))
    corpora.declared.cache_clear()
    try:
        assert maintain.seal("fi/diaries") and maintain.seal("fi/diaries") == []
        documents = list(readers.read_documents(corpora.load("fi/diaries"), "docs"))
        assert len(documents) == 2 and {d.genre for d in documents} == {"letter"}
    finally:
        corpora.declared.cache_clear()
        corpora.load.cache_clear()


def test_word_lists_of_the_page_are_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "lists").mkdir()
    (tmp_path / "lists/et.toml").write_text(block("add-a-language.md", "toml lists"), "utf-8")
    monkeypatch.setenv("FIHU_DECLARATIONS", str(tmp_path))
    word_lists.declared.cache_clear()
    try:
        negation = word_lists.declared()["et"].negation
        assert negation and word_lists.joined(negation.hidden).fullmatch("lootusetu") and not word_lists.joined(negation.plain).fullmatch("ja")
    finally:
        word_lists.declared.cache_clear()


def test_a_filter_of_the_page_scores() -> None:
    found: Filter = eval(block("extending.md", "python filter"), {"Filter": Filter})
    assert found.item
    assert found.keeps(found.item(Item("fi", "Koira haukkuu."))) and not found.keeps(found.item(Item("fi", "KOIRA HAUKKUU")))


def test_a_native_task_of_the_page_makes_rows_and_counts_the_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    space: dict[str, Declared] = {}
    exec(block("extending.md", "python maker"), space)
    monkeypatch.setattr("build_data.makers.MAKERS", {"paragraphs": space["FAMILY"]})
    paragraphs = ("Satoi koko päivän. Kissa nukkui.", "Illalla tuli vieras.", "Keitin kahvia. Juttelimme pitkään.")
    made = make("paragraphs")([Document(id="d", paragraphs=paragraphs, corpus="fi/x", licence="CC0-1.0")], "fi", None, 1)
    assert [(r.premise, r.hypothesis, r.label) for r in made.records] == [
        ("Satoi koko päivän.", "Kissa nukkui.", "inside"),
        ("Kissa nukkui.", "Illalla tuli vieras.", "border"),
    ]
    ledger = made.ledgers[1]
    assert ledger["made"] == ledger["kept"] + sum(ledger["excluded"].values()) == 4


def test_a_target_of_the_page_loads_beside_a_study(tmp_path: Path) -> None:
    own = block("quickstart.md", "toml study") + block("extending.md", "toml targets")
    (tmp_path / "ner.toml").write_text(own.replace('languages = ["fi"]', 'languages = ["fi", "hu"]'), "utf-8")
    assert not study.load(tmp_path / "ner.toml").targets["ner"].xtreme


def test_each_way_to_extend_takes_thirty_lines_at_most() -> None:
    for part in (ROOT / "docs/extending.md").read_text("utf-8").split("\n## ")[1:]:
        assert len(part.strip().splitlines()) <= 30, part.partition("\n")[0]
    steps = (ROOT / "docs/add-a-language.md").read_text("utf-8").partition("\n## ")[0]
    assert len(steps.strip().splitlines()) <= 30


def test_every_message_of_the_errors_page_is_in_the_code() -> None:
    code = "\n".join(path.read_text("utf-8") for path in SOURCES)
    found = re.findall(r"^\| `([^`]+)` \|", (ROOT / "docs/errors.md").read_text("utf-8"), re.MULTILINE)
    assert len(found) >= 15
    assert [message for message in found if message not in code] == []


def test_a_study_is_cut_into_jobs_as_the_cluster_page_says(tmp_path: Path) -> None:
    def keys(name: str, *overrides: str) -> set[str]:
        return {run.key for run in plan(study.load(ROOT / "studies" / name, overrides), tmp_path, unbuilt=True)}

    paper = keys("paper.toml")
    assert keys("paper.toml", 'intermediate = [["mnli"]]') < paper
    assert keys("paper.toml", 'intermediate = [["squad_v1"], ["longer-squad"]]') < paper
    assert not keys("paper.toml", "seeds = [2]") <= paper  # its first seed chooses the rate
    assert keys("mini.toml", "seeds = [1]") | keys("mini.toml", "seeds = [2]") == keys("mini.toml")
