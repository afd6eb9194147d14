"""What a parse is, as plain data, and how it is written down. No library is needed to read or make one."""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

# What can be asked for beyond words and tags; a parse says by a sum of these what it holds.
LAYERS: Mapping[str, int] = {"trees": 1, "lemmas": 2, "entities": 4}
ALL_LAYERS = sum(LAYERS.values())


@dataclass(frozen=True, slots=True)
class Word:
    """One word; `start` and `end` are code points in the text that was parsed, `head` counts from 1 (0 = root or no tree)."""

    text: str
    upos: str
    feats: Mapping[str, str]
    head: int
    deprel: str
    start: int
    end: int
    lemma: str = ""


@dataclass(frozen=True, slots=True)
class Sentence:
    words: tuple[Word, ...]
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Entity:
    """A name; `start` and `end` are code points in the text, `kind` is the pack's own (PER, LOC, ORG, ...)."""

    start: int
    end: int
    kind: str


@dataclass(frozen=True, slots=True)
class Parse:
    """What is known of one text; without `trees` every head is 0 and every deprel empty, without `lemmas` every lemma is empty."""

    sentences: tuple[Sentence, ...]
    trees: bool
    lemmas: bool = False
    entities: tuple[Entity, ...] | None = None  # None = not asked for

    @property
    def layers(self) -> int:
        return int(self.trees) * LAYERS["trees"] + int(self.lemmas) * LAYERS["lemmas"] + (self.entities is not None) * LAYERS["entities"]


class Parser(Protocol):
    """What makers and filters need of a parser, so that tests can bring their own."""

    @property
    def language(self) -> str: ...

    @property
    def fingerprint(self) -> str: ...

    def parse(self, texts: Sequence[str], *, trees: bool, split: bool = True) -> list[Parse | None]:
        """Return one parse a text, in order; None for a text that failed. `split` = False keeps each text one sentence."""
        ...

    def refusal(self, text: str, *, split: bool = True) -> str:
        """Return why `parse` gave None for `text`, as "reason=value"; "" if it didn't."""
        ...


def parse_lines(parser: Parser, texts: Sequence[str], *, trees: bool) -> list[Parse | None]:
    """Parse texts whose sentence borders are known: each line is one sentence, whatever the pack thinks.

    Lines go to the parser as texts of their own, so one that occurs in many texts is parsed once. A text with a line that
    failed gives None.
    """
    lines = [line for text in texts for line in text.split("\n")]
    known = dict(zip(lines, parser.parse(lines, trees=trees, split=False), strict=True))
    return [_joined(text, [known[line] for line in text.split("\n")], trees) for text in texts]


def _joined(text: str, parses: Sequence[Parse | None], trees: bool) -> Parse | None:
    sentences: list[Sentence] = []
    at = 0
    for line, parse in zip(text.split("\n"), parses, strict=True):
        if parse is None:
            return None
        for s in parse.sentences:
            sentences.append(Sentence(tuple(replace(w, start=w.start + at, end=w.end + at) for w in s.words), s.start + at, s.end + at))
        at += len(line) + 1
    return Parse(tuple(sentences), trees)


@functools.lru_cache(maxsize=1 << 15)  # a language has a few thousand; splitting them for every word anew took a twentieth of a parse, copying them as much
def read_feats(feats: str) -> Mapping[str, str]:
    """Return "Case=Ine|Number=Sing" as a mapping that all words with these features share; "" and "_" are empty."""
    return dict(part.split("=", 1) for part in feats.split("|") if "=" in part)


def pack_parse(text: str, parse: Parse) -> str:
    """Return a parse as JSON; a word's text is left out (null) where the offsets give it."""
    rows = [
        [
            [w.start, w.end, w.upos, "|".join(f"{k}={v}" for k, v in w.feats.items()), w.head, w.deprel, *_extra(w, text)]
            for w in s.words
        ]
        for s in parse.sentences
    ]  # fmt: skip
    entities = None if parse.entities is None else [[e.start, e.end, e.kind] for e in parse.entities]
    return json.dumps([parse.layers, rows, entities], ensure_ascii=False, separators=(",", ":"))


def _extra(word: Word, text: str) -> list[str | None]:
    own = None if text[word.start : word.end] == word.text else word.text
    return [own, word.lemma] if word.lemma else [own] if own is not None else []


def pack_refusal(reason: str) -> str:
    """Return what stands for the parse of a text that is never parsed, with its reason."""
    return json.dumps(reason)


def unpack_parse(text: str, packed: str, layers: int = ALL_LAYERS) -> Parse | str:
    """Return the parse that pack_parse wrote for `text`, less what is not in `layers`, or the reason that pack_refusal wrote."""
    value = json.loads(packed)
    if isinstance(value, str):
        return value
    held, rows, entities = value
    trees, lemmas = (bool(held & layers & LAYERS[layer]) for layer in ("trees", "lemmas"))
    sentences = []
    for row in rows:
        words = []
        for start, end, upos, feats, head, deprel, *extra in row:
            own = extra[0] if extra else None
            lemma = extra[1] if lemmas and len(extra) > 1 else ""
            words.append(Word(own or text[start:end], upos, read_feats(feats), head if trees else 0, deprel if trees else "", start, end, lemma))
        sentences.append(Sentence(tuple(words), words[0].start, words[-1].end))
    found = tuple(Entity(*e) for e in entities) if entities is not None and layers & LAYERS["entities"] else None
    return Parse(tuple(sentences), trees, lemmas, found)
