"""build_data/makers/discourse: which connectives head a clause, what their spans become, and what the classes are evened out by."""

from __future__ import annotations

import string
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from build_data.makers import connectives as lists_of
from build_data.makers import make
from build_data.makers.connectives import Found, connectives, find
from build_data.makers.discourse import LABELS
from build_data.makers.discourse_balance import LIKE, Item, balanced, denies
from build_data.makers.discourse_candidates import Tended
from build_data.makers.discourse_clauses import Spans, repaired, spans
from build_data.makers.spelling import Vocabulary
from build_data.makers.tally import WORD
from build_data.parse import Parse, Sentence, Word
from build_data.split import side
from build_data.steps import Ledger
from corpora.config import ConfigError
from corpora.records import Document, Pair, check_labels

FIN, FIRST, CND, PASSIVE, NEG = (
    {"VerbForm": "Fin", "Mood": "Ind", "Person": "3"}, {"VerbForm": "Fin", "Mood": "Ind", "Person": "1"},
    {"VerbForm": "Fin", "Mood": "Cnd", "Person": "3"}, {"VerbForm": "Fin", "Mood": "Ind", "Voice": "Pass"}, {"VerbForm": "Fin", "Polarity": "Neg", "Person": "3"},
)  # fmt: skip
FEATS = {"fin": FIN, "first": FIRST, "cnd": CND, "pass": PASSIVE, "neg": NEG, "imp": {"VerbForm": "Fin", "Mood": "Imp"}}


def tree(tagged: str) -> tuple[str, Sentence]:
    """Read "Hän/PRON/2/nsubj lähti/VERB/0/root/fin ./PUNCT/2/punct": form, part of speech, head, relation, and what of FEATS a verb has."""
    words: list[Word] = []
    text = ""
    for item in tagged.split():
        form, upos, head, relation, *feats = item.split("/")
        text += "" if upos == "PUNCT" or not text else " "
        words.append(Word(form, upos, dict(FEATS[feats[0]]) if feats else {}, int(head), relation, len(text), len(text) + len(form)))
        text += form
    return text, Sentence(tuple(words), 0, len(text))


def cut(tagged: str, language: str) -> Spans | str:
    text, sentence = tree(tagged)
    found = find(text, connectives(language))
    return spans(text, found, sentence, language, connectives(language)) if isinstance(found, Found) else found


TWO = [
    (
        "fi",
        "Vene/NOUN/5/nsubj jäi/VERB/0/root/fin rantaan/NOUN/2/obl yöksi/NOUN/2/obl ,/PUNCT/8/punct "
        "koska/SCONJ/8/mark järvi/NOUN/8/nsubj jäätyi/VERB/2/advcl/fin aikaisin/ADV/8/advmod tänään/ADV/8/advmod ./PUNCT/2/punct",
        ("Vene jäi rantaan yöksi.", "Järvi jäätyi aikaisin tänään."),
    ),
    (
        "fi",
        "Koska/SCONJ/3/mark järvi/NOUN/3/nsubj jäätyi/VERB/8/advcl/fin hyvin/ADV/5/advmod aikaisin/ADV/3/advmod ,/PUNCT/3/punct "
        "vene/NOUN/8/nsubj jäi/VERB/0/root/fin rantaan/NOUN/8/obl yöksi/NOUN/8/obl ./PUNCT/8/punct",
        ("Järvi jäätyi hyvin aikaisin.", "Vene jäi rantaan yöksi."),
    ),
    (
        "hu",
        "A/DET/2/det fiú/NOUN/4/nsubj tegnap/ADV/4/advmod elkésett/VERB/0/root/fin ,/PUNCT/10/punct mert/SCONJ/10/mark "
        "a/DET/8/det busz/NOUN/10/nsubj sokáig/ADV/10/advmod állt/VERB/4/conj/fin ./PUNCT/4/punct",
        ("A fiú tegnap elkésett.", "A busz sokáig állt."),
    ),
]  # fmt: skip


@pytest.mark.parametrize(("language", "tagged", "parts"), TWO)
def test_clauses_of_one_sentence_become_two_sentences(language: str, tagged: str, parts: tuple[str, str]) -> None:
    assert cut(tagged, language) == Spans(*parts)


