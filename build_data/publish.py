"""`python -m build_data.publish studies/x.toml --org ORG`: the built tasks of a study as one dataset on the Hub, a configuration per task and arm.

Refuses what licences forbid, and says which rows of which corpus stand in the way. Can be stopped and run again at any time: what has
arrived is not sent twice. `make publish STUDY=... ORG=...` is the same command.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from build_data.licences import Obstacle
from corpora import cli
from corpora import study as studies
from corpora.config import ConfigError
from corpora.study import Study

if TYPE_CHECKING:
    from build_data.publish_stage import Staged

app = cli.App()
say = Console(highlight=False, soft_wrap=True)


@dataclass(frozen=True, kw_only=True)
class Asked:
    """How a study shall be published: `repo` is "org/name" on the Hub; `accept` takes non-commercial terms, `drop` leaves forbidden rows out."""

    repo: str
    dry_run: bool = False
    private: bool = False
    create_pr: bool = False
    tag: str = ""
    accept: bool = False
    drop: bool = False


@app.command()
def main(
    study: Annotated[Path, typer.Argument(help="the study, e.g. studies/open.toml; its tasks must be built (make data)", autocompletion=cli.studies_here)],
    org: Annotated[str, typer.Option(help="the account or organisation on the Hub")] = "",
    name: Annotated[str, typer.Option(help="the dataset's name there; default fihu-stilts-STUDY")] = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="make the folder and check it, say what would be sent; ask no network")] = False,
    private: Annotated[bool, typer.Option("--private", help="a new dataset is private")] = False,
    create_pr: Annotated[bool, typer.Option("--create-pr", help="open a pull request instead of changing the main branch")] = False,
    tag: Annotated[str, typer.Option(help="name this version, e.g. v1.0")] = "",
    accept: Annotated[bool, typer.Option("--accept-non-commercial", help="you know that some sources or models allow non-commercial use only")] = False,
    drop: Annotated[bool, typer.Option("--drop-unpublishable", help="publish without the rows of corpora that may not be published")] = False,
    set_: Annotated[list[str] | None, typer.Option("--set", help="one line of TOML laid over the study; give the ones you built with")] = None,
    root: Annotated[Path, typer.Option(help="folder that holds data/")] = Path(),
) -> None:
    """Publish the built tasks of a study on the Hugging Face Hub.

    Example: python -m build_data.publish studies/mini.toml --org me --dry-run
    """
    loaded = studies.load(study, set_ or [])
    if not org and not dry_run:
        raise ConfigError("no --org: write the account or organisation on the Hub that shall hold the dataset (make publish ORG=me)")
    repo = f"{org or 'ORG'}/{name or f'fihu-stilts-{loaded.name}'}"
    try:
        _publish(loaded, root, Asked(repo=repo, dry_run=dry_run, private=private, create_pr=create_pr, tag=tag, accept=accept, drop=drop))
    except KeyboardInterrupt:
        Console(stderr=True, highlight=False).print("\nstopped. Run the same command again: what has arrived is not sent twice", markup=False)
        raise SystemExit(130) from None


def _publish(study: Study, root: Path, asked: Asked) -> None:
    from build_data import hub_upload, publish_stage

    if not asked.dry_run:
        say.print(f"publishing as {hub_upload.check_token()}")  # a wrong token is told before the folder is made
    tasks = publish_stage.gather(study, root)
    barred = permitted(publish_stage.obstacles(tasks), asked.accept, asked.drop)
    staged = publish_stage.stage(study, root, asked.repo, tasks, barred)
    _tell(staged)
    if asked.dry_run:
        say.print(f"nothing was sent (--dry-run); it would become https://huggingface.co/datasets/{asked.repo}", markup=False)
        return
    hub_upload.validate((staged.folder / "README.md").read_text("utf-8"))
    message = f"Publish {study.name} {asked.tag}".rstrip()
    done = hub_upload.upload(staged.folder, asked.repo, message, asked.private, asked.create_pr, asked.tag)
    say.print(f"published: {done.url}", markup=False)


def _tell(staged: Staged) -> None:
    """Print what lies ready: rows of each configuration, what is withheld and why, and the size."""
    for config, rows in staged.rows.items():
        left = "; ".join(f"{count:,} withheld ({reason})" for reason, count in staged.withheld.get(config, {}).items())
        counts = f"{rows.get('train', 0):>7,} train {rows.get('validation', 0):>6,} validation {rows.get('excluded', 0):>7,} excluded"
        say.print(f"{config:<18} {counts}  {left}".rstrip(), markup=False)
    for config in set(staged.withheld) - set(staged.rows):
        say.print(f"{config}: left out, because none of its training rows may be published", markup=False)
    files = [path for path in staged.folder.rglob("*") if path.is_file()]
    size = sum(path.stat().st_size for path in files) / 1e6
    say.print(f"{len(files)} files, {size:.1f} MB in {staged.folder}; the Croissant description is valid", markup=False)


def permitted(found: Sequence[Obstacle], accept: bool, drop: bool) -> list[str]:
    """Return the corpora whose rows must be left out. Raises ConfigError where the licences stand in the way of the rest, naming rows and ways out."""
    blocking = [one for one in found if (one.kind == "no" and not drop) or (one.kind == "non-commercial" and not accept)]
    if blocking:
        ways = []
        if any(one.kind == "no" for one in blocking):
            ways.append("--drop-unpublishable publishes without the rows that may not be published")
        if any(one.kind == "non-commercial" for one in blocking):
            ways.append("--accept-non-commercial says that you know of the non-commercial terms, which the card then names")
        raise ConfigError("licences stand in the way:\n  " + "\n  ".join(map(str, blocking)) + "\n" + "; ".join(ways))
    return [one.what.removeprefix("corpus ") for one in found if one.kind == "no"]


if __name__ == "__main__":
    app()
