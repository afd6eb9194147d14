"""Sentences into another language: what a build asks of a translation model. The only file that knows sentencepiece.

Distinct sentences flow through once. They wait in buckets of one length; a bucket that holds a full batch of tokens is decoded at a small beam,
while the next sentences are normalised and cut into pieces: the same batches as after one global sort by length, without padding, in flat memory
and without a pause. Only degenerate output climbs a ladder (facts/data-stage.md 1.4: beam 4 costs 3 to 5 times beam 1):
    beam        a wider beam
    no_repeat   the wider beam without repeated trigrams
    clauses     clause by clause
    second      the study's second model, if there is one
What stays degenerate keeps its first text and its flags; nothing is cut silently.
"""

from __future__ import annotations

import unicodedata
from collections import Counter, deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar

from build_data import mt_align, mt_checks, sentences
from build_data.lazy import need
from build_data.mt_engine import Engine, Pieces
from build_data.mt_folder import Folder, open_folder
from build_data.mt_normal import plain
from corpora import study
from corpora.config import ConfigError
from corpora.shards import digest

VERSION = 2  # raise when the same model and settings would give other output: it is part of every memory key
RUNGS = ("beam", "no_repeat", "clauses", "second")
ENCODED = 256  # sentences cut into pieces at a time: a tenth of a second of decoding, so that the engine never waits for long
MENDED = 1024  # degenerate sentences that wait for the ladder together, so that its batches are full as well
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Translated:
    """One sentence's translation. `score` is the mean log-probability of a piece (0.0 where nothing was decoded)."""

    text: str
    score: float
    flags: tuple[str, ...] = ()  # empty, loop, copied, language, cut; () = sound
    rung: str = ""  # which rung of the ladder made it; "" = the first decode


@dataclass(slots=True)
class _Batch:
    texts: list[str]
    pieces: list[Pieces]
    limit: int
    results: list[Any]


