"""English sentences into another language, with CTranslate2. The only file that knows ctranslate2 and sentencepiece.

Sentences are deduplicated, sorted by length and decoded in batches of tokens at a small beam; only degenerate output is decoded
again, at a larger beam without repeated trigrams, and at last clause by clause (facts/data-stage.md 1.4: beam 4 costs 3-5 times
beam 1). What stays degenerate keeps its flags; nothing is cut silently.
"""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from build_data import mt_align, mt_checks, sentences
from build_data.lazy import need
from build_data.mt_folder import Folder, open_folder
from build_data.mt_normal import english
from corpora import study
from corpora.config import ConfigError
from corpora.shards import digest

VERSION = 1  # raise when the same model and settings would give other output: it is part of every memory key


@dataclass(frozen=True, slots=True)
class Translated:
    """One sentence's translation. `score` is the mean log-probability of a piece (0.0 where nothing was decoded)."""

    text: str
    score: float
    flags: tuple[str, ...] = ()  # empty, loop, copied, cut; () = sound
    links: tuple[mt_align.Link, ...] = ()  # (source word, target word, weight), words as str.split() counts them


class Translator:
    """A checked model with its decode settings. The weights are loaded at the first sentence; it must not cross a fork."""

    def __init__(self, folder: Folder, settings: study.Translation, threads: int) -> None:
        self.folder, self.threads = folder, max(threads, 1)
        self.language: str = folder.language
        self.card: Mapping[str, Any] = folder.card
        self.settings: dict[str, Any] = {name: getattr(settings, name) for name in ("beam", "retry_beam", "batch_tokens", "max_input", "max_output")}
        self.fingerprint = digest([VERSION, folder.fingerprint, self.settings])
        self.counts: Counter[str] = Counter()
        self._model: Any = None
        self._source: Any = None
        self._target: Any = None

    def pieces(self, text: str) -> int:
        """Return how many pieces the model would read for `text`."""
        self._load_pieces()
        return len(self._source.encode(english(text), out_type=str))

    def translate(self, texts: Sequence[str]) -> list[Translated]:
        """Translate sentences; equal ones are decoded once. Raises ConfigError for a model that does not load."""
        unique = list(dict.fromkeys(texts))
        done: dict[str, Translated] = {}
        todo = []
        for text in unique:
            if not any(map(str.isalpha, text)):  # emoji, numbers, control characters: the same in every language
                done[text] = Translated(" ".join(unicodedata.normalize("NFC", text).split()), 0.0)
                self.counts["passed"] += 1
            else:
                todo.append(text)
        done |= self._ladder(todo)
        return [done[text] for text in texts]

    def _ladder(self, texts: list[str]) -> dict[str, Translated]:
        """Decode; climb with what came out degenerate; keep the first sound result, else the first of all."""
        done = self._decode(texts, self.settings["beam"], 0)
        bad = [text for text in texts if done[text].flags]
        if bad:
            self._mend(done, self._decode(bad, self.settings["retry_beam"], 3), "mended_beam")
            bad = [text for text in bad if done[text].flags]
            self._mend(done, self._by_clause(bad), "mended_clause")
            self.counts["degenerate"] += sum(bool(done[text].flags) for text in bad)
        return done

    def _mend(self, done: dict[str, Translated], again: Mapping[str, Translated], rung: str) -> None:
        for text, result in again.items():
            if not result.flags:
                done[text] = result
                self.counts[rung] += 1

    def _by_clause(self, texts: Sequence[str]) -> dict[str, Translated]:
        parts = {text: [text[a:b] for a, b in sentences.clauses(text)] for text in texts}
        parts = {text: found for text, found in parts.items() if len(found) > 1}
        wanted = list(dict.fromkeys(part for found in parts.values() for part in found))
        if not wanted:
            return {}
        done = self._decode(wanted, self.settings["retry_beam"], 3)
        return {text: joined(found, [done[part] for part in found]) for text, found in parts.items()}

    def _decode(self, texts: Sequence[str], beam: int, no_repeat: int) -> dict[str, Translated]:
        """Decode distinct texts once each. Texts above max_input that no space can split come back flagged, not decoded.

        A batch holds sources of one length only. With padding, a sentence's result depended on its company (texts of 1 in 420, scores or
        links of 28), so resumed and unbroken builds differed; without, 930 of 930 were bit-equal in any company, at 0.8-1.0 times the speed.
        """
        self._load_pieces()
        pieces = dict(zip(texts, self._source.encode([english(t) for t in texts], out_type=str), strict=True)) if texts else {}
        out = {t: Translated("", 0.0, ("empty",) if not p else ("cut",)) for t, p in pieces.items() if not 0 < len(p) <= self.settings["max_input"]}
        groups: dict[int, list[str]] = {}
        for text in sorted((t for t in pieces if t not in out), key=lambda t: -len(pieces[t])):
            groups.setdefault(len(pieces[text]), []).append(text)
        waiting = []
        for length, group in groups.items():
            limit = min(self.settings["max_output"], 3 * length + 16)  # so that a looping sentence cannot run on for long
            waiting.append((group, limit, self._submit([pieces[t] for t in group], beam, no_repeat, limit)))
        for group, limit, results in waiting:
            found = [result.result() for result in results]
            rows = [r.attention[0] for r in found] if beam == 1 else self._forced([pieces[t] for t in group], [r.hypotheses[0] for r in found])
            for text, result, attention in zip(group, found, rows, strict=True):
                out[text] = self._read(text, pieces[text], result, attention, limit)
        return {text: out[text] for text in texts}

    def _submit(self, pieces: Sequence[list[str]], beam: int, no_repeat: int, limit: int) -> Any:
        tokens = self.folder.tokens
        return self._load().translate_batch(
            [self._framed(p) for p in pieces],
            target_prefix=[[tokens.target_first]] * len(pieces) if tokens.target_first else None,
            beam_size=beam, no_repeat_ngram_size=no_repeat, max_decoding_length=limit, max_input_length=0,
            max_batch_size=self.settings["batch_tokens"], batch_type="tokens", asynchronous=True,
            return_scores=True, return_attention=beam == 1,
        )  # fmt: skip

    def _forced(self, pieces: Sequence[list[str]], outputs: Sequence[list[str]]) -> list[Any]:
        """Return the attention [output pieces][source tokens] of known outputs, by forcing them through a greedy decode.

        CTranslate2 4.8.5 mixes up the attention rows of batched beam search (136 of 200 sentences wrong at beam 4, weights off by up to
        0.99; text and score right; batches of one right). Forced and greedy attention were equal in 200 of 200.
        """
        longest = max(map(len, outputs))
        results = self._load().translate_batch(
            [self._framed(p) for p in pieces], target_prefix=list(outputs), beam_size=1, max_decoding_length=longest + 1, max_input_length=0,
            max_batch_size=self.settings["batch_tokens"], batch_type="tokens", return_attention=True,
        )  # fmt: skip
        return [result.attention[0][: len(output)] for result, output in zip(results, outputs, strict=True)]

    def _framed(self, pieces: list[str]) -> list[str]:
        tokens = self.folder.tokens
        return [t for t in (tokens.source_first, *pieces, tokens.source_last) if t]

    def _read(self, source: str, pieces: Sequence[str], result: Any, rows: Sequence[Sequence[float]], limit: int) -> Translated:
        """Turn CTranslate2's result into text, flags and word links."""
        output = list(result.hypotheses[0])
        self.counts.update(decoded=1, pieces_in=len(pieces), pieces_out=len(output))
        cut = len(output) >= limit
        if self.folder.tokens.target_first and output[:1] == [self.folder.tokens.target_first]:
            output = output[1:]
        first = 1 if self.folder.tokens.source_first else 0
        attention = [row[first : first + len(pieces)] for row in rows[-len(output) :]] if output else []
        # An unknown piece becomes the source piece it points at (emoji, foreign letters); the library's own option reads the rows that _forced mends.
        output = [pieces[max(range(len(row)), key=row.__getitem__)] if p == "<unk>" else p for p, row in zip(output, attention, strict=True)]
        text = clean(self._target.decode(output))
        flags = mt_checks.faults(source, text, cut)
        # Rounded: more digits say nothing, and the memory is smaller.
        return Translated(text, round(float(result.scores[0]), 3), flags, mt_align.links(source, text, pieces, output, attention))

    def _load_pieces(self) -> None:
        if self._source is None:
            self._source, self._target = (_pieces(path) for path in (self.folder.source_pieces, self.folder.target_pieces))

    def _load(self) -> Any:
        if self._model is None:
            library = need("ctranslate2", "build")
            cuda = library.get_cuda_device_count() > 0
            try:
                device, numbers = ("cuda", "float16") if cuda else ("cpu", "int8")
                self._model = library.Translator(str(self.folder.path), device=device, compute_type=numbers, inter_threads=self.threads, intra_threads=1)
            except (RuntimeError, ValueError) as err:
                raise ConfigError(f"{self.folder.path}: CTranslate2 {library.__version__} cannot load this model ({err}); convert it again") from None
        return self._model


