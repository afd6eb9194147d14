"""Which filters say nothing about a language, because the lists or counts that they go by were never made for it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence

from build_data import filters_parse, filters_quality, filters_task, grammar, meaning, neighbours
from build_data.filters import filters_for
from corpora.study import Study, arm_language, base_arm


def _in(tables: Collection[str]) -> Callable[[str], bool]:
    return lambda language: language in tables


# Filter -> whether its table knows a language. The others need none, or say something without it: `question` and `label` see less.
KNOWS: Mapping[str, Callable[[str], bool]] = {
    "negation": _in(grammar.PLAIN),
    **dict.fromkeys(("scope", "hypothesis_scope"), _in(meaning.SCOPE)),
    "answer_type": _in(filters_task.ANSWERS),
    **dict.fromkeys(("neighbours", "gap", "polarity"), lambda language: neighbours.neighbourhood(language) is not None),
    **dict.fromkeys(("tag_order", "tag_distance"), lambda language: filters_parse.norm(language) is not None),
    "quality": lambda language: filters_quality.weighing(language) is not None,
}


def silent(study: Study, wanted: Sequence[tuple[str, str]]) -> dict[str, list[str]]:
    """Return language -> filters of the (task, arm) pairs `wanted` that have no table of it, and so refuse none of its rows."""
    found: dict[str, list[str]] = {}
    for task, arm in wanted:
        language = arm_language(arm)
        names = [f.name for f in filters_for(base_arm(arm), study.tasks[task].kind, study.filters) if f.name in KNOWS and not KNOWS[f.name](language)]
        if names:
            found[language] = list(dict.fromkeys([*found.get(language, []), *names]))
    return found
