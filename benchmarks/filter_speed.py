"""Times the heuristics on one core beside OpusFilter's on the very same pairs."""

from __future__ import annotations

import json
import subprocess
import time
from pathlib import Path

from benchmarks.damage import good_pairs
from build_data.filters import ALL, Item, View, score
from build_data.filters_base import Filter

PAIRS = 6_000
SAME = (  # ours that OpusFilter has too, in its order
    "few_words", "many_words", "word_ratio", "length_ratio", "long_word", "average_word", "markup", "letters", "latin", "punctuation", "numbers", "common_substring", "similar",
    "repetition",
)  # fmt: skip


def seconds(pairs: list[tuple[str, str]], language: str, filters: tuple[Filter, ...], sides: int) -> float:
    """Return the processor seconds of scoring all pairs; two sides: filters of one text score the English side as well, as OpusFilter's do."""
    alone = tuple(f for f in filters if not f.needs)
    start = time.process_time()
    for source, text in pairs:
        score(View(language, (Item(language, text, source),)), filters)
        if sides == 2:
            score(View("en", (Item("en", source),)), alone)
    return time.process_time() - start


def compare(root: Path, language: str, opusfilter: Path | None) -> str:
    """Return the table of one language: pairs a second and core."""
    pairs = good_pairs(root, language, PAIRS)
    plain = tuple(f for f in ALL if f.item is not None and f.family in ("heuristic", "words"))
    sets = {
        "all heuristics and word lists, as a build runs them": (plain, 1),
        "all heuristics": (tuple(f for f in plain if f.family == "heuristic"), 1),
        "those that OpusFilter has": (tuple(f for f in plain if f.name in SAME), 1),
        "those that OpusFilter has, English side scored as well": (tuple(f for f in plain if f.name in SAME), 2),
        "language identification": (tuple(f for f in ALL if f.family == "language"), 1),
    }
    seconds(pairs[:200], language, tuple(f for f in ALL if f.family == "language"), 1)
    lines = [f"| {language}, {len(pairs)} pairs | pairs/s |", "|---|---:|"]
    for name, (filters, sides) in sets.items():
        best = min(seconds(pairs, language, filters, sides) for _ in range(2))
        lines.append(f"| {name} ({len(filters)}) | {len(pairs) / best:,.0f} |")
    if opusfilter is None or not opusfilter.exists():
        return "\n".join([*lines, f"| OpusFilter | not measured: --opusfilter {opusfilter or 'was not given'} |", ""])
    worker = Path(__file__).parent / "opusfilter_worker.py"
    done = subprocess.run([str(opusfilter), str(worker)], input=json.dumps(pairs), capture_output=True, text=True)
    if done.returncode:
        return "\n".join([*lines, f"| OpusFilter | not measured: {(done.stderr.strip().splitlines() or ['no message'])[-1]} |", ""])
    found = json.loads(done.stdout)
    lines += [f"| OpusFilter {found['version']}, its {len(found['filters'])} of them | {len(pairs) / sum(found['filters'].values()):,.0f} |"]
    return "\n".join(
        [*lines, "", "OpusFilter by filter, microseconds a pair: " + ", ".join(f"{n} {1e6 * s / len(pairs):.0f}" for n, s in found["filters"].items()), ""]
    )
