"""build_data/neighbours.py: the shipped tables tell order from salad and see the hole of a negation, in sentences written for this test."""

from __future__ import annotations

import random
import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks import neighbours as training
from benchmarks.damage import part
from build_data import neighbours
from build_data.filters import filters_for

GOOD = {
    "fi": (
        "Naapurin koira haukkui koko yön, joten kukaan ei saanut nukuttua.",
        "Kun juna lopulta saapui asemalle, matkustajat nousivat kylmästä tuulesta huolimatta hymyillen kyytiin.",
        "Kunnan on järjestettävä palvelut niin, että jokainen asukas saa ne omalla äidinkielellään.",
    ),
    "hu": (
        "A szomszéd kutyája egész éjjel ugatott, ezért senki sem tudott aludni.",
        "Amikor a vonat végre megérkezett az állomásra, az utasok a hideg szél ellenére mosolyogva szálltak fel.",
        "Az önkormányzatnak úgy kell megszerveznie a szolgáltatásokat, hogy minden lakos az anyanyelvén kapja meg őket.",
    ),
}


def salad(text: str, chance: random.Random) -> str:
    words = text.rstrip(".").split()
    words[0] = words[0].lower()
    chance.shuffle(words)
    mixed = " ".join(words)
    return mixed[0].upper() + mixed[1:] + "."


@pytest.mark.parametrize("language", GOOD)
def test_salad_is_told_from_order(language: str) -> None:
    chance = random.Random(1)
    for text in GOOD[language]:
        mixed = sorted(neighbours.salad_odds(salad(text, chance), language) for _ in range(21))
        assert neighbours.salad_odds(text, language) < mixed[3], text  # a shuffle may be nearly right


@pytest.mark.parametrize(
    ("language", "source", "whole", "hole"),
    [
        ("fi", "I don't know where they live now.", "En tiedä, missä he nykyään asuvat.", "Tiedä, missä he nykyään asuvat."),
        ("fi", "Nobody has ever asked me that.", "Kukaan ei ole koskaan kysynyt minulta sitä.", "Kukaan ole koskaan kysynyt minulta sitä."),
        ("hu", "Nobody has ever asked me that.", "Ezt még soha senki nem kérdezte tőlem.", "Ezt még soha senki kérdezte tőlem."),
        ("hu", "He will not leave before noon.", "Nem megy el dél előtt.", "Megy el dél előtt."),
    ],
)
def test_a_lost_negation_leaves_a_hole_and_an_imbalance(language: str, source: str, whole: str, hole: str) -> None:
    assert neighbours.gap_odds(hole, source, language) > neighbours.gap_odds(whole, source, language)
    assert neighbours.polarity_odds(hole, source, language) > neighbours.polarity_odds(whole, source, language)
    assert neighbours.gap_odds(hole, "They sleep.", language) == neighbours.NO_GAP  # nothing can be missing


def test_tokens_keep_the_capitals_of_names_alone() -> None:
    assert neighbours.tokens("Eilen Virtanen ajoi Turkuun. Hän palasi!") == ["eilen", "^virtanen", "ajoi", "^turkuun", ".", "hän", "palasi", "!"]


def test_forms_keep_common_words_whole_and_of_others_their_endings() -> None:
    forms = neighbours.Forms(frozenset({"talossa"}), frozenset({"on"}))
    assert forms.forms("talossa") == ("talossa", "tsa", "~sa")
    assert forms.forms("^helsingissä") == ("^~ssä", "hsä", "~sä")
    assert forms.forms("on")[2] == "on" and forms.forms("1987") == ("#", "#", "#") and forms.forms(",") == (",", ",", ",")


@given(st.text(max_size=80))
def test_any_text_has_odds_that_are_the_same_again(text: str) -> None:
    runs, negated = neighbours.places(neighbours.tokens(text), neighbours.Forms(frozenset(), frozenset()), frozenset({"ei"}))
    count = len(neighbours.tokens(text))
    assert len(negated) == count and len(runs) == 5 * (count + 1) + 2 * count + max(count - 1, 0)
    assert not len(runs) or (np.concatenate([runs, negated]).min() >= 0 and np.concatenate([runs, negated]).max() < 1 << neighbours.BITS)
    for language in GOOD:
        assert np.isfinite(neighbours.salad_odds(text, language)) and neighbours.salad_odds(text, language) == neighbours.salad_odds(text, language)


def test_a_language_without_a_table_says_nothing_and_only_translations_are_asked() -> None:
    assert neighbours.salad_odds("All that glitters is not gold.", "en") == 0.0 == neighbours.polarity_odds("Kein Gold.", "No gold.", "de")
    asked = {arm: {f.name for f in filters_for(arm, "pair", {})} & {"neighbours", "gap", "polarity"} for arm in ("en", "mt-fi", "bt-en", "native-hu")}
    assert asked == {"en": set(), "mt-fi": {"neighbours", "gap", "polarity"}, "bt-en": set(), "native-hu": set()}


def test_training_sees_what_tells_good_from_bad_and_leaves_the_rest() -> None:
    chance = np.random.default_rng(1)
    rows: list[np.ndarray] = []
    bad: list[bool] = []
    for at in range(400):
        noise = chance.integers(10, 1 << 8, 5)
        rows.append(np.array([3 if at % 2 else 4, *noise]))
        bad.append(bool(at % 2))
    weights = training.regression(rows, bad, 8)
    assert weights[3] > 0.3 and weights[4] < -0.3 and abs(weights[10:].mean()) < 0.05 and weights[5] == 0


def test_damage_that_training_does_keeps_the_words_or_drops_one_negation() -> None:
    chance = random.Random(1)
    text = GOOD["fi"][0]
    mixed = training.shuffled(text, chance)
    assert mixed is not None and mixed.endswith(".") and sorted(mixed.lower().replace(",", "")) == sorted(text.lower().replace(",", ""))
    assert (
        training.denied("Hän ei nuku.", re.compile(r"\bei\b"), chance) == "Hän nuku." and training.denied("Hän nukkuu.", re.compile(r"\bei\b"), chance) is None
    )


def test_a_sentence_serves_for_one_thing() -> None:
    parts = [part(f"Sentence {at}.") for at in range(4000)]
    shares = [parts.count(name) / 4000 for name in ("taught", "fitted", "reported")]
    assert shares == pytest.approx([0.25, 0.25, 0.5], abs=0.03)
