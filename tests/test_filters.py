"""build_data/filters.py and the scores behind it: tables of Finnish and Hungarian cases with the reason spelled out."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from build_data import grammar, heuristics, langid, numerals
from build_data.filters import FILTERS, Filter, Item, View, decide, filter_step, filters_for, score
from build_data.parse import Parse, Sentence, Word
from build_data.steps import Dropped, run
from corpora.config import ConfigError
from corpora.records import Pair, Record, Text

WORDS = st.lists(st.sampled_from(["aa", "bee", "cee", "dee", "ee", "äf", "gee", "hoo", "ii", "jii", "koo", "äl", "äm"]), min_size=1, max_size=30)


class FakeParser:
    """Tags by rule: `verbs` are finite, everything else is a noun; a text with "boom" fails."""

    fingerprint = "fake"

    def __init__(self, language: str, *verbs: str) -> None:
        self.language, self.verbs = language, verbs

    def parse(self, texts: Sequence[str], *, trees: bool, split: bool = True) -> list[Parse | None]:
        return [None if "boom" in text else self._parse(text) for text in texts]

    def refusal(self, text: str, *, split: bool = True) -> str:
        return "long_sentence=412" if "boom" in text else ""

    def _parse(self, text: str) -> Parse:
        words, at = [], 0
        for token in text.replace(".", " .").split():
            at = text.index(token, at)
            verb = token in self.verbs
            tag = "PUNCT" if token == "." else "VERB" if verb else "NOUN"
            words.append(Word(token, tag, {"VerbForm": "Fin"} if verb else {}, 0, "", at, at + len(token)))
        return Parse((Sentence(tuple(words), words[0].start, words[-1].end),), False)


def judge(language: str, text: str, source: str, parser: FakeParser | None = None, **bounds: tuple[float, float]) -> str | None:
    """Return why one translated text is refused, None if it is kept."""
    step = filter_step(filters_for(f"mt-{language}", "text", bounds), language, parser, {"s": Text(id="s", text=source)})
    [item] = step.work([Text(id="t", source_id="s", text=text)])
    return item.reason if isinstance(item, Dropped) else None


@pytest.mark.parametrize(
    ("language", "source", "text", "reason"),
    [
        ("fi", "He lived in Turku for three years.", "Hän asui Turussa kolme vuotta.", None),
        ("fi", "He lived in Turku for three years and then moved away.", "Hän asui.", "length_ratio=0.297"),
        ("hu", "The town has 12,500 inhabitants.", "A városnak 12 500 lakosa van.", None),  # thousands with a space
        ("hu", "The town has 12,500 inhabitants.", "A városnak 12\u202f500 lakosa van.", None),  # with a thin one
        ("hu", "The town has 12,500 inhabitants.", "A városnak 15 200 lakosa van.", "numbers=1"),
        ("fi", "It grew by 3.5 percent.", "Se kasvoi 3,5 prosenttia.", None),  # decimal comma
        ("fi", "It has 2 doors and 14 windows.", "Siinä on kaksi ovea ja 14 ikkunaa.", None),  # written out
        ("fi", "It has 2 doors and 14 windows.", "Siinä on ovia ja ikkunoita.", "numbers=1"),
        ("fi", "The shop closes at 5 pm.", "Kauppa sulkeutuu kello 17.", None),
        ("fi", "She did not come home.", "Hän tuli kotiin.", "negation=1"),
        ("fi", "She did not come home.", "Hän ei tullut kotiin.", None),
        ("fi", "She came without a coat.", "Hänellä ei ollut takkia.", None),  # hidden in English
        ("hu", "There is nobody in the garden.", "A kertben senki sincs.", None),
        ("hu", "The dog sleeps in the garden.", "A kutya nem alszik a kertben.", "negation=1"),
        ("hu", "He left without money.", "Pénz nélkül ment el.", None),
        ("fi", "The weather is lovely today.", "The weather is lovely today.", "language=0"),
        ("fi", "He came came home late.", "Hän tuli tuli tuli tuli tuli kotiin.", "repetition=0.714"),
        ("hu", "The boat sank in the storm.", "A hajó elsüllyedt a", "cut_off=1"),
        ("fi", "Stop!", "Seis!", "few_words=1"),
    ],
)
def test_translations(language: str, source: str, text: str, reason: str | None) -> None:
    found = judge(language, text, source)
    assert found == reason or (reason == "language=0" and found is not None and found.startswith("language="))


def test_parsed_filters() -> None:
    parser = FakeParser("fi", "nukkuu", "on")
    assert judge("fi", "Kissa nukkuu.", "The cat was asleep.", parser) is None
    assert judge("fi", "Kissa uni.", "The cat was asleep.", parser) == "finite_verb=0"
    assert judge("fi", "Punainen talo.", "A red house.", parser) is None  # the source has no verb either
    assert judge("fi", "Kissa nukkuu ja.", "The cat was asleep and.", parser) == "fragment=1"
    assert judge("fi", "boom nukkuu.", "The cat was asleep.", parser) == "long_sentence=412"  # the parser's own reason
    step = filter_step(filters_for("native-fi", "text", {}), "fi", parser, {})
    [refused] = step.work([Text(id="t", text="boom nukkuu.")])
    assert isinstance(refused, Dropped) and refused.value == 412.0


@pytest.mark.parametrize(
    ("language", "words", "strict", "share"),
    [
        ("hu", "A csőre piros.", False, 1.0),  # Hungarian leaves "is" out
        ("hu", "A csőre piros.", True, 0.0),
        ("fi", "Sen nokka punainen.", False, 0.0),  # Finnish doesn't
        ("fi", "Kissa nukkuu.", False, 1.0),
    ],
)
def test_finite_share(language: str, words: str, strict: bool, share: float) -> None:
    [parse] = FakeParser(language, "nukkuu").parse([words], trees=False)
    assert parse is not None and grammar.finite_share(parse, language, strict) == share


def test_all_scores_are_stored_and_the_first_failure_is_the_reason() -> None:
    source = {"s": Text(id="s", text="It cost 500 euros and nobody paid.")}
    step = filter_step(filters_for("mt-fi", "text", {}), "fi", FakeParser("fi", "maksoi"), source)
    kept, dropped, ledger = run(step, [Text(id="t", source_id="s", text="Se maksoi jotain."), Text(id="u", source_id="x", text="Se maksoi 500 euroa.")])
    assert not kept and [d.reason for d in dropped] == ["numbers=1", "no_source"]
    assert dropped[0].value == 1.0 and dropped[0].stage == "filter"
    assert {"negation", "numbers", "tag_order", "quality"} <= dropped[0].record.scores.keys() and dropped[0].record.scores["negation"] == 1.0
    assert ledger.excluded == {"numbers": 1, "no_source": 1}


def test_arms_get_the_filters_they_can_have() -> None:
    names = {arm: {f.name for f in filters_for(arm, "pair", {})} for arm in ("en", "native-hu", "mt-hu")}
    assert {"few_words", "letters", "language", "markup"} <= names["en"] and not names["en"] & {"copy", "numbers", "finite_verb", "quality", "answer_type"}
    assert names["native-hu"] - names["en"] == {"finite_verb", "fragment", "foreign", "stems", "tag_order", "tag_distance"}
    assert {f.name for f in FILTERS.values() if not f.needs & {"encoder"} and (not f.kinds or "pair" in f.kinds)} == names["mt-hu"]
    assert {f.name for f in filters_for("mt-fi", "span", {"similarity": (0.4, 1.0)})} >= {"similarity", "answer_type", "answer_places"}  # off unless named
    back = {f.name for f in filters_for("bt-en", "pair", {})}
    assert {"numbers", "negation", "length_ratio"} <= back and not back & {"copy", "similar", "word_ratio", "finite_verb"}  # English beside English


def test_bounds_of_a_study_and_an_unknown_name() -> None:
    changed = {f.name: f for f in filters_for("mt-fi", "pair", {"numbers": (0.0, 1.0)})}
    assert (changed["numbers"].low, changed["numbers"].high) == (0.0, 1.0) and changed["copy"] == FILTERS["copy"]
    assert judge("fi", "Se maksoi jotain.", "It cost 500 euros.", numbers=(0.0, 1.0)) is None
    with pytest.raises(ConfigError, match="no filter named 'number'; did you mean numbers"):
        filters_for("mt-fi", "pair", {"number": (0.0, 1.0)})


def test_changed_bounds_change_the_key_and_nan_is_refused() -> None:
    steps = [filter_step(filters_for("en", "pair", b), "en", None, {}) for b in ({}, {"letters": (0.5, 1.0)})]
    assert steps[0].key != steps[1].key
    broken = Filter(name="broken", family="heuristic", item=lambda item: float("nan"), why="a test")
    with pytest.raises(ConfigError, match=r"broken scored NaN on 'Kissa\.'"):
        score(View("fi", (Item("fi", "Kissa."),)), [broken])
    whole = Filter(name="whole", family="task", row=lambda view: float("nan"), why="a test")
    with pytest.raises(ConfigError, match="whole scored NaN"):
        score(View("fi", (Item("fi", "Kissa."),)), [whole])


@pytest.mark.parametrize("bounds", [(1.0, 0.0), (float("nan"), 1.0)])
def test_bounds_that_keep_nothing_are_refused(bounds: tuple[float, float]) -> None:
    with pytest.raises(ConfigError, match=r"filters\.letters"):
        filters_for("en", "pair", {"letters": bounds})
    with pytest.raises(ConfigError, match=r"filters\.letters"):
        dataclasses.replace(FILTERS["letters"], low=bounds[0], high=bounds[1])


def test_decisions_use_stored_scores_alone() -> None:
    row = Text(id="t", text="Kissa nukkuu sohvalla.", scores={"letters": 0.5, "of_other_times": 9.0})
    tight, loose = (filters_for("en", "text", {"letters": (low, 1.0)}) for low in (0.6, 0.4))
    refused = decide(row, tight)
    assert isinstance(refused, Dropped) and (refused.reason, refused.value) == ("letters=0.5", 0.5)
    assert decide(row, loose) is row


def test_native_pairs_are_judged_by_their_worse_text() -> None:
    step = filter_step(filters_for("native-fi", "pair", {}), "fi", FakeParser("fi", "nukkuu"), {})
    rows: list[Record] = [
        Pair(id="1", premise="Kissa nukkuu sohvalla.", hypothesis="Koira nukkuu lattialla.", label="follows"),
        Pair(id="2", premise="Kissa nukkuu sohvalla.", hypothesis="Koira lattialla.", label="follows"),
    ]
    kept, dropped, _ = run(step, rows)
    assert [r.id for r in kept] == ["1"] and dropped[0].reason == "finite_verb=0"


@pytest.mark.parametrize(
    ("text", "language", "sure"),
    [("Kissa istuu puussa ja katselee lintuja.", "fi", True), ("A macska a fán ül, és a madarakat nézi.", "hu", True), ("Kass istub puu otsas.", "fi", False)],
)
def test_language(text: str, language: str, sure: bool) -> None:
    assert (langid.probability(text, language) > 0.5) == sure


@given(WORDS)
def test_words_said_once_are_no_loop(words: list[str]) -> None:
    assert heuristics.repetition(" ".join(dict.fromkeys(words))) == 0.0


@given(WORDS, st.integers(3, 6))
def test_a_loop_is_found_wherever_it_stands(words: list[str], times: int) -> None:
    text = " ".join(["alku", *words, *["silmukka"] * times, "loppu"])
    assert heuristics.repetition(text) >= times / len(text.split())
    assert heuristics.repetition(text + " silmukka silmukka silmukka silmukka") > 0


@given(st.integers(1, 9_999_999))
def test_a_number_is_kept_however_it_is_grouped(value: int) -> None:
    for mark in (",", ".", " ", "\u00a0", "\u202f"):
        assert numerals.numbers_lost(f"Siellä oli {value:,} ihmistä.".replace(",", mark), f"There were {value:,} people.", "fi") == 0.0
    assert numerals.numbers_lost("Siellä oli väkeä.", f"There were {value + 2_000_000} people.", "fi") == 1.0


@given(st.text(max_size=60), st.text(max_size=60))
def test_scores_are_shares_for_any_text(text: str, source: str) -> None:
    for value in (
        heuristics.repetition(text), heuristics.letters(text), heuristics.copied(text, source), heuristics.cut_off(text, source),
        numerals.numbers_lost(text, source, "hu"), grammar.negation_mismatch(text, source, "hu"),
    ):  # fmt: skip
        assert 0.0 <= value <= 1.0


def test_every_filter_says_why() -> None:
    assert all(len(f.why) > 20 and f.low <= f.high for f in FILTERS.values())
    assert [f.name for f in FILTERS.values()] == list(FILTERS)
