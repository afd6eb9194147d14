"""build_data/makers/grammaticality: couples of the two sides of a contrast, one right and one wrong, and what filters they pass by."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

import pytest

from build_data.filters import FILTERS, filters_for
from build_data.makers import MAKERS, family, make
from build_data.makers import grammaticality as frame
from build_data.makers.common import OF_GRAMMAR
from build_data.parse import Parse, Sentence, Word
from corpora.config import ConfigError
from corpora.records import Document, Pair

FINITE, BARE, NOM = {"VerbForm": "Fin", "Person": "3", "Number": "Sing"}, {"VerbForm": "Fin"}, {"Case": "Nom", "Number": "Sing"}
VERBS = {
    "tulee": "tule",
    "lähtee": "lähde",
    "katoaa": "katoa",
    "pysähtyy": "pysähdy",
    "lentää": "lennä",
    "nukkuu": "nuku",
    "putoaa": "putoa",
    "kääntyy": "käänny",
}
TAGS = {**dict.fromkeys(VERBS, ("VERB", FINITE)), **dict.fromkeys(VERBS.values(), ("VERB", BARE)), "ei": ("AUX", FINITE), "joka": ("PRON", NOM)}
THINGS = ("juna", "laiva", "auto", "karhu", "vene", "lintu", "poika", "rekka", "vaunu", "kello", "hylje", "susi")
PLACES = ("asemalla", "satamassa", "pihalla", "metsässä", "rannalla", "niityllä", "koulussa", "kaupungilla")

FIRST = "Aamu oli kirkas, kylmä ja hyvin hiljainen."  # no governor in it


class Tagger:
    """Tags by a list of words; `fails`: texts that it cannot parse."""

    language, fingerprint = "fi", "tagger"

    def __init__(self, fails: str = " ") -> None:
        self.fails = fails

    def parse(self, texts: Sequence[str], *, trees: bool, split: bool = True) -> list[Parse | None]:
        return [None if self.fails in text and self.fails != " " else Parse((_sentence(text),), trees) for text in texts]

    def refusal(self, text: str, *, split: bool = True) -> str:
        return "crash=Error" if self.fails in text else ""


def _sentence(text: str) -> Sentence:
    words = [
        Word(found.group(), *TAGS.get(found.group().casefold(), ("NOUN", {}) if found.group()[0].isalpha() else ("PUNCT", {})), 0, "", *found.span())
        for found in re.finditer(r"\w+|[^\w\s]", text)
    ]
    return Sentence(tuple(words), 0, len(text))


def documents(negated: int = 48, plain: int = 48) -> list[Document]:
    """Return documents of two sentences: "ei tule" in `negated` of them, "joka tulee" in `plain`."""
    verbs = list(VERBS.items())
    out = []
    for number in range(negated):
        thing, place, (_, bare) = THINGS[number % 12], PLACES[number // 12 % 8], verbs[number % 8]
        out.append(f"Harmaa {thing} ei {bare} enää koskaan syksyllä {place}.")
    for number in range(plain):
        thing, place, (finite, _) = THINGS[number % 12], PLACES[number // 12 % 8], verbs[number % 8]
        out.append(f"Tuo on {thing}, joka {finite} aina yöllä {place}.")
    return [
        Document(id=f"d{number:03}", title="", paragraphs=(FIRST, text), corpus="own/fi", licence="CC0-1.0", genre="web") for number, text in enumerate(out)
    ]


def rows_of(items: Sequence[Document], parser: Tagger | None = None, language: str = "fi") -> tuple[list[Pair], dict[str, int]]:
    made = make("grammaticality")(items, language, parser or Tagger(), 1)
    ledger = made.ledgers[-1]
    assert ledger["made"] == ledger["kept"] + sum(ledger["excluded"].values()) and ledger["kept"] == len(made.records)
    return [row for row in made.records if isinstance(row, Pair)], ledger["excluded"]


def test_half_of_each_side_is_wrong_and_a_wrong_row_differs_in_one_word() -> None:
    items = documents()
    texts = {item.id: item.paragraphs[1] for item in items}
    rows, _ = rows_of(items)
    assert len(rows) == 96 and len({row.document for row in rows}) == 96
    assert Counter(row.label for row in rows) == {"acceptable": 48, "unacceptable": 48}
    sides = Counter((" ei " in row.premise, row.label) for row in rows)
    assert set(sides.values()) == {24}
    for row in rows:
        changed = [(a, b) for a, b in zip(texts[row.document].split(), row.premise.split(), strict=True) if a != b]
        assert row.hypothesis == "" and row.subtype == "negation"
        assert len(changed) == (row.label == "unacceptable")
        assert all(VERBS.get(a, a) == VERBS.get(b, b) for a, b in changed)


def test_a_form_alone_says_nothing() -> None:
    """Each form of a verb stands as often in a wrong row as in a right one, for couples take each other's."""
    rows, _ = rows_of(documents())
    forms = {*VERBS, *VERBS.values()}
    counts = Counter((word.strip(".,"), row.label) for row in rows for word in row.premise.split() if word.strip(".,") in forms)
    assert {form for form, _ in counts} == forms
    assert all(abs(counts[form, "acceptable"] - counts[form, "unacceptable"]) <= 1 for form in forms)


def test_rows_do_not_hang_on_the_order_of_documents() -> None:
    items = documents()
    assert rows_of(items)[0] == rows_of(items[::-1])[0]


def test_what_has_no_partner_or_too_common_a_form_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    rows, excluded = rows_of(documents(48, 20))
    assert len(rows) == 40 and excluded == {"no_contrast": 68, "no_partner": 28}
    monkeypatch.setattr(frame, "FEWEST", 2)
    rows, excluded = rows_of(documents())
    assert len(rows) == 32 and excluded == {"no_contrast": 96, "common_form": 64}  # eight forms a side, two of each


def test_a_sentence_is_used_once_and_one_that_fails_is_counted() -> None:
    items = documents(24, 24)
    twice = [
        *items,
        *(Document(id=f"z{n}", title="", paragraphs=item.paragraphs, corpus="own/fi", licence="CC0-1.0", genre="web") for n, item in enumerate(items)),
    ]
    rows, excluded = rows_of(twice, Tagger(fails="juna"))
    assert (
        len({row.premise for row in rows}) == len(rows)
        and excluded["same_text"] == 48
        and excluded["unparsed"] == sum("juna" in i.paragraphs[1] for i in items)
    )


def test_a_language_without_contrasts_is_told() -> None:
    with pytest.raises(ConfigError, match="language with contrasts"):
        rows_of(documents(), language="et")


def test_families_whose_label_is_grammaticality_pass_by_the_filters_of_grammar() -> None:
    assert {name for name, declared in MAKERS.items() if declared.unfiltered} == {"acceptability", "grammaticality"}
    assert set(OF_GRAMMAR) <= set(FILTERS)
    usual = {one.name for one in filters_for("native-fi", "pair", {})}
    assert {one.name for one in filters_for("native-fi", "pair", {}, family("grammaticality").unfiltered)} == usual - set(OF_GRAMMAR)
    with pytest.raises(ConfigError, match="finite_verbs"):
        filters_for("native-fi", "pair", {}, ("finite_verbs",))
