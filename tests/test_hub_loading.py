"""Corpora that are declared with a home on the Hub, read from a Hub that stands in on this machine by the real `datasets`: pinned, gated, moved, changed, streamed."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys

import hub_stand_in
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hub_stand_in import TOKEN, Repo, git_id

SCRIPT = """
import json, sys
from corpora_fakes import named
from corpora.config import ConfigError
from corpora.readers import read
raw, cases, out = json.loads(sys.argv[1]), json.loads(sys.argv[2]), sys.argv[3]
told = {}
for name, (more, home) in cases.items():
    try:
        rows = read(named({**raw, **more, "hub": {**raw["hub"], **home}}), "train")
        told[name] = [[type(row).__name__, row.id] for row in rows]
    except ConfigError as err:
        told[name] = str(err)
json.dump(told, open(out, "w"))
"""


def parquet(**columns) -> bytes:
    buffer = io.BytesIO()
    pq.write_table(pa.table(columns), buffer)
    return buffer.getvalue()


def version(repo: Repo, files: dict[str, bytes]) -> str:
    """Give a dataset a new version; return its commit."""
    repo.files, repo.sha = files, git_id(repr(sorted(files)).encode() + b"".join(files.values()))
    repo.versions[repo.sha] = files
    return repo.sha


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    """Read every case in one process, so that the library is loaded once."""
    folder = tmp_path_factory.mktemp("hub")
    card = b"---\nconfigs:\n- config_name: small\n  data_files:\n  - split: train\n    path: small/train.parquet\n- config_name: other\n  data_files:\n  - split: train\n    path: other/train.parquet\n---\n"
    rows = {"premise": ["It rains.", "It snows."], "hypothesis": ["Water falls.", "It is hot."], "label": ["yes", "no"]}
    with hub_stand_in.running() as hub:
        pairs = hub.repos["org/pairs"] = Repo()
        first = version(pairs, {"README.md": card, "small/train.parquet": parquet(**rows), "other/train.parquet": parquet(x=["no such column of ours"])})
        version(pairs, {"README.md": card, "small/train.parquet": parquet(**{k: v * 2 for k, v in rows.items()}), "other/train.parquet": parquet(x=["a"])})
        running = hub.repos["org/text"] = Repo()
        text = version(running, {"train.parquet": parquet(text=[f"Sentence {i} of a text.\nAnother line of it." for i in range(50)])})
        gated = hub.repos["org/gated"] = Repo()
        hub.gated.add("org/gated")
        secret = version(gated, {"train.parquet": parquet(**rows)})
        raw = {
            "title": "t", "languages": ["en"], "kind": "pair", "origin": "native", "licence": "CC0-1.0", "publishable": "yes", "reader": "jsonl", "source": "s",
            "labels": ["yes", "no"], "hub": {"id": "org/pairs", "config": "small", "revision": first, "splits": {"train": "train"}, "rows": {"train": 2}},
        }  # fmt: skip
        documents = {"kind": "documents", "reader": "documents", "labels": [], "fields": {"paragraphs": "text"}}
        cases = {
            "pinned": ({}, {}),
            "rows changed": ({}, {"rows": {"train": 3}}),
            "newer": ({}, {"revision": pairs.sha, "rows": {"train": 4}}),
            "moved": ({}, {"id": "org/elsewhere"}),
            "no such commit": ({}, {"revision": "0" * 40}),
            "no such config": ({}, {"config": "large"}),
            "gated": ({}, {"id": "org/gated", "config": "", "revision": secret}),
            "streamed": (documents, {"id": "org/text", "config": "", "revision": text, "rows": {"train": 50}}),
        }
        env = {**os.environ, "HF_ENDPOINT": hub.url, "HF_HOME": str(folder), "HF_HUB_DISABLE_XET": "1", "HF_HUB_OFFLINE": "0", "HF_DATASETS_OFFLINE": "0"}
        env |= {"CORPORA_DIR": str(folder), "PYTHONPATH": os.pathsep.join(["tests", "."]), "HF_TOKEN": "", "HF_HUB_DISABLE_IMPLICIT_TOKEN": "1"}
        out = folder / "told.json"
        done = subprocess.run([sys.executable, "-c", SCRIPT, json.dumps(raw), json.dumps(cases), str(out)], env=env, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr[-3000:]
        assert TOKEN not in done.stdout + done.stderr
        yield json.loads(out.read_text("utf-8"))


def test_a_pinned_commit_gives_its_own_rows_whatever_came_after(told) -> None:
    assert [kind for kind, _ in told["pinned"]] == ["Pair", "Pair"] and [kind for kind, _ in told["newer"]] == ["Pair"] * 4


def test_running_text_is_streamed(told) -> None:
    assert [kind for kind, _ in told["streamed"]] == ["Document"] * 50


@pytest.mark.parametrize(
    ("case", "words"),
    [
        ("rows changed", "2 rows found, 3 declared"),
        ("moved", "The Hub did not give org/elsewhere"),
        ("no such commit", "The Hub did not give org/pairs at 000000000000"),
        ("no such config", "large"),
        ("gated", "accept its terms on its Hub page and run `hf auth login`"),
    ],
)
def test_what_the_hub_does_not_give_is_told_with_the_way_out(told, case, words) -> None:
    assert isinstance(told[case], str) and words in told[case] and "xx/made" in told[case], told[case]
