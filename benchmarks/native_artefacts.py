"""Baselines that see a part of each row only, trained on the training rows and tested on validation (or on all rows by turns: native_rows.turns).

pair: one text of the two, or of a single one its words without their order; the lengths. choice: the endings without their context; their lengths; the place. span: the question without the
context; the context without the question (where answers mostly lie). Where they beat a guess, the rows give their answer away.
"""

from __future__ import annotations

import random
import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from benchmarks.native_rows import FOLDS, Figure, Rows, figure, guess, turns
from build_data.hypothesis_only import taught, taught_numbers
from corpora.records import Choice, Pair, Record, Span
from train.metrics import answer_component

WINDOWS = 200  # random windows of a context whose mean is what a guess scores
PLACES, TRIED = 10, 500  # parts of a context among which the likeliest place of answers is chosen, on so many training rows


@dataclass(frozen=True)
class Seen:
    """A baseline on one split: what it sees, each tested row's score (0 to 1), and what a guess scores; `judged` = held to the bar."""

    what: str
    right: list[float]
    guess: float
    judged: bool = True
    note: str = ""


def figures(rows: Rows, most: int) -> list[Figure]:
    """Return the baselines of a task's kind, each trained on `most` rows at most; [] for kinds without an answer to give away (text, tags)."""
    baselines: Callable[[Rows, Sequence[Record]], list[Seen]] | None = {"pair": _pair, "choice": _choice, "span": _span}.get(rows.kind)
    if baselines is None:
        return []
    splits = turns(rows)
    found: dict[str, list[Seen]] = {}
    for split in splits:
        for one in baselines(split, random.Random(0).sample(split.train, min(most, len(split.train)))):
            found.setdefault(one.what, []).append(one)
    trained = sum(min(most, len(split.train)) for split in splits) // len(splits)
    return [_together(rows, what, some, trained, f"{FOLDS} turns" if len(splits) > 1 else "") for what, some in found.items()]


def _together(rows: Rows, what: str, some: Sequence[Seen], trained: int, turned: str) -> Figure:
    right = [score for one in some for score in one.right]
    chance = sum(one.guess * len(one.right) for one in some) / len(right)
    note = ", ".join(filter(None, [turned, Counter(one.note for one in some).most_common(1)[0][0]]))
    return figure(rows, what, trained, right, chance, note=note) if some[0].judged else figure(rows, what, trained, right, chance, above=None, note=note)


def _pair(rows: Rows, train: Sequence[Record]) -> list[Seen]:
    known, asked = [r for r in train if isinstance(r, Pair)], [r for r in rows.validation if isinstance(r, Pair)]
    gold, chance = [r.label for r in known], guess(rows)

    def told(what: str, found: Sequence[dict[str, float]], judged: bool = True) -> Seen:
        return Seen(what, [float(max(p, key=lambda name: p[name]) == row.label) for p, row in zip(found, asked, strict=True)], chance, judged)

    out = []
    if any(r.hypothesis for r in known):
        out.append(told("second text only", taught([r.hypothesis for r in known], gold, [r.hypothesis for r in asked])))
        out.append(told("first text only", taught([r.premise for r in known], gold, [r.premise for r in asked])))
    out.append(told("lengths only", taught_numbers(list(map(_lengths, known)), gold, list(map(_lengths, asked)))))
    if any(r.hypothesis for r in known):
        overlaps = ([[_overlap(r.premise, r.hypothesis)] for r in some] for some in (known, asked))
        out.append(told("word overlap of the two", taught_numbers(next(overlaps), gold, next(overlaps)), judged=False))
    else:  # what single texts are about may well say the label (topic), so there is no bar; what is grammatical, words without their order should not say
        out.append(told("words in alphabetical order", taught([_sorted(r) for r in known], gold, [_sorted(r) for r in asked]), judged=False))
    return out


def _sorted(row: Pair) -> str:
    return " ".join(sorted(re.findall(r"\w+", row.premise.casefold())))


