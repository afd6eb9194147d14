"""Checks the Stanza stage: speed beside Stanza itself, company, memory.

    python -m benchmarks.parse speed   [--count 2000]     beside bare bulk_process and one call per text; what the guard and trees cost
    python -m benchmarks.parse company [--count 2000]     differences between a text alone, in sorted and in shuffled batches
    python -m benchmarks.parse memory  [--count 100000]   resident memory after a tenth of the sentences and after all

Texts are target sides of CORPORA_DIR's parallel/en-XX, or the bundled documents' sentences where it has none (for `memory` with a
number before each, since a text is parsed once only). Times are processor seconds of one thread, ours and theirs by turns
on the same batches, so that a busy machine slows both.
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import random
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import torch

from build_data import parse, parse_ties
from build_data.lazy import need
from build_data.parse_packs import Pack, open_pack
from corpora.corpus import ROOT, corpora_dir

PACKS = {"fi": "mini/models/stanza/fi", "hu": "mini/models/stanza/hu"}
BATCH = 500
EACH = 10  # every tenth text is also parsed by a call of its own


def texts(language: str, count: int) -> list[str]:
    """Return up to `count` distinct sentences in a fixed random order."""
    found = list(dict.fromkeys(_real(language) if (corpora_dir() / f"parallel/en-{language}").is_dir() else _bundled(language)))
    random.Random(1).shuffle(found)
    return found[:count]


def _real(language: str) -> Iterator[str]:
    for path in sorted((corpora_dir() / f"parallel/en-{language}").glob("*.tsv.gz")):
        with gzip.open(path, "rt", encoding="utf-8") as file:
            yield from (text for line in file if (text := line.rstrip("\n").split("\t")[1]).strip())


def _bundled(language: str) -> Iterator[str]:
    for line in (ROOT / f"mini/{language}/docs.jsonl").read_text("utf-8").splitlines():
        yield from (s.strip() + "." for paragraph in json.loads(line)["paragraphs"] for s in paragraph.split(".") if s.strip())


def bare_pipeline(pack: Pack, home: Path) -> Any:
    """Return Stanza's own pipeline over a pack's tokenizer and tagger, untouched by ours."""
    registry: dict[str, Any] = {"lang_name": pack.language, "packages": {"default": {"tokenize": "own", "pos": "own"}}}
    for name in ("tokenize", "pos"):
        (home / pack.language / name).mkdir(parents=True)
        (home / pack.language / name / "own.pt").symlink_to(pack.files[f"{name}.pt"])
        registry[name] = {"own": {}}
    (home / "resources.json").write_text(json.dumps({pack.language: registry}), "utf-8")
    return need("stanza", "build").Pipeline(pack.language, dir=str(home), processors="tokenize,pos", download_method=None, verbose=False)


def clock(work: Callable[[], Any]) -> float:
    start = time.process_time()
    work()
    return time.process_time() - start


def speed(language: str, count: int, folder: Path) -> None:
    pack = open_pack(PACKS, language, Path)
    bare = bare_pipeline(pack, folder / "home")
    ours, free, trees = (parse.StanzaParser(pack, BATCH, folder / f"{name}.sqlite") for name in ("ours", "free", "trees"))
    batches = parse.cut(texts(language, count), BATCH)
    for parser in (ours, free, trees):
        parser.parse(["1 a."], trees=parser is trees)
    bare.bulk_process(["1 a."])
    spent = dict.fromkeys(("ours", "bare", "single", "free", "trees"), 0.0)
    words = 0
    for batch in batches:
        spent["bare"] += clock(lambda: bare.bulk_process(batch))  # noqa: B023
        spent["ours"] += clock(lambda: ours.parse(batch, trees=False))  # noqa: B023
        spent["single"] += clock(lambda: [bare(text) for text in batch[::EACH]]) * len(batch) / len(batch[::EACH])  # noqa: B023
        kept, parse_ties.TIE = parse_ties.TIE, 0.0
        spent["free"] += clock(lambda: free.parse(batch, trees=False))  # noqa: B023
        parse_ties.TIE = kept
        spent["trees"] += clock(lambda: trees.parse(batch, trees=True))  # noqa: B023
        words += sum(len(s.words) for found in ours.parse(batch, trees=False) if found for s in found.sentences)
    again = clock(lambda: [ours.parse(batch, trees=False) for batch in batches])
    print(f"{language}: {sum(map(len, batches))} texts, {words} words; words a second and core:")
    for name, what in (("ours", "ours"), ("bare", "bare bulk_process"), ("single", "a call per text"), ("trees", "ours with trees")):
        print(f"  {what:20} {words / spent[name]:8,.0f}   ours is {spent[name] / spent['ours']:.2f} times as fast")
    print(f"  {'from the cache':20} {words / again:8,.0f}")
    print(f"  the guard against near-ties costs {100 * (spent['ours'] / spent['free'] - 1):+.1f} %")


def company(language: str, count: int, folder: Path) -> None:
    pack = open_pack(PACKS, language, Path)
    bare = bare_pipeline(pack, folder / "home")
    wanted = sorted(texts(language, count), key=len)
    shuffled = random.Random(2).sample(wanted, len(wanted))
    orders = ((wanted, 1), (wanted, 250), (shuffled, 100))
    for trees in (False, True):
        some = {text for text in wanted if not trees or len(text) % 4 == 0}  # a quarter with trees: alone they are slow
        parser = [parse.StanzaParser(pack, size, folder / f"{number}{trees}.sqlite") for number, (_, size) in enumerate(orders)]
        ways = [
            in_batches([text for text in order if text in some], size, lambda batch, p=p: p.parse(batch, trees=trees))  # type: ignore[misc]  # noqa: B023
            for p, (order, size) in zip(parser, orders, strict=True)
        ]
        differing = sum(any(way[text] != ways[0][text] for way in ways[1:]) for text in some)
        print(f"{language}, {'with' if trees else 'without'} trees: {differing} of {len(some)} texts differ between alone, 250 sorted and 100 shuffled")

    def tags(batch: list[str]) -> list[Any]:
        return [[(w.text, w.upos, w.feats) for s in doc.sentences for w in s.words] for doc in bare.bulk_process(batch)]

    stock = [in_batches(order, size, tags) for order, size in orders]
    differing = sum(any(way[text] != stock[0][text] for way in stock[1:]) for text in wanted)
    print(f"{language}, bare Stanza without trees: {differing} of {len(wanted)} texts differ")


def in_batches(order: list[str], size: int, work: Callable[[list[str]], list[Any]]) -> dict[str, Any]:
    """Return what `work` makes of each text, `size` texts at a time."""
    out: dict[str, Any] = {}
    for at in range(0, len(order), size):
        out |= zip(order[at : at + size], work(order[at : at + size]), strict=True)
    return out


def memory(language: str, count: int, folder: Path) -> None:
    pack = open_pack(PACKS, language, Path)
    parser = parse.StanzaParser(pack, BATCH, folder / "memory.sqlite")
    known = sorted(texts(language, count), key=len)[: 2 * count // 3] if (corpora_dir() / f"parallel/en-{language}").is_dir() else texts(language, count)
    random.Random(3).shuffle(known)
    sizes = {}
    for at in range(0, count, 1000):
        batch = [known[i % len(known)] if i < len(known) else f"{i // len(known)} {known[i % len(known)]}" for i in range(at, at + 1000)]
        parser.parse(batch, trees=False)
        if at + 1000 in (count // 10, count // 2, count):
            pages = int(Path("/proc/self/statm").read_text("ascii").split()[1])
            sizes[at + 1000] = pages * os.sysconf("SC_PAGE_SIZE") / 2**20
            print(f"{language}: {at + 1000} sentences, {sizes[at + 1000]:.0f} MB resident", flush=True)
    print(f"{language}: {sizes[count] / sizes[count // 10]:.3f} times the memory of a tenth of them")


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("what", choices=("speed", "company", "memory"))
    arguments.add_argument("--count", type=int, default=0)
    arguments.add_argument("--language", choices=tuple(PACKS), action="append")
    asked = arguments.parse_args()
    torch.set_num_threads(1)
    work, count = {"speed": (speed, 2000), "company": (company, 2000), "memory": (memory, 100_000)}[asked.what]
    for language in asked.language or PACKS:
        with tempfile.TemporaryDirectory() as folder:
            work(language, asked.count or count, Path(folder))


if __name__ == "__main__":
    main()
