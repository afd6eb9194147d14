"""The report: what it says, that nothing in it is markup from outside, that it is made without torch; and its command line."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import eval_fakes as fakes
import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from corpora.config import ConfigError
from eval import __main__ as command
from eval import forest, report
from eval.report import escape_md, escape_tex
from eval.results import cells
from eval.verdict import signed

ROOT = Path(__file__).parent.parent
VOID = {"meta", "link", "br", "line", "circle", "rect", "path", "img"}


class Checker(HTMLParser):
    """Holds tags to be closed in order; collects ids, links and text."""

    def __init__(self) -> None:
        super().__init__()
        self.open, self.ids, self.links, self.text = [], [], [], []

    def handle_starttag(self, tag, attrs) -> None:
        values = dict(attrs)
        self.ids += [values["id"]] if "id" in values else []
        self.links += [values["href"]] if "href" in values else []
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs) -> None:
        assert tag in VOID

    def handle_endtag(self, tag) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data) -> None:
        self.text.append(data)


def parsed(path: Path) -> Checker:
    checker = Checker()
    checker.feed(path.read_text("utf-8"))
    assert not checker.open
    return checker


NOTE = "<script>alert(1)</script> & a | b"


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A whole study with one run missing and one arm below budget; returns the folder of its report. Only read it."""
    root, study = tmp_path_factory.mktemp("whole"), fakes.study(note=NOTE)
    with pytest.MonkeyPatch.context() as patch:
        fakes.plan(patch, study)
        fakes.write_all(root, study, skip=lambda cell: cell.row.arm == "mt-hu" and cell.seed == 3 and cell.target == "tatoeba")
        for arm in ("en", "mt-fi", "mt-hu"):
            fakes.write_manifest(root, study, "qa", arm)
        fakes.write_manifest(root, study, "qa", "native-fi", counts={"train": 60, "validation": 10})
        (root / "data/fake/qa.native-hu").mkdir()
        (root / "data/fake/qa.native-hu/manifest.json").write_text("{}", "utf-8")
        return report.make(study, root, "python -m eval report x.toml").parent


def test_the_page_is_whole_self_contained_and_escaped(made) -> None:
    page = parsed(made / "index.html")
    html = (made / "index.html").read_text("utf-8")
    assert "<script" not in html and "&lt;script&gt;" in html and "<b>two</b>" not in html
    assert not re.findall(r'(?:src|href)="(?:https?:)?//', html) and "@import" not in html and "url(" not in html
    assert len(page.ids) == len(set(page.ids))
    assert all(link[1:] in page.ids for link in page.links if link.startswith("#"))
    assert {"nan", "None", "inf"}.isdisjoint(" ".join(page.text).split())
    for link in page.links:
        if link.startswith("../../runs/"):
            assert (made / link).is_file()


def test_the_report_says_what_it_must(made) -> None:
    text = " ".join(" ".join(parsed(made / "index.html").text).split())
    for words in (
        "For Finnish, yes: qa.native-fi beats English", "For Hungarian, the study is incomplete: 1 of the 18 runs",
        "53 of 54 planned cells have scores", "tatoeba <- qa.mt-hu, seed 3: not run", "2 of 3 seeds",
        "Unequal: qa.native-fi has 60 of 100 training examples (40 % below budget)", "51.2", "75.0 %", "leak: ngram 60", "not recorded",
        "XTREME has no extractive QA in Hungarian", "is not token accuracy", "0123abc", "python -m eval report x.toml", "torch 2.13.0", "f1 81.0",
    ):  # fmt: skip
        assert words in text, words
    assert text.index("For Finnish") < text.index("What was compared") < text.index("Against the English originals")


def test_markdown_has_the_same_numbers_in_whole_tables(made) -> None:
    text = (made / "report.md").read_text("utf-8")
    assert "For Finnish, yes: qa.native-fi beats English" in text and "<script" not in text
    tables = re.findall(r"(?:^\|.*\n)+", text, re.M)
    assert len(tables) == 2 + 6 + 1 + 1 and "| tasks | arm | udpos F1 | tydiqa F1 | tatoeba accuracy | average |" in text and "40.0 % (unequal †)" in text
    for table in tables:
        assert len({len(re.findall(r"(?<!\\)\|", line)) for line in table.splitlines()}) == 1, table
    html = (made / "index.html").read_text("utf-8")
    for number in re.findall(r"\| ([\d.]+) \(", text):
        assert f">{number}<" in html


def test_tex_is_balanced(made) -> None:
    text = (made / "tables.tex").read_text("utf-8")
    assert text.count(r"\begin{table}") == text.count(r"\end{table}") == 4 and text.count("{") == text.count("}")
    assert all(ord(c) < 128 for c in text)
    for table in text.split(r"\hline")[1::1]:
        assert len({line.count("&") - line.count(r"\&") for line in table.splitlines() if line.endswith(r"\\")}) <= 1