class Translator:
    """A checked model with its decode settings. The weights are loaded at the first sentence; it must not cross a fork."""

    def __init__(self, folder: Folder, settings: study.Translation, threads: int, second: Translator | None = None) -> None:
        self.folder, self.second = folder, second
        self.source: str = folder.source
        self.language: str = folder.language
        self.card: Mapping[str, Any] = folder.card
        self.engine = Engine(folder, threads, settings.compute_type)
        self.settings: dict[str, Any] = {name: getattr(settings, name) for name in ("beam", "retry_beam", "batch_tokens", "max_input", "max_output")}
        self.settings["compute_type"] = self.engine.numbers
        decisive = {k: v for k, v in self.settings.items() if k != "batch_tokens"}  # results do not depend on their company
        self.fingerprint: str = digest([VERSION, folder.fingerprint, decisive, second.fingerprint if second else ""])
        self._many = bool(folder.tokens.source_first or folder.tokens.target_first)  # only such a model can slip into another language
        self.counts: Counter[str] = Counter()  # of this process, for progress and logs: what a build records comes from its rows
        self._pieces: tuple[Any, Any] | None = None

    def pieces(self, text: str) -> int:
        """Return how many pieces the model would read for `text`; for a short plain text its letters, which are never fewer."""
        bound = len(text) + 1
        return bound if bound <= self.settings["max_input"] and text.isascii() else len(self._encode([text])[0])

    def translate(self, texts: Sequence[str]) -> list[Translated]:
        """Translate sentences; equal ones are decoded once. Raises ConfigError for a model that does not load."""
        done = dict(self.stream(dict.fromkeys(texts)))
        return [done[text] for text in texts]

    def stream(self, texts: Iterable[str]) -> Iterator[tuple[str, Translated]]:
        """Yield each of the distinct `texts` with its translation, as they get ready. Memory does not grow with their number."""
        waiting: dict[str, Translated] = {}
        for text, result in self._decode(texts, self.settings["beam"], 0):
            if not result.flags:
                yield text, result
                continue
            waiting[text] = result
            if len(waiting) >= MENDED:
                yield from self._climb(waiting)
                waiting = {}
        yield from self._climb(waiting)

    def _climb(self, waiting: Mapping[str, Translated]) -> Iterator[tuple[str, Translated]]:
        """Yield the first sound result that a rung gives, else the flagged one of the first decode."""
        left = list(waiting)
        for rung in RUNGS:
            again = self._rung(rung, left) if left else {}
            for text, result in again.items():
                if not result.flags:
                    self.counts[f"mended_{rung}"] += 1
                    yield text, replace(result, rung=rung)
            left = [text for text in left if text not in again or again[text].flags]
        self.counts["degenerate"] += len(left)
        yield from ((text, waiting[text]) for text in left)

    def _rung(self, rung: str, texts: Sequence[str]) -> dict[str, Translated]:
        beam = self.settings["retry_beam"]
        if rung == "beam":
            return dict(self._decode(texts, beam, 0)) if beam > self.settings["beam"] else {}
        if rung == "no_repeat":
            return dict(self._decode(texts, beam, 3))
        if rung == "clauses":
            return self._by_clause(texts, beam)
        return dict(self.second.stream(texts)) if self.second else {}

    def _by_clause(self, texts: Sequence[str], beam: int) -> dict[str, Translated]:
        parts = {text: [text[a:b] for a, b in sentences.clauses(text)] for text in texts}
        parts = {text: found for text, found in parts.items() if len(found) > 1}
        done = dict(self._decode(dict.fromkeys(part for found in parts.values() for part in found), beam, 3))
        return {text: joined([done[part] for part in found]) for text, found in parts.items()}

    def _decode(self, texts: Iterable[str], beam: int, no_repeat: int) -> Iterator[tuple[str, Translated]]:
        """Yield distinct texts with what one setting makes of them. Texts above max_input that no space can split come back flagged."""
        waiting: dict[int, tuple[list[str], list[Pieces]]] = {}
        running: deque[_Batch] = deque()
        ahead = 2 * self.engine.workers + 1
        full = self.settings["batch_tokens"] // beam  # a beam keeps that many states of every sentence
        for chunk in batched(texts, ENCODED):
            for text, pieces in zip(chunk, self._encode(chunk), strict=True):
                if (early := self._early(text, len(pieces))) is not None:
                    yield text, early
                    continue
                bucket = waiting.setdefault(len(pieces), ([], []))
                bucket[0].append(text)
                bucket[1].append(pieces)
                if len(bucket[0]) * (len(pieces) + 1) >= full:
                    running.append(self._start(*waiting.pop(len(pieces)), beam, no_repeat))
            while len(running) > ahead or (running and running[0].results[-1].done()):
                yield from self._finish(running.popleft())
        running.extend(self._start(*waiting[length], beam, no_repeat) for length in sorted(waiting, reverse=True))
        while running:
            yield from self._finish(running.popleft())

    def _early(self, text: str, pieces: int) -> Translated | None:
        """Return what needs no decoding: texts without a letter (the same in every language), and what the model cannot take."""
        if not any(map(str.isalpha, text)):
            self.counts["passed"] += 1
            return Translated(" ".join(unicodedata.normalize("NFC", text).split()), 0.0)
        if 0 < pieces <= self.settings["max_input"]:
            return None
        return Translated("", 0.0, ("cut",) if pieces else ("empty",))

    def _start(self, texts: list[str], pieces: list[Pieces], beam: int, no_repeat: int) -> _Batch:
        limit = min(self.settings["max_output"], 3 * len(pieces[0]) + 16)  # so that a looping sentence cannot run on for long
        return _Batch(texts, pieces, limit, self.engine.submit(pieces, beam, no_repeat, limit, 2 * self.settings["batch_tokens"]))

    def _finish(self, batch: _Batch) -> Iterator[tuple[str, Translated]]:
        """Turn the engine's results into texts with flags."""
        found = [result.result() for result in batch.results]
        first = self.folder.tokens.target_first
        outputs = [r.hypotheses[0][1:] if first and r.hypotheses[0][:1] == [first] else r.hypotheses[0] for r in found]
        cut = [len(r.hypotheses[0]) >= batch.limit for r in found]
        self.counts.update(decoded=len(found), pieces_in=sum(map(len, batch.pieces)), pieces_out=sum(map(len, outputs)))
        outputs = self._known(batch.pieces, outputs)
        for text, written, result, over in zip(batch.texts, self._target.decode(outputs), found, cut, strict=True):
            translation = clean(written)
            flags = mt_checks.faults(text, translation, over)
            if self._many and not flags:
                flags = mt_checks.strayed(translation, self.language)
            yield text, Translated(translation, round(float(result.scores[0]), 3), flags)  # rounded: more digits say nothing

    def _known(self, sources: Sequence[Pieces], outputs: list[Pieces]) -> list[Pieces]:
        """Replace each unknown piece by the source piece it points at (emoji, foreign letters)."""
        touched = [i for i, output in enumerate(outputs) if "<unk>" in output]
        if touched:
            rows = self.engine.attention([sources[i] for i in touched], [outputs[i] for i in touched], self.settings["batch_tokens"])
            for i, attention in zip(touched, rows, strict=True):
                outputs[i] = [
                    sources[i][max(range(len(row)), key=row.__getitem__)] if piece == "<unk>" else piece
                    for piece, row in zip(outputs[i], attention, strict=True)
                ]
        return outputs

    def align(self, pairs: Sequence[tuple[str, str]]) -> list[tuple[mt_align.Link, ...]]:
        """Return the word links of (sentence, translation) pairs, by any translator, from the model's attention; () where the model can't take one."""
        out: list[tuple[mt_align.Link, ...]] = [()] * len(pairs)
        for group in self._alike(pairs):
            lefts, rights = [item[1] for item in group], [item[2] for item in group]
            for (i, left, right), rows in zip(group, self.engine.attention(lefts, rights, self.settings["batch_tokens"]), strict=True):
                out[i] = mt_align.links(*pairs[i], left, right, rows)
        return out

    def score(self, pairs: Sequence[tuple[str, str]]) -> list[float]:
        """Return the mean log-probability of a piece of each translation given its sentence; -inf where the model can't take the pair."""
        out = [float("-inf")] * len(pairs)
        for group in self._alike(pairs):
            for (i, _, _), value in zip(group, self.engine.score([g[1] for g in group], [g[2] for g in group], self.settings["batch_tokens"]), strict=True):
                out[i] = round(value, 3)
        return out

    def _alike(self, pairs: Sequence[tuple[str, str]]) -> Iterator[list[tuple[int, Pieces, Pieces]]]:
        """Yield (number, source pieces, target pieces) in groups of one source length that fit into a batch."""
        lefts = self._encode([left for left, _ in pairs])
        rights: list[Pieces] = self._target.encode([clean(right) for _, right in pairs], out_type=str)
        groups: dict[int, list[tuple[int, Pieces, Pieces]]] = {}
        for i, (left, right) in enumerate(zip(lefts, rights, strict=True)):
            if 0 < len(left) <= self.settings["max_input"] and 0 < len(right) <= 2 * self.settings["max_output"]:
                groups.setdefault(len(left), []).append((i, left, right))
        for length, group in groups.items():
            group.sort(key=lambda item: len(item[2]))
            yield from batched(group, max(self.settings["batch_tokens"] // (length + 1), 1))

    def _encode(self, texts: Sequence[str]) -> list[Pieces]:
        found: list[Pieces] = self._source.encode([plain(text) for text in texts], out_type=str)
        return found

    @property
    def _source(self) -> Any:
        return self._tokenisers()[0]

    @property
    def _target(self) -> Any:
        return self._tokenisers()[1]

    def _tokenisers(self) -> tuple[Any, Any]:
        if self._pieces is None:
            self._pieces = (_processor(self.folder.source_pieces), _processor(self.folder.target_pieces))
        return self._pieces


def _processor(path: Path) -> Any:
    try:
        return need("sentencepiece", "build").SentencePieceProcessor(model_file=str(path))
    except (OSError, RuntimeError) as err:
        raise ConfigError(f"{path}: not a SentencePiece model ({err}); copy it again from the model's Transformers folder") from None


def batched(items: Iterable[T], size: int) -> Iterator[list[T]]:
    """Yield lists of `size` items, the last one shorter (itertools.batched came with Python 3.12)."""
    iterator = iter(items)
    while chunk := list(islice(iterator, size)):
        yield chunk


def clean(text: str) -> str:
    """Return a model's output as text: single spaces, NFC, never beginning with a combining mark nor holding U+FFFD."""
    text = " ".join(text.replace("\ufffd", "").replace("⁇", "").split())
    while text and unicodedata.combining(text[0]):
        text = text[1:]
    return unicodedata.normalize("NFC", text)


def joined(parts: Sequence[Translated]) -> Translated:
    """Return the translations of a sentence's clauses as one; flags are all kept."""
    flags = tuple(dict.fromkeys(flag for part in parts for flag in part.flags))
    return Translated(" ".join(p.text for p in parts if p.text), round(sum(p.score for p in parts) / len(parts), 3), flags)


def load_translator(settings: study.Translation, language: str, threads: int) -> Translator:
    """Return the translator a study names for English -> `language`; the folder is checked now, the weights load later."""
    if language not in settings.models:
        known = ", ".join(settings.models) or "none"
        raise ConfigError(
            f'translation.models has no {language!r} (it has: {known}); write for example: translation.models.{language} = "mini/models/mt/{language}"'
        )
    second = settings.second.get(language)
    return Translator(
        open_folder(settings.models[language], language), settings, threads, Translator(open_folder(second, language), settings, threads) if second else None
    )
