"""Sentences, words, tags and trees. The only file that knows Stanza.

A pack is a folder with tokenize.pt, pos.pt and depparse.pt (two are bundled), or the name of a Stanza package that was fetched
beforehand; nothing is ever downloaded from here. Every distinct text is parsed once and kept in one SQLite file, whose
keys hold the pack's fingerprint. A text that cannot be parsed gives None, and its row is excluded by whoever asked.
"""

from __future__ import annotations

import functools
import hashlib
import json
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any, Protocol

from build_data.lazy import need
from build_data.parse_cache import Cache
from corpora import corpus as corpora
from corpora.config import ConfigError
from corpora.shards import digest, file_sha256
from corpora.study import Parsing

VERSION = 1  # raised whenever the same pack gives other parses
PACK_FILES = ("tokenize.pt", "pos.pt", "depparse.pt")
MAX_CHARACTERS = 20_000  # a longer "paragraph" is a broken file; Stanza needs about 2.6 GB for a 10 MB text (stanza #734)
MAX_WORDS = 400  # a longer "sentence" is a list or a table, and the parser's memory grows with its square (stanza #387)


@dataclass(frozen=True, slots=True)
class Word:
    """One word; `start` and `end` are code points in the text that was parsed, `head` counts from 1 (0 = root or no tree)."""

    text: str
    upos: str
    feats: Mapping[str, str]
    head: int
    deprel: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Sentence:
    words: tuple[Word, ...]
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Parse:
    """What is known of one text; without `trees` every head is 0 and every deprel empty."""

    sentences: tuple[Sentence, ...]
    trees: bool


class Parser(Protocol):
    """What makers and filters need of a parser, so that tests can bring their own."""

    @property
    def language(self) -> str: ...

    @property
    def fingerprint(self) -> str: ...

    def parse(self, texts: Sequence[str], *, trees: bool, split: bool = True) -> list[Parse | None]:
        """Return one parse a text, in order; None for a text that failed. `split` = False keeps each text one sentence."""
        ...


def load_parser(settings: Parsing, language: str, cache: Path) -> StanzaParser:
    """Return the parser of `language`; `cache` is its SQLite file, which processes may share.

    The pack is checked here, its networks are loaded at the first text that the cache does not hold. Raises ConfigError.
    """
    if language not in settings.packs:
        raise ConfigError(
            f"parsing.packs has no pack for {language!r}; it has {', '.join(settings.packs) or 'none'}. "
            f"Write parsing.packs.{language} = a folder or a Stanza package"
        )
    pack = settings.packs[language]
    folder = _folder(pack, language)
    content = [file_sha256(folder / name) for name in PACK_FILES] if folder else [_package_files(pack, language)]
    return StanzaParser(language, pack, folder, digest([VERSION, language, pack if folder is None else "", *content]), settings.batch, cache)


def _folder(pack: str, language: str) -> Path | None:
    """Return the pack's folder, or None for a Stanza package. A folder without its files is a ConfigError."""
    places = [Path(pack)] if Path(pack).is_absolute() else [corpora.corpora_dir() / pack, corpora.ROOT / pack]
    folder = next((place for place in places if place.is_dir()), None)
    if folder is None and "/" not in pack:
        return None
    if folder is None:
        raise ConfigError(f"parsing.packs.{language} = {pack!r}: no such folder in {' or '.join(str(place.parent) for place in places)}")
    missing = [name for name in PACK_FILES if not (folder / name).is_file()]
    if missing:
        raise ConfigError(f"parsing.packs.{language}: {folder} lacks {', '.join(missing)}; a pack is a folder with {', '.join(PACK_FILES)}")
    return folder


def _package_files(pack: str, language: str) -> object:
    """Return what identifies the installed files of a Stanza package (names and sizes). Raises ConfigError where there are none."""
    home = Path(need("stanza.resources.common", "build").DEFAULT_MODEL_DIR) / language
    files = sorted((str(path.relative_to(home)), path.stat().st_size) for path in home.rglob("*.pt")) if home.is_dir() else []
    if not files:
        raise ConfigError(
            f"parsing.packs.{language} = {pack!r}: Stanza has no models of {language!r} in {home}, and nothing is downloaded unasked; "
            f"run: python -c \"import stanza; stanza.download('{language}', package='{pack}')\""
        )
    return [pack, metadata.version("stanza"), files]


