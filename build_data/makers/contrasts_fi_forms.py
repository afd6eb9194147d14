"""Forms of Finnish words from other forms, by their ends: consonant gradation, vowel harmony, stems. Several where the end leaves it open; the text says which there is."""

from __future__ import annotations

import re

VOWELS = "aeiouyäö"
PASSIVES, PASSIVE_STEMS = ("taan", "tään", "daan", "dään"), ("ta", "tä", "da", "dä")
WEAK = (  # consonant gradation at the last syllable's start, strong -> weak
    ("kk", "k"), ("pp", "p"), ("tt", "t"), ("nk", "ng"), ("nt", "nn"), ("lt", "ll"), ("rt", "rr"), ("mp", "mm"), ("k", ""), ("p", "v"), ("t", "d"), ("k", "v"),
)  # fmt: skip
PARTITIVES = (  # end of a partitive, of the genitive
    ("usta", "uksen"), ("ystä", "yksen"), ("esta", "eksen"), ("estä", "eksen"), ("ista", "iksen"), ("istä", "iksen"), ("sta", "sen"), ("stä", "sen"),
    ("uutta", "uuden"), ("yyttä", "yyden"), ("vuotta", "vuoden"), ("etta", "een"), ("että", "een"), ("utta", "uden"), ("yttä", "yden"), ("nta", "nen"), ("ntä", "nen"),
    ("lta", "len"), ("ltä", "len"), ("rta", "ren"), ("rtä", "ren"), ("a", "n"), ("ä", "n"),
)  # fmt: skip


def third_persons(bare: str) -> list[str]:
    """Return third persons that an active connegative could belong to: tule -> tulee, lue -> lukee, halua -> haluaa."""
    if bare == "ole":
        return ["on"]
    if len(bare) < 3 or bare[-1] not in VOWELS:
        return []
    return [bare + bare[-1], *(one + one[-1] for one in strengthened(bare))]


def connegatives(third: str) -> list[str]:
    """Return connegatives of a third person: tulee -> tule, lukee -> lue."""
    if third == "on":
        return ["ole"]
    if len(third) < 4 or third[-1] != third[-2] or third[-1] not in VOWELS:
        return []
    return [third[:-1], *weakened(third[:-1])]


def weakened(word: str) -> list[str]:
    """Return a word's weak grade at its last consonants, every one that gradation could give: hakua -> haua is sorted out by the text."""
    return [word[: -1 - len(strong)] + weak + word[-1] for strong, weak in WEAK if word[:-1].endswith(strong) and len(word) > len(strong) + 2]


def strengthened(word: str) -> list[str]:
    """Return a word's strong grade at its last consonants, every one that gradation could give: lue -> luke, tava -> tapa."""
    return [word[: -1 - len(weak)] + strong + word[-1] for strong, weak in WEAK if word and word[:-1].endswith(weak)]


def third_infinitives(form: str) -> list[str]:
    """Return third infinitives that a first one could have: tehdä -> tekemään, tulla -> tulemaan, korjata -> korjaamaan."""
    end = "maan" if form[-1] == "a" else "mään"
    irregular = {"tehdä": "teke", "nähdä": "näke", "olla": "ole", "käydä": "käy", "juosta": "juokse"}
    if form in irregular:
        return [irregular[form] + end]
    stems = [form[:-1]]  # sanoa -> sano
    if form[-2] == "d":
        stems = [form[:-2]]  # saada -> saa
    elif form[-2] == "t":
        stems = [form[:-2] + form[-1], form[:-2] + "tse", form[:-1] + "e", form[:-2] + "ne", *(one + form[-1] for one in strengthened(form[:-2]))]
    if form[-3:-1] in ("ll", "rr", "nn"):
        stems.append(form[:-2] + "e")
    if form[-3:-1] == "st":
        stems.append(form[:-2] + "e")  # nousta -> nouse
    return [stem + end for stem in stems]


def first_infinitives(stem: str) -> list[str]:
    """Return first infinitives of a strong stem: teke -> tehdä, tule -> tulla, korjaa -> korjata."""
    a = "a" if re.search("[aou]", stem) else "ä"
    irregular = {"teke": "tehdä", "näke": "nähdä", "ole": "olla", "käy": "käydä", "juokse": "juosta"}
    if stem in irregular:
        return [irregular[stem]]
    out = [stem + a, stem + "d" + a, stem[:-1] + "t" + a]
    if stem.endswith("tse"):
        out.append(stem[:-3] + "t" + a)
    if stem[-2:] in ("le", "re", "ne"):
        out.append(stem[:-1] + stem[-2] + a)
    if stem.endswith("ne"):
        out.append(stem[:-2] + "t" + a)
    if stem.endswith("se"):
        out.append(stem[:-1] + "t" + a)
    if stem[-1:] == stem[-2:-1]:  # tapaa -> tavata
        out += [one[:-1] + one[-1] + "t" + a for one in weakened(stem[:-1])]
    return out


def genitives(partitive: str) -> list[str]:
    """Return genitives of a partitive: hallitusta -> hallituksen, lakia -> lain, taloa -> talon."""
    out = [partitive[: -len(part)] + gen for part, gen in PARTITIVES if partitive.endswith(part)]
    return [*out, *(one + "n" for one in weakened(partitive[:-1]))]


def partitives(stem: str) -> list[str]:
    """Return partitives of a genitive's stem: hallitukse -> hallitusta, lai -> lakia, talo -> taloa."""
    a = "a" if re.search("[aou]", stem) else "ä"
    out = [stem[: len(stem) - len(gen) + 1] + part for part, gen in PARTITIVES if stem.endswith(gen[:-1])]
    return [*(one for one in out if one[-1] == a), stem + a, *(one + a for one in strengthened(stem))]
