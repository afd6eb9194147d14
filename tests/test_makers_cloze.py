"""build_data/makers/cloze.py and cloze_contexts.py: what a question is read with, how much it copies, how many are of a kind."""

from __future__ import annotations

import re
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from build_data.makers import cloze
from build_data.makers.cloze_contexts import CONTEXT, MOST_CONTEXT, Place, elsewhere, merged, unanswerable, window
from build_data.makers.questions import copied
from build_data.steps import Ledger
from corpora.records import Document, Span


def document(*paragraphs: str) -> Document:
    return Document(id="d", title="", paragraphs=paragraphs, corpus="fi/mini", origin="native", licence="CC0", genre="web")


def row(number: int, kind: str = "time", question: str = "", answer: str = "keväällä", context: str = "Talo paloi keväällä. Kukaan ei nähnyt.") -> Span:
    at = context.index(answer)
    return Span(
        id=f"r{number}", origin="native", corpus="fi/mini", document="d", licence="CC0", subtype=kind,
        title="", context=context, question=question or f"Milloin talo {number} paloi?", answers=((answer, at),),
    )  # fmt: skip


LINES = st.lists(st.text(alphabet="abcä ", min_size=1, max_size=400).map(lambda t: (t.strip() or "a") + "."), min_size=1, max_size=12)


@settings(deadline=None)
@given(lines=LINES, seed=st.integers(0, 99), data=st.data())
def test_a_window_holds_its_sentence_where_it_says_and_the_answer_once(lines: list[str], seed: int, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(lines) - 1))
    borders = tuple(sorted(data.draw(st.lists(st.integers(0, 3), min_size=len(lines), max_size=len(lines)))))
    answer = (0, lines[at].index((lines[at] + " ").split(" ")[0]) + len(lines[at].split(" ")[0].rstrip(".")))
    found = window(Place(document(" ".join(lines)), tuple(lines), borders, at), answer, seed)
    if found is not None:
        context, start = found
        assert context[start : start + len(lines[at])] == lines[at]
        assert len(context) <= MOST_CONTEXT and CONTEXT[0] <= len(lines)
        assert len(re.findall(rf"(?<!\w){re.escape(lines[at][slice(*answer)])}(?!\w)", context, re.IGNORECASE)) == 1


def test_answers_stand_anywhere_in_their_contexts_though_they_open_sentences_and_paragraphs() -> None:
    lines = tuple(f"Kylä{n} on tässä ja pysyy." for n in range(200))
    found = [
        window(Place(document(" ".join(lines)), lines, tuple(n // 4 for n in range(200)), at), (0, len(lines[at].split()[0])), 1) for at in range(8, 192, 4)
    ]
    shares = [pair[0][: pair[1]].count(" ") / pair[0].count(" ") for pair in found if pair is not None]
    assert len(shares) == len(found)
    thirds = Counter(min(2, int(3 * share)) for share in shares)
    assert min(thirds.values()) >= len(found) // 5  # left to their paragraphs, all would stand first


def test_an_answer_that_stands_twice_is_read_with_a_window_that_has_it_once() -> None:
    lines = ("Talo paloi keväällä.", "Kukaan ei nähnyt.", "Talo myytiin keväällä.", "Sitten satoi.")
    found = window(Place(document(" ".join(lines)), lines, (0, 0, 0, 0), 0), (11, 19), 1)
    assert found == ("Talo paloi keväällä. Kukaan ei nähnyt.", 0)


@given(st.lists(st.lists(st.just("Virke."), min_size=1, max_size=8), max_size=8))
def test_merging_loses_no_sentence(parts: list[list[str]]) -> None:
    assert sum(map(len, merged(parts))) == sum(map(len, parts))


@pytest.mark.parametrize(
    ("question", "sentence", "words"),
    [
        ("Milloin kirjasto muutti Turkuun?", "Kirjasto muutti Turkuun keväällä.", 3),
        ("Mikor tűnt el a hód?", "A hód eltűnt tavaly.", 2),
        ("Missä?", "Siellä.", 0),
    ],
)
def test_how_much_a_question_copies(question: str, sentence: str, words: int) -> None:
    assert copied(question, sentence) == words


@given(st.text(alphabet="ab ", max_size=60), st.text(alphabet="ab ", max_size=60))
def test_copying_is_bounded_and_whole_for_a_copy(one: str, other: str) -> None:
    assert 0 <= copied(one, other) <= min(len(one.split()), len(other.split()))
    assert copied(one, one) == len(one.split())


def test_no_kind_outweighs_the_others_and_no_question_is_asked_twice() -> None:
    rows = [
        *(row(n) for n in range(400)),
        *(row(n, "place-in") for n in range(400, 500)),
        *(row(n, "number") for n in range(500, 600)),
        row(700, question="Milloin talo 1 paloi?"),
    ]
    rows += [row(n, "object") for n in range(600, 700)]
    ledger = Ledger("make", excluded=Counter())
    kept = cloze._cut(rows, 1, ledger)
    counts = Counter(r.subtype for r in kept)
    assert max(counts.values()) <= cloze.MOST_OF_A_KIND * len(kept) + 1
    assert ledger.excluded["repeated"] == 1 and ledger.excluded["repeated"] + ledger.excluded["kind"] + len(kept) == len(rows)
    assert kept == cloze._cut(rows, 1, Ledger("make", excluded=Counter()))


def test_few_rows_are_not_cut() -> None:
    rows = [row(n) for n in range(30)]
    assert cloze._cut(rows, 1, Ledger("make", excluded=Counter())) == rows


PARTS = [
    ["Talo paloi keväällä.", "Kukaan ei nähnyt."],
    ["Talo rakennettiin uudelleen.", "Siinä on nyt kirjasto."],  # shares talo, says nothing of the time
    ["Kevään tulva vei sillan.", "Talo säästyi."],  # the answer's stem
    ["Koira haukkui.", "Kissa nukkui."],  # shares nothing
]


def test_elsewhere_shares_words_and_holds_no_answer() -> None:
    assert elsewhere(row(1, question="Milloin vanha talo paloi?"), PARTS) == " ".join(PARTS[1])
    assert elsewhere(row(1, question="Milloin lato syttyi?"), PARTS) == ""


def test_contexts_without_an_answer_have_as_many_sentences_as_others() -> None:
    long = [f"Vanha talo {'xyzäöåbcdfghjklmnp'[n % 18] * 4} on mäellä." for n in range(120)]
    sizes = Counter(elsewhere(row(n, question="Milloin vanha talo paloi?"), [*PARTS[:1], long]).count(".") for n in range(60))
    assert set(sizes) == {4, 5, 6, 7, 8} and max(sizes.values()) < 30


def test_a_sentence_that_may_answer_in_other_words_is_left_alone() -> None:
    parts = [PARTS[0], ["Vanha talo paloi yöllä poroksi.", "Tulva tuli."]]
    assert elsewhere(row(1, question="Milloin vanha talo paloi?"), parts) == ""


def test_the_share_of_unanswerable_rows() -> None:
    rows = [row(n, question=f"Milloin vanha talo {n} paloi?") for n in range(30)]
    out = unanswerable(rows, {"d": PARTS}, 1 / 3, 1)
    assert sum(not r.answers for r in out) == 10
    assert [r.id for r in out] == [r.id for r in rows] and [r.question for r in out] == [r.question for r in rows]
    assert unanswerable(rows, {"d": PARTS}, 0, 1) == rows
    assert unanswerable(rows, {"d": PARTS[:1]}, 1 / 3, 1) == rows  # nowhere else to look
