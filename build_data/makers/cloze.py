"""Questions on running text as a span task: a constituent of a sentence is the answer, the sentence around it the question.

A language's own files (questions_fi, questions_hu) say which constituents can be asked for and how; here is what languages share:
which sentences are tried, which of several questions stay, and how many of a kind. cloze_contexts.py says what a question is read with.

Precision goes before yield. Read by a language model, no native speaker, in November 2026, with the bundled packs on real text (wiki, law, web, novels):
81 of 100 random questions in Finnish and 82 in Hungarian were acceptable; the question word fitted in 97 and 96 (docs/native-review/README.md).
"""

from __future__ import annotations

import functools
import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

from build_data.makers import questions_fi, questions_hu, words_fi, words_hu
from build_data.makers.cloze_contexts import CONTEXT, Place, merged, unanswerable, window
from build_data.makers.common import Declared, Made, chance, common_fields, read_documents, whole_sentence
from build_data.makers.ordinary import signs
from build_data.makers.questions import Draft, Names, copied
from build_data.parse import Parser, Sentence
from build_data.steps import Ledger
from corpora.config import pick
from corpora.records import Document, Span

NAME = "cloze"
VERSION = 3
SHORTEST, LONGEST = 4, 22  # words a sentence: rules meet no surprises in short ones, and real text has plenty
ANSWER_WORDS = {"reason": 14}  # else MOST_ANSWER
MOST_ANSWER = 6
TORN = re.compile(r"\w- (?!(?:ja|tai|sekä|eli|és|s|vagy|meg|illetve|valamint)\b)\w")  # a word that the end of a printed line cut in two
PER_SENTENCE = 3
MOST_SENTENCES = 400  # of a document: one in twenty gives a question, so long documents don't outweigh others
MOST_COPIED = 7  # words in a row that a question may take from its sentence
MOST_OF_A_KIND = 0.3  # of the rows of a block; below FEWEST rows nothing is cut
MOST_OPENING = 0.03  # of the rows of a block may have an answer that opens its context; a guess finds one in 30 to 40
FEWEST_OPENING = 2
FEWEST = 40
UNANSWERABLE = 1 / 3  # as in SQuAD v2


@dataclass(frozen=True)
class Rules:
    """A language's questions: a look at the bare text that saves parsing, the rules on the parse, and which words Names passes over."""

    plausible: Callable[[str], bool]
    ask: Callable[[str, Sentence, Names], list[Draft]]
    derived: re.Pattern[str]


LANGUAGES: Mapping[str, Rules] = {
    "fi": Rules(questions_fi.plausible, questions_fi.ask, words_fi.DERIVED),
    "hu": Rules(questions_hu.plausible, questions_hu.ask, words_hu.DERIVED),
}


def cloze_questions(documents: Sequence[Document], language: str, parser: Parser, seed: int, *, max_sentences: int, without: float = 0.0) -> Made:
    """Make rows, `without` of them (0 to 1, as far as documents have other paragraphs) unanswerable; see the module.

    Candidates are sentences, and every further question from one. Refused: what whole_sentence says, "torn", "unparsed", "no_question" (the
    rules find nothing to ask), "copied" (only questions that repeat MOST_COPIED words or more in a row), "context" (no answer stands
    once in a context of the right size), "repeated" (the question was asked before), "place" (too many answers open their context), "kind"
    (too many ask for the same).
    Raises ConfigError for a language without rules.
    """
    rules = pick(LANGUAGES, language, "language with question rules")
    kept, read = read_documents(documents, language, least=CONTEXT[0])
    names = Names(rules.derived)
    names.read(line for _, parts in kept for part in parts for line in part)
    ledger = Ledger("make")
    places = _candidates(kept, max_sentences, rules, ledger)
    rows: list[Span] = []
    kinds: Counter[str] = Counter()
    named = {"entities": True} if "entities" in getattr(parser, "layers", ()) else {}
    for place, parse in zip(places, parser.parse([p.text for p in places], trees=False, split=False, **named), strict=True):
        drafts = rules.ask(place.text, parse.sentences[0], names.beside(parse.entities)) if parse is not None and parse.sentences else []
        fresh = [d for d in drafts if copied(d.question, place.text) <= MOST_COPIED]
        made = _rows(place, fresh, seed, kinds)
        ledger.made += max(0, len(made) - 1)
        if not made:
            ledger.excluded["unparsed" if parse is None else "no_question" if not drafts else "copied" if not fresh else "context"] += 1
        rows += made
    rows = _cut(rows, seed, ledger)
    ledger.kept = len(rows)
    whole = {document.id: merged(parts) for document, parts in kept}
    return Made([*unanswerable(rows, whole, without, seed)], [read.close(), ledger.close()])


