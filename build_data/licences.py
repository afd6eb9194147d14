"""What the licences of sources and models allow: their Hub names, and which rows may not be published.

A corpus declares its licence in words and its class (`publishable`: yes, non-commercial, no). The class decides; words are never
interpreted for permission. Hub names are for the card's header only: where several licences meet, the header says `other` and lists them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

HUB: Mapping[str, str] = {  # the licence as corpora declare it -> its name on the Hub
    "CC0-1.0": "cc0-1.0", "CC BY 4.0": "cc-by-4.0", "CC BY 2.0 FR": "cc-by-2.0", "CC BY-SA 3.0": "cc-by-sa-3.0", "CC BY-SA 4.0": "cc-by-sa-4.0",
    "CC-BY-NC-4.0": "cc-by-nc-4.0", "CC-BY-NC-SA-4.0": "cc-by-nc-sa-4.0", "CC-BY-4.0": "cc-by-4.0", "CC BY-NC 4.0": "cc-by-nc-4.0", "CC BY-NC-SA 3.0": "cc-by-nc-sa-3.0", "CC BY-NC-SA 4.0": "cc-by-nc-sa-4.0", "MIT": "mit", "Apache-2.0": "apache-2.0",
    "BSD 2-clause": "bsd-2-clause",
}  # fmt: skip
LINKS: Mapping[str, str] = {
    "cc0-1.0": "https://creativecommons.org/publicdomain/zero/1.0/", "cc-by-4.0": "https://creativecommons.org/licenses/by/4.0/",
    "cc-by-2.0": "https://creativecommons.org/licenses/by/2.0/", "cc-by-sa-3.0": "https://creativecommons.org/licenses/by-sa/3.0/",
    "cc-by-sa-4.0": "https://creativecommons.org/licenses/by-sa/4.0/", "cc-by-nc-4.0": "https://creativecommons.org/licenses/by-nc/4.0/",
    "cc-by-nc-sa-3.0": "https://creativecommons.org/licenses/by-nc-sa/3.0/", "cc-by-nc-sa-4.0": "https://creativecommons.org/licenses/by-nc-sa/4.0/",
    "mit": "https://opensource.org/license/mit", "apache-2.0": "https://www.apache.org/licenses/LICENSE-2.0", "bsd-2-clause": "https://opensource.org/license/bsd-2-clause",
}  # fmt: skip
FILE = "LICENSE.md"  # beside every card of ours: card_sections.licences_page
NON_COMMERCIAL = re.compile(r"(?:^|[^a-z])(?:nc|non-?commercial)(?:[^a-z]|$)", re.IGNORECASE)


def header(licences: Sequence[str]) -> dict[str, str]:
    """Return the card's licence keys: one Hub name, or `other` with the file that has them all.

    The Hub takes "LICENSE", "LICENSE.md" or an address as link (hub-docs, datasetcard.md), nothing else.
    """
    named = sorted(set(licences))
    known = {HUB[name] for name in named if name in HUB}
    if len(known) == 1 and all(name in HUB for name in named):
        return {"license": known.pop()}
    return {"license": "other", "license_name": "see-sources", "license_link": FILE}


def of(manifest: Mapping[str, Any]) -> list[str]:
    """Return the licences of a built task: of its sources, and of the translation models that wrote its texts."""
    mt = manifest.get("mt") or {}
    models = [str(one.get("licence") or "no licence stated") for one in (mt, mt.get("back") or {}) if one]
    return [*manifest["licences"], *models]


def link(licence: str) -> str:
    """Return the address of a licence's text, "" where its words name none of those we know."""
    return LINKS.get(HUB.get(licence, ""), "")


def weights_class(licence: str) -> str:
    """Return the class of a translation model's licence: "non-commercial" where its name says NC (NLLB: CC-BY-NC-4.0), else "yes".

    A model without a stated licence counts as non-commercial: nothing allows more.
    """
    return "non-commercial" if not licence.strip() or NON_COMMERCIAL.search(licence) else "yes"


@dataclass(frozen=True, slots=True)
class Obstacle:
    """Something that stands in the way of publishing: a corpus or a model, its licence and class, and the rows that hang on it by configuration."""

    what: str
    licence: str
    kind: str  # "no" or "non-commercial"
    rows: Mapping[str, int]

    def __str__(self) -> str:
        rows = ", ".join(f"{name} {count:,}" for name, count in self.rows.items())
        words = "may not be published" if self.kind == "no" else "non-commercial use only"
        return f"{self.what} ({self.licence or 'no licence stated'}): {words}; rows: {rows}"


def obstacles(
    rows: Mapping[str, Mapping[str, int]], corpora: Mapping[str, tuple[str, str]], models: Mapping[str, Sequence[Mapping[str, Any]]]
) -> list[Obstacle]:
    """Return what stands in the way, forbidden things first.

    `rows`: configuration -> corpus -> rows; `corpora`: corpus -> (licence, class); `models`: configuration -> the manifests' records of its translation models.
    """
    found = []
    for name, (licence, kind) in sorted(corpora.items()):
        held = {config: counts[name] for config, counts in rows.items() if counts.get(name)}
        if kind != "yes" and held:
            found.append(Obstacle(f"corpus {name}", licence, kind, held))
    for config, model, licence in _weights(models):
        if weights_class(licence) != "yes":
            found.append(Obstacle(f"translation model {model}", licence, "non-commercial", {config: sum(rows[config].values())}))
    return sorted(_joined(found), key=lambda one: (one.kind != "no", one.what))


def _weights(models: Mapping[str, Sequence[Mapping[str, Any]]]) -> Iterable[tuple[str, str, str]]:
    for config, some in models.items():
        for one in some:
            yield config, str(one.get("model") or "?"), str(one.get("licence") or "")


def _joined(found: Sequence[Obstacle]) -> list[Obstacle]:
    """Join obstacles of one name over configurations."""
    out: dict[str, Obstacle] = {}
    for one in found:
        before = out.get(one.what)
        out[one.what] = Obstacle(one.what, one.licence, one.kind, {**before.rows, **one.rows}) if before else one
    return list(out.values())


def tagless(text: str) -> str:
    """Return words that somebody declared, for a card, without tags of HTML, which Markdown would let through."""
    return re.sub(r"<(?=[A-Za-z/!?])", "&lt;", text)
