"""Word links from a decoder's attention. Pure functions on lists; nothing is loaded here.

A link is (source word, target word, weight): words are counted as `str.split()` counts them, and the weight is the share of
the target word's attention that lies on that source word, special tokens left out.

Which heads point: CTranslate2 returns the mean of the first `alignment_heads` heads of `alignment_layer` (defaults: one head,
last layer), both fixed at conversion. `mt_convert.py` puts the heads that align best first; it says what was measured.
"""

from __future__ import annotations

from collections.abc import Sequence

from build_data.mt_normal import word_map

Link = tuple[int, int, float]
WEAK = 0.1  # links below a tenth are dropped: they are the floor that attention spreads over every word


def words_of(pieces: Sequence[str]) -> tuple[list[int], list[str]]:
    """Return the word number of each SentencePiece piece, and the words themselves ("▁" begins a word)."""
    numbers: list[int] = []
    words: list[str] = []
    border = True
    for piece in pieces:
        body = piece.lstrip("▁")
        border = border or piece.startswith("▁")
        if border and body:
            words.append("")
        numbers.append(len(words) if border and not body else len(words) - 1)
        if body:
            words[-1] += body
            border = False
    return [min(n, max(len(words) - 1, 0)) for n in numbers], words


def links(source: str, text: str, source_pieces: Sequence[str], target_pieces: Sequence[str], attention: Sequence[Sequence[float]]) -> tuple[Link, ...]:
    """Return the word links of one sentence.

    `attention` is [len(target_pieces)][len(source_pieces)]; `source` and `text` are the texts as the caller has them, whose
    words may differ from the model's (punctuation was normalised) and are mapped back.
    """
    from_numbers, from_words = words_of(source_pieces)
    to_numbers, to_words = words_of(target_pieces)
    from_map = word_map(source.split(), from_words)
    to_map = word_map(text.split(), to_words)
    weights: dict[tuple[int, int], float] = {}
    totals: dict[int, float] = {}
    for row, to in zip(attention, to_numbers, strict=True):
        if not to_map or to_map[to] < 0:
            continue
        target = to_map[to]
        for weight, number in zip(row, from_numbers, strict=True):
            if from_map and from_map[number] >= 0:
                place = (from_map[number], target)
                weights[place] = weights.get(place, 0.0) + weight
                totals[target] = totals.get(target, 0.0) + weight
    shares = ((s, t, round(w / totals[t], 2)) for (s, t), w in weights.items() if totals[t] > 0)
    return tuple(sorted((s, t, w) for s, t, w in shares if w >= WEAK))
