"""build_data/makers/questions_fi.py and questions_hu.py: statements with the questions they give, and those they must not."""

from __future__ import annotations

import dataclasses

import pytest
from tagged import read

from build_data.makers import questions_fi, questions_hu, words_fi, words_hu
from build_data.makers.forms_fi import case_of as case_fi
from build_data.makers.questions import Names
from build_data.makers.verbs_hu import case_of as case_hu
from build_data.makers.verbs_hu import indefinite, split_preverb
from build_data.parse import Word
from build_data.parse_types import Entity


def agreeing(language: str, word: Word) -> Word:
    """Return a nominal with the case that its ending shows, where the line gives none: the tag agrees with the form."""
    case = case_fi(word) if language == "fi" else case_hu(word)
    if word.upos not in ("NOUN", "PROPN", "ADJ") or "Case" in word.feats or not case:
        return word
    number = "Plur" if word.text.endswith("t") and case == "nom" else "Sing"
    return dataclasses.replace(word, feats={"Case": case.capitalize(), "Number": number} | dict(word.feats))


def asked(language: str, tagged: str, *seen: str) -> dict[str, str]:
    """Return {question: answer}; `seen` is running text from which names are known."""
    text, sentence = read(tagged)
    sentence = dataclasses.replace(sentence, words=tuple(agreeing(language, w) for w in sentence.words))
    rules, lists = (questions_fi, words_fi) if language == "fi" else (questions_hu, words_hu)
    names = Names(lists.DERIVED)
    names.read(seen)
    assert rules.plausible(text) or not rules.ask(text, sentence, names)  # the look at bare text may only spare work
    return {d.question: text[d.start : d.end] for d in rules.ask(text, sentence, names)}


@pytest.mark.parametrize(
    ("tagged", "question", "answer"),
    [
        ("Kirjasto/N muuttaa/V keväällä/N vanhaan/A:Ill paloasemaan/N:Ill ./.", "Milloin kirjasto muuttaa paloasemaan?", "keväällä"),  # shortened
        ("Norpat/N nousevat/V aurinkoisille/A rantakallioille/N toukokuussa/N ./.", "Mihin norpat nousevat toukokuussa?", "aurinkoisille rantakallioille"),
        ("Lukion/N:Gen pihalla/N on/X neljäkymmentä/J polkupyörää/N:Par ./.", "Kuinka monta polkupyörää on lukion pihalla?", "neljäkymmentä"),
        ("Katsomo/N maksaa/V noin/D 280/J 000/J euroa/N:Par ./.", "Montako euroa katsomo maksaa?", "noin 280 000"),
        ("Remontti/N kestää/V viisi/J kuukautta/N:Par ./.", "Kuinka kauan remontti kestää?", "viisi kuukautta"),
        ("Iida/P löysi/V kellon/N:Gen kirjastosta/N lauantaina/N ./.", "Kuka löysi kellon kirjastosta lauantaina?", "Iida"),
        ("Raportti/N julkaistiin/V torstaina/N Oulussa/P ./.", "Missä raportti julkaistiin torstaina?", "Oulussa"),
        ("Taimia/N:Par istutettiin/V puistoon/N keväällä/N ./.", "Mitä istutettiin puistoon keväällä?", "Taimia"),
        ("Pumppu/N toimii/V automaattisesti/D ./.", "Miten pumppu toimii?", "automaattisesti"),
        ("Museon/N:Gen johtaja/N asuu/V vanhassa/A huvilassa/N ./.", "Millaisessa huvilassa museon johtaja asuu?", "vanhassa"),
        ("Kirjasto/N muutti/V Porvooseen/P ,/. koska/S talo/N paloi/V ./.", "Miksi kirjasto muutti Porvooseen?", "koska talo paloi"),
        ("Tehdas/N valmisti/V koneita/N:Par Lahdessa/P vuonna/N 1912/J ./.", "Missä tehdas valmisti koneita?", "Lahdessa"),
        ("Opettaja/N keräsi/V kirjeet/N perjantaina/N ./.", "Kuka keräsi kirjeet perjantaina?", "Opettaja"),
        ("Kirkko/N paloi/V vuonna/N 1702/J pahasti/D ./.", "Mikä paloi vuonna 1702 pahasti?", "Kirkko"),
        ("Rakentajat/N louhivat/V graniitin/N:Gen luodolta/N ./.", "Ketkä louhivat graniitin luodolta?", "Rakentajat"),  # the verb stays in the plural
        ("Kalanviljelijä/N kasvattaa/V kirjolohia/N:Par ./.", "Mitä kalanviljelijä kasvattaa?", "kirjolohia"),
        ("Matti/P otti/V taskulampun/N:Gen ./.", "Minkä Matti otti?", "taskulampun"),
        ("Kello/N oli/X pudonnut/U arkun/N:Gen taakse/O ./.", "Mihin kello oli pudonnut?", "arkun taakse"),
        ("Pikajuna/N kulki/V Turkuun/P ,/. mutta/C bussi/N jäi/V kotiin/N ./.", "Mihin pikajuna kulki?", "Turkuun"),  # the first clause stands alone
        ("Kelloseppä/N avasi/V kuoren/N:Gen ja/C puhalsi/V pölyä/N:Par ./.", "Minkä kelloseppä avasi?", "kuoren"),
        ("Moottori/N toimii/V sähköllä/N ./.", "Millä moottori toimii?", "sähköllä"),
        ("Järven/N:Gen rannat/N olivat/X hyvin/D jyrkät/A ./.", "Millaiset järven rannat olivat?", "hyvin jyrkät"),
        ("Kylän/N:Gen kivikirkko/N on/X vanha/A ja/C matala/A ./.", "Millainen kylän kivikirkko on?", "vanha ja matala"),
        ("Kylän/N:Gen lukio/N oli/X erittäin/D tunnelmallinen/A:Nom ./.", "Millainen kylän lukio oli?", "erittäin tunnelmallinen"),
        ("Maa-/N ja/C metsätalousministeriö/N muutti/V Porvooseen/P ./.", "Mihin maa- ja metsätalousministeriö muutti?", "Porvooseen"),
        ("Useimmat/A lajit/N talvehtivat/V Ruotsissa/P ja/C Tanskassa/P ./.", "Missä useimmat lajit talvehtivat?", "Ruotsissa ja Tanskassa"),
    ],
)
def test_finnish(tagged: str, question: str, answer: str) -> None:
    found = asked("fi", tagged, "tuo kirjasto on uusi", "nuo norpat ja rakentajat", "suuressa talossa ja toukokuussa", "vanha tehdas")
    assert found.get(question) == answer, found


