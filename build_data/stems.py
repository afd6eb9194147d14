"""Words without their endings, so that an inflected quotation is still found. The only file that knows Snowball (PyStemmer)."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Any

from build_data.lazy import need


@functools.cache
def _stemmer(language: str) -> Any:
    """Return Snowball's stemmer of an ISO 639-1 code, or None for a language it does not know."""
    module = need("Stemmer", "build")
    try:
        return module.Stemmer(language, 0)  # no cache of its own: windows.Words keeps what was looked up
    except KeyError:
        return None


def stem(word: str, language: str) -> str:
    """Return the stem of a casefolded word; a language without a stemmer keeps its word forms.

    Stems and not Stanza's lemmas: the bundled packs have none, the English arms have no pack at all, and a stem costs
    microseconds where a lemma costs a parse of every evaluation set.
    """
    stemmer = _stemmer(language)
    return word if stemmer is None else str(stemmer.stemWord(word))


def stems(words: Sequence[str], language: str) -> list[str]:
    """Return the stem of each casefolded word; for a whole vocabulary at once, in half the time."""
    stemmer = _stemmer(language)
    return list(words) if stemmer is None else list(stemmer.stemWords(words))
