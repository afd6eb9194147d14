"""What a build says of its translation model, and when a better one at hand makes it refuse."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from build_data import mt_quality, mt_record, mt_rivals
from build_data.memory import Memory
from build_data.mt_rivals import Margin, compare
from build_data.translate import Translated
from corpora.config import ConfigError
from corpora.records import Aligned
from corpora.study import Translation

DEV = "mini/tatoeba-fi"
CARD: dict[str, Any] = {"source": "en", "target": "fi"}


class Table:
    """A translator that knows the references and says so many of them wrongly."""

    def __init__(self, rows: Sequence[Aligned], wrong: int) -> None:
        self.fingerprint = f"table-{wrong}"
        self.known = {row.source: row.target if i >= wrong else "aivan muuta tekstiä" for i, row in enumerate(rows)}
        self.asked = Counter[str]()

    def translate(self, texts: Sequence[str]) -> list[Translated]:
        self.asked.update(texts)
        return [Translated(self.known[text], -0.5) for text in texts]


def test_dev_rows_are_chosen_by_hash_and_turned_round() -> None:
    name, rows = mt_quality.dev_rows(DEV, "en", "fi")
    assert name == f"{DEV}:test" and len(rows) == 200
    _, back = mt_quality.dev_rows(DEV, "fi", "en")
    assert [(r.source, r.target) for r in back] == [(r.target, r.source) for r in rows]
    assert any(ord(c) > 127 for r in rows for c in r.target) and not any("ä" in r.source for r in rows)
    with pytest.raises(ConfigError, match=r"kind 'aligned' in .*a model en -> hu is measured on it"):
        mt_quality.dev_rows(DEV, "en", "hu")


def test_quality_falls_with_errors_and_is_decoded_once() -> None:
    _, rows = mt_quality.dev_rows(DEV, "en", "fi")
    good, bad, memory = Table(rows, 0), Table(rows, 60), Memory()
    first = mt_quality.quality(good, rows, memory)
    assert first["chrF"] == 100.0 and first["BLEU"] == 100.0 and "nrefs:1" in first["chrF_signature"]
    worse = mt_quality.quality(bad, rows, memory)
    assert worse["chrF"] < 90 and worse["rows"] == 200
    assert mt_quality.quality(bad, rows, memory) == worse and max(bad.asked.values()) == 1


def test_decoding_counts_each_sentence_once_in_any_company() -> None:
    done = {
        "A lamp.": Translated("Lamppu.", -0.4), "A ship.": Translated("Laiva.", -0.8, (), "beam"), "Fog.": Translated("s s s", -3.0, ("loop", "cut")),
        "1879": Translated("1879", 0.0),
    }  # fmt: skip
    found = mt_quality.decoding([done])
    assert found == {
        "sentences": 4, "score": -1.4, "mended": {"beam": 1}, "failed": {"loop": 1}, "share_retried": 0.5, "share_failed": 0.25,
    }  # fmt: skip
    halves = [{k: done[k] for k in keys} for keys in (["Fog.", "A lamp."], ["1879", "A ship.", "Fog."])]
    assert mt_quality.decoding(halves) == found  # shards overlap and come in any order
    assert mt_quality.decoding([]) == {"sentences": 0, "score": 0.0, "mended": {}, "failed": {}, "share_retried": 0.0, "share_failed": 0.0}


@pytest.mark.parametrize(
    ("own", "other", "better"),
    [
        ((44.0, 20.0), (44.9, 21.9), False),
        ((44.0, 20.0), (45.0, 20.0), True),
        ((44.0, 20.0), (44.1, 22.0), True),
        ((44.0, 20.0), (44.0, 25.0), False),  # the metrics disagree
        ((44.0, 20.0), (45.5, 18.0), True),  # chrF decides
        ((44.0, 20.0), (30.0, 9.0), False),
    ],
)
def test_the_rule(own: tuple[float, float], other: tuple[float, float], better: bool) -> None:
    assert Margin("x", own, other).better is better


def score(chrf: float, bleu: float, corpus: str = f"{DEV}:test", rows: int = 200, signature: str = "s") -> dict[str, Any]:
    return {"corpus": corpus, "rows": rows, "chrF": chrf, "BLEU": bleu, "chrF_signature": signature}


def folder(home: Path, name: str, card: Mapping[str, Any] | str) -> Path:
    (home / name).mkdir(parents=True)
    (home / name / "model.bin").touch()
    (home / name / "model.json").write_text(card if isinstance(card, str) else json.dumps(card), "utf-8")
    return home / name


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A CORPORA_DIR with the study's own model, and nothing bundled."""
    monkeypatch.setenv("CORPORA_DIR", str(tmp_path))
    monkeypatch.setattr(mt_rivals, "ROOT", tmp_path / "nothing")
    folder(tmp_path, "models/own", CARD)
    return tmp_path


