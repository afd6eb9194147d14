"""Discourse relations as a pair task: two clauses or sentences that a connective joined, without it; what did it say of them?

Made for places where English has NLI. The labels mirror entailment, contradiction and neutral as far as connectives can:

- `supports` (reason, result, condition): the writer lets one span stand for the truth of the other, "A, koska B", "A. Ezért B".
  As in entailment, who accepts both has the one as grounds for the other; unlike there, the grounds are good, not binding, and may lie on either side.
- `opposes` (contrast, concession): the writer sets one span against the other or against what it lets expect, "A, mutta B", "A. B azonban". It is as near
  as true text comes to a contradiction: both hold, so what is denied is not the premise but what follows from it.
- `unrelated`: the premise of one such pair with the hypothesis of another, of another document and the same genre, without a word in common (stories are coupled with
  what is none where that can be). Neither bears on the other; that they are mostly on another matter too is what the third label costs, for spans of one document often
  read as one thought.

A pair stays only if a reader sees the relation (discourse_evidence.py), in a story only where an attempt failed. Contrasted clauses that share a word or tell of an attempt
change places every second time, so that either denies as often.

Left out are additions, sequels, examples and restatements ("lisäksi", "sitten", "esimerkiksi", "siis"): without the connective, a reader
can't tell them from the others (docs/native-review/README.md). So are conditions after their main clause and in the conditional: without "jos"
their spans claim what the sentence didn't; and all Hungarian ones, most of them of novels. The finer class is in `subtype`.

Nothing but the two together should tell the label. Every premise and hypothesis of `unrelated` stands in a row of one of the other two as
well, and these are evened out: in each genre by negation and length of either span, and by what a bag of words could tell (discourse_balance.py).
A word that gives a class away ("silti" in the second clause) excludes its sentence.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from build_data.makers import discourse_evidence as evidence
from build_data.makers.common import Declared, Made, chance, common_fields, read_documents
from build_data.makers.connectives import Connective, Connectives, connectives, sums
from build_data.makers.discourse_balance import STORIES, Item, Linked, balanced
from build_data.makers.discourse_candidates import Candidate, candidates
from build_data.makers.discourse_clauses import Spans, has_main_verb, spans
from build_data.parse import Parser
from build_data.steps import Ledger
from corpora.records import Document, Pair, Record

NAME = "discourse"
VERSION = 4
LABELS = ("supports", "opposes", "unrelated")
WORD = re.compile(r"[^\W\d_]+")
TELLING, LONG = 2, 5  # words of so many letters in a span of a story, at least: "It was not fit for it." would do behind anything


def discourse(documents: Sequence[Document], language: str, parser: Parser, seed: int, *, max_sentences: int) -> Made:
    """Make rows; see the module. Raises ConfigError for a language without a list of connectives.

    Candidates are sentences. Refused: what whole_sentence, connectives.find and discourse_clauses.spans say, "signs" (quotes, brackets, colons, ...),
    "commas", "question" (no statement), what `discourse_candidates.Tended.fault` says, "previous" (its premise would be no plain sentence), "unparsed", "fragment" (a span is half
    a sentence), "additive" (the hypothesis adds to the premise), "unfit" (a span forbids, or announces what is not there), "no_evidence" (without the
    connective, the spans don't show the relation: discourse_evidence.py), "bare" (a story's span names next to nothing), and what `balanced` says.
    """
    lists = connectives(language)
    kept, read = read_documents(documents, language, least=1)
    ledger = Ledger("make")
    found = candidates(kept, language, max_sentences, lists, ledger)
    items: list[Item] = []
    for candidate, parse in zip(found, parser.parse([c.text for c in found], trees=True, split=False), strict=True):
        if parse is None or not parse.sentences:
            ledger.excluded["unparsed"] += 1
            continue
        item = _item(candidate, spans(candidate.text, candidate.found, parse.sentences[0], language, lists), language, lists)
        if isinstance(item, str):
            ledger.excluded[item] += 1
        else:
            items.append(item)
    items = _whole(items, parser, ledger)
    linked = balanced(items, language, seed, ledger)
    rows = _rows(linked)
    ledger.made += sum(not pair.label_of for pair in linked)  # an unrelated row uses spans that a sentence was already counted for
    ledger.kept = len(rows)
    return Made(rows, [read.close(), ledger.close()])


def _item(candidate: Candidate, cut: Spans | str, language: str, lists: Connectives) -> Item | str:
    """Return the linked pair of a candidate, or why its spans are none: the reason that `cut` is, "fragment", "no_evidence"."""
    if isinstance(cut, str):
        return cut
    entry, premise, hypothesis = candidate.found.entry, cut.first or candidate.before, cut.second
    if lists.is_fragment(premise) or lists.is_fragment(hypothesis) or (candidate.found.place == "before" and lists.goes_on(hypothesis)):
        return "fragment"
    words = [word.casefold() for word in WORD.findall(hypothesis)]
    if not set(words).isdisjoint(lists.additive):
        return "additive"
    if not set(lists.unfit).isdisjoint([*words, *WORD.findall(premise.casefold())]):
        return "unfit"
    if not _seen(entry, words[0], premise, hypothesis, language, lists) or _only_tied(candidate, entry, premise, language, lists):
        return "no_evidence"
    if candidate.document.genre.startswith(STORIES) and min(map(_telling_words, (premise, hypothesis))) < TELLING:
        return "bare"
    label = lists.senses[entry.sense]
    tied = label == "opposes" and (evidence.shared(premise, hypothesis, language) or evidence.attempts(premise, lists))
    if tied and _turns(candidate, premise, hypothesis, lists):
        premise, hypothesis = hypothesis, premise
    return Item(candidate.document, candidate.at, label, entry.sense, premise, hypothesis)


def _telling_words(span: str) -> int:
    return sum(len(word) >= LONG for word in WORD.findall(span))


def _turns(candidate: Candidate, premise: str, hypothesis: str, lists: Connectives) -> bool:
    """Tell whether opposing spans change places: every second time, where they are clauses in contrast that share a word or tell of an attempt, and the second does not point back. Without it, it is mostly the second that denies."""
    if not set(lists.additive).isdisjoint(WORD.findall(premise.casefold())):
        return False  # it would add to the other, where it stands second
    turn = candidate.found.place == "between" and candidate.found.entry.sense == "contrast" and chance("turn", candidate.document.id, candidate.at) % 2 == 1
    return turn and not evidence.points_back(hypothesis, lists.links)


def _seen(entry: Connective, first: str, premise: str, hypothesis: str, language: str, lists: Connectives) -> bool:
    """Tell whether a reader sees the relation without the connective; `first` is the hypothesis' first word."""
    if lists.senses[entry.sense] == "opposes":
        return evidence.opposes(premise, hypothesis, language, lists, conceded=entry.sense == "concession")
    if entry.sense == "condition":
        return first not in lists.resumed and evidence.conditions(premise, hypothesis, language, lists)
    return evidence.supports(premise, hypothesis, language, lists, follows=entry.sense == "result")