@pytest.mark.parametrize(
    ("language", "tagged", "second"),
    [
        ("fi", "Siksi/ADV/3/advmod talo/NOUN/3/nsubj myytiin/VERB/0/root/pass heti/ADV/5/advmod keväällä/NOUN/3/obl ./PUNCT/3/punct", "Talo myytiin heti keväällä."),
        ("fi", "Talo/NOUN/2/nsubj seisoi/VERB/0/root/fin kuitenkin/ADV/2/advmod tyhjänä/ADJ/2/xcomp vuosia/NOUN/2/obl ./PUNCT/2/punct", "Talo seisoi tyhjänä vuosia."),
        ("hu", "Az/DET/2/det eső/NOUN/5/nsubj azonban/CCONJ/5/cc délre/NOUN/5/obl elállt/VERB/0/root/fin mégis./ADV/5/advmod", ""),
        ("hu", "A/DET/2/det ház/NOUN/5/nsubj azonban/CCONJ/5/cc évekig/ADV/5/advmod állt/VERB/0/root/fin üresen/ADV/5/advmod ./PUNCT/5/punct", "A ház évekig állt üresen."),
    ],
)  # fmt: skip
def test_an_adverb_is_taken_out_of_its_sentence(language: str, tagged: str, second: str) -> None:
    found = cut(tagged, language)
    assert found == (Spans("", second) if second else "leftover")


@pytest.mark.parametrize(
    ("language", "tagged", "why"),
    [  # no clause, or none of its own
        ("fi", "Pieni/ADJ/0/root ,/PUNCT/4/punct mutta/CCONJ/4/cc sitkeä/ADJ/1/conj puu/NOUN/4/obl seisoo/VERB/4/dep/fin täällä/ADV/6/advmod yhä/ADV/6/advmod ./PUNCT/1/punct", "no_subject"),
        ("fi", "Isä/NOUN/2/nsubj kysyi/VERB/0/root/fin pojalta/NOUN/2/obl heti/ADV/2/advmod ,/PUNCT/8/punct jos/SCONJ/8/mark juna/NOUN/8/nsubj tulee/VERB/2/ccomp/fin tänään/ADV/8/advmod ./PUNCT/2/punct", "place"),
        ("fi", "Poika/NOUN/2/nsubj lähti/VERB/0/root/fin yksin/ADV/2/advmod metsään/NOUN/2/obl ,/PUNCT/7/punct sillä/PRON/7/det polulla/NOUN/2/obl oli/VERB/7/acl/fin valoa/NOUN/8/nsubj vielä/ADV/8/advmod ./PUNCT/2/punct", "relation"),
        ("hu", "Ezért/ADV/2/advmod ment/VERB/0/root/fin el/ADV/2/compound a/DET/5/det fiú/NOUN/2/nsubj korán/ADV/2/advmod ./PUNCT/2/punct", "verb_first"),
        ("hu", "Bár/SCONJ/3/mark végre/ADV/3/advmod esne/VERB/0/root/cnd már/ADV/3/advmod valami/PRON/6/det eső/NOUN/3/nsubj ./PUNCT/3/punct", "torn"),
        ("fi", "Vaikka/SCONJ/3/mark hän/PRON/3/nsubj tulisi/VERB/7/advcl/cnd tänne/ADV/3/advmod ,/PUNCT/3/punct minä/PRON/7/nsubj lähden/VERB/0/root/first kotiin/ADV/7/advmod nyt/ADV/7/advmod ./PUNCT/7/punct", "mood"),
        # what the other clause would be missed for
        ("fi", "Poika/NOUN/2/nsubj etsi/VERB/0/root/fin kirjaa/NOUN/2/obj kauan/ADV/2/advmod ,/PUNCT/7/punct mutta/CCONJ/7/cc luki/VERB/2/conj/fin sitten/ADV/7/advmod pelkkää/ADJ/10/amod lehteä/NOUN/7/obj ./PUNCT/2/punct", "no_subject"),
        ("fi", "Hän/PRON/2/nsubj sanoi/VERB/0/root/fin tänään/ADV/2/advmod että/SCONJ/5/mark lähtee/VERB/2/ccomp/fin ,/PUNCT/9/punct koska/SCONJ/9/mark hän/PRON/9/nsubj väsyi/VERB/5/advcl/fin työhönsä/NOUN/9/obl täällä/ADV/9/advmod ./PUNCT/2/punct", "scope"),
        ("fi", "Muut/PRON/2/nsubj lähtivät/VERB/0/root/fin kotiin/ADV/2/advmod ajoissa/ADV/2/advmod ,/PUNCT/8/punct mutta/CCONJ/8/cc minä/PRON/8/nsubj en/AUX/2/conj/neg tällä/DET/10/det kertaa/NOUN/8/obl ./PUNCT/2/punct", "verbless"),
        ("fi", "Koska/SCONJ/3/mark satoi/NOUN/3/obl räntää/NOUN/3/obj ,/PUNCT/3/punct jäi/VERB/0/root/fin retki/NOUN/5/nsubj kokonaan/ADV/5/advmod tekemättä/ADV/5/advmod ./PUNCT/5/punct", "torn"),
        ("fi", "Siksi/ADV/2/advmod lähti/VERB/0/root/fin myös/ADV/4/advmod isäntä/NOUN/2/nsubj heti/ADV/2/advmod kotiin/ADV/2/advmod ./PUNCT/2/punct", "verb_first"),
    ],
)  # fmt: skip
def test_other_readings_are_refused(language: str, tagged: str, why: str) -> None:
    assert cut(tagged, language) == why


