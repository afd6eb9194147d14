"""Known vulnerabilities of the exact versions in constraints.txt, as the Python package index publishes them (pip-audit asks it). Part of `make check`.

    python -m benchmarks.dependencies

Offline, behind a mirror that publishes none, or without pip-audit it says so within seconds and ends with 0: that is a check skipped, not passed.
"""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path

ROOT = Path(__file__).parent.parent
ASKED = (
    "https://pypi.org/pypi/pyyaml/5.3/json"  # has published vulnerabilities (arbitrary code in yaml.load, 2020): a source that knows none of them knows nothing
)
PATIENCE = 5.0  # seconds for the one question that tells whether there is a source


def source() -> str:
    """Return why there is no source of vulnerabilities here, '' where there is one."""
    if importlib.util.find_spec("pip_audit") is None:
        return "pip-audit is not installed (extra dev)"
    try:
        with urllib.request.urlopen(ASKED, timeout=PATIENCE) as answer:
            known = json.loads(answer.read(1 << 24)).get("vulnerabilities")
    except (OSError, ValueError, urllib.error.URLError) as err:
        return f"the index does not answer ({err})"
    return "" if known else "the index that answers publishes no vulnerabilities"


def main() -> int:
    """Say what was found; return 1 for a vulnerability."""
    if why := source():
        print(f"dependencies: not audited, {why}")
        return 0
    command = [
        sys.executable,
        "-m",
        "pip_audit",
        "--no-deps",
        "--disable-pip",
        "--progress-spinner",
        "off",
        "--timeout",
        "10",
        "-r",
        str(ROOT / "constraints.txt"),
    ]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    print(done.stdout + done.stderr, end="")
    if "could not be audited" in done.stdout:
        print("dependencies: the packages named above could not be audited")
    return done.returncode


if __name__ == "__main__":
    sys.exit(main())
