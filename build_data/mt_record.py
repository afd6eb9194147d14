"""manifest["mt"]: which models translated an arm, under which licence, how well they measure, how decoding went, and what it did to the task."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from build_data import mt_build, mt_quality, mt_rivals
from build_data.memory import Memory
from build_data.mt_artefacts import artefacts
from build_data.mt_texts import Sized
from build_data.translate import Translator, load_translator
from corpora.records import Record
from corpora.study import Translation

Told = Callable[[str], None]  # what is being done, for the progress bar


def forward(settings: Translation, translator: Translator, memory: Memory, threads: int, told: Told) -> dict[str, Any]:
    """Return the record of English -> `translator.language`. Raises ConfigError where a better model is at hand and the study doesn't insist.

    {"source", "language", "model", "fingerprint", "settings", "licence"}; where the study names a dev corpus also "dev" (mt_quality.quality), "chrF", "BLEU",
    and "compared" (mt_rivals.compare).
    """
    language = translator.language
    record = _known(settings, translator, settings.models[language], language)
    if language in settings.dev:

        def measure(name: str) -> Mapping[str, Any]:
            rival = load_translator(dataclasses.replace(settings, models={**settings.models, language: name}), language, threads)
            return _dev(rival, memory, settings.dev[language], told)

        record["dev"] = _dev(translator, memory, settings.dev[language], told)
        record |= {"chrF": record["dev"]["chrF"], "BLEU": record["dev"]["BLEU"]}
        record["compared"] = mt_rivals.compare(settings, language, record["dev"], translator.card, measure)
    return record


def backward(settings: Translation, translator: Translator, memory: Memory, told: Told) -> dict[str, Any]:
    """Return the record of the pivot -> English model, measured on the pivot's dev corpus read the other way round; it is compared with no other."""
    pivot = settings.through
    record = _known(settings, translator, settings.back[pivot], f"{pivot}-en")
    if pivot in settings.dev:
        record["dev"] = _dev(translator, memory, settings.dev[pivot], told)
        record |= {"chrF": record["dev"]["chrF"], "BLEU": record["dev"]["BLEU"]}
    return record


def of_task(models: Mapping[str, Any], ways: Sequence[Sized], memory: Memory, english: Mapping[str, Record], kept: Sequence[Record]) -> dict[str, Any]:
    """Return manifest["mt"] of one finished task: `models` (forward's record, for bt-en with "back"), a "decoding" for each model, and "artefacts".

    `ways` are the translators, (en -> xx) or (en -> xx, xx -> en); `english` has every English row that entered the build by id; `kept` are the translated
    rows to look at: recipes gives those that filters have not judged yet, so that the record is one for all bounds. All comes from rows and memory, so a
    build that was resumed, or ran with other workers, tells the same.
    """
    texts = mt_build.texts_of(english.values())
    record = {**models, "decoding": mt_quality.decoding(mt_build.results(ways[0], memory, texts)), "artefacts": artefacts(kept, english)}
    if len(ways) > 1:
        between = mt_build.targets(ways[0], memory, texts)
        record["back"] = {**models["back"], "decoding": mt_quality.decoding(mt_build.results(ways[1], memory, between))}
    return record


def _known(settings: Translation, translator: Translator, name: str, key: str) -> dict[str, Any]:
    return {
        "source": translator.source, "language": translator.language, "model": name, "fingerprint": translator.fingerprint,
        "settings": dict(translator.settings), "licence": settings.licences.get(key) or translator.card.get("licence", "not recorded"),
    }  # fmt: skip


def _dev(translator: Translator, memory: Memory, corpus: str, told: Told) -> dict[str, Any]:
    """Measure a model; what it makes of the dev rows stays in the memory, so another build reads it."""
    name, rows = mt_quality.dev_rows(corpus, translator.source, translator.language)
    told(f"measuring {translator.source}->{translator.language} ({translator.folder.path.name}) on {len(rows)} rows of {corpus}")
    return mt_quality.quality(translator, rows, memory) | {"corpus": name}
