"""build_data/makers: sentence borders, coherence rows, and questions from documents."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tagged import Tagged

from build_data.makers import labels_of, make, maker_key
from build_data.makers.common import sentences, whole_sentence
from build_data.parse import load_parser
from corpora import corpus as corpora
from corpora.config import ConfigError
from corpora.readers import read_documents
from corpora.records import Document, Pair, Span, check_labels
from corpora.study import Parsing

MINI = Parsing(packs={"fi": "mini/models/stanza/fi", "hu": "mini/models/stanza/hu"})
LINES = [
    "Kirjasto muutti keväällä vanhaan taloon.", "Talo seisoo torin laidalla aivan kirkon takana.", "Sen ikkunoista näkyy pitkälle järven yli.",
    "Rakennus valmistui vuonna 1912 ja paloi kerran.", "Nykyään siellä pidetään myös konsertteja.", "Kesällä piha täyttyy lasten äänistä.",
    "Syksyllä lehdet haravoidaan suuriin kasoihin.", "Talvella portaat ovat usein liukkaat.",
]  # fmt: skip


def document(*paragraphs: str, id: str = "d") -> Document:
    return Document(id=id, paragraphs=paragraphs, title="Otsikko", corpus="fi/x", origin="native", licence="CC0-1.0")


@pytest.mark.parametrize(
    ("language", "text", "parts"),
    [
        ("fi", "Se alkoi 1. kesäkuuta. Sitten satoi.", ["Se alkoi 1. kesäkuuta.", "Sitten satoi."]),
        ("fi", "Talo paloi vuonna 1956. Sitten se korjattiin.", ["Talo paloi vuonna 1956.", "Sitten se korjattiin."]),
        ("fi", "Siellä asui mm. Aino K. Virtanen. Hän lauloi.", ["Siellä asui mm. Aino K. Virtanen.", "Hän lauloi."]),
        ("fi", "”Tule tänne!” Poika tuli.", ["”Tule tänne!”", "Poika tuli."]),
        ("fi", "Hän kysyi: miksi? ja lähti.", ["Hän kysyi: miksi? ja lähti."]),
        ("hu", "A 19. század végén épült. II. Rákóczi Ferenc lakott itt.", ["A 19. század végén épült.", "II. Rákóczi Ferenc lakott itt."]),
        ("hu", "Dr. Kiss Anna nyitotta meg. Sokan eljöttek.", ["Dr. Kiss Anna nyitotta meg.", "Sokan eljöttek."]),
        ("hu", "Esett", ["Esett"]),
        ("fi", "", []),
    ],
)
def test_sentence_borders(language: str, text: str, parts: list[str]) -> None:
    assert [text[a:b] for a, b in sentences(text, language)] == parts


@given(st.text(alphabet="aAä.!? 1\n”", max_size=80))
def test_sentences_tile_the_text(text: str) -> None:
    """Whatever the text: in order, without overlap, and only white space between."""
    at = 0
    for a, b in sentences(text, "fi"):
        assert at <= a < b and not text[at:a].strip() and text[a:b] == text[a:b].strip()
        at = b
    assert not text[at:].strip()


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("Kirjasto muutti uuteen taloon.", ""),
        ("Ei käy.", "length"),
        ("3) Sekoita jauhot ja vesi keskenään.", "list_item"),
        ("– Mitä sinä täällä teet nyt?", "list_item"),
        ("Yhteystiedot ja aukioloajat kesällä", "no_sentence"),
        ("ja sitten mentiin kotiin nukkumaan.", "no_sentence"),
        ("Lue lisää osoitteesta www.esimerkki.fi tai soita.", "signs"),
    ],
)
def test_plain_sentences(text: str, fault: str) -> None:
    assert whole_sentence(text, 4, 60) == fault


def test_rows_of_neighbours() -> None:
    docs = [document(" ".join(LINES[:4]), " ".join(LINES[4:]), id=f"d{i}") for i in range(30)]
    made = make("neighbours")(docs, "fi", Tagged("fi"), 1)
    order = {line: i for i, line in enumerate(LINES)}
    counts = Counter()
    for row in made.records:
        assert isinstance(row, Pair) and row.id.startswith(f"{row.document}-neighbours-") and (row.corpus, row.licence) == ("fi/x", "CC0-1.0")
        step = order[row.hypothesis] - order[row.premise]
        assert {"follows": step == 1, "precedes": step == -1, "elsewhere": abs(step) >= 3}[row.label]
        counts[row.label] += 1
    check_labels(made.records, labels_of("neighbours"), "neighbours")
    assert max(counts.values()) - min(counts.values()) <= 1 and made.ledgers[1]["kept"] == len(made.records) > 60
    again = make("neighbours")(docs, "fi", Tagged("fi"), 1).records
    assert again == made.records != make("neighbours")(docs, "fi", Tagged("fi"), 2).records


def test_each_neighbour_pair_is_used_once() -> None:
    rows = make("neighbours")([document(" ".join(LINES))], "fi", Tagged("fi"), 1).records
    pairs = [frozenset((r.premise, r.hypothesis)) for r in rows if isinstance(r, Pair)]
    assert len(pairs) == len(set(pairs))


def test_documents_without_content_are_counted() -> None:
    docs = [document(id="a"), document("  ", id="b"), document("Vain yksi lause tässä.", id="c"), document(" ".join(LINES), id="e"), document("x", id="e")]
    made = make("neighbours")(docs, "fi", Tagged("fi"), 1)
    assert made.ledgers[0] == {"step": "read documents", "in": 5, "made": 0, "kept": 1, "excluded": {"empty": 2, "one_sentence": 1, "same_id": 1}}


def test_short_documents_cannot_fill_elsewhere() -> None:
    """Two sentences have no elsewhere; the other classes may not outgrow it."""
    made = make("neighbours")([document(LINES[0] + " " + LINES[1], id=f"d{i}") for i in range(20)], "fi", Tagged("fi"), 1)
    assert len(made.records) <= 2 and made.ledgers[1]["excluded"]["class_balance"] >= 18


def test_questions_from_a_document() -> None:
    tagged = ["Kirjasto/N:Nom muutti/V keväällä/N pieneen/A:Ill taloon/N:Ill ./.", "Kylässä/N:Ine satoi/V vettä/N:Par lauantaina/N ./."]
    text = "Kirjasto muutti keväällä pieneen taloon. Sen nimi on Onni. Kylässä satoi vettä lauantaina."
    made = make("cloze_questions")([document(text)], "fi", Tagged("fi", *tagged), 1)
    rows = {r.question: r for r in made.records if isinstance(r, Span)}
    assert rows["Milloin kirjasto muutti pieneen taloon?"].answers == (("keväällä", 16),)
    other = rows["Missä satoi vettä lauantaina?"]
    assert other.answers == (("Kylässä", other.context.index("Kylässä")),) and "Kylässä satoi vettä lauantaina." in other.context
    assert {r.subtype for r in rows.values()} >= {"time", "place-in"}
    assert all(r.context in text and (r.title, r.document) == ("Otsikko", "d") for r in rows.values())
    assert len({r.id for r in rows.values()}) == len(rows) == made.ledgers[1]["kept"]


def test_an_answer_that_stands_twice_is_refused() -> None:
    text = "Kylässä satoi vettä lauantaina. Isä oli silloin kylässä."
    made = make("cloze_questions")([document(text)], "fi", Tagged("fi", "Kylässä/N:Ine satoi/V vettä/N:Par lauantaina/N ./."), 1)
    assert "kylässä" not in {r.answers[0][0].casefold() for r in made.records if isinstance(r, Span)}


def test_long_paragraphs_get_a_window_of_some_sentences() -> None:
    lines = [*LINES, "Kylässä satoi vettä lauantaina."]
    row, *_ = make("cloze_questions")([document(" ".join(lines))], "fi", Tagged("fi", "Kylässä/N:Ine satoi/V vettä/N:Par lauantaina/N ./."), 1).records
    assert isinstance(row, Span) and row.context in {" ".join(lines[-count:]) for count in range(2, 9)}  # which is drawn


def test_max_sentences_and_unknown_names() -> None:
    made = make("cloze_questions", max_sentences=3)([document(" ".join(LINES))], "fi", Tagged("fi"), 1)
    assert made.ledgers[1]["made"] == 3
    assert maker_key("neighbours") != maker_key("neighbours", 3)
    with pytest.raises(ConfigError, match="no maker named 'coherense'; did you mean coherence"):
        make("coherense")
    with pytest.raises(ConfigError, match="language with question rules named 'sv'"):
        make("cloze_questions")([], "sv", Tagged("sv"), 1)


@pytest.mark.parametrize("language", ["fi", "hu"])
def test_the_mini_corpora_give_what_the_demo_needs(language: str, tmp_path: Path) -> None:
    """400 rows a task and language from all 80 documents; here a quarter of them, for speed."""
    docs = read_documents(corpora.load(f"mini/{language}-docs"), "docs")
    pairs = make("neighbours")(docs, language, Tagged(language), 1)
    assert len(pairs.records) >= 400
    spans = make("cloze_questions")(docs[:12], language, load_parser(MINI, language, tmp_path / "p.sqlite"), 1)
    assert len(spans.records) >= 30, json.dumps(spans.ledgers)
    assert all(isinstance(r, Span) and r.question.endswith("?") and r.question[0].isupper() for r in spans.records)
    asked = Counter(r.question.split()[0] for r in spans.records if isinstance(r, Span))
    assert len(asked) >= 6 and asked.most_common(1)[0][1] < 0.4 * len(spans.records)
