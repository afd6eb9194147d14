"""What people expect of a command line: version, help, near names, exit codes, colour on terminals only, completion, and a `make clean` that keeps hours of work."""

from __future__ import annotations

import importlib
import os
import pty
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from corpora import cli, front
from corpora.config import ConfigError

ROOT = Path(__file__).parent.parent
COMMANDS = [
    "build_data", "build_data.audit", "build_data.publish", "corpora", "corpora list", "corpora check", "corpora seal", "corpora pin", "corpora.doctor",
    "eval", "eval report", "eval score", "train", "train export",
]  # fmt: skip
DOOR = "from corpora.front import app; app(prog_name='fihu-stilts')"


def run(*arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, *arguments], cwd=ROOT, capture_output=True, text=True, env={**os.environ, **env})


def on_terminal(*arguments: str, **env: str) -> str:
    """Return what a command writes to a terminal."""
    ours, theirs = pty.openpty()
    own = {name: value for name, value in os.environ.items() if name not in ("NO_COLOR", "FORCE_COLOR")}
    process = subprocess.Popen([sys.executable, *arguments], cwd=ROOT, stdout=theirs, stderr=theirs, stdin=theirs, env={**own, "TERM": "xterm-256color", **env})
    os.close(theirs)
    found = b""
    try:
        while part := os.read(ours, 4096):
            found += part
    except OSError:  # the other side is closed
        pass
    os.close(ours)
    process.wait()
    return found.decode()


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_a_version_and_an_example(command: str) -> None:
    module, *more = command.split()
    if command == "train export":
        module, more = "train.export_command", []
    found = importlib.import_module(module if (ROOT / f"{module.replace('.', '/')}.py").is_file() else f"{module}.__main__")
    assert CliRunner().invoke(found.app, [*more, "--version"]).output == f"fihu-stilts {cli.version()}\n"
    words = " ".join(CliRunner().invoke(found.app, [*more, "--help"]).output.split())
    assert f"Example: python -m {command}" in words, words


@pytest.mark.parametrize("command", ["eval", "train export"])
def test_a_module_is_run_by_its_name(command: str) -> None:
    assert run("-m", *command.split(), "--version").stdout == f"fihu-stilts {cli.version()}\n"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["-m", "eval", "reprot"], "Did you mean 'report'?"),
        (["-m", "corpora", "chek"], "Did you mean 'check'?"),
        (["-m", "train", "studies/mini.toml", "--dry-rum"], "--dry-run"),
        (["-m", "train", "studies/mimi.toml"], "did you mean studies/mini.toml"),
        (["-m", "corpora", "check", "en/mnlli"], "did you mean en/mnli"),
        (["-m", "build_data", "studies/mini.toml", "--dry-run", "--set", "budget.exampels = 1"], "did you mean examples?"),
        (["-m", "build_data", "studies/mini.toml", "--dry-run", "--lang", "et"], "docs/add-a-language.md says how to add one"),
        (["-c", DOOR, "trian"], "Did you mean 'train'?"),
    ],
)
def test_a_near_name_is_offered_in_one_paragraph_and_the_code_is_2(arguments: list[str], words: str) -> None:
    done = run(*arguments)
    assert done.returncode == 2 and words in done.stderr and "Traceback" not in done.stderr and not done.stdout, done.stderr


def test_exit_codes_are_those_of_the_page() -> None:
    page = (ROOT / "docs/errors.md").read_text("utf-8")
    assert re.findall(r"^\| (\d+) \|", page, re.MULTILINE) == ["0", "1", "2", "130"]
    app = cli.App(group=True)

    @app.command()
    def fine() -> None: ...

    @app.command()
    def wrong() -> None:
        raise ConfigError("where: what; write this")

    @app.command()
    def fault() -> None:
        raise typer.Exit(1)

    @app.command()
    def stopped() -> None:
        raise KeyboardInterrupt

    ends = {name: CliRunner().invoke(app, [name]) for name in ("fine", "fault", "wrong", "stopped")}
    assert [done.exit_code for done in ends.values()] == [0, 1, 2, 130] and ends["wrong"].stderr == "error: where: what; write this\n"


def test_a_mistake_is_red_on_a_terminal_and_plain_elsewhere() -> None:
    wrong = ["-m", "eval", "report", "studies/nothing.toml"]
    assert "\x1b[31m" in on_terminal(*wrong)
    assert "\x1b" not in on_terminal(*wrong, NO_COLOR="1") and "no such file" in on_terminal(*wrong, NO_COLOR="1")
    assert "\x1b" not in run(*wrong).stderr


