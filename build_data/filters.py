"""Filters: each is one pure score, bounds and a why (HOUSE contract 4).

All scores of a row are stored, on kept and on refused rows, so that bounds can change without recomputing; a refused row
names the first filter it fails. Bounds below are defaults; a study's `[filters]` lays its own over them.

Pass rates in percent (November 2026, bundled Stanza packs, one sentence a row; news = dev newstest, short = Tatoeba, own = corpora/mini):

| text                        | as          | fi news | fi short | fi own | hu news | hu short | hu own |
|-----------------------------|-------------|---------|----------|--------|---------|----------|--------|
| human translation           | mt-*        | 97.0    | 96.8     |        | 94.7    | 92.2     |        |
| the same                    | native-*    | 95.3    | 92.4     | 94.6   | 99.3    | 95.6     | 99.8   |
| its English source          | en          | 99.3    | 100      |        | 99.3    | 100      |        |
| another row's translation   | mt-*        | 40      | 68       |        | 44      | 60       |        |
| the English itself          | mt-*        | 0       | 0        |        | 1       | 0        |        |
| the first half of its words | mt-*        | 5       | 1        |        | 3       | 1        |        |
| last word said seven times  | mt-*        | 1       | 0        |        | 2       | 0        |        |

So mismatched pairs of like length pass too often: that takes sentence embeddings or alignment scores.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from build_data import grammar, heuristics, langid
from build_data.parse import Parse, Parser
from build_data.steps import Dropped, Step
from corpora.config import pick
from corpora.records import Kind, Record, with_scores

VERSION = 1  # raised whenever a score changes


@dataclass(frozen=True, slots=True)
class View:
    """What a score may look at: a row's texts, the English text behind each (none for native rows), and a parse each."""

    language: str
    texts: tuple[str, ...]
    sources: tuple[str, ...] = ()
    parses: tuple[Parse, ...] = ()

    def pairs(self) -> Iterator[tuple[str, str]]:
        """Yield (text, source) of each text that has a source."""
        return zip(self.texts, self.sources, strict=False)


@dataclass(frozen=True, kw_only=True)
class Filter:
    """A score with the range in which a row is kept (both ends included)."""

    name: str
    score: Callable[[View], float]
    low: float = -math.inf
    high: float = math.inf
    needs: Literal["text", "source", "parse"] = "text"
    why: str

    def __call__(self, view: View) -> float:
        """Return the score. Raises ValueError for NaN, which would slip through any bounds."""
        value = self.score(view)
        if math.isnan(value):
            raise ValueError(f"filter {self.name} scored NaN on {view.texts!r}")
        return value

    def keeps(self, value: float) -> bool:
        return self.low <= value <= self.high


def _few(view: View) -> float:
    return float(min(len(t.split()) for t in view.texts))


def _many(view: View) -> float:
    return float(max(len(t.split()) for t in view.texts))


def _letters(view: View) -> float:
    return min(map(heuristics.letters, view.texts))


def _repetition(view: View) -> float:
    return max(map(heuristics.repetition, view.texts))


def _language(view: View) -> float:
    # Below 20 letters a name decides the answer ("Tom!"); such texts are left to the others.
    long = [t for t in view.texts if sum(map(str.isalpha, t)) >= 20]
    return min((langid.probability(t, view.language) for t in long), default=1.0)


def _length_ratio(view: View) -> float:
    return heuristics.farthest_from_one([heuristics.length_ratio(t, s) for t, s in view.pairs()])


def _copy(view: View) -> float:
    return max((heuristics.copied(t, s) for t, s in view.pairs()), default=0.0)


def _numbers(view: View) -> float:
    return max((heuristics.numbers_lost(t, s, view.language) for t, s in view.pairs()), default=0.0)


def _negation(view: View) -> float:
    return max((grammar.negation_mismatch(t, s, view.language) for t, s in view.pairs()), default=0.0)


def _cut_off(view: View) -> float:
    return max((heuristics.cut_off(t, s) for t, s in view.pairs()), default=0.0)


def _finite_verb(view: View) -> float:
    translated = bool(view.sources)
    wanted = [not translated or grammar.wants_finite(view.sources[i], view.language) for i in range(len(view.parses))]
    shares = [grammar.finite_share(p, view.language, strict=translated) for p, want in zip(view.parses, wanted, strict=True) if want]
    return min(shares, default=1.0)


def _fragment(view: View) -> float:
    return max((grammar.fragment_share(p, view.language) for p in view.parses), default=0.0)


