"""Finnish questions for what is said of a subject: "Järven rannat olivat hyvin jyrkät." -> Millaiset järven rannat olivat?"""

from __future__ import annotations

import re
from collections.abc import Iterator

from build_data.makers import words_fi as lists
from build_data.makers.clauses_fi import Clause
from build_data.makers.forms_fi import BE, agrees
from build_data.makers.lines_fi import remaining, sure
from build_data.makers.questions import Draft, question
from build_data.parse import Word

MORE = frozenset(["aivan", "erittäin", "hyvin", "ihan", "liian", "melko", "täysin", "varsin"])  # degrees that belong to the answer
COMPARED = re.compile(r".*(?:mpi|mmat|mpia|mpiä)")  # with what, another sentence says
RELATIVE = re.compile(
    r"mahdolli\w+|vastaav\w+|saman\w+|erilai\w+|riittäv\w+|tarpeelli\w+|välttämät\w+|toi\w+|oma|koko|sama|eri|usea|muu|ainoa|viimei\w+|ensimmäi\w+|yhtei\w+|valmi\w+|velvolli\w+"
)
VERBAL = re.compile(r".*(?:t[tu]u|tty|t[tu]ut|ttyä|v[aä]t?|ton|tön|nut|nyt|neet)")  # participles that the tags call adjectives, and "voimaton"


def asked(clause: Clause) -> Iterator[Draft]:
    """Yield the question for a predicative adjective that ends its clause."""
    subject, verb = clause.subject, clause.words[clause.verb].text.casefold()
    after = [c for c in clause.chunks if c.start > clause.verb]
    if subject is None or verb not in BE or not 1 <= len(after) <= 2 or not sure(clause, subject):
        return
    chunk, degree = after[-1], after[0] if len(after) == 2 else None
    if degree is not None and (degree.stop - degree.start > 1 or clause.head(degree).text not in MORE):
        return
    said, plural = clause.has(chunk), verb in ("ovat", "olivat")
    # "Vihainen" looks like a genitive; its tag decides.
    if chunk.case not in ("nom", "gen") or chunk.stop != len(clause.words) or not all(w.upos == "CCONJ" or _quality(w, plural) for w in said):
        return
    if plural != clause.head(subject).text.endswith("t") or clause.head(subject).text.casefold() in lists.GENERIC:
        return
    first = clause.has(degree)[0] if degree is not None else said[0]
    rest = [w for w in remaining(clause, chunk, "quality") if not first.start <= w.start <= said[-1].start]
    yield Draft("quality", first.start, said[-1].end, question("Millaiset" if plural else "Millainen", rest, clause.words[0], clause.first_is_name))


def _quality(word: Word, plural: bool) -> bool:
    lower = word.text.casefold()
    plain = word.upos == "ADJ" and "VerbForm" not in word.feats and agrees(word, "nom") and word.text.islower() and word.text.endswith("t") == plural
    return plain and not any(p.fullmatch(lower) for p in (COMPARED, VERBAL, RELATIVE, lists.PARTICIPLE, lists.NUMBER))
