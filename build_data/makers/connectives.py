"""Discourse connectives of a language and where they stand in a sentence; the lists are connectives_LANGUAGE.toml, which need no code to mend."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from corpora.config import ConfigError, read
from corpora.shards import file_sha256

Place = Literal["between", "before", "opening", "inside"]
PLACES: Mapping[str, tuple[Place, ...]] = {  # of a role: ", c B." | "C B, A." | "A. C B." | "A. B1 c B2."
    "subordinator": ("between", "before"),
    "coordinator": ("between", "opening"),
    "adverb": ("opening", "inside"),
}
_FIRST: tuple[Place, ...] = ("before", "opening")
_OTHERS: tuple[Place, ...] = ("between", "inside")
INSIDE = 8  # words an adverb may follow: later ones seldom join the whole sentence to the one before
FIRST = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)*")


@dataclass(frozen=True, kw_only=True)
class Connective:
    """One entry of the list; connectives_fi.toml says what the fields mean."""

    forms: tuple[str, ...]
    sense: str
    role: Literal["subordinator", "coordinator", "adverb"]
    places: tuple[Place, ...] = ()
    refused_moods: tuple[str, ...] = ()
    not_before_verb: bool = False
    sentential: bool = False
    not_before: tuple[str, ...] = ()

    def stands(self, place: str) -> bool:
        """Tell whether it may stand in `place`."""
        return place in (self.places or PLACES[self.role])


@dataclass(frozen=True, kw_only=True)
class Connectives:
    """A language's list. `senses` gives each finer class its label; a row holds no word of `leftovers`, but may hold one of `tolerated`; `scope` opens a clause that may swallow the next."""

    leftovers: tuple[str, ...]
    additive: tuple[str, ...]
    tolerated: tuple[str, ...]
    senses: Mapping[str, str]
    scope: tuple[str, ...]
    subordinators: tuple[str, ...]
    halves: tuple[str, ...]
    unfit: tuple[str, ...]
    resumed: tuple[str, ...]
    correlates: tuple[str, ...]
    impersonal: tuple[str, ...]
    links: tuple[str, ...]
    links_tie: bool
    takes_up: tuple[str, ...]
    sequels: tuple[str, ...]
    obliges: tuple[str, ...]
    permits: tuple[str, ...]
    attempts: tuple[str, ...]
    first_person: tuple[str, ...]
    says_nothing: tuple[str, ...]
    moods: Mapping[str, str]
    connective: tuple[Connective, ...]

    def __post_init__(self) -> None:
        for entry in self.connective:
            if entry.sense not in self.senses:
                raise ValueError(f"connective {entry.forms[0]!r} has sense {entry.sense!r}, which [senses] does not have; it has {', '.join(self.senses)}")

    @functools.cached_property
    def entries(self) -> Mapping[str, tuple[Connective, ...]]:
        """Return form -> its entries: one word can be two connectives, each in places of its own."""
        out: dict[str, tuple[Connective, ...]] = {}
        for entry in self.connective:
            for form in entry.forms:
                out[form] = (*out.get(form, ()), entry)
        return out

    @functools.cached_property
    def first_words(self) -> frozenset[str]:
        """Return the first word of every form and leftover: a sentence with none of them needs no closer look."""
        return frozenset(form.split()[0] for form in (*self.entries, *self.leftovers))

    def may_open(self, word: str) -> bool:
        """Tell whether a form or leftover may begin with a word, or with a part of it: what small letters don't leave whole counts by its parts."""
        folded = word.casefold()
        return folded in self.first_words or (not folded.isalpha() and not self.first_words.isdisjoint(FIRST.findall(folded)))

    @functools.cached_property
    def pattern(self) -> re.Pattern[str]:
        """Return what matches every form and leftover as whole words, the longest first."""
        forms = sorted({*self.entries, *self.leftovers}, key=lambda form: (-len(form), form))
        return re.compile(rf"(?<![\w-])(?:{'|'.join(map(re.escape, forms))})(?![\w-])", re.IGNORECASE)

    def in_mood(self, text: str, moods: Iterable[str]) -> bool:
        """Tell whether a word of `text` looks like a form of one of `moods`."""
        return any(re.search(rf"(?<![\w-])(?:{self.moods[mood]})(?![\w-])", text, re.IGNORECASE) for mood in moods if mood in self.moods)

    def is_fragment(self, span: str) -> bool:
        """Tell whether a span opens with a word that makes it a part of some other clause, or is a phrase with its relative clause and no more."""
        return (
            self.scoped.match(span) is not None
            or any(re.fullmatch(half, span) for half in self.halves)
            or ("," not in span and span.split()[0].casefold() in self.subordinators)
        )

    def goes_on(self, span: str) -> bool:
        """Tell whether a span opens with a word that may belong to the clause before it."""
        return span.split()[0].strip(",.").casefold() in self.subordinators

    @functools.cached_property
    def obliging(self) -> re.Pattern[str] | None:
        return _any(self.obliges)

    @functools.cached_property
    def permitting(self) -> re.Pattern[str] | None:
        return _any(self.permits)

    @functools.cached_property
    def empty(self) -> re.Pattern[str] | None:
        return _any(self.says_nothing)

    @functools.cached_property
    def attempting(self) -> re.Pattern[str] | None:
        return _any(self.attempts)

    @functools.cached_property
    def speaking(self) -> re.Pattern[str] | None:
        return _any(self.first_person)

    @functools.cached_property
    def scoped(self) -> re.Pattern[str]:
        return re.compile(rf"(?<![\w-])(?:{'|'.join(self.scope)})(?![\w-])", re.IGNORECASE)


