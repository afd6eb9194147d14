"""Text -> sub-word ids in the encoder's numbering, whether its vocabulary is whole or trimmed. No torch."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path

import numpy as np
import tokenizers

from corpora.config import ConfigError
from train.trim import load_map, open_tokenizer, special_ids


class Pieces:
    """The tokenizer of a base folder, with the id map of a trimmed vocabulary laid over it. Segmentation is never touched by the map."""

    def __init__(self, folder: Path) -> None:
        self.tokenizer = open_tokenizer(folder)
        self.map = load_map(folder)
        self.pad, self.full_unk = special_ids(folder, self.tokenizer)
        self.unk = int(self.map[self.full_unk]) if self.map is not None else self.full_unk
        frame = self.tokenizer.encode("", add_special_tokens=True)
        self.first, self.last = frame.ids[:1], frame.ids[1:]
        self.pair_extra = self.tokenizer.num_special_tokens_to_add(True)
        self.typed = any(self.tokenizer.encode("a", "a").type_ids)  # BERT marks the second text, XLM-R does not
        full = self.tokenizer.token_to_id("<mask>") or self.tokenizer.token_to_id("[MASK]")
        self.mask_token = -1 if full is None else full if self.map is None else int(self.map[full])
        self.missed = 0  # pieces met that the trimmed vocabulary does not have: they became <unk>

    @property
    def mask(self) -> int:
        """The id of <mask>. Raises ConfigError where the tokenizer has none."""
        if self.mask_token < 0 or self.mask_token == self.unk:
            raise ConfigError("the base's tokenizer has no <mask> or [MASK], so it cannot train on tasks of kind text; take the mlm out of the study's mixes")
        return self.mask_token

    @cached_property
    def special(self) -> frozenset[int]:
        """The ids, in the encoder's numbering, that stand for no text: <s>, </s>, <pad>, <mask>, ..."""
        return frozenset(self.remap(sorted(self.tokenizer.get_added_tokens_decoder()))) | {self.pad, self.unk}

    @cached_property
    def plain(self) -> list[int]:
        """All other ids, in order."""
        size = self.tokenizer.get_vocab_size() if self.map is None else int(self.map.max()) + 1
        return [i for i in range(size) if i not in self.special]

    def remap(self, ids: Sequence[int]) -> list[int]:
        """Return ids in the encoder's numbering; a piece that was trimmed away becomes <unk> and is counted in `missed`."""
        if self.map is None:
            return list(ids)
        out: list[int] = self.map[np.asarray(ids, np.int64)].tolist()
        self.missed += sum(new == self.unk and old != self.full_unk for new, old in zip(out, ids, strict=True))
        return out

    def pairs(self, texts: Sequence[tuple[str, str]], max_length: int, cut: str = "longest_first", stride: int = 0) -> list[list[tokenizers.Encoding]]:
        """Return for each (first, second or '') its encoding and, with a stride, the further windows."""
        self.tokenizer.enable_truncation(max_length, stride=stride, strategy=cut)
        try:
            found = self.tokenizer.encode_batch([(a, b) if b else a for a, b in texts])
        finally:
            self.tokenizer.no_truncation()
        return [[encoding, *(encoding.overflowing if stride else ())] for encoding in found]

    def words(self, sentences: Sequence[Sequence[str]]) -> list[list[list[int]]]:
        """Return the full-vocabulary ids of each word of each sentence; a word without sub-words has none."""
        out = []
        for words, encoding in zip(
            sentences, self.tokenizer.encode_batch([list(s) for s in sentences], is_pretokenized=True, add_special_tokens=False), strict=True
        ):
            ids: list[list[int]] = [[] for _ in words]
            for piece, word in zip(encoding.ids, encoding.word_ids, strict=True):
                if word is not None:
                    ids[word].append(piece)
            out.append(ids)
        return out
