"""What a dataset card says of the translation behind an arm, from manifest["mt"] and manifest["spans"]."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

NEAR = 0.03  # facts/data-stage.md 7, item 15: the hypothesis alone may tell 3 points more or less than in English
SIDES = {"pair": ("premise", "hypothesis"), "span": ("context", "question")}


def section(manifest: Mapping[str, Any]) -> list[str]:
    """Return the lines of the card's translation section, none for an arm without translation."""
    mt = manifest["mt"]
    if not mt:
        return []
    models = [mt, *([mt["back"]] if mt.get("back") else [])]
    lines = ["", "### Translation", "", *_table(models, manifest["kind"]), ""]
    for one in models:
        lines += _measured(one)
    if manifest["arm"].startswith("bt-"):
        lines.append(
            "Every text was translated twice, so it differs from its English source by what translation does, not by its language. No Stanza filter looked at it."
        )
    lines += _artefacts(mt.get("artefacts") or {}, manifest["kind"])
    lines += _spans(manifest["spans"]) if manifest["spans"] else []
    return lines


def _table(models: Sequence[Mapping[str, Any]], kind: str) -> list[str]:
    rows = [
        ("", [_direction(one) for one in models]),
        ("model", [f"`{one['model']}`" for one in models]),
        ("licence", [str(one.get("licence") or "not recorded").replace("|", "/") for one in models]),
        ("chrF / BLEU", [f"{one['dev']['chrF']:.1f} / {one['dev']['BLEU']:.1f}" if one.get("dev") else "not measured" for one in models]),
    ]
    if all(one.get("decoding") for one in models):
        parts = [one["decoding"] for one in models]
        rows += [
            ("distinct sentences" + (" (and answers)" if kind == "span" else ""), [f"{part['sentences']:,}" for part in parts]),
            ("mean log-probability of a piece", [f"{part['score']:.3f}" for part in parts]),
            ("retried", [_share(part["share_retried"], part["mended"], "mended by ") for part in parts]),
            ("failed", [_share(part["share_failed"], part["failed"], "") for part in parts]),
        ]
    lines = [f"| {name} | {' | '.join(values)} |" for name, values in rows]
    return [lines[0], "|---" * (len(models) + 1) + "|", *lines[1:]]


def _direction(one: Mapping[str, Any]) -> str:
    return f"{one.get('source', 'en')} to {one.get('language', 'the language')}"


def _share(share: float, counts: Mapping[str, int], before: str) -> str:
    told = ", ".join(f"{before}{name} {n:,}" for name, n in counts.items())
    return f"{100 * share:.2f} %" + (f" ({told})" if told else "")


def _measured(one: Mapping[str, Any]) -> list[str]:
    """Say on what the model was measured, and what it was compared with."""
    lines = []
    if dev := one.get("dev"):
        lines.append(
            f"Measured in this build, {_direction(one)}, on {dev['rows']} sentences of `{dev['corpus']}`: chrF `{dev['chrF_signature']}`, BLEU `{dev['BLEU_signature']}`."
        )
    for other in one.get("compared") or ():
        if "why" in other:
            lines.append(f"Not compared with `{other['model']}`: {other['why']}.")
            continue
        lines.append(
            f"`{other['model']}` has chrF {other['other'][0]:.1f}, BLEU {other['other'][1]:.1f} on {other['on']}, this model {other['own'][0]:.1f} and {other['own'][1]:.1f}"
            + ("; **it is better, and the study insists on this one**." if other["better"] else ".")
        )
    return lines


def _artefacts(found: Mapping[str, Any], kind: str) -> list[str]:
    if not found:
        return []
    inside, text = SIDES[kind]
    words, stems = found["overlap"]["words"], found["overlap"]["stems"]
    lines = [
        "",
        f"Artefacts, on {found['rows']:,} of the {found['of']:,} rows that came through translation, before the bounds of the filters decide (so it is the same for all bounds and variants of the arm): of a {text}'s distinct words, {_percent(words['english'])} stand in its {inside} in English "
        f"and {_percent(words['translated'])} here (by their first five letters {_percent(stems['english'])} and {_percent(stems['translated'])}).",
    ]
    only = found.get("hypothesis_only")
    if only and "why" in only:
        lines.append(f"What the {text} alone gives away was not measured on {only['rows']} rows: it {only['why']}.")
    elif only:
        lines.append(
            f"From the {text} alone a linear classifier ({only['folds']} folds by document) tells {_interval(only['english'])} of the labels in English and "
            f"{_interval(only['translated'])} here; the most frequent label alone would be right in {_percent(only['majority'])}. The change is "
            f"{100 * only['change']:+.1f} points ({100 * only['change_low']:+.1f} to {100 * only['change_high']:+.1f}), " + _verdict(only)
        )
    return lines


def _verdict(only: Mapping[str, float]) -> str:
    if abs(only["change"]) > NEAR:
        return "**more than the 3 points asked for**."
    sure = only["change_low"] >= -NEAR and only["change_high"] <= NEAR
    return "within the 3 points asked for" + ("." if sure else ", but with so few rows it may be more.")


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"


def _interval(side: Mapping[str, float]) -> str:
    return f"{_percent(side['accuracy'])} ({100 * side['low']:.1f} to {100 * side['high']:.1f})"


def _spans(spans: Mapping[str, Any]) -> list[str]:
    lost = sum(spans["excluded"].values())
    of = spans["kept"] + lost
    lines = ["", f"Answers found again: {spans['kept']:,} of {of:,} rows ({_percent(spans['kept'] / max(of, 1))}); lost: {_counts(spans['excluded'])}."]
    if spans.get("methods"):
        lines.append(f"Found by: {_counts(spans['methods'])}.")
    return lines


def _counts(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{name} {n:,}" for name, n in counts.items()) or "none"
