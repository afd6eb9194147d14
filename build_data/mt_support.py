"""How well a stretch of target words suits a witness, as an F1 in 0..1: over link weights, over matched words, over shared places. Pure functions."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import accumulate

from build_data.mt_bitext import Bitext, Links
from build_data.mt_match import FUNCTION, key

FLOOR = 0.3  # link weight below which a word counts as linked to nothing, so that noise is not taken for certainty
LIGHT = 0.5  # weight of an English function word: endings absorb it, so its links wander
RECALL = 0.6  # weight of recall in the F over links: a word too many is the commoner fault

Support = Callable[[int, int], float]  # (first, last) of the positions that are looked at, both inclusive


def words_support(values: Sequence[Sequence[float]]) -> Support:
    """Return the support of a literal witness from `mt_match.fits`."""

    def support(first: int, last: int) -> float:
        return values[first][last - first]

    return support


def weights(bitext: Bitext, asked: Sequence[int]) -> dict[int, float]:
    """Return what each word of the answer counts: function words little, unless there is nothing else."""
    light = {i for i in asked if key(bitext.source_words[i].text) in FUNCTION}
    return {i: LIGHT if i in light and len(light) < len(asked) else 1.0 for i in asked}


def links_support(links: Links, asked: Mapping[int, float], positions: Sequence[int]) -> Support:
    """Return the support of a link witness: the F of the link weight between the answer and a stretch.

    Precision is the mean over the stretch's words of the share of a word's links that lies on the answer; recall the mean over the
    answer's words of the share of their links that lies in the stretch. Less than FLOOR in all counts as FLOOR. Prefix sums make
    any stretch a matter of two subtractions.
    """
    totals = {s: max(sum(links[t].get(s, 0.0) for t in positions), FLOOR) for s in asked}
    mass = sum(weight * min(sum(links[t].get(s, 0.0) for t in positions) / totals[s], 1.0) for s, weight in asked.items())
    precise = [sum(w * asked[s] for s, w in links[t].items() if s in asked) / max(sum(links[t].values()), FLOOR) for t in positions]
    recalled = [sum(asked[s] * w / totals[s] for s, w in links[t].items() if s in asked) / max(mass, 1e-9) for t in positions]
    p, r = [0.0, *accumulate(precise)], [0.0, *accumulate(recalled)]

    def support(first: int, last: int) -> float:
        precision, recall = (p[last + 1] - p[first]) / (last + 1 - first), r[last + 1] - r[first]
        return (1 + RECALL) * precision * recall / (RECALL * precision + recall) if precision * recall > 0 else 0.0

    return support


def overlap_support(taken: tuple[int, int]) -> Support:
    """Return the support of a witness that takes one stretch: the F1 of the words shared with it."""
    first, last = taken

    def support(a: int, b: int) -> float:
        return max(2 * (min(last, b) - max(first, a) + 1) / (last - first + b - a + 2), 0.0)

    return support
