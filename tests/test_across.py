"""build_data/across.py: what two arms share, and on which sides."""

from __future__ import annotations

import itertools
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from build_data import across, near, sketches
from build_data.split import SHORTEST_NEAR
from corpora.records import Pair, Record
from corpora.shards import write_json, write_records

LAW = "Tämä laki tulee voimaan ensimmäisenä päivänä tammikuuta ensi vuonna"


def pair(id: str, premise: str, hypothesis: str) -> Pair:
    return Pair(id=id, premise=premise, hypothesis=hypothesis, label="entailment", document=id)


def folder(root: Path, name: str, train: list[Record], held: list[Record]) -> Path:
    made = root / name
    write_records(made / "train-00000.parquet", train, "pair", [])
    write_records(made / "validation-00000.parquet", held, "pair", [])
    write_json(made / "manifest.json", {"key": name})
    return made


def test_equal_and_near_texts_of_other_arms_are_found_on_the_side_where_they_are(tmp_path: Path) -> None:
    one = folder(tmp_path, "nli.native-fi", [pair("a", f"{LAW}.", "Ihan oma väite.")], [pair("b", "Toinen aivan oma lause tässä.", "Kolmas oma väite.")])
    other = folder(
        tmp_path, "story.native-fi", [pair("c", "Jokin muu lause, jota muualla ei ole.", "Neljäs.")],
        [pair("d", f"{LAW.upper()}!", "Viides."), pair("e", f"{LAW} taas.", "Kuudes."), pair("f", "Ei mitään yhteistä minkään kanssa tässä.", "Seitsemäs.")],
    )  # fmt: skip
    lines = across.write([one, other], tmp_path / "across.json")
    assert lines == [{"train": "nli.native-fi", "beside": "story.native-fi", "side": "validation", "equal": 1, "near": 1, "rows": ["d", "e"]}]
    assert across.straddling(lines) == 2


def test_the_table_is_kept_until_a_folder_changes(tmp_path: Path) -> None:
    one = folder(tmp_path, "a.en", [pair("a", f"{LAW}.", "Oma väite.")], [])
    other = folder(tmp_path, "b.en", [pair("b", f"{LAW}.", "Toinen väite.")], [])
    path = tmp_path / "across.json"
    lines = across.write([one, other], path)
    assert [(line["side"], line["equal"]) for line in lines] == [("train", 1)] and across.straddling(lines) == 0
    stamp = path.stat().st_mtime_ns
    assert across.write([one, other], path) == lines and path.stat().st_mtime_ns == stamp
    other = folder(tmp_path, "b.en", [pair("b", "Nyt aivan toinen lause tässä on.", "Toinen väite.")], [])
    write_json(other / "manifest.json", {"key": "new"})
    assert across.write([one, other], path) == []


WORDS = ("metsä", "talo", "joki", "vene", "kivi", "tie", "lintu", "kala")
STEMS = ("Vanha vene lepää rannalla odottaen uutta kesää ja", "Pihalla seisoi korkea kuusi jonka alla kasvoi")
TEXTS = [f"{stem} {word}" for stem in STEMS for word in WORDS] + ["joki.", "Vene on täällä"]  # 8 near ones twice; two that are too short
SIDES = st.tuples(st.lists(st.sampled_from(TEXTS), max_size=4), st.lists(st.sampled_from(TEXTS), max_size=4))


def build(root: Path, name: str, sides: tuple[list[str], list[str]], key: str) -> Path:
    train, held = ([pair(f"{name}{side}{i}", text, f"{text}!") for i, text in enumerate(texts)] for side, texts in zip("th", sides, strict=True))
    made = folder(root, name, train, held)
    write_json(made / "manifest.json", {"key": key})
    return made


def by_comparing_all(tasks: dict[str, tuple[list[str], list[str]]]) -> list[tuple[str, str, str, int, int]]:
    """The table by its definition, no hashes and no signatures."""
    lines = []
    for one, (other, side) in itertools.product(tasks, itertools.product(tasks, (0, 1))):
        if one == other or (side == 0 and one > other):
            continue
        train, beside = ({near.normal(text) for text in tasks[name][s]} for name, s in ((one, 0), (other, side)))
        equal = beside & train
        long = [text for text in beside - equal if len(text.split()) >= SHORTEST_NEAR]
        close = [text for text in long if any(near.jaccard(text, t) >= near.BOUND for t in train if len(t.split()) >= SHORTEST_NEAR)]
        if equal or close:
            lines.append((one, other, sketches.SIDES[side], len(equal), len(close)))
    return sorted(lines)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.dictionaries(st.sampled_from(["a.en", "b.en", "c.native-fi"]), SIDES, min_size=2), min_size=1, max_size=3))
