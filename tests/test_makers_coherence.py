"""build_data/makers/coherence: closed groups of two passages, so that neither text alone tells the class."""

from __future__ import annotations

from collections import Counter
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st
from prose import prose, word
from tagged import Tagged

from build_data.makers import labels_of, make
from build_data.makers.coherence import LABELS
from build_data.makers.cohesion import scripts
from build_data.makers.common import read_documents
from build_data.makers.tied import BARE, items
from build_data.steps import Ledger
from corpora.records import Document, Pair, check_labels


def rows_of(documents: list[Document], seed: int = 1, most: int = 60) -> list[Pair]:
    return [row for row in make("coherence", most)(documents, "fi", Tagged("fi"), seed).records if isinstance(row, Pair)]


@settings(deadline=None, max_examples=25)
@given(st.integers(1, 5), st.integers(2, 60), st.integers(2, 20), st.integers(0, 9), st.randoms(use_true_random=False))
def test_each_text_is_once_in_each_class_whatever_the_documents(documents: int, lines: int, paragraph: int, seed: int, random: Random) -> None:
    docs = [prose(f"d{i}", lines + i, paragraph) for i in range(documents)]
    rows = rows_of(docs, seed)
    check_labels(rows, labels_of("coherence"), "coherence")
    for side in ("premise", "hypothesis"):
        uses = Counter((getattr(row, side), row.label) for row in rows)
        assert set(uses.values()) <= {1} and all((text, label) in uses for text, _ in uses for label in LABELS)
    assert len({row.id for row in rows}) == len(rows)
    assert rows_of(random.sample(docs, len(docs)), seed) == rows


def test_what_follows_is_the_next_sentence_and_what_does_not_is_of_another_document() -> None:
    documents = [prose(f"d{i}", 60, 20) for i in range(6)]
    texts = {d.id: [s for part in parts for s in part] for d, parts in read_documents(documents, "fi", 2)[0]}
    rows = rows_of(documents, most=400)
    assert len(rows) >= 60
    for row in rows:
        own = texts[row.document]
        context = [i for i, text in enumerate(own) if text in row.premise]
        assert context == list(range(context[0], context[-1] + 1)) and len(context) <= 4
        assert own.index(row.hypothesis) == context[-1] + 1 if row.label == "follows" else row.hypothesis not in own
        assert not (set(row.premise.casefold().split()) & set(row.hypothesis.casefold().split())) or row.label == "follows"


def test_rows_are_bounded_and_counted() -> None:
    result = make("coherence", 8)([prose("d", 200, 50), prose("e", 200, 50)], "fi", Tagged("fi"), 1)
    ledger = result.ledgers[1]
    assert 8 <= len(result.records) <= 16 and ledger["made"] == ledger["kept"] + sum(ledger["excluded"].values()) and ledger["excluded"]["document_full"] > 0


def test_one_document_has_nothing_elsewhere() -> None:
    assert not rows_of([prose("d", 200, 50)])


def test_sentences_without_a_tie_make_no_row() -> None:
    texts = [" ".join([word("x", i, "a").capitalize(), *(word("x", i, j) for j in range(5))]) + "." for i in range(30)]
    result = make("coherence")([Document(id="d", paragraphs=(" ".join(texts),))], "fi", Tagged("fi"), 1)
    assert not result.records and result.ledgers[1]["excluded"] == {"no_tie": 28, "bare": 1}


def test_what_somebody_asks_is_not_used_and_a_bare_passage_neither() -> None:
    asked = "Löytyykö teiltä kirjaa vanhoista soittimista ja niiden rakentamisesta? Mistä sellaisen kirjan voisi sitten lainata?"
    told = "Kirjastossa on kirja soittimista ja muistakin esineistä. Kirja on hyllyssä kahdeksan aivan alhaalla. Hylly on salin perällä oikealla puolella."
    kept, _ = read_documents([Document(id="d", paragraphs=(f"{asked} {told}",), genre="qa", corpus="fi/x", licence="CC0-1.0")], "fi", 2)
    [script] = scripts(kept, "fi")
    assert [line.fault for line in script.lines] == ["asked", "asked", "", "", ""]
    ledger = Ledger("make")
    found = list(items(script, 1, ledger))
    assert ledger.excluded["asked"] == 2 and ledger.excluded["bare"] == 1 and all(len(item.passage.split()) >= BARE for item in found)
