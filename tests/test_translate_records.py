"""Whole records through a real (tiny) translation model: odd texts come out whole, or are refused with a reason; nothing is lost."""

from __future__ import annotations

from pathlib import Path

import pytest

from build_data.memory import Memory
from build_data.mt_build import decode_all, results, sentences_of, targets, texts_of
from build_data.mt_records import mt_step
from build_data.steps import Dropped, run
from build_data.translate import Translator, load_translator
from build_data.workshop import Workshop
from corpora import study as studies
from corpora.config import ConfigError
from corpora.records import Choice, Pair, Record, Span, Tags
from corpora.study import Translation
from tests import tiny_mt

pytest.importorskip("ctranslate2")
pytest.importorskip("spacy")


@pytest.fixture(scope="module")
def translator(tmp_path_factory: pytest.TempPathFactory) -> Translator:
    model = tiny_mt.ct2_folder(tiny_mt.transformers_folder(tmp_path_factory.mktemp("marian")), tmp_path_factory.mktemp("ct2") / "fi")
    return load_translator(Translation(models={"fi": str(model)}, max_input=40, max_output=60), "fi", 1)


def through(translator: Translator, *records: Record) -> tuple[list[Record], list[Dropped]]:
    kept, dropped, ledger = run(mt_step(records[0].kind, translator, Memory(), "fi"), records)
    assert ledger.close()["in"] == len(records)
    return kept, dropped


def pair(premise: str, hypothesis: str = "The lamp is old.") -> Pair:
    return Pair(id="1", premise=premise, hypothesis=hypothesis, label="neutral", corpus="x", licence="CC0-1.0")


@pytest.mark.parametrize("premise", [
    "The lamp " * 5_600, "x" * 50_000, "😀🎉 😀", "\x00\x07\x1b", "שלום עולם, מה שלומך?", "\u202eTom\u202c left.", "One.\r\nTwo.\rThree.\n\nFour.", "。。。", "5 000 km² – ”½”",
], ids=["50,000 characters", "one word of 50,000", "emoji", "controls", "right to left", "overrides", "line ends", "stops", "signs"])  # fmt: skip
def test_odd_texts_are_kept_whole_or_refused_with_a_reason(translator: Translator, premise: str) -> None:
    record = pair(premise)
    kept, dropped = through(translator, record)
    assert len(kept) + len(dropped) == 1
    for row in kept:
        assert isinstance(row, Pair) and row.premise.strip() and row.source_id == "1" and row.label == "neutral"
        assert len(row.premise.splitlines()) == len(premise.splitlines())
    for refused in dropped:
        assert refused.stage == "translate" and refused.reason in ("empty", "cut", "loop", "copied") and refused.record == record


def test_a_single_text_has_no_hypothesis_to_translate(translator: Translator) -> None:
    kept, dropped = through(translator, pair("Tom left his umbrella on the bus this morning.", hypothesis=""))
    assert [r.hypothesis for r in kept if isinstance(r, Pair)] == ([""] if kept else []) and len(kept) + len(dropped) == 1


def test_three_thousand_equal_sentences_are_decoded_once_and_all_come_back(translator: Translator) -> None:
    context = "The lamp is old. " * 3_000
    record = Span(id="1", context=context, question="Who took care of the lamp?", answers=())
    translator.counts.clear()
    texts = texts_of([record])
    found = list(sentences_of(translator, texts))
    assert len(found) == 3_001 and set(found) == {"The lamp is old.", "Who took care of the lamp?"}
    with Memory() as memory:
        decode_all(translator, memory, texts)
        assert memory.counts["decoded"] == 2
        target = next(iter(targets(translator, memory, texts)))
        assert len(target.split(" ")) % 3_000 in (0, 1) and translator.counts["decoded"] <= 2 * 6


def test_white_space_between_sentences_stays_as_it_was(translator: Translator) -> None:
    with Memory() as memory:
        texts = ["  The lamp is old.\n\n\tWho took care of the lamp?  \r\n"]
        target = next(targets(translator, memory, texts))
    assert target.startswith("  ") and target.endswith("  \r\n") and "\n\n\t" in target


def test_choices_keep_their_order_and_equal_endings_are_refused(translator: Translator) -> None:
    endings = ("It was built in 1879.", "Who took care of the lamp?", "1879")
    kept, dropped = through(translator, Choice(id="1", context="The old lighthouse stands on a small island.", endings=endings, label=2))
    for row in kept:
        assert isinstance(row, Choice) and row.label == 2 and len(row.endings) == 3 and row.endings[2] == "1879"
    assert len(kept) + len(dropped) == 1

    class Same(Translator):
        def translate(self, texts):  # type: ignore[no-untyped-def]
            return [result for result, _ in zip(super().translate(["1879"] * len(texts)), texts, strict=True)]

    same = Same(translator.folder, Translation(), 1)
    _, (refused,) = through(same, Choice(id="1", context="Old?", endings=("Yes it is.", "No it is not."), label=0))
    assert refused.reason == "endings_equal"


def test_tags_are_no_task_for_a_translator(translator: Translator) -> None:
    with pytest.raises(ConfigError, match="kind 'tags' cannot be machine-translated"):
        through(translator, Tags(id="1", tokens=("a",), tags=("X",)))


def test_a_build_s_results_come_out_of_the_memory_in_any_order(translator: Translator) -> None:
    with Memory() as memory:
        decode_all(translator, memory, list(tiny_mt.LINES))
        there = {text: result for part in results(translator, memory, reversed(tiny_mt.LINES)) for text, result in part.items()}
        assert set(there) == set(tiny_mt.LINES) and memory.counts["decoded"] == len(there)


def test_all_arms_of_a_build_are_gathered_before_the_first_shard(translator: Translator, tmp_path: Path) -> None:
    wanted = [("nli", "en"), ("nli", "mt-fi~unfiltered"), ("qa", "mt-fi"), ("nli", "native-fi")]
    study = studies.load(Path(__file__).parent.parent / "studies/mini.toml", ["tasks.nli.rows = 20", "tasks.qa.rows = 20"])
    shop = Workshop(study, tmp_path, wanted=wanted)
    shop._translators["fi"], shop._models["mt-fi"] = translator, {}  # as if it had been measured
    shop.decode("mt-fi")
    texts = {text for task in ("nli", "qa") for text in texts_of(shop.english(task))}
    assert shop.memory.counts["decoded"] == len(set(sentences_of(translator, texts)))
    before = shop.memory.counts["asked"]
    shop.decode("mt-fi")
    assert shop.memory.counts["asked"] == before  # once a build
