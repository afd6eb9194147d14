"""Hungarian nouns by their endings: cases, the plural and possessed forms, each made by rule and held to what stands in the text."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator

from build_data.makers.contrasts import SEEN, Forms
from build_data.makers.contrasts_hu_cells import harmonic
from build_data.makers.contrasts_hu_words import CASES
from build_data.makers.words import REMEMBERED

NOUNS = ("NOUN Nom Sing", "NOUN Acc Sing", "NOUN Ine Sing", "NOUN Sup Sing", "NOUN Nom Plur", "NOUN Acc Plur")
NO_NOUNS = ("VERB Fin 3 Sing", "VERB Fin 3 Plur", "ADJ Nom Sing", "VERB Inf - -", "PRON Nom Sing", "ADP - -")
BARE = ("NOUN Nom Sing", "NOUN Nom Plur", "NOUN Acc Sing", "ADV - -")  # the pack takes short nouns for adverbs: "nap", "ágy"
MARKED = re.compile(  # ends as a case does, so that a tag "Nom" may be wrong
    r".*(?:b[ae]n?|b[óő]l|r[óő]l|r[ae]|n[áé]l|t[óő]l|h[oeö]z|n[ae]k|v[ae]l|([bcdfghjklmnprstvz])\1[ae]l|ssz[ae]l|ggy[ae]l|nny[ae]l|ig|ért|ként|kor|[^n]n|n|t|[uü]l|i|v[áé]|st[uü]l|é|nt)"
)
OWNED = re.compile(r".*(?:[aáeoöuü]m|[aáeoöuü]d|[aáeuü]nk|[ou]k|ük|j[ae]|t[oe]k|[aáeéj]i)")
_LONG = {"á": "a", "é": "e", "í": "i", "ú": "u", "ű": "ü", "ó": "o"}
_SHORT_TO_LONG = {short: long for long, short in _LONG.items()}
_VOWELS = "aáeéiíoóöőuúüű"
_SHORTENS, _SHORT = re.compile(rf"(.+)([áéíúűó])([^{_VOWELS}]{{1,2}})"), re.compile(rf"(.+)([aeiuüo])([^{_VOWELS}]{{1,2}})")  # kéz, kez-
_DROPS = re.compile(rf"(.*[{_VOWELS}][^{_VOWELS}]{{1,2}})[oeöa]([^{_VOWELS}])")  # bokor
_DROPPED = re.compile(rf"(.*[{_VOWELS}][^{_VOWELS}]{{1,2}})([^{_VOWELS}])")  # bokr-
_DOUBLED = re.compile(r"(.+?)(ssz|ggy|nny|ccs|zzs|tty|lly|([bcdfghjklmnprstvz])\3)[ae]l")
_ENDINGS: dict[str, list[tuple[str, tuple[str, ...]]]] = {  # last letter -> cases and their endings; what -al and -el stand on, _DOUBLED says
    last: [(case, some) for case, shapes in (CASES | {"ins": ("val", "vel")}).items() if (some := tuple(shape for shape in shapes if shape[-1] == last))]
    for last in {shape[-1] for shapes in CASES.values() for shape in shapes}
}


def is_noun(form: str, forms: Forms, *tags: str) -> bool:
    """Tell whether `form` stands in the text as a noun, and oftener so than as anything else."""
    seen, other = forms.balance(form, tags or NOUNS, NO_NOUNS)
    return seen >= SEEN and seen > other


@functools.lru_cache(REMEMBERED)
def is_bare(form: str, forms: Forms) -> bool:
    """Tell whether `form` is a noun without a case ending: its end is none, or the text has it with a case ending more ("életben" for "élet")."""
    if not is_noun(form, forms, *BARE):
        return False
    return any(in_case(form, case, forms) for case in (("ine", "sub", "dat", "ins") if MARKED.fullmatch(form) else CASES))


@functools.lru_cache(REMEMBERED)
def stems(noun: str) -> tuple[str, ...]:
    """Return what endings may stand on: "ház", "almá-" for "alma", "keze-" is left to the linking vowel: "kez-" for "kéz", "bokr-" for "bokor"."""
    if noun[-1] in "ae":
        return (noun[:-1] + ("á" if noun[-1] == "a" else "é"),)
    out = [noun]
    if found := _SHORTENS.fullmatch(noun):
        out.append(found[1] + _LONG[found[2]] + found[3])
    if found := _DROPS.fullmatch(noun):
        out.append(found[1] + found[2])
    return tuple(out)


def in_case(noun: str, case: str, forms: Forms) -> str:
    """Return a bare noun (singular or plural) in a case, "" if no form of it stands in the text."""
    for stem in stems(noun):
        needs_vowel = stem != noun and stem[-1] not in "áé"
        for shape in CASES[case]:
            made = _with(stem, shape) if case == "ins" else stem + shape
            if made in forms.standing and made != noun and harmonic(stem, shape) and not (needs_vowel and shape[0] not in "aeoö") and is_noun(made, forms):
                return made
    return ""


def _with(stem: str, shape: str) -> str:
    """Return stem and ending; -val after a consonant doubles it: "házzal", "asszonnyal"."""
    if shape in ("al", "el"):
        if stem[-1] in _VOWELS:
            return ""
        last = stem[-2:] if stem[-2:] in ("sz", "gy", "ny", "cs", "zs", "ty", "ly") else stem[-1]
        return stem[: -len(last)] + last[0] + last + shape
    if shape in ("val", "vel") and stem[-1] not in _VOWELS:
        return ""
    return stem + shape


def plural(noun: str, forms: Forms) -> str:
    """Return the plural of a bare noun, "" if it does not stand in the text."""
    for stem in stems(noun):
        for link in ("", "o", "a", "e", "ö"):
            made = stem + link + "k"
            if made in forms.standing and (link or stem[-1] in _VOWELS) and harmonic(stem, link) and is_noun(made, forms, "NOUN Nom Plur", "NOUN Nom Sing"):
                return made
    return ""


@functools.lru_cache(REMEMBERED)
def singular(noun: str, forms: Forms) -> str:
    """Return the noun of which `noun` is the plural, "" if none stands in the text."""
    for bare in _bare(noun, ("k", "ok", "ak", "ek", "ök")):
        if is_bare(bare, forms) and plural(bare, forms) == noun:
            return bare
    return ""


@functools.lru_cache(REMEMBERED)
def split_case(form: str, forms: Forms) -> tuple[str, str]:
    """Return (bare noun, case) of a noun in a case, ("", "") where that is not certain."""
    for case, shapes in _ENDINGS.get(form[-1:], ()):
        for bare in _bare(form, shapes):
            if is_noun(bare, forms, *BARE) and in_case(bare, case, forms) == form:
                return bare, case
    if form.endswith(("al", "el")) and (found := _DOUBLED.fullmatch(form)):
        bare = found[1] + found[2][1:]
        if is_noun(bare, forms, *BARE):
            return bare, "ins"
    return "", ""


def _bare(form: str, shapes: tuple[str, ...]) -> Iterator[str]:
    """Yield what may stand before one of the endings: "alma" for "almá-", "kéz" for "kez-", "bokor" for "bokr-"."""
    for shape in shapes:
        if not form.endswith(shape) or len(form) - len(shape) < 2:
            continue
        stem = form[: -len(shape)]
        if stem[-1] in "áé":
            yield stem[:-1] + ("a" if stem[-1] == "á" else "e")
        yield stem
        if shape[0] in "aeoö":
            if found := _SHORT.fullmatch(stem):
                yield found[1] + _SHORT_TO_LONG[found[2]] + found[3]
            if found := _DROPPED.fullmatch(stem):
                yield from (found[1] + link + found[2] for link in "oeö")


def other_number(form: str, forms: Forms) -> tuple[str, str, str]:
    """Return (the same case of the other number, "Sing" or "Plur" as `form` is, its case); ("", "", "") where that is not certain."""
    if one := singular(form, forms):
        return one, "Plur", "nom"
    bare, case = split_case(form, forms)
    if not bare:
        plain = not OWNED.fullmatch(form) and is_bare(form, forms)
        many = plural(form, forms) if plain else ""
        return (many, "Sing", "nom") if many else ("", "", "")
    if one := singular(bare, forms):
        made = in_case(one, case, forms)
        return (made, "Plur", case) if made else ("", "", "")
    many = "" if OWNED.fullmatch(bare) else plural(bare, forms)
    made = in_case(many, case, forms) if many else ""
    return (made, "Sing", case) if made else ("", "", "")


ENDS = {  # possessed by me, you, him, us, you (many), them
    "1s": ("m", "om", "em", "öm", "am"), "2s": ("d", "od", "ed", "öd", "ad"), "3s": ("a", "e", "ja", "je"), "1p": ("nk", "unk", "ünk"),
    "2p": ("tok", "tek", "tök", "otok", "etek", "atok"), "3p": ("uk", "ük", "juk", "jük"),
}  # fmt: skip
AFTER = ("", "ban", "ben", "ba", "be", "ból", "ből", "ra", "re", "ról", "ről", "n", "on", "en", "ön", "nál", "nél", "hoz", "hez", "höz", "tól", "től", "nak", "nek", "at", "et", "ot", "öt", "t")  # fmt: skip


def possessed(form: str, owner: str, wanted: tuple[str, ...], forms: Forms) -> str:
    """Return a noun that belongs to `owner` ("1s") as it belongs to the first of `wanted` for which a form stands in the text: "házamban" -> "házadban"."""
    for after in AFTER:
        if after and not form.endswith(after):
            continue
        core = form[: len(form) - len(after)]
        if owner == "3s":
            core = re.sub("á$", "a", re.sub("é$", "e", core)) if after else core
        for end in ENDS[owner]:
            stem = core[: -len(end)]
            if not core.endswith(end) or len(stem) < 2:
                continue
            for person in wanted:
                for shape in ENDS[person]:
                    for base in (
                        (stem, stem[:-1]) if stem[-1] in "áé" and shape in ("ja", "je") else (stem, stem + "á", stem + "é") if end in ("ja", "je") else (stem,)
                    ):
                        made = _owned(base, shape, after)
                        if made and made != form and harmonic(stem, shape) and is_noun(made, forms):
                            return made
    return ""


def _owned(stem: str, shape: str, after: str) -> str:
    if shape in ("m", "d", "nk", "tok", "tek", "tök") and stem[-1] not in _VOWELS:
        return ""
    if shape in ("a", "e", "om", "em", "öm", "am", "od", "ed", "öd", "ad", "unk", "ünk", "uk", "ük") and stem[-1] in _VOWELS:
        return ""
    third = shape in ("a", "e", "ja", "je")
    if third and after:
        shape = shape[:-1] + ("á" if shape[-1] == "a" else "é")
        after = {"at": "t", "et": "t", "ot": "t", "öt": "t", "on": "n", "en": "n", "ön": "n"}.get(after, after)
    elif after in ("t", "n") and not third:
        after = {"t": ("at", "et"), "n": ("on", "en")}[after][shape[-2:-1] in ("e", "ö", "ü")]
    return stem + shape + after
