"""A loaded CTranslate2 model: batches of pieces in, pieces, scores and attention out. The only file that runs ctranslate2.

A batch holds sources of one length only. With padding, a sentence's result depended on its company (texts of 1 in 420, scores or
links of 28), so resumed and unbroken builds differed; without, results are bit-equal in any company (benchmarks/translate.py checks it).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from build_data.lazy import need
from build_data.mt_folder import Folder
from build_data.mt_hardware import compute_type, devices
from corpora.config import ConfigError

Pieces = list[str]


class Engine:
    """The model of a folder. Weights are loaded at the first use; it must not cross a fork (CTranslate2 issue 1414)."""

    def __init__(self, folder: Folder, threads: int, requested: str = "auto") -> None:
        self.folder, self.threads = folder, max(threads, 1)
        self._requested = requested
        self._model: Any = None

    @property
    def numbers(self) -> str:
        """Return CTranslate2's name of the numbers that are computed with, e.g. int8. Raises ConfigError for one the device lacks."""
        return compute_type(self._requested, devices(), str(self.folder.card.get("family", "")))

    @property
    def workers(self) -> int:
        """Return how many batches are decoded at a time: one a CPU thread, one a GPU."""
        return need("ctranslate2", "build").get_cuda_device_count() or self.threads

    def submit(self, sources: Sequence[Pieces], beam: int, no_repeat: int, limit: int, tokens: int) -> list[Any]:
        """Start decoding sources of one length and return a result to wait for each; `limit` is in output pieces."""
        first = self.folder.tokens.target_first
        found: list[Any] = self._load().translate_batch(
            [self.folder.tokens.framed(p) for p in sources], target_prefix=[[first]] * len(sources) if first else None,
            beam_size=beam, no_repeat_ngram_size=no_repeat, max_decoding_length=limit, max_input_length=0,
            max_batch_size=tokens, batch_type="tokens", asynchronous=True, return_scores=True,
        )  # fmt: skip
        return found

    def attention(self, sources: Sequence[Pieces], targets: Sequence[Pieces], tokens: int) -> list[list[list[float]]]:
        """Return the attention [target pieces][source pieces] of known outputs, by forcing them through a greedy decode.

        Sources must be of one length. CTranslate2 4.8.5 mixes up the attention rows of batched beam search (136 of 200 sentences wrong at
        beam 4, weights off by up to 0.99; text and score right; batches of one right), so no other way gives links that can be trusted.
        """
        special = self.folder.tokens
        begin = [special.target_first] if special.target_first else []
        results = self._load().translate_batch(
            [self.folder.tokens.framed(p) for p in sources], target_prefix=[[*begin, *t] for t in targets], beam_size=1,
            max_decoding_length=max(map(len, targets)) + len(begin) + 1, max_input_length=0, max_batch_size=tokens, batch_type="tokens",
            return_attention=True,
        )  # fmt: skip
        left, top = len(special.head), len(begin)
        return [
            [row[left : left + len(source)] for row in result.attention[0][top : top + len(target)]]
            for source, target, result in zip(sources, targets, results, strict=True)
        ]

    def score(self, sources: Sequence[Pieces], targets: Sequence[Pieces], tokens: int) -> list[float]:
        """Return the mean log-probability of a target piece, its end included, for each pair."""
        first = [self.folder.tokens.target_first] if self.folder.tokens.target_first else []
        results = self._load().score_batch(
            [self.folder.tokens.framed(p) for p in sources],
            [[*first, *t] for t in targets],
            max_batch_size=tokens,
            batch_type="tokens",
            max_input_length=0,
            offset=len(first),
        )
        return [sum(r.log_probs) / max(len(r.log_probs), 1) for r in results]

    def _load(self) -> Any:
        if self._model is None:
            library = need("ctranslate2", "build")
            device = devices()
            try:
                self._model = library.Translator(
                    str(self.folder.path), device=device, compute_type=self.numbers, inter_threads=self.threads if device == "cpu" else 1,
                    intra_threads=1, device_index=0 if device == "cpu" else list(range(self.workers)), max_queued_batches=-1,
                )  # fmt: skip
            except (RuntimeError, ValueError, IndexError, MemoryError) as err:
                raise ConfigError(f"{self.folder.path}: CTranslate2 {library.__version__} cannot load this model ({err}); convert it again") from None
        return self._model
