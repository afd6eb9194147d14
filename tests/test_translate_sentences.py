"""Sentence splitting: offsets tile the text, white space is kept, nothing is cut."""

from __future__ import annotations

import functools
import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from build_data import sentences
from build_data.mt_bitext import assemble
from build_data.translate import Translated
from corpora.config import ConfigError

pytest.importorskip("spacy")


def texts(text: str, limit: int = 0) -> list[str]:
    found = sentences.split(text, "en", lambda part: len(part.split()), limit) if limit else sentences.split(text, "en")
    return [text[a:b] for a, b in found]


def check_tiles(text: str, spans: list[tuple[int, int]]) -> None:
    at = 0
    for start, end in spans:
        assert at <= start < end
        assert not text[at:start].strip()
        assert text[start:end] == text[start:end].strip()
        at = end
    assert not text[at:].strip()


@settings(max_examples=150, deadline=None)
@given(st.text(st.sampled_from("aB1.,!?\"') \n\r\t\u2028\x00\x1c\u00a0;:(—“”😀é\u0301ש"), max_size=60), st.integers(1, 4))
def test_sentences_tile_any_text(text: str, limit: int) -> None:
    check_tiles(text, sentences.split(text, "en"))
    spans = sentences.split(text, "en", lambda part: len(part.split()), limit)
    check_tiles(text, spans)
    # a sentence above the limit is one word
    assert all(len(text[a:b].split()) <= limit for a, b in spans)
    rebuilt = assemble(text, spans, [Translated(text[a:b], 0.0) for a, b in spans])
    assert rebuilt.target == text


@pytest.mark.parametrize(("text", "expected"), [
    ("It rained.  Dr. Smith left at 5 p.m. on Monday.", ["It rained.", "Dr. Smith left at 5 p.m. on Monday."]),
    ('"Stop!" she said. He did.', ['"Stop!" she said.', "He did."]),
    ("One\r\nTwo\rThree\n\nFour", ["One", "Two", "Three", "Four"]),
    ("The U.S. has 3.5 million. It grew.", ["The U.S. has 3.5 million.", "It grew."]),
    ("😀😀", ["😀😀"]),
    (" \n\t ", []),
    ("", []),
    ("שלום. מה שלומך?", ["שלום.", "מה שלומך?"]),
])  # fmt: skip
def test_where_sentences_end(text: str, expected: list[str]) -> None:
    assert texts(text) == expected


@pytest.mark.parametrize(("text", "limit", "expected"), [
    ("We ate, we drank, we sang", 4, ["We ate, we drank,", "we sang"]),
    ("one two three four five", 2, ["one two", "three four", "five"]),
    ("a b c (d e f) g", 3, ["a b c", "(d e f)", "g"]),
    ("a b, c d e f g", 2, ["a b,", "c d", "e f", "g"]),
])  # fmt: skip
def test_long_sentences_are_split_at_clauses_then_at_spaces(text: str, limit: int, expected: list[str]) -> None:
    assert texts(text, limit) == expected


@pytest.mark.parametrize("text", ["word " * 10_000, "x" * 50_000, "a, b " * 10_000], ids=["words", "one word", "clauses"])
def test_fifty_thousand_characters_without_a_full_stop(text: str) -> None:
    begun = time.monotonic()
    spans = sentences.split(text, "en", lambda part: len(part.split()), 100)
    check_tiles(text, spans)
    assert max(len(text[a:b].split()) for a, b in spans) <= 100
    assert time.monotonic() - begun < 20


SIGNS = st.text(st.sampled_from("aB1é.,!?\"') \u00a0\t(:;-…“”»"), max_size=50)


@functools.cache
def pipe() -> Any:
    import spacy

    nlp = spacy.blank("en")
    nlp.add_pipe("sentencizer")
    return nlp


def slow(text: str) -> list[tuple[int, int]]:
    """Return what spaCy's own sentencizer says, trimmed, line by line; a sentence that begins with a small letter joins the one before."""
    nlp = pipe()
    found: list[tuple[int, int]] = []
    for line in sentences.LINE.finditer(text):
        first = True
        for sentence in nlp(line.group()).sents:
            start, end = sentences._trim(text, line.start() + sentence.start_char, line.start() + sentence.end_char)
            if start == end:
                continue
            if not first and text[start].islower():
                found[-1] = found[-1][0], end
            else:
                found.append((start, end))
            first = False
    return found


@settings(max_examples=400, deadline=None)
@given(SIGNS)
def test_sentences_are_those_of_spacys_sentencizer(text: str) -> None:
    assert sentences.split(text, "en") == slow(text)


@pytest.mark.parametrize("text", [
    "Mr. Hill left at 5 p.m. on Monday. He paid $3.50!  And then?", 'She said: "Stop." Nobody did. (They never do.) "Why?"', "One...Two. End.Start of it. e.g. this",
    "U.S. troops left. The U.K. stayed.) What now?!", "A. B. C. D", "wait ... what . . . now", "[1] It rained.[2] It snowed. 3.14 is pi.",
])  # fmt: skip
def test_real_looking_text_is_cut_as_spacy_cuts_it(text: str) -> None:
    assert sentences.split(text, "en") == slow(text)


def test_other_languages_bring_their_own_abbreviations() -> None:
    text = "Mukana oli esim. Liisa. Hän lähti klo 5."
    assert [text[a:b] for a, b in sentences.split(text, "fi")] == ["Mukana oli esim. Liisa.", "Hän lähti klo 5."]
    with pytest.raises(ConfigError, match="no tokeniser for 'zz'"):
        sentences.split("Yes. No.", "zz")
