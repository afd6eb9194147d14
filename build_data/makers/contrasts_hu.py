"""Hungarian contrasts of form: conjugation, number, person, possessor, postposition, numeral, demonstrative, infinitive, degree, mood. See contrasts.

Each rule asks for the words around a form to be plain, and for the form and the other one to stand in the text as what they are taken for; a sentence
in doubt gives nothing. The pack tells verbs from nouns well and their persons and cases badly, so those are read from endings.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from build_data.makers.contrasts import SEEN, Forms, Rules, Site
from build_data.makers.contrasts_hu_nouns import CASES, OWNED, in_case, is_bare, is_noun, other_number, possessed, singular, split_case
from build_data.makers.contrasts_hu_verbs import INFINITIVE, cells, harmonic, in_cell, is_verb, listed, speaker, third
from build_data.makers.verbs_hu import split_preverb
from build_data.parse import Word

DEFINITE = listed("azt ezt őt őket azokat ezeket")
INDEFINITE = listed(
    "amit akit amelyet melyet mit kit valamit semmit senkit valakit mindent sokat keveset annyit ilyet olyat amiket akiket amelyeket melyeket "
    "engem téged minket bennünket titeket benneteket ilyesmit ennyit mindenkit"
)
AFTER_VERB = listed("engem téged minket bennünket valamit semmit senkit valakit mindent ilyesmit")
BETWEEN = listed("nem is sem se már még csak mindig soha sohasem éppen most ismét újra aztán azonban nagyon")
PREVERBS = listed("meg el ki be le fel föl át rá oda ide össze vissza haza")
ONE, MANY = listed("aki ami amely mely"), listed("akik amik amelyek melyek")
ONE_EACH = listed("mindenki senki valaki ő")
TIMES = re.compile(r".*(?:este|reggel|éjjel|éjszaka|nap|nappal|nyáron|télen|hajnal|idő|perc|óra|héten|évben|félig|vége|eleje|közepe|napja|hete|éve)")
PERSONS = {"én": "1s", "te": "2s", "ő": "3s", "mi": "1p", "ti": "2p", "ők": "3p"}
TURNED = {"1s": ("3s", "2s"), "2s": ("1s", "3s"), "3s": ("1s", "2s"), "1p": ("3p", "1s"), "2p": ("1p", "3p"), "3p": ("1p", "1s")}
POSTPOSITIONS = listed("előtt után alatt között mellett nélkül szerint miatt óta közül ellen mögött által alól felett fölött iránt helyett")
CASED = {"képest": "all", "keresztül": "sup", "fogva": "abl", "kezdve": "abl", "át": "sup"}
COUNTS = listed("két három négy öt nyolc kilenc tíz húsz száz ezer néhány sok több kevés számos minden mindkét valamennyi harminc ötven tizenkét tizenöt")
MASSES = re.compile(
    r".*(?:fű|füvek|lomb|lombok|haj|hajak|bútor|bútorok|nép|tömeg|köd|por|hó|víz|vizek|levél|felhő|romok|rom|társaság|idők|papír|papírok|ruha|fal|falak|kő|sor|sorok|ujj|ujjak|fog|fogak)"
)
HELPERS = re.compile(
    r"(?:akar|tud|fog|szokott|kell|bír|mer|kíván|szeretn|próbál|igyekez|kezd|óhajt|szándékoz)(?:t|ott|ett|ta|te|ja|i|ik|tak|tek|ták|ték|nak|nek|ják|ok|om|em|tam|tem|unk|juk|tunk|tuk|na|ne|né|ném|"
    r"ene|sz|od|nám|ná|ott|ött|ték|ünk|ék)?|szokott|szoktak|szokta|szoktam"
)
SHORT_NI = listed("kell kellett kellene kellett lehetett akart tudott szokott fogja akarta fogják")
MODALS = listed("kell lehet szabad muszáj van volt volna kár jó")
PRESENT_PARTICIPLE = re.compile(r"\w{2,}[óő]")
COPULA = re.compile(r"(?:van|nincs|sincs|vagy|vol|lesz|legy|lenn|lett|marad|lev)")
OPENERS = listed("amikor mert miután mielőtt midőn amint mihelyt mikor mintha mivel aki akik amely amelyek ami")
RAISE = listed("sokkal egyre minél mennél")
VERY = listed("nagyon oly olyan túlságosan rendkívül roppant igen túl")
COMPARED = {
    "jobb": "jó", "szebb": "szép", "több": "sok", "kevesebb": "kevés", "hosszabb": "hosszú", "könnyebb": "könnyű", "nehezebb": "nehéz", "kisebb": "kis",
    "lassúbb": "lassú", "bővebb": "bő", "jobban": "jól", "többet": "sokat", "többé": "", "tovább": "", "inkább": "", "előbb": "", "utóbb": "", "hamarabb": "hamar",
    "messzebb": "messze", "közelebb": "közel", "feljebb": "", "odább": "", "alább": "", "lejjebb": "", "kevésbé": "", "később": "", "legalább": "", "nagyobb": "nagy",
    "szebben": "szépen", "többen": "sokan", "idősebb": "idős", "nagyobbra": "nagyra", "könnyebben": "könnyen", "hosszabban": "hosszan", "nehezebben": "nehezen",
}  # fmt: skip
_CASE = {
    "": "nom", "t": "acc", "bban": "ine", "bben": "ine", "bba": "ill", "bbe": "ill", "bból": "ela", "bből": "ela", "zon": "sup", "zen": "sup", "rra": "sub",
    "rre": "sub", "rról": "del", "rről": "del", "nnál": "ade", "nnél": "ade", "hhoz": "all", "hhez": "all", "ttól": "abl", "ttől": "abl", "nnak": "dat",
    "nnek": "dat", "zzal": "ins", "zzel": "ins",
}  # fmt: skip
DEMONSTRATIVES = {first + rest: ("Sing", case) for first in "ea" for rest, case in (_CASE | {"z": "nom", "zt": "acc"}).items() if rest not in ("", "t")} | {
    many + ending: ("Plur", case)
    for many in ("ezek", "azok")
    for case, endings in ({"nom": ("",)} | CASES).items()
    for ending in (*endings, *(("kal", "kel") if case == "ins" else ()))
}
PLAUSIBLE = re.compile(
    r"\b(?:azt|ezt|őt|őket|azokat|ezeket|\w*[mk]it|a?melyet|valamit|semmit|mindent|sokat|engem|téged|minket|bennünket|aki|akik|amik?|a?melyek|mely|amely|ők?|én|te|mi|ti|"
    r"előtt|után|alatt|között|mellett|nélkül|szerint|miatt|óta|közül|ellen|mögött|által|alól|felett|fölött|iránt|helyett|képest|keresztül|fogva|kezdve|"
    r"ezek\w*|azok\w*|két|három|négy|öt|nyolc|tíz|néhány|sok|több|számos|minden|sokkal|egyre|minél|mennél|nagyon|olyan|oly|igen|[nN]e|\w{2,}ni|mindenki|senki|valaki)\b"
    r"|\b\w+(?:t[ae]|t[áé]k|tt|ja) (?:az?|egy) \w+t\b|(?:^|, |hogy )az? \w+ \w+(?:t|ta|te|t[ae]k|t[áé]k)\b",
    re.IGNORECASE,
)


def plausible(text: str) -> bool:
    return PLAUSIBLE.search(text) is not None


class _Line:
    """A sentence's words in small letters, and what is asked of them."""

    def __init__(self, words: Sequence[Word], forms: Forms) -> None:
        self.words, self.forms = words, forms
        self.low = [w.text.casefold() for w in words]
        self.pos = [w.upos for w in words]

    def at(self, i: int) -> str:
        return self.low[i] if 0 <= i < len(self.low) else ""

    def tag(self, i: int) -> str:
        return self.pos[i] if 0 <= i < len(self.pos) else "PUNCT"

    def noun(self, i: int) -> bool:
        """Tell whether place i has a noun; an adverb by its tag is one if the text has it in cases ("ágy")."""
        tag = self.tag(i)
        return tag == "NOUN" or (tag == "ADV" and len(self.low[i]) > 2 and self.low[i] not in BETWEEN and is_bare(self.low[i], self.forms))

    def verb(self, i: int) -> bool:
        return self.tag(i) in ("VERB", "AUX") and self.words[i].feats.get("VerbForm", "Fin") == "Fin" and is_verb(self.low[i], self.forms)

    def ends(self, i: int) -> bool:
        """Tell whether a clause ends before place i."""
        return self.tag(i) in ("PUNCT", "SCONJ", "CCONJ")

    def next_verb(self, i: int, skip: frozenset[str] = BETWEEN, most: int = 2) -> int:
        """Return the place of the finite verb that follows place i, with nothing but small words between; -1 if none does."""
        for j in range(i + 1, min(i + 2 + most, len(self.low))):
            if self.verb(j):
                return j
            if self.low[j] not in skip:
                break
        return -1

    def clause(self, i: int) -> tuple[int, int]:
        """Return where the clause of place i starts and stops, by punctuation and conjunctions."""
        start, stop = i, i + 1
        while start > 0 and not self.ends(start - 1):
            start -= 1
        while stop < len(self.low) and not self.ends(stop):
            stop += 1
        return start, stop

    def others(self, i: int) -> bool:
        """Tell whether the clause of place i has another word that may be a verb, or an infinitive."""
        start, stop = self.clause(i)
        return any(j != i and (self.tag(j) in ("VERB", "AUX") or self.words[j].feats.get("VerbForm") or self.low[j] in MODALS) for j in range(start, stop))

    def only_verb(self, i: int) -> int:
        """Return the place of the finite verb in the clause that place i opens, if it is the first that may be one; else -1."""
        for j in range(i + 1, len(self.low)):
            if self.ends(j):
                return -1
            if self.tag(j) in ("VERB", "AUX"):
                return j if self.verb(j) else -1
        return -1

    def plain(self, i: int) -> bool:
        """Tell whether a noun stands in the singular and the nominative, by its form too."""
        return not self.low[i].endswith("k") and is_bare(self.low[i], self.forms)

    def phrase(self, i: int) -> int:
        """Return where the article of the noun at place i stands, with nothing but one or two adjectives between; -1 if it has none."""
        for j in range(i - 1, max(-1, i - 4), -1):
            if self.low[j] in ("a", "az"):
                return -1 if self.at(j - 1) in DEMONSTRATIVES else j
            if self.tag(j) != "ADJ":
                break
        return -1

    def alone(self, start: int) -> bool:
        """Tell whether the phrase that begins at `start` opens a clause and continues no list."""
        return self.opens(start) and not (self.at(start - 1) == "," and self.tag(start - 2) in ("NOUN", "PROPN", "ADJ", "PRON"))

    def opens(self, i: int) -> bool:
        """Tell whether place i begins a clause."""
        return i == 0 or self.at(i - 1) in ("hogy", ",", "–", "—", "„", ":", ";", "mert", "ha", "mikor", "amikor", "de", "míg", "mintha")

    def site(self, contrast: str, side: int, i: int, other: str) -> Iterator[Site]:
        word = self.words[i]
        if other and other != self.low[i] and word.text[1:] == self.low[i][1:] and word.end - word.start == len(word.text):
            yield Site(contrast, side, word.start, word.end, self.low[i], other)


