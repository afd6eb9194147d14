"""The scores behind the filters beyond those of test_filters.py: whole tables of cases with what is expected and why."""

from __future__ import annotations

import difflib
import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tagged import read

from build_data import filters_parse, filters_quality, filters_task, heuristics, meaning, numerals
from build_data.filters import filter_step, filters_for
from build_data.filters_base import Item, View
from build_data.parse import Parse, Sentence
from build_data.similarity import Likeness, Similarity, likeness
from build_data.steps import Dropped
from corpora.config import ConfigError
from corpora.records import Choice, Pair, Record, Span, Text

TEXT = st.text(alphabet="abcdefg ", max_size=40)


@pytest.mark.parametrize(
    ("score", "text", "value"),
    [
        (heuristics.longest_word, "yksi kaksikymmentäkolme", 18.0),
        (heuristics.average_word, "aa bbbb", 3.0),
        (heuristics.average_word, "", 0.0),
        (heuristics.markup, "Paina <b>tästä</b> &amp; odota.", 3.0),
        (heuristics.markup, "3 < 4 & 5 > 4", 0.0),  # signs, no tags
        (heuristics.latin, "Äiti söi jäätelöä – 3 €!", 1.0),
        (heuristics.latin, "abcd где", 4 / 7),
        (heuristics.repetition, "Hahahahahahahaha!", 1.0),
        (heuristics.repetition, "Kyllä kyllä, sanoi hän.", 0.0),  # speech
        (heuristics.letters, "ab 12", 0.5),
    ],
)
def test_scores_of_one_text(score: object, text: str, value: float) -> None:
    assert callable(score) and score(text) == pytest.approx(value)


@given(TEXT, TEXT)
def test_common_substring_is_exact_from_twelve_characters(text: str, source: str) -> None:
    longest = difflib.SequenceMatcher(None, text, source, autojunk=False).find_longest_match().size
    shorter = min(len(text), len(source))
    if longest >= 12:
        assert heuristics.common_substring(text, source) == pytest.approx(longest / shorter)
    else:
        assert heuristics.common_substring(text, source) in (0.0, 1.0)  # 1 where the whole of a short text is in the other


@pytest.mark.parametrize(
    ("text", "source", "value"),
    [
        ("Tuli 3 vierasta.", "Three guests came.", 0.0),  # the source spells it out
        ("Tuli 7 vierasta.", "Three guests came.", 1.0),
        ("Kello 17 se alkaa.", "It starts at 5 pm.", 0.0),
        ("Vuonna 1987 syntyi 12 lasta.", "In 1978, 12 children were born.", 0.5),
    ],
)
def test_numbers_made(text: str, source: str, value: float) -> None:
    assert numerals.numbers_made(text, source) == value


@pytest.mark.parametrize(
    ("text", "source", "value"),
    [
        ("Eilen Virtanen lensi Helsingistä Budapestiin.", "Yesterday Virtanen flew from Helsinki to Budapest.", 0.0),
        ("Eilen Nieminen ajoi Turkuun.", "Yesterday Virtanen flew from Helsinki to Budapest.", 5 / 6),
        ("Puhun suomea maanantaisin.", "I speak Finnish on Mondays.", 0.0),  # capitals that only English has
        ("Hän nukkui. Kissa ei.", "He slept. The cat did not.", 0.0),  # capitals that open a sentence
    ],
)
def test_names_changed(text: str, source: str, value: float) -> None:
    assert meaning.names_changed(text, source) == pytest.approx(value)


@pytest.mark.parametrize(
    ("language", "text", "source", "value"),
    [
        ("fi", "Missä avaimet ovat?", "Where are the keys?", 0.0),
        ("fi", "Avaimet ovat pöydällä.", "Where are the keys?", 1.0),
        ("fi", "Tuletko huomenna.", "Are you coming tomorrow?", 0.0),  # the clitic asks
        ("hu", "Hol vannak a kulcsok.", "Where are the keys?", 0.0),  # the word asks
        ("hu", "A kulcsok az asztalon vannak?", "The keys are on the table.", 1.0),
    ],
)
def test_question_changed(language: str, text: str, source: str, value: float) -> None:
    assert meaning.question_changed(text, source, language) == value


