"""build_data/makers/clean: what is no running text is left out, each with a reason, and nothing makes it crash or crawl."""

from __future__ import annotations

import time
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from build_data.makers.clean import LONG, clean, clean_document
from build_data.makers.common import sentences
from corpora.records import Document

FI = "Kirjasto muutti keväällä vanhaan taloon, ja se oli iso muutos. Talo seisoo torin laidalla aivan kirkon takana."
HU = "A könyvtár tavasszal költözött be a régi házba, és ez nagy változás volt. A ház a tér szélén áll, a templom mögött."


def document(*paragraphs: str, **fields: str) -> Document:
    return Document(**{"id": "d", "corpus": "fi/x", **fields}, paragraphs=paragraphs)


def reasons(*paragraphs: str, language: str = "fi") -> dict[str, int]:
    good = FI if language == "fi" else HU
    kept, (whole, parts) = clean([document(good, *paragraphs)], language)
    assert kept and good in kept[0].paragraphs
    whole.close()
    return dict(parts.close()["excluded"])


@pytest.mark.parametrize(
    ("paragraph", "reason"),
    [
        ("   ", "empty"),
        ("Tämä teksti on rikki, sill\ufffd siitä puuttuu kirjain.", "encoding"),
        ("TÃ¤mÃ¤ teksti on luettu väärin, ja sen huomaa heti.", "encoding"),
        ("Silloin h?n l?hti kotiin ja k?veli yksin pitkin tiet? metsään.", "encoding"),
        ("for (let i = 0; i < n; i++) { console.log(i); }", "code"),
        ("Lisää: http://www.esimerkki.fi/a_b?c=d&e=f_g", "address"),
        ("Vuosi | Määrä | Osuus\n1990 | 12 | 3\n1991 | 14 | 5", "table"),
        ("12 345 14,5 1990 2000 33 44 55 yhteensä 1 234 567", "table"),
        ("Mukaan tarvitaan: 1) lupa ja kartta; 2) kengät ja takki; 3) eväät ja juoma.", "list"),
        ("• Ensimmäinen kohta on tässä, ja se on pitkä.", "list"),
        ("- Virtanen, Aino: Kirja kissoista (Kustantamo 1983)", "list"),
        ("Metsä huokaa hiljaa,\nkuu jo kurkistaa,\nlintu laulaa illoin\nuni unelmaa.", "verse"),
        ("Yhteystiedot ja aukioloajat kesällä", "heading"),
        ("Tämä laki tulee voimaan 1 päivänä tammikuuta 2001.", "boilerplate"),
        ("Eduskunnan päätöksen mukaisesti säädetään tässä laissa koirien pitämisestä.", "boilerplate"),
        ("Edellä 3 §:n 2 momentissa, 4 §:ssä ja 7 §:n 1 momentissa tarkoitettu asia.", "boilerplate"),
        ("Annettu Helsingissä 22 päivänä joulukuuta 2009.", "boilerplate"),
        ("Lain 5 § tulee voimaan vasta 1 päivänä heinäkuuta 2011.", "boilerplate"),
        ("Päätöksellä kumotaan Verohallinnon päätös maksuista.", "boilerplate"),
        ("L:lla muutettu 2 momentti tulee voimaan 1.1.2026. Aiempi sanamuoto kuuluu:", "boilerplate"),
        ("Hyväksy kaikki evästeet ja jatka lukemista.", "boilerplate"),
        ("Tämä sivusto käyttää evästeitä palvelun parantamiseen.", "boilerplate"),
        ("The library moved to an old house in spring, which was quite a change for everyone.", "language"),
    ],
)
def test_finnish_paragraphs_that_are_no_text(paragraph: str, reason: str) -> None:
    assert reasons(paragraph) == {reason: 1}


@pytest.mark.parametrize(
    ("paragraph", "reason"),
    [
        ("E törvény a kihirdetését követő napon lép hatályba.", "boilerplate"),
        ("A törvényt az Országgyűlés az 1999. március 2-i ülésnapján fogadta el.", "boilerplate"),
        ("A 3. § (1) bekezdése és a 4. § (2) bekezdése szerint eljáró hatóság.", "boilerplate"),
        ("A rendelet 2000. január 1-jén lép hatályba, de csak az új ügyekben.", "boilerplate"),
        ("Felhatalmazást kap a Kormány, hogy a díjakat rendeletben szabályozza.", "boilerplate"),
        ("A köztársaság elnöke: Göncz Árpád s. k.", "boilerplate"),
        ("Kihirdetve: december 20. napján.", "boilerplate"),
        ("Iratkozzon fel hírlevelünkre, és értesüljön az akciókról!", "boilerplate"),
        ("Minden jog fenntartva, a képek másolása tilos.", "boilerplate"),
        ("A szõlõ és az erdõ mellett egy régi gyûjtemény állt.", "encoding"),
        ("Knihovna se na jaře přestěhovala do starého domu, což byla velká změna.", "language"),
    ],
)
def test_hungarian_paragraphs_that_are_no_text(paragraph: str, reason: str) -> None:
    assert reasons(paragraph, language="hu") == {reason: 1}


