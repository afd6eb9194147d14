"""A worker without torch, for tests of the scheduler; spawned processes import this file only."""

from __future__ import annotations

import json
import os
import signal
import time

from corpora.config import ConfigError
from corpora.shards import write_json
from train import spread
from train.run import aside, record, run_folder
from train.worker import Message


def work(pipe, study, root, after, threads, number):
    """Do what the study's note says to a run of that label."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    wishes = json.loads(study.note or "{}")
    if "start" in wishes:
        pipe.send(Message("broken", value="the base is not there"))
        return
    pipe.send(Message("ready"))
    while (order := pipe.recv()) is not None:
        wish = wishes.get(order.run.label, "")
        if wish == "die":
            os.kill(os.getpid(), signal.SIGKILL)
        if wish == "sleep":
            (root / "sleeping").touch()
            time.sleep(60)
        if wish == "fail":
            with aside(run_folder(root, order.run)) as part:
                write_json(part / "run.json", record(order.run, "failed", error="why"))
            pipe.send(Message("failed", order.run.key, "why"))
            continue
        pipe.send(Message("progress", order.run.key, (1, 2, 0.5, 10)))
        with aside(run_folder(root, order.run)) as part:
            write_json(part / "run.json", record(order.run, "finished"))
            write_json(part / "checkpoint" / "checkpoint.json", {})
            write_json(part / "scores.json", [])
        pipe.send(Message("done", order.run.key, {"steps": 1, "seconds": 1.0}))


class Trainer(spread.Trainer):
    """The worker of an engine, without torch: does what the study's note says to a run of that label."""

    def load(self, study, root, threads):
        wishes = json.loads(study.note or "{}")
        if "start" in wishes:
            raise ConfigError("the base is not there")
        self.wishes, self.root = wishes, root
        return None

    def perform(self, orders, after):
        for order in orders:
            wish, seen = self.wishes.get(order.run.label, ""), self.root / f"seen-{order.run.key}"
            if wish == "die" or (wish == "die once" and not seen.exists()):
                seen.touch()
                os.kill(os.getpid(), signal.SIGKILL)
            with aside(run_folder(self.root, order.run)) as part:
                write_json(part / "run.json", record(order.run, "failed" if wish == "fail" else "finished"))
                if wish == "fail":
                    raise ConfigError("why")
                write_json(part / "checkpoint" / "checkpoint.json", {})
                write_json(part / "scores.json", [])
            return {"steps": 1, "seconds": 1.0}
        return {}
