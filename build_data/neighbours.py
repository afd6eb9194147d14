"""Do words stand beside words that they stand beside in good text? Sees word salad, and the hole that a negation leaves, without a parse or a model.

A text is cut into tokens, and a token into three forms: itself where it is common, its first letter and ending, and its ending alone
(endings are what Finnish and Hungarian agree by). Runs of two to four of them are hashed to 2^18 places with a weight each, and the
weights of a text add up to log odds: that its words are shuffled ("salad"), or that a negation was taken out ("gap"; this table also
asks whether the words that need a negation, such as senki and hanem, have one). A third, small table weighs the words that say no, or
may hide it, in the English and in the translation ("polarity").

The tables (neighbours_fi.npz, neighbours_hu.npz) are logistic regressions trained by `python -m benchmarks.filters neighbours` on
openly licensed native text and Tatoeba; docs/filters.md says on which, and how well they do. A language without a table scores 0.
"""

from __future__ import annotations

import functools
import hashlib
import re
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from build_data import grammar
from build_data.windows import Numbers

BITS = 18  # of the places of salad and gap; 19 bits see no more (AUC within .003)
POLARITY_BITS = 12
HEADS = ("salad", "gap")
TOKEN = re.compile(r"\w+(?:[-'’]\w+)*|[^\w\s]")
EDGES = ("<s>", "</s>")
ENDS = frozenset(".!?")
NO_GAP = -10.0  # below nearly all other scores
MASK = (1 << 64) - 1
Places = npt.NDArray[np.int64]


class Forms(dict[str, bytes]):
    """Token (lower case; after "^" where it has a capital inside a sentence) -> its number in each role, packed. `common` and `short` are sets of words kept whole.

    A role is a place in a kind of run: the number of a form times an odd number of the role's own, so that a run is the sum of its parts.
    """

    def __init__(self, common: frozenset[str], short: frozenset[str]) -> None:
        super().__init__()
        self.common, self.short = common, short

    def __missing__(self, token: str) -> bytes:
        number = dict(zip("fes", map(_number, self.forms(token)), strict=True))
        packed = b"".join((number[form] * factor & MASK).to_bytes(8, "little") for form, factor in ROLES)
        if len(self) < 1 << 17:
            self[token] = packed
        return packed

    def forms(self, token: str) -> tuple[str, str, str]:
        """Return the token as it is counted: itself or with its last 3 letters alone; first letter and last two; itself or its last two letters."""
        word = token.lstrip("^")
        if token in EDGES or not word[:1].isalpha():
            same = "#" if word[:1].isdigit() else token
            return same, same, same
        full = word if word in self.common else f"{token[: len(token) - len(word)]}~{word[-3:]}"
        return full, f"{word[0]}{word[-2:]}", word if word in self.short else f"~{word[-2:]}"


def _number(form: str) -> int:
    return int.from_bytes(hashlib.blake2b(form.encode("utf-8"), digest_size=8).digest(), "little")


# What a column of a token's numbers is for: first and second of the five kinds of pairs (f: full, e: end, s: short form), the three of a run of
# three, the two of a pair with one and with two tokens between, and a word of a text without a negation and of one with.
PAIRS = 5
COLUMNS = "fesfs" + "fessf" + "sss" + "ss" + "ss" + "ff"
ROLES = tuple((form, _number(f"role {at}") | 1) for at, form in enumerate(COLUMNS))


@dataclass(frozen=True)
class Neighbourhood:
    """What is stored for a language: the forms of its tokens, and a weight for each place of each table."""

    forms: Forms
    negations: frozenset[str]  # words that make "gap" take the sentence for negated
    weights: Mapping[str, npt.NDArray[np.float32]]  # salad, gap, polarity


def tokens(text: str) -> list[str]:
    """Return words and signs, lower case; a capital that does not open a sentence is kept as "^"."""
    out: list[str] = []
    opening = True
    for token in TOKEN.findall(text):
        small = token.lower()
        out.append(small if opening or small == token else f"^{small}")
        opening = token in ENDS or (opening and not token[0].isalnum())
    return out


def places(found: Sequence[str], forms: Forms, negations: frozenset[str]) -> tuple[Places, Places]:
    """Return the places of a text's runs of tokens, and those of its words beside whether the text is negated, [runs] and [tokens]."""
    packed = b"".join([forms[EDGES[0]], *map(forms.__getitem__, found), forms[EDGES[1]]])
    roles = np.frombuffer(packed, np.uint64).reshape(-1, len(ROLES))
    pairs = roles[:-1, :PAIRS] + roles[1:, PAIRS : 2 * PAIRS]
    triples = roles[:-2, 10] + roles[1:-1, 11] + roles[2:, 12]
    apart, further = roles[:-2, 13] + roles[2:, 14], roles[:-3, 15] + roles[3:, 16]
    runs = np.concatenate([pairs.ravel(), triples, apart, further])
    return _place(runs), _place(roles[1:-1, 17 + (not negations.isdisjoint(found))])


def _place(sums: Numbers) -> Places:
    return (sums >> np.uint64(64 - BITS)).astype(np.int64)


def polarity_places(text: str, source: str, language: str) -> Places:
    """Return the places of what both sides say of yes and no: how often, and each such word beside the count of the other side."""
    (plain, own), (english, others) = grammar.cues(text, language), grammar.cues(source, "en")
    counts = min(plain, 3), min(english, 3)
    forms = [f"= {counts[0]} {counts[1]}", *(f"> {word} {counts[1]}" for word in own), *(f"< {word} {counts[0]}" for word in others)]
    return np.array([zlib.crc32(form.encode("utf-8")) & ((1 << POLARITY_BITS) - 1) for form in forms], np.int64)


@functools.cache
def neighbourhood(language: str) -> Neighbourhood | None:
    """Return what is stored for a language, None where nothing was trained."""
    path = Path(__file__).parent / f"neighbours_{language}.npz"
    if not path.is_file():
        return None
    with np.load(path, allow_pickle=False) as raw:
        common, short, negations = (frozenset(str(raw[name]).split()) for name in ("common", "short", "negations"))
        weights = {name: raw[name].astype(np.float32) * np.float32(raw[f"{name}_step"]) for name in (*HEADS, "polarity")}
    return Neighbourhood(Forms(common, short), negations, weights)


@functools.lru_cache(256)
def _odds(text: str, language: str) -> tuple[float, float]:
    known = neighbourhood(language)
    if known is None or not text.strip():
        return 0.0, 0.0
    runs, negated = places(tokens(text), known.forms, known.negations)
    salad, gap = known.weights["salad"], known.weights["gap"]
    return float(salad[runs].sum()), float(gap[runs].sum() + gap[negated].sum())


def salad_odds(text: str, language: str) -> float:
    """Return the log odds that the words of a text were shuffled; long good texts are far below 0, long salads far above."""
    return round(_odds(text, language)[0], 3)


def gap_odds(text: str, source: str, language: str) -> float:
    """Return the log odds that a text lacks a negation, going by what stands around the hole and by words that need one.

    Where the English has no word that says no or may hide it, nothing can be missing: NO_GAP.
    """
    return round(_odds(text, language)[1], 3) if grammar.cues(source, "en")[1] else NO_GAP


def polarity_odds(text: str, source: str, language: str) -> float:
    """Return the log odds that the translation lost a negation, going by the words of both sides that say no or may hide it."""
    known = neighbourhood(language)
    return round(float(known.weights["polarity"][polarity_places(text, source, language)].sum()), 3) if known is not None else 0.0
