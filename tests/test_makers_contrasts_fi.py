"""build_data/makers/contrasts_fi: which word of a sentence can be changed into a form that its neighbours refuse, and which is left alone."""

from __future__ import annotations

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from build_data.makers.contrasts import SEEN, Forms
from build_data.makers.contrasts_fi import plausible, sites
from build_data.makers.contrasts_fi_forms import connegatives, first_infinitives, genitives, partitives, third_infinitives, third_persons
from build_data.parse import Sentence, Word

FEATS = {
    "nom": {"Case": "Nom", "Number": "Sing"}, "noms": {"Case": "Nom", "Number": "Plur"}, "gen": {"Case": "Gen", "Number": "Sing"}, "par": {"Case": "Par", "Number": "Sing"},
    "ine": {"Case": "Ine", "Number": "Sing"}, "ade": {"Case": "Ade", "Number": "Sing"}, "fin": {"VerbForm": "Fin", "Person": "3", "Number": "Sing"},
    "fins": {"VerbForm": "Fin", "Person": "3", "Number": "Plur"}, "bare": {"VerbForm": "Fin"}, "inf": {"VerbForm": "Inf", "Number": "Sing"}, "-": {},
}  # fmt: skip
# Words that stand elsewhere in the text, SEEN times each.
ELSEWHERE = (
    "tulee/VERB/fin tule/VERB/bare lukee/VERB/fin lue/VERB/bare on/AUX/fin ole/AUX/bare sovelletaan/VERB/bare sovelleta/VERB/inf voidaan/AUX/bare voida/AUX/bare tehdä/VERB/inf tekemään/VERB/inf "
    "korjata/VERB/inf korjaamaan/VERB/inf taloa/NOUN/par talot/NOUN/noms talon/NOUN/gen lain/NOUN/gen lakia/NOUN/par hallituksen/NOUN/gen hallitusta/NOUN/par "
    "vanhalla/ADJ/ade vanhassa/ADJ/ine vanha/ADJ/nom vanhan/ADJ/gen samalla/ADJ/ade samassa/ADJ/ine sama/ADJ/nom vuodet/NOUN/noms vuotta/NOUN/par"
)


def tagged(text: str) -> Sentence:
    """Read "Hän/PRON/nom lähti/VERB/fin .": form, part of speech and one of FEATS; a sign stands alone."""
    words: list[Word] = []
    at = 0
    for item in text.split():
        form, upos, feats = item.split("/") if "/" in item else (item, "PUNCT", "-")
        at += 1 if words and upos != "PUNCT" else 0
        words.append(Word(form, upos, FEATS[feats], 0, "", at, at + len(form)))
        at += len(form)
    return Sentence(tuple(words), 0, at)


def found(text: str, elsewhere: str = ELSEWHERE) -> list[tuple[str, int, str, str]]:
    sentence = tagged(text)
    forms = Forms([sentence, *[tagged(elsewhere)] * SEEN])
    return [(site.contrast, site.side, site.form, site.other) for site in sites(sentence.words, forms)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Juna/NOUN/nom ei/AUX/fin tule/VERB/bare tänään/ADV/- .", ("negation", 0, "tule", "tulee")),
        ("Lapsi/NOUN/nom ei/AUX/fin lue/VERB/bare kirjaa/NOUN/par .", ("negation", 0, "lue", "lukee")),
        ("Kirje/NOUN/nom , joka/PRON/nom tulee/VERB/fin huomenna/ADV/- , katoaa/VERB/fin .", ("negation", 1, "tulee", "tule")),
        ("Aina/ADV/- juna/NOUN/nom on/AUX/fin myöhässä/ADV/- .", ("negation", 1, "on", "ole")),
        ("Sääntöä/NOUN/par ei/AUX/fin sovelleta/VERB/inf siihen/PRON/- .", ("passive_negation", 0, "sovelleta", "sovelletaan")),
        ("Sääntöä/NOUN/par sovelletaan/VERB/bare siihen/PRON/- .", ("passive_negation", 1, "sovelletaan", "sovelleta")),
        ("Seppä/NOUN/nom voi/AUX/fin tehdä/VERB/inf sen/PRON/gen .", ("infinitive", 0, "tehdä", "tekemään")),
        ("Seppä/NOUN/nom joutuu/VERB/fin korjaamaan/VERB/inf sen/PRON/gen .", ("infinitive", 1, "korjaamaan", "korjata")),
        ("Kylässä/NOUN/ine on/AUX/fin kolme/NUM/nom taloa/NOUN/par ja/CCONJ/- kirkko/NOUN/nom .", ("numeral", 0, "taloa", "talot")),
        ("Se/PRON/nom kesti/VERB/fin 12/NUM/- vuotta/NOUN/par vain/ADV/- .", ("numeral", 0, "vuotta", "vuodet")),
        ("Ennen/ADP/- nämä/PRON/noms talot/NOUN/noms myytiin/VERB/bare .", ("numeral", 1, "talot", "taloa")),
        ("Vanhan/ADJ/gen lain/NOUN/gen nojalla/ADP/- mentiin/VERB/bare .", ("adposition", 0, "lain", "lakia")),
        ("Mentiin/VERB/bare ilman/ADP/- hallitusta/NOUN/par .", ("adposition", 1, "hallitusta", "hallituksen")),
        ("Uutta/ADJ/par lakia/NOUN/par varten/ADP/- kysyttiin/VERB/bare .", ("adposition", 1, "lakia", "lain")),
        ("Hän/PRON/nom asui/VERB/fin vanhassa/ADJ/ine talossa/NOUN/ine .", ("case_agreement", 0, "vanhassa", "vanhalla")),
        ("Se/PRON/nom syntyi/VERB/fin vanhalla/ADJ/ade tavalla/NOUN/ade .", ("case_agreement", 1, "vanhalla", "vanhassa")),
    ],
)  # fmt: skip
def test_each_side_of_a_contrast_gives_the_form_that_the_other_asks_for(text: str, expected: tuple[str, int, str, str]) -> None:
    assert expected in found(text) and len({site for site in found(text) if site[0] == expected[0]}) == 1


