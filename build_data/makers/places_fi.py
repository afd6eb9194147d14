"""Which Finnish phrases are asked for by missä, mihin, mistä, kenelle, keneltä and millä; figures of speech are left alone."""

from __future__ import annotations

import re
from collections.abc import Sequence

from build_data.makers import words_fi as lists
from build_data.makers.clauses_fi import Clause
from build_data.makers.forms_fi import BE
from build_data.makers.questions import Chunk

INNER, OUTER = {"ine": "in", "ill": "to", "ela": "from"}, {"ade": "in", "all": "to", "abl": "from"}
ASKED = {"in": "Missä", "to": "Mihin", "from": "Mistä"}
LOCAL = {"missä": "in", "mihin": "to", "mistä": "from"}


def asked_place(clause: Clause, chunk: Chunk, verbs: Sequence[str]) -> tuple[str, str]:
    """Return (kind, question word) for a chunk in a local case, ("", "") where the rules know none; `verbs` are the clause's, in small letters."""
    head = clause.head(chunk)
    lower = head.text.casefold()
    if chunk.case in LOCAL:
        before = clause.has(chunk)[-2]
        concrete = before.upos in ("NOUN", "PROPN") and before.feats.get("Case") == "Gen"
        return (f"place-{LOCAL[chunk.case]}", ASKED[LOCAL[chunk.case]]) if concrete and _goes(LOCAL[chunk.case], verbs) else ("", "")
    if chunk.case not in (*INNER, *OUTER) or head.upos not in ("NOUN", "PROPN") or lists.TIME_HEADS.fullmatch(lower) or _bare(clause, chunk):
        return "", ""
    name = head.text.rsplit("-", 1)[-1][:1].isupper() and (head is not clause.words[0] or clause.first_is_name)
    found = clause.named(chunk)
    name = name and found in ("", "place")
    person = found == "person" or (found == "" and name and any(lower.startswith(n.casefold()[:-1]) for n in lists.FIRST_NAMES if len(n) > 3))
    if chunk.case in ("all", "abl") and (person or _is_person(re.sub("l(?:le|t[aä])$", "", lower))):
        to = chunk.case == "all"
        return (
            ("person", "Kenelle" if to else "Keneltä")
            if (lists.GIVES if to else lists.TAKES).fullmatch(clause.words[clause.verb].text.casefold())
            else ("", "")
        )
    if person:
        return "", ""
    if chunk.case == "ade" and lists.TOOLS.fullmatch(lower):
        return "means", "Millä"
    way = INNER.get(chunk.case) or OUTER[chunk.case]
    if chunk.case in INNER:
        known = lists.PLACES_INTO.fullmatch(lower) if chunk.case == "ill" else lists.INNER_PLACES.fullmatch(lower)
    else:
        known = lists.OUTER_PLACES.fullmatch(lower)
        name = name and not (chunk.case == "ade" and clause.words[clause.verb].text.casefold() in BE)  # "Niinistöllä on": somebody has something
    if any(c != chunk and c.case in (*INNER, *OUTER) and (INNER.get(c.case) or OUTER[c.case]) == way for c in clause.chunks):
        return "", ""  # two places of one kind: either may be meant
    if not (known or name) or not _goes(way, verbs) or (chunk.case == "ela" and _becomes(clause)):
        return "", ""
    return f"place-{way}", ASKED[way]


def _bare(clause: Clause, chunk: Chunk) -> bool:
    """ "Maassa", "alueella": which one, only the sentences before say."""
    return chunk.stop - chunk.start == 1 and lists.BARE.fullmatch(clause.head(chunk).text.casefold()) is not None


def _is_person(stem: str) -> bool:
    return any(lists.PERSONS.fullmatch(s) and not lists.NOT_PERSONS.fullmatch(s) for s in (stem, re.sub("se$", "nen", stem)))


def _goes(way: str, verbs: Sequence[str]) -> bool:
    """Tell whether the verb goes with the place: mihin and mistä want a verb that moves."""
    wanted = {"to": lists.GOAL, "from": lists.SOURCE}.get(way)
    return (wanted is None or any(wanted.fullmatch(v) for v in verbs)) and not any(lists.GOVERNS.fullmatch(v) for v in verbs)


def _becomes(clause: Clause) -> bool:
    """ "Hänestä tuli pappi": somebody becomes something."""
    return clause.words[clause.verb].text.casefold() in ("tuli", "tulee", "tulivat", "tulevat", "tullut")
