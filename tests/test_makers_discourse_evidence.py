"""build_data/makers/discourse: what a reader sees of a relation without its connective, and which pairs of spans read another way."""

from __future__ import annotations

import pytest

from build_data.makers.connectives import Found, connectives
from build_data.makers.discourse import LABELS, TELLING, _only_tied, _telling_words
from build_data.makers.discourse_balance import Item, balanced
from build_data.makers.discourse_candidates import Candidate, _unfit_before
from build_data.makers.discourse_evidence import attempts, conditions, opposes, points_back, speaks, supports
from build_data.steps import Ledger
from corpora.records import Document


@pytest.mark.parametrize(
    ("language", "premise", "hypothesis", "seen"),
    [
        ("fi", "Kirjat tilattiin tammikuussa.", "Ne eivät ole vielä saapuneet.", True),  # denied, and short
        ("fi", "Kirjat tilattiin tammikuussa.", "Ne ovat jo saapuneet.", False),
        ("fi", "Kirjastot eivät ole auki kesällä.", "Kirjastosta voi lainata elokuussa.", True),  # of the same thing
        ("fi", "Kirjastot eivät ole auki kesällä.", "Puutarhan portti maalattiin.", False),
        ("fi", "Ilmoitus on annettava sähköisesti.", "Viranomainen voi hyväksyä ilmoituksen paperilla.", True),  # a rule and its exception
        ("fi", "Ilmoitus on annettava sähköisesti.", "Viranomainen lukee ilmoituksen paperilta.", False),
        ("fi", "Hevonen rakasti laukkaa.", "Se ei olisi malttanut kävellä.", False),  # denied in the conditional: it may as well follow
        ("fi", "Hevonen rakasti laukkaa.", "Tänään satula jäi talliin eikä matkaan lähdetty.", False),  # nothing takes the first up
        ("fi", "Tutkijat etsivät laivaa koko kesän.", "Merenpohjassa ei näkynyt muuta kuin hiekkaa.", True),  # an attempt that failed
        ("fi", "Kanne on vireillä kunnes asia ratkaistaan.", "Tällöin kanne ei enää vanhene.", False),  # what happened next
        ("hu", "A bíró kétszer is megkérdezte a nevét.", "Az öreg nem felelt.", True),
        ("hu", "Este egyedül ültem a konyhában.", "A tűz már nem égett.", False),  # short, but nothing in it opposes
        ("hu", "A fiú el akart menni a faluból még azon az estén, amikor hazaértek a többiek a mezőről.", "Az anyja nem engedte.", True),
        ("hu", "A fiú elment a faluból még azon az estén, amikor hazaértek a többiek a mezőről.", "Az anyja nem engedte.", False),
        ("hu", "A lány tudta, hogy nem mehet.", "A lány táncolni ment.", False),  # what is denied is no main clause
    ],
)
def test_spans_oppose_where_one_denies_the_other(language: str, premise: str, hypothesis: str, seen: bool) -> None:
    assert opposes(premise, hypothesis, language, connectives(language)) is seen


@pytest.mark.parametrize(
    ("language", "premise", "hypothesis", "seen"),
    [
        ("fi", "Vene jäi rantaan.", "Järvi jäätyi aikaisin.", True),
        ("fi", "Vene jäi rantaan.", "Järvi ei sulanut.", False),  # it could be a contrast
        ("fi", "Vene jäi rantaan.", "Sitä ei ollut korjattu.", True),
        ("fi", "Vene jäi rantaan.", "Veneessä ei ollut airoja.", True),
        ("fi", "Vene voi jäädä rantaan.", "Järvellä ei voi soutaa.", False),  # a word that says nothing
        ("hu", "A fiú otthon maradt.", "Azt nem engedték el.", False),  # as often it announces what follows
    ],
)
def test_a_reason_speaks_of_the_same_thing_where_one_span_denies(language: str, premise: str, hypothesis: str, seen: bool) -> None:
    assert supports(premise, hypothesis, language, connectives(language)) is seen


def test_a_result_that_is_denied_reads_as_opposed() -> None:
    lists = connectives("fi")
    assert not supports("Kartta on myynnissä kaupoissa.", "Karttaa ei ole kirjastossa.", "fi", lists, follows=True)
    assert supports("Kartta on myynnissä kaupoissa.", "Karttaa ei ole kirjastossa.", "fi", lists)
    assert supports("Karttaa ei ole kirjastossa.", "Retkellä ei löydetty perille.", "fi", lists, follows=True)


