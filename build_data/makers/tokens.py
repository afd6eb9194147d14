"""Running text as arrays: its code points with what each of them is, and its words (tokens) as numbers of the distinct ones (types).

A quarter of a text's words are distinct. What a word says by itself is asked of the types, and what sentences say of their words in sweeps over numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

Numbers = npt.NDArray[np.int64]
Codes = npt.NDArray[np.uint32]
Bits = npt.NDArray[np.uint8]
Mask = npt.NDArray[np.bool_]
BATCH = 10_000  # texts that are swept over together, some megabytes: what is made of them stays near the processor, and memory does not grow with the block


class Sweep(NamedTuple):
    """Some texts as one array, a line break behind each: code points, what each is, and where each text begins."""

    codes: Codes
    bits: Bits
    starts: Numbers


class Counted(NamedTuple):
    """Distinct words, how often each stands, and how often as the first of its sentence."""

    words: Sequence[str]
    times: Numbers
    first: Numbers

    @classmethod
    def of(cls, seen: Mapping[str, int], first: Mapping[str, int] | None = None) -> Counted:
        """Return the same of mappings."""
        opening = [(first or {}).get(word, 0) for word in seen]
        return cls(list(seen), np.fromiter(seen.values(), np.int64, len(seen)), np.array(opening, np.int64))


class Tokens(NamedTuple):
    """The words of texts in order: the distinct ones, each token's number among them, each token's text, and the first token of each text that has one."""

    types: list[str]
    ids: Numbers
    lines: Numbers
    opens: Numbers

    def counted(self) -> Counted:
        """Return how often each type stands, and how often as the first of its text."""
        count = len(self.types)
        return Counted(self.types, np.bincount(self.ids, minlength=count), np.bincount(self.ids[self.opens], minlength=count))


def is_letter(sign: str) -> bool:
    r"""Tell whether [^\W\d_] matches."""
    return sign.isalnum() and not sign.isdecimal()


def sweep(texts: Sequence[str], kind: Callable[[str], int]) -> Sweep:
    """Return texts as one array, with the bits that `kind` gives for each character."""
    codes = np.frombuffer(("\n".join(texts) + "\n").encode("utf-32-le", "surrogatepass"), np.dtype("<u4"))
    there = np.zeros(0x110000, np.bool_)
    there[codes] = True
    table = np.zeros(0x110000, np.uint8)
    for code in np.flatnonzero(there).tolist():  # some two hundred characters
        table[code] = kind(chr(code))
    lengths = np.fromiter(map(len, texts), np.int64, len(texts)) + 1
    return Sweep(codes, table[codes], np.cumsum(lengths) - lengths)


def tokens(texts: Sequence[str], *, hyphens: bool = False) -> Tokens:
    r"""Return the words of texts: what [^\W\d_]+ finds, or (-[^\W\d_]+)* behind it, too, with `hyphens`."""
    words, ids, lines = list[pa.StringArray](), list[Numbers](), list[Numbers]()
    for at in range(0, len(texts), BATCH):
        some, line = _cut(sweep(texts[at : at + BATCH], _letter_or_hyphen if hyphens else is_letter))
        words.append(some)
        lines.append(line + at)
    encoded = pa.chunked_array(words, pa.string()).dictionary_encode()
    ids = [chunk.indices.to_numpy().astype(np.int64) for chunk in encoded.chunks]
    types = encoded.chunk(0).dictionary.to_pylist() if encoded.num_chunks else []
    line = np.concatenate([*lines, np.zeros(0, np.int64)])
    return Tokens(types, np.concatenate([*ids, np.zeros(0, np.int64)]), line, np.flatnonzero(np.diff(line, prepend=-1)))


def _letter_or_hyphen(sign: str) -> int:
    return 2 if sign == "-" else is_letter(sign)


def _cut(found: Sweep) -> tuple[pa.StringArray, Numbers]:
    """Return the words of some texts, and the number of each one's text."""
    letter = found.bits == 1
    at = np.flatnonzero(found.bits == 2)  # none is the last character, which is a line break, as is what stands at -1
    letter[at[letter[at - 1] & letter[at + 1]]] = True
    step = np.diff(letter.view(np.int8), prepend=np.int8(0))
    starts, stops = np.flatnonzero(step == 1), np.flatnonzero(step == -1)
    lines = np.repeat(np.arange(len(found.starts)), np.diff(np.searchsorted(starts, found.starts), append=len(starts)))
    codes = found.codes[letter]
    size = 1 + (codes >= 0x80).view(np.uint8) + (codes >= 0x800).view(np.uint8) + (codes >= 0x10000).view(np.uint8)  # bytes of each in UTF-8
    ends = np.cumsum(size, dtype=np.int32)[np.cumsum(stops - starts) - 1] if len(starts) else np.zeros(0, np.int32)
    data = codes.tobytes().decode("utf-32-le").encode("utf-8")
    return pa.StringArray.from_buffers(len(starts), pa.py_buffer(np.concatenate((np.zeros(1, np.int32), ends))), pa.py_buffer(data)), lines


def numbered(words: Sequence[str], letters: int = 0) -> tuple[list[str], Numbers]:
    """Return the distinct ones of `words`, or of their first `letters`, and the number of each word among them."""
    array = pa.array(words, pa.string())
    array = (pc.utf8_slice_codeunits(array, 0, letters) if letters else array).dictionary_encode()
    return array.dictionary.to_pylist(), array.indices.to_numpy().astype(np.int64)
