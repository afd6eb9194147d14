"""What this machine has and what a study still lacks: `python -m corpora.doctor studies/x.toml` (`make doctor STUDY=...`).

Looks and touches nothing: no download, no conversion, and no network unless --online asks for the Hub. Ends with 1 where a stage of
the study cannot run, and says what to do about it.
"""

from __future__ import annotations

import contextlib
import os
import platform
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Annotated, Literal

import typer
from rich.console import Console

from corpora import base as bases
from corpora import cli
from corpora import corpus as corpora
from corpora import hub as homes
from corpora import study as studies
from corpora.config import ConfigError
from corpora.study import Study

State = Literal["ok", "note", "missing"]
MARKS = {"ok": ("✓", "green"), "note": ("·", "yellow"), "missing": ("✗", "red")}
STAGES = {  # stage -> distributions that it needs; the extra that brings them
    "data": (("pyarrow", "polars", "ctranslate2", "sentencepiece", "sacremoses", "spacy", "stanza", "rensa", "scikit-learn"), "build"),
    "train": (("torch", "transformers", "tokenizers", "safetensors", "pyarrow"), ""),
    "report": (("numpy", "jinja2", "pyarrow"), ""),
    "publish": (("huggingface-hub", "mlcroissant", "pyyaml"), "publish"),
}
PROBE = "en/mnli"  # the corpus whose home is asked for with --online
ROOM = 5.0  # GB free below which a note is made: checkpoints of one e5-small study take about that

app = cli.App()


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at: what, how it stands, what was found, and what to do where it is missing."""

    what: str
    state: State
    found: str
    remedy: str = ""


@app.command()
def main(
    study: Annotated[Path, typer.Argument(help="the study that shall run here", autocompletion=cli.studies_here)] = Path("studies/mini.toml"),
    root: Annotated[Path, typer.Option(help="project folder, under which data/ and runs/ are written")] = Path(),
    online: Annotated[bool, typer.Option("--online", help="also ask whether the Hub can be reached (the only network call)")] = False,
    set_: Annotated[list[str] | None, typer.Option("--set", help="one line of TOML laid over the study")] = None,
) -> None:
    """Check Python, libraries, device, disk, corpora, models and Hub for a study.

    Example: python -m corpora.doctor studies/open.toml
    """
    say = Console(highlight=False, soft_wrap=True)
    loaded = studies.load(study, set_ or [])
    bad = 0
    for one in [*machine(root), *libraries(), *of_study(loaded), *hub(loaded, online)]:
        mark, colour = MARKS[one.state]
        bad += one.state == "missing"
        say.print(f"[{colour}]{mark}[/{colour}] ", end="")
        say.print(f"{one.what}: {one.found}" + (f"; {one.remedy}" if one.remedy else ""), markup=False)
    say.print(f"\n{study}: " + ("everything it needs is here" if not bad else f"{bad} things are missing, marked ✗"), markup=False)
    raise SystemExit(1 if bad else 0)


def machine(root: Path) -> Iterator[Finding]:
    """Look at the program's version, Python, cores and device, and room on the disks."""
    with contextlib.suppress(metadata.PackageNotFoundError):  # run from a folder that is not installed
        yield Finding("fihu-stilts", "ok", metadata.version("fihu-stilts"))
    version = platform.python_version()
    yield Finding("Python", "ok" if sys.version_info >= (3, 11) else "missing", version, "" if sys.version_info >= (3, 11) else "3.11 or newer is needed")
    yield Finding("cores", "ok", f"{len(os.sched_getaffinity(0))} for this process; {platform.machine()}")
    yield _device()
    for name, folder in (("project", root), ("cache", bases.default_cache())):
        here = next(place for place in (folder.absolute(), *folder.absolute().parents) if place.exists())
        free = shutil.disk_usage(here).free / 1e9
        writable = os.access(here, os.W_OK)
        state: State = "missing" if not writable else "ok" if free >= ROOM else "note"
        remedy = "" if state == "ok" else "it cannot be written" if not writable else f"less than {ROOM:g} GB: large studies will not fit"
        yield Finding(f"{name} folder", state, f"{free:.0f} GB free", remedy)


def _device() -> Finding:
    try:
        import torch
    except ImportError as err:
        return Finding("torch", "missing", f"does not load ({err})", "run: make setup")
    if torch.cuda.is_available():
        names = [
            f"{torch.cuda.get_device_name(i)} ({torch.cuda.get_device_properties(i).total_memory / 2**30:.0f} GiB)" for i in range(torch.cuda.device_count())
        ]
        return Finding("torch", "ok", f"{torch.__version__}, {', '.join(names)}")
    return Finding("torch", "note", f"{torch.__version__}, no CUDA device", "small studies train on the CPU; XLM-R Large wants a GPU")


def libraries() -> Iterator[Finding]:
    """Look at what each stage needs to be installed."""
    for stage, (names, extra) in STAGES.items():
        found, gone = [], []
        for name in names:
            try:
                found.append(f"{name} {metadata.version(name)}")
            except metadata.PackageNotFoundError:
                gone.append(name)
        remedy = f"run: pip install -e '.[{extra}]'" if extra else "run: make setup"
        yield Finding(
            f"libraries for {stage}", "missing" if gone else "ok", f"not installed: {', '.join(gone)}" if gone else ", ".join(found), remedy if gone else ""
        )


