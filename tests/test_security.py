"""Nothing from outside is run, leaves its folder or becomes markup; and no secret of the machine gets into what we write."""

from __future__ import annotations

import ast
import gzip
import json
import os
import pickle
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import eval_fakes as fakes
import pytest

from benchmarks import dependencies, torture_bad, torture_inputs, torture_secrets, torture_study
from build_data.finish import Built, finish
from build_data.steps import Dropped
from corpora.bounded import HOME, parse_json, private, read_bytes, read_json
from corpora.config import ConfigError
from corpora.corpus import Files
from corpora.records import Pair
from eval import browse, report

ROOT = Path(__file__).parent.parent
SOURCES = [
    path
    for room in ("corpora", "build_data", "train", "eval", "benchmarks")
    for path in sorted((ROOT / room).rglob("*.py"))
    if "corpora/mini/models/" not in path.as_posix()
]
# What may unpickle, and why: the torture test makes pickles that must not be run.
MAKE_PICKLES = {"benchmarks/torture_inputs.py"}
RUNS_CODE = {"pickle", "cPickle", "dill", "cloudpickle", "joblib", "shelve", "marshal", "jsonpickle"}
UNPACKS = {"tarfile", "zipfile", "py7zr", "rarfile"}
HOSTILE = "</script><script>alert(1)</script><img src=x onerror=alert(1)>\"'><!-- & {{ 7*7 }} \u2028 javascript:alert(1)"


def calls(tree: ast.AST) -> list[tuple[str, ast.Call]]:
    """Return (dotted name, call) of every call in a tree."""
    return [(ast.unparse(node.func), node) for node in ast.walk(tree) if isinstance(node, ast.Call)]


def keyword(call: ast.Call, name: str) -> object:
    return next((ast.literal_eval(k.value) for k in call.keywords if k.arg == name and isinstance(k.value, ast.Constant)), None)


def wrong_calls(path: Path) -> list[str]:
    """Return every call in a file that could run what a file holds, or unpack it where it likes."""
    out, name = [], path.relative_to(ROOT).as_posix()
    tree = ast.parse(path.read_text("utf-8"))
    for node in ast.walk(tree):
        modules = [alias.name for alias in node.names] if isinstance(node, ast.Import) else [node.module or ""] if isinstance(node, ast.ImportFrom) else []
        out += [f"imports {module}" for module in modules if module.split(".")[0] in RUNS_CODE | UNPACKS and name not in MAKE_PICKLES]
    for called, call in calls(tree):
        last = called.rpartition(".")[2]
        if called in ("eval", "exec", "compile", "__import__", "os.system", "os.popen", "input"):
            out.append(f"calls {called}")
        if called == "torch.load" and keyword(call, "weights_only") is not True:
            out.append("torch.load without weights_only=True")
        if called in ("np.load", "numpy.load") and keyword(call, "allow_pickle") is not False:
            out.append(f"{called} without allow_pickle=False")
        if last in ("read_pickle", "unpack_archive", "extractall", "load_module", "unsafe_load", "full_load"):
            out.append(f"calls {called}")
        if called in ("yaml.load", "yaml.load_all"):
            out.append(f"{called}; safe_load reads what we need")
        if any(k.arg == "shell" for k in call.keywords) and keyword(call, "shell") is not False:
            out.append(f"{called} with a shell")
        if any(k.arg == "trust_remote_code" for k in call.keywords) and keyword(call, "trust_remote_code") is not False:
            out.append(f"{called} trusts remote code")
        if last == "from_pretrained" and called.split(".")[-2] in ("AutoModel", "AutoConfig", "AutoTokenizer") and name not in MAKE_PICKLES:
            remote = keyword(call, "trust_remote_code")
            if remote is not False and not name.startswith(("tests/", "benchmarks/")):
                out.append(f"{called} does not say trust_remote_code=False")
    return [f"{name}: {one}" for one in out]


def test_no_call_in_the_tree_can_run_what_a_file_holds() -> None:
    assert len(SOURCES) > 200
    assert [one for path in SOURCES for one in wrong_calls(path)] == []


@pytest.mark.parametrize(
    "code",
    ["import pickle", "import torch\ntorch.load('x')", "np.load('x', allow_pickle=True)", "yaml.load(x)", "eval('1')", "subprocess.run('x', shell=True)", "import tarfile",
     "AutoModel.from_pretrained('x', trust_remote_code=True)"],
)  # fmt: skip
def test_the_walk_sees_what_it_looks_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: str) -> None:
    monkeypatch.setattr(sys.modules[__name__], "ROOT", tmp_path)
    (tmp_path / "x.py").write_text(code)
    assert wrong_calls(tmp_path / "x.py")


PICKLES = [(target.name, label) for target in torture_inputs.targets() for label in target.by_hand if "pickle" in label or "code" in label]


