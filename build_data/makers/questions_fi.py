"""Finnish questions from tagged sentences. Rules ask for word form and tag to agree, and leave doubtful cases alone.

Word order follows the statement with the question word in front (Missä Lohjan kirjasto toimi vuonna 1994?), as Finnish does;
an adverbial that opened the sentence goes behind.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator, Sequence

from build_data.makers import questions
from build_data.makers import words_fi as lists
from build_data.makers.clauses_fi import BE, BESIDE, DOUBTFUL_ILLATIVE, PARTITIVE_SHAPE, PASSIVE, SIGNS, Clause, find_clause
from build_data.makers.questions import Chunk, Draft, Names, question
from build_data.parse import Sentence, Word


def plausible(text: str) -> bool:
    """Tell from the bare text whether `ask` could find anything."""
    return questions.plausible(text, SIGNS, lists.SUBORDINATORS, lists.CONTINUES, lists.NEGATION)


def ask(text: str, sentence: Sentence, names: Names) -> list[Draft]:
    """Return the questions that can be asked of one declarative sentence; often none."""
    clause = find_clause(text, sentence, names)
    if clause is None:
        return []
    if any(c.stop < clause.verb and _before_participle(clause, c) for c in clause.chunks):
        return []  # the field before the verb is one long phrase: its parts would be torn apart
    clause = dataclasses.replace(clause, chunks=tuple(dataclasses.replace(c, doubtful=c.doubtful or _loose(clause, c)) for c in clause.chunks))
    drafts = [*_times(clause), *_numbers(clause), *_places(clause), *_subject(clause), *_object(clause), *_according(clause)]
    return [d for d in drafts if _sound(text, d)]


def _loose(clause: Clause, chunk: Chunk) -> bool:
    """Tell whether a neighbour may belong to the phrase: a degree word before it, or a participle behind."""
    return clause.around(chunk)[0] in lists.DEGREES or _before_participle(clause, chunk)


def _before_participle(clause: Clause, chunk: Chunk) -> bool:
    """Tell whether a participle follows that takes the phrase along ("Kreikassa järjestetyissä kisoissa"), and not "on" + participle."""
    if chunk.stop in (clause.verb, len(clause.words)) or chunk.case in ("nom", "gen", "par", "px"):
        return False
    compound = clause.words[chunk.stop - 1].text in BE or (chunk.stop == clause.verb + 1 and clause.words[clause.verb].text in BE)
    tagged = clause.words[chunk.stop].feats.get("VerbForm")
    return not compound and tagged != "Inf" and lists.PARTICIPLE.fullmatch(clause.around(chunk)[1]) is not None


def _sound(text: str, draft: Draft) -> bool:
    """Refuse questions that cannot be understood alone or say too little, and answers that point elsewhere ("sen jälkeen")."""
    if any(lists.ANAPHORA.fullmatch(w.casefold()) for w in text[draft.start : draft.end].split()):
        return False
    own = [w.casefold() for w in draft.question.rstrip("?").split()]
    return (
        (4 if draft.kind == "subject" and own[1] in BE else 3) <= len(own) <= 14
        and draft.end - draft.start >= 2
        and not any(lists.ANAPHORA.fullmatch(w.strip(",")) for w in own[2 if draft.kind == "number" else 1 :])
    )


def _rest(clause: Clause, answer: Chunk, moved: bool = True) -> list[Word]:
    """Return the words of the question behind the question word: without the answer, an opening adverbial at the end."""
    before = [c for c in clause.chunks if c.stop <= clause.verb and c != answer]
    after = [c for c in clause.chunks if c.start > clause.verb and c != answer]
    opening: list[Chunk] = []
    while moved and before and before[0].case in ("time", "adv", "ine", "ade", "ela", "ill", "all", "abl", "ess", "missä", "milloin", "mihin"):
        opening.append(before.pop(0))
    order = [*(w for c in before for w in clause.has(c)), clause.words[clause.verb]]
    return [*order, *(w for c in (*after, *opening) for w in clause.has(c))]


def _without_near(clause: Clause, answer: Chunk) -> list[Word]:
    """Return _rest without a word such as "noin" or "vasta" straight before the answer: it would dangle."""
    near = clause.words[answer.start - 1] if answer.start else None
    return [w for w in _rest(clause, answer) if w is not near or w.text.casefold() not in lists.NEAR_TIMES]


def _draft(clause: Clause, kind: str, asked: str, answer: Chunk, rest: Sequence[Word] | None = None) -> Draft:
    words = clause.has(answer)
    line = question(asked, _rest(clause, answer) if rest is None else rest, clause.words[0], clause.first_is_name)
    return Draft(kind, words[0].start, words[-1].end, line)


def _times(clause: Clause) -> Iterator[Draft]:
    times = [c for c in clause.chunks if c.case in ("time", "milloin")]
    if len(times) == 1 and not times[0].doubtful:
        yield _draft(clause, "time", "Milloin", times[0], _without_near(clause, times[0]))


def _numbers(clause: Clause) -> Iterator[Draft]:
    for chunk in clause.chunks:
        if chunk.case != "num" or chunk.doubtful or chunk.stop - chunk.start > 6 or clause.around(chunk)[1] in ("ja", "tai"):
            continue
        if lists.LASTS.fullmatch(clause.words[clause.verb].text.casefold()) and lists.DURATION.fullmatch(clause.words[chunk.stop - 1].text.casefold()):
            yield _draft(clause, "number", "Kuinka kauan", chunk)
            continue
        words = clause.has(chunk)
        counted = next(i for i, w in enumerate(words) if not (lists.NUMBER.fullmatch(w.text.casefold()) or w.text.casefold() in lists.ABOUT))
        tail = [w for c in clause.chunks if c.start == chunk.stop for w in clause.has(c)[:1] if lists.MEASURED.fullmatch(w.text.casefold())]
        noun = " ".join(w.text for w in (*words[counted:], *tail))
        rest = [w for w in _rest(clause, chunk) if w not in tail]
        line = question(f"Kuinka monta {noun}", rest, clause.words[0], clause.first_is_name)
        yield Draft("number", words[0].start, words[counted - 1].end, line)


def _places(clause: Clause) -> Iterator[Draft]:
    verbs = [w.text.casefold() for w in clause.words if w.upos in ("VERB", "AUX")]
    goal, source = (any(p.fullmatch(v) for v in verbs) for p in (lists.GOAL, lists.SOURCE))
    for chunk in clause.chunks:
        head = clause.words[chunk.stop - 1]
        lower = head.text.casefold()
        if chunk.doubtful or head.upos not in ("NOUN", "PROPN", "ADP", "ADV") or lists.TIME_HEADS.fullmatch(lower) or chunk.stop - chunk.start > 5:
            continue
        name = head.text[0].isupper() and (head is not clause.words[0] or clause.first_is_name)
        person = name and any(lower.startswith(n.casefold()[:-1]) for n in lists.FIRST_NAMES if len(n) > 3)
        asked = ""
        if chunk.case in ("missä", "mihin", "mistä"):
            asked = chunk.case
        elif (chunk.case == "ine" and not person and not lower.endswith(("issaan", "issään"))) or (
            chunk.case == "ade" and (lists.PLACES.fullmatch(lower) or (name and not person))
        ):
            asked = "missä"
        elif chunk.case == "ade" and lists.TOOLS.fullmatch(lower):
            asked = "millä"
        elif chunk.case == "all" and lists.PERSONS.fullmatch(re.sub("lle$", "", lower)):
            asked = "kenelle"
        elif chunk.case in ("ill", "all") and goal and not person:
            sure = chunk.case == "all" or not DOUBTFUL_ILLATIVE.fullmatch(lower) or name or head.feats.get("Case") == "Ill"
            asked = "mihin" if sure else ""
        elif chunk.case in ("ela", "abl") and source and not person and (head.feats.get("Case") in ("Ela", "Abl") or name):
            asked = "mistä"
        elif chunk.case == "all" and person:
            asked = "kenelle"
        if asked and not any(_same_ending(w, lower, chunk.case) for w in clause.around(chunk)):
            yield _draft(clause, "place", asked.capitalize(), chunk, _without_near(clause, chunk))


def _same_ending(neighbour: str, head: str, case: str) -> bool:
    """Tell whether a neighbour belongs to a phrase though its tag hid that ("suurempaan halliin", "tyhjässä varastossa")."""
    if case == "ill":
        return re.fullmatch(r".{3,}[aeiouyäö]n", neighbour) is not None
    return len(neighbour) > 4 and neighbour.endswith(head[-3:])


def _who(clause: Clause, chunk: Chunk) -> str:
    """Return "kuka" or "mikä" for a nominative phrase, "" where that cannot be told."""
    words = clause.has(chunk)
    head = words[-1]
    if any(w.text in lists.FIRST_NAMES for w in words):
        return "kuka"
    capital = head.text[0].isupper() and (head is not clause.words[0] or clause.first_is_name)
    if capital:
        common = words[0].text.casefold()
        if len(words) > 1 and words[0].upos == "NOUN" and (words[0] is clause.words[0] or words[0].text[0].islower()):
            return "kuka" if lists.PERSONS.fullmatch(common) and not lists.NOT_PERSONS.fullmatch(common) else "mikä"
        return "kuka" if len(words) > 1 and head.text.endswith("nen") else ""
    lower = head.text.casefold()
    return "kuka" if lists.PERSONS.fullmatch(lower) and not lists.NOT_PERSONS.fullmatch(lower) else "mikä"


def _subject(clause: Clause) -> Iterator[Draft]:
    chunk, verb = clause.subject, clause.words[clause.verb].text.casefold()
    if (
        chunk is None
        or chunk.doubtful
        or chunk.stop - chunk.start > 6
        or any(PASSIVE.fullmatch(w.text.casefold()) for w in clause.words if w.upos in ("VERB", "AUX"))
    ):
        return
    head = clause.words[chunk.stop - 1]
    asked = _who(clause, chunk)
    plural = verb.endswith(("vat", "vät"))
    if (
        head.upos not in ("NOUN", "PROPN")
        or not asked
        or PARTITIVE_SHAPE.fullmatch(head.text.casefold())
        or head.text.endswith("t") != plural
        or len(clause.words) - chunk.stop < 2
    ):
        return
    yield _draft(clause, "subject", {"kuka": "Ketkä", "mikä": "Mitkä"}[asked] if plural else asked.capitalize(), chunk)


def _object(clause: Clause) -> Iterator[Draft]:
    subject = clause.subject
    after = [c for c in clause.chunks if c.start > clause.verb]
    if subject is None or not after or clause.words[clause.verb].text.casefold() in BE or clause.words[subject.stop - 1].upos not in ("NOUN", "PROPN"):
        return
    chunk = after[0]
    head = clause.words[chunk.stop - 1]
    if head.upos != "NOUN" or chunk.doubtful or chunk.stop - chunk.start > 4 or lists.PERSONS.match(head.text.casefold()):
        return
    if lists.DURATION.fullmatch(head.text.casefold()) or lists.MEASURES.fullmatch(head.text.casefold()):
        if lists.LASTS.fullmatch(clause.words[clause.verb].text.casefold()):
            yield _draft(clause, "number", "Kuinka kauan", chunk)
        return
    if clause.around(chunk)[1] in BESIDE or head.text == "alun":
        return
    if lists.LASTS.fullmatch(clause.words[clause.verb].text.casefold()) or lists.HELPERS.fullmatch(clause.words[clause.verb].text.casefold()):
        return
    closed = len(after) == 1 or after[1].case in ("time", "adv")
    if chunk.case == "par" and head.feats.get("Case") == "Par" and (len(head.text) < 7 or not head.text.endswith(("sta", "stä", "lta", "ltä"))):
        yield _draft(clause, "object", "Mitä", chunk)
    elif chunk.case == "gen" and closed and head.feats.get("Case") in ("Gen", "Acc"):
        yield _draft(clause, "object", "Minkä", chunk)


def _according(clause: Clause) -> Iterator[Draft]:
    """ "Sillanpään mukaan asiakkaat ..." -> Kenen mukaan?"""
    words = clause.words
    if len(words) > 3 and words[1].text == "mukaan" and words[0].text.endswith("n") and clause.first_is_name:
        yield Draft("whose", words[0].start, words[0].end, question("Kenen", words[1:], words[0], True))
