"""Pages to read a built task by eye: every fate shown, English beside its translation, nothing from a corpus is markup, and they work in a browser."""

from __future__ import annotations

import dataclasses
import json
import re
from collections import Counter

import eval_fakes as fakes
import pytest
from browser import look, needs_browser
from hypothesis import given
from hypothesis import strategies as st

from corpora.records import Span, to_row
from corpora.shards import schema, write_json, write_records, write_rows
from corpora.study import data_folder
from eval import browse

EVIL = "</script><script>document.title='owned'</script><!-- & \u2028"
FILTERS = ["length", "names"]


def span(number: int, context: str, answer: str, **more) -> Span:
    return Span(
        id=f"q{number}", title="A title", context=context, question=f"What is number {number}?", answers=((answer, context.index(answer)),),
        scores={"length": float(number), "names": 0.5}, **more,
    )  # fmt: skip


@pytest.fixture(scope="module")
def study():
    return fakes.study()


def write(root, study, arm: str, train, dropped, fingerprint="f1") -> None:
    folder = data_folder(study, "qa", arm, root / "data")
    write_records(folder / "train-00000.parquet", train, "span", FILTERS)
    write_records(folder / "validation-00000.parquet", train[:1], "span", FILTERS)
    rows = [to_row(r) | {"stage": "filter", "reason": f"length={i}", "value": float(i)} for i, r in enumerate(dropped)]
    write_rows(folder / "excluded-00000.parquet", rows, schema("span", FILTERS, excluded=True))
    write_json(folder / "manifest.json", {"fingerprint": fingerprint, "language": "fi", "settings": {"filters": {"length": [2, None], "names": [None, 0.85]}}})


@pytest.fixture
def built(tmp_path, study):
    english = [span(i, f"Number {i} is the 😀 red house. {EVIL}", "red house") for i in range(1, 6)]
    finnish = [span(i, f"Numero {i} on 😀 punainen talo. {EVIL}", "punainen talo", source_id=f"q{i}") for i in range(1, 6)]
    finnish = [dataclasses.replace(r, id=f"{r.id}.mt-fi") for r in finnish]
    write(tmp_path, study, "en", english, [])
    write(tmp_path, study, "mt-fi", finnish[:3], finnish[3:])
    return tmp_path


def data_of(path) -> dict:
    return json.loads(re.search(r'id="data">(.*?)</script>', path.read_text("utf-8"), re.S).group(1))


def test_every_row_is_there_with_its_fate_its_source_and_its_span(built, study) -> None:
    pages = {path.name: path for path in browse.write_pages(study, built, built / "reports/fake")}
    assert set(pages) == {"qa.en.html", "qa.mt-fi.html"}
    data = data_of(pages["qa.mt-fi.html"])
    assert Counter(row["fate"] for row in data["rows"]) == {"train": 3, "validation": 1, "filter: length": 2}
    for row in data["rows"]:
        context = next(part for part in row["text"] if part["name"] == "context")
        start, end = context["spans"][0]
        wide = data["texts"][context["text"]].encode("utf-16-le")
        assert wide[2 * start : 2 * end].decode("utf-16-le") == "punainen talo"
        english = next(part for part in row["source"] if part["name"] == "question")
        assert data["texts"][english["text"]] == f"What is number {row['about']['source_id'][1:]}?"
    assert data["filters"] == {"length": [2, None], "names": [None, 0.85]} and data["rows"][0]["scores"]["names"] == 0.5
    assert "source" not in data_of(pages["qa.en.html"])["rows"][0]


def test_nothing_from_a_corpus_is_markup(built, study) -> None:
    for path in browse.write_pages(study, built, built / "reports/fake"):
        text = path.read_text("utf-8")
        assert text.count("<script") == text.count("</script>") == 2 and "<!--" not in text.partition("<style>")[2]


@given(st.recursive(st.text() | st.integers() | st.none(), lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3)))
def test_embedded_json_comes_back_and_cannot_end_its_element(value) -> None:
    text = browse.embedded(value)
    assert json.loads(text) == value and not re.search(r"[<>&\u2028\u2029]", text)


def test_an_unchanged_page_stays_and_a_changed_task_makes_it_anew(built, study) -> None:
    path = browse.write_pages(study, built, built / "reports/fake")[1]
    before = path.stat().st_mtime_ns, path.read_bytes()
    browse.write_pages(study, built, built / "reports/fake")
    assert (path.stat().st_mtime_ns, path.read_bytes()) == before
    write(built, study, "mt-fi", [span(9, "Uusi talo.", "talo")], [], fingerprint="f2")
    browse.write_pages(study, built, built / "reports/fake")
    assert len(data_of(path)["rows"]) == 2


@given(st.dictionaries(st.sampled_from(["train", "validation", "a: b", "a: c", "budget"]), st.integers(1, 3000), min_size=1), st.integers(50, 2000))
def test_a_large_task_shows_every_fate_and_no_more_than_the_limit(counts, limit) -> None:
    rows = []
    for fate, count in counts.items():
        stage, _, reason = fate.partition(": ")
        split = {"split": fate} if fate in ("train", "validation") else {"split": "excluded", "stage": stage, "reason": reason or stage}
        rows += [{"id": f"{fate}{i}"} | split for i in range(count)]
    chosen = browse._chosen(rows, counts, limit)
    assert len(chosen) == len(rows) if len(rows) <= limit else limit - len(counts) <= len(chosen) <= limit
    assert {browse._fate(row) for row in chosen} == set(counts)


@needs_browser
@pytest.mark.parametrize("width", [390, 1440])
def test_it_works_in_a_browser(built, study, width) -> None:
    path = browse.write_pages(study, built, built / "reports/fake")[1]
    script = '[document.title, document.querySelectorAll("article").length, [...document.querySelectorAll("mark")].map((m) => m.textContent)]'
    all_rows = look(path, width, script)
    assert all_rows["problems"] == [] and all_rows["page"] <= all_rows["inner"] == width and all_rows["wide"] == []
    assert all_rows["found"][:2] == ["qa.mt-fi: rows", 6] and set(all_rows["found"][2]) == {"red house", "punainen talo"}
    some = look(path, width, script, "#q=number+4&fate=dropped")
    assert some["found"][1] == 1 and "4" not in some["found"][0] and set(some["found"][2]) >= {"number", "4", "red house"}


@needs_browser
def test_five_thousand_rows_open_from_disk(tmp_path, study) -> None:
    rows = [span(i, f"Number {i} " + "is one of many words in a long context " * 20 + "and its red house.", "red house") for i in range(6000)]
    write(tmp_path, study, "en", rows, rows[:40])
    path = browse.write_pages(study, tmp_path, tmp_path / "reports/fake")[0]
    number = data_of(path)["rows"][7]["about"]["id"][1:]
    seen = look(path, 1440, '[document.querySelectorAll("article").length, document.getElementById("found").textContent]', f"#q=number+{number}")
    assert path.stat().st_size < 12_000_000 and seen["problems"] == [] and seen["found"][0] >= 1 and seen["found"][1].startswith(str(seen["found"][0]))
