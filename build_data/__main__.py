"""`python -m build_data studies/x.toml`: build the study's intermediate tasks, or say what would be built."""

from __future__ import annotations

import contextlib
import os
import shlex
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from build_data.display import Reporter, counts, plan, say
from corpora import cli
from corpora import languages as known_languages
from corpora import study as studies
from corpora.config import ConfigError
from corpora.engine import LOCAL, Engine, engine_name, open_engine
from corpora.lock import hold
from corpora.outlet import Outlet
from corpora.parts import sweep_parts
from corpora.remote import Remote, remote_of
from corpora.shards import require_writable
from corpora.study import Study

app = cli.App()


@app.command()
def main(
    study: Annotated[Path, typer.Argument(help="the study, e.g. studies/mini.toml", autocompletion=cli.studies_here)],
    lang: Annotated[
        list[str] | None, typer.Option(help="only this language (and English): fi or hu; may be given twice", autocompletion=cli.languages_here)
    ] = None,
    arm: Annotated[list[str] | None, typer.Option(help="only this arm, e.g. mt-fi; may be given twice")] = None,
    task: Annotated[list[str] | None, typer.Option(help="only this task, e.g. qa; may be given twice")] = None,
    set_: Annotated[list[str] | None, typer.Option("--set", help="one line of TOML laid over the study, e.g. 'budget.examples = 100'")] = None,
    root: Annotated[Path, typer.Option(help="folder under which data/ is written")] = Path(),
    threads: Annotated[int, typer.Option(help="threads for translation and parsing; 0 = all cores")] = 0,
    engine: Annotated[str, typer.Option(help="local, or ray (a cluster: RAY_ADDRESS); else what ENGINE says", show_default=False)] = "",
    isolate: Annotated[bool, typer.Option("--isolate", help="use workers for any amount of work: a text that kills its process is found and left out")] = False,
    out: Annotated[str, typer.Option(help="URL where finished tasks are kept as well, e.g. s3://bucket/folder; else what OUT says", show_default=False)] = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="say what would be built from what, and touch nothing")] = False,
) -> None:
    """Build the intermediate tasks of a study: English, machine-translated and native arms.

    Example: python -m build_data studies/mini.toml --lang fi
    """
    command = _command(study, lang or [], arm or [], task or [], set_ or [])
    try:
        _run(
            study,
            lang or [],
            arm or [],
            task or [],
            set_ or [],
            root,
            threads or os.cpu_count() or 1,
            engine_name(engine),
            isolate,
            remote_of(out),
            dry_run,
            command,
        )
    except KeyboardInterrupt:
        Console(stderr=True, highlight=False).print(f"\nstopped. Finished tasks and shards are kept; `{command}` goes on from there", markup=False)
        raise SystemExit(130) from None


def _command(study: Path, languages: list[str], arms: list[str], tasks: list[str], overrides: list[str]) -> str:
    """Return the command that builds the same, for cards: make where that can say it, else the module. Threads and folders decide nothing."""
    name = study.name if study.is_absolute() else str(study)  # whose machine it was is nobody's business
    chosen = [("--lang", languages), ("--arm", arms), ("--task", tasks), ("--set", overrides)]
    if arms or tasks or len(languages) > 1 or len(overrides) > 1 or any("'" in line for line in overrides):
        return shlex.join(["python", "-m", "build_data", name, *(part for option, values in chosen for value in values for part in (option, value))])
    return f"make data STUDY={name}" + "".join(f" LANG={language}" for language in languages) + "".join(f" SET='{line}'" for line in overrides)


