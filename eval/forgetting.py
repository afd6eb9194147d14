"""What the intermediate phase forgets: masked pieces that the base could fill in, and how far sentence vectors move away from the base's.

Measured once for each intermediate encoder, on sentences that no training saw: the first TEXTS of the study's first retrieval target, in each of its
languages and in English. Nothing is trained for it, and the very same encoder is measured with the base's weights and with its own.

- masked pieces: mean loss in nats, and share filled in rightly, by the base's OWN head (frozen, with the base's word embeddings as output weights), for
  bases that have one. Every piece is hidden in one of ROUNDS passes out of 1 / SHARE, so the same pieces before and after.
- drift, for every base: mean cosine of a sentence's vector before and after, and linear CKA of the two sets of vectors (Kornblith et al. 2019; with
  the unbiased HSIC of Song et al. 2012, so that 100 sentences are enough): 1 = the same up to rotation and scale.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from random import Random
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

import numpy as np

from corpora import corpus as corpora
from corpora.shards import digest
from corpora.study import Study, Target
from eval.retrieval import Vectors
from eval.stats import Array

if TYPE_CHECKING:
    from train.heads import Masked
    from train.model import Model
    from train.run import Run

KEY = "forgetting"  # in details.json, beside the languages
TEXTS, SHARE, ROUNDS = 100, 0.15, 4
_before: WeakKeyDictionary[Any, dict[str, dict[str, Any]]] = WeakKeyDictionary()  # by the frozen States of a base: what it measures is the same for all runs


def asked(study: Study, run: Run) -> bool:
    """Say whether a run is the one that measures: of the first retrieval target, after an intermediate phase."""
    return bool(run.parent) and run.target == next((name for name, target in study.targets.items() if target.retrieval), "")


def measure(study: Study, run: Run, model: Model) -> dict[str, Any]:
    """Return what is kept in details.json, {} where a run has nothing to measure: `texts`, `layer`, `pooling`, `head` (has the base one?), `languages`."""
    if not asked(study, run):
        return {}
    from train import before
    from train.mlm_head import base_head

    if not before.known(model):
        return {}
    target = study.targets[run.target]
    texts = texts_of(study, run.target)
    head = base_head(study.base, model)
    name = digest([texts, target.layer, target.pooling, target.prefix])
    known = _before.setdefault(model.states, {})
    if name not in known:
        with before.base_in_place(model):
            known[name] = {language: _look(model, some, target, head) for language, some in texts.items()}
    found: dict[str, Any] = {}
    for language, some in texts.items():
        old, new = known[name][language], _look(model, some, target, head)
        alike = cka(old["vectors"], new["vectors"])
        found[language] = {"cosine": cosine(old["vectors"], new["vectors"])} | ({"cka": alike} if math.isfinite(alike) else {})
        if "loss" in old:
            found[language] |= {f"{what}_{when}": one[what] for when, one in (("before", old), ("after", new)) for what in ("loss", "right")}
            found[language]["pieces"] = old["pieces"]
    return {"texts": TEXTS, "layer": target.layer, "pooling": target.pooling, "head": head is not None, "languages": found}


def texts_of(study: Study, name: str) -> dict[str, list[str]]:
    """Return language -> the first TEXTS sentences of a retrieval target; English ones from its first language."""
    from corpora.readers import read_aligned
    from eval.score import tested
    from eval.sentences import sides

    found: dict[str, list[str]] = {}
    for language, corpus_name in tested(study, name).items():
        corpus = corpora.load(corpus_name)
        english, foreign = sides(corpus, read_aligned(corpus, study.targets[name].test_split, limit=TEXTS), language)
        for code, some in (("en", english), (language, foreign)):
            found.setdefault(code, [text for text in some if text])
    return found


def _look(model: Model, texts: Sequence[str], target: Target, head: Masked | None) -> dict[str, Any]:
    from train import embeddings

    vectors = embeddings.every_layer(model, texts, target.prefix)[target.pooling][target.layer]
    return {"vectors": vectors, **(masked_loss(model, texts, head) if head is not None else {})}


def masked_loss(model: Model, texts: Sequence[str], head: Masked) -> dict[str, float]:
    """Return the mean loss (nats) and share right (0 to 1) of `head` over hidden pieces of texts, and their number; the same pieces whatever the encoder's weights."""
    import torch
    from torch.nn.functional import cross_entropy

    from train import before
    from train.batches import collate
    from train.features import IGNORED, plain
    from train.predict import BATCH_TOKENS

    hidden = [one for i, feature in enumerate(plain(texts, model.pieces, model.encoder.limit)) for one in _hidden(feature, model.pieces, Random(f"{i}"))]
    loss, right, pieces = 0.0, 0, 0
    size = max(1, BATCH_TOKENS // max([1, *(feature.length for feature in hidden)]))
    words = before.words_of(model).to(model.device)
    with torch.inference_mode():
        for first in range(0, len(hidden), size):
            batch = collate("", "text", hidden[first : first + size], model.encoder.pad).to(model.device)
            with model.autocast():
                states = model.encoder(batch)
            scores = head.scores(states.float(), batch, words)
            gold = batch.label[batch.label != IGNORED]
            loss += float(cross_entropy(scores, gold, reduction="sum"))
            right += int((scores.argmax(-1) == gold).sum())
            pieces += len(gold)
    return {"loss": loss / max(1, pieces), "right": right / max(1, pieces), "pieces": pieces}


def _hidden(feature: Any, pieces: Any, random: Random) -> list[Any]:
    """Return up to ROUNDS copies of a text's feature with different pieces hidden, SHARE of them each; special tokens and <unk> never are."""
    from dataclasses import replace

    from train.features import IGNORED

    ids = list(feature.rows[0])
    places = [i for i, piece in enumerate(ids) if piece not in pieces.special]
    random.shuffle(places)
    count = max(1, round(SHARE * len(places)))
    parts = [places[first : first + count] for first in range(0, len(places), count)][:ROUNDS]
    return [
        replace(
            feature,
            rows=[[pieces.mask if i in part else piece for i, piece in enumerate(ids)]],
            label=[piece if i in part else IGNORED for i, piece in enumerate(ids)],
        )
        for part in map(set, parts)
    ]


def cosine(before: Vectors, after: Vectors) -> float:
    """Return the mean cosine of each sentence's two vectors; vectors are normalised, [texts, size]."""
    return float((before.astype(np.float64) * after).sum(axis=1).mean())


def cka(before: Vectors, after: Vectors) -> float:
    """Return the linear CKA of two sets of vectors [texts, size], 0 to 1 (a little below 0 by chance); nan for fewer than four texts or none that differ."""
    grams = [_gram(side) for side in (before, after)]
    if len(before) < 4:
        return math.nan
    own = [_hsic(gram, gram) for gram in grams]
    return _hsic(*grams) / math.sqrt(own[0] * own[1]) if min(own) > 0 else math.nan


def _gram(vectors: Vectors) -> Array:
    centred = vectors.astype(np.float64) - vectors.mean(axis=0)
    gram = np.asarray(centred @ centred.T, dtype=np.float64)
    np.fill_diagonal(gram, 0.0)
    return gram


def _hsic(first: Array, second: Array) -> float:
    """Return the unbiased HSIC of two Gram matrices without their diagonals (Song et al. 2012, equation 5)."""
    n = len(first)
    trace, sums = float((first * second).sum()), float(first.sum() * second.sum()) / ((n - 1) * (n - 2))
    return (trace + sums - 2 / (n - 2) * float(first.sum(axis=0) @ second.sum(axis=0))) / (n * (n - 3))


def summary(found: Sequence[Mapping[str, Any]]) -> dict[str, dict[str, float]]:
    """Return language -> mean of every number over runs (one a seed) that measured it."""
    languages = dict.fromkeys(language for one in found for language in one["languages"])
    made: dict[str, dict[str, float]] = {}
    for language in languages:
        some = [one["languages"][language] for one in found if language in one["languages"]]
        made[language] = {name: float(np.mean([one[name] for one in some])) for name in some[0] if all(name in one for one in some)}
    return made
