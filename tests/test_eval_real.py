"""The real test sets are what the scores by treebank, redirect and type stand on; perfect and shuffled predictions on each; the extra targets."""

from __future__ import annotations

import re
from itertools import chain
from pathlib import Path

import pytest

from corpora import corpus as corpora
from corpora.config import ConfigError
from corpora.readers import read, read_records
from corpora.records import Pair, Record, Span, Tags
from corpora.study import load
from eval import details
from train.metrics import METRICS

EXTRA = Path(__file__).parent.parent / "studies" / "extra.toml"


def test_the_ready_study_of_extra_targets_is_whole(tmp_path) -> None:
    text = EXTRA.read_text("utf-8")
    marked = re.search(r"^# \[targets\.cola\]\n(?:# .+\n)+", text, re.M)
    assert marked is not None
    (tmp_path / "extra.toml").write_text(text.replace(marked[0], marked[0].replace("# ", "")), "utf-8")  # as its comment says to do where the Hub answers
    for path, cola in ((EXTRA, {}), (tmp_path / "extra.toml", {"cola": "dev"})):
        study = load(path)
        assert {name: target.test_split for name, target in study.targets.items()} == {"ner": "test", "rte": "dev", **cola}
        for target in study.targets.values():
            assert not target.xtreme
            for corpus in (target.english, *target.test.values()):
                assert set(corpora.load(corpus).labels) == set(target.labels)


def test_treebanks_are_those_of_ud_2_5_or_refused() -> None:
    assert [(name, len(part)) for name, part in details.treebanks("xtreme/udpos-fi", "test", 4422, False)] == [("FTB", 1867), ("PUD", 1000), ("TDT", 1555)]
    assert [(name, len(part)) for name, part in details.treebanks("xtreme/udpos-fi", "test", 2000, True)] == [("FTB", 1867), ("PUD", 133)]
    assert details.treebanks("mini/udpos-fi", "test", 60, False) == []
    with pytest.raises(ConfigError, match=r"6,544 sentences, but UD 2.5 as XTREME joins it has 4,422 \(FTB 1,867 \+ PUD 1,000 \+ TDT 1,555\)"):
        details.treebanks("xtreme/udpos-fi", "test", 6544, False)


@pytest.mark.corpora
def test_the_joined_treebanks_stand_in_this_order() -> None:
    joined = [r.tokens for r in read_records(corpora.load("xtreme/udpos-fi"), "test") if isinstance(r, Tags)]
    apart = [[r.tokens for r in read_records(corpora.load(f"ud/fi_{name}"), "test") if isinstance(r, Tags)] for name in ("ftb", "pud", "tdt")]
    assert [len(part) for part in apart] == [1867, 1000, 1555] and joined == list(chain(*apart))
    szeged = [r.tokens for r in read_records(corpora.load("ud/hu_szeged"), "test") if isinstance(r, Tags)]
    assert len(szeged) == 449 and szeged == [r.tokens for r in read_records(corpora.load("xtreme/udpos-hu"), "test") if isinstance(r, Tags)]


def gold(record: Record):
    if isinstance(record, Tags):
        return list(record.tags)
    return [text for text, _ in record.answers] if isinstance(record, Span) else record.label if isinstance(record, Pair) else None


@pytest.mark.corpora
@pytest.mark.parametrize(("metric", "name", "split"), [
    ("udpos", "xtreme/udpos-fi", "test"), ("udpos", "xtreme/udpos-hu", "test"), ("panx", "xtreme/panx-fi", "test"), ("panx", "xtreme/panx-hu", "test"),
    ("tydiqa", "xtreme/tydiqa-fi", "test"), ("ner", "extra/turku_ner_panx", "test"), ("ner", "extra/nerkor_panx", "test"), ("accuracy", "hu/hurte", "dev"),
])  # fmt: skip
def test_perfect_and_shuffled_predictions_of_real_test_sets(metric, name, split) -> None:
    rows = [row for row in read(corpora.load(name), split) if isinstance(row, Record)]
    golds = [gold(row) for row in rows]
    perfect = [one[0] for one in golds] if metric == "tydiqa" else golds
    shuffled = [[*tags[1:], tags[0]] for tags in golds] if metric in ("udpos", "panx", "ner") else [*perfect[1:], perfect[0]]
    rule, headline = METRICS[metric], METRICS[metric].headline
    for guesses in (perfect, shuffled):
        components = [rule.component(g, p) for g, p in zip(golds, guesses, strict=True)]
        total = rule.total(components)
        groups = details.groups(metric, name, split, False, rows, guesses, components)
        if guesses is perfect:
            assert total[headline] == 100.0 and all(group.scores.get("f1", 100.0) == pytest.approx(100.0) for group in groups)
        else:
            assert total[headline] < 60.0
    parts = {(group.by, group.name): group.n for group in groups}
    for by in {by for by, _ in parts} & {"treebank", "redirects", "question"}:
        assert sum(n for (kind, _), n in parts.items() if kind == by) == len(rows)
    redirects = {"xtreme/panx-fi": 525, "xtreme/panx-hu": 966}
    if name in redirects:
        assert parts["redirects", "redirect lines"] == pytest.approx(redirects[name], abs=25)
