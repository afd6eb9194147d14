"""Hungarian contrasts in a clause: conjugation, number, person, infinitive, object. See contrasts_hu."""

from __future__ import annotations

import re
from collections.abc import Iterator

from build_data.makers.contrasts import SEEN, Forms, Site
from build_data.makers.contrasts_hu_line import BETWEEN, DEFINITE, INDEFINITE, MANY, ONE, PREVERBS, TIMES, Line
from build_data.makers.contrasts_hu_nouns import COUNTS, OWNED, in_case, singular, split_case
from build_data.makers.contrasts_hu_verbs import INFINITIVE, cells, harmonic, in_cell, is_verb, listed, speaker, third
from build_data.makers.verbs_hu import split_preverb

AFTER_VERB = listed("engem téged minket bennünket valamit semmit senkit valakit mindent ilyesmit")
ONE_EACH = listed("mindenki senki valaki ő")
PERSONS = {"én": "1s", "te": "2s", "ő": "3s", "mi": "1p", "ti": "2p", "ők": "3p"}
TURNED = {"1s": ("3s", "2s"), "2s": ("1s", "3s"), "3s": ("1s", "2s"), "1p": ("3p", "1s"), "2p": ("1p", "3p"), "3p": ("1p", "1s")}
HELPERS = re.compile(
    r"(?:akar|tud|fog|szokott|kell|bír|mer|kíván|szeretn|próbál|igyekez|kezd|óhajt|szándékoz)(?:t|ott|ett|ta|te|ja|i|ik|tak|tek|ták|ték|nak|nek|ják|ok|om|em|tam|tem|unk|juk|tunk|tuk|na|ne|né|ném|"
    r"ene|sz|od|nám|ná|ott|ött|ték|ünk|ék)?|szokott|szoktak|szokta|szoktam"
)
SHORT_NI = listed("kell kellett kellene kellett lehetett akart tudott szokott fogja akarta fogják")
COPULA = re.compile(r"(?:van|nincs|sincs|vagy|vol|lesz|legy|lenn|lett|marad|lev)")
OPENERS = listed("amikor mert miután mielőtt midőn amint mihelyt mikor mintha mivel aki akik amely amelyek ami")
SEEMS = listed("látni hallani tudni érezni érteni sejteni ismerni találni kapni lelni")  # "nem tudni" is a sentence
OTHER_CONJUGATION = {"3sd": "3si", "3pd": "3pi", "1sd": "1si", "2sd": "2si", "1pd": "1pi"}
BACK_AGAIN = {other: one for one, other in OTHER_CONJUGATION.items()}


def conjugation(line: Line, i: int) -> Iterator[Site]:
    """ "azt mondta | amit mondott", "látta a házat | látott egy házat"."""
    word = line.low[i]
    if word in DEFINITE or word in INDEFINITE:
        j = line.next_verb(i)
        side = int(word in INDEFINITE)
        if j < 0 and line.verb(i - 1) and (word in AFTER_VERB or word in DEFINITE):
            j = i - 1
        if j >= 0 and not (side and line.at(j + 1) == "," and line.at(j + 2) == "hogy"):
            kind, other = _conjugated(line.low[j], line.forms)
            if kind == "di"[side]:
                yield from line.site("conjugation", side, j, other)
    elif line.tag(i) == "NOUN" and word.endswith("t"):
        yield from _object(line, i)


def _object(line: Line, i: int) -> Iterator[Site]:
    """ "látta a házat | látott egy házat, levelet írt, írt három levelet"."""
    start = i
    while line.tag(start - 1) in ("ADJ", "NUM") or line.at(start - 1) in COUNTS:
        start -= 1
    before = line.at(start - 1)
    if before in ("a", "az"):
        if line.verb(start - 2) and line.words[i].feats.get("Case") == "Acc":
            kind, other = _conjugated(line.low[start - 2], line.forms)
            if kind == "d":
                yield from line.site("conjugation", 0, start - 2, other)
        return
    bare, case = split_case(line.low[i], line.forms)
    if case != "acc" or OWNED.fullmatch(bare):
        return
    if before == "egy":
        start, before = start - 1, line.at(start - 2)
        free = before not in ("a", "az", "mind")
    else:
        free = start == 0 or line.tag(start - 1) == "ADV" or before in ("hogy", "nem", ",")
    if line.verb(start - 1):
        j = start - 1
    elif free and line.verb(i + 1) and line.at(i + 2) not in ("a", "az", *DEFINITE):
        j = i + 1
    else:
        return
    kind, other = _conjugated(line.low[j], line.forms)
    if kind == "i":
        yield from line.site("conjugation", 1, j, other)