def sites(words: Sequence[Word], forms: Forms) -> list[Site]:
    """Return the places whose form the words around ask for; see contrasts.Rules."""
    line = _Line(words, forms)
    found: dict[tuple[str, int], Site] = {}
    for i in range(len(words)):
        if line.tag(i) == "PUNCT":
            continue
        for rule in RULES_HERE:
            for site in rule(line, i):
                found.setdefault((site.contrast, site.start), site)
    return list(found.values())


OTHER_CONJUGATION = {"3sd": "3si", "3pd": "3pi", "1sd": "1si", "2sd": "2si", "1pd": "1pi"}
BACK_AGAIN = {other: one for one, other in OTHER_CONJUGATION.items()}


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


def _conjugation(line: _Line, i: int) -> Iterator[Site]:
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


def _object(line: _Line, i: int) -> Iterator[Site]:
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


def _number(line: _Line, i: int) -> Iterator[Site]:
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


def _person(line: _Line, i: int) -> Iterator[Site]:
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
        if other and other not in ("volta", "mentek"):
            yield from line.site("person", int(who != "1s"), j, other)
            return


def _definite(line: _Line, j: int) -> bool:
    """Tell whether something definite stands beside a verb, which a form as "láttam" doesn't say."""
    return line.at(j + 1) in ("a", "az", *DEFINITE) or any(line.at(k) in DEFINITE for k in (j - 1, j - 2)) or (line.at(j + 1), line.at(j + 2)) == (",", "hogy")


