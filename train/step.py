"""One optimiser step: a batch computed at once or in parts, alone or with peers, always with the gradient of its mean loss."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from corpora.config import ConfigError
from corpora.study import Training
from train.batches import Batch
from train.checkpoint import WORDS
from train.feed import Picked, Work, parts
from train.model import Model


def optimiser(model: Model) -> torch.optim.AdamW:
    """AdamW with three groups: encoder with decay, encoder without (biases, norms, word embeddings), heads.

    Word embeddings have no decay, so that a piece which no text uses keeps its vector and trimming stays exact.
    """
    named = [(name, p) for name, p in model.encoder.net.named_parameters() if p.requires_grad]
    plain = [p for name, p in named if p.ndim < 2 or name == WORDS]
    decayed = [p for name, p in named if p.ndim >= 2 and name != WORDS]
    heads = list(model.heads.parameters())
    groups = [{"params": some, "role": role} for role, some in (("decay", decayed), ("plain", plain), ("head", heads)) if some]
    return torch.optim.AdamW(groups, lr=1e-5, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.0, fused=model.device.type in ("cpu", "cuda"))


class Stepper:
    """Takes steps. `limit`: tokens a part may have; it is halved whenever one runs out of memory, and stays so."""

    def __init__(self, model: Model, work: Work) -> None:
        self.model, self.work, self.peers = model, work, work.peers
        self.optimiser = optimiser(model)
        self.parameters = list(model.parameters())  # walking through the modules takes longer than a small layer does
        self.encoder = [p for p in model.encoder.parameters() if p.requires_grad]
        self.limit = math.inf

    def step(self, picked: Picked, training: Training, share: float, made: Sequence[Batch] = ()) -> Tensor:
        """Take one step at `share` of the task's learning rates and return the batch's mean loss. `made`: this process's parts, where they are ready."""
        for group in self.optimiser.param_groups:
            group["lr"] = (training.head_lr if group["role"] == "head" else training.lr) * share
            group["weight_decay"] = training.weight_decay if group["role"] == "decay" else 0.0
        loss = self.gradients(picked, training, made)
        if self.peers.count > 1:
            self.peers.add([*self.encoder, *self.model.module(picked.head.name).parameters()])
        clip([p for p in self.parameters if p.grad is not None], training.clip)
        self.optimiser.step()
        self.optimiser.zero_grad(set_to_none=True)
        return self.peers.total(loss)

    def gradients(self, picked: Picked, training: Training, made: Sequence[Batch] = ()) -> Tensor:
        """Leave the gradients of the batch's mean loss (this process's share of them) and return its share of the loss.

        Where memory runs out the whole batch is begun anew in smaller parts, from the same random state. Raises ConfigError where one example
        alone does not fit.
        """
        mine, total = self.work.mine(picked), max(1, picked.weight)
        while True:
            most = min(self.limit, training.part_tokens or math.inf)
            some = parts(mine, training.accumulate, most) if mine.features else []
            ready = list(made) if len(made) == len(some) and self.limit == math.inf else []
            before = _random_state(self.model.device)
            try:
                return self._add_up(some, ready, total)
            except torch.OutOfMemoryError:
                self._give_way(some)
                before()
                made = ()

    def _add_up(self, some: Sequence[Picked], ready: Sequence[Batch], total: int) -> Tensor:
        loss = torch.zeros((), device=self.model.device)
        for i, part in enumerate(some):
            batch = ready[i] if ready else self.work.tensors(part)
            own = self.model.loss(batch) * (part.weight / total)
            own.backward()  # type: ignore[no-untyped-call]
            loss += own.detach()
            del own, batch  # with the graph goes its hold on the room of activations (train/room.py), before the next part needs it
        return loss

    def _give_way(self, some: Sequence[Picked]) -> None:
        self.optimiser.zero_grad(set_to_none=True)
        if self.model.device.type == "cuda":
            torch.cuda.empty_cache()
        largest = max(some, key=lambda part: part.tokens)
        if len(largest.features) == 1:
            raise ConfigError(
                f"{largest.head.name}: one example of {largest.tokens} tokens does not fit into the memory of the {self.model.device.type}; "
                "set training.checkpointing = true, lower training.max_length, or run fewer --workers"
            )
        self.limit = largest.tokens // 2


def clip(parameters: Sequence[Tensor], most: float) -> None:
    """Scale gradients down to a norm of at most `most`. As torch's own, but on a CPU gradients that are small enough are not multiplied by 1."""
    norm = torch.nn.utils.get_total_norm([p.grad for p in parameters if p.grad is not None])
    if norm.device.type != "cpu" or not norm <= most:  # asking a GPU for the number would wait for it
        torch.nn.utils.clip_grads_with_norm_(parameters, most, norm)


def _random_state(device: torch.device) -> Callable[[], None]:
    """Return what puts the random state back to where it is now."""
    cpu = torch.get_rng_state()
    cuda = torch.cuda.get_rng_state(device) if device.type == "cuda" else None

    def back() -> None:
        torch.set_rng_state(cpu)
        if cuda is not None:
            torch.cuda.set_rng_state(cuda, device)

    return back