@pytest.mark.parametrize(
    ("written", "offered"),
    [
        ("fihu-stilts d", {"data", "doctor"}),
        ("fihu-stilts train --dry", {"--dry-run"}),
        ("fihu-stilts train studies/m", {"studies/mini.toml"}),
        ("fihu-stilts data studies/mini.toml --lang ", {"fi", "hu"}),
        ("fihu-stilts corpora check en/mnl", {"en/mnli"}),
    ],
)
def test_bash_completes_commands_options_and_names(tmp_path: Path, written: str, offered: set[str]) -> None:
    program = tmp_path / "fihu-stilts"
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -c "{DOOR}" "$@"\n')
    program.chmod(0o755)
    words = written.split(" ")
    script = (
        'source /dev/stdin <<< "$(_FIHU_STILTS_COMPLETE=source_bash fihu-stilts)"\n'
        f"COMP_WORDS=({' '.join(words[:-1])} '{words[-1]}'); COMP_CWORD={len(words) - 1}\n"
        "$(complete -p fihu-stilts | sed 's/.*-F \\([^ ]*\\) .*/\\1/') fihu-stilts\nprintf '%s\\n' \"${COMPREPLY[@]}\""
    )
    env = {**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}"}
    done = subprocess.run(["bash", "-c", script], cwd=ROOT, env=env, capture_output=True, text=True)
    assert set(done.stdout.split()) == offered, done.stderr


@pytest.mark.parametrize("shell", ["zsh", "fish"])
def test_other_shells_get_their_script_and_their_answers(shell: str) -> None:
    assert "fihu-stilts" in run("-c", DOOR, _FIHU_STILTS_COMPLETE=f"source_{shell}").stdout
    asked = {"_FIHU_STILTS_COMPLETE": f"complete_{shell}", "_TYPER_COMPLETE_ARGS": "fihu-stilts exp", "_TYPER_COMPLETE_FISH_ACTION": "get-args"}
    assert "export" in run("-c", DOOR, **asked).stdout


def test_the_door_has_every_room_and_the_installed_program_is_the_door() -> None:
    modules = {line.split()[0] for line in COMMANDS}
    assert {name.removesuffix(".__main__") for name in front.COMMANDS.values()} == modules | {"train.export_command"}
    assert tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["scripts"] == {"fihu-stilts": "corpora.front:app"}
    done = run("-c", DOOR, "--help")
    assert done.returncode == 0 and all(f"\n  {name} " in done.stdout for name in front.COMMANDS), done.stdout


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """The Makefile beside an hour's work, an environment and tools' caches."""
    shutil.copy(ROOT / "Makefile", tmp_path)
    for name in (
        "data/mini/x.parquet",
        "runs/abc/run.json",
        "reports/mini/index.html",
        ".venv/bin/python",
        "corpora/a.toml",
        "studies/own.toml",
        "my-model/README.md",
    ):
        (tmp_path / name).parent.mkdir(parents=True)
        (tmp_path / name).write_text("hours", "utf-8")
    for name in (".mypy_cache", ".ruff_cache", ".pytest_cache", ".hypothesis", "corpora/__pycache__"):
        (tmp_path / name).mkdir()
    return tmp_path


def make(tree: Path, *words: str, answer: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(["make", *words], cwd=tree, input=answer, capture_output=True, text=True)


def files(tree: Path) -> set[str]:
    return {path.relative_to(tree).as_posix() for path in tree.rglob("*") if path.is_file()} - {"Makefile"}


def test_clean_keeps_what_took_hours(tree: Path) -> None:
    before = files(tree)
    assert make(tree, "clean").returncode == 0
    assert files(tree) == before and not list(tree.glob(".*_cache")) and not list(tree.rglob("__pycache__"))


@pytest.mark.parametrize(("answer", "gone"), [("yes\n", True), ("no\n", False), ("", False)])
def test_clean_all_asks_first(tree: Path, answer: str, gone: bool) -> None:
    before = files(tree)
    done = make(tree, "clean", "ALL=1", answer=answer)
    assert done.returncode == 0 and "data runs reports" in done.stdout, done.stdout + done.stderr
    hours = {name for name in before if name.startswith(("data/", "runs/", "reports/"))}
    assert files(tree) == (before - hours if gone else before)


def test_make_offers_a_near_target(tree: Path) -> None:
    done = make(tree, "tain")
    assert done.returncode == 2 and "did you mean train?" in done.stderr and "make help" in done.stderr, done.stderr
