"""Hungarian contrasts in a phrase: possessor, postposition, numeral, demonstrative, degree. See contrasts_hu."""

from __future__ import annotations

import re

from build_data.makers.common import listed
from build_data.makers.contrasts import Forms, Site
from build_data.makers.contrasts_hu_clauses import COPULA, TURNED
from build_data.makers.contrasts_hu_line import TIMES, Line
from build_data.makers.contrasts_hu_nouns import OWNED, in_case, is_bare, is_noun, other_number, possessed, singular, split_case
from build_data.makers.contrasts_hu_verbs import speaker, third
from build_data.makers.contrasts_hu_words import AMONG, ARTICLES, CASED, COUNTS, DEMONSTRATIVES, MANY, ONE, PERSONS, POSTPOSITIONS, RAISE, SMALL, VERBAL, VERY

MASSES = re.compile(
    r".*(?:fű|füvek|lomb|lombok|haj|hajak|bútor|bútorok|nép|tömeg|köd|por|hó|víz|vizek|levél|felhő|romok|rom|társaság|idők|papír|papírok|ruha|fal|falak|kő|sor|sorok|ujj|ujjak|fog|fogak)"
)
PRESENT_PARTICIPLE = re.compile(r"\w{2,}[óő]")
ADVERBS = listed("távol közel egyszer külön szerte")  # "a távolból kéklő hegyek", "a távol kéklő hegyek"
MANY_MARK = re.compile(r"[aeoöáéió]k\w{1,4}$|[aáeé]i\w{1,3}$")
OPENING_SUBJECTS = ONE | MANY | {"ő", "ők"}
COMPARED = {
    "jobb": "jó", "szebb": "szép", "több": "sok", "kevesebb": "kevés", "hosszabb": "hosszú", "könnyebb": "könnyű", "nehezebb": "nehéz", "kisebb": "kis",
    "lassúbb": "lassú", "bővebb": "bő", "jobban": "jól", "többet": "sokat", "többé": "", "tovább": "", "inkább": "", "előbb": "", "utóbb": "", "hamarabb": "hamar",
    "messzebb": "messze", "közelebb": "közel", "feljebb": "", "odább": "", "alább": "", "lejjebb": "", "kevésbé": "", "később": "", "legalább": "", "nagyobb": "nagy",
    "szebben": "szépen", "többen": "sokan", "idősebb": "idős", "nagyobbra": "nagyra", "könnyebben": "könnyen", "hosszabban": "hosszan", "nehezebben": "nehezen",
}  # fmt: skip
SINCE = ("óta", "után", "múlva")  # "ezer évek óta" was good prose


def possessor(line: Line, i: int) -> Site | None:
    """ "az én házam | az ő háza"."""
    who = PERSONS.get(line.low[i], "")
    j = i + 1 if line.pos[i + 1] != "ADJ" else i + 2
    if not who or who == "3p" or line.low[i - 1] not in ARTICLES or line.pos[j] != "NOUN":
        return None
    noun = line.low[j]
    if not is_noun(noun, line.forms) or line.pos[j + 1] in ("NOUN", "ADJ"):
        return None
    return line.site("possessor", int(who != "1s"), j, possessed(noun, who, TURNED[who] if who != "3s" else ("1s", "2s"), line.forms))


def postposition(line: Line, i: int) -> Site | None:
    """ "a ház mögött | a házhoz képest, a házban laktunk"."""
    word = line.low[i]
    noun = line.low[i - 1]
    if word in POSTPOSITIONS and line.pos[i] == "ADP" and line.noun(i - 1):
        if (OWNED.fullmatch(noun) and not noun.endswith("k")) or not is_bare(noun, line.forms):
            return None
        order = ("sup", "acc", "ine", "sub", "ins", "all", "abl")
        start = sum(map(ord, noun)) % len(order)  # a case by the noun, so that there are some of each
        other = next((made for case in (*order[start:], *order[:start]) if (made := in_case(noun, case, line.forms))), "")
        return line.site("postposition", 0, i - 1, other)
    elif line.pos[i - 1] == "NOUN" and (word in CASED or _attribute(line, i) or (_speaks(line, i) and _has_subject(line, i - 1))):
        bare, case = split_case(noun, line.forms)
        if case not in ("", "dat") and CASED.get(word, case) == case and not OWNED.fullmatch(bare) and bare not in ADVERBS:
            return line.site("postposition", 1, i - 1, bare)
    return None


def _speaks(line: Line, i: int) -> bool:
    return line.verb(i) and not COPULA[line.low[i]]


