"""Labelled native corpora as tasks: paraphrase, acceptability, topic, register, names. People gave the labels; here rows are grouped and evened out.

A label of the corpus may be finer than ours; it stays in `subtype`. Where labels differ in length (unrelated pairs are shorter than
paraphrases), rows are taken in equal numbers from each band of lengths, so that counting words doesn't tell the label. Pairs are evened
out further: no text alone may tell (blind.py).
"""

from __future__ import annotations

import dataclasses
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from build_data.makers import blind
from build_data.makers.common import OF_GRAMMAR, Declared, Made, chance, sentences
from build_data.makers.stumbles import ASTRAY, stumbles
from build_data.near import normal
from build_data.parse import Parser
from build_data.steps import Ledger
from corpora.records import Pair, Record, Tags

VERSION = 2
BANDS = 12  # of equal numbers of rows, by length
BLIND = 0  # bands of a family whose rows blind.py evens out: it looks at lengths, too
LONGEST = 120  # words of one text
SHORTEST = 2
SPACED = re.compile(r"\w: (?:n|t|a|ä|ssa|ssä|sta|stä|lla|llä|lle|lta|ltä|ksi|na|nä|hun|hin|ien|iin)\b")  # "EU: n": a case ending torn from what it belongs to
PASSAGE = (40, LONGEST)  # words of a passage of a long labelled text

PARAPHRASE: Mapping[str, str] = {"4": "paraphrase", "3": "paraphrase", "2": "related", "1": "unrelated"}
ACCEPTABILITY: Mapping[str, str] = {"acceptable": "acceptable", "unacceptable": "unacceptable"}
# Minister who answered (cabinet of 2015 to 2019) -> ministry. The prime minister and the minister of defence answered too few questions to balance.
MINISTRY: Mapping[str, str] = {
    "elinkeinoministeri": "economy",
    "eurooppa-, kulttuuri- ja urheiluministeri": "education",
    "kunta- ja uudistusministeri": "finance",
    "liikenne- ja viestintäministeri": "transport",
    "maatalous- ja ympäristöministeri": "agriculture",
    "oikeus- ja työministeri": "justice",
    "opetus- ja kulttuuriministeri": "education",
    "perhe- ja peruspalveluministeri": "health",
    "sisäministeri": "interior",
    "sosiaali- ja terveysministeri": "health",
    "ulkomaankauppa- ja kehitysministeri": "foreign",
    "ulkoministeri": "foreign",
    "valtiovarainministeri": "finance",
}
REGISTER: Mapping[str, str] = {name: name for name in ("D-Informational", "Discussion", "How-to", "Info-Persuasion", "Narrative", "Opinion")}

Cut = Callable[[Sequence[Pair], str], Iterator[list[Pair]]]


def _whole(rows: Sequence[Pair], language: str) -> Iterator[list[Pair]]:
    """Yield each row itself. Which of two texts comes first is by chance: corpora sort them."""
    del language
    for row in rows:
        swap = bool(row.hypothesis) and chance(row.id, "swap") % 2 == 1
        yield [dataclasses.replace(row, premise=row.hypothesis, hypothesis=row.premise) if swap else row]


def _passages(rows: Sequence[Pair], language: str) -> Iterator[list[Pair]]:
    """Yield each row's long text in passages of whole sentences, all in the document that the text is. A sentence to stumble at ends a passage."""
    texts = [[row.premise[begin:end] for begin, end in sentences(row.premise, language)] for row in rows]
    faults = stumbles([(row.genre, lines) for row, lines in zip(rows, texts, strict=True)], language)
    for row, lines, faulty in zip(rows, texts, faults, strict=True):
        out: list[Pair] = []
        parts: list[str] = []
        for line, fault in zip(lines, faulty, strict=True):
            parts = [] if fault else [*parts, line]
            size = sum(part.count(" ") + 1 for part in parts)
            if size >= PASSAGE[0]:
                if size <= PASSAGE[1]:
                    out.append(dataclasses.replace(row, id=f"{row.id}-{len(out)}", premise=" ".join(parts)))
                parts = []
        yield out


