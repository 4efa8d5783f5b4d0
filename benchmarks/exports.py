"""Do other people's programs run what we export, and say what we say? Each with a folder or package of its own, on the same lines.

    python benchmarks/exports.py                                      # part of make peers
    python benchmarks/exports.py --source ../shared/data/tatoeba-en-de/test.en --sentences 500

A folder's own README program translates line by line (CTranslate2, ONNX Runtime); transformers loads the class that config.json names and
MarianTokenizer; Argos Translate installs the package. ``same`` counts the lines whose text is what glassformer says with the same
search; Argos Translate's own search is CTranslate2's with other settings, so it is held against that. Then each export is imported
again: ``same`` is then what glassformer says with the model that came back, ``tensors`` whether they are the same, bit for bit.
"""

import argparse
import functools
import importlib.metadata
import os
import re
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import rows
import torch

from glassformer.checkpoint import Saved, load_model
from glassformer.config import DecodingConfig
from glassformer.decoding import decode
from glassformer.engines.export import export_ctranslate2
from glassformer.interop.bring import import_model
from glassformer.interop.export_argos import export_argos
from glassformer.interop.export_huggingface import export_huggingface
from glassformer.interop.export_onnx import export_onnx
from glassformer.text.lines import read_lines
from glassformer.text.normalise import normalised
from glassformer.translator import find_model

GREEDY = DecodingConfig(method="greedy")
BEAM = DecodingConfig()
ARGOS = {"beam_size": 4, "length_penalty": 0.2, "replace_unknowns": True}
"""As Argos Translate 1.11 calls CTranslate2 for one translation."""
ENOUGH = {"ctranslate2": 0.99}
"""The share of lines that has to be the same: all, but where their search gives up what ours still finds."""
FRAMES = Path(__file__).parent / "it_frames.tsv"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="en-de")
    parser.add_argument("--source", type=Path, help="lines to translate; without it those of it_frames.tsv")
    parser.add_argument("--sentences", type=int, default=50)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--ways", nargs="*", default=["ctranslate2", "argos", "huggingface", "onnx"])
    wanted = parser.parse_args()
    torch.set_num_threads(wanted.threads)
    found = read_lines(wanted.source) if wanted.source else frames()
    lines = [normalised(line) for line in islice((line for line in found if line.strip()), wanted.sentences)]
    folder = find_model(wanted.model)
    saved = load_model(folder)
    greedy, beam = said(saved, lines, GREEDY), said(saved, lines, BEAM)
    about = {
        "model": wanted.model,
        "lines": wanted.source.parent.name if wanted.source else "it_frames",
        "sentences": len(lines),
    }
    failed = []
    with tempfile.TemporaryDirectory() as place:
        for way in wanted.ways:
            out = Path(place) / (
                f"translate-{saved.card['languages'].replace('-', '_')}-1_0.argosmodel" if way == "argos" else way
            )
            began = time.perf_counter()
            EXPORTS[way](folder, out)
            exported = time.perf_counter() - began
            theirs, program = CLIENTS[way](out, lines)
            against = {"onnx": greedy, "huggingface": greedy, "ctranslate2": beam}.get(way)
            against = plain_ctranslate2(folder, Path(place), lines) if against is None else against
            seconds = time.perf_counter() - began - exported
            row: dict[str, Any] = {"way": way, "program": program, "same": count(theirs, against), "beam": BEAMS[way]}
            row |= {"export_seconds": round(exported, 1), "seconds": round(seconds, 1)}
            if way != "onnx":  # whose files are read by no importer
                row |= back_again(out, Path(place), saved, lines, greedy)
            rows.write("exports", [{**about, **row}])
            for number, (one, other) in enumerate(zip(theirs, against, strict=True)):
                if one != other:
                    print(f"{way} line {number + 1}: {one!r}, wanted {other!r}")
            too_few = row["same"] < ENOUGH.get(way, 1) * len(lines)
            failed += [way] if too_few or row.get("back_same", len(lines)) < len(lines) else []
    if failed:
        sys.exit(f"not the same: {', '.join(failed)}")


def frames() -> list[str]:
    return [line.split("\t")[3] for line in FRAMES.read_text(encoding="utf-8").splitlines() if line.count("\t") > 3]


def said(saved: Saved, lines: Sequence[str], config: DecodingConfig) -> list[str]:
    """What glassformer says, one line a sentence."""
    found = decode(saved.model, saved.tokenizer.encode_batch(lines), config)
    return [saved.tokenizer.target.decode(best[0].ids) for best in found]


def count(theirs: Sequence[str], ours: Sequence[str]) -> int:
    return sum(one == other for one, other in zip(theirs, ours, strict=True))


def back_again(out: Path, place: Path, saved: Saved, lines: Sequence[str], greedy: Sequence[str]) -> dict[str, Any]:
    """The export as one of ours again."""
    folder = place / f"{out.name}-back"
    import_model(out, folder)
    back = load_model(folder)
    weights, ours = back.model.state_dict(), saved.model.state_dict()
    same = all(name in weights and torch.equal(tensor.float(), weights[name]) for name, tensor in ours.items())
    return {"back_same": count(said(back, lines, GREEDY), greedy), "tensors": "the same" if same else "others"}


