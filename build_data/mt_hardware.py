"""In which number format a translation model computes on this machine's hardware."""

from __future__ import annotations

from build_data.lazy import need
from corpora.config import ConfigError

# On a CPU int8 is 2-4 times as fast as float32 (facts/data-stage.md 1.4); on a GPU 16 bits are enough for every family but T5, whose activations
# overflow float16 (Transformers keeps their feed-forward layers in float32 for that reason).
BEST = {"cpu": ("int8", "int8_float32", "float32"), "cuda": ("float16", "bfloat16", "int8_float16", "int8_float32", "float32")}
BEST_T5 = ("bfloat16", "int8_bfloat16", "float32")


def devices() -> str:
    """Return "cuda" where CTranslate2 sees a GPU, else "cpu"."""
    return "cuda" if need("ctranslate2", "build").get_cuda_device_count() > 0 else "cpu"


def compute_type(requested: str, device: str, family: str = "") -> str:
    """Return the compute type to load a model with: `requested`, or for "auto" the best that `device` ("cpu" or "cuda") offers.

    `family` is Folder.card's (mt_families.py). Raises ConfigError for a type that this device has not: CTranslate2 would take another silently.
    """
    offered = set(need("ctranslate2", "build").get_supported_compute_types(device))
    if requested != "auto":
        if requested not in offered:
            raise ConfigError(
                f"translation.compute_type = {requested!r}: this machine's {device} offers {', '.join(sorted(offered))}; write one of these, or auto"
            )
        return requested
    wanted = BEST_T5 if device == "cuda" and family == "madlad" else BEST[device]
    return next((name for name in wanted if name in offered), "float32")
