"""English there and back: the rows of bt-en, what they keep of the first half, and that nothing is decoded twice."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from bilingual import Words

from build_data.filters import filter_step, filters_for
from build_data.memory import Memory
from build_data.mt_back import back_step, load_back
from build_data.mt_record import of_task
from build_data.mt_records import mt_step
from build_data.steps import Dropped, Step, run, run_sharded
from corpora.config import ConfigError
from corpora.corpus import find_folder
from corpora.records import Kind, Pair, Record, Span
from corpora.study import Translation

PAIRS = [
    Pair(id="a", premise="The tower was old. It fell in 1900.", hypothesis="It was never rebuilt.", label="neutral", document="d1", licence="CC0-1.0"),
    Pair(id="b", premise="Nobody saw the ship.", hypothesis="The ship was lost.", label="neutral", document="d2"),
    Pair(id="c", premise="Nobody heard the bell.", hypothesis="The bell rang.", label="neutral", document="d3"),
]
CONTEXT = "The old tower fell in 1900. \n\n Anna Berg was there with a dog."
SPANS = [
    Span(id="s", context=CONTEXT, question="Who was there?", answers=(("Anna Berg", CONTEXT.index("Anna")),), title="t"),
    Span(id="u", context=CONTEXT, question="Who was away?", answers=(), title="t"),
]


def steps(kind: Kind, there: Words, back: Words, memory: Memory) -> list[Step]:
    return [mt_step(kind, there, memory, "fi"), back_step(mt_step(kind, back, memory, "en"))]  # type: ignore[arg-type]


def chain(kind: Kind, records: list[Record], there: Words, back: Words, memory: Memory) -> tuple[list[Record], list[Dropped]]:
    dropped: list[Dropped] = []
    for step in steps(kind, there, back, memory):
        records, refused, ledger = run(step, records)
        ledger.close()
        dropped += refused
    return records, dropped


def test_pairs_come_back_as_english_rows_of_their_english_source() -> None:
    kept, dropped = chain("pair", list(PAIRS), Words("en", "fi", lost=["Nobody"]), Words("fi", "en"), Memory())
    (row,) = kept
    assert isinstance(row, Pair)
    assert (row.id, row.source_id, row.origin, row.document, row.licence) == ("a.bt-en", "a", "machine-translated", "d1", "CC0-1.0")
    assert (row.premise, row.hypothesis) == ("The tower were old. It fell in 1900.", "It were never rebuilt.")
    assert row.scores == {"pivot_mt_score": -0.25, "mt_score": -0.5}
    assert [(d.record.id, d.stage, d.reason) for d in dropped] == [("b", "translate", "loop"), ("c", "translate", "loop")]


def test_what_is_lost_on_the_way_back_is_dropped_as_the_pivot_row_it_was() -> None:
    kept, dropped = chain("pair", list(PAIRS), Words("en", "fi"), Words("fi", "en", lost=["belli"]), Memory())
    assert [row.id for row in kept] == ["a.bt-en", "b.bt-en"]
    (one,) = dropped
    assert (one.record.id, one.record.source_id, one.stage, one.reason, one.record.scores) == ("c.mt-fi", "c", "back_translate", "loop", {"mt_score": -0.25})


def test_answers_are_projected_twice() -> None:
    kept, dropped = chain("span", list(SPANS), Words("en", "fi"), Words("fi", "en"), Memory())
    found, unanswerable = kept
    assert isinstance(found, Span) and isinstance(unanswerable, Span) and not dropped
    assert found.context == CONTEXT.replace("was", "were")  # white space between the sentences stays
    ((text, start),) = found.answers
    assert text == "Anna Berg" and found.context[start : start + len(text)] == text
    assert unanswerable.answers == () and unanswerable.id == "u.bt-en"
    assert {"pivot_span_agreement", "span_agreement", "pivot_span_method", "span_method"} <= set(found.scores)


def test_the_rows_of_the_translated_arm_are_not_decoded_again() -> None:
    there, back, memory = Words("en", "fi"), Words("fi", "en"), Memory()
    run(mt_step("span", there, memory, "fi"), list(SPANS))
    before = there.seen.total()
    chain("span", list(SPANS), there, back, memory)
    assert there.seen.total() == before and max(back.seen.values()) == 1
    assert "The old tower fell in 1900." not in back.seen and "Thei oldi toweri felli ini 1900." in back.seen


def test_shards_keep_the_rows_and_their_key_follows_both_models(tmp_path: Path) -> None:
    plain = steps("pair", Words("en", "fi"), Words("fi", "en"), Memory())
    first = run_sharded(plain, PAIRS, "pair", tmp_path, "k")
    again: list[bool] = []
    second = run_sharded(steps("pair", Words("en", "fi"), Words("fi", "en"), Memory()), PAIRS, "pair", tmp_path, "k", lambda rows, kept: again.append(kept))
    assert second == first and again == [True] and [step["step"] for step in first.ledgers] == ["translate_pairs", "translate_back"]
    others = [steps("pair", Words("en", "fi", name="x"), Words("fi", "en"), Memory()), steps("pair", Words("en", "fi"), Words("fi", "en", name="x"), Memory())]
    assert [[a.key == b.key for a, b in zip(plain, other, strict=True)] for other in others] == [[False, True], [True, False]]


def test_filters_compare_with_the_english_source_and_let_shared_words_be() -> None:
    chosen = filters_for("bt-en", "pair", {})
    assert not {"copy", "finite_verb", "fragment"} & {f.name for f in chosen} and {"numbers", "negation", "length_ratio"} <= {f.name for f in chosen}
    kept, _ = chain("pair", list(PAIRS), Words("en", "fi"), Words("fi", "en"), Memory())
    damaged = [Pair(**{**row_of(kept[0]), "id": "x.bt-en", "hypothesis": "It was rebuilt."})]
    out, dropped, _ = run(filter_step(chosen, "en", None, {row.id: row for row in PAIRS}), [*kept, *damaged])
    assert [row.id for row in out] == ["a.bt-en", "b.bt-en", "c.bt-en"] and [d.reason.partition("=")[0] for d in dropped] == ["negation"]


def row_of(record: Record) -> dict[str, object]:
    return {name: getattr(record, name) for name in ("source_id", "origin", "document", "premise", "hypothesis", "label")}


def test_a_folder_that_is_no_model_into_english_names_the_study_key(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"translation\.back\.fi: .*does not exist"):
        load_back(Translation(back={"fi": str(tmp_path / "none")}), 1)
    forward = Path(shutil.copytree(find_folder("mini/models/mt/fi"), tmp_path / "model"))
    with pytest.raises(ConfigError, match=r"source language is 'en', but the study uses it for fi -> en; name another model in translation\.back\.fi"):
        load_back(Translation(back={"fi": str(forward)}), 1)


def test_the_record_of_a_task_comes_from_rows_and_memory() -> None:
    there, back, english = Words("en", "fi", lost=["heard"]), Words("fi", "en"), {row.id: row for row in PAIRS}
    memory = Memory()
    kept, _ = chain("pair", list(PAIRS), there, back, memory)
    found = of_task({"model": "m", "back": {"model": "b"}}, [there, back], memory, english, kept)
    assert found["decoding"] == {
        "sentences": 7, "score": -1.5, "mended": {}, "failed": {"loop": 1}, "share_retried": 0.142857, "share_failed": 0.142857,
    }  # fmt: skip
    assert (found["model"], found["back"]["model"]) == ("m", "b") and found["back"]["decoding"]["failed"] == {}
    assert found["artefacts"]["overlap"]["words"]["change"] == 0.0 and found["artefacts"]["of"] == 2
    resumed = of_task({"model": "m", "back": {"model": "b"}}, [Words("en", "fi", lost=["heard"]), Words("fi", "en")], memory, english, kept[::-1])
    assert resumed == found
    one_way = of_task({"model": "m"}, [there], memory, english, run(mt_step("pair", there, memory, "fi"), list(PAIRS))[0])  # type: ignore[arg-type]
    assert "back" not in one_way and one_way["artefacts"]["of"] == 2
