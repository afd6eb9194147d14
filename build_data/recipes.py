"""Task and arm -> its steps in order. Everything an arm is made of is named here, and decides its key."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from importlib import metadata
from pathlib import Path
from typing import Any, cast

from build_data import mt_build, mt_record, native, near
from build_data.filters import Filter, filters_for
from build_data.finish import Built, finish
from build_data.gates import Gates
from build_data.leak_sets import fingerprint as guard_fingerprint
from build_data.makers import family, labels_of
from build_data.mt_back import back_step
from build_data.mt_folder import open_folder
from build_data.mt_records import mt_step
from build_data.parse import pack_sums
from build_data.refilter import choose, content, remember, remember_rows
from build_data.shares import choose_rows, genres_of
from build_data.split import near_across, share_of
from build_data.steps import Outcome, Shards, Step
from build_data.translate import Translator
from build_data.workshop import Workshop, load_aligner
from corpora import corpus as corpora
from corpora import hub
from corpora.bounded import read_json
from corpora.config import ConfigError
from corpora.records import Kind, Record, found_labels
from corpora.shards import append_line, digest, file_sha256
from corpora.study import Study, arm_language, base_arm, data_folder, variant_of

__all__ = ["Workshop", "build_task", "finished", "inputs", "settings", "task_key"]

VERSION = 5  # of the recipes: raise it when the same settings would give other rows


def inputs(study: Study, task: str, arm: str) -> list[dict[str, Any]]:
    """Return the fingerprints of the corpora that an arm is made from. Raises ConfigError for a missing or changed file, and for a Hub's that is not pinned."""
    spec = study.tasks[task]
    native_text = arm.startswith("native-")
    used = native.sources(study, task, arm_language(arm)) if native_text else [(corpora.load(corpus), split) for corpus, split in spec.sources]
    found = [corpora.fingerprint(corpus, split) for corpus, split in used]
    for (corpus, split), item in zip(used, found, strict=True):
        if "hub" in item:
            hub.pinned_home(corpus, split)
    return found


def filters_of(study: Study, task: str, arm: str) -> tuple[Filter, ...]:
    """Return the filters that rows of an arm go through: of a native one those that its family does not pass by."""
    spec = study.tasks[task]
    return filters_for(base_arm(arm), spec.kind, study.filters, family(spec.maker).unfiltered if arm.startswith("native-") else ())


def settings(study: Study, task: str, arm: str) -> dict[str, Any]:
    """Return the settings that decide an arm's rows, as the manifest keeps them."""
    spec, language, way = study.tasks[task], arm_language(arm), base_arm(arm).partition("-")[0]
    out: dict[str, Any] = {
        "kind": spec.kind, "labels": list(spec.labels), "rows": spec.rows, "budget": asdict(study.budget),
        "filters": {f.name: [_bound(f.low), _bound(f.high)] for f in filters_of(study, task, arm)},
    }  # fmt: skip
    if way == "native":
        out |= native.settings(study, task, language)
    if way in ("mt", "bt"):
        out["translation"] = _translation(study, language, way, spec.kind)
    if way in ("mt", "native"):
        out["pack"] = pack_sums(study.parsing, language)
    return out


def _translation(study: Study, language: str, way: str, kind: str) -> dict[str, Any]:
    """Return the translation settings that decide rows: how it is decoded, by which models, and what finds answers again."""
    asked, through = study.translation, study.translation.through if way == "bt" else language
    if through not in asked.models:
        raise ConfigError(
            f"studies/{study.name}.toml: translation.models has no folder for {through!r}, but arms names {way}-{language}; name a model's folder or Hub id"
        )
    named = {"model": (asked.models, "en", through), "second": (asked.second, "en", through)} | ({"back": (asked.back, through, "en")} if way == "bt" else {})
    models = {what: open_folder(table[through], target, source).fingerprint for what, (table, source, target) in named.items() if through in table}
    aligner = load_aligner(study) if kind == "span" else None
    decoding = {name: getattr(asked, name) for name in ("beam", "retry_beam", "max_input", "max_output", "compute_type")}
    return decoding | models | ({"aligner": aligner.fingerprint} if aligner else {})


def _bound(value: float) -> float | None:
    return value if math.isfinite(value) else None  # JSON has no infinity: null is an open side


