"""Good sentence pairs and known damage done to their translations, for the check of the filters."""

from __future__ import annotations

import gzip
import hashlib
import random
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from corpora.config import ConfigError
from corpora.records import nfc

GOOD: Mapping[str, tuple[str, ...]] = {  # files of CORPORA_DIR/parallel/en-XX: news, short speech, running text
    "fi": ("wmt_newstest2016-2018", "tatoeba_manythings", "squad2fi_deepl_backtranslation"),
    "hu": ("wmt_newstest2009", "tatoeba_manythings", "hulu_hurte", "hulu_husst"),
}
DEV: Mapping[str, tuple[str, ...]] = {"fi": ("newstest2015", "tatoeba_heldout"), "hu": ("newssyscomb2009", "tatoeba_heldout")}
OTHER = {"fi": "hu", "hu": "fi"}
NEGATION = {
    "fi": re.compile(r"\b(?:en|et|ei|emme|ette|eivät|älä|älkää|eikä|enkä)\b\s*", re.IGNORECASE),
    "hu": re.compile(r"\b(?:nem|ne|sem|se|nincs|nincsenek)\b\s*", re.IGNORECASE),
}
CLOSING = ".!?…\"'”’»)"

# Written for this check: Estonian is the nearest neighbour of Finnish in any text collection.
ESTONIAN = """Ma ei tea, kus mu võtmed on.
Homme sõidame rongiga Tartusse vanaema juurde.
Poisid mängisid terve päeva õues jalgpalli.
Kas sa oled juba söönud?
See maja ehitati eelmisel sajandil puidust.
Õpetaja andis meile väga raske ülesande.
Ta ostis turult kaks kilo kartuleid ja natuke kala.
Väljas sajab vihma ja puhub tugev tuul.
Minu õde töötab haiglas arstina.
Kui sa tahad, võime õhtul kinno minna.
Linna keskel on suur park, kus lapsed mängivad.
Eile jäi buss lume tõttu hiljaks.
Me ei saanud temalt kunagi vastust.
Raamatukogu suletakse täna kell kuus.
Kes selle kirja kirjutas?
Vana mees istus pingil ja luges ajalehte.
Suvel on ööd siin väga valged.
Ta rääkis meile oma reisist läbi Aafrika.
Palun pane aken kinni, mul on külm.
Koer jooksis mööda randa ja haukus lainete peale.
Valitsus kavatseb tõsta kütuse hinda.
Ma õpin juba kolmandat aastat saksa keelt.
Jõgi on siin nii sügav, et põhja pole näha.
Külalised tulid kohale alles pärast keskööd.
Sellest ajast peale ei ole keegi teda näinud.
Uus sild ühendab saart mandriga.
Naabrid müüsid oma auto maha.
Enne magamaminekut loen ma alati natuke.
Kohv oli liiga kange ja ma ei joonud seda ära.
Teadlased leidsid järvest haruldase kala.
Ema küpsetas sünnipäevaks õunakoogi.
Ta on minust kaks aastat noorem.
Poes ei olnud enam ühtegi leiba.
Selle töö jaoks on vaja rohkem aega.
Kuhu sa oma mütsi jätsid?
Metsas kasvab sel aastal palju seeni.
Nad abiellusid väikeses maakirikus.
Täna hommikul oli järvel õhuke jää.
Ära muretse, kõik saab korda.
Õhtuks jõudsime mäe otsa.""".splitlines()


@dataclass(frozen=True, slots=True)
class Row:
    """A pair: English and its translation; `kind` is "good" or the damage that was done."""

    source: str
    text: str
    kind: str


Part = Literal["taught", "fitted", "reported"]


def part(source: str) -> Part:
    """Return what the pairs of an English sentence serve for: a quarter teaches the tables, a quarter fits `quality`, a half is reported on."""
    first = hashlib.sha256(source.encode("utf-8")).digest()[0]
    return "reported" if first & 1 else "fitted" if first & 2 else "taught"


def read_pairs(path: Path) -> list[tuple[str, str]]:
    """Return (English, translation) of each line that has both. Raises ConfigError for a missing file."""
    try:
        with gzip.open(path, "rt", encoding="utf-8") as file:
            split = [nfc(line.rstrip("\n")).split("\t") for line in file]
    except OSError as err:
        raise ConfigError(f"{path}: {err.strerror or err}; set CORPORA_DIR to the folder that holds parallel/") from None
    return [(s[0].strip(), s[1].strip()) for s in split if len(s) >= 2 and s[0].strip() and s[1].strip()]