class StanzaParser:
    """A pack of one language with its cache; see Parser."""

    def __init__(self, language: str, pack: str, folder: Path | None, fingerprint: str, batch: int, cache: Path) -> None:
        self.language, self.pack, self.folder, self.fingerprint, self.batch = language, pack, folder, fingerprint, batch
        self._cache = Cache(cache)

    def parse(self, texts: Sequence[str], *, trees: bool, split: bool = True) -> list[Parse | None]:
        """See Parser.parse. Distinct texts are parsed once, longest with longest, and stored batch by batch."""
        keys = {text: self._key(text, trees, split) for text in texts}
        packed = self._cache.get(list(keys.values()))
        todo = sorted((text for text in keys if keys[text] not in packed), key=lambda text: (len(text), text))
        for at in range(0, len(todo), self.batch):
            batch = todo[at : at + self.batch]
            fresh = {keys[text]: pack_parse(text, parse) for text, parse in zip(batch, self._run(batch, trees, split), strict=True)}
            self._cache.put(fresh)
            packed.update(fresh)
        return [unpack_parse(text, packed[keys[text]]) for text in texts]

    def _key(self, text: str, trees: bool, split: bool) -> bytes:
        return hashlib.sha256(f"{self.fingerprint} {int(trees)}{int(split)} {text}".encode()).digest()[:16]

    @functools.cached_property
    def _pipeline(self) -> Any:
        return _pipeline(self.language, self.pack, self.folder, tagger=True, split=True)

    @functools.cached_property
    def _one_sentence(self) -> Any:
        return _pipeline(self.language, self.pack, self.folder, tagger=False, split=False)

    def _run(self, texts: Sequence[str], trees: bool, split: bool) -> list[Parse | None]:
        """Parse texts together; if that fails, one by one, so that one bad text costs no other."""
        try:
            return self._batch(texts, trees, split)
        except (RuntimeError, ValueError, IndexError, KeyError, AssertionError, AttributeError, TypeError):
            if len(texts) == 1:
                return [None]
            return [parse for text in texts for parse in self._run([text], trees, split)]

    def _batch(self, texts: Sequence[str], trees: bool, split: bool) -> list[Parse | None]:
        document = need("stanza.models.common.doc", "build").Document
        out: list[Parse | None] = [Parse((), trees) if not text.strip() else None for text in texts]
        usable = [i for i, text in enumerate(texts) if text.strip() and len(text) <= MAX_CHARACTERS]
        docs = [document([], text=texts[i]) for i in usable]
        docs = (self._pipeline if split else self._one_sentence).process(docs, processors="tokenize,mwt") if docs else []
        short = [(i, doc) for i, doc in zip(usable, docs, strict=True) if doc.sentences and all(len(s.words) <= MAX_WORDS for s in doc.sentences)]
        if short:
            tagged = self._pipeline.process([doc for _, doc in short], processors="pos,lemma,depparse" if trees else "pos")
            for (i, _), doc in zip(short, tagged, strict=True):
                out[i] = _light(doc, trees)
        return out


def _pipeline(language: str, pack: str, folder: Path | None, *, tagger: bool, split: bool) -> Any:
    """Load the networks. Raises ConfigError for a pack that is broken or was made for another Stanza."""
    stanza = need("stanza", "build")
    options: dict[str, Any] = {"download_method": None, "verbose": False, "tokenize_no_ssplit": not split}
    names = ["tokenize", "pos", "depparse"] if tagger else ["tokenize"]
    with tempfile.TemporaryDirectory() as home:
        if folder is not None:
            # Stanza wants a registry of packages; this one names ours. `identity` satisfies depparse, which insists on lemmas.
            registry = {"lang_name": language, "default_processors": {}, "default_dependencies": {}, "packages": {"default": {}}, "lemma": {"identity": {}}}
            Path(home, "resources.json").write_text(json.dumps({language: registry | {name: {"pack": {}} for name in names}}), "utf-8")
            options |= {f"{name}_model_path": str(folder / f"{name}.pt") for name in names}
            options |= {"dir": home, "allow_unknown_language": True, "lemma_use_identity": True}
            options["processors"] = dict.fromkeys(names, "pack") | ({"lemma": "identity"} if tagger else {})
        else:
            options |= {"package": pack, "processors": "tokenize,mwt,pos,lemma,depparse" if tagger else "tokenize,mwt"}
        try:
            return stanza.Pipeline(language, **options)
        except Exception as err:  # Stanza raises whatever its loader meets: KeyError, UnpicklingError, its own classes, ...
            raise ConfigError(
                f"the {language} pack {folder or pack} does not load ({type(err).__name__}: {err}); "
                f"fetch or train it again with this Stanza, {stanza.__version__}"
            ) from err


def _light(doc: Any, trees: bool) -> Parse:
    """Return a Stanza document as plain data; words of a multi-word token share its offsets."""
    sentences = []
    for sentence in doc.sentences:
        words = []
        for token in sentence.tokens:
            for word in token.words:
                start = token.start_char if word.start_char is None else word.start_char
                end = token.end_char if word.end_char is None else word.end_char
                words.append(
                    Word(
                        word.text,
                        word.upos or "X",
                        read_feats(word.feats or ""),
                        word.head or 0 if trees else 0,
                        word.deprel or "" if trees else "",
                        start,
                        end,
                    )
                )
        sentences.append(Sentence(tuple(words), words[0].start, words[-1].end))
    return Parse(tuple(sentences), trees)


def read_feats(feats: str) -> dict[str, str]:
    """Return "Case=Ine|Number=Sing" as a dict; "" and "_" are empty."""
    return dict(part.split("=", 1) for part in feats.split("|") if "=" in part)


def pack_parse(text: str, parse: Parse | None) -> str:
    """Return a parse as JSON; a word's text is left out where the offsets give it."""
    if parse is None:
        return "null"
    rows = [
        [
            [w.start, w.end, w.upos, "|".join(f"{k}={v}" for k, v in w.feats.items()), w.head, w.deprel, *([w.text] if text[w.start : w.end] != w.text else [])]
            for w in s.words
        ]
        for s in parse.sentences
    ]
    return json.dumps([int(parse.trees), rows], ensure_ascii=False, separators=(",", ":"))


def unpack_parse(text: str, packed: str) -> Parse | None:
    """Return the parse that pack_parse wrote for `text`."""
    value = json.loads(packed)
    if value is None:
        return None
    sentences = []
    for row in value[1]:
        words = tuple(Word(w[6] if len(w) > 6 else text[w[0] : w[1]], w[2], read_feats(w[3]), w[4], w[5], w[0], w[1]) for w in row)
        sentences.append(Sentence(words, words[0].start, words[-1].end))
    return Parse(tuple(sentences), bool(value[0]))
