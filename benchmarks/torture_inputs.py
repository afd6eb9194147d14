"""What torture_bad damages: every kind of file that a user may bring, or that may lie damaged on a disk."""

from __future__ import annotations

import gzip
import io
import json
import os
import pickle
import shutil
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from benchmarks.torture_bad import Target
from benchmarks.torture_study import STUDY, write_base
from corpora import corpus as corpora
from corpora.config import ConfigError, build, read
from corpora.corpus import Corpus
from corpora.records import Pair
from corpora.shards import write_json, write_records

Damage = Callable[[Path], object]


RAN = Path(tempfile.gettempdir()) / f"torture-{os.getpid()}-pickle-was-run"


class Boom:
    """What a malicious pickle does: unpickling it makes a file."""

    def __reduce__(self) -> tuple[Any, ...]:
        return Path.touch, (RAN,)


def text(name: str, content: str | bytes) -> Damage:
    """Return the damage that replaces a file's content."""
    return lambda at: (at / name).write_bytes(content.encode("utf-8") if isinstance(content, str) else content)


def swap(name: str, old: str, new: str) -> Damage:
    """Return the damage that replaces a piece of a text file."""

    def damage(at: Path) -> None:
        before = (at / name).read_text("utf-8")
        assert old in before, (name, old)
        (at / name).write_text(before.replace(old, new, 1), "utf-8")

    return damage


# --- declarations ---------------------------------------------------------------------------------------------------------------------------------


def use_study(at: Path) -> str:
    from build_data import recipes
    from corpora import study as studies
    from train.graph import plan

    made = studies.load(at / "x.toml")
    for pair in studies.built_tasks(made):
        try:
            recipes.task_key(made, *pair)
        except ConfigError as err:
            raise ConfigError(f"{at}: {err}") from None
    try:
        plan(made, at, unbuilt=True)
    except ConfigError as err:
        raise ConfigError(f"{at}: {err}") from None
    return "harmless"


def make_study(at: Path) -> None:
    write_base(at / "base")
    (at / "x.toml").write_text(STUDY.format(base=at / "base"), "utf-8")


STUDY_BY_HAND: dict[str, Damage] = {
    "a key misspelt": swap("x.toml", "seeds", "sedes"),
    "a number where a list belongs": swap("x.toml", "seeds = [1]", "seeds = 1"),
    "no examples at all": swap("x.toml", "examples = 16", "examples = 0"),
    "fewer examples than none": swap("x.toml", "examples = 16", "examples = -5"),
    "a batch of none": swap("x.toml", "batch = 8", "batch = 0"),
    "no epochs": swap("x.toml", "epochs = 2", "epochs = -1"),
    "a language nobody declared": swap("x.toml", '["fi"]', '["xx"]'),
    "an arm of no kind": swap("x.toml", '"mt-fi"', '"fi-mt"'),
    "a corpus nobody declared": swap("x.toml", "mini/en-nli", "mini/en-nle"),
    "a task named ../../x": swap("x.toml", "[tasks.nli]", '[tasks."../../x"]'),
    "a study of a gigabyte": lambda at: (at / "x.toml").open("r+b").truncate(1 << 30),
    "a thousand brackets deep": swap("x.toml", "seeds = [1]", f"seeds = {'[' * 1000}{']' * 1000}"),
    "a number of 5,000 digits": swap("x.toml", "seeds = [1]", f"seeds = [{'9' * 5000}]"),
    "a model folder that is not there": swap("x.toml", "mini/models/mt/fi", "mini/models/mt/fo"),
    "a pack that is not there": swap("x.toml", "mini/models/stanza/fi", "mini/models/stanza/fo"),
    "a seed twice": swap("x.toml", "seeds = [1]", "seeds = [1, 1]"),
    "a base that is not there": swap("x.toml", "/base", "/bose"),
    "frozen layers below none": swap("x.toml", "freeze_layers = 1", "freeze_layers = -1"),
    "a learning rate of infinity": swap("x.toml", "epochs = 2,", "epochs = 2, lr = inf,"),
    "bounds the wrong way round": lambda at: (at / "x.toml").write_text((at / "x.toml").read_text("utf-8") + "[filters]\nwords = [9, 3]\n", "utf-8"),
}


