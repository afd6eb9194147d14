"""How good a translation model is: chrF and BLEU on aligned sentences, for the manifest and the card."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from build_data.lazy import need
from build_data.translate import Translator
from corpora.config import ConfigError
from corpora.records import Aligned


def quality(translator: Translator, rows: Sequence[Aligned]) -> dict[str, Any]:
    """Return chrF, BLEU, their sacreBLEU signatures, the row count and the share of degenerate output."""
    if not rows:
        raise ConfigError(f"translation.dev.{translator.language}: no rows to measure the model on")
    metrics = need("sacrebleu.metrics", "build")
    results = translator.translate([row.source for row in rows])
    texts, gold = [result.text for result in results], [[row.target for row in rows]]
    out: dict[str, Any] = {"rows": len(rows), "corpus": rows[0].corpus, "degenerate": round(sum(bool(r.flags) for r in results) / len(rows), 4)}
    for name, metric in (("chrF", metrics.CHRF()), ("BLEU", metrics.BLEU())):
        out[name] = round(metric.corpus_score(texts, gold).score, 2)
        out[f"{name}_signature"] = str(metric.get_signature())
    return out
