"""How near does the fast engine come to CTranslate2 itself, text to text? And what does a conversion cost?

    python benchmarks/engines.py                                  # what needs no data
    python benchmarks/engines.py --source test.en --target test.de   # and a file, with the model that ships

Each pair takes turns (A B A B …). CTranslate2's best is two batches at a time, each on one core, ids only, tokenised before
the clock starts; ours begins and ends with text.

  base, batch 64   random weights, 24 pieces a sentence, 26 tokens come out of each, int8, greedy
  base, batch 1    the same, one sentence after the other
  file             sentences of all lengths: our door against CTranslate2 as it comes (one batch on all cores, 32 sentences),
                   and against its best
  cold             ``glassformer translate`` on one line, the process and all
  check            BLEU of int8 and of PyTorch on the file

Wanted: ≥ 0.95, ≥ 0.90, > 1, ≤ 1 s.
"""

import argparse
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import ctranslate2
import rows
import torch

from glassformer.config import DecodingConfig, base
from glassformer.engines.conversion import convert
from glassformer.engines.ctranslate2 import CTranslate2
from glassformer.model import Transformer
from glassformer.scores import bleu
from glassformer.text.lines import read_lines
from glassformer.text.tokenizer import Tokenizer
from glassformer.translator import Translator

PIECES, COMES_OUT = 24, 26
GREEDY = DecodingConfig(method="greedy", extra_length=1, batch_tokens=64 * (PIECES + 1))
Run = Callable[[], Any]


def take_turns(a: Run, b: Run, count: int, repeats: int) -> tuple[list[float], list[float], float]:
    """Sentences a second of both, a warm-up first; and the ratio of both by the processor's time, which other work on the
    machine hardly changes."""
    speeds: tuple[list[float], list[float]] = ([], [])
    used: tuple[list[float], list[float]] = ([], [])
    for repeat in range(-1, repeats):
        for run, found, cpu in zip((a, b), speeds, used, strict=True):
            begun, cpu_begun = time.perf_counter(), time.process_time()
            run()
            if repeat >= 0:
                found.append(count / (time.perf_counter() - begun))
                cpu.append(time.process_time() - cpu_begun)
    return *speeds, statistics.median(used[1]) / statistics.median(used[0])


def row(
    what: str, peer: str, ours: list[float], theirs: list[float], by_processor: float, **more: Any
) -> dict[str, Any]:
    return {
        "what": what,
        "against": peer,
        "sentences_per_s": statistics.median(ours),
        "slowest": min(ours),
        "fastest": max(ours),
        "peer_sentences_per_s": statistics.median(theirs),
        "peer_slowest": min(theirs),
        "peer_fastest": max(theirs),
        "ratio": statistics.median(ours) / statistics.median(theirs),
        "ratio_by_processor_time": by_processor,
        "load": round(os.getloadavg()[0], 1),
        **more,
    }


def base_rows(tokenizer: Tokenizer, repeats: int, sentences: int) -> list[dict[str, Any]]:
    """The paper's base with random weights that never come to an end by themselves."""
    torch.manual_seed(1)
    model = Transformer(base(len(tokenizer), output_bias=True)).eval()
    with torch.no_grad():
        assert model.output_bias is not None
        model.output_bias[model.config.eos_id] = -1e4
    tokens = tokenizer.tokens(range(len(tokenizer)))
    files = convert(model, tokens, quantization="int8")
    translator = Translator(CTranslate2(files, model.config, tokens, threads=2), tokenizer, {"longest": 100})
    lines = made_up_lines(tokenizer, sentences)
    sources = [[*tokenizer.tokens(ids), tokens[tokenizer.eos_id]] for ids in tokenizer.encode_batch(lines)]
    best = runtime(files, 2, 1)
    options = {"beam_size": 1, "min_decoding_length": COMES_OUT, "max_decoding_length": COMES_OUT}

    def same() -> int:
        theirs = best.translate_batch(sources, max_batch_size=64, **options)
        ours = translator.translations(lines, config=GREEDY)
        return sum(tokenizer.tokens(one[0].ids) == other.hypotheses[0] for one, other in zip(ours, theirs, strict=True))

    equal = f"{same()} of {len(lines)}"
    many = take_turns(
        lambda: translator.translate(lines, config=GREEDY),
        lambda: best.translate_batch(sources, max_batch_size=64, **options),
        len(lines),
        repeats,
    )
    few = len(lines) // 8
    one = take_turns(
        lambda: [translator.translate(line, config=GREEDY) for line in lines[:few]],
        lambda: [best.translate_batch([source], **options) for source in sources[:few]],
        few,
        repeats,
    )
    peer = "CTranslate2 on ids, inter_threads=2, intra_threads=1"
    return [
        row("base, batch 64", peer, *many, sentences=len(lines), equal=equal),
        row("base, batch 1", peer, *one, sentences=few),
    ]