@pytest.mark.parametrize(
    ("tagged", "why"),
    [
        ("Asia/N ratkaistiin/V Turussa/P vuonna/N 1990/J ./.", "nobody knows which asia"),
        ("Hän/R asui/V Turussa/P vuonna/N 1990/J ./.", "nobody knows who hän is"),
        ("Söimme/V lounasta/N:Par ravintolassa/N lauantaina/N ./.", "somebody speaks of himself"),
        ("Lapsemme/N nukkuivat/V autossa/N kesällä/N ./.", "somebody speaks of his own"),
        ("Kirkko/N ei/X palanut/U vuonna/N 1702/J ./.", "negative"),
        ("Jos/S lunta/N:Par on/X vähän/D ,/. norppa/N kärsii/V ./.", "opens with a condition"),
        ("Mummo/N sanoi/V ,/. että/S talo/N paloi/V ./.", "the clause is nothing without what follows"),
        ("Opettaja/N kysyi/V :/. missä/R kirja/N on/X ?/.", "not declarative"),
        ("Sekoita/V jauhot/N kulhossa/N huolellisesti/D ./.", "an order"),
        ("Kissa/N uskaltautui/V esiin/D vasta/D ,/. kun/S ämpäri/N vietiin/V ./.", "the time is in the next clause"),
    ],
)
def test_finnish_leaves_alone(tagged: str, why: str) -> None:
    assert asked("fi", tagged) == {}, why


@pytest.mark.parametrize(
    ("language", "tagged", "answer"),
    [
        ("fi", "Kauppiaasta/N tuli/V kunnallisneuvos/N ./.", "Kauppiaasta"),  # what somebody becomes
        ("fi", "Tutkija/N uskoo/V Turun/P:Gen yliopistoon/N ./.", "Turun yliopistoon"),
        ("fi", "Kunta/N myönsi/V tukea/N:Par yhteistyössä/N ./.", "yhteistyössä"),
        ("hu", "A/T bankár/N a/T városban/N bízott/V ./.", "városban"),
        ("hu", "A/T kapitány/N a/T hajóra/N gondolt/V ./.", "hajóra"),
    ],
)
def test_figures_of_speech_are_no_places(language: str, tagged: str, answer: str) -> None:
    assert answer not in asked(language, tagged, "tuo kunta ja kauppias, tutkija").values()


def test_finnish_doubtful_phrases_are_no_answers() -> None:
    assert "hihallaan" not in asked("fi", "Tyttö/N pyyhki/V lasin/N:Gen hihallaan/N ./.").values()  # "the glass's sleeve" or "the glass with a sleeve"
    assert "Kreikassa" not in asked("fi", "Kreikassa/P järjestetyissä/A kisoissa/N joukkue/N sai/V pronssia/N:Par ./.").values()
    assert asked("fi", "Sen/R jälkeen/O työ/N sujui/V hyvin/D ./.").get("Milloin työ sujui hyvin?") is None  # an answer that points elsewhere


