"""What a study has finished, kept on another place as well (OUT=s3://bucket/folder): built tasks, their table across arms, runs.

Commands fetch from there what is finished there and not here, so a bare node begins where others ended, and send what they finish, as soon as it
is finished. Work in progress (caches, shards, saved states of training) stays on the machine's own disk.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from corpora.bounded import parse_json
from corpora.config import ConfigError
from corpora.remote import Remote
from corpora.study import Study, built_tasks, data_folder

TABLES = "tables"  # the folder for data/STUDY/across.json; no task is named so, for theirs have a full stop


class Outlet:
    """A project folder `root` beside its other place."""

    def __init__(self, place: Remote, root: Path) -> None:
        self.place, self.root = place, root

    def fetch(self, folder: Path, wanted: Callable[[dict[str, Any]], bool], record: str) -> bool:
        """Bring a folder of the project here if it is whole there and `wanted` says so of its file `record`; say whether."""
        name = self._name(folder)
        if record not in (self.place.list_of(name) or {}):
            return False
        try:
            value = parse_json(self.place.read(name, record))
        except ValueError:
            return False
        return isinstance(value, dict) and wanted(value) and self.place.get(name, folder)

    def send(self, folder: Path) -> bool:
        """Bring a finished folder of the project there; say whether it was not there yet."""
        return self.place.put(folder, self._name(folder))

    def send_data(self, study: Study) -> int:
        """Bring all built tasks of a study there, and what is known across them; return how many folders were new."""
        folders = [data_folder(study, task, arm, self.root / "data") for task, arm in built_tasks(study)]
        sent = sum(self.send(folder) for folder in folders if (folder / "manifest.json").is_file())
        home = self.root / "data" / study.name
        if (home / "across.json").is_file():
            self.place.put(home, self._name(home / TABLES), ("across.json",))
        return sent

    def fetch_data(self, study: Study) -> int:
        """Bring the built tasks of a study here that are not here, and what is known across them; return how many folders came."""
        folders = [data_folder(study, task, arm, self.root / "data") for task, arm in built_tasks(study)]
        came = sum(self.fetch(folder, lambda _: True, "manifest.json") for folder in folders if not (folder / "manifest.json").is_file())
        home = self.root / "data" / study.name
        if not (home / "across.json").is_file() and self.place.get(self._name(home / TABLES), home / f".{TABLES}"):
            (home / f".{TABLES}" / "across.json").replace(home / "across.json")
            (home / f".{TABLES}").rmdir()
        return came

    def _name(self, folder: Path) -> str:
        try:
            return folder.relative_to(self.root).as_posix()
        except ValueError:
            raise ConfigError(f"{folder} is not in the project folder {self.root}") from None
