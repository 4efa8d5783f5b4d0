"""Is an imported model as fast as one of ours of its size, and does the page open on it in time? A Marian of Hugging Face with random
weights, 6 + 6 layers, 512 wide, 65,001 tokens: 77 million weights, the size of an OPUS-MT model. One thread.

  import        from the folder to one of ours, written
  per_s         tokens a second of processor time, greedy, 16 sentences of 12 to 20 tokens together: the imported model, and one
                of ours of the same sizes with the paper's choices, in turns; in PyTorch (float32) and in CTranslate2 (int8)
  answers       from `glassformer look` to its server's first answer
  command       from `glassformer look` to the first frame in which the weights are drawn; Chromium runs already
  …_processor   the server's own processor time until then
  page          from the start of the navigation to that frame, when the server has answered once
  look_MB       what travels for one sentence; file_MB: the saved page

Random weights never end a sentence: the first look is a beam of 4 over 64 tokens, three or four times a real translation's.

Wanted: speeds within 5 %, page ≤ 3 s, file ≤ 15 MB.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path
from typing import Any

import rows
import torch
from chromium import DRAWN, chromium
from page import OURS

from glassformer.checkpoint import Saved, load_model
from glassformer.config import DecodingConfig, base
from glassformer.engines.conversion import convert
from glassformer.engines.ctranslate2 import CTranslate2, both_sides
from glassformer.engines.engine import Engine
from glassformer.engines.native import Native
from glassformer.http.listening import address_of, listen
from glassformer.interop.bring import import_model
from glassformer.model import Transformer
from glassformer.page.look import look
from glassformer.page.wire import Ask
from glassformer.translator import Translator

VOCABULARY = 65_001
SENTENCE = "The old man did not cross the street because he was too tired"
LOOK = [sys.executable, "-m", "glassformer", "look", SENTENCE, "--model"]
GREEDY = DecodingConfig(method="greedy", extra_length=8)
TURNS = 3
WANTED = {"page_s": 3.0, "file_MB": 15.0}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--vocabulary", type=int, default=VOCABULARY)
    parser.add_argument("--layers", type=int, default=6)
    parser.add_argument("--threads", type=int, default=1)
    wanted = parser.parse_args()
    torch.set_num_threads(wanted.threads)
    missed = []
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        marian(folder / "marian", wanted)
        began = time.perf_counter()
        import_model(folder / "marian", folder / "imported")
        row: dict[str, Any] = {"import_s": time.perf_counter() - began}
        imported = load_model(folder / "imported")
        row["weights"] = sum(weight.numel() for weight in imported.model.parameters())
        row |= speeds(imported, wanted)
        row |= opened(folder / "imported", wanted.threads)
        row |= saved_page(folder)
    missed += [name for name, most in WANTED.items() if row[name] > most]
    missed += [name for name in row if name.endswith("_over_native") and row[name] < 0.95]
    rows.write("imported", [row | {"load": os.getloadavg()[0]}])
    print(f"missed: {', '.join(missed)}" if missed else "all as wanted")


def marian(folder: Path, wanted: argparse.Namespace) -> None:
    """As OPUS-MT's folders: the shipped model's pieces, and names without text for the rest of the vocabulary."""
    os.environ["HF_HUB_OFFLINE"] = "1"
    from transformers import MarianConfig, MarianMTModel

    tokenizer = Translator.load("en-de").tokenizer
    folder.mkdir()
    special = ("<pad>", "<s>", "</s>", "<unk>")
    pieces = [one for one in tokenizer.tokens(range(len(tokenizer))) if one not in special]
    more = [f"unused{number}" for number in range(wanted.vocabulary - len(pieces) - 3)]
    tokens = ["</s>", "<unk>", *pieces, *more, "<pad>"]
    (folder / "vocab.json").write_text(json.dumps({token: id for id, token in enumerate(tokens)}), encoding="utf-8")
    for name in ("source.spm", "target.spm"):
        (folder / name).write_bytes(tokenizer.sentencepiece_model)
    (folder / "tokenizer_config.json").write_text(json.dumps({"source_lang": "en", "target_lang": "de"}))
    both = {"layers": wanted.layers, "attention_heads": 8, "ffn_dim": 2048}
    sizes = {f"{side}_{name}": size for side in ("encoder", "decoder") for name, size in both.items()}
    pad = len(tokens) - 1
    config = MarianConfig(
        vocab_size=len(tokens), d_model=512, **sizes, activation_function="swish", scale_embedding=True, eos_token_id=0,
        max_position_embeddings=512, pad_token_id=pad, bos_token_id=0, decoder_start_token_id=pad, forced_eos_token_id=None,
    )  # fmt: skip
    torch.manual_seed(0)
    MarianMTModel(config).save_pretrained(folder)


def speeds(imported: Saved, wanted: argparse.Namespace) -> dict[str, float]:
    """Tokens a second of processor time of both models, in turns."""
    torch.manual_seed(0)
    layers = {"encoder_layers": wanted.layers, "decoder_layers": wanted.layers}
    native = Transformer(base(imported.model.config.vocabulary_size, **layers)).eval()
    sources = [[10 + (7 * row + place) % 5000 for place in range(12 + row % 9)] for row in range(16)]
    found = {}
    for name in ("pytorch", "ctranslate2_int8"):
        engines: dict[str, Engine] = {
            one: Native(model) if name == "pytorch" else fast(model, imported, wanted.threads)
            for one, model in {"imported": imported.model, "native": native}.items()
        }
        times: dict[str, list[float]] = {one: [] for one in engines}
        for _ in range(TURNS + 1):
            for one, which in engines.items():
                began = time.process_time()
                said = which.submit(sources, GREEDY).result()
                tokens = sum(len(best.ids) + best.finished for (best,) in said)
                times[one].append(tokens / (time.process_time() - began))
        middle = {one: statistics.median(some[1:]) for one, some in times.items()}
        found |= {f"{name}_{one}_per_s": value for one, value in middle.items()}
        found[f"{name}_over_native"] = middle["imported"] / middle["native"]
    return found


def fast(model: Transformer, saved: Saved, threads: int) -> CTranslate2:
    sides = both_sides(saved.tokenizer)
    return CTranslate2(convert(model, *sides, quantization="int8"), model.config, *sides, threads=threads)


def opened(folder: Path, threads: int) -> dict[str, float]:
    """The live page, from the command and from the navigation on."""
    with listen() as listener:
        port = listener.getsockname()[1]
        address = address_of(listener)
    words = [*LOOK, str(folder), "--no-browser", "--port", str(port)]
    with chromium() as browser:
        tab = browser.new_context(viewport={"width": 1280, "height": 900}, bypass_csp=True).new_page()
        tab.add_init_script(f"{DRAWN}drawn({OURS}).then((time) => {{ window.usable = time; }});")
        began = time.perf_counter()
        process = subprocess.Popen(
            words, stdout=subprocess.DEVNULL, env={**os.environ, "OMP_NUM_THREADS": str(threads)}
        )
        try:
            while True:
                try:
                    urllib.request.urlopen(f"{address}", timeout=5).close()
                    break
                except OSError:
                    time.sleep(0.02)
                    if process.poll() is not None or time.perf_counter() - began > 60:
                        raise SystemExit("glassformer look does not answer") from None
            answered, answered_processor = time.perf_counter() - began, processor_seconds(process)
            pages = []
            for visit in range(4):
                tab.goto(address, wait_until="commit")
                tab.wait_for_function("window.usable", timeout=60_000)
                if visit == 0:
                    command, command_processor = time.perf_counter() - began, processor_seconds(process)
                pages.append(tab.evaluate("window.usable") / 1e3)
        finally:
            process.terminate()
            process.wait(20)
    return {
        "answers_s": answered,
        "answers_processor_s": answered_processor,
        "command_s": command,
        "command_processor_s": command_processor,
        "first_page_s": pages[0],
        "page_s": statistics.median(pages[1:]),
    }


def processor_seconds(process: subprocess.Popen[bytes]) -> float:
    """What it has used until now (Linux)."""
    fields = Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def saved_page(folder: Path) -> dict[str, float]:
    translator = Translator.load(str(folder / "imported"))
    body = look(translator, Ask(SENTENCE), live=True).body()
    words = [*LOOK, str(folder / "imported"), "--save", str(folder / "one.html")]
    subprocess.run(words, check=True, stdout=subprocess.DEVNULL)
    return {"look_MB": len(body) / 1e6, "file_MB": (folder / "one.html").stat().st_size / 1e6}


if __name__ == "__main__":
    main()
