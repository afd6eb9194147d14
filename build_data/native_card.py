"""What a card says of a native arm: the family's own words, what was left out of the text and why, and the genres before and after."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from build_data.makers import family

WHY = {
    "address": "mostly a link",
    "boilerplate": "formula of law, references to sections, or what a web site says on every page",
    "broken": "could not be read",
    "code": "program code",
    "empty": "no text",
    "encoding": "broken encoding",
    "enough_rows": "not needed: the documents before gave rows enough",
    "heading": "no sentence",
    "language": "in another language, or with a sentence in one",
    "list": "a list, or an item of one",
    "long_paragraph": "thousands of signs without the end of a sentence",
    "not_chosen": "not among the documents that the study asks for",
    "nothing_left": "no paragraph of running text",
    "old_orthography": "older than 1880, or spelled so",
    "one_sentence": "one sentence only",
    "table": "a table",
    "translated": "a translation",
    "verse": "verse, a table of contents, or other short lines",
}


def section(manifest: Mapping[str, Any]) -> list[str]:
    """Return the card's lines on a native arm; [] for any other."""
    maker = manifest["settings"].get("maker")
    if not maker:
        return []
    declared = family(maker["maker"])
    lines = ["", f"## The family `{maker['maker']}`", "", declared.what]
    if declared.chance is not None:
        lines += ["", f"Accuracy of a guess: {100 * declared.chance:.1f} %."]
    if declared.problems:
        lines += ["", "Known problems:", "", *(f"- {problem}" for problem in declared.problems)]
    return [*lines, *_left_out(manifest), *_genres(manifest)]


def _left_out(manifest: Mapping[str, Any]) -> list[str]:
    """Return what cleaning refused, documents and paragraphs, with the reasons in words."""
    found: dict[str, list[str]] = {}
    for step in manifest["steps"]:
        if step["step"].startswith("documents of ") or step["step"] in ("clean paragraphs", "blocks"):
            what = "paragraphs" if "paragraphs" in step["step"] else "documents"
            for reason, count in step["excluded"].items():
                found.setdefault(f"{what}: {WHY.get(reason, reason)} (`{reason}`)", []).append(str(count))
    rows = [f"| {what} | {sum(map(int, counts))} |" for what, counts in sorted(found.items())]
    return ["", "Left out of the text before rows were made:", "", "| what | count |", "|---|---|", *rows] if rows else []


def _genres(manifest: Mapping[str, Any]) -> list[str]:
    genres = manifest.get("genres")
    if not genres:
        return []
    names = list(dict.fromkeys((*genres["before"], *genres["made"])))
    columns = [genres["made"], genres["before"], genres["train"]]
    rows = [f"| {name} | {' | '.join(_percent(column, name) for column in columns)} | {_most(genres['most'], name)} |" for name in names]
    return ["", "Genres, rows and share of each:", "", "| genre | made | after the gates | in training | at most |", "|---|---|---|---|---|", *rows]


def _percent(counts: Mapping[str, int], name: str) -> str:
    return f"{counts.get(name, 0)} ({100 * counts.get(name, 0) / max(1, sum(counts.values())):.1f} %)"


def _most(shares: Mapping[str, float], name: str) -> str:
    return f"{100 * shares[name]:g} %" if name in shares else "-"


def shares_line(manifest: Mapping[str, Any]) -> str:
    """Return the genres of a native arm in one line for the build's output: "genres: law 61 -> 30 %, ...", '' for other arms or without genres."""
    genres = manifest.get("genres")
    if not genres or list(genres["before"]) == ["unknown"]:
        return ""
    before, after = ({name: 100 * count / max(1, sum(counts.values())) for name, count in counts.items()} for counts in (genres["before"], genres["train"]))
    return "genres: " + ", ".join(f"{name} {before[name]:.0f} -> {after.get(name, 0):.0f} %" for name in before)
