"""A whole model as one body, for the page's own Worker: weights exactly as they are, or rounded to 8 bits. Without torch."""

import copy
import json
import zlib
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from glassformer.card import Card
from glassformer.config import ModelConfig
from glassformer.errors import NEEDS_TORCH, ConfigError
from glassformer.model_folder import describe
from glassformer.page.body import Packed, deflated
from glassformer.page.facts import LONGEST, group_of, model_facts
from glassformer.page.rules import rules_of
from glassformer.page.wire import VERSION, Learned, LearnedStorage, Model, SpecialIds
from glassformer.translator import Translator
from glassformer.translator.shipped import find_model
from glassformer.weights import Arrays, Bare, numbers_of, read_weights

LARGEST = 25_000_000
"""Bytes that a model in a saved file may take unless it is asked for."""
SPELLING = "é ² ﬁ ½ Ａ　x"
"""Characters that only a tokenizer of ours keeps, but for the wide blank."""


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


class Closed:
    """An engine that has its model's numbers and computes nothing: what travels to a page needs no torch."""

    name = "closed"
    copies = False

    def __init__(self, model: Bare) -> None:
        self.model: Any = model

    def submit(self, *_: Any, **__: Any) -> Any:
        raise ConfigError(NEEDS_TORCH)

    def score(self, *_: Any) -> Any:
        raise ConfigError(NEEDS_TORCH)


def closed(name_or_path: str | Path) -> Translator:
    """A model that is read and not opened, as a page takes it. Raises CheckpointError as ``Translator.load``."""
    folder = find_model(name_or_path)
    about = describe(folder)
    return Translator(Closed(read_weights(folder, about.config)), about.tokenizer, about.card, str(name_or_path))


def rounded(translator: Translator) -> Translator:
    """The same with weights rounded as ``rows_int8`` stores them, so that what it says is what the page will say. Its card
    says how far (``rounded``, see ``ModelFacts``)."""
    given = numbers_of(translator.model)
    near = {name: nearest(values) if values.ndim == 2 else values for name, values in given.items()}
    lost = sum(float(np.square(near[name] - values, dtype=np.float64).sum()) for name, values in given.items())
    total = sum(float(np.square(values, dtype=np.float64).sum()) for values in given.values())
    card = {**translator.card, "rounded": (lost / total) ** 0.5}
    return replace(translator, engine=with_weights(translator.model, near), card=card)


def nearest(values: np.ndarray) -> np.ndarray:
    steps, scales = int8_rows(values)
    return steps.astype(np.float32) * scales[:, None]


def with_weights(model: Any, weights: Arrays) -> Any:
    """An engine for the model with other numbers."""
    if isinstance(model, Bare):
        return Closed(replace(model, weights=weights))
    import torch

    from glassformer.engines.native import Native

    other = copy.deepcopy(model)
    other.load_state_dict({name: torch.from_numpy(values) for name, values in weights.items()})
    return Native(other)


def model_size(translator: Translator, int8: bool = False) -> int:
    """Bytes of ``model_body`` in base64, about: what weights of trained models come to."""
    weights = numbers_of(translator.model).values()
    halves = all(is_bfloat16(values) for values in weights)
    return round(sum(values.size for values in weights) * (0.95 if int8 else 1.35 if halves else 3.4) * 4 / 3)


def model_body(translator: Translator, *, checkpoint: str = "") -> bytes:
    """The model of ``translator`` as ``wire`` describes it: exact, or, where the weights are those of ``rounded``, a byte
    each. Raises as ``check_computable``."""
    check_computable(translator)
    int8 = Card.of(translator.card).rounded > 0
    raw = {
        "tokenizer": bytearray(vocabulary(translator)),
        "rules": bytearray(as_json(vars(rules_of(translator.reader)))),
    }
    learned = []
    for name, values in numbers_of(translator.model).items():
        group = raw.setdefault(group_of(name), bytearray())
        content, storage = stored(values, int8)
        group.extend(bytes(-len(group) % 4))
        learned.append(Learned(name, list(values.shape), storage, group_of(name), len(group), len(content)))
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


def check_computable(translator: Translator) -> None:
    """Raises ConfigError for a model that the page's own one, which has the paper's choices, does not compute, and for a
    tokenizer that does not spell as ours do."""
    config = translator.model.config
    paper = ModelConfig(vocabulary_size=config.vocabulary_size)
    for name in OTHERS:
        if getattr(config, name) != getattr(paper, name):
            raise ConfigError(
                f"this model has {name}={getattr(config, name)}: the page computes with the paper's choices alone; the live "
                "page (glassformer look without --save), or --numbers-only, shows any"
            )
    tokenizer = translator.tokenizer
    spelt = tokenizer.decode(tokenizer.encode(SPELLING))
    if tokenizer.has_tables or spelt != SPELLING.replace("\u3000", " "):
        raise ConfigError(
            f"this model's tokenizer makes {spelt!r} of {SPELLING!r}: the page computes with tokenizers that training here "
            "wrote; the live page (glassformer look without --save), or --numbers-only, shows any"
        )


def smallest(content: bytes) -> bytes:
    """Deflated in one of two ways. Weights hardly repeat: bytes by how often they come, and nothing else, is 4 % smaller.
    A hasty look for what repeats tells whether the thorough one is worth its seconds."""
    packer = zlib.compressobj(9, strategy=zlib.Z_HUFFMAN_ONLY)
    by_frequency = packer.compress(content) + packer.flush()
    return by_frequency if len(by_frequency) < len(zlib.compress(content, 1)) else zlib.compress(content, 9)


def stored(values: np.ndarray, int8: bool) -> tuple[bytes, LearnedStorage]:
    if int8 and values.ndim == 2:
        steps, scales = int8_rows(values)
        return scales.astype("<f4").tobytes() + steps.tobytes(), "rows_int8"
    halves = is_bfloat16(values)
    columns = np.ascontiguousarray(values, "<f4").view(np.uint8).reshape(-1, 4)[:, ::-1]  # the upper byte first
    kept = columns[:, :2] if halves else columns
    return np.ascontiguousarray(kept.T).tobytes(), "upper_first_2" if halves else "upper_first_4"


def is_bfloat16(values: np.ndarray) -> bool:
    """Whether the lower half of each number is 0."""
    return not (np.ascontiguousarray(values, np.float32).view(np.uint32) & 0xFFFF).any()


def int8_rows(weights: Any) -> tuple[np.ndarray, np.ndarray]:
    """Whole steps from −127 to 127 [row, column], and the size of each row's step. Rounding what is rounded changes
    nothing."""
    values = np.asarray(weights, np.float32)
    largest = np.abs(values).max(axis=1)
    scales = np.where(largest > 0, largest / np.float32(127), np.float32(1)).astype(np.float32)
    return np.rint(values / scales[:, None]).astype(np.int8), scales


def vocabulary(translator: Translator) -> bytes:
    """A Vocabulary as JSON, in UTF-8."""
    told = translator.tokenizer.table()
    told["scores"] = [float(str(np.float32(score))) for score in told["scores"]]  # as few digits as tell them apart
    return as_json(told)


def as_json(told: dict[str, Any]) -> bytes:
    return json.dumps(told, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass")