@pytest.mark.parametrize("line", ["Talo/N on/X C++-kielellä/N tehty/U ./.", "Linja/N *)+]/P alkaa/V +?ssa/N ./.", "Talo/N (/. +[?/N on/X Turussa/P ./."])
def test_signs_in_words_break_nothing(line: str) -> None:
    asked("fi", line)
    asked("hu", line)


def test_a_first_word_keeps_its_capital_only_as_a_name() -> None:
    line = "Koli/P kohoaa/V jyrkästi/D Pohjois-Karjalassa/P ./."
    assert "Missä Koli kohoaa?" in asked("fi", line, "Nousimme Kolin huipulle.")
    assert "Missä näkötorni kohoaa?" in asked("fi", line.replace("Koli/P", "Näkötorni/N"), "Siellä on näkötorni.")
    assert asked("fi", line) == {}  # never seen: nobody knows, so nothing is asked


@pytest.mark.parametrize(
    ("tagged", "question", "answer"),
    [
        ("A/T hidat/N:Acc 1949-ben/J adták/V át/D ./.", "Mikor adták át a hidat?", "1949-ben"),
        ("A/T puszta/N 1999-ben/J felkerült/V a/T világörökségi/A listára/N ./.", "Mikor került fel a puszta a világörökségi listára?", "1999-ben"),
        ("A/T hód/N eltűnt/V Magyarországról/P a/T háború/N után/O ./.", "Honnan tűnt el a hód a háború után?", "Magyarországról"),
        ("A/T folyó/N Szerbiában/P ömlik/V a/T Dunába/P ./.", "Hová ömlik a folyó Szerbiában?", "Dunába"),
        ("A/T marha/N a/T nyarat/N:Acc a/T legelőn/N tölti/V ./.", "Hol tölti a marha a nyarat?", "legelőn"),
        ("A/T fényképész/N a/T hegy/N tövében/N várt/V az/T utasokra/N ./.", "Ki várt a hegy tövében az utasokra?", "fényképész"),
        ("A/T munkások/N 1846-ban/J kezdték/V meg/D az/T építkezést/N:Acc ./.", "Kik kezdték meg 1846-ban az építkezést?", "munkások"),
        ("A/T meder/N alját/N:Acc egy/T tőzegréteg/N fedi/V ./.", "Mit fed egy tőzegréteg?", "meder alját"),
        ("A/T szakács/N kihúzta/V a/T dugót/N:Acc ./.", "Mit húzott ki a szakács?", "dugót"),  # mit wants the indefinite verb
        ("A/T juhászok/N a/T pulit/N:Acc a/T nyájnál/N használták/V ./.", "Mit használtak a juhászok a nyájnál?", "pulit"),
        ("A/T csapatban/N tizennyolc/J diák/N dolgozott/V ./.", "Hány diák dolgozott a csapatban?", "tizennyolc"),
        ("A/T gyalogos/A híd/N a/T folyó/N felett/O vezet/V ./.", "Hol vezet a gyalogos híd?", "folyó felett"),
        ("A/T kertész/N a/T piros/A kalapot/N:Acc hozta/V Szegedről/P ./.", "Milyen kalapot hozott a kertész Szegedről?", "piros"),
        ("A/T kapitány/N a/T hajón/N maradt/V ,/. mert/S beteg/A volt/V ./.", "Miért maradt a kapitány a hajón?", "mert beteg volt"),
        ("A/T csapat/N Debrecenből/P Szegedre/P utazott/V ./.", "Hová utazott a csapat Debrecenből?", "Szegedre"),
        ("Péter/P kinyitotta/V az/T ablakot/N:Acc ,/. és/C köszönt/V ./.", "Mit nyitott ki Péter?", "ablakot"),
        ("Kelemen/P Vince/P húsz/J éve/N javít/V kerékpárokat/N:Acc ./.", "Mit javít Kelemen Vince húsz éve?", "kerékpárokat"),
    ],
)
def test_hungarian(tagged: str, question: str, answer: str) -> None:
    found = asked("hu", tagged, "a régi híd a nagy folyó felett")
    assert found.get(question) == answer, found


