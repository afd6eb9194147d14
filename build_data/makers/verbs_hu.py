"""Hungarian word forms for question rules: cases, finite verbs, preverbs, and the indefinite conjugation that mit and kit ask for."""

from __future__ import annotations

import functools
import re
from collections.abc import Sequence

from build_data.makers import words_hu as lists
from build_data.makers.words import REMEMBERED
from build_data.parse import Word

CASES: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("ine", re.compile(r".{2,}(?:ban|ben)")),
    ("ela", re.compile(r".{2,}(?:ból|ből)")),
    ("del", re.compile(r".{2,}(?:ról|ről)")),
    ("abl", re.compile(r".{2,}(?:tól|től)")),
    ("ade", re.compile(r".{2,}(?:nál|nél)")),
    ("all", re.compile(r".{2,}(?:hoz|hez|höz)")),
    ("ill", re.compile(r".{2,}(?:ba|be)")),
    ("sub", re.compile(r".{2,}(?:ra|re)")),
    ("dat", re.compile(r".{2,}(?:nak|nek)")),
    ("ins", re.compile(r".{2,}(?:v[ae]l|([bcdfghjklmnprstz])\1[ae]l|cs[cs]+[ae]l|ss?z+[ae]l|[gnt]?[gnt]y+[ae]l|zzs[ae]l)")),
    ("ter", re.compile(r".{2,}ig")),
    ("cau", re.compile(r".{2,}ért")),
    ("for", re.compile(r".{3,}(?:ként|kor)")),
    ("tra", re.compile(r".{3,}(?:v[áé]|([bcdfghjklmnprstz])\1[áé])")),
    ("acc", re.compile(r".{2,}[aáeéioóöőuúüűjlnrsz]t|.{2,}(?:nyt|lyt)")),
    ("sup", re.compile(r".{2,}[aáeéoöőóuúüűi]n")),
)
NOT_ACCUSATIVE = re.compile(
    r".*(?:zat|zet|lat|let|rat|ret|nat|net|dat|det|ért|ként|[lrn]t|tt|kert|iszt|ment|szent|kint|mint|szerint|alkat|est|test|liszt|robot|"
    r"pilot|miatt|alatt|magot|kor|művészet|élet|szövet|füst|sajt|ezüst|most|rost|pont|font|front|hat|két)"
)
ACCUSATIVE = re.compile(
    r".*(?:hidat|utat|nyarat|havat|lovat|tavat|szavat|[áéíóőúű]t|vat|[aeoö]kat|[aeoö]ket|[aeoö]k[aeoö]t|[ja]it|[je]it|[aá]st|[eé]st|s[áé]got|s[áé]get|[^aeiouö]ot|[^aeiouö]öt|"
    r"[aeoö]lyt|[eaou]nyt|jait|jeit|ait|eit|tokat|teket|atát|[^l]atot|[^l]etet|mat|lmet|bort|[áéó]lt|zet[eo]t|őrt|[áaeéí]rt)"
)
POSSESSED = re.compile(r".+(?:j?[áé]|j?[ae]i|uk|ük)(?:ban|ben|ból|ből|ba|be|n|ról|ről|ra|re|nál|nél|tól|től|hoz|hez|höz|t|val|vel|nak|nek|ig|ért)?|.+j?[ae]")
NEVER_ACCUSATIVE = re.compile(r".*(?:sötét|koncert|desszert|út|rét|hét|miatt|alatt|szerint|ként|iránt|ért|kert|est|test|élet|itt|ott)")
NOT_INSTRUMENTAL = re.compile(
    r"reggel|éjjel|nappal|tavasszal|ősszel|angyal|hajnal|tisztelettel|szeretettel|üdvözlettel|magával|asztal|\w*oldal|fonal|vonal|ideál|aggódással"
)
OWN = re.compile(  # somebody speaks of himself or to us
    r".{2,}(?:[uü]nk|aink|eink|jaink|jeink|t[oö]k|[^rkl][áé]m|[ae]im|[áé]s[eo]m|s[áé]g[oe]m|unkat|ünket|ünkben|unkban|ünkkel|unkkal)"
)
PAST = re.compile(r".{2,}(?:ták|ték)")  # verbs whatever their tag
PREVERBED = re.compile(r".{2,}(?:[oeö]tt|[lrnj]t|[^aeoöáéiíoóúüű]t[ae]|tt[ae]|ták|ték|t[ae]k|ik|ja)")
VERB_SHAPE = re.compile(r".*(?:[^k]|nak|nek|tak|tek|nék|nák|[áé]k|ik|j[áé]k|vak|nok)")
NO_VERB_SHAPE = re.compile(
    r".*(?:ban|ben|ból|ből|ról|ről|nál|nél|hoz|hez|höz|ság|ség|ás|és|ok|[^nt]ek|[^nt]ak|ök|ó|ő|ként|kor|ai|ei|nyi|abb|ebb|körül|között|"
    r"bb)|[tn]eket|nket|át|ki|be|el|fel|meg|le|kör|nap|dél|szép|kis|nagy|hideg|meleg|komp|fény|kevés|sok|hó|szél|ég|puszta|.{2,}j[oöe]n|"
    r"védett|füves|piros|zöld|tele|nyitva|zárva|kész|híres|ismert"
)
PARTICIPLE = re.compile(r".{2,}(?:ó|ő|[^o]tt|[lrn]t|eső|való|[ae]ndó|[ae]ndő)")
SIGNS = frozenset('±"”’‘„“()[]:;!?–—»«/')
HERE = frozenset(["van", "volt", "vannak", "voltak", "lesz", "lett", "lesznek", "lettek"])
LIKE_VERBS = frozenset(["található", "látható"])  # stand for a verb where Hungarian leaves "van" out
NOMINAL = ("NOUN", "PROPN", "ADJ", "NUM")
ARTICLES = frozenset(("a", "az", "egy"))
WHERE = {"ine": "hol", "sup": "hol", "ade": "hol", "ill": "hová", "sub": "hová", "all": "hová", "ela": "honnan", "del": "honnan", "abl": "honnan"}


