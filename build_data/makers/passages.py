"""Plain text in passages, for masked-language modelling: whole sentences of one paragraph or of neighbours, up to what a model reads at once."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence

from build_data.makers.common import Declared, Made, common_fields, read_documents, sentences
from build_data.makers.stumbles import stumbles
from build_data.parse import Parser
from build_data.steps import Ledger
from corpora.records import Document, Record, Text

NAME = "text"
VERSION = 2
SENTENCES = (2, 6)
WORDS = (20, 200)


def passages(documents: Sequence[Document], language: str, parser: Parser, seed: int, *, max_sentences: int) -> Made:
    """Make rows; every sentence of a document is in one passage at most. The parser isn't needed.

    Candidates are passages, and sentences that none may hold: those end one and let another begin behind them. Refused: what `stumbles` says of a sentence,
    and of passages "one_sentence", "length" (fewer than 20 words, or above 200).
    """
    del parser, seed
    kept, read = read_documents(documents, language, least=SENTENCES[0])
    ledger = Ledger("make")
    rows: list[Record] = []
    texts = [[line for part in parts for line in part] for _, parts in kept]
    faults = stumbles([(document.genre, lines) for (document, _), lines in zip(kept, texts, strict=True)], language)
    for (document, _), lines, faulty in zip(kept, texts, faults, strict=True):
        found = [*filter(None, faulty[:max_sentences])]
        ledger.excluded.update(found)
        ledger.made += len(found)
        sound = ["" if fault else line for line, fault in zip(lines[:max_sentences], faulty, strict=False)]
        for number, text in enumerate(_cut(sound, ledger)):
            rows.append(Text(**common_fields(document, NAME, number), text=text))
    ledger.kept = len(rows)
    return Made(rows, [read.close(), ledger.close()])


def _cut(lines: Sequence[str], ledger: Ledger) -> Iterator[str]:
    """Yield passages: as many sentences as fit. An empty line ends one."""
    part: list[str] = []
    size = 0
    for line in (*lines, ""):
        words = line.count(" ") + 1 if line else 0
        if part and (not line or len(part) == SENTENCES[1] or size + words > WORDS[1]):
            ledger.made += 1
            why = "one_sentence" if len(part) < SENTENCES[0] else "" if WORDS[0] <= size <= WORDS[1] else "length"
            if why:
                ledger.excluded[why] += 1
            else:
                yield " ".join(part)
            part, size = [], 0
        if line:
            part.append(line)
            size += words


def as_text(records: Sequence[Record], language: str) -> list[Record]:
    """Return the rows of any task as plain text, so that an English corpus with contexts (SQuAD) can stand beside native passages.

    The longest text of a row is taken (a question's context, the premise of a pair), each distinct one once, cut to WORDS words at sentence ends.
    """
    found: dict[str, Record] = {}
    for record in records:
        found.setdefault(max(record.texts(), key=len), record)
    rows: list[Record] = []
    unused = Ledger("make")
    for whole, record in found.items():
        name = hashlib.sha256(whole.encode("utf-8")).hexdigest()[:12]
        lines = [whole[a:b] for a, b in sentences(whole, language)]
        fields = {n: getattr(record, n) for n in ("origin", "corpus", "document", "licence", "publishable", "genre", "year")}
        rows += [Text(**fields, id=f"{record.corpus}:{name}-{NAME}-{number}", text=text) for number, text in enumerate(_cut(lines, unused))]
    return rows


FAMILY = Declared(
    run=passages,
    kind="text",
    version=VERSION,
    what="Passages of two to six whole sentences in the order of the document, for masked-language modelling.",
)
