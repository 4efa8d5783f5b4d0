"""A folder that ONNX Runtime runs: an encoder, a step with caches, and the tokenizer's tables."""

import json
import logging
import math
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

import glassformer
from glassformer.card import Card
from glassformer.checkpoint import Saved, load_model
from glassformer.config import DecodingConfig, ModelConfig
from glassformer.decoding import decode
from glassformer.disk import json_bytes, write_folder
from glassformer.engines.check import TIE, compare, made_up
from glassformer.engines.export import names_of
from glassformer.errors import ConfigError
from glassformer.hypothesis import Hypothesis, make_sentence
from glassformer.interop.onnx_parts import OnnxEncoder, OnnxStep

POSITIONS = 1024
"""Rows of the table of positions, which a graph holds as it stands."""
LARGEST = 2 * 10**9
"""Bytes: a file of ONNX in one piece is a protocol buffer, of at most 2 GiB."""
SENTENCES = 20
GREEDY = DecodingConfig(method="greedy", extra_length=8)
MEMORY = ("memory_keys", "memory_values")
SOURCE = ("source", *MEMORY)
STEP = ("source", "ids", "keys", "values", *MEMORY)
README = """# {name} for ONNX Runtime

Made by `glassformer export --to onnx` (glassformer {version}, torch {torch}). `pip install onnxruntime sentencepiece`, and:

```python
import json
import numpy, onnxruntime, sentencepiece

encoder, step = (onnxruntime.InferenceSession(f"{{part}}.onnx") for part in ("encoder", "step"))
cut = sentencepiece.SentencePieceProcessor(model_file="{source}")
join = sentencepiece.SentencePieceProcessor(model_file="{target}")
with open("vocabulary.json") as file:
    about = json.load(file)
numbers = {{piece: number for number, piece in enumerate(about["source"])}}

pieces = cut.encode("{example}", out_type=str)
ids = [numbers.get(piece, about["unk"]) for piece in pieces]
source = numpy.array([[*about["before"], *ids, *about["after"]]])
memory = dict(zip(("memory_keys", "memory_values"), encoder.run(None, {{"source": source}})))
keys = values = memory["memory_keys"][:, :, :, :0]  # of nothing yet
begin, written = list(about["begin"]), []
limit = min(source.shape[1] + 50, about["longest"]) - len(begin) + 1
while len(written) < limit:
    token = begin.pop(0) if begin else written[-1]
    state = {{"source": source, "ids": numpy.array([[token]]), "keys": keys, "values": values, **memory}}
    logits, keys, values = step.run(None, state)
    if begin:
        continue  # the language token follows
    logits[0, about["never"] + ([] if written else [about["eos"]])] = -numpy.inf
    written.append(int(logits[0].argmax()))
    if written[-1] == about["eos"]:
        break
print(join.decode([about["target"][id] for id in written if id != about["eos"]]))
```

This writes the likeliest token each time (greedy decoding). Both files take several rows at a time: pad sources on the right
with `pad`. For a beam, choose rows of `keys` and `values` along their second axis.

- Text goes in as Unicode NFC, a sentence at a time. A source and its translation have at most {positions} tokens each: the
  positions ({layout}) are a table in the files{enlarged}.
- Weights and results are float32.

Checked: {check}.

- `encoder.onnx`: `source` [batch, source] → `memory_keys`, `memory_values` [layer, batch, head, source, d_k]: the encoder's
  output as the attention of each decoder layer looks at it.
- `step.onnx`: `source`, `ids` [batch, 1], `keys`, `values` [layer, batch, head, past, d_k], `memory_keys`, `memory_values` →
  `logits` [batch, vocabulary], `keys_after`, `values_after`. `source` only says what is padding.
- `vocabulary.json`: the pieces of both sides by id; the ids `before` and `after` a source, those with which a target has to
  `begin`, those that are `never` written; the `longest` sentence.
- `{source}`, `{target}`: SentencePiece, which cuts and joins. The ids are those of `vocabulary.json`.
- `model_config.json`, `card.json`: sizes and choices; what is known about the model.
- `manifest.json`: the SHA-256 of each file.
"""