def is_number(word: Word) -> bool:
    lower = word.text.casefold()
    return lists.NUMBER.fullmatch(lower) is not None and lists.NO_NUMBER.fullmatch(lower) is None


def case_of(word: Word) -> str:
    """Return the case that a word's ending shows: "ine", "acc", ..., "nom", or "" for what isn't a nominal."""
    if word.upos not in (*NOMINAL, "PRON") or word.feats.get("VerbForm") in ("Fin", "Inf"):
        return ""
    return _shown(word.text, word.upos, word.feats.get("Case", ""))


@functools.lru_cache(REMEMBERED)
def _shown(text: str, upos: str, tag: str) -> str:
    """Return the case of a nominal by its form and part of speech, helped by the case that its tag says."""
    lower = text.casefold()
    if upos == "ADJ" or text in lists.FIRST_NAMES:
        return "nom"
    if lower.endswith("an") and not lower.endswith("ban") and upos == "NOUN":
        return ""  # an adverb: the superessive has -án, -on
    if text[0].isupper() and lower.endswith("t") and text[:-1] in lists.FIRST_NAMES:
        return "acc"
    for name, shape in CASES:
        if shape.fullmatch(lower):
            if (name == "ins" and NOT_INSTRUMENTAL.fullmatch(lower)) or (name == "acc" and NEVER_ACCUSATIVE.fullmatch(lower)):
                continue
            if name == "acc":
                sure = ACCUSATIVE.fullmatch(lower) is not None
                return "acc" if sure or (tag == "Acc" and NOT_ACCUSATIVE.fullmatch(lower) is None) else "nom"
            if name == "sup" and lower.endswith(("on", "en", "ön")) and not (lists.PLACES.fullmatch(lower) or (text[0].isupper() and tag == "Sup")):
                return "nom" if lists.NOT_SUPERESSIVE.fullmatch(lower) else "somewhere"
            if name == "sup" and lists.NOT_SUPERESSIVE.fullmatch(lower):
                continue
            if name in ("sup", "sub", "ill", "tra", "ins") and not (
                tag[:3].lower() == name or lists.PLACES.fullmatch(lower) or text[0].isupper() or name in ("ins", "sub")
            ):
                continue
            return name
    return "nom"


def is_verb(word: Word) -> bool:
    text, lower = word.text, word.text.casefold()
    if lower in HERE or lower in LIKE_VERBS:
        return True
    if not text[0].islower():
        return False
    if (lower.endswith(("ták", "ték")) and PAST.fullmatch(lower)) or (lower in lists.COMMON_VERBS and word.upos != "NOUN"):
        return True
    finite = word.upos in ("VERB", "AUX") and word.feats.get("VerbForm") == "Fin" and not lists.PERSONS.fullmatch(lower) and not lists.ANAPHORA.fullmatch(lower)
    return finite and VERB_SHAPE.fullmatch(lower) is not None and NO_VERB_SHAPE.fullmatch(lower) is None


