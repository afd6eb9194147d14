"""What ties sentences of running text together: content stems that two of them share. For makers whose one right answer must be decidable.

A stem counts as content if few sentences of all documents have it, and ties two sentences only if few sentences of their own
document have it: a topic's words stand everywhere in the document, so they tell no place in it from another (lexical cohesion,
Halliday and Hasan 1976; texts are cut at the same place by Hearst 1997, TextTiling).

Everything that a word says by itself is found once for the vocabulary of all documents (a quarter of their words), not word by word.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, pairwise

from build_data.makers.clean_rules import words_of
from build_data.makers.common import whole_sentence
from build_data.stems import stem
from corpora.records import Document

WORD = re.compile(r"[^\W\d_]+")
NUMBER = re.compile(r"\d{3,}")
NEIGHBOURS = re.compile(r"(?<!\w)([^\W\d_]+)(?=[ -]([a-zåäöáéíóúüőű]+)(?!\w))")
# Small words of two letters, and endings of that length behind a hyphen; another one is half a word, in text that a scanner read.
PAIRS = {
    "hu": frozenset(
        [
            "az",
            "és",
            "is",
            "ha",
            "de",
            "ki",
            "mi",
            "ez",
            "te",
            "ti",
            "ők",
            "el",
            "le",
            "be",
            "no",
            "na",
            "se",
            "ne",
            "jó",
            "fa",
            "tó",
            "só",
            "hó",
            "ló",
            "fő",
            "nő",
            "rá",
            "át",
            "mű",
            "íz",
            "ág",
            "ól",
            "ős",
            "úr",
            "út",
            "új",
            "ég",
            "él",
            "én",
            "év",
            "ma",
            "öt",
            "ok",
            "bő",
            "hű",
            "kő",
            "lé",
            "ín",
            "ék",
            "ér",
            "íj",
            "ah",
            "oh",
            "óh",
            "ej",
            "eh",
            "hé",
            "la",
            "ím",
            "im",
            "őt",
            "ön",
            "ám",
            "ad",
            "ír",
            "ár",
            "ép",
            "fű",
            "éj",
            "őr",
            "ád",
            "eb",
            "jő",
            "hő",
            "tű",
            "ás",
            "öl",
            "ív",
            "es",
            "re",
            "et",
            "án",
            "as",
            "ig",
            "en",
            "os",
            "ra",
            "ot",
            "on",
            "ös",
            "at",
            "ek",
            "kb",
            "cm",
            "km",
            "kg",
            "mm",
            "dl",
            "db",
            "ún",
            "pl",
            "st",
            "dr",
            "ii",
            "iv",
            "vi",
            "ix",
            "xi",
            "xv",
            "xx",
            "ur",
            "ut",
            "uj",
            "óv",
            "ül",
            "üt",
            "áz",
        ]
    )
}
# A case ending on its own, a scanner's digit, two words in one.
ENDING = {
    "hu": re.compile(
        r"[^\W\d_] (?:ról|ről|ból|ből|ban|ben|nak|nek|val|vel|tól|től|hez|höz|nál|nél)\b|\b[ÁÉÍÓÖŐÚÜŰáéíóöőúüű]\d|[a-záéíóöőúüű][A-ZÁÉÍÓÖŐÚÜŰ][a-záéíóöőúüű]"
    )
}
SHORT = 4  # letters of the shortest word whose stem is looked at
LETTERS = 6  # of a stem that are compared: consonant gradation ("katu", "kadulla") and Snowball's slips are mostly behind them
ROOT = 9  # of a stem that must be the same for one word to say of another that it has no capital: "Magyarország" is no "magyar"
COMMON = 0.01  # share of all sentences beyond which a stem is no content
TOPIC = 0.12  # share of a document's sentences beyond which a stem tells no place in it
FEW = 3  # sentences that a stem may always stand in, whatever the shares say
LINES = 1_000  # sentences of a document that are looked at; the makers bound its rows
SHORTEST, LONGEST = 5, 35  # words a sentence
COMMAS = 4  # a sentence: one with more is mostly a list, or several sentences strung together
# Quotations, enumerations, leftovers of markup, faces (":D"), the remains of a compound or of a line ("Kunto- Alaskan"), what opens in the middle ("Mm.")
ODD = re.compile(
    r"\) [A-ZÅÄÖÁÉÍÓÚÜŐŰ]|[\"'“”„»«‘’…;¬|*_<>{}=~^\\]|:-?[()DPp](?!\w)|[^\W\d_]- (?!(?:és|s|vagy|meg|illetve|valamint|ja|tai|taikka|sekä|eikä|vai|kuin|että)\b)|(?<=\s)–\w|[.,] ?[?!]$|^(?:Mm|Ts|Ym|Huom|Ks|Vrt|Ld|Vö|Stb)\b"
)
LISTED = re.compile(r"[A-ZÅÄÖÁÉÍÓÚÜŐŰ]\w+ – [a-zåäöáéíóúüőű]|\d\)|--| [–-] .* [–-] .* [–-] ")
CAPITALS = re.compile(r"\b[A-ZÅÄÖÁÉÍÓÚÜŐŰ]{4,}\b")
INNER = re.compile(r"[.!?]\S+\s|\)[.!?] [a-zåäöáéíóúüőű]|[^\W\d_]{5}[.!?] [a-zåäöáéíóúüőű]")  # a sentence that ends, or begins with a small letter, inside
TWICE = re.compile(r"\b(\w[\w-]{2,}) \1\b")  # a heading written twice
ALONE = {"fi": "", "hu": "aesőóh"}  # letters that are words by themselves; another one is what a broken line or a scanner left of a word
ARTICLES = {"fi": frozenset[str](), "hu": frozenset({"A"})}  # words of one letter that a capital inside a sentence gives away
# A conjunction or relative without the comma that both languages ask for, and spellings of speech: signs of a text that nobody has gone over.
SLOPPY = {
    "fi": re.compile(
        r"(?<!\b[Jj]a)(?<!\btai)(?<!\beikä)(?<!\bsekä)(?<!\bvaan)(?<!\b[Nn]iin)(?<!\bkuin)(?<!\bmutta)(?<!\bvai)(?<!\beli)(?<!\b[Ss]iten)(?<!\bsiksi)(?<![,;:(–-]) "
        r"(?:että|ettei|jo(?:nka|tka|ita|iden|ssa|sta|hon|lla|lle|lta|issa|ista|ihin|illa|ille)|koska)\b"
        r"|\b(?:mä|sä|mun|sun|mulla|sulla|mulle|sulle|mua|sua|oon|oot|ois|vois|ollu|tullu|kaikkee|ilkee|niinku|ku|sit|meijän|teijän|kauheesti|hirveesti|pitäs"
        r"|(?:semm|tämm|tomm)o\w+)\b|([aeiouyäöáéíóúüőű])\1\1",
    ),
    "hu": re.compile(
        r"(?<!^\w\w)(?<!^\w\w\w)(?<!^\w{4})(?<!^\w{5})(?<!\bés)(?<!\bs)(?<!\bis)(?<!\bmeg)(?<!\bvagy)(?<!\bmint)(?<!\bcsak)(?<!\bde)(?<!\bsem)(?<!\bhanem)(?<!\bhát)(?<!\btalán)(?<!\bnem)(?<!\bazon)(?<![,;:(–-]) "
        r"(?:hogy|mert|aki(?:k|t|nek|ket|vel)?|amely(?:ek|et|nek|ben|ből|hez|re)?|amit|amivel|ahol)\b|([aeiouyäöáéíóúüőű])\1\1",
    ),
}  # fmt: skip
UNTENDED, FEWEST = 0.1, 2  # share of a document's sentences, and number, beyond which none of it is used
FAMILIAR = 0.05  # share of all sentences beyond which a stem says nothing of what a sentence is about
WEB = ("web", "blog")  # genres whose paragraphs have lost their headings
NAMES = 4  # words with a capital inside a sentence, at most: more are titles and headings
SELDOM = 2  # times that a part of a torn word may stand among all sentences
STUMP, ENOUGH = 3, 100_000  # letters of a seldom word that is no word, where there are so many words that real ones come back


def plain(text: str) -> str:
    """Return why a sentence is no plain one of running prose, or "": "length", "list_item", "no_sentence", "signs", "odd_signs"."""
    fault = whole_sentence(text, SHORTEST, LONGEST)
    if fault:
        return fault
    if not text[0].isalpha() or text[-1] not in ".!?" or text.count(",") > COMMAS or text.count("(") != text.count(")") or text.rstrip(".!?").endswith(":"):
        return "odd_signs"
    if ODD.search(text) or ((")" in text or "-" in text or "–" in text) and LISTED.search(text)):
        return "odd_signs"
    inside = text[:-1]
    if (("." in inside or "?" in inside or "!" in inside) and INNER.search(text)) or (not text[1:].islower() and CAPITALS.search(text)):
        return "odd_signs"
    words = text.replace("-", " ").split()
    return "odd_signs" if len(set(words)) < len(words) and TWICE.search(text) else ""


@dataclass(frozen=True, slots=True)
class Line:
    """A sentence: its place in the document, its paragraph, why it is no plain one (""), its content stems and those that tie."""

    text: str
    at: int
    paragraph: int
    fault: str
    about: frozenset[str]  # stems but for the familiar ones
    content: frozenset[str]  # rare among all sentences
    ties: frozenset[str]  # rare in the document too


@dataclass(frozen=True, slots=True)
class Script:
    """A document as lines."""

    document: Document
    lines: tuple[Line, ...]


class Spelling:
    """How often the words of all sentences stand, which tells a word that was torn in two."""

    def __init__(self, seen: Mapping[str, int], language: str) -> None:
        """Take the words as they are written, and how often."""
        self.folded = {word: word.casefold() for word in seen}
        self.seen: Counter[str] = Counter()
        for word, times in seen.items():
            self.seen[self.folded[word]] += times
        self.ending = ENDING.get(language)
        own = ALONE.get(language)
        pairs = PAIRS.get(language)
        stump = SELDOM if sum(seen.values()) >= ENOUGH else 0
        self.stumps = frozenset(
            word
            for word in seen
            if len(word) <= STUMP
            and word.islower()
            and (
                self.seen[word] <= stump
                or (len(word) == 1 and own is not None and word not in own)
                or (len(word) == 2 and pairs is not None and word not in pairs)
            )
        )
        self.seldom = frozenset(word for word, folded in self.folded.items() if self.seen[folded] <= SELDOM)

    def torn(self, text: str, words: Sequence[str]) -> bool:
        """Tell whether two words are one that is oftener written together, and one of the two hardly a word (as often, if both are); or a stump stands alone."""
        if not self.stumps.isdisjoint(words) or (self.ending and self.ending.search(text)):
            return True
        if self.seldom.isdisjoint(words):
            return False
        folded, seldom = self.folded, self.seldom
        near = any((one in seldom or two in seldom) and self._halves(folded[one], folded[two]) for one, two in pairwise(words))
        return near and any(self._halves(one.casefold(), two) for one, two in NEIGHBOURS.findall(text))

    def _halves(self, one: str, two: str) -> bool:
        rarer, other = sorted((self.seen[one], self.seen[two]))
        together = self.seen.get(one + two, 0) if rarer <= SELDOM else 0
        return together > rarer or (together == rarer > 0 and other <= SELDOM)


class Vocabulary(Spelling):
    """The same, with the words' stems, and with those that have a capital only where something grew on to the sentence before."""

    def __init__(self, sentences: Sequence[Sequence[str]], language: str) -> None:
        first = Counter(words[0] for words in sentences if words)
        seen = Counter(chain.from_iterable(sentences))
        super().__init__(seen, language)
        whole = {word: stem(folded, language) for word, folded in self.folded.items() if len(folded) >= SHORT}
        self.stems = {word: found[:LETTERS] for word, found in whole.items()}
        small: Counter[str] = Counter()  # words inside sentences (the first says nothing) and, after a space, their stems
        capital: Counter[str] = Counter()
        for word, times in seen.items():
            inside = times - first[word]
            case = capital if word[0].isupper() else small
            case[self.folded[word]] += inside
            case[" " + whole.get(word, word)[:ROOT]] += inside
        self.gluing = frozenset(word for word in seen if word[0].isupper() and _gluing(word, self.folded[word], whole.get(word, word)[:ROOT], small, capital))
        self.gluing |= ARTICLES.get(language, frozenset())
        self.grammar = words_of(language).common

    def glued(self, words: Sequence[str], *, web: bool) -> bool:
        """Tell whether a heading, or the next sentence, grew on to a sentence: a word inside has a capital that it mostly lacks, or stands there twice; or,
        in a page of the web, the first name comes behind words none of which belongs to a sentence's grammar ("Johtokunta Euroopan maiden asioita hoidetaan").
        """
        if not self.gluing.isdisjoint(words[1:]):
            return True
        names = [at for at, word in enumerate(words) if at and word[0].isupper()]
        if not names:
            return False
        if words[0] in {words[at] for at in names}:
            return True
        if not web or (len(names) == 1 and names[0] == len(words) - 1):
            return False
        return len(names) > NAMES or not (self.grammar and not self.grammar.isdisjoint(word.casefold() for word in words[: names[0]]))


