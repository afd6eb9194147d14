"""How many steps each task of a mix gets: exact counts, the same for every seed; the seed decides their order (train/order.py).

The samplers of jiant draw a task at every step with these probabilities; here each task gets its expected number of steps, rounded so that the
sum is exact. So two arms with equally many rows take exactly the same steps, and a share is a share and not a chance.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from corpora.study import Mix


@dataclass(frozen=True)
class Sampling:
    """`steps`: of the whole run, 0 = as the tasks' own epochs give. `masked`: the masked-language task, with its share in the mix.

    `extra`: further steps for the only task of a run (the control with as many steps as an intermediate run had).
    """

    mix: Mix | None = None
    steps: int = 0
    masked: str = ""
    extra: int = 0

    def counts(self, own: Mapping[str, int], rows: Mapping[str, int]) -> dict[str, int]:
        """Return task -> steps. `own`: steps that its epochs give; `rows`: its training examples.

        Without a given sum the supervised tasks keep the steps of their epochs in all (rows above the cap not counted) and the masked task's
        steps come on top, so that its share of all steps is as the study says; with a given sum its share is taken out of it.
        """
        tasks = [name for name in own if name != self.masked]
        mix = self.mix or Mix(tasks=tuple(tasks))
        capped = {name: own[name] if mix.sampler == "epochs" else max(1, round(own[name] * min(1.0, mix.cap / max(1, rows[name])))) for name in tasks}
        share = mix.mlm.share if self.masked and mix.mlm else 0.0
        masked = round(self.steps * share) if self.steps else round(sum(capped.values()) * share / (1 - share))
        total = self.steps - masked if self.steps else sum(capped.values()) + self.extra
        weights = capped if mix.sampler == "epochs" else {name: weight(mix, rows[name]) for name in tasks}
        found = dict(zip(tasks, quotas([weights[name] for name in tasks], total), strict=True))
        return {name: found.get(name, masked) for name in own}


def weight(mix: Mix, rows: int) -> float:
    """Return how much a task of `rows` examples counts: 1 (uniform), min(rows, cap), or that to the power of 1/temperature."""
    if mix.sampler == "uniform":
        return 1.0
    return float(min(rows, mix.cap) ** (1 / mix.temperature if mix.sampler == "temperature" else 1.0))


def quotas(weights: Sequence[float], total: int) -> list[int]:
    """Return whole numbers that sum to `total`, in proportion to `weights`: rounded down, then one more for the largest remainders, the first of equals."""
    whole = sum(weights)
    exact = [total * one / whole for one in weights] if whole else [0.0 for _ in weights]
    found = [int(value + 1e-9) for value in exact]
    left = (total if whole else 0) - sum(found)
    for i in sorted(range(len(exact)), key=lambda i: (found[i] - exact[i], i))[:left]:
        found[i] += 1
    return found
