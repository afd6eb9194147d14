"""build_data/across.py: what two arms share, and on which sides."""

from __future__ import annotations

from pathlib import Path

from build_data import across
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
    lines = across.table([one, other])
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
