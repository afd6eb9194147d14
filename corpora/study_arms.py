"""The names of arms: where an intermediate task's examples come from. What they mean stands in README.md, "How the comparison works"."""

from __future__ import annotations

from collections.abc import Sequence

# Of any arm, written behind it ("mt-fi~unfiltered"): no row refused by a filter; or as many rows dropped as filters drop, but by chance.
VARIANTS = ("unfiltered", "random-drop")


def check_arm(arm: str, languages: Sequence[str]) -> None:
    """Raise ValueError for an arm that no room of this house knows."""
    known = ["none", "en", "bt-en", *(f"{way}-{language}" for way in ("mt", "native") for language in languages)]
    parts = parts_of(arm)
    if len(parts) > 1:
        if "none" in parts or len(set(parts)) != len(parts):
            raise ValueError(f"arms: {arm!r} mixes none with others, or one arm twice; write different arms with + between, e.g. 'en+mt-{languages[0]}'")
        for part in parts:
            check_arm(part, languages)
        return
    base, mark, variant = arm.partition("~")
    if base not in known or (mark and (base == "none" or variant not in VARIANTS)):
        marks = " and ".join(f"'~{name}'" for name in VARIANTS)
        raise ValueError(f"arms: {arm!r} is unknown; known here: {', '.join(known)}, and all but none with {marks} behind")


def parts_of(arm: str) -> tuple[str, ...]:
    """Return the arms that a mixture is made of ("en+mt-fi" -> "en", "mt-fi"); an arm without + is its only part."""
    return tuple(arm.split("+"))


def base_arm(arm: str) -> str:
    """Return the arm that a variant is one of ("mt-fi~unfiltered" -> "mt-fi"; an arm without a mark is itself)."""
    return arm.partition("~")[0]


def variant_of(arm: str) -> str:
    """Return what becomes of an arm's rows that filters refuse: "filtered", or one of VARIANTS."""
    return arm.partition("~")[2] or "filtered"


def arm_language(arm: str) -> str:
    """Return the language an arm's examples are in ("mt-fi" and "mt-fi~unfiltered" -> "fi", "en" and "bt-en" -> "en", "none" -> "")."""
    return "" if arm == "none" else base_arm(arm).rpartition("-")[2]


def is_translated(arm: str) -> bool:
    """Say whether an arm's rows came out of a translation model ("mt-fi", "bt-en")."""
    return arm.startswith(("mt-", "bt-"))
