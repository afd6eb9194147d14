"""Short cuts of the makers change nothing: names are counted as word by word, times are found as without a look ahead, signs as by patterns alone."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from build_data.heuristics import letters
from build_data.makers import cohesion, common, spelling_lists, words_fi, words_hu
from build_data.makers.questions import TOKEN, Names, stem
from build_data.makers.spelling import Spelling, Vocabulary
from build_data.makers.spelling_lists import SLOPPY
from build_data.makers.tally import WORD
from build_data.makers.tokens import Counted

LISTS = {"fi": words_fi, "hu": words_hu}
PIECES = st.sampled_from(["Turku", "turku", "EU/ETA", "maa-", "12", "3.", "(Oulu)", "japanilainen", "szegedi", "Szeged", "Pest-Buda", "–", "\u00a0"])


@settings(deadline=None)  # the first call loads Arrow's kernels
@given(st.lists(st.lists(PIECES, max_size=6).map(" ".join), max_size=6), st.sampled_from(sorted(LISTS)))
def test_names_are_counted_as_word_by_word(sentences: list[str], language: str) -> None:
    derived = LISTS[language].DERIVED
    names = Names(derived)
    names.read(sentences)
    words = [word for line in sentences for word in TOKEN.findall(line)[1:] if not derived.fullmatch(word)]
    assert +names.capital == Counter(stem(w) for w in words if w[0].isupper())
    assert +names.small == Counter(stem(w) for w in words if not w[0].isupper())


TIMES = {
    "fi": [
        "5 päivänä kesäkuuta", "12. tammikuuta 1999", "maaliskuussa vuonna 1950", "joulukuun alussa", "talvella vuonna 1918", "vuosina 1914–1918", "1800-luvulla",
        "1920-luvun lopulla", "syksyllä 2001", "viime kesänä", "ensi viikolla", "viime vuosien aikana", "tiistaina", "viime torstai-iltana", "perjantaisin", "myöhään illalla",
        "yöllä", "iltapäivällä", "loppukesällä", "keskitalvella", "loppusyksystä", "keväisin", "iltaisin", "öisin", "jouluna", "juhannuksena", "pääsiäisenä", "vappuna",
        "kello puoli seitsemän", "seuraavana aamuna", "keskiviikkona", "sunnuntaina", "aamuisin", "varhain keväällä", "talvisin",
    ],
    "hu": [
        "januárban", "1950. februárban", "március 15-én", "április elején", "májusban", "júniusban", "júliusban", "augusztusban", "szeptember végén", "októberben", "novemberben",
        "decemberben", "1848-ban", "1919 nyarán", "az 1970-es években", "a hatvanas években", "a hetvenes években", "a 19. században", "a tizenkilencedik század elején",
        "minden hétfőn", "kedden reggel", "múlt szerdán", "csütörtökön délután", "pénteken", "szombaton este", "vasárnap", "nyáron", "télen", "tavasszal", "ősszel", "délelőtt",
        "délben", "éjjel", "éjszaka", "hajnalban", "éjfélkor", "tavaly", "a múlt héten", "jövő évben", "az elmúlt hónapban", "a múlt hétvégén", "minden nap", "fél nyolc órakor",
        "hat óra előtt", "kilenckor", "karácsonykor", "szüretkor", "tavaszonként", "nyaranként", "telente", "hétvégente", "naponta", "hetente", "évente", "reggelente", "esténként",
    ],
}  # fmt: skip


@pytest.mark.parametrize(("language", "time"), [(language, time) for language, times in TIMES.items() for time in times])
def test_what_is_a_time_has_a_sign_of_one(language: str, time: str) -> None:
    found = LISTS[language].TIME.search(time.capitalize())
    assert found is not None
    assert any(sign in found.group().casefold() for sign in LISTS[language].TIME_SIGNS)


@given(st.text("aäB 1,.;)-", max_size=40))
def test_mostly_words_never_passes_what_letters_would_refuse(text: str) -> None:
    if common._mostly_words(text.split()) and text.split():
        assert letters(text) >= common.LETTERS - 1e-9


@given(
    st.lists(
        st.sampled_from(["Hän", "sanoi", "että", "ja", "koska", "semmoinen", "oon", "aaah", "hogy", "is", "de", "aki", ", ", "mä2", "-että", "s"]), max_size=8
    )
)
def test_sloppy_sentences_are_found_by_words_as_by_the_pattern(pieces: list[str]) -> None:
    text = " ".join(pieces)
    for language, pattern in SLOPPY.items():
        words = WORD.findall(text)
        assert Vocabulary.of([words], language).sloppy(text, words) is bool(pattern.search(text))


@given(
    st.lists(st.sampled_from(["Mm", "talo", "Kunto-", "Alaskan", "(1)", ":D", "–", "PDF", "PDF-", "on.", "on?", "5)", ":", "és", "--", "ä"]), max_size=8),
    st.sampled_from(".?!"),
)
def test_no_sign_is_passed_that_a_pattern_would_find(pieces: list[str], end: str) -> None:
    text = " ".join(["Alku", *pieces]) + end
    if not cohesion._odd(text):
        assert not any(pattern.search(text) for pattern in (cohesion.ODD, cohesion.LISTED, cohesion.QUOTED, cohesion.SHOUTED))


@given(st.lists(st.sampled_from(["ház", "ról", "háZban", "É", "é5", "a", "és", "mo", "st", "most", "x"]), min_size=1, max_size=8))
def test_torn_sentences_are_found_by_words_as_by_the_pattern(pieces: list[str]) -> None:
    text, words = " ".join(pieces), WORD.findall(" ".join(pieces))
    known = Spelling(Counted.of(Counter(words)), "hu")
    if spelling_lists.ENDING["hu"].search(text):
        assert known.torn(text, words)
