"""Finished folders on another place: whole or absent there as well, on a disk, in memory, and on a server that speaks S3."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from corpora import remote
from corpora.config import ConfigError
from corpora.remote import LIST, Remote, remote_of


@pytest.fixture(autouse=True)
def no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remote, "PAUSE", 0.0)


@pytest.fixture
def s3(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A bucket of a server on this machine."""
    pytest.importorskip("s3fs")
    server = pytest.importorskip("moto.server").ThreadedMotoServer(port=0)
    server.start()
    _, port = server.get_host_and_port()
    for name, value in (
        ("AWS_ACCESS_KEY_ID", "a"),
        ("AWS_SECRET_ACCESS_KEY", "b"),
        ("AWS_ENDPOINT_URL", f"http://127.0.0.1:{port}"),
        ("AWS_REGION", "us-east-1"),
    ):
        monkeypatch.setenv(name, value)
    import s3fs

    s3fs.S3FileSystem.clear_instance_cache()
    s3fs.S3FileSystem().makedirs("bucket", exist_ok=True)
    yield "s3://bucket/study"
    server.stop()


@pytest.fixture(params=["file", "memory", "s3"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Remote:
    url = {"file": lambda: f"file://{tmp_path}/shared", "memory": lambda: f"memory://{tmp_path.name}", "s3": lambda: request.getfixturevalue("s3")}
    return Remote(url[request.param]())


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "nli.en"
    (made / "checkpoint").mkdir(parents=True)
    (made / "train.parquet").write_bytes(bytes(range(256)) * 100)
    (made / "checkpoint" / "a.json").write_text("{}")
    return made


def content(folder: Path) -> dict[str, bytes]:
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def test_a_folder_comes_back_as_it_went(place: Remote, folder: Path, tmp_path: Path) -> None:
    assert place.list_of("data/mini/nli.en") is None and not place.get("data/mini/nli.en", tmp_path / "back")
    assert place.put(folder, "data/mini/nli.en") and not place.put(folder, "data/mini/nli.en")
    assert place.get("data/mini/nli.en", tmp_path / "back") and content(tmp_path / "back") == content(folder)
    (folder / "train.parquet").write_bytes(b"new")
    (folder / "checkpoint" / "a.json").unlink()
    assert place.put(folder, "data/mini/nli.en") and place.get("data/mini/nli.en", tmp_path / "back")
    assert content(tmp_path / "back") == {"train.parquet": b"new"}
    assert not [path for path in place.fs.find(place.base) if ".part" in path or path.endswith("a.json")]


def test_what_was_cut_off_is_not_taken_for_whole(place: Remote, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place.put(folder, "x")
    (folder / "train.parquet").write_bytes(b"new")
    send = Remote._send

    def cut_off(self: Remote, what: str, *rest: Any) -> None:
        if "train" in what:
            raise KeyboardInterrupt
        send(self, what, *rest)

    monkeypatch.setattr(Remote, "_send", cut_off)
    with pytest.raises(KeyboardInterrupt):
        place.put(folder, "x")
    assert place.list_of("x") is None and not place.get("x", tmp_path / "back") and not (tmp_path / "back").exists()
    monkeypatch.setattr(Remote, "_send", send)
    assert place.put(folder, "x") and place.get("x", tmp_path / "back") and content(tmp_path / "back") == content(folder)


def test_damage_and_lists_that_lie_are_refused(tmp_path: Path, folder: Path) -> None:
    place = Remote(f"file://{tmp_path}/shared")
    place.put(folder, "x")
    (tmp_path / "shared/x/train.parquet").write_bytes(b"damaged")
    with pytest.raises(ConfigError, match="not the file that its list tells of"):
        place.get("x", tmp_path / "back")
    (tmp_path / "shared/x" / LIST).write_text(json.dumps({"files": {"../../escaped": "0" * 64}}))
    with pytest.raises(ConfigError, match="outside"):
        place.get("x", tmp_path / "back")
    assert not (tmp_path / "back").exists() and not list(tmp_path.rglob("*.part"))
    (tmp_path / "shared/x" / LIST).write_text("[1")
    assert place.list_of("x") is None


def test_a_network_that_fails_is_tried_again_and_then_told_without_keys(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = Remote("memory://somewhere")
    failures = [OSError("reset"), OSError("reset")]
    pipe = place.fs.pipe_file

    def shaky(*given: Any, **more: Any) -> None:
        if failures:
            raise failures.pop()
        pipe(*given, **more)

    monkeypatch.setattr(place.fs, "pipe_file", shaky)
    assert place.put(folder, "y")
    place.url = "s3://key:secret@bucket/x"
    failures += [OSError("reset")] * 9
    with pytest.raises(ConfigError, match=r"OUT=s3://bucket/x: could not write z/.*reset") as told:
        place.put(folder, "z")
    assert "secret" not in str(told.value)


@pytest.mark.parametrize(("url", "said"), [("nosuch://x", "nosuch"), ("/tmp/folder", "write a URL, e.g. file:///tmp/folder")])
def test_what_is_no_place_is_told(url: str, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        remote_of(url)


def test_the_environment_names_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OUT", raising=False)
    assert remote_of("") is None
    monkeypatch.setenv("OUT", "memory://there")
    found = remote_of("")
    assert found is not None and found.url == "memory://there"


def test_a_bare_node_takes_what_others_finished(tmp_path: Path) -> None:
    """Data and runs go there, and a second project trains nothing and builds nothing."""
    import test_train_execute as local
    import tiny

    from corpora.outlet import Outlet
    from train.outlet import Sending, fetch_runs
    from train.run import run_folder

    made, runs = local.project(tiny.base(tmp_path / "base", layers=1), tmp_path / "one")
    home = tmp_path / "one" / "data" / made.name
    (home / "across.json").write_text("{}")
    there = Remote(f"memory://{tmp_path.name}-runs")
    first = Outlet(there, tmp_path / "one")
    assert first.send_data(made) == 2 and first.send_data(made) == 0
    show = local.Quiet()
    summary = local.Executor(made, tmp_path / "one", runs, "a:b", Sending(show, first, tmp_path / "one"), 2, main=local.stand_in.work).go()
    assert len(summary.done) == 5 and len(show.ended) == 5

    second = Outlet(there, tmp_path / "two")
    assert second.fetch_data(made) == 2 and second.fetch_data(made) == 0
    assert content(tmp_path / "two" / "data") == content(tmp_path / "one" / "data")
    assert fetch_runs(second, tmp_path / "two", runs, "a:b") == 5 and fetch_runs(second, tmp_path / "two", runs, "a:b") == 0
    assert local.Executor(made, tmp_path / "two", runs, "a:b", local.Quiet(), 2, main=local.stand_in.work).go().kept == list(runs)
    assert content(run_folder(tmp_path / "two", runs[0])) == content(run_folder(tmp_path / "one", runs[0]))


def test_a_build_takes_and_gives(tmp_path: Path) -> None:
    """Two builds of one arm: the second, elsewhere, finds it finished."""
    import os
    import subprocess
    import sys

    root = Path(__file__).parent.parent
    command = [sys.executable, "-m", "build_data", "studies/mini.toml", "--task", "nli", "--arm", "en", "--threads", "1", "--out", f"file://{tmp_path}/shared"]
    said = [
        subprocess.run([*command, "--root", str(tmp_path / n)], cwd=root, capture_output=True, text=True, env={**os.environ, "OUT": ""}) for n in ("1", "2")
    ]
    assert [done.returncode for done in said] == [0, 0], said[0].stderr + said[1].stderr
    assert "built in" in said[0].stdout and "nothing to do" in said[1].stdout
    assert content(tmp_path / "1/data/mini/nli.en") == content(tmp_path / "2/data/mini/nli.en")
