"""Does a connective head the clause it seems to introduce, and what are the two spans it joins? Decided on the parse, one sentence at a time.

The sentence must fall into two sides, each a tree of its own with one top, and the connective must hang on the top of its side. So "pieni
mutta sitkeä" (inside a phrase), "kysyi, jos ..." (a question, the verb's object), "sillä tavalla" (a pronoun) and "így történt" (how it
happened) are no candidates, and a clause torn by a relative clause or a list is none either. Which of the two tops hangs on the other is
left open: the bundled Hungarian pack takes the first clause for the main one, whatever it begins with. In a sentence with no comma but the
one at the border there is only one place to cut, so there a word that the parse hangs on the wrong side is let pass.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from build_data.makers.connectives import Connectives, Found
from build_data.parse import Sentence, Word

WORDS = (4, 25)  # a span: below, it says too little to judge; above, parses of the bundled packs are seldom right
# Relations of one side's top to the other side, beside "root". The packs' words for the relation of two clauses are less sure than their brackets.
JOINS = frozenset({"advcl", "conj", "parataxis", "acl", "ccomp", "csubj", "xcomp", "appos"})
MARKS = {  # what marks the head of its clause
    "subordinator": frozenset({"mark", "advmod", "cc"}), "coordinator": frozenset({"cc", "mark", "advmod"}), "adverb": frozenset({"advmod", "cc", "mark", "discourse"}),
}  # fmt: skip
SUBJECTS = ("nsubj", "csubj")
QUOTES = (('"', '"'), ("”", "”"), ("“", "„"), ("»", "«"), ("'", "'"))
DROPS_THIRD = frozenset({"hu"})  # leaves a third person out as well: "Elment." is a sentence, "Lähti." hangs on the clause before


@dataclass(frozen=True, slots=True)
class Spans:
    """The two spans in the order of the text, repaired to sentences; `first` = "" where it is the sentence before."""

    first: str
    second: str


@dataclass(frozen=True, slots=True)
class Side:
    """One clause of the sentence: its words, its top, and whether they are one clause beyond doubt (no comma inside)."""

    members: frozenset[int]
    top: int
    plain: bool


class Tree:
    """The words of a sentence, with what hangs on what."""

    def __init__(self, words: Sequence[Word]) -> None:
        self.words = words
        self.root = next((i for i, word in enumerate(words) if not word.head), -1)
        self.spoken = [i for i, word in enumerate(words) if word.upos != "PUNCT"]

    def relation(self, at: int) -> str:
        """Return the relation of a word to its head, without the subtype."""
        return self.words[at].deprel.partition(":")[0]

    def tops(self, side: frozenset[int]) -> list[int]:
        """Return the words of `side` that hang on none of them, in order: one, if the side is a tree of its own."""
        return [i for i in sorted(side) if self.words[i].head - 1 not in side]

    def linked(self, one: int, two: int) -> bool:
        """Tell whether one of two tops hangs on the other's side as a clause."""
        lower = two if not self.words[one].head or self.words[two].head - 1 == one else one
        return self.relation(lower) in JOINS

    def verbs(self, side: Side) -> list[Word]:
        """Return the finite verbs of a clause."""
        near = (
            side.members if side.plain else {side.top, *(i for i in self.spoken if self.words[i].head - 1 == side.top and self.relation(i) in ("aux", "cop"))}
        )
        return [self.words[i] for i in sorted(near) if finite(self.words[i])]

    def has_subject(self, side: Side) -> bool:
        """Tell whether a clause has its own subject."""
        return any(self.relation(i) in SUBJECTS and (side.plain or self.words[i].head - 1 == side.top) for i in side.members)


def finite(word: Word) -> bool:
    """Tell whether a word is tagged as a finite verb."""
    return word.upos in ("VERB", "AUX") and (word.feats.get("VerbForm") == "Fin" or "Mood" in word.feats)


