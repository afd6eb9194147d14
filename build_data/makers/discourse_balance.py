"""Which linked pairs of a discourse task stay, and which of their spans make the unrelated ones: so that no span alone tells the label.

Two steps. Each pair that supports needs a twin that opposes: of the same genre and about as long in either span. Either span has
a negation as often under the one label as under the other. And where a bag of words tells from one span alone which of the two it is, pairs it is right about give way, until it is
right little more often than wrong (AFLite's idea, Sakaguchi et al. 2020, arXiv 1907.10641, with the baseline's own classifier). Then
each pair that supports is coupled with one that opposes, and the third label's row is the premise of one with the hypothesis of the
other: what a span alone tells of the first two labels is thereby worth two thirds.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from build_data import hypothesis_only
from build_data.grammar import negations
from build_data.makers.common import chance
from build_data.makers.connectives import connectives
from build_data.makers.discourse_evidence import points_back, shared, speaks
from build_data.split import side
from build_data.steps import Ledger
from corpora.records import Document

LIKE = 0.9  # how far the lengths of like spans may lie apart, as a logarithm: a factor of 2.5; twins are nearest neighbours, so most lie nearer
SIGNS = ((False, False), (False, True), (True, False), (True, True))  # does the premise deny, does the hypothesis
STORIES = ("novel", "fiction", "blog")  # genres in which the next sentence may be about anything
SMALL = 20  # pairs of a genre's rarer label
FOLDS = 5
ROUNDS = 2  # of giving way at most: what a round leaves gives the next classifier something else to hold on to
TELLS = 0.54  # share of pairs whose label one span alone may tell; 0.575 would cost the third label's rows chance + 5 points
SMALLEST = 200  # pairs: below, a classifier guesses


@dataclass(frozen=True, slots=True)
class Item:
    """A linked pair: where from and what it says; `sense` is the finer class of `label`."""

    document: Document
    at: int
    label: str
    sense: str
    premise: str
    hypothesis: str

    @property
    def rank(self) -> tuple[str, int]:
        return (self.document.id, self.at)


@dataclass(frozen=True, slots=True)
class Linked:
    """A row: the premise of `one` and the hypothesis of `two`; `label_of` = "" where they are not the same pair."""

    one: Item
    two: Item
    label_of: str


def balanced(items: Sequence[Item], language: str, seed: int, ledger: Ledger) -> list[Linked]:
    """Return the rows of `items`: pairs as they are, and as many unrelated ones as there are of either label.

    Refused, counted in `ledger`: "class_balance" (no twin of the other label), "gives_away" (one span alone tells its label), "no_partner" (none to swap with), "same_text".
    """
    fresh = _distinct(items, ledger)
    kept = _even(fresh, language, seed, ledger, "class_balance")
    for number in range(ROUNDS):
        telling = _telling(kept, seed + number)
        if not telling:
            break
        ledger.excluded["gives_away"] += len(telling)
        kept = _even([item for item in kept if item.rank not in telling], language, seed, ledger, "class_balance")
    couples = _couples(kept, language, seed)
    ledger.excluded["no_partner"] += len(kept) - 2 * len(couples)
    rows = [Linked(item, item, item.label) for couple in couples for item in couple]
    # One of the two that a couple could give: were some couples asked for both, the words of their document would tell the third label.
    links = connectives(language).links
    for one, two in couples:
        # A hypothesis that points back would do for many a premise.
        back = points_back(one.hypothesis, links), points_back(two.hypothesis, links)
        turned = chance(seed, "swap", *one.rank) % 2 if back[0] == back[1] else back[1]
        rows.append(Linked(two, one, "") if turned else Linked(one, two, ""))
    return sorted(rows, key=lambda row: (row.one.rank, row.label_of))


def _distinct(items: Sequence[Item], ledger: Ledger) -> list[Item]:
    seen: set[str] = set()
    out: list[Item] = []
    for item in items:
        if item.premise == item.hypothesis or item.premise in seen or item.hypothesis in seen:
            ledger.excluded["same_text"] += 1
            continue
        seen |= {item.premise, item.hypothesis}
        out.append(item)
    return out


def denies(text: str, language: str) -> bool:
    """Tell whether a span has a plain negation. What may hide one ("vain", "alig") is left to _telling: classes of their own would leave few twins."""
    return negations(text, language)[0] > 0


def genre_of(item: Item) -> str:
    """Return "web" of "web: Opinion": one that is large enough to find twins in."""
    return item.document.genre.partition(":")[0]


def is_story(item: Item) -> bool:
    """Tell whether a pair is of a novel, a tale or a diary."""
    return item.document.genre.startswith(STORIES)


def _apart(one: str, two: str) -> float:
    """Return how far the lengths of two spans lie apart, as a logarithm."""
    return abs(math.log(len(one) / len(two)))


Sides = dict[str, list[Item]]  # label -> pairs of one genre with the same negation in either span
Classes = dict[tuple[bool, bool], Sides]  # (does the premise deny, does the hypothesis) -> those
Twin = tuple[Item, Item]
Twins = list[Twin]


def _even(items: Iterable[Item], language: str, seed: int, ledger: Ledger, reason: str) -> list[Item]:
    """Keep the pairs of either label that find a twin of the other one, the nearest in length first come; by hash.

    Twins are of one genre, or of two small ones of a kind, and have the same negation in either span. What is left over is matched in fours: a pair of each label without
    and with a negation in the premise, likewise in the hypothesis, so that each span alone still has one as often under either label. Of the two
    together that is no longer so: who denies what the other says, opposes it.
    """
    left = sorted(items, key=lambda item: chance(seed, *item.rank))
    count, kinds, twins = len(left), _kinds(left), list[Twin]()
    for kind_of in (genre_of, lambda item: kinds.get(genre_of(item), genre_of(item))):
        places: dict[str, Classes] = defaultdict(lambda: defaultdict(lambda: defaultdict(list)))
        for item in left:
            places[kind_of(item)][denies(item.premise, language), denies(item.hypothesis, language)][item.label].append(item)
        for classes in places.values():
            twins += _matched(classes)
        gone = {item.rank for pair in twins for item in pair}
        left = [item for item in left if item.rank not in gone]
    kept = [item for pair in twins for item in pair]
    ledger.excluded[reason] += count - len(kept)
    return sorted(kept, key=lambda item: item.rank)


def _kinds(items: Iterable[Item]) -> dict[str, str]:
    """Return what small genres are pooled as: those with fewer than SMALL pairs of either label; alone, each would have too few of any class."""
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for item in items:
        counts[genre_of(item)][item.label] += 1
    return {genre: "story" if genre.startswith(STORIES) else "other" for genre, of in counts.items() if len(of) < 2 or min(of.values()) < SMALL}


def _matched(classes: Classes) -> Twins:
    """Return the twins of one kind of text, and the fours; what finds none stays in `classes`, or is in a four that came to nothing."""
    twins: Twins = [pair for signs in SIGNS for pair in _twins(classes[signs], classes[signs])]
    for one, two in (("opposes", "supports"), ("supports", "opposes")):
        first = _twins({one: classes[False, True][one]}, {two: classes[False, False][two]})
        second = _twins({one: classes[True, False][one]}, {two: classes[True, True][two]})
        twins += [pair for both in zip(first, second, strict=False) for pair in both]
    return twins


def _twins(here: Sides, there: Sides) -> Twins:
    """Return pairs of a pair of one label from `here` with one of the other label from `there`, of like lengths; both are taken out of their lists."""
    sides = sorted(((label, some) for side in (here, there) for label, some in side.items()), key=lambda side: len(side[1]))
    if len({label for label, _ in sides}) < 2:
        return []
    few, many = sides[0][1], next(some for label, some in sides if label != sides[0][0])
    found: Twins = []
    for item in list(few):
        near = min(many, key=lambda o: _apart(o.premise, item.premise) + _apart(o.hypothesis, item.hypothesis), default=None)
        if near and max(_apart(near.premise, item.premise), _apart(near.hypothesis, item.hypothesis)) <= LIKE:
            many.remove(near)
            few.remove(item)
            found.append((item, near))
    return found


def _telling(items: Sequence[Item], seed: int) -> set[tuple[str, int]]:
    """Return the pairs that must give way so that one span alone tells the label of a share of TELLS."""
    if len(items) < SMALLEST:
        return set()
    folds = [chance(seed, item.document.id) % FOLDS for item in items]
    labels = [item.label for item in items]
    gone: set[tuple[str, int]] = set()
    for texts in ([item.hypothesis for item in items], [item.premise for item in items]):
        right = hypothesis_only.guessed(texts, labels, folds)
        for label in sorted(set(labels)):
            told = [item for item, hit in zip(items, right, strict=True) if hit and item.label == label]
            missed = sum(not hit and item.label == label for item, hit in zip(items, right, strict=True))
            gone |= {item.rank for item in sorted(told, key=lambda item: chance(seed, "tells", *item.rank))[round(missed * TELLS / (1 - TELLS)) :]}
    return gone


def _couples(items: Sequence[Item], language: str, seed: int) -> list[tuple[Item, Item]]:
    """Return couples of one supporting and one opposing pair, of two documents, that can swap their hypotheses.

    Their hypotheses are alike in negation and length, so that swapping changes neither; each pair is in one couple at most. A story is coupled with
    what is none where it can be: of two sentences of two stories, about every fourth went on with the other (docs/native-review). All others are of one genre, or of small ones.
    Both labels come in the order in which a split takes documents, whatever its share, so that it cuts few couples in two: such a one is lost to validation.
    """
    places: dict[bool, dict[str, list[Item]]] = defaultdict(lambda: defaultdict(list))
    for item in sorted(items, key=lambda item: (side(item.document.id), chance(seed, "couple", *item.rank))):
        places[denies(item.hypothesis, language)][item.label].append(item)
    kinds = _kinds(items)

    def kind(item: Item) -> str:
        return kinds.get(genre_of(item), genre_of(item))

    couples: list[tuple[Item, Item]] = []
    for sides in places.values():
        if len(sides) < 2:
            continue
        one, two = (sides[label] for label in sorted(sides))
        for mixed in (True, False):
            for item in list(one):
                partner = _partner(item, [o for o in two if (is_story(item) != is_story(o) if mixed else kind(item) == kind(o))], language)
                if partner:
                    one.remove(item)
                    two.remove(partner)
                    couples.append((item, partner))
    return couples


def _partner(item: Item, others: Sequence[Item], language: str) -> Item | None:
    """Return a pair of another document that has about as long a hypothesis, and shares no word with this one on either way round.

    Of those, the first of which the speaker differs: "I" in a premise and none in a hypothesis of somebody else seldom read as one thought.
    """
    lists = connectives(language)
    if points_back(item.hypothesis, lists.links):
        others = [o for o in others if not points_back(o.hypothesis, lists.links)]
    like = (o for o in others if o.document.id != item.document.id and _apart(o.hypothesis, item.hypothesis) <= LIKE)
    fit = [o for o in like if not shared(item.premise, o.hypothesis, language) and not shared(o.premise, item.hypothesis, language)]
    return max(
        fit,
        key=lambda o: speaks(item.premise, lists) != speaks(o.hypothesis, lists) and speaks(o.premise, lists) != speaks(item.hypothesis, lists),
        default=None,
    )
