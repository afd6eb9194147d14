"""Trains the tables of build_data/neighbours.py: what good text looks like beside the same text shuffled, or with a negation taken out."""

from __future__ import annotations

import random
import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from benchmarks.damage import CLOSING, part, read_pairs
from build_data import neighbours
from build_data.neighbours import BITS, POLARITY_BITS, Forms, Places, polarity_places, tokens
from corpora import corpus as corpora
from corpora import readers

# Native text with an open licence that no target of the studies is made of, and the most sentences taken from each.
NATIVE: Mapping[str, Mapping[str, int]] = {
    "fi": {"fi/law": 20_000, "fi/finer_wiki": 10_000, "fi/wiki_sample": 10_000, "fi/alastalo": 3_000, "fi/eduskunta_vkk": 30_000},
    "hu": {"hu/eltec": 35_000, "hu/nerkor_docs": 25_000, "hu/gold_standard": 15_000, "hu/korkor_wiki": 5_000, "hu/laws1999": 5_000},
}
TATOEBA = ("tatoeba_manythings", "tatoeba_opusmt_testsets")
PARALLEL: Mapping[str, tuple[str, ...]] = {"fi": (*TATOEBA, "gnome_help", "mozilla_www"), "hu": (*TATOEBA, "hulu_hurte", "hulu_husst")}  # for "polarity"
NEGATIONS: Mapping[str, str] = {
    "fi": "en et ei emme ette eivät älä älkää älköön eikä enkä etkä emmekä ettekä eivätkä miksei ettei ettemme etten ettet ellei jollei vaikkei muttei",
    "hu": "nem ne sem se nincs nincsen nincsenek sincs sincsen sincsenek nemcsak",
}
BORDER = re.compile(r"(?<=[.!?])\s+(?=[\"„”»–-]?\s?[A-ZÁÉÍÓÖŐÚÜŰÄÅ])")
WORDS = 4, 45  # of a sentence
COMMON, SHORT = 3_000, 250  # words kept whole
EPOCHS, BATCH, RATE, DECAY = 4, 256, 0.1, 0.01


def native(language: str) -> list[str]:
    """Return sentences of NATIVE in a fixed random order, at most the number given of each corpus."""
    out: list[str] = []
    for name, most in NATIVE[language].items():
        declared = corpora.load(name)
        if "docs" in declared.splits:
            texts = [p for document in readers.read_documents(declared, "docs") for p in document.paragraphs]
        else:
            texts = [text for record in readers.read_records(declared, "train") for text in record.texts()]
        found = [s for text in texts for s in BORDER.split(text) if WORDS[0] <= len(s.split()) <= WORDS[1]]
        random.Random(1).shuffle(found)
        out += found[:most]
    random.Random(2).shuffle(out)
    return out


def shuffled(text: str, chance: random.Random) -> str | None:
    """Return the sentence with all its words, or three to six neighbours, shuffled; the closing sign and the capital stay where they were."""
    body = text.rstrip(CLOSING)
    words, end = body.split(), text[len(body) :]
    if len(words) < 3:
        return None
    if not words[0][1:2].isupper() and len(words[0]) > 1:
        words[0] = words[0][:1].lower() + words[0][1:]
    low, high = 0, len(words)
    if chance.random() < 0.3:
        low = chance.randrange(len(words) - 1)
        high = min(len(words), low + chance.randint(3, 6))
    some = words[low:high]
    chance.shuffle(some)
    bad = " ".join([*words[:low], *some, *words[high:]]).rstrip(",;:") + end
    return bad[:1].upper() + bad[1:]


def denied(text: str, pattern: re.Pattern[str], chance: random.Random) -> str | None:
    """Return the sentence without one of its negations, None where it has none."""
    found = list(pattern.finditer(text))
    if not found:
        return None
    one = chance.choice(found)
    bad = text[: one.start()] + text[one.end() :].lstrip()
    return bad[:1].upper() + bad[1:]


