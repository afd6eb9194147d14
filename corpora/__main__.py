"""The declared corpora: `python -m corpora list`, `check [NAME...]`, `seal NAME...` (a corpus changed on purpose), `pin NAME...` (Hub commit)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import typer

from corpora import cli, maintain
from corpora import corpus as corpora
from corpora.config import ConfigError
from corpora.readers import read

app = cli.App(group=True, help="The declared corpora: what is there, and whether it is what was declared.\n\nExample: python -m corpora check en/mnli")
Names = Annotated[list[str], typer.Argument(metavar="NAME", help="corpora, e.g. en/mnli", autocompletion=cli.corpora_here)]
SomeNames = Annotated[list[str] | None, typer.Argument(metavar="NAME", help="corpora, e.g. en/mnli; all where none is named", autocompletion=cli.corpora_here)]


@app.command("list")
def show(names: SomeNames = None) -> None:
    """Print the declared corpora: name, kind, origin, publishable, where they are.

    Example: python -m corpora list
    """
    for name in _known(names) or sorted(corpora.declared()):
        corpus = corpora.load(name)
        places = [split if _have(corpus, split) else f"({split})" for split in corpus.splits]
        hub = f"hub:{corpus.hub.id}{'' if corpus.hub.revision else ' (not pinned)'}" if corpus.hub else ""
        print(f"{name:28} {corpus.kind:9} {corpus.origin:18} {corpus.publishable:14} {' '.join(places)} {hub}".rstrip())
    print("A split in brackets has no local file: set CORPORA_DIR, or it comes from the Hub.")


@app.command()
def check(names: SomeNames = None) -> None:
    """Read every split whose files are here, and hold it to its declared sums and counts; ends with 1 where one is wrong.

    Example: python -m corpora check en/mnli
    """
    if _check(_known(names) or sorted(corpora.declared())):
        raise typer.Exit(1)


@app.command()
def seal(names: Names) -> None:
    """Write the present sha256 and row counts of local files into the TOML, then check them.

    Example: python -m corpora seal fi/diaries
    """
    for name in _known(names):
        print("\n".join(maintain.seal(name)) or f"{name}: nothing changed")
    if _check(names):
        raise typer.Exit(1)


@app.command()
def pin(names: Names) -> None:
    """Write the Hub's present commit into the TOML (needs a network).

    Example: python -m corpora pin en/mnli
    """
    for name in _known(names):
        print("\n".join(maintain.pin(name)) or f"{name}: already at the newest commit")


def _known(names: Sequence[str] | None) -> Sequence[str]:
    """Return the names; a misspelt one stops before anything is done."""
    for name in names or ():
        corpora.load(name)
    return names or ()


def _have(corpus: corpora.Corpus, split: str) -> bool:
    try:
        return corpora.locate(corpus, split, verify=False) is not None
    except ConfigError:
        return False


def _check(names: Sequence[str]) -> int:
    """Check corpora; return how many splits are wrong."""
    bad = 0
    for name in names:
        corpus = corpora.load(name)
        for split, files in corpus.splits.items():
            if not _have(corpus, split):
                print(f"{name:28} {split:10} {'':>8} missing")
                continue
            refused: list[str] = []
            try:
                rows = read(corpus, split, refused=refused)
            except ConfigError as err:
                bad += 1
                print(f"{name:28} {split:10} {'':>8} WRONG: {err}")
                continue
            left = f", {len(refused)} refused as declared" if refused else ""
            left += f", {files.rows - len(rows) - len(refused)} not kept" if files.rows - len(rows) - len(refused) else ""
            print(f"{name:28} {split:10} {len(rows):>8} ok{left}", flush=True)
    return bad


if __name__ == "__main__":
    app()
