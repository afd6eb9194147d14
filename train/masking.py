"""Masked-language modelling: which pieces of a text are hidden. As BERT does it: 15 % of them; of these 80 % become <mask>, 10 % another piece, 10 % stay.

What is hidden depends on a seed and the place of the batch in the run, so every epoch hides other pieces and a resumed run hides the same.
"""

from __future__ import annotations

from dataclasses import replace
from random import Random

from train.features import IGNORED, Feature, Pieces

HIDDEN, MASKED, CHANGED = 0.15, 0.8, 0.1


def masked(feature: Feature, pieces: Pieces, random: Random) -> Feature:
    """Return a text's feature with pieces hidden and their own ids as labels. At least one piece is hidden; special tokens never are."""
    ids = list(feature.rows[0])
    places = [i for i, piece in enumerate(ids) if piece not in pieces.special]
    label = [IGNORED] * len(ids)
    for i in random.sample(places, max(1, round(HIDDEN * len(places)))) if places else []:
        label[i] = ids[i]
        fate = random.random()
        if fate < MASKED:
            ids[i] = pieces.mask
        elif fate < MASKED + CHANGED:
            ids[i] = pieces.plain[random.randrange(len(pieces.plain))]
    return replace(feature, rows=[ids], label=label)