ALL = (
    Filter(name="few_words", score=_few, low=2, why="words of the shortest text: a single word carries no relation and is mistranslated most (EasyNMT #22)"),
    Filter(name="many_words", score=_many, high=500, why="words of the longest text: beyond it is a table or a broken file, and no model here reads so far"),
    Filter(name="letters", score=_letters, low=0.6, why="share of letters: below it are tables, code and formulas"),
    Filter(name="repetition", score=_repetition, high=0.2, why="share of words in loops: the usual way for MT to fail (Opus-MT #49, #89)"),
    Filter(name="language", score=_language, low=0.5, why="probability of the language: untranslated or foreign text"),
    Filter(
        name="length_ratio", score=_length_ratio, low=0.4, high=2.2, needs="source", why="far shorter or longer than the source: something was lost or invented"
    ),
    Filter(name="copy", score=_copy, high=0.3, needs="source", why="share of lower-case words taken over: the model copied instead of translating"),
    Filter(name="numbers", score=_numbers, high=0.34, needs="source", why="share of numerals lost: answers and entailment hang on them"),
    Filter(name="negation", score=_negation, high=0.5, needs="source", why="a lost or invented negation turns an NLI label round"),
    Filter(name="cut_off", score=_cut_off, high=0.5, needs="source", why="the source ends as a sentence, the translation doesn't: it was cut"),
    Filter(name="finite_verb", score=_finite_verb, low=0.01, needs="parse", why="no finite verb in any sentence, though the source, or a native text, has one"),
    Filter(name="fragment", score=_fragment, high=0.5, needs="parse", why="most sentences are fragments: headings, list items, cut translations"),
)
FILTERS: Mapping[str, Filter] = {f.name: f for f in ALL}


def filters_for(arm: str, kind: Kind, bounds: Mapping[str, tuple[float, float]]) -> tuple[Filter, ...]:
    """Return the filters of an arm in order, with a study's bounds over the defaults. Raises ConfigError for an unknown name.

    English rows get those that look at a text alone, so that arms differ in their source only; native rows get parses
    as well; translated rows get all. Back-translated rows (bt-en) are compared with their source as well, but for copied words, which
    they should have, and are not parsed: no study has an English pack, and the en arm they are compared with is not parsed either.
    """
    for name in bounds:
        pick(FILTERS, name, "filter")
    del kind  # every kind gives its texts, so no filter asks for it yet
    needs = {"text"} if arm == "en" else {"text", "parse"} if arm.startswith("native") else {"text", "source", "parse"}
    if arm.startswith("bt-"):
        needs = {"text", "source"}
    chosen = (f for f in ALL if f.needs in needs and not (f.name == "copy" and arm.startswith("bt-")))
    return tuple(dataclasses.replace(f, low=bounds[f.name][0], high=bounds[f.name][1]) if f.name in bounds else f for f in chosen)


def filter_step(filters: Sequence[Filter], language: str, parser: Parser | None, sources: Mapping[str, Record]) -> Step:
    """Return the row-local step that scores and filters rows; see the module's docstring.

    `sources` has the English row of each source_id; a row whose source is not there is refused as "no_source" if a filter
    compares. Without `parser`, filters that need a parse are left out. A text the parser fails on refuses its row: "unparsed".
    """
    used = [f for f in filters if f.needs != "parse" or parser is not None]
    parsed = parser if any(f.needs == "parse" for f in used) else None

    def work(records: Sequence[Record]) -> Iterator[Record | Dropped]:
        texts = [text for record in records for text in record.texts()]
        known: dict[str, Parse | None] = dict(zip(texts, parsed.parse(texts, trees=False), strict=True)) if parsed else {}
        for record in records:
            yield _judge(record, used, language, known if parsed else None, sources)

    settings: dict[str, Any] = {"language": language, "filters": [[f.name, f.low, f.high] for f in used], "pack": parsed.fingerprint if parsed else ""}
    return Step("filter", work, settings, VERSION)


def _judge(
    record: Record, filters: Sequence[Filter], language: str, parses: Mapping[str, Parse | None] | None, sources: Mapping[str, Record]
) -> Record | Dropped:
    """Score one row with every filter; the first that refuses gives the reason."""
    source = sources.get(record.source_id)
    if source is None and any(f.needs == "source" for f in filters):
        return Dropped(record, "filter", "no_source")
    found = [parses[text] for text in record.texts()] if parses is not None else []
    if any(parse is None for parse in found):
        return Dropped(record, "filter", "unparsed")
    view = View(language, record.texts(), source.texts() if source else (), tuple(parse for parse in found if parse is not None))
    scores = {f.name: f(view) for f in filters}
    scored = with_scores(record, scores)
    for f in filters:
        if not f.keeps(scores[f.name]):
            return Dropped(scored, "filter", f"{f.name}={scores[f.name]:.3g}", scores[f.name])
    return scored
