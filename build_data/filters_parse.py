"""Scores that look at Stanza's tags: order and distribution of word classes, person and tense, what is foreign or said too often.

There is no English pack, so the English side is told by its closed-class words; order and distribution are held against a norm of the
target language, counted on good text (tags_fi.toml, tags_hu.toml: made by `python -m benchmarks.filters norms`).
"""

from __future__ import annotations

import functools
import itertools
import math
import re
import tomllib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from build_data.heuristics import folded, words
from build_data.parse import Parse, Word
from corpora.records import nfc

CONTENT = frozenset(("NOUN", "PROPN", "VERB", "ADJ", "ADV", "NUM"))
NOMINAL = frozenset(("NOUN", "PROPN", "ADJ", "PRON", "NUM", "DET"))
EDGE = "EDGE"  # the beginning or end of a sentence
SMOOTH = 0.5  # added to every pair of tags: unseen ones are rare, not impossible
DAMP = 4  # pairs of usual gain that every text is given
UNSEEN = -1.0  # log ratio of a pair with a tag that the norm does not know
PRIOR = 12  # words of the norm mixed into a text's own distribution, so that short texts are not far from it by chance
# English words that carry no content of their own; Finnish and Hungarian say most of them by endings.
CLOSED = re.compile(
    r"the|an?|this|that|these|those|my|your|his|her|its|our|their|i|you|he|she|it|we|they|me|him|us|them|myself|yourself|himself|herself|itself|ourselves|themselves"
    r"|who\w*|which|what|whose|and|or|but|nor|if|because|while|than|as|of|in|on|at|by|for|with|about|against|between|into|through|during|before|after|above|below|to"
    r"|from|up|down|out|off|over|under|am|is|are|was|were|be|been|being|have|has|had|having|do|does|did|doing|will|would|shall|should|can|could|may|might|must|not"
    r"|no|there|here|so|too|very|just|\w+n['’]t|\w+['’](?:s|re|ve|ll|d|m)"
)
FIRST_PERSON = re.compile(r"(?:i|we|me|us|my|our|mine|ours|myself|ourselves|let['’]s)(?:['’]\w+)?")
PAST = re.compile(r"was|were|did|had|went|said|came|took|made|got|gave|saw|knew|thought|told|became|left|\w{3,}ed")
PRESENT = re.compile(
    r"is|are|am|do|does|has|have|will|can|may|must|should|would|could|might|let|['’](?:s|re|m|ll|ve)|\w+['’](?:s|re|m|ll|ve|d)|don['’]t|doesn['’]t"
)


@dataclass(frozen=True)
class Norm:
    """How often tags follow one another in good text of a language; `gain[a, b]` = log P(b after a) / P(b)."""

    share: dict[str, float]  # of each word class
    gain: dict[tuple[str, str], float]
    usual: float  # the mean gain of good text


def tag(word: Word) -> str:
    """Return the word class with what decides its neighbours: case of a nominal, form and person of a verb."""
    if word.upos in NOMINAL:
        return f"{word.upos}.{word.feats.get('Case', '')}"
    if word.upos in ("VERB", "AUX"):
        return f"{word.upos}.{word.feats.get('VerbForm', '')}.{word.feats.get('Person', '')}"
    return word.upos


def norm_of(counts: dict[str, dict[str, int]]) -> Norm:
    """Return the norm of counted pairs, {tag: {tag after it: times}}, EDGE included."""
    after: Counter[str] = Counter()
    for row in counts.values():
        after.update(row)
    total, kinds = after.total(), len(after)
    gain, usual = {}, 0.0
    for a, row in counts.items():
        size = sum(row.values())
        for b, times in after.items():
            gain[a, b] = math.log((row.get(b, 0) + SMOOTH * kinds * times / total) / (size + SMOOTH * kinds)) - math.log(times / total)
            usual += row.get(b, 0) / total * gain[a, b]
    classes: Counter[str] = Counter()
    for name, times in after.items():
        if name != EDGE:
            classes[name.partition(".")[0]] += times
    return Norm({name: times / classes.total() for name, times in classes.items()}, gain, usual)


