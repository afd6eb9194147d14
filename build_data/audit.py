"""`python -m build_data.audit studies/x.toml`: does any built training row hold an evaluation text, or stand on both sides of a split?

A second opinion on leaks.py and split.py that shares no code with them: it opens the finished Parquet files and the raw files
of the evaluation sets itself, and compares texts as Python strings, sets and substrings. It ends with status 1 on any find.
"""

from __future__ import annotations

import bz2
import gzip
import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import pyarrow.parquet as pq
import typer

from corpora import cli
from corpora import corpus as corpora
from corpora import study as studies
from corpora.config import ConfigError
from corpora.study import Study

TEXTS = ("premise", "hypothesis", "context", "question", "endings", "text", "tokens")  # columns that hold what a model reads
LONG, RUN, CANDIDATE, NEAR = 6, 13, 4, 0.7  # words of a whole text inside another; words in a row; words two near texts share; Jaccard


@dataclass(frozen=True)
class Find:
    """One row that should not be there."""

    folder: str
    row: str
    rule: str
    origin: str
    text: str


def words(text: str) -> list[str]:
    """Return the words between white space, casefolded, letters and digits alone."""
    found = ("".join(filter(str.isalnum, part)) for part in text.casefold().split())
    return [word for word in found if word]


def grams(text: str) -> set[str]:
    """Return the character 5-grams of a text's words."""
    joined = " ".join(words(text))
    return {joined[i : i + 5] for i in range(max(1, len(joined) - 4))}


class Evaluation:
    """The evaluation texts of a study, looked up by their first words, runs of words, and letters."""

    def __init__(self) -> None:
        self.texts: list[tuple[str, str]] = []
        self.letters: dict[str, str] = {}
        self.starts: dict[str, list[int]] = defaultdict(list)
        self.runs: dict[str, str] = {}
        self.shared: dict[str, list[int]] = defaultdict(list)

    def add(self, text: str, origin: str) -> None:
        parts = words(text)
        if len(parts) < 2:
            return
        self.letters.setdefault("".join(parts), origin)
        if len(parts) >= LONG:
            self.starts[" ".join(parts[:LONG])].append(len(self.texts))
            for at in range(len(parts) - CANDIDATE + 1):
                self.shared[" ".join(parts[at : at + CANDIDATE])].append(len(self.texts))
            self.texts.append((" ".join(parts), origin))
        for at in range(len(parts) - RUN + 1):
            self.runs.setdefault(" ".join(parts[at : at + RUN]), origin)

    def find(self, text: str) -> tuple[str, str] | None:
        """Return (rule, origin) of the first evaluation text that `text` repeats, or None."""
        parts = words(text)
        if len(parts) >= 2 and (origin := self.letters.get("".join(parts))):
            return "equal", origin
        whole = f" {' '.join(parts)} "
        for at in range(len(parts) - LONG + 1):
            for number in self.starts.get(" ".join(parts[at : at + LONG]), ()):
                if f" {self.texts[number][0]} " in whole:
                    return "holds one", self.texts[number][1]
            if at + RUN <= len(parts) and (origin := self.runs.get(" ".join(parts[at : at + RUN]))):
                return f"{RUN} words in a row", origin
        return self._near(parts) if len(parts) >= LONG else None

    def _near(self, parts: list[str]) -> tuple[str, str] | None:
        candidates = {n for at in range(len(parts) - CANDIDATE + 1) for n in self.shared.get(" ".join(parts[at : at + CANDIDATE]), ())}
        own = grams(" ".join(parts))
        for number in sorted(candidates):
            known = grams(self.texts[number][0])
            if len(own & known) >= NEAR * len(own | known):
                return "near", self.texts[number][1]
        return None


def evaluation(study: Study) -> Evaluation:
    """Read every dev and test file of the study's targets, in all its languages. Raises ConfigError for a file that is not here."""
    found = Evaluation()
    wanted: list[tuple[str, str, tuple[str, ...]]] = [
        (f"{name}.{language}", corpus, ("dev", "test"))
        for name, target in study.targets.items()
        for language, corpus in [("en", target.english), *target.test.items()]
        if corpus
    ]
    for name in study.guard.also:
        corpus, _, split = name.partition(":")
        wanted.append((name, corpus, (split,) if split else ("dev", "test")))
    for origin, corpus, splits in wanted:
        declared = corpora.load(corpus)
        for split in splits:
            if split in declared.splits:
                for path in corpora.locate(declared, split) or ():
                    for text in raw_texts(path):
                        found.add(text, origin)
            elif declared.hub is not None and split in declared.hub.splits:
                raise ConfigError(
                    f"corpus {corpus!r}, split {split!r} is on the Hub only; the audit reads local files: put it under CORPORA_DIR and declare it"
                )
    return found


