"""Hungarian contrasts of form: what asks for a conjugation, number, person, case or degree that something else refuses. See contrasts.

Each rule asks for the words around a form to be plain, and for the form and the other one to stand in the text as what they are taken for; a sentence
in doubt gives nothing. The pack tells verbs from nouns well and their persons and cases badly, so those are read from endings.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from build_data.makers import contrasts_hu_clauses as clauses
from build_data.makers import contrasts_hu_phrases as phrases
from build_data.makers.contrasts import Forms, Rules, Site
from build_data.makers.contrasts_hu_line import Line
from build_data.parse import Word

HERE = (
    clauses.conjugation, clauses.number, clauses.person, clauses.infinitive, clauses.case,
    phrases.possessor, phrases.postposition, phrases.numeral, phrases.demonstrative, phrases.degree,
)  # fmt: skip
_CASED = r"(?:b[ae]n?|r[ae]|[aeoöáé]n|[bt][óő]l|[ae]l|h[oeö]z|t)"
PLAUSIBLE = re.compile(  # what the rarer side of each contrast shows
    r"\b(?:akar|tud|fog|szok|kell|bír|mer|kíván|kezd|próbál|igyek)\w* \w+ni\b|\w+ni (?:kell|kellett|tudott|akart|szokott|fogja)\b"
    r"|\b(?:sokkal|egyre|minél|mennél|annál|jóval|valamivel|mennyivel|annyival|akik?|amik?|a?melyek|mely|amely|\w*[mk]it|a?melyet|valamit|semmit|senkit|valakit|mindent|sokat|keveset|annyit|ilyet"
    r"|engem|téged|minket|bennünket|én|te|mi|ti|ők?|amikor|mert|miután|mielőtt|midőn|amint|mihelyt|mikor|mintha|mivel|képest|keresztül|fogva|kezdve|át)\b"
    r"|\b(?:ezek|azok)\w* az? |\w+k köz(?:ött|t|é|ül)\b|\b\w+(?:t|t[ae]k|n[ae]k) (?:egy )?\w+t\b"
    rf"|\b\w+{_CASED} \w+(?:t[ae]m|t[uü]n?k|[eoö][km]|[uü]nk|t[ae]d)\b|(?:^|, |hogy )az? \w+ \w+(?:t|t[ae]|t[ae]k|t[áé]k)\b"
    r"|\w(?:t[ae]k|n[ae]k) az? (?:\w+ )?\w+k[,.;!?]",
    re.IGNORECASE,
)


def plausible(text: str) -> bool:
    return PLAUSIBLE.search(text) is not None


def sites(words: Sequence[Word], forms: Forms) -> list[Site]:
    """Return the places whose form the words around ask for; see contrasts.Rules."""
    line = Line(words, forms)
    found: dict[tuple[str, int], Site] = {}
    for i in range(len(words)):
        if line.tag(i) == "PUNCT":
            continue
        for rule in HERE:
            for site in rule(line, i):
                found.setdefault((site.contrast, site.start), site)
    return list(found.values())


RULES = Rules(plausible, sites)