def export_onnx(folder: Path, out: Path) -> str:
    """Write ``out`` for the model in ``folder``; what its check found. Raises ConfigError for an ``out`` that is there, for
    a model too large for one file, and where the extra ``onnx`` is not installed; ConversionError, before anything is
    written, where ONNX Runtime gives other tokens."""
    if out.exists():
        raise ConfigError(f"{out} is there already: name a new folder")
    try:
        import onnx  # noqa: F401
        import onnxruntime  # noqa: F401
        import onnxscript  # noqa: F401
    except ModuleNotFoundError as error:
        raise ConfigError(f"{error.name} is not installed: pip install 'glassformer[onnx]'") from None
    saved = load_model(folder)
    bytes_of_it = 4 * sum(weight.numel() for weight in saved.model.parameters())
    if bytes_of_it > LARGEST:
        raise ConfigError(
            f"this model has {bytes_of_it / 1e9:.1f} GB of weights, and a file of ONNX at most 2: export --to ctranslate2"
        )
    graphs = graphs_of(saved)
    check = checked(saved, graphs)
    write_folder(out, {**graphs, **words_of(saved, folder, check)})
    return check


def longest_of(config: ModelConfig) -> int:
    """Tokens that a sentence may have in the files."""
    return config.longest or POSITIONS


def never_in(config: ModelConfig) -> list[int]:
    """Tokens that are never written: padding and the begin."""
    return sorted({config.pad_id, config.bos_id} - {config.eos_id})  # some models begin with their end


def graphs_of(saved: Saved) -> dict[str, bytes]:
    """Both parts as ONNX, with dynamic numbers of sentences and tokens."""
    model, config = saved.model, saved.model.config
    longest = longest_of(config)
    for stack in (model.encoder, model.decoder):
        stack.input.positional_encoding(0, longest, torch.zeros(1))  # grows the table, if it is one of waves
    batch, source = torch.export.Dim("batch"), torch.export.Dim("source", max=longest)
    past = torch.export.Dim("past", max=longest - 1)
    one = config.eos_id
    ids = torch.tensor([[one, one, one], [one, one, config.pad_id]])
    encoder, step = OnnxEncoder(model).eval(), OnnxStep(model).eval()
    with torch.no_grad():
        memory = encoder(ids)
    rows = memory[0].new_zeros(config.decoder_layers, 2, config.heads, 2, config.d_k)
    example = (ids, ids[:, :1], rows, rows.clone(), *memory)
    of_source, of_past, of_memory = {0: batch, 1: source}, {1: batch, 3: past}, {1: batch, 3: source}
    shapes = (of_source, {0: batch}, of_past, of_past, of_memory, of_memory)
    return {
        "encoder.onnx": graph(encoder, (ids,), (of_source,), SOURCE[:1], MEMORY),
        "step.onnx": graph(step, example, shapes, STEP, ("logits", "keys_after", "values_after")),
    }


def graph(
    part: nn.Module, example: tuple[Tensor, ...], shapes: tuple[Any, ...], inputs: Sequence[str], outputs: Sequence[str]
) -> bytes:
    """``part`` as ONNX."""
    with quiet():
        program = torch.onnx.export(
            part,
            example,
            dynamo=True,
            verbose=False,
            dynamic_shapes=shapes,
            input_names=inputs,
            output_names=outputs,
        )
    assert program is not None
    return bytes(program.model_proto.SerializeToString())


@contextmanager
def quiet() -> Iterator[None]:
    """The exporter's talk of packages that are not needed, and of its own deprecated calls, is not the user's."""
    log = logging.getLogger("torch.onnx")
    level = log.level
    log.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        log.setLevel(level)


