"""The Hub's rows become the same records as local files; a missing Hub is told with the way out. No network: `datasets` is a fake or in memory."""

from __future__ import annotations

import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from corpora_fakes import named

from corpora import hub
from corpora.config import ConfigError
from corpora.corpus import Corpus
from corpora.readers import read, read_records
from corpora.records import Pair, Tags

PIN = "0123456789abcdef0123456789abcdef01234567"
RAW: dict[str, Any] = {
    "title": "t", "languages": ["en"], "kind": "pair", "origin": "native", "licence": "CC0-1.0", "publishable": "yes", "reader": "jsonl", "source": "s",
    "labels": ["entailment", "neutral"],
}  # fmt: skip


def at_home(raw: dict[str, Any] | None = None, **home: Any) -> Corpus:
    table = {"id": "org/name", "revision": PIN, "splits": {"train": "train", "dev": "validation"}, **home}
    return named({**RAW, **(raw or {}), "hub": table})


class FakeDatasets:
    """Stands in for the library: remembers how it was asked, gives rows with features."""

    def __init__(self, rows: list[dict[str, Any]], features: dict[str, Any] | None = None, error: Exception | None = None) -> None:
        self.rows, self.features, self.error, self.asked = rows, features, error, []  # type: ignore[var-annotated]

    def load_dataset(self, *args: Any, **kwargs: Any) -> Any:
        self.asked.append((args, kwargs))
        if self.error:
            raise self.error
        fake = self

        class Table(list[dict[str, Any]]):
            features = fake.features

        return Table(self.rows)


