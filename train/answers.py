"""Extractive answers as SQuAD v1.1, MLQA and a reader of the language would compare them: normal forms, exact match, token F1.

Sources: SQuAD v1.1's evaluation script, which XTREME (third_party/evaluate_squad.py @838c13b6) uses for TyDiQA and XQuAD in every
language; MLQA's evaluation script (facebookresearch/MLQA @5ef5c731). tests/test_golden_answers.py holds this file to both definitions.
"""

from __future__ import annotations

import re
import string
import unicodedata
from collections import Counter
from collections.abc import Callable, Sequence
from functools import cache

from corpora import languages
from corpora.config import ConfigError

Normalise = Callable[[str], str]
_ASCII = frozenset(string.punctuation)  # all that SQuAD drops: Finnish and Hungarian quotes and dashes stay
_ENGLISH = re.compile(r"\b(a|an|the)\b")
# What MLQA drops by language; None = the language has no articles. The Arabic pattern is MLQA's, odd as it is.
_MLQA_ARTICLES: dict[str, re.Pattern[str] | None] = {
    "en": _ENGLISH,
    "es": re.compile(r"\b(un|una|unos|unas|el|la|los|las)\b"),
    "hi": None,
    "vi": re.compile(r"\b(của|là|cái|chiếc|những)\b"),
    "de": re.compile(r"\b(ein|eine|einen|einem|eines|einer|der|die|das|den|dem|des)\b"),
    "ar": re.compile(r"\sال^|ال"),
    "zh": None,
}
_HAN = re.compile(r"([\u4e00-\u9fa5])")


def squad(text: str) -> str:
    """Lower-case, drop ASCII punctuation and the English articles, collapse spaces: SQuAD v1.1, the same for every language."""
    kept = "".join(c for c in text.lower() if c not in _ASCII)
    return " ".join(_ENGLISH.sub(" ", kept).split())


def mlqa(language: str) -> Normalise:
    """Return MLQA's normal form in one of its seven languages. Raises ConfigError for another one."""
    if language not in _MLQA_ARTICLES:
        raise ConfigError(f"metric 'mlqa': no rule for language {language!r}; MLQA has {', '.join(_MLQA_ARTICLES)}. Use metric 'tydiqa' for other languages")
    return _by_language(_MLQA_ARTICLES[language], han=language == "zh")


def own(language: str) -> Normalise:
    """Return a normal form that knows the language's own articles and all Unicode punctuation. Raises ConfigError for a language without a rule."""
    if not has_own(language):
        raise ConfigError(
            f"no answer rule for language {language!r}; write its articles in corpora/languages/{language}.toml (articles = [] where it has none)"
        )
    return _by_language(_own_articles()[language], han=language == "zh")


def has_own(language: str) -> bool:
    """Say whether `own` knows a language."""
    return language in _own_articles()


def _own_articles() -> dict[str, re.Pattern[str] | None]:
    """Return MLQA's rules, and those of declared languages in MLQA's manner. Hungarian 'egy' is also the number one, as German 'ein' is."""
    declared = {code: one.articles for code, one in languages.declared().items() if one.articles is not None}
    return _MLQA_ARTICLES | {code: re.compile(rf"\b({'|'.join(map(re.escape, words))})\b") if words else None for code, words in declared.items()}


def _by_language(articles: re.Pattern[str] | None, han: bool) -> Normalise:
    def normalise(text: str) -> str:
        kept = "".join(c for c in text.lower() if not is_punctuation(c))
        kept = articles.sub(" ", kept) if articles else kept
        return " ".join((_HAN.sub(r" \1 ", kept) if han else kept).split())

    return normalise


@cache
def is_punctuation(character: str) -> bool:
    """Say whether a character is ASCII punctuation or of one of Unicode's punctuation classes (P*)."""
    return character in _ASCII or unicodedata.category(character).startswith("P")


def token_f1(gold: str, predicted: str, normalise: Normalise = squad) -> float:
    """Return the token F1 (0..1) of one answer; 0 where no token is shared, also where neither has one (as SQuAD v1.1 has it)."""
    wanted, got = normalise(gold).split(), normalise(predicted).split()
    common = sum((Counter(wanted) & Counter(got)).values())
    return 2 * common / (len(wanted) + len(got)) if common else 0.0


def compare(golds: Sequence[str], predicted: str, normalise: Normalise = squad) -> tuple[float, float]:
    """Return (exact match, F1), each the best over the gold answers. No gold answers = the question has none: '' is right, all else wrong."""
    if not golds:
        nothing = float(not normalise(predicted))
        return nothing, nothing
    exact = any(normalise(gold) == normalise(predicted) for gold in golds)
    return float(exact), max(token_f1(gold, predicted, normalise) for gold in golds)
