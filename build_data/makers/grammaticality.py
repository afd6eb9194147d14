"""Grammaticality of sentences: real ones, and real ones in which one word has the form that its neighbours refuse.

Made for languages without a corpus of acceptability judgements (CoLA, HuCOLA), or with a small one. Which forms are right where, a language's
contrasts say (contrasts_fi, contrasts_hu; see contrasts). A sentence gives one row: it stays as it is, or one word of it changes. Sentences come in
couples of the two sides of a contrast, one of a couple right and one wrong; most often the wrong one has the very form that is right in the other.
So lengths say nothing, and a bag of words next to nothing.

Free word order is the reason why forms are changed and words are not moved, as ScaLA (Nielsen 2023) does: of neighbours that change places
much is right in Finnish and Hungarian, in another tone.
"""

from __future__ import annotations

from collections import Counter, defaultdict, deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from build_data.makers import contrasts_fi, contrasts_hu
from build_data.makers.cohesion import scripts
from build_data.makers.common import OF_GRAMMAR, Declared, Made, chance, common_fields, read_documents
from build_data.makers.contrasts import Forms, Rules, Site
from build_data.parse import Parser
from build_data.steps import Ledger
from corpora.config import pick
from corpora.records import Document, Pair, Record

NAME = "grammaticality"
VERSION = 1
LABELS = ("acceptable", "unacceptable")  # those of `acceptability`, so that the two can be taught together
LONGEST = 30  # words a sentence: longer ones hide one word among many
MOST_SENTENCES = 1_000  # of a document that are parsed; a third of them or so have a site
MOST_OF_A_FORM = 0.03  # of a side's sentences may have one form at their site ("on", "vuotta"); below FEWEST nothing is cut
FEWEST = 10

LANGUAGES: Mapping[str, Rules] = {"fi": contrasts_fi.RULES, "hu": contrasts_hu.RULES}


@dataclass(frozen=True)
class _Place:
    """A sentence with the one site that it is used for."""

    document: Document
    at: int
    text: str
    site: Site


def grammaticality(documents: Sequence[Document], language: str, parser: Parser, seed: int, *, max_sentences: int) -> Made:
    """Make rows, of at most `max_sentences` sentences of a document; see the module.

    Candidates are sentences. Refused: what `cohesion.scripts` says of a sentence, "length", "document_full", "unparsed", "no_contrast" (no word whose form
    its neighbours ask for), "common_form" (too many sites have that form), "no_partner" (the other side of the contrast has no more sentences).
    Raises ConfigError for a language without rules.
    """
    rules = pick(LANGUAGES, language, "language with contrasts of form")
    kept, read = read_documents(documents, language, least=1)
    ledger = Ledger("make")
    lines = _candidates(kept, language, max_sentences, rules, ledger)
    parses = parser.parse([text for _, _, text in lines], trees=False, split=False)
    whole = [parse.sentences[0] if parse is not None and parse.sentences else None for parse in parses]
    forms = Forms([*filter(None, whole)])
    found = []
    for (document, at, text), parse, sentence in zip(lines, parses, whole, strict=True):
        sites = rules.sites(sentence.words, forms) if sentence else []
        if sites:
            found.append((document, at, text, sites))
        else:
            ledger.excluded["unparsed" if parse is None else "no_contrast"] += 1
    places = _bounded(_chosen(found), seed, ledger)
    rows = sorted((row for couple in _couples(places, ledger) for row in couple), key=lambda row: row.id)
    ledger.kept = len(rows)
    return Made(list[Record](rows), [read.close(), ledger.close()])


def _candidates(kept: Sequence[tuple[Document, list[list[str]]]], language: str, most: int, rules: Rules, ledger: Ledger) -> list[tuple[Document, int, str]]:
    """Return the plain sentences worth parsing, the first `most` of each document; the ledger counts sentences, and why others are none."""
    out: list[tuple[Document, int, str]] = []
    seen, faults = set[str](), list[str]()
    for script in scripts(kept, language, tied=False):
        ledger.made += len(script.lines)
        room = most
        for line in script.lines:
            fault = line.fault or ("length" if line.text.count(" ") >= LONGEST else "" if rules.plausible(line.text) else "no_contrast")
            fault = fault or ("same_text" if line.text in seen else "" if room else "document_full")
            if fault:
                faults.append(fault)
                continue
            room -= 1
            seen.add(line.text)
            out.append((script.document, line.at, line.text))
    ledger.excluded.update(faults)
    return out


