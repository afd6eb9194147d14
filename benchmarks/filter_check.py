"""Scores good and damaged pairs with every filter; fits their weights on a quarter of the sentences and reports on a half (damage.part)."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from benchmarks.damage import OTHER, Damage, Part, Row, dev_pairs, good_pairs, part
from build_data import filters_quality
from build_data.filters import ALL, FILTERS, Filter, Item, View, score
from build_data.filters_base import failure
from build_data.filters_quality import POINTS, Weighing, damage_odds, rarity
from build_data.parse import Parser, load_parser
from build_data.similarity import Similarity
from corpora.study import Parsing

POOL = 24_000  # good pairs from which rows are drawn; what is drawn does not depend on how many are wanted
FITTED = 600  # rows of each damage that `quality` is fitted on, twice as many good ones
PACKS = {"fi": "mini/models/stanza/fi", "hu": "mini/models/stanza/hu"}
SCORED = tuple(f for f in ALL if f.item is not None)  # of one text
WEIGHED = tuple(f for f in SCORED if f.name not in ("few_words", "many_words"))  # how long a text is says where it comes from, not whether it is damaged
PLAIN = tuple(f for f in WEIGHED if f.family in ("heuristic", "words", "language"))
SETS: Mapping[str, tuple[Filter, ...]] = {
    "heuristics": tuple(f for f in WEIGHED if f.family in ("heuristic", "language")), "added": tuple(f for f in WEIGHED if f.family in ("heuristic", "language", "parse")),
    "stanza": tuple(f for f in WEIGHED if f.family == "parse"), "plain": PLAIN, "parse": (*PLAIN, *(f for f in WEIGHED if f.family == "parse")),
    "encoder": WEIGHED,
}  # fmt: skip
STORED = ("plain", "parse", "encoder")  # sets whose weights the product keeps
TITLES = {
    "heuristics": "heuristics + language", "added": "heuristics + language + Stanza", "stanza": "Stanza alone", "plain": "heuristics + words",
    "parse": "heuristics + words + Stanza", "encoder": "all, encoder too",
}  # fmt: skip
ALARMS = 0.05
DEV_ROWS = 1000  # of each file of dev pairs
Floats = npt.NDArray[np.float64]


def parser(language: str, cache: Path) -> Parser:
    """Return the bundled pack's parser."""
    return load_parser(Parsing(packs=PACKS), language, cache / "parses.sqlite")


def rows_of(root: Path, language: str, each: int, of: Part) -> list[Row]:
    """Return good rows (twice `each`) of one part and `each` of every damage, done to the same sentences where it can be."""
    pairs = good_pairs(root, language, POOL)
    damage = Damage(language, [text for _, text in pairs], [text for _, text in good_pairs(root, OTHER[language], POOL)])
    own = [pair for pair in pairs if part(pair[0]) == of]
    rows = [Row(source, text, "good") for source, text in own[: 2 * each]]
    for kind in damage.kinds:
        rows += damage.rows(own, kind, each)
    return rows


def scores_of(rows: Sequence[Row], language: str, cache: Path) -> list[dict[str, float]]:
    """Return every item filter's score of every row. A text that does not parse is a ConfigError's matter, not met in these files."""
    parses = parser(language, cache).parse([row.text for row in rows], trees=False)
    likes = Similarity(cache / "similarities.sqlite").compare([(row.text, row.source) for row in rows])
    out = []
    for row, parse, like in zip(rows, parses, likes, strict=True):
        assert parse is not None, row
        out.append(score(View(language, (Item(language, row.text, row.source, parse, like),)), SCORED))
    return out


def logistic(x: Floats, y: npt.NDArray[np.int64], weight: Floats, steps: int = 3000, rate: float = 0.5, decay: float = 3e-4) -> Floats:
    """Return weights [kinds, columns of x and the constant] of a multinomial logistic regression whose class 0 has none.

    No weight but the constant is below 0: being rare never speaks for a text.
    """
    ones = np.hstack([x, np.ones((len(x), 1))])
    kinds = int(y.max())
    truth = np.eye(kinds + 1)[y][:, 1:]
    weight = (weight / weight.sum())[:, None]
    w = np.zeros((kinds, ones.shape[1]))
    velocity = np.zeros_like(w)
    for _ in range(steps):
        z = np.clip(ones @ w.T, -30, 30)
        p = np.exp(z)
        p /= 1 + p.sum(1, keepdims=True)
        slope = (weight * (p - truth)).T @ ones
        slope[:, :-1] += decay * w[:, :-1]
        velocity = 0.9 * velocity - rate * slope
        w += velocity
        w[:, :-1] = np.maximum(w[:, :-1], 0)
    return w


