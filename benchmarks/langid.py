"""Compares libraries for language identification on short sentences: python -m benchmarks.filters langid [--python PATH]."""

from __future__ import annotations

import json
import random
import subprocess
from pathlib import Path

from benchmarks.damage import ESTONIAN, read_pairs
from benchmarks.langid_worker import LIBRARIES
from build_data.langid import probability

BUCKETS = {"1-3": (1, 3), "4-6": (4, 6), "7-12": (7, 12), "> 12": (13, 999)}  # words
FILES = {"fi": ("tatoeba_manythings", "wmt_newstest2016-2018", "opensubtitles_xed"), "hu": ("tatoeba_manythings", "wmt_newstest2009", "opensubtitles_xed")}
EACH = 500  # texts a language and bucket


def texts(root: Path) -> dict[tuple[str, str], list[str]]:
    """Return texts by (language, bucket): Tatoeba, subtitles and news of parallel/en-XX, English being the other side of both."""
    found: dict[str, set[str]] = {"en": set(), "fi": set(), "hu": set()}
    for language, names in FILES.items():
        for name in names:
            for english, other in read_pairs(root / "parallel" / f"en-{language}" / f"{name}.tsv.gz"):
                found["en"].add(english)
                found[language].add(other)
    out: dict[tuple[str, str], list[str]] = {}
    for language, known in found.items():
        lines = sorted(known)
        random.Random(1).shuffle(lines)
        for bucket, (low, high) in BUCKETS.items():
            out[language, bucket] = [t for t in lines if low <= len(t.split()) <= high and any(map(str.isalpha, t))][:EACH]
    out["et", "own"] = ESTONIAN
    return out


def compare(root: Path, python: Path) -> str:
    """Return the table: accuracy in percent by language and bucket, texts a second of one core, and how often Estonian was taken for Finnish."""
    sets = texts(root)
    flat = [(language, bucket, text) for (language, bucket), lines in sets.items() for text in lines]
    head = [f"{language} {bucket}" for language, bucket in sets if language != "et"]
    lines = ["| library | " + " | ".join(head) + " | et (40) | of them as fi | texts/s |", "|---|" + "---:|" * (len(head) + 3)]
    for library in LIBRARIES:
        done = subprocess.run(
            [str(python), str(Path(__file__).parent / "langid_worker.py"), library], input=json.dumps([t for *_, t in flat]), capture_output=True, text=True
        )
        if done.returncode:
            lines.append(f"| {library} | " + " | ".join(["–"] * (len(head) + 2)) + f" | not there: {done.stderr.strip().splitlines()[-1]} |")
            continue
        found = json.loads(done.stdout)
        cells = [
            f"{100 * sum(a == lang for a, (lang, b, _) in zip(found['answers'], flat, strict=True) if (lang, b) == key) / len(sets[key]):.1f}" for key in sets
        ]
        taken = sum(a == "fi" for a, (lang, *_) in zip(found["answers"], flat, strict=True) if lang == "et")
        name, _, rest = library.partition(",")
        lines.append(f"| {name} {found['version']},{rest} | " + " | ".join(cells) + f" | {taken} | {len(flat) / found['seconds']:,.0f} |")
    return "\n".join([*lines, "", bound_table(sets)])


def bound_table(sets: dict[tuple[str, str], list[str]], bound: float = 0.5) -> str:
    """Return what build_data/langid.py does with the default bound: share of good texts refused, and of foreign ones let through."""
    lines = ["| texts | held to be | words | refused |", "|---|---|---|---:|"]
    for (language, bucket), found in sets.items():
        for claimed in ("fi", "hu") if language in ("en", "et") else (language, "hu" if language == "fi" else "fi"):
            refused = sum(probability(t, claimed) < bound for t in found) / len(found)
            lines.append(f"| {language} | {claimed} | {bucket} | {100 * refused:.1f} % |")
    return "\n".join(lines)
