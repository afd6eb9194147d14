"""What kind of text a document is, in words of the house: corpora say it in words of their own, shares of a mixture need one set.

A study bounds genres (`shares = { law = 0.3 }`), and every native row carries its document's. The set is closed, so that a
share never misses a genre that was only spelled otherwise.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping

from corpora.config import ConfigError

GENRES = (
    "academic", "blog", "captions", "course", "dictionary", "encyclopaedia", "fiction", "grammar", "guide", "law", "letter", "news", "novel", "parliament", "qa",
    "science", "subtitles", "travel", "web",
)  # fmt: skip
# A corpus's own word -> ours. Those equal to ours need no line.
KNOWN: Mapping[str, str] = {
    "blogs": "blog",
    "course text (programming)": "course",
    "course text (web development)": "course",
    "encyclopaedic": "encyclopaedia",
    "europarl (TRANSLATED)": "parliament",
    "financial news": "news",
    "image captions": "captions",
    "legal": "law",
    "legal/JRC (TRANSLATED)": "law",
    "library Q&A": "qa",
    "popular science": "science",
    "story": "fiction",
    "student magazine": "news",
    "university news": "news",
    "web: D-Informational": "web",
    "web: Discussion": "web",
    "web: How-to": "web",
    "web: Info-Persuasion": "web",
    "web: Narrative": "web",
    "web: Opinion": "web",
    "wikinews": "news",
    "wikipedia": "encyclopaedia",
}


def house_genre(name: str) -> str:
    """Return our word for a corpus's genre; "" for none. Raises ConfigError for one that no line here knows."""
    found = KNOWN.get(name, name)
    if found and found not in GENRES:
        near = difflib.get_close_matches(name, [*KNOWN, *GENRES], 1)
        raise ConfigError(
            f"genre {name!r} is none of {', '.join(GENRES)}{f' (did you mean {near[0]}?)' if near else ''}; "
            "write one of these in the corpus's TOML, or add a line to corpora/genres.py"
        )
    return found


def require_genre(name: str) -> None:
    """Raise ValueError for a word that is none of GENRES: a share of it would bound nothing."""
    if name not in GENRES:
        near = [KNOWN[name]] if name in KNOWN else difflib.get_close_matches(name, GENRES, 1)
        raise ValueError(f"{name!r} is no genre of ours; {f'did you mean {near[0]}?' if near else 'write one of'} {'' if near else ', '.join(GENRES)}".rstrip())


def translated(name: str) -> bool:
    """Say whether a corpus's genre marks a document as a translation, whatever the origin of the rest ("europarl (TRANSLATED)")."""
    return "TRANSLATED" in name
