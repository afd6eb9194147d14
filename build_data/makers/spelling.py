"""What tells a sentence that nobody went over: a word torn in two, a heading that grew on to it, a comma that is missing, spellings of speech.

Everything that a word says by itself is found once for the vocabulary of all documents (a quarter of their words), not word by word; a
sentence is then asked by sets of words, and only one that holds a suspicious word by patterns.
"""

from __future__ import annotations

import re
import string
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import chain

import numpy as np

from build_data.makers.clean_rules import words_of
from build_data.makers.common import listed
from build_data.stems import stems

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


def _thrice(words: Iterable[str]) -> list[str]:
    """Return the words with three of one letter in a row, found in all at once."""
    every = "\n".join(words)
    codes = np.frombuffer(every.encode("utf-32-le"), np.dtype("<u4"))
    hits = np.flatnonzero((codes[2:] == codes[1:-1]) & (codes[1:-1] == codes[:-2])).tolist()
    return list(dict.fromkeys(every[every.rfind("\n", 0, at) + 1 : (every.find("\n", at) + 1 or len(every) + 1) - 1] for at in hits))


class Spelling:
    """How often the words of all sentences stand, which tells a word that was torn in two."""

    def __init__(self, seen: Mapping[str, int], language: str) -> None:
        """Take the words as they are written, and how often."""
        folds = "\n".join(seen).casefold().split("\n") if seen else []
        self.folded = {
            word: word if word == folded else folded for word, folded in zip(seen, folds, strict=True)
        }  # one object, its hash known, where they are equal
        self.changed = [word for word, folded in self.folded.items() if word is not folded]
        self.seen = dict(seen)
        for word in self.changed:
            del self.seen[word]
        for word in self.changed:
            self.seen[self.folded[word]] = self.seen.get(self.folded[word], 0) + seen[word]
        times = map(self.seen.__getitem__, self.folded.values())
        rare = [word for word, often in zip(self.folded, times, strict=True) if often <= SELDOM]
        self.seldom = frozenset(rare)
        self.thrice = _thrice(self.folded)
        enough = sum(seen.values()) >= ENOUGH
        self.stumps = self._stumps(language, SELDOM if enough else 0, rare if enough else [])
        self.ending = ENDING.get(language)
        self.marked = frozenset[str]()  # words one of which a sentence holds where `ending` matches it
        if self.ending:
            grown = (word for word in seen if not word.islower() and self.ending.search(word))
            self.marked = CASES[language].union(grown, VOWELS)

    def _stumps(self, language: str, most: int, rare: Sequence[str]) -> frozenset[str]:
        """Return the words that are none: of short ones, those seen `most` times or less and those that the language does not have; of longer `rare` ones, halves and slips."""
        alone, pairs, cut, headless = ALONE.get(language), PAIRS.get(language), CUT.get(language, NONE), HEADS.get(language, NONE)
        found = {word for word in rare if (word[-1] in cut or word[-2:] in cut or word[:2] in headless) and len(word) > STUMP and word.islower()}
        seldom = self.seldom if rare else NONE
        found.update(word for word in self.thrice if len(word) > STUMP and word in seldom and any(slip in word for slip in SLIPS))
        found.update(
            word
            for word in [word for word in self.folded if len(word) <= STUMP]
            if word.islower()
            and (
                self.seen.get(word, 0) <= most
                or (len(word) == 1 and alone is not None and word not in alone)
                or (len(word) == 2 and pairs is not None and word not in pairs)
            )
        )
        return frozenset(found.union(self._run_together(language, most, rare)))

    def _run_together(self, language: str, most: int, rare: Sequence[str]) -> list[str]:
        """Return rare words that are a word of one letter and a word that is not ("steljesíti")."""
        joined = RUN_TOGETHER.get(language)
        return (
            [word for word in rare if word.startswith(joined) and len(word) > ROOT and word.islower() and self.seen.get(word[1:], 0) > most] if joined else []
        )

    def torn(self, text: str, words: Sequence[str]) -> bool:
        """Tell whether two words are one that is oftener written together, and one of the two hardly a word (as often, if both are); or a stump stands alone."""
        if not self.stumps.isdisjoint(words) or (self.ending and not self.marked.isdisjoint(words) and self.ending.search(text)):
            return True
        seldom = self.seldom
        if seldom.isdisjoint(words):
            return False
        folded, last = self.folded, len(words) - 1
        for at in [at for at, word in enumerate(words) if word in seldom]:
            own = folded[words[at]]
            if (at and self._halves(folded[words[at - 1]], own)) or (at < last and self._halves(own, folded[words[at + 1]])):
                return any(self._halves(one.casefold(), two) for one, two in NEIGHBOURS.findall(text))
        return False

    def _halves(self, one: str, two: str) -> bool:
        together = self.seen.get(one + two, 0)
        if not together:
            return False
        rarer, other = sorted((self.seen.get(one, 0), self.seen.get(two, 0)))
        return rarer <= SELDOM and (together > rarer or (together == rarer and other <= SELDOM))


