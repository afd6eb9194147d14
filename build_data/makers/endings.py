"""Ending choice from running text, HellaSwag-like: a context of one to four sentences, the real next sentence and three real ones from elsewhere.

Rows come in closed groups of four contexts with their four endings: each ending is right in one row and wrong in three, and each
position is right once. Whatever an ending says by itself, its length, its opening words, a pronoun without antecedent, it therefore
says as often of a wrong one as of a right one: a model without the context can score 25 % and no more. HellaSwag wrote its wrong
endings with a model and then filtered them against another; an audit could solve 40 % of its rows without the context (GoldenSwag).

One right answer: the real ending shares a tying stem (see cohesion) with the last three sentences of its context, and no wrong one shares
one with any of the context. Groups come from one document where four fit; what is left over is grouped within its corpus and genre,
over documents that a split puts on the same side.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from build_data.makers.cohesion import scripts
from build_data.makers.common import Declared, Made, chance, common_fields, read_documents
from build_data.makers.tied import Group, Item, fit_inside, grouped, grouped_across, items
from build_data.parse import Parser
from build_data.steps import Ledger
from corpora.records import Choice, Document, Record

NAME = "endings"
VERSION = 4
ENDINGS = 4
RATIO = 1.15  # longest ending of a group over the shortest, in characters


def endings(documents: Sequence[Document], language: str, parser: Parser, seed: int, *, max_sentences: int) -> Made:
    """Make rows, at most `max_sentences` of a document; see the module. The parser isn't needed: sentence borders come by rule.

    Refused besides what `tied.items` refuses: "no_group" (no three others fit), "document_full".
    """
    del parser
    kept, read = read_documents(documents, language, least=2)
    ledger = Ledger("make")
    groups: list[tuple[Group, str]] = []
    rest: list[Item] = []
    topics: dict[str, frozenset[int]] = {}
    for script in scripts(kept, language):
        topics[script.document.id] = script.content()
        found, over = grouped(items(script, seed, ledger), ENDINGS, RATIO, fit_inside)
        found.sort(key=lambda group: chance(seed, group[0].place))
        most = max_sentences // ENDINGS
        groups += [(group, "same_document") for group in found[:most]]
        room = max(0, max_sentences - ENDINGS * len(found))
        rest += sorted(over, key=lambda item: chance(seed, item.place))[:room]
        if full := ENDINGS * len(found[most:]) + len(over[room:]):
            ledger.excluded["document_full"] += full
    across, rest = grouped_across(rest, ENDINGS, RATIO, topics)
    groups += [(group, "same_genre") for group in across]
    if rest:
        ledger.excluded["no_group"] += len(rest)
    rows = sorted((row for group, origin in groups for row in _rows(group, origin, seed)), key=lambda r: r.id)
    ledger.kept = len(rows)
    return Made(rows, [read.close(), ledger.close()])


def _rows(group: Group, origin: str, seed: int) -> Iterator[Record]:
    """Yield the group's four rows. The id names where the endings are from, in the order shown."""
    mark = chance(seed, *(item.place for item in group))
    for number, item in enumerate(group):
        right = (number + mark) % ENDINGS
        shown = sorted((other for other in group if other is not item), key=lambda other: chance(seed, item.place, other.place))
        shown.insert(right, item)
        places = [str(other.ending.at) if other.document.id == item.document.id else other.place for other in shown]
        yield Choice(
            **common_fields(item.document, NAME, item.ending.at) | {"id": f"{item.document.id}-{NAME}-{item.ending.at}({' '.join(places)})"},
            subtype=origin, context=item.passage, endings=tuple(other.ending.text for other in shown), label=right,
        )  # fmt: skip


FAMILY = Declared(
    run=endings, kind="choice", version=VERSION, chance=1 / ENDINGS, block_words=1_200_000,
    what="One to four sentences of a document and four real sentences of about one length, of which one follows them; the three others come from elsewhere in the "
    "document or, where none fit there, from another document of its corpus and genre.",
    problems=(
        "The right ending shares a word stem with its context and the wrong ones do not, so much of the task is word overlap, though across inflected forms.",
        "Now and then a wrong ending could follow as well; docs/native-review counts how often.",
    ),
)  # fmt: skip
