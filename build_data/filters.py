"""Filters: each is one pure score, bounds and a why (HOUSE contract 4). The registry, and the step that scores and decides.

All scores of a row are stored, on kept and on refused rows, so that bounds can change without recomputing; a refused row
names the first filter it fails. Bounds below are defaults; a study's `[filters]` lays its own over them, and turns on a filter that is
off. What each scores, how its bounds were chosen and what they catch is in docs/filters.md.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from build_data import filters_parse, filters_task, grammar, heuristics, langid, meaning, neighbours, numerals, word_lists
from build_data.filters_base import Filter, Item, Need, View, check_bounds, failure, score
from build_data.filters_quality import damage_odds
from build_data.parse import Parse, Parser
from build_data.similarity import Comparer, Likeness
from build_data.steps import Dropped, Step
from corpora.config import pick
from corpora.records import Kind, Record, with_scores
from corpora.shards import known_sha256

__all__ = ["ALL", "FILTERS", "Filter", "Item", "View", "decide", "filter_step", "filters_for", "score"]

VERSION = 3  # raised whenever a score changes

SOURCE: frozenset[Need] = frozenset({"source"})
PARSE: frozenset[Need] = frozenset({"parse"})
BOTH: frozenset[Need] = frozenset({"source", "parse"})
ENCODER: frozenset[Need] = frozenset({"source", "encoder"})
MIN_LETTERS = 20  # below, a name decides which language it is ("Tom!"); such texts are left to the other filters


def _language(item: Item) -> float:
    return langid.probability(item.text, item.language) if sum(map(len, heuristics.LETTERS.findall(item.text))) >= MIN_LETTERS else 1.0


def _parse(item: Item) -> Parse:
    assert item.parse is not None, "a filter that needs a parse was asked without one"
    return item.parse


def _like(item: Item) -> Likeness:
    assert item.like is not None, "a filter that needs the encoder was asked without it"
    return item.like


def _finite_verb(item: Item) -> float:
    if item.source and not grammar.wants_finite(item.source, item.language):
        return 1.0
    return grammar.finite_share(_parse(item), item.language, strict=bool(item.source))


ALL = (
    Filter(name="few_words", family="heuristic", item=lambda i: heuristics.word_count(i.text), worst="min", low=2,
           why="words of the shortest text: a single word carries no relation and is mistranslated most (EasyNMT #22)"),
    Filter(name="many_words", family="heuristic", item=lambda i: heuristics.word_count(i.text), high=500,
           why="words of the longest text: beyond it is a table or a broken file, and no model here reads so far"),
    Filter(name="long_word", family="heuristic", item=lambda i: heuristics.longest_word(i.text), high=40,
           why="characters of the longest word (OpusFilter's 40): beyond it is an address, a table or a run of words without spaces"),
    Filter(name="average_word", family="heuristic", item=lambda i: heuristics.average_word(i.text), worst="far", low=2, high=20,
           why="mean characters of a word (OpusFilter's 2 to 20; Gopher's 10 is English: Finnish prose has 7 to 9): broken spacing or a list of codes"),
    Filter(name="letters", family="heuristic", item=lambda i: heuristics.letters(i.text), worst="min", low=0.6,
           why="share of letters: below it are tables, code and formulas"),
    Filter(name="latin", family="heuristic", item=lambda i: heuristics.latin(i.text), worst="min", low=0.8,
           why="share of letters in Latin script: Finnish and Hungarian have no other, a quoted name in Greek or Cyrillic may stand"),
    Filter(name="markup", family="heuristic", item=lambda i: heuristics.markup(i.text), high=0,
           why="HTML tags and references: what is left of a web page, which MT breaks"),
    Filter(name="repetition", family="heuristic", item=lambda i: heuristics.repetition(i.text), high=0.2,
           why="share of words in loops: the usual way for MT to fail (Opus-MT #49, #89)"),
    Filter(name="language", family="language", item=_language, worst="min", low=0.5, why="probability of the language: untranslated or foreign text"),
    Filter(name="length_ratio", family="heuristic", item=lambda i: heuristics.length_ratio(i.text, i.source), worst="far", low=0.4, high=2.2, needs=SOURCE,
           why="far shorter or longer than the source in characters: something was lost or invented"),
    Filter(name="word_ratio", family="heuristic", item=lambda i: heuristics.word_ratio(i.text, i.source), worst="far", low=0.33, high=2.0, needs=SOURCE, across=True,
           why="far fewer or more words than the source (OpusFilter's factor of 3 below; above it is 2, as both languages have fewer words than English)"),
    Filter(name="copy", family="heuristic", item=lambda i: heuristics.copied(i.text, i.source), high=0.3, needs=SOURCE, across=True,
           why="share of lower-case words taken over: the model copied instead of translating"),
    Filter(name="similar", family="heuristic", item=lambda i: heuristics.similarity(i.text, i.source), high=0.9, needs=SOURCE, across=True,
           why="1 - Levenshtein distance to the source (OpusFilter's 0.9): untranslated but for a letter or two"),
    Filter(name="common_substring", family="heuristic", item=lambda i: heuristics.common_substring(i.text, i.source), high=0.9, needs=SOURCE, across=True,
           why="longest run of characters shared with the source over the shorter text (OpusFilter's 0.9): untranslated text with something before or behind it"),
    Filter(name="numbers", family="heuristic", item=lambda i: numerals.numbers_lost(i.text, i.source, i.language), high=0.34, needs=SOURCE,
           why="share of numerals lost: answers and entailment hang on them"),
    Filter(name="numbers_made", family="heuristic", item=lambda i: numerals.numbers_made(i.text, i.source), high=0.5, needs=SOURCE,
           why="share of numerals that the source has neither in digits nor in words"),
    Filter(name="punctuation", family="heuristic", item=lambda i: heuristics.terminal_punctuation(i.text, i.source), worst="min", low=-2, needs=SOURCE, kinds=frozenset({"pair", "choice", "text"}),
           why="closing signs that the other side lacks (OpusFilter's -2): sentences lost, or dots in a row; not for contexts, which have many"),
    Filter(name="cut_off", family="heuristic", item=lambda i: heuristics.cut_off(i.text, i.source), high=0.5, needs=SOURCE,
           why="the source ends as a sentence, the translation doesn't: it was cut"),
    Filter(name="negation", family="words", item=lambda i: grammar.negation_mismatch(i.text, i.source, i.language), high=0.5, needs=SOURCE,
           why="a lost or invented negation turns an NLI label round"),
    Filter(name="names", family="words", item=lambda i: meaning.names_changed(i.text, i.source), high=0.9, needs=SOURCE,
           why="share of capitalised names without a counterpart by stem: another text's translation"),
    Filter(name="question", family="words", item=lambda i: meaning.question_changed(i.text, i.source, i.language), high=0.5, needs=SOURCE,
           why="a question that became a statement, or the other way round"),
    Filter(name="scope", family="words", item=lambda i: meaning.scope_changed(i.text, i.source, i.language), high=6, needs=SOURCE,
           why="classes of quantifiers and connectives on one side only: all, some, many, few, only, or, if, because, but"),
    Filter(name="neighbours", family="words", item=lambda i: neighbours.salad_odds(i.text, i.language), high=6.0, needs=SOURCE, across=True,
           why="log odds that the words are shuffled, by which stand beside which: word salad"),
    Filter(name="gap", family="words", item=lambda i: neighbours.gap_odds(i.text, i.source, i.language), needs=SOURCE, across=True,
           why="log odds that a negation is missing, by what stands around the hole and words that need one, where the English says no; evidence for `quality`"),
    Filter(name="polarity", family="words", item=lambda i: neighbours.polarity_odds(i.text, i.source, i.language), needs=SOURCE, across=True,
           why="log odds that a negation was lost, by all words of both sides that say no or may hide it; evidence for `quality`"),
    Filter(name="finite_verb", family="parse", item=_finite_verb, worst="min", low=0.01, needs=PARSE,
           why="no finite verb in any sentence, though the source, or a native text, has one"),
    Filter(name="fragment", family="parse", item=lambda i: grammar.fragment_share(_parse(i), i.language), high=0.5, needs=PARSE,
           why="most sentences are fragments: headings, list items, cut translations"),
    Filter(name="foreign", family="parse", item=lambda i: filters_parse.foreign_share(_parse(i)), high=0.34, needs=PARSE,
           why="share of words tagged as unknown, symbol or foreign"),
    Filter(name="stems", family="parse", item=lambda i: filters_parse.stem_repetition(_parse(i)), high=0.45, needs=PARSE,
           why="one stem over and over, in whatever form: a loop that endings hide"),
    Filter(name="tag_order", family="parse", item=lambda i: filters_parse.tag_order(_parse(i), i.language), worst="min", low=-0.1, needs=PARSE,
           why="word classes in an order that the language does not have: word salad"),
    Filter(name="tag_distance", family="parse", item=lambda i: filters_parse.tag_distance(_parse(i), i.language), high=0.12, needs=PARSE,
           why="word classes in shares far from those of good text: lists, loops, tables"),
    Filter(name="content_ratio", family="parse", item=lambda i: filters_parse.content_ratio(_parse(i), i.source), worst="far", low=0.33, high=3.0, needs=BOTH, across=True,
           why="content words of the translation over those of the source: function words alone, or a part left out"),
    Filter(name="person", family="parse", item=lambda i: filters_parse.person_changed(_parse(i), i.source), needs=BOTH, across=True,
           why="first person on one side only; evidence for `quality`, too often a matter of style to decide alone"),
    Filter(name="tense", family="parse", item=lambda i: filters_parse.tense_changed(_parse(i), i.source), needs=BOTH, across=True,
           why="past on one side, present on the other, with packs that tag tense; evidence, too often a matter of style to decide alone"),
    Filter(name="similarity", family="encoder", item=lambda i: _like(i).similarity, worst="min", low=0.43, needs=ENCODER, on=False,
           why="mean best likeness of word pieces both ways by the base encoder: another text's translation"),
    Filter(name="coverage", family="encoder", item=lambda i: _like(i).coverage, worst="min", low=0.1, needs=ENCODER, on=False,
           why="likeness of the source's three worst pieces: a part of the source that nothing translates"),
    Filter(name="order", family="encoder", item=lambda i: _like(i).order, worst="min", low=-0.3, needs=ENCODER, on=False,
           why="do counterparts stand in about the source's order: word salad; both languages order freely, so the bound is loose"),
    Filter(name="label", family="task", row=filters_task.label_unsafe, high=0.5, kinds=frozenset({"pair"}),
           why="a contradiction (or neutral) of equal texts, or a label whose negation was lost on one side of the pair"),
    Filter(name="hypothesis_scope", family="task", row=filters_task.scope_lost, high=3, needs=SOURCE, kinds=frozenset({"pair"}),
           why="quantifiers and connectives of a hypothesis decide its label; several changed at once is another sentence"),
    Filter(name="answer_type", family="task", row=filters_task.answer_misfit, high=0.5, kinds=frozenset({"span"}),
           why="asked when, how many or who, and the answer is no time, number or name"),
    Filter(name="answer_places", family="task", row=filters_task.answer_places, high=8, kinds=frozenset({"span"}),
           why="times that the answer stands in its context: where it is everywhere, no place is the answer"),
    Filter(name="endings", family="task", row=filters_task.ending_balance, worst="far", low=0.4, high=2.5, kinds=frozenset({"choice"}),
           why="the right ending over the mean wrong one in length: a length that gives it away"),
    Filter(name="quality", family="all", combine=damage_odds, high=3.0, needs=SOURCE, across=True,
           why="all scores of a text weighed together, as log odds that it is damaged: several that are each just within bounds"),
)  # fmt: skip
FILTERS: Mapping[str, Filter] = {f.name: f for f in ALL}


def filters_for(arm: str, kind: Kind, bounds: Mapping[str, tuple[float, float]], without: Sequence[str] = ()) -> tuple[Filter, ...]:
    """Return the filters of an arm in order but for those in `without`, with a study's bounds over the defaults. Raises ConfigError for an unknown name or empty bounds.

    English rows get those that look at a text alone, so that arms differ in their source only; native rows get parses as well;
    translated rows get all, back-translated ones those that make sense within one language. A filter that is off is chosen by naming it in `bounds`.
    """
    for name in without:
        pick(FILTERS, name, "filter")
    for name, (low, high) in bounds.items():
        pick(FILTERS, name, "filter")
        check_bounds(name, low, high)
    way = arm.partition("-")[0]
    has: dict[str, frozenset[Need]] = {"en": frozenset(), "native": PARSE, "bt": SOURCE, "mt": BOTH | ENCODER}
    chosen = (
        f
        for f in ALL
        if f.name not in without and (f.on or f.name in bounds) and f.needs <= has[way] and (not f.kinds or kind in f.kinds) and not (f.across and way == "bt")
    )
    return tuple(dataclasses.replace(f, low=bounds[f.name][0], high=bounds[f.name][1]) if f.name in bounds else f for f in chosen)


def decide(record: Record, filters: Sequence[Filter]) -> Record | Dropped:
    """Return the row, or its refusal by the first filter whose bounds its stored score is outside of. Nothing is computed.

    A filter that has no score on the row says nothing: other settings built it.
    """
    found = failure(record.scores, filters)
    return Dropped(record, "filter", f"{found[0].name}={found[1]:.3g}", found[1]) if found else record


def filter_step(filters: Sequence[Filter], language: str, parser: Parser | None, sources: Mapping[str, Record], comparer: Comparer | None = None) -> Step:
    """Return the row-local step that scores and filters rows; see the module's docstring.

    `sources` has the English row of each source_id; a row whose source is not there is refused as "no_source" if a filter compares.
    Without `parser` or `comparer`, filters that need it are left out. A text the parser fails on refuses its row, with the parser's own reason:
    "too_long" (its characters), "long_sentence" (its words) or "crash" (the error's name).
    """
    used = [f for f in filters if ("parse" not in f.needs or parser is not None) and ("encoder" not in f.needs or comparer is not None)]
    parsed = parser if any("parse" in f.needs for f in used) else None
    compared = comparer if any("encoder" in f.needs for f in used) else None

    def work(records: Sequence[Record]) -> Iterator[Record | Dropped]:
        texts = [text for record in records for text in record.texts()]
        parses: dict[str, Parse | None] = dict(zip(texts, parsed.parse(texts, trees=False), strict=True)) if parsed else {}
        pairs = [pair for record in records if record.source_id in sources for pair in zip(record.texts(), sources[record.source_id].texts(), strict=False)]
        likes = dict(zip(pairs, compared.compare(pairs), strict=True)) if compared else {}
        for record in records:
            yield _judge(record, used, language, parses if parsed else None, likes, sources, parsed)

    counted = [
        known_sha256(path)[:16] for name in ("quality", "tags") if (path := Path(__file__).parent / f"{name}_{language}.toml").is_file()
    ] + word_lists.marks("en", language)
    settings: dict[str, Any] = {
        "language": language, "filters": [[f.name, f.low, f.high] for f in used], "counted": counted,
        "pack": parsed.fingerprint if parsed else "", "encoder": compared.fingerprint if compared else "",
    }  # fmt: skip
    return Step("filter", work, settings, VERSION)


def _judge(
    record: Record,
    filters: Sequence[Filter],
    language: str,
    parses: Mapping[str, Parse | None] | None,
    likes: Mapping[tuple[str, str], Likeness],
    sources: Mapping[str, Record],
    parser: Parser | None,
) -> Record | Dropped:
    """Score one row with every filter; the first that refuses gives the reason."""
    source = sources.get(record.source_id)
    if source is None and any("source" in f.needs for f in filters):
        return Dropped(record, "filter", "no_source")
    english = source.texts() if source else ("",) * len(record.texts())
    items = []
    for text, behind in zip(record.texts(), english, strict=True):
        parse = parses[text] if parses is not None else None
        if parser is not None and parse is None:
            reason = parser.refusal(text)
            size = reason.partition("=")[2]
            return Dropped(record, "filter", reason, float(size) if size.isdigit() else 0.0)
        items.append(Item(language, text, behind, parse, likes.get((text, behind))))
    view = View(language, tuple(items), record, source)
    return decide(with_scores(record, score(view, filters)), filters)