def weigh(rows: Sequence[Row], scores: Sequence[Mapping[str, float]]) -> Weighing:
    """Fit on the rows given: quantiles of the good ones, then weights of rarity for each set and damage; all damages together weigh what the good rows weigh."""
    good = {
        f.name: np.quantile([s[f.name] for r, s in zip(rows, scores, strict=True) if r.kind == "good"], np.linspace(0, 1, POINTS)).tolist() for f in WEIGHED
    }
    kinds = ["good", *dict.fromkeys(row.kind for row in rows if row.kind != "good")]
    y = np.array([kinds.index(row.kind) for row in rows])
    sizes = np.bincount(y)
    weight = np.array([1.0 if kind == 0 else sizes[0] / sizes[kind] / (len(kinds) - 1) for kind in y])
    weights: dict[str, dict[str, dict[str, float]]] = {}
    for name, chosen in SETS.items():
        x = np.array([[rarity(s[f.name], good[f.name], f.worst) for f in chosen] for s in scores])
        found = logistic(x, y, weight).round(3)
        weights[name] = {kind: dict(zip([*(f.name for f in chosen), ""], row.tolist(), strict=True)) for kind, row in zip(kinds[1:], found, strict=True)}
    kept = {name: {kind: {f: v for f, v in row.items() if v or not f} for kind, row in table.items()} for name, table in weights.items()}
    return Weighing(good, {name: [f.name for f in chosen] for name, chosen in SETS.items()}, kept, {f.name: f.worst for f in WEIGHED})


def fit(root: Path, language: str, cache: Path) -> str:
    """Fit and write build_data/quality_XX.toml."""
    rows = rows_of(root, language, FITTED, "fitted")
    known = weigh(rows, scores_of(rows, language, cache))
    lines = [f"# Calibration and weights of the filter `quality`, from {len(rows)} pairs; made by: python -m benchmarks.filters fit", "", "[good]"]
    lines += [f"{name} = [{', '.join(f'{v:.5g}' for v in values)}]" for name, values in known.good.items()]
    lines += ["", "[worst]", *(f'{name} = "{side}"' for name, side in known.worst.items())]
    lines += ["", "[sets]", *(f"{name} = {json.dumps(known.sets[name])}" for name in STORED)]
    for name in STORED:
        for kind, weights in known.weights[name].items():
            lines += ["", f'[weights.{name}."{kind}"]', *(f"{key or chr(34) * 2} = {value}" for key, value in weights.items())]
    (Path(filters_quality.__file__).parent / f"quality_{language}.toml").write_text("\n".join(lines) + "\n", "utf-8")
    return f"{language}: fitted on {len(rows)} pairs"


def auc(good: Floats, bad: Floats) -> float:
    """Return the probability that a damaged row scores higher than a good one, ties counting half."""
    both = np.concatenate([good, bad])
    _, place, count = np.unique(both, return_inverse=True, return_counts=True)
    rank = (np.cumsum(count) - (count - 1) / 2)[place]
    return float((rank[len(good) :].sum() - len(bad) * (len(bad) + 1) / 2) / (len(good) * len(bad)))


def caught(good: Floats, bad: Floats) -> float:
    """Return the share of damaged rows above the score that at most ALARMS of the good ones are above."""
    bound = np.quantile(good, 1 - ALARMS, method="higher")
    return float((bad > bound).mean())


