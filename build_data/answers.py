"""Find an answer again in the translation of its context. Two independent witnesses must agree, or the row says why not.

The witnesses, all within the translations of the sentences that the English answer stands in:
  copy       numbers, names, dates and units of the English answer itself, with any case ending (free)
  phrase     the answer translated by itself, with any case ending (one short extra decode)
  attention  the words that the translation model's attention links to the answer's words
  embedding  the words that a multilingual encoder links to them
  score      the stretch that the translation model finds the likeliest translation of the answer (only for what the others leave undecided)
  sentence   a literal match that stands in the right sentence once and leaves nothing of the answer out, where no link points elsewhere

Every witness can say how well any stretch of target words suits it: an F1 in 0..1, over link weights for the links and over words
for the literal ones. The stretch with the largest sum is taken, and it is accepted if at least two witnesses give it AGREE or more and would
themselves choose a stretch that touches the other's. A stretch elsewhere that is as good makes it "ambiguous"; two that agree faintly are
"weak", one witness or none is "no_span", several that differ are "methods_disagree", and the reason tells what each of them saw.

What a right span is: whole words with their case endings ("Helsingissä" for "in Helsinki"), because Finnish and Hungarian say English prepositions by
endings; without the punctuation and quotes around it, but with a bracket that it opens; of a range that is one word the number that was asked.

Tried and left out: brackets or quotes round the answer in a second translation (EasyProject). In 150 sentences a small model kept the pair in
36 % (brackets) and 68 % (quotes), and in 13 and 23 % what stood between them was verbatim in the clean translation.
Measured by benchmarks/spans.py, which prints every witness alone and in pairs; docs/spans.md has its tables.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from build_data.mt_bitext import Bitext, Links
from build_data.mt_match import EDGES, NUMBER, content, copied, fits, inflected, key, number, real
from build_data.mt_support import Support, links_support, overlap_support, weights, words_support

VERSION = 3  # raise when the same translations and links would give other spans
METHODS = ("copy", "phrase", "attention", "embedding", "score", "sentence")  # bit i of `method_code` stands for METHODS[i]
LITERAL = ("copy", "phrase")
LINKS = ("attention", "embedding")
SIGNS = "%$€£"  # links to them are weak: of 979 spans 11 had lost a "prosenttia" or "dollaria"
AGREE = 0.35  # F1 from which a witness agrees with a stretch
FULL = 0.75  # F1 from which copy and phrase are enough without links
# Weight in the sum: the encoder has the best borders, a phrase alone was often put otherwise, the score is of the model that wrote the text.
TRUST = {"copy": 1.0, "phrase": 0.5, "attention": 1.0, "embedding": 1.5, "score": 0.5}
ENOUGH = 0.72  # the sum as a share of the links' trust, below which two that agree are "weak": of 16 such spans read (a poor model's) 8 were wrong
TIE = 0.98  # share of the best sum from which a stretch elsewhere is as good
TELLING = 4  # letters a full match must have to be taken without links: "on" or "a" may stand anywhere
SLACK = 8  # target words that a stretch may hold beyond three for each word of the answer


@dataclass(frozen=True, slots=True)
class Found:
    """An answer in the target text. `methods` are the witnesses that agree on it, `agreement` the second-best of their F1."""

    text: str
    start: int
    agreement: float
    methods: tuple[str, ...]

    @property
    def method(self) -> str:
        """Return the witnesses as one name, "copy+embedding"."""
        return "+".join(self.methods)


@dataclass(frozen=True, slots=True)
class Lost:
    """No answer: `reason` is no_span, methods_disagree, ambiguous or weak; `value` the second-best F1; `seen` the best candidate of each witness."""

    reason: str
    value: float
    seen: str = ""


def method_code(methods: Sequence[str]) -> int:
    """Return the witnesses as a number, one bit each in the order of METHODS, for a row's `span_method` score."""
    return sum(1 << METHODS.index(name) for name in methods)


def method_names(code: int) -> tuple[str, ...]:
    """Return the witnesses of a `span_method` score."""
    return tuple(name for i, name in enumerate(METHODS) if code >> i & 1)


def find(bitext: Bitext, answer: str, start: int, phrase: str, views: Mapping[str, Links], language: str) -> Found | Lost:
    """Find source text[start : start + len(answer)] in the target.

    `phrase` is the answer translated by itself ("" = not known); `views` holds the links by the name of their witness.
    """
    case = case_of(bitext, answer, start, phrase, views, language)
    return decide(case) if case else Lost("no_span", 0.0)