@pytest.mark.parametrize(
    "text",
    [
        "Juna/NOUN/nom ei/AUX/fin lennä/VERB/bare tänään/ADV/- .",  # the text never has "lentää": who knows whether it is a word
        "Hän/PRON/nom alkaa/VERB/fin tehdä/VERB/inf sitä/PRON/par .",  # "alkaa tekemään" is said, too
        "Hän/PRON/nom tuli/VERB/fin tekemään/VERB/inf sen/PRON/gen .",  # "tuli tehdä" is right and means something else
        "He/PRON/noms ovat/AUX/fins samassa/ADJ/ine talossa/NOUN/ine .",  # "samalla" is an adverb
        "Hän/PRON/nom osti/VERB/fin yhden/NUM/gen talon/NOUN/gen eilen/ADV/- .",
        "Mentiin/VERB/bare ilman/ADP/- hallitusta/NOUN/par vastustavaa/ADJ/par väkeä/NOUN/par .",  # "ilman hallituksen vastustavaa väkeä" goes on
        "Vuonna/ADV/- 2014/NUM/- taloa/NOUN/par kysyttiin/VERB/bare paljon/ADV/- .",  # a year counts nothing
        "Ei/AUX/fin väitetä/VERB/bare , että/SCONJ/- sääntöä/NOUN/par sovelletaan/VERB/bare .",  # a negation anywhere, and the bare form could be its own
    ],
)
def test_what_may_be_right_either_way_is_left_alone(text: str) -> None:
    assert found(text) == []


def test_a_form_needs_its_tag_in_the_text_and_not_only_its_letters() -> None:
    text = "Juna/NOUN/nom ei/AUX/fin tule/VERB/bare tänään/ADV/- ."
    assert found(text, "tulee/VERB/fin") and not found(text, "tulee/NOUN/nom") and not found(text, "")


@pytest.mark.parametrize(
    ("first", "third"),
    [("tehdä", "tekemään"), ("sanoa", "sanomaan"), ("tulla", "tulemaan"), ("korjata", "korjaamaan"), ("tavata", "tapaamaan"), ("saada", "saamaan"), ("nousta", "nousemaan"), ("tarvita", "tarvitsemaan")],
)  # fmt: skip
def test_infinitives_lead_to_each_other(first: str, third: str) -> None:
    assert third in third_infinitives(first) and first in first_infinitives(third[:-4])


@pytest.mark.parametrize(
    ("partitive", "genitive"),
    [("taloa", "talon"), ("lakia", "lain"), ("hallitusta", "hallituksen"), ("kysymystä", "kysymyksen"), ("vuotta", "vuoden"), ("huonetta", "huoneen"), ("kirkkoa", "kirkon"), ("mahdollisuutta", "mahdollisuuden"), ("tapaa", "tavan")],
)  # fmt: skip
def test_partitives_and_genitives_lead_to_each_other(partitive: str, genitive: str) -> None:
    assert genitive in genitives(partitive) and partitive in partitives(genitive[:-1])


@given(st.text(string.ascii_lowercase + "åäö", max_size=8))
def test_no_word_breaks_the_makers_of_forms(word: str) -> None:
    assert all(isinstance(one, str) for make in (third_persons, connegatives, genitives) for one in make(word))
    assert not word or all(len(one) >= len(word) - 2 for make in (partitives, first_infinitives) for one in make(word))
    assert len(word) < 3 or all(one.endswith(("maan", "mään")) for one in third_infinitives(word))


def test_a_sentence_without_a_governor_is_not_parsed() -> None:
    assert plausible("Juna ei tule.") and plausible("Tulin isän kanssa.") and not plausible("Isä nukkui pitkään.")
