"""The kinds of translation models and how each is told its languages. No heavy library.

Five ways are in use; which one a model speaks is seen from its vocabulary alone:

opus     >>fin<<    first token of the source           OPUS-MT with several targets (Marian); with one target there is no such token
flores   fin_Latn   first of source, forced on target   NLLB-200
m2m      __fi__     first of source, forced on target   M2M-100
madlad   <2fi>      first token of the source           MADLAD-400 (T5)
mbart    fi_FI      first of source, forced on target   mBART-50
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from corpora.config import ConfigError

# ISO 639-1 -> ISO 639-3, all 183 languages with a two-letter code (registration authority: iso639-3.sil.org, code tables).
_ISO = """
aa aar ab abk ae ave af afr ak aka am amh an arg ar ara as asm av ava ay aym az aze ba bak be bel bg bul bi bis bm bam bn ben bo bod br bre bs bos ca cat
ce che ch cha co cos cr cre cs ces cu chu cv chv cy cym da dan de deu dv div dz dzo ee ewe el ell en eng eo epo es spa et est eu eus fa fas ff ful fi fin
fj fij fo fao fr fra fy fry ga gle gd gla gl glg gn grn gu guj gv glv ha hau he heb hi hin ho hmo hr hrv ht hat hu hun hy hye hz her ia ina id ind ie ile
ig ibo ii iii ik ipk io ido is isl it ita iu iku ja jpn jv jav ka kat kg kon ki kik kj kua kk kaz kl kal km khm kn kan ko kor kr kau ks kas ku kur kv kom
kw cor ky kir la lat lb ltz lg lug li lim ln lin lo lao lt lit lu lub lv lav mg mlg mh mah mi mri mk mkd ml mal mn mon mr mar ms msa mt mlt my mya na nau
nb nob nd nde ne nep ng ndo nl nld nn nno no nor nr nbl nv nav ny nya oc oci oj oji om orm or ori os oss pa pan pi pli pl pol ps pus pt por qu que rm roh
rn run ro ron ru rus rw kin sa san sc srd sd snd se sme sg sag si sin sk slk sl slv sm smo sn sna so som sq sqi sr srp ss ssw st sot su sun sv swe sw swa
ta tam te tel tg tgk th tha ti tir tk tuk tl tgl tn tsn to ton tr tur ts tso tt tat tw twi ty tah ug uig uk ukr ur urd uz uzb ve ven vi vie vo vol wa wln
wo wol xh xho yi yid yo yor za zha zh zho zu zul
"""
_CODES = _ISO.split()
THREE: dict[str, str] = dict(zip(_CODES[::2], _CODES[1::2], strict=True))
TWO: dict[str, str] = {three: two for two, three in THREE.items()}
# Macrolanguage -> the one of its languages that FLORES-200 and so NLLB name instead (macrolanguage table of ISO 639-3).
MEMBERS = {
    "ara": "arb", "aym": "ayr", "aze": "azj", "fas": "pes", "ful": "fuv", "kau": "knc", "kur": "kmr", "lav": "lvs", "mlg": "plt", "mon": "khk", "msa": "zsm",
    "nep": "npi", "nor": "nob", "ori": "ory", "orm": "gaz", "pus": "pbt", "que": "quy", "sqi": "als", "swa": "swh", "uzb": "uzn", "yid": "ydd",
}  # fmt: skip

STYLES: dict[str, re.Pattern[str]] = {
    "opus": re.compile(r">>(\S+)<<"),
    "flores": re.compile(r"([a-z]{3}_[A-Z][a-z]{3})"),
    "m2m": re.compile(r"__([a-z]{2,3})__"),
    "madlad": re.compile(r"<2([A-Za-z][A-Za-z_]+)>"),
    "mbart": re.compile(r"([a-z]{2}_[A-Z]{2})"),
}
FORCED = ("flores", "m2m", "mbart")  # these name the source language first and have the target language forced on the output


@dataclass(frozen=True, kw_only=True)
class Family:
    """A kind of Transformers model that mt_convert.py turns into a CTranslate2 folder."""

    name: str
    model_type: str  # as config.json says it
    style: str  # how the languages are named, '' = one pair only, or as the vocabulary shows
    tokenisers: tuple[str, ...]  # SentencePiece files; two = source and target
    others: tuple[str, ...] = ()  # files beside them without which the vocabulary is not known


FAMILIES: tuple[Family, ...] = (
    Family(name="marian", model_type="marian", style="opus", tokenisers=("source.spm", "target.spm"), others=("vocab.json",)),
    Family(name="m2m100", model_type="m2m_100", style="m2m", tokenisers=("sentencepiece.bpe.model",), others=("vocab.json",)),
    Family(name="nllb", model_type="m2m_100", style="flores", tokenisers=("sentencepiece.bpe.model",)),
    Family(name="madlad", model_type="t5", style="madlad", tokenisers=("spiece.model",)),
    Family(name="mbart50", model_type="mbart", style="mbart", tokenisers=("sentencepiece.bpe.model",)),
)

# Licences of well-known models, for folders that came without their model card; source: the cards of these repositories on the Hub.
LICENCES: Mapping[str, str] = {
    "facebook/nllb-": "CC-BY-NC-4.0",
    "facebook/m2m100": "MIT",
    "facebook/mbart-large-50": "MIT",
    "google/madlad400": "Apache-2.0",
    "jbochi/madlad400": "Apache-2.0",
    "Helsinki-NLP/opus-mt-": "Apache-2.0",
}
UNKNOWN_LICENCE = "not recorded"


def family_of(config: Mapping[str, object], files: Collection[str], where: str) -> Family:
    """Return the family of a Transformers folder from its config.json and the names of its files. Raises ConfigError for another kind of model."""
    kind = str(config.get("model_type", ""))
    found = [family for family in FAMILIES if family.model_type == kind]
    if not found:
        named = config.get("architectures") or kind or "nothing"
        raise ConfigError(
            f"{where}: config.json says {named!r}, which is no translation model of a kind known here "
            f"({', '.join(f'{f.name}: {f.model_type}' for f in FAMILIES)}); name another model in translation.models"
        )
    # M2M-100 and NLLB share their architecture; only M2M-100 has a vocab.json, the pieces of NLLB are numbered by its SentencePiece file.
    return next((family for family in found if set(family.others) <= set(files)), found[-1])


def spellings(language: str) -> list[str]:
    """Return how else models may write a language: "fi" -> ["fi", "fin"], "fin" -> ["fin", "fi"], "lv" -> ["lv", "lav", "lvs"]."""
    three = THREE.get(language, language)
    out = [language, three, TWO.get(language, language), MEMBERS.get(three, three)]
    return list(dict.fromkeys(out))


def same_language(one: str, other: str) -> bool:
    """Say whether two codes mean one language ("fi" and "fin"; "fin_Latn" and "fi")."""
    return bool(set(spellings(_primary(one))) & set(spellings(_primary(other))))


def style_of(vocabulary: Collection[str]) -> str:
    """Return how this vocabulary names languages (a key of STYLES), '' for a model of one pair."""
    counts = {style: sum(1 for token in vocabulary if pattern.fullmatch(token)) for style, pattern in STYLES.items()}
    # Two of a kind, because one token that looks like it can be chance; >>xx<< and <2xx> have no other use.
    return next((style for style, count in counts.items() if count >= (1 if style in ("opus", "madlad") else 2)), "")


def token_of(vocabulary: Collection[str], style: str, language: str, where: str, remedy: str) -> str:
    """Return the token by which the model names `language`. Raises ConfigError with the near codes where there is none or more than one."""
    known = {match[1]: token for token in vocabulary if (match := STYLES[style].fullmatch(token))}
    if language in known:
        return known[language]
    wanted = spellings(language)
    for spelling in wanted:
        found = sorted(code for code in known if code == spelling or _primary(code) == spelling)
        if spelling in found:
            return known[spelling]
        if len(found) > 1:
            raise ConfigError(
                f"{where}: the model names {language!r} in {len(found)} ways: {', '.join(found)}; write one of these as the language, or {remedy}"
            )
        if found:
            return known[found[0]]
    primaries = {_primary(code) for code in known}
    close = {word for spelling in wanted for word in difflib.get_close_matches(spelling, primaries, n=4)}
    close = close or {word for word in primaries if word[0] == language[0]} or primaries
    near = sorted(code for code in known if _primary(code) in close)
    shown = ", ".join(near[:8]) + (f" and {len(near) - 8} more" if len(near) > 8 else "")
    example = {"flores": f"{wanted[-1]}_Latn", "opus": f">>{wanted[-1]}<<", "m2m": f"__{wanted[0]}__", "madlad": f"<2{wanted[0]}>", "mbart": f"{wanted[0]}_XX"}[
        style
    ]
    raise ConfigError(f"{where}: a multi-target model without a token {example} or the like for {language!r}; near: {shown}; name another model, or {remedy}")


def _primary(code: str) -> str:
    return re.split("[_-]", code, maxsplit=1)[0]
