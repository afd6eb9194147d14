"""python -m eval report|score: from scored runs to a report; scores for runs that have none yet."""

from __future__ import annotations

import shlex
from collections import Counter
from pathlib import Path
from typing import Annotated

import typer

from corpora import cli
from corpora.study import Study, load

app = cli.App(group=True, help="From scored runs to a report; scores for runs that have none yet.\n\nExample: python -m eval report studies/mini.toml")
DEFAULT = Path("studies/mini.toml")

StudyPath = Annotated[Path, typer.Argument(metavar="STUDY", help="the study's TOML", autocompletion=cli.studies_here)]
Overrides = Annotated[list[str] | None, typer.Option("--set", help="one line of TOML laid over the study; give the ones you trained with")]
Root = Annotated[Path, typer.Option(help="the project folder that holds data/, runs/ and reports/")]


@app.command()
def report(
    study: StudyPath = DEFAULT,
    overrides: Overrides = None,
    root: Root = Path(),
    dry_run: Annotated[bool, typer.Option("--dry-run", help="say which runs exist and which are missing; write nothing")] = False,
) -> None:
    """Write reports/STUDY/ (index.html, report.md, tables.tex, results.jsonl) and print its path last.

    Example: python -m eval report studies/mini.toml
    """
    from eval.report import build, write

    loaded = load(study, overrides or ())
    if dry_run:
        _dry_run(loaded, root)
        return
    made = build(
        loaded,
        root,
        shlex.join(
            [
                "python",
                "-m",
                "eval",
                "report",
                study.name if study.is_absolute() else str(study),
                *(part for line in overrides or () for part in ("--set", line)),
            ]
        ),
    )
    for one in made.answers:
        typer.echo(one.sentence)
    if made.results.gaps:
        typer.echo(f"{len(made.results.gaps)} of {len(made.results.gaps) + len(made.results.scored)} cells have no scores; the report lists them")
    typer.echo(str(write(made, root)))


@app.command()
def score(study: StudyPath = DEFAULT, overrides: Overrides = None, root: Root = Path()) -> None:
    """Score the target runs that have a checkpoint but no scores, or scores on other test data than the study asks for.

    Example: python -m eval score studies/mini.toml
    """
    from eval.rescore import rescore

    done, left = rescore(load(study, overrides or ()), root, typer.echo)
    typer.echo(f"{done} runs scored, {left} could not be")
    if left:
        raise typer.Exit(1)


def _dry_run(study: Study, root: Path) -> None:
    from eval.results import collect

    results = collect(study, root)
    if results.note:
        typer.echo(results.note)
    for cell, run in results.scored.items():
        typer.echo(f"scored   {run.key}  {cell.label}")
    for gap in results.gaps:
        typer.echo(f"missing  {gap.key or '-' * 16}  {gap.cell.label}: {gap.why}")
    reasons = Counter(gap.why.split(":")[0] for gap in results.gaps)
    missing = f" ({', '.join(f'{n} {why}' for why, n in reasons.items())})" if reasons else ""
    typer.echo(f"{len(results.scored)} scored, {len(results.gaps)} missing{missing}; nothing was written")


if __name__ == "__main__":
    app()