def checked(saved: Saved, graphs: dict[str, bytes]) -> str:
    """ONNX Runtime's translations of made-up sentences, beside PyTorch, greedily. Raises ConversionError where a token is
    another one and no tie."""
    config, tokenizer = saved.model.config, saved.tokenizer
    sources = [[*tokenizer.before, *ids, *tokenizer.after] for ids in made_up(saved, SENTENCES)]
    ours = [best for (best,) in decode(saved.model, sources, GREEDY)]
    limits = [make_sentence(source, (), GREEDY, config).limit for source in sources]
    theirs = Runtime(graphs, config).translate([config.source(ids) for ids in sources], limits)
    ties = compare(saved.model, sources, ours, theirs, program="ONNX Runtime")
    said = f"ONNX Runtime gives the same tokens as PyTorch in {len(sources) - ties} of {len(sources)} made-up sentences"
    return f"{said}, and in {ties} but for a tie (log P within {TIE:g})" if ties else said


class Runtime:
    """Both parts in ONNX Runtime."""

    def __init__(self, graphs: dict[str, bytes], config: ModelConfig) -> None:
        import onnxruntime

        self.encoder, self.step = (
            onnxruntime.InferenceSession(graphs[f"{part}.onnx"], providers=["CPUExecutionProvider"])
            for part in ("encoder", "step")
        )
        self.config = config

    def translate(self, sources: Sequence[Sequence[int]], limits: Sequence[int]) -> list[Hypothesis]:
        """The likeliest token each time, all sentences together. ``sources`` as the encoder reads them; ``limits``: tokens,
        what a target begins with counted."""
        config, longest = self.config, max(map(len, sources))
        never = never_in(config)
        source = np.array([[*ids, *[config.pad_id] * (longest - len(ids))] for ids in sources])
        memory = dict(zip(MEMORY, self.encoder.run(None, {"source": source}), strict=True))
        keys = values = memory["memory_keys"][:, :, :, :0]
        token = np.full((len(sources), 1), config.bos_id)
        written: list[list[int]] = [[] for _ in sources]
        for number in range(max(limits)):
            state = {"source": source, "ids": token, "keys": keys, "values": values}
            logits, keys, values = self.step.run(None, state | memory)
            if number < len(config.target_prefix):
                token[:] = config.target_prefix[number]
            else:
                logits[:, never + ([] if number else [config.eos_id])] = -math.inf
                token = logits.argmax(axis=1)[:, None]
            for ids, (id,) in zip(written, token.tolist(), strict=True):
                ids.append(id)
            if all(config.eos_id in ids for ids in written):
                break
        return [ended(ids[:limit], config.eos_id) for ids, limit in zip(written, limits, strict=True)]


def ended(ids: list[int], eos: int) -> Hypothesis:
    """The tokens up to the first eos, where there is one."""
    finished = eos in ids
    return Hypothesis(ids[: ids.index(eos)] if finished else ids, 0.0, 0.0, finished, [])


def words_of(saved: Saved, folder: Path, check: str) -> dict[str, bytes]:
    """The files beside the graphs."""
    config, tokenizer = saved.model.config, saved.tokenizer
    source, target = names_of(tokenizer)
    sides = [side.tokens(range(len(side))) for side in (tokenizer, tokenizer.target)]
    about = {
        "source": sides[0],
        "target": sides[1],
        "before": tokenizer.before,
        "after": [*tokenizer.after, *([config.eos_id] if config.source_eos else [])],
        "begin": [config.bos_id, *config.target_prefix],
        "never": never_in(config),
        "longest": longest_of(config),
        "pad": config.pad_id,
        "eos": config.eos_id,
        "unk": config.unk_id,
    }
    waves = config.positions != "learned"
    readme = README.format(
        name=Card.of(saved.card).languages or folder.name,
        version=glassformer.__version__,
        torch=torch.__version__,
        source=source,
        target=target,
        example="Good morning!",
        positions=longest_of(config),
        layout=config.positions,
        enlarged=", which this export enlarged; the model itself has no longest sentence" if waves else "",
        check=check,
    )
    return {
        "README.md": readme.encode(),
        "vocabulary.json": json.dumps(about).encode(),
        target: tokenizer.target.sentencepiece_model,
        source: tokenizer.sentencepiece_model,
        "model_config.json": json_bytes(config.to_dict()),
        "card.json": json_bytes(saved.card),
    }
