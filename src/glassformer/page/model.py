"""A whole model as one body, for the page's own Worker: weights exactly as they are, or rounded to 8 bits."""

import copy
import json
import zlib
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from torch import Tensor

from glassformer.config import ModelConfig
from glassformer.engines.native import Native
from glassformer.errors import ConfigError
from glassformer.page.facts import model_facts
from glassformer.page.look import group_of
from glassformer.page.pack import Packed, deflated, exact, little_endian
from glassformer.page.rules import rules_of
from glassformer.page.service import LONGEST
from glassformer.page.wire import VERSION, Learned, LearnedStorage, Model, SpecialIds
from glassformer.translator import Translator

LARGEST = 25_000_000
"""Bytes that a model in a saved file may take unless it is asked for."""
SPELLING = "é ² ﬁ ½ Ａ　x"
"""What only a tokenizer of ours keeps, but for the wide blank."""


OTHERS = (
    "activation",
    "longest",
    "scale_embedding",
    "embedding_norm",
    "tied_output",
    "target_vocabulary_size",
    "target_prefix",
    "source_eos",
)
"""Choices that the page's model does not have."""


def rounded(translator: Translator) -> Translator:
    """The same with weights rounded as ``rows_int8`` stores them, so that what it says is what the page will say. Its card
    says how far (``rounded``, see ``ModelFacts``)."""
    model = copy.deepcopy(translator.model)
    lost = total = 0.0
    with torch.no_grad():
        for parameter in model.parameters():
            total += float(parameter.double().pow(2).sum())
            if parameter.dim() == 2:
                steps, scales = int8_rows(parameter)
                near = torch.from_numpy(steps.astype(np.float32) * scales[:, None]).to(parameter)
                lost += float((near - parameter).double().pow(2).sum())
                parameter.copy_(near)
    return replace(translator, engine=Native(model), card={**translator.card, "rounded": (lost / total) ** 0.5})


def model_size(translator: Translator, int8: bool = False) -> int:
    """Bytes of ``model_body`` in base64, about: what weights of trained models come to."""
    parameters = list(translator.model.parameters())
    numbers = sum(parameter.numel() for parameter in parameters)
    halves = all(exact(parameter) == "bfloat16" for parameter in parameters)
    return round(numbers * (0.95 if int8 else 1.35 if halves else 3.4) * 4 / 3)


def model_body(translator: Translator, *, checkpoint: str = "") -> bytes:
    """The model of ``translator`` as ``wire`` describes it: exact, or, where the weights are those of ``rounded``, a byte
    each. Raises ConfigError for a tokenizer that the page cannot be."""
    check_computable(translator.model.config)
    int8 = bool(translator.card.get("rounded"))
    raw = {
        "tokenizer": bytearray(vocabulary(translator)),
        "rules": bytearray(as_json(vars(rules_of(translator.reader)))),
    }
    learned = []
    for name, parameter in translator.model.named_parameters():
        group = raw.setdefault(group_of(name), bytearray())
        content, storage = stored(parameter.detach().to("cpu", torch.float32), int8)
        group.extend(bytes(-len(group) % 4))
        learned.append(Learned(name, list(parameter.shape), storage, group_of(name), len(group), len(content)))
        group.extend(content)
    groups, blobs = deflated(raw, smallest)
    config = translator.model.config
    header = Model(
        version=VERSION,
        model=model_facts(translator, checkpoint),
        special=SpecialIds(config.pad_id, config.bos_id, config.eos_id, config.unk_id),
        longest=LONGEST,
        learned=learned,
        groups=groups,
    )
    return Packed(header, blobs).body()


def check_computable(config: ModelConfig) -> None:
    """Raises ConfigError for a model that the page's own one, which has the paper's choices, does not compute."""
    paper = ModelConfig(vocabulary_size=config.vocabulary_size)
    for name in OTHERS:
        if getattr(config, name) != getattr(paper, name):
            raise ConfigError(
                f"this model has {name}={getattr(config, name)}: the page computes with the paper's choices alone; the live "
                "page (glassformer look without --save, or --no-model) shows any"
            )


def smallest(content: bytes) -> bytes:
    """Deflated in one of two ways. Weights hardly repeat: bytes by how often they come, and nothing else, is 4 % smaller."""
    by_frequency = zlib.compressobj(9, strategy=zlib.Z_HUFFMAN_ONLY)
    return min(zlib.compress(content, 9), by_frequency.compress(content) + by_frequency.flush(), key=len)


def stored(weights: Tensor, int8: bool) -> tuple[bytes, LearnedStorage]:
    if int8 and weights.dim() == 2:
        steps, scales = int8_rows(weights)
        return scales.astype("<f4").tobytes() + steps.tobytes(), "rows_int8"
    halves = exact(weights) == "bfloat16"
    numbers = weights.to(torch.bfloat16).view(torch.int16) if halves else weights
    width = 2 if halves else 4
    columns = np.frombuffer(little_endian(numbers.contiguous()), np.uint8).reshape(-1, width)
    return np.ascontiguousarray(columns[:, ::-1].T).tobytes(), "upper_first_2" if halves else "upper_first_4"


def int8_rows(weights: Tensor) -> tuple[np.ndarray, np.ndarray]:
    """Whole steps from −127 to 127 [row, column], and the size of each row's step. Rounding what is rounded changes
    nothing."""
    values = weights.detach().cpu().float().numpy()
    largest = np.abs(values).max(axis=1)
    scales = np.where(largest > 0, largest / np.float32(127), np.float32(1)).astype(np.float32)
    return np.rint(values / scales[:, None]).astype(np.int8), scales


def vocabulary(translator: Translator) -> bytes:
    """A Vocabulary as JSON, in UTF-8. Raises ConfigError for a tokenizer that does not spell as ours do."""
    tokenizer = translator.tokenizer
    spelt = tokenizer.decode(tokenizer.encode(SPELLING))
    if tokenizer.has_tables or spelt != SPELLING.replace("\u3000", " "):
        raise ConfigError(
            f"this model's tokenizer makes {spelt!r} of {SPELLING!r}: the page computes with tokenizers that training here "
            "wrote; the live page (glassformer look without --save) answers with any"
        )
    told = tokenizer.table()
    told["scores"] = [float(str(np.float32(score))) for score in told["scores"]]  # as few digits as tell them apart
    return as_json(told)


def as_json(told: dict[str, Any]) -> bytes:
    return json.dumps(told, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass")
