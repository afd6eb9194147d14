"""Files to numbered lines of text: plain or .gz, strict UTF-8; every error names the file and the place in it."""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

from corpora.bounded import parse_json
from corpora.config import ConfigError

BOM = b"\xef\xbb\xbf"
MOST_LINE = 64 << 20  # bytes of one line; a document of the collections we know has 3 MB at most
MOST_JSON = 2 << 30  # bytes of a file that is one JSON value and lies in memory whole
MOST_RATIO = 200  # times a packed file may unfold beyond MOST_LINE; gzip reaches 1,032, text packs 3 to 10 times


def open_bytes(path: Path) -> IO[bytes]:
    """Open a file for reading, unpacking it where its name ends in .gz."""
    return gzip.open(path, "rb") if path.suffix == ".gz" else path.open("rb")  # type: ignore[return-value]


def _bounded(file: IO[bytes], path: Path) -> Iterator[bytes]:
    """Yield the lines of a file. Raises ConfigError for a line that is too long to be one, and for a packed file that unfolds without end (a bomb)."""
    number = size = 0
    packed = path.stat().st_size if path.suffix == ".gz" else 0
    while raw := file.readline(MOST_LINE + 1):
        number += 1
        size += len(raw)
        if len(raw) > MOST_LINE:
            raise ConfigError(f"{path}:{number}: a line of more than {MOST_LINE:,} bytes; put line ends between the rows")
        if packed and size > max(MOST_LINE, MOST_RATIO * packed):
            raise ConfigError(f"{path}: {packed:,} packed bytes unfold to more than {size:,}, as no text does; unpack it yourself if you trust it")
        yield raw


def _blocks(file: IO[bytes], path: Path) -> Iterator[bytes]:
    """Yield a file in blocks. Raises ConfigError for more than MOST_JSON bytes, and for a packed file that unfolds without end."""
    size = 0
    packed = path.stat().st_size if path.suffix == ".gz" else 0
    while raw := file.read(1 << 20):
        size += len(raw)
        if size > MOST_JSON or (packed and size > max(MOST_LINE, MOST_RATIO * packed)):
            raise ConfigError(f"{path}: more than {size:,} bytes of JSON in one value; cut it into a JSONL file, a row a line")
        yield raw


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
            for number, raw in enumerate(_bounded(file, path), 1):
                skip = len(BOM) if number == 1 and raw.startswith(BOM) else 0
                yield number, decode(raw[skip:], path, offset + skip).removesuffix("\n").removesuffix("\r")
                offset += len(raw)
    except (OSError, EOFError, zlib.error) as err:
        raise ConfigError(f"{path}: cannot be read or unpacked ({err}); fetch the file again") from None


def whole_lines(path: Path) -> Iterator[tuple[int, str]]:
    """Yield numbered lines as `lines` does, but bytes that are not UTF-8 become U+FFFD: who reads documents one by one counts those that hold it."""
    try:
        with open_bytes(path) as file:
            for number, raw in enumerate(_bounded(file, path), 1):
                line = raw.removeprefix(BOM) if number == 1 else raw
                yield number, line.decode("utf-8", errors="replace").removesuffix("\n").removesuffix("\r")
    except (OSError, EOFError, zlib.error) as err:
        raise ConfigError(f"{path}: cannot be read or unpacked ({err}); fetch the file again") from None


def whole_json(path: Path) -> Any:
    """Return the one JSON value that a file holds. Raises ConfigError with line and column."""
    try:
        with open_bytes(path) as file:
            raw = b"".join(_blocks(file, path))
    except (OSError, EOFError, zlib.error) as err:
        raise ConfigError(f"{path}: cannot be read or unpacked ({err}); fetch the file again") from None
    try:
        return parse_json(decode(raw.removeprefix(BOM), path, len(BOM) if raw.startswith(BOM) else 0))
    except json.JSONDecodeError as err:
        raise ConfigError(f"{path}:{err.lineno}: not JSON ({err.msg}, column {err.colno}); this reader takes one JSON value") from None
    except ValueError as err:
        raise ConfigError(f"{path}: JSON that is no corpus ({err})") from None


def json_lines(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield (line number, object) of a JSONL file; empty lines are passed over. Raises ConfigError with the line."""
    for number, line in lines(path):
        if not line.strip():
            continue
        try:
            value = parse_json(line)
        except ValueError as err:
            raise ConfigError(f"{path}:{number}: not JSON ({err}); write one JSON object per line") from None
        if not isinstance(value, dict):
            raise ConfigError(f"{path}:{number}: found {str(value)[:60]!r}; write one JSON object per line")
        yield number, value