def settings(**changes: Any) -> Translation:
    return Translation(**{"models": {"fi": "models/own"}, "dev": {"fi": DEV}, **changes})


def unasked(name: str) -> Mapping[str, Any]:
    raise AssertionError(f"{name} was measured, though nobody listed it")


def test_a_better_model_at_hand_refuses_the_study(home: Path) -> None:
    folder(home, "models/strong", {**CARD, "dev": {f"{DEV}:test": score(53.1, 28.2)}})
    folder(home, "models/stronger", {**CARD, "dev": {f"{DEV}:test": score(55.0, 29.0)}})
    with pytest.raises(ConfigError) as caught:
        compare(settings(), "fi", score(44.23, 19.98), CARD, unasked)
    for part in (
        "models/own is weaker than models/stronger",
        "chrF 44.2 against 55.0",
        "BLEU 20.0 against 29.0",
        'translation.models.fi = "models/stronger"',
        'translation.insist = ["fi"]',
    ):
        assert part in str(caught.value)
    found = compare(settings(insist=("fi",)), "fi", score(44.23, 19.98), CARD, unasked)
    assert [(one["model"], one["better"]) for one in found] == [("models/strong", True), ("models/stronger", True)]
    assert found[0] == {"model": "models/strong", "on": f"{DEV}:test (200 rows)", "own": [44.23, 19.98], "other": [53.1, 28.2], "better": True}
    assert str(home) not in json.dumps(found)


@pytest.mark.parametrize(
    "card",
    [
        {"source": "en", "target": "hu", "dev": {f"{DEV}:test": score(99, 99)}},  # another language
        {"source": "fi", "target": "en", "dev": {f"{DEV}:test": score(99, 99)}},  # the other way
        {"dev": {f"{DEV}:test": score(99, 99)}},  # nobody knows what it translates
        "not JSON",
    ],
)
def test_what_is_no_rival_is_left_alone(home: Path, card: Mapping[str, Any] | str) -> None:
    folder(home, "models/odd", card)
    assert compare(settings(), "fi", score(44, 20), CARD, unasked) == []


@pytest.mark.parametrize(
    "dev",
    [
        {f"{DEV}:test": score(99, 99, rows=1000)},  # other rows
        {f"{DEV}:test": score(99, 99, signature="nw:2")},  # another chrF
        {"xtreme/tatoeba-fi:test": score(99, 99)},  # another corpus
        {f"{DEV}:test": {"chrF": 99}},
        None,
    ],
)
def test_only_like_is_compared_with_like(home: Path, dev: Mapping[str, Any] | None) -> None:
    folder(home, "models/strong", {**CARD, "dev": dev})
    (found,) = compare(settings(), "fi", score(44, 20), CARD, unasked)
    assert found["model"] == "models/strong" and "list it in translation.candidates.fi to have it measured" in found["why"]


