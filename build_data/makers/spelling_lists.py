"""Signs of a sentence that nobody went over, as lists and patterns: what is no word of a language, what wants a comma, what is spelt as people talk."""

from __future__ import annotations

import re
import string

from build_data.makers.common import listed

NEIGHBOURS = re.compile(r"(?<!\w)([^\W\d_]+)(?=[ -]([a-zåäöáéíóúüőű]+)(?!\w))")
# Small words of two letters, and endings of that length behind a hyphen; another one is half a word, in text that a scanner read.
PAIRS = {
    "hu": listed(
        "az és is ha de ki mi ez te ti ők el le be no na se ne jó fa tó só hó ló fő nő rá át mű íz ág ól ős úr út új ég él én év ma öt ok bő hű kő lé ín ék ér íj "
        "ah oh óh ej eh hé la ím im őt ön ám ad ír ár ép fű éj őr ád eb jő hő tű ás öl ív es re et án as ig en os ra ot on ös at ek kb cm km kg mm dl db ún pl "
        "st dr ii iv vi ix xi xv xx ur ut uj óv ül üt áz"
    )
}
CASES = {"hu": listed("ról ről ból ből ban ben nak nek val vel tól től hez höz nál nél")}  # case endings, which stand on their own in torn words
VOWELS = "ÁÉÍÓÖŐÚÜŰáéíóöőúüű"
# A case ending on its own, a scanner's digit behind a vowel, two words in one; what is rarest comes first and what stands before it is looked at then.
ENDING = {
    language: re.compile(
        rf"[ \dA-ZÁÉÍÓÖŐÚÜŰ](?:(?<=[^\W\d_] )(?:{'|'.join(sorted(cases))})\b|(?<=\b[{VOWELS}]\d)|(?<=[a-záéíóöőúüű][A-ZÁÉÍÓÖŐÚÜŰ])[a-záéíóöőúüű])"
    )
    for language, cases in CASES.items()
}
SHORT = 4  # letters of the shortest word whose stem is looked at
LETTERS = 6  # of a stem that are compared: consonant gradation ("katu", "kadulla") and Snowball's slips are mostly behind them
ROOT = 9  # of a stem that must be the same for one word to say of another that it has no capital: "Magyarország" is no "magyar"
ALONE = {"fi": "", "hu": "aesőóh"}  # letters that are words by themselves; another one is what a broken line or a scanner left of a word
LATIN = string.ascii_lowercase
TWOS = [one + two for one in LATIN for two in LATIN]
# A consonant, or two, that no Finnish word ends with: what stands before it is half a word, misspelt or foreign.
CUT_SHORT = {"fi": re.compile(r"(?:[bcdfgjkmpqvwxz]|[bcdfghjklmnpqrstvwxz]{2})\Z")}
SLIPS = [3 * letter for letter in "bcdfghjklmnpqrstvz"]  # three of one consonant in a row
# Two consonants that no word of the language begins with: what stands before it is the other half of a word.
HEADLESS = {
    "fi": re.compile(r"(?:[lrnmjhv][bcdfghjklmnpqrstvwxz]|ht|ks|tk)"),
    "hu": re.compile(r"(?:[rmjv][bcdfghjklmnpqrstvxz]|l[bcdfghkmnpqrstvxz]|n[bcdfghjklmpqrstvxz])"),
}
NONE = frozenset[str]()
CUT = {language: frozenset(end for end in (*LATIN, *TWOS) if pattern.search(end)) for language, pattern in CUT_SHORT.items()}
HEADS = {language: frozenset(filter(pattern.match, TWOS)) for language, pattern in HEADLESS.items()}
RUN_TOGETHER = {"hu": "s"}  # words of one letter that a scanner runs together with the next word
ARTICLES = {"fi": frozenset[str](), "hu": frozenset({"A"})}  # words of one letter that a capital inside a sentence gives away
NAMES = 4  # words with a capital inside a sentence, at most: more are titles and headings
SELDOM = 2  # times that a part of a torn word may stand among all sentences
STUMP, ENOUGH = 3, 100_000  # letters of a seldom word that is no word, where there are so many words that real ones come back

# Conjunctions and relatives, which both languages want a comma before, or one of the words that may stand between; and spellings of speech.
JOINERS = {
    "fi": listed("että ettei jonka jotka joita joiden jossa josta johon jolla jolle jolta joissa joista joihin joilla joille koska"),
    "hu": listed("hogy mert aki akik akit akinek akiket akivel amely amelyek amelyet amelynek amelyben amelyből amelyhez amelyre amit amivel ahol"),
}
BETWEEN = {
    "fi": listed(r"\b[Jj]a \btai \beikä \bsekä \bvaan \b[Nn]iin \bkuin \bmutta \bvai \beli \b[Ss]iten \bsiksi [,;:(–-]"),
    "hu": listed(r"^\w\w ^\w\w\w ^\w{4} ^\w{5} \bés \bs \bis \bmeg \bvagy \bmint \bcsak \bde \bsem \bhanem \bhát \btalán \bnem \bazon [,;:(–-]"),
}
SPOKEN = {
    "fi": listed(
        "mä sä mun sun mulla sulla mulle sulle mua sua oon oot ois vois ollu tullu kaikkee ilkee niinku ku sit meijän teijän kauheesti hirveesti pitäs mut jotai kans"
    ),
    "hu": frozenset[str](),
}
SPOKEN_SO = {"fi": ("semmo", "tämmo", "tommo"), "hu": ()}  # and what begins so
UNSTOPPED = {"fi": listed("esim yms jne tms huom"), "hu": listed("stb pl")}  # abbreviations, which want a full stop
STRETCHED = "aeiouyäöáéíóúüőű"  # vowels, three of which in a row are a cry
CRIES = [3 * vowel for vowel in STRETCHED]
# The space comes first, and the word behind it before what must not stand in front: a pattern that opens with a look behind looks behind at every letter.
UNJOINED = {
    language: re.compile(rf" (?=(?:{'|'.join(sorted(words))})\b)" + "".join(f"(?<!{before} )" for before in sorted(BETWEEN[language])))
    for language, words in JOINERS.items()
}


def _sloppy(language: str) -> re.Pattern[str]:
    starts, unstopped = [rf"{start}\w*" for start in SPOKEN_SO[language]], [rf"{word}(?!\.)" for word in sorted(UNSTOPPED[language])]
    said = "|".join([*sorted(SPOKEN[language]), *starts, *unstopped])
    return re.compile(rf"{UNJOINED[language].pattern}|\b(?:{said})\b|([{STRETCHED}])\1\1")


SLOPPY = {language: _sloppy(language) for language in UNJOINED}
