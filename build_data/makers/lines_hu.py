"""What Hungarian questions have in common: which answers are sure, which questions say enough, and how words are put back into a line."""

from __future__ import annotations

import re

from build_data.makers import words_hu as lists
from build_data.makers.clauses_hu import Clause
from build_data.makers.common import chance
from build_data.makers.questions import Chunk, Draft, question, specific
from build_data.makers.verbs_hu import ARTICLES, HERE, NOMINAL, PARTICIPLE, POSSESSED, case_of, is_number, split_preverb

INFLECTED = re.compile(r".{6,}(?:ba|be)|.{4,}[áé]n")  # cases that tags miss most; "szoba" and "kapitány" are no such
LEAST = (2, 8)  # words and letters of content that a question must have; one that doesn't name its subject needs LEAST_SUBJECT
LEAST_SUBJECT = (3, 16)


def loose(clause: Clause, chunk: Chunk) -> bool:
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


def sure(clause: Clause, chunk: Chunk) -> bool:
    return clause.sure(chunk) and not loose(clause, chunk)


def sound(clause: Clause, draft: Draft) -> bool:
    """Refuse questions that cannot be understood alone or say too little, and answers that point elsewhere."""
    own = [w.casefold().strip(",") for w in draft.question.rstrip("?").split()]
    answer = [] if draft.kind == "reason" else [w.casefold() for w in clause.text[draft.start : draft.end].split()]
    return 3 <= len(own) <= 14 and "(" not in "".join(answer) and not any(lists.ANAPHORA.fullmatch(w) for w in [*own, *answer]) and not _vague(clause, draft)


def _vague(clause: Clause, draft: Draft) -> bool:
    """Tell whether a question names too little: a bare "dolog" for a subject, or two or three words that would fit any text."""
    asked = {w.strip(",?") for w in draft.question.split()[1:]}
    words = [
        w
        for w in clause.words
        if asked.issuperset(w.text.split()) or asked.issuperset((w.text[:1].lower() + w.text[1:]).split()) or w is clause.words[clause.verb]
    ]
    own = [c for c in clause.subjects if not draft.start <= clause.head(c).start < draft.end]
    if any(owned(clause, c) or (len([w for w in clause.has(c) if w.upos != "DET"]) == 1 and clause.head(c).text.casefold() in lists.GENERIC) for c in own):
        return True
    return not specific(words, HERE, LEAST_SUBJECT if draft.kind.startswith("subject") else LEAST)


def owned(clause: Clause, chunk: Chunk) -> bool:
    """Tell whether a phrase belongs to somebody whom it doesn't name ("a felesége")."""
    head = clause.head(chunk)
    owned = (
        any(key.endswith("[psor]") for key in head.feats)
        or re.search(r"(?:j[ae]|[áé]s[ae]|[áé]g[ae])$", head.text) is not None
        or lists.KIN.fullmatch(head.text.casefold())
    )
    return bool(owned) and len([w for w in clause.has(chunk) if w.upos in ("NOUN", "PROPN")]) < 2


def ask_for(clause: Clause, asked: str, answer: Chunk | None, kind: str, changed: str = "") -> str:
    """Write question word, verb (or its `changed` form), preverb, and then the other chunks in order, without what a question can spare."""
    verb = clause.words[clause.verb]
    preverb, bare = split_preverb(verb.text) if clause.preverb < 0 else (clause.words[clause.preverb].text, verb.text)
    bare = changed or bare
    start = f"{asked} {bare} {preverb}".strip()
    rest = [w for c in clause.chunks if c != answer and not _spare(clause, c, kind) for w in clause.has(c)]
    return question(start, rest, clause.words[0], clause.first_is_name)


def _spare(clause: Clause, chunk: Chunk, kind: str) -> bool:
    """Tell whether a question can do without a chunk: an adverb of degree or manner, and every other time that isn't asked for."""
    words = clause.has(chunk)
    if len(words) == 1 and lists.OPTIONAL.fullmatch(words[0].text.casefold()):
        return True
    return chunk.case == "time" and kind not in ("time", "subject-person") and len(clause.chunks) > 3 and chance(clause.text, kind, "time") % 2 == 0