def _possessor(line: _Line, i: int) -> Iterator[Site]:
    """ "az én házam | az ő háza"."""
    who = PERSONS.get(line.low[i], "")
    j = i + 1 if line.tag(i + 1) != "ADJ" else i + 2
    if not who or who == "3p" or line.at(i - 1) not in ("a", "az") or line.tag(j) != "NOUN":
        return
    noun = line.low[j]
    if not is_noun(noun, line.forms) or line.tag(j + 1) in ("NOUN", "ADJ"):
        return
    yield from line.site("possessor", int(who != "1s"), j, possessed(noun, who, TURNED[who] if who != "3s" else ("1s", "2s"), line.forms))


def _postposition(line: _Line, i: int) -> Iterator[Site]:
    """ "a ház mögött | a házhoz képest, a házban laktunk"."""
    word = line.low[i]
    noun = line.at(i - 1)
    if word in POSTPOSITIONS and line.tag(i) == "ADP" and line.noun(i - 1):
        if (OWNED.fullmatch(noun) and not noun.endswith("k")) or not is_bare(noun, line.forms):
            return
        order = ("sup", "acc", "ine", "sub", "ins", "all", "abl")
        start = sum(map(ord, noun)) % len(order)  # a case by the noun, so that there are some of each
        other = next((made for case in (*order[start:], *order[:start]) if (made := in_case(noun, case, line.forms))), "")
        yield from line.site("postposition", 0, i - 1, other)
    elif line.tag(i - 1) == "NOUN" and (CASED.get(word) or _speaks(line, i) or line.tag(i) == "PUNCT" or _attribute(line, i)):
        bare, case = split_case(noun, line.forms)
        if case in ("", "dat") or OWNED.fullmatch(bare):
            return
        if CASED.get(word) == case or (not CASED.get(word) and (_attribute(line, i) or _has_subject(line, i - 1))):
            yield from line.site("postposition", 1, i - 1, bare)


