"""Models, and what PyTorch computes with them, for the page's own tests: web/test/transformer.test.ts reads it."""

import json
import random
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import torch

from glassformer.config import DecodingConfig, ModelConfig
from glassformer.engines.native import Native
from glassformer.model import Transformer
from glassformer.page import wire
from glassformer.page.body import Packed
from glassformer.page.look import changed, see, settled
from glassformer.page.model import model_body, rounded
from glassformer.page.pack import Packer, described
from glassformer.page.service import Service
from glassformer.page.unpack import unpack
from glassformer.translator import Translator
from glassformer.translator.alignment import words_of
from tests.toy_translator import ENGLISH, GERMAN, toy

ENCODER, DECODER = "encoder.layers.1.self_attention", "decoder.layers.1.self_attention"
CROSS = "decoder.layers.0.cross_attention"
CHANGES: list[dict[str, Any]] = [
    {},
    {"heads_off": [[ENCODER, 0], [CROSS, 1]]},
    {
        "target": "Die alte Uhr ist langsam.",
        "turned": [[ENCODER, 1, 1, [0, 2]], [DECODER, 0, 2, [1]], [CROSS, 1, 3, [2]], [CROSS, 1, 3, [1]]],
    },
    {"target": "Die alte Uhr ist langsam.", "blocked": [[ENCODER, 2, 1], [DECODER, 3, 1], [CROSS, 2, 0]]},
]
SIZES: dict[str, dict[str, Any]] = {
    "post": {},
    "pre": {"norm": "pre", "positions": "interleaved", "first_position": 1},
    "bias": {"attention_bias": True, "output_bias": True, "positions": "halves_exact"},
    "odd": {"d_model": 30, "heads": 3, "d_ff": 50, "norm": "pre"},  # no multiples of four
}

LOSES = "Every crime must <xyz> be punished."
"""Its translation lacks the tag until the model is asked where that belongs."""


def made_up(changes: dict[str, Any]) -> Translator:
    """A model with random weights, its biases and norms too; float32, as training has it."""
    known = toy()
    sizes = {"d_model": 24, "heads": 2, "d_ff": 48, "encoder_layers": 2, "decoder_layers": 2, "dropout": 0.0, **changes}
    model = Transformer(ModelConfig(vocabulary_size=len(known.tokenizer), **sizes)).eval()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(0.1 * torch.randn_like(parameter))
    return Translator(Native(model), known.tokenizer, dict(known.card), "made-up")


def write_models(folder: Path) -> None:
    """A folder a model: its file, and cases, each with its windows."""
    known = toy()
    taught = Translator(Native(known.model), known.tokenizer, dict(known.card), "toy")
    for name, changes in SIZES.items():
        write_model(folder / name, made_up(changes), ["The old clock is slow.", "it"])
    write_model(folder / "toy", taught, ["The train stopped because it was snowing."])
    write_model(folder / "int8", rounded(taught), ["The old clock is slow."])
    write_model(
        folder / "en-de",
        Translator.load("en-de"),
        ["The animal didn't cross the street because it was too tired.", LOSES],
        CHANGES[::2],  # each case of so large a model takes seconds, in both languages
    )


LINES = """
The animal didn't cross the street because it was too tired.
Die Straße ist schmal und steil — sehr steil!
  two  spaces, and   more  at the ends\\x20\\x20
12.5 % of 3,000 €; ½ ² ﬁ Ａ
🦉🦉 owls 👩‍👩‍👧 and flags 🇩🇪
今天天气很好。
e\u0301te\u0301 n\u0303 \u1100\u1161
a\tb\u00a0c\u2028d\u200be\u00adf\ufeffg
\u0646\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645 x\u200cy
▁ ▁▁a ▁
\ud83e\udd89 \ud800 z \udc00
\ue000 and \ue001\ue002 in a \ue009.
(Yes.) "No," he said: 'why?' …
İstanbul ǅ ß ẞ
IT LOOKSSS LIKE IT, ISSS TRUE.
x \ufffe \U0001f1e9 \U000e0041
"""
"""What a tokenizer may meet; the escapes are read."""


