"""Does a translation model work at all? Twenty sentences are tried before a new one is used.

`compare` runs where the Transformers model is at hand, at conversion: greedy decoding in float32, CTranslate2 against Transformers' own generate.
`require` runs before first use with the compute type of production: every output must stop by itself and must not loop. That is all that can be
tried for a CTranslate2 folder that came without its Transformers twin, and its record says so.
Why: wrong special tokens, a lost bias or a shifted vocabulary make models that run on to the limit, repeat themselves, or write another
language, and CTranslate2 loads them without a word (its issues 836, 832, 1236, 1039).
"""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

from build_data import mt_checks
from build_data.lazy import need
from build_data.mt_families import Family
from build_data.mt_model import Folder, optional_json
from build_data.mt_normal import plain
from build_data.mt_sentences import SENTENCES
from build_data.mt_vocabulary import coverage, pieces_of, read_vocabulary
from corpora.base import default_cache
from corpora.config import ConfigError
from corpora.shards import digest, write_json

VERSION = 1  # raise when the same model could pass before and fail now, or the other way round
AGREEMENT = 0.95
SAME_INPUT = 0.9  # of the sentences; one in twenty may differ by a rare character that the two tokenizers normalise differently
# A small sound model may loop on a hard sentence, which the engine's ladder mends (the bundled fi model of 4.7 million weights: on 1 of 20 in float32, on
# none in int8); a broken one loops on nearly all.
LOOPS = 1
COVERED = 0.8  # of the pieces; real models have all but some signs, a foreign SentencePiece file covers letters and little else


class Reference:
    """The Transformers twin of a converted model: what its own generate writes, in tokens."""

    def __init__(self, model: Any, folder: Path, family: Family, vocabulary: Sequence[str]) -> None:
        self.model, self.folder, self.family, self.vocabulary = model, folder, family, vocabulary
        self.numbers = {token: i for i, token in enumerate(vocabulary)}
        self._tokenizer: Any = None

    def generate(self, source: Sequence[str], forced: str, limit: int) -> tuple[list[str], bool]:
        """Return the greedy output for framed source tokens, special tokens left out, and whether it stopped by itself within `limit` tokens."""
        torch, config = need("torch", "train"), self.model.config
        unknown = self.numbers["<unk>"]
        ids = torch.tensor([[self.numbers.get(token, unknown) for token in source]])
        more = {"bad_words_ids": [[config.pad_token_id]]} if self.family.name == "marian" else {}
        with torch.no_grad():
            out = self.model.generate(
                input_ids=ids, attention_mask=torch.ones_like(ids), num_beams=1, do_sample=False, max_new_tokens=limit + bool(forced), max_length=None,
                forced_bos_token_id=self.numbers[forced] if forced else None, forced_eos_token_id=None, **more,
            )[0].tolist()  # fmt: skip
        end = config.eos_token_id if isinstance(config.eos_token_id, int) else config.eos_token_id[0]
        body = out[1 + bool(forced) :]
        stopped = end in body
        return [self.vocabulary[i] for i in (body[: body.index(end)] if stopped else body)], stopped

    def input_of(self, text: str, source: str, target: str) -> list[str] | None:
        """Return what Transformers' tokenizer makes of a text (special tokens included); None where it cannot serve as a witness."""
        library = need("transformers", "train")
        if self.family.name == "madlad":
            return None  # T5Tokenizer 5.23 takes number 2 for <unk>, which is </s> here, and splits <2xx> off otherwise than SentencePiece
        names = {"src_lang": source, "tgt_lang": target} if self.family.name != "marian" else {}
        try:
            self._tokenizer = self._tokenizer or library.AutoTokenizer.from_pretrained(self.folder, local_files_only=True, trust_remote_code=False, **names)
        except Exception:  # a tokenizer that does not load is no witness; the model's own SentencePiece file is what we go by
            return None
        ids = self._tokenizer(f"{target} {text}" if self.family.name == "marian" and target else text).input_ids
        if self.family.name in ("nllb", "mbart50") and self._tokenizer.convert_tokens_to_ids(source) != self.numbers[source]:
            return None  # loaded without tokenizer.json it knows no languages (mt_vocabulary.py)
        return [self.vocabulary[i] for i in ids]