def _run(
    path: Path,
    languages: list[str],
    arms: list[str],
    tasks: list[str],
    overrides: list[str],
    root: Path,
    threads: int,
    engine: str,
    isolate: bool,
    place: Remote | None,
    dry_run: bool,
    command: str,
) -> None:
    loaded = studies.load(path, overrides)
    wanted = _chosen(loaded, languages, arms, tasks)
    os.environ.setdefault("OMP_NUM_THREADS", str(threads))
    # After the arguments are known to be right: these load in a second, their libraries at first use.
    from build_data import native_card, recipes, unknowing
    from build_data.finish import TooFewRows
    from build_data.mt_folder import ready_only

    if dry_run:
        with ready_only():
            plan(loaded, {pair: recipes.finished(loaded, *pair, root) for pair in wanted})
        return
    folder = root / "data" / loaded.name
    sweep_parts(folder)
    outlet = Outlet(place, root) if place else None
    ready = {pair: recipes.finished(loaded, *pair, root) or _fetched(outlet, loaded, pair) for pair in wanted}
    if all(ready.values()):
        _across(loaded, root)  # a build that was killed after its last task has no table yet
        if outlet:
            outlet.send_data(loaded)
        say.print(f"nothing to do: all {len(wanted)} tasks of {path} are built and unchanged under {root / 'data' / loaded.name}")
        return
    require_writable(folder)
    for pair in wanted:  # a wrong folder or a missing file of the last arm is told now, not after the first arms were built
        recipes.task_key(loaded, *pair)
    for language, names in unknowing.silent(loaded, wanted).items():
        say.print(f"{language}: no word lists or counts for the filters {', '.join(names)}, which refuse nothing there (docs/add-a-language.md)")
    start = time.monotonic()
    poor: list[str] = []
    with hold(folder / ".work" / "lock", "make data") as died, Reporter() as reporter, _workers(engine, threads, isolate) as crew:
        if died and not isolate:
            reporter.line(
                "the last build here died at work; it goes on. If one text kills it each time, `python -m build_data STUDY --isolate` finds it and leaves it out"
            )
        shop = recipes.Workshop(loaded, root, threads, reporter.update, [pair for pair in wanted if not ready[pair]], crew)
        for pair in wanted:
            name = ".".join(pair)
            if manifest := ready[pair]:
                reporter.line(f"{name:<16} unchanged      {counts(manifest)}")
                continue
            began = time.monotonic()
            try:
                manifest = recipes.build_task(shop, *pair, command)
            except TooFewRows as err:  # told again at the end, where the build fails; hours of other tasks need not fail with it
                reporter.line(f"{name:<16} not built      too few rows: the others go on")
                poor.append(str(err))
                continue
            reporter.line(f"{name:<16} built in {time.monotonic() - began:4.0f} s {counts(manifest)}")
            if outlet:
                outlet.send(studies.data_folder(loaded, *pair, root / "data"))
            if line := native_card.shares_line(manifest):
                reporter.line(f"{'':<16} {line}")
    if straddling := _across(loaded, root):
        say.print(f"{straddling} validation rows hold a text that another arm trains on (which, and beside which: across.json)")
    if outlet:
        outlet.send_data(loaded)
    if poor:
        raise ConfigError(
            f"{len(wanted) - len(poor)} of {len(wanted)} tasks are built under {root / 'data' / loaded.name}, the others are not:\n" + "\n".join(poor)
        )
    say.print(
        f"{len(wanted)} tasks under {root / 'data' / loaded.name} ({time.monotonic() - start:.0f} s); what was left out and why: excluded-*.parquet and README.md in each"
    )


def _fetched(outlet: Outlet | None, study: Study, pair: tuple[str, str]) -> dict[str, Any] | None:
    """Return the manifest of a task that another machine has finished, after bringing it here."""
    from build_data import recipes

    if outlet is None:
        return None
    key, folder = recipes.task_key(study, *pair), studies.data_folder(study, *pair, outlet.root / "data")
    came = outlet.fetch(folder, lambda manifest: manifest.get("key") == key, "manifest.json")
    return recipes.finished(study, *pair, outlet.root) if came else None


@contextlib.contextmanager
def _workers(engine: str, threads: int, isolate: bool) -> Iterator[Engine | None]:
    """Open the engine; None where one thread of this machine is all there is."""
    if engine == LOCAL and threads < 2 and not isolate:
        yield None
        return
    with open_engine(engine, threads, isolate) as opened:
        yield opened


def _across(study: Study, root: Path) -> int:
    """Write across.json where it is not up to date; return how many validation rows hold a text that another arm trains on."""
    from build_data import across

    folders = [
        folder for pair in studies.built_tasks(study) if (folder := studies.data_folder(study, *pair, root / "data")).joinpath("manifest.json").is_file()
    ]
    return across.straddling(across.write(folders, root / "data" / study.name / "across.json"))


def _chosen(study: Study, languages: list[str], arms: list[str], tasks: list[str]) -> list[tuple[str, str]]:
    for language in languages:
        if language not in study.languages:
            declared = known_languages.declared()
            raise ConfigError(
                f"LANG={language!r}: studies/{study.name}.toml has {', '.join(study.languages)}"
                + ("" if language in declared else f"; this house knows {', '.join(declared)} so far, and docs/add-a-language.md says how to add one")
            )
    for what, given, known in (("arm", arms, study.arms), ("task", tasks, tuple(study.tasks))):
        for name in given:
            if name not in known:
                raise ConfigError(f"--{what} {name!r}: studies/{study.name}.toml has {', '.join(known)}")
    pairs = studies.built_tasks(study, languages)
    chosen = [(t, a) for t, a in pairs if (not arms or a in arms) and (not tasks or t in tasks)]
    if not chosen and (arms or tasks):
        asked = " ".join([*(f"--task {name}" for name in tasks), *(f"--arm {name}" for name in arms)])
        has = "; ".join(f"task {name} has a corpus for: {', '.join(a for t, a in pairs if t == name) or 'none of the arms'}" for name in tasks or study.tasks)
        raise ConfigError(f"studies/{study.name}.toml: {asked} leave nothing to build; {has}")
    return chosen


if __name__ == "__main__":
    app()