def task_key(study: Study, task: str, arm: str) -> str:
    """Return the hash of everything that decides the finished folder; no heavy library is loaded for it."""
    made_from = inputs(study, task, arm)
    return digest(
        {
            "version": VERSION,
            "task": task,
            "arm": arm,
            "settings": settings(study, task, arm),
            "inputs": made_from,
            "reading": [corpora.reading(corpora.load(str(item["corpus"]))) for item in made_from],
            "guard": guard_fingerprint(study),
        }
    )


def finished(study: Study, task: str, arm: str, root: Path) -> dict[str, Any] | None:
    """Return the manifest of a finished, unchanged and undamaged task, or None where it must be built."""
    folder = data_folder(study, task, arm, root / "data")
    try:
        manifest = cast("dict[str, Any]", read_json(folder / "manifest.json"))
        whole = all(file_sha256(folder / name) == found for name, found in manifest["files"].items())
        whole = whole and {"key", "counts", "budget", "fingerprint"} <= manifest.keys()
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None
    return manifest if whole and manifest["key"] == task_key(study, task, arm) else None


def versions() -> dict[str, str]:
    """Return the versions of the tools that made the rows."""
    found = {}
    for name in ("fihu-stilts", "ctranslate2", "sentencepiece", "sacremoses", "spacy", "stanza", "pyarrow", "torch"):
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            found[name] = "not installed"
    return found


def build_task(shop: Workshop, task: str, arm: str, command: str) -> dict[str, Any]:
    """Build one arm of one task and return its manifest. Resumes from the shards and verdicts that are already whole."""
    study, spec, language, way = shop.study, shop.study.tasks[task], arm_language(arm), base_arm(arm).partition("-")[0]
    start = time.monotonic()
    made_from = inputs(study, task, arm)
    folder = shop.folder / f"{task}.{base_arm(arm)}"  # variants of an arm differ in the decision alone
    records, before = _native(shop, task, language, folder) if way == "native" else _read(shop, task)
    labels = labels_of(spec.maker) if way == "native" else spec.labels if spec.labels != ("*",) else found_labels(records)
    sources = {r.id: r for r in records} if way in ("mt", "bt") else {}
    filters = filters_of(study, task, arm)
    gates = gates_of(shop, task, arm, sources, len(records))
    pool = gates.run(records, _shown(shop, f"{task}.{arm}", len(records)))
    chosen = choose(pool.kept, filters, variant_of(arm), study.budget.validation, study.budget.examples)
    share = share_of(study.budget.validation, study.budget.examples)
    alike = remember(folder / f"alike-{share:.6f}.json", digest([near.VERSION, near.BOUND, content(pool.kept)]), lambda: near_across(pool.kept, share))
    outcome = Outcome(chosen.kept, pool.dropped + chosen.dropped, pool.ledgers + chosen.ledgers)
    genres = None
    if way == "native":
        rows = choose_rows(chosen.kept, labels, spec.shares_for(language), study.budget.validation, study.budget.examples)
        genres = {"made": genres_of(records), "before": genres_of(chosen.kept), "most": spec.shares_for(language)}
        outcome = Outcome(rows.kept, outcome.dropped + rows.dropped, outcome.ledgers + rows.ledgers)
    used = [corpora.load(str(item["corpus"])) for item in made_from]
    built = Built(
        study=study.name, task=task, arm=arm, kind=spec.kind, language=language, labels=labels, kept=outcome.kept, dropped=outcome.dropped,
        ledgers=before + outcome.ledgers, inputs=made_from, settings=settings(study, task, arm), key=task_key(study, task, arm),
        licences=tuple(sorted({c.licence for c in used})), publishable=_strictest([c.publishable for c in used]),
        mt=_mt(shop, base_arm(arm), folder, sources, pool.kept) if sources else None, notes=sorted({f"`{c.name}`: {c.note}" for c in used if c.note}), alike=alike, genres=genres,
    )  # fmt: skip
    manifest = finish(built, data_folder(study, task, arm, shop.root / "data"), study.budget.validation, study.budget.examples, command, versions())
    _log(shop, f"{task}.{arm}", manifest, time.monotonic() - start)
    return manifest


