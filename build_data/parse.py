"""Sentences, words, tags, trees, lemmas and names. The only file that knows Stanza.

Every distinct text is parsed once and kept in one SQLite file, whose keys hold the pack's fingerprint. Only the networks
that a caller asks for are loaded. A parse does not depend on the texts it shared a batch with (see _Networks). A text that
cannot be parsed gives None and a reason, and its row is excluded by whoever asked; nothing is ever downloaded from here.
"""

from __future__ import annotations

import contextlib
import functools
import gc
import hashlib
import json
import os
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from build_data.lazy import need
from build_data.parse_cache import Cache, Entry
from build_data.parse_packs import PROVIDES, Pack, open_pack
from build_data.parse_pool import Batches, Isolated, Pool
from build_data.parse_types import ALL_LAYERS, LAYERS, Entity, Parse, Parser, Sentence, Word, pack_parse, pack_refusal, parse_lines, read_feats, unpack_parse
from build_data.uncollected import uncollected
from corpora.config import ConfigError
from corpora.study import Parsing

__all__ = ["Entity", "Parse", "Parser", "Sentence", "StanzaParser", "Word", "load_parser", "parse_lines", "read_feats"]

VERSION = 2  # raised whenever the same pack gives other parses
MAX_CHARACTERS = 20_000  # a longer "paragraph" is a broken file; Stanza needs about 2.6 GB for a 10 MB text (stanza #734)
MAX_WORDS = 400  # a longer "sentence" is a list or a table, and the parser's memory grows with its square (stanza #387)
LONG_WORD = 60  # a batch of words is padded to its longest: one URL of 1,000 letters among 5,000 words takes gigabytes, so it goes alone
BATCH_CHARACTERS = 200_000  # Stanza's objects take about 260 bytes a character, so some 50 MB a batch
PARAGRAPHS = 64  # paragraphs the tokenizer reads at once; packs say 16 to 32, which leaves the time to Python


def load_parser(settings: Parsing, language: str, cache: Path, threads: int = 1) -> StanzaParser:
    """Return the parser of `language`; `cache` is its SQLite file, which processes may share.

    The pack is checked here, its networks are loaded at the first text that the cache does not hold. Raises ConfigError.
    """
    return StanzaParser(_pack(settings, language), settings.batch, cache, threads)


def pack_sums(settings: Parsing, language: str) -> dict[str, str]:
    """Return the sums of the files of a language's pack, for keys and manifests. Raises ConfigError for a pack that is not there."""
    return _pack(settings, language).sums()


def _pack(settings: Parsing, language: str) -> Pack:
    return open_pack(settings.packs, language, lambda: Path(need("stanza.resources.common", "build").DEFAULT_MODEL_DIR))


class StanzaParser:
    """A pack of one language with its cache; see Parser."""

    def __init__(self, pack: Pack, batch: int, cache: Path, threads: int = 1) -> None:
        self.pack, self.batch = pack, batch
        self.language, self.fingerprint, self.layers = pack.language, pack.fingerprint(VERSION), pack.layers
        self._cache = Cache(cache)
        self.pool: Batches = Pool(functools.partial(_Networks, pack), threads)
        self._refused: dict[tuple[str, bool], str] = {}

    def parse(self, texts: Sequence[str], *, trees: bool, split: bool = True, lemmas: bool = False, entities: bool = False) -> list[Parse | None]:
        """See Parser.parse. Distinct texts are parsed once, like lengths together, and stored batch by batch.

        A cached parse that holds more serves too, but what was not asked for is left out. Raises ConfigError for a layer that the pack lacks.
        """
        layers = self._wanted(trees=trees, lemmas=lemmas, entities=entities)
        keys = {text: self._key(text, split) for text in texts}
        known = self._cache.get(list(keys.values()))
        todo = [text for text, key in keys.items() if key not in known or layers & ~known[key][0]]
        # What a text was once asked for, it may be asked for again: a parse never loses a layer.
        had = {text: known[keys[text]][0] if keys[text] in known else 0 for text in todo}
        crashed: dict[str, str] = {}
        for asked in sorted({layers | have for have in had.values()}):
            for batch, results in self.pool.run(cut([t for t in todo if layers | had[t] == asked], self.batch), asked, split):
                fresh: dict[bytes, Entry] = {}
                for text, result in zip(batch, results, strict=True):
                    if isinstance(result, Isolated):
                        crashed[text] = result.reason  # not stored: the next build may be luckier
                    else:
                        fresh[keys[text]] = (ALL_LAYERS if result.startswith('"') else asked, result)
                self._cache.put(fresh)
                known |= fresh
        with uncollected():  # tens of thousands of words at once, none of them in a cycle: Python's rounds over them cost a twentieth of a parse
            return [self._open(text, split, crashed.get(text) or unpack_parse(text, known[keys[text]][1], layers)) for text in texts]

    def refusal(self, text: str, *, split: bool = True) -> str:
        """See Parser.refusal: "too_long" (characters), "long_sentence" (words) or "crash" (the error's name)."""
        return self._refused.get((text, split), "")

    def _open(self, text: str, split: bool, found: Parse | str) -> Parse | None:
        if isinstance(found, Parse):
            return found
        self._refused[text, split] = found
        return None

    def _wanted(self, **asked: bool) -> int:
        for layer, wanted in asked.items():
            if wanted and layer not in self.layers:
                raise ConfigError(
                    f"parsing.packs.{self.language} = {self.pack.name!r} has no {PROVIDES[layer]} model, and {layer} were asked for; "
                    f"add {PROVIDES[layer]}.pt to the folder or name a Stanza package that has one"
                )
        return sum(LAYERS[layer] for layer, wanted in asked.items() if wanted)

    def _key(self, text: str, split: bool) -> bytes:
        return hashlib.sha256(f"{self.fingerprint} {int(split)} {text}".encode("utf-8", "surrogatepass")).digest()[:16]