def _only_tied(candidate: Candidate, entry: Connective, premise: str, language: str, lists: Connectives) -> bool:
    """Tell whether opposing spans of a story have but a word in common: a story goes on with a denial as often as it opposes with one, so there an attempt must have failed."""
    failed = evidence.attempts(premise, lists) and not evidence.denies(premise, language)
    return lists.senses[entry.sense] == "opposes" and candidate.document.genre.startswith(STORIES) and not failed


def _whole(items: Sequence[Item], parser: Parser, ledger: Ledger) -> list[Item]:
    """Keep the pairs whose premise, parsed on its own, has a finite verb: of two sentences, only the second has been parsed so far."""
    parses = parser.parse([item.premise for item in items], trees=True, split=False)
    whole = [item for item, parse in zip(items, parses, strict=True) if parse and parse.sentences and has_main_verb(parse.sentences[0])]
    ledger.excluded["verbless"] += len(items) - len(whole)
    return whole


def _rows(linked: Sequence[Linked]) -> list[Record]:
    """Turn pairs into rows, in the order of documents; the id of an unrelated one names the place of its premise."""
    numbers: Counter[str] = Counter()
    out: list[Record] = []
    for pair in linked:
        document, label = pair.one.document, pair.label_of or "unrelated"
        fields = common_fields(document, NAME, pair.one.at)
        numbers[fields["id"] + label] += 1
        fields |= {"id": f"{fields['id']}-{label}", "subtype": pair.one.sense if pair.label_of else "unrelated"}
        out.append(Pair(**fields, premise=pair.one.premise, hypothesis=pair.two.hypothesis, label=label))
    return out


FAMILY = Declared(
    run=discourse,
    kind="pair",
    version=VERSION,
    labels=LABELS,
    chance=1 / 3,
    what="Two clauses or sentences that a connective joined, without it: the first supports or opposes the second, or they come from different documents.",
    problems=(
        "Where the connective carried the relation alone, the spans without it leave the label open.",
        "In either span alone, negation, length and genre say nothing of the label by construction; across the two, what one denies and words in common do.",
        "Unrelated spans come from two documents, so they are often told by their topics; of two stories, about every fourth such pair reads as one thought.",
    ),
    block_words=5_000_000,
    settings=sums,
)