def test_two_cards_compare_on_what_they_share_weighted_by_rows(home: Path) -> None:
    mine = {**CARD, "dev": {f"{DEV}:news": score(20, 3, rows=300, corpus=DEV), f"{DEV}:short": score(44, 20, rows=100, corpus=DEV)}}
    folder(home, "models/strong", {**CARD, "dev": {f"{DEV}:news": score(20, 3, rows=300), f"{DEV}:short": score(47, 20, rows=100)}})
    (found,) = compare(settings(), "fi", score(30, 9), mine, unasked)
    assert (found["own"], found["other"], found["better"]) == ([26.0, 7.25], [26.75, 7.25], False)


def test_a_listed_candidate_is_measured_now(home: Path) -> None:
    asked: list[str] = []

    def measure(name: str) -> Mapping[str, Any]:
        asked.append(name)
        return score(44.5, 20.5) if name == "other/weak" else score(60, 30)

    wanted = settings(candidates={"fi": ("models/own", "other/weak")})
    folder(home, "models/strong", {**CARD, "dev": {f"{DEV}:test": score(44.6, 20)}})
    found = compare(wanted, "fi", score(44, 20), CARD, measure)
    assert asked == ["other/weak"] and [(one["model"], one["better"]) for one in found] == [("other/weak", False), ("models/strong", False)]
    with pytest.raises(ConfigError, match=re.escape("models/own is weaker than other/strong")):
        compare(settings(candidates={"fi": ("other/strong",)}), "fi", score(44, 20), CARD, measure)


class Model(Table):
    """A table with what a record asks of a translator beside."""

    def __init__(self, rows: Sequence[Aligned], wrong: int, source: str = "en", language: str = "fi") -> None:
        super().__init__(rows, wrong)
        self.source, self.language, self.settings, self.folder = source, language, {"beam": 1}, Folder(Path("models/own"))
        self.card: dict[str, Any] = {"licence": "CC-BY-4.0"}


class Folder:
    def __init__(self, path: Path) -> None:
        self.path = path


def test_the_record_holds_model_licence_scores_and_comparison(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _, rows = mt_quality.dev_rows(DEV, "en", "fi")
    rivals = {"other/weak": Model(rows, 40), "other/strong": Model(rows, 0)}
    monkeypatch.setattr(mt_record, "load_translator", lambda settings, language, threads: rivals[settings.models[language]])
    own, memory, told = Model(rows, 30), Memory(), list[str]()
    wanted = settings(candidates={"fi": ("other/weak",)}, licences={"fi": "CC0-1.0"})
    found = mt_record.forward(wanted, own, memory, 1, told.append)
    assert (found["model"], found["licence"], found["source"], found["language"]) == ("models/own", "CC0-1.0", "en", "fi")
    assert found["dev"]["corpus"] == f"{DEV}:test" and found["dev"]["rows"] == 200 and found["chrF"] == found["dev"]["chrF"]
    assert [one["better"] for one in found["compared"]] == [False] and len(told) == 2
    assert mt_record.forward(wanted, own, memory, 1, told.append) == found and max(own.asked.values()) == 1  # measured from the memory
    with pytest.raises(ConfigError, match="weaker than other/strong"):
        mt_record.forward(settings(candidates={"fi": ("other/strong",)}), own, memory, 1, told.append)
    plain = mt_record.forward(Translation(models={"fi": "models/own"}), own, memory, 1, told.append)
    assert plain["licence"] == "CC-BY-4.0" and "dev" not in plain and "compared" not in plain


def test_the_way_back_is_measured_the_other_way_round(home: Path) -> None:
    _, rows = mt_quality.dev_rows(DEV, "fi", "en")
    found = mt_record.backward(settings(back={"fi": "models/fi-en"}, licences={"fi-en": "MIT"}), Model(rows, 0, "fi", "en"), Memory(), lambda what: None)
    assert (found["chrF"], found["model"], found["licence"], found["source"], found["language"]) == (100.0, "models/fi-en", "MIT", "fi", "en")
