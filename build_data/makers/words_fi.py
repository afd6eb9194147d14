"""Finnish word lists for question rules; the lists themselves, with what each is for, are in words_fi.toml."""

from __future__ import annotations

import re

from build_data.makers.words import Known, pattern, table, words

CONTINUES, SUBORDINATORS, DROPPED = words("fi", "continues"), words("fi", "subordinators"), words("fi", "dropped")
ABOUT, NEAR_TIMES, DEGREES = words("fi", "about"), words("fi", "near_times"), words("fi", "degrees")
FIRST_NAMES = words("fi", "first_names")
ANAPHORA, NEGATION = pattern("fi", "anaphora"), pattern("fi", "negation")
PERSONS, NOT_PERSONS = pattern("fi", "persons"), pattern("fi", "not_persons")
GOAL, SOURCE, LASTS, MEASURED = pattern("fi", "goal"), pattern("fi", "source"), pattern("fi", "lasts"), pattern("fi", "measured")
TIME_HEADS = pattern("fi", "time_heads", before=r"\w*")
DURATION, MEASURES = pattern("fi", "duration", before=r"\w*"), pattern("fi", "measures", before=r"\w*")
PLACES = pattern("fi", "places", before=r"\w*", after="i?(?:lla|llä|llaan|llään)")
TOOLS = pattern("fi", "tools", before=r"\w*", after="i?(?:lla|llä|llaan|llään)")
PARTICIPLE = Known(re.compile(pattern("fi", "participle", before=".{3,}").pattern + r"|olle\w+|ollut"))
DERIVED = re.compile(r"\w+(?:lai|läi)(?:nen|s\w+)")  # "japanilainen"
INNER_PLACES = pattern("fi", "inner_places", before=r"\w*", after="i?(?:ssa|ssä|sta|stä)")
PLACES_INTO = pattern("fi", "places_into", before=r"\w*")
OUTER_PLACES = pattern("fi", "places", before=r"\w*", after="i?(?:lla|llä|lta|ltä|lle)")
OPTIONAL, BARE = pattern("fi", "optional"), pattern("fi", "bare")
NEEDED, NO_QUALITY = pattern("fi", "needed"), pattern("fi", "no_quality")
GIVES, TAKES, GOVERNS = pattern("fi", "gives"), pattern("fi", "takes"), pattern("fi", "governs")
ABOUT_WHICH, INTO_WHICH, MANNER = pattern("fi", "about_which"), pattern("fi", "into_which"), pattern("fi", "manner")
VAGUE = pattern("fi", "vague")
BOUND, GENERIC = words("fi", "bound"), words("fi", "generic")
HELPERS = pattern("fi", "helpers")
POSTPOSITIONS = table("fi", "postpositions")

_UNITS = "kaksi|kolme|neljä|viisi|kuusi|seitsemän|kahdeksan|yhdeksän"
NUMBER = re.compile(
    rf"\d+(?:[.,]\d+)?|\d{{1,3}}(?:[ \u00a0\u202f]\d{{3}})+|{_UNITS}|kymmenen|(?:yksi|{_UNITS})toista"
    r"|\w+kymmentä\w*|sata|\w+sataa|tuhat|\w+tuhatta|sadat?|miljoonaa?"
)
_MONTH = "(?:tammi|helmi|maalis|huhti|touko|kesä|heinä|elo|syys|loka|marras|joulu)kuu"
_DAY = "(?:maanantai|tiistai|keskiviikko|torstai|perjantai|lauantai|sunnuntai)"
_HOUR = r"(?:\d{1,2}(?:\.\d\d)?|yksi|kaksi|kolme|neljä|viisi|kuusi|seitsemän|kahdeksan|yhdeksän|kymmenen|yksitoista|kaksitoista|kuusitoista|kahdeksantoista)"
_PART = "(?:alussa|alkupuolella|lopussa|loppupuolella|lopulla|puolivälissä|puolessavälissä|aikana|jälkeen|keväällä|kesällä|syksyllä|talvella|aikaan)"
_SEASON = "(?:keväällä|kesällä|syksyllä|talvella)"
_YEAR = r"[12]\d{3}"
TIME = re.compile(  # expressions that answer milloin
    rf"\b(?:\d{{1,2}} päivänä {_MONTH}ta(?: {_YEAR})?|(?:\d{{1,2}}\. )?{_MONTH}(?:ta|ssa)(?: (?:vuonna )?{_YEAR})?|{_MONTH}n (?:{_YEAR} )?{_PART}"
    rf"|(?:{_SEASON} )?vuonna {_YEAR}|vuosina {_YEAR}[–-]{_YEAR}|vuoden {_YEAR} {_PART}|{_YEAR}-luvulla|{_YEAR}-luvun {_PART}|{_SEASON} {_YEAR}"
    r"|(?:viime|ensi) (?:vuonna|viikolla|kesänä|keväänä|syksynä|talvena|vuosisadalla|vuosikymmenellä)|viime vuosien aikana"
    rf"|(?:seuraavana |viime |ensi )?{_DAY}(?:-?(?:aamu|ilta|yö|iltapäivä))?na|{_DAY}(?:-?(?:aamu|ilta))?sin"
    rf"|(?:myöhään |varhain |aikaisin )?(?:aamulla|illalla|yöllä|iltapäivällä|aamupäivällä|{_SEASON})"
    r"|(?:loppu|alku|keski)(?:kesällä|syksyllä|talvella|keväällä)|loppusyksystä|(?:kevä|kesä|syksy|talv)isin|keväisin|iltaisin|aamuisin|öisin"
    rf"|jouluna|juhannuksena|pääsiäisenä|vappuna|kello (?:puoli )?{_HOUR}|puoli {_HOUR}lta"
    r"|seuraavana (?:aamuna|päivänä|vuonna|kesänä|keväänä|iltana|viikonloppuna))\b",
    re.IGNORECASE,
)
TIME_SIGNS = (  # of which each match of TIME has one
    *"0123456789", "kuu", "viime ", "ensi ", "ntai", "stai", "keskiviikko", "aamu", "illa", "ilta", "yö", "öisin", "päivä", "kevä", "kesä", "syksy", "talv",
    "joulu", "juhannu", "pääsiäi", "vappu", "kello", "puoli ", "seuraavana",
)  # fmt: skip
ANDS = frozenset(["ja", "tai", "sekä"])  # between the halves of "maa- ja metsätalous"
