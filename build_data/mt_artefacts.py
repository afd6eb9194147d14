"""What translation did to a task beyond its language: word overlap of a row's two texts, and how far one text alone gives the label away.

Translating premise and hypothesis apart from each other turns one word of both into two: the overlap falls, and models trained on it score
up to 4.3 points otherwise on XNLI (Artetxe et al. 2020, arXiv 2004.04721). Measured on 10,000 rows of SNLI in English and in DeepL's
Finnish: 46.8 and 32.7 % of a hypothesis's words stand in its premise, by their first five letters 48.1 and 41.3 %. Both measures compare
translated rows with their own English rows, on at most ROWS rows chosen by a hash of the English id. Pure: the same rows give the
same record, in any order.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from statistics import fmean
from typing import Any

from build_data import hypothesis_only
from build_data.finish import origin_id, rank
from corpora.records import Pair, Record, Span

ROWS = 10_000  # the classifier takes 8 s of one thread for both sides of so many
STEM = 5  # letters; Finnish and Hungarian inflect at the end, so a word's form in the hypothesis is often not the premise's
WORD = re.compile(r"\w+")


def artefacts(kept: Sequence[Record], english: Mapping[str, Record]) -> dict[str, Any] | None:
    """Return the record of a translated arm, None for a kind whose rows have one text.

    `english` has the English row of every source_id. {"rows", "of", "overlap": {"words" | "stems": {"english", "translated", "change"}},
    "hypothesis_only": see hypothesis_only.measure (pair rows only)}; shares are 0 to 1.
    """
    chosen = sorted((r for r in kept if _texts(r)), key=lambda r: (rank(origin_id(r)), r.id))[:ROWS]
    if not chosen:
        return None
    pairs = [(english[row.source_id], row) for row in chosen]
    record: dict[str, Any] = {"rows": len(chosen), "of": len(kept), "overlap": {"words": _overlaps(pairs, 0), "stems": _overlaps(pairs, STEM)}}
    labelled = [(source, row) for source, row in pairs if isinstance(source, Pair) and isinstance(row, Pair)]
    if labelled:
        folds = [int(rank(f"fold:{source.document or source.premise}") * hypothesis_only.FOLDS) for source, _ in labelled]
        record["hypothesis_only"] = hypothesis_only.measure(
            [source.hypothesis for source, _ in labelled], [row.hypothesis for _, row in labelled], [row.label for _, row in labelled], folds
        )
    return record


def _texts(record: Record) -> tuple[str, str] | None:
    """Return (the text that is looked into, the text whose words are looked up), None where a row has only one."""
    if isinstance(record, Pair):
        return (record.premise, record.hypothesis) if record.hypothesis else None
    return (record.context, record.question) if isinstance(record, Span) else None


def overlap(inside: str, text: str, letters: int = 0) -> float:
    """Return the share of the distinct words of `text` that stand in `inside`, case folded; with `letters`, of their first so many letters."""
    wanted, present = ({word[: letters or None] for word in WORD.findall(side.casefold())} for side in (text, inside))
    return len(wanted & present) / len(wanted) if wanted else 0.0


def _overlaps(pairs: Sequence[tuple[Record, Record]], letters: int) -> dict[str, float]:
    sides = [fmean(overlap(*texts, letters) for row in rows if (texts := _texts(row))) for rows in zip(*pairs, strict=True)]
    return {"english": round(sides[0], 4), "translated": round(sides[1], 4), "change": round(sides[1] - sides[0], 4)}
