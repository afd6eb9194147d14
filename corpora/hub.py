"""The only file that knows the `datasets` library: rows of a corpus from the Hugging Face Hub, at a pinned commit."""

from __future__ import annotations

import importlib
import itertools
from collections.abc import Iterable, Iterator
from types import ModuleType
from typing import Any

from corpora.config import ConfigError
from corpora.corpus import Corpus, Hub, corpora_dir


def load_rows(corpus: Corpus, split: str) -> Iterator[dict[str, Any]]:
    """Yield the Hub's rows of a split, columns as the Hub names them; integer classes by name where the Hub knows the names.

    Running text (kind documents) is streamed: row after row over the network, never a whole collection on disk or in memory.
    Raises ConfigError for a corpus without a home or a pinned commit, a missing library, and a Hub that cannot be reached
    (HF_HUB_OFFLINE is respected by the library: what is in its cache is still found).
    """
    home = pinned_home(corpus, split)
    datasets = need("datasets", "the Hub is needed")
    try:
        streamed = {"streaming": True} if corpus.kind == "documents" else {}
        table = datasets.load_dataset(home.id, home.config or None, split=home.splits[split], revision=home.revision, **streamed)
    except Exception as err:  # the library raises a dozen kinds: no network, offline mode, gated, no such commit, config or split
        what = f"The Hub did not give {home.id} at {home.revision[:12]} ({type(err).__name__}: {_short(err)})."
        raise ConfigError(f"{_missing(corpus, split)} {what} {_remedy(home, bool(streamed))}") from err
    # names declared in our TOML go first: then integers stay as they are, and corpora.readers names them
    names = {} if home.label_names else {column: found for column, feature in (table.features or {}).items() if (found := _class_names(feature))}
    return _rows(corpus, split, home, itertools.islice(table, home.first or None) if streamed else table, names)


def _rows(corpus: Corpus, split: str, home: Hub, table: Iterable[dict[str, Any]], names: dict[str, list[str]]) -> Iterator[dict[str, Any]]:
    """Yield rows; a stream can break off at any of them. Raises ConfigError then."""
    number = 0
    try:
        for row in table:
            number += 1
            yield _named(row, names)
    except (OSError, RuntimeError, ValueError) as err:  # the network's errors; the library wraps some of them in its own, which are these
        raise ConfigError(
            f"corpus {corpus.name!r}, split {split!r}: the stream of {home.id} broke off after {number} rows ({type(err).__name__}: {_short(err)}). "
            "Run the same command again; what was built so far is kept"
        ) from err


def pinned_home(corpus: Corpus, split: str) -> Hub:
    """Return where the Hub has a split. Raises ConfigError for a corpus that has no home there, or no pinned commit."""
    if corpus.hub is None or split not in corpus.hub.splits:
        raise ConfigError(f"{_missing(corpus, split)} It has no home on the Hub: get it from {corpus.source} and put it under {corpora_dir()}")
    if not corpus.hub.revision:
        raise ConfigError(
            f"{_missing(corpus, split)} The Hub has it as {corpus.hub.id}, but no commit is pinned in corpora/{corpus.name}.toml, and what is not pinned "
            f"may change under a study. On a machine with a network run `python -m corpora pin {corpus.name}`, which writes today's commit there"
        )
    return corpus.hub


def _missing(corpus: Corpus, split: str) -> str:
    files = corpus.splits.get(split)
    if files is None:
        return f"corpus {corpus.name!r}, split {split!r}: only the Hub has it."
    return f"corpus {corpus.name!r}, split {split!r}: {', '.join(files.files)} is neither in {corpora_dir()} nor bundled."


def _remedy(home: Hub, streamed: bool) -> str:
    """Return the way out. A collection that is streamed is not to be fetched whole, and the library cannot stream a cached copy."""
    config = f", {home.config!r}" if home.config else ""
    cache = (
        "On a machine with a network this command fills the cache, which can be carried over ($HF_HOME): "
        f"python -c \"import datasets; datasets.load_dataset('{home.id}'{config}, revision='{home.revision}')\". "
    )
    stream = (
        "It is streamed, so it needs the network while it is read: run the same command on a machine with a network, or save a part of it there as "
        'plain files and declare them (docs/native-tasks.md, "Larger collections"). '
    )
    return (
        stream if streamed else cache
    ) + "Where HF_HUB_OFFLINE is set, unset it; where the corpus is gated, accept its terms on its Hub page and run `hf auth login`"


def _short(err: Exception) -> str:
    return " ".join(str(err).split())[:300]


def need(module: str, why: str) -> ModuleType:
    """Import a library that only the Hub needs. Raises ConfigError with the pip line."""
    try:
        return importlib.import_module(module)
    except ImportError as err:
        raise ConfigError(f"{why}, but the library `{module}` does not load ({err}); run: pip install {module}") from None


def _class_names(feature: Any) -> list[str]:
    """Return the class names of a column of classes, or of lists of classes; [] for any other column."""
    inner = getattr(feature, "feature", feature)  # a list column keeps its element's type there
    names = getattr(inner, "names", None)
    return list(names) if isinstance(names, list | tuple) else []


def _named(row: dict[str, Any], names: dict[str, list[str]]) -> dict[str, Any]:
    """Return the row with integer classes named; what has no name (-1 = "no label") stays an integer."""

    def name(value: Any, known: list[str]) -> Any:
        return known[value] if isinstance(value, int) and 0 <= value < len(known) else value

    out = dict(row)
    for column, known in names.items():
        value = out[column]
        out[column] = [name(item, known) for item in value] if isinstance(value, list) else name(value, known)
    return out


def has_token() -> bool:
    """Say whether a Hub token is in place (HF_TOKEN, or what `hf auth login` stored). Raises ConfigError without the client library."""
    return bool(need("huggingface_hub", "the Hub's token is looked for").get_token())


def newest_commit(corpus: Corpus) -> str:
    """Return the Hub's present commit of a corpus (40 hex digits). Raises ConfigError where the Hub does not answer."""
    if corpus.hub is None:
        raise ConfigError(f"corpus {corpus.name!r} has no [hub] table, so there is nothing to pin")
    api = need("huggingface_hub", "the Hub is asked for its present commit").HfApi()
    try:
        sha = api.dataset_info(corpus.hub.id).sha
    except Exception as err:  # as above: the client raises many kinds
        what = f"the Hub did not answer for {corpus.hub.id} ({type(err).__name__}: {_short(err)})"
        raise ConfigError(f"corpus {corpus.name!r}: {what}; run this on a machine with a network") from err
    return str(sha)