def raw_texts(path: Path) -> Iterator[str]:
    """Yield every text of a file by what its lines look like: JSON, CoNLL-U, a token a line, or plain and tabbed lines."""
    opener: Any = {".gz": gzip.open, ".bz2": bz2.open}.get(path.suffix, open)
    with opener(path, "rt", encoding="utf-8") as file:
        content: str = file.read()
    name = path.name.removesuffix(".gz").removesuffix(".bz2")
    if name.endswith(".json"):
        yield from _strings(json.loads(content))
    elif name.endswith(".jsonl"):
        for line in content.splitlines():
            yield from _strings(json.loads(line))
    elif "\n\n" in content and "\t" in content:
        for block in content.split("\n\n"):
            rows = [line.split("\t") for line in block.splitlines() if line and not line.startswith("#")]
            if rows and len(rows[0]) >= 10:  # CoNLL-U: what is written, a range's words left out, empty nodes too
                rows = _written(rows)
            yield " ".join(row[1] if len(row) >= 10 else row[0] for row in rows)
    else:
        for line in content.splitlines():
            yield from line.split("\t")


def _written(rows: list[list[str]]) -> list[list[str]]:
    kept, until = [], 0
    for row in rows:
        first, _, last = row[0].partition("-")
        if last:
            until = int(last)
            kept.append(row)
        elif "." not in first and int(first) > until:
            kept.append(row)
    return kept


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for part in value.values():
            yield from _strings(part)
    elif isinstance(value, list):
        if value and all(isinstance(part, str) for part in value):
            yield " ".join(value)  # tokens
        for part in value:
            yield from _strings(part)


def rows_of(folder: Path, split: str) -> Iterator[tuple[str, str, list[str]]]:
    """Yield (id, document, texts) of a split's rows."""
    for path in sorted(folder.glob(f"{split}-*.parquet")):
        for row in pq.read_table(path).to_pylist():
            values = [row[name] for name in TEXTS if row.get(name)]
            yield row["id"], row["document"] or row["source_id"] or row["id"], [" ".join(v) if isinstance(v, list) else v for v in values]


def audit(folder: Path, known: Evaluation) -> list[Find]:
    """Return what is wrong with one built task: leaks in train and validation, and what stands on both sides."""
    sides = {split: list(rows_of(folder, split)) for split in ("train", "validation")}
    found = [Find(folder.name, row, hit[0], hit[1], text) for rows in sides.values() for row, _, texts in rows for text in texts if (hit := known.find(text))]
    seen = {key for _, document, texts in sides["train"] for key in _keys(document, texts)}
    for row, document, texts in sides["validation"]:
        found += [Find(folder.name, row, "both sides", key[0], key[1]) for key in _keys(document, texts) if key in seen]
    return found


def _keys(document: str, texts: Iterable[str]) -> list[tuple[str, str]]:
    return [("document", document), *(("text", " ".join(words(text)) or text) for text in texts)]


app = cli.App()


@app.command()
def main(
    study: Annotated[Path, typer.Argument(help="the study, e.g. studies/open.toml", autocompletion=cli.studies_here)],
    root: Annotated[Path, typer.Option(help="folder under which data/ lies")] = Path(),
) -> None:
    """Audit every built task of a study against the raw evaluation files; ends with 1 where something is found.

    Example: python -m build_data.audit studies/mini.toml
    """
    loaded = studies.load(study)
    known = evaluation(loaded)
    folders = [studies.data_folder(loaded, *pair, root / "data") for pair in studies.built_tasks(loaded)]
    built = [folder for folder in folders if (folder / "manifest.json").is_file()]
    if not built:
        raise ConfigError(f"no built task under {root / 'data' / loaded.name}; run: make data STUDY={study}")
    finds = [find for folder in built for find in audit(folder, known)]
    for find in finds[:20]:
        typer.echo(f"{find.folder}: row {find.row}: {find.rule}, {find.origin}: {find.text[:120]!r}")
    typer.echo(
        f"{len(built)} of {len(folders)} tasks audited against {len(known.letters):,} evaluation texts of two words up: "
        + (f"{len(finds)} finds ({', '.join(f'{rule} {n}' for rule, n in Counter(f.rule for f in finds).most_common())})" if finds else "nothing found")
    )
    raise SystemExit(1 if finds else 0)


if __name__ == "__main__":
    app()