def _candidates(kept: Sequence[tuple[Document, list[list[str]]]], most: int, rules: Rules, ledger: Ledger) -> list[Place]:
    """Return the sentences worth parsing, of the first `most` of each document; the ledger counts sentences, and why others are none."""
    ordinary = iter(signs([line for _, parts in kept for part in parts for line in part], (SHORTEST, LONGEST), LONGEST).ordinary.tolist())
    out: list[Place] = []
    for document, parts in kept:
        lines = tuple(line for part in parts for line in part)
        paragraphs = tuple(number for number, part in enumerate(parts) for _ in part)
        plain = list(islice(ordinary, len(lines)))  # neither pattern would find a thing
        for at, line in enumerate(lines[:most]):
            fault = "" if plain[at] else whole_sentence(line, SHORTEST, LONGEST) or ("torn" if TORN.search(line) else "")
            if fault or not rules.plausible(line):
                ledger.excluded[fault or "no_question"] += 1
            else:
                out.append(Place(document, lines, paragraphs, at))
        ledger.made += len(lines[:most])
    return out


def _rows(place: Place, drafts: Sequence[Draft], seed: int, kinds: Counter[str]) -> list[Span]:
    """Turn drafts into rows: the rarer kinds first, at most PER_SENTENCE a sentence, answers that don't overlap and stand once in their context."""
    out: list[Span] = []
    used: list[tuple[int, int]] = []
    for draft in sorted(drafts, key=lambda d: (kinds[d.kind], d.start)):
        answer = place.text[draft.start : draft.end]
        short = len(answer.split()) <= ANSWER_WORDS.get(draft.kind, MOST_ANSWER)
        if len(out) == PER_SENTENCE or not short or any(a < draft.end and draft.start < b for a, b in used):
            continue
        found = window(place, (draft.start, draft.end), seed)
        if found is None:
            continue
        context, offset = found
        used.append((draft.start, draft.end))
        kinds[draft.kind] += 1
        number = f"{place.document.id}-{NAME}-{chance(place.text) % 10**8:08d}-{len(out)}"
        fields = common_fields(place.document, NAME, 0) | {"id": number, "subtype": draft.kind}
        out.append(Span(**fields, title=place.document.title, context=context, question=draft.question, answers=((answer, offset + draft.start),)))
    return out


def _cut(rows: Sequence[Span], seed: int, ledger: Ledger) -> list[Span]:
    """Leave out repeated questions, and by hash what goes beyond a kind's share and most answers that open their context."""
    first = list({row.question.casefold(): row for row in reversed(rows)}.values())[::-1]
    ledger.excluded["repeated"] += len(rows) - len(first)
    openings = _by_chance((row for row in first if row.answers[0][1] == 0), seed, "place")
    over = {row.id for row in openings[max(FEWEST_OPENING, int(MOST_OPENING * len(first))) :]}
    ledger.excluded["place"] += len(over)
    first = [row for row in first if row.id not in over]
    counts = Counter(row.subtype for row in first)
    most = max(FEWEST, *counts.values()) if counts else FEWEST
    while most > FEWEST and most > MOST_OF_A_KIND * sum(min(n, most) for n in counts.values()):
        most -= 1
    kept = {row.id for kind in counts for row in _by_chance((row for row in first if row.subtype == kind), seed, "kind")[:most]}
    ledger.excluded["kind"] += len(first) - len(kept)
    return [row for row in first if row.id in kept]


def _by_chance(rows: Iterable[Span], seed: int, what: str) -> list[Span]:
    return sorted(rows, key=lambda row: chance(seed, what, row.id))


_PROBLEMS = (
    "A phrase is torn where a tag was wrong.",
    "Mikä or mi can ask for an institution that a person would rather call kuka or ki.",
    "A question can name its subject by a word that only the paragraph explains.",
)
FAMILY = Declared(
    run=cloze_questions,
    kind="span",
    version=VERSION,
    max_sentences=MOST_SENTENCES,
    what="A question made by rules on the tagged words of one sentence of the context; the answer is a constituent of that sentence.",
    problems=_PROBLEMS,
)
WITH_UNANSWERABLE = Declared(
    run=functools.partial(cloze_questions, without=UNANSWERABLE),
    kind="span",
    version=VERSION + 1,  # contexts without an answer are as long as others
    max_sentences=MOST_SENTENCES,
    what="A question made by rules on the tagged words of one sentence; a third are read with other paragraphs of their document, which hold no answer.",
    problems=_PROBLEMS,
)
