"""The real `datasets` reading a Hub that stands in, in a process and a home of its own: every row of every configuration, normally and streamed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

LOAD = """
import json, sys
import datasets
repo, out, wanted = sys.argv[1:]
found = {}
for revision, configs in json.loads(wanted).items():
    found[revision] = {}
    for config in configs or datasets.get_dataset_config_names(repo, revision=revision):
        streamed = datasets.load_dataset(repo, config, revision=revision, streaming=True)
        for split, plain in datasets.load_dataset(repo, config, revision=revision).items():
            rows = found[revision][f"{config}/{split}"] = plain.to_list()
            assert plain.features == streamed[split].features, f"{config}/{split}: streaming gives other features"
            assert list(streamed[split]) == rows, f"{config}/{split}: streaming gives other rows"
json.dump(found, open(out, "w"))
"""


def load(url: str, home: Path, repo: str, wanted: Mapping[str, Sequence[str]]) -> dict[str, dict[str, list[dict[str, Any]]]]:
    """Return version -> "config/split" -> rows. `wanted`: version -> its configurations, [] = all. Fails where streaming gives other rows or features."""
    out = home / "loaded.json"
    env = {**os.environ, "HF_ENDPOINT": url, "HF_HOME": str(home / "hf"), "HF_HUB_DISABLE_XET": "1", "HF_HUB_OFFLINE": "0", "HF_DATASETS_OFFLINE": "0"}
    env |= {"HF_HUB_DISABLE_PROGRESS_BARS": "1", "HF_DATASETS_DISABLE_PROGRESS_BARS": "1"}
    done = subprocess.run([sys.executable, "-c", LOAD, repo, str(out), json.dumps(wanted)], env=env, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-3000:]
    found: dict[str, dict[str, list[dict[str, Any]]]] = json.loads(out.read_text("utf-8"))
    return found
