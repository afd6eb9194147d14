"""Finnish contrasts of form: which form of a word its neighbours ask for, in standard Finnish, and which they refuse.

Other forms are made by the ends of words (consonant gradation, vowel harmony), and taken only where the text has them with the tag they should have.
What spoken Finnish says as well is left out (he tulee, alkaa tekemään); so is what a second reading makes right (puhua suuresta talossa).
Source of the rules: Iso suomen kielioppi (Hakulinen et al. 2004).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence

from build_data.makers import contrasts_fi_forms as make
from build_data.makers.common import listed
from build_data.makers.contrasts import SEEN, Forms, Remembered, Rules, Site, tag
from build_data.parse import Word

BARE = ("VERB Fin - -", "VERB Inf - -", "VERB Inf - Sing")  # a connegative has no person, and the bundled pack takes some for infinitives
INFINITIVE = ("VERB Inf - Sing", "VERB Inf - -")

NEGATION = listed("ei en et emme ette eivät")
SUBJECTS = listed("joka hän mikä tämä se kuka")
TWO_UP = listed("kaksi kolme neljä viisi kuusi seitsemän kahdeksan yhdeksän kymmenen kaksikymmentä sata tuhat monta puoli")
YEAR = re.compile(r"1[89]\d\d|20\d\d")  # "vuonna 2014 mallit" counts no models
THESE = listed("nämä nuo ne kaikki")
# Verbs and adjectives with the first infinitive, and with the third in the illative, and none of those that take both (tulla, saada, alkaa, ehtiä, päästä).
TO_DO = re.compile(
    r"(?:voi|voit|voin|voivat|voimme|voitte|voisi\w*|voida|voidaan|voitaisiin|voinut|voineet|voitava|pitää|pitäisi|piti|täyty\w+|kannatta\w+|tarvitse\w*|haluta\w*"
    r"|halua\w*|halusi\w*|halunnut|osaa\w*|osasi\w*|osata|aikoo|aikovat|aikoi|aikoivat|yrittää|yritti\w*|yrittävät|yrittänyt|yritetään|uskalta\w+|syytä|pakko|mahdollista|tarpeen)"
)
INTO_DOING = re.compile(
    r"(?:pysty\w*|pyri\w*|pyrki\w*|pyrkä\w*|kykene\w*|kyken\w*|kyettävä|joutu\w+|joudu\w*|joutua|velvolli\w+|oikeutet\w+|ryhty\w+|ryhdy\w*|valmis|valmiita|valmiina|omiaan|oppi\w*|opi\w*|autta\w+|auto\w*"
    r"|rupe\w+|onnistu\w+|sitoutu\w+|pakot\w+|velvoit\w+|kehot\w+|suostu\w+|päätyi\w*)"
)
# Adpositions with one case alone. Left out: what is an adverb too (edessä, välillä, läpi, mukaan: "ottaa lapsia mukaan").
OF = listed(
    "kanssa jälkeen aikana takia vuoksi kautta perusteella osalta yhteydessä johdosta sijaan sijasta ohella luona luokse nojalla avulla ansiosta kannalta toimesta mukaisesti mukainen "
    "keskuudessa suhteen kuluessa"
)
OF_PART = re.compile(r"varten|kohtaan|kohti|vastaan|pitkin|lukuun|koskev\w+")
BEFORE_PART = listed("ilman ennen")
ALONE = ("sama", "samo", "toise", "toisi", "muu", "mui", "itse", "yhde", "oikea", "vasem", "ainoa")  # samalla, yhdessä, oikealla: adverbs too, or stand alone
LOCAL = {"ssa": "lla", "ssä": "llä", "lla": "ssa", "llä": "ssä"}  # inside and outside, of the two cases that say where
CASES = {"ssa": "Ine", "ssä": "Ine", "lla": "Ade", "llä": "Ade"}
CASE_AND_NUMBER = ("Nom Sing", "Nom Plur", "Gen Sing", "Gen Plur", "Par Sing", "Par Plur")
END = frozenset({"PUNCT", "VERB", "AUX", "CCONJ", "SCONJ"})

Rule = Callable[[Sequence[Word], int, Forms], Iterator[Site]]


def _offer(contrast: str, side: int, word: Word, others: Sequence[str], forms: Forms, *tags: str) -> Iterator[Site]:
    """Yield the site at `word` with the candidate that the text has oftenest with one of `tags`; none that it has less than SEEN times."""
    counts = [(forms.seen(other, *tags), -number, other) for number, other in enumerate(dict.fromkeys(others))]
    count, _, other = max(counts, default=(0, 0, ""))
    if count >= SEEN and other != word.text.casefold():
        yield Site(contrast, side, word.start, word.end, word.text.casefold(), other)


def _negation(words: Sequence[Word], at: int, forms: Forms) -> Iterator[Site]:
    """Yield "ei tule | joka tulee": a negation takes the bare form, a subject in the third person the finite one."""
    word, before = words[at], words[at - 1].text.casefold()
    form = word.text.casefold()
    if before in NEGATION and tag(word) == ("VERB", "Fin", "-", "-"):
        yield from _offer("negation", 0, word, make.third_persons(form), forms, "VERB Fin 3 Sing")
    elif tag(word) == ("VERB", "Fin", "3", "Sing") and (before in SUBJECTS or _subject(words, at)):
        yield from _offer("negation", 1, word, make.connegatives(form), forms, "VERB Fin - -")


def _subject(words: Sequence[Word], at: int) -> bool:
    """Tell whether a noun straight before a verb is its subject: a nominative, with no negation in the sentence."""
    return tag(words[at - 1]) == ("NOUN", "Nom", "Sing") and not _negated(words)


def _negated(words: Sequence[Word]) -> bool:
    return any(word.text.casefold() in NEGATION for word in words)


def _passive(words: Sequence[Word], at: int, forms: Forms) -> Iterator[Site]:
    """Yield "ei sovelleta | sovelletaan"."""
    word, before = words[at], words[at - 1].text.casefold()
    form = word.text.casefold()
    if before == "ei" and word.upos in ("VERB", "AUX") and form.endswith(make.PASSIVE_STEMS):
        yield from _offer("passive_negation", 0, word, [form + form[-1] + "n"], forms, "VERB Fin - -")
    elif tag(word) == ("VERB", "Fin", "-", "-") and form.endswith(make.PASSIVES) and before != "ellei" and not _negated(words):
        yield from _offer("passive_negation", 1, word, [form[:-2]], forms, *BARE)


def _infinitive(words: Sequence[Word], at: int, forms: Forms) -> Iterator[Site]:
    """Yield "voi tehdä | joutuu tekemään"."""
    word, governor = words[at], words[at - 1].text.casefold()
    form = word.text.casefold()
    if word.upos not in ("VERB", "AUX") or word.feats.get("VerbForm") != "Inf":
        return
    third = form.endswith(("maan", "mään"))
    if TO_DO.fullmatch(governor) and form[-1] in "aä" and not third:
        yield from _offer("infinitive", 0, word, make.third_infinitives(form), forms, *INFINITIVE)
    elif INTO_DOING.fullmatch(governor) and third:
        yield from _offer("infinitive", 1, word, make.first_infinitives(form[:-4]), forms, *BARE)


def _numeral(words: Sequence[Word], at: int, forms: Forms) -> Iterator[Site]:
    """Yield "kolme taloa | nämä talot, talot ovat"."""
    word, before = words[at], words[at - 1].text.casefold()
    form = word.text.casefold()
    if tag(word) == ("NOUN", "Par", "Sing") and form[-1] in "aä" and _two_or_more(before):
        yield from _offer("numeral", 0, word, [one[:-1] + "t" for one in make.genitives(form)], forms, "NOUN Nom Plur")
    elif tag(word) == ("NOUN", "Nom", "Plur") and form[-1] == "t" and (before in THESE or tag(words[at + 1]) == ("VERB", "Fin", "3", "Plur")):
        yield from _offer("numeral", 1, word, make.partitives(form[:-1]), forms, "NOUN Par Sing")


def _two_or_more(word: str) -> bool:
    return word in TWO_UP or (word.isdecimal() and word != "1" and not YEAR.fullmatch(word))


def _government(words: Sequence[Word], at: int, forms: Forms) -> Iterator[Site]:
    """Yield "talon kanssa | taloa varten, ilman taloa, taloa koskeva"."""
    word, before, after = words[at], words[at - 1].text.casefold(), words[at + 1]
    form = word.text.casefold()
    if tag(word) == ("NOUN", "Gen", "Sing") and form[-1] == "n" and after.text in OF:
        yield from _offer("adposition", 0, word, make.partitives(form[:-1]), forms, "NOUN Par Sing")
    elif tag(word) == ("NOUN", "Par", "Sing") and (OF_PART.fullmatch(after.text) or (before in BEFORE_PART and after.upos in END)):
        yield from _offer("adposition", 1, word, make.genitives(form), forms, "NOUN Gen Sing")


def _agreement(words: Sequence[Word], at: int, forms: Forms) -> Iterator[Site]:
    """Yield "vanhassa talossa | vanhalla tavalla"."""
    word, head = words[at], words[at + 1]
    form, noun = word.text.casefold(), head.text.casefold()
    end, stem = form[-3:], form[:-3]
    if word.upos not in ("ADJ", "NOUN") or head.upos != "NOUN" or end not in LOCAL or len(stem) < 3 or form.startswith(ALONE):
        return
    if noun[-3:-1] == end[:-1] and noun[-1] in "aä" and _adjective(forms, stem, stem + "n", stem + "t", stem + "a", stem + "ä"):
        tags = [f"{upos} {CASES[LOCAL[end]]} {number}" for upos in ("ADJ", "NOUN") for number in ("Sing", "Plur")]
        yield from _offer("case_agreement", int(CASES[end] == "Ade"), word, [stem + LOCAL[end]], forms, *tags)


def _adjective(forms: Forms, *some: str) -> bool:
    """Tell whether these forms of a word are adjectives more often than nouns, by the tags of the whole text: in one place the tagger takes one for the other."""
    counts = [sum(forms.seen(form, *(f"{upos} {what}" for what in CASE_AND_NUMBER)) for form in some) for upos in ("ADJ", "NOUN")]
    return counts[0] >= SEEN and counts[0] > counts[1]


# What a word by itself may bring about, as a governor of its neighbours or by its end: few words have any of it, and rules look at those alone.
NEGATES, SUBJECT, DO, DOING, COUNTS, THESE_ARE, BEFORE, AFTER, FINITE_END, PASSIVE_END, PLURAL_END, LOCAL_END = (1 << bit for bit in range(12))
GOVERNS_NEXT = NEGATES | SUBJECT | DO | DOING | COUNTS | THESE_ARE | BEFORE
ENDS = FINITE_END | PASSIVE_END | PLURAL_END | LOCAL_END
TABLE: Sequence[tuple[int, Rule]] = (
    (NEGATES | FINITE_END, _negation), (NEGATES | PASSIVE_END, _passive), (DO | DOING, _infinitive),
    (COUNTS | PLURAL_END, _numeral), (BEFORE | AFTER, _government), (LOCAL_END, _agreement),
)  # fmt: skip


def _marks(word: str) -> int:
    """Return what a word in small letters may bring about."""
    known = {
        NEGATES: word in NEGATION, SUBJECT: word in SUBJECTS, DO: TO_DO.fullmatch(word), DOING: INTO_DOING.fullmatch(word),
        COUNTS: _two_or_more(word), THESE_ARE: word in THESE, BEFORE: word in BEFORE_PART,
        AFTER: word in OF or OF_PART.fullmatch(word), FINITE_END: bool(make.connegatives(word)),
        PASSIVE_END: word.endswith(make.PASSIVES), PLURAL_END: word.endswith("t"), LOCAL_END: word[-3:] in LOCAL,
    }  # fmt: skip
    return sum(mark for mark, found in known.items() if found)


MARKS = Remembered[str, int](_marks)


def sites(words: Sequence[Word], forms: Forms) -> list[Site]:
    """Return the sites of a parsed sentence, none at its first word or its last."""
    marks = [MARKS[word.text.casefold()] for word in words]
    out: list[Site] = []
    for at in range(1, len(words) - 1):
        here = (marks[at - 1] & GOVERNS_NEXT) | (marks[at] & ENDS) | (marks[at + 1] & AFTER)
        if here:
            out += [site for mask, rule in TABLE if here & mask for site in rule(words, at, forms)]
    return out


def plausible(text: str) -> bool:
    """Tell whether a sentence may have a site: a governor, or a passive, which both sides of `passive_negation` need."""
    return any(MARKS[word] & (GOVERNS_NEXT | AFTER | PASSIVE_END) for word in text.casefold().rstrip(".!?").replace(",", "").split())


RULES = Rules(plausible, sites)