@pytest.mark.parametrize(
    ("language", "text", "form"),
    [
        ("fi", "Talo myytiin, koska katto vuoti.", "koska"), ("fi", "Sen sijaan naapurin talo kestää.", "Sen sijaan"), ("fi", "Talo kestää kuitenkin.", "kuitenkin"),
        ("hu", "Elkésett, mert állt a busz.", "mert"), ("hu", "Mivel állt a busz, elkésett.", "Mivel"), ("fi", "Tulen, mutta jos sataa, jään kotiin.", "mutta"),
        ("fi", "Mikäli sade jatkuu, retki perutaan.", "Mikäli"), ("fi", "Silta on nimittäin vanha.", "nimittäin"), ("fi", "Talo on hyvä, joskin katto vuotaa.", "joskin"),
        ("hu", "Elkésett, hiszen állt a busz.", "hiszen"), ("hu", "A busz ugyanis sokáig állt.", "ugyanis"), ("hu", "Állt a busz, úgyhogy elkésett.", "úgyhogy"),
    ],
)  # fmt: skip
def test_the_connective_is_found_whatever_its_case(language: str, text: str, form: str) -> None:
    found = find(text, connectives(language))
    assert isinstance(found, Found) and text[found.start : found.end] == form


@pytest.mark.parametrize(
    ("language", "text", "why"),
    [
        ("fi", "Koira nukkuu.", "no_connective"),
        ("fi", "Hän tuli, koska satoi, mutta lähti silti.", "leftover"),  # two classes in one sentence
        ("fi", "Tule mutta nopeasti.", "place"),
        ("fi", "Sanotaan niin ja näin jos koskaan.", "place"),
        ("hu", "Azért jött, mert esett.", "leftover"),
        ("fi", "Muttaperä on sana.", "no_connective"),
    ],
)
def test_a_sentence_with_no_connective_to_work_with_says_why(language: str, text: str, why: str) -> None:
    assert find(text, connectives(language)) == why


def test_a_language_without_a_list_is_named_with_those_that_have_one() -> None:
    with pytest.raises(ConfigError, match="no list of connectives for 'sv'; there are fi, hu"):
        connectives("sv")


def test_a_list_whose_sense_is_not_declared_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = Path(lists_of.__file__).with_name("connectives_fi.toml").read_text("utf-8")
    (tmp_path / "connectives_xx.toml").write_text(whole.replace('sense = "reason"', 'sense = "reasons"', 1), "utf-8")
    monkeypatch.setattr(lists_of, "__file__", str(tmp_path / "connectives.py"))
    with pytest.raises(ConfigError, match=r"'reasons'.*reason, result"):
        connectives("xx")


