"""build_data/makers/contrasts_hu: which word of a sentence can be changed into a form that its neighbours refuse, and which is left alone."""

from __future__ import annotations

import itertools
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from build_data.makers.contrasts import SEEN, Forms, Site
from build_data.makers.contrasts_hu import TABLE, plausible, sites
from build_data.makers.contrasts_hu_line import Line
from build_data.makers.contrasts_hu_nouns import in_case, other_number, plural, possessed, singular, split_case
from build_data.makers.contrasts_hu_verbs import in_cell, speaker, third
from build_data.parse import Sentence, Word

TAGS = {
    "N": ("NOUN", {"Case": "Nom", "Number": "Sing"}), "Ns": ("NOUN", {"Case": "Nom", "Number": "Plur"}), "Nt": ("NOUN", {"Case": "Acc", "Number": "Sing"}),
    "Nb": ("NOUN", {"Case": "Ine", "Number": "Sing"}), "V": ("VERB", {"VerbForm": "Fin", "Person": "3", "Number": "Sing"}),
    "Vs": ("VERB", {"VerbForm": "Fin", "Person": "3", "Number": "Plur"}), "I": ("VERB", {"VerbForm": "Inf"}), "A": ("ADJ", {"Case": "Nom", "Number": "Sing"}),
    "D": ("DET", {}), "R": ("PRON", {"Case": "Nom", "Number": "Sing"}), "B": ("ADV", {}), "P": ("ADP", {}), "C": ("CCONJ", {}), "S": ("SCONJ", {}),
    "M": ("NUM", {"Case": "Nom", "Number": "Sing"}), "U": ("ADV", {}),
}  # fmt: skip
# Words that stand elsewhere in the text, SEEN times each.
ELSEWHERE = (
    "látta/V látott/V látták/Vs láttak/Vs láttam/V látni/I írta/V írt/V írtak/Vs írták/Vs írtam/V írtunk/Vs írni/I mondta/V mondott/V mondták/Vs mondom/V mondok/Vs mondja/V "
    "nézi/V néz/V nézik/Vs néznek/Vs nézett/V nézte/V nézni/I ment/V mentek/Vs mentem/V mentünk/Vs mentél/V menni/I dolgozik/V dolgoznak/Vs dolgozott/V dolgoztak/Vs dolgoztam/V "
    "dolgozni/I vesz/B veszi/V veszik/Vs vette/V vett/V venni/I volt/V voltak/Vs voltam/V mosolygott/V mosolyogtak/Vs tudni/I tudott/V tudta/V "
    "ház/N házak/Ns házat/Nt házakat/Nt házban/Nb házakban/Nb háznak/N háznál/N házhoz/N házon/N házzal/N kert/N kertek/Ns kertet/Nt kertben/Nb kerthez/N "
    "fiú/N fiúk/Ns fiút/Nt fiúkat/Nt fiúnak/N leány/N leányok/Ns leányt/Nt leánynak/N levél/N levelek/Ns levelet/Nt levélben/Nb ablak/N ablakok/Ns ablakon/N ablakban/Nb "
    "távol/N távolból/N távolban/Nb szemem/N szememet/Nt szem/N szemét/Nt szemet/Nt szemben/Nb szeme/N kutya/N kutyák/Ns kutyám/N kutyád/N kutyája/N kutyánk/N kertem/N kerted/N kertje/N "
    "kertünk/N kertemben/Nb kertjében/Nb nagy/A nagyobb/A gyorsan/B gyorsabban/B jó/A jobb/A hangosan/B hangosabban/B nap/B napok/Ns napon/N napban/Nb"
)


def tagged(text: str) -> Sentence:
    """Read "Ő/R írta/V .": form and one of TAGS; a sign stands alone."""
    words: list[Word] = []
    at = 0
    for item in text.split():
        form, _, name = item.partition("/")
        upos, feats = TAGS[name] if name else ("PUNCT", {})
        at += 1 if words and upos != "PUNCT" else 0
        words.append(Word(form, upos, feats, 0, "", at, at + len(form)))
        at += len(form)
    return Sentence(tuple(words), 0, at)


FORMS = Forms([tagged(ELSEWHERE)] * SEEN)


