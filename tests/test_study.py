"""What a study may say of tasks, mixes and heads, and what it is told where it says it wrongly."""

from __future__ import annotations

import pytest
import tiny

from corpora.config import ConfigError
from corpora.study import Mix, arms_of, built_tasks, masking_arms, members, mix_of

FAST = {"epochs": 1, "batch": 8, "max_length": 64}
NLI = {"kind": "pair", "english": "mini/en-nli", "labels": ["yes", "no", "maybe"], "training": FAST}
QA = {"kind": "span", "english": "mini/en-qa", "training": FAST}
WIKI = {"kind": "text", "native": {"fi": ["mini/fi-docs"], "hu": ["mini/hu-docs"]}, "maker": "text", "training": FAST}


def study(tmp_path, **changes):
    return tiny.study(tmp_path, **{"tasks": {"nli": NLI, "qa": QA, "wiki": WIKI}, **changes})


def test_english_may_be_one_corpus_or_several_with_their_splits(tmp_path):
    several = {**NLI, "english": ["en/snli", "en/mnli:dev", "en/anli:train_r1", "en/anli:train_r2"]}
    made = study(tmp_path, tasks={"nli": NLI, "plus": several, "wiki": WIKI}, intermediate=[["nli"], ["plus"]])
    assert made.tasks["nli"].sources == (("mini/en-nli", "train"),)
    assert made.tasks["plus"].sources == (("en/snli", "train"), ("en/mnli", "dev"), ("en/anli", "train_r1"), ("en/anli", "train_r2"))
    assert made.tasks["wiki"].sources == ()
    with pytest.raises(ConfigError, match=r"tasks\.nli: english = \['en/snli', 'en/snli:train'\] names one split of a corpus twice"):
        study(tmp_path, tasks={"nli": {**NLI, "english": ["en/snli", "en/snli:train"]}})
    with pytest.raises(ConfigError, match=r"tasks\.nli\.english must be a list, each a string, found 3"):
        study(tmp_path, tasks={"nli": {**NLI, "english": 3}})


def test_a_mix_is_named_in_intermediate_and_a_plain_list_still_stands(tmp_path):
    mixes = {"both": {"tasks": ["nli", "qa"], "sampler": "proportional", "mlm": {"task": "wiki", "share": 0.25}}}
    made = study(tmp_path, intermediate=[["nli", "qa"], ["both"]], mixes=mixes)
    assert mix_of(made, ("nli", "qa")) == Mix(tasks=("nli", "qa")) and members(made, ("both",)) == ("nli", "qa")
    assert mix_of(made, ("both",)).cap == 131_072 and arms_of(made, ("both",)) == ["en"]
    assert masking_arms(made, "wiki") == ["native-fi", "native-hu"]
    assert built_tasks(made) == [("nli", "en"), ("qa", "en"), ("wiki", "native-fi"), ("wiki", "native-hu")]


def test_a_control_has_the_arm_none_and_needs_a_group_to_match(tmp_path):
    mixes = {"longer": {"tasks": ["nli", "qa"], "mode": "control"}}
    assert arms_of(study(tmp_path, intermediate=[["qa", "nli"], ["longer"]], mixes=mixes), ("longer",)) == ["none"]
    with pytest.raises(ConfigError, match=r"mixes\.longer: no two-stage group of `intermediate` trains nli, qa without mlm"):
        study(tmp_path, intermediate=[["qa"], ["longer"]], mixes=mixes)


@pytest.mark.parametrize(("changes", "message"), [
    ({"intermediate": [["nli", "all"]], "mixes": {"all": {"tasks": ["qa"]}}}, r"task 'all' is not declared; declared: nli, qa, wiki; mixes: all \(one alone in its list\)"),
    ({"mixes": {"nli": {"tasks": ["qa"]}}}, r"mixes\.nli: a task has that name already"),
    ({"mixes": {"all": {"tasks": ["qa", "qa"]}}}, r"mixes\.all: tasks = \['qa', 'qa'\] holds one twice"),
    ({"mixes": {"all": {"tasks": ["qa"], "mlm": {"task": "nli"}}}}, r"mixes\.all\.mlm\.task = 'nli': must be a task of kind text that is not in `tasks`; there is: wiki"),
    ({"mixes": {"all": {"tasks": ["qa"], "mlm": {"task": "wiki", "share": 1.0}}}}, r"share = 1\.0; it is the share of all steps, above 0 and below 1"),
    ({"mixes": {"all": {"tasks": ["qa"], "sampler": "random"}}}, r"allowed: 'epochs', 'proportional', 'temperature', 'uniform'"),
    ({"seeds": [1, 2, 1]}, r"seeds = \[1, 2, 1\]: must not be empty nor hold one twice"),
    ({"tasks": {"nli": NLI, "qa": {**QA, "head": "nli"}}}, r"share the head 'nli', but differ in kind, labels or metric"),
    ({"tasks": {"nli": {**NLI, "training": {**FAST, "lr_grid": [1e-5]}}, "qa": QA}}, r"lr_grid = \[1e-05\]; write two or more different learning rates"),
    ({"budget": {"examples": 5, "validation": 5, "steps": -1}}, r"budget: steps = -1; write the steps of an intermediate run"),
])  # fmt: skip
def test_what_a_study_must_not_say(tmp_path, changes, message):
    with pytest.raises(ConfigError, match=message):
        study(tmp_path, **changes)