def limit_of(pieces: int) -> int:
    """Return how many tokens an output may have: the engine's rule, three times the source and some."""
    return min(256, 3 * pieces + 16)


def outputs(folder: Folder, sources: Sequence[Sequence[str]], device: str, compute: str) -> list[tuple[list[str], bool]]:
    """Return for each framed source CTranslate2's greedy output, the forced token left out, and whether it stopped by itself. Raises ConfigError."""
    library = need("ctranslate2", "build")
    forced = folder.tokens.target_first
    out = []
    try:
        model = library.Translator(str(folder.path), device=device, compute_type=compute, inter_threads=1, intra_threads=1)
        for source in sources:  # one by one: padding changes the last bits of a result, and then near-ties
            limit = limit_of(len(source))
            result = model.translate_batch(
                [list(source)], target_prefix=[[forced]] if forced else None, beam_size=1, max_decoding_length=limit + bool(forced), max_input_length=0,
            )[0].hypotheses[0]  # fmt: skip
            body = result[1:] if forced and result[:1] == [forced] else result
            out.append((list(body), len(body) < limit))
    except (RuntimeError, ValueError) as err:
        raise ConfigError(f"{folder.path}: CTranslate2 {library.__version__} cannot run this model ({err}); convert it again") from None
    return out


def agreement(ours: Sequence[Sequence[str]], theirs: Sequence[Sequence[str]]) -> float:
    """Return the share of tokens that two lists of outputs have in common, in order: twice the matched over all tokens of both, 1.0 = the same."""
    matched = sum(_matched(a, b) for a, b in zip(ours, theirs, strict=True))
    total = sum(len(a) + len(b) for a, b in zip(ours, theirs, strict=True))
    return 2 * matched / total if total else 1.0


def _matched(one: Sequence[str], other: Sequence[str]) -> int:
    return sum(block.size for block in difflib.SequenceMatcher(a=one, b=other, autojunk=False).get_matching_blocks())


def _sources(folder: Folder) -> tuple[str, list[str], list[list[str]]]:
    """Return the language of the sentences, the sentences as the model gets them, and their framed pieces."""
    language = folder.source if folder.source in SENTENCES else "en"
    texts = [plain(text) for text in SENTENCES[language]]
    pieces = pieces_of(folder.source_pieces)
    known = read_vocabulary(folder.path)
    share = coverage(pieces, known, texts) if known and not (folder.path / "source_vocabulary.json").exists() else 1.0
    if share < COVERED:
        raise ConfigError(
            f"{folder.path}: only {share:.0%} of the pieces that {folder.source_pieces.name} makes of our test sentences are in the model's vocabulary, so the "
            "file is another model's; copy the SentencePiece files from the folder that the weights came from"
        )
    return language, texts, [folder.tokens.framed(row) for row in pieces.encode(texts, out_type=str)]


def compare(folder: Folder, reference: Reference) -> dict[str, Any]:
    """Return the canary's record for a conversion and its twin. Raises ConfigError with the worst sentence where the two differ, loop or run on."""
    language, texts, sources = _sources(folder)
    ours = outputs(folder, sources, "cpu", "float32")
    theirs = [reference.generate(source, folder.tokens.target_first, limit_of(len(source))) for source in sources]
    same = _same_input(folder, reference, texts, sources)
    share = agreement([a for a, _ in ours], [b for b, _ in theirs])
    if share < AGREEMENT:
        worst = min(range(len(texts)), key=lambda i: agreement([ours[i][0]], [theirs[i][0]]))
        one, other = _texts(folder, [ours[worst][0], theirs[worst][0]])
        raise ConfigError(
            f"{reference.folder}: converted, the model agrees with Transformers on {share:.1%} of tokens over {len(texts)} sentences, "
            f"of {AGREEMENT:.0%} that are needed. Worst: {texts[worst]!r} -> {one[:200]!r}, Transformers: {other[:200]!r}. "
            "The conversion is wrong and was not kept; try the versions in constraints.txt, or another model"
        )
    record = {**_sound(folder, str(reference.folder), language, texts, ours), "agreement": round(share, 4), "same_input": same}
    return {**record, "versions": {name: version(name) for name in ("ctranslate2", "transformers")}}


