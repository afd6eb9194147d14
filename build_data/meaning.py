"""What a translation must keep whatever its words: names, questions, quantifiers and connectives. Word lists, no parse, no model.

A language without a list is passed over: its score is that of a perfect match.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping

from build_data.heuristics import AROUND, folded, tokens, words

STEM = 4  # letters of a name that survive most case endings (Helsinki: Helsingissä)
# Capitalised in English only: days, months, languages, peoples. "I" is no name either.
NO_NAME = re.compile(
    r"I|I['’]\w+|(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)days?|January|February|March|April|May|June|July|August|September|October|November|December"
    r"|English|\w+ish|\w+ese|\w+ian|\w+ians|\w+can|\w+cans|French|German|Germans|Greek|Greeks|Dutch|Mr|Mrs|Ms|Dr|God|Christmas|Easter|Internet|TV|OK|OKs?"
)
CLOSING = ".!?:…"

QUESTION_WORDS: Mapping[str, re.Pattern[str]] = {  # a question may be told by its first words or by the Finnish clitic
    "fi": re.compile(r"(?:mi(?:kä|tä|nä|hin|ssä|stä|ltä|lle|llä|lloin|ksi|ten|nne|nkä|llai\w+|nkälai\w+|tkä|tähän|hen)|ku(?:ka|ka\w+|inka|mpi\w*|mman|mma\w+)"
                     r"|ke(?:n|tä|lle|neltä|nelle|nen|ihin|tkä|nkä|stä|ssä|lläkin)|koska|montako|paljonko|\w{2,}k[oö](?:han|hän|s)?)", re.IGNORECASE),
    "hu": re.compile(r"(?:mi(?:t|k|ket|nek|ben|ből|be|vel|ről|re|lyen\w*|kor|ért|kénti?|óta|kortól|féle|ig)?|ki(?:t|k|ket|nek|vel|től|re|ről|hez|é)?|hol|hova|hová|honnan|hogy|hogyan"
                     r"|mely\w*|melyik\w*|hány\w*|mennyi\w*|meddig|merre|vajon|ugye|nemde|mióta|milyen\w*|-e|\w+-e)", re.IGNORECASE),
}  # fmt: skip

# Words that decide what follows from a sentence: quantifiers and connectives by class, English beside the others.
SCOPE: Mapping[str, Mapping[str, str]] = {
    "en": {
        "all": r"all|every\w*|each|both|whole|always|entire\w*", "some": r"some|several|a-few|certain",
        "many": r"many|much|most|lots?|often|mostly|plenty", "few": r"few|little|rarely|seldom|hardly|fewer|less|least", "only": r"only|just|merely|solely|alone|except",
        "or": r"or|either", "if": r"if|unless|whether", "because": r"because|since|therefore|thus|hence|so|as|for", "but": r"but|however|although|though|yet|despite|while|nevertheless",
    },
    "fi": {
        "all": r"kaikk\w+|kaike\w+|joka\w*|jokai\w+|kumpi\w+|kumma\w+|molem\w+|koko\w*|aina|kukin|kunkin|kumpaa\w+", "some": r"jo(?:ku|nku|ta\w*|tku\w*|itakin|kin|nkin|ssa\w*)|er(?:äs|ää\w*|äi\w*)|muuta\w+|usea\w*|usei\w*|tietty\w*|tiety\w+|joitain",
        "many": r"mon(?:et|i|ta|en|ia|i\w+|e\w+)|paljo\w*|usei\w+|usea\w*|enemmistö\w*|suuri\w*|lähes|runsaa\w+|eniten|enemmän", "few": r"harv\w+|vähä\w*|vähe\w+|tuskin|pari", "only": r"vain|ainoa\w*|ainoast\w+|vasta|pelk\w+|yksin\w*|paitsi|juuri",
        "or": r"tai|vai|taikka|joko", "if": r"jos\w*|ellei\w*|jollei\w*|mikäli|\w+k[oö]", "because": r"koska|sillä|joten|siksi|siis|kun|niin|siten|näin|takia|vuoksi",
        "but": r"mutta|vaan|kuitenkin|vaikka\w*|silti|tosin|sen\s?sijaan|kun|muttei",
    },
    "hu": {
        "all": r"mind\w*|minden\w*|összes\w*|egész\w*|mindig|valamennyi\w*|teljes\w*", "some": r"néhány\w*|vala\w+|némely\w*|egyes\w*|több\w*|bizonyos\w*|pár\w*",
        "many": r"sok\w*|legtöbb\w*|gyakran|többség\w*|számos\w*|több\w*|rengeteg\w*|nagyon|főleg|javarészt", "few": r"kevés\w*|keves\w*|ritkán|alig\w*|kevé\w+", "only": r"csak|csupán|kizárólag|egyedül\w*|mindössze|kivéve|éppen|pusztán",
        "or": r"vagy|akár|avagy", "if": r"ha\w*|hacsak|amennyiben|vajon|\w+-e", "because": r"mert|mivel|ezért|tehát|így|hiszen|azért|miatt|mint|amint|ahogy|óta|annyira|olyan",
        "but": r"de|azonban|hanem|viszont|bár|noha|ám|mégis|ellenére|míg|pedig|habár|ugyan",
    },
}  # fmt: skip


@functools.lru_cache(4096)
def names(text: str, english: bool) -> tuple[str, ...]:
    """Return capitalised words that do not open a sentence or a quotation, without case; in English, those that other languages write small are left out."""
    found = []
    opening = True
    for token in tokens(text):
        if not opening and token[0].isupper():
            name = token.strip(AROUND)
            if name and not (english and _small_elsewhere(name)):
                found.append(name.casefold())
        opening = token[-1] in CLOSING or (token[-1] in "\"'”’»)" and token.rstrip("\"'”’»)")[-1:] in CLOSING)
    return tuple(found)


@functools.lru_cache(1 << 14)
def _small_elsewhere(name: str) -> bool:
    return NO_NAME.fullmatch(name) is not None


def _stem(name: str) -> str:
    """Return what any form of a name holds: STEM letters, or all but the last of a shorter one, but three at least."""
    return name[: min(STEM, max(len(name) - 1, 3))]


def names_changed(text: str, source: str) -> float:
    """Return the share, 0 to 1, of names on either side that the other side has not; one is added to the count, so a single odd name weighs half.

    Names are told by their capital, and their stem is looked for anywhere in the other side. Names that are translated (Finland:
    Suomi) count as changed, which is why good pairs score up to 0.6.
    """
    theirs, mine = names(source, True), names(text, False)
    if not theirs and not mine:
        return 0.0
    lost = sum(_stem(name) not in folded(text) for name in theirs)
    made = sum(_stem(name) not in folded(source) for name in mine)
    return (lost + made) / (len(theirs) + len(mine) + 1)


def question_changed(text: str, source: str, language: str) -> float:
    """Return 1 if one side asks and the other does not, else 0. A source that ends with "?" may be asked in words alone."""
    asked, asks = (side.rstrip("\"'”’»)] ").endswith("?") for side in (source, text))
    if asked == asks:
        return 0.0
    if asked and language in QUESTION_WORDS:
        return float(not any(QUESTION_WORDS[language].fullmatch(word) for word in words(text)[:3]))
    return 1.0


class _Classes(dict[str, int]):
    """Word -> the classes of SCOPE it belongs to, as bits in the order of the classes; kept, since words come back often."""

    def __init__(self, language: str) -> None:
        self.patterns = [re.compile(pattern) for pattern in SCOPE[language].values()]

    def __missing__(self, word: str) -> int:
        folded = word.casefold()
        bits = sum(1 << place for place, pattern in enumerate(self.patterns) if pattern.fullmatch(folded))
        if len(self) < 1 << 18:
            self[word] = bits
        return bits


_CLASSES = {language: _Classes(language) for language in SCOPE}


@functools.lru_cache(4096)
def scope(text: str, language: str) -> int:
    """Return the classes of SCOPE that a text has words of, as bits. `language` must be one of SCOPE."""
    return functools.reduce(int.__or__, map(_CLASSES[language].__getitem__, words(text)), 0)


def scope_changed(text: str, source: str, language: str) -> float:
    """Return how many classes of SCOPE stand on one side only. A class that the translation often gains (Hungarian "olyan") counts like any other."""
    return float((scope(text, language) ^ scope(source, "en")).bit_count()) if language in SCOPE else 0.0
