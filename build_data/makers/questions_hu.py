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
from build_data.makers.common import chance
from build_data.makers.lines_hu import INFLECTED, ask_for, has_subject, loose, names_person, names_thing, owned, sound, sure, write
from build_data.makers.questions import Chunk, Draft, Names
from build_data.makers.verbs_hu import ARTICLES, HERE, PARTICIPLE, SIGNS, WHERE, case_of, indefinite, is_number, split_preverb
from build_data.parse import Sentence, Word

KINDS = {"hol": "place-in", "hová": "place-to", "honnan": "place-from"}


def plausible(text: str) -> bool:
    """Tell from the bare text whether `ask` could find anything."""
    return questions.plausible(text, SIGNS, lists.SUBORDINATORS, lists.CONTINUES, lists.UNFIT)


def ask(text: str, sentence: Sentence, names: Names) -> list[Draft]:
    """Return the questions that can be asked of one declarative sentence; often none."""
    clause = find_clause(text, sentence, names)
    if clause is None or clause.words[clause.verb].text.endswith(("á", "é")):
        return []  # the last: a tense of old novels
    clause = dataclasses.replace(clause, chunks=tuple(c if c.doubtful or not loose(clause, c) else Chunk(c.start, c.stop, c.case, True) for c in clause.chunks))
    definite = re.search(r"(?:t[ae]|j[ae]|t[áé]k|ják)$", clause.words[clause.verb].text) is not None
    if definite and not any(c.case == "acc" for c in clause.chunks):
        return []  # the object is in the sentence before
    if len([c for c in clause.subjects if clause.head(c).feats.get("Case", "Nom") == "Nom"]) > 1 and clause.words[clause.verb].text not in HERE:
        return []  # two subjects: one of them was torn off something
    asked = [_times, _numbers, _places, _subject, _object, _with, _quality, _reason]
    return [d for rule in asked for d in rule(clause) if sound(clause, d)]


def _times(clause: Clause) -> Iterator[Draft]:
    times = [c for c in clause.chunks if c.case == "time" or (c.case == "mikor" and lists.TIME_NOUNS.fullmatch(clause.words[c.stop - 2].text.casefold()))]
    if len(times) != 1 or not has_subject(clause, times[0]) or (times[0].case == "mikor" and times[0].doubtful):
        return
    if any(re.fullmatch(r"[12]\d{3}.*|\d+\.", w.text) for i, w in enumerate(clause.words) if not times[0].start <= i < times[0].stop):
        return  # a second year: when was what?
    words = clause.has(times[0])
    behind = clause.words[times[0].stop] if times[0].stop < len(clause.words) else None
    if (
        behind is not None
        and times[0].stop != clause.verb
        and (behind.upos == "ADP" or behind.text in lists.OTHER_POSTPOSITIONS or PARTICIPLE.fullmatch(behind.text) or is_number(behind))
    ):
        return
    year = re.fullmatch(r"([12]\d{3})-b[ae]n", words[0].text) if len(words) == 1 else None
    yield write(clause, "time", "Melyik évben" if year and chance(clause.text) % 2 else "Mikor", times[0])


def _numbers(clause: Clause) -> Iterator[Draft]:
    for chunk in clause.chunks:
        words = clause.has(chunk)
        before = clause.words[chunk.start - 1] if chunk.start else None
        if chunk.case != "num" or chunk.doubtful or not clause.left_open(chunk) or any(key.endswith("[psor]") for key in words[-1].feats):
            continue
        if before is not None and (before.text.casefold() in (*ARTICLES, *lists.QUANTIFIERS, "nehány", "vagy", "és") or before.upos in ("ADJ", "DET", "NUM")):
            continue
        counted = next(i for i, w in enumerate(words) if not is_number(w) and w.text.casefold() not in lists.ABOUT)
        behind = clause.words[chunk.stop] if chunk.stop < len(clause.words) else None
        if words[counted].upos == "ADJ" or (behind is not None and chunk.stop not in (clause.verb, clause.preverb) and not _plain(behind)):
            continue  # "3 éves szerződés", "két liter tej"
        itself = case_of(words[-1]) == "nom" and len(clause.words) > chunk.stop - chunk.start + 1
        if itself or has_subject(clause, chunk):
            noun = " ".join(w.text for w in words[counted:])
            yield Draft("number", words[0].start, words[counted - 1].end, ask_for(clause, f"Hány {noun}", chunk, "number"))


