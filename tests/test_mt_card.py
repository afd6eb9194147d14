"""What a card says of translation: every number of the record, in words; nothing for an arm that was not translated."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from build_data.mt_card import section

MODEL: dict[str, Any] = {
    "source": "en", "language": "fi", "model": "models/weak", "licence": "CC-BY-4.0",
    "dev": {"corpus": "x/dev:dev", "rows": 500, "chrF": 44.23, "BLEU": 19.98, "chrF_signature": "nrefs:1|nc:6", "BLEU_signature": "nrefs:1|tok:13a"},
    "compared": [
        {"model": "models/strong", "on": "x/dev:dev (500 rows)", "own": [44.23, 19.98], "other": [53.1, 28.2], "better": True},
        {"model": "models/odd", "why": "its card has no score that compares"},
    ],
    "decoding": {
        "sentences": 12_345, "score": -0.6123, "mended": {"beam": 30, "no_repeat": 4}, "failed": {"loop": 2}, "share_retried": 0.002916, "share_failed": 0.000162,
    },
}  # fmt: skip
ARTEFACTS: dict[str, Any] = {
    "rows": 10_000, "of": 20_500,
    "overlap": {
        "words": {"english": 0.523, "translated": 0.341, "change": -0.182}, "stems": {"english": 0.55, "translated": 0.462, "change": -0.088},
    },
    "hypothesis_only": {
        "rows": 10_000, "folds": 5, "majority": 0.334, "english": {"accuracy": 0.4761, "low": 0.4663, "high": 0.4859},
        "translated": {"accuracy": 0.452, "low": 0.4423, "high": 0.4618}, "change": -0.0241, "change_low": -0.033, "change_high": -0.0152,
    },
}  # fmt: skip


def manifest(arm: str = "mt-fi", kind: str = "pair", **changes: Any) -> dict[str, Any]:
    return {"arm": arm, "kind": kind, "spans": None, "mt": {**copy.deepcopy(MODEL), "artefacts": copy.deepcopy(ARTEFACTS)}, **changes}


def test_every_figure_is_told() -> None:
    text = "\n".join(section(manifest()))
    for words in (
        "| model | `models/weak` |", "| licence | CC-BY-4.0 |", "| chrF / BLEU | 44.2 / 20.0 |", "| distinct sentences | 12,345 |",
        "| mean log-probability of a piece | -0.612 |", "| retried | 0.29 % (mended by beam 30, mended by no_repeat 4) |", "| failed | 0.02 % (loop 2) |",
        "en to fi, on 500 sentences of `x/dev:dev`: chrF `nrefs:1|nc:6`", "`models/strong` has chrF 53.1, BLEU 28.2 on x/dev:dev (500 rows), this model 44.2 and 20.0",
        "the study insists on this one", "Not compared with `models/odd`: its card has no score that compares.",
        "10,000 of the 20,500 rows that came through translation, before the bounds of the filters decide (so it is the same for all bounds and variants of the arm): of a hypothesis's distinct words, 52.3 % stand in its premise in English and 34.1 % here",
        "55.0 % and 46.2 %", "47.6 % (46.6 to 48.6) of the labels in English and 45.2 % (44.2 to 46.2) here", "right in 33.4 %", "-2.4 points (-3.3 to -1.5)",
        "points (-3.3 to -1.5), within the 3 points asked for, but with so few rows it may be more.",
    ):  # fmt: skip
        assert words in text, words
    table = [line for line in text.splitlines() if line.startswith("|")]
    assert len({line.count("|") for line in table}) == 1


def test_a_change_beyond_three_points_is_marked() -> None:
    made = manifest()
    only = made["mt"]["artefacts"]["hypothesis_only"]
    only |= {"change": -0.02, "change_low": -0.029}
    assert "within the 3 points asked for." in "\n".join(section(made))
    only["change"] = -0.0301
    assert "**more than the 3 points asked for**" in "\n".join(section(made))


def test_the_control_has_a_column_for_each_way() -> None:
    made = manifest("bt-en")
    made["mt"]["back"] = {**MODEL, "source": "fi", "language": "en", "model": "models/back", "dev": None, "compared": []}
    text = "\n".join(section(made))
    assert "|  | en to fi | fi to en |" in text and "| model | `models/weak` | `models/back` |" in text and "| 44.2 / 20.0 | not measured |" in text
    assert "translated twice" in text
    assert len({line.count("|") for line in text.splitlines() if line.startswith("|")}) == 1


def test_questions_tell_their_answers() -> None:
    spans = {"kept": 930, "excluded": {"ambiguous": 20, "no_span": 50}, "methods": {"copy+phrase": 700, "number": 230}}
    made = manifest(kind="span", spans=spans)
    del made["mt"]["artefacts"]["hypothesis_only"]
    text = "\n".join(section(made))
    assert "Answers found again: 930 of 1,000 rows (93.0 %); lost: ambiguous 20, no_span 50." in text
    assert "Found by: copy+phrase 700, number 230." in text and "of a question's distinct words, 52.3 % stand in its context" in text
    assert "classifier" not in text


@pytest.mark.parametrize("arm", ["en", "native-fi"])
def test_an_arm_without_translation_has_no_section(arm: str) -> None:
    assert section(manifest(arm, mt=None)) == []


def test_a_record_without_measurements_still_names_model_and_licence() -> None:
    text = "\n".join(section(manifest(mt={"model": "m"})))
    assert "`m`" in text and "not recorded" in text and "not measured" in text
