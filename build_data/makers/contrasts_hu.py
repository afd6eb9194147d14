"""Hungarian contrasts of form: what asks for a conjugation, number, person, case or degree that something else refuses. See contrasts.

Each rule asks for the words around a form to be plain, and for the form and the other one to stand in the text as what they are taken for; a sentence
in doubt gives nothing. The pack tells verbs from nouns well and their persons and cases badly, so those are read from endings.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from build_data.makers import contrasts_hu_clauses as clauses
from build_data.makers import contrasts_hu_marks as marks
from build_data.makers import contrasts_hu_phrases as phrases
from build_data.makers.contrasts import Forms, Remembered, Rules, Site
from build_data.makers.contrasts_hu_line import Line
from build_data.makers.contrasts_hu_text import plausible
from build_data.parse import Word

Rule = Callable[[Line, int], Site | None]
TABLE: Sequence[tuple[int, Rule]] = (  # what must be brought about at a place for a rule to look at it
    (marks.OBJECT, clauses.conjugation), (marks.SUBJECT | marks.ARTICLE, clauses.number), (marks.PERSON, clauses.person), (marks.PREDICATE, clauses.infinitive),
    (marks.ARTICLE, clauses.case), (marks.PERSON, phrases.possessor), (marks.POSTPOSITION | marks.NOUN_IN_CASE, phrases.postposition),
    (marks.COUNT | marks.ARTICLE_OF_PLURAL | marks.AMONG_MANY, phrases.numeral), (marks.DEMONSTRATIVE, phrases.demonstrative), (marks.DEGREE, phrases.degree),
)  # fmt: skip
RULES_AT = Remembered[int, Sequence[Rule]](lambda here: [rule for mask, rule in TABLE if here & mask])


def sites(words: Sequence[Word], forms: Forms) -> list[Site]:
    """Return the places whose form the words around ask for; see contrasts.Rules."""
    line = Line(words, forms)
    found: dict[tuple[str, int], Site] = {}
    for i, here in marks.places(line.marks).items():
        for rule in RULES_AT[here]:
            if site := rule(line, i):
                found.setdefault((site.contrast, site.start), site)
    return list(found.values())


RULES = Rules(plausible, sites)