@pytest.mark.parametrize(("name", "label"), PICKLES)
def test_a_file_that_would_run_code_is_refused_and_its_code_does_not_run(tmp_path: Path, name: str, label: str) -> None:
    target = next(one for one in torture_inputs.targets() if one.name == name)
    target.make(tmp_path)
    target.by_hand[label](tmp_path)
    try:
        assert target.use(tmp_path) in ("remade", "counted") or "auto_map" in label or "of its own" in label
    except ConfigError as err:
        assert tmp_path.name in str(err) or str(tmp_path) in str(err)
    assert not torture_inputs.RAN.exists()


def test_the_weights_of_a_translation_folder_are_no_pickle_that_is_run(tmp_path: Path) -> None:
    from transformers import MarianConfig

    from build_data import mt_convert
    from corpora.corpus import ROOT as BUNDLED

    MarianConfig(vocab_size=10, d_model=8, encoder_layers=1, decoder_layers=1, encoder_attention_heads=1, decoder_attention_heads=1).save_pretrained(tmp_path)
    for side in ("source", "target"):
        (tmp_path / f"{side}.spm").write_bytes((BUNDLED / "mini/models/mt/fi" / f"{side}.spm").read_bytes())
    (tmp_path / "vocab.json").write_text('{"a": 0}')
    (tmp_path / "tokenizer_config.json").write_text("{}")
    (tmp_path / "pytorch_model.bin").write_bytes(pickle.dumps(torture_inputs.Boom()))
    with pytest.raises(ConfigError, match="weights cannot be read"):
        mt_convert.load(tmp_path, mt_convert.inspect(tmp_path))
    assert not torture_inputs.RAN.exists()


@pytest.mark.parametrize("name", ["../x", "/etc/passwd", "a/../../x", ".."])
def test_declared_files_stay_inside_their_folder(name: str) -> None:
    with pytest.raises(ValueError, match="stay inside"):
        Files(files=(name,), sha256=("",), rows=1)


def test_packed_files_that_unfold_without_end_are_refused(tmp_path: Path) -> None:
    from corpora.readers.lines import lines, whole_json

    with gzip.open(tmp_path / "x.gz", "wb", compresslevel=9) as file:
        for _ in range(100):
            file.write((b"x" * 1023 + b"\n") * 1024)
    with pytest.raises(ConfigError, match="unfold to more than"):
        list(lines(tmp_path / "x.gz"))
    with pytest.raises(ConfigError, match=r"x\.gz: more than"):
        whole_json(tmp_path / "x.gz")
    (tmp_path / "long.txt").write_bytes(b"x" * (65 << 20))
    with pytest.raises(ConfigError, match=r"long\.txt:1: a line of more than"):
        list(lines(tmp_path / "long.txt"))


@pytest.mark.parametrize("text", ["[" * 100_000, '{"a":' * 100_000, "9" * 5000, "", "{", "\x00"])
def test_broken_json_is_one_kind_of_error(text: str) -> None:
    with pytest.raises(ValueError):
        parse_json(text)


