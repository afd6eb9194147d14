"""build_data/makers/matching: passages of answers, and couples that change them."""

from __future__ import annotations

import string
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tagged import Tagged

from build_data.makers import make
from build_data.makers.matching import LABELS, LIKE, stems
from build_data.split import side
from corpora.records import Document, Pair, check_labels

NONE = Tagged("fi")


def letters(number: int) -> str:
    return "".join(string.ascii_lowercase[int(digit)] for digit in f"{number:03d}")


def asked(number: int, answer: str = "", question: str = "") -> Document:
    """A question about something nobody else asks of, with its answer."""
    thing = f"{letters(number)}kala"
    question = question or f"Mistä löydän tietoa lajista {thing}?"
    answer = answer or f"Lajin {thing} elämästä kertoo kirjaston opas. Siitä {thing} saa tietoa myös verkosta."
    return Document(id=f"q{number}", paragraphs=(question, answer), corpus="fi/x", licence="CC0-1.0", genre="qa")


def rows(*documents: Document) -> tuple[list[Pair], dict[str, int], dict[str, int]]:
    made = make("matching")(documents, "fi", NONE, 1)
    found = [row for row in made.records if isinstance(row, Pair)]
    return found, made.ledgers[0]["excluded"], made.ledgers[1]["excluded"]


def test_every_question_and_passage_stands_once_in_either_label() -> None:
    found, _, _ = rows(*map(asked, range(100, 120)))
    check_labels(found, LABELS, "matching")
    assert len(found) == 40
    for part in ("premise", "hypothesis"):
        counts = Counter((getattr(row, part), row.label) for row in found)
        assert set(counts.values()) == {1} and len(counts) == 40
    assert len({row.id for row in found}) == 40 and all(row.document == row.id.split("-")[0] for row in found)


def test_a_passage_answers_its_own_question_and_shares_no_rare_word_with_the_other() -> None:
    found, _, _ = rows(*map(asked, range(100, 120)))
    for row in found:
        assert bool(stems(row.premise) & stems(row.hypothesis) - {"lajin", "lajis", "tieto"}) == (row.label == "matches")


@pytest.mark.parametrize("share", [0.05, 0.1, 0.3])
def test_couples_are_seldom_cut_by_a_split_whatever_its_share(share: float) -> None:
    found, _, _ = rows(*map(asked, range(100, 500)))
    home = {row.hypothesis: side(row.document) < share for row in found if row.label == "matches"}
    held = [row for row in found if row.label == "other" and side(row.document) < share]
    assert len(held) > 300 * share and sum(not home[row.hypothesis] for row in held) <= 0.4 * len(held)  # by chance, 70 to 95 of 100 were


@given(st.lists(st.integers(1, 6), min_size=2, max_size=10))
def test_counts_agree_whatever_the_lengths(lengths: list[int]) -> None:
    documents = [
        asked(100 + i, " ".join(f"Tästä {letters(100 + i)}kalasta kertoo {letters(200 + i * 10 + k)}lehti." for k in range(n))) for i, n in enumerate(lengths)
    ]
    made = make("matching")(documents, "fi", NONE, 1)
    pairs = [row for row in made.records if isinstance(row, Pair)]
    assert Counter(row.label for row in pairs)["matches"] * 2 == len(pairs)
    own = {row.hypothesis: row for row in pairs if row.label == "matches"}
    for row in pairs:
        if row.label == "other":
            sizes = len(row.premise), len(own[row.hypothesis].premise)
            assert row.document != own[row.hypothesis].document and max(sizes) <= LIKE * min(sizes)


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        ("Kysy lähimmästä kirjastosta lisää.", "vague"),
        ("katso tästä alta lisää tietoa.", "no_sentence"),
        ("Oletko jo kysynyt asiaa museosta?", "question"),
        ("Virtanen, Matti : Kalojen kirja kertoo lisää.", "listed"),
        ("Teoksen nimi on Kalat ja se ilmestyi 1990 suom.", "cut"),
        ("Kaloista kerrotaan näytelmässä (sisältyy kirjaan Kalat!", "cut"),
        ("Kaloista on tietoa kirjassa (Oppaat, osa 2 Toinen kysytty kala on vanha).", "listed"),
        ("Reivilä kertoo kaloista Taloustaidossa 2004 ; 8 ; 52-53 myös.", "listed"),
        ("1989 Jos myös lehdet kiinnostavat, niitä on paljon.", "listed"),
        ("Ks. https://example.org/kalat ja hae sieltä.", "signs"),
    ],
)
def test_a_passage_that_says_nothing_or_is_none_is_refused(answer: str, why: str) -> None:
    fillers = [asked(i, f"Kysy lähimmästä kirjastosta asiaa {letters(i)}kalasta.") for i in range(100, 160)]
    _, _, excluded = rows(asked(500, answer), *fillers)
    assert excluded[why] == 1


def test_a_greeting_is_no_part_of_the_question_and_documents_that_ask_nothing_are_counted() -> None:
    greeted = [asked(i, question=f"Hei! Mistä löydän tietoa lajista {letters(i)}kala?") for i in range(100, 104)]
    story = Document(id="s", paragraphs=("Talo seisoi mäellä.", "Se oli vanha.", "Kuka siinä asui?"), corpus="fi/x")
    found, read, _ = rows(*greeted, greeted[0], story)
    assert found and all(row.premise.startswith("Mistä") for row in found)
    assert read == {"no_question": 1, "same_id": 1}
