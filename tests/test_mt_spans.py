"""Question rows through a translator from a table: what is kept, what is dropped and why, what is aligned and scored."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from build_data import answers
from build_data.memory import Memory
from build_data.mt_align import Link
from build_data.mt_records import mt_step
from build_data.steps import Dropped, run
from build_data.translate import Translated
from corpora.records import Record, Span

TABLE = {
    "The tower is old.": "Torni on vanha.", "It fell in 1900.": "Se kaatui 1900.", "When?": "Milloin?", "1900": "1900", "old": "iäkäs",
    "tower": "rakennus", "fell": "romahti", "Who?": "Kuka?", "What?": "Mikä?",
}  # fmt: skip


class Fake:
    """A translator from a table that links word for word from word `first` on; an unknown sentence loops."""

    fingerprint = "fake"
    source = "en"

    def __init__(self, likely: str = "", first: int = 0) -> None:
        self.settings: dict[str, Any] = {"max_input": 50}
        self.likely, self.first = likely, first
        self.decoded, self.aligned, self.scored = Counter[str](), Counter[tuple[str, str]](), 0

    def pieces(self, text: str) -> int:
        return len(text.split())

    def translate(self, texts: Sequence[str]) -> list[Translated]:
        self.decoded.update(texts)
        return [Translated(TABLE[text], -0.5) if text in TABLE else Translated("ja ja ja", -9.0, ("loop",)) for text in texts]

    def align(self, pairs: Sequence[tuple[str, str]]) -> list[tuple[Link, ...]]:
        self.aligned.update(pairs)
        return [tuple((i, i, 1.0) for i in range(self.first, min(len(a.split()), len(b.split())))) for a, b in pairs]

    def score(self, pairs: Sequence[tuple[str, str]]) -> list[float]:
        self.scored += len(pairs)
        return [0.0 if text.strip(".") == self.likely else -5.0 for _, text in pairs]


CONTEXT = "The tower is old. \n\n It fell in 1900.\t"


def row(name: str, *found: str, question: str = "When?", context: str = CONTEXT) -> Span:
    return Span(id=name, context=context, question=question, answers=tuple((text, context.index(text)) for text in found), licence="CC0-1.0")


def outcome(fake: Fake, rows: Sequence[Record], aligner: Fake | None = None) -> tuple[list[Record], list[Dropped]]:
    kept, dropped, ledger = run(mt_step("span", fake, Memory(), "fi", aligner), rows)
    assert ledger.close()["in"] == len(rows)
    return kept, dropped


def test_white_space_stays_and_the_answer_is_found() -> None:
    fake = Fake()
    kept, dropped = outcome(fake, [row("a", "1900", "1900"), row("b", question="Who?"), row("c", "1900", question="Why not?")])
    first, second = kept
    assert isinstance(first, Span) and isinstance(second, Span)
    assert first.context == "Torni on vanha. \n\n Se kaatui 1900.\t" and first.answers == (("1900", first.context.index("1900")),)
    assert (first.id, first.source_id, first.origin, first.licence) == ("a.mt-fi", "a", "machine-translated", "CC0-1.0")
    assert first.scores["mt_score"] == -0.5 and answers.method_names(int(first.scores["span_method"])) == ("copy", "phrase")
    assert second.answers == () and "span_method" not in second.scores  # unanswerable stays unanswerable
    assert [(d.record.id, d.stage, d.reason) for d in dropped] == [("c", "translate", "loop")]
    assert max(fake.decoded.values()) == 1 and set(fake.aligned) == {("It fell in 1900.", "Se kaatui 1900.")}  # only what holds an answer


def test_one_witness_is_not_enough_and_the_row_says_what_was_seen() -> None:
    rows = [row("a", "tower", question="What?")]
    kept, dropped = outcome(Fake(), rows)
    assert not kept and dropped[0].stage == "answers" and dropped[0].reason == "methods_disagree=attention: on; score: Torni"
    kept, dropped = outcome(Fake(first=3), rows)  # nothing is linked
    assert not kept and dropped[0].reason == "no_span=score: Torni"


def test_two_aligners_agree_or_the_model_scores() -> None:
    rows = [row("a", "fell", question="What?", context="It fell in 1900.")]
    kept, _ = outcome(Fake(), rows, Fake())
    assert isinstance(kept[0], Span) and kept[0].answers[0][0] == "kaatui"
    assert answers.method_names(int(kept[0].scores["span_method"])) == ("attention", "embedding")
    alone = Fake(likely="kaatui")
    kept, _ = outcome(alone, rows)
    assert isinstance(kept[0], Span) and answers.method_names(int(kept[0].scores["span_method"])) == ("attention", "score") and alone.scored > 0
    wrong = Fake(likely="1900")
    assert not outcome(wrong, rows)[0]


def test_of_several_answers_those_that_are_found_stay() -> None:
    kept, _ = outcome(Fake(), [row("a", "old", "1900")])
    assert isinstance(kept[0], Span) and [text for text, _ in kept[0].answers] == ["1900"]


def test_a_second_build_aligns_nothing_and_the_key_follows_the_aligner() -> None:
    fake, memory = Fake(), Memory()
    step = mt_step("span", fake, memory, "fi")
    first = run(step, [row("a", "1900")])[0]
    assert run(step, [row("a", "1900")])[0] == first and max(fake.aligned.values()) == 1
    other = Fake()
    other.fingerprint = "other"
    keys = {mt_step("span", fake, memory, language, aligner).key for language, aligner in (("fi", None), ("hu", None), ("fi", fake), ("fi", other))}
    assert len(keys) == 4
