"""Two fake translators that undo each other, word by word: enough for whole tasks to go there and back without a model."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from build_data.translate import Translated

WORD = re.compile(r"[^\W\d_]+")
Link = tuple[int, int, float]


class Words:
    """Translates each word by a rule; numbers, signs and the order of words stay, so word i is linked to word i. `lost` words make it loop."""

    def __init__(self, source: str, language: str, lost: Iterable[str] = (), name: str = "words") -> None:
        self.source, self.language, self.lost = source, language, set(lost)
        self.fingerprint = f"{name}-{source}-{language}"
        self.settings: dict[str, Any] = {"max_input": 200}
        self.card: dict[str, Any] = {"licence": "CC0-1.0"}
        self.folder = type("Folder", (), {"path": Path(name)})
        self.seen = Counter[str]()

    def word(self, word: str) -> str:
        """English words get an "i" at their end in the other language; back in English, "was" has become "were"."""
        if self.source == "en":
            return f"{word}i"
        return {"was": "were"}.get(word.removesuffix("i"), word.removesuffix("i"))

    def pieces(self, text: str) -> int:
        return len(text.split())

    def translate(self, texts: Sequence[str]) -> list[Translated]:
        self.seen.update(texts)
        return [self._one(text) for text in texts]

    def stream(self, texts: Iterable[str]) -> Iterator[tuple[str, Translated]]:
        for text in texts:
            yield text, self.translate([text])[0]

    def _one(self, text: str) -> Translated:
        if self.lost & set(WORD.findall(text)):
            return Translated("ja ja ja", -9.0, ("loop",))
        return Translated(" ".join(WORD.sub(lambda found: self.word(found.group()), text).split()), -0.25 if self.source == "en" else -0.5)

    def align(self, pairs: Sequence[tuple[str, str]]) -> list[tuple[Link, ...]]:
        return [tuple((i, i, 1.0) for i in range(min(len(a.split()), len(b.split())))) for a, b in pairs]