def found(text: str, contrast: str = "") -> list[tuple[str, int, str, str]]:
    sentence = tagged(text)
    forms = Forms([sentence, *[tagged(ELSEWHERE)] * SEEN])
    all_sites = [(site.contrast, site.side, site.form, site.other) for site in sites(sentence.words, forms)]
    return [site for site in all_sites if site[0] == contrast] if contrast else all_sites


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Péter/N látta/V a/D házat/Nt .", ("conjugation", 0, "látta", "látott")),
        ("Azt/R mondom/V neki/R .", ("conjugation", 0, "mondom", "mondok")),
        ("Amit/R nem/B mondott/V ,/ tudjuk/B .", ("conjugation", 1, "mondott", "mondta")),
        ("Péter/N látott/V egy/D nagy/A házat/Nt .", ("conjugation", 1, "látott", "látta")),
        ("Tegnap/B levelet/Nt írt/V .", ("conjugation", 1, "írt", "írta")),
        ("Engem/R néz/V .", ("conjugation", 1, "néz", "nézi")),
        ("A/D fiú/N mosolygott/V .", ("number", 0, "mosolygott", "mosolyogtak")),
        ("Aki/R otthon/B dolgozik/V ,/ hallgat/B .", ("number", 0, "dolgozik", "dolgoznak")),
        ("Tegnap/B ,/ mikor/S dolgozott/V a/D leány/N ,/ esett/B .", ("number", 0, "dolgozott", "dolgoztak")),
        ("A/D fiúk/Ns nem/B mentek/Vs oda/B .", ("number", 1, "mentek", "ment")),
        ("Itt/B csak/B a/D fiúk/Ns mentek/Vs .", ("number", 1, "mentek", "ment")),
        ("Akik/R a/D kertben/Nb voltak/Vs ,/ fáztak/B .", ("number", 1, "voltak", "volt")),
        ("Én/R nem/B mentem/V oda/B .", ("person", 0, "mentem", "ment")),
        ("Mi/R mentünk/Vs haza/B .", ("person", 1, "mentünk", "mentek")),
        ("Ő/R csak/B dolgozott/V .", ("person", 1, "dolgozott", "dolgoztam")),
        ("Ez/R az/D én/R kutyám/N .", ("possessor", 0, "kutyám", "kutyája")),
        ("Hideg/A a/D te/R kerted/N .", ("possessor", 1, "kerted", "kertem")),
        ("Az/D ő/R kertjében/Nb ülünk/B .", ("possessor", 1, "kertjében", "kertemben")),
        ("A/D ház/N mögött/P áll/B .", ("postposition", 0, "ház", "házzal")),
        ("A/D nap/B előtt/P áll/B .", ("postposition", 0, "nap", "napon")),  # tagged as an adverb, but it has cases
        ("A/D házhoz/N képest/B kicsi/A .", ("postposition", 1, "házhoz", "ház")),
        ("A/D kertben/Nb dolgoztam/V .", ("postposition", 1, "kertben", "kert")),
        ("A/D leány/N a/D kertben/Nb dolgozott/V .", ("postposition", 1, "kertben", "kert")),
        ("Aki/R a/D kertben/Nb dolgozott/V , fázott/B .", ("postposition", 1, "kertben", "kert")),
        ("Jön/B az/D ablakban/Nb ülő/A leány/N .", ("postposition", 1, "ablakban", "ablak")),
        ("Két/M nagy/A házban/Nb élt/B .", ("numeral", 0, "házban", "házakban")),
        ("A/D házak/Ns között/P állt/B .", ("numeral", 1, "házak", "ház")),
        ("A/D leányok/Ns mentek/Vs .", ("numeral", 1, "leányok", "leány")),
        ("Ebben/R a/D nagy/A házban/Nb élt/B .", ("demonstrative", 0, "házban", "házakban")),
        ("Ezeket/R a/D leveleket/Nt olvasta/B .", ("demonstrative", 1, "leveleket", "levelet")),
        ("Nem/B tudott/V menni/I .", ("infinitive", 0, "menni", "ment")),
        ("Venni/I kell/V kenyeret/Nt .", ("infinitive", 0, "venni", "vett")),
        ("A/D leány/N dolgozott/V tegnap/B .", ("infinitive", 1, "dolgozott", "dolgozni")),
        ("Elaludt/B ,/ mert/S sokat/R írt/V .", ("infinitive", 1, "írt", "írni")),
        ("Sokkal/B nagyobb/A volt/B .", ("degree", 0, "nagyobb", "nagy")),
        ("Nagyon/B gyorsan/B elfutott/B .", ("degree", 1, "gyorsan", "gyorsabban")),
        ("A/D leány/N írta/V a/D levelet/Nt .", ("object", 0, "leány", "leányt")),
        ("A/D leány/N írta/V a/D levelet/Nt .", ("object", 1, "levelet", "levél")),
    ],
)  # fmt: skip
def test_each_side_of_a_contrast_gives_the_form_that_the_other_asks_for(text: str, expected: tuple[str, int, str, str]) -> None:
    text = text.replace(",/", ",")
    assert expected in found(text + (" leveleket/Nt" * 2 if "leveleket" in text else ""), expected[0])


