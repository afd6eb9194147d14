"""How good a translation model is, and how decoding a build went: chrF, BLEU, scores, retries, failures, for the manifest and the card."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from build_data.finish import rank
from build_data.lazy import need
from build_data.memory import Decoder, Memory
from build_data.translate import Translated
from corpora import corpus as corpora
from corpora import readers
from corpora.config import ConfigError
from corpora.records import Aligned

DEV_ROWS = 500  # sentences on which a build measures its model; bounds of chrF and BLEU at this size: mt_rivals.py


def quality(translator: Decoder, rows: Sequence[Aligned], memory: Memory | None = None) -> dict[str, Any]:
    """Return chrF, BLEU, their sacreBLEU signatures, the row count and the share of degenerate output; `memory` saves decoding rows again."""
    if not rows:
        raise ConfigError("no rows to measure the translation model on; translation.dev must name an aligned corpus that has some")
    metrics = need("sacrebleu.metrics", "build")
    sources = [row.source for row in rows]
    results = memory.translate(translator, sources) if memory else translator.translate(sources)
    texts, gold = [result.text for result in results], [[row.target for row in rows]]
    out: dict[str, Any] = {"rows": len(rows), "corpus": rows[0].corpus, "degenerate": round(sum(bool(r.flags) for r in results) / len(rows), 4)}
    for name, metric in (("chrF", metrics.CHRF()), ("BLEU", metrics.BLEU())):
        out[name] = round(metric.corpus_score(texts, gold).score, 2)
        out[f"{name}_signature"] = str(metric.get_signature())
    return out


def dev_rows(name: str, source: str, target: str) -> tuple[str, list[Aligned]]:
    """Return ("corpus:split", rows) of the aligned corpus `name`: at most DEV_ROWS, chosen by a hash of their id, in the direction asked for."""
    corpus = corpora.load(name)
    if {source, target} != set(corpus.languages) or corpus.kind != "aligned":
        raise ConfigError(
            f"translation.dev: corpus {name!r} is of kind {corpus.kind!r} in {', '.join(corpus.languages)}, but a model {source} -> {target} is measured on it; "
            "name an aligned corpus of these two languages"
        )
    split = "dev" if "dev" in corpus.splits else "test"
    rows = sorted(readers.read_aligned(corpus, split), key=lambda row: (rank(row.id), row.id))[:DEV_ROWS]
    if corpus.languages[0] != source:
        rows = [Aligned(id=row.id, source=row.target, target=row.source, corpus=row.corpus) for row in rows]
    return f"{name}:{split}", rows


def decoding(parts: Iterable[Mapping[str, Translated]]) -> dict[str, Any]:
    """Return how the distinct sentences of a build came out; `parts` holds sentence -> result, a sentence may come again.

    {"sentences", "score": mean log-probability of a piece over the decoded ones, "mended": {rung of the ladder: sentences}, "failed": {flag: sentences},
    "share_retried": of mended and failed ones, "share_failed"}. It depends on the sentences only, so a resumed build tells the same.
    """
    seen: set[str] = set()
    scores: list[float] = []
    mended, failed = Counter[str](), Counter[str]()
    for part in parts:
        for text, result in part.items():
            if text in seen:
                continue
            seen.add(text)
            if any(map(str.isalpha, text)):  # others pass undecoded, with score 0
                scores.append(result.score)
            mended.update([result.rung] if result.rung else [])
            failed.update(result.flags[:1])
    count = max(len(seen), 1)
    return {
        "sentences": len(seen), "score": round(math.fsum(scores) / max(len(scores), 1), 4),
        "mended": dict(sorted(mended.items())), "failed": dict(sorted(failed.items())),
        "share_retried": round((mended.total() + failed.total()) / count, 6), "share_failed": round(failed.total() / count, 6),
    }  # fmt: skip
