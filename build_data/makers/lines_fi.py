"""What Finnish questions have in common: which answers are sure, which questions say enough, and how words are put back into a line."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

from build_data.makers import words_fi as lists
from build_data.makers.clauses_fi import Clause
from build_data.makers.common import chance
from build_data.makers.forms_fi import BE, agrees
from build_data.makers.questions import Chunk, Draft, question, specific
from build_data.parse import Word

LEAST = (2, 9)  # words and letters of content that a question must have; one that doesn't name its subject needs LEAST_SUBJECT
LEAST_SUBJECT = (3, 20)
ADVERBIAL = ("time", "adv", "ine", "ade", "ela", "ill", "all", "abl", "ess", "missä", "milloin", "mihin", "mistä")


def degree(clause: Clause, chunk: Chunk) -> bool:
    """Tell whether a chunk is a word such as "alle" or "noin" that belongs to what follows."""
    return chunk.stop - chunk.start == 1 and clause.head(chunk).text.casefold() in lists.DEGREES | lists.ABOUT


def counts(clause: Clause) -> bool:
    """Tell whether a verb in the plural has a subject in the plural; a participle taken for a verb has none ("tehtäviä hoitavat virkamiehet")."""
    if not clause.words[clause.verb].text.endswith(("vat", "vät", "ovat")):
        return True
    return clause.subject is not None and (clause.head(clause.subject).text.endswith("t") or any(w.upos == "CCONJ" for w in clause.has(clause.subject)))


def before_participle(clause: Clause, chunk: Chunk) -> bool:
    """Tell whether a participle follows that takes the phrase along ("Kreikassa järjestetyissä kisoissa"), and not "on" + participle."""
    if chunk.stop in (clause.verb, len(clause.words)) or chunk.case in ("nom", "px"):
        return False
    compound = clause.words[chunk.stop - 1].text in BE or (chunk.stop == clause.verb + 1 and clause.words[clause.verb].text in BE)
    tagged = clause.words[chunk.stop].feats.get("VerbForm")
    return not compound and tagged != "Inf" and lists.PARTICIPLE.fullmatch(clause.around(chunk)[1]) is not None


def sure(clause: Clause, chunk: Chunk) -> bool:
    return clause.around(chunk)[0] not in lists.DEGREES and not before_participle(clause, chunk) and clause.sure(chunk)


def sound(clause: Clause, draft: Draft) -> bool:
    """Refuse questions that cannot be understood alone or say too little, and answers that point elsewhere ("sen jälkeen")."""
    answer = clause.text[draft.start : draft.end]
    if "(" in answer or (draft.kind != "reason" and any(lists.ANAPHORA.fullmatch(w.casefold()) for w in answer.split())):
        return False
    own = [w.casefold().strip(",") for w in draft.question.rstrip("?").split()]
    return 3 <= len(own) <= 14 and not any(lists.ANAPHORA.fullmatch(w) for w in own[2 if draft.kind == "number" else 1 :]) and not _vague(clause, draft)


def _vague(clause: Clause, draft: Draft) -> bool:
    """Tell whether a question names too little: a bare "asia" for a subject, or two or three words that would fit any text."""
    asked = {w.strip(",?") for w in draft.question.split()[1:]}
    words = [w for w in clause.words if asked.issuperset(w.text.split()) or asked.issuperset((w.text[:1].lower() + w.text[1:]).split())]
    subject = clause.subject
    if subject is not None and subject.stop - subject.start == 1 and clause.head(subject).text.casefold() in lists.GENERIC:
        return True
    return not specific(words, BE, LEAST_SUBJECT if draft.kind.startswith("subject") else LEAST)


def remaining(clause: Clause, answer: Chunk | None, kind: str) -> list[Word]:
    """Return the words of the question behind the question word: without the answer, an opening adverbial at the end, shortened."""
    chunks = [c for c in clause.chunks if c != answer and not spare(clause, c, kind)]
    before = [c for c in chunks if c.stop <= clause.verb]
    after = [c for c in chunks if c.start > clause.verb]
    opening: list[Chunk] = []
    while before and before[0].case in ADVERBIAL:
        opening.append(before.pop(0))
    if kind.startswith("subject") and chance(clause.text, "order") % 2:
        moved = [c for c in (*opening, *after) if c.case == "time"]  # Kuka vuonna 1963 voitti kilpailun?
        before, after, opening = moved, [c for c in after if c not in moved], [c for c in opening if c not in moved]
    order = [*(w for c in before for w in _thin(clause, c)), clause.words[clause.verb]]
    return [*order, *(w for c in (*after, *opening) for w in _thin(clause, c))]


def spare(clause: Clause, chunk: Chunk, kind: str) -> bool:
    """Tell whether a question can do without a chunk: an adverb of degree or manner, and every other time that isn't asked for."""
    words = clause.has(chunk)
    if chunk.case == "adv" and len(words) == 1:
        behind = clause.around(chunk)[1]
        return (lists.OPTIONAL.fullmatch(words[0].text.casefold()) is not None or words[0].text.casefold() in lists.NEAR_TIMES) and behind != ""
    return chunk.case == "time" and kind not in ("time", "subject-person") and len(clause.chunks) > 3 and chance(clause.text, kind, "time") % 2 == 0


def _thin(clause: Clause, chunk: Chunk) -> list[Word]:
    """Return a chunk's words, every other time without an adjective of its head's case ("vanhaan paloasemaan" -> "paloasemaan")."""
    words = list(clause.has(chunk))
    loose = [
        w
        for w, following in itertools.pairwise(words)
        if w.upos == "ADJ"
        and agrees(w, chunk.case)
        and agrees(following, chunk.case)
        and following.upos == "NOUN"
        and not lists.NEEDED.fullmatch(w.text.casefold())
    ]
    if (
        len(loose) != 1
        or clause.words[clause.verb].text.casefold() in BE
        or loose[0] is clause.words[0]
        or any(w.upos == "CCONJ" for w in words)
        or chance(clause.text, loose[0].text) % 2
    ):
        return words
    return [w for w in words if w is not loose[0]]


def without_near(clause: Clause, answer: Chunk, kind: str) -> list[Word]:
    """Return remaining without a word such as "noin" or "vasta" straight before the answer: it would dangle."""
    near = clause.words[answer.start - 1] if answer.start else None
    return [w for w in remaining(clause, answer, kind) if w is not near or w.text.casefold() not in lists.NEAR_TIMES]


def write(clause: Clause, kind: str, asked: str, answer: Chunk, rest: Sequence[Word] | None = None) -> Draft:
    words = clause.has(answer)
    line = question(asked, remaining(clause, answer, kind) if rest is None else rest, clause.words[0], clause.first_is_name)
    return Draft(kind, words[0].start, words[-1].end, line)