@pytest.mark.parametrize(
    ("text", "contrast"),
    [
        ("A/D szemét/Nt nézte/V a/D leány/N .", "object"),  # an accusative as it is, though "szemét" is a noun, too
        ("Amit/R mondott/V , hogy/S látta/V .", "conjugation"),  # "amit mondta, hogy lássam" is said
        ("Annyit/R láttak/Vs belőle/R , hogy/S ház/N .", "conjugation"),  # "annyit látták belőle, hogy" as well
        ("Láttam/V a/D szememet/Nt .", "object"),  # "láttam a szemem" is right, too
        ("A/D fiú/N két/M nap/N óta/P dolgozott/V .", "numeral"),  # "ezer napok óta" was good prose
        ("Egy/D kertjét/Nt látta/V .", "conjugation"),  # somebody's own is definite after "egy", too
        ("Láttam/V egy/D házat/Nt .", "conjugation"),  # one form for both
        ("A/D fiú/N és/C a/D leányok/Ns mentek/Vs .", "numeral"),  # "a fiú és a leány mentek" is right
        ("Este/N , az/D anyja/N , a/D fiúk/Ns mentek/Vs .", "numeral"),
        ("Péter/N meg/C én/R mentem/V .", "person"),
        ("Az/D én/R kertem/N ablakok/Ns .", "possessor"),
        ("A/D házban/Nb voltam/V .", "postposition"),  # "a ház voltam" is a sentence
        ("A/D házban/Nb dolgozott/V .", "postposition"),  # "a ház dolgozott", too
        ("A/D ház/N kertben/Nb dolgozott/V .", "postposition"),  # "a barna könyvet nézte": the first may be no noun but an attribute
        ("Jön/B a/D kertben/Nb dolgozó/A leánya/N .", "postposition"),  # "a kert dolgozó leánya"
        ("Kék/A a/D távolból/N nézett/V ablakok/Ns .", "postposition"),
        ("Azt/R a/D házban/Nb látta/V .", "demonstrative"),  # two phrases: that, in the house
        ("Ezek/R a/D ház/N ablakok/Ns .", "demonstrative"),  # these are the house's
        ("Két/M kutya/N háznál/N .", "numeral"),
        ("Mert/S menni/I , azt/R nem/B .", "infinitive"),
        ("Amikor/S tudott/V , írt/V .", "infinitive_of_knowing"),
        ("A/D leány/N akarta/V , hogy/S dolgozott/V menni/I .", "infinitive_in_its_clause"),
        ("Egyre/B hangosabban/B nézett/V .", "degree"),  # "egyre hangosan": without an end
        ("Olyan/B nagy/A ház/N .", "degree"),
        ("A/D leány/N törzsírta/V a/D levelet/Nt .", "conjugation"),  # no form of that verb stands in the text
    ],
)
def test_what_may_be_right_either_way_is_left_alone(text: str, contrast: str) -> None:
    if contrast.startswith("infinitive_"):
        assert not [site for site in found(text, "infinitive") if site[1] == 1 and site[2] in ("tudott", "dolgozott")]
    else:
        assert not found(text, contrast)


def test_offsets_are_those_of_the_word() -> None:
    sentence = tagged("Péter/N látta/V a/D házat/Nt .")
    site = next(s for s in sites(sentence.words, FORMS) if s.contrast == "conjugation")
    assert (site.start, site.end) == (6, 11)


@pytest.mark.parametrize(
    ("form", "cell", "wanted", "made"),
    [
        ("látta", "3sd", "3si", "látott"), ("látott", "3si", "3sd", "látta"), ("vette", "3sd", "3si", "vett"), ("látott", "3si", "3pi", "láttak"),
        ("mosolyogtak", "3pi", "3si", "mosolygott"), ("dolgozik", "3si", "3pi", "dolgoznak"), ("mondom", "1sd", "1si", "mondok"), ("mentem", "1si", "3si", "ment"),
        ("nézik", "3pd", "3pi", "néznek"), ("veszi", "3sd", "3si", ""),  # "veszik" is a plural, and "vesz" is never tagged as a verb
    ],
)  # fmt: skip
def test_verbs_change_cells(form: str, cell: str, wanted: str, made: str) -> None:
    assert in_cell(form, cell, (wanted,), FORMS) == made


@pytest.mark.parametrize(
    ("form", "cell"),
    [
        ("látta", "3sd"),
        ("ment", "3si"),
        ("nézik", "3pd"),
        ("veszik", "3pd"),
        ("dolgozik", "3si"),
        ("mentek", "3pi"),
        ("mondok", ""),
        ("szemét", ""),
        ("rajta", ""),
    ],
)
def test_a_third_person_is_known_by_its_form_and_kin(form: str, cell: str) -> None:
    assert third(form, FORMS) == cell


