"""The folder that goes to the Hub: Parquet of every built task, cards, Croissant; and what must not go there.

Written aside under data/STUDY/.work/publish and put in its place when whole; a staged folder whose key is unchanged is kept, so a second
publishing sends what it sent before to the byte. Left out on purpose: rows that the leak guard refused (they are evaluation texts, and a
public copy of them would leak them further), and with `drop` the rows of corpora that may not be published.
"""

from __future__ import annotations

import itertools
import json
import shutil
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from build_data import card_header, card_sections, croissant, licences, publish_card, recipes
from build_data.cards import card
from build_data.steps import Dropped
from corpora import cite
from corpora import corpus as corpora
from corpora.bounded import read_json
from corpora.config import ConfigError
from corpora.records import from_row
from corpora.shards import digest, whole, write_text
from corpora.study import Study, built_tasks, data_folder

VERSION = 3
SHARD_ROWS = 100_000
SPLITS = ("train", "validation", "excluded")


@dataclass
class Task:
    """A built task that is to be published: its configuration's name, folder, manifest and the rows of each corpus in it."""

    config: str
    folder: Path
    manifest: dict[str, Any]
    corpora: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True)
class Staged:
    """What is ready to go: the folder, rows by configuration and split, and the rows that stay here, by reason."""

    folder: Path
    rows: Mapping[str, Mapping[str, int]]
    withheld: Mapping[str, Mapping[str, int]]


def gather(study: Study, root: Path) -> list[Task]:
    """Return every built task of a study. Raises ConfigError naming those that are missing or were built with other settings."""
    found, missing = [], []
    for task, arm in built_tasks(study):
        manifest = recipes.finished(study, task, arm, root)
        if manifest is None:
            missing.append(f"{task}.{arm}")
            continue
        one = Task(f"{task}.{arm}", data_folder(study, task, arm, root / "data"), manifest)
        for path in sorted(one.folder.glob("*.parquet")):
            one.corpora.update(pq.read_table(path, columns=["corpus"])["corpus"].to_pylist())
        found.append(one)
    if missing:
        raise ConfigError(
            f"study {study.name!r}: {', '.join(missing)} not built, or built with other settings or corpora; run: make data STUDY=studies/{study.name}.toml"
        )
    return found


def obstacles(tasks: Sequence[Task]) -> list[licences.Obstacle]:
    """Return the corpora and models that stand in the way of publishing these tasks."""
    declared = {name: corpora.load(name) for one in tasks for name in one.corpora}
    models = {one.config: [mt, *([mt["back"]] if mt.get("back") else [])] for one in tasks if (mt := one.manifest.get("mt"))}
    return licences.obstacles({one.config: one.corpora for one in tasks}, {name: (c.licence, c.publishable) for name, c in declared.items()}, models)


def stage(study: Study, root: Path, repo: str, tasks: Sequence[Task], drop: Sequence[str] = ()) -> Staged:
    """Write the folder that goes to the Hub, without rows of the corpora `drop`. Raises ConfigError where nothing is left of all tasks."""
    folder = root / "data" / study.name / ".work" / "publish"
    key = digest([VERSION, repo, sorted(drop), publish_card.VERSION, [[one.config, one.manifest["fingerprint"], one.manifest["key"]] for one in tasks]])
    record = folder.with_name("publish.json")  # beside the folder: everything inside it goes to the Hub
    if folder.is_dir() and record.is_file() and (kept := _record(record)).get("key") == key:
        return Staged(folder, kept["rows"], kept["withheld"])
    aside = folder.with_name("publish.part")
    shutil.rmtree(aside, ignore_errors=True)
    rows: dict[str, dict[str, int]] = {}
    withheld: dict[str, dict[str, int]] = {}
    kept_tasks = []
    for one in tasks:
        counts, left = _write_rows(one, aside / one.config, set(drop))
        withheld[one.config] = dict(left)
        if counts.get("train"):
            rows[one.config] = counts
            kept_tasks.append(one)
        else:
            shutil.rmtree(aside / one.config)
    if not kept_tasks:
        raise ConfigError(f"study {study.name!r}: without {', '.join(drop)} no task has a training row left, so there is nothing to publish")
    _write_cards(study, repo, kept_tasks, aside, rows, withheld)
    record.unlink(missing_ok=True)
    shutil.rmtree(folder, ignore_errors=True)
    aside.replace(folder)
    write_text(record, json.dumps({"key": key, "rows": rows, "withheld": withheld}))
    return Staged(folder, rows, withheld)


def _record(path: Path) -> dict[str, Any]:
    """Return what was written of the folder that was staged last, {} where that is not readable: it is then staged again."""
    try:
        value = read_json(path)
    except (OSError, ValueError):
        return {}
    return value if isinstance(value, dict) else {}