@pytest.fixture(autouse=True)
def empty_collection(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CORPORA_DIR", str(tmp_path))


def use(monkeypatch: pytest.MonkeyPatch, fake: Any) -> None:
    monkeypatch.setitem(sys.modules, "datasets", fake)


def test_rows_of_the_hub_are_records(monkeypatch: pytest.MonkeyPatch) -> None:
    fake = FakeDatasets([{"pairID": "1n", "premise": "A.", "hypothesis": "B.", "label": 1}, {"pairID": "2e", "premise": "C.", "hypothesis": "D.", "label": 0}])
    use(monkeypatch, fake)
    records = read_records(at_home(config="cfg", label_names=["entailment", "neutral"], fields={"id": "pairID"}, rows={"dev": 2}), "dev")
    assert [(r.id, r.label) for r in records if isinstance(r, Pair)] == [("xx/made:1n", "neutral"), ("xx/made:2e", "entailment")]
    assert fake.asked == [(("org/name", "cfg"), {"split": "validation", "revision": PIN})]


def test_classes_are_named_by_the_hubs_own_features(monkeypatch: pytest.MonkeyPatch) -> None:
    one = SimpleNamespace(names=["entailment", "neutral"])
    use(monkeypatch, FakeDatasets([{"premise": "A.", "hypothesis": "B.", "label": 0}], {"label": one, "premise": SimpleNamespace(dtype="string")}))
    (record,) = read_records(at_home(), "train")
    assert isinstance(record, Pair) and record.label == "entailment"
    tags = SimpleNamespace(feature=SimpleNamespace(names=["NOUN", "VERB"]))
    use(monkeypatch, FakeDatasets([{"tokens": ["Koira", "haukkuu"], "pos_tags": [0, 1]}], {"pos_tags": tags}))
    (tagged,) = read_records(at_home({"kind": "tags", "labels": ["NOUN", "VERB"]}, fields={"tags": "pos_tags"}), "train")
    assert isinstance(tagged, Tags) and tagged.tags == ("NOUN", "VERB")


def test_the_real_librarys_features_are_understood(monkeypatch: pytest.MonkeyPatch) -> None:
    datasets = pytest.importorskip("datasets")
    names, kinds = datasets.ClassLabel(names=["O", "B-PER"]), datasets.ClassLabel(names=["a", "b"])
    features = datasets.Features({"tokens": datasets.List(datasets.Value("string")), "ner_tags": datasets.List(names), "kind": kinds})
    table = datasets.Dataset.from_dict({"tokens": [["Aino", "."]], "ner_tags": [[1, 0]], "kind": [1]}, features=features)
    monkeypatch.setattr(datasets, "load_dataset", lambda *_args, **_kwargs: table)
    corpus = at_home({"kind": "tags", "labels": ["O", "B-PER"], "fields": {"tags": "ner_tags"}}, rows={"train": 1})
    assert next(hub.load_rows(corpus, "train")) == {"tokens": ["Aino", "."], "ner_tags": ["B-PER", "O"], "kind": "b"}
    (record,) = read_records(corpus, "train")
    assert isinstance(record, Tags) and record.tags == ("B-PER", "O")


def test_counts_and_refusals_of_the_hub_are_declared_too(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [{"premise": "A.", "hypothesis": "B.", "label": 0}, {"premise": "A.", "hypothesis": "C.", "label": -1}]
    use(monkeypatch, FakeDatasets(rows))
    names = {"label_names": ["entailment", "neutral"]}
    with pytest.raises(ConfigError, match="2 rows found, 3 declared"):
        read(at_home(rows={"train": 3}, **names), "train")
    with pytest.raises(ConfigError, match=r"org/name train row 2: label -1 is outside the 2 declared names"):
        read(at_home(rows={"train": 2}, **names), "train")
    assert len(read(at_home(rows={"train": 2}, refused={"train": 1}, **names), "train")) == 1


def test_a_hub_split_that_holds_more_is_narrowed(monkeypatch: pytest.MonkeyPatch) -> None:
    use(monkeypatch, FakeDatasets([{"id": f"{language}-1", "premise": "A.", "hypothesis": "B.", "label": 0} for language in ("finnish", "korean")]))
    (record,) = read_records(at_home(keep={"id": "finnish-*"}, rows={"train": 2}, label_names=["entailment"]), "train")
    assert record.id == "xx/made:finnish-1"


def test_local_files_go_before_the_hub(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    from corpora_fakes import declare

    made = declare(
        tmp_path,
        "jsonl",
        {"a.jsonl": '{"id": "a", "premise": "A.", "hypothesis": "B.", "label": "yes"}\n'},
        1,
        hub={"id": "o/n", "revision": PIN, "splits": {"train": "train"}},
    )
    fake = FakeDatasets([{"premise": "C.", "hypothesis": "D.", "label": "no"}])
    use(monkeypatch, fake)
    assert read(made, "train")[0].id == "xx/made:a" and not fake.asked
    (tmp_path / "a.jsonl").unlink()
    assert read(made, "train")[0].id == "xx/made:train-1" and fake.asked


def test_an_unpinned_home_refuses_and_names_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    fake = FakeDatasets([])
    use(monkeypatch, fake)
    with pytest.raises(ConfigError) as err:
        read(at_home(revision=""), "train")
    assert "no commit is pinned in corpora/xx/made.toml" in str(err.value) and "`python -m corpora pin xx/made`" in str(err.value) and not fake.asked


def test_a_hub_out_of_reach_names_file_corpus_and_command(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    use(monkeypatch, FakeDatasets([], error=ConnectionError("Couldn't reach\n the Hub (offline mode is enabled)")))
    splits = {"splits": {"train": {"files": ["english/a.jsonl"], "sha256": ["0" * 64], "rows": 1}}}
    with pytest.raises(ConfigError) as err:
        read(at_home(splits, config="c"), "train")
    for part in (
        "'xx/made'",
        "english/a.jsonl",
        str(tmp_path),
        "ConnectionError: Couldn't reach the Hub",
        f"load_dataset('org/name', 'c', revision='{PIN}')",
        "HF_HUB_OFFLINE",
    ):
        assert part in str(err.value)


def test_running_text_is_streamed_so_no_cache_is_offered(monkeypatch: pytest.MonkeyPatch) -> None:
    use(monkeypatch, FakeDatasets([], error=ConnectionError("Couldn't reach the Hub")))
    text = at_home({"kind": "documents", "labels": []}, config="20231101.fi")
    with pytest.raises(ConfigError) as err:
        read(text, "train")
    said = str(err.value)
    assert "load_dataset(" not in said  # it would fetch all of it, and a cached copy cannot be streamed
    assert "streamed, so it needs the network while it is read" in said and "run the same command on a machine with a network" in said
    assert "plain files" in said and "docs/native-tasks.md" in said and "HF_HUB_OFFLINE" in said


def test_a_missing_library_is_the_pip_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "datasets", None)
    with pytest.raises(ConfigError, match="run: pip install datasets"):
        read(at_home(), "train")
    monkeypatch.setitem(sys.modules, "huggingface_hub", None)
    with pytest.raises(ConfigError, match="run: pip install huggingface_hub"):
        hub.newest_commit(at_home())


def test_the_newest_commit_is_asked_of_the_hub(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    class Api:
        def dataset_info(self, name: str) -> Any:
            asked.append(name)
            if len(asked) > 1:
                raise OSError("no route")
            return SimpleNamespace(sha=PIN)

    monkeypatch.setitem(sys.modules, "huggingface_hub", SimpleNamespace(HfApi=Api))
    assert hub.newest_commit(at_home()) == PIN and asked == ["org/name"]
    with pytest.raises(ConfigError, match=r"the Hub did not answer for org/name \(OSError: no route\); run this on a machine with a network"):
        hub.newest_commit(at_home())