def _plain(word: Word) -> bool:
    """Tell whether a word behind an amount surely opens something new."""
    lower = word.text.casefold()
    if lower in lists.NOT_COUNTED_BY or lower in lists.COUNTED_BY or lower in lists.OTHER_POSTPOSITIONS or word.upos in ("ADP", "CCONJ"):
        return False
    return lower in ARTICLES or word.upos == "ADV" or (word.upos in ("NOUN", "PROPN") and case_of(word) not in ("", "nom", "acc"))


def _subject(clause: Clause) -> Iterator[Draft]:
    subjects = [c for c in clause.chunks if c.case == "nom"]
    if len(subjects) != 1 or clause.words[clause.verb].text in HERE or subjects[0].stop - subjects[0].start > 6 or not sure(clause, subjects[0]):
        return
    chunk = subjects[0]
    head, verb = clause.head(chunk), clause.words[clause.verb].text
    person = names_person(clause, chunk)
    if (
        person is None
        or head.text.endswith(("dik", "ni"))
        or head.upos not in ("NOUN", "PROPN")
        or head.feats.get("Case", "Nom") != "Nom"
        or INFLECTED.fullmatch(head.text)
        or head.text.casefold() in lists.GENERIC
    ):
        return
    plural = re.search(r"[aeoöáéóőúűuü]k$", head.text) is not None and re.search(r"(?:n[ae]k|t[ae]k|[áé]k|ik|v[ae]k)$", verb) is not None
    if (plural and not person) or (not plural and re.search(r"(?:nak|nek|tak|tek|ták|ték|ják)$", verb)) or owned(clause, chunk):
        return
    if not person and not names_thing(clause, chunk):
        return
    known = clause.named(chunk) == "person" or any(w.text in lists.FIRST_NAMES for w in clause.has(chunk))
    if person and clause.has(chunk)[0].text.casefold() not in ARTICLES and not known:
        return
    if (re.search(r"[aeoö]k$", head.text) and not plural) or re.search(r"...v[aáeé]$|[uü]l$", head.text) or is_number(clause.has(chunk)[0]):
        return
    if head.text.endswith("t") and not lists.ENDS_IN_T.fullmatch(head.text.casefold()):
        return
    yield write(clause, "subject-person" if person else "subject-thing", "Kik" if plural else "Ki" if person else "Mi", chunk)


def _places(clause: Clause) -> Iterator[Draft]:
    verb = clause.words[clause.verb].text
    for chunk in clause.chunks:
        head = clause.head(chunk)
        lower = head.text.casefold()
        before = clause.words[chunk.start - 1].text.casefold() if chunk.start else ""
        if (
            before in lists.QUANTIFIERS
            or chunk.stop - chunk.start > 6
            or lists.TIME_HEADS.fullmatch(lower)
            or lists.OPTIONAL.fullmatch(lower)
            or not has_subject(clause, chunk)
        ):
            continue
        if chunk.case in ("hol", "hová", "honnan"):
            complement = clause.words[chunk.stop - 2].text.casefold()
            concrete = lists.CONCRETE.fullmatch(complement) or clause.words[chunk.stop - 2].text[0].isupper()
            if concrete and not chunk.doubtful and _goes(verb, chunk.case) and not is_number(clause.words[chunk.stop - 3]) and clause.sure(chunk):
                yield write(clause, KINDS[chunk.case], chunk.case.capitalize(), chunk)
        elif chunk.case in WHERE and head.upos in ("NOUN", "PROPN") and sure(clause, chunk):
            name = head.upos == "PROPN" and head.text[0].isupper() and (head is not clause.words[0] or clause.first_is_name)
            named = (
                name
                and (names_person(clause, chunk) is None or clause.named(chunk) == "place")
                and head.feats.get("Case", "").casefold() == chunk.case
                and not lower.endswith(("ztán", "milán"))
            )
            if chunk.case == "ela" and lists.MADE_OF.fullmatch(verb):
                yield write(clause, "means", "Miből", chunk)
            elif (
                ((named and chunk.case in ("ine", "sup", "sub", "ill", "ela", "del")) or lists.PLACES.fullmatch(lower))
                and not owned(clause, chunk)
                and _goes(verb, WHERE[chunk.case])
            ):
                yield write(clause, KINDS[WHERE[chunk.case]], WHERE[chunk.case].capitalize(), chunk)


def _goes(verb: str, where: str) -> bool:
    """Tell whether the verb goes with the place: hová and honnan want a verb that moves."""
    bare = split_preverb(verb)[1]
    wanted = {"hová": lists.GOAL, "honnan": lists.SOURCE}.get(where)
    return (wanted is None or wanted.fullmatch(bare) is not None) and lists.GOVERNS.fullmatch(bare) is None