def _speaks(line: _Line, i: int) -> bool:
    return line.verb(i) and not COPULA.search(line.low[i])


def _has_subject(line: _Line, i: int) -> bool:
    """Tell whether the only verb in the clause of place i is of the first or second person, or has a pronoun as its subject: no noun can be it."""
    start, stop = line.clause(i)
    verbs = [j for j in range(start, stop) if line.tag(j) in ("VERB", "AUX")]
    if len(verbs) != 1 or not _speaks(line, verbs[0]):
        return False
    return speaker(line.low[verbs[0]], line.forms) != "" or line.at(start) in ONE | MANY | {"ő", "ők"}


def _attribute(line: _Line, i: int) -> bool:
    """Tell whether place i has a participle that belongs to the noun after it, one that nobody possesses: "a kertben ülő lány"."""
    after = line.at(i + 1)
    return (
        PRESENT_PARTICIPLE.fullmatch(line.low[i]) is not None
        and line.tag(i + 1) == "NOUN"
        and not re.search(r"(?:[aeáé]|[aeáé]\w{1,3}|[ij]\w{0,3}|[uü]k)$", after)
    )


def _numeral(line: _Line, i: int) -> Iterator[Site]:
    """ "két ház | a házak között"."""
    if not line.noun(i):
        return
    noun = line.low[i]
    before = i - 1 if line.tag(i - 1) != "ADJ" else i - 2
    if line.at(before) in COUNTS and line.tag(before) in ("NUM", "DET", "PRON", "ADJ") and line.tag(i + 1) not in ("NOUN", "ADJ", "CCONJ"):
        other, number, _ = other_number(noun, line.forms)
        if number == "Sing":
            yield from line.site("numeral", 0, i, other)
    elif line.at(i + 1) in ("között", "közt", "közül", "közé") and line.at(before) in ("a", "az") and not MASSES.fullmatch(noun):
        one = singular(noun, line.forms)
        if one and not any(w in ("és", "s", "meg", "vagy") for w in line.low[max(0, i - 4) : i]):
            yield from line.site("numeral", 1, i, one)
    elif noun.endswith("k") and noun != "többiek" and line.phrase(i) >= 0:
        start = line.phrase(i)
        j = line.next_verb(i, BETWEEN | PREVERBS, 1) if line.alone(start) else start - 1 if line.verb(start - 1) and line.tag(i + 1) == "PUNCT" else -1
        if j >= 0 and third(line.low[j], line.forms)[:2] == "3p":
            yield from line.site("numeral", 1, i, singular(noun, line.forms))


