"""Which language a text is in. The only file that knows py3langid.

Chosen by measurement (November 2026): seven libraries on 6,000 short English, Finnish and Hungarian sentences and 40 Estonian ones; the
table by number of words is in docs/filters.md. Among six languages py3langid is right in 98.2 % and more of one to three words and in 99.8 %
and more above, takes no Estonian for Finnish, and carries its model (5 MB) in the wheel, so nothing is fetched at run time.
"""

from __future__ import annotations

import functools
import math
from typing import Any

from build_data.lazy import need

# A text is held against the language it should be in, English (what is left untranslated) and the nearest neighbours that MT slips into.
COMPARED = ("de", "en", "et", "fi", "hu", "sv")


@functools.cache
def _model(languages: tuple[str, ...]) -> Any:
    """Load the model that lies in the wheel (2 s), narrowed to `languages`."""
    module = need("py3langid.langid", "build")
    model = module.LanguageIdentifier.from_model_file(module.MODEL_FILE, norm_probs=True)
    model.set_languages(list(languages))
    return model


def probability(text: str, language: str) -> float:
    """Return how sure it is, 0 to 1, that `text` is in `language` rather than in one of COMPARED."""
    languages = tuple(sorted({*COMPARED, language}))
    value = next(float(p) for name, p in _model(languages).rank(text) if name == language)
    return 0.0 if math.isnan(value) else value
