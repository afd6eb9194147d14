"""Hungarian finite verbs by their endings: which person, number and conjugation a form shows, and the form of the same verb in another cell.

There is no lemmatizer: a form is taken apart in each way that its ending allows, put together anew in each way that the other ending allows, and what
comes out counts only if it stands in the text, tagged as a verb more often than as anything else.
"""

from __future__ import annotations

import functools
import re

from build_data.makers.common import listed
from build_data.makers.contrasts import SEEN, Forms
from build_data.makers.contrasts_hu_cells import cells, irregular, is_back, put, row, without_preverb
from build_data.makers.words import REMEMBERED
from build_data.makers.words_hu import PREVERBS

FINITE = ("VERB Fin 3 Sing", "VERB Fin 3 Plur", "VERB Fin - Sing", "VERB Fin - -")  # the pack knows no other person
INFINITIVE = ("VERB Inf - -", "VERB Inf 3 Sing", "VERB Inf 3 -")
OTHERS = ("NOUN Nom Sing", "NOUN Acc Sing", "NOUN Ine Sing", "NOUN Sup Sing", "NOUN Nom Plur", "NOUN Acc Plur", "ADJ Nom Sing", "ADV - -", "PRON Nom Sing",
          "PRON Ine Sing", "PRON Sub Sing", "PRON Gen Sing", "PROPN Nom Sing", "ADP - -", "NUM Nom Sing")  # fmt: skip
NOT_FINITE = frozenset({*OTHERS, *INFINITIVE})
NO_VERB = listed(
    "alatt alatta alattam alá azt be benneteket bennünket csak csupa el ellen elé előtt előtte előtted előttem előttünk engem ezt fekete fel "
    "felett felette felettem fölé fölött fölötte fölöttem helyett helyette hát iránt iránta itt keresztül kezet ki komoly korrekt körül körülötte "
    "közt közte közé között le magamat magunkat meg mellett mellette melletted mellettem mellettünk mellé mert miatt miatta mind mindjárt minket "
    "mint most mögé mögött mögötte mögöttem neked nekem neki nekik nektek nekünk nemzet nála nélkül ott otthon rajta rajtad rajtam rajtuk rajtunk "
    "sok szabad szerint szerinte szerte tele titeket tán téged többet tőle tőled tőlem tőlük tőlünk után utána vagy valami való általa át élet "
    "épp érette érte érted értem értük értünk"
)
NO_VERB_SHAPE = re.compile(
    r".*(?:[áé]t|b[ae]n|b[óő]l|r[óő]l|[vht]el|v[ae]l|[bhk]oz|n[áé]l|[^h]ért|ként|ság|ség|t[ae]?l[ae]n|atlan|oly|ely|[^t]ás|[^t]és|[óőaáeé]|[aáeéiíoóöőuúüű]t[óő])"
)


@functools.lru_cache(REMEMBERED)
def is_verb(form: str, forms: Forms) -> bool:
    """Tell whether `form` stands in the text as a finite verb, and oftener so than as anything else."""
    if form in NO_VERB:
        return False
    seen, other = forms.balance(form, FINITE, NOT_FINITE)
    if seen >= SEEN:
        return seen > other
    if not form.startswith(PREVERBS) or not any(form[at:] in forms.standing for at in range(2, len(form) - 3)):
        return False  # told without taking it apart
    rest = without_preverb(form)
    return rest != form and len(rest) > 3 and is_verb(rest, forms)


def in_cell(form: str, cell: str, wanted: tuple[str, ...], forms: Forms, tenses: tuple[str, ...] = ("row", "past", "present", "cond", "wish")) -> str:
    """Return the form of the same verb in the first of the cells `wanted` that stands in the text, for a form that is in `cell`; "" if none does."""
    for tense, shown, stem in cells(form):
        if shown != cell or tense not in tenses:
            continue
        for other in wanted:
            for made in row(stem, cell, other) if tense == "row" else put(tense, other, stem):
                if made != form and is_verb(made, forms) and not (other == "3si" and made.endswith("ik") and _both(made, forms)):
                    return made
    return ""