def cut(texts: Sequence[str], size: int) -> list[list[str]]:
    """Return batches of texts of like length, at most `size` texts and BATCH_CHARACTERS characters each."""
    out: list[list[str]] = []
    room = 0
    for text in sorted(texts, key=lambda text: (len(text), text)):
        room -= len(text)
        if not out or len(out[-1]) >= size or room < 0:
            out.append([])
            room = BATCH_CHARACTERS - len(text)
        out[-1].append(text)
    return out


class _Networks:
    """The networks of one pack in this process, each loaded at its first use.

    Company must not matter, and float32 sums depend on it (see parse_ties). The tokenizer and the tagger run in float32, and
    what was a near-tie runs again alone. The tree parser, whose decoding has no one margin, runs in float64, where the
    same noise is 1e-9 of that. Word expansion, lemmas and names run text by text.
    """

    def __init__(self, pack: Pack) -> None:
        self.pack = pack
        self._loaded: dict[str, Any] = {}
        self._ties: dict[str, set[Any]] = {}

    def run(self, texts: Sequence[str], layers: int, split: bool) -> list[str]:
        """Return the packed parse, or packed refusal, of each text. Raises whatever Stanza does for a text it can't digest."""
        with _steady():
            out = {i: pack_refusal(f"too_long={len(text)}") for i, text in enumerate(texts) if len(text) > MAX_CHARACTERS}
            open_ = [i for i in range(len(texts)) if i not in out]
            docs = dict(zip(open_, self._tokenize([texts[i] for i in open_], split), strict=True))
            for i, doc in docs.items():
                longest = max((len(s.words) for s in doc.sentences), default=0)
                if longest > MAX_WORDS:
                    out[i] = pack_refusal(f"long_sentence={longest}")
            short = [doc for i, doc in docs.items() if i not in out and doc.sentences]
            self._annotate(short, layers)
            return [out[i] if i in out else pack_parse(text, _light(docs[i], layers)) for i, text in enumerate(texts)]

    def _tokenize(self, texts: Sequence[str], split: bool) -> list[Any]:
        document = need("stanza.models.common.doc", "build").Document
        # Stanza takes a blank line for a border whatever one asks; a space of the same width keeps the offsets.
        docs = [document([], text=text if split else text.replace("\n", " ")) for text in texts]
        processor = self._get("tokenize")
        processor.config["no_ssplit"] = not split
        self._ties["tokenize"].clear()
        filled = [doc for doc in docs if doc.text.strip()]
        if filled:
            processor.bulk_process(filled)
        if self._ties["tokenize"]:
            hairs = {_squeezed(part) for part in self._ties["tokenize"]}
            for doc in filled:
                if any(hair in _squeezed(doc.text) for hair in hairs):
                    processor.bulk_process([doc])
        for doc in filled:
            if any("MWT=Yes" in (token.misc or "") for sentence in doc.sentences for token in sentence.tokens) and "mwt" in self.pack.models:
                self._get("mwt").bulk_process([doc])
        return docs

    def _annotate(self, docs: Sequence[Any], layers: int) -> None:
        if not docs:
            return
        tagger, ties = self._get("pos"), self._ties["pos"]
        sentences = [sentence for doc in docs for sentence in doc.sentences]
        long = [any(len(word.text) > LONG_WORD for word in sentence.words) for sentence in sentences]
        ties.clear()
        _over(tagger, [s for s, alone in zip(sentences, long, strict=True) if not alone])
        for sentence, alone in zip(sentences, long, strict=True):
            if alone or (ties and tuple(word.text for word in sentence.words) in ties):
                _over(tagger, [sentence])
        if layers & (LAYERS["lemmas"] | LAYERS["trees"]):  # trees look at lemmas
            lemmas = self._get("lemma")
            for doc in docs:
                lemmas.bulk_process([doc])
        if layers & LAYERS["trees"]:
            _over(self._get("depparse"), sentences)
        if layers & LAYERS["entities"]:
            for doc in docs:
                self._get("ner").bulk_process([doc])

    def _get(self, name: str) -> Any:
        if name not in self._loaded:
            self._loaded[name] = processor = _load(self.pack, name)
            self._ties[name] = set()
            if name == "tokenize":
                self._ties[name] = _ties().watch_tokenizer(processor.trainer.model)
                processor.trainer.args["batch_size"] = max(processor.trainer.args["batch_size"], PARAGRAPHS)
            elif name == "pos":
                self._ties[name] = _ties().watch_tagger(processor.trainer.model)
            elif name == "depparse":
                processor.trainer.model.double()
        return self._loaded[name]


