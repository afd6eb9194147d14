"""`python -m corpora.reference > docs/study-file.md`: every key of a study file, from the dataclasses that read it.

A key's meaning is the comment behind its field, its table's introduction the dataclass's docstring, so that the page cannot say
something else than the code; tests/test_docs.py holds the page to what is printed here.
"""

from __future__ import annotations

import argparse
import ast
import dataclasses
import inspect
import io
import re
import sys
import textwrap
import tokenize
import typing
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from corpora.config import describe
from corpora.study import Study

INTRODUCTION = """\
# The study file

A study is one TOML file in `studies/`, and nothing about an experiment is said anywhere else. Each command takes it as `STUDY=studies/x.toml`;
`SET='budget.examples = 100'` lays one line of TOML over it for one call. An unknown key, a wrong type and a value out of range stop the command
before anything is done, with the file, the key, what was found and what to write instead. `make doctor STUDY=studies/x.toml` says what a study lacks on
this machine; [quickstart.md](quickstart.md) has a study of ten lines, and [methods.md](methods.md) says why the settings are what they are.

Corpora are named by their declaration: `en/mnli` is `corpora/en/mnli.toml`, `en/anli:train_r1` its split `train_r1`. NAME stands for a name of your choice,
LANGUAGE for a code such as `fi`. The meaning of a key is the comment behind its field in `corpora/study.py`, `corpora/study_parts.py` and `corpora/study_data.py`.

This page is generated; after a change of those files run `python -m corpora.reference > docs/study-file.md`."""


@dataclass(frozen=True)
class Key:
    """One key: its name, its type and default in a TOML writer's words, what it means ("" where the name says it)."""

    name: str
    kind: str
    default: str
    meaning: str


def tables(root: type = Study) -> dict[type, list[str]]:
    """Return every dataclass that a file of `root` may hold -> the tables that it is written as ("tasks.NAME.training"), outer ones first."""
    found: dict[type, list[str]] = {root: [""]}
    waiting = [(root, "")]
    while waiting:
        cls, at = waiting.pop(0)
        for name, hint in fields_of(cls).items():
            for inner, below in _inside(hint, name):
                path = f"{at}.{below}" if at else below
                found.setdefault(inner, []).append(path)
                waiting.append((inner, path))
    return found


def fields_of(cls: type) -> dict[str, Any]:
    """Return the fields that a file sets -> their types."""
    hints = typing.get_type_hints(cls)
    return {field.name: hints[field.name] for field in dataclasses.fields(cls) if field.init}


def _inside(hint: Any, name: str) -> Iterator[tuple[type, str]]:
    """Yield the dataclasses that a type holds, each with the table it is written as."""
    if isinstance(hint, type) and dataclasses.is_dataclass(hint):
        yield hint, name
        return
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if isinstance(origin, type) and issubclass(origin, Mapping):
        yield from _inside(arguments[1], f"{name}.NAME")
    elif arguments:
        for argument in arguments:
            yield from _inside(argument, name)


def keys(cls: type, at: str) -> list[Key]:
    """Return the keys of the table that is written at `at`, in the order of their fields."""
    said, declared = meanings(cls), {field.name: field for field in dataclasses.fields(cls)}
    found = []
    for name, hint in fields_of(cls).items():
        inner = next(iter(_inside(hint, name)), None)
        if inner:
            held, path = inner
            kind = f"table `[{at}.{path}]`" if at else f"table `[{path}]`"
            found.append(Key(name, kind, _default(declared[name]), said[name] or (held.__doc__ or "").partition("\n")[0]))
        else:
            found.append(Key(name, describe(hint), _default(declared[name]), said[name]))
    return found


def _default(field: dataclasses.Field[Any]) -> str:
    if field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING:
        return "required"
    value = field.default if field.default_factory is dataclasses.MISSING else field.default_factory()
    if dataclasses.is_dataclass(value):
        return "its defaults"
    return "none" if value is None or value == {} else f"`{toml(value)}`"


def toml(value: Any) -> str:
    """Return a default as it would be written in TOML."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple | list):
        return f"[{', '.join(map(toml, value))}]"
    return f'"{value}"' if isinstance(value, str) else str(value)


def meanings(cls: type) -> dict[str, str]:
    """Return the comments of a dataclass's fields: behind the field, on its lines, or on lines of their own right above it."""
    source = textwrap.dedent(inspect.getsource(cls))
    behind: dict[int, str] = {}
    alone: dict[int, str] = {}
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            (alone if token.line.lstrip().startswith("#") else behind)[token.start[0]] = token.string.lstrip("# ").strip()
    node = ast.parse(source).body[0]
    assert isinstance(node, ast.ClassDef)
    found = {}
    for statement in node.body:
        if isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name):
            first = statement.lineno
            while first - 1 in alone:
                first -= 1
            parts = [(alone | behind).get(line, "") for line in range(first, (statement.end_lineno or first) + 1)]
            found[statement.target.id] = " ".join(filter(None, parts))
    return found


def cell(text: str) -> str:
    """Return a text as a cell of a Markdown table: what would be markup outside of code is escaped."""
    pieces = re.split(r"(`[^`]*`)", text)
    return "".join(p if p.startswith("`") else re.sub(r"([*])", r"\\\1", p.replace("<", "&lt;")) for p in pieces).replace("|", r"\|")


def page() -> str:
    """Return docs/study-file.md."""
    out = [INTRODUCTION]
    for cls, paths in tables().items():
        title = ", ".join(f"`[{path}]`" for path in paths if path) or "Top level"
        about = inspect.cleandoc(cls.__doc__) if cls.__doc__ and not cls.__doc__.startswith(f"{cls.__name__}(") else ""
        rows = [f"| `{key.name}` | {cell(key.kind)} | {cell(key.default)} | {cell(key.meaning)} |" for key in keys(cls, paths[0])]
        out.append("\n".join([f"## {title}", *(["", about] if about else []), "", "| key | type | default | meaning |", "|---|---|---|---|", *rows]))
    return "\n\n".join(out) + "\n"


def main(argv: Sequence[str] | None = None) -> int:
    """Print the page."""
    argparse.ArgumentParser(prog="python -m corpora.reference", description=__doc__).parse_args(argv)
    sys.stdout.write(page())
    return 0


if __name__ == "__main__":
    sys.exit(main())