@pytest.mark.parametrize(
    ("tagged", "why"),
    [
        ("A/T felesége/N a/T kocsiban/N ült/V ./.", "nobody knows whose wife"),
        ("Szép/A várost/N:Acc látott/V volna/D Péter/P ./.", "not what happened"),
        ("Ő/R Szegeden/P lakott/V ,/. és/C dolgozott/V ./.", "nobody knows who ő is"),
        ("A/T hidat/N:Acc nem/D adták/V át/D 1949-ben/J ./.", "negative"),
        ("Szegeden/P laktunk/V tavaly/D nyáron/N ./.", "somebody speaks of himself"),
        ("Ha/S esik/V ,/. a/T folyó/N megárad/V ./.", "opens with a condition"),
        ("Péter/P azt/R mondta/V ,/. hogy/S jön/V ./.", "the clause is nothing without what follows"),
        ("Hol/R van/V a/T folyó/N ?/.", "not declarative"),
        ("Elment/V Szegedre/P tavaly/D ./.", "no subject is named"),
    ],
)
def test_hungarian_leaves_alone(tagged: str, why: str) -> None:
    assert asked("hu", tagged) == {}, why


@pytest.mark.parametrize(
    ("verb", "parts"),
    [("meghalt", ("meg", "halt")), ("visszatért", ("vissza", "tért")), ("felel", ("", "felel")), ("beszél", ("", "beszél")),
     ("kiáltott", ("", "kiáltott")), ("lehet", ("", "lehet")), ("leszakadt", ("le", "szakadt")), ("összegyűlt", ("össze", "gyűlt")), ("él", ("", "él"))],
)  # fmt: skip
def test_preverbs(verb: str, parts: tuple[str, str]) -> None:
    assert split_preverb(verb) == parts


@pytest.mark.parametrize(
    ("definite", "plural", "changed"),
    [
        ("kutatta", False, "kutatott"), ("szerette", False, "szeretett"), ("építette", False, "épített"), ("bontotta", False, "bontott"),
        ("írta", False, "írt"), ("küldte", False, "küldött"), ("vette", False, "vett"), ("itta", False, "ivott"), ("nézték", True, "néztek"),
        ("viszik", True, "visznek"), ("borítja", False, "borít"),
        ("vitt", False, "vitt"),  # indefinite already
        ("ültette", False, ""),  # ültet-te or jelent-ette: the form alone cannot tell
        ("jelzi", False, ""),  # jelez, not "jelz"
    ],
)  # fmt: skip
def test_mit_wants_the_indefinite_verb(definite: str, plural: bool, changed: str) -> None:
    assert indefinite(definite, plural) == changed


def word(text: str, upos: str = "NOUN", **feats: str) -> Word:
    return Word(text, upos, feats, 0, "", 0, len(text))


@pytest.mark.parametrize(
    ("text", "case"),
    [
        ("talossa", "ine"),
        ("rantakiville", "all"),
        ("keittiöön", "ill"),
        ("juna", "nom"),
        ("vuonna", "ess"),
        ("elokuun", "gen"),
        ("ihmistä", "par"),
        ("metsästä", "ela"),
    ],
)
def test_finnish_cases(text: str, case: str) -> None:
    assert case_fi(word(text)) == case


@pytest.mark.parametrize(
    ("text", "case"),
    [
        ("házban", "ine"),
        ("Szegedre", "sub"),
        ("kutyát", "acc"),
        ("kerékpárút", "nom"),
        ("autóval", "ins"),
        ("reggel", "nom"),
        ("telefon", "nom"),
        ("asztalon", "sup"),
    ],
)
def test_hungarian_cases(text: str, case: str) -> None:
    assert case_hu(word(text)) == case


@pytest.mark.parametrize(
    ("language", "tagged", "name", "kind", "question"),
    [
        ("fi", "Kervola/P keräsi/V kirjeet/N uudessa/A:Ine talossa/N:Ine ./.", "Kervola", "PER", "Kuka keräsi kirjeet uudessa talossa?"),
        ("fi", "Kervola/P keräsi/V kirjeet/N uudessa/A:Ine talossa/N:Ine ./.", "Kervola", "ORG", "Mikä keräsi kirjeet uudessa talossa?"),
        ("hu", "Sorvai/P:Nom a/T régi/A iskolában/N:Ine könyveket/N:Acc gyűjtött/V ./.", "Sorvai", "PER", "Ki gyűjtött a régi iskolában könyveket?"),
    ],
)
def test_a_pack_that_finds_names_says_who_is_asked_for(language: str, tagged: str, name: str, kind: str, question: str) -> None:
    text, sentence = read(tagged)
    sentence = dataclasses.replace(sentence, words=tuple(agreeing(language, w) for w in sentence.words))
    rules, lists = (questions_fi, words_fi) if language == "fi" else (questions_hu, words_hu)
    at = text.index(name)
    names = Names(lists.DERIVED).beside([Entity(at, at + len(name), kind)])
    assert question in {d.question for d in rules.ask(text, sentence, names)}
    assert question not in {d.question for d in rules.ask(text, sentence, Names(lists.DERIVED))}
