"""A page in a real browser: what it logs, how wide it lays itself out, and what is on it. Debian's chromium; tests skip where it is missing."""

from __future__ import annotations

import html
import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
needs_browser = pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed: apt-get install chromium")
PROBE = """<script>
window.problems = [];
window.addEventListener("error", (e) => problems.push(String(e.message || e.target.src || e.target.href)), true);
console.error = (...all) => problems.push(all.join(" "));
window.addEventListener("load", () => setTimeout(() => {
  const found = %s;
  const wide = [...document.querySelectorAll("body *")].filter((e) => e.getBoundingClientRect().right > innerWidth + 1 && !e.closest(".scroll, .contents")).map((e) => e.tagName + "." + e.className);
  const told = {problems, inner: innerWidth, page: document.documentElement.scrollWidth, wide: [...new Set(wide)].slice(0, 8), found};
  parent.postMessage(JSON.stringify(told), "*");
}, 200));
</script>"""
# A window is never narrower than 500 pixels, a frame may be: phones are looked at through one.
HOST = """<!doctype html><script>addEventListener("message", (e) => { document.getElementById("told").textContent = e.data; });</script>
<iframe src="%s" style="width: %dpx; height: 900px; border: 0"></iframe><pre id="told"></pre>"""


def look(path: Path, width: int, found: str = "null", fragment: str = "") -> dict[str, Any]:
    """Open a page at `width` pixels and return its problems, window width, page width, elements that stick out, and the value of the script `found`."""
    probed, host = path.with_name(f".probe-{path.name}"), path.with_name(f".host-{path.name}")
    text = path.read_text("utf-8")
    probed.write_text(text.replace("<head>", "<head>" + PROBE % found, 1), "utf-8")
    host.write_text(HOST % (probed.name + fragment.replace("&", "&amp;"), width), "utf-8")
    flags = ["--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--window-size=1600,1000", "--virtual-time-budget=5000", "--dump-dom"]
    try:
        assert CHROMIUM is not None
        done = subprocess.run([CHROMIUM, *flags, f"file://{host.resolve()}"], capture_output=True, text=True, timeout=60)
    finally:
        probed.unlink()
        host.unlink()
    told = re.search(r'<pre id="told">(.+?)</pre>', done.stdout, re.S)
    assert told, done.stderr[-2000:]
    answer: dict[str, Any] = json.loads(html.unescape(told.group(1)))
    return answer