def test_a_table_mended_after_changes_is_the_one_of_its_definition(builds: list[dict[str, tuple[list[str], list[str]]]]) -> None:
    with tempfile.TemporaryDirectory() as root:
        for number, tasks in enumerate(builds):
            folders = [build(Path(root), name, sides, f"{number} {sides}") for name, sides in tasks.items()]
            lines = across.write(folders, Path(root) / "across.json")
            assert [(line["train"], line["beside"], line["side"], line["equal"], line["near"]) for line in lines] == by_comparing_all(tasks)


def test_only_new_texts_are_compared_and_half_a_store_counts_for_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[str] = []
    bands = near.bands
    monkeypatch.setattr(near, "bands", lambda text: (seen.append(text), bands(text))[1])
    first, second, new = (f"{LAW} {word}" for word in ("yksi", "kaksi", "kolme"))
    folders = [build(tmp_path, "a.en", ([first], []), "1"), build(tmp_path, "b.en", ([], [second]), "1")]
    before = across.write(folders, tmp_path / "across.json")
    assert before[0]["near"] == 1 and len(seen) == 2
    folders[1] = build(tmp_path, "b.en", ([], [second, new]), "2")
    (line,) = across.write(folders, tmp_path / "across.json")
    assert line["near"] == 2 and len(seen) == 3 and line["rows"] == ["b.enh0", "b.enh1"]
    # Killed between a sketch and the pairs: the pairs on disk are of other sketches, so all is compared again from the sketches.
    store = tmp_path / ".across"
    old = (store / "near.parquet").read_bytes()
    folders[0] = build(tmp_path, "a.en", ([first, f"{LAW} neljä"], []), "3")
    whole_table = across.write(folders, tmp_path / "across.json")
    (store / "near.parquet").write_bytes(old)
    (tmp_path / "across.json").unlink()
    assert across.write(folders, tmp_path / "across.json") == whole_table and len(seen) == 4
    (store / "a.en.parquet").write_bytes(b"torn")
    (tmp_path / "across.json").unlink()
    assert across.write(folders, tmp_path / "across.json") == whole_table
    assert json.loads((tmp_path / "across.json").read_text("utf-8"))["value"]["lines"] == whole_table
    assert across.write(folders[:1], tmp_path / "across.json") == [] and not (store / "b.en.parquet").exists()


def test_sketches_have_the_same_bytes_in_every_process(tmp_path: Path) -> None:
    rows: list[Record] = [pair(f"r{i}", f"Premissi numero {i} kertoo jotakin.", f"Hypoteesi numero {i} väittää muuta.") for i in range(20)]
    folders = [folder(tmp_path, "a.en", rows, []), folder(tmp_path, "b.en", rows[:5], rows[5:])]
    code = "import sys; from pathlib import Path; from build_data import across; across.write([Path(f) for f in sys.argv[2:]], Path(sys.argv[1]))"
    made = []
    for seed in ("1", "2"):  # of the hashes of strings, by which a set is ordered
        table = tmp_path / seed / "across.json"
        subprocess.run([sys.executable, "-c", code, str(table), *map(str, folders)], check=True, env={**os.environ, "PYTHONHASHSEED": seed})
        made.append({path.name: path.read_bytes() for path in (table, *(table.parent / ".across").iterdir())})
    assert made[0] == made[1] and len(made[0]) == 4


def test_sketches_do_not_show_in_which_order_tasks_were_built(tmp_path: Path) -> None:
    sides = [([text for text in TEXTS if text.endswith(word)], []) for word in WORDS[:4]]

    def made(root: Path, *counts: int) -> dict[str, bytes]:
        folders = [build(root, f"{name}.en", side, name) for name, side in zip("abcd", sides, strict=True)]
        for count in counts:
            across.write(folders[:count], root / "across.json")
        return {path.name: path.read_bytes() for path in (root / ".across").iterdir()}

    assert made(tmp_path / "at once", 4) == made(tmp_path / "one by one", 1, 2, 3, 4)


def test_every_bit_of_what_is_kept_counts(tmp_path: Path) -> None:
    """A bit is flipped at 80 places of each file: the table is never another one, nor is a file that was read and is not what was written kept."""
    folders = [build(tmp_path, "a.en", (TEXTS[:6], []), "1"), build(tmp_path, "b.en", ([], TEXTS[3:9]), "1")]
    path = tmp_path / "across.json"
    across.write(folders, path)
    wanted = path.read_bytes()
    for kept in sorted((tmp_path / ".across").iterdir()):
        sound = kept.read_bytes()
        for at in range(0, len(sound), max(1, len(sound) // 80)):
            kept.write_bytes(sound[:at] + bytes([sound[at] ^ 1 << at % 8]) + sound[at + 1 :])
            path.unlink()
            across.write(folders, path)
            assert path.read_bytes() == wanted, (kept.name, at)
            kept.write_bytes(sound)
