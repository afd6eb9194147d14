"""What chunks of a clause have in common in all languages: they are cut one after the other, and conjoined ones are one."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from build_data.makers.questions import Chunk
from build_data.parse import Word


def cut(times: Mapping[int, int], start: int, stop: int, other: Callable[[int], Chunk]) -> list[Chunk]:
    """Cut words [start, stop) into chunks: times ({start: stop}), and what `other` makes of the words from a place on."""
    out: list[Chunk] = []
    at = start
    while at < stop:
        chunk = Chunk(at, times[at], "time") if at in times and times[at] <= stop else other(at)
        out.append(chunk)
        at = chunk.stop
    return out


def joined(words: Sequence[Word], chunks: Sequence[Chunk], conjunctions: frozenset[str], alike: Callable[[Chunk, Chunk], bool]) -> list[Chunk] | None:
    """Make "hirvet ja metsäjänikset" one chunk; None where one of `conjunctions` stands between chunks that are not `alike`, which the rules don't understand."""
    out: list[Chunk] = []
    at = 0
    while at < len(chunks):
        chunk = chunks[at]
        if words[chunk.start].text.casefold() not in conjunctions:
            out.append(chunk)
            at += 1
            continue
        following = chunks[at + 1] if at + 1 < len(chunks) else None
        if not out or following is None or words[chunk.start - 1].text.endswith("-"):
            return None  # "maa- ja metsätalousministeriö" is one word
        if not alike(out[-1], following):
            return None
        out[-1] = Chunk(out[-1].start, following.stop, following.case, out[-1].doubtful or following.doubtful)
        at += 2
    return out


def same_case(one: Chunk, two: Chunk) -> bool:
    """Tell whether two chunks are in one case, and no adverbs."""
    return one.case == two.case and two.case != "adv"
