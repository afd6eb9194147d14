"""`python -m build_data.publish studies/x.toml --org ORG`: the built tasks of a study as one dataset on the Hub, a configuration per task and arm.

Refuses what licences forbid, and says which rows of which corpus stand in the way. Can be stopped and run again at any time: what has
arrived is not sent twice. `make publish STUDY=... ORG=...` is the same command.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from build_data.licences import Obstacle
from corpora import study as studies
from corpora.config import ConfigError
from corpora.study import Study

app = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False, context_settings={"help_option_names": ["-h", "--help"]})
say = Console(highlight=False, soft_wrap=True)


@app.command()
def main(
    study: Annotated[Path, typer.Argument(help="the study, e.g. studies/open.toml; its tasks must be built (make data)")],
    org: Annotated[str, typer.Option(help="the account or organisation on the Hub")] = "",
    name: Annotated[str, typer.Option(help="the dataset's name there; default fihu-stilts-STUDY")] = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="make the folder and check it, say what would be sent; ask no network")] = False,
    private: Annotated[bool, typer.Option("--private", help="a new dataset is private")] = False,
    create_pr: Annotated[bool, typer.Option("--create-pr", help="open a pull request instead of changing the main branch")] = False,
    tag: Annotated[str, typer.Option(help="name this version, e.g. v1.0")] = "",
    accept_non_commercial: Annotated[
        bool, typer.Option("--accept-non-commercial", help="you know that some sources or models allow non-commercial use only")
    ] = False,
    drop_unpublishable: Annotated[bool, typer.Option("--drop-unpublishable", help="publish without the rows of corpora that may not be published")] = False,
    set_: Annotated[list[str] | None, typer.Option("--set", help="one line of TOML laid over the study; give the ones you built with")] = None,
    root: Annotated[Path, typer.Option(help="folder that holds data/")] = Path(),
) -> None:
    """Publish the built tasks of a study on the Hugging Face Hub.

    Example: python -m build_data.publish studies/mini.toml --org me --dry-run
    """
    try:
        loaded = studies.load(study, set_ or [])
        if not org and not dry_run:
            raise ConfigError("no --org: write the account or organisation on the Hub that shall hold the dataset (make publish ORG=me)")
        _publish(
            loaded, root, f"{org or 'ORG'}/{name or f'fihu-stilts-{loaded.name}'}", dry_run, private, create_pr, tag, accept_non_commercial, drop_unpublishable
        )
    except ConfigError as err:
        Console(stderr=True, highlight=False, soft_wrap=True).print(f"error: {err}", markup=False)
        raise SystemExit(2) from None
    except KeyboardInterrupt:
        Console(stderr=True, highlight=False).print("\nstopped. Run the same command again: what has arrived is not sent twice", markup=False)
        raise SystemExit(130) from None


def _publish(study: Study, root: Path, repo: str, dry_run: bool, private: bool, create_pr: bool, tag: str, accept: bool, drop: bool) -> None:
    from build_data import hub_upload, publish_stage

    if not dry_run:
        say.print(f"publishing as {hub_upload.check_token()}")  # a wrong token is told before the folder is made
    tasks = publish_stage.gather(study, root)
    barred = permitted(publish_stage.obstacles(tasks), accept, drop)
    staged = publish_stage.stage(study, root, repo, tasks, barred)
    for config, rows in staged.rows.items():
        left = "; ".join(f"{count:,} withheld ({reason})" for reason, count in staged.withheld.get(config, {}).items())
        say.print(
            f"{config:<18} {rows.get('train', 0):>7,} train {rows.get('validation', 0):>6,} validation {rows.get('excluded', 0):>7,} excluded  {left}",
            markup=False,
        )
    for config in set(staged.withheld) - set(staged.rows):
        say.print(f"{config}: left out, because none of its training rows may be published", markup=False)
    files = [path for path in staged.folder.rglob("*") if path.is_file()]
    say.print(
        f"{len(files)} files, {sum(path.stat().st_size for path in files) / 1e6:.1f} MB in {staged.folder}; the Croissant description is valid", markup=False
    )
    if dry_run:
        say.print(f"nothing was sent (--dry-run); it would become https://huggingface.co/datasets/{repo}", markup=False)
        return
    hub_upload.validate((staged.folder / "README.md").read_text("utf-8"))
    done = hub_upload.upload(staged.folder, repo, f"Publish {study.name}" + (f" {tag}" if tag else ""), private, create_pr, tag)
    say.print(f"published: {done.url}", markup=False)


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