def of_study(study: Study) -> Iterator[Finding]:
    """Look at the base encoder, corpora, translation models and Stanza packs that a study names."""
    yield _base(study)
    yield from _corpora(study)
    built = studies.built_tasks(study)
    arms = {arm for _, arm in built}
    translated = sorted({studies.arm_language(arm) for arm in arms if arm.startswith("mt-")})
    for language in translated:
        yield _model(f"translation en→{language}", study.translation.models.get(language, ""), "model.bin", f"translation.models.{language}")
    if any(arm.startswith("bt-") for arm in arms):
        through = study.translation.through
        yield _model(f"translation {through}→en", study.translation.back.get(through, ""), "model.bin", f"translation.back.{through}")
    for language in sorted({studies.arm_language(arm) for arm in arms if not arm.startswith(("en", "bt-"))}):
        yield _pack(language, study.parsing.packs.get(language, ""))


def _base(study: Study) -> Finding:
    try:
        known = bases.identity(study.base)
    except ConfigError as err:
        return Finding("base encoder", "missing", str(err))
    if "hub" in known:
        return Finding(
            "base encoder",
            "note",
            f"{known['hub']} comes from the Hub at its first use",
            "" if bases.ready_base(study.base, bases.default_cache()) else "no copy in the cache yet",
        )
    return Finding("base encoder", "ok", f"{study.base.model} is here")


def _corpora(study: Study) -> Iterator[Finding]:
    """Look at every corpus that the data stage and the targets read; the local files are found, not summed."""
    wanted: dict[tuple[str, str], str] = {}
    for task, arm in studies.built_tasks(study):
        spec = study.tasks[task]
        if arm.startswith("native-"):
            wanted |= {(name, ""): "data" for name in spec.native[studies.arm_language(arm)]}
        else:
            wanted |= dict.fromkeys(spec.sources, "data")
    for target in study.targets.values():
        wanted |= {(target.english, split): "targets" for split in ("train", "dev") if target.english}
        wanted |= {(name, target.test_split): "targets" for name in target.test.values()}
    here, away, unpinned, gone = [], [], [], []
    for name, split in wanted:
        corpus = corpora.load(name)
        split = split or next(iter(corpus.splits or (corpus.hub.splits if corpus.hub else {})), "")
        try:
            found = corpora.locate(corpus, split, verify=False)
        except ConfigError:
            gone.append(name)
            continue
        if found is not None:
            here.append(name)
        elif corpus.hub and corpus.hub.revision:
            away.append(name)
        else:
            unpinned.append(name)
    here, away, unpinned, gone = (list(dict.fromkeys(some)) for some in (here, away, unpinned, gone))
    total = len({name for name, _ in wanted})
    yield Finding("corpora", "ok" if len(here) == total else "note", f"{len(here)} of {total} have their files here (CORPORA_DIR is {corpora.corpora_dir()})")
    if away:
        yield Finding("corpora", "note", f"{len(away)} will be fetched from the Hub, at pinned commits: {', '.join(away)}")
    if unpinned:
        yield Finding(
            "corpora",
            "missing",
            f"{len(unpinned)} are on the Hub, but no commit is pinned: {', '.join(unpinned)}",
            f"run: python -m corpora pin {' '.join(unpinned)}",
        )
    if gone:
        remedy = "set CORPORA_DIR to the folder that has them; corpora/NAME.toml says where each was published"
        yield Finding("corpora", "missing", f"{len(gone)} have no file here and no home on the Hub: {', '.join(gone)}", remedy)


def _model(what: str, name: str, file: str, key: str) -> Finding:
    """Look at a translation model: a folder, or a Hub id that is fetched at its first use."""
    if not name:
        return Finding(what, "missing", f"{key} names no model", f"write a folder or a Hub id under {key}")
    folder = corpora.find_folder(name)
    if (folder / file).is_file():
        return Finding(what, "ok", f"{name} is here")
    if folder.is_dir():
        return Finding(what, "note", f"{name} is a Transformers folder", "it is converted at its first use")
    if name.count("/") == 1 and not name.startswith((".", "/", "~")):
        return Finding(what, "note", f"{name} comes from the Hub at its first use and is converted then")
    return Finding(what, "missing", f"no folder {folder}")


def _pack(language: str, name: str) -> Finding:
    what = f"Stanza pack {language}"
    if not name:
        return Finding(what, "missing", f"parsing.packs has none for {language}", "docs/add-a-language.md says where packs come from")
    folder = corpora.find_folder(name)
    if folder.is_dir() and (any(folder.rglob("*.pt")) or (folder / "resources.json").is_file()):
        return Finding(what, "ok", f"{name} is here")
    home = Path(os.environ.get("STANZA_RESOURCES_DIR") or Path.home() / "stanza_resources")
    if "/" not in name and (home / language).is_dir():
        return Finding(what, "ok", f"Stanza's own package, in {home}")
    remedy = f"run: python -c \"import stanza; stanza.download('{language}')\"" if "/" not in name else ""
    return Finding(what, "missing", f"neither a folder {folder} nor a package in {home}", remedy)


def hub(study: Study, online: bool) -> Iterator[Finding]:
    """Look at the Hub's token (never shown) and, where asked, whether the Hub answers."""
    try:
        there = homes.has_token()
    except ConfigError:
        return
    yield Finding(
        "Hub token", "ok" if there else "note", "in place" if there else "none", "" if there else "only publishing and gated corpora need one: hf auth login"
    )
    if online:
        try:
            homes.newest_commit(corpora.load(PROBE))
            yield Finding("Hub", "ok", "answers")
        except ConfigError as err:
            yield Finding("Hub", "missing", str(err), "bundled and local files work without it")


if __name__ == "__main__":
    app()
