"""build_data/dedup.py and build_data/leaks.py: what counts as the same text."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from build_data.dedup import dedup_step, normal
from build_data.leaks import Index, leak_guard, leak_index, leaked
from build_data.steps import run
from corpora.records import Pair, Record, Span, Text
from corpora.study import load

SENTENCE = "Suomen suurin järvi on Saimaa, jossa on tuhansia saaria."
LONG = "Pitkä virke kertoo ensin järvestä, sitten sen saarista, kaloista ja linnuista, ja lopuksi vielä ihmisistä, jotka asuvat sen rannoilla."


def pair(id: str, premise: str, hypothesis: str, label: str = "entailment") -> Pair:
    return Pair(id=id, premise=premise, hypothesis=hypothesis, label=label)


def test_duplicates_within_a_task() -> None:
    rows: list[Record] = [
        pair("1", "Kissa nukkuu.", "Eläin lepää."),
        pair("2", "KISSA nukkuu!", "Eläin  lepää"),  # the same but for case, signs and spaces
        pair("3", "Kissa nukkuu.", "Eläin lepää.", "contradiction"),  # the same texts with another label
        pair("4", "Eläin lepää.", "Kissa nukkuu."),  # the other way round is another row
        Span(id="5", context="Oulu on kaupunki.", question="Mikä on kaupunki?", answers=(("Oulu", 0),)),
        Span(id="6", context="Oulu on kaupunki.", question="Mikä Oulu on?", answers=(("kaupunki", 8),)),
        pair("7", "!!!", "???"),
        pair("8", "...", "???"),  # signs alone are equal only to themselves
    ]
    kept, dropped, _ = run(dedup_step(), rows)
    assert [r.id for r in kept] == ["1", "4", "5", "6", "7", "8"]
    assert [(d.record.id, d.reason) for d in dropped] == [("2", "duplicate"), ("3", "duplicate_conflict")]


@given(st.lists(st.text(alphabet="aäÄbB .!", min_size=1, max_size=6).filter(str.strip), max_size=12))
def test_dedup_keeps_one_of_each_and_nothing_more(texts: list[str]) -> None:
    rows: list[Record] = [Text(id=str(i), text=text) for i, text in enumerate(texts)]
    kept, _, _ = run(dedup_step(), rows)
    again, dropped, _ = run(dedup_step(), kept)
    assert again == kept and not dropped
    assert {normal(r.texts()[0]) or r.texts()[0] for r in kept} == {normal(t) or t for t in texts}


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (SENTENCE, True),
        (SENTENCE.upper().replace(",", " –"), True),  # normalised
        (f"Aluksi kerron tämän. {SENTENCE} Sitten jatkan.", True),  # a whole sentence inside a context
        ("Suomen suurin järvi on Saimaa, mutta pienin on jokin toinen.", False),  # half of it
        ("Kuten tiedetään, " + " ".join(LONG.split()[2:17]), True),  # thirteen words of a long one
        ("Kuten tiedetään, " + " ".join(LONG.split()[2:14]), False),  # twelve
        ("Hyvää päivää.", False),  # two words are chance
        ("Missä Saimaa on?", True),  # a short question, equal
        ("Kysyn teiltä: Missä Saimaa on?", False),  # a short question inside something else
    ],
)
def test_what_leaks(text: str, found: bool) -> None:
    index = Index()
    for known in (SENTENCE, LONG, "Hyvää päivää.", "missä saimaa on"):
        index.add(known, "tydiqa.fi")
    assert index.find(text) == ("tydiqa.fi" if found else "")


def test_the_guard_names_the_target() -> None:
    index = Index()
    index.add(SENTENCE, "tydiqa.fi")
    rows: list[Record] = [pair("1", "Jotain aivan muuta on tässä.", SENTENCE), pair("2", "Jotain muuta.", "Ja vielä muuta.")]
    kept, dropped, ledger = run(leak_guard(index), rows)
    assert [r.id for r in kept] == ["2"] and dropped[0].reason == "leak:tydiqa.fi" and dropped[0].stage == "leaks"
    assert ledger.excluded == {"leak:tydiqa.fi": 1} and leaked(index, rows) == {"tydiqa.fi": 1} and leaked(index, kept) == {}


def test_the_index_of_the_mini_study_holds_every_evaluation_set() -> None:
    study = load(Path("studies/mini.toml"))
    index = leak_index(study)
    assert {"udpos.en", "udpos.fi", "udpos.hu", "panx.hu", "tydiqa.en", "tydiqa.fi", "tatoeba.fi", "tatoeba.hu"} <= index.counts.keys()
    only = leak_index(study, ["fi"])
    assert not any(name.endswith(".hu") for name in only.counts) and only.fingerprint != index.fingerprint != ""
    assert leak_guard(index).key != leak_guard(only).key
