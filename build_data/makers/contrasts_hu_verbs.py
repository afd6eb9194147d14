"""Hungarian finite verbs by their endings: which person, number and conjugation a form shows, and the form of the same verb in another cell.

There is no lemmatizer: a form is taken apart in each way that its ending allows, put together anew in each way that the other ending allows, and what
comes out counts only if it stands in the text, tagged as a verb more often than as anything else.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator

from build_data.makers.contrasts import SEEN, Forms
from build_data.makers.verbs_hu import split_preverb
from build_data.makers.words import REMEMBERED

FINITE = ("VERB Fin 3 Sing", "VERB Fin 3 Plur", "VERB Fin - Sing", "VERB Fin - -")  # the pack knows no other person
INFINITIVE = ("VERB Inf - -", "VERB Inf 3 Sing", "VERB Inf 3 -")
OTHERS = ("NOUN Nom Sing", "NOUN Acc Sing", "NOUN Ine Sing", "NOUN Sup Sing", "NOUN Nom Plur", "NOUN Acc Plur", "ADJ Nom Sing", "ADV - -", "PRON Nom Sing",
          "PRON Ine Sing", "PRON Sub Sing", "PRON Gen Sing", "PROPN Nom Sing", "ADP - -", "NUM Nom Sing")  # fmt: skip
# cells: person 1-3, s(ingular) or p(lural), d(efinite) or i(ndefinite)
PAST = {
    "1sd": ("am", "em"), "1si": ("am", "em"), "2sd": ("ad", "ed"), "2si": ("ál", "él"), "3sd": ("a", "e"), "1pd": ("uk", "ük"), "1pi": ("unk", "ünk"),
    "2pd": ("átok", "étek"), "2pi": ("atok", "etek"), "3pd": ("ák", "ék"), "3pi": ("ak", "ek"),
}  # fmt: skip
PRESENT = {
    "1sd": ("om", "em", "öm"), "1si": ("ok", "ek", "ök"), "2sd": ("od", "ed", "öd"), "2si": ("sz", "asz", "esz", "ol", "el", "öl"), "3sd": ("ja", "i"),
    "1pd": ("juk", "jük"), "1pi": ("unk", "ünk"), "2pd": ("játok", "itek"), "2pi": ("tok", "tek", "tök", "otok", "etek", "ötök"), "3pd": ("ják", "ik"),
    "3pi": ("nak", "nek", "anak", "enek"),
}  # fmt: skip
CONDITIONAL = {
    "1sd": ("nám", "ném"), "1si": ("nék",), "2sd": ("nád", "néd"), "2si": ("nál", "nél"), "3sd": ("ná", "né"), "3si": ("na", "ne"),
    "1pd": ("nánk", "nénk", "nók", "nők"), "1pi": ("nánk", "nénk"), "3pd": ("nák", "nék"), "3pi": ("nának", "nének"),
}  # fmt: skip
WISH = {
    "1sd": ("jam", "jem"), "1si": ("jak", "jek"), "2si": ("jál", "jél"), "3si": ("jon", "jen", "jön"), "1pi": ("junk", "jünk"), "3pi": ("janak", "jenek"),
}  # fmt: skip
IRREGULAR = (  # rows of (cell, form) of verbs that no ending tells
    {"1si": "vagyok", "2si": "vagy", "3si": "van", "1pi": "vagyunk", "2pi": "vagytok", "3pi": "vannak"},
    {"1si": "megyek", "2si": "mész", "3si": "megy", "1pi": "megyünk", "3pi": "mennek"},
    {"1si": "jövök", "2si": "jössz", "3si": "jön", "1pi": "jövünk", "2pi": "jöttök", "3pi": "jönnek"},
    {"1si": "leszek", "2si": "leszel", "3si": "lesz", "1pi": "leszünk", "2pi": "lesztek", "3pi": "lesznek"},
    {"3si": "nincs", "3pi": "nincsenek"}, {"3si": "sincs", "3pi": "sincsenek"},
    {"3si": "evett", "3sd": "ette", "3pi": "ettek", "3pd": "ették", "1si": "ettem", "1sd": "ettem"},
    {"3si": "ivott", "3sd": "itta", "3pi": "ittak", "3pd": "itták", "1si": "ittam", "1sd": "ittam"},
    {"3si": "eszik", "3sd": "eszi", "3pi": "esznek", "3pd": "eszik"}, {"3si": "iszik", "3sd": "issza", "3pi": "isznak", "3pd": "isszák"},
    {"1si": "legyek", "2si": "légy", "3si": "legyen", "1pi": "legyünk", "3pi": "legyenek"},
    {"1si": "menjek", "2si": "menj", "3si": "menjen", "1pi": "menjünk", "3pi": "menjenek"},
    {"3si": "higgyen", "3sd": "higgye"}, {"3si": "lévén"},
)  # fmt: skip


def listed(words: str) -> frozenset[str]:
    return frozenset(words.split())


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
_BACK, _FRONT = "aáoóuú", "eéöőüű"


@functools.lru_cache(REMEMBERED)
def is_verb(form: str, forms: Forms) -> bool:
    """Tell whether `form` stands in the text as a finite verb, and oftener so than as anything else."""
    if form in NO_VERB:
        return False
    seen = forms.seen(form, *FINITE)
    if seen >= SEEN:
        return seen > forms.seen(form, *OTHERS, *INFINITIVE)
    preverb, rest = split_preverb(form)
    return bool(preverb) and len(rest) > 3 and is_verb(rest, forms)


def harmonic(stem: str, ending: str) -> bool:
    """Tell whether the vowels of a stem and of an ending agree (i and í go with both)."""
    vowels = [c for c in stem if c in _BACK + _FRONT]
    ends = [c for c in ending if c in _BACK + _FRONT]
    return not vowels or not ends or (vowels[-1] in _BACK) == (ends[0] in _BACK) or (vowels[-1] in "eé" and vowels[0] in _BACK)


def cells(form: str) -> Iterator[tuple[str, str, str]]:
    """Yield (tense, cell, stem) for each way in which the ending of `form` can be read; a stem without ending (3si) comes last."""
    for row in IRREGULAR:
        for cell, known in row.items():
            if known in (form, split_preverb(form)[1]):
                yield "row", cell, form
    for tense, endings in (("cond", CONDITIONAL), ("wish", WISH)):
        for cell, shapes in endings.items():
            for shape in shapes:
                if form.endswith(shape) and len(form) - len(shape) >= 2 and harmonic(form[: -len(shape)], shape):
                    yield tense, cell, form[: -len(shape)]
    for cell, shapes in PAST.items():
        for shape in shapes:
            if form.endswith("t" + shape) and len(form) - len(shape) >= 3 and harmonic(form[: -len(shape)], shape):
                yield "past", cell, form[: -len(shape)]
    if form.endswith("t"):
        for base in _bases(form):
            yield "past", "3si", base
    if found := re.fullmatch(r"(.+?)(ssz|zz|ss)(a|ák|uk|ük)", form):
        cell = {"a": "3sd", "ák": "3pd"}.get(found[3], "1pd")
        yield "present", cell, found[1] + found[2][1:]
    for cell, shapes in PRESENT.items():
        for shape in shapes:
            if form.endswith(shape) and len(form) - len(shape) >= 2 and harmonic(form[: -len(shape)], shape):
                yield "present", cell, form[: -len(shape)]
    if form.endswith("ik"):
        yield "present", "3si", form[:-2]
    if not re.search(r"j[oe]n$|tt$|n[ae]$|t[ae]$|k$", form):
        yield "present", "3si", form


def _bases(form: str) -> Iterator[str]:
    """Yield what endings of the past stand on, for a form of the third person: "hallott" -> "hallott-", "látott" -> "látt-"."""
    yield form
    if re.search(r"[oeö]tt$", form):
        yield form[:-3] + "t"
        yield from (stem + "t" for stem in _other_stems(form[:-3]))


def _put(tense: str, cell: str, stem: str) -> Iterator[str]:
    """Yield what the form of `stem` in `cell` may be, the likeliest first."""
    if tense == "past":
        if cell == "3si":
            yield stem
            yield from (one + link + "tt" for one in (stem[:-1], *_other_stems(stem[:-1])) for link in ("o", "e", "ö") if harmonic(stem, link))
        else:
            yield from (stem + shape for shape in PAST.get(cell, ()) if harmonic(stem, shape))
    elif tense in ("cond", "wish"):
        table = CONDITIONAL if tense == "cond" else WISH
        yield from (stem + shape for shape in table.get(cell, ()) if harmonic(stem, shape))
    else:
        stems = [stem, *_other_stems(stem)]
        if cell == "3si":
            yield from stems
            yield stem + "ik"
        elif cell in ("3sd", "3pd", "1pd") and re.search(r"[sz]$", stem):
            last = "sz" if stem.endswith("sz") else stem[-1]
            front = stem[: -len(last)] + last[0] + last
            yield from (front + shape for shape in {"3sd": ("a",), "3pd": ("ák",), "1pd": ("uk", "ük")}[cell] if harmonic(stem, shape))
        yield from (s + shape for s in stems for shape in PRESENT.get(cell, ()) if harmonic(s, shape) and (shape[0] != "i" or not _back(s)))


def _back(stem: str) -> bool:
    vowels = [c for c in stem if c in _BACK + _FRONT]
    return bool(vowels) and vowels[-1] in _BACK


def _other_stems(stem: str) -> Iterator[str]:
    """Yield "érez" for "érz-", "érz-" for "érez": verbs that drop a vowel before endings."""
    if found := re.fullmatch(r"(.*[aáeéiíoóöőuúüű](?:[lrndgzk]|gy|ly))(z|l|g|r)", stem):
        yield from (found[1] + link + found[2] for link in "oeöi")
    if found := re.fullmatch(r"(.*[aáeéiíoóöőuúüű](?:[lrndgzk]|gy|ly))[oeöi](z|l|g|r)", stem):
        yield found[1] + found[2]


def in_cell(form: str, cell: str, wanted: tuple[str, ...], forms: Forms, tenses: tuple[str, ...] = ("row", "past", "present", "cond", "wish")) -> str:
    """Return the form of the same verb in the first of the cells `wanted` that stands in the text, for a form that is in `cell`; "" if none does."""
    for tense, shown, stem in cells(form):
        if shown != cell or tense not in tenses:
            continue
        for other in wanted:
            for made in _row(stem, cell, other) if tense == "row" else _put(tense, other, stem):
                if made != form and is_verb(made, forms) and not (other == "3si" and made.endswith("ik") and _both(made, forms)):
                    return made
    return ""


def _both(form: str, forms: Forms) -> bool:
    """Tell whether a form in -ik is the definite plural of a verb ("nézik", beside "dolgozik"); "törik" is both."""
    return any(forms.seen(one, *FINITE, "ADV - -") >= SEEN for one in (form[:-2], form[:-1]))  # the pack takes "vesz" for an adverb


def _row(form: str, cell: str, other: str) -> Iterator[str]:
    for row in IRREGULAR:
        known = row.get(cell, "")
        if known and known in (form, split_preverb(form)[1]) and other in row:
            yield form[: len(form) - len(known)] + row[other]


@functools.lru_cache(REMEMBERED)
def third(form: str, forms: Forms) -> str:
    """Return "3sd", "3si", "3pd" or "3pi" for a form of the third person that can be nothing else; "" for any other, and for a doubtful one."""
    if form in NO_VERB:
        return ""
    for row in IRREGULAR:
        for cell, known in row.items():
            if known in (form, split_preverb(form)[1]):
                return cell if cell[0] == "3" and known != "eszik" else ""
    if re.search(r"(?:t[ae]|[^aáeéiíoóöőuúüű]ná|[^aáeéiíoóöőuúüű]né)$", form):
        return "3sd" if _family(form, "3sd", ("3pd", "3si", "1sd"), forms) else ""
    if re.search(r"(?:t[áé]k|[aáeéiíoóöőuúüű]n[áé]k|j[áé]k|ssák|zzák|sszák)$", form):
        return "3pd" if not form.endswith("nék") and _family(form, "3pd", ("3sd", "3pi"), forms) else ""
    if re.search(r"(?:t[ae]k|nak|nek)$", form):
        return "3pi" if _family(form, "3pi", ("3si", "3pd"), forms) else ""
    if re.search(r"[^aáeéiíoóöőuúüű](?:ja|i)$|[sz]{2}a$", form):
        return "3sd" if _family(form, "3sd", ("3pd", "3si", "1sd"), forms, ("present",)) else ""
    if form.endswith("ik"):
        if _both(form, forms):
            return "3pd" if not _back(form[:-2]) and not form.endswith(("törik", "telik", "hallik")) else ""
        return "3si" if any(is_verb(form[:-2] + e, forms) for e in ("nak", "nek", "anak", "enek")) else ""
    if NO_VERB_SHAPE.fullmatch(form):
        return ""
    if re.search(r"(?:[oeöaáéíűúóőui]tt|[lrnjy]t)$", form):
        return "3si" if _family(form, "3si", ("3pi", "3sd", "1si"), forms, ("past",)) else ""
    if re.search(r"(?:[^aáeéiíoóöőuúüű]n[ae]|j[oeö]n)$", form):
        return "3si" if _family(form, "3si", ("3pi", "1si"), forms, ("cond", "wish")) else ""
    if re.search(r"[aeoöuü](?:k|m|d|nk)$", form):
        return ""
    return "3si" if any(is_verb(form + e, forms) for e in ("nak", "nek", "anak", "enek")) else ""


def _family(form: str, cell: str, others: tuple[str, ...], forms: Forms, tenses: tuple[str, ...] = ("past", "cond", "present", "wish")) -> bool:
    return bool(in_cell(form, cell, others, forms, tenses))


SPEAKERS = (  # endings of the first and second person, by cell
    ("1sd", r"t[ae]m|[oeö]m"), ("1si", r"[oeö]k"), ("1pd", r"[tj][uü]k"), ("1pi", r"[uü]nk"), ("2sd", r"t[ae]d|[oeö]d"), ("2si", r"t[áé]l|sz"),
)  # fmt: skip


@functools.lru_cache(REMEMBERED)
def speaker(form: str, forms: Forms) -> str:
    """Return "1sd", "1pi", ... for a form of the first or second person that can be nothing else; "" for any other, and for a doubtful one."""
    if form in NO_VERB or re.search(r"t[ae]k$|n[ae]k$|ik$", form) or not is_verb(form, forms):
        return ""
    for cell, shape in SPEAKERS:
        if re.search(f"(?:{shape})$", form) and in_cell(form, cell, ("3sd", "3si"), forms, ("past", "present")):
            return cell
    return ""
