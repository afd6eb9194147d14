"""Hungarian word lists for question rules; the lists themselves, with what each is for, are in words_hu.toml."""

from __future__ import annotations

import re

from build_data.makers.words import Known, ordered, pattern, table, words

CONTINUES, SUBORDINATORS, DROPPED = words("hu", "continues"), words("hu", "subordinators"), words("hu", "dropped")
ABOUT, QUANTIFIERS = words("hu", "about"), words("hu", "quantifiers")
COUNTED_BY, NOT_COUNTED_BY = words("hu", "counted_by"), words("hu", "not_counted_by")
FIRST_NAMES, TITLES = words("hu", "first_names"), words("hu", "titles")
COMMON_VERBS, PREVERBS = words("hu", "common_verbs"), ordered("hu", "preverbs")
UNFIT, ANAPHORA, ADVERBS = pattern("hu", "unfit"), pattern("hu", "anaphora"), pattern("hu", "adverbs")
WHOLE_VERBS, MADE_OF = pattern("hu", "whole_verbs"), pattern("hu", "made_of")
PERSONS = Known(re.compile("|".join((pattern("hu", "persons_long", before=r"\w*").pattern, pattern("hu", "persons_short").pattern))))
GROUPS, TOOLS = pattern("hu", "groups", before=r"\w*"), pattern("hu", "tools", before=r"\w*")
TIME_HEADS, TIME_NOUNS = pattern("hu", "time_heads", before=r"\w*"), pattern("hu", "time_nouns", before=r"\w*")
PERSON_LIKE, THINGS = pattern("hu", "person_like", before=r"\w*"), pattern("hu", "things", before=r"\w*")
ENDS_IN_T, KIN, CONCRETE = pattern("hu", "ends_in_t"), pattern("hu", "kin"), pattern("hu", "concrete", before=r"\w*")
GOAL, SOURCE, GOVERNS, GIVES = pattern("hu", "goal"), pattern("hu", "source"), pattern("hu", "governs"), pattern("hu", "gives")
OPTIONAL, NO_QUALITY = pattern("hu", "optional"), pattern("hu", "no_quality")
GENERIC, DEGREES, LIGHT = words("hu", "generic"), words("hu", "degrees"), words("hu", "light")
NOT_SUPERESSIVE = pattern("hu", "not_superessive")
DERIVED = re.compile(r"\w+i(?:ak\w*|[ae]k\w*)?")  # "szegedi"
POSTPOSITIONS = table("hu", "postpositions")
OTHER_POSTPOSITIONS = words("hu", "other_postpositions")

# A place with possessive and case endings; stems in -a and -e lengthen (utca -> utcában), and some change (tó -> tavon).
_CHANGED = ("tav", "falv", "hav", "kerté", "vízé", "viz", "hid", "ker[et]k", "sark", "bokr", "szárny", "mező", "mezé", "teré", "hely")
_STEMS = sorted({*(re.sub("e$", "[eé]", re.sub("a$", "[aá]", stem)) for stem in ordered("hu", "place_stems")), *_CHANGED}, key=lambda s: (-len(s), s))
PLACES = Known(
    re.compile(
        rf"\w*?(?:{'|'.join(_STEMS)})"
        r"(?:[aeoö]?k|j?[aáeé](?:i|k|n)?|[aeoöu]?i|j?[aáeé]i|uk|ük|juk|jük)?(?:j?[áé])?(?:[aeoö]?n|ban|ben|ból|ből|ba|be|ról|ről|ra|re|nál|nél|tól|től|hoz|hez|höz)"
    )
)
NUMBER = re.compile(
    r"\d+(?:[.,]\d+)?|\d{1,3}(?:[ \u00a0\u202f]\d{3})+|két|kettő|három|négy|öt|hat|hét|nyolc|kilenc|tíz|tizen\w+|húsz|huszon\w+|harminc\w*|negyven\w*|ötven\w*"
    r"|hatvan\w*|hetven\w*|nyolcvan\w*|kilencven\w*|\w*száz(?!ad)\w*|\w*ezer|millió|félmillió|\w+millió"
)
NO_NUMBER = pattern("hu", "no_number")

_MONTH = "(?:január|február|március|április|május|június|július|augusztus|szeptember|október|november|december)"
_PART = "(?:elején|közepén|végén|folyamán|második felében|első felében|közepe táján|eleje óta|végére|táján|idején)"
_DAY = "(?:hétfőn|kedden|szerdán|csütörtökön|pénteken|szombaton|vasárnap)"
_SEASON = "(?:nyáron|télen|tavasszal|ősszel)"
_DAYTIME = "(?:reggel|délelőtt|délben|délután|este|éjjel|éjszaka|hajnalban|éjfélkor|kora reggel|késő este|kora hajnalban)"
_HOUR = r"(?:egy|két|kettő|három|négy|öt|hat|hét|nyolc|kilenc|tíz|tizenegy|tizenkét|\d{1,2})"
_YEAR = r"[12]\d{3}"
TIME = re.compile(  # expressions that answer mikor
    rf"\b(?:(?:{_YEAR}\. )?{_MONTH}(?:ban|ben)|(?:{_YEAR}\. )?{_MONTH} \d{{1,2}}-[aáeé]?n|(?:{_YEAR} )?{_MONTH} {_PART}"
    rf"|{_YEAR}-[bB][ae]n|{_YEAR} (?:nyarán|telén|tavaszán|őszén|{_PART})|(?:az )?(?:{_YEAR}-[ae]s|\w+vanas|\w+venes) években"
    rf"|(?:a|az) (?:\d{{1,2}}\.|tizen\w+|huszadik|huszonegyedik) század(?:ban| {_PART})"
    rf"|(?:minden |múlt |jövő |idén |tavaly |ezen a )?(?:{_DAY}|{_SEASON})(?: {_DAYTIME})?|(?:minden )?{_DAYTIME}|tavaly"
    r"|(?:a |az )?(?:múlt|jövő|elmúlt) (?:héten|évben|hónapban|hétvégén|években)|minden (?:évben|héten|hónapban|nap|nyáron|télen|tavasszal|ősszel)"
    rf"|(?:reggel |este |délután )?(?:fél |negyed |háromnegyed )?{_HOUR} óra(?:kor| után| előtt)"
    r"|(?:reggel |este |délután )?(?:egy|kettő|három|négy|öt|hat|hét|nyolc|kilenc|tíz|tizenegy)kor|(?:karácsony|húsvét|pünkösd|szüret)kor"
    r"|tavaszonként|nyaranként|telente|hétvégente|naponta|hetente|évente|reggelente|esténként)\b",
    re.IGNORECASE,
)
TIME_SIGNS = (  # of which each match of TIME has one
    *"0123456789", "nuár", "ruár", "márci", "április", "május", "június", "július", "augusz", "tember", "október", "november", "december", "évek", "években", "század",
    "hétf", "kedd", "szerd", "csüt", "pénte", "szomb", "vasár", "nyár", "télen", "tavas", "ősszel", "regg", "délel", "délb", "délut", "este", "éjjel", "éjsz",
    "hajnal", "éjfél", "tavaly", "héten", "évben", "hónap", "hétv", "minden", " óra", "kor", "nyaran", "telent", "naponta", "heten", "évent", "estén",
)  # fmt: skip
ANDS = frozenset(["és", "vagy", "s"])  # between the halves of "tűz- és balesetvédelem"
