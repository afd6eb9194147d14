"""Questions on running text as a span task: a constituent of a sentence is the answer, the sentence around it the question.

A language's own file (questions_fi, questions_hu) says which constituents can be asked for and how; here is what languages share:
which sentences are tried, what context a question gets, and which of several questions stay.

Read by the author (a language model, no native speaker), November 2026, with the bundled packs: of 60 random questions a language,
52 in Finnish and 53 in Hungarian were acceptable on corpora/mini; on real text (wiki, law, web, novels) 40 and 35 of 60. Common
faults: a phrase torn where a tag was wrong, a first word whose capital was lost, mi for a person, mihin for a figure of speech.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from build_data.makers import questions_fi, questions_hu, words_fi, words_hu
from build_data.makers.common import Declared, Made, chance, common_fields, read_documents, whole_sentence
from build_data.makers.questions import Draft, Names
from build_data.parse import Parser, Sentence
from build_data.steps import Ledger
from corpora.config import pick
from corpora.records import Document, Record, Span

NAME = "cloze"
VERSION = 1
SHORTEST, LONGEST = 4, 22  # words a sentence: rules meet no surprises in short ones, and real text has plenty
CONTEXT = (2, 5)  # sentences a context
ANSWER_WORDS = 6
PER_SENTENCE = 2
MOST_CONTEXT = 1500  # characters: about what a reader of 384 sub-words sees in one window


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


@dataclass(frozen=True)
class Place:
    """A sentence and its paragraph's sentences, the place of both known."""

    document: Document
    lines: tuple[str, ...]
    at: int

    @property
    def text(self) -> str:
        return self.lines[self.at]


def cloze_questions(documents: Sequence[Document], language: str, parser: Parser, seed: int, *, max_sentences: int) -> Made:
    """Make rows; see the module. Raises ConfigError for a language without rules.

    Candidates are sentences. Refused: what whole_sentence says, "unparsed", "no_question" (the rules find nothing to ask),
    "context" (no answer stands once in a context of the right size).
    """
    rules = pick(LANGUAGES, language, "language with question rules")
    kept, read = read_documents(documents, language, least=CONTEXT[0])
    names = Names(rules.derived)
    names.read(line for _, parts in kept for part in parts for line in part)
    ledger = Ledger("make")
    places: list[Place] = []
    for document, parts in kept:
        places += _candidates(document, parts, max_sentences, rules, ledger)
    rows: list[Record] = []
    kinds: Counter[str] = Counter()
    for place, parse in zip(places, parser.parse([p.text for p in places], trees=False, split=False), strict=True):
        if parse is None or not parse.sentences:
            ledger.excluded["unparsed"] += 1
            continue
        drafts = rules.ask(place.text, parse.sentences[0], names)
        made = _rows(place, drafts, seed, kinds)
        ledger.made += max(0, len(made) - 1)  # a sentence is one candidate; each further question from it is one more
        if not made:
            ledger.excluded["context" if drafts else "no_question"] += 1
        rows += made
    ledger.kept = len(rows)
    return Made(rows, [read.close(), ledger.close()])


def _candidates(document: Document, parts: Sequence[Sequence[str]], most: int, rules: Rules, ledger: Ledger) -> list[Place]:
    out: list[Place] = []
    seen = 0
    for part in _merged(parts):
        for at, line in enumerate(part):
            if seen >= most:
                return out
            seen += 1
            ledger.made += 1
            fault = whole_sentence(line, SHORTEST, LONGEST) or ("" if rules.plausible(line) else "no_question")
            if fault:
                ledger.excluded[fault] += 1
            else:
                out.append(Place(document, tuple(part), at))
    return out


def _merged(parts: Sequence[Sequence[str]]) -> list[list[str]]:
    """Join paragraphs of one sentence with their neighbours: a context needs two sentences."""
    out: list[list[str]] = []
    for part in parts:
        if out and (len(part) < CONTEXT[0] or len(out[-1]) < CONTEXT[0]) and len(out[-1]) + len(part) <= CONTEXT[1]:
            out[-1] = [*out[-1], *part]
        else:
            out.append(list(part))
    return out


def _context(place: Place, seed: int) -> tuple[str, int] | None:
    """Return the context of at most five sentences, and where the sentence begins in it; the window's place is by hash."""
    lines = list(place.lines)
    first = 0
    if len(lines) > CONTEXT[1]:
        low, high = max(0, place.at - CONTEXT[1] + 1), min(place.at, len(lines) - CONTEXT[1])
        first = low + chance(seed, place.document.id, place.text) % (high - low + 1)
        lines = lines[first : first + CONTEXT[1]]
    context = " ".join(lines)
    start = len(" ".join([*lines[: place.at - first], ""]))
    return (context, start) if len(lines) >= CONTEXT[0] and len(context) <= MOST_CONTEXT else None


def _rows(place: Place, drafts: Sequence[Draft], seed: int, kinds: Counter[str]) -> list[Span]:
    """Turn drafts into rows: the rarer kinds first, at most two a sentence, answers that don't overlap and stand once in the context."""
    found = _context(place, seed)
    if found is None:
        return []
    context, offset = found
    out: list[Span] = []
    used: list[tuple[int, int]] = []
    for draft in sorted(drafts, key=lambda d: (kinds[d.kind], d.start)):
        answer = place.text[draft.start : draft.end]
        fits = len(answer.split()) <= ANSWER_WORDS and len(re.findall(rf"(?<!\w){re.escape(answer)}(?!\w)", context, re.IGNORECASE)) == 1
        if len(out) == PER_SENTENCE or not fits or any(a < draft.end and draft.start < b for a, b in used):
            continue
        used.append((draft.start, draft.end))
        kinds[draft.kind] += 1
        number = f"{place.document.id}-{NAME}-{chance(place.text) % 10**8:08d}-{len(out)}"
        fields = common_fields(place.document, NAME, 0) | {"id": number}
        out.append(Span(**fields, title=place.document.title, context=context, question=draft.question, answers=((answer, offset + draft.start),)))
    return out


FAMILY = Declared(
    run=cloze_questions,
    kind="span",
    version=VERSION,
    what="A question made by rules on the parse of one sentence of the context; the answer is a constituent of that sentence.",
    problems=("A phrase is torn where a tag was wrong.", "A question can ask mi (what) of a person."),
)