def _lengths(row: Pair) -> list[float]:
    first, second = len(row.premise), len(row.hypothesis)
    return [first, second, second / first, len(row.premise.split()), len(row.hypothesis.split())]


def _overlap(one: str, two: str) -> float:
    """Return the share of the second text's words, by their first five letters, that the first has too."""
    first, second = ({word[:5] for word in re.findall(r"\w{4,}", text.casefold())} for text in (one, two))
    return len(first & second) / max(1, len(second))


def _choice(rows: Rows, train: Sequence[Record]) -> list[Seen]:
    known, asked = [r for r in train if isinstance(r, Choice)], [r for r in rows.validation if isinstance(r, Choice)]
    chance = guess(rows)
    place = Counter(r.label for r in known).most_common(1)[0][0]
    gold = [str(i == r.label) for r in known for i in range(len(r.endings))]

    def best(scores: Sequence[float]) -> list[float]:
        at, right = 0, []
        for row in asked:
            own = scores[at : at + len(row.endings)]
            right.append(float(max(range(len(own)), key=own.__getitem__) == row.label))
            at += len(row.endings)
        return right

    words = taught([e for r in known for e in r.endings], gold, [e for r in asked for e in r.endings])
    sizes = taught_numbers([n for r in known for n in _sizes(r)], gold, [n for r in asked for n in _sizes(r)])
    return [
        Seen("endings only", best([p["True"] for p in words]), chance),
        Seen("lengths only", best([p["True"] for p in sizes]), chance),
        Seen("place only", [float(r.label == place) for r in asked], chance),
        Seen("word overlap with the context", best([_overlap(r.context, e) for r in asked for e in r.endings]), chance, judged=False),
    ]


def _sizes(row: Choice) -> list[list[float]]:
    sizes = [len(e) for e in row.endings]
    mean = sum(sizes) / len(sizes)
    return [[size, size / mean, sorted(sizes).index(size), len(e.split())] for size, e in zip(sizes, row.endings, strict=True)]


def _span(rows: Rows, train: Sequence[Record]) -> list[Seen]:
    """Scores are F1; the guess is `span_guess`."""
    known, asked = [r for r in train if isinstance(r, Span)], [r for r in rows.validation if isinstance(r, Span)]
    answered = [r for r in known if r.answers]
    size, chance = _size(answered), span_guess(rows)
    place, where = _place(answered[:TRIED], size)
    blank = sum(not r.answers for r in asked) / len(asked)
    memory = _remembered(answered)
    out = [
        Seen("question only", [_f1(r, memory(r.question)) for r in asked], chance, note="the answer of the likest training question"),
        Seen("place only", [_f1(r, where(r.context)) for r in asked], chance, note=place),
    ]
    if 0 < blank < 1:
        states = [str(bool(r.answers)) for r in known]
        found = taught([r.question for r in known], states, [r.question for r in asked])
        sizes = taught_numbers(list(map(_span_sizes, known)), states, list(map(_span_sizes, asked)))
        overlap = taught_numbers([[_overlap(r.context, r.question)] for r in known], states, [[_overlap(r.context, r.question)] for r in asked])
        for what, told, judged in (("question only", found, True), ("lengths only", sizes, True), ("word overlap of the two", overlap, False)):
            right = [float((p["True"] > 0.5) == bool(r.answers)) for p, r in zip(told, asked, strict=True)]
            out.append(Seen(f"{what}: is there an answer?", right, max(blank, 1 - blank), judged))
    kinds = {_opening(r.question): "" for r in asked}
    kinds = {opening: answered_shape(opening, answered) for opening in kinds}
    shapes = [_f1(r, _by_shape(r, kinds[_opening(r.question)])) for r in asked]
    return [*out, Seen("first phrase of the likest shape", shapes, chance, judged=False, note="number, name or plain words, by the question's first two words")]


def _span_sizes(row: Span) -> list[float]:
    return [len(row.context), len(row.question), row.context.count(". ")]


