"""What a large study costs: hours, memory, disk and files for MNLI + SQuAD + HellaSwag in 2 and in 20 languages on 1, 8 and 64 GPUs.

    python -m benchmarks.scale                 # the tables of docs/scale.md
    python -m benchmarks.scale check           # the simulation beside the engine itself, with workers that sleep as long as a task would take
    python -m benchmarks.scale check --builds ROOT    # and beside the builds that benchmarks.engine timed under ROOT

Costs come from benchmarks/scale.toml, each with the command that measured it, or the source it is from. The data stage is simulated task by task
as the engine runs it: chunks of translation in the plan's order, shards that wait for their sentences, one planning process that prepares
and stores them. Training is the trainer's own estimate (train/estimate.py), which is linear in languages.
"""

from __future__ import annotations

import argparse
import functools
import heapq
import json
import time
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from build_data.ahead import CHUNK
from build_data.steps import SHARD_ROWS
from corpora import study as studies
from corpora.engine import Engine
from corpora.engine_local import LocalPlace
from corpora.engine_tasks import Needs, Stage
from train.estimate import Estimator
from train.graph import plan
from train.speed import PEAK, UTILISATION, net_of, operations

COSTS = Path(__file__).with_suffix(".toml")
MACHINES = {"1 GPU, 16 cores": (1, 16), "8 GPUs, 128 cores": (8, 128), "64 GPUs, 1,024 cores": (64, 1024)}


@dataclass(frozen=True)
class Arm:
    """The work of one translated task: tasks in the plan's order, in seconds of one worker or of the planning process."""

    chunks: int
    chunk: float  # seconds of a translating worker
    shards: int
    shard: float  # seconds of a scoring worker
    prepare: float  # seconds of the planning process a shard: cutting sentences, reading translations, storing the result
    close: float  # seconds of the planning process when all shards are there: duplicates, leaks, split, writing


def simulate(arms: Sequence[Arm], translators: int, scorers: int) -> float:
    """Return the seconds of one build on `translators` + `scorers` cores (and a GPU a translator). Cores that have no more to translate score."""
    decode, stored, there = [0.0] * translators, 0.0, []
    for arm in arms:
        there.append(times := list[float]())
        for _ in range(arm.chunks):  # in order: a chunk is stored when those before it are
            stored = max(stored, _next(decode, arm.chunk))
            times.append(stored)
    score, ahead, planner = [0.0] * scorers + decode, 2 * (translators + scorers), 0.0
    heapq.heapify(score)
    for arm, times in zip(arms, there, strict=True):
        ends: list[float] = []
        for number in range(arm.shards):
            known = times[_last_chunk(arm, number)] if times else 0.0
            planner = max(planner, known, ends[-ahead] if len(ends) >= ahead else 0.0) + arm.prepare
            begin = max(planner, heapq.heappop(score))
            heapq.heappush(score, begin + arm.shard)
            ends.append(max(begin + arm.shard, ends[-1] if ends else 0.0))
        planner = max([planner, *ends[-1:]]) + arm.close
    return planner