@given(st.text(string.ascii_lowercase + "äö ,.", min_size=1).filter(lambda s: s.strip(" ,.")))
def test_a_repaired_span_is_a_sentence_and_stays_one(part: str) -> None:
    line = repaired(part)
    assert line.endswith(".") and not line.endswith("..") and line[0] not in " ," and not line[0].islower()
    assert repaired(line) == line


# Balance


def item(number: int, label: str, premise: str, hypothesis: str, document: str = "d") -> Item:
    return Item(Document(id=document, paragraphs=("x",), corpus="fi/x"), number, label, "reason" if label == "supports" else "contrast", premise, hypothesis)


def words(number: int, count: int) -> str:
    return " ".join(f"sana{number}{letter}" for letter in string.ascii_lowercase[:count])


ITEMS = st.lists(st.tuples(st.sampled_from(("supports", "opposes")), st.integers(4, 12), st.integers(4, 12), st.booleans(), st.booleans()), max_size=40)


@settings(deadline=None)
@given(ITEMS, st.integers(0, 3))
def test_labels_negations_and_lengths_are_even_and_counts_agree(drawn: list[tuple[str, int, int, bool, bool]], seed: int) -> None:
    items = [
        item(i, label, ("ei " if a else "") + words(i, p), ("ei " if b else "") + words(i + 1000, h), f"d{i % 7}")
        for i, (label, p, h, a, b) in enumerate(drawn)
    ]  # fmt: skip
    ledger = Ledger("make", made=len(items))
    rows = balanced(items, "fi", seed, ledger)
    linked = [row for row in rows if row.label_of]
    assert len(items) == len(linked) + ledger.excluded.total()
    assert len({Counter(row.label_of or "unrelated" for row in rows)[label] for label in LABELS}) == 1
    for part in ("premise", "hypothesis"):
        sides = [Counter(denies(getattr(row.one, part), "fi") for row in linked if row.label_of == label) for label in LABELS[:2]]
        assert sides[0] == sides[1] or ledger.excluded["no_partner"]  # one without a partner leaves its twin alone
    for row in rows:
        if not row.label_of:
            assert row.one.document.id != row.two.document.id and row.one.label != row.two.label
            assert max(len(row.one.hypothesis), len(row.two.hypothesis)) <= 2.72**LIKE * min(len(row.one.hypothesis), len(row.two.hypothesis)) * 1.001


@pytest.mark.parametrize("share", [0.05, 0.1, 0.3])
def test_couples_are_seldom_cut_by_a_split_whatever_its_share(share: float) -> None:
    def own(i: int, part: str) -> str:
        name = "".join("bdfghjklmn"[int(digit)] for digit in str(i + 100))
        return " ".join(f"{name}{part}{letter}a" for letter in "klmn")

    items = [item(i, LABELS[i % 2], own(i, "o"), own(i, "u"), f"d{i}") for i in range(180)]
    rows = balanced(items, "fi", 1, Ledger("make", made=180))
    sides = [tuple(side(one.document.id) < share for one in (row.one, row.two)) for row in rows if not row.label_of]
    assert len(sides) > 60 and any(both == (True, True) for both in sides)
    held = Counter(one.label for one in items if side(one.document.id) < share)
    assert sum(one != two for one, two in sides) <= abs(held["supports"] - held["opposes"]) + 1  # as many as the labels of that side ask for


def test_no_class_of_a_corpus_gives_no_row() -> None:
    ledger = Ledger("make", made=3)
    assert balanced([item(i, "supports", words(i, 5), words(i + 50, 5)) for i in range(3)], "fi", 1, ledger) == []
    assert ledger.excluded["class_balance"] == ledger.excluded.total() == 3


# Rows


class Trees:
    """A parser that knows the given trees, and takes any other text for one finite verb."""

    language, fingerprint = "fi", "trees"

    def __init__(self, *tagged: str) -> None:
        self.known = dict(map(tree, tagged))

    def parse(self, texts: Sequence[str], *, trees: bool, split: bool = True) -> list[Parse | None]:
        verb = {"VerbForm": "Fin"}
        return [
            Parse((self.known.get(text) or Sentence((Word(text, "VERB", verb, 0, "root", 0, len(text)),), 0, len(text)),), trees) for text in texts
        ]  # fmt: skip

    def refusal(self, text: str, *, split: bool = True) -> str:
        return ""


