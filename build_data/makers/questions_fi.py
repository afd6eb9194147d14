"""Finnish questions from tagged sentences. Rules ask for word form and tag to agree, and leave doubtful cases alone.

Word order follows the statement with the question word in front (Missä Lohjan kirjasto toimi vuonna 1994?), as Finnish does; an
adverbial that opened the sentence goes behind, and what a question can do without is left out now and then, so that it copies
less. Trees aren't used: the bundled pack finds 56 % of the heads.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from build_data.makers import predicates_fi, questions
from build_data.makers import words_fi as lists
from build_data.makers.clauses_fi import Clause, find_clause
from build_data.makers.common import chance
from build_data.makers.forms_fi import BE, BESIDE, PARTITIVE_SHAPE, SIGNS, agrees, case_of, millainen
from build_data.makers.lines_fi import before_participle, counts, degree, remaining, sound, spare, sure, without_near, write
from build_data.makers.places_fi import asked_place
from build_data.makers.questions import Chunk, Draft, Names, question
from build_data.parse import Sentence

NECESSIVE = re.compile(r".{3,}t(?:ava|ävä)t?")


def plausible(text: str) -> bool:
    """Tell from the bare text whether `ask` could find anything."""
    return questions.plausible(text, SIGNS, lists.SUBORDINATORS, lists.CONTINUES, lists.NEGATION)


def ask(text: str, sentence: Sentence, names: Names) -> list[Draft]:
    """Return the questions that can be asked of one declarative sentence; often none."""
    clause = find_clause(text, sentence, names)
    if clause is None or any(c.stop < clause.verb and (before_participle(clause, c) or degree(clause, c)) for c in clause.chunks):
        return []  # the field before the verb is one long phrase: its parts would be torn apart
    if any(c.case == "ill" and agrees(clause.head(c), "gen") for c in clause.chunks) or not counts(clause):
        return []
    asked = [_times, _numbers, _places, _subject, _object, _governed, _manner, _according, _definition, _quality, predicates_fi.asked, _reason]
    return [d for rule in asked for d in rule(clause) if sound(clause, d)]


def _times(clause: Clause) -> Iterator[Draft]:
    times = [c for c in clause.chunks if c.case in ("time", "milloin")]
    if len(times) != 1 or times[0].doubtful or clause.around(times[0])[0] in ("ennen", "jo", "noin", "ja") or clause.around(times[0])[1] in lists.BOUND:
        return
    if times[0].case == "milloin" and not sure(clause, times[0]):
        return
    if any(re.fullmatch(r"[12]\d{3}.*|\d+\.", w.text) for i, w in enumerate(clause.words) if not times[0].start <= i < times[0].stop):
        return  # a second year: when was what?
    words = clause.has(times[0])
    rest = without_near(clause, times[0], "time")
    if len(words) == 2 and words[0].text.casefold() == "vuonna" and chance(clause.text) % 2:
        yield Draft("time", words[1].start, words[1].end, question("Minä vuonna", rest, clause.words[0], clause.first_is_name))
    else:
        yield write(clause, "time", "Milloin", times[0], rest)


def _numbers(clause: Clause) -> Iterator[Draft]:
    for chunk in clause.chunks:
        before, behind = clause.around(chunk)
        if (
            chunk.case != "num"
            or chunk.doubtful
            or chunk.stop - chunk.start > 6
            or behind in lists.BOUND
            or before in (lists.BOUND - lists.ABOUT) | {"ja", "tai"}
        ):
            continue
        if lists.LASTS.fullmatch(clause.words[clause.verb].text.casefold()) and lists.DURATION.fullmatch(clause.head(chunk).text.casefold()):
            yield write(clause, "number", "Kuinka kauan", chunk)
            continue
        words = clause.has(chunk)
        counted = next(i for i, w in enumerate(words) if not (lists.NUMBER.fullmatch(w.text.casefold()) or w.text.casefold() in lists.ABOUT))
        tail = [w for c in clause.chunks if c.start == chunk.stop for w in clause.has(c)[:1] if lists.MEASURED.fullmatch(w.text.casefold())]
        noun = " ".join(w.text for w in (*words[counted:], *tail))
        rest = [w for w in remaining(clause, chunk, "number") if w not in tail]
        following = clause.words[chunk.stop] if chunk.stop < len(clause.words) else None
        if re.search(r"(?:s[st]|l[lt]|n)[aä]$", words[-1].text) or (
            following is not None and not tail and (following.upos in ("ADJ", "NUM") or case_of(following) == "par")
        ):
            continue  # no partitive, or "kaksi metriä korkeita"
        asked = ("Kuinka monta", "Montako")[chance(clause.text, "number") % 2]
        yield Draft("number", words[0].start, words[counted - 1].end, question(f"{asked} {noun}", rest, clause.words[0], clause.first_is_name))


def _places(clause: Clause) -> Iterator[Draft]:
    verbs = [w.text.casefold() for w in clause.words if w.upos in ("VERB", "AUX")]
    for chunk in clause.chunks:
        kind, asked = asked_place(clause, chunk, verbs)
        postposition = chunk.case in ("missä", "mihin", "mistä")
        if asked and chunk.stop - chunk.start <= 5 and (sure(clause, chunk) if not postposition else not chunk.doubtful and clause.left_open(chunk)):
            yield write(clause, kind, asked, chunk, without_near(clause, chunk, kind))


def _who(clause: Clause, chunk: Chunk) -> str:
    """Return "kuka" or "mikä" for a nominative phrase, "" where that cannot be told."""
    words = clause.has(chunk)
    head = words[-1]
    if found := clause.named(chunk):
        return "kuka" if found == "person" else "mikä"
    if any(w.text in lists.FIRST_NAMES for w in words):
        return "kuka"
    capital = head.text[0].isupper() and (head is not clause.words[0] or clause.first_is_name)
    if capital:
        common = words[0].text.casefold()
        if len(words) > 1 and words[0].upos == "NOUN" and (words[0] is clause.words[0] or words[0].text[0].islower()):
            return "kuka" if lists.PERSONS.fullmatch(common) and not lists.NOT_PERSONS.fullmatch(common) else ""
        return "kuka" if len(words) == 2 and words[0].text[0].isupper() and head.text.endswith("nen") else ""
    lower = head.text.casefold()
    return "kuka" if lists.PERSONS.fullmatch(lower) and not lists.NOT_PERSONS.fullmatch(lower) else "mikä"


def _subject(clause: Clause) -> Iterator[Draft]:
    chunk, verb = clause.subject, clause.words[clause.verb].text.casefold()
    if (
        chunk is None
        or not sure(clause, chunk)
        or chunk.stop - chunk.start > 6
        or (verb in BE and not clause.compound)
        or any(NECESSIVE.fullmatch(w.text.casefold()) for w in clause.words[clause.verb :])
    ):
        return
    head, asked, plural = clause.head(chunk), _who(clause, chunk), verb.endswith(("vat", "vät"))
    if (
        head.upos not in ("NOUN", "PROPN")
        or not asked
        or PARTITIVE_SHAPE.fullmatch(head.text.casefold())
        or head.text.endswith("t") != plural
        or head.text.casefold() in lists.GENERIC
        or lists.PARTICIPLE.fullmatch(head.text.casefold())
        or head.text.endswith(("mmas", "mmäs"))
    ):
        return
    asked = {"kuka": "Ketkä", "mikä": "Mitkä"}[asked] if plural else asked.capitalize()
    yield write(clause, "subject-person" if asked in ("Kuka", "Ketkä") else "subject-thing", asked, chunk)


def _object(clause: Clause) -> Iterator[Draft]:
    subject, verb = clause.subject, clause.words[clause.verb].text.casefold()
    after = [c for c in clause.chunks if c.start > clause.verb]
    first = clause.chunks[0]
    if re.search(r"(?:tiin|taan|tään|daan|dään|laan|lään)$", verb) and first.case == "par" and first.stop == clause.verb and len(after) > 0:
        if clause.head(first).upos == "NOUN" and PARTITIVE_SHAPE.fullmatch(clause.head(first).text.casefold()) and sure(clause, first):
            yield write(clause, "object", "Mitä", first)  # "Kirjoja lainattiin autosta"
        return
    if subject is None or not after or verb in BE or clause.head(subject).upos not in ("NOUN", "PROPN"):
        return
    chunk, behind = after[0], after[1] if len(after) > 1 else None
    head = clause.head(chunk)
    lower = head.text.casefold()
    if head.upos != "NOUN" or chunk.stop - chunk.start > 4 or lists.PERSONS.match(lower) or head.text[0].isupper():
        return
    if lists.DURATION.fullmatch(lower) or lists.MEASURES.fullmatch(lower):
        if lists.LASTS.fullmatch(verb):
            yield write(clause, "number", "Kuinka kauan", chunk)
        return
    if lists.LASTS.fullmatch(verb) or lists.HELPERS.fullmatch(verb) or clause.around(chunk)[1] in BESIDE or head.text == "alun":
        return
    if lower in lists.GENERIC or lists.VAGUE.fullmatch(lower):
        return
    if (
        chunk.case == "par"
        and sure(clause, chunk)
        and (PARTITIVE_SHAPE.fullmatch(lower) or lower.endswith(("ta", "tä")))
        and (len(lower) < 7 or not re.search(r"[sl]t[aä](?:[aä]n)?$", lower))
    ):
        if not lower.endswith(("mista", "mistä")) and not (behind is not None and clause.words[behind.start].upos in ("ADJ", "VERB")):
            yield write(clause, "object", "Mitä", chunk)
    elif (
        chunk.case == "gen"
        and not re.search(r"(?:iin|[aeiouyäö]{2}n|h[aeiouyäö]n)$", lower)
        and clause.around(chunk)[1] not in lists.BOUND
        and (behind is None or behind.case in ("time", "adv"))
        and head.feats.get("Case") in ("Gen", "Acc")
        and not chunk.doubtful
    ):
        yield write(clause, "object", "Minkä", chunk)


def _governed(clause: Clause) -> Iterator[Draft]:
    """ "Kirja kertoo kaupungin historiasta." -> Mistä kirja kertoo?"""
    verb = clause.words[clause.verb].text.casefold()
    for chunk in clause.chunks:
        wanted = {"ela": lists.ABOUT_WHICH, "ill": lists.INTO_WHICH}.get(chunk.case)
        head = clause.head(chunk)
        if wanted is None or not wanted.fullmatch(verb) or chunk.start < clause.verb or head.upos != "NOUN" or not agrees(head, chunk.case):
            continue
        person = lists.PERSONS.fullmatch(re.sub("st[aä]$", "", head.text)) or any(w.text[0].isupper() for w in clause.has(chunk)[-1:])
        if not person and clause.subject is not None and sure(clause, chunk) and chunk.stop - chunk.start <= 5:
            yield write(clause, "about", "Mistä" if chunk.case == "ela" else "Mihin", chunk)


def _manner(clause: Clause) -> Iterator[Draft]:
    """ "Kamerat toimivat automaattisesti." -> Miten kamerat toimivat?"""
    for chunk in clause.chunks:
        word = clause.head(chunk)
        behind = clause.words[chunk.stop] if chunk.stop < len(clause.words) else None
        alone = chunk.stop - chunk.start == 1 and chunk.start == clause.verb + 1 + clause.compound and clause.around(chunk)[0] not in lists.DEGREES
        open_behind = behind is None or (behind.upos in ("NOUN", "PROPN") and case_of(behind) in ("ine", "ade", "ela", "ill", "abl", "all"))
        if alone and open_behind and word.upos == "ADV" and lists.MANNER.fullmatch(word.text) and clause.subject is not None:
            yield write(clause, "manner", "Miten", chunk)


def _according(clause: Clause) -> Iterator[Draft]:
    """ "Sillanpään mukaan asiakkaat ..." -> Kenen mukaan?"""
    words = clause.words
    if len(words) > 4 and words[1].text == "mukaan" and words[0].text.endswith("n") and clause.first_is_name:
        yield Draft("whose", words[0].start, words[0].end, question("Kenen", words[1:], words[0], True))


def _definition(clause: Clause) -> Iterator[Draft]:
    """ "Koli on Pohjois-Karjalan korkein vaara." -> Mikä on Koli?"""
    subject, verb = clause.subject, clause.words[clause.verb].text.casefold()
    after = [c for c in clause.chunks if c.start > clause.verb and not spare(clause, c, "definition")]
    if subject is None or verb not in ("on", "oli") or len(after) != 1 or after[0].case != "nom" or clause.subject != clause.chunks[0]:
        return
    said, head = clause.has(after[0]), clause.head(after[0])
    named = clause.head(subject).text[0].isupper() and (subject.stop - 1 > 0 or clause.first_is_name)
    if (
        head.upos != "NOUN"
        or not agrees(head, "nom")
        or after[0].stop - after[0].start > 6
        or (len(said) < 2 and not clause.opener.startswith(("jo", "mi")))
        or any(w.upos not in ("NOUN", "PROPN", "ADJ", "NUM", "CCONJ") for w in said)
        or lists.PARTICIPLE.fullmatch(head.text.casefold())
        or head.text.casefold() in lists.GENERIC
        or not (named or (agrees(clause.head(subject), "nom") and not subject.doubtful and len(clause.head(subject).text) > 8))
        or clause.head(subject).text.casefold() in lists.GENERIC
    ):
        return
    persons = any(w.text in lists.FIRST_NAMES for w in clause.has(subject)) or (named and lists.PERSONS.fullmatch(head.text.casefold()))
    words = [clause.words[clause.verb], *clause.has(subject)]
    yield write(clause, "definition", "Kuka" if persons else "Mikä", after[0], words)


def _quality(clause: Clause) -> Iterator[Draft]:
    """ "Kirjasto muutti vanhaan paloasemaan." -> Millaiseen paloasemaan kirjasto muutti?"""
    for chunk in clause.chunks:
        words = clause.has(chunk)
        if len(words) != 2 or words[0].upos != "ADJ" or words[1].upos != "NOUN" or chunk.case not in ("nom", "par", "ine", "ill", "ade", "all", "ela"):
            continue
        plain = words[0] is not clause.words[0] and words[0].text.islower() and words[1].text.islower() and agrees(words[0], chunk.case)
        asked = millainen(words[1], chunk.case)
        if not plain or not asked or lists.NEEDED.fullmatch(words[0].text.casefold()) or lists.NO_QUALITY.fullmatch(words[0].text.casefold()):
            continue
        if chunk.case == "par" and not PARTITIVE_SHAPE.fullmatch(words[1].text.casefold()):
            continue  # perhaps an infinitive
        known = words[1].text.casefold() not in lists.BOUND and not lists.TIME_HEADS.fullmatch(words[1].text.casefold())
        plural = "millaiset" if chunk.case == "nom" else "millaisia"
        if (chunk.case == "par" and (asked == plural) != bool(re.search(r"[ij][aä]$", words[1].text))) or (
            chunk.case == "nom" and (asked == plural) != words[1].text.endswith("t")
        ):
            continue  # number by tag and by form disagree
        if known and sure(clause, chunk) and words[0].feats.get("Number") == words[1].feats.get("Number"):
            line = question(f"{asked.capitalize()} {words[1].text}", remaining(clause, chunk, "quality"), clause.words[0], clause.first_is_name)
            yield Draft("quality", words[0].start, words[0].end, line)


def _reason(clause: Clause) -> Iterator[Draft]:
    """ "Juna myöhästyi, koska rata oli poikki." -> Miksi juna myöhästyi?"""
    if clause.opener == "koska" and clause.subject is not None:
        line = question("Miksi", remaining(clause, None, "reason"), clause.words[0], clause.first_is_name)
        yield Draft("reason", *clause.tail, line)
