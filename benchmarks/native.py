"""Are native tasks free of give-aways, and can they be learned? For built task folders, of any study.

    python -m benchmarks.native artefacts data/open/endings.native-fi ...    what models score that see a part of each row only
    python -m benchmarks.native learn data/open/endings.native-fi --minutes 7    what e5-small scores on validation after a few minutes of training

A folder may also be a study's (data/open): then all native tasks in it are taken. --out FILE adds one JSON line a figure to FILE;
the table that is printed is Markdown. Asked: no part of a row beats a guess by more than 5 points, and the fine-tuned encoder beats
it by 15 or more.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks import native_artefacts, native_learn
from benchmarks.native_rows import Figure, Rows, read_rows
from corpora.config import ConfigError


def folders(given: list[Path]) -> Iterator[Path]:
    """Yield the built tasks named, or held by a study's folder that is named. Raises ConfigError where there is none."""
    for path in given:
        found = [path] if (path / "manifest.json").is_file() else sorted(p.parent for p in path.glob("*.native-*/manifest.json"))
        if not found:
            raise ConfigError(f"{path}: no built native task there (no manifest.json, no *.native-*/manifest.json); build it with `make data`")
        yield from found


def measure(what: str, rows: Rows, arguments: argparse.Namespace) -> list[Figure]:
    """Return the figures of one built task."""
    if what == "artefacts":
        return native_artefacts.figures(rows, arguments.rows)
    asked = ("minutes", "rows", "freeze", "seed", "epochs", "lr", "max_length", "dropout", "turns")
    wanted = native_learn.Wanted(**{name: getattr(arguments, name) for name in asked})
    return [native_learn.learn(rows, wanted, arguments.work, read_rows(arguments.beside) if arguments.beside else None)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("artefacts", "learn"))
    parser.add_argument("folders", nargs="+", type=Path)
    parser.add_argument("--rows", type=int, default=10_000, help="most training rows that are read")
    parser.add_argument("--minutes", type=float, default=7.0, help="learn: when training stops, wherever it is")
    parser.add_argument("--freeze", type=int, default=6, help="learn: lower layers of twelve that stay as they are")
    parser.add_argument("--epochs", type=float, help="learn: times that each row is read, if the minutes allow it (2)")
    parser.add_argument("--lr", type=float, help="learn: peak learning rate of the encoder (1e-4)")
    parser.add_argument("--max-length", type=int, help="learn: sub-words of a row; what is beyond is cut (160, endings 192, questions 256, names 128)")
    parser.add_argument("--dropout", type=float, default=0.0, help="learn: of the encoder (0)")
    parser.add_argument(
        "--turns", action="store_true", help="learn: test on all rows by turns, also where validation is large: a closer figure for five times the work"
    )
    parser.add_argument("--beside", type=Path, help="learn: a built task of the same family, of another language say, that is trained on as well")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--work", type=Path, default=Path("data/.native"), help="learn: where trimmed encoders are kept")
    parser.add_argument("--out", type=Path, help="file that gets a JSON line a figure")
    arguments = parser.parse_args()
    try:
        found: list[Figure] = []
        for folder in folders(arguments.folders):
            some = measure(arguments.what, read_rows(folder), arguments)
            found += some
            if arguments.out:
                arguments.out.parent.mkdir(parents=True, exist_ok=True)
                with arguments.out.open("a", encoding="utf-8") as file:
                    file.writelines(json.dumps(line(figure)) + "\n" for figure in some)
        print(table(found))
    except ConfigError as err:
        sys.exit(f"error: {err}")


def line(figure: Figure) -> dict[str, Any]:
    """Return a figure as the columns of a result file."""
    return {**vars(figure), "holds": figure.holds}


def table(figures: list[Figure]) -> str:
    """Return figures as a Markdown table."""
    lines = ["| task | seen | trained on | tested on | guess | score | 95 % interval | bar | holds |", "|---|---|---:|---:|---:|---:|---|---|---|"]
    for f in figures:
        bar = "–" if f.bar is None else f"{'≤' if f.at_most else '≥'} {f.bar:.1f}"
        holds = "–" if f.bar is None else "yes" if f.holds else "**no**"
        seen = f"{f.seen} ({f.note})" if f.note else f.seen
        lines.append(f"| {f.task} | {seen} | {f.trained:,} | {f.tested:,} | {f.guess:.1f} | {f.score:.1f} | {f.low:.1f} to {f.high:.1f} | {bar} | {holds} |")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