@pytest.mark.parametrize(
    ("language", "text", "source", "value"),
    [
        ("fi", "Kaikki koirat nukkuvat.", "All dogs are asleep.", 0.0),
        ("fi", "Vain jotkut koirat nukkuvat.", "All dogs are asleep.", 3.0),  # all lost, some and only made
        ("hu", "Minden kutya alszik.", "Every dog is asleep.", 0.0),
        ("sv", "Alla hundar sover.", "All dogs are asleep.", 0.0),  # no list: nothing is said
    ],
)
def test_scope_changed(language: str, text: str, source: str, value: float) -> None:
    assert meaning.scope_changed(text, source, language) == value


def parse(*lines: str) -> Parse:
    return Parse(tuple(read(line)[1] for line in lines), False)


def test_scores_of_tags() -> None:
    sound = parse("vanha/A:Nom koira/N:Nom nukkui/V talossa/N:Ine ./.", "kissa/N:Nom näki/V hiiren/N:Gen ./.")
    salad = parse("./. talossa/N:Ine ./. vanha/A:Nom nukkui/V näki/V kissa/N:Nom koira/N:Nom hiiren/N:Gen")
    assert filters_parse.tag_order(sound, "fi") > filters_parse.tag_order(salad, "fi") + 0.3
    assert filters_parse.tag_order(sound, "xx") == 1.0  # no norm, no verdict
    list_of_names = parse("Aino/P Eero/P Outi/P Sulo/P Armas/P Tyyne/P Veikko/P Helmi/P Toivo/P Irja/P Onni/P Lyyli/P")
    assert filters_parse.tag_distance(list_of_names, "fi") > 2 * filters_parse.tag_distance(sound, "fi")
    loop = parse("koira/N koiran/N koirassa/N koiralla/N kissa/N puu/N")
    assert filters_parse.stem_repetition(loop) == pytest.approx(1 / 2) and filters_parse.stem_repetition(sound) == 0.0
    assert filters_parse.content_ratio(sound, "The old dog slept in the house. The cat saw a mouse.") == pytest.approx(1.0, abs=0.2)
    assert filters_parse.content_ratio(parse("koira/N"), "The old dog slept in the big house and dreamed of a fat mouse.") < 0.5
    assert filters_parse.person_changed(sound, "I slept in the house.") == 1.0 and filters_parse.person_changed(sound, "The dog slept.") == 0.0
    assert filters_parse.tense_changed(sound, "The dog slept.") == 0.0  # this pack tags no tense
    assert filters_parse.foreign_share(Parse((), False)) == 0.0


def view(record: Record, source: Record | None = None, language: str = "fi") -> View:
    return View(language, tuple(Item(language, text) for text in record.texts()), record, source)


@pytest.mark.parametrize(
    ("premise", "hypothesis", "label", "source", "value"),
    [
        ("Koira nukkuu.", "Koira nukkuu!", "contradiction", None, 1.0),  # the same text cannot contradict itself
        ("Koira nukkuu.", "Koira nukkuu!", "entailment", None, 0.0),
        ("Koira ei nuku.", "Koira nukkuu.", "entailment", ("The dog is awake.", "The dog is up."), 1.0),  # a negation on one side only
        ("Koira ei nuku.", "Koira ei ole sängyssä.", "entailment", ("The dog is awake.", "The dog is up."), 0.0),  # on both: the label stands
        ("Koira ei nuku.", "Koira nukkuu.", "contradiction", ("The dog does not sleep.", "The dog sleeps."), 0.0),
    ],
)
def test_label_unsafe(premise: str, hypothesis: str, label: str, source: tuple[str, str] | None, value: float) -> None:
    english = Pair(id="s", premise=source[0], hypothesis=source[1], label=label) if source else None
    assert filters_task.label_unsafe(view(Pair(id="t", premise=premise, hypothesis=hypothesis, label=label), english)) == value