def _gluing(word: str, folded: str, own: str, small: Counter[str], capital: Counter[str]) -> bool:
    """Tell whether a word with a capital mostly has none; of a word that is only seen so, its stem says it."""
    if len(word) == 1:
        return False
    return small[folded] >= capital[folded] or (not small[folded] and small[" " + own] >= capital[" " + own])


def scripts(kept: Sequence[tuple[Document, list[list[str]]]], language: str) -> list[Script]:
    """Return documents, in order of id, as lines with their stems; at most LINES of each.

    Besides `plain`'s reasons a line is "glued" where a word inside it has a capital that the word mostly lacks elsewhere (a heading or the next
    sentence grew on to it), "torn" where a space stands inside a word ("sairaala n", "mo st"), and "sloppy" where a comma is missing before a
    conjunction or it is written as people talk; a document with many such lines has no other.
    """
    ordered = sorted(kept, key=lambda item: item[0].id)
    texts = [[(n, s) for n, part in enumerate(parts) for s in part][:LINES] for _, parts in ordered]
    cut = [[WORD.findall(text) for _, text in some] for some in texts]
    known = Vocabulary([words for some in cut for words in some], language)
    found = [[_stems(text, words, known) for (_, text), words in zip(some, each, strict=True)] for some, each in zip(texts, cut, strict=True)]
    spread = Counter(chain.from_iterable(chain.from_iterable(found)))
    common, familiar = (_above(spread, max(FEW, share * sum(map(len, texts)))) for share in (COMMON, FAMILIAR))
    pattern = SLOPPY.get(language)
    out = []
    for (document, _), some, words, stems in zip(ordered, texts, cut, found, strict=True):
        topic = _above(Counter(chain.from_iterable(stems)), max(FEW, TOPIC * len(some)))
        lines = []
        web = document.genre.startswith(WEB)
        sloppy = [bool(pattern and pattern.search(text)) for _, text in some]
        untended = sum(sloppy) > max(FEWEST, UNTENDED * len(some))
        for at, ((paragraph, text), own, each) in enumerate(zip(some, words, stems, strict=True)):
            content = each - common
            fault = (
                plain(text)
                or ("sloppy" if sloppy[at] or untended else "")
                or ("glued" if known.glued(own, web=web) else "")
                or ("torn" if known.torn(text, own) else "")
            )
            lines.append(Line(text, at, paragraph, fault, each - familiar, content, content - topic))
        out.append(Script(document, tuple(lines)))
    return out


def _stems(text: str, words: Iterable[str], known: Vocabulary) -> frozenset[str]:
    """Return the stems of a sentence's words of four letters up, and its numbers of three digits up."""
    own = {known.stems[word] for word in words if word in known.stems}
    return frozenset(own.union(number[:LETTERS] for number in NUMBER.findall(text)))


def _above(counts: Counter[str], most: float) -> frozenset[str]:
    return frozenset(key for key, count in counts.items() if count > most)