def _conjugated(form: str, forms: Forms) -> tuple[str, str]:
    """Return ("d" or "i", form of the other conjugation), ("", "") where the conjugation of `form` is not certain."""
    if form.endswith(("lak", "lek", "ik")) and not third(form, forms):
        return "", ""
    cell = third(form, forms)
    if not cell:
        tries = (("1sd", r"[oeö]m"), ("1si", r"[oeö]k"), ("2sd", r"[oeöa]d"), ("2si", r"sz|t[áé]l"), ("1pd", r"[tj][uü]k"), ("1pi", r"[uü]nk"))
        if re.search(r"t[ae][km]$|n[ae]k$|[jn][ae]k$", form):
            return "", ""  # láttam is both, "adtak" another person
        cell = next((c for c, shape in tries if re.search(f"(?:{shape})$", form)), "")
        if not cell:
            return "", ""
    wanted = OTHER_CONJUGATION.get(cell) or BACK_AGAIN[cell]
    other = in_cell(form, cell, (wanted,), forms, ("row", "past", "present", "cond"))
    return (cell[2], other) if other else ("", "")


def number(line: Line, i: int) -> Iterator[Site]:
    """ "a fiú ment | a fiúk mentek", "aki ment | akik mentek"."""
    word = line.low[i]
    side, j = -1, -1
    if word in ONE or word in MANY:
        side, j = int(word in MANY), line.only_verb(i)
        if line.at(i - 1) in ("az", "a") or (j == i + 1 and line.low[j] in ("van", "volt", "vannak", "voltak")):
            return
    elif word in ONE_EACH or word == "ők":
        side, j = int(word == "ők"), line.next_verb(i, BETWEEN | PREVERBS)
        if line.at(i - 1) in ("az", "a", "és", "s", "vagy"):
            return
    elif line.noun(i) and line.words[i].feats.get("Case", "Nom") == "Nom" and not TIMES.fullmatch(word):
        side = 1 if word.endswith("k") and singular(word, line.forms) else 0 if line.plain(i) else -1
        start = line.phrase(i)
        if side < 0 or start < 0:
            return
        if line.alone(start):
            j = line.next_verb(i, BETWEEN | PREVERBS | {"azonban", "pedig", "is"}, 1)
        elif line.verb(start - 1) and line.tag(i + 1) == "PUNCT":
            j = start - 1
    if side < 0 or j < 0:
        return
    form = line.low[j]
    cell = third(form, line.forms)
    if cell[1:2] == "sp"[side]:
        yield from line.site("number", side, j, in_cell(form, cell, (cell[0] + "ps"[side] + cell[2],), line.forms))


def person(line: Line, i: int) -> Iterator[Site]:
    """ "én mentem | ő ment, mi mentünk"."""
    who = PERSONS.get(line.low[i], "")
    if not who or line.at(i - 1) in ("az", "a", "és", "s", "meg", "vagy", "sem", "mint") or line.at(i + 1) in ("és", "s", "meg", "vagy", "magam", "maga"):
        return
    j = line.next_verb(i, BETWEEN | PREVERBS | {"pedig", "azt", "ezt", "ott", "itt", "így", "úgy", "akkor"}, 2)
    if j < 0 or (line.tag(j + 1) == "VERB" and line.words[j + 1].feats.get("VerbForm") == "Fin" and line.verb(j + 1)):
        return
    form = line.low[j]
    for _, cell, _ in cells(form):
        if cell[:2] != who:
            continue
        if who[0] == "3" and third(form, line.forms) != cell:
            continue
        definite = cell[2] == "d" and (not re.search("t[ae]m$", form) or _definite(line, j))
        wanted = tuple(person + kind for person in TURNED[who] for kind in ("di" if definite else "id"))
        other = in_cell(form, cell, wanted, line.forms)
        if other and other != "volta":
            yield from line.site("person", int(who != "1s"), j, other)
            return


def _definite(line: Line, j: int) -> bool:
    """Tell whether something definite stands beside a verb, which a form as "láttam" doesn't say."""
    return line.at(j + 1) in ("a", "az", *DEFINITE) or any(line.at(k) in DEFINITE for k in (j - 1, j - 2)) or (line.at(j + 1), line.at(j + 2)) == (",", "hogy")


