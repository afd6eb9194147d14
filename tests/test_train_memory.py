"""How many runs a GPU holds, by arithmetic that can be redone by hand."""

from __future__ import annotations

import tiny

from corpora.study import Training
from train import memory
from train.execute import workforce

LARGE = {"vocab_size": 250_002, "hidden_size": 1024, "num_hidden_layers": 24, "intermediate_size": 4096, "max_position_embeddings": 514}
SMALL = {"vocab_size": 250_037, "hidden_size": 384, "num_hidden_layers": 12, "intermediate_size": 1536, "max_position_embeddings": 512}


def test_weights_and_bytes_are_those_counted_by_hand():
    assert memory.weights(LARGE) == (250_002 + 514) * 1024 + 24 * (4 * 1024**2 + 8 * 1024**2)
    training = Training(batch=32, max_length=128)
    own = memory.weights(LARGE) * 26 + memory.CONTEXT
    assert memory.run_bytes(LARGE, [training]) == own + 32 * 128 * 24 * 34 * 1024
    assert memory.run_bytes(LARGE, [training], half=False) == own + 2 * 32 * 128 * 24 * 34 * 1024
    assert memory.run_bytes(LARGE, [Training(batch=32, max_length=128, accumulate=4)]) == own + 8 * 128 * 24 * 34 * 1024
    assert memory.run_bytes(LARGE, [Training(batch=32, max_length=128, part_tokens=1000)]) == own + 1000 * 24 * 34 * 1024
    assert memory.run_bytes(LARGE, [Training(batch=32, max_length=128, checkpointing=True)]) == own + 32 * 128 * (48 + 34) * 1024


def test_small_encoders_share_a_gpu_and_a_run_too_large_still_gets_one(tmp_path):
    study = tiny.study(tmp_path)
    assert memory.per_gpu(SMALL, study, 80 << 30) > memory.per_gpu(LARGE, study, 80 << 30) >= 3
    assert memory.per_gpu(LARGE, study, 8 << 30) == 1


def test_workers_are_as_many_as_the_gpus_hold(monkeypatch):
    monkeypatch.setattr("train.execute.gpus", lambda: 2)
    monkeypatch.setattr("os.sched_getaffinity", lambda _: set(range(16)))
    assert workforce(0, 100, 3) == (6, 2) and workforce(0, 4, 3) == (4, 4) and workforce(1, 100, 3) == (1, 16)


def test_the_gpu_benchmark_runs_from_end_to_end_on_a_small_shape(capsys):
    import torch

    from benchmarks.train_cuda import lengths, run

    assert 41 < sum(lengths("MNLI", 4000)) / 4000 < 43.5 and 213 < sum(lengths("SQuAD", 4000)) / 4000 < 220  # 41.7 and 216.5 were counted
    run(True, torch.device("cpu"), hidden_size=32, num_hidden_layers=1, num_attention_heads=2, intermediate_size=64, vocab_size=500)
    out = capsys.readouterr().out
    assert out.count("x Trainer") == 10 and "logits differ from padded float32 by 0.0" in out
