"""Seeded tag sequences for the chunk metrics; run as a program, it writes what seqeval itself makes of them.

    PYTHONPATH=. python tests/golden/chunk_cases.py > tests/golden/seqeval-0.0.12.json   # with seqeval==0.0.12 installed

`random.Random` with a fixed seed makes the same choices in every Python from 3.2 on, so the cases need not be stored.
"""

from __future__ import annotations

import json
import random

UPOS = ("ADJ", "ADP", "ADV", "AUX", "CCONJ", "DET", "INTJ", "NOUN", "NUM", "PART", "PRON", "PROPN", "PUNCT", "SCONJ", "SYM", "VERB", "X")
BIO = ("O", "B-LOC", "I-LOC", "B-ORG", "I-ORG", "B-PER", "I-PER")
SETS = {"upos": UPOS, "bio": BIO, "traps": ("SCONJ", "CCONJ", "X", "SYM", "INTJ", "PROPN")}
CASES = 1200  # per tag set

Sentences = list[list[str]]


def cases(name: str) -> list[tuple[Sentences, Sentences]]:
    """Return (gold, predicted) sets of 1 to 4 sentences; a third of the predicted tags is drawn anew."""
    draw = random.Random(f"chunks {name}")
    tags, found = SETS[name], []
    for _ in range(CASES):
        gold = [[draw.choice(tags) for _ in range(draw.randint(1, 12))] for _ in range(draw.randint(1, 4))]
        guess = [[draw.choice(tags) if draw.random() < 1 / 3 else tag for tag in sentence] for sentence in gold]
        found.append((gold, guess))
    return found


if __name__ == "__main__":
    from seqeval.metrics import f1_score, precision_score, recall_score

    rules = {"f1": f1_score, "precision": precision_score, "recall": recall_score}
    print(
        json.dumps({name: [[round(100 * float(rule(*case)), 10) for rule in rules.values()] for case in cases(name)] for name in SETS}).replace("], [", "],\n[")
    )