def by_readme(folder: Path, lines: Sequence[str], module: str, loader: str) -> list[str]:
    """What the program in the folder's README prints for each line. ``loader``: the class of ``module`` that loads a model,
    which is then loaded once and not for each line."""
    package = __import__(module)
    (code,) = re.findall(r"^```python\n(.*?)^```", (folder / "README.md").read_text(), re.MULTILINE | re.DOTALL)
    setattr(package, loader, functools.cache(getattr(package, loader)))
    printed: list[str] = []
    before = Path.cwd()
    os.chdir(folder)
    try:
        for line in lines:
            exec(code.replace('"Good morning!"', repr(line)), {"print": printed.append})  # noqa: S102
    finally:
        os.chdir(before)
        setattr(package, loader, getattr(package, loader).__wrapped__)
    return printed


def by_ctranslate2(folder: Path, lines: Sequence[str]) -> tuple[list[str], str]:
    return by_readme(folder, lines, "ctranslate2", "Translator"), version("ctranslate2")


def by_onnx(folder: Path, lines: Sequence[str]) -> tuple[list[str], str]:
    return by_readme(folder, lines, "onnxruntime", "InferenceSession"), version("onnxruntime")


def by_transformers(folder: Path, lines: Sequence[str]) -> tuple[list[str], str]:
    """In batches, with padding, greedily."""
    os.environ["HF_HUB_OFFLINE"] = "1"
    from transformers import AutoModelForSeq2SeqLM, MarianTokenizer

    tokenizer, model = MarianTokenizer.from_pretrained(folder), AutoModelForSeq2SeqLM.from_pretrained(folder).eval()
    found: list[str] = []
    for first in range(0, len(lines), 50):
        batch = tokenizer(list(lines[first : first + 50]), return_tensors="pt", padding=True)
        most = batch.input_ids.size(1) + BEAM.extra_length
        with torch.no_grad():
            ids = model.generate(**batch, num_beams=1, do_sample=False, max_new_tokens=most)
        found += tokenizer.batch_decode(ids, skip_special_tokens=True)
    return found, version("transformers")


def by_argos(package: Path, lines: Sequence[str]) -> tuple[list[str], str]:
    """Installed into a folder that is made for this. Its division into sentences needs a model from the network the first
    time, so that each line is one sentence here."""
    for name in ("XDG_DATA_HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME"):
        os.environ[name] = str(package.parent / "argos" / name)
    os.environ["ARGOS_PACKAGES_DIR"] = str(package.parent / "argos" / "packages")
    Path(os.environ["ARGOS_PACKAGES_DIR"]).mkdir(parents=True)
    import argostranslate.package
    import argostranslate.sbd
    import argostranslate.translate

    argostranslate.sbd.MiniSBDSentencizer.__init__ = lambda self, pkg: setattr(self, "pkg", pkg)
    argostranslate.sbd.MiniSBDSentencizer.split_sentences = lambda self, text: [text]
    argostranslate.package.install_from_path(package)
    _, source, target, *_ = re.split(r"[-_]", package.stem)
    translation = argostranslate.translate.get_translation_from_codes(source, target)
    return [translation.hypotheses(line, num_hypotheses=1)[0].value for line in lines], version("argostranslate")


def plain_ctranslate2(folder: Path, place: Path, lines: Sequence[str]) -> list[str]:
    """CTranslate2 on our folder for it, with Argos Translate's settings."""
    import ctranslate2
    import sentencepiece

    out = place / "plain"
    export_ctranslate2(folder, out, "float32")
    pieces = sentencepiece.SentencePieceProcessor(model_file=str(out / "tokenizer.model"))
    translator = ctranslate2.Translator(str(out), compute_type="auto")  # as there: int8 where that is the fastest
    found = [translator.translate_batch([pieces.encode(line, out_type=str)], **ARGOS)[0] for line in lines]
    return [pieces.decode(one.hypotheses[0]) for one in found]


def version(package: str) -> str:
    return f"{package} {importlib.metadata.version(package)}"


EXPORTS: dict[str, Callable[[Path, Path], object]] = {
    "ctranslate2": lambda folder, out: export_ctranslate2(folder, out, "float32"),
    "argos": lambda folder, out: export_argos(folder, out, "float32"),
    "huggingface": export_huggingface,
    "onnx": export_onnx,
}
CLIENTS: dict[str, Callable[[Path, Sequence[str]], tuple[list[str], str]]] = {
    "ctranslate2": by_ctranslate2,
    "argos": by_argos,
    "huggingface": by_transformers,
    "onnx": by_onnx,
}
BEAMS = {"ctranslate2": "4, as in its README", "argos": "4, its own search", "huggingface": "greedy", "onnx": "greedy"}


if __name__ == "__main__":
    main()
