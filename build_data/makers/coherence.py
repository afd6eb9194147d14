"""Coherence as a pair task: does a sentence follow a passage, or does it stand elsewhere in the same document?

Made for places where English has NLI: two texts, balanced classes, no annotation. Rows come in closed groups: two passages with the
sentences that really follow them give four rows, each passage and each sentence once in either class, so that neither text tells anything by
itself. The sentence that follows shares a tying stem with the passage (see cohesion), the one from elsewhere shares none,
not even a word of the document's topic: where it did, 8 of 100 Finnish rows read had two right answers.

Order is not asked for here. Version 1 asked for it between two bare sentences (`neighbours` still does, for small collections), a draft
between a sentence and two that are tied to it on one side; of 24 drafted Finnish rows about every eighth read as well in the other order.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from build_data.makers.cohesion import scripts
from build_data.makers.common import Declared, Made, chance, common_fields, read_documents
from build_data.makers.tied import Group, fit_strangers, grouped, items
from build_data.parse import Parser
from build_data.steps import Ledger
from corpora.records import Document, Pair, Record

NAME = "coherence"
VERSION = 2
LABELS = ("follows", "elsewhere")
RATIO = 3.0  # the longer sentence of a group over the shorter, in characters: only against oddities, for each is once in either class anyway


def coherence(documents: Sequence[Document], language: str, parser: Parser, seed: int, *, max_sentences: int) -> Made:
    """Make rows, at most `max_sentences` of a document; see the module. The parser isn't needed: sentence borders come by rule.

    A candidate is a sentence with its passage, and gives two rows. Refused besides what `tied.items` refuses: "no_group" (no other one of its document fits), "document_full".
    """
    del parser
    kept, read = read_documents(documents, language, least=2)
    ledger = Ledger("make")
    rows: list[Record] = []
    for script in scripts(kept, language):
        groups, over = grouped(items(script, seed, ledger), len(LABELS), RATIO, fit_strangers)
        groups.sort(key=lambda group: chance(seed, group[0].place))
        most = max_sentences // len(LABELS) ** 2
        full = len(LABELS) * len(groups[most:])
        ledger.excluded.update({reason: count for reason, count in (("no_group", len(over)), ("document_full", full)) if count})
        rows += [row for group in groups[:most] for row in _rows(group)]
    ledger.made += len(rows) // len(LABELS)  # the second row of each candidate that gave two
    ledger.kept = len(rows)
    return Made(sorted(rows, key=lambda r: r.id), [read.close(), ledger.close()])


def _rows(group: Group) -> Iterator[Pair]:
    """Yield the group's four rows. The id names the sentence and where its passage ends."""
    for item in group:
        for other in group:
            fields = common_fields(item.document, NAME, other.ending.at) | {"id": f"{item.document.id}-{NAME}-{other.ending.at}({item.context[-1].at})"}
            label = "follows" if item is other else "elsewhere"
            yield Pair(**fields, premise=item.passage, hypothesis=other.ending.text, label=label)


FAMILY = Declared(
    run=coherence, kind="pair", labels=LABELS, version=VERSION, chance=1 / len(LABELS),
    what="One to four sentences of a document and another of its sentences, which follows them or stands elsewhere in the document.",
    problems=(
        "A sentence that follows shares a word stem with the passage and one from elsewhere does not, so much of the task is word overlap, though across inflected forms.",
        "Now and then a sentence from elsewhere could follow as well; docs/native-review counts how often.",
    ),
)  # fmt: skip
