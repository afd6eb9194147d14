"""build_data/makers/spelling: words that nobody wrote, told by what they are and how seldom they stand."""

from __future__ import annotations

from collections import Counter

import pytest

from build_data.makers.cohesion import plain
from build_data.makers.common import sentences
from build_data.makers.spelling import Spelling, Vocabulary
from build_data.makers.spelling_lists import ENOUGH
from build_data.makers.tally import WORD
from build_data.makers.tokens import Counted


@pytest.mark.parametrize(
    ("language", "text", "torn"),
    [
        ("fi", "Lautakunta teki päätöks sen eilen.", True),  # no Finnish word ends so
        ("fi", "Lautakunta teki päätöksen eilen.", False),
        ("fi", "Turvalllinen laituri avattiin.", True),  # three of one letter
        ("hu", "A kertész a vetést steljesíti.", True),  # "s teljesíti"
        ("hu", "A kertész a vetést teljesíti.", False),
        ("hu", "A hajó most indul.", False),
        ("hu", "Elöl lovagolt a kapu rtorony felé.", True),  # no word begins so
        ("fi", "Talo oli raken nettu kivestä.", False),
        ("fi", "Talo oli rake nnettu kivestä.", True),
    ],
)
def test_words_that_are_none_are_told_where_there_are_words_enough(language: str, text: str, torn: bool) -> None:
    words = WORD.findall(text)
    seen = Counter(words) | Counter({"teljesíti": 50, "a": 500, "oli": 500, "ja": ENOUGH})
    assert Spelling(Counted.of(seen), language).torn(text, words) is torn
    assert not Spelling(Counted.of(Counter(words)), language).torn(text, words)  # few words: a seldom one says nothing


@pytest.mark.parametrize(
    ("language", "text", "sloppy"),
    [
        ("fi", "Mukana oli esim Jyväskylän kirjasto.", True),
        ("fi", "Mukana oli esim. Jyväskylän kirjasto.", False),
        ("hu", "Hozott almát, körtét stb a piacról.", True),
        ("hu", "Hozott almát, körtét stb. a piacról.", False),
    ],
)
def test_an_abbreviation_wants_its_full_stop(language: str, text: str, sloppy: bool) -> None:
    words = WORD.findall(text)
    assert Vocabulary.of([words], language).sloppy(text, words) is sloppy


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("Eli lehteä, jossa kerrotaan vanhoista koneista.", "odd_signs"),  # half of the sentence before
        ("Elina lukee lehteä, jossa kerrotaan vanhoista koneista.", ""),
        ("Talo on vanha,mutta katto on uusi.", "odd_signs"),
        ("Talo on vanha , mutta katto on uusi.", "odd_signs"),
        ("Talossa on keittiö (ja kaksi huonetta)sekä sauna.", "odd_signs"),
        ("Talo oli kunnan-ja kirkonkylän yhteinen koti.", "odd_signs"),
        ("Talo rakennettiin noin1942 ja myytiin pian.", "odd_signs"),
        ("Talo on vanha. – jos sallitaan, katto uusitaan.", "odd_signs"),
        ("Talo maksoi 3,5 miljoonaa, mutta katto vuotaa.", ""),
    ],
)
def test_half_sentences_and_stray_commas_are_no_prose(text: str, fault: str) -> None:
    assert plain(text) == fault


def test_et_al_ends_no_sentence() -> None:
    text = "Ongelmaa tutki Virta et al. Kolmessa kaupungissa. Tulos oli selvä."
    assert [text[a:b] for a, b in sentences(text, "fi")] == ["Ongelmaa tutki Virta et al. Kolmessa kaupungissa.", "Tulos oli selvä."]


@pytest.mark.parametrize(
    ("text", "borders"),
    [
        ("Ensin ruots. Kieli oli vieras. Sitten suomi.", ["Ensin ruots. Kieli oli vieras.", "Sitten suomi."]),  # the longest of the list
        ("Kirja on saks. Esitys on suomeksi. Loppu.", ["Kirja on saks. Esitys on suomeksi.", "Loppu."]),
        ("Vuosi oli MDCCXVIII. Talo paloi.", ["Vuosi oli MDCCXVIII.", "Talo paloi."]),  # of Roman numbers, those with I, V and X alone
        ("Tsaari oli XXXVIII. Nikolai. Loppu.", ["Tsaari oli XXXVIII. Nikolai.", "Loppu."]),
        ("Talo oli vanhan ruots. Kieli vieras.", ["Talo oli vanhan ruots. Kieli vieras."]),
        ("Hän puhui vanharuots. Kieli oli vieras.", ["Hän puhui vanharuots.", "Kieli oli vieras."]),
    ],
)
def test_long_words_end_a_sentence_and_listed_ones_and_numbers_do_not(text: str, borders: list[str]) -> None:
    assert [text[a:b] for a, b in sentences(text, "fi")] == borders
