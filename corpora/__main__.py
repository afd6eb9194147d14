"""The declared corpora: `python -m corpora list`, `check [NAME...]`, `seal NAME...` (a corpus changed on purpose), `pin NAME...` (Hub commit)."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from corpora import corpus as corpora
from corpora import maintain
from corpora.config import ConfigError
from corpora.readers import read


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; return 1 where a check or a command failed."""
    parser = argparse.ArgumentParser(prog="python -m corpora", description=__doc__, epilog="Example: python -m corpora check en/mnli")
    commands = parser.add_subparsers(dest="command", required=True)
    for name, many, text in (
        ("list", "*", "print the declared corpora: name, kind, origin, publishable, where they are"),
        ("check", "*", "read every split whose files are here, and hold it to its declared sums and counts"),
        ("seal", "+", "write the present sha256 and row counts of local files into the TOML"),
        ("pin", "+", "write the Hub's present commit into the TOML (needs a network)"),
    ):
        commands.add_parser(name, help=text, description=text).add_argument("names", nargs=many, metavar="NAME")
    args = parser.parse_args(argv)
    try:
        for name in args.names:
            corpora.load(name)  # a misspelt name stops before anything is done
        return {"list": _list, "check": _check, "seal": _seal, "pin": _pin}[args.command](args.names or sorted(corpora.declared()))
    except ConfigError as err:
        print(err, file=sys.stderr)
        return 1
    except BrokenPipeError:  # `... | head` has read enough
        sys.stderr.close()
        return 0


def _list(names: Sequence[str]) -> int:
    for name in names:
        corpus = corpora.load(name)
        places = [split if _have(corpus, split) else f"({split})" for split in corpus.splits]
        hub = f"hub:{corpus.hub.id}{'' if corpus.hub.revision else ' (not pinned)'}" if corpus.hub else ""
        print(f"{name:28} {corpus.kind:9} {corpus.origin:18} {corpus.publishable:14} {' '.join(places)} {hub}".rstrip())
    print("A split in brackets has no local file: set CORPORA_DIR, or it comes from the Hub.")
    return 0


def _have(corpus: corpora.Corpus, split: str) -> bool:
    try:
        return corpora.locate(corpus, split, verify=False) is not None
    except ConfigError:
        return False


def _check(names: Sequence[str]) -> int:
    bad = 0
    for name in names:
        corpus = corpora.load(name)
        for split, files in corpus.splits.items():
            if not _have(corpus, split):
                print(f"{name:28} {split:10} {'':>8} missing")
                continue
            refused: list[str] = []
            try:
                rows = read(corpus, split, refused=refused)
            except ConfigError as err:
                bad += 1
                print(f"{name:28} {split:10} {'':>8} WRONG: {err}")
                continue
            left = f", {len(refused)} refused as declared" if refused else ""
            left += f", {files.rows - len(rows) - len(refused)} not kept" if files.rows - len(rows) - len(refused) else ""
            print(f"{name:28} {split:10} {len(rows):>8} ok{left}", flush=True)
    return 1 if bad else 0


def _seal(names: Sequence[str]) -> int:
    for name in names:
        print("\n".join(maintain.seal(name)) or f"{name}: nothing changed")
    return _check(names)


def _pin(names: Sequence[str]) -> int:
    for name in names:
        print("\n".join(maintain.pin(name)) or f"{name}: already at the newest commit")
    return 0


if __name__ == "__main__":
    sys.exit(main())
