"""Hungarian contrasts in a clause: conjugation, number, person, infinitive, object. See contrasts_hu."""

from __future__ import annotations

import re

from build_data.makers.common import listed
from build_data.makers.contrasts import SEEN, Forms, Remembered, Site
from build_data.makers.contrasts_hu_cells import cells, harmonic
from build_data.makers.contrasts_hu_line import TIMES, Line
from build_data.makers.contrasts_hu_nouns import OWNED, in_case, singular, split_case
from build_data.makers.contrasts_hu_verbs import INFINITIVE, in_cell, is_verb, speaker, third
from build_data.makers.contrasts_hu_words import ARTICLES, COUNTS, DEFINITE, INDEFINITE, MANY, OBJECTS, ONE, ONE_EACH, PERSONS, SMALL
from build_data.makers.verbs_hu import split_preverb

AFTER_VERB = listed("engem téged minket bennünket valamit semmit senkit valakit mindent ilyesmit")
SUBJECTS = ONE | MANY | ONE_EACH | {"ők"}
BEFORE_VERB = SMALL | {"azonban", "pedig", "is"}
BEFORE_VERB_OR_OBJECT = BEFORE_VERB | OBJECTS
AFTER_PERSON = SMALL | {"pedig", "azt", "ezt", "ott", "itt", "így", "úgy", "akkor"}
SOMETHING_DEFINITE = ARTICLES | DEFINITE
TURNED = {"1s": ("3s", "2s"), "2s": ("1s", "3s"), "3s": ("1s", "2s"), "1p": ("3p", "1s"), "2p": ("1p", "3p"), "3p": ("1p", "1s")}
HELPERS = re.compile(
    r"(?:akar|tud|fog|szokott|kell|bír|mer|kíván|szeretn|próbál|igyekez|kezd|óhajt|szándékoz)(?:t|ott|ett|ta|te|ja|i|ik|tak|tek|ták|ték|nak|nek|ják|ok|om|em|tam|tem|unk|juk|tunk|tuk|na|ne|né|ném|"
    r"ene|sz|od|nám|ná|ott|ött|ték|ünk|ék)?|szokott|szoktak|szokta|szoktam"
)
SHORT_NI = listed("kell kellett kellene kellett lehetett akart tudott szokott fogja akarta fogják")
_COPULA = re.compile(r"van|nincs|sincs|vagy|vol|lesz|legy|lenn|lett|marad|lev")
COPULA = Remembered[str, bool](lambda form: _COPULA.search(form) is not None)
OPENERS = listed("amikor mert miután mielőtt midőn amint mihelyt mikor mintha mivel aki akik amely amelyek ami")
SEEMS = listed("látni hallani tudni érezni érteni sejteni ismerni találni kapni lelni")  # "nem tudni" is a sentence
SO_MUCH = ("annyit", "ennyit")
OTHER_CONJUGATION = {"3sd": "3si", "3pd": "3pi", "1sd": "1si", "2sd": "2si", "1pd": "1pi"}
SEVERAL = ("tam", "tem", "tak", "tek", "nak", "nek", "jak", "jek")
CELL_ENDS = (
    ("1sd", ("om", "em", "öm")), ("1si", ("ok", "ek", "ök")), ("2sd", ("od", "ed", "öd", "ad")), ("2si", ("sz", "tál", "tél")),
    ("1pd", ("tuk", "tük", "juk", "jük")), ("1pi", ("unk", "ünk")),
)  # fmt: skip
BACK_AGAIN = {other: one for one, other in OTHER_CONJUGATION.items()}


def conjugation(line: Line, i: int) -> Site | None:
    """ "azt mondta | amit mondott", "látta a házat | látott egy házat"."""
    word = line.low[i]
    if word in DEFINITE or word in INDEFINITE:
        j = line.next_verb(i)
        side = int(word in INDEFINITE)
        if j < 0 and line.verb(i - 1) and (word in AFTER_VERB or word in DEFINITE):
            j = i - 1
        announces = side and ((line.low[j + 1] == "," and line.low[j + 2] == "hogy") or (word in SO_MUCH and "hogy" in line.low[i:]))
        if j >= 0 and not announces:  # "annyit tudtak róla, hogy": either conjugation
            kind, other = _conjugated(line.low[j], line.forms)
            if kind == "di"[side]:
                return line.site("conjugation", side, j, other)
    elif line.pos[i] == "NOUN" and word.endswith("t"):
        return _object(line, i)
    return None