def line(i: int, connective: str, upos: str) -> tuple[str, str]:
    """Return a tree of two clauses joined by a connective, of which the second denies (what the first tried, if they oppose), all nouns and verbs of number `i`, and its text."""
    own = "".join("abcdefghij"[int(digit)] for digit in str(i))
    relation = "advcl" if upos == "SCONJ" else "conj"
    mark = "mark" if upos == "SCONJ" else "cc"
    subject = "se/PRON" if upos == "SCONJ" else f"järvi{own}/NOUN"
    verb = "jäi" if upos == "SCONJ" else "yritti"
    tagged = (
        f"Vene{own}/NOUN/2/nsubj {verb}{own}/VERB/0/root/fin rantaan{own}/NOUN/2/obl yöksi{own}/NOUN/2/obl ,/PUNCT/9/punct {connective}/{upos}/9/{mark} "
        f"{subject}/9/nsubj ei/AUX/9/aux/neg jäätynyt{own}/VERB/2/{relation} hyvin{own}/ADV/11/advmod aikaisin{own}/ADV/9/advmod ./PUNCT/2/punct"
    )
    return tagged, tree(tagged)[0]


def test_rows_say_where_they_come_from_and_every_sentence_is_counted() -> None:
    lines = [line(i, "koska" if i % 2 else "mutta", "SCONJ" if i % 2 else "CCONJ") for i in range(100, 140)]
    texts = [text for _, text in lines] + ["Tässä lauseessa ei ole mitään liitettä."]
    documents = [
        Document(id=name, paragraphs=(" ".join(some),), corpus="fi/x", licence="CC0-1.0", genre="web", year="2020")
        for name, some in (("d", texts[:20]), ("e", texts[20:]))
    ]
    trees = Trees(*(tagged for tagged, _ in lines))
    made = make("discourse")(documents, "fi", trees, 1)
    rows = [row for row in made.records if isinstance(row, Pair)]
    check_labels(rows, LABELS, "discourse")
    counts = Counter(row.label for row in rows)
    assert len(rows) == len(made.records) and set(counts) == set(LABELS) and max(counts.values()) - min(counts.values()) == 0
    assert {row.subtype for row in rows} == {"reason", "contrast", "unrelated"}
    assert (
        len({row.id for row in rows}) == len(rows)
        and {(row.genre, row.year) for row in rows} == {("web", "2020")}
        and {row.document for row in rows} == {"d", "e"}
    )
    assert all("koska" not in text and "mutta" not in text and text[0].isupper() and text.endswith(".") for row in rows for text in row.texts())
    kept, excluded, made_ = made.ledgers[1]["kept"], sum(made.ledgers[1]["excluded"].values()), made.ledgers[1]["made"]
    assert made_ == kept + excluded == len(texts) + counts["unrelated"]
    assert make("discourse")(documents, "fi", trees, 1) == made


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("Lautakunta kokoontui tiistaina ja päätti asiasta.", ""),
        ("Lautakunta päätti että asia palautetaan valmisteluun.", "sloppy"),  # no comma
        ("Talouden tila Lautakunta kokoontui tiistaina.", "glued"),  # a heading grew on to it
        ("Asia palautettiin valmisteluun. ja kokous päättyi.", "glued"),  # a sentence did
        ("Kokous kesti lauta kunnan mukaan tunnin.", "torn"),
    ],
)
def test_a_sentence_that_nobody_went_over_is_told(text: str, why: str) -> None:
    plain = [
        "Kaupungin lautakunta kokoontui taas.",
        "Toinen lautakunta päätti asian.",
        "Kolmas lautakunnan kokous peruttiin.",
        "Sen lautakunnan jäsenet lähtivät.",
    ]
    lines = [*plain, text]
    known = Vocabulary.of([WORD.findall(line) for line in lines], "fi")
    assert (
        Tended(Document(id="d", paragraphs=(), corpus="fi/x", licence="CC0-1.0", genre="law"), len(lines), [(line, True, True) for line in lines], known).fault(
            text
        )
        == why
    )
