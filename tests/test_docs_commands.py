"""Every command that a page shows exists and takes what it is given there: modules are asked to parse, make to say what it would do; nothing is run."""

from __future__ import annotations

import argparse
import re
import runpy
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import typer.core

ROOT = Path(__file__).parent.parent
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md")), *sorted((ROOT / "corpora").rglob("*.md"))]
FENCE = re.compile(r"^```(\w*)[^\n]*\n(.*?)^```", re.MULTILINE | re.DOTALL)
INLINE = re.compile(r"`((?:[A-Z_]+=\S+ )*(?:\.venv/bin/)?(?:python -m |make |torchrun |fihu-stilts )[^`]*)`")
SOURCES = "".join(path.read_text("utf-8") for room in ("corpora", "build_data", "train", "eval") for path in (ROOT / room).rglob("*.py"))
ELSEWHERE = {"venv", "pip", "pytest"}  # modules that are not ours


def commands(page: Path) -> list[str]:
    """Return the command lines of a page: in blocks marked sh, and in `code` that starts like one of ours."""
    text = page.read_text("utf-8")
    lines = [line for mark, block in FENCE.findall(text) if mark == "sh" for line in block.replace("\\\n", " ").splitlines()]
    return [line.partition("  #")[0].strip() for line in (*lines, *INLINE.findall(FENCE.sub("", text))) if line.strip()]


FOUND = sorted({command for page in PAGES for command in commands(page)})
MODULES = sorted({line for line in FOUND if re.search(r"(?:python|torchrun\b.*) -m ", line)})
MAKES = sorted({line for line in FOUND if re.match(r"(?:[A-Z_]+=\S+ )*make ", line)})


def test_the_pages_show_commands() -> None:
    assert len(MODULES) >= 40 and len(MAKES) >= 20
    other = {line.split()[0] for line in set(FOUND) - set(MODULES) - set(MAKES)}
    assert other <= {"mkdir", "fihu-stilts", ".venv/bin/fihu-stilts"}, other


@pytest.mark.parametrize("line", MODULES)
def test_a_module_takes_its_arguments(line: str, monkeypatch: pytest.MonkeyPatch) -> None:
    words = [word for word in shlex.split(re.sub(r" >.*", "", line)) if word != "..." and not re.fullmatch(r"[A-Z_]+=\S+", word)]
    at = words.index("-m")
    module, arguments = words[at + 1], words[at + 2 :]
    if module in ELSEWHERE:
        return
    path = ROOT / module.replace(".", "/")
    assert path.with_suffix(".py").is_file() or (path / "__main__.py").is_file(), module
    parse = argparse.ArgumentParser.parse_args

    def stop(self: Any, *given: Any, **named: Any) -> Any:
        parse(self, *given, **named)
        raise SystemExit(0)

    def leave(*_: Any) -> None:
        raise SystemExit(0)

    monkeypatch.setattr(argparse.ArgumentParser, "parse_args", stop)
    monkeypatch.setattr(typer.core.TyperCommand, "invoke", leave)
    monkeypatch.setattr(sys, "argv", [module, *arguments])
    for name in (module, f"{module}.__main__"):  # or runpy warns of a module that is loaded already
        monkeypatch.delitem(sys.modules, name, raising=False)
    with pytest.raises(SystemExit) as end:
        runpy.run_module(module, run_name="__main__")
    if end.value.code == 2 and not arguments:
        return  # shown by its name alone
    assert not end.value.code, line


@pytest.mark.parametrize("line", MAKES)
def test_make_knows_target_and_variables(line: str) -> None:
    words = [word for word in shlex.split(line) if word != "..."]
    makefile = (ROOT / "Makefile").read_text("utf-8")
    for word in words:
        if name := re.match(r"([A-Z_]+)=", word):
            known = re.search(rf"\$\((?:origin )?{name[1]}\)", makefile) or f'"{name[1]}"' in SOURCES  # make hands what it is given on to the program
            assert known, f"{name[1]} is no variable of the Makefile, and no module reads it"
    at = words.index("make")
    targets = {word for word in words[at + 1 :] if "=" not in word}
    assert targets <= set(re.findall(r"^([a-z]+):", makefile, re.MULTILINE)), line
    done = subprocess.run(["make", "-n", "-o", ".venv/.ready", *words[at + 1 :]], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_files_that_commands_name_are_there(page: Path) -> None:
    own = set(re.findall(r"[Ss]ave this as `([^`]+)`", page.read_text("utf-8"))) | {"studies/x.toml", "studies/own.toml"}
    for line in commands(page):
        for name in re.findall(r"(?<![\w/])studies/[\w.-]+\.toml", line):
            assert name in own or (ROOT / name).is_file(), f"{page.name}: {name}"