def finite_verbs(words: Sequence[Word]) -> list[int]:
    """Return the places of finite verbs; where tags show none, of words that begin with a preverb and end as verbs do."""
    tagged = [i for i, w in enumerate(words) if is_verb(w)]
    strong = [i for i in tagged if words[i].text in lists.COMMON_VERBS or PAST.fullmatch(words[i].text)]
    if len(tagged) > 1 and len(strong) == 1:
        return strong
    return tagged or [
        i
        for i, w in enumerate(words)
        if w.text[0].islower()
        and w.upos != "PROPN"
        and not (i and words[i - 1].text.casefold() in ARTICLES)
        and split_preverb(w.text)[0]
        and PREVERBED.fullmatch(w.text)
    ]


@functools.lru_cache(REMEMBERED)
def split_preverb(verb: str) -> tuple[str, str]:
    """Return ("meg", "halt") for "meghalt"; ("", verb) for a verb without a preverb."""
    if not lists.WHOLE_VERBS.fullmatch(verb):
        for preverb in lists.PREVERBS:
            rest = verb[len(preverb) :]
            if (
                verb.startswith(preverb)
                and len(rest) >= 3
                and re.match(r"[^aáeéiíoóöőuúüű]{0,2}[aáeéiíoóöőuúüű]", rest)
                and re.search(r"[aáeéiíoóöőuúüű]", rest)
            ):
                return preverb, rest
    return "", verb


_V = "[aáeéiíoóöőuúüű]"
_C = "[^aáeéiíoóöőuúüű]"
IRREGULAR = {
    "vette": "vett", "tette": "tett", "vitte": "vitt", "hitte": "hitt", "itta": "ivott", "ette": "evett",
    "issza": "iszik", "eszi": "eszik", "látta": "látott", "várta": "várt",
}  # fmt: skip
DEFINITE = re.compile(r".*(?:ja|i|ják|ik|ssa|sse|zza|zze|t[ae])")


def indefinite(verb: str, plural: bool) -> str:
    """Return a third-person verb as mit and kit want it (látta -> látott, nézik -> néznek); "" where the form cannot be told for sure.

    A verb that is indefinite already comes back as it is.
    """
    if verb in IRREGULAR:
        return IRREGULAR[verb]
    if re.search(r"t[áé]k$", verb):
        return verb[:-2] + ("ak" if verb.endswith("ák") else "ek")
    if re.search(r"t[ae]$", verb):
        return _past(verb)
    if not plural and (found := re.fullmatch(rf"(.*{_V}{_C})ja|(.*{_V}(?:{_C}|sz|zs|gy|ny|cs|ld|rt|nt|lt))i", verb)):
        return found[1] or found[2]
    if plural and (found := re.fullmatch(r"(.*[aáeéioóöőuúüű](?:[^aáeéiíoóöőuúüűt]|sz|zs|gy|ny))(ják|ik)", verb)):
        return found[1] + ("nak" if found[2] == "ják" else "nek")
    return "" if DEFINITE.fullmatch(verb) and (plural or not verb.endswith("zik")) else verb


def _past(verb: str) -> str:
    """Return "szeretett" for "szerette", "írt" for "írta", "húzott" for "húzta"; "" for what may have two stems."""
    if found := re.fullmatch(rf"(.*{_V}.*?)([oeö])tt[ae]", verb):
        stem, link = found[1], found[2]
        if not stem.endswith("t"):
            return f"{stem}{link}t{link}tt"  # szeret-te, alkot-ta
        # épít-ette, bont-otta, fejleszt-ette; but jelent-ette and ültet-te look alike
        return f"{stem}{link}tt" if link != "e" or re.search(rf"(?:{_V}|sz)t$", stem) else ""
    found = re.fullmatch(rf"(.*{_V}{_C}{{1,3}})t([ae])", verb)
    if found is None:
        return ""
    stem = found[1]
    if re.search(r"[őóúű]t$", stem):
        return ""  # "kinőtte": the stem is nő-
    if re.search(r"(?:l|r|n|ny|j|ly)$", stem) and not re.search(rf"{_C}(?:l|r|n|j)$", stem):
        return stem + "t"
    return stem + ("o" if found[2] == "a" else "ö" if re.findall(_V, stem)[-1] in "öőüű" else "e") + "tt"
