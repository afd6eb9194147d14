"""Shrink Stanza packs so that they can be bundled: rare words leave the embedding tables, weights are stored as float16.

    python corpora/mini/models/shrink_stanza.py --source PACKS --out corpora/mini/models/stanza --words 5000

PACKS/LANG/{tokenize,pos,depparse}.pt are models saved by Stanza's own training commands (see stanza/README.md).
Stanza keeps its vocabularies sorted by frequency, so cutting a table after N rows drops the rarest words; a dropped word is
read through the character model, as any unseen word is. Stanza copies float16 weights into its float32 modules on loading.
"""

from __future__ import annotations

import argparse
from collections import OrderedDict
from pathlib import Path
from typing import Any

import torch

TABLES = {"word_emb.weight": "word", "lemma_emb.weight": "lemma"}


def cut_vocabulary(state: dict[str, Any], keep: int) -> None:
    """Cut one Stanza vocabulary state to its first `keep` units, in place."""
    units = state["_id2unit"][:keep]
    state["_id2unit"] = units
    state["_unit2id"] = {unit: i for i, unit in enumerate(units)}


def shrink(path: Path, out: Path, words: int) -> tuple[int, int]:
    """Write the smaller model; return bytes before and after."""
    state = torch.load(path, map_location="cpu", weights_only=True)
    model: OrderedDict[str, Any] = state["model"]
    for name, vocabulary in TABLES.items():
        if name in model and model[name].shape[0] > words:
            model[name] = model[name][:words].clone()
            cut_vocabulary(state["vocab"][vocabulary], words)
    for name, value in model.items():
        if isinstance(value, torch.Tensor) and value.dtype == torch.float32:
            model[name] = value.half()
    for key in ("optimizer_state_dict", "dev_score_history"):
        state.pop(key, None)
    if "global_step" in state:
        state["dev_score_history"] = []
    out.parent.mkdir(parents=True, exist_ok=True)
    torch.save(state, out)
    return path.stat().st_size, out.stat().st_size


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--source", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--words", type=int, default=5000)
    args = parser.parse_args()
    for path in sorted(args.source.glob("*/*.pt")):
        target = args.out / path.parent.name / path.name
        before, after = shrink(path, target, args.words)
        print(f"{target}: {before / 1e6:.1f} MB -> {after / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