def _both(form: str, forms: Forms) -> bool:
    """Tell whether a form in -ik is the definite plural of a verb ("nézik", beside "dolgozik"); "törik" is both."""
    return any(forms.seen(one, *FINITE, "ADV - -") >= SEEN for one in (form[:-2], form[:-1]))  # the pack takes "vesz" for an adverb


_SHOWS_3SD = re.compile(r"(?:t[ae]|[^aáeéiíoóöőuúüű]ná|[^aáeéiíoóöőuúüű]né)$")
_SHOWS_3PD = re.compile(r"(?:t[áé]k|[aáeéiíoóöőuúüű]n[áé]k|j[áé]k|ssák|zzák|sszák)$")
_SHOWS_PRESENT_3SD = re.compile(r"[^aáeéiíoóöőuúüű](?:ja|i)$|[sz]{2}a$")
_SHOWS_PAST = re.compile(r"(?:[oeöaáéíűúóőui]tt|[lrnjy]t)$")
_SHOWS_WISH = re.compile(r"(?:[^aáeéiíoóöőuúüű]n[ae]|j[oeö]n)$")
_SHOWS_SPEAKER = re.compile(r"[aeoöuü](?:k|m|d|nk)$")


@functools.lru_cache(REMEMBERED)
def third(form: str, forms: Forms) -> str:
    """Return "3sd", "3si", "3pd" or "3pi" for a form of the third person that can be nothing else; "" for any other, and for a doubtful one."""
    if form in NO_VERB:
        return ""
    if known := irregular(form):
        return known[0] if known[0][0] == "3" and without_preverb(form) != "eszik" else ""
    if _SHOWS_3SD.search(form):
        return "3sd" if _family(form, "3sd", ("3pd", "3si", "1sd"), forms) else ""
    if _SHOWS_3PD.search(form):
        return "3pd" if not form.endswith("nék") and _family(form, "3pd", ("3sd", "3pi"), forms) else ""
    if form.endswith(("tak", "tek", "nak", "nek")):
        return "3pi" if _family(form, "3pi", ("3si", "3pd"), forms) else ""
    if _SHOWS_PRESENT_3SD.search(form):
        return "3sd" if _family(form, "3sd", ("3pd", "3si", "1sd"), forms, ("present",)) else ""
    if form.endswith("ik"):
        if _both(form, forms):
            return "3pd" if not is_back(form[:-2]) and not form.endswith(("törik", "telik", "hallik")) else ""
        return "3si" if any(is_verb(form[:-2] + e, forms) for e in ("nak", "nek", "anak", "enek")) else ""
    if NO_VERB_SHAPE.fullmatch(form):
        return ""
    if _SHOWS_PAST.search(form):
        return "3si" if _family(form, "3si", ("3pi", "3sd", "1si"), forms, ("past",)) else ""
    if _SHOWS_WISH.search(form):
        return "3si" if _family(form, "3si", ("3pi", "1si"), forms, ("cond", "wish")) else ""
    if _SHOWS_SPEAKER.search(form):
        return ""
    return "3si" if any(is_verb(form + e, forms) for e in ("nak", "nek", "anak", "enek")) else ""


def _family(form: str, cell: str, others: tuple[str, ...], forms: Forms, tenses: tuple[str, ...] = ("past", "cond", "present", "wish")) -> bool:
    return bool(in_cell(form, cell, others, forms, tenses))


SPEAKERS = (  # endings of the first and second person, by cell
    ("1sd", ("tam", "tem", "om", "em", "öm")), ("1si", ("ok", "ek", "ök")), ("1pd", ("tuk", "tük", "juk", "jük")), ("1pi", ("unk", "ünk")),
    ("2sd", ("tad", "ted", "od", "ed", "öd")), ("2si", ("tál", "tél", "sz")),
)  # fmt: skip


@functools.lru_cache(REMEMBERED)
def speaker(form: str, forms: Forms) -> str:
    """Return "1sd", "1pi", ... for a form of the first or second person that can be nothing else; "" for any other, and for a doubtful one."""
    if form in NO_VERB or form.endswith(("tak", "tek", "nak", "nek", "ik")) or not is_verb(form, forms):
        return ""
    for cell, ends in SPEAKERS:
        if form.endswith(ends) and in_cell(form, cell, ("3sd", "3si"), forms, ("past", "present")):
            return cell
    return ""
