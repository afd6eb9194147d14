"""`python -m train export RUN_KEY --out DIR`: the head of train/export.py, light to load."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from corpora import cli
from train.run import key_folder

app = cli.App()


@app.command()
def main(
    run: Annotated[str, typer.Argument(help="the run's key: the name of its folder in runs/", autocompletion=cli.runs_here)],
    out: Annotated[Path, typer.Option(help="folder that must not exist yet")],
    head: Annotated[str, typer.Option(help="which head, where the run has several; 'none' = the encoder alone")] = "",
    root: Annotated[Path, typer.Option(help="project folder with runs/")] = Path(),
) -> None:
    """Write a finished run as an ordinary Transformers model, with a model card made from its records.

    Example: python -m train export 0123456789abcdef --out my-model
    """
    from train.export import export  # loads torch

    typer.echo(export(key_folder(root, run), out, head))