def has_main_verb(sentence: Sentence) -> bool:
    """Tell whether the main clause of a sentence has a finite verb: "Kirjoja, joita on paljon." has none."""
    tree = Tree(sentence.words)
    return tree.root >= 0 and bool(tree.verbs(Side(frozenset(tree.spoken), tree.root, False)))


def spans(text: str, found: Found, sentence: Sentence, language: str, lists: Connectives) -> Spans | str:
    """Return the spans that `found` joins, or why it joins none.

    "no_head" (the connective's words hang on different words, or on none), "relation" (it marks no clause), "torn" (words of one side
    hang on the other), "scope" (it may join only the end of the first side), "verbless", "no_subject", "mood", "verb_first" (what removal
    leaves has the order of a question), "span_length".
    """
    tree = Tree(sentence.words)
    own = [i for i, w in enumerate(sentence.words) if w.start >= found.start and w.end <= found.end]
    head = _head(tree, own, found)
    if isinstance(head, str):
        return head
    joined = _clauses(text, found, tree, own[-1], head, lists) if found.place in ("between", "before") else _sentence(text, found, tree, head)
    if isinstance(joined, str):
        return joined
    cut, sides = joined
    fault = next((f for f in (_fault(tree, side, found, language, lists) for side in sides) if f), "") or _order(
        tree, found, own[-1], sides[0 if found.place == "between" else -1], language
    )
    if fault or lists.in_mood(text, found.entry.refused_moods):
        return fault or "mood"
    if not (even(cut.first) and even(cut.second)):
        return "torn"
    sizes = [len(part.split()) for part in (cut.first, cut.second) if part]
    return cut if all(WORDS[0] <= size <= WORDS[1] for size in sizes) else "span_length"


def _head(tree: Tree, own: Sequence[int], found: Found) -> int | str:
    """Return the word that the connective marks as its clause's head, or why there is none."""
    words = tree.words
    if not own or tree.root < 0:
        return "no_head"
    if found.entry.sentential and found.place == "opening":
        after = words[own[-1] + 1].text if own[-1] + 1 < len(words) else ","
        return "no_head" if tree.root in own else "relation" if after == "," or after.casefold() in found.entry.not_before else tree.root
    heads = {words[i].head - 1 for i in own} - set(own)
    heads = {tree.root} if tree.root in heads else heads
    if len(heads) != 1 or tree.root in own:
        return "no_head"
    head = heads.pop()
    marks = {tree.relation(i) for i in own if words[i].head - 1 == head}
    marked_well = marks <= MARKS[found.entry.role] and (len(own) > 1 or words[own[0]].upos not in ("PRON", "DET"))
    return head if marked_well else "relation"


def _clauses(text: str, found: Found, tree: Tree, last: int, head: int, lists: Connectives) -> tuple[Spans, list[Side]] | str:
    """Cut a sentence of two clauses; returns the spans, the connective's clause and the other one."""
    words = tree.words
    if found.place == "between":
        mine = frozenset(i for i in tree.spoken if words[i].start >= found.start)
        left, right = text[: found.start], text[found.end :]
    else:
        border = _border(tree, last, head)
        if not border:
            return "torn"
        mine = frozenset(i for i in tree.spoken if i < border)
        left, right = text[found.end : words[border].start], _without(text[words[border].end :].lstrip(), lists.correlates)
    other = frozenset(tree.spoken) - mine
    plain = text.count(",") == 1
    tops, others = tree.tops(mine), tree.tops(other)
    if not others or head not in tops or (not plain and len(tops) + len(others) > 2):
        return "torn"
    top = next((i for i in others if finite(words[i])), others[0])
    if not plain and not tree.linked(head, top):
        return "relation"
    if found.place == "between" and lists.scoped.search(left):
        return "scope"
    return Spans(repaired(left), repaired(right)), [Side(mine, head, plain), Side(other, top, plain)]


