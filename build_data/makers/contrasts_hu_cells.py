"""Endings of Hungarian verbs: the cells (person, number, conjugation) that a form may be in by its end, and the forms that a stem may have in one. See contrasts_hu_verbs."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator, Mapping, Sequence

from build_data.makers.contrasts import Remembered
from build_data.makers.verbs_hu import split_preverb
from build_data.makers.words import REMEMBERED
from build_data.makers.words_hu import PREVERBS

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
IRREGULAR_CELLS: dict[str, list[str]] = {}  # form -> cells
for _row_of_forms in IRREGULAR:
    for _cell, _form in _row_of_forms.items():
        IRREGULAR_CELLS.setdefault(_form, []).append(_cell)
_IRREGULAR = tuple(IRREGULAR_CELLS)
_BACK, _VOWELS = "aáoóuú", "aáoóuúeéöőüű"  # i and í are neither


def without_preverb(form: str) -> str:
    """Return "halt" for "meghalt", and a form without a preverb as it is."""
    return split_preverb(form)[1] if form.startswith(PREVERBS) else form


def harmonic(stem: str, ending: str) -> bool:
    """Tell whether the vowels of a stem and of an ending agree (i and í go with both)."""
    wanted, shown = _HARMONY[stem], _SHOWN[ending]
    return not wanted or not shown or wanted == shown


def _harmony(stem: str) -> str:
    """Return "back" or "front", which its endings must be; "" where both go."""
    vowels = [c for c in stem if c in _VOWELS]
    if not vowels or (vowels[-1] in "eé" and vowels[0] in _BACK):
        return ""
    return "back" if vowels[-1] in _BACK else "front"


_HARMONY: Remembered[str, str] = Remembered(_harmony)
_SHOWN: Remembered[str, str] = Remembered(lambda ending: next(("back" if c in _BACK else "front" for c in ending if c in _VOWELS), ""))


def _by_last(*tables: tuple[str, str, Mapping[str, Sequence[str]]]) -> dict[str, list[tuple[str, str, str, str]]]:
    """Return the (tense, cell, whole ending, its part behind the stem) of tables (tense, what stands before each ending, endings by cell), by their last letter."""
    out: dict[str, list[tuple[str, str, str, str]]] = {}
    for tense, before, endings in tables:
        for cell, shapes in endings.items():
            for shape in shapes:
                out.setdefault(shape[-1], []).append((tense, cell, before + shape, shape))
    return out


_OTHER_ENDINGS = _by_last(("cond", "", CONDITIONAL), ("wish", "", WISH), ("past", "t", PAST))
_PRESENT_ENDINGS = _by_last(("present", "", PRESENT))
_DOUBLED = re.compile(r"(.+?)(ssz|zz|ss)(a|ák|uk|ük)")
_NO_BARE_STEM = ("jon", "jen", "tt", "na", "ne", "ta", "te", "k")


@functools.lru_cache(REMEMBERED)
def cells(form: str) -> tuple[tuple[str, str, str], ...]:
    """Return (tense, cell, stem) for each way in which the ending of `form` can be read; a stem without ending (3si) comes last."""
    return tuple(_cells(form))


def _cells(form: str) -> Iterator[tuple[str, str, str]]:
    for cell in irregular(form):
        yield "row", cell, form
    yield from _read(form, _OTHER_ENDINGS)
    if form.endswith("t"):
        for base in _bases(form):
            yield "past", "3si", base
    if form.endswith(("a", "k")) and (found := _DOUBLED.fullmatch(form)):
        cell = {"a": "3sd", "ák": "3pd"}.get(found[3], "1pd")
        yield "present", cell, found[1] + found[2][1:]
    yield from _read(form, _PRESENT_ENDINGS)
    if form.endswith("ik"):
        yield "present", "3si", form[:-2]
    if not form.endswith(_NO_BARE_STEM):
        yield "present", "3si", form


def irregular(form: str) -> Sequence[str]:
    """Return the cells of an irregular form, with a preverb or without; () for other forms."""
    if not form.endswith(_IRREGULAR):
        return ()
    return IRREGULAR_CELLS.get(form) or IRREGULAR_CELLS.get(without_preverb(form)) or ()


def _read(form: str, endings: Mapping[str, Sequence[tuple[str, str, str, str]]]) -> Iterator[tuple[str, str, str]]:
    for tense, cell, ending, shape in endings.get(form[-1:], ()):
        if form.endswith(ending) and len(form) - len(ending) >= 2 and harmonic(stem := form[: -len(shape)], shape):
            yield tense, cell, stem


def _bases(form: str) -> Iterator[str]:
    """Yield what endings of the past stand on, for a form of the third person: "hallott" -> "hallott-", "látott" -> "látt-"."""
    yield form
    if form.endswith(("ott", "ett", "ött")):
        yield form[:-3] + "t"
        yield from (stem + "t" for stem in other_stems(form[:-3]))


def put(tense: str, cell: str, stem: str) -> Iterator[str]:
    """Yield what the form of `stem` in `cell` may be, the likeliest first."""
    if tense == "past":
        if cell == "3si":
            yield stem
            yield from [one + link + "tt" for one in (stem[:-1], *other_stems(stem[:-1])) for link in ("o", "e", "ö") if harmonic(stem, link)]
        else:
            yield from (stem + shape for shape in PAST.get(cell, ()) if harmonic(stem, shape))
    elif tense in ("cond", "wish"):
        table = CONDITIONAL if tense == "cond" else WISH
        yield from (stem + shape for shape in table.get(cell, ()) if harmonic(stem, shape))
    else:
        stems = [stem, *other_stems(stem)]
        if cell == "3si":
            yield from stems
            yield stem + "ik"
        elif cell in ("3sd", "3pd", "1pd") and stem.endswith(("s", "z")):
            last = "sz" if stem.endswith("sz") else stem[-1]
            front = stem[: -len(last)] + last[0] + last
            yield from (front + shape for shape in {"3sd": ("a",), "3pd": ("ák",), "1pd": ("uk", "ük")}[cell] if harmonic(stem, shape))
        yield from (s + shape for s in stems for shape in PRESENT.get(cell, ()) if harmonic(s, shape) and (shape[0] != "i" or not is_back(s)))


def is_back(stem: str) -> bool:
    vowels = [c for c in stem if c in _VOWELS]
    return bool(vowels) and vowels[-1] in _BACK


_DROPS = re.compile(r"(.*[aáeéiíoóöőuúüű](?:[lrndgzk]|gy|ly))(z|l|g|r)")
_HAS = re.compile(r"(.*[aáeéiíoóöőuúüű](?:[lrndgzk]|gy|ly))[oeöi](z|l|g|r)")


def other_stems(stem: str) -> list[str]:
    """Return "érez" for "érz-", "érz-" for "érez": verbs that drop a vowel before endings."""
    if not stem.endswith(("z", "l", "g", "r")):
        return []
    out = [found[1] + link + found[2] for link in "oeöi"] if (found := _DROPS.fullmatch(stem)) else []
    return [*out, found[1] + found[2]] if (found := _HAS.fullmatch(stem)) else out


def row(form: str, cell: str, other: str) -> Iterator[str]:
    """Yield the form of an irregular verb in the cell `other`."""
    for row in IRREGULAR:
        known = row.get(cell, "")
        if known and known in (form, without_preverb(form)) and other in row:
            yield form[: len(form) - len(known)] + row[other]