@pytest.mark.parametrize(
    ("language", "paragraph"),
    [
        ("fi", "Laissa säädetään koirien ja kissojen pitämisestä taajamissa."),
        ("fi", "Puheenjohtaja sanoi, että päätös kumotaan ja uusi tulee voimaan, kun kaikki ovat sen lukeneet."),
        ("fi", "– Mitä sinä täällä teet? kysyi isä."),
        ("fi", "Hän (Aino) syntyi vuonna 1912 ja kuoli vuonna 1990."),
        ("hu", "- Mi oka volna?"),
        ("hu", "Az ügyvéd azt mondta, hogy a szerződés csak akkor lép életbe, ha mindenki aláírja, s azt kihirdetik."),
        ("hu", "A bíróság a kérelemről nyolc napon belül dönt."),
        ("hu", "Rácz Móricz úr a kertben ült, és olvasott."),
    ],
)
def test_plain_text_stays_as_it_is(language: str, paragraph: str) -> None:
    assert not reasons(paragraph, language=language)


@pytest.mark.parametrize(
    ("language", "foreign"),
    [
        # "a" and "is" are words of Hungarian, too, and so common in it that they spoke for this text
        ("hu", "The town is a port on a river and is a centre of trade. It is a quiet place in winter, and there is a market that is held every week."),
        ("hu", "Die Stadt liegt an einem Fluss und ist ein Ort des Handels. Im Winter ist es still, und der Markt wird nicht gehalten."),
        ("fi", "The town stands on a river and is a centre of trade. He said to me on the way that it was a quiet place in winter."),
        ("fi", "Staden ligger vid en flod och är ett centrum för handeln. På vintern är det tyst, och torget som är känt är tomt."),
    ],
)
@pytest.mark.parametrize("beside", [True, False])
def test_a_sentence_in_another_language_takes_its_paragraph_along(language: str, foreign: str, beside: bool) -> None:
    good = FI if language == "fi" else HU
    assert reasons(f"{good} {foreign} {good}" if beside else foreign, language=language) == {"language": 1}


@pytest.mark.parametrize(
    ("language", "paragraph"),
    [
        # "a" is Hungarian, and the only word of this that is
        ("hu", "Fabrica și-a început activitatea în acel an. La început a dat de lucru la douăzeci de oameni. Mai târziu proprietarul a extins producția."),
        # few common words, so the classifier is asked of the whole, and finds it Finnish
        (
            "fi",
            "Tehdas aloitti toimintansa Porissa. The factory started its work in the town of Pori. Tehdas työllisti aluksi kymmeniä ihmisiä. Omistaja laajensi tuotantoa.",
        ),
    ],
)
def test_one_common_word_is_no_proof(language: str, paragraph: str) -> None:
    assert reasons(paragraph, language=language) == {"language": 1}


@pytest.mark.parametrize(
    ("language", "paragraph"),
    [
        ("fi", "Kirjastossa on myös teos Making Sense of the Teenage Body, ja se on lainassa. The Beatles -yhtyeen levyt ovat toisessa kerroksessa."),
        ("fi", "Puhuja oli Charles de la Tour, ja hän kertoi, että lehti The Wall Street Journal oli kirjoittanut asiasta jo aiemmin keväällä."),
        ("hu", "A könyvtárban megvan a The Lord of the Rings is, de most nincs benn. A Los Angeles-i Leonardo da Vinci és von der Leyen nem jött el."),
        ("hu", "Mit mondott, és ki volt az? A mi házunk is régi, te is tudod, és a porta előtt van a kert, de még nem láttam, mit ültettek bele."),
    ],
)
def test_names_and_titles_in_other_languages_stay(language: str, paragraph: str) -> None:
    assert not reasons(paragraph, language=language)


def test_marks_around_the_text_go_and_offsets_count_in_what_is_left() -> None:
    (kept,), _ = clean([document("12. § (1) A bíróság  nyolc\u00adnapon\u00a0belül dönt. A döntés végleges.[3]", HU)], "hu")
    assert kept.paragraphs[0] == "A bíróság nyolcnapon belül dönt. A döntés végleges."
    assert unicodedata.is_normalized("NFC", kept.paragraphs[0])