def _ties() -> Any:
    from build_data import parse_ties  # it needs torch, which is slow to load where the cache has everything

    return parse_ties


def _squeezed(text: str) -> str:
    return "".join(text.split())


def _over(processor: Any, sentences: Sequence[Any]) -> None:
    """Run a processor over sentences of any documents, as Stanza's own bulk_process does."""
    if sentences:
        together = need("stanza.models.common.doc", "build").Document([])
        together.sentences = list(sentences)
        together.num_tokens = sum(len(s.tokens) for s in sentences)
        together.num_words = sum(len(s.words) for s in sentences)
        processor.process(together)


@contextlib.contextmanager
def _steady() -> Iterator[None]:
    """One thread (networks this small only lose by more, stanza #552), full float32, and no garbage left.

    Stanza's documents are full of cycles, which fill the memory until a collection happens by (stanza #939). Collected
    batch by batch, all of them are young, and that is quick; Python's own rounds are held off meanwhile.
    """
    import torch

    threads, tf32 = torch.get_num_threads(), torch.backends.cudnn.allow_tf32
    torch.set_num_threads(1)
    torch.backends.cudnn.allow_tf32 = False
    with uncollected():
        try:
            yield
        finally:
            torch.set_num_threads(threads)
            torch.backends.cudnn.allow_tf32 = tf32
            gc.collect(0)


def _load(pack: Pack, name: str) -> Any:
    """Load one processor. Raises ConfigError for a model that is broken or was made for another Stanza."""
    stanza = need("stanza", "build")
    identity = name == "lemma" and name not in pack.models  # a tree parser insists on lemmas: the words themselves
    options: dict[str, Any] = {"download_method": None, "verbose": False, "package": None, f"{name}_check_requirements": False}
    with tempfile.TemporaryDirectory() as home, _weights_only():
        options |= {"dir": str(pack.home or home), "allow_unknown_language": True, "processors": {name: "identity" if identity else pack.models[name]}}
        if pack.home is None:
            # Stanza wants a registry of packages; this one names ours.
            models: dict[str, dict[str, Any]] = {"tokenize": {"pack": {}}, "lemma": {"identity": {}}} | {name: {"identity" if identity else "pack": {}}}
            registry = {"lang_name": pack.language, "default_processors": {}, "default_dependencies": {}, "packages": {"default": {}}, **models}
            Path(home, "resources.json").write_text(json.dumps({pack.language: registry}), "utf-8")
            if not identity:
                options |= {"processors": {name: "pack"}, f"{name}_model_path": pack.models[name]}
        try:
            return stanza.Pipeline(pack.language, **options).processors[name]
        except Exception as err:  # Stanza raises whatever its loader meets: KeyError, UnpicklingError, its own classes, ...
            raise ConfigError(
                f"the {pack.language} pack {pack.name!r}: its {name} model does not load ({type(err).__name__}: {err}); "
                f"fetch or train it again with this Stanza, {stanza.__version__}"
            ) from err


@contextlib.contextmanager
def _weights_only() -> Iterator[None]:
    """Let torch refuse any model file that would run code when unpickled, whatever Stanza asks for."""
    names = ("TORCH_FORCE_WEIGHTS_ONLY_LOAD", "TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD")
    before = {name: os.environ.pop(name) for name in names if name in os.environ}
    os.environ[names[0]] = "1"
    try:
        yield
    finally:
        del os.environ[names[0]]
        os.environ.update(before)


def _light(doc: Any, layers: int) -> Parse:
    """Return a Stanza document as plain data; words of a multi-word token share its offsets."""
    trees, lemmas = bool(layers & LAYERS["trees"]), bool(layers & LAYERS["lemmas"])
    sentences = []
    for sentence in doc.sentences:
        words = []
        for token in sentence.tokens:
            for word in token.words:
                start = token.start_char if word.start_char is None else word.start_char
                end = token.end_char if word.end_char is None else word.end_char
                head, deprel = (word.head or 0, word.deprel or "") if trees else (0, "")
                words.append(Word(word.text, word.upos or "X", read_feats(word.feats or ""), head, deprel, start, end, (word.lemma or "") if lemmas else ""))
        sentences.append(Sentence(tuple(words), words[0].start, words[-1].end))
    names = tuple(Entity(e.start_char, e.end_char, e.type) for e in doc.ents) if layers & LAYERS["entities"] else None
    return Parse(tuple(sentences), trees, lemmas, names)
