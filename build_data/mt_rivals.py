"""Is there a better translation model at hand? A study that names a weaker one is refused, unless it insists.

Rivals are the folders under translation.candidates, which are measured here and now on the study's own dev rows, and the
CTranslate2 folders below CORPORA_DIR/models and corpora/mini/models/mt for the same pair, which are believed what their cards (model.json, "dev") say.
Only like is compared with like: the same corpus and split, as many rows, the same sacreBLEU signature. Of several such sets the mean counts.

The rule: refused if the rival has at least CHRF more chrF, or at least BLEU more BLEU and more chrF besides. chrF decides because it counts
inflected words in part, where BLEU counts whole ones; two metrics that disagree refuse nothing. The bounds lie above the noise of a dev
set: on 500 rows (bundled en-fi model, paired bootstrap of 300 draws) a model's own scores have a standard deviation of 0.72 chrF and
0.71 BLEU, and their difference between beams 1 and 4, two systems much alike, one of 0.27 and 0.26.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from build_data.mt_model import optional_json
from corpora.config import ConfigError
from corpora.corpus import ROOT, corpora_dir, find_folder
from corpora.study import Translation

CHRF = 1.0  # points
BLEU = 2.0  # points (facts/data-stage.md 7, item 19)
PLACES = ("models", "mini/models/mt")  # below CORPORA_DIR and corpora/
ENGLISH = "en"


@dataclass(frozen=True, slots=True)
class Score:
    """One measurement: `on` is "corpus:split", `signature` chrF's."""

    on: str
    rows: int
    signature: str
    points: tuple[float, float]  # chrF, BLEU


@dataclass(frozen=True, slots=True)
class Margin:
    """How far a rival is ahead, on the sets that both models were measured on."""

    on: str
    own: tuple[float, float]  # chrF, BLEU
    other: tuple[float, float]

    @property
    def better(self) -> bool:
        """Say whether the rival is so much better that the study's model is refused (the rule at the top of this file)."""
        chrf, bleu = (b - a for a, b in zip(self.own, self.other, strict=True))
        return chrf >= CHRF or (bleu >= BLEU and chrf > 0)


def compare(
    settings: Translation, language: str, own: Mapping[str, Any], card: Mapping[str, Any], measure: Callable[[str], Mapping[str, Any]]
) -> list[dict[str, Any]]:
    """Return what the model of `language` was compared with, for the manifest; raise ConfigError where a rival is better and the study doesn't insist.

    `own` is the model's mt_quality.quality as measured in this build ("corpus" is "corpus:split"), `card` its model.json; `measure` gives the same of another folder.
    """
    corpus = settings.dev[language]
    known = [*_scores({str(own["corpus"]): own}), *_scores(card.get("dev"), corpus)]
    compared: list[dict[str, Any]] = []
    ahead: dict[str, Margin] = {}
    for name, listed in _rivals(settings, language):
        margin = _margin(known, _scores({"": measure(name)}) if listed else _scores(_card(find_folder(name)).get("dev"), corpus))
        if margin is None:
            compared.append({"model": name, "why": f"its card has no score that compares; list it in translation.candidates.{language} to have it measured"})
            continue
        compared.append({"model": name, "on": margin.on, "own": list(margin.own), "other": list(margin.other), "better": margin.better})
        if margin.better:
            ahead[name] = margin
    if ahead and language not in settings.insist:
        best = max(ahead, key=lambda name: ahead[name].other[0] - ahead[name].own[0])
        raise ConfigError(_refusal(settings.models[language], best, language, ahead[best]))
    return compared


def _refusal(mine: str, other: str, language: str, margin: Margin) -> str:
    return (
        f"translation.models.{language}: {mine} is weaker than {other} on {margin.on}: chrF {margin.own[0]:.1f} against {margin.other[0]:.1f}, "
        f'BLEU {margin.own[1]:.1f} against {margin.other[1]:.1f}. Write translation.models.{language} = "{other}", '
        f'or translation.insist = ["{language}"] to use {mine} all the same'
    )


def _rivals(settings: Translation, language: str) -> Iterator[tuple[str, bool]]:
    """Yield (folder, was it listed) of every other model for the pair, the listed ones first; a folder is named as a study would name it."""
    seen = {find_folder(settings.models[language]).resolve()}
    for name in settings.candidates.get(language, ()):
        if (path := find_folder(name).resolve()) not in seen:
            seen.add(path)
            yield name, True
    for place in PLACES:
        for base in (corpora_dir(), ROOT):
            for folder in sorted((base / place).glob("*/")):
                if folder.resolve() not in seen and _is_for(folder, language):
                    seen.add(folder.resolve())
                    yield f"{place}/{folder.name}", False


def _is_for(folder: Path, language: str) -> bool:
    """Say whether a folder holds a model whose card names English -> `language`."""
    card = _card(folder) if (folder / "model.bin").is_file() else {}
    return all(expected in _listed(card.get(key)) for key, expected in (("source", ENGLISH), ("target", language)))


def _card(folder: Path) -> Mapping[str, Any]:
    """Return a folder's card, {} where it is missing or broken: a model that nobody named must not stop a build."""
    try:
        return optional_json(folder / "model.json")
    except ConfigError:
        return {}


def _listed(value: Any) -> Sequence[Any]:
    return value if isinstance(value, list) else [value]


def _scores(dev: Any, corpus: str = "") -> list[Score]:
    """Return the measurements under a card's "dev", or one measured here, that are whole; with `corpus`, those made on it."""
    found = []
    for key, one in dev.items() if isinstance(dev, Mapping) else ():
        try:
            score = Score(key or str(one["corpus"]), int(one["rows"]), str(one["chrF_signature"]), (float(one["chrF"]), float(one["BLEU"])))
        except (KeyError, TypeError, ValueError):
            continue  # a card of somebody else's making: what lacks a signature compares with nothing
        if not corpus or score.on.partition(":")[0] == corpus:
            found.append(score)
    return found


def _margin(own: Sequence[Score], other: Sequence[Score]) -> Margin | None:
    """Pair measurements of the same rows; of several sets return the means, weighted by rows."""
    mine = {(s.on, s.rows, s.signature): s for s in own}
    pairs = [(mine[s.on, s.rows, s.signature], s) for s in other if (s.on, s.rows, s.signature) in mine]
    if not pairs:
        return None
    rows = sum(one.rows for one, _ in pairs)
    own_mean, other_mean = (
        (round(sum(s.rows * s.points[0] for s in side) / rows, 2), round(sum(s.rows * s.points[1] for s in side) / rows, 2))
        for side in zip(*pairs, strict=True)
    )
    return Margin(" and ".join(f"{one.on} ({one.rows} rows)" for one, _ in pairs), own_mean, other_mean)