def infinitive(line: Line, i: int) -> Iterator[Site]:
    """ "tud menni | a fiú ment"."""
    form = line.low[i]
    if re.fullmatch(r"\w{2,}ni", form) and line.words[i].feats.get("VerbForm") == "Inf":
        before, after = line.at(i - 1), line.at(i + 1)
        if (HELPERS.fullmatch(before) and (before != "mert" or line.tag(i - 1) == "VERB")) or after in SHORT_NI:
            yield from line.site("infinitive", 0, i, _finite(form, line.forms))
    elif line.verb(i) and third(form, line.forms) and not COPULA.search(form) and not line.others(i):
        k, (start, stop) = i - 1, line.clause(i)
        subject = (
            line.at(k) in ONE | MANY | ONE_EACH | {"ők"}
            or line.at(start - 1) in OPENERS
            or line.at(start) in OPENERS
            or (line.tag(k) == "NOUN" and line.plain(k) and line.phrase(k) >= 0 and line.alone(line.phrase(k)) and not TIMES.fullmatch(line.low[k]))
            or (line.tag(stop - 1) == "NOUN" and line.plain(stop - 1) and line.phrase(stop - 1) == i + 1)
        )
        made = _infinite(form, line.forms) if subject else ""
        if made not in SEEMS:
            yield from line.site("infinitive", 1, i, made)


def _finite(inf: str, forms: Forms) -> str:
    """Return "ment" for "menni"; the present where the past does not stand in the text."""
    stem = inf[:-2]
    if stem.endswith("ér"):
        return ""  # "ért" has many readings, and "érett" is another word
    for base in (stem, stem[:-1]) if stem[-1] in "ae" else (stem,):
        for made in (base[:-1] + "tt" if base.endswith("n") else "", base + "t", base + "ott", base + "ett", base + "ött", base + "tt"):
            if made and is_verb(made, forms) and third(made, forms) == "3si":
                return made
    return ""


def _infinite(form: str, forms: Forms) -> str:
    """Return "menni" for "ment" or "mentek"; "" if it does not stand in the text."""
    cell = third(form, forms)
    for tense, shown, stem in cells(form):
        if shown != cell or tense == "row":
            continue
        if tense == "past" and re.fullmatch(r"(?:[vtl]e|[hv]i)tt", split_preverb(stem)[1]):
            return stem[:-2] + "nni"
        for base in (stem[:-1], stem[:-2]) if tense == "past" and stem.endswith("tt") else (stem[:-1],) if tense == "past" else (stem,):
            for made in (base + "ni", base + "ani", base + "eni"):
                if len(base) > 1 and harmonic(base, made[-3:]) and _seen_infinitive(made, forms):
                    return made
    return ""


def _seen_infinitive(form: str, forms: Forms) -> bool:
    preverb, rest = split_preverb(form)
    return any(forms.seen(one, *INFINITIVE) >= SEEN for one in (form, rest if preverb and len(rest) > 3 else form))


def case(line: Line, i: int) -> Iterator[Site]:
    """ "a fiú látta a házat": the subject is no accusative, the object is one."""
    if not line.noun(i):
        return
    start = line.phrase(i)
    if start < 0:
        return
    many = line.low[i].endswith("k") and singular(line.low[i], line.forms) != ""
    if line.alone(start) and (many or line.plain(i)) and not TIMES.fullmatch(line.low[i]):
        j = line.next_verb(i, BETWEEN | PREVERBS | DEFINITE | INDEFINITE | {"azonban", "pedig", "is"}, 1)
        if j >= 0 and third(line.low[j], line.forms)[:2] == ("3p" if many else "3s") and line.has_object(j, i) and not re.search("[áé]t$", line.low[i]):
            yield from line.site("object", 0, i, in_case(line.low[i], "acc", line.forms))
    elif line.verb(start - 1) and line.accusative(start - 1) == i:
        j = start - 1
        bare, _ = split_case(line.low[i], line.forms)
        if speaker(line.low[j], line.forms) or (third(line.low[j], line.forms) == "3sd" and _subject_before(line, j)):
            yield from line.site("object", 1, i, bare)


def _subject_before(line: Line, j: int) -> bool:
    """Tell whether the subject of the verb at place j stands before it, so that no other noun can be it."""
    k = j - 1
    while line.at(k) in BETWEEN or line.at(k) in PREVERBS:
        k -= 1
    if line.at(k) in ("ő", "aki", "mindenki", "senki", "valaki"):
        return True
    return line.noun(k) and line.phrase(k) >= 0 and line.alone(line.phrase(k)) and line.plain(k) and not TIMES.fullmatch(line.low[k])
