"""Each reader on small good and bad files; every refusal names its place."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import pytest
from corpora_fakes import declare
from hypothesis import given
from hypothesis import strategies as st

from corpora.config import ConfigError
from corpora.readers import read, read_aligned, read_documents, read_records
from corpora.readers.forms import aligned_tsv, conllu, jsonl, squad_json, tsv_tags
from corpora.readers.lines import lines
from corpora.records import Aligned, Choice, Document, Pair, Span, Tags, Text


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CORPORA_DIR", str(tmp_path))
    return tmp_path


def rows(*values: dict[str, Any]) -> str:
    return "".join(json.dumps(value, ensure_ascii=False) + "\n" for value in values)


PAIR = {"id": "a", "premise": "Koira haukkuu.", "hypothesis": "Eläin ääntelee.", "label": "yes"}
SPAN = {"id": "q", "title": "T", "context": "Turku on vanha.", "question": "Mikä on vanha?", "answers": {"text": ["Turku"], "answer_start": [0]}}


def test_pairs_with_mapped_fields_and_labels(here: Path) -> None:
    made = declare(
        here, "jsonl", {"a.jsonl.gz": "\ufeff" + rows({"id": 7, "s1": "Ha\u0308n", "s2": "B.", "l": 1}, {"id": None, "s1": "C.", "s2": "D.", "l": 0})}, 2,
        fields={"premise": "s1", "hypothesis": "s2", "label": "l"}, label_names={"1": "yes", "0": "no"}, translation_of="en/made",
    )  # fmt: skip
    first, second = read(made, "train")
    assert isinstance(first, Pair) and isinstance(second, Pair)
    assert (first.id, first.premise, first.label, first.source_id) == ("xx/made:train-7", "Hän", "yes", "en/made:train-7")
    assert (second.id, second.label, second.licence, second.origin, second.corpus) == ("xx/made:train-2", "no", "CC0-1.0", "native", "xx/made")


def test_rows_of_one_premise_share_a_document_and_ids_are_made_unique(here: Path) -> None:
    made = declare(here, "jsonl", {"a.jsonl": rows(PAIR, {**PAIR, "hypothesis": "Muu."}, {**PAIR, "id": "b", "premise": "Toinen."})}, 3)
    first, second, third = read_records(made, "train")
    assert [r.id for r in (first, second, third)] == ["xx/made:a", "xx/made:a~2", "xx/made:b"]
    assert first.document == second.document != third.document


def test_a_single_text_has_no_hypothesis(here: Path) -> None:
    (record,) = read_records(declare(here, "jsonl", {"a.jsonl": rows({"s": "Hyvä.", "label": "yes"})}, 1, fields={"premise": "s"}), "train")
    assert isinstance(record, Pair) and record.hypothesis == "" and record.id == "xx/made:train-1"


def test_choices_with_joined_nested_and_worded_fields(here: Path) -> None:
    row = {"id": "c", "p": "Katu on märkä.", "ask": "cause", "one": "Satoi.", "two": "Paistoi.", "key": {"right": "2"}}
    made = declare(
        here, "jsonl", {"a.jsonl": rows(row)}, 1, kind="choice",
        fields={"context": "p+ask", "endings": "one+two", "label": "key.right"}, words={"cause": "Miksi?"}, label_names={"1": "0", "2": "1"},
    )  # fmt: skip
    (record,) = read_records(made, "train")
    assert record == Choice(
        id="xx/made:c",
        context="Katu on märkä. Miksi?",
        endings=("Satoi.", "Paistoi."),
        label=1,
        corpus="xx/made",
        document=record.document,
        licence="CC0-1.0",
        publishable="yes",
    )


def test_texts(here: Path) -> None:
    (record,) = read_records(declare(here, "jsonl", {"a.jsonl": rows({"text": "Sataa."})}, 1, kind="text"), "train")
    assert isinstance(record, Text) and record.text == "Sataa."


def test_squad_in_its_two_forms_reads_the_same(here: Path) -> None:
    nested = {"data": [{"title": "T", "paragraphs": [{"context": SPAN["context"], "qas": [
        {"id": "q", "question": SPAN["question"], "answers": [{"text": "Turku", "answer_start": 0}, {"text": "Turku", "answer_start": 0}]},
        {"id": "n", "question": "Missä?", "is_impossible": True, "answers": [], "plausible_answers": [{"text": "Turku", "answer_start": 0}]},
    ]}]}]}  # fmt: skip
    flat = rows(SPAN, {**SPAN, "id": "n", "question": "Missä?", "answers": {"text": [], "answer_start": []}})
    one = read_records(declare(here, "squad-json", {"a.json": json.dumps(nested)}, 2), "train")
    assert one == read_records(declare(here, "squad-jsonl", {"b.jsonl": flat}, 2), "train")
    assert isinstance(one[0], Span) and isinstance(one[1], Span)
    assert (one[0].answers, one[1].answers, one[0].document) == ((("Turku", 0),), (), "T")


def test_offsets_follow_the_context_into_nfc(here: Path) -> None:
    context = "Ha\u0308n asuu Mika\u0308n kaupungissa"  # decomposed: two code points for each ä
    made = declare(
        here, "squad-jsonl", {"a.jsonl": rows({**SPAN, "context": context, "answers": {"text": ["Mika\u0308n"], "answer_start": [context.index("Mik")]}})}, 1
    )
    (record,) = read_records(made, "train")
    assert isinstance(record, Span) and record.answers == (("Mikän", 9),) and record.context == "Hän asuu Mikän kaupungissa"


@pytest.mark.parametrize(
    ("answer", "start", "said"),
    [
        ("vanha", 3, "answer 'vanha' is not at offset 3 of its context; found 'ku on' there"),
        ("Turku", -1, "is not at offset -1"),
        ("", 0, "answer '' is not at offset 0"),
        ("Turku", None, "an answer is a text and a whole number"),
        ("Turku", True, "an answer is a text and a whole number"),
    ],
)
def test_an_answer_that_is_not_at_its_offset(here: Path, answer: str, start: Any, said: str) -> None:
    made = declare(here, "squad-jsonl", {"a.jsonl": rows(SPAN, {**SPAN, "id": "bad", "answers": {"text": [answer], "answer_start": [start]}})}, 2)
    with pytest.raises(ConfigError) as err:
        read(made, "train")
    assert "a.jsonl:2" in str(err.value) and said in str(err.value) and "1 rows break a rule" in str(err.value) and "`refused = 1`" in str(err.value)


def test_an_answer_that_ends_inside_a_character_is_refused(here: Path) -> None:
    made = declare(here, "squad-jsonl", {"a.jsonl": rows({**SPAN, "context": "Ha\u0308n asuu", "answers": {"text": ["Ha"], "answer_start": [0]}})}, 1)
    with pytest.raises(ConfigError, match="cuts a character of the context in two"):
        read(made, "train")


def test_tsv_tags(here: Path) -> None:
    first, second = read_records(declare(here, "tsv-tags", {"a.tsv.gz": "Koira\tNOUN\nhaukkuu\tVERB\n\n\nMikä\tNOUN\r\n"}, 2), "train")
    assert isinstance(first, Tags) and isinstance(second, Tags)
    assert (first.tokens, first.tags, second.tokens, first.id, first.document) == (
        ("Koira", "haukkuu"),
        ("NOUN", "VERB"),
        ("Mikä",),
        "xx/made:train-1",
        "xx/made:train-1",
    )


def word(number: str, form: str, tag: str, head: str) -> str:
    return "\t".join([number, form, "_", tag, "_", "_", head, "_", "_", "_"])


CONLLU = "\n".join([
    "# sent_id = s.1", word("1", "Sanoi", "VERB", "0"),
    word("2-3", "ettei", "_", "_"), word("2", "että", "SCONJ", "4"), word("3", "ei", "AUX", "4"),
    word("4", "10 000", "NOUN", "1"), word("4.1", "tyhjä", "VERB", "_"), word("5", ".", "PUNCT", "1"), "",
])  # fmt: skip


def test_conllu_fuses_multi_word_tokens_as_xtreme_does(here: Path) -> None:
    (record,) = read_records(declare(here, "conllu", {"a.conllu": CONLLU}, 1), "train")
    assert isinstance(record, Tags) and record.id == "xx/made:s.1"
    assert list(zip(record.tokens, record.tags, strict=True)) == [("Sanoi", "VERB"), ("ettei", "AUX"), ("10000", "NOUN"), (".", "PUNCT")]


def test_conllu_gives_a_fused_token_the_tag_of_the_head_when_one_word_hangs_on_the_other(here: Path) -> None:
    text = "\n".join([word("1-2", "talossahan", "_", "_"), word("1", "talossa", "NOUN", "0"), word("2", "han", "VERB", "1")])
    (record,) = read_records(declare(here, "conllu", {"a.conllu": text}, 1), "train")
    assert isinstance(record, Tags) and (record.tokens, record.tags) == (("talossahan",), ("NOUN",))


def test_documents(here: Path) -> None:
    made = declare(here, "documents", {"a.jsonl": rows({"id": "d", "title": "T", "year": 1901, "paragraphs": ["Ha\u0308n.", "Toinen."]})}, 1, genre="novel")
    assert read_documents(made, "train") == [
        Document(id="xx/made:d", paragraphs=("Hän.", "Toinen."), title="T", genre="novel", year="1901", corpus="xx/made", licence="CC0-1.0", publishable="yes")
    ]


def test_a_corpus_may_name_the_year_of_all_rows_that_name_none(here: Path) -> None:
    text = rows({"id": "d", "paragraphs": ["Laki."]}, {"id": "e", "year": "2001", "paragraphs": ["Laki."]})
    made = declare(here, "documents", {"a.jsonl": text}, 2, kind="documents", labels=(), year="1999")
    assert [document.year for document in read_documents(made, "train")] == ["1999", "2001"]
    with pytest.raises(ValueError, match=r"year = 'about 1999'; write four digits"):
        dataclasses.replace(made, year="about 1999")


def test_picked_sentences_are_paragraphs_each_and_abbreviations_end_none(here: Path) -> None:
    page = "A kapu zárva volt, dr. Kis József várt. Éva 2001-ben elköltözött! Hol lakik most?"
    made = declare(here, "picked", {"a.jsonl": rows({"id": "d", "paragraphs": [page, "Egy mondat."]})}, 1, kind="documents", labels=())
    (document,) = read_documents(made, "train")
    assert document.paragraphs == ("A kapu zárva volt, dr. Kis József várt.", "Éva 2001-ben elköltözött!", "Hol lakik most?", "Egy mondat.")


def test_a_text_in_one_string_has_its_lines_for_paragraphs_unless_they_are_broken_at_a_width(here: Path) -> None:
    book = "Luku I\r\n\r\nVanha talo seisoi torin laidalla, ja\r\nsen edessä kasvoi koivu.\r\n \r\nSitten satoi\nkolme päivää\nyhteen menoon.\n"
    page = "Otsikko\n\nPitkä kappale yhdellä rivillä." + " Siinä on monta virkettä." * 6 + "\nToinen kappale."
    made = declare(here, "documents", {"a.jsonl": rows({"id": "b", "paragraphs": book}, {"id": "p", "paragraphs": page})}, 2, kind="documents", labels=())
    one, two = read_documents(made, "train")
    assert one.paragraphs == ("Luku I", "Vanha talo seisoi torin laidalla, ja\nsen edessä kasvoi koivu.", "Sitten satoi\nkolme päivää\nyhteen menoon.")
    assert two.paragraphs == tuple(page.split("\n"))


def test_aligned_in_its_two_forms(here: Path) -> None:
    expected = [
        Aligned(id="xx/made:train-1", source="Hei.", target="Hi.", corpus="xx/made"),
        Aligned(id="xx/made:train-2", source="Moi.", target="Hello.", corpus="xx/made"),
    ]
    assert read_aligned(declare(here, "aligned-tsv", {"a.tsv": "Hei.\tHi.\nMoi.\tHello.\n"}, 2), "train") == expected
    assert read_aligned(declare(here, "aligned-lines", {"a.fi": "Hei.\nMoi.\n", "a.en": "Hi.\nHello.\n"}, 2), "train") == expected


BAD: list[tuple[str, dict[str, str | bytes], str]] = [
    ("jsonl", {"a.jsonl": rows(PAIR) + '{"id": \n'}, r"a\.jsonl:2: not JSON"),
    ("jsonl", {"a.jsonl": "[1]\n"}, r"a\.jsonl:1: found '\[1\]'; write one JSON object per line"),
    ("jsonl", {"a.jsonl": b'{"id": "\xe4"}\n'}, r"a\.jsonl: byte 8 \(0xe4\) is not UTF-8"),
    ("jsonl", {"a.jsonl": rows(PAIR).encode() + b"\xc3\n"}, rf"byte {len(rows(PAIR).encode())} \(0xc3\) is not UTF-8"),
    ("jsonl", {"a.jsonl": rows({**PAIR, "label": "maybe"})}, r"label 'maybe' is not declared; `labels` has yes, no"),
    ("jsonl", {"a.jsonl": rows({**PAIR, "label": None})}, r"a\.jsonl:1: no label"),
    ("jsonl", {"a.jsonl": rows({"id": "a", "text": "x"})}, r"no field 'premise'; the row has id, text; say in `fields`"),
    ("jsonl", {"a.jsonl": rows({**PAIR, "premise": "  "})}, r"row xx/made:a: premise is empty"),
    ("jsonl", {"a.jsonl": rows({**PAIR, "hypothesis": ""})}, r"hypothesis is empty"),
    ("jsonl", {"a.jsonl": rows({**PAIR, "premise": "�"})}, r"premise holds U\+FFFD"),
    ("jsonl", {"a.jsonl": '{"id": "a", "premise": "\\ud800", "hypothesis": "b", "label": "yes"}\n'}, r"holds half a surrogate pair at character 0"),
    ("jsonl", {"a.jsonl": ""}, r"no rows at all; an empty collection is a mistake"),
    ("jsonl", {"a.jsonl.gz": b""}, r"1 declared|no rows at all"),
    ("documents", {"a.jsonl": "\n\n"}, r"no rows at all; an empty collection is a mistake"),
    ("documents", {"a.jsonl": rows({"id": "d", "paragraphs": []})}, r"a\.jsonl:1: no paragraphs"),
    ("documents", {"a.jsonl": rows({"id": "d", "paragraphs": 3})}, r"field 'paragraphs' is 3, not a list of texts"),
    ("documents", {"a.jsonl": "[1]\n"}, r"a\.jsonl:1: no JSON object but '\[1\]'"),
    ("conllu", {"a.conllu": "# c\n" + "\t".join("123456789") + "\n"}, r"a\.conllu:2: 9 columns; a CoNLL-U line has 10"),
    ("conllu", {"a.conllu": word("1", "a", "NOUN", "0") + "\n" + word("2-x", "b", "_", "_")}, r"a\.conllu:2: id '2-x'; an id is a number, a range"),
    ("conllu", {"a.conllu": word("1-9", "b", "_", "_") + "\n" + word("1", "a", "NOUN", "0")}, r"a\.conllu:1: id '1-9'"),
    ("tsv-tags", {"a.tsv": "Koira\tNOUN\nhaukkuu VERB\n"}, r"a\.tsv:2: found 'haukkuu VERB'; write TOKEN, one tab, TAG"),
    ("tsv-tags", {"a.tsv": "Koira\tSUBST\n"}, r"label 'SUBST' is not declared"),
    ("aligned-tsv", {"a.tsv": "Hei.\tHi.\nMoi.\n"}, r"a\.tsv:2: 1 columns; write a sentence, one tab, its translation"),
    ("aligned-tsv", {"a.tsv": "Hei.\t \n"}, r"a\.tsv:1: target is empty"),
    ("aligned-lines", {"a.fi": "Hei.\nMoi.\n", "a.en": "Hi.\n"}, r"a\.fi has 2 lines but .*a\.en has 1; line N of one"),
    ("aligned-lines", {"a.fi": "Hei.\n", "a.en": "Hi.\nHo.\nHe.\n"}, r"a\.fi has 1 lines but .*a\.en has 3"),
    ("aligned-lines", {"a.fi": "Hei.\n"}, r"takes files two by two \(source, target\), found 1"),
    ("squad-json", {"a.json": '{"data": [{"title": "T", "paragraphs": [{"qas": []}, 3]}]}'}, r"article 'T': not the SQuAD form"),
    ("squad-json", {"a.json": "{"}, r"a\.json:1: not JSON"),
    ("squad-json", {"a.json": "[]"}, r"not the SQuAD form"),
    ("squad-jsonl", {"a.jsonl": rows({**SPAN, "answers": {"text": ["a"], "answer_start": []}})}, r"are lists of one length"),
    ("squad-jsonl", {"a.jsonl": rows({**SPAN, "answers": "Turku"})}, r"no field 'text'"),
]  # fmt: skip


@pytest.mark.parametrize(("reader", "files", "said"), BAD)
def test_bad_files_name_their_place(here: Path, reader: str, files: dict[str, str | bytes], said: str) -> None:
    made = declare(here, reader, files, 1)
    with pytest.raises(ConfigError, match=said):
        read(made, "train")


def test_a_damaged_gz_is_told(here: Path) -> None:
    made = declare(here, "jsonl", {"a.jsonl.gz": rows(PAIR)}, 1)
    cut = (here / "a.jsonl.gz").read_bytes()[:-12]
    (here / "b.jsonl.gz").write_bytes(cut)
    with pytest.raises(ConfigError, match=r"b\.jsonl\.gz: cannot be read or unpacked"):
        list(lines(here / "b.jsonl.gz"))
    assert len(read(made, "train")) == 1


@pytest.mark.parametrize(("declared", "found"), [(2, 3), (4, 3)])
def test_declared_rows_are_enforced_with_both_numbers(here: Path, declared: int, found: int) -> None:
    made = declare(here, "jsonl", {"a.jsonl": rows(*({**PAIR, "id": str(i)} for i in range(found)))}, declared)
    with pytest.raises(ConfigError, match=rf"{found} rows found, {declared} declared in corpora/xx/made\.toml"):
        read(made, "train")
    assert len(read(made, "train", limit=1)) == 1  # a limit stops before anything can be counted


def test_refused_rows_are_declared_and_told(here: Path) -> None:
    content = rows(PAIR, {**PAIR, "id": "b", "premise": ""}, {**PAIR, "id": "c"})
    told: list[str] = []
    assert [r.id for r in read_records(declare(here, "jsonl", {"a.jsonl": content}, 3, refused=1), "train", refused=told)] == ["xx/made:a", "xx/made:c"]
    assert len(told) == 1 and "a.jsonl:2" in told[0] and "premise is empty" in told[0]
    with pytest.raises(ConfigError, match="1 rows break a rule of our records, declared are 2"):
        read(declare(here, "jsonl", {"a.jsonl": content}, 3, refused=2), "train")


def test_keep_counts_all_rows_and_keeps_some(here: Path) -> None:
    content = rows(*({**PAIR, "id": f"{kind}-{i}", "source": kind} for i, kind in enumerate(["pb", "opus", "pb"])))
    assert len(read(declare(here, "jsonl", {"a.jsonl": content}, 3, keep={"source": "pb"}), "train")) == 2
    assert len(read(declare(here, "jsonl", {"a.jsonl": content}, 3, keep={"id": "op*"}), "train")) == 1
    with pytest.raises(ConfigError, match="none of 3 rows is kept"):
        read(declare(here, "jsonl", {"a.jsonl": content}, 3, keep={"source": "web"}), "train")
    with pytest.raises(ConfigError, match="no field 'sourec'"):
        read(declare(here, "jsonl", {"a.jsonl": content}, 3, keep={"sourec": "pb"}), "train")


def test_reading_a_corpus_as_what_it_is_not(here: Path) -> None:
    pairs = declare(here, "jsonl", {"a.jsonl": rows(PAIR)}, 1)
    with pytest.raises(ConfigError, match="is of kind 'pair', but running text"):
        read_documents(pairs, "train")
    with pytest.raises(ConfigError, match="is of kind 'pair', but sentence pairs"):
        read_aligned(pairs, "train")
    with pytest.raises(ConfigError, match="is of kind 'aligned', but records"):
        read_records(declare(here, "aligned-tsv", {"a.tsv": "a\tb\n"}, 1), "train")


@given(st.binary(max_size=200))
def test_parsers_give_rows_or_a_config_error_for_any_bytes(tmp_path_factory: pytest.TempPathFactory, raw: bytes) -> None:
    path = tmp_path_factory.mktemp("any") / "a.txt"
    path.write_bytes(raw)
    for parse in (jsonl, squad_json, tsv_tags, conllu, aligned_tsv):
        try:
            list(parse(path))
        except ConfigError as err:
            assert str(path) in str(err)


LINE = st.text(st.characters(codec="utf-8", exclude_characters="\n"), max_size=20).map(lambda s: s.rstrip("\r").removeprefix("\ufeff"))


@given(st.lists(LINE, max_size=6))
def test_only_a_newline_ends_a_line(tmp_path_factory: pytest.TempPathFactory, texts: list[str]) -> None:
    path = tmp_path_factory.mktemp("lines") / "a.txt"
    path.write_text("".join(t + "\n" for t in texts), encoding="utf-8", newline="")
    assert list(lines(path)) == list(enumerate(texts, 1))


TOKEN = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Zs", "Zl", "Zp"], exclude_characters="#\ufeff"), min_size=1, max_size=5)


@given(st.lists(st.lists(st.tuples(TOKEN, st.sampled_from(["NOUN", "VERB"])), min_size=1, max_size=4), min_size=1, max_size=4))
def test_tsv_and_conllu_agree_and_keep_every_token(tmp_path_factory: pytest.TempPathFactory, sentences: list[list[tuple[str, str]]]) -> None:
    folder = tmp_path_factory.mktemp("tags")
    (folder / "a.tsv").write_text("\n".join("".join(f"{form}\t{tag}\n" for form, tag in s) for s in sentences), encoding="utf-8", newline="")
    (folder / "a.conllu").write_text(
        "\n".join("".join(word(str(i), form, tag, "0") + "\n" for i, (form, tag) in enumerate(s, 1)) for s in sentences), encoding="utf-8", newline=""
    )
    expected = [([form for form, _ in s], [tag for _, tag in s]) for s in sentences]
    assert [(row["tokens"], row["tags"]) for _, row in tsv_tags(folder / "a.tsv")] == expected
    assert [(row["tokens"], row["tags"]) for _, row in conllu(folder / "a.conllu")] == expected