def test_a_speaker_is_known_by_the_verb() -> None:
    assert [speaker(form, FORMS) for form in ("mondom", "mondok", "mentünk", "mentek", "ment")] == ["1sd", "1si", "1pi", "", ""]


def test_nouns_change_case_number_and_owner() -> None:
    assert [in_case("ház", case, FORMS) for case in ("acc", "ine", "ins", "all")] == ["házat", "házban", "házzal", "házhoz"]
    assert (in_case("levél", "acc", FORMS), in_case("ház", "abl", FORMS)) == ("levelet", "")  # "háztól" stands nowhere
    assert [plural(noun, FORMS) for noun in ("kutya", "levél", "fiú")] == ["kutyák", "levelek", "fiúk"]
    assert (singular("levelek", FORMS), singular("háznak", FORMS)) == ("levél", "")
    assert [split_case(form, FORMS) for form in ("házzal", "levelet", "szeme")] == [("ház", "ins"), ("levél", "acc"), ("", "")]
    assert other_number("házakban", FORMS) == ("házban", "Plur", "ine")
    assert possessed("kertemben", "1s", ("3s",), FORMS) == "kertjében" and possessed("kutyája", "3s", ("2s",), FORMS) == "kutyád"


def test_the_look_at_bare_text_lets_each_rarer_side_through() -> None:
    for text in (
        "Ő mondta.",
        "Nem tudott menni.",
        "Sokkal nagyobb.",
        "A házak között járt.",
        "A kertben dolgoztam.",
        "Akik itt voltak.",
        "Tegnap levelet írt.",
    ):
        assert plausible(text), text
    assert not plausible("Esett.") and not plausible("Szép este volt.")


@pytest.mark.parametrize(
    ("shows", "shows_not"),
    [
        ("Akar enni.", "Akar, enni."),
        ("Enni kell.", "Enni, kell."),
        ("Szólt: „valakit”.", "Szólt: „valaki”."),
        ("Ezek a nagy kövek.", "Ezek nagy kövek."),
        ("Fák között jár.", "Fák, között jár."),
        ("Pista kapott egy könyvet.", "Pista kapott egy szép könyvet."),
        ("Kertben lakunk.", "Kertben, lakunk."),
        ("Jön, a fiú hozta.", "Jön a fiú hozta."),
        ("A fiú hozta.", "Kis fiú hozta."),
        ("Jöttek a fiúk.", "Jöttek a fiúk haza."),
        ("Jöttek a kis fiúk, mind.", "Jöttek a nagyon kis fiúk, mind."),
    ],
)
def test_bare_text_is_looked_at_word_by_word_with_its_signs(shows: str, shows_not: str) -> None:
    assert plausible(shows) and not plausible(shows_not)


AROUND = (
    "A/D {n} {v} .", "A/D nagy/A {n} {v} .", "Tegnap/B {n} {v} .", "{v} a/D {n} .", "{v} egy/D {n} .", "A/D leány/N a/D {n} {v} .", "A/D leány/N {v} a/D {n} .", "A/D {n} képest/B {v} .",
    "Jön/B a/D {n} ülő/A leány/N .", "A/D {n} mögött/P {v} .", "A/D {n} között/P {v} .", "Két/M nagy/A {n} {v} .", "Ezek/R a/D {n} {v} .", "Az/D én/R {n} {v} .", "Aki/R {v} , én/R {v} {n} .",
)  # fmt: skip


def test_rules_miss_nothing_where_marks_do_not_send_them() -> None:
    found = 0
    for noun in (word for word in ELSEWHERE.split() if "/N" in word):
        for verb in ("látta/V", "írtam/V", "mentek/Vs", "menni/I"):
            for around in AROUND:
                words = tagged(around.format(n=noun, v=verb)).words
                line = Line(words, FORMS)
                everywhere = dict[tuple[str, int], Site]()
                for i, (_, rule) in itertools.product(range(len(words)), TABLE):
                    if line.pos[i] != "PUNCT" and (site := rule(line, i)):
                        everywhere.setdefault((site.contrast, site.start), site)
                assert sites(words, FORMS) == [*everywhere.values()], around
                found += len(everywhere)
    assert found > 100


@given(st.lists(st.tuples(st.text(string.ascii_lowercase + "áéíóöőúüű", min_size=1, max_size=9), st.sampled_from(sorted(TAGS))), max_size=9))
def test_any_words_are_read_without_a_crash(pairs: list[tuple[str, str]]) -> None:
    sentence = tagged(" ".join(f"{form}/{name}" for form, name in pairs))
    text = " ".join(form for form, _ in pairs)
    for site in sites(sentence.words, FORMS):
        assert text[site.start : site.end].casefold() == site.form and site.other != site.form
