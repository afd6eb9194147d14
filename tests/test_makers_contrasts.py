"""build_data/makers/contrasts: how often forms stand in the text, and answers that are kept."""

from __future__ import annotations

import pytest

from build_data.makers import contrasts
from build_data.makers.contrasts import Forms, Remembered
from build_data.parse import Sentence, Word

NOUN, VERB = {"Case": "Nom", "Number": "Sing"}, {"VerbForm": "Fin", "Person": "3", "Number": "Sing"}


def test_forms_are_counted_by_tag_whatever_their_capitals() -> None:
    words = [("Kuusi", "NOUN", NOUN), ("kuusi", "NOUN", NOUN), ("kuusi", "NUM", NOUN), ("kuusi", "VERB", VERB)]
    forms = Forms([Sentence(tuple(Word(text, upos, feats, 0, "", 0, 5) for text, upos, feats in words), 0, 5)])
    assert forms.seen("kuusi", "NOUN Nom Sing") == 2 and forms.seen("kuusi", "NOUN Nom Sing", "NUM Nom Sing") == 3
    assert forms.balance("kuusi", ("NOUN Nom Sing",), ("VERB Fin 3 Sing", "ADJ Nom Sing")) == (2, 1)
    assert forms.seen("mänty", "NOUN Nom Sing") == 0 and forms.balance("mänty", ("NOUN Nom Sing",), ()) == (0, 0)
    assert "kuusi" in forms.standing and "mänty" not in forms.standing


def test_answers_are_kept_until_they_are_too_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(contrasts, "REMEMBERED", 2)
    asked: list[str] = []
    lengths = Remembered[str, int](lambda word: asked.append(word) or len(word))
    assert [lengths[word] for word in ("a", "bb", "a", "ccc", "a")] == [1, 2, 1, 3, 1]
    assert asked == ["a", "bb", "ccc", "a"] and len(lengths) == 2
