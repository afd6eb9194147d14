"""Reading of files that anybody may have written: bounded in size, and in one kind of error whatever is wrong with them.

JSON may be nested so deeply that Python's parser gives up (RecursionError), hold whole numbers of more digits than it converts (ValueError), or
be larger than memory. Those who read a file of ours that may be damaged, or a file of a user's, expect ValueError and OSError and nothing else.
"""

from __future__ import annotations

import json
import os
import re
import reprlib
from pathlib import Path
from typing import Any

MOST_JSON = 256 << 20  # bytes of a JSON file that is no corpus; the largest we know is the tokenizer.json of XLM-R with 17 MB
_SHORT = reprlib.Repr()
_SHORT.maxlevel, _SHORT.maxstring, _SHORT.maxother = 3, 120, 120


def read_bytes(path: Path, most: int) -> bytes:
    """Return a file's bytes. Raises ValueError for one of more than `most`, whatever its size claims to be (a device, a pipe), and OSError."""
    with path.open("rb") as file:
        found = file.read(most + 1)
    if len(found) > most:
        raise ValueError(f"larger than {most:,} bytes")
    return found


def parse_json(text: str | bytes) -> Any:
    """Return the value of a JSON text. Raises ValueError for anything else, also where it is nested too deeply."""
    try:
        return json.loads(text)
    except RecursionError:
        raise ValueError("nested too deeply") from None


def read_json(path: Path, most: int = MOST_JSON) -> Any:
    """Return the value in a JSON file (UTF-8). Raises ValueError and OSError."""
    return parse_json(read_bytes(path, most).decode("utf-8"))


HOME = "FIHU_HOME"  # the variable by which a worker on another machine is told its planner's home folder
TOKEN = re.compile(r"hf_[A-Za-z0-9]{8,}")


def private(text: str) -> str:
    """Return a text for a record: home folders as ~ (this machine's, and that of whoever gave a worker its task), and nothing that looks like a token of the Hub."""
    for home in sorted({str(Path.home()), os.environ.get(HOME, "")}, key=len, reverse=True):  # one may lie in the other
        if len(home) > 1:
            text = re.sub(rf"{re.escape(home)}(?=[/\s:'\",;)]|$)", "~", text)
    return TOKEN.sub("hf_***", text)


def shown(value: Any) -> str:
    """Return a value for a message: short, however long or deep it is."""
    return _SHORT.repr(value)