def _object(line: Line, i: int) -> Site | None:
    """ "látta a házat | látott egy házat, levelet írt, írt három levelet"."""
    start = i
    while line.pos[start - 1] in ("ADJ", "NUM") or line.low[start - 1] in COUNTS:
        start -= 1
    before = line.low[start - 1]
    if before in ARTICLES:
        if line.verb(start - 2) and line.words[i].feats.get("Case") == "Acc":
            kind, other = _conjugated(line.low[start - 2], line.forms)
            if kind == "d":
                return line.site("conjugation", 0, start - 2, other)
        return None
    if before == "egy":
        start, before = start - 1, line.low[start - 2]
        free = before not in ("a", "az", "mind")
    else:
        free = start == 0 or line.pos[start - 1] == "ADV" or before in ("hogy", "nem", ",")
    if line.verb(start - 1):
        j = start - 1
    elif free and line.verb(i + 1) and line.low[i + 2] not in SOMETHING_DEFINITE:
        j = i + 1
    else:
        return None
    bare, case = split_case(line.low[i], line.forms)
    if case != "acc" or OWNED.fullmatch(bare):
        return None
    kind, other = _conjugated(line.low[j], line.forms)
    if kind == "i":
        return line.site("conjugation", 1, j, other)
    return None


def _conjugated(form: str, forms: Forms) -> tuple[str, str]:
    """Return ("d" or "i", form of the other conjugation), ("", "") where the conjugation of `form` is not certain."""
    if form.endswith(("lak", "lek", "ik")) and not third(form, forms):
        return "", ""
    cell = third(form, forms)
    if not cell:
        if form.endswith(SEVERAL):
            return "", ""  # láttam is both, "adtak" another person
        cell = next((c for c, ends in CELL_ENDS if form.endswith(ends)), "")
        if not cell:
            return "", ""
    wanted = OTHER_CONJUGATION.get(cell) or BACK_AGAIN[cell]
    other = in_cell(form, cell, (wanted,), forms, ("row", "past", "present", "cond"))
    return (cell[2], other) if other else ("", "")


def number(line: Line, i: int) -> Site | None:
    """ "a fiú ment | a fiúk mentek", "aki ment | akik mentek"."""
    word = line.low[i]
    side, j = -1, -1
    if word in ONE or word in MANY:
        side, j = int(word in MANY), line.only_verb(i)
        if line.low[i - 1] in ("az", "a") or (j == i + 1 and line.low[j] in ("van", "volt", "vannak", "voltak")):
            return None
    elif word in ONE_EACH or word == "ők":
        side, j = int(word == "ők"), line.next_verb(i, SMALL)
        if line.low[i - 1] in ("az", "a", "és", "s", "vagy"):
            return None
    elif line.words[i].feats.get("Case", "Nom") == "Nom" and not word.endswith(TIMES):
        start = line.phrase(i)
        if start < 0:
            return None
        if line.alone(start):
            j = line.next_verb(i, BEFORE_VERB, 1)
        elif line.verb(start - 1) and line.pos[i + 1] == "PUNCT":
            j = start - 1
        if j >= 0 and line.noun(i):
            side = 1 if word.endswith("k") and singular(word, line.forms) else 0 if line.plain(i) else -1
    if side < 0 or j < 0:
        return None
    form = line.low[j]
    cell = third(form, line.forms)
    if cell[1:2] == "sp"[side]:
        return line.site("number", side, j, in_cell(form, cell, (cell[0] + "ps"[side] + cell[2],), line.forms))
    return None