def _same_input(folder: Folder, reference: Reference, texts: Sequence[str], sources: Sequence[Sequence[str]]) -> float | None:
    """Return the share of sentences that Transformers' tokenizer cuts as we do; None where it cannot tell. Raises ConfigError where it is too small."""
    forced = folder.tokens.target_first
    names = (folder.tokens.source_first, forced) if forced else ("", folder.tokens.source_first)
    if reference.family.name == "m2m100":
        names = (names[0].strip("_"), names[1].strip("_"))  # this tokenizer is told "fi" for __fi__
    known = set(reference.vocabulary)
    witness = [reference.input_of(text, *names) for text in texts]
    pairs = [([t if t in known else "<unk>" for t in source], found) for source, found in zip(sources, witness, strict=True) if found is not None]
    if not pairs:
        return None
    share = sum(a == b for a, b in pairs) / len(pairs)
    if share < SAME_INPUT:
        first = next((a, b) for a, b in pairs if a != b)
        raise ConfigError(
            f"{reference.folder}: our pieces differ from Transformers' tokenizer on {1 - share:.0%} of the test sentences. First: {' '.join(first[0])!r}, "
            f"Transformers: {' '.join(first[1])!r}. Are the SentencePiece files those of this model?"
        )
    return round(share, 2)


def _sound(folder: Folder, where: str, language: str, texts: Sequence[str], found: Sequence[tuple[list[str], bool]]) -> dict[str, Any]:
    """Return how many outputs stopped and looped. Raises ConfigError for one that did not stop, an empty one, and more than LOOPS that loop.

    A source language in which there are no sentences gets English ones, and then nothing is asked of the outputs: they are not the model's work.
    """
    shown = _texts(folder, [tokens for tokens, _ in found])
    stopped = [end for _, end in found]
    looped = [mt_checks.loops(text) for text in shown]
    record = {"sentences": language, "tried": len(texts), "stopped": sum(stopped), "looped": sum(looped), "empty": sum(not text.strip() for text in shown)}
    if language != folder.source:
        return record
    bad = [i for i in range(len(texts)) if not stopped[i] or not shown[i].strip() or (looped[i] and sum(looped) > LOOPS)]
    if bad:
        worst = max(bad, key=lambda i: len(shown[i]))
        what = "does not stop" if not stopped[worst] else "loops" if looped[worst] else "writes nothing"
        raise ConfigError(
            f"{where}: refused as a translation model {folder.source} -> {folder.language}: of {len(texts)} test sentences {len(texts) - sum(stopped)} do not "
            f"stop, {sum(looped)} loop, {record['empty']} come out empty. It {what} on {texts[worst]!r} -> {shown[worst][:200]!r}. "
            "Wrong special tokens (fihu.json), a broken conversion, or a model that is not trained enough; name another one"
        )
    return record


def _texts(folder: Folder, found: Sequence[Sequence[str]]) -> list[str]:
    pieces = pieces_of(folder.target_pieces)
    return [str(pieces.decode(list(tokens))) for tokens in found]


def check(folder: Folder, device: str, compute: str) -> dict[str, Any]:
    """Return the record of the sentences decoded as in production. Raises ConfigError where an output loops or runs on."""
    language, texts, sources = _sources(folder)
    record = _sound(folder, str(folder.path), language, texts, outputs(folder, sources, device, compute))
    return {**record, "compute_type": compute, "device": device, "versions": {"ctranslate2": version("ctranslate2")}}


def require(folder: Folder, device: str, compute: str) -> dict[str, Any]:
    """Return the canary's record for a model about to be used; tried once for each model, compute type and library version, then read from the cache.

    "agreement" is in it where the conversion was compared with Transformers, else "twin" says that there was none. Raises ConfigError as `check`.
    """
    key = digest([VERSION, folder.fingerprint, device, compute, version("ctranslate2"), SENTENCES.get(folder.source, ())])
    place = default_cache() / "canary" / f"{key}.json"
    record = optional_json(place)
    if not record:
        record = check(folder, device, compute)
        write_json(place, record)
    compared = folder.card.get("canary", {}).get(f"{folder.source}-{folder.language}")
    return (
        {**record, "agreement": compared["agreement"]} if compared else {**record, "twin": "none: this CTranslate2 folder came without its Transformers model"}
    )