def _last_chunk(arm: Arm, shard: int) -> int:
    """Return the number of the last chunk that a shard's sentences are in."""
    return min(-(-(shard + 1) * arm.chunks // arm.shards), arm.chunks) - 1


def _next(free: list[float], seconds: float) -> float:
    """Give a task to the worker that is free first and return when it ends."""
    end = heapq.heappop(free) + seconds
    heapq.heappush(free, end)
    return end


def costs() -> dict[str, Any]:
    """Return the table of costs: name -> {value, unit, how}."""
    return tomllib.loads(COSTS.read_text("utf-8"))


def arms_of(table: dict[str, Any], gpu: bool) -> list[Arm]:
    """Return the translated arms of one language, one for each set."""
    value = {name: float(entry["value"]) for name, entry in table["costs"].items()}
    rate, size = (value["translate_gpu"], CHUNK["cuda"]) if gpu else (value["translate_core"], CHUNK["cpu"])
    out = []
    for one in table["sets"].values():
        chunks, shards = -(-one["sentences"] // size), -(-one["rows"] // SHARD_ROWS)
        score = (value["score_word"] * one["words"] + value["score_question"] * one.get("questions", 0)) / shards
        close = value["close_row"] * one["rows"] + value["close_arm"]
        out.append(Arm(chunks, one["sentences"] / chunks / rate, shards, score, value["plan_word"] * one["words"] / shards, close))
    return out


def training_hours(languages: int) -> float:
    """Return the GPU-hours of training on the three sets, by the trainer's arithmetic for one and for two languages, carried on in a line."""
    hours = []
    for some in (["fi"], ["fi", "hu"]):
        arms = ["none", "en", *(f"mt-{name}" for name in some)]
        lines = [f"languages = {json.dumps(some)}", f"arms = {json.dumps(arms)}", 'intermediate = [["mnli"], ["squad_v1"], ["hellaswag"]]']
        study = studies.load(Path("studies/paper.toml"), lines)
        estimator, runs = Estimator(study, Path()), plan(study, Path(), unbuilt=True)
        net = net_of(study)
        assert net is not None
        work = sum(estimator.cost(run).work for run in runs)
        hours.append(work * operations(net, study.freeze_layers, estimator.length(runs)) / (PEAK * UTILISATION) / 3600)
    return hours[0] + (languages - 1) * (hours[1] - hours[0])


def tables() -> Iterator[str]:
    """Yield the lines of the tables."""
    table = costs()
    value = {name: float(entry["value"]) for name, entry in table["costs"].items()}
    yield "| cost | value | unit | from |\n|---|---:|---|---|"
    for name, entry in table["costs"].items():
        yield f"| {name} | {entry['value']:g} | {entry['unit']} | {entry['how']} |"
    yield "\n| set | rows | distinct sentences | words parsed | from |\n|---|---:|---:|---:|---|"
    for name, one in table["sets"].items():
        yield f"| {name} | {one['rows']:,} | {one['sentences']:,} | {one['words']:,} | {one['how']} |"
    yield "\n| languages | machine | one build, hours | a build a language, hours | of it GPU busy | training, hours | workers' memory, GB |\n|---:|---|---:|---:|---:|---:|---:|"
    for languages in (2, 20):
        for name, (cards, cores) in MACHINES.items():
            arms, scorers = arms_of(table, True), cores - cards
            once = simulate(arms * languages, cards, scorers) / 3600
            builds = min(languages, cards)  # each with its share of the machine, one after the other where there are fewer GPUs than languages
            share = simulate(arms * -(-languages // builds), cards // builds, max(scorers // builds, 1)) / 3600
            decoding = sum(arm.chunks * arm.chunk for arm in arms) * languages / cards / 3600
            memory = (cards * value["memory_translate"] + scorers * value["memory_score"]) + builds * value["memory_plan_row"] * sum(
                s["rows"] for s in table["sets"].values()
            )
            yield f"| {languages} | {name} | {once:.1f} | {share:.1f} | {decoding / share:.0%} | {training_hours(languages) / cards:.1f} | {memory:.0f} |"
    told, words, sentences = (sum(one[what] for one in table["sets"].values()) for what in ("row_words", "words", "sentences"))
    yield "\n| languages | finished tasks, GB | work folder, GB | files of finished tasks | shards in the work folder |\n|---:|---:|---:|---:|---:|"
    for languages in (2, 20):
        shards = sum(arm.shards for arm in arms_of(table, True)) * languages
        done, shard = (value[name] * told * languages / 1e9 for name in ("disk_word", "disk_shard_word"))
        caches = (value["disk_sentence"] * sentences + value["disk_parse_word"] * words) * languages / 1e9
        yield f"| {languages} | {done:.1f} | {shard + caches:.1f} | {6 * len(table['sets']) * languages} | {shards:,} |"
    core = sum(arm.chunks * arm.chunk for arm in arms_of(table, False)) / 3600
    yield f"\nWithout a GPU: {core:.1f} core-hours of decoding a language with a model of OPUS-MT's size; a laptop of 8 cores does that and the scoring in {simulate(arms_of(table, False), 4, 4) / 3600:.1f} hours."


class Sleeper:
    """A worker whose tasks take the seconds that they are told."""

    def wait(self, items: Sequence[int], seconds: float) -> None:
        time.sleep(seconds)


def engine_seconds(arm: Arm, translators: int, scorers: int) -> float:
    """Return how long the engine itself takes for an arm, with workers that sleep and a planning process that does."""
    place = LocalPlace(translators + scorers)
    place.gpus = translators
    place._cards = dict.fromkeys(range(translators), 0)
    decode, score = Stage("translate", functools.partial(Sleeper), Needs(gpus=1)), Stage("rows", functools.partial(Sleeper))
    with Engine(place, translators + scorers) as engine:
        ready = [engine.submit(stage, "wait", [0], 2.0) for stage, count in ((decode, translators), (score, scorers)) for _ in range(count)]
        for future in ready:  # processes are started before the clock is
            future.result()
        start = time.monotonic()
        chunks = [engine.submit(decode, "wait", [0], arm.chunk) for _ in range(arm.chunks)]

        def shards() -> Iterator[tuple[Sequence[int], float]]:
            for number in range(arm.shards):
                chunks[_last_chunk(arm, number)].result()
                time.sleep(arm.prepare)
                yield [0], arm.shard

        for _ in engine.map(score, "wait", shards(), ahead=2 * (translators + scorers)):
            pass
        time.sleep(arm.close)
        return time.monotonic() - start


def check(builds: Path | None) -> None:
    """Print the simulation beside the engine with sleeping workers, and beside builds."""
    print("| build | workers | simulated, s | real, s | ratio |\n|---|---|---:|---:|---:|")
    for name, arm, cards, cores in (
        ("translation is longer", Arm(12, 0.6, 24, 0.1, 0.01, 0.5), 1, 1), ("scoring is longer", Arm(12, 0.1, 24, 0.5, 0.01, 0.5), 1, 1),
        ("even, more workers", Arm(12, 0.8, 24, 0.4, 0.01, 0.5), 2, 3), ("planning is longer", Arm(8, 0.1, 24, 0.2, 0.15, 0.5), 2, 3),
    ):  # fmt: skip
        guess, real = simulate([arm], cards, cores), engine_seconds(arm, cards, cores)
        print(f"| {name} (sleeping) | {cards} + {cores} | {guess:.1f} | {real:.1f} | {guess / real:.2f} |", flush=True)
    if builds is None:
        return
    plan_word = float(costs()["costs"]["plan_word"]["value"])
    for known in sorted(builds.glob("alone-*.json")):
        alone = json.loads(known.read_text("utf-8"))
        rows, shards, chunks = alone["rows"], -(-alone["rows"] // SHARD_ROWS), -(-alone["sentences"] // CHUNK["cpu"])
        arm = Arm(chunks, alone["translate"] / chunks, shards, alone["scores"] / shards, plan_word * alone["words"] / shards, alone["rest"] - alone["scores"])
        for name in ("local", "ray"):
            if (path := builds / f"{name}-{rows}-2.json").is_file():
                real = json.loads(path.read_text("utf-8"))["all"]
                print(f"| {rows:,} pairs, {name} | 1 + 1 | {simulate([arm], 1, 1):.0f} | {real:.0f} | {simulate([arm], 1, 1) / real:.2f} |")


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("what", choices=["tables", "check"], nargs="?", default="tables")
    arguments.add_argument("--builds", type=Path)
    given = arguments.parse_args()
    if given.what == "check":
        check(given.builds)
        return
    for line in tables():
        print(line)


if __name__ == "__main__":
    main()
