"""Who may import whom is a table, held here; and the training half lives without the building libraries."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
MAY_IMPORT: dict[str, set[str]] = {"corpora": set(), "build_data": {"corpora"}, "train": {"corpora"}, "eval": {"corpora", "train"}}
BUILDERS = ["stanza", "spacy", "ctranslate2", "polars", "datasets", "sacremoses"]
# A heavy library is known to these files alone.
KNOWN_TO = {
    "rensa": {"build_data/near.py"},
    "Stemmer": {"build_data/stems.py"},
    "stanza": {"build_data/parse.py"},
    # converted by one file, run by the engine and by the canary, which must not depend on the engine; the third asks what the hardware can do
    "ctranslate2": {"build_data/mt_engine.py", "build_data/mt_convert.py", "build_data/mt_canary.py", "build_data/mt_hardware.py"},
    "spacy": {"build_data/sentences.py"},
    "datasets": {"corpora/hub.py"},
    "huggingface_hub": {
        "corpora/hub.py",
        "build_data/hub_upload.py",
        "build_data/mt_hub.py",
        "train/card_header.py",
    },  # reads rows, sends datasets, fetches models; writes model cards
    "mlcroissant": {"build_data/croissant.py"},
    "yaml": {"build_data/card_header.py"},
    "polars": {"build_data/tables.py"},
    "py3langid": {"build_data/langid.py"},
    "rapidfuzz": {"build_data/heuristics.py"},
    "sklearn": {"build_data/hypothesis_only.py", "eval/details.py"},
    "scipy": {"eval/power.py"},
    "ray": {"corpora/engine_ray.py"},
    "fsspec": {"corpora/remote.py"},
}


def imports(path: Path) -> set[str]:
    """Return every module a file imports anywhere, `need("x", ...)` included."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
        elif isinstance(node, ast.Call) and getattr(node.func, "id", "") == "need" and node.args and isinstance(node.args[0], ast.Constant):
            found.add(str(node.args[0].value))
    return found


def sources(room: str) -> list[Path]:
    return [p for p in sorted((ROOT / room).rglob("*.py")) if "corpora/mini/models" not in p.as_posix()]


@pytest.mark.parametrize("room", MAY_IMPORT)
def test_rooms_import_only_what_they_may(room: str) -> None:
    wrong = []
    for path in sources(room):
        for name in imports(path):
            top = name.partition(".")[0]
            if top in MAY_IMPORT and top != room and top not in MAY_IMPORT[room]:
                wrong.append(f"{path.relative_to(ROOT)} imports {name}")
    assert sources(room) and not wrong


@pytest.mark.parametrize("library", KNOWN_TO)
def test_a_heavy_library_is_known_to_its_file_only(library: str) -> None:
    users = {p.relative_to(ROOT).as_posix() for room in MAY_IMPORT for p in sources(room) if any(n.partition(".")[0] == library for n in imports(p))}
    assert users and users <= KNOWN_TO[library]


def test_corpora_train_eval_import_without_the_building_libraries() -> None:
    modules = [".".join(p.relative_to(ROOT).with_suffix("").parts) for room in ("corpora", "train", "eval") for p in sources(room)]
    modules = [m.removesuffix(".__init__") for m in modules if not m.endswith("__main__")]
    code = f"import sys; sys.modules.update(dict.fromkeys({BUILDERS!r}))\nimport importlib\nfor name in {modules!r}: importlib.import_module(name)"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_nothing_is_pickled_or_run_from_remote() -> None:
    for room in MAY_IMPORT:
        for path in sources(room):
            text = path.read_text("utf-8")
            assert "pickle" not in imports(path), path
            assert "trust_remote_code=True" not in text, path
