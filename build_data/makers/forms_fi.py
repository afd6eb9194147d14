"""Finnish word forms for question rules: cases by ending, finite verbs, and millainen in the case that its noun stands in."""

from __future__ import annotations

import functools
import re

from build_data.makers.words import REMEMBERED
from build_data.parse import Word

CASES: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("ine", re.compile(r".{3,}ss[aä](?:[aä]n|nsa|nsä|mme)?(?:kin)?")),
    ("ade", re.compile(r".{3,}ll[aä](?:[aä]n|nsa|nsä)?(?:kin)?")),
    ("abl", re.compile(r".{3,}lt[aä](?:[aä]n|nsa|nsä)?")),
    ("all", re.compile(r".{3,}lle(?:en|nsa|nsä)?(?:kin)?")),
    ("ela", re.compile(r".{2,}st[aä](?:[aä]n|nsa|nsä)?(?:kin)?")),
    ("ill", re.compile(r".{2,}(?:[aeiouyäö]{2}h[aeiouyäö]n|[ai]ih[ie]n|seen|siin|[^t]iin|oon|uun|yyn|öön|aan|ään|een)(?:kin)?")),
    ("ess", re.compile(r".{2,}n[aä]")),
    ("px", re.compile(r".{3,}ns[aä]")),
    ("tra", re.compile(r".{3,}ksi")),
)
PARTITIVE_NOT_ELATIVE = re.compile(r".*(?:[^aeiouyäö]ist[aä]|(?:i|o|u|y|ö)st[aä]|vierasta|hammasta|rikasta|kirkasta|sairasta|kaunista)")
DOUBTFUL_ILLATIVE = re.compile(r".*(?:[^h]een|aan|ään)")
VERB_SHAPE = re.compile(r".*(?:v[aä]t|[aeiouyäö]|t[aä][aä]n|d[aä][aä]n|[lrns][aä][aä]n|tiin)")
NO_VERB_SHAPE = re.compile(r".*(?:[aeäö]sti|iisti|ss[aä]|st[aä]|ll[aä]|lt[aä]|lle|nen|mme|tte|ksi|uus|isuus|[aeiouyäö]n?kin|isia|isiä|ja|jä|inen)")
PASSIVE = re.compile(r".*(?:t[aä][aä]n|d[aä][aä]n|ll[aä][aä]n|rr[aä][aä]n|nn[aä][aä]n|tiin)|.*tt[uy]|.*[dtnlr]t[uy]")
PARTITIVE_SHAPE = re.compile(r".*(?:aa|oa|ua|ea|yä|öä|eä|ää|ia|iä|oja|öjä|uja|yjä|eja|ejä|ita|itä)")
MONTHS = re.compile("(?:tammi|helmi|maalis|huhti|touko|kesä|heinä|elo|syys|loka|marras|joulu)kuun")  # genitives that look like illatives
ESSIVE = re.compile(r"vuonna|.*(?:päivänä|yönä|iltana|aamuna|kesänä|talvena|syksynä|keväänä|hetkenä|kertana|viikonloppuna)")  # "juna" is none
BESIDE = frozenset(["pitkin", "kohti", "vastaan", "varten", "vasten", "päin", "kautta", "ilman"])  # the partitive or genitive before belongs to these
OWN = re.compile(r".{3,}mme|(?!pieni).{2,}[aeiouyäö]ni")  # "söimme", "lapsemme", "ystäväni": somebody speaks of himself
SIGNS = frozenset("§&±\"”’‘„“'()[]:;!?–—»«/")
NO_NOMINAL = frozenset(["ADV", "ADP", "SCONJ", "CCONJ", "AUX", "INTJ", "PUNCT", "SYM"])
BE = frozenset(["on", "oli", "ovat", "olivat"])


def is_verb(word: Word) -> bool:
    lower = word.text.casefold()
    finite = word.upos in ("VERB", "AUX") and word.feats.get("VerbForm") == "Fin"
    return lower in BE or (
        finite
        and word.text[0].islower()
        and VERB_SHAPE.fullmatch(lower) is not None
        and (NO_VERB_SHAPE.fullmatch(lower) is None or lower in ("tulee", "kulki"))
    )


def case_of(word: Word) -> str:
    """Return the case that a word's ending shows: "ine", "ill", ..., "par", "gen", "nom" or "" for what isn't a nominal."""
    if word.upos in NO_NOMINAL or word.feats.get("VerbForm") in ("Fin", "Inf"):
        return ""
    return _shown(word.text, word.feats.get("Case", ""))


@functools.lru_cache(REMEMBERED)
def _shown(text: str, tag: str) -> str:
    """Return the case of a nominal by its form, helped by the case that its tag says."""
    lower = text.casefold()
    if MONTHS.fullmatch(lower):
        return "gen"
    for name, shape in CASES:
        if shape.fullmatch(lower):
            if name == "ela" and PARTITIVE_NOT_ELATIVE.fullmatch(lower) and not text[0].isupper():
                return "par"
            if name in ("ela", "abl") and tag == "Par":
                return "par"  # "kieltä", "miestä"
            if name == "ill" and tag == "Gen" and DOUBTFUL_ILLATIVE.fullmatch(lower):
                return "gen"  # "lajikkeen", beside "jokeen"
            if name == "ess" and tag != "Ess" and not ESSIVE.fullmatch(lower) and not re.fullmatch(r".{4,}[aeioäö]n[aä]", lower):
                continue
            return name
    if lower.endswith("n"):
        return "gen"
    return "par" if tag == "Par" and lower[-1] in "aä" else "nom"


def agrees(word: Word, case: str) -> bool:
    """Tell whether a word's tag says the case that its ending shows."""
    return word.feats.get("Case", "").casefold() == case


# millainen in the cases of the noun it asks about: (singular, plural)
MILLAINEN = {
    "nom": ("millainen", "millaiset"), "par": ("millaista", "millaisia"), "ine": ("millaisessa", "millaisissa"), "ela": ("millaisesta", "millaisista"),
    "ill": ("millaiseen", "millaisiin"), "ade": ("millaisella", "millaisilla"), "abl": ("millaiselta", "millaisilta"),
    "all": ("millaiselle", "millaisille"), "gen": ("millaisen", "millaisten"),
}  # fmt: skip


def millainen(word: Word, case: str) -> str:
    """Return the form of millainen for a noun, "" where its number cannot be told."""
    number = word.feats.get("Number")
    return MILLAINEN[case][number == "Plur"] if case in MILLAINEN and number in ("Sing", "Plur") else ""