@dataclass(frozen=True)
class Case:
    """One answer: the target words it may be among, and what every witness thinks of a stretch of them.

    A stretch is (first, last) in `positions`, both inclusive.
    """

    bitext: Bitext
    answer: str
    language: str
    positions: Sequence[int]
    stretches: Sequence[tuple[int, int]]
    supports: Mapping[str, Support]

    def total(self, stretch: tuple[int, int]) -> float:
        """Return the sum of what the witnesses give a stretch."""
        return sum(TRUST[name] * support(*stretch) for name, support in self.supports.items())

    def best(self, value: Callable[[tuple[int, int]], float]) -> tuple[int, int]:
        """Return the stretch of the highest value; of equals the shortest, then the first."""
        return max(self.stretches, key=lambda s: (value(s), s[0] - s[1], -s[0]))

    def choice(self, name: str) -> tuple[int, int]:
        """Return the stretch that one witness would take."""
        support = self.supports[name]
        return self.best(lambda stretch: support(*stretch))

    def text(self, stretch: tuple[int, int]) -> str:
        """Return a stretch as it stands in the target."""
        words = self.bitext.target_words
        return self.bitext.target[words[self.positions[stretch[0]]].start : words[self.positions[stretch[1]]].end]

    def found(self, stretch: tuple[int, int], agreement: float, methods: tuple[str, ...]) -> Found | Lost:
        """Return a stretch as an answer, without the punctuation around it; Lost where it is nothing but punctuation."""
        words, target = self.bitext.target_words, self.bitext.target
        stretch = self._with_unit(stretch)
        start, end = trimmed(target, words[self.positions[stretch[0]]].start, words[self.positions[stretch[1]]].end)
        if stretch[0] == stretch[1]:
            start, end = narrowed(target, start, end, self.answer)
        return Found(target[start:end], start, agreement, methods) if start < end else Lost("no_span", agreement)

    def _with_unit(self, stretch: tuple[int, int]) -> tuple[int, int]:
        """Return the stretch with the unit behind it, where a sign of the answer ("8%", "$20 million") became a word there."""
        after = stretch[1] + 1
        if after < len(self.positions) and any(sign in self.answer and copied(sign, self._word(after), self.language) for sign in SIGNS):
            return stretch[0], after
        return stretch

    def _word(self, position: int) -> str:
        return self.bitext.target_words[self.positions[position]].text

    def only(self, *names: str) -> Case:
        """Return the case with these witnesses alone."""
        return replace(self, supports={n: s for n, s in self.supports.items() if n in names})


def case_of(bitext: Bitext, answer: str, start: int, phrase: str, views: Mapping[str, Links], language: str) -> Case | None:
    """Return what the witnesses say of an answer (arguments as of `find`), or None where no target word can be it."""
    asked = bitext.asked(start, len(answer))
    sentences = {bitext.source_words[i].sentence for i in asked}
    positions = [i for i, word in enumerate(bitext.target_words) if word.sentence in sentences]
    if not asked or not positions:
        return None
    words = [bitext.target_words[i].text for i in positions]
    longest = 3 * len(asked) + SLACK
    literal = {
        "copy": fits(content(answer), words, lambda a, b: copied(a, b, language), longest),
        "phrase": fits(real(phrase.split()), words, lambda a, b: inflected(a, b, language), longest),
    }
    counts = weights(bitext, asked)
    supports = {name: words_support(values) for name, values in literal.items() if values}
    supports |= {name: links_support(links, counts, positions) for name, links in views.items()}
    stretches = [(first, last) for first in range(len(positions)) for last in range(first, min(len(positions), first + longest))]
    return Case(bitext, answer, language, positions, stretches, supports)