@pytest.mark.parametrize(
    ("language", "question", "answer", "value"),
    [
        ("fi", "Milloin laiva lähti?", "toukokuussa 1912", 0.0),
        ("fi", "Milloin laiva lähti?", "vanha kapteeni", 1.0),
        ("fi", "Kuinka monta koiraa oli?", "kolme", 0.0),
        ("fi", "Kuinka monta koiraa oli?", "ruskeita", 1.0),
        ("hu", "Ki írta a levelet?", "1912", 1.0),
        ("hu", "Ki írta a levelet?", "a szomszéd", 0.0),  # a person need not have a name
        ("hu", "Mikor indult a hajó?", "a háború után", 0.0),
        ("en", "How many dogs were there?", "brown ones", 1.0),
        ("en", "When does the shop open?", "at ten", 0.0),  # an hour in words
        ("fi", "Missä laiva oli?", "satamassa", 0.0),  # asks for no shape
    ],
)
def test_answer_misfit(language: str, question: str, answer: str, value: float) -> None:
    row = Span(id="q", context=f"Alku. {answer} loppu.", question=question, answers=((answer, 6),))
    assert filters_task.answer_misfit(view(row, language=language)) == value


def test_answer_places_and_ending_balance() -> None:
    row = Span(id="q", context="Turku on vanha. Turku on kaunis, mutta Turkua ei lasketa.", question="Mikä on vanha?", answers=(("Turku", 0),))
    assert filters_task.answer_places(view(row)) == 2.0
    assert filters_task.answer_places(view(Span(id="q", context="Turku.", question="Mikä?", answers=()))) == 0.0
    long = Choice(id="c", context="Koira näki kissan.", endings=("Se haukkui.", "Se haukkui ja juoksi sitten pitkin pihaa iltaan asti.", "Se nukkui."), label=1)
    assert filters_task.ending_balance(view(long)) > 2.5


def test_rarity_and_odds() -> None:
    good = [float(x) for x in range(201)]
    assert filters_quality.rarity(100.0, good) == pytest.approx(0.0, abs=0.01)
    assert filters_quality.rarity(-5.0, good) == filters_quality.rarity(500.0, good) == pytest.approx(filters_quality.RAREST, abs=0.01)
    assert filters_quality.rarity(-5.0, good, "max") < 0.01 < 2 < filters_quality.rarity(-5.0, good, "min")  # only the bad side counts
    assert filters_quality.rarity(0.0, [0.0] * 201) == 0.0  # the usual value of a score that is nearly always 0 is not rare
    known = filters_quality.Weighing(
        {"a": good, "b": good},
        {"plain": ["a"], "encoder": ["a", "b"]},
        {"plain": {"looped": {"a": 2.0, "": -1.0}}, "encoder": {"looped": {"b": 3.0, "": -1.0}, "word salad": {"a": 4.0, "": -1.0}}},
        {"a": "max", "b": "far"},
    )
    assert filters_quality.damage_odds({"a": 500.0}, "fi", known) == pytest.approx(2 * filters_quality.RAREST - 1, abs=0.05)
    assert filters_quality.damage_odds({"a": 0.0, "b": 500.0}, "fi", known) == pytest.approx(3 * filters_quality.RAREST - 1, abs=0.05)
    either = filters_quality.damage_odds({"a": 500.0, "b": 500.0}, "fi", known)
    assert either == pytest.approx(4 * filters_quality.RAREST - 1 + math.log1p(math.exp(-filters_quality.RAREST)), abs=0.05)  # the odds of both kinds
    assert filters_quality.damage_odds({}, "fi", known) == 0.0  # no set has all its scores
    assert filters_quality.damage_odds({}, "xx") == 0.0  # nothing was fitted


