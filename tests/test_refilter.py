"""build_data/refilter.py and gates.py: a changed bound decides anew and does nothing else; variants drop what they say."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path

import pytest

from build_data.filters import FILTERS, filters_for
from build_data.filters_base import Filter
from build_data.gates import Gates
from build_data.leaks import Index
from build_data.parse import Parse
from build_data.refilter import choose, remember, remembered
from build_data.split import held_out
from build_data.steps import Outcome, Step, run
from corpora.records import Pair, Record

LINES = [
    "Joki virtaa hitaasti kohti merta tänään",
    "Kissa istuu ikkunalla ja katsoo pihalle",
    "Vanha silta kaatui viime syksynä jokeen",
    "Lapset juoksivat koulusta suoraan kotiin",
]


NAMES = ["alder", "birch", "cedar", "daisy", "elm tree", "fern", "gorse", "hazel", "iris", "juniper"]


def english(n: int) -> list[Record]:
    said = [" ".join(NAMES[int(digit)] for digit in str(i * 7919 % 99_991).zfill(5)) for i in range(n)]
    return [
        Pair(id=f"r{i}", premise=f"There are {words} by the lake.", hypothesis=f"It has {words}.", label="neutral", document=f"d{i // 2}")
        for i, words in enumerate(said)
    ]


class Workers:
    """A translator, a parser and an index of evaluation texts that count what they are asked."""

    def __init__(self) -> None:
        self.translated = self.parsed = self.indexed = self.decoded = 0
        self.language, self.fingerprint = "fi", "p"

    def parse(self, texts: Sequence[str], *, trees: bool, split: bool = True) -> list[Parse | None]:
        self.parsed += len(texts)
        return [Parse((), trees) if not text.endswith("77.") else None for text in texts]  # some texts cannot be parsed

    def refusal(self, text: str, *, split: bool = True) -> str:
        return "crash=IndexError"

    def translate(self) -> Step:
        def work(records: Sequence[Record]) -> list[Record]:
            self.translated += len(records)
            return [
                dataclasses.replace(
                    r, id=f"{r.id}.mt-fi", source_id=r.id, premise=f"{LINES[int(r.id[1:]) % 4]} numero {r.id[1:]}.", hypothesis=f"Sama asia {r.id[1:]}."
                )
                for r in records
                if isinstance(r, Pair)
            ]

        return Step("translate_pairs", work, {"model": "m"})

    def index(self) -> Index:
        self.indexed += 1
        index = Index()
        index.add("Kissa istuu ikkunalla ja katsoo pihalle numero 1", "udpos.fi")
        return index

    def decode(self) -> None:
        self.decoded += 1

    @property
    def counts(self) -> tuple[int, int, int, int]:
        return self.translated, self.parsed, self.indexed, self.decoded


def filters(**bounds: tuple[float, float]) -> tuple[Filter, ...]:
    chosen = [f for f in filters_for("mt-fi", "pair", bounds) if f.name in ("few_words", "numbers", "length_ratio", "finite_verb")]
    assert len(chosen) == 4
    return tuple(chosen)


def gates(folder: Path, workers: Workers, chosen: Sequence[Filter], rows: Sequence[Record]) -> Gates:
    return Gates(folder, "pair", "fi", chosen, workers, "guard", workers.index, {r.id: r for r in rows}, [workers.translate()], workers.decode)


def balanced(outcome: Outcome, entering: int) -> None:
    for ledger in outcome.ledgers:
        assert ledger["in"] + ledger["made"] == ledger["kept"] + sum(ledger["excluded"].values())
        assert ledger["in"] == entering
        entering = ledger["kept"]
    assert entering == len(outcome.kept)


def test_a_changed_bound_asks_neither_translator_nor_parser_nor_evaluation_sets(tmp_path: Path) -> None:
    workers, rows = Workers(), english(1200)
    rows.append(dataclasses.replace(rows[0], id="r9000"))
    open_finite = {"finite_verb": (0.0, 1.0)}
    pool = gates(tmp_path, workers, filters(**open_finite), rows).run(rows)
    first = choose(pool.kept, filters(**open_finite), "filtered", 20, 200)
    done = workers.counts
    assert done[0] > 1000 and done[1] == 2 * done[0] and done[2:] == (1, 1)
    assert [ledger["step"] for ledger in pool.ledgers] == ["dedup", "translate_pairs", "score", "dedup_equal", "leaks"]
    assert pool.ledgers[0]["excluded"]["duplicate"] == 1 and set(pool.ledgers[2]["excluded"]) == {"crash"}
    assert set(pool.ledgers[4]["excluded"]) == {"leak:udpos.fi"}
    balanced(pool, 1201)
    assert all(set(r.scores) == {"few_words", "numbers", "length_ratio", "finite_verb"} for r in pool.kept)

    tighter = filters(length_ratio=(0.55, 1.1), **open_finite)
    again = gates(tmp_path, workers, tighter, rows).run(rows)
    assert workers.counts == done  # nothing was computed anew
    assert again == pool
    second = choose(again.kept, tighter, "filtered", 20, 200)
    assert 0 < len(second.kept) < len(first.kept)
    refused = next(d for d in second.dropped if d.reason.startswith("length_ratio="))
    assert refused.stage == "filter" and refused.value == refused.record.scores["length_ratio"] and not 0.55 <= refused.value <= 1.1

    gates(tmp_path, workers, filters(**open_finite), rows[:600]).run(rows[:600])
    assert workers.translated > done[0]  # other rows are another matter


def scored(n: int) -> list[Record]:
    rows = [dataclasses.replace(r, scores={"few_words": float(i % 5)}) for i, r in enumerate(english(n))]
    return [*rows]


def test_variants_of_one_pool() -> None:
    rows, chosen = scored(400), [dataclasses.replace(FILTERS["few_words"], low=2.0)]
    made = {name: choose(rows, chosen, name, 20, 80) for name in ("filtered", "unfiltered", "random-drop")}
    for outcome in made.values():
        assert len(outcome.kept) + len(outcome.dropped) == 400 == outcome.ledgers[0]["in"]
    assert len(made["filtered"].kept) == 240 and len(made["unfiltered"].kept) == 400
    sides = {name: [sum(held_out(r, 0.2) is side for r in outcome.kept) for side in (False, True)] for name, outcome in made.items()}
    assert sides["random-drop"] == sides["filtered"]  # as many rows, on either side of the split
    assert {d.reason for d in made["random-drop"].dropped} == {"random"}
    assert {r.id for r in made["random-drop"].kept} != {r.id for r in made["filtered"].kept}
    assert choose(list(reversed(rows)), chosen, "random-drop", 20, 80).kept == list(reversed(made["random-drop"].kept))


def test_what_is_remembered_is_forgotten_when_its_key_or_its_file_changes(tmp_path: Path) -> None:
    calls: list[int] = []

    def compute() -> int:
        calls.append(1)
        return len(calls)

    path = tmp_path / "found.json"
    assert [remember(path, key, compute) for key in ("a", "a", "b", "a")] == [1, 1, 2, 3]
    path.write_text("half a fi", "utf-8")
    assert remember(path, "a", compute) == 4


def test_a_stored_verdict_keeps_the_scores_of_now(tmp_path: Path) -> None:
    from build_data.dedup import dedup_step

    rows = english(3)
    rows.append(dataclasses.replace(rows[1], id="twin"))
    first = remembered(tmp_path / "dedup.json", 1, dedup_step, rows)
    fresh = [dataclasses.replace(r, scores={"x": 1.0}) for r in rows]
    again = remembered(tmp_path / "dedup.json", 1, lambda: pytest.fail("it was stored"), fresh)
    assert [r.id for r in again.kept] == [r.id for r in first.kept] and all(r.scores == {"x": 1.0} for r in again.kept)
    assert [d.reason for d in again.dropped] == ["duplicate"] and again.ledgers == first.ledgers
    assert run(dedup_step(), rows)[0] == first.kept
