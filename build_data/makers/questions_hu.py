"""Hungarian questions from tagged sentences. Rules ask for word form and tag to agree, and leave doubtful cases alone.

The question word stands straight before the verb, whose preverb goes behind it (felépült -> Mikor épült fel a híd?); what stood
before the verb follows. A question must name its subject, or speak of "them" in general. Trees aren't used, as in Finnish.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator

from build_data.makers import questions
from build_data.makers import words_hu as lists
from build_data.makers.clauses_hu import Clause, find_clause
from build_data.makers.questions import Chunk, Draft, Names, question
from build_data.makers.verbs_hu import ARTICLES, HERE, NOMINAL, PARTICIPLE, POSSESSED, SIGNS, WHERE, case_of, indefinite, is_number, split_preverb
from build_data.parse import Sentence


def plausible(text: str) -> bool:
    """Tell from the bare text whether `ask` could find anything."""
    return questions.plausible(text, SIGNS, lists.SUBORDINATORS, lists.CONTINUES, lists.UNFIT)


def ask(text: str, sentence: Sentence, names: Names) -> list[Draft]:
    """Return the questions that can be asked of one declarative sentence; often none."""
    clause = find_clause(text, sentence, names)
    if clause is None:
        return []
    clause = dataclasses.replace(clause, chunks=tuple(dataclasses.replace(c, doubtful=c.doubtful or _loose(clause, c)) for c in clause.chunks))
    drafts = [*_times(clause), *_numbers(clause), *_places(clause), *_subject(clause), *_object(clause), *_with(clause)]
    return [d for d in drafts if _sound(text, d)]


def _loose(clause: Clause, chunk: Chunk) -> bool:
    """Tell whether a neighbour may belong to the phrase: a word that the tags tore off before it, or a participle or noun behind."""
    return _loose_behind(clause, chunk) or _loose_before(clause, chunk)


def _loose_behind(clause: Clause, chunk: Chunk) -> bool:
    if chunk.case == "time" or chunk.stop >= len(clause.words) or chunk.stop in (clause.verb, clause.preverb):
        return False
    after = clause.words[chunk.stop]
    if chunk.case in ("nom", "num", "acc") and after.upos == "ADV" and not lists.ADVERBS.fullmatch(after.text.casefold()):
        return True  # an adverb that no list knows is often a noun that the tags mistook
    if after.text.casefold() in ARTICLES:
        return False
    if after.upos == "ADP" or after.text in lists.OTHER_POSTPOSITIONS:
        return True  # "az utasok közül"
    noun = after.upos in NOMINAL and after.text[0].islower() and case_of(after) in ("nom", "acc")
    return PARTICIPLE.fullmatch(after.text) is not None or (chunk.case in ("nom", "num") and noun and chunk.stop != clause.verb + 1)


def _loose_before(clause: Clause, chunk: Chunk) -> bool:
    if chunk.start == 0 or chunk.start - 1 in (clause.verb, clause.preverb) or chunk.case in ("time", "num"):
        return False
    before = clause.words[chunk.start - 1]
    lower = before.text.casefold()
    if clause.words[chunk.start].text.casefold() in ARTICLES:
        return False
    if lower in ARTICLES or lower in lists.QUANTIFIERS or is_number(before) or before.upos in ("ADJ", "DET", "NUM"):
        return True
    return re.fullmatch(r".{3,}(?:ó|ő|[aeoö]s|nyi|i)", lower) is not None


def _sound(text: str, draft: Draft) -> bool:
    """Refuse questions that cannot be understood alone or say too little, and answers that point elsewhere."""
    own = [w.casefold().strip(",") for w in draft.question.rstrip("?").split()]
    answer = [w.casefold() for w in text[draft.start : draft.end].split()]
    return 3 <= len(own) <= 14 and not any(lists.ANAPHORA.fullmatch(w) for w in [*own, *answer])


def _ask_for(clause: Clause, asked: str, answer: Chunk, changed: str = "") -> str:
    """Write question word, verb (or its `changed` form), preverb, and then the other chunks in order."""
    verb = clause.words[clause.verb]
    preverb, bare = split_preverb(verb.text) if clause.preverb < 0 else (clause.words[clause.preverb].text, verb.text)
    bare = changed or bare
    start = f"{asked} {bare} {preverb}".strip()
    rest = [w for c in clause.chunks if c != answer for w in clause.has(c)]
    return question(start, rest, clause.words[0], clause.first_is_name)


def _draft(clause: Clause, kind: str, asked: str, answer: Chunk) -> Draft:
    """Return the draft; a definite article stays outside the answer, as annotators mostly leave it."""
    words = clause.has(answer)
    start = 1 if len(words) > 1 and words[0].text.casefold() in ("a", "az") else 0
    return Draft(kind, words[start].start, words[-1].end, _ask_for(clause, asked, answer))


def _has_subject(clause: Clause, answer: Chunk) -> bool:
    """Tell whether a question without `answer` still says who: a nominative phrase, or a verb in "they" with an object."""
    if any(c != answer for c in clause.subjects):
        return True
    verb = clause.words[clause.verb].text
    return re.search(r"(?:ták|ték|ják|nak|nek|tak|tek|ik)$", verb) is not None and any(c.case == "acc" and c != answer for c in clause.chunks)


def _times(clause: Clause) -> Iterator[Draft]:
    times = [c for c in clause.chunks if c.case == "time" or (c.case == "mikor" and lists.TIME_NOUNS.fullmatch(clause.words[c.stop - 2].text.casefold()))]
    if len(times) == 1 and _has_subject(clause, times[0]):
        yield _draft(clause, "time", "Mikor", times[0])


def _numbers(clause: Clause) -> Iterator[Draft]:
    for chunk in clause.chunks:
        words = clause.has(chunk)
        if chunk.case != "num" or chunk.doubtful or (chunk.start and clause.words[chunk.start - 1].text.casefold() in ("a", "az")):
            continue
        counted = next(i for i, w in enumerate(words) if not is_number(w) and w.text.casefold() not in lists.ABOUT)
        itself = case_of(words[-1]) == "nom" and len(clause.words) > chunk.stop - chunk.start + 1
        if itself or _has_subject(clause, chunk):
            behind = clause.words[chunk.stop].text if chunk.stop < len(clause.words) else ""
            noun = " ".join(w.text for w in words[counted:])
            if behind in lists.NOT_COUNTED_BY or behind in lists.COUNTED_BY:
                continue
            yield Draft("number", words[0].start, words[counted - 1].end, _ask_for(clause, f"Hány {noun}", chunk))


def _person(clause: Clause, chunk: Chunk) -> bool | None:
    """Tell whether a phrase names a person; None = a name that may be anything."""
    words = clause.has(chunk)
    if lists.GROUPS.fullmatch(words[-1].text.casefold()):
        return None
    if words[-1].text[0].isupper() and any({w.text, re.sub(r"(?:[aeoö]?t|n[ae]k|[a-z]?[ae]l|v[ae]l)$", "", w.text)} & lists.FIRST_NAMES for w in words):
        return True
    head = words[-1].text.casefold()
    stem = re.sub(r"(?:[oeaöó]?k)?(?:[oeaö]?t|n[ae]k|v[ae]l|(?<=(.))\1[ae]l)?$", "", head)
    if lists.PERSONS.fullmatch(head) or lists.PERSONS.fullmatch(stem) or lists.PERSONS.fullmatch(re.sub("á$", "a", re.sub("é$", "e", stem))):
        return True
    if any(w.text in lists.FIRST_NAMES for w in words[:-1]):  # "Geri kereke" is a thing, "Bakos Helga <unknown trade>" may be anybody
        return False if POSSESSED.fullmatch(words[-1].text.casefold()) else None
    return None if words[-1].text[0].isupper() and words[-1] is not clause.words[0] else False


def _subject(clause: Clause) -> Iterator[Draft]:
    subjects = [c for c in clause.chunks if c.case == "nom"]
    if len(subjects) != 1 or subjects[0].doubtful or clause.words[clause.verb].text in HERE or subjects[0].stop - subjects[0].start > 6:
        return
    chunk = subjects[0]
    head, verb = clause.head(chunk), clause.words[clause.verb].text
    person = _person(clause, chunk)
    plural = re.search(r"[aeoöáéóő]k$", head.text) is not None and re.search(r"(?:n[ae]k|t[ae]k|[áé]k|ik|v[ae]k)$", verb) is not None
    if head.upos not in ("NOUN", "PROPN") or person is None or (plural and not person) or (not plural and re.search(r"(?:nak|nek|tak|tek|ták|ték|ják)$", verb)):
        return
    if (re.search(r"[aeoö]k$", head.text) and not plural) or re.search(r"...v[ae]$|[uü]l$", head.text) or is_number(clause.has(chunk)[0]):
        return
    behind = [c for c in clause.chunks if c.start == chunk.stop]
    if (head.text.endswith("t") and clause.has(chunk)[0].text.casefold() not in ARTICLES) or (
        behind and behind[0].case == "adv" and re.search(r"[ae]$", clause.head(behind[0]).text)
    ):
        return
    yield _draft(clause, "subject", "Kik" if plural else "Ki" if person else "Mi", chunk)


def _places(clause: Clause) -> Iterator[Draft]:
    for chunk in clause.chunks:
        head = clause.head(chunk)
        lower = head.text.casefold()
        before = clause.words[chunk.start - 1].text.casefold() if chunk.start else ""
        if (
            chunk.doubtful
            or before in lists.QUANTIFIERS
            or chunk.stop - chunk.start > 6
            or lists.TIME_HEADS.fullmatch(lower)
            or not _has_subject(clause, chunk)
        ):
            continue
        if chunk.case in ("hol", "hová", "honnan"):
            complement = clause.words[chunk.stop - 2].text.casefold()
            if lower != "után" and not lists.TIME_NOUNS.fullmatch(complement) and not is_number(clause.words[chunk.stop - 3]):
                yield _draft(clause, "place", chunk.case.capitalize(), chunk)
        elif chunk.case in WHERE and head.upos in ("NOUN", "PROPN"):
            name = (head.text[0].isupper() and head is not clause.words[0]) or (head is clause.words[0] and clause.first_is_name)
            if chunk.case == "ela" and lists.MADE_OF.fullmatch(clause.words[clause.verb].text):
                yield _draft(clause, "place", "Miből", chunk)
            elif (name and not _person(clause, chunk) and chunk.case not in ("all",)) or lists.PLACES.fullmatch(lower):
                yield _draft(clause, "place", WHERE[chunk.case].capitalize(), chunk)


def _object(clause: Clause) -> Iterator[Draft]:
    objects = [c for c in clause.chunks if c.case == "acc"]
    if len(objects) != 1 or objects[0].doubtful or objects[0].stop - objects[0].start > 5 or not any(c != objects[0] for c in clause.subjects):
        return
    chunk = objects[0]
    if (
        lists.TIME_HEADS.fullmatch(clause.head(chunk).text.casefold())
        or re.fullmatch(r"(?:órá|perce|napo|éve|hete|hónapo|kilométer|méter|fok)\w*t", clause.head(chunk).text)
        or any(c.case == "tra" for c in clause.chunks)
    ):
        return
    person = _person(clause, chunk)
    verb = clause.words[clause.verb].text
    plural = any(re.search(r"[aeoöáéóő]k$", clause.head(c).text) for c in clause.subjects)
    changed = indefinite(split_preverb(verb)[1] if clause.preverb < 0 else verb, plural)
    if clause.head(chunk).upos in ("NOUN", "PROPN") and person is not None and changed:
        draft = _draft(clause, "object", "", chunk)
        yield Draft("object", draft.start, draft.end, _ask_for(clause, "Kit" if person else "Mit", chunk, changed))


def _with(clause: Clause) -> Iterator[Draft]:
    for chunk in clause.chunks:
        if chunk.case == "ins" and not chunk.doubtful and not lists.TIME_HEADS.fullmatch(clause.head(chunk).text.casefold()) and _has_subject(clause, chunk):
            person = _person(clause, chunk)
            if (
                clause.head(chunk).upos in ("NOUN", "PROPN")
                and (person or lists.TOOLS.fullmatch(clause.head(chunk).text.casefold()))
                and chunk.stop - chunk.start <= 4
            ):
                yield _draft(clause, "object", "Kivel" if person else "Mivel", chunk)
