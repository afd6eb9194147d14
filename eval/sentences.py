"""Scores the targets that train nothing: retrieval of translations (Tatoeba) and mining of them (BUCC), on vectors of every layer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from corpora.config import ConfigError
from corpora.corpus import Corpus
from corpora.records import Aligned
from corpora.study import Target
from eval import retrieval as search
from eval.retrieval import Vectors
from eval.score import Outcome, Tested
from train.metrics import METRICS

if TYPE_CHECKING:
    from train.model import Model


def retrieval(target: Target, corpus: Corpus, pairs: Sequence[Aligned], language: str, model: Model) -> Tested:
    """Score accuracy@1: each ENGLISH sentence is the query, the foreign sentences are the index.

    Direction and nearest neighbour as in XTREME; the headline has the layer, pooling and prefix that the study's target says (the paper:
    layer 14 of XLM-R Large, mean). Beside it, the other direction and margins at that layer, and the curve over all layers and poolings.
    """
    from train import embeddings

    english, foreign = sides(corpus, pairs, language)
    vectors = [embeddings.every_layer(model, side, target.prefix) for side in (english, foreign)]
    layer = _layer(target, vectors[0][target.pooling])
    hits = search.nearest(vectors[0][target.pooling][layer], vectors[1][target.pooling][layer])
    component = METRICS["tatoeba"].component
    found = Tested([Outcome(pair.id, pairs[int(hit)].id, component(str(i), str(int(hit)))) for i, (pair, hit) in enumerate(zip(pairs, hits, strict=True))])
    curve = search.layers(*vectors)
    here = next(point for point in curve if (point["layer"], point["pooling"]) == (layer, target.pooling))
    found.more = {name: here[name] for name in ("reverse", "csls", "ratio", "gap")}
    found.details = {"layers": curve, "layer": layer, "pooling": target.pooling}
    return found


def mining(target: Target, corpus: Corpus, rows: Sequence[Aligned], language: str, model: Model) -> Tested:
    """Score the F1 of mined pairs. A row with one empty side is a sentence without a translation; the threshold comes from the corpus's own dev split."""
    from corpora.readers import read_aligned

    development = read_aligned(corpus, "dev")
    if not development:
        raise ConfigError(f"corpus {corpus.name!r}, split 'dev': no rows, so no threshold can be chosen for mining; BUCC publishes one (its training part)")
    threshold = search.best_threshold(*_mined(target, corpus, development, language, model))
    candidates, gold = _mined(target, corpus, rows, language, model)
    taken = {one.source: one for one in candidates if one.score >= threshold}
    wanted = dict(gold)
    english = [row for row in rows if _english(corpus, row)]
    found = Tested([])
    for i, row in enumerate(english):  # a sentence is in one pair at most, so English sentences are the examples of paired tests
        guess = taken.get(i)
        right = guess is not None and wanted.get(i) == guess.target
        found.outcomes.append(Outcome(row.id, guess.target if guess else None, (float(right), float(guess is not None), float(i in wanted))))
    found.more = {"threshold": threshold}
    return found


def _mined(target: Target, corpus: Corpus, rows: Sequence[Aligned], language: str, model: Model) -> tuple[list[search.Candidate], set[tuple[int, int]]]:
    """Return the candidates, and the gold pairs as (place among the English sentences, place among the foreign ones)."""
    from train import embeddings

    english, foreign = sides(corpus, rows, language)
    places = [{row: place for place, row in enumerate(i for i, text in enumerate(side) if text)} for side in (english, foreign)]
    gold = {(places[0][i], places[1][i]) for i in range(len(rows)) if english[i] and foreign[i]}
    vectors = [embeddings.every_layer(model, [text for text in side if text], target.prefix)[target.pooling] for side in (english, foreign)]
    layer = _layer(target, vectors[0])
    return search.mine(vectors[0][layer], vectors[1][layer]), gold


def _english(corpus: Corpus, row: Aligned) -> str:
    return row.source if corpus.languages[0] == "en" else row.target


def sides(corpus: Corpus, rows: Sequence[Aligned], language: str) -> tuple[list[str], list[str]]:
    """Return (English, foreign) sentences. Raises ConfigError for a corpus in other languages."""
    if set(corpus.languages) != {"en", language}:
        raise ConfigError(f"corpus {corpus.name!r}: languages {list(corpus.languages)}; a retrieval test for {language!r} needs 'en' and {language!r}")
    foreign = [row.target if corpus.languages[0] == "en" else row.source for row in rows]
    return [_english(corpus, row) for row in rows], foreign


def _layer(target: Target, vectors: Vectors) -> int:
    """Return the hidden state that is asked for as its number from 0. Raises ConfigError for one that is not there."""
    top = len(vectors) - 1
    if not -1 <= target.layer <= top:
        raise ConfigError(f"layer = {target.layer}: the encoder has hidden states 0..{top} (-1 = last)")
    return top if target.layer < 0 else target.layer
