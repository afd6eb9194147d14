"""Heavy libraries at first use: each is known to one file of build_data, and a missing one says which line installs it."""

from __future__ import annotations

import importlib
from types import ModuleType

from corpora.config import ConfigError


def need(module: str, extra: str) -> ModuleType:
    """Import `module`, which the optional requirements `extra` of this project bring. Raises ConfigError with the pip line."""
    try:
        return importlib.import_module(module)
    except ImportError as err:
        raise ConfigError(f"{module} does not load ({err}); this step needs it, so run: pip install -e '.[{extra}]'") from None