def _any(words: Iterable[str]) -> re.Pattern[str] | None:
    """Return what matches one of `words` (patterns) as a whole word, None where there are none."""
    return re.compile(rf"(?<![\w-])(?:{'|'.join(words)})(?![\w-])", re.IGNORECASE) if words else None


@dataclass(frozen=True, slots=True)
class Found:
    """A connective in a sentence: text[start:end], its entry and its place."""

    entry: Connective
    place: Place
    start: int
    end: int


def _path(language: str) -> Path:
    return Path(__file__).with_name(f"connectives_{language}.toml")


@functools.cache
def connectives(language: str) -> Connectives:
    """Return the list of `language`. Raises ConfigError where there is none, or where it contradicts itself."""
    if not _path(language).is_file():
        known = ", ".join(sorted(path.stem.removeprefix("connectives_") for path in Path(__file__).parent.glob("connectives_*.toml")))
        raise ConfigError(f"no list of connectives for {language!r}; there are {known}: write {_path(language).name} beside them, or leave discourse out")
    return read(Connectives, _path(language))


def sums() -> dict[str, str]:
    """Return the lists' sha256 sums: whoever mends one raises no version."""
    return {path.stem: file_sha256(path) for path in sorted(Path(__file__).parent.glob("connectives_*.toml"))}


def marked(text: str, lists: Connectives) -> list[re.Match[str]]:
    """Return every connective and leftover in `text`, in order."""
    if lists.first_words.isdisjoint(FIRST.findall(text.casefold())):
        return []
    return list(lists.pattern.finditer(text))


def find(text: str, lists: Connectives) -> Found | str:
    """Return the connective of a sentence that joins two clauses or sentences, or why there is none to work with.

    "no_connective"; "place" (where it can't join two); "leftover" (a second one, or another word that gives a class away).
    """
    hits = marked(text, lists)
    if not hits:
        return "no_connective"
    fits = [found for hit in hits if (found := _fits(hit, text, lists))]
    if not fits:
        return "place"
    chosen = min(fits, key=lambda found: text[found.start : found.end].casefold() in lists.tolerated)
    others = (hit.group().casefold() for hit in hits if hit.start() != chosen.start)
    return chosen if all(word in lists.tolerated for word in others) else "leftover"


def _fits(hit: re.Match[str], text: str, lists: Connectives) -> Found | None:
    place = _place(text[: hit.start()])
    for entry in lists.entries.get(hit.group().casefold(), ()):
        for name in _FIRST if place == "first" else _OTHERS:
            if place in ("first", name) and entry.stands(name):
                return Found(entry, name, hit.start(), hit.end())
    return None


def _place(before: str) -> str:
    if not before:
        return "first"
    if before.endswith(", "):
        return "between"
    return "inside" if "," not in before and len(before.split()) <= INSIDE else "none"