def use_corpus(at: Path) -> str:
    from corpora import readers

    made = read(Corpus, at / "x.toml")
    object.__setattr__(made, "name", at.name)
    try:
        for split in made.splits:
            readers.read(made, split)
    except ConfigError as err:
        raise ConfigError(f"{at}: {err}") from None
    return "harmless"


CORPUS_BY_HAND: dict[str, Damage] = {
    "a file outside its folder": swap("x.toml", "mini/en/nli.jsonl", "../../../etc/passwd"),
    "an absolute file": swap("x.toml", "mini/en/nli.jsonl", "/etc/passwd"),
    "another sum": swap("x.toml", 'sha256 = ["', 'sha256 = ["0'),
    "no licence": swap("x.toml", 'licence = "', 'licence = "" #'),
    "a reader of no kind": swap("x.toml", 'reader = "jsonl"', 'reader = "pickle"'),
    "labels that the rows do not have": swap("x.toml", '"neutral"', '"neutrale"'),
    "rows below none": swap("x.toml", "rows = ", "rows = -"),
}


def use_language(at: Path) -> str:
    from corpora.languages import Language

    read(Language, at / "xx.toml")
    return "harmless"


# --- rows -----------------------------------------------------------------------------------------------------------------------------------------


def corpus_of(reader: str, kind: str, **more: Any) -> Corpus:
    """Return a declared corpus without files, for rows that are read from anywhere."""
    raw = {"title": "t", "languages": ["fi"], "kind": kind, "origin": "native", "licence": "CC0-1.0", "publishable": "yes", "reader": reader, "source": "here"}
    made = build(Corpus, {**raw, "splits": {"train": {"files": ["x"], "sha256": [""], "rows": 1}}, **more}, "here")
    object.__setattr__(made, "name", "torture/rows")
    return made


def use_rows(corpus: Corpus, *names: str) -> Callable[[Path], str]:
    """Return what reads rows as a build does: each that breaks a rule must be declared, so one of them is an error with its line."""

    def use(at: Path) -> str:
        from corpora.readers import _items
        from corpora.readers.forms import raw_rows
        from corpora.readers.rows import Shape

        try:
            _items(Shape(corpus, "train", corpus.fields, corpus.keep), raw_rows(corpus.reader, [at / name for name in names]), 0, 0, 0, None)
        except ConfigError as err:
            if "no rows at all" in str(err):  # it names the corpus: the file holds nothing
                raise ConfigError(f"{at}: {err}") from None
            raise
        return "harmless"

    return use


def use_documents(at: Path) -> str:
    from corpora.readers.forms import documents
    from corpora.readers.rows import Shape, make
    from corpora.records import RecordError

    corpus, broken = corpus_of("documents", "documents"), 0
    for where, row in documents(at / "x.jsonl"):
        try:
            make(Shape(corpus, "train", {}, {}), row, where)
        except RecordError:
            broken += 1
    return "counted" if broken else "harmless"


CONLLU = "# sent_id = a\n1\tKissa\tkissa\tNOUN\t_\t_\t2\tnsubj\t_\t_\n2\tnukkuu\tnukkua\tVERB\t_\t_\t0\troot\t_\t_\n3-4\tettei\t_\t_\t_\t_\t_\t_\t_\t_\n" \
    "3\tettä\tettä\tSCONJ\t_\t_\t2\tmark\t_\t_\n4\tei\tei\tAUX\t_\t_\t2\taux\t_\t_\n8.1\tnukkuu\t_\tVERB\t_\t_\t_\t_\t_\t_\n\n# sent_id = b\n1\tHei\thei\tINTJ\t_\t_\t0\troot\t_\t_\n\n"  # fmt: skip
TAGGED = "Kissa\tNOUN\nnukkuu\tVERB\n\nHei\tINTJ\n\n"
PAIRS = "".join(json.dumps({"id": f"p{i}", "premise": f"Lause {i}.", "hypothesis": "Toinen.", "label": "yes"}) + "\n" for i in range(6))
SQUAD = json.dumps({"data": [{"title": "t", "paragraphs": [{"context": "Talo on punainen.", "qas": [
    {"id": "q1", "question": "Mikä?", "answers": [{"text": "Talo", "answer_start": 0}]}, {"id": "q2", "question": "Miksi?", "is_impossible": True}]}]}]})  # fmt: skip