def gates_of(shop: Workshop, task: str, arm: str, sources: Mapping[str, Record], rows: int = 0) -> Gates:
    """Return the gates of an arm. `sources`: a translated arm's English rows by id; `rows`: how many enter, where workers may make the shards."""
    study, spec, language, way = shop.study, shop.study.tasks[task], arm_language(arm), base_arm(arm).partition("-")[0]
    filters = filters_of(study, task, arm)
    ways = _ways(shop, base_arm(arm)) if sources else []
    crew = shop.crew if rows and way != "en" and shop.crew and shop.crew.pays(rows) else None

    def compute(steps: Sequence[Step]) -> Shards:
        assert crew is not None
        return lambda shards: crew.shards(spec.kind, (task, base_arm(arm)), steps, shards, sources, shop.named(ways), shop.memory)

    return Gates(
        shop.folder / f"{task}.{base_arm(arm)}", spec.kind, language, filters, shop.parser(language) if way in ("mt", "native") else None,
        guard_fingerprint(study), lambda: shop.leaks, sources, _translated(shop, spec.kind, ways) if sources else (),
        lambda: shop.decode(base_arm(arm), () if crew else mt_build.texts_of(sources.values())) if sources else None, shop.comparer if any("encoder" in f.needs for f in filters) else None, compute if crew else None,
    )  # fmt: skip


def _shown(shop: Workshop, name: str, rows: int) -> Callable[[int, bool], None]:
    """Return what a finished shard tells the progress bar."""
    done = 0

    def on_shard(count: int, kept: bool) -> None:
        nonlocal done
        done += count
        shop.progress(f"{name}: {'kept' if kept else 'made'}", done, rows)

    return on_shard


def _read(shop: Workshop, task: str) -> tuple[list[Record], list[dict[str, Any]]]:
    records = shop.english(task)
    return records, [{"step": "read", "in": len(records), "made": 0, "kept": len(records), "excluded": {}}]


def _ways(shop: Workshop, arm: str) -> list[Translator]:
    """Return the translators an arm's rows go through, in order."""
    return [shop.translator(shop.study.translation.through), shop.back] if arm.startswith("bt-") else [shop.translator(arm_language(arm))]


def _translated(shop: Workshop, kind: Kind, ways: Sequence[Translator]) -> list[Step]:
    """Return the steps that translate English rows, for bt-en there and back."""
    first, *back = (mt_step(kind, way, shop.memory, way.language, shop.aligner) for way in ways)
    return [first, *map(back_step, back)]


def _mt(shop: Workshop, arm: str, folder: Path, sources: Mapping[str, Record], rows: Sequence[Record]) -> dict[str, Any]:
    """Return manifest["mt"], told of the rows before the bounds decide: it is then the same for all bounds and variants, and found once."""
    ways = _ways(shop, arm)
    key = digest([asdict(shop.study.translation), [way.fingerprint for way in ways], content(list(sources.values())), content(rows)])

    def record() -> dict[str, Any]:
        if shop.crew:
            shop.crew.wait(arm, mt_build.texts_of(sources.values()))
        return mt_record.of_task(shop.model_record(arm), ways, shop.memory, sources, rows)

    found: dict[str, Any] = remember(folder / "translation.json", key, record)
    return found


def _native(shop: Workshop, task: str, language: str, folder: Path) -> tuple[list[Record], list[dict[str, Any]]]:
    """Return the rows that the task's maker makes from native text, made once for the same documents, maker and pack."""
    study, spec, parser = shop.study, shop.study.tasks[task], shop.parser(language)

    def made() -> native.Rows:
        return native.make_rows(study, task, language, parser, lambda what: shop.progress(f"{task}.native-{language}: {what}", 0, 0))

    return remember_rows(folder / "made.parquet", native.rows_key(study, task, language, parser), spec.kind, made)


def _strictest(classes: Sequence[str]) -> str:
    return next((c for c in ("no", "non-commercial") if c in classes), "yes")


def _log(shop: Workshop, name: str, manifest: dict[str, Any], seconds: float) -> None:
    """Add one line of times to the build log. Times stay out of the manifest, so a rebuilt folder is the same to the byte."""
    line = {"task": name, "seconds": round(seconds, 1), "counts": manifest["counts"], "at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())}
    append_line(shop.root / "data" / shop.study.name / "build.log.jsonl", json.dumps(line))