@pytest.mark.parametrize(
    ("documents", "reason"),
    [
        (document(), "empty"),
        (document(" ", ""), "empty"),
        (document("Kirjasto muutti keväällä vanhaan taloon, ja se oli iso muutos."), "one_sentence"),
        (document("Otsikko", "Toinen otsikko"), "nothing_left"),
        (document(FI, year="1875"), "old_orthography"),
        (document(FI, year="[1875?]"), "old_orthography"),
        (document(FI, origin="human-translated"), "translated"),
        (document("Wanha mies tuli wielä kerran kotiin, waan hän ei woinut olla hywä. Se oli warsin owela juttu."), "old_orthography"),
    ],
)
def test_documents_refused_whole(documents: Document, reason: str) -> None:
    found = clean_document(documents, "fi")
    assert (found.document, found.reason) == (None, reason)


def test_old_hungarian_is_known_by_its_spelling_not_by_names() -> None:
    old = "A czím, a mely a könyv elején állt, czifra volt. A ki olvasta, a mint leült, czélt látott benne. A kik ott voltak, nézték."
    new = "Rácz úr, aki a könyvet írta, Kovácz úrral és Laczkó úrral ült a kertben. A könyv címe cifra volt. Móricz úr olvasta."
    assert clean_document(document(old), "hu").reason == "old_orthography" and clean_document(document(new), "hu").document


def test_verse_and_contents_are_runs_of_short_lines_and_talk_is_not() -> None:
    poem = ["Metsä huokaa hiljaa,", "kuu jo kurkistaa", "lintu laulaa illoin", "uni unelmaa"]
    assert reasons(*poem) == {"verse": 4}
    assert not reasons("– Tule tänne! sanoi isä.", "– En tule, minä en jaksa.", "– Hyvä on, ole sitten siellä.")


def test_numbered_items_in_a_row_are_a_list_and_a_number_alone_is_not() -> None:
    items = ("1. Avaa ovi ja mene sisään.", "2) Sulje ovi, jos ulkona sataa.", "3. Laita valot päälle.")
    assert reasons(*items) == {"list": 3}
    assert reasons("1. A nyitott ajtót be kell csukni.", "2. A lámpát is fel kell kapcsolni.", language="hu") == {"list": 2}
    assert not reasons("1. kesäkuuta kirjasto muutti vanhaan taloon.", "Toukokuun 2. päivänä se oli vielä kiinni.")
    assert not reasons("1. kesäkuuta kirjasto muutti vanhaan taloon.", "Se oli iso muutos.", "2. kesäkuuta se avattiin.")
    chapters = [f"{number}. {FI} {FI} {FI} {FI}" for number in (1, 2)]  # paragraphs of a text whose parts have numbers
    assert not reasons(*chapters)


def test_a_long_paragraph_is_cut_at_sentence_ends_and_nothing_is_lost() -> None:
    text = " ".join(f"Kirjasto numero {i} muutti vanhaan taloon, ja se oli iso muutos." for i in range(2000))
    assert len(text) > 100_000
    (kept,), (_, parts) = clean([document(text)], "fi")
    assert " ".join(kept.paragraphs) == text and max(map(len, kept.paragraphs)) <= LONG and parts.close()["made"] == len(kept.paragraphs) - 1


@pytest.mark.parametrize(
    "text", ["sana ja toinen " * 8000, "a" * 120_000, "1. A " * 24_000, "(" * 100_000, ". " * 60_000, "? a" * 40_000, "\t| " * 30_000, "ő cz " * 25_000]
)
def test_a_hundred_thousand_signs_without_a_sentence_are_refused_in_no_time(text: str) -> None:
    start = time.process_time()
    for language in ("fi", "hu"):
        found = clean_document(document(text, FI if language == "fi" else HU), language)
        assert found.document is None or len(found.document.paragraphs) == 1
    assert time.process_time() - start < 3


@given(st.lists(st.text(alphabet="aä .!?\n-(1)•|ő§[]", max_size=60), max_size=6), st.sampled_from(["fi", "hu", "sv"]))
def test_counts_agree_whatever_the_text(paragraphs: list[str], language: str) -> None:
    kept, ledgers = clean([document(*paragraphs)], language)
    for ledger in ledgers:
        ledger.close()
    for text in (p for d in kept for p in d.paragraphs):
        assert text == text.strip() and "\n" not in text and "  " not in text and sentences(text, language)