def person(line: Line, i: int) -> Site | None:
    """ "én mentem | ő ment, mi mentünk"."""
    who = PERSONS.get(line.low[i], "")
    if not who or line.low[i - 1] in ("az", "a", "és", "s", "meg", "vagy", "sem", "mint") or line.low[i + 1] in ("és", "s", "meg", "vagy", "magam", "maga"):
        return None
    j = line.next_verb(i, AFTER_PERSON, 2)
    if j < 0 or (line.pos[j + 1] == "VERB" and line.words[j + 1].feats.get("VerbForm") == "Fin" and line.verb(j + 1)):
        return None
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
            return line.site("person", int(who != "1s"), j, other)
    return None


def _definite(line: Line, j: int) -> bool:
    """Tell whether something definite stands beside a verb, which a form as "láttam" doesn't say."""
    return line.low[j + 1] in SOMETHING_DEFINITE or any(line.low[k] in DEFINITE for k in (j - 1, j - 2)) or (line.low[j + 1], line.low[j + 2]) == (",", "hogy")


def infinitive(line: Line, i: int) -> Site | None:
    """ "tud menni | a fiú ment"."""
    form = line.low[i]
    if form.endswith("ni") and len(form) > 3 and form.isalnum() and line.words[i].feats.get("VerbForm") == "Inf":
        before, after = line.low[i - 1], line.low[i + 1]
        if (HELPERS.fullmatch(before) and (before != "mert" or line.pos[i - 1] == "VERB")) or after in SHORT_NI:
            return line.site("infinitive", 0, i, _finite(form, line.forms))
    elif line.finite(i) and _has_subject(line, i) and not line.others(i) and line.verb(i) and third(form, line.forms) and not COPULA[form]:
        made = _infinite(form, line.forms)
        if made not in SEEMS:
            return line.site("infinitive", 1, i, made)
    return None


def _has_subject(line: Line, i: int) -> bool:
    """Tell whether the verb at place i has a subject: a pronoun or noun before it, or at the end of its clause, or the one of a conjunction."""
    low, pos = line.low, line.pos
    if low[i - 1] in SUBJECTS:
        return True
    start = line.start(i)
    if low[start - 1] in OPENERS or low[start] in OPENERS:
        return True
    if low[i + 1] in ARTICLES:
        last = line.clause(i)[1] - 1
        if pos[last] == "NOUN" and line.phrase(last) == i + 1 and line.plain(last):
            return True
    return pos[i - 1] == "NOUN" and _is_subject(line, i - 1)


def _is_subject(line: Line, k: int) -> bool:
    """Tell whether the noun at place k is a subject: a nominative with an article that opens its clause, and no time."""
    start = line.phrase(k)
    return start >= 0 and line.alone(start) and line.plain(k) and not line.low[k].endswith(TIMES)


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


def case(line: Line, i: int) -> Site | None:
    """ "a fiú látta a házat": the subject is no accusative, the object is one."""
    start = line.phrase(i)
    if start < 0:
        return None
    alone = line.alone(start)
    j = line.next_verb(i, BEFORE_VERB_OR_OBJECT, 1) if alone else -1
    if (j < 0 and not line.verb(start - 1)) or not line.noun(i):
        return None
    many = line.low[i].endswith("k") and singular(line.low[i], line.forms) != ""
    if alone and (many or line.plain(i)) and not line.low[i].endswith(TIMES):
        if j >= 0 and third(line.low[j], line.forms)[:2] == ("3p" if many else "3s") and line.has_object(j, i) and not line.low[i].endswith(("át", "ét")):
            return line.site("object", 0, i, in_case(line.low[i], "acc", line.forms))
    elif line.verb(start - 1) and line.accusative(start - 1) == i:
        j = start - 1
        bare, _ = split_case(line.low[i], line.forms)
        if bare.endswith(("m", "d", "nk")):  # "a szemem" is the object of "lehunytam" as well as "a szememet"
            return None
        if speaker(line.low[j], line.forms) or (third(line.low[j], line.forms) == "3sd" and _subject_before(line, j)):
            return line.site("object", 1, i, bare)
    return None


def _subject_before(line: Line, j: int) -> bool:
    """Tell whether the subject of the verb at place j stands before it, so that no other noun can be it."""
    k = j - 1
    while line.low[k] in SMALL:
        k -= 1
    if line.low[k] in ("ő", "aki", "mindenki", "senki", "valaki"):
        return True
    return line.noun(k) and _is_subject(line, k)