def _pieces(path: Path) -> Any:
    try:
        return need("sentencepiece", "build").SentencePieceProcessor(model_file=str(path))
    except (OSError, RuntimeError) as err:
        raise ConfigError(f"{path}: not a SentencePiece model ({err}); copy it again from the model's Transformers folder") from None


def clean(text: str) -> str:
    """Return a model's output as text: single spaces, NFC, never beginning with a combining mark nor holding U+FFFD."""
    text = " ".join(text.replace("\ufffd", "").replace("⁇", "").split())
    while text and unicodedata.combining(text[0]):
        text = text[1:]
    return unicodedata.normalize("NFC", text)


def joined(sources: Sequence[str], parts: Sequence[Translated]) -> Translated:
    """Return the translations of a sentence's clauses as one; word links are moved along, flags are all kept."""
    found: list[mt_align.Link] = []
    read = written = 0
    for source, part in zip(sources, parts, strict=True):
        found += [(s + read, t + written, w) for s, t, w in part.links]
        read, written = read + len(source.split()), written + len(part.text.split())
    flags = tuple(dict.fromkeys(flag for part in parts for flag in part.flags))
    return Translated(" ".join(p.text for p in parts if p.text), round(sum(p.score for p in parts) / len(parts), 3), flags, tuple(found))


def load_translator(settings: study.Translation, language: str, threads: int) -> Translator:
    """Return the translator a study names for English -> `language`; the folder is checked now, the weights load later."""
    if language not in settings.models:
        known = ", ".join(settings.models) or "none"
        raise ConfigError(
            f'translation.models has no {language!r} (it has: {known}); write for example: translation.models.{language} = "mini/models/mt/{language}"'
        )
    return Translator(open_folder(settings.models[language], language), settings, threads)