def _write_rows(one: Task, out: Path, drop: set[str]) -> tuple[dict[str, int], Counter[str]]:
    """Write a task's splits; return rows by split and the rows that were left out, by reason."""
    counts: dict[str, int] = {}
    left: Counter[str] = Counter()
    out.mkdir(parents=True)
    for split in SPLITS:
        paths = sorted(one.folder.glob(f"{split}-*.parquet"))
        if not paths:
            continue
        table = pa.concat_tables([pq.read_table(path) for path in paths])
        barred = pc.is_in(table["corpus"], value_set=pa.array(sorted(drop), pa.string()))
        left["licence"] += pc.sum(barred).as_py() or 0
        table = table.filter(pc.invert(barred))
        if split == "excluded":
            leaked = pc.equal(table["stage"], "leaks")
            left["evaluation text"] += pc.sum(leaked).as_py() or 0
            table = table.filter(pc.invert(leaked))
        if table.num_rows:
            _write_shards(table, out, split)
            counts[split] = table.num_rows
    return counts, Counter({reason: n for reason, n in left.items() if n})


def _write_shards(table: pa.Table, out: Path, split: str) -> None:
    """Write a split so that a later version that changes some rows sends some chunks again, not all of them."""
    number = -(-table.num_rows // SHARD_ROWS)
    for i in range(number):
        with whole(out / f"{split}-{i:05d}-of-{number:05d}.parquet") as file:
            shard = table.slice(i * SHARD_ROWS, SHARD_ROWS).replace_schema_metadata(None)
            pq.write_table(shard, file, compression="zstd", write_page_index=True, use_content_defined_chunking=True)


def _card(one: Task, splits: Mapping[str, Sequence[Path]]) -> str:
    """Return a task's card with examples from the rows that are published: those of its own card may be evaluation texts, or of a corpus that stays here."""
    kind = one.manifest["kind"]
    samples = [from_row(kind, row) for path in splits["train"][:1] for row in _first(path, lambda row: True)]
    found = [row for path in splits["excluded"][:1] for row in _first(path, lambda row: row["stage"] not in ("budget", "split"))]
    return card(one.manifest, samples, [Dropped(from_row(kind, row), row["stage"], row["reason"], row["value"]) for row in found])


def _first(path: Path, wanted: Callable[[Mapping[str, Any]], bool], count: int = 3) -> list[dict[str, Any]]:
    """Return the first rows of a Parquet file that are wanted; batches behind them are not read."""
    rows = (row for batch in pq.ParquetFile(path).iter_batches(1000) for row in batch.to_pylist() if wanted(row))
    return list(itertools.islice(rows, count))


def _homeless(text: str) -> str:
    """Return a text without the user's home folder: a model or override that lay there is named by what follows it."""
    return text.replace(f"{Path.home()}/", "~/")


def _write_cards(
    study: Study, repo: str, tasks: Sequence[Task], aside: Path, rows: Mapping[str, Mapping[str, int]], withheld: Mapping[str, Mapping[str, int]]
) -> None:
    manifests = [one.manifest for one in tasks]
    configs: dict[str, dict[str, list[Path]]] = {}
    for one in tasks:
        splits = {split: sorted((aside / one.config).glob(f"{split}-*.parquet")) for split in SPLITS}
        configs[one.config] = {split: splits[split] for split in ("train", "validation") if splits[split]}
        if splits["excluded"]:
            configs[f"{one.config}.excluded"] = {"excluded": splits["excluded"]}
        write_text(aside / one.config / "CARD.md", _homeless(publish_card.body_of(_card(one, splits))))
        write_text(aside / one.config / "manifest.json", _homeless(json.dumps(one.manifest, ensure_ascii=False, indent=1, sort_keys=True)) + "\n")
    listed: list[dict[str, Any]] = [
        {"config_name": name, "data_files": [{"split": split, "path": f"{paths[0].parent.name}/{split}-*.parquet"} for split, paths in splits.items()]}
        for name, splits in configs.items()
    ]
    listed[0]["default"] = True
    keys = card_header.header(manifests, study.title, listed, [card_header.info(name, splits) for name, splits in configs.items()])
    write_text(aside / "README.md", card_header.front(keys) + "\n" + _homeless(publish_card.body(study, repo, manifests, rows, withheld)))
    write_text(aside / licences.FILE, card_sections.licences_page(manifests))
    words = sorted({licence for manifest in manifests for licence in licences.of(manifest)})
    write_text(aside / "croissant.json", croissant.text(croissant.describe(aside, repo, study.title, publish_card.summary(study), words, cite.PAPER, configs)))
    croissant.check(aside / "croissant.json")