def _demonstrative(line: _Line, i: int) -> Iterator[Site]:
    """ "ezt a házat | ezeket a házakat"."""
    number, case = DEMONSTRATIVES.get(line.low[i], ("", ""))
    if not number or line.at(i + 1) not in ("a", "az"):
        return
    j = i + 2 if line.tag(i + 2) != "ADJ" else i + 3
    if line.tag(j) != "NOUN" or (case == "nom" and not line.verb(j + 1)):
        return
    other, has, stands = other_number(line.low[j], line.forms)
    if (has, stands) == (number, case):
        yield from line.site("demonstrative", int(number == "Plur"), j, other)


def _infinitive(line: _Line, i: int) -> Iterator[Site]:
    """ "tud menni | a fiú ment"."""
    form = line.low[i]
    if re.fullmatch(r"\w{2,}ni", form) and line.words[i].feats.get("VerbForm") == "Inf":
        before, after = line.at(i - 1), line.at(i + 1)
        if HELPERS.fullmatch(before) or after in SHORT_NI:
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
        if subject:
            yield from line.site("infinitive", 1, i, _infinite(form, line.forms))


def _finite(inf: str, forms: Forms) -> str:
    """Return "ment" for "menni"; the present where the past does not stand in the text."""
    stem = inf[:-2]
    for base in (stem, stem[:-1]) if stem[-1] in "ae" else (stem,):
        for made in (base + "ott", base + "ett", base + "ött", base + "t", base + "tt"):
            if is_verb(made, forms) and third(made, forms) == "3si":
                return made
    return ""


def _infinite(form: str, forms: Forms) -> str:
    """Return "menni" for "ment" or "mentek"; "" if it does not stand in the text."""
    cell = third(form, forms)
    for tense, shown, stem in cells(form):
        if shown != cell or tense == "row":
            continue
        for base in (stem[:-1], stem[:-2]) if tense == "past" and stem.endswith("tt") else (stem[:-1],) if tense == "past" else (stem,):
            for made in (base + "ni", base + "ani", base + "eni"):
                if len(base) > 1 and harmonic(base, made[-3:]) and _seen_infinitive(made, forms):
                    return made
    return ""


def _seen_infinitive(form: str, forms: Forms) -> bool:
    preverb, rest = split_preverb(form)
    return any(forms.seen(one, *INFINITIVE) >= SEEN for one in (form, rest if preverb and len(rest) > 3 else form))


def _degree(line: _Line, i: int) -> Iterator[Site]:
    """ "sokkal nagyobb | nagyon nagy"."""
    form = line.low[i]
    before = line.at(i - 1)
    if before in RAISE and re.fullmatch(r"\w+bb(?:[ae]n)?", form):
        yield from line.site("degree", 0, i, _positive(form, line.forms))
    elif (
        before in VERY
        and not (before == "olyan" and line.tag(i + 1) in ("NOUN", "ADJ"))
        and line.tag(i) in ("ADJ", "ADV", "NOUN")
        and not re.search(r"bb", form)
    ):
        made = next((c for c, p in COMPARED.items() if p == form), "")
        tries = (made,) if made else (form + "abb", form + "ebb", form + "bb", form[:-2] + "abban", form[:-2] + "ebben")
        other = next(
            (t for t in tries if line.forms.seen(t, "ADJ Nom Sing", "NOUN Nom Sing", "ADV - -", "NOUN Ine Sing") > 1 and _positive(t, line.forms) == form), ""
        )
        yield from line.site("degree", 1, i, other)


def _positive(form: str, forms: Forms) -> str:
    if form in COMPARED:
        return COMPARED[form]
    if found := re.fullmatch(r"(.{2,}?)([ae]?)bb(an|en)?", form):
        stem = found[1]
        tries = (stem + found[3], stem + "n") if found[3] else (stem, stem[:-1] + {"á": "a", "é": "e"}.get(stem[-1], stem[-1]))
        return next((t for t in tries if forms.seen(t, "ADJ Nom Sing", "NOUN Nom Sing", "ADV - -", "NOUN Ine Sing", "ADJ Ess Sing", "NOUN Sup Sing") > 1), "")
    return ""


RULES_HERE = (_conjugation, _number, _person, _possessor, _postposition, _numeral, _demonstrative, _infinitive, _degree)
RULES = Rules(plausible, sites)
