"""What stops a study before it costs anything: no room, foreign checkpoints, a base without a fast tokenizer, bfloat16 where there is none."""

from __future__ import annotations

import json
import shutil
from collections import namedtuple

import pytest
import tiny
import torch

from corpora.base import ensure_base
from corpora.config import ConfigError
from corpora.study import Base
from train import checkpoint, disk
from train.disk import check_disk, checkpoint_bytes
from train.features import Shape
from train.model import precision_of
from train.run import Run
from train.speed import KNOWN, arithmetic, operations


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    return tiny.base(tmp_path_factory.mktemp("base"), layers=2)


def test_too_little_disk_is_told_before_the_first_run(base, tmp_path, monkeypatch):
    made = tiny.study(base, freeze_layers=0)
    runs = [Run(phase="intermediate", tasks=("nli",), arm="en", seed=seed) for seed in (1, 2)]
    check_disk(made, tmp_path, runs, 1)
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(disk.shutil, "disk_usage", lambda _: usage(0, 0, 1000))
    with pytest.raises(ConfigError, match=r"GB free, but 2 checkpoints and 1 runs in work take at least .* GB; free some space"):
        check_disk(made, tmp_path, runs, 1)
    assert checkpoint_bytes(made, KNOWN["FacebookAI/xlm-roberta-large"]) == 4 * 301_989_888


def test_a_checkpoint_of_another_version_is_refused(base, tmp_path):
    model = tiny.model(base, ("pair", Shape("pair", ("a", "b"), 64)))
    checkpoint.save(tmp_path / "c", model)
    about = json.loads((tmp_path / "c" / "checkpoint.json").read_text())
    (tmp_path / "c" / "checkpoint.json").write_text(json.dumps({**about, "version": 99}))
    with pytest.raises(ConfigError, match=r"a checkpoint of version 99, but this program reads version"):
        checkpoint.load(tmp_path / "c", model)


def test_a_base_without_a_fast_tokenizer_is_told(base, tmp_path):
    shutil.copytree(base, tmp_path / "slow")
    (tmp_path / "slow" / "tokenizer.json").unlink()
    with pytest.raises(ConfigError, match=r"the folder has no tokenizer\.json; save model \(safetensors\) and fast tokenizer there"):
        ensure_base(Base(model=str(tmp_path / "slow")), tmp_path)


def test_bfloat16_is_refused_where_the_hardware_has_none(monkeypatch):
    monkeypatch.setattr("train.model.native_bfloat16", lambda device: False)
    with pytest.raises(ConfigError, match=r"precision = 'bfloat16', but this cpu has no native bfloat16"):
        precision_of("bfloat16", torch.device("cpu"))


def test_the_arithmetic_of_a_large_encoder(base):
    large = KNOWN["FacebookAI/xlm-roberta-large"]
    assert operations(large, 0, 0) == 6 * 301_989_888
    assert operations(large, 24, 0) == 2 * 301_989_888  # all frozen: forward only
    assert operations(large, 0, 128) - operations(large, 0, 0) == 12 * 128 * 1024 * 24
    made = tiny.study(base, base={"model": "FacebookAI/xlm-roberta-large"}, freeze_layers=0)
    assert "about 1.3 hours (GPU-hours) = 1,000,000,000 tokens x 1.87 GFLOP a token / (989 TFLOP/s bf16 x 0.4) / 3600" in arithmetic(made, 1e9, 200)
    assert "not estimated" in arithmetic(tiny.study(base, base={"model": "someone/unknown"}), 1e9, 200)
