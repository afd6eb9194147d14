"""Sentences at which a reader of plain text stumbles: half ones, torn words, what grew on to them, signs gone astray. For makers that take text as it comes.

Makers of items with one right answer ask for more (cohesion.plain): here a sentence may be short or long, quote, enumerate, lack a comma and be written as people talk.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from build_data.makers.cohesion import WEB
from build_data.makers.common import whole_sentence
from build_data.makers.ordinary import signs
from build_data.makers.tally import Tally

LONGEST = 1_000  # words: none is refused for its length
TALES = ("novel", "fiction")  # genres in which a dash opens what somebody says, and no item of a list
QUOTES = '"”“„»«'
# A quotation mark between two spaces or two letters belongs to nothing; a space before a stop, none behind a comma, a mark of the scan, a hyphen with half a word.
ASTRAY = re.compile(
    rf"(?<=\s)[{QUOTES}](?=\s)|(?<=[^\W\d_])[\"”“](?=[^\W\d_])|[^\W\d_]\s[.,?!](?:\s|$)|[^\W\d_],[^\W\d_]|¬|[^\W\d_]{{2}}\.[A-ZÅÄÖÁÉÍÓÚÜŐŰ][a-zåäöáéíóúüőű]{{2}}"
    r"|[^\W\d_]- (?!(?:ja|tai|eli|sekä|taikka|kuin|ynnä|ym|tms|vai|eikä|että|és|s|vagy|meg|illetve|valamint|avagy|sőt|de)\b)[a-zåäöáéíóúüőű]{2}"
)
LISTED = re.compile(r": ?\(?1[).]|[;,] ?\(?2\)|[•▪◦·]")  # items in a row
CUT = re.compile(r"(?:\.\.\.|…)\s?[A-ZÅÄÖÁÉÍÓÚÜŐŰ]|\[(?:\.\.\.|…)\]")  # what was left out, and the next sentence behind it
JOINED = re.compile(
    r"[a-zåäöáéíóúüőű]{2}: [A-ZÅÄÖÁÉÍÓÚÜŐŰ][a-zåäöáéíóúüőű]+ [a-zåäöáéíóúüőű]"
)  # what is announced is mostly gone, and this is the next sentence


def stumbles(documents: Sequence[tuple[str, Sequence[str]]], language: str) -> list[list[str]]:
    """Return for each document, a genre and its sentences, why each sentence is one to stumble at, or "".

    "list_item", "no_sentence", "signs": see whole_sentence; "astray": a quotation mark, or a sentence cut or joined at one; "glued", "torn": see
    Vocabulary, which needs all documents to know what is a word.
    """
    texts = [text for _, some in documents for text in some]
    tally = Tally(texts, language)
    found = tally.marks(signs(texts, (1, LONGEST), LONGEST).figures).tolist()
    out: list[list[str]] = []
    at = 0
    for genre, some in documents:
        web, tale = genre.startswith(WEB), genre.startswith(TALES)
        faults = []
        for text in some:
            mark = found[at]
            at += 1
            fault = whole_sentence(text, 1, LONGEST)
            if fault == "list_item" and tale and text[0] in "–—-":
                fault = ""
            if not fault and (ASTRAY.search(text) or CUT.search(text) or JOINED.search(text) or LISTED.search(text)):
                fault = "astray"
            faults.append(fault or tally.broken(text, mark, web=web))
        out.append(faults)
    return out
