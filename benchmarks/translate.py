"""The translation stage against what else one could do with the same model, on this machine, in one run: ratios are what counts.

    CORPORA_DIR=... python -m benchmarks.translate speed     our stage end to end, bare translate_batch, one call a text, EasyNMT's way
    CORPORA_DIR=... python -m benchmarks.translate memory    peak memory at 10,000 and at 200,000 distinct sentences, each in a process of its own
    CORPORA_DIR=... python -m benchmarks.translate dedupe    how many sentences of en/mnli and en/squad_v1 need no decoding
    CORPORA_DIR=... python -m benchmarks.translate company   do results depend on which sentences are decoded together?

"Our stage" is everything from a text to its translation in the memory on disk: sentence splitting, look-up, normalising, pieces, decoding, checks,
the retry ladder, writing. "Bare" gets the very sentences already split, cut into pieces and sorted by length, in one call, and throws its output away.
EasyNMT (2.0.2) sorts texts by characters, takes 32 at a time and decodes with beam 5 through Transformers' generate; its package wants
a fastText build and Transformers 4, so its algorithm is written out here, on the same weights.
`--model opus-shape` takes random weights of the shape of OPUS-MT's base models (6 + 6 layers, width 512, 62,518 pieces; int8), the models that the stage is
made for. Their output is noise without end, so every output is cut at OUTPUT pieces, and our checks run but their verdicts are not heard.
Without CORPORA_DIR the sentences are the bundled ones with numbers put in, which are short and alike.
"""

from __future__ import annotations

import argparse
import importlib.util
import itertools
import json
import random
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from build_data import mt_checks
from build_data.memory import Memory
from build_data.mt_build import sentences_of, texts_of
from build_data.mt_normal import plain
from build_data.translate import Translator, load_translator
from corpora import corpus as corpora
from corpora import readers
from corpora.config import ConfigError
from corpora.study import Translation

RESTORE = Path(__file__).parent.parent / "corpora/mini/models/restore_mt.py"
OPUS, OUTPUT = "opus-shape", 24
SOURCES = (("en/mnli", "train"), ("en/snli", "train"), ("en/squad_v2_backtranslated", "train"))


def texts() -> Iterator[str]:
    """Yield English texts: the big corpora where they are at hand, else numbered variants of the bundled ones."""
    try:
        for name, split in SOURCES:
            yield from texts_of(readers.read_records(corpora.load(name), split))
    except ConfigError:
        known = texts_of(readers.read_records(corpora.load("mini/en-nli"), "train"))
        for number in itertools.count(1):
            yield from (f"{number}: {text}" for text in known)


def distinct(translator: Translator, count: int) -> list[str]:
    """Return the first `count` different sentences of the texts."""
    found: dict[str, None] = {}
    for sentence in sentences_of(translator, texts()):
        if any(map(str.isalpha, sentence)):
            found[sentence] = None
        if len(found) == count:
            break
    return list(found)


def opus_shape(language: str) -> Path:
    """Write a random model of OPUS-MT's shape with the bundled SentencePiece files, once, and return its CTranslate2 folder."""
    import torch
    from ctranslate2.converters import TransformersConverter
    from transformers import MarianConfig, MarianMTModel

    done = Path(tempfile.gettempdir()) / f"fihu-opus-shape-{language}"
    if (done / "model.bin").is_file():
        return done
    bundled = Path(corpora.__file__).parent / "mini/models/mt" / language
    words = json.loads((bundled / "shared_vocabulary.json").read_text("utf-8"))
    size = 62_518
    torch.manual_seed(1)
    model = MarianMTModel(MarianConfig(
        vocab_size=size, d_model=512, encoder_layers=6, decoder_layers=6, encoder_attention_heads=8, decoder_attention_heads=8, encoder_ffn_dim=2048,
        decoder_ffn_dim=2048, activation_function="swish", scale_embedding=True, pad_token_id=size - 1, eos_token_id=0, decoder_start_token_id=size - 1,
        forced_eos_token_id=None, max_position_embeddings=512, share_encoder_decoder_embeddings=True,
    ))  # fmt: skip
    with tempfile.TemporaryDirectory() as folder:
        model.save_pretrained(folder)
        for name in ("source.spm", "target.spm"):
            shutil.copy(bundled / name, folder)
        table = {word: i for i, word in enumerate([*words, *(f"unused{i}" for i in range(len(words), size - 1)), "<pad>"])}
        (Path(folder) / "vocab.json").write_text(json.dumps(table), "utf-8")
        names = {
            "source_lang": "en",
            "target_lang": language,
            "eos_token": "</s>",
            "unk_token": "<unk>",
            "pad_token": "<pad>",
            "tokenizer_class": "MarianTokenizer",
        }
        (Path(folder) / "tokenizer_config.json").write_text(json.dumps(names), "utf-8")
        TransformersConverter(folder, copy_files=["source.spm", "target.spm"]).convert(str(done), quantization="int8", force=True)
    return done