def _border(tree: Tree, last: int, head: int) -> int:
    """Return the comma that ends the subordinate clause a sentence begins with; 0 if none does."""
    commas = [i for i in range(last + 1, len(tree.words)) if tree.words[i].text == ","]
    if len(commas) == 1:
        return commas[0]
    return next((i for i in commas if tree.tops(frozenset(k for k in tree.spoken if k < i)) == [head]), 0)


def _without(text: str, correlates: Sequence[str]) -> str:
    first, _, rest = text.partition(" ")
    return rest if first in correlates else text


def _sentence(text: str, found: Found, tree: Tree, head: int) -> tuple[Spans, list[Side]] | str:
    """Take the connective out of a sentence that it joins to the one before."""
    if head != tree.root:
        return "relation"
    before, after = text[: found.start], text[found.end :]
    if found.place == "inside" and (before.rstrip().endswith(",") or after.startswith(",")):
        return "torn"
    return Spans("", repaired(f"{before.rstrip()} {after.lstrip(', ')}")), [Side(frozenset(tree.spoken), head, "," not in after.lstrip(", "))]


def _fault(tree: Tree, side: Side, found: Found, language: str, lists: Connectives) -> str:
    """Return why a clause can't stand alone, or ""."""
    verbs, subject, top = tree.verbs(side), tree.has_subject(side), tree.words[side.top]
    if not verbs:
        return "verbless"  # in Hungarian "A ház nagy" is a sentence, but the bundled pack's word for what is none is not good enough
    if all(w.feats.get("Polarity") == "Neg" for w in verbs) and not any(_negated(tree.words[i]) for i in side.members):
        return "verbless"  # "mutta minä en", "mutta ei heti saavuttua": its verb is in the other clause
    moods = {w.feats.get("Mood", "") for w in verbs}
    if "Imp" in moods or moods & set(found.entry.refused_moods):
        return "mood"
    third = all(w.feats.get("Person", "3") == "3" and w.feats.get("Voice") != "Pass" for w in verbs) and top.feats.get("Voice") != "Pass"
    if language in DROPS_THIRD or not third or subject:
        return ""
    # A verb of no person ("kannattaa", "voi") says all it has to, unless it opens the clause: then its subject is in the other one.
    first = min(i for i in side.members if tree.words[i].start >= found.end or tree.words[i].end <= found.start)
    impersonal = any(tree.words[i].text.casefold() in lists.impersonal for i in side.members)
    return "" if impersonal and not finite(tree.words[first]) else "no_subject"


def _negated(word: Word) -> bool:
    """Tell whether a word can be what a negation verb denies: a verb, but no participle in a case of its own ("saavuttua")."""
    return word.upos in ("VERB", "AUX") and word.feats.get("Polarity") != "Neg" and word.feats.get("Case", "Nom") == "Nom"


def _order(tree: Tree, found: Found, last: int, main: Side, language: str) -> str:
    """Return "verb_first" where the connective, or the clause before, made the verb move to the front."""
    words, after = tree.words, last + 1
    if found.entry.not_before_verb and after < len(words) and words[after].upos in ("VERB", "AUX"):
        return "verb_first"
    if language in DROPS_THIRD or found.place == "inside":
        return ""
    first = words[min(i for i in main.members if found.place == "before" or i > last)]
    moved = finite(first) and first.feats.get("Person", "3") == "3" and first.feats.get("Voice") != "Pass" and first.feats.get("Polarity") != "Neg"
    return "verb_first" if moved and (found.place == "between" or tree.has_subject(main)) else ""


def even(part: str) -> bool:
    """Tell whether every bracket and quotation mark of a span is closed in it."""
    return part.count("(") == part.count(")") and all((part.count(a) + part.count(b) * (a != b)) % 2 == 0 for a, b in QUOTES)


def repaired(part: str) -> str:
    """Return a span as a sentence: no comma at its ends, a capital, one full stop."""
    part = part.strip(" ,").rstrip(" .")
    return f"{part[:1].upper()}{part[1:]}."
