"""What every command line of the house shares: --version, one paragraph and exit code 2 for a mistake, 130 for Ctrl-C, plain help, completion.

Exit codes: 0 done (or nothing to do); 1 something that was looked for is not right (a run failed, a check found a fault, the doctor misses something);
2 a mistake that the user can mend, told on stderr; 130 stopped with Ctrl-C. Colour goes to terminals only, and not there where NO_COLOR is set (rich does both).
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from importlib import metadata
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from typer.models import CommandFunctionType

from corpora.config import ConfigError
from corpora.disk import full_disk

NAME = "fihu-stilts"
HELP = {"help_option_names": ["-h", "--help"]}


def version() -> str:
    """Return the installed version, "not installed" where the program runs from a folder that was never installed."""
    try:
        return metadata.version(NAME)
    except metadata.PackageNotFoundError:
        return "not installed"


def tell(err: ConfigError) -> None:
    """Print a mistake on stderr, in red on a terminal."""
    Console(stderr=True, highlight=False, soft_wrap=True).print(f"error: {err}", markup=False, style="red")


def _show_version(asked: bool) -> None:
    if asked:
        typer.echo(f"{NAME} {version()}")
        raise typer.Exit


Version = Annotated[bool, typer.Option("--version", callback=_show_version, is_eager=True, help="print the version and stop")]


class App(typer.Typer):
    """A command line whose commands know --version and end as the house does (see the module's words)."""

    def __init__(self, *, group: bool = False, **settings: Any) -> None:
        """`group`: a command with commands of its own, even where it has one only."""
        settings = {"add_completion": False, "rich_markup_mode": None, "pretty_exceptions_enable": False, "context_settings": HELP, **settings}
        super().__init__(no_args_is_help=group, **settings)
        if group:
            self.callback()(_only_version)

    def command(self, name: str | None = None, **settings: Any) -> Callable[[CommandFunctionType], CommandFunctionType]:
        """Register a command, as Typer does."""
        register = super().command(name, **settings)

        def take(function: CommandFunctionType) -> CommandFunctionType:
            register(_guarded(function))
            return function

        return take


def _only_version(version: Version = False) -> None:
    pass


def _guarded(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return a command with --version, whose ConfigError, or full disk, is one paragraph on stderr and exit code 2."""

    @functools.wraps(function)
    def command(version: bool = False, **given: Any) -> Any:
        try:
            return function(**given)
        except ConfigError as err:
            tell(err)
            raise typer.Exit(2) from None
        except OSError as err:
            if not (told := full_disk(err)):
                raise
            tell(told)
            raise typer.Exit(2) from None

    own = inspect.signature(function, eval_str=True)
    added = inspect.Parameter("version", inspect.Parameter.KEYWORD_ONLY, default=False, annotation=Version)
    shape = own.replace(parameters=[*own.parameters.values(), added])
    command.__signature__ = shape  # type: ignore[attr-defined]
    command.__annotations__ = {name: one.annotation for name, one in shape.parameters.items()}
    del command.__wrapped__  # or Typer would read the types of the function inside
    return command


def studies_here(incomplete: str) -> list[str]:
    """Complete a study: TOML files below studies/, and below the folder that is being written."""
    here = [path.as_posix() for place in ("studies", Path(incomplete).parent) for path in sorted(Path(place).glob("*.toml"))]
    return [name for name in dict.fromkeys(here) if name.startswith(incomplete)]


def runs_here(incomplete: str) -> list[str]:
    """Complete the key of a run in runs/."""
    return sorted(path.parent.name for path in Path("runs").glob("*/run.json") if path.parent.name.startswith(incomplete))


def languages_here(incomplete: str) -> list[str]:
    """Complete a declared language."""
    from corpora.languages import declared

    return [code for code in declared() if code.startswith(incomplete)]


def corpora_here(incomplete: str) -> list[str]:
    """Complete the name of a declared corpus."""
    from corpora.corpus import declared

    return [name for name in sorted(declared()) if name.startswith(incomplete)]