def make(given: argparse.Namespace) -> Translator:
    if given.model == OPUS:
        unheard, mt_checks.faults = mt_checks.faults, lambda *case: unheard(*case)[:0]
        asked = Translation(models={given.language: str(opus_shape(given.language))}, max_output=OUTPUT, compute_type=given.compute_type)
        return load_translator(asked, given.language, given.threads)
    return load_translator(Translation(models={given.language: given.model}, compute_type=given.compute_type), given.language, given.threads)


def timed(work: Callable[[], Any]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def stage(translator: Translator, sentences: Iterable[str]) -> float:
    """Return the seconds that our stage takes into a new memory on disk."""
    with tempfile.TemporaryDirectory() as folder, Memory(Path(folder) / "memory.sqlite") as memory:
        return timed(lambda: memory.fill(translator, sentences_of(translator, sentences)))


def bare(translator: Translator, sentences: list[str]) -> Callable[[], Any]:
    """Return the call that decodes prepared sentences, with our decode settings."""
    pieces = sorted((p for p in translator._encode(sentences) if 0 < len(p) <= translator.settings["max_input"]), key=len, reverse=True)
    tokens, framed = translator.folder.tokens, [translator.folder.tokens.framed(p) for p in pieces]
    prefix = [[tokens.target_first]] * len(framed) if tokens.target_first else None
    model = translator.engine._load()
    return lambda: model.translate_batch(
        framed, target_prefix=prefix, beam_size=translator.settings["beam"], max_batch_size=translator.settings["batch_tokens"], batch_type="tokens",
        max_decoding_length=translator.settings["max_output"], max_input_length=0, return_scores=True,
    )  # fmt: skip


def one_by_one(translator: Translator, sentences: list[str]) -> Callable[[], Any]:
    """Return the loop that makes one call a text, with the same settings."""
    model, tokens = translator.engine._load(), translator.folder.tokens
    prefix = [[tokens.target_first]] if tokens.target_first else None

    def work() -> None:
        for sentence in sentences:
            pieces = translator._source.encode(plain(sentence), out_type=str)
            result = model.translate_batch(
                [tokens.framed(pieces)], target_prefix=prefix, beam_size=translator.settings["beam"], return_scores=True,
                max_decoding_length=translator.settings["max_output"],
            )  # fmt: skip
            translator._target.decode(result[0].hypotheses[0])

    return work


def easynmt(translator: Translator, sentences: list[str]) -> Callable[[], Any]:
    """Return EasyNMT's loop: texts sorted by characters, 32 at a time, beam 5, generate."""
    import torch

    spec = importlib.util.spec_from_file_location("restore_mt", RESTORE)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    torch.set_num_threads(translator.engine.threads)
    model, numbers = module.restore(translator.folder.path)
    pad = model.config.pad_token_id

    def work() -> None:
        ordered = sorted(sentences, key=len, reverse=True)
        for at in range(0, len(ordered), 32):
            rows = [[*(numbers.get(p, numbers["<unk>"]) for p in pieces[:511]), 0] for pieces in translator._encode(ordered[at : at + 32])]
            longest = max(map(len, rows))
            ids = torch.tensor([row + [pad] * (longest - len(row)) for row in rows])
            with torch.no_grad():
                out = model.generate(input_ids=ids, attention_mask=(ids != pad).long(), num_beams=5, do_sample=False, max_new_tokens=256)
            for row in out.tolist():
                translator._target.decode([i for i in row if i not in (0, pad)])

    return work


def speed(given: argparse.Namespace) -> None:
    translator = make(given)
    found = distinct(translator, given.sentences)
    random.Random(1).shuffle(found)
    stage(translator, found[:300])  # loads everything
    laddered, climb = 0.0, translator._climb

    def watched(waiting: Any) -> Iterator[Any]:
        nonlocal laddered
        start = time.perf_counter()
        done = list(climb(waiting))
        laddered += time.perf_counter() - start
        return iter(done)

    translator._climb = watched  # type: ignore[method-assign]
    few, fewer = found[: max(given.sentences // 20, 50)], found[: max(given.sentences // 100, 32)]
    ways = {"bare translate_batch": (bare(translator, found), found), "one call a text": (one_by_one(translator, few), few)}
    if given.model != OPUS and not given.no_easynmt:
        ways["EasyNMT's way"] = (easynmt(translator, fewer), fewer)
    rates: dict[str, list[float]] = {}
    for _ in range(given.repeats):
        laddered = 0.0
        seconds = stage(translator, found)
        rates.setdefault("our stage", []).append(len(found) / seconds)
        rates.setdefault("our stage, retries left out", []).append(len(found) / (seconds - laddered))
        for name, (work, part) in ways.items():
            rates.setdefault(name, []).append(len(part) / timed(work))
    print(f"{len(found)} sentences, mean {statistics.mean(len(p) for p in translator._encode(found[:2000])):.1f} pieces, {given.repeats} rounds, "
          f"{translator.engine.workers} threads, {translator.engine.numbers}, beam {translator.settings['beam']}, model {given.model}")  # fmt: skip
    print(f"retried: {sum(translator.counts[f'mended_{r}'] for r in ('beam', 'no_repeat', 'clauses', 'second'))} mended, {translator.counts['degenerate']} not, "
          f"of {(given.repeats + 0) * len(found)}")  # fmt: skip
    print(f"{'':30}{'sentences/s':>12}{'our stage is':>16}{'without retries':>18}   (medians; ratios round by round)")
    for name, values in rates.items():
        ratio, plainly = (statistics.median(a / b for a, b in zip(rates[ours], values, strict=True)) for ours in ("our stage", "our stage, retries left out"))
        print(f"{name:30}{statistics.median(values):12.1f}{ratio:15.2f}x{plainly:17.2f}x")


def memory(given: argparse.Namespace) -> None:
    """Run this file once a size, so that each peak is a process's own."""
    peaks = {}
    for count in given.sizes:
        command = [sys.executable, "-m", "benchmarks.translate", "peak", "--sentences", str(count), "--model", given.model, "--language", given.language]
        done = subprocess.run([*command, "--threads", str(given.threads)], capture_output=True, text=True, check=True)
        report = json.loads(done.stdout.splitlines()[-1])
        peaks[count] = report["peak_mb"]
        print(f"{count:>8} sentences: peak {report['peak_mb']:.0f} MB, {report['seconds']:.0f} s, decoded {report['decoded']}", flush=True)
    print(f"ratio {peaks[given.sizes[-1]] / peaks[given.sizes[0]]:.3f}")


def peak(given: argparse.Namespace) -> None:
    """Decode `--sentences` distinct numbered sentences that are made as they are asked for, and print this process's peak memory as JSON."""
    translator = make(given)
    known = texts_of(readers.read_records(corpora.load("mini/en-nli"), "train"))
    flow = (f"{text.rstrip('.')}, {number} of them." for number in itertools.count(1) for text in known)
    with tempfile.TemporaryDirectory() as folder, Memory(Path(folder) / "memory.sqlite") as kept:
        seconds = timed(lambda: kept.fill(translator, sentences_of(translator, itertools.islice(flow, given.sentences))))
        decoded = kept.counts["decoded"]
    print(json.dumps({"peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, "seconds": seconds, "decoded": decoded}))


def dedupe(given: argparse.Namespace) -> None:
    translator = make(given)
    print(f"{'corpus':28}{'rows':>9}{'texts':>9}{'sentences':>11}{'distinct':>10}{'saved':>8}")
    everything: set[str] = set()
    total = 0
    for name, split in (("en/mnli", "train"), ("en/squad_v1", "dev")):
        rows = readers.read_records(corpora.load(name), split)
        told = [text for row in rows for text in texts_of([row])]
        sentences = list(sentences_of(translator, told))
        single = set(sentences)
        everything |= single
        total += len(sentences)
        print(f"{name + ':' + split:28}{len(rows):>9}{len(told):>9}{len(sentences):>11}{len(single):>10}{100 * (1 - len(single) / len(sentences)):>7.1f}%")
    print(f"{'both':28}{'':>9}{'':>9}{total:>11}{len(everything):>10}{100 * (1 - len(everything) / total):>7.1f}%")


def company(given: argparse.Namespace) -> None:
    translator = make(given)
    found = distinct(translator, given.sentences)
    alone = dict(translator.stream(found))
    for seed in (1, 2):
        some = list(found)
        random.Random(seed).shuffle(some)
        some = some[: len(some) // 2]
        other = dict(translator.stream(some))
        pairs = [(text, alone[text].text) for text in some[:500]]
        links = dict(zip(pairs, translator.align(pairs), strict=True))
        again = [translator.align([pair])[0] for pair in pairs[:100]]
        print(f"seed {seed}: {sum(other[t] != alone[t] for t in some)} of {len(some)} translations differ, "
              f"{sum(links[pair] != link for pair, link in zip(pairs, again, strict=False))} of {len(again)} alignments")  # fmt: skip


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("what", choices=("speed", "memory", "dedupe", "company", "peak"))
    arguments.add_argument("--model", default="mini/models/mt/fi", help="a model's folder, as in a study's translation.models")
    arguments.add_argument("--language", default="fi")
    arguments.add_argument("--sentences", type=int, default=8000)
    arguments.add_argument("--sizes", type=int, nargs="+", default=[10_000, 200_000])
    arguments.add_argument("--repeats", type=int, default=3)
    arguments.add_argument("--threads", type=int, default=2)
    arguments.add_argument("--compute-type", default="auto")
    arguments.add_argument("--no-easynmt", action="store_true", help="leave out the slowest comparison")
    given = arguments.parse_args()
    try:
        {"speed": speed, "memory": memory, "dedupe": dedupe, "company": company, "peak": peak}[given.what](given)
    except ConfigError as err:
        raise SystemExit(f"error: {err}") from None


if __name__ == "__main__":
    main()