def span_guess(rows: Rows) -> float:
    """Return the F1 (0 to 1) of the better of "no answer" and of a random window of as many words as training answers mostly have."""
    asked = [r for r in rows.validation if isinstance(r, Span)]
    size, draws = _size([r for r in rows.train if isinstance(r, Span) and r.answers]), random.Random(0)
    windows = [sum(_f1(row, _window(row.context, size, draws.random())) for _ in range(WINDOWS)) / WINDOWS for row in asked]
    return max(sum(not r.answers for r in asked), sum(windows)) / len(asked)


def _size(answered: Sequence[Span]) -> int:
    return Counter(len(r.answers[0][0].split()) for r in answered).most_common(1)[0][0]


def _f1(row: Span, predicted: str) -> float:
    return float(answer_component([text for text, _ in row.answers], predicted)[1])


def _window(context: str, size: int, where: float) -> str:
    """Return `size` words of the context that begin at the share `where` of its words."""
    count = len(context.split())
    return _from(context, size, min(int(where * count), max(0, count - size)))


def _place(answered: Sequence[Span], size: int) -> tuple[str, Callable[[str], str]]:
    """Return the place in a context that holds most of the training answers' words: a tenth of it, or a word counted from its start; and what stands there."""
    first = Counter(len(r.context[: r.answers[0][1]].split()) for r in answered).most_common(1)[0][0]
    tried: dict[str, Callable[[str], str]] = {f"from word {first + 1} on": lambda context: _from(context, size, first)}
    for tenth in range(PLACES):
        tried[f"tenth {tenth + 1} of the context"] = lambda context, tenth=tenth: _window(context, size, (tenth + 0.5) / PLACES)  # type: ignore[misc]
    best = max(tried, key=lambda name: sum(_f1(r, tried[name](r.context)) for r in answered))
    return best, tried[best]


def _from(context: str, size: int, at: int) -> str:
    return " ".join(context.split()[at : at + size]).strip(".,;:!?()")


def _opening(question: str) -> str:
    return " ".join(question.casefold().split()[:2])


def _remembered(answered: Sequence[Span]) -> Callable[[str], str]:
    """Return what gives the commonest training answer to a question's first two words, or else to its first, or else to any."""
    by_two, by_one, by_none = dict[str, Counter[str]](), dict[str, Counter[str]](), Counter[str]()
    for row in answered:
        text = row.answers[0][0]
        by_two.setdefault(_opening(row.question), Counter[str]())[text] += 1
        by_one.setdefault(_opening(row.question).split()[0], Counter[str]())[text] += 1
        by_none[text] += 1
    return lambda question: (by_two.get(_opening(question)) or by_one.get(_opening(question).split()[0]) or by_none).most_common(1)[0][0]


def _shape(text: str) -> str:
    return "number" if re.search(r"\d", text) else "name" if text[:1].isupper() else "words"


def answered_shape(question: str, answered: Sequence[Span]) -> str:
    """Return the shape that answers to questions with this opening mostly have."""
    own = Counter(_shape(r.answers[0][0]) for r in answered if _opening(r.question) == _opening(question))
    return (own or Counter(_shape(r.answers[0][0]) for r in answered)).most_common(1)[0][0]


def _by_shape(row: Span, shape: str) -> str:
    """Return the first phrase of that shape in the context which the question does not hold."""
    pattern = {
        "number": r"\S*\d\S*(?: \w+)?",
        "name": r"(?<=[^.!?] )[A-ZÅÄÖÁÉÍÓÚÜŐŰ][\w-]+(?: [A-ZÅÄÖÁÉÍÓÚÜŐŰ][\w-]+)*",
        "words": r"(?<= )[a-zåäöáéíóúüőű]{5,}",
    }[shape]
    found = [m.group().strip(".,;:!?()") for m in re.finditer(pattern, row.context)]
    return next((text for text in found if text.casefold() not in row.question.casefold()), found[0] if found else "")
