"""The control arm bt-en: English rows translated into a pivot language and back, so that they carry translation's artefacts but no other language.

The first half is the very step that makes the arm mt-<pivot>, on the same rows, so the translation memory gives it for nothing where that
arm was built. The second half reads the pivot rows: sentences are split by the pivot's own rules, and answers are projected once more.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence

from build_data.mt_folder import open_folder
from build_data.steps import Dropped, Step, Work
from build_data.translate import Translator
from corpora import study
from corpora.config import ConfigError
from corpora.records import Record

VERSION = 1  # raise when the same translations would give other rows
FIRST = "pivot_"  # the scores of the translation into the pivot keep their names behind this


def load_back(settings: study.Translation, threads: int) -> Translator:
    """Return the translator pivot -> English that a study names. Raises ConfigError for a folder that is no such model."""
    pivot = settings.through
    try:
        return Translator(open_folder(settings.back[pivot], "en", pivot), settings, threads)
    except ConfigError as err:  # the folder's checks speak of translation.models, where a study names its other models
        raise ConfigError(str(err).replace("translation.models.en", f"translation.back.{pivot}")) from None


def back_step(step: Step) -> Step:
    """Turn a translation step pivot -> English into the second half of bt-en.

    Rows come in as the first half left them ("ID.mt-fi", source_id "ID") and leave as "ID.bt-en" with source_id "ID", the English row's.
    A row that is lost here is Dropped as the pivot row it was, with stage "back_translate" or "back_answers".
    """
    return Step("translate_back", _work(step.work), {"step": step.key}, VERSION)


def _work(translate: Work) -> Work:
    def work(records: Sequence[Record]) -> Iterator[Record | Dropped]:
        rows = {record.id: record for record in records}
        for item in translate([dataclasses.replace(record, scores={}) for record in records]):
            if isinstance(item, Dropped):
                yield Dropped(rows[item.record.id], f"back_{item.stage}", item.reason, item.value)
                continue
            pivot = rows[item.source_id]
            scores = {**{FIRST + name: value for name, value in pivot.scores.items()}, **item.scores}
            yield dataclasses.replace(item, id=f"{pivot.source_id}.bt-en", source_id=pivot.source_id, scores=scores)

    return work