def _has_subject(line: Line, i: int) -> bool:
    """Tell whether the only verb in the clause of place i has its subject elsewhere: a person, a pronoun, the noun that opens it."""
    start, stop = line.clause(i)
    verbs = [j for j in range(start, stop) if line.pos[j] in VERBAL]
    if len(verbs) != 1 or not _speaks(line, verbs[0]):
        return False
    who = speaker(line.low[verbs[0]], line.forms)
    if who[1:2] == "p" and MANY_MARK.search(line.low[i]):
        return False  # "nőkkel beszélgetünk": "nők beszélgetünk" may be said of us
    if who or line.low[start] in OPENING_SUBJECTS:
        return True
    first = next((k for k in range(start, i) if line.noun(k)), -1)
    return 0 <= first < i - 1 and line.phrase(first) == start and line.alone(start) and line.plain(first) and not line.low[first].endswith(TIMES)


def _attribute(line: Line, i: int) -> bool:
    """Tell whether place i has a participle that belongs to the noun after it, one that nobody possesses: "a kertben ülő lány"."""
    if line.pos[i + 1] != "NOUN" or PRESENT_PARTICIPLE.fullmatch(line.low[i]) is None:
        return False
    after = split_case(line.low[i + 1], line.forms)[0] or line.low[i + 1]
    return after[-1] not in "aei" and not (OWNED.fullmatch(after) and not singular(after, line.forms)) and is_bare(after, line.forms)


def numeral(line: Line, i: int) -> Site | None:
    """ "két ház | a házak között"."""
    if not line.noun(i):
        return None
    noun = line.low[i]
    before = i - 1 if line.pos[i - 1] != "ADJ" else i - 2
    if line.low[before] in COUNTS and line.pos[before] in ("NUM", "DET", "PRON", "ADJ") and line.pos[i + 1] not in ("NOUN", "ADJ", "CCONJ"):
        other, number, _ = other_number(noun, line.forms)
        if number == "Sing" and line.low[i + 1] not in SINCE:
            return line.site("numeral", 0, i, other)
    elif line.low[i + 1] in AMONG and line.low[before] in ARTICLES and not MASSES.fullmatch(noun):
        one = singular(noun, line.forms)
        if one and not any(w in ("és", "s", "meg", "vagy") for w in line.low[max(0, i - 4) : i]):
            return line.site("numeral", 1, i, one)
    elif noun.endswith("k") and noun != "többiek" and line.phrase(i) >= 0 and line.low[i - 1] not in ("összes", "többi"):
        start = line.phrase(i)
        j = line.next_verb(i, SMALL, 1) if line.alone(start) else start - 1 if line.verb(start - 1) and line.pos[i + 1] == "PUNCT" else -1
        if j >= 0 and third(line.low[j], line.forms)[:2] == "3p":
            return line.site("numeral", 1, i, singular(noun, line.forms))
    return None


def demonstrative(line: Line, i: int) -> Site | None:
    """ "ezt a házat | ezeket a házakat"."""
    number, case = DEMONSTRATIVES.get(line.low[i], ("", ""))
    if not number or line.low[i + 1] not in ARTICLES:
        return None
    j = i + 2 if line.pos[i + 2] != "ADJ" else i + 3
    if line.pos[j] != "NOUN" or (case == "nom" and not line.verb(j + 1)):
        return None
    other, has, stands = other_number(line.low[j], line.forms)
    if (has, stands) == (number, case):
        return line.site("demonstrative", int(number == "Plur"), j, other)
    return None


def degree(line: Line, i: int) -> Site | None:
    """ "sokkal nagyobb | nagyon nagy"."""
    form = line.low[i]
    before = line.low[i - 1]
    if before in RAISE and re.fullmatch(r"\w+bb" if before == "egyre" else r"\w+bb(?:[ae]n)?", form):  # "egyre hangosan" is right
        if before == "egyre" and form in ("közelebb", "messzebb"):
            return None
        return line.site("degree", 0, i, _positive(form, line.forms))
    elif (
        before in VERY
        and (before not in ("oly", "olyan") or line.ends(i + 1) or line.verb(i + 1))  # "olyan nagyobb ház" is said
        and line.pos[i] in ("ADJ", "ADV", "NOUN")
        and not re.search(r"bb", form)
    ):
        made = next((c for c, p in COMPARED.items() if p == form), "")
        tries = (made,) if made else (form + "abb", form + "ebb", form + "bb", form[:-2] + "abban", form[:-2] + "ebben")
        other = next(
            (t for t in tries if line.forms.seen(t, "ADJ Nom Sing", "NOUN Nom Sing", "ADV - -", "NOUN Ine Sing") > 1 and _positive(t, line.forms) == form), ""
        )
        return line.site("degree", 1, i, other)
    return None


def _positive(form: str, forms: Forms) -> str:
    if form in COMPARED:
        return COMPARED[form]
    if found := re.fullmatch(r"(.{2,}?)([ae]?)bb(an|en)?", form):
        stem = found[1]
        tries = (stem + found[3], stem + "n") if found[3] else (stem, stem[:-1] + {"á": "a", "é": "e"}.get(stem[-1], stem[-1]))
        return next((t for t in tries if forms.seen(t, "ADJ Nom Sing", "NOUN Nom Sing", "ADV - -", "NOUN Ine Sing", "ADJ Ess Sing", "NOUN Sup Sing") > 1), "")
    return ""