def test_every_number_can_be_traced(made) -> None:
    lines = [json.loads(line) for line in (made / "results.jsonl").read_text("utf-8").splitlines()]
    assert {line["run"] for line in lines} == {path.name for path in (made / "../../runs").iterdir()}
    assert {"run", "arm", "tasks", "seed", "target", "language", "metric", "value", "n", "data", "study"} <= set(lines[0])
    comparisons = [json.loads(line) for line in (made / "comparisons.jsonl").read_text("utf-8").splitlines()]
    html = (made / "index.html").read_text("utf-8")
    for one in comparisons:
        if one["baseline"] == "qa.en":
            e = one["estimate"]
            assert f"{signed(e['delta'])} [{signed(e['low']).removeprefix('+')}, {signed(e['high']).removeprefix('+')}]" in html


def test_the_same_runs_make_the_same_report(made, monkeypatch) -> None:
    study = fakes.study(note=NOTE)
    fakes.plan(monkeypatch, study)
    before = {path.name: path.read_bytes() for path in made.iterdir()}
    report.make(study, made.parent.parent, "python -m eval report x.toml")
    assert {path.name: path.read_bytes() for path in made.iterdir()} == before and len(before) == 5


def test_a_demonstration_refuses_and_says_why(tmp_path, monkeypatch) -> None:
    study = fakes.study(demonstration=True, seeds=[1])
    fakes.plan(monkeypatch, study)
    fakes.write_all(tmp_path, study)
    text = " ".join(" ".join(parsed(report.make(study, tmp_path)).text).split())
    assert text.count("no claim is made") == 2 and "100 intermediate examples per task and arm, tests of 50 to 100 examples and 1 seed" in text
    assert "one seed: nothing is known of the noise of training" in text and "beats English" not in text


def test_a_study_without_runs_names_the_command(tmp_path, monkeypatch) -> None:
    study = fakes.study()
    fakes.plan(monkeypatch, study)
    with pytest.raises(ConfigError, match=r"no scored run of study 'fake' yet \(54 planned\).*make train STUDY=studies/fake.toml"):
        report.make(study, tmp_path)
    assert not (tmp_path / "reports").exists()


def test_a_report_of_one_run_is_made(tmp_path, monkeypatch) -> None:
    study = fakes.study()
    fakes.plan(monkeypatch, study)
    fakes.write_run(tmp_path, study, cells(study)[0], 0.5)
    text = " ".join(parsed(report.make(study, tmp_path)).text)
    assert "is incomplete" in text and "missing" in text


def test_the_report_needs_no_torch() -> None:
    code = "import sys; sys.modules.update(torch=None, transformers=None); import eval.report, eval.score, eval.__main__"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True).returncode == 0


@pytest.fixture
def shell(tmp_path, monkeypatch):
    """Return run(args) -> (exit code, output) of `python -m eval` in a project with a fake study."""
    study = fakes.study(seeds=[1])
    fakes.plan(monkeypatch, study)
    monkeypatch.setattr(command, "load", lambda path, overrides=(): study)

    def run(*args):
        done = CliRunner().invoke(command.app, [*args, "--root", str(tmp_path)])
        return done.exit_code, done.output, done.exception

    return study, run


def test_report_prints_the_answers_and_the_path_last(tmp_path, shell) -> None:
    study, run = shell
    fakes.write_all(tmp_path, study)
    code, output, _ = run("report", "x.toml", "--set", "statistics.draws = 100")
    lines = output.strip().splitlines()
    assert code == 0 and lines[0].startswith("For Finnish") and lines[1].startswith("For Hungarian") and lines[-1] == str(tmp_path / "reports/fake/index.html")


def test_dry_run_tells_and_touches_nothing(tmp_path, shell) -> None:
    study, run = shell
    fakes.write_run(tmp_path, study, cells(study)[0], 0.5)
    before = sorted(tmp_path.rglob("*"))
    code, output, _ = run("report", "--dry-run")
    assert code == 0 and "1 scored, 17 missing (17 not run); nothing was written" in output and "missing  " in output
    assert sorted(tmp_path.rglob("*")) == before


def test_mistakes_are_one_paragraph_and_exit_code_two(tmp_path) -> None:
    done = subprocess.run([sys.executable, "-m", "eval", "report", "studies/nothing.toml"], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 2 and done.stderr.startswith("error: studies/nothing.toml: no such file") and "Traceback" not in done.stderr


@given(st.text())
def test_nothing_in_markdown_or_tex_is_markup_from_outside(text) -> None:
    shown = escape_md(text)
    assert "\n" not in shown and "<" not in shown and not re.search(r"(?<!\\)(?:\\\\)*[`|\[\]*_]", shown)
    assert not re.search(r"(?<!\\)[#%&_]", escape_tex(text).replace(r"\\", ""))


@pytest.mark.parametrize(("value", "text"), [(1.24, "+1.2"), (-0.34, "−0.3"), (0.04, "0.0"), (-0.04, "0.0"), (12.0, "+12.0")])
def test_signed(value, text) -> None:
    assert signed(value) == text


@given(st.lists(st.floats(-100, 100), max_size=6), st.floats(0.1, 5))
def test_an_axis_holds_everything_and_has_few_ticks(values, margin) -> None:
    scale = forest.axis(values, margin)
    assert 3 <= len(scale.ticks) <= 8
    for value in (*values, 0.0, margin, -margin):
        assert 0 <= scale.at(value) <= 100
