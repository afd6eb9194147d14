"""`fihu-stilts`: one door to the rooms' commands, with completion for bash, zsh, fish and PowerShell; each is the same as its `python -m ...`.

The door imports no room: a command's module is loaded by its name when that command is asked for, so `fihu-stilts train` works where the
building libraries are not installed.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterator, MutableMapping
from typing import Any

import typer
from typer.core import TyperGroup

from corpora import cli

COMMANDS = {  # command -> module that has its `app`, in the order of a study's life
    "doctor": "corpora.doctor",
    "corpora": "corpora.__main__",
    "data": "build_data.__main__",
    "audit": "build_data.audit",
    "train": "train.__main__",
    "eval": "eval.__main__",
    "export": "train.export_command",
    "publish": "build_data.publish",
}


class _Rooms(MutableMapping[str, Any]):
    """Command -> Typer's command, loaded when it is looked at."""

    def __getitem__(self, name: str) -> Any:
        command = typer.main.get_command(importlib.import_module(COMMANDS[name]).app)
        command.name = name
        return command

    def __iter__(self) -> Iterator[str]:
        return iter(COMMANDS)

    def __len__(self) -> int:
        return len(COMMANDS)

    def __setitem__(self, name: str, command: Any) -> None:
        raise TypeError("commands of the door stand in COMMANDS")

    def __delitem__(self, name: str) -> None:
        raise TypeError("commands of the door stand in COMMANDS")


class _Door(TyperGroup):
    def __init__(self, **settings: Any) -> None:
        super().__init__(**{**settings, "commands": _Rooms()})

    def list_commands(self, ctx: Any) -> list[str]:
        return list(COMMANDS)


app = typer.Typer(cls=_Door, no_args_is_help=True, rich_markup_mode=None, pretty_exceptions_enable=False, context_settings=cli.HELP)


@app.callback()
def main(version: cli.Version = False) -> None:
    """From corpora to a report: data, training, scores; `fihu-stilts COMMAND --help` has examples.

    Example: fihu-stilts data studies/mini.toml --lang fi
    """


if __name__ == "__main__":
    app()