def check(root: Path, language: str, each: int, cache: Path) -> str:
    """Return the tables of one language."""
    learnt, test = (rows_of(root, language, count, of) for count, of in ((FITTED, "fitted"), (each, "reported")))
    fitted = weigh(learnt, scores_of(learnt, language, cache))
    scores = scores_of(test, language, cache)
    kinds = list(dict.fromkeys(row.kind for row in test if row.kind != "good"))
    numbers: dict[str, Floats] = {}
    for name, chosen in SETS.items():
        only = Weighing(fitted.good, {name: fitted.sets[name]}, {name: fitted.weights[name]}, fitted.worst)
        names = {f.name for f in chosen}
        numbers[TITLES[name]] = np.array([damage_odds({k: v for k, v in s.items() if k in names}, language, only) for s in scores])
    for f in WEIGHED:
        numbers[f"`{f.name}`"] = np.array([rarity(s[f.name], fitted.good[f.name], f.worst) for s in scores])
    for title, encoder in (("default bounds: refused", False), ("default bounds, encoder on: refused", True)):
        numbers[title] = np.array([float(failure(*as_built(s, language, encoder)) is not None) for s in scores])
    sizes = sorted(sum(r.kind == k for r in test) for k in kinds)
    title = (
        f"### {language}: {sum(r.kind == 'good' for r in test)} good pairs and, of each damage, {' to '.join(map(str, dict.fromkeys((sizes[0], sizes[-1]))))}"
    )
    return "\n".join([title, "", *table(test, kinds, numbers), "", *alarms(root, language, cache), ""])


def as_built(scores: Mapping[str, float], language: str, encoder: bool) -> tuple[dict[str, float], list[Filter]]:
    """Return the scores that a build has, `quality` among them, and the filters that decide there."""
    used = [f for f in SCORED if f.on or encoder]
    own = {f.name: scores[f.name] for f in used}
    return own | {"quality": damage_odds(own, language)}, [*used, FILTERS["quality"]]


def table(rows: Sequence[Row], kinds: Sequence[str], numbers: Mapping[str, Floats]) -> list[str]:
    """Return one line a score: AUC / percent caught at 5 % false alarms, by damage and over all of them."""
    kind = np.array([row.kind for row in rows])
    lines = ["| score | all damages | " + " | ".join(kinds) + " |", "|---|" + "---:|" * (len(kinds) + 1)]
    for name, values in numbers.items():
        good = values[kind == "good"]
        if name.startswith("default"):
            cells = [f"{100 * values[kind == k].mean():.0f}" for k in kinds]
            lines.append(f"| {name} (good: {100 * good.mean():.1f} %) | {100 * values[kind != 'good'].mean():.0f} | " + " | ".join(cells) + " |")
            continue
        cells = [f"{auc(good, values[kind == k]):.3f} / {100 * caught(good, values[kind == k]):.0f}" for k in kinds]
        every = np.mean([auc(good, values[kind == k]) for k in kinds]), np.mean([caught(good, values[kind == k]) for k in kinds])
        lines.append(f"| {name} | {every[0]:.3f} / {100 * every[1]:.0f} | " + " | ".join(cells) + " |")
    return lines


def alarms(root: Path, language: str, cache: Path) -> list[str]:
    """Return by filter how many percent of the human dev pairs its default bounds refuse, and all of them together."""
    found: dict[str, list[dict[str, float]]] = {}
    for name, pairs in dev_pairs(root, language).items():
        rows = [Row(source, text, "good") for source, text in pairs if len(source.split()) > 1 and len(text.split()) > 1][:DEV_ROWS]
        found[name] = [s | as_built(s, language, encoder=False)[0] for s in scores_of(rows, language, cache)]
    used = [*SCORED, FILTERS["quality"]]
    lines = [f"| refused of human dev pairs, % | {' | '.join(f'{name} ({len(s)})' for name, s in found.items())} |", "|---|" + "---:|" * len(found)]
    for f in used:
        shares = [100 * sum(not f.keeps(s[f.name]) for s in scores) / len(scores) for scores in found.values()]
        lines.append(f"| `{f.name}`{'' if f.on else ' (off)'} | " + " | ".join(f"{share:.1f}" for share in shares) + " |")
    on = [f for f in used if f.on]
    shares = [100 * sum(failure(s, on) is not None for s in scores) / len(scores) for scores in found.values()]
    return [*lines, "| all that are on | " + " | ".join(f"{share:.1f}" for share in shares) + " |"]