def decide(case: Case) -> Found | Lost:
    """Take the stretch that suits the witnesses best in sum, if two of them agree on it."""
    totals = {stretch: case.total(stretch) for stretch in case.stretches}
    best = case.best(totals.__getitem__)
    values = {name: support(*best) for name, support in case.supports.items()}
    votes = _together(case, [name for name in METHODS if values.get(name, 0.0) >= AGREE])
    if len(votes) > 1 and set(votes) <= set(LITERAL) and min(values[name] for name in votes) < FULL:
        votes = votes[:1]  # both are about letters: half a name in two ways is still half a name
    agreement = round(sorted([0.0, 0.0, *values.values()])[-2], 3)
    elsewhere = max((value for (a, b), value in totals.items() if b < best[0] or a > best[1]), default=0.0)
    if totals[best] > 0 and elsewhere >= TIE * totals[best]:
        return Lost("ambiguous", agreement, _seen(case))
    if len(votes) >= 2:
        enough = ENOUGH * sum(TRUST[name] for name in LINKS if name in case.supports)
        return case.found(best, agreement, votes) if totals[best] >= enough else Lost("weak", agreement, _seen(case))
    if len(votes) == 1 and _alone(case, votes[0], best):
        return case.found(best, AGREE, (*votes, "sentence"))
    opinions = sum(any(support(*stretch) >= AGREE for stretch in case.stretches) for support in case.supports.values())
    return Lost("methods_disagree" if opinions >= 2 else "no_span", agreement, _seen(case))


def _together(case: Case, votes: Sequence[str]) -> tuple[str, ...]:
    """Return the votes that count.

    Two neighbours would agree on both of them, and neither be right: a vote's own choice must share a word with another's. The score comes from the model
    that wrote the text, so it confirms the encoder and not its own attention or phrase (with a poor model all 3 such spans that were read were wrong).
    """
    confirmed = "embedding" if "embedding" in case.supports else "attention"
    votes = [name for name in votes if name != "score" or confirmed in votes]
    if len(votes) < 2:
        return tuple(votes)
    own = {name: case.choice(name) for name in votes}
    return tuple(a for a in votes if any(a != b and own[a][0] <= own[b][1] and own[b][0] <= own[a][1] for b in votes))


def rivals(case: Case) -> list[tuple[int, int]]:
    """Return the stretches among which a translation model is asked to choose: what each witness would take, and all as long as the best of all."""
    best = case.best(case.total)
    mine = [case.choice(name) for name in case.supports]
    return list(dict.fromkeys([best, *mine, *((a, b) for a, b in case.stretches if b - a == best[1] - best[0])]))


def scored(case: Case, values: Mapping[tuple[int, int], float]) -> Case:
    """Return the case with the witness "score": it is for what overlaps the stretch of the highest log-probability."""
    likeliest = max(values, key=lambda stretch: (values[stretch], -stretch[0]))
    return replace(case, supports={**case.supports, "score": overlap_support(likeliest)})


def _alone(case: Case, name: str, best: tuple[int, int]) -> bool:
    """Say whether a literal match is whole, single and telling, and no link witness is sure of a word elsewhere."""
    if name not in LITERAL or case.supports[name](*best) < 1.0 or len(key(case.text(best))) < TELLING:
        return False
    outside = [i for i in range(len(case.positions)) if not best[0] <= i <= best[1]]
    again = any(case.supports[name](a, b) == 1.0 for a, b in case.stretches if b < best[0] or a > best[1])
    return not again and all(support(i, i) < AGREE for other, support in case.supports.items() if other not in LITERAL for i in outside)


def trimmed(text: str, start: int, end: int) -> tuple[int, int]:
    """Return text[start:end] without punctuation at its ends; a bracket whose partner stays inside is kept."""
    begin, stop = start, end
    while begin < stop and text[begin] in EDGES:
        begin += 1
    while stop > begin and text[stop - 1] in EDGES:
        stop -= 1
    for left, right in ("()", "[]"):
        inside = text[begin:stop]
        if inside.count(left) > inside.count(right) and (partner := text.find(right, stop, end)) >= 0:
            stop = partner + 1
        elif inside.count(right) > inside.count(left) and (partner := text.rfind(left, start, begin)) >= 0:
            begin = partner
    return begin, stop


def narrowed(text: str, start: int, end: int, answer: str) -> tuple[int, int]:
    """Return where the number `answer` stands in a word that holds several ("1914" in "1914–1918"); any other word stays whole."""
    wanted = number(answer)
    numbers = list(NUMBER.finditer(text, start, end))
    if len(numbers) < 2 or len(NUMBER.findall(answer)) != 1:
        return start, end
    places = [found.span() for found in numbers if number(found.group()) == wanted]
    return places[0] if len(places) == 1 else (start, end)


def _seen(case: Case) -> str:
    """Return what each witness would take, for a reader of the excluded rows."""
    best = {name: case.choice(name) for name in case.supports}
    return "; ".join(f"{name}: {case.text(stretch)}" for name, stretch in best.items() if case.supports[name](*stretch) > 0)
