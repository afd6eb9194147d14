"""Word-align the training pairs of train_mt.py with eflomal, for its guided alignment.

    pip install eflomal            # 2.0.0; a tool of this script alone, the project does not need it
    python corpora/mini/models/align_pairs.py --data $CORPORA_DIR/parallel --lang fi --out /tmp/align-fi.tsv.gz

Reads DATA/en-LANG/*.tsv.gz (English TAB target) less the files named by --skip, and the files named by --also (to measure on). Writes one row per distinct pair: English TAB
target TAB links ("3-2! 4-2": English word 3 is target word 2, both counted from 0 as `str.split()` counts; "!" marks the links
that both directions of eflomal found). The links without "!" were added by grow-diag, then "final-and" (Och and Ney 2003;
Koehn et al. 2005). Words are compared by their first letters, casefolded and bare of punctuation: Finnish and Hungarian inflect at the end.
"""

from __future__ import annotations

import argparse
import gzip
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path

Pair = tuple[str, str]
Link = tuple[int, int]
LETTERS = 5  # kept of a word
NEIGHBOURS = ((-1, 0), (0, -1), (1, 0), (0, 1), (-1, -1), (-1, 1), (1, -1), (1, 1))


def read(path: Path) -> list[Pair]:
    """Return the (English, target) pairs of one gzipped TSV file."""
    with gzip.open(path, "rt", encoding="utf-8") as file:
        rows = (line.rstrip("\n").split("\t") for line in file)
        return [(row[0], row[1]) for row in rows if len(row) >= 2 and row[0].split() and row[1].split()]


def stem(word: str) -> str:
    """Return what eflomal sees of a word: its first letters, or the word itself where it has neither letter nor digit."""
    bare = "".join(c for c in word.casefold() if c.isalnum())
    return bare[:LETTERS] or word


def symmetrised(forward: set[Link], backward: set[Link]) -> tuple[set[Link], set[Link]]:
    """Return (links of both directions, the links that grow-diag-final-and adds to them)."""
    both, either = forward & backward, forward | backward
    grown = set(both)
    left, right = {s for s, _ in grown}, {t for _, t in grown}
    waiting = sorted(grown)
    while waiting:
        s, t = waiting.pop(0)
        for link in ((s + ds, t + dt) for ds, dt in NEIGHBOURS):
            if link in either and link not in grown and (link[0] not in left or link[1] not in right):
                grown.add(link)
                left.add(link[0])
                right.add(link[1])
                waiting.append(link)
    for s, t in (*sorted(forward), *sorted(backward)):
        if s not in left and t not in right:
            grown.add((s, t))
            left.add(s)
            right.add(t)
    return both, grown - both


def links_of(line: str) -> set[Link]:
    return {(int(s), int(t)) for s, t in (link.split("-") for link in line.split())}


def align(pairs: list[Pair], iterations: float) -> Iterable[tuple[set[Link], set[Link]]]:
    """Yield for each pair what `symmetrised` returns."""
    from eflomal import Aligner

    with tempfile.TemporaryDirectory() as folder:
        names = [Path(folder, name) for name in ("source", "target", "forward", "backward")]
        for side in (0, 1):
            names[side].write_text("".join(" ".join(map(stem, pair[side].split())) + "\n" for pair in pairs), encoding="utf-8")
        with names[0].open(encoding="utf-8") as source, names[1].open(encoding="utf-8") as target:
            Aligner(rel_iterations=iterations, n_samplers=1).align(source, target, links_filename_fwd=str(names[2]), links_filename_rev=str(names[3]))
        with names[2].open() as forward, names[3].open() as backward:
            for there, back in zip(forward, backward, strict=True):
                yield symmetrised(links_of(there), links_of(back))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder with en-LANG/")
    parser.add_argument("--lang", required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--also", type=Path, nargs="*", default=[], help="further TSV files, which train_mt.py does not learn from")
    parser.add_argument("--skip", default="3blue1brown_captions,opensubtitles_xed", help="file stems to leave out")
    parser.add_argument("--max-words", type=int, default=60, help="longer pairs are left out")
    parser.add_argument("--iterations", type=float, default=1.0, help="eflomal's iterations as a multiple of its own choice")
    args = parser.parse_args()
    start = time.monotonic()
    pairs: dict[Pair, None] = {}
    for path in (*sorted((args.data / f"en-{args.lang}").glob("*.tsv.gz")), *args.also):
        if path.name.removesuffix(".tsv.gz") not in args.skip.split(","):
            fit = (pair for pair in read(path) if max(len(side.split()) for side in pair) <= args.max_words)
            pairs.update(dict.fromkeys(fit))
    both = grown = 0
    with gzip.open(args.out, "wt", encoding="utf-8") as file:
        for pair, (sure, added) in zip(pairs, align(list(pairs), args.iterations), strict=True):
            marks = [f"{s}-{t}!" for s, t in sorted(sure)] + [f"{s}-{t}" for s, t in sorted(added)]
            file.write("\t".join((*pair, " ".join(marks))) + "\n")
            both += len(sure)
            grown += len(added)
    print(f"{len(pairs)} pairs, {both} links of both directions, {grown} added, {time.monotonic() - start:.0f} s")


if __name__ == "__main__":
    main()