def good_pairs(root: Path, language: str, count: int, seed: int = 1) -> list[tuple[str, str]]:
    """Return `count` good pairs, evenly from GOOD, each English sentence once, both sides 3 to 60 words."""
    seen: set[str] = set()
    out: list[tuple[str, str]] = []
    for number, name in enumerate(GOOD[language]):
        pairs = read_pairs(root / "parallel" / f"en-{language}" / f"{name}.tsv.gz")
        random.Random(seed).shuffle(pairs)
        wanted = (count - len(out)) // (len(GOOD[language]) - number)
        for source, text in pairs:
            if wanted and source not in seen and all(3 <= len(side.split()) <= 60 for side in (source, text)):
                seen.add(source)
                out.append((source, text))
                wanted -= 1
    random.Random(seed).shuffle(out)
    return out


def dev_pairs(root: Path, language: str) -> dict[str, list[tuple[str, str]]]:
    """Return the development pairs, by file."""
    return {name: read_pairs(root / "parallel" / "dev" / f"en-{language}.{name}.tsv.gz") for name in DEV[language]}


class Damage:
    """Does each damage to one pair at a time; `others` are texts of the same language, `foreign` of the other one."""

    def __init__(self, language: str, others: Sequence[str], foreign: Sequence[str], seed: int = 1) -> None:
        self.language, self.seed, self.random = language, seed, random.Random(seed)
        self.others, self.foreign = sorted(others, key=_size), sorted(foreign, key=_size)
        self.kinds: dict[str, Callable[[str, str], str | None]] = {
            "shuffled pair": self._shuffled, "truncated half": self._half, "half, full stop kept": self._closed_half,
            "untranslated": self._untranslated, "looped": self._looped, "negation dropped": self._denied, "number changed": self._number,
            "wrong language": self._foreign, "word salad": self._salad,
        }  # fmt: skip
        if language == "fi":
            self.kinds["Estonian"] = lambda source, text: self.random.choice(ESTONIAN)

    def rows(self, pairs: Sequence[tuple[str, str]], kind: str, count: int) -> list[Row]:
        """Return up to `count` damaged rows of one kind; a pair that cannot be damaged so (no numeral, no negation) gives none.

        What is done to a pair depends on the pair alone, so what was computed for fewer rows is found again.
        """
        out: list[Row] = []
        for source, text in pairs:
            if len(out) == count:
                break
            self.random = random.Random(f"{self.seed} {kind} {source}")  # of its own, so that no other pair decides what is done to this one
            bad = self.kinds[kind](source, text)
            if bad is not None and bad.strip() and bad != text:
                out.append(Row(source, bad, kind))
        return out

    def _near(self, texts: Sequence[str], text: str) -> str:
        """Return a random text of about the same length: mismatches that length betrays are too easy."""
        low, high = 0, len(texts)
        while low < high:
            middle = (low + high) // 2
            low, high = (middle + 1, high) if _size(texts[middle]) < _size(text) else (low, middle)
        return texts[min(max(low + self.random.randint(-25, 25), 0), len(texts) - 1)]

    def _shuffled(self, source: str, text: str) -> str:
        return self._near(self.others, text)

    def _foreign(self, source: str, text: str) -> str:
        return self._near(self.foreign, text)

    def _untranslated(self, source: str, text: str) -> str:
        return source

    def _half(self, source: str, text: str) -> str:
        words = text.split()
        return " ".join(words[: (len(words) + 1) // 2])

    def _closed_half(self, source: str, text: str) -> str | None:
        half = self._half(source, text).rstrip(",;:–-")
        return half + text[-1] if text[-1] in ".!?" and not half.endswith(text[-1]) else None

    def _looped(self, source: str, text: str) -> str:
        words = text.split()
        at = self.random.randint(1, len(words))
        unit = words[max(0, at - self.random.randint(1, 5)) : at]
        return " ".join(words[:at] + unit * self.random.randint(3, 7))

    def _denied(self, source: str, text: str) -> str | None:
        without, found = NEGATION[self.language].subn("", text, count=1)
        return without[:1].upper() + without[1:] if found and len(without.split()) >= 2 else None

    def _number(self, source: str, text: str) -> str | None:
        numerals = [m for m in re.finditer(r"\d+", text) if m.group() in re.findall(r"\d+", source)]
        if not numerals:
            return None
        found = self.random.choice(numerals)
        digits = list(found.group())
        at = self.random.randrange(len(digits))
        digits[at] = self.random.choice([d for d in "123456789" if d != digits[at]])
        return text[: found.start()] + "".join(digits) + text[found.end() :]

    def _salad(self, source: str, text: str) -> str | None:
        """Shuffle the words, but keep the looks: the closing sign at the end, a capital at the beginning and no other of its making."""
        body = text.rstrip(CLOSING)
        words, end = body.split(), text[len(body) :]
        if len(words) < 4:
            return None
        if not words[0][1:2].isupper() and len(words[0]) > 1:
            words[0] = words[0][:1].lower() + words[0][1:]
        mixed = words[:]
        while mixed == words:
            self.random.shuffle(mixed)
        bad = " ".join(mixed).rstrip(",;:") + end
        return bad[:1].upper() + bad[1:]


def _size(text: str) -> int:
    return len(text)
