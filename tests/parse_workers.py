"""A worker for the tests of parse_pool; in a file of its own, so that a started process imports nothing heavy."""

from __future__ import annotations

import os
from collections.abc import Sequence


class Shouting:
    """A worker that needs no pack. "paha" raises, "kuolema" ends its process as a crash in C code would."""

    def run(self, texts: Sequence[str], layers: int, split: bool) -> list[str]:
        if "paha" in texts:
            raise ValueError("no")
        if "kuolema" in texts:
            os._exit(3)
        return [text.upper() for text in texts]