def lines_of(tokenizer: Any) -> list[dict[str, Any]]:
    """Each line's ids, and what these say again."""
    texts = LINES.encode("ascii", "backslashreplace").decode("unicode_escape").split("\n")
    found = []
    for text in [*texts, " ", "\u2581", "\x00a\x00", *ENGLISH, *GERMAN]:
        ids = tokenizer.encode(text)
        words = [[word, places] for word, places in words_of(tokenizer, [*ids, tokenizer.eos_id], True)]
        found.append({"text": text, "ids": ids, "said": tokenizer.decode(ids), "words": words})
    chance = random.Random(1)
    for _ in range(50):  # what a model may say: bytes that are no text among it
        ids = [chance.randrange(len(tokenizer)) for _ in range(12)]
        found.append({"text": None, "ids": ids, "said": tokenizer.decode(ids), "words": []})
    return found


def write_model(
    folder: Path, translator: Translator, texts: list[str], changes: list[dict[str, Any]] = CHANGES
) -> None:
    folder.mkdir(parents=True)
    (folder / "model.bin").write_bytes(model_body(translator))
    asked = [
        {"text": text, **change} for text in texts for change in (changes if text not in ("it", LOSES) else changes[:1])
    ]
    small = translator.inside.model.config.d_model < 100
    cases = [
        case_of(folder, number, translator, one, ranked=small or one["text"] == LOSES)
        for number, one in enumerate(asked)
    ]
    (folder / "cases.json").write_text(json.dumps(cases))
    (folder / "lines.json").write_text(json.dumps(lines_of(translator.tokenizer)))


def case_of(
    folder: Path, number: int, translator: Translator, asked: dict[str, Any], ranked: bool = True
) -> dict[str, Any]:
    """``ranked``: whether the heads are ranked, too, which takes a pass a head, here and twice in the page's tests. All
    cases of the small models are; one case shows that the large model's numbers agree as well."""
    edges = [tuple(edge) for edge in asked.get("blocked", [])]
    off = [tuple(head) for head in asked.get("heads_off", [])]
    turns = [tuple(turn) for turn in asked.get("turned", [])]
    ask = wire.Ask(asked["text"], asked.get("target"), off, edges, turns)  # type: ignore[arg-type]
    seen = see(translator, ask)
    ask = settled(ask, seen.target_ids[1:])
    asked = {**asked, "turned": ask.turned}
    packer = Packer()
    windows = []
    for name in seen.trace:
        window = seen.trace.window(name)
        windows.append(packer.add(described(name, window.axes, window.place, "all"), window.tensor, "float32"))
    groups, blobs = packer.deflated(1)
    (folder / f"numbers-{number}.bin").write_bytes(Packed(wire.Numbers(windows, groups), blobs).body())
    source, target = seen.source_ids[:-1], seen.target_ids[1:]
    with changed(translator, ask):
        beam = translator.inside.found(source, DecodingConfig())[0].ids if not ask.target else []
        greedy = translator.inside.found(source, DecodingConfig(method="greedy"))[0].ids if not ask.target else []
        (scores,) = translator.inside.scores([source], [target])
    text = translator.written(asked["text"], target)
    service = Service(translator)
    as_given = replace(ask, target=text)
    service.keep(as_given, seen)
    ranking = asdict(service.rank(as_given)) if ranked else None
    header = unpack(service.look(as_given)).header
    assert isinstance(header, wire.Look)
    told = {**asdict(header), "windows": [], "weights": [window.name for window in header.weights], "groups": []}
    found = {"source": source, "target": target, "beam": beam, "greedy": greedy, "scores": scores}
    return {"ask": asked, **found, "ranking": ranking, "look": told}
