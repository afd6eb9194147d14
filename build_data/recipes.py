"""Task and arm -> its steps in order. Everything an arm is made of is named here, and decides its key."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from functools import cached_property
from importlib import metadata
from pathlib import Path
from typing import Any, cast

from build_data.dedup import dedup_step
from build_data.filters import filter_step, filters_for
from build_data.finish import Built, finish, rank
from build_data.leaks import Index, leak_guard, leak_index
from build_data.makers import labels_of, make, maker_key
from build_data.memory import Memory
from build_data.mt_folder import open_folder
from build_data.mt_quality import quality
from build_data.mt_records import mt_step
from build_data.parse import Parser, load_parser
from build_data.steps import Outcome, Step, run, run_sharded
from build_data.translate import Translator, load_translator
from corpora import corpus as corpora
from corpora import readers
from corpora.config import ConfigError
from corpora.records import Aligned, Document, Record
from corpora.shards import digest, file_sha256, known_sha256
from corpora.study import Study, arm_language, data_folder

VERSION = 1  # of the recipes: raise it when the same settings would give other rows
DEV_ROWS = 300  # sentences on which a build measures its translation model
Progress = Callable[[str, int, int], None]  # (what, done, of)


@dataclass
class Workshop:
    """What the arms of one build share: models, caches, the leak index. Each is loaded when first needed."""

    study: Study
    root: Path
    threads: int = 1
    progress: Progress = lambda what, done, of: None
    translators: dict[str, Translator] = field(default_factory=dict)
    parsers: dict[str, Parser] = field(default_factory=dict)
    measured: dict[str, dict[str, Any]] = field(default_factory=dict)

    @property
    def folder(self) -> Path:
        return self.root / "data" / self.study.name / ".work"

    @cached_property
    def memory(self) -> Memory:
        self.folder.mkdir(parents=True, exist_ok=True)
        return Memory(self.folder / "translations.sqlite")

    @cached_property
    def leaks(self) -> Index:
        self.progress("reading the evaluation texts for the leak guard", 0, 0)
        return leak_index(self.study)

    def translator(self, language: str) -> Translator:
        if language not in self.translators:
            self.translators[language] = load_translator(self.study.translation, language, self.threads)
        return self.translators[language]

    def parser(self, language: str) -> Parser:
        if language not in self.parsers:
            self.folder.mkdir(parents=True, exist_ok=True)
            self.parsers[language] = load_parser(self.study.parsing, language, self.folder / "parses.sqlite")
        return self.parsers[language]

    def mt_record(self, language: str) -> dict[str, Any]:
        """Return what the manifest says of the translation model, its chrF on the study's dev corpus included."""
        if language not in self.measured:
            translator = self.translator(language)
            record: dict[str, Any] = {"model": self.study.translation.models[language], "fingerprint": translator.fingerprint, "settings": translator.settings}
            record["licence"] = self.study.translation.licences.get(language) or translator.card.get("licence", "not recorded")
            if name := self.study.translation.dev.get(language):
                corpus = corpora.load(name)
                split = "dev" if "dev" in corpus.splits else "test"
                rows = [_from_english(r, corpus.languages) for r in readers.read_aligned(corpus, split)[:DEV_ROWS]]
                self.progress(f"measuring en->{language} on {name}", 0, len(rows))
                record["dev"] = quality(translator, rows) | {"corpus": f"{name}:{split}"}
                record |= {"chrF": record["dev"]["chrF"], "BLEU": record["dev"]["BLEU"]}
            self.measured[language] = record
        return self.measured[language]


def _from_english(row: Aligned, languages: Sequence[str]) -> Aligned:
    return row if languages[0] == "en" else Aligned(id=row.id, source=row.target, target=row.source, corpus=row.corpus)


def inputs(study: Study, task: str, arm: str) -> list[dict[str, Any]]:
    """Return the fingerprints of the corpora that an arm is made from. Raises ConfigError for a missing or changed file."""
    spec = study.tasks[task]
    if arm.startswith("native-"):
        names = spec.native.get(arm_language(arm), ())
        if not names:
            raise ConfigError(
                f"studies/{study.name}.toml: tasks.{task}.native has no corpora for {arm_language(arm)!r}, but arms names {arm!r}; add them or take the arm out"
            )
        return [corpora.fingerprint(corpora.load(name), "docs") for name in names]
    return [corpora.fingerprint(corpora.load(spec.english), spec.split)]


def settings(study: Study, task: str, arm: str) -> dict[str, Any]:
    """Return the settings that decide an arm's rows, as the manifest keeps them."""
    spec, language, way = study.tasks[task], arm_language(arm), arm.partition("-")[0]
    out: dict[str, Any] = {
        "kind": spec.kind, "labels": list(spec.labels), "rows": spec.rows, "budget": asdict(study.budget),
        "filters": {f.name: [_bound(f.low), _bound(f.high)] for f in filters_for(arm, spec.kind, study.filters)},
    }  # fmt: skip
    if way == "native":
        out |= {"maker": maker_key(spec.maker), "documents": spec.documents}
    if way == "mt":
        model = study.translation.models.get(language)
        if not model:
            raise ConfigError(
                f"studies/{study.name}.toml: translation.models has no folder for {language!r}, but arms names {arm!r}; name a CTranslate2 folder"
            )
        out |= {
            "translation": {k: v for k, v in asdict(study.translation).items() if k not in ("models", "licences", "dev")}
            | {"model": open_folder(model, language).fingerprint}
        }
    if way != "en":
        out["pack"] = _pack_sums(study, language)
    return out


def _bound(value: float) -> float | None:
    return value if math.isfinite(value) else None  # JSON has no infinity: null is an open side


