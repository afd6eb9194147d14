"""Decisions that hang on a hair: float32 sums depend on who else is in the batch, and a near-tie then falls either way.

A matrix product picks its kernel by the number of rows, so the same sentence gets logits that differ in their last digits from
batch to batch. On 2,500 sentences each of Finnish and Hungarian (bundled packs; alone, in sorted batches of 250, in shuffled
batches of 100) the margin between the best and the second-best answer moved by at most 2.9e-6 x (1 + best logit) in the
tokenizer and 8.8e-7 x (1 + best logit) in the tagger. Where a margin is far wider, every company gives the same answer;
where it is not, the watchers here name the text, and the caller runs it alone.
"""

from __future__ import annotations

from typing import Any

import torch

TIE = 3e-5  # ten times the largest move seen; 0.16 % of the Finnish sentences and 0.08 % of the Hungarian ones hold so near a tie


def narrow(logits: torch.Tensor) -> torch.Tensor:
    """Return for each row of the last axis whether its best value is too near to its second-best to be trusted."""
    if logits.shape[-1] < 2:
        return torch.zeros(logits.shape[:-1], dtype=torch.bool, device=logits.device)
    best = logits.topk(2, dim=-1).values
    return best[..., 0] - best[..., 1] < TIE * (1 + best[..., 0].abs())


def watch_tokenizer(model: torch.nn.Module) -> set[str]:
    """Return a set that fills with the stretches of text (up to 1,000 characters) in which a border was a near-tie."""
    found: set[str] = set()

    def look(_: Any, inputs: tuple[Any, ...], scores: torch.Tensor) -> None:
        rows = narrow(scores)
        if rows.any():
            for row, characters in zip(rows, inputs[3], strict=True):  # inputs: units, features, lengths, characters
                real = [c for c in characters if c != "<PAD>"]
                if row[: len(real)].any():
                    found.add("".join(real))

    model.register_forward_hook(look)
    return found


def watch_tagger(model: Any) -> set[tuple[str, ...]]:
    """Return a set that fills with the sentences (their words) in which a tag or feature was a near-tie."""
    found: set[tuple[str, ...]] = set()
    seen: list[torch.Tensor] = []

    def head(_: Any, __: Any, logits: torch.Tensor) -> None:
        seen.append(narrow(logits))  # a row per word, first words of all sentences first (a packed sequence)

    def look(_: Any, inputs: tuple[Any, ...], __: Any) -> None:
        rows = torch.stack(seen).any(0)
        seen.clear()
        if rows.any():
            lengths, sentences = inputs[7], inputs[9]  # longest first
            owners = [i for step in range(lengths[0]) for i, length in enumerate(lengths) if length > step]
            found.update(tuple(sentences[owners[row]]) for row in rows.nonzero().flatten().tolist())

    model.upos_clf.register_forward_hook(head)
    for heads in model.tag_clf.values():
        for module in heads if isinstance(heads, torch.nn.ModuleList) else [heads]:
            module.register_forward_hook(head)
    model.register_forward_hook(look)
    return found