def _object(clause: Clause) -> Iterator[Draft]:
    objects = [c for c in clause.chunks if c.case == "acc"]
    if len(objects) != 1 or objects[0].stop - objects[0].start > 5 or not any(c != objects[0] for c in clause.subjects) or not sure(clause, objects[0]):
        return
    chunk = objects[0]
    head = clause.head(chunk)
    units = re.fullmatch(r"(?:órá|perce|napo|éve|hete|hónapo|kilométer|méter|fok)\w*t", head.text)
    if lists.TIME_HEADS.fullmatch(head.text.casefold()) or units or any(c.case == "tra" for c in clause.chunks) or owned(clause, chunk):
        return
    if (
        clause.words[clause.verb].text in lists.LIGHT
        or lists.NUMBER.match(head.text.casefold())
        or head.text.casefold() in lists.GENERIC
        or any(key.endswith("[psor]") for key in head.feats)
    ):
        return  # "részt vesz", "igazat ad": no object
    person = names_person(clause, chunk)
    changed = _indefinite(clause)
    if head.upos in ("NOUN", "PROPN") and head.feats.get("Case", "Acc") == "Acc" and person is not None and changed:
        yield write(clause, "object", "Kit" if person else "Mit", chunk, changed)


def _indefinite(clause: Clause) -> str:
    """Return the verb as mit and milyen want it, "" where its form cannot be told."""
    verb = clause.words[clause.verb].text
    plural = any(re.search(r"[aeoöáéóő]k$", clause.head(c).text) for c in clause.subjects)
    return indefinite(split_preverb(verb)[1] if clause.preverb < 0 else verb, plural)


def _with(clause: Clause) -> Iterator[Draft]:
    for chunk in clause.chunks:
        head = clause.head(chunk)
        if chunk.stop - chunk.start > 4 or head.upos not in ("NOUN", "PROPN") or not sure(clause, chunk) or not has_subject(clause, chunk):
            continue
        person = names_person(clause, chunk)
        if chunk.case == "ins" and (person or lists.TOOLS.fullmatch(head.text.casefold())) and not owned(clause, chunk):
            yield write(clause, "person" if person else "means", "Kivel" if person else "Mivel", chunk)
        elif chunk.case == "dat" and person and lists.GIVES.fullmatch(split_preverb(clause.words[clause.verb].text)[1]) and not owned(clause, chunk):
            yield write(clause, "person", "Kiknek" if head.text.endswith(("knak", "knek")) else "Kinek", chunk)


def _quality(clause: Clause) -> Iterator[Draft]:
    """ "A lány piros kabátot vett." -> Milyen kabátot vett a lány?"""
    for chunk in clause.chunks:
        words = clause.has(chunk)
        adjective, noun = (words[-2], words[-1]) if len(words) > 1 else (words[0], words[0])
        if len(words) != 2 + (words[0].text.casefold() in ARTICLES) or adjective.upos != "ADJ" or noun.upos != "NOUN" or not noun.text.islower():
            continue
        lower = adjective.text
        if re.search(r"(?:[óő]k?|[eé]n|[aá]n|j[áé](?:b[ae]n|b[óő]l|v[ae]l|t|r[ae]))$", noun.text) or re.search(
            r"[eaáéo]n$|(?:nál|vel|től|hozz|rajt|benn)[ae]?\w?m?$", lower
        ):
            continue  # a participle taken for a noun, an adverb or "nálam" taken for an adjective; "jármű tankjából": whose it is
        if not lower.islower() or lists.NO_QUALITY.fullmatch(lower) or lists.TIME_HEADS.fullmatch(noun.text) or noun.text in lists.GENERIC:
            continue
        changed = _indefinite(clause) if chunk.case == "acc" else ""
        if (chunk.case == "acc" and not changed) or chunk.case not in ("nom", "acc", "ine", "sup", "ill", "sub", "ela", "ins") or not sure(clause, chunk):
            continue
        subject = chunk.case == "nom" and clause.words[clause.verb].text not in HERE
        if (subject or has_subject(clause, chunk)) and not any(key.endswith("[psor]") for key in noun.feats):
            yield Draft("quality", adjective.start, adjective.end, ask_for(clause, f"Milyen {noun.text}", chunk, "quality", changed))


def _reason(clause: Clause) -> Iterator[Draft]:
    """ "Péter otthon maradt, mert beteg volt." -> Miért maradt Péter otthon?"""
    if clause.opener in ("mert", "mivel") and any(not owned(clause, c) for c in clause.subjects):
        yield Draft("reason", *clause.tail, ask_for(clause, "Miért", None, "reason"))
