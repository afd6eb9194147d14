"""Marks of sentences: one without a mark is not what the longer look would find, so that leaving it out changes no row."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from build_data.makers import cohesion, common
from build_data.makers.ordinary import signs
from build_data.makers.questions import TOKEN
from build_data.makers.spelling import Letters, Vocabulary
from build_data.makers.spelling_lists import ARTICLES, ROOT, SHORT
from build_data.makers.tally import GLUED, JOINED, NAMED, SPOKEN, STUMP, TORN, WORD, WORDED, Limits, Tally
from build_data.makers.tokens import tokens
from build_data.stems import stem

PIECES = ["Hän", "sanoi", "että", "hogy", "mä", "sairaala", "n", "sairaalan", "mo", "st", "most", "PDF", "PDF", "Pdf", "5", "123", "a1b", "a1b", "1-2", "1-2", "ró", "l", "ról", "Alaskan", "alaskan",
          "Hän", "Kunto-", ":D", "–", "talo", "talo", "talo,", "Talo", "aaah", "on."]  # fmt: skip


@settings(deadline=None)
@given(st.lists(st.lists(st.sampled_from(PIECES), min_size=1, max_size=9), min_size=1, max_size=8), st.sampled_from(["fi", "hu"]))
def test_a_sentence_without_a_mark_has_no_fault_that_the_mark_stands_for(lines: list[list[str]], language: str) -> None:
    texts = [" ".join(pieces) + "." for pieces in lines]
    words = [WORD.findall(text) for text in texts]
    tally = Tally(texts, language)
    for text, own, mark in zip(texts, words, tally.marks(signs(texts, (1, 35), 4).figures).tolist(), strict=True):
        assert tally.known.slips(text, joined=mark & JOINED > 0, spoken=mark & SPOKEN > 0) == tally.known.sloppy(text, own)
        torn = tally.known.torn(text, own)
        assert torn if mark & STUMP else mark & TORN or not torn
        if own:
            assert (mark & GLUED > 0) == tally.known.glued(own, web=False)
            assert mark & (GLUED | NAMED) or not tally.known.glued(own, web=True)
        assert cohesion._odd(text, mark) == cohesion._odd(text)
        assert common.whole_sentence(text, 1, 35, worded=mark & WORDED > 0) == common.whole_sentence(text, 1, 35)


SIGNS = st.sampled_from([*"aÄö²Ⅷ𐐀ǅİ", "Eli", "talo", "Talo", "PDF", "kuusi", " ", " ", ",", ", ", "-", "--", "_", "7", "\u00a0", "\u0301", ".", "?", "(", "–"])


@settings(deadline=None)  # the first call loads Arrow's kernels
@given(st.lists(st.lists(SIGNS, max_size=9).map("".join), max_size=8))
def test_words_are_cut_as_by_their_patterns(texts: list[str]) -> None:
    for hyphens, pattern in ((False, WORD), (True, TOKEN)):
        found = tokens(texts, hyphens=hyphens)
        cut = list(map(pattern.findall, texts))
        assert [found.types[at] for at in found.ids.tolist()] == [word for words in cut for word in words]
        assert found.lines.tolist() == [line for line, words in enumerate(cut) for _ in words]
        assert [found.types[at] for at in found.ids[found.opens].tolist()] == [words[0] for words in cut if words]
        counted = found.counted()
        assert dict(zip(counted.words, counted.times.tolist(), strict=True)) == Counter(word for words in cut for word in words)
        assert +Counter(dict(zip(counted.words, counted.first.tolist(), strict=True))) == Counter(words[0] for words in cut if words)


def test_more_texts_than_are_swept_over_at_once_keep_their_numbers(monkeypatch: pytest.MonkeyPatch) -> None:
    texts = ["Talo on vanha.", "", "Se 1 on talo.", "12", "Talo."]
    whole, ordinary = tokens(texts), signs(texts, (1, 9), 4)
    for module in ("tokens", "ordinary"):
        monkeypatch.setattr(f"build_data.makers.{module}.BATCH", 2)
    cut = tokens(texts)
    assert cut.types == whole.types and all((a == b).all() for a, b in zip(cut[1:], whole[1:], strict=True))
    assert signs(texts, (1, 9), 4).ordinary.tolist() == ordinary.ordinary.tolist() == [True, False, False, False, True]
    assert signs(texts, (1, 9), 4).figures == ordinary.figures == [2, 3]


@given(st.lists(st.lists(SIGNS, max_size=9).map("".join).filter(bool), max_size=8))
def test_an_ordinary_sentence_is_one_for_the_patterns_too(texts: list[str]) -> None:
    for text, ordinary in zip(texts, signs(texts, (2, 35), cohesion.COMMAS).ordinary.tolist(), strict=True):
        if ordinary and not text.startswith((*cohesion.GOES_ON_WITH, *cohesion.CUT_OFF)):
            assert common.whole_sentence(text, 2, 35, worded=True) == "" and not cohesion._odd(text, 0)
            assert "  " in text or common.whole_sentence(text, 2, 35) == ""


@given(st.lists(st.text("aäBÄcǅⅧ𐐀x", min_size=1, max_size=6), unique=True, max_size=9))
def test_what_letters_are_is_told_of_all_words_at_once(words: list[str]) -> None:
    found = Letters(words)
    assert found.small.tolist() == [word.islower() for word in words]
    assert found.large.tolist() == [word[0].isupper() for word in words]
    assert found.mixed == [at for at, word in enumerate(words) if any(letter.istitle() for letter in word[1:])]
    assert found.thrice() == [at for at, word in enumerate(words) if any(letter * 3 in word for letter in word)]
    some = np.array([at for at, word in enumerate(words) if len(word) > 1], np.int64)
    odd = [words[at][-1] in "c" or words[at][-2:] == "ca" or words[at][:2] == "cx" for at in some.tolist()]
    assert found.odd(some, frozenset(["c", "ca"]), frozenset(["cx"])).tolist() == odd


FORMS = [
    "Turku",
    "turku",
    "TURKU",
    "Turun",
    "turun",
    "Ab",
    "ab",
    "AB",
    "talo",
    "Talon",
    "talossa",
    "Tal",
    "tal",
    "A",
    "a",
    "kirjastossa",
    "Kirjastosta",
    "KIRJASTON",
]


@settings(deadline=None)
@given(st.lists(st.lists(st.sampled_from(FORMS), min_size=1, max_size=5), max_size=8), st.sampled_from(["fi", "hu"]))
def test_what_glues_is_told_of_all_words_at_once(sentences: list[list[str]], language: str) -> None:
    inside = Counter(word for words in sentences for word in words[1:])
    words = {word for words in sentences for word in words}

    def root(word: str) -> str:
        return stem(word.casefold(), language)[:ROOT] if len(word.casefold()) >= SHORT else word

    expected = set(ARTICLES[language])
    for word in words:
        if len(word) > 1 and word[0].isupper():
            same = [other for other in words if other.casefold() == word.casefold()]
            small, large = (sum(inside[other] for other in same if other[0].isupper() is capital) for capital in (False, True))
            kin = [other for other in words if root(other) == root(word)]  # asked only where nothing says it of the word itself
            small_kin, large_kin = (sum(inside[other] for other in kin if other[0].isupper() is capital) for capital in (False, True))
            if small >= large or (not small and small_kin >= large_kin):
                expected.add(word)
    assert Vocabulary.of(sentences, language).gluing == expected


@settings(deadline=None)
@given(st.lists(st.lists(st.sampled_from(["talo", "talossa", "tie", "ovi", "katto", "pelto", "123", "456"]), max_size=4).map(" ".join), max_size=9))
def test_ties_are_shared_stems_of_the_sentences_before(texts: list[str]) -> None:
    tally = Tally(texts, "fi")
    figures = signs(texts, (1, 9), 4).figures
    counts = tally.stems([0] * len(texts), Limits(3, 4, [2]), figures, 3)
    own = [{stem(word, "fi") for word in text.split() if len(word) > 3 or word.isdecimal()} for text in texts]
    spread = Counter(word for words in own for word in words)
    ties = [{word for word in words if spread[word] <= 2} for words in own]
    for at in range(len(texts)):
        assert counts.ties[at] == sum(1 << back for back in (1, 2, 3) if at >= back and ties[at] & ties[at - back])
        assert len(counts.about.of(at, at + 1)) == sum(spread[word] <= 4 for word in own[at])
        assert len(counts.content.of(0, at + 1)) == len({word for words in own[: at + 1] for word in words if spread[word] <= 3})
