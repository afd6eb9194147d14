"""Checks the filters: known damage done to good pairs, speed beside OpusFilter, language identification.

    CORPORA_DIR=... python -m benchmarks.filters norms           counts the tags of good text into build_data/tags_XX.toml
    CORPORA_DIR=... python -m benchmarks.filters neighbours      trains build_data/neighbours_XX.npz on native text and a quarter of the pairs
    CORPORA_DIR=... python -m benchmarks.filters fit             fits `quality` on another quarter into build_data/quality_XX.toml
    CORPORA_DIR=... python -m benchmarks.filters check           AUC and catch rates on the other half, false alarms on dev pairs
    CORPORA_DIR=... python -m benchmarks.filters speed --opusfilter PYTHON
    CORPORA_DIR=... python -m benchmarks.filters langid --python PYTHON

Which sentence serves for what is a hash of the English, so none serves twice. Parses and likenesses are kept under --cache.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter, defaultdict
from pathlib import Path

from benchmarks import filter_check, filter_speed, langid, neighbours
from benchmarks.damage import good_pairs, part
from build_data.filters_parse import pairs as tag_pairs
from corpora.config import ConfigError
from corpora.corpus import corpora_dir

ROOT = Path(__file__).parent.parent / "build_data"


def write_norms(root: Path, language: str, count: int, cache: Path) -> str:
    """Count adjacent tags in those of `count` good pairs that are not reported on, and write build_data/tags_XX.toml; return what was done."""
    texts = [text for source, text in good_pairs(root, language, count) if part(source) != "reported"]
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    parsed = 0
    for parse in filter_check.parser(language, cache).parse(texts, trees=False):
        parsed += parse is not None
        for before, after in tag_pairs(parse) if parse else ():
            counts[before][after] += 1
    lines = [f"# How often tags follow one another in {parsed} good {language} texts; made by: python -m benchmarks.filters norms"]
    for before in sorted(counts):
        lines += ["", f'["{before}"]', *(f'"{after}" = {times}' for after, times in sorted(counts[before].items()))]
    (ROOT / f"tags_{language}.toml").write_text("\n".join(lines) + "\n", "utf-8")
    return f"{language}: {parsed} texts, {len(counts)} tags"


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("what", choices=("norms", "neighbours", "fit", "check", "speed", "langid"))
    arguments.add_argument("--languages", nargs="+", default=["fi", "hu"])
    arguments.add_argument("--each", type=int, default=2000, help="check: rows of each damage a language; twice as many good ones")
    arguments.add_argument("--cache", type=Path, default=Path("data/.filters"), help="where parses and likenesses are kept")
    arguments.add_argument("--python", type=Path, default=Path(sys.executable), help="langid: the Python that has the libraries to compare")
    arguments.add_argument("--opusfilter", type=Path, help="speed: the Python that has OpusFilter 3.3.1")
    given = arguments.parse_args()
    root = corpora_dir()
    try:
        if given.what == "langid":
            print(langid.compare(root, given.python))
        for language in given.languages if given.what != "langid" else ():
            if given.what == "norms":
                print(write_norms(root, language, 2 * given.each, given.cache))
            elif given.what == "neighbours":
                print(neighbours.train(root, language))
            elif given.what == "speed":
                print(filter_speed.compare(root, language, given.opusfilter))
            elif given.what == "fit":
                print(filter_check.fit(root, language, given.cache))
            else:
                print(filter_check.check(root, language, given.each, given.cache))
    except ConfigError as err:
        sys.exit(f"error: {err}")


if __name__ == "__main__":
    main()
