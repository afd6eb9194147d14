"""Times OpusFilter's heuristics on pairs from standard input (JSON), filter by filter, under a Python that has it; prints JSON."""

from __future__ import annotations

import json
import sys
import time
from importlib import metadata


def main() -> None:
    from opusfilter import filters as known  # type: ignore[import-not-found]

    pairs = [tuple(pair) for pair in json.load(sys.stdin)]
    chosen = {
        "LengthFilter": {"unit": "word"}, "LengthRatioFilter word": {"unit": "word"}, "LengthRatioFilter char": {"unit": "char"}, "LongWordFilter": {},
        "AverageWordLengthFilter": {}, "HtmlTagFilter": {}, "AlphabetRatioFilter": {}, "CharacterScoreFilter": {"scripts": ["Latin", "Latin"]},
        "TerminalPunctuationFilter": {}, "NonZeroNumeralsFilter": {}, "LongestCommonSubstringFilter": {}, "SimilarityFilter": {}, "RepetitionFilter": {},
    }  # fmt: skip
    seconds = {}
    for name, settings in chosen.items():
        found = getattr(known, name.split()[0])(**settings)
        start = time.process_time()
        for value in found.score(pairs):
            found.accept(value)
        seconds[name] = time.process_time() - start
    json.dump({"version": metadata.version("opusfilter"), "filters": seconds}, sys.stdout)


if __name__ == "__main__":
    main()