def made_up_lines(tokenizer: Tokenizer, count: int) -> list[str]:
    """Texts that are PIECES pieces each."""
    generator = torch.Generator().manual_seed(2)
    shares = torch.tensor(tokenizer.piece_probabilities())
    lines: list[str] = []
    while len(lines) < count:
        drawn = torch.multinomial(shares, PIECES, replacement=True, generator=generator).tolist()
        text = tokenizer.decode(drawn)
        if len(tokenizer.encode(text)) == PIECES:
            lines.append(text)
    return lines


def runtime(files: dict[str, bytes], inter: int, intra: int) -> Any:
    return ctranslate2.Translator("peer", files=dict(files), inter_threads=inter, intra_threads=intra)


def file_rows(source: Path, repeats: int) -> list[dict[str, Any]]:
    """A file of all lengths with the model that ships; greedy, as its length decides."""
    lines = list(read_lines(source))
    fast = Translator.load("en-de", engine="ctranslate2", threads=2)
    greedy = DecodingConfig(method="greedy")
    tokenizer, eos = fast.tokenizer, fast.tokenizer.tokens([fast.tokenizer.eos_id])
    files = convert(fast.model, tokenizer.tokens(range(len(tokenizer))), quantization="int8")
    as_it_comes = ctranslate2.Translator("peer", files=dict(files))
    best = runtime(files, 2, 1)
    sources = [tokenizer.tokens(ids) + eos for ids in tokenizer.encode_batch(lines)]

    # A line that never ends costs as much as the limit allows: ours is the line's own, so theirs is no longer than needed.
    limit = max(map(len, sources)) + greedy.extra_length

    def text_to_text() -> list[str]:
        pieces = ([*tokenizer.tokens(tokenizer.encode(line)), *eos] for line in lines)
        found = as_it_comes.translate_iterable(pieces, beam_size=1, max_decoding_length=limit)
        return [tokenizer._pieces.decode(result.hypotheses[0]) for result in found]

    ours = lambda: fast.translate(lines, config=greedy)  # noqa: E731
    defaults = take_turns(ours, text_to_text, len(lines), repeats)
    bests = take_turns(
        ours,
        lambda: best.translate_batch(sources, max_batch_size=64, beam_size=1, max_decoding_length=limit),
        len(lines),
        repeats,
    )
    return [
        row("file, text to text", "CTranslate2's defaults, text to text", *defaults, sentences=len(lines)),
        row(
            "file, text to text",
            "CTranslate2 on ids, inter_threads=2, intra_threads=1, batch 64",
            *bests,
            sentences=len(lines),
        ),
    ]


def check_row(source: Path, target: Path) -> dict[str, Any]:
    """The whole file, beam 4, by PyTorch, by CTranslate2 in float32 and in int8."""
    lines, references = list(read_lines(source)), list(read_lines(target))
    native = Translator.load("en-de").translate(lines)
    exact, int8 = (
        Translator.load("en-de", engine="ctranslate2", quantization=quantization, threads=2).translate(lines)
        for quantization in ("float32", "int8")
    )
    ours, theirs = (bleu(translations, references).value for translations in (int8, native))
    return {
        "what": "check, beam 4",
        "against": "PyTorch float32",
        "sentences": len(lines),
        "BLEU": ours,
        "peer_BLEU": theirs,
        "lost": theirs - ours,
        "equal": f"float32: {sum(map(str.__eq__, exact, native))} of {len(lines)} texts",
    }


def cold_row(repeats: int) -> dict[str, Any]:
    words = [sys.executable, "-m", "glassformer", "translate", "The lamp flickers."]
    seconds = []
    for repeat in range(-1, repeats):
        begun = time.perf_counter()
        subprocess.run(words, check=True, capture_output=True)
        if repeat >= 0:
            seconds.append(time.perf_counter() - begun)
    return {
        "what": "cold, one line",
        "seconds": statistics.median(seconds),
        "fastest_s": min(seconds),
        "slowest_s": max(seconds),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--source", type=Path, help="a file of sentences for the model that ships")
    parser.add_argument("--target", type=Path, help="its references")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--sentences", type=int, default=512)
    wanted = parser.parse_args()
    tokenizer = Translator.load("en-de").tokenizer
    tell(base_rows(tokenizer, wanted.repeats, wanted.sentences))
    tell([cold_row(wanted.repeats)])
    if wanted.source and wanted.target:
        tell(file_rows(wanted.source, wanted.repeats))
        tell([check_row(wanted.source, wanted.target)])


def tell(found: list[dict[str, Any]]) -> None:
    """Each part is written when it is there: the last one takes minutes."""
    rows.write("engines", [{**one, "ctranslate2": ctranslate2.__version__, "cores": 2} for one in found])
    for one in found:
        if "ratio" in one:
            print(
                f"{one['what']} / {one['against']} = {one['ratio']:.3f}, by processor time {one['ratio_by_processor_time']:.3f}"
            )
        elif "seconds" in one:
            print(f"{one['what']} = {one['seconds']:.2f} s")
        else:
            print(f"{one['what']}: int8 loses {one['lost']:.2f} BLEU of {one['peer_BLEU']:.2f}; {one['equal']}")


if __name__ == "__main__":
    main()