def write(clause: Clause, kind: str, asked: str, answer: Chunk, changed: str = "") -> Draft:
    """Return the draft; a definite article stays outside the answer, as annotators mostly leave it."""
    words = clause.has(answer)
    start = 1 if len(words) > 1 and words[0].text.casefold() in ("a", "az") else 0
    return Draft(kind, words[start].start, words[-1].end, ask_for(clause, asked, answer, kind, changed))


def _nominative(clause: Clause, chunk: Chunk) -> bool:
    """Tell whether tag and form agree on a nominative: "ELTE-n" and "Kolozsvárott" are none, nor is a bare word without an article or name."""
    head = clause.head(chunk)
    first = clause.has(chunk)[0]
    behind = clause.words[chunk.stop].text.casefold() if chunk.stop < len(clause.words) else ""
    if behind in lists.OTHER_POSTPOSITIONS or behind in lists.POSTPOSITIONS or INFLECTED.fullmatch(head.text):
        return False  # "a frontvonal elől", "az egyetem szakán"
    marked = first.text.casefold() in ARTICLES or head.upos == "PROPN" or first.text[0].isupper() or re.search(r"[aeoöáéóőúű]k$", head.text) is not None
    return head.upos in ("NOUN", "PROPN") and head.feats.get("Case", "Nom") == "Nom" and marked and re.search(r"-\w{1,4}$|tt$|[bn][ae]n$", head.text) is None


def has_subject(clause: Clause, answer: Chunk | None) -> bool:
    """Tell whether a question without `answer` still says who: a nominative phrase, or a verb in "they" with an object."""
    verb = clause.words[clause.verb].text
    if any(c != answer and _nominative(clause, c) for c in clause.subjects):
        return verb not in ("lett", "lettek") and not (verb in HERE and any(owned(clause, c) for c in clause.subjects))
    return re.search(r"(?:ták|ték|ják|nak|nek|tak|tek|ik)$", verb) is not None and any(c.case == "acc" and c != answer for c in clause.chunks)


def names_person(clause: Clause, chunk: Chunk) -> bool | None:
    """Tell whether a phrase names a person; None = a name that may be anything."""
    words = clause.has(chunk)
    if lists.GROUPS.fullmatch(words[-1].text.casefold()):
        return None
    if found := clause.named(chunk):
        return found == "person"
    if words[-1].text[0].isupper() and any({w.text, re.sub(r"(?:[aeoö]?t|n[ae]k|[a-z]?[ae]l|v[ae]l)$", "", w.text)} & lists.FIRST_NAMES for w in words):
        return True
    head = words[-1].text.casefold()
    stem = re.sub(r"(?:[oeaöó]?k)?(?:[oeaö]?t|n[ae]k|v[ae]l|(?<=(.))\1[ae]l)?$", "", head)
    if (
        any(lists.PERSONS.fullmatch(re.sub(end, "", head)) for end in ("j?[ae]$", "k?[aeoö]?t$"))
        or lists.PERSONS.fullmatch(head)
        or lists.PERSONS.fullmatch(stem)
        or lists.PERSONS.fullmatch(re.sub("á$", "a", re.sub("é$", "e", stem)))
    ):
        return True
    if any(w.text in lists.FIRST_NAMES for w in words[:-1]):  # "Geri kereke" is a thing, "Bakos Helga <unknown trade>" may be anybody
        return False if POSSESSED.fullmatch(words[-1].text.casefold()) else None
    return None if words[-1].text[0].isupper() and words[-1] is not clause.words[0] else False


def names_thing(clause: Clause, chunk: Chunk) -> bool:
    """Tell whether a phrase surely names no person: an article before it, and a head that no trade or title ends like."""
    words, head = clause.has(chunk), clause.head(chunk).text.casefold()
    if words[0].text.casefold() not in ARTICLES or clause.head(chunk).upos != "NOUN" or clause.head(chunk).text[0].isupper():
        return False
    return lists.PERSON_LIKE.fullmatch(head) is None or lists.THINGS.fullmatch(head) is not None
