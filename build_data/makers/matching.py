"""Does this passage answer this question? Question-answer matching as a pair task, from text in which people ask and are answered.

A document of two paragraphs, of which the first asks, is a question with its answer; the answer is cut into passages of one or two
sentences. `matches` is the question with a passage of its own answer, `other` with one of another question's. Two such pairs always
change passages with each other, so every question and every passage stands once in either label, and neither alone can tell it. Both are
of one corpus, about equally long and near in the order of splits, and of all that fit, those are taken that share most common words; which rare words of
the question are taken up, and whether what is said is what was asked, is what tells the label.

A passage must be about something, or it would answer any question ("Kysy lähimmästä kirjastosta."): it shares a rare word with its
question, or it opens the answer and has several rare words of its own. A passage and a question of two pairs share no rare word.

Finnish has such text (a library's question service); the Hungarian corpora have none. Turns of speech in novels, a question and what is said
next, were tried: see docs/native-review/README.md. In fiction, too many a reply evades its question, and would do for another as well.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from build_data.heuristics import words
from build_data.makers.common import Declared, Made, chance, common_fields, paragraphs, sentences, whole_sentence
from build_data.parse import Parser
from build_data.split import CELLS, cell
from build_data.steps import Ledger
from corpora.records import Document, Pair, Record

NAME = "matching"
VERSION = 3
LABELS = ("matches", "other")
QUESTION = (3, 60)  # words
SENTENCE = (3, 45)  # words a sentence of a passage
PASSAGE = 2  # sentences
PER_DOCUMENT = 6  # passages of one answer: a long one would outweigh the others
STEM = 5  # letters that stand for a word, so that its inflected forms count together
RARE = 0.02  # share of questions and answers that use a rare word at most
OWN = 3  # rare words that make a passage be about something
LIKE = 1.6  # how many times longer one question, or passage, may be than the one it changes places with
LOOKED_AT = 400  # pairs that are tried as a partner
CUT = re.compile(
    r"\b(?:suom|puh|p|s|ss|lk|toim|julk|nro|ks|tel|esim|mm|ns|n|v|vrt|kts|kpl|tri|em|ko|jne|ym|yms|os|ed|vol|painos|ISBN)\.$"
)  # ends at an abbreviation
# A title, a shelf mark or a telephone number; the end of an entry that a sentence grew on to ("osa 2 Toinen kysytty laulu", "1989 Jos myös").
LISTED = re.compile(
    r"\s[:;]\s|//|\bISBN\b|\b(?:s|ss|nro|vol)\.\s?\d|\bpuh\b|\d{5,}|, [12]\d{3}\.$|^[12]\d{3} [A-ZÅÄÖ]|\bosa \d+ [A-ZÅÄÖ]|\b[A-ZÅÄÖ]{6,}\b.*\b[A-ZÅÄÖ]{6,}\b"
)
GREETING = re.compile(r"^(?:hei|moi|terve|hello|hyvää päivää|päivää|moikka)\b[^.!?]{0,12}[!,.]\s+", re.IGNORECASE)


@dataclass(frozen=True)
class Asked:
    """A question with a passage that answers it; `opens` = the answer begins with it."""

    document: Document
    number: int
    question: str
    passage: str
    opens: bool


def matching(documents: Sequence[Document], language: str, parser: Parser, seed: int, *, max_sentences: int) -> Made:
    """Make rows; see the module. The parser isn't needed.

    Documents refused: "no_question", "same_id". Candidates are passages. Refused: "question_length", what whole_sentence says of a sentence
    ("length", "list_item", "no_sentence", "signs"), "question", "listed" (a title, a shelf mark, a number), "cut" (ends at an abbreviation or inside brackets),
    "enough" (PER_DOCUMENT is reached), "vague" (about nothing in particular), "same_text", "no_partner".
    """
    del parser
    read = Ledger("read documents", rows_in=len(documents))
    ledger = Ledger("make")
    asked: list[Asked] = []
    seen: set[str] = set()
    for document in documents:
        pair = _pair(document)
        reason = "same_id" if document.id in seen else "" if pair else "no_question"
        seen.add(document.id)
        if reason or pair is None:
            read.excluded[reason] += 1
            continue
        read.kept += 1
        asked += _passages(document, *pair, language, max_sentences, ledger)
    couples = _couples(_distinct(asked, ledger), seed, ledger)
    rows: list[Record] = [row for one, two in couples for row in _rows(one, two)]
    ledger.made += len(rows) // 2  # a passage is one candidate; its wrong question is one more
    ledger.kept = len(rows)
    return Made(rows, [read.close(), ledger.close()])


def _pair(document: Document) -> tuple[str, str] | None:
    """Return the question and the answer of a document, None where it is no such thing."""
    parts = paragraphs(document)
    return (GREETING.sub("", parts[0]), parts[1]) if len(parts) == 2 and "?" in parts[0] else None


def _passages(document: Document, question: str, answer: str, language: str, most: int, ledger: Ledger) -> list[Asked]:
    """Cut an answer into passages; a sentence that is no plain one ends the passage before it."""
    if not QUESTION[0] <= len(question.split()) <= QUESTION[1] or not question[:1].isupper():
        ledger.made += 1
        ledger.excluded["question_length"] += 1
        return []
    run: list[str] = []
    passages: list[tuple[int, str]] = []
    lines = [answer[a:b] for a, b in sentences(answer, language)][:most]
    for at, line in enumerate(lines):
        fault = _fault(line)
        if fault:
            ledger.made += 1
            ledger.excluded[fault] += 1
        else:
            run.append(line)
        if run and (fault or len(run) == PASSAGE or at + 1 == len(lines)):
            passages.append((at + (0 if fault else 1) - len(run), " ".join(run)))
            run = []
    ledger.made += len(passages)
    ledger.excluded["enough"] += max(0, len(passages) - PER_DOCUMENT)
    return [Asked(document, at, question, text, at == 0) for at, text in passages[:PER_DOCUMENT]]


def _fault(line: str) -> str:
    """Return why a sentence is no plain one, or ""."""
    cut = CUT.search(line) or line.count("(") != line.count(")")
    return whole_sentence(line, *SENTENCE) or ("question" if line.endswith("?") else "listed" if LISTED.search(line) else "cut" if cut else "")


def _distinct(asked: Sequence[Asked], ledger: Ledger) -> list[Asked]:
    seen: set[str] = set()
    out: list[Asked] = []
    for item in asked:
        if item.passage in seen:
            ledger.excluded["same_text"] += 1
        else:
            out.append(item)
        seen.add(item.passage)
    return out


def stems(text: str) -> frozenset[str]:
    """Return the beginnings of the longer words of a text, in small letters."""
    return frozenset(word.casefold()[:STEM] for word in words(text) if len(word) >= STEM)


def _rare(asked: Sequence[Asked]) -> frozenset[str]:
    """Return the stems that few questions with their answers use."""
    texts: dict[tuple[str, str], set[str]] = defaultdict(set)
    for item in asked:
        texts[item.document.id, item.question] |= stems(item.question) | stems(item.passage)
    counts = Counter(stem for found in texts.values() for stem in found)
    most = max(2, round(RARE * len(texts)))
    return frozenset(stem for stem, count in counts.items() if count <= most)


def _couples(asked: Sequence[Asked], seed: int, ledger: Ledger) -> list[tuple[Asked, Asked]]:
    """Return pairs that can change passages; each is in one couple at most."""
    rare = _rare(asked)
    question = {item: stems(item.question) for item in asked}
    passage = {item: stems(item.passage) for item in asked}
    about = [item for item in asked if question[item] & passage[item] & rare or (item.opens and len(passage[item] & rare) >= OWN)]
    ledger.excluded["vague"] += len(asked) - len(about)
    rest = sorted(about, key=lambda item: chance(seed, item.document.id, item.number))
    couples: list[tuple[Asked, Asked]] = []

    def common(one: Asked, two: Asked) -> int:
        """Return how many words two pairs would have in common after the change, -1 where they cannot change."""
        found = (question[one] & passage[two]) | (question[two] & passage[one])
        return len(found) if not found & rare and two.document.id != one.document.id and _like(one, two) else -1

    for width in CELLS:  # a couple that a split cuts in two is lost to validation
        pools: dict[tuple[str, int], list[Asked]] = defaultdict(list)
        for item in rest:
            pools[item.document.corpus, cell(item.document.id, width)].append(item)
        rest = []
        for _, pool in sorted(pools.items()):
            found, over = _paired(pool, common)
            couples += found
            rest += over
    ledger.excluded["no_partner"] += len(rest)
    return couples


def _paired(pool: list[Asked], common: Callable[[Asked, Asked], int]) -> tuple[list[tuple[Asked, Asked]], list[Asked]]:
    """Return couples of a pool, each with the partner of most words in common (none of them rare: near in topic, and still no answer), and those without one."""
    couples, rest = list[tuple[Asked, Asked]](), list[Asked]()
    while pool:
        one = pool.pop()
        near = pool[-LOOKED_AT:]
        counts = [common(one, two) for two in near]
        most = max(counts, default=-1)
        if most < 0:
            rest.append(one)
        else:
            best = near[counts.index(most)]
            pool.remove(best)
            couples.append((one, best))
    return couples, rest


def _like(one: Asked, two: Asked) -> bool:
    sizes = ((len(one.question), len(two.question)), (len(one.passage), len(two.passage)))
    return all(max(pair) <= LIKE * min(pair) for pair in sizes)


def _rows(one: Asked, two: Asked) -> list[Pair]:
    """Return the four rows of a couple; a row belongs to its question's document."""
    out: list[Pair] = []
    for asks, answers in ((one, one), (two, two), (one, two), (two, one)):
        label = "matches" if asks is answers else "other"
        fields = common_fields(asks.document, NAME, asks.number)
        fields |= {"id": f"{fields['id']}-{label}"}
        out.append(Pair(**fields, premise=asks.question, hypothesis=answers.passage, label=label))
    return out


FAMILY = Declared(
    run=matching,
    kind="pair",
    version=VERSION,
    labels=LABELS,
    chance=1 / 2,
    what="A question and a passage: of its own answer, or of the answer to another question.",
    problems=(
        "A passage takes up a rare word of its own question and none of the other's: word overlap helps.",
        "In dialogue, a reply may evade the question.",
    ),
    block_words=0,
)