def _pairs(
    labels: Mapping[str, str], cut: Cut, bands: int, written: bool, rows: Sequence[Record], language: str, parser: Parser, seed: int, *, max_sentences: int
) -> Made:
    """Make rows of single texts or pairs.

    Refused: "kind" (no pair), "rare_label" (a label that is not asked for), "length", "no_passage", "label_balance"; where `written` (people wrote the
    texts, and did not make them up for a grammar) "astray" (a space before a stop, as machine translation on web pages has it, or inside a word) and "copy" (two
    texts of the same words).
    """
    del parser, seed, max_sentences
    ledger = Ledger("make", rows_in=len(rows))
    found: list[Pair] = []
    asked = [row for row in rows if isinstance(row, Pair) and row.label in labels]
    for row in rows:
        if not isinstance(row, Pair) or row.label not in labels:
            ledger.excluded["rare_label" if isinstance(row, Pair) else "kind"] += 1
    for parts in cut(asked, language):
        ledger.made += max(0, len(parts) - 1)
        ledger.excluded["no_passage"] += not parts
        for part in parts:
            if written and any(ASTRAY.search(text) or SPACED.search(text) for text in part.texts()):
                ledger.excluded["astray"] += 1
            elif written and len({normal(text) for text in part.texts()}) < len(part.texts()):
                ledger.excluded["copy"] += 1
            elif all(SHORTEST <= text.count(" ") + 1 <= LONGEST for text in part.texts()):
                found.append(dataclasses.replace(part, label=labels[part.label], subtype=part.label))
            else:
                ledger.excluded["length"] += 1
    names = tuple(dict.fromkeys(labels.values()))
    kept = blind.even(found, names) if bands == BLIND and len(found) >= blind.SMALLEST else _even(found, bands or BANDS)
    ledger.excluded["label_balance"] += len(found) - len(kept)
    ledger.excluded = +ledger.excluded
    ledger.kept = len(kept)
    return Made(list(kept), [ledger.close()])


def _even(rows: Sequence[Pair], bands: int) -> list[Pair]:
    """Keep as many rows of each label from every band of lengths as the rarest label has there; which ones, is by hash."""
    ordered = sorted(rows, key=lambda r: (_size(r), r.id))
    names = sorted({r.label for r in rows})
    kept: list[Pair] = []
    for number in range(bands):
        band = ordered[number * len(ordered) // bands : (number + 1) * len(ordered) // bands]
        least = min((Counter(r.label for r in band)[name] for name in names), default=0)
        for name in names:
            kept += sorted((r for r in band if r.label == name), key=lambda r: chance(r.id))[:least]
    return sorted(kept, key=lambda r: r.id)


def _size(row: Pair) -> tuple[int, int]:
    """Return the length of the shorter text, then of both: an artefact of either is one of the band."""
    return min(map(len, row.texts())), sum(map(len, row.texts()))


def _names(rows: Sequence[Record], language: str, parser: Parser, seed: int, *, max_sentences: int) -> Made:
    """Pass tagged sentences on. Refused: "kind", "length" (under SHORTEST tokens, or over LONGEST), "no_name" (half of those without any name)."""
    del parser, seed, max_sentences, language
    ledger = Ledger("make", rows_in=len(rows))
    kept: list[Record] = []
    for row in rows:
        why = "kind" if not isinstance(row, Tags) else "" if SHORTEST <= len(row.tokens) <= LONGEST else "length"
        if not why and isinstance(row, Tags) and set(row.tags) == {"O"} and chance(row.id) % 2:
            why = "no_name"
        if why:
            ledger.excluded[why] += 1
        else:
            kept.append(row)
    ledger.kept = len(kept)
    return Made(kept, [ledger.close()])


def _family(labels: Mapping[str, str], cut: Cut, bands: int, what: str, *problems: str, unfiltered: tuple[str, ...] = ()) -> Declared:
    """Declare a family of labelled pairs or single texts."""

    def run(rows: Sequence[Record], language: str, parser: Parser, seed: int, **more: Any) -> Made:
        return _pairs(labels, cut, bands, not unfiltered, rows, language, parser, seed, **more)

    names = tuple(dict.fromkeys(labels.values()))
    version = VERSION + (not unfiltered)  # of what people wrote: without what went astray
    return Declared(
        run=run, kind="pair", version=version, what=what, labels=names, reads="records", chance=1 / len(names), problems=problems, unfiltered=unfiltered
    )


FAMILIES: Mapping[str, Declared] = {
    "paraphrase": _family(
        PARAPHRASE, _whole, BLIND,
        "Two sentences from the web, found by machine as alike, judged by people: paraphrases (labels 4 and 3), related (2) or unrelated (1); the finer label is the subtype. "
        "Rows whose label one text alone or the lengths tell are left out until such guesses are right no more often than wrong.",
        "Some of the web text was itself translated by machine.",
    ),
    "acceptability": _family(
        ACCEPTABILITY, _whole, BANDS,
        "A sentence from a grammar (hypothesis empty): do speakers accept it?",
        "Judgements of linguists on constructed sentences; acceptable ones are cut down to the number of the others.",
        unfiltered=OF_GRAMMAR,
    ),
    "topic": _family(
        MINISTRY, _whole, 1,
        "A sentence of a minister's written answer in parliament (hypothesis empty): which ministry gave it? The minister is the subtype.",
        "Some sentences are formulae that any ministry could write.",
        "The justice minister of that cabinet was the minister of labour, too.",
    ),
    "register": _family(
        REGISTER, _passages, 1,
        "A passage of a web page (hypothesis empty): which register has the page, by the judgement of people?",
        "The register was given to the page; a passage of it need not show it.",
    ),
    "names": Declared(
        run=_names, kind="tags", version=VERSION, reads="records",
        labels=("O", "B-LOC", "I-LOC", "B-MISC", "I-MISC", "B-ORG", "I-ORG", "B-PER", "I-PER"),
        what="Sentences with their names tagged by people (IOB).",
    ),
}  # fmt: skip