def _pack_sums(study: Study, language: str) -> Any:
    pack = study.parsing.packs.get(language)
    if not pack:
        raise ConfigError(f"studies/{study.name}.toml: parsing.packs has no Stanza pack for {language!r}; name a folder or a Stanza package")
    folder = corpora.find_folder(pack)
    return {p.name: known_sha256(p)[:16] for p in sorted(folder.glob("*.pt"))} if folder.is_dir() else pack


def task_key(study: Study, task: str, arm: str) -> str:
    """Return the hash of everything that decides the finished folder; no heavy library is loaded for it."""
    targets = [
        corpora.fingerprint(corpora.load(name), split)
        for target in study.targets.values()
        for name in (target.english, *target.test.values())
        if name
        for split in ("dev", "test")
        if split in corpora.load(name).splits
    ]
    return digest(
        {"version": VERSION, "task": task, "arm": arm, "settings": settings(study, task, arm), "inputs": inputs(study, task, arm), "targets": targets}
    )


def finished(study: Study, task: str, arm: str, root: Path) -> dict[str, Any] | None:
    """Return the manifest of a finished, unchanged and undamaged task, or None where it must be built."""
    folder = data_folder(study, task, arm, root / "data")
    try:
        manifest = cast("dict[str, Any]", json.loads((folder / "manifest.json").read_text("utf-8")))
        whole = all(file_sha256(folder / name) == found for name, found in manifest["files"].items())
    except (OSError, ValueError, KeyError):
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
    """Build one arm of one task and return its manifest. Resumes from the shards that are already whole."""
    study, spec, language, way = shop.study, shop.study.tasks[task], arm_language(arm), arm.partition("-")[0]
    start = time.monotonic()
    made_from = inputs(study, task, arm)
    before: list[dict[str, Any]] = []
    sources: dict[str, Record] = {}
    steps: list[Step] = []
    if way == "native":
        records, before = _native(shop, task, language)
        labels = labels_of(spec.maker)
    else:
        records, labels = _english(study, task), spec.labels
        sources = {r.id: r for r in records} if way == "mt" else {}
        before = [{"step": "read", "in": len(records), "made": 0, "kept": len(records), "excluded": {}}]
        if way == "mt":
            steps.append(mt_step(spec.kind, shop.translator(language), shop.memory, language))
    filters = filters_for(arm, spec.kind, study.filters)
    steps.append(filter_step(filters, language, None if way == "en" else shop.parser(language), sources))
    name = f"{task}.{arm}"
    done = 0

    def on_shard(rows: int, kept: bool) -> None:
        nonlocal done
        done += rows
        shop.progress(f"{name}: {'kept' if kept else 'made'}", done, len(records))

    outcome = run_sharded(steps, records, spec.kind, shop.folder / name, digest([made_from, spec.rows, spec.documents]), on_shard)
    outcome = _whole_task(outcome, [dedup_step(), leak_guard(shop.leaks)])
    used = [corpora.load(str(item["corpus"])) for item in made_from]
    built = Built(
        study=study.name, task=task, arm=arm, kind=spec.kind, language=language, labels=labels, kept=outcome.kept, dropped=outcome.dropped,
        ledgers=before + outcome.ledgers, inputs=made_from, settings=settings(study, task, arm), key=task_key(study, task, arm),
        licences=tuple(sorted({c.licence for c in used})), publishable=_strictest([c.publishable for c in used]),
        mt=shop.mt_record(language) if way == "mt" else None, notes=sorted({f"`{c.name}`: {c.note}" for c in used if c.note}),
    )  # fmt: skip
    manifest = finish(built, data_folder(study, task, arm, shop.root / "data"), study.budget.validation, study.budget.examples, command, versions())
    _log(shop, name, manifest, time.monotonic() - start)
    return manifest


def _whole_task(outcome: Outcome, steps: Sequence[Step]) -> Outcome:
    for step in steps:
        kept, dropped, ledger = run(step, outcome.kept)
        outcome = Outcome(kept, outcome.dropped + dropped, [*outcome.ledgers, ledger.close()])
    return outcome


def _english(study: Study, task: str) -> list[Record]:
    """Return the English rows that enter the build: all, or `rows` of them chosen by a hash of their id."""
    spec = study.tasks[task]
    records = readers.read_records(corpora.load(spec.english), spec.split)
    return sorted(sorted(records, key=lambda r: rank(r.id))[: spec.rows or None], key=lambda r: r.id)


def _native(shop: Workshop, task: str, language: str) -> tuple[list[Record], list[dict[str, Any]]]:
    spec = shop.study.tasks[task]
    documents: list[Document] = []
    for name in spec.native[language]:
        found = readers.read_documents(corpora.load(name), "docs")
        documents += sorted(found, key=lambda d: rank(d.id))[: spec.documents or None]
    shop.progress(f"{task}.native-{language}: reading {len(documents)} documents", 0, 0)
    made = make(spec.maker)(documents, language, shop.parser(language), 1)
    return list(made.records), list(made.ledgers)


def _strictest(classes: Sequence[str]) -> str:
    return next((c for c in ("no", "non-commercial") if c in classes), "yes")


def _log(shop: Workshop, name: str, manifest: dict[str, Any], seconds: float) -> None:
    """Add one line of times to the build log. Times stay out of the manifest, so a rebuilt folder is the same to the byte."""
    line = {"task": name, "seconds": round(seconds, 1), "counts": manifest["counts"], "at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())}
    path = shop.root / "data" / shop.study.name / "build.log.jsonl"
    with path.open("a", encoding="utf-8") as file:
        file.write(json.dumps(line) + "\n")