DOCUMENTS = "".join(json.dumps({"id": f"d{i}", "paragraphs": ["Kissa nukkuu.", "Koira haukkuu."]}) + "\n" for i in range(6))
CHOICES = "".join(json.dumps({"id": f"c{i}", "context": "Kun", "endings": ["a", "b"], "label": "1"}) + "\n" for i in range(6))
CCG = "ID=1\nKissa|N|NP nukkuu|V|S\\NP\n"


def wrote(name: str, content: str) -> Callable[[Path], object]:
    return lambda at: (at / name).write_text(content, "utf-8")


def bomb(name: str) -> Damage:
    """Return the damage that puts 300 MB of one letter in a packed file of 300 kB."""

    def damage(at: Path) -> None:
        with gzip.open(at / name, "wb", compresslevel=9) as file:
            for _ in range(300):
                file.write(b"x" * (1 << 20))

    return damage


def row_targets() -> list[Target]:
    """Return the forms that corpora come in."""
    tags = {"labels": ["NOUN", "VERB", "SCONJ", "AUX", "INTJ", "_"]}
    deep = '{"a":' * 20_000
    return [
        Target("CoNLL-U", wrote("x.conllu", CONLLU), use_rows(corpus_of("conllu", "tags", **tags), "x.conllu"), ["x.conllu"], {
            "nine columns": swap("x.conllu", "\t_\n2", "\n2"), "a range that is none": swap("x.conllu", "3-4", "4-3"), "a range beyond its end": swap("x.conllu", "3-4", "3-99999999"),
            "an id of letters": swap("x.conllu", "8.1", "x"), "a tag nobody declared": swap("x.conllu", "VERB", "WERB"), "bytes of Latin 1": text("x.conllu", CONLLU.encode("latin-1")),
        }),
        Target("TSV with tags", wrote("x.tsv", TAGGED), use_rows(corpus_of("tsv-tags", "tags", **tags), "x.tsv"), ["x.tsv"], {
            "three columns": swap("x.tsv", "NOUN", "NOUN\tX"), "no tag": swap("x.tsv", "\tVERB", "\t"), "a line of 100 MB": text("x.tsv", b"x" * 100_000_000)}),
        Target("JSONL of pairs", wrote("x.jsonl", PAIRS), use_rows(corpus_of("jsonl", "pair", labels=["yes", "no"]), "x.jsonl"), ["x.jsonl"], {
            "20,000 levels deep": text("x.jsonl", deep), "a number of 5,000 digits": swap("x.jsonl", '"p0"', "9" * 5000), "a list": text("x.jsonl", "[1, 2]\n"),
            "half a surrogate pair": swap("x.jsonl", "Lause 0", "\\ud800"), "no label": swap("x.jsonl", '"label"', '"lable"'), "NaN for a text": swap("x.jsonl", '"Toinen."', "NaN"),
            "an id twice and a label of no kind": swap("x.jsonl", '"yes"', '"perhaps"')}, fuzzed=24),
        Target("JSONL of choices", wrote("x.jsonl", CHOICES), use_rows(corpus_of("jsonl", "choice"), "x.jsonl"), ["x.jsonl"], {
            "a label beyond its endings": swap("x.jsonl", '"1"', '"7"'), "endings that are no list": swap("x.jsonl", '["a", "b"]', '"ab"')}),
        Target("SQuAD JSON", wrote("x.json", SQUAD), use_rows(corpus_of("squad-json", "span"), "x.json"), ["x.json"], {
            "20,000 levels deep": text("x.json", deep), "an answer beyond its context": swap("x.json", '"answer_start": 0', '"answer_start": 10000000'),
            "an answer at a fraction": swap("x.json", '"answer_start": 0', '"answer_start": 0.5'), "data is a number": text("x.json", '{"data": 7}'),
            "answers are missing": swap("x.json", '"answers"', '"answer"')}, fuzzed=24),
        Target("JSONL of documents", wrote("x.jsonl", DOCUMENTS), use_documents, ["x.jsonl"], {
            "20,000 levels deep": text("x.jsonl", deep), "paragraphs are a number": swap("x.jsonl", '["Kissa nukkuu.", "Koira haukkuu."]', "7"), "bytes of Latin 1": text("x.jsonl", b'{"id": "\xe4", "paragraphs": [1]}')}),
        Target("plain text", wrote("x.txt", "Kissa nukkuu.\n\nKoira haukkuu.\n"), use_rows(corpus_of("text", "documents"), "x.txt"), ["x.txt"], {
            "a line of 100 MB": text("x.txt", b"x" * 100_000_000)}),
        Target("packed documents", lambda at: (at / "x.jsonl.gz").write_bytes(gzip.compress(PAIRS.encode())), use_rows(corpus_of("jsonl", "pair", labels=["yes"]), "x.jsonl.gz"), ["x.jsonl.gz"], {
            "a bomb": bomb("x.jsonl.gz"), "not packed at all": text("x.jsonl.gz", PAIRS)}, text=False),
        Target("packed SQuAD", lambda at: (at / "x.json.gz").write_bytes(gzip.compress(SQUAD.encode())), use_rows(corpus_of("squad-json", "span"), "x.json.gz"), ["x.json.gz"], {"a bomb": bomb("x.json.gz")}, text=False),
        Target("aligned TSV", wrote("x.tsv", "Kissa.\tA cat.\nKoira.\tA dog.\n"), use_rows(corpus_of("aligned-tsv", "aligned", languages=["fi", "en"]), "x.tsv"), ["x.tsv"], {
            "one column": swap("x.tsv", "\tA cat", " A cat"), "an empty side": swap("x.tsv", "A cat.", "")}),
        Target("aligned lines", lambda at: (wrote("a", "Kissa.\nKoira.\n")(at), wrote("b", "A cat.\nA dog.\n")(at)), use_rows(corpus_of("aligned-lines", "aligned", languages=["fi", "en"]), "a", "b"), ["a", "b"], {
            "a line too many": swap("a", "Koira.", "Koira.\nHiiri.")}),
        Target("CCGbank", wrote("x.auto", CCG), use_rows(corpus_of("ccgbank", "tags", labels=["*"]), "x.auto"), ["x.auto"], {"a word without a category": swap("x.auto", "nukkuu|V|S\\NP", "nukkuu")}),
    ]  # fmt: skip


