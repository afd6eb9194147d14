"""Coherence as a pair task: does a sentence follow a passage, or does it stand elsewhere, in another document of the kind?

Made for places where English has NLI: two texts, balanced classes, no annotation. Rows come in closed groups: two passages with the
sentences that really follow them give four rows, each passage and each sentence once in either class, so that neither text tells anything by
itself. The sentence that follows shares a tying stem with the passage (see cohesion), the one from elsewhere shares none, not even
a word of the topic. The two passages are of one corpus and genre; which two, length says alone. Version 3 took the documents that have most stems in common,
and in 4 of the 100 Hungarian rows read a sentence from elsewhere could follow as well: two blogs of one journey, two novels of one kind of people.

Elsewhere is not elsewhere in the same document: versions 1 and 2 took it from there, and of 100 rows read 6 (Finnish) and 8 (Hungarian)
had two right answers, for in a novel or a law much could stand next. Nor is order asked for: version 1 asked for it between two bare
sentences (`neighbours` still does, for small collections), and about every eighth order read as well the other way round.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from build_data.makers.cohesion import scripts
from build_data.makers.common import Declared, Made, chance, common_fields, read_documents
from build_data.makers.tied import Group, Item, fit_apart, grouped_across, items
from build_data.parse import Parser
from build_data.steps import Ledger
from corpora.records import Document, Pair, Record

NAME = "coherence"
VERSION = 5
LABELS = ("follows", "elsewhere")
RATIO = 1.3  # the longer sentence of a group over the shorter, in characters


def coherence(documents: Sequence[Document], language: str, parser: Parser, seed: int, *, max_sentences: int) -> Made:
    """Make rows, at most `max_sentences` of a document; see the module. The parser isn't needed: sentence borders come by rule.

    A candidate is a sentence with its passage, and gives two rows. Refused besides what `tied.items` refuses: "document_full", "no_group" (no other
    one of its corpus and genre fits).
    """
    del parser
    kept, read = read_documents(documents, language, least=2)
    ledger = Ledger("make")
    found: list[Item] = []
    for script in scripts(kept, language):
        some = sorted(items(script, seed, ledger), key=lambda item: chance(seed, item.place))
        most = max_sentences // len(LABELS)
        found += some[:most]
        if full := len(some[most:]):
            ledger.excluded["document_full"] += full
    groups, over = grouped_across(found, len(LABELS), RATIO, None, fit_apart)
    if over:
        ledger.excluded["no_group"] += len(over)
    rows = sorted((row for group in groups for row in _rows(group)), key=lambda r: r.id)
    ledger.made += len(rows) // len(LABELS)  # the second row of each candidate that gave two
    ledger.kept = len(rows)
    return Made(list[Record](rows), [read.close(), ledger.close()])


def _rows(group: Group) -> Iterator[Pair]:
    """Yield the group's four rows. A row belongs to its passage's document; the id names where that passage ends and where the sentence is from."""
    for item in group:
        for other in group:
            fields = common_fields(item.document, NAME, item.context[-1].at)
            fields |= {"id": f"{fields['id']}({item.ending.at if item is other else other.place})"}
            yield Pair(**fields, premise=item.passage, hypothesis=other.ending.text, label="follows" if item is other else "elsewhere")


FAMILY = Declared(
    run=coherence, kind="pair", labels=LABELS, version=VERSION, chance=1 / len(LABELS), block_words=1_200_000,
    what="One to four sentences of a document and another sentence, which follows them or stands in another document of the same corpus and genre.",
    problems=(
        "A sentence that follows shares a word stem with the passage and one from elsewhere does not, so much of the task is word overlap and topic, though across inflected forms.",
        "Now and then a sentence from elsewhere could follow as well; docs/native-review counts how often.",
    ),
)  # fmt: skip
