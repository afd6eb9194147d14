"""Keep declarations true: write new sums and row counts (`seal`) and Hub commits (`pin`) into their TOML, touching nothing else."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

from corpora import corpus as corpora
from corpora.config import ConfigError, build
from corpora.corpus import Corpus
from corpora.hub import newest_commit
from corpora.readers import count_rows
from corpora.shards import file_sha256, write_text


def seal(name: str) -> list[str]:
    """Write the sha256 and rows of the local files of corpus `name`, as they are now, into its TOML; return one line per split changed.

    For a corpus that was changed on purpose. Splits whose files are not here are left alone. Raises ConfigError.
    """
    corpus, path = corpora.load(name), corpora.declared()[name]
    content, changed = path.read_text("utf-8"), []
    for split, files in corpus.splits.items():
        found = _here(corpus, split)
        if found is None:
            changed.append(f"{name} {split}: files not here, left as declared")
            continue
        sums, rows = [file_sha256(file) for file in found], count_rows(corpus, split)
        if (tuple(sums), rows) == (files.sha256, files.rows):
            continue
        content = _replace(content, path, split, sums, rows)
        changed.append(f"{name} {split}: {files.rows} -> {rows} rows, {sums[0][:12]}")
    return _rewrite(path, content, changed)


def pin(name: str) -> list[str]:
    """Write the Hub's present commit of corpus `name` into its TOML; return what changed. Raises ConfigError."""
    corpus, path = corpora.load(name), corpora.declared()[name]
    commit = newest_commit(corpus)
    assert corpus.hub is not None  # newest_commit() has made sure
    if commit == corpus.hub.revision:
        return []
    content, count = re.subn(r'(?m)^revision = "[^"]*"$', f'revision = "{commit}"', path.read_text("utf-8"), count=1)
    if not count:
        raise ConfigError(f'{path}: no line `revision = "..."` under [hub]; write one')
    return _rewrite(path, content, [f"{name}: {corpus.hub.id} {corpus.hub.revision[:12] or 'not pinned'} -> {commit[:12]}"])


def _here(corpus: Corpus, split: str) -> list[Path] | None:
    """Return the split's files, or None where they are not on this machine."""
    try:
        return corpora.locate(corpus, split, verify=False)
    except ConfigError:
        return None


def _replace(content: str, path: Path, split: str, sums: list[str], rows: int) -> str:
    """Return the TOML text with the `sha256` and `rows` of [splits.NAME] replaced; comments and order stay."""
    section = re.search(rf"(?m)^\[splits\.{re.escape(split)}\]\n(?:(?!\[)(?:.*\n|.+\Z))*", content)
    body = section.group() if section else ""
    listed = "\n" + "".join(f'  "{one}",\n' for one in sums) if len(sums) > 1 else f'"{sums[0]}"'
    body, first = re.subn(r"(?m)^sha256 = \[[^\]]*\]", f"sha256 = [{listed}]", body)
    body, second = re.subn(r"(?m)^rows = \d+", f"rows = {rows}", body)
    if section is None or (first, second) != (1, 1):
        raise ConfigError(f"{path}: [splits.{split}] must be a table of its own, with one line `rows = N` and one `sha256 = [...]`, to be sealed")
    return content[: section.start()] + body + content[section.end() :]


def _rewrite(path: Path, content: str, changed: list[str]) -> list[str]:
    if content != path.read_text("utf-8"):
        build(Corpus, tomllib.loads(content), str(path))  # a file that would no longer read is never written
        write_text(path, content)
        corpora.load.cache_clear()
    return changed