class Vocabulary(Spelling):
    """The same, with the words' stems, and with those that have a capital only where something grew on to the sentence before."""

    def __init__(self, seen: Mapping[str, int], first: Mapping[str, int], language: str) -> None:
        """Take the words as they are written, how often each stands, and how often as the first of its sentence."""
        super().__init__(seen, language)
        distinct = [folded for folded in self.seen if len(folded) >= SHORT]
        whole = dict(zip(distinct, stems(distinct, language), strict=True))  # of a casefolded word
        self.stems = {folded: stem[:LETTERS] for folded, stem in whole.items()}
        self.gluing = self._gluing(seen, first, whole) | ARTICLES.get(language, frozenset())
        self.grammar = words_of(language).common
        self._joiners, self._spoken = JOINERS.get(language, frozenset[str]()), self._said(language)
        self.slips = self._joiners | self._spoken  # a sentence without one of them is not sloppy
        self._unjoined, self._sloppy = UNJOINED.get(language), SLOPPY.get(language)

    @classmethod
    def of(cls, sentences: Sequence[Sequence[str]], language: str) -> Vocabulary:
        """Return the vocabulary of sentences, each as its words."""
        return cls(Counter(chain.from_iterable(sentences)), Counter([words[0] for words in sentences if words]), language)

    def _said(self, language: str) -> frozenset[str]:
        """Return the words one of which a sentence holds that is written as people talk."""
        starts = SPOKEN_SO.get(language, ())
        found = self.folded.keys() & {*SPOKEN.get(language, ()), *UNSTOPPED.get(language, ())}
        every = "\n".join(self.folded)  # one search for a start in all words, most of which have none
        if any(start in every for start in starts):
            found |= {word for word in self.folded if word.startswith(starts)}
        return frozenset(found.union(word for word in self.thrice if any(cry in word for cry in CRIES)))

    def sloppy(self, text: str, words: Sequence[str]) -> bool:
        """Tell whether a comma is missing before a conjunction or relative, or something is spelt as people talk: what SLOPPY finds, found faster."""
        if self._unjoined is None or self._sloppy is None:
            return False
        unjoined = not self._joiners.isdisjoint(words) and self._unjoined.search(text) is not None
        return unjoined or (not self._spoken.isdisjoint(words) and self._sloppy.search(text) is not None)

    def _gluing(self, seen: Mapping[str, int], first: Mapping[str, int], whole: Mapping[str, str]) -> frozenset[str]:
        """Return the words with a capital that mostly have none inside sentences (the first word says nothing); of one that is only seen so, its stem says it."""
        large = [word for word in seen if word[0].isupper()]
        capital, roots, root_of = dict[str, int](), dict[str, int](), dict[str, str]()
        for word in large:
            folded = self.folded[word]
            inside, root = seen[word] - first.get(word, 0), whole.get(folded, word)[:ROOT]
            capital[folded] = capital.get(folded, 0) + inside
            roots[root] = roots.get(root, 0) + inside
            root_of[word] = root
        mixed = dict[str, int]()  # what begins small and is not all small
        for word in self.changed:
            if not word[0].isupper():
                mixed[self.folded[word]] = mixed.get(self.folded[word], 0) + seen[word] - first.get(word, 0)

        def small(folded: str) -> int:
            own = seen[folded] - first.get(folded, 0) if folded in seen and not folded[0].isupper() else 0
            return own + mixed.get(folded, 0)

        without = {folded: small(folded) for folded in capital}
        found = {word for word in large if len(word) > 1 and without[self.folded[word]] >= capital[self.folded[word]]}
        unknown = {word: root for word, root in root_of.items() if len(word) > 1 and word not in found and not without[self.folded[word]]}
        wanted, small_roots = set(unknown.values()), dict[str, int]()
        for folded, stem in whole.items():
            if stem[:ROOT] in wanted:
                small_roots[stem[:ROOT]] = small_roots.get(stem[:ROOT], 0) + small(folded)
        for root in wanted.intersection(seen):  # a short word is its own root
            if self.folded[root] not in whole:
                small_roots[root] = small_roots.get(root, 0) + small(root)
        found.update(word for word, root in unknown.items() if small_roots.get(root, 0) >= roots[root])
        return frozenset(found)

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
