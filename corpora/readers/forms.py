"""File forms to raw rows: a function per reader name. A raw row is (where it stands, its fields as the file names them)."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from corpora.bounded import parse_json
from corpora.config import ConfigError, pick
from corpora.readers.ccg import ccgbank
from corpora.readers.lines import json_lines, lines, whole_json, whole_lines

Raw = tuple[str, Mapping[str, Any]]  # ("FILE:LINE", fields)
CONLLU_COLUMNS = 10
BROKEN = "broken"  # field of a row that is no document: what is wrong with it
SENTENCES = 50  # single sentences that make a document
PICKED = re.compile(r"(?<=[^\W\d_]{3}[.!?]) (?=[^\W\d_a-z])")  # between picked sentences; abbreviations of one and two letters end none
MOST_TEXT = 1_000_000  # characters of one document of a plain text file
# Whose tag a fused token gets where several of its words hang outside it ("ettei" = että SCONJ + ei AUX -> AUX): the first of these. The order
# is that of ud-conversion-tools as we remember it; what is checked is that fi and hu come out equal to XTREME's files.
FUSED_RANK = " VERB NOUN PROPN PRON ADJ NUM ADV INTJ AUX ADP DET PART CCONJ SCONJ X PUNCT SYM "


def jsonl(path: Path) -> Iterator[Raw]:
    """Yield one row per line: an object of fields (pair, choice, tags, text, flat SQuAD and documents)."""
    for number, row in json_lines(path):
        yield f"{path}:{number}", row


def documents(path: Path) -> Iterator[Raw]:
    """Yield one row per line, as jsonl does, but a line that is no JSON object becomes a row that says so: one broken document is one, not the end."""
    for number, line in whole_lines(path):
        if not line.strip():
            continue
        try:
            value = parse_json(line)
        except ValueError as err:
            value = f"not JSON ({err})"
        yield f"{path}:{number}", value if isinstance(value, dict) else {BROKEN: value if isinstance(value, str) else f"no JSON object but {str(value)[:60]!r}"}


def sentences(path: Path) -> Iterator[Raw]:
    """Yield one row per SENTENCES lines of single sentences (an object with `text` each), which thus become a document, a sentence a paragraph."""
    packed: list[Any] = []
    first = 0
    for number, row in json_lines(path):
        first = first or number
        packed.append(row.get("text"))
        if len(packed) == SENTENCES:
            yield f"{path}:{first}", {"id": f"{path.name.partition('.')[0]}-{first}", "paragraphs": packed}
            packed, first = [], 0
    if packed:
        yield f"{path}:{first}", {"id": f"{path.name.partition('.')[0]}-{first}", "paragraphs": packed}


def picked(path: Path) -> Iterator[Raw]:
    """Yield documents whose sentences were picked from their pages, a sentence a paragraph: none follows from the one before it."""
    for where, row in documents(path):
        paragraphs = row.get("paragraphs")
        whole = isinstance(paragraphs, list) and all(isinstance(text, str) for text in paragraphs)
        yield where, {**row, "paragraphs": [one for text in paragraphs for one in PICKED.split(text)]} if whole and paragraphs else row


def plain_text(path: Path) -> Iterator[Raw]:
    """Yield one row per document of a plain text file: a paragraph a line, an empty line after each document.

    A file without empty lines is cut into documents of MOST_TEXT characters, so that it never lies in memory whole.
    """
    paragraphs: list[str] = []
    first = size = 0
    for number, line in whole_lines(path):
        if line.strip():
            first = first or number
            paragraphs.append(line)
            size += len(line)
        if paragraphs and (not line.strip() or size > MOST_TEXT):
            yield f"{path}:{first}", {"paragraphs": paragraphs}
            paragraphs, first, size = [], 0, 0
    if paragraphs:
        yield f"{path}:{first}", {"paragraphs": paragraphs}


def squad_json(path: Path) -> Iterator[Raw]:
    """Yield one row per question of the official SQuAD form (data > paragraphs > qas), which TyDiQA-GoldP shares.

    The row is the flat form: id, title, context, question, answers {text[], answer_start[]}; `is_impossible` empties the answers.
    """
    value = whole_json(path)
    at = f"{path}"
    try:
        for article in value["data"]:
            at = f"{path}: article {article.get('title', '?')!r}"
            for paragraph in article["paragraphs"]:
                for question in paragraph["qas"]:
                    at = f"{path}: question {question.get('id', '?')!r}"
                    answers = [] if question.get("is_impossible") else question["answers"]
                    flat = {"text": [a["text"] for a in answers], "answer_start": [a["answer_start"] for a in answers]}
                    own = {"title": article.get("title", ""), "context": paragraph["context"], "question": question["question"], "answers": flat}
                    yield at, {"id": question.get("id"), **own}
    except (KeyError, TypeError, AttributeError) as err:
        form = "data[] > paragraphs[] (context) > qas[] (id, question, answers[])"
        raise ConfigError(f"{at}: not the SQuAD form ({type(err).__name__}: {err}); it is {form}") from None


def tsv_tags(path: Path) -> Iterator[Raw]:
    """Yield one row per sentence of `token TAB tag` lines with an empty line between sentences (XTREME's form)."""
    for first, block in _blocks(path):
        tokens, tags = [], []
        for number, line in block:
            columns = line.split("\t")
            if len(columns) != 2 or not columns[0] or not columns[1]:
                raise ConfigError(f"{path}:{number}: found {line[:80]!r}; write TOKEN, one tab, TAG (and an empty line between sentences)")
            tokens.append(columns[0])
            tags.append(columns[1])
        yield f"{path}:{first}", {"tokens": tokens, "tags": tags}


def conllu(path: Path) -> Iterator[Raw]:
    """Yield one row per sentence of a CoNLL-U file, in the form XTREME uses: tokens with their UPOS.

    A multi-word token (id `3-4`, fi "ettei") is ONE token with the tag of its head word; blanks within a token ("25 000") and empty
    nodes (id `8.1`) are left out. This equals XTREME's own files for UD 2.5 fi and hu, sentence by sentence (tests/test_corpora_real.py).
    """
    for first, block in _blocks(path):
        comments = [line for _, line in block if line.startswith("#")]
        rows = [(number, line.split("\t")) for number, line in block if not line.startswith("#")]
        for number, columns in rows:
            if len(columns) != CONLLU_COLUMNS:
                raise ConfigError(f"{path}:{number}: {len(columns)} columns; a CoNLL-U line has {CONLLU_COLUMNS}, with a tab between two")
        if not rows:
            continue
        sent_id = next((line.partition("=")[2].strip() for line in comments if line.startswith("# sent_id")), None)
        tokens, tags = _fused(path, rows)
        yield f"{path}:{first}", {"id": sent_id, "tokens": tokens, "tags": tags}


def aligned_tsv(path: Path) -> Iterator[Raw]:
    """Yield one row per line of two columns: `source` (the corpus's first language), `target` (its second)."""
    for number, line in lines(path):
        columns = line.split("\t")
        if len(columns) != 2:
            raise ConfigError(f"{path}:{number}: {len(columns)} columns; write a sentence, one tab, its translation")
        yield f"{path}:{number}", {"source": columns[0], "target": columns[1]}


def aligned_lines(first: Path, second: Path) -> Iterator[Raw]:
    """Yield one row per line number of two files: `first` holds the source side (the corpus's first language)."""
    for source, target in itertools.zip_longest(lines(first), lines(second)):
        if source is None or target is None:
            left, right = (sum(1 for _ in lines(path)) for path in (first, second))
            raise ConfigError(f"{first} has {left} lines but {second} has {right}; line N of one must be the translation of line N of the other")
        yield f"{first}:{source[0]}", {"source": source[1], "target": target[1]}


def _blocks(path: Path) -> Iterator[tuple[int, list[tuple[int, str]]]]:
    """Yield (number of the first line, numbered lines) for every run of lines that are not empty."""
    block: list[tuple[int, str]] = []
    for number, line in lines(path):
        if line.strip(" "):
            block.append((number, line))
        elif block:
            yield block[0][0], block
            block = []
    if block:
        yield block[0][0], block


def _fused(path: Path, rows: Sequence[tuple[int, list[str]]]) -> tuple[list[str], list[str]]:
    """Return tokens and tags of one sentence with its multi-word tokens fused."""
    words = {columns[0]: columns for _, columns in rows if _is_number(columns[0])}
    tokens: list[str] = []
    tags: list[str] = []
    covered = 0  # last word that a multi-word token has already spoken for
    for number, columns in rows:
        name, form = columns[0], columns[1].replace(" ", "")
        if _is_number(name):
            if int(name) > covered:
                tokens.append(form)
                tags.append(columns[3])
            continue
        if "." in name:
            continue
        low, dash, high = name.partition("-")
        inside: list[str] = []
        if dash and _is_number(low) and _is_number(high) and int(high) - int(low) < len(words):  # a range has no more words than its sentence
            inside = [str(i) for i in range(int(low), int(high) + 1)]
        if not inside or any(word not in words for word in inside):
            raise ConfigError(f"{path}:{number}: id {name!r}; an id is a number, a range of the sentence's words such as 3-4, or an empty node such as 8.1")
        heads = [word for word in inside if words[word][6] not in inside] or inside
        tokens.append(form)
        tags.append(min((words[word][3] for word in heads), key=lambda tag: FUSED_RANK.find(f" {tag} ") % len(FUSED_RANK)))
        covered = int(high)
    return tokens, tags


def _is_number(name: str) -> bool:
    """Say whether an id is a whole number: ASCII digits (str.isdigit takes superscripts too), and not so many that it can't be one."""
    return name.isascii() and name.isdigit() and len(name) < 10


FORMS: Mapping[str, Callable[[Path], Iterator[Raw]]] = {
    "jsonl": jsonl,
    "squad-jsonl": jsonl,
    "documents": documents,
    "sentences": sentences,
    "picked": picked,
    "text": plain_text,
    "squad-json": squad_json,
    "conllu": conllu,
    "tsv-tags": tsv_tags,
    "aligned-tsv": aligned_tsv,
    "ccgbank": ccgbank,
}


def raw_rows(reader: str, paths: Sequence[Path]) -> Iterator[Raw]:
    """Yield the raw rows of files, one file after the other; aligned-lines takes them two by two (source, target)."""
    if reader == "aligned-lines":
        if len(paths) % 2:
            raise ConfigError(f"{paths[-1]}: reader 'aligned-lines' takes files two by two (source, target), found {len(paths)}")
        for first, second in zip(paths[::2], paths[1::2], strict=True):
            yield from aligned_lines(first, second)
        return
    form = pick(FORMS, reader, "reader")
    for path in paths:
        yield from form(path)