def _chosen(found: Sequence[tuple[Document, int, str, Sequence[Site]]]) -> list[_Place]:
    """Give each sentence the site whose side of a contrast is the rarest, so that the scarce side of each gets what there is."""
    counts = Counter((site.contrast, site.side) for *_, sites in found for site in sites)
    return [
        _Place(document, at, text, min(sites, key=lambda site: (counts[site.contrast, site.side], site.start)))
        for document, at, text, sites in found
    ]  # fmt: skip


def _bounded(places: Sequence[_Place], seed: int, ledger: Ledger) -> list[_Place]:
    """Keep, by hash, as many places of one form as MOST_OF_A_FORM allows, in the order of their hash."""
    sides = Counter((place.site.contrast, place.site.side) for place in places)
    used: Counter[tuple[str, int, str]] = Counter()
    kept = []
    for place in sorted(places, key=lambda place: chance(seed, place.document.id, place.at)):
        site = place.site
        used[site.contrast, site.side, site.form] += 1
        if used[site.contrast, site.side, site.form] <= max(FEWEST, MOST_OF_A_FORM * sides[site.contrast, site.side]):
            kept.append(place)
        else:
            ledger.excluded["common_form"] += 1
    return kept


def _couples(places: Sequence[_Place], ledger: Ledger) -> list[tuple[Pair, Pair]]:
    """Return couples of rows: a sentence of each side of a contrast, of which the sides have the wrong one by turns, for each form."""
    sides: dict[str, tuple[list[_Place], list[_Place]]] = defaultdict(lambda: ([], []))
    for place in places:
        sides[place.site.contrast][place.site.side].append(place)
    out: list[tuple[Pair, Pair]] = []
    turns: Counter[str] = Counter()
    for contrast in sorted(sides):
        for one, other in _matched(*sides[contrast]):
            first = (turns[one.site.form] + chance(one.site.form)) % 2 == 0
            turns[one.site.form] += 1
            out.append((_row(one, wrong=first), _row(other, wrong=not first)))
        ledger.excluded["no_partner"] += abs(len(sides[contrast][0]) - len(sides[contrast][1]))
    ledger.excluded = +ledger.excluded
    return out


def _matched(first: Sequence[_Place], second: Sequence[_Place]) -> Iterator[tuple[_Place, _Place]]:
    """Yield couples of both sides, as many as the smaller one has: with each other's form at the site where there are such, then as they come."""
    waiting: dict[str, deque[_Place]] = defaultdict(deque)
    for place in second:
        waiting[place.site.form].append(place)
    taken, rest = set[int](), list[_Place]()  # by identity: what a place holds is long
    for place in first:
        if some := waiting[place.site.other]:
            taken.add(id(some[0]))
            yield place, some.popleft()
        else:
            rest.append(place)
    yield from zip(rest, (place for place in second if id(place) not in taken), strict=False)


def _row(place: _Place, *, wrong: bool) -> Pair:
    """Return the sentence, as it is or with the other form at its site."""
    site, text = place.site, place.text
    if wrong:
        other = site.other[:1].upper() + site.other[1:] if text[site.start].isupper() else site.other
        text = text[: site.start] + other + text[site.end :]
    fields = common_fields(place.document, NAME, place.at) | {"subtype": site.contrast}
    return Pair(**fields, premise=text, hypothesis="", label=LABELS[wrong])


FAMILY = Declared(
    run=grammaticality, kind="pair", labels=LABELS, version=VERSION, chance=1 / len(LABELS), block_words=1_200_000, max_sentences=MOST_SENTENCES, unfiltered=OF_GRAMMAR,
    what="A sentence of running text (hypothesis empty), as it is or with one word in a form that its neighbours refuse: do speakers of the standard language accept it? The subtype says which rule.",
    problems=(
        "Wrong sentences are made by rule and not by speakers: a change can give an odd sentence that somebody may still say, most easily in speech or dialect.",
        "Only the contrasts that the rules know are asked for; a model may learn these and no more grammar.",
    ),
)  # fmt: skip