def test_a_file_is_not_read_beyond_its_bound(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(b"[" + b" " * 100 + b"]")
    assert read_json(tmp_path / "x") == []
    with pytest.raises(ValueError, match="larger than 50 bytes"):
        read_json(tmp_path / "x", 50)
    with pytest.raises(ValueError, match="larger than"):
        read_bytes(Path("/dev/zero"), 1000)


class Markup(HTMLParser):
    """Gathers tags, and attributes that run code."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.running: list[str] = []

    def handle_starttag(self, tag, attrs) -> None:
        self.tags.append(tag)
        self.running += [f"{name}={value}" for name, value in attrs if name.startswith("on") or (value or "").strip().lower().startswith("javascript:")]


def held(path: Path) -> Markup:
    page = Markup()
    page.feed(path.read_text("utf-8"))
    return page


def hostile(value):
    """Return a JSON value with every string in it made hostile, keys of free tables too."""
    if isinstance(value, str):
        return value + HOSTILE
    if isinstance(value, dict):
        return {key: hostile(inner) for key, inner in value.items()}
    return [hostile(inner) for inner in value] if isinstance(value, list) else value


def test_nothing_in_the_pages_of_a_built_task_is_markup(tmp_path: Path) -> None:
    rows = [
        Pair(
            id=f"r{i}{HOSTILE}",
            premise=f"{HOSTILE} {i}",
            hypothesis=HOSTILE,
            label="a",
            document=f"d{i}",
            corpus=HOSTILE,
            genre=HOSTILE,
            scores={"few_words": 3.0},
        )
        for i in range(30)
    ]
    dropped = [Dropped(rows[i], "filter", f"few_words={HOSTILE}", 1.0) for i in range(3)]
    built = Built(
        study="x", task="nli", arm="en", kind="pair", language="en", labels=("a",), kept=rows[3:], dropped=dropped, ledgers=[], notes=[HOSTILE], licences=("CC0-1.0",),
        inputs=[{"corpus": "mini/en-nli", "split": "train", "rows": 30}], settings={"filters": {"few_words": [1, 9]}}, key="k", publishable="yes",
    )  # fmt: skip
    finish(built, tmp_path / "nli.en", 5, 20, "make data", {"tool": "1"})
    page = held(tmp_path / "nli.en" / "filters.html")
    assert not page.running and "img" not in page.tags and page.tags.count("script") <= 1
    card = (tmp_path / "nli.en" / "README.md").read_text("utf-8")
    plain = re.sub(r"(?ms)^```.*?^```$|`[^`\n]+`", "", card)  # what stands between the code of a Markdown page
    assert "<script>alert" in card and "<script>alert" not in plain


def test_nothing_in_a_report_is_markup(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    study = fakes.study(title=HOSTILE, note=HOSTILE)
    fakes.plan(monkeypatch, study)
    fakes.write_all(tmp_path, study)
    for path in (tmp_path / "runs").glob("*/run.json"):
        value = json.loads(path.read_text("utf-8"))
        path.write_text(json.dumps(value | {name: value[name] + HOSTILE for name in ("device", "git", "precision")} | {"versions": hostile(value["versions"])}))
    for arm in ("en", "mt-fi", "mt-hu"):
        fakes.write_manifest(
            tmp_path, study, "qa", arm, command=HOSTILE, mt={"chrF": 5.0, "BLEU": 2.0, "model": HOSTILE},
            steps=[{"step": "read", "in": 200, "made": 0, "kept": 190, "excluded": {HOSTILE: 10}}], spans={"kept": 150, "excluded": {HOSTILE: 50}},
        )  # fmt: skip
    index = report.make(study, tmp_path, HOSTILE)
    page = held(index)
    assert not page.running and "img" not in page.tags and "<script>alert" not in index.read_text("utf-8") and "<!-- &" not in index.read_text("utf-8")
    assert "<script>alert" not in (index.parent / "report.md").read_text("utf-8")


def test_json_in_a_page_cannot_end_its_element() -> None:
    text = browse.embedded({"a": [HOSTILE, "\u2028\u2029</SCRIPT >", "]]>"]})
    assert not re.search(r"[<>&\u2028\u2029]", text) and json.loads(text)["a"][0] == HOSTILE


TOKEN = "hf_NobodyMaySeeThisToken"


def test_no_token_and_no_home_folder_is_in_what_a_study_leaves(tmp_path: Path) -> None:
    """A build of English arms, their training and scores; the torture test looks into translated and native ones and into what is published."""
    home = tmp_path / "home-of-somebody"
    root, study = home / "project", torture_study.write_study(home / "mine")
    narrow = ["--set", 'arms = ["none", "en"]', "--set", 'intermediate = [["nli"]]']
    env = {**os.environ, "HOME": str(home), "HF_TOKEN": TOKEN, "HUGGING_FACE_HUB_TOKEN": TOKEN, "FIHU_CACHE": str(home / "cache"), "OMP_NUM_THREADS": "1"}
    for room, more in (("build_data", ["--threads", "1"]), ("train", ["--after", "eval.score:score_run", "--workers", "1"]), ("eval", [])):
        command = [sys.executable, "-m", room, *(["report"] if room == "eval" else []), str(study), "--root", str(root), *narrow, *more]
        done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, timeout=300)
        assert done.returncode == 0, done.stderr
        assert TOKEN not in done.stdout + done.stderr
    left = [path for path in root.rglob("*") if path.is_file()]
    assert len(left) > 20 and torture_secrets.found(root, [TOKEN, home.name]) == []


def test_a_failed_run_does_not_write_down_where_home_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from train.run import Run, record

    monkeypatch.setenv("HOME", str(tmp_path))
    run = Run(phase="intermediate", tasks=("nli",), arm="en", seed=1)
    kept = json.dumps(record(run, "failed", error=f"{tmp_path}/project/x: broken (token hf_abcdefghijklmnop)"))
    assert str(tmp_path) not in kept and "hf_abcdefghij" not in kept and "~/project/x: broken" in kept


@pytest.mark.parametrize("home", ["/", "/home/worker", "/home/somebody/of-the-cluster"])
def test_a_worker_elsewhere_does_not_write_down_whose_plan_it_was(home: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", home)
    monkeypatch.setenv(HOME, "/home/somebody")
    assert private("/home/somebody/base: broken (hf_abcdefghijklmnop)") == "~/base: broken (hf_***)"
    assert home == "/" or private(f"{home}/x") == "~/x"


def test_the_audit_is_skipped_with_a_word_where_it_has_no_source(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(dependencies, "ASKED", "http://127.0.0.1:9/nothing")
    assert dependencies.main() == 0 and "not audited" in capsys.readouterr().out


def test_damage_is_seeded() -> None:
    import random

    first, again = (torture_bad.mutations(b"title = 1\n" * 9, random.Random(5), True) for _ in range(2))
    assert [next(first) for _ in range(50)] == [next(again) for _ in range(50)]