# --- what we wrote ourselves ------------------------------------------------------------------------------------------------------------------------


def rows_of(n: int = 12) -> list[Pair]:
    return [Pair(id=f"r{i}", premise=f"Lause {i}.", hypothesis="Toinen.", label="yes", document=f"d{i}") for i in range(n)]


def use_parquet(at: Path) -> str:
    from corpora.shards import read_records

    read_records([at / "train-00000.parquet"], "pair")
    return "harmless"


def foreign_parquet(at: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    pq.write_table(pa.table({"x": [1, 2]}), at / "train-00000.parquet")


def make_shard(at: Path) -> None:
    from build_data.steps import Step, each, run_sharded

    run_sharded([Step("work", each(lambda record: record), {})], rows_of(), "pair", at, "source")


def use_shard(at: Path) -> str:
    from build_data.steps import Step, each, run_sharded

    made: list[str] = []
    found = run_sharded([Step("work", each(lambda record: (made.append(record.id), record)[1]), {})], rows_of(), "pair", at, "source")
    if found.kept != rows_of():
        return "other rows than were written"
    return "remade" if made else "harmless"


def use_memory(at: Path) -> str:
    from build_data.memory import Memory
    from build_data.translate import Translated

    class Echo:
        fingerprint = "e"

        def translate(self, texts: list[str]) -> list[Translated]:
            return [Translated(one.upper(), -1.0) for one in texts]

    with Memory(at / "memory.sqlite") as memory:
        found = memory.translate(Echo(), [f"lause {i}" for i in range(50)])
        decoded = memory.counts["decoded"]
    if [one.text for one in found] != [f"LAUSE {i}" for i in range(50)]:
        return "other translations than were written"
    return "remade" if decoded else "harmless"


def make_run(at: Path) -> None:
    from train.run import Run, record

    run = Run(phase="intermediate", tasks=("nli",), arm="en", seed=1)
    write_json(at / "run.json", record(run, "finished", lr=0.1, steps=3))


def use_run(at: Path) -> str:
    from train.run import read_record

    return "harmless" if read_record(at).get("status") else "remade"


def make_checkpoint(at: Path) -> None:
    from train import checkpoint

    checkpoint.save(at, _model(at))


def _model(at: Path) -> Any:
    from train.features import Pieces, Shape
    from train.heads import Head
    from train.model import Encoder, Model

    if not (at / "base").is_dir():
        write_base(at / "base")
    return Model(Encoder(at / "base", 0), Pieces(at / "base"), [Head("nli", Shape("pair", ("no", "yes"), 32))], 1)


def use_checkpoint(at: Path) -> str:
    from train import checkpoint
    from train.features import Pieces
    from train.model import Encoder, Model

    made = Model(Encoder(at / "base", checkpoint.frozen_of(at)), Pieces(at / "base"), checkpoint.heads_of(at), 1)
    checkpoint.load(at, made)
    return "harmless"


def make_state(at: Path) -> None:
    import torch

    from train.resume import Keeper

    Keeper(at, mark="m").save({"step": 3}, {"w": torch.arange(1000.0)}, torch.device("cpu"))


def use_state(at: Path) -> str:
    import torch

    from train.resume import Keeper

    said: list[str] = []
    found = Keeper(at, mark="m", say=said.append).load(torch.device("cpu"))
    if found is not None and not torch.equal(found.tensors["w"], torch.arange(1000.0)):
        return "other weights than were written"
    return "harmless" if found else "remade"


def make_built(at: Path) -> None:
    from build_data.finish import Built, finish

    built = Built(
        study="x",
        task="nli",
        arm="en",
        kind="pair",
        language="en",
        labels=("yes",),
        kept=rows_of(40),
        dropped=[],
        ledgers=[],
        inputs=[],
        settings={"filters": {}},
        key="k",
    )
    finish(built, at / "data" / "nli.en", 5, 30, "make data", {})
    shutil.copytree(at / "data" / "nli.en", at, dirs_exist_ok=True)
    shutil.rmtree(at / "data")
    make_study(at)


def use_built(at: Path) -> str:
    from corpora import study as studies
    from eval import browse
    from train.data import built

    study = studies.load(at / "x.toml")
    folder = studies.data_folder(study, "nli", "en", at / "data")
    folder.mkdir(parents=True)
    for path in [*at.glob("*.parquet"), at / "manifest.json"]:
        if path.is_file():
            shutil.copyfile(path, folder / path.name)
        elif path.is_dir():
            (folder / path.name).mkdir()
    found = built(study, "nli", "en", at)
    for split in ("train", "validation"):
        found.records(split)
    browse.page(study, "nli", "en", at)
    return "harmless"


# --- models ---------------------------------------------------------------------------------------------------------------------------------------


def use_base(at: Path) -> str:
    from corpora.base import ensure_base
    from corpora.study import Base
    from train.features import Pieces
    from train.model import Encoder
    from train.trim import trim

    folder = ensure_base(Base(model=str(at)), at / "cache")
    trim(folder, ["Kissa nukkuu."], at / "trimmed")
    Pieces(at / "trimmed")
    Encoder(at / "trimmed", 0)
    return "harmless"


def use_translator(at: Path) -> str:
    from build_data.mt_folder import open_folder
    from build_data.translate import Translator
    from corpora.study import Translation

    Translator(open_folder(at, "fi"), Translation(), 1).translate(["The old lighthouse stands on a small island."])
    return "harmless"


def use_pack(at: Path) -> str:
    from build_data.parse import load_parser
    from corpora.study import Parsing

    parser = load_parser(Parsing(packs={"fi": str(at)}), "fi", at / "parses.sqlite", 1)
    found = parser.parse(["Kissa nukkuu sohvalla."], trees=True)
    return "harmless" if found[0] else "counted"


def evil(name: str, inside: bool = False) -> Damage:
    """Return the damage that puts a pickle there which would run code; `inside`: as torch.save writes it."""

    def damage(at: Path) -> None:
        if inside:
            import torch

            torch.save({"model": Boom()}, at / name)
        else:
            (at / name).write_bytes(pickle.dumps(Boom()))

    return damage


def bundled(name: str) -> Callable[[Path], object]:
    return lambda at: shutil.copytree(corpora.ROOT / name, at, dirs_exist_ok=True)


def npz_in_place(at: Path) -> None:
    import numpy as np

    made = io.BytesIO()
    np.save(made, np.array([Boom()], dtype=object), allow_pickle=True)
    (at / "model.safetensors").write_bytes(made.getvalue())


def targets() -> list[Target]:
    """Return every kind of input."""
    pickles: Mapping[str, Damage] = {
        "a pickle that runs code": evil("model.safetensors"),
        "torch's own pickle that runs code": evil("model.safetensors", True),
        "numpy's pickle": npz_in_place,
    }
    return [
        Target("study", make_study, use_study, ["x.toml"], STUDY_BY_HAND, fuzzed=60),
        Target("corpus declaration", lambda at: shutil.copyfile(corpora.declared()["mini/en-nli"], at / "x.toml"), use_corpus, ["x.toml"], CORPUS_BY_HAND, fuzzed=30),
        Target("language declaration", wrote("xx.toml", 'name = "Xish"\narticles = ["a"]\n'), use_language, ["xx.toml"]),
        *row_targets(),
        Target("built Parquet", lambda at: write_records(at / "train-00000.parquet", rows_of(), "pair", []), use_parquet, ["train-00000.parquet"], {
            "another table": foreign_parquet, "a pickle that runs code": evil("train-00000.parquet")}, text=False, fuzzed=24),
        Target("shard of a build", make_shard, use_shard, ["00000.parquet"], {"another table": lambda at: (foreign_parquet(at), (at / "train-00000.parquet").replace(at / "00000.parquet"))}, text=False, fuzzed=24),
        Target("built task", make_built, use_built, ["manifest.json", "train-00000.parquet", "excluded-00000.parquet"], {
            "a manifest that is a list": text("manifest.json", "[]"), "labels that are a number": swap("manifest.json", '"labels": [\n  "yes"\n ]', '"labels": 7'),
            "a manifest 20,000 levels deep": text("manifest.json", '{"a":' * 20_000)}, fuzzed=36),
        Target("translation memory", use_memory, use_memory, ["memory.sqlite"], {"a pickle that runs code": evil("memory.sqlite")}, text=False, fuzzed=24),
        Target("record of a run", make_run, use_run, ["run.json"], {"20,000 levels deep": text("run.json", '{"a":' * 20_000)}),
        Target("checkpoint", make_checkpoint, use_checkpoint, ["checkpoint.json", "encoder.safetensors", "heads.safetensors"], {
            "a list of heads that is none": swap("checkpoint.json", '"heads": [', '"heads": 7, "x": ['), "frozen layers of a word": swap("checkpoint.json", '"frozen": 0', '"frozen": "all"'),
            "a head of no kind": swap("checkpoint.json", '"kind": "pair"', '"kind": "pare"'), "labels missing": swap("checkpoint.json", '"labels"', '"lables"'),
            "20,000 levels deep": text("checkpoint.json", '{"a":' * 20_000), "a pickle that runs code": evil("encoder.safetensors"), "torch's own pickle that runs code": evil("heads.safetensors", True)}, fuzzed=36),
        Target("state of a run in work", make_state, use_state, ["state-00000003.json", "state-00000003.safetensors"], {
            "20,000 levels deep": text("state-00000003.json", '{"a":' * 20_000), "a pickle that runs code": evil("state-00000003.safetensors")}, fuzzed=24),
        Target("encoder folder", write_base, use_base, ["config.json", "model.safetensors", "tokenizer.json"], {
            **pickles, "code of its own": swap("config.json", "{", '{"auto_map": {"AutoModel": "evil.Model"},'), "a size that is none": swap("config.json", '"hidden_size": 32', '"hidden_size": -32'),
            "a size beyond memory": swap("config.json", '"vocab_size"', '"vocab_size": 99999999999, "x"'), "a model of no kind": swap("config.json", '"bert"', '"bort"')}, fuzzed=24),
        Target("CTranslate2 folder", bundled("mini/models/mt/fi"), use_translator, ["model.bin", "config.json", "model.json", "shared_vocabulary.json", "source.spm"], {
            "a pickle that runs code": evil("model.bin"), "a card 20,000 levels deep": text("model.json", '{"a":' * 20_000), "a vocabulary of numbers": text("shared_vocabulary.json", "[1, 2]"),
            "a vocabulary that is shorter": text("shared_vocabulary.json", '["<s>", "</s>", "<unk>"]')}, fuzzed=30),
        Target("Stanza pack", bundled("mini/models/stanza/fi"), use_pack, ["tokenize.pt", "pos.pt"], {
            "a pickle that runs code": evil("tokenize.pt"), "torch's own pickle that runs code": evil("pos.pt", True)}, text=False, fuzzed=12),
    ]  # fmt: skip