def test_a_condition_that_lets_something_be_denied_reads_as_opposed_in_hungarian_alone() -> None:
    assert not conditions("Ketten ülnek a padon.", "Egy nem fér el rajta.", "hu", connectives("hu"))
    assert conditions("Ketten ülnek a padon.", "Egy elfér a fűben.", "hu", connectives("hu"))
    assert conditions("Hakija on alaikäinen.", "Lupaa ei myönnetä.", "fi", connectives("fi"))


def test_a_sentence_before_has_no_connective_of_its_own() -> None:
    assert _unfit_before("Kokous alkoi ajoissa ja päättyi illalla.", connectives("fi")) == ""
    assert _unfit_before("Kokous alkoi ajoissa, mutta päättyi vasta illalla.", connectives("fi")) == "previous"
    assert _unfit_before("Kokous alkaa ajoissa, jos kaikki tulevat paikalle.", connectives("fi")) == ""


def test_a_speaker_is_told_by_forms() -> None:
    assert [speaks(text, connectives("hu")) for text in ("Tegnap láttam a tornyot.", "A mi házunk a dombon áll.", "Az emberek elmentek a hegyre.")] == [
        True,
        True,
        False,
    ]
    assert [speaks(text, connectives("fi")) for text in ("En löytänyt avainta.", "Avaimemme on kadoksissa.", "Avain löytyi penkin alta.")] == [
        True,
        True,
        False,
    ]


def test_a_rule_beside_what_is_forbidden_is_no_opposite() -> None:
    forbidden = "Hinnoittelussa ei saa olla kohtuuttomia ehtoja."
    assert not opposes(forbidden, "Hinnoittelussa on otettava huomioon kulut.", "fi", connectives("fi"))
    assert opposes(forbidden, "Hinnoittelu voi silti vaihdella kausittain.", "fi", connectives("fi"))


def test_a_short_span_points_back_wherever_its_pronoun_stands() -> None:
    links = connectives("hu").links
    assert points_back("Tegnap este már elég volt belőle.", links)
    assert not points_back("Tegnap este a kertben már mindenkinek elég volt belőle.", links)


def test_stories_oppose_where_an_attempt_failed_and_are_coupled_with_what_is_none() -> None:
    lists = connectives("hu")
    entry = lists.entries["de"][0]
    tale, paper = (Document(id=genre, paragraphs=(), corpus="hu/x", licence="CC0-1.0", genre=genre) for genre in ("novel", "science"))

    def only_tied(document: Document, premise: str) -> bool:
        return _only_tied(Candidate(document, 1, "", "", Found(entry, "between", 0, 2)), entry, premise, "hu", lists)

    assert only_tied(tale, "A kertben ültek egész este.") and not only_tied(paper, "A kertben ültek egész este.")
    assert not only_tied(tale, "El akarta zárni a kaput.") and only_tied(tale, "Nem akarta elzárni a kaput.")


def test_a_story_is_coupled_with_what_is_none() -> None:
    genres = ("novel", "novel", "science", "science")
    items = [
        Item(
            Document(id=f"d{i}", paragraphs=(), corpus="fi/x", licence="CC0-1.0", genre=genre),
            i,
            LABELS[i % 2],
            "",
            "kukka auki " + "aeiu"[i] * 7,
            "portti kiinni " + "oyäö"[i] * 7,
        )
        for i, genre in enumerate(genres)
    ]
    rows = [row for row in balanced(items, "fi", 1, Ledger("make", made=len(items))) if not row.label_of]
    assert rows and all({row.one.document.genre, row.two.document.genre} == {"novel", "science"} for row in rows)


@pytest.mark.parametrize(
    ("language", "span", "half"),
    [
        ("hu", "A másik, amelyben a régi szerszámokat tartják.", True),
        ("hu", "A másik, amelyben a szerszámokat (fúrók, kalapácsok) tartják.", True),
        ("hu", "A másik, amelyben a szerszámokat tartják, le van zárva.", False),
        ("hu", "Volt a faluban, aki emlékezett rá.", False),
        ("fi", "Toinen, jossa pidetään vanhoja työkaluja.", True),
        ("fi", "Toinen, jossa pidetään työkaluja, on lukossa.", False),
    ],
)
def test_a_phrase_and_its_relative_clause_are_no_sentence(language: str, span: str, half: bool) -> None:
    assert connectives(language).is_fragment(span) is half


def test_a_bare_span_names_next_to_nothing() -> None:
    assert [_telling_words(text) < TELLING for text in ("Nem volt már oda való.", "Be akarta csukni a kaput.", "A kertész elindult a malom felé.")] == [
        True,
        False,
        False,
    ]


def test_an_attempt_is_told_in_the_main_clause() -> None:
    lists = connectives("hu")
    assert attempts("A bíró kérte, hogy mindenki üljön le.", lists)
    assert not attempts("A fiú a kapuhoz futott, ahol egy vendég várta.", lists)
