"""Files to numbered lines of text: plain or .gz, strict UTF-8; every error names the file and the place in it."""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

from corpora.config import ConfigError

BOM = b"\xef\xbb\xbf"


def open_bytes(path: Path) -> IO[bytes]:
    """Open a file for reading, unpacking it where its name ends in .gz."""
    return gzip.open(path, "rb") if path.suffix == ".gz" else path.open("rb")  # type: ignore[return-value]


def decode(raw: bytes, path: Path, offset: int) -> str:
    """Return `raw`, which starts at byte `offset` of the (unpacked) file, as text. Raises ConfigError naming the byte."""
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as err:
        at, byte = offset + err.start, raw[err.start]
        raise ConfigError(
            f"{path}: byte {at} (0x{byte:02x}) is not UTF-8; convert the file, e.g. `iconv -f iso-8859-1 -t utf-8`, and declare the new sha256"
        ) from None


def lines(path: Path) -> Iterator[tuple[int, str]]:
    """Yield (line number from 1, line without its end). Only a newline ends a line: U+2028 and the like are text."""
    offset = 0
    try:
        with open_bytes(path) as file:
            for number, raw in enumerate(file, 1):
                skip = len(BOM) if number == 1 and raw.startswith(BOM) else 0
                yield number, decode(raw[skip:], path, offset + skip).removesuffix("\n").removesuffix("\r")
                offset += len(raw)
    except (OSError, EOFError, zlib.error) as err:
        raise ConfigError(f"{path}: cannot be read or unpacked ({err}); fetch the file again") from None


def whole_lines(path: Path) -> Iterator[tuple[int, str]]:
    """Yield numbered lines as `lines` does, but bytes that are not UTF-8 become U+FFFD: who reads documents one by one counts those that hold it."""
    try:
        with open_bytes(path) as file:
            for number, raw in enumerate(file, 1):
                line = raw.removeprefix(BOM) if number == 1 else raw
                yield number, line.decode("utf-8", errors="replace").removesuffix("\n").removesuffix("\r")
    except (OSError, EOFError, zlib.error) as err:
        raise ConfigError(f"{path}: cannot be read or unpacked ({err}); fetch the file again") from None


def whole_json(path: Path) -> Any:
    """Return the one JSON value that a file holds. Raises ConfigError with line and column."""
    try:
        with open_bytes(path) as file:
            raw = file.read()
    except (OSError, EOFError, zlib.error) as err:
        raise ConfigError(f"{path}: cannot be read or unpacked ({err}); fetch the file again") from None
    try:
        return json.loads(decode(raw.removeprefix(BOM), path, len(BOM) if raw.startswith(BOM) else 0))
    except json.JSONDecodeError as err:
        raise ConfigError(f"{path}:{err.lineno}: not JSON ({err.msg}, column {err.colno}); this reader takes one JSON value") from None
    except RecursionError:
        raise ConfigError(f"{path}: JSON nested too deeply to be a corpus") from None


def json_lines(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield (line number, object) of a JSONL file; empty lines are passed over. Raises ConfigError with the line."""
    for number, line in lines(path):
        if not line.strip():
            continue
        try:
            value = json.loads(line)
        except (json.JSONDecodeError, RecursionError) as err:
            raise ConfigError(f"{path}:{number}: not JSON ({err}); write one JSON object per line") from None
        if not isinstance(value, dict):
            raise ConfigError(f"{path}:{number}: found {str(value)[:60]!r}; write one JSON object per line")
        yield number, value