@pytest.mark.parametrize("language", ["fi", "hu"])
def test_what_is_shipped_weighs_damage_above_soundness(language: str) -> None:
    known = filters_quality.weighing(language)
    assert known is not None and set(known.weights) == {"plain", "parse", "encoder"}
    assert all(len(values) == filters_quality.POINTS and list(values) == sorted(values) for values in known.good.values())
    assert all(weight > 0 for kinds in known.weights.values() for weights in kinds.values() for name, weight in weights.items() if name)
    assert all(set(weights) <= {*known.sets[name], ""} for name, kinds in known.weights.items() for weights in kinds.values())


def unit(*rows: Sequence[float]) -> np.ndarray:
    found = np.asarray(rows, np.float32)
    return found / np.linalg.norm(found, axis=1, keepdims=True)


def test_likeness_sees_what_is_left_out_and_what_is_moved() -> None:
    source = unit(*np.eye(6))
    same, half, turned = likeness(source, source), likeness(source[:3], source), likeness(source[::-1], source)
    assert (same.similarity, same.coverage, same.order) == (1.0, 1.0, 1.0)
    assert half.coverage == 0.0 and half.similarity == 0.75
    assert turned.similarity == 1.0 and turned.order == -1.0
    assert likeness(source[:0], source) == Likeness(0.0, 0.0, 0.0)


class FakeEncoder:
    """Every word is a random but fixed direction; counts the texts it was asked for."""

    fingerprint = "fake"
    asked = 0

    def states(self, texts: Sequence[str], layer: int) -> object:
        import torch

        for row, text in enumerate(texts):
            self.asked += 1
            vectors = [np.random.default_rng(abs(hash(word)) % 2**32).normal(size=16) for word in ["<s>", *text.split(), "</s>"]]
            yield [row], {"attention_mask": torch.ones(1, len(vectors), dtype=torch.long)}, torch.tensor(np.array([vectors]))


def test_likenesses_are_kept_on_disk(tmp_path: Path) -> None:
    encoder = FakeEncoder()
    comparer = Similarity(tmp_path / "likeness.sqlite", encoder)  # type: ignore[arg-type]
    pairs = [("aa bb cc dd", "aa bb cc dd"), ("ee ff gg hh", "aa bb cc dd"), ("aa bb cc dd", "aa bb cc dd")]
    first = comparer.compare(pairs)
    assert first[0] == first[2] and first[0].similarity > 0.999 > first[1].similarity and encoder.asked == 2
    again = Similarity(tmp_path / "likeness.sqlite", encoder)  # type: ignore[arg-type]
    assert again.compare(pairs) == first and encoder.asked == 2
    (tmp_path / "broken.sqlite").write_bytes(b"no database at all, but long enough to be taken for one" * 40)
    with pytest.raises(ConfigError, match="the cache of likenesses cannot be used"):
        Similarity(tmp_path / "broken.sqlite", encoder).compare(pairs)  # type: ignore[arg-type]


def test_the_encoder_judges_where_a_study_names_it(tmp_path: Path) -> None:
    filters = filters_for(
        "mt-fi",
        "text",
        {"similarity": (0.5, 1.0), "language": (0.0, 1.0), "quality": (-99.0, 99.0), "copy": (0.0, 1.0), "similar": (0.0, 1.0), "common_substring": (0.0, 1.0)},
    )
    comparer = Similarity(tmp_path / "likeness.sqlite", FakeEncoder())  # type: ignore[arg-type]
    step = filter_step(filters, "fi", None, {"s": Text(id="s", text="aa bb cc dd.")}, comparer)
    found = list(step.work([Text(id="t", source_id="s", text="aa bb cc dd."), Text(id="u", source_id="s", text="ee ff gg hh.")]))
    assert not isinstance(found[0], Dropped) and isinstance(found[1], Dropped) and found[1].reason.startswith("similarity=")
    assert step.key != filter_step(filters, "fi", None, {}).key


def test_sentences_without_words_are_no_crash() -> None:
    empty = Parse((Sentence((), 0, 0),), False)
    assert filters_parse.tag_distance(empty, "fi") == 0.0 and filters_parse.stem_repetition(empty) == 0.0
