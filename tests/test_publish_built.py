"""Studies that were really built go to a Hub and come back: what `load_dataset` gives is, row for row, what the trainer reads, and every card is valid.

Building takes minutes, so this is asked for: FIHU_BUILT=FOLDER, where FOLDER/data/STUDY was made by `make data` (after `make demo`: FIHU_BUILT=.).
"""

from __future__ import annotations

import json
import os
from pathlib import Path

import hub_client
import hub_stand_in
import pytest
from hub_stand_in import faults_of, signed_in

from build_data import croissant, publish, publish_stage, recipes
from corpora import study as studies
from corpora.records import from_row
from corpora.study import built_tasks, data_folder
from train.data import built

ROOT = Path(__file__).parent.parent
BUILT = Path(os.environ.get("FIHU_BUILT") or "/nowhere").resolve()


@pytest.mark.parametrize("name", ["mini", "open"])
def test_a_built_study_comes_back_as_the_trainer_reads_it(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    there = BUILT / "data" / name
    if not there.is_dir():
        pytest.skip(f"no built study: make data STUDY=studies/{name}.toml, then FIHU_BUILT=. (building takes minutes)")
    (tmp_path / "data" / name).mkdir(parents=True)
    for folder in there.glob("*.*/"):
        if (folder / "manifest.json").is_file():
            (tmp_path / "data" / name / folder.name).symlink_to(folder)
    study = studies.load(ROOT / f"studies/{name}.toml")
    pairs = [pair for pair in built_tasks(study) if (data_folder(study, *pair, tmp_path / "data") / "manifest.json").is_file()]
    monkeypatch.setattr(publish_stage, "built_tasks", lambda _: pairs)
    # As it was built: publishing itself refuses a folder that other code or settings made, which is not what is asked here.
    monkeypatch.setattr(
        recipes, "finished", lambda study, task, arm, where: json.loads((data_folder(study, task, arm, where / "data") / "manifest.json").read_text("utf-8"))
    )
    tasks = publish_stage.gather(study, tmp_path)
    obstacles = publish_stage.obstacles(tasks)
    with hub_stand_in.running() as hub:
        signed_in(monkeypatch, hub)
        publish._publish(study, tmp_path, publish.Asked(repo=f"org/{name}", accept=True, drop=True))
        found = hub_client.load(hub.url, tmp_path, f"org/{name}", {"main": []})["main"]
    barred = {one.what.removeprefix("corpus ") for one in obstacles if one.kind == "no"}
    compared = 0
    for task, arm in pairs:
        data = built(study, task, arm, tmp_path)
        for split in ("train", "validation"):
            kept = [record for record in data.records(split) if record.corpus not in barred]
            assert [from_row(data.kind, row) for row in found.get(f"{task}.{arm}/{split}", [])] == kept, (task, arm, split)
            compared += len(kept)
    staged = tmp_path / "data" / name / ".work/publish"
    croissant.check(staged / "croissant.json")
    cards = [staged / "README.md", *(folder / "README.md" for folder in there.glob("*.*/") if (folder / "README.md").is_file())]
    assert [fault for card in cards for fault in faults_of(card.read_text("utf-8"))] == []
    print(
        f"\n{name}: {compared:,} rows of {len(pairs)} tasks compared, {len(cards)} cards, {len(found)} splits; in the way: {'; '.join(map(str, obstacles)) or 'nothing'}"
    )
