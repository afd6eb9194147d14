"""A full disk, whoever meets it: one kind of error, and one sentence that says what to do."""

from __future__ import annotations

import contextlib
import errno
import os
import re
import tempfile
from collections.abc import Iterator

from corpora.config import ConfigError

FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)  # no space, no quota, a file as large as it may get
NUMBER = re.compile(r"\(os error (\d+)\)")  # as Rust ends its messages


@contextlib.contextmanager
def disk_errors() -> Iterator[None]:
    """Let what safetensors raises of a disk be the OSError that it is, so that whoever handles those handles it."""
    try:
        yield
    except Exception as err:
        if type(err).__name__ == "SafetensorError" and (found := NUMBER.search(str(err))):  # by name: the library is loaded where it is needed only
            raise OSError(int(found[1]), os.strerror(int(found[1]))) from err
        raise


def full_disk(err: BaseException) -> ConfigError | None:
    """Return what to tell of an error that a full disk caused, None for any other. Files without a name are libraries' temporary ones."""
    if not isinstance(err, OSError) or err.errno not in FULL:
        return None
    place = f"{err.filename}: " if err.filename else ""
    other = (
        "" if err.filename else f" there or in {tempfile.tempdir or os.environ.get('TMPDIR', '/tmp')}, where temporary files lie (TMPDIR names another folder)"
    )
    return ConfigError(
        f"{place}could not be written ({err.strerror}); free some space{other}, then run the same command again: it goes on from what is finished"
    )