@functools.cache
def norm(language: str) -> Norm | None:
    """Return the norm of a language, None where none was counted."""
    path = Path(__file__).parent / f"tags_{language}.toml"
    return norm_of(tomllib.loads(path.read_text("utf-8"))) if path.is_file() else None


def pairs(parse: Parse) -> list[tuple[str, str]]:
    """Return the adjacent tags of every sentence, its edges included."""
    out: list[tuple[str, str]] = []
    for sentence in parse.sentences:
        tags = [EDGE, *map(tag, sentence.words), EDGE]
        out += itertools.pairwise(tags)
    return out


def tag_order(parse: Parse, language: str) -> float:
    """Return how much better than chance each tag fits behind the one before it, over what is usual in good text (1): the mean log ratio.

    DAMP usual pairs are added, or two or three words would be far off by chance. A language without a norm gives 1.
    """
    known, found = norm(language), pairs(parse)
    if known is None:
        return 1.0
    gains = sum(known.gain.get(pair, UNSEEN) for pair in found)
    return (gains + DAMP * known.usual) / (len(found) + DAMP) / known.usual


def tag_distance(parse: Parse, language: str) -> float:
    """Return the Jensen-Shannon divergence (0 to 1) of a text's word classes from the language's norm."""
    known = norm(language)
    own = Counter(w.upos for s in parse.sentences for w in s.words)
    if known is None or not own:
        return 0.0
    total = own.total() + PRIOR
    out = 0.0
    for name in sorted({*own, *known.share}):  # a set has another order in every process, and a sum of floats with it
        q = known.share.get(name, 1e-4)
        p = (own[name] + PRIOR * q) / total
        m = (p + q) / 2
        out += (p * math.log2(p / m) + q * math.log2(q / m)) / 2
    return out


def _own(parse: Parse) -> list[Word]:
    return [w for s in parse.sentences for w in s.words if w.upos != "PUNCT"]


def foreign_share(parse: Parse) -> float:
    """Return the share of words tagged as unknown, as a symbol or as foreign."""
    own = _own(parse)
    return sum(w.upos in ("X", "SYM") or w.feats.get("Foreign") == "Yes" for w in own) / len(own) if own else 0.0


def stem_repetition(parse: Parse) -> float:
    """Return the share of content words that repeat the commonest stem (5 letters: most endings come later); 0 below five such words."""
    stems = Counter(w.text.casefold()[:5] for w in _own(parse) if w.upos in CONTENT)
    return (max(stems.values()) - 1) / stems.total() if stems.total() >= 5 else 0.0


@functools.lru_cache(4096)
def _english_content(source: str) -> int:
    return sum(CLOSED.fullmatch(word) is None for word in words(folded(source)))


def content_ratio(parse: Parse, source: str) -> float:
    """Return content words of the translation (by tag) over those of the English source (by a list of the others), two added to both."""
    return (sum(w.upos in CONTENT for w in _own(parse)) + 2) / (_english_content(nfc(source)) + 2)


def person_changed(parse: Parse, source: str) -> float:
    """Return 1 if one side speaks of "I" or "we" and the other has nothing in the first person, else 0."""
    theirs = any(FIRST_PERSON.fullmatch(word) for word in words(folded(source)))
    return float(theirs != any(w.feats.get("Person") == "1" for w in _own(parse)))


def tense_changed(parse: Parse, source: str) -> float:
    """Return 1 if the English tells of the past alone and every finite verb of the translation is in the present, or the other way round.

    0 for packs that tag no tense, as the bundled ones.
    """
    tenses = {w.feats["Tense"] for w in _own(parse) if "Tense" in w.feats and w.feats.get("VerbForm") == "Fin"}
    if len(tenses) != 1:
        return 0.0
    english: Sequence[str] = words(folded(source))
    past, present = (any(pattern.fullmatch(word) for word in english) for pattern in (PAST, PRESENT))
    if past == present:
        return 0.0
    return float(tenses == ({"Pres"} if past else {"Past"}))