def regression(rows: Sequence[Places], bad: Sequence[bool], bits: int) -> npt.NDArray[np.float32]:
    """Return the weights [2^bits] of a logistic regression on hashed places (Adagrad, L2); bad and good rows weigh the same together."""
    starts = np.concatenate([[0], np.cumsum([len(row) for row in rows])])
    flat, y = torch.from_numpy(np.concatenate(rows)), torch.tensor(bad, dtype=torch.float32)
    share = float(y.mean())
    cost = torch.where(y > 0, 0.5 / share, 0.5 / (1 - share))
    weights, squares = torch.zeros(1 << bits), torch.full((1 << bits,), 1e-6)
    for epoch in range(EPOCHS):
        order = np.random.default_rng(epoch).permutation(len(rows))
        for at in range(0, len(order), BATCH):
            some = order[at : at + BATCH]
            places = torch.cat([flat[starts[i] : starts[i + 1]] for i in some])
            owner = torch.repeat_interleave(torch.arange(len(some)), torch.from_numpy(starts[some + 1] - starts[some]))
            error = torch.sigmoid(torch.zeros(len(some)).index_add_(0, owner, weights[places])) - y[some]
            gradient = torch.zeros(1 << bits).index_add_(0, places, (error * cost[some])[owner])
            touched = torch.unique(places)
            step = gradient[touched] + DECAY * weights[touched]
            squares[touched] += step * step
            weights[touched] -= RATE * step / squares[touched].sqrt()
    return weights.numpy()


def _stored(name: str, weights: npt.NDArray[np.float32]) -> dict[str, Any]:
    """Return weights as 8-bit steps; a text adds up some hundred of them, so rounding averages out."""
    step = float(np.abs(weights).max()) / 127
    return {name: np.round(weights / step).astype(np.int8), f"{name}_step": np.float32(step)}


def train(root: Path, language: str) -> str:
    """Train the three tables and write build_data/neighbours_XX.npz. Of sentence pairs only those of part "taught" are looked at."""
    files = {name: read_pairs(root / "parallel" / f"en-{language}" / f"{name}.tsv.gz") for name in PARALLEL[language]}
    taught = {name: [(source, text) for source, text in pairs if part(source) == "taught"] for name, pairs in files.items()}
    sentences = list(dict.fromkeys([*native(language), *(text for name in TATOEBA for _, text in taught[name])]))
    counts = Counter(token.lstrip("^") for text in sentences for token in tokens(text))
    common, short = (frozenset(word for word, _ in counts.most_common(size) if word[0].isalpha()) for size in (COMMON, SHORT))
    forms, negations = Forms(common, short), frozenset(NEGATIONS[language].split())
    pattern = re.compile(rf"(?<!\w)(?:{'|'.join(sorted(negations))})(?!\w)", re.IGNORECASE)
    chance = random.Random(3)

    def look(texts: Sequence[str], damage: Callable[[str], str | None], both: bool) -> tuple[list[Places], list[bool]]:
        rows, bad = [], []
        for text in texts:
            for one, is_bad in ((text, False), (damage(text), True)):
                if one is not None and (one != text or not is_bad):
                    runs, words = neighbours.places(tokens(one), forms, negations)
                    rows.append(np.concatenate([runs, words]) if both else runs)
                    bad.append(is_bad)
        return rows, bad

    salad = regression(*look(sentences, lambda text: shuffled(text, chance), both=False), BITS)
    denying = [text for text in sentences if pattern.search(text)]
    affirming = [text for text in sentences if not pattern.search(text)][: 2 * len(denying)]
    gap = regression(*look([*denying, *affirming], lambda text: denied(text, pattern, chance), both=True), BITS)
    pairs = [pair for some in taught.values() for pair in some]
    bad_pairs = [(source, bad) for source, text in pairs if (bad := denied(text, pattern, chance)) is not None]
    rows = [polarity_places(text, source, language) for source, text in (*pairs, *bad_pairs)]
    polarity = regression(rows, [False] * len(pairs) + [True] * len(bad_pairs), POLARITY_BITS)
    path = Path(neighbours.__file__).parent / f"neighbours_{language}.npz"
    stored = _stored("salad", salad) | _stored("gap", gap) | _stored("polarity", polarity)
    lists = {name: np.array(" ".join(sorted(some))) for name, some in (("common", common), ("short", short), ("negations", negations))}
    np.savez_compressed(path, **stored, **lists)
    return f"{language}: {len(sentences)} sentences, {len(denying)} with a negation, {len(pairs)} pairs, {len(bad_pairs)} with a negation; {path.stat().st_size / 1000:.0f} kB"
