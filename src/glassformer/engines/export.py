"""A folder that plain CTranslate2 loads, for people who have no glassformer."""

from pathlib import Path

import ctranslate2

from glassformer.card import Card
from glassformer.checkpoint import load_model
from glassformer.config import ModelConfig
from glassformer.disk import json_bytes, write_folder
from glassformer.engines.check import Check, checked, validation_pairs
from glassformer.engines.ctranslate2 import QUANTIZATIONS, positions_in
from glassformer.errors import ConfigError
from glassformer.text.tokenizer import Tokenizer

README = """# {name} for CTranslate2

Made by `glassformer export --to ctranslate2` (CTranslate2 {version}, {quantization}).

```python
import ctranslate2, sentencepiece

pieces = sentencepiece.SentencePieceProcessor(model_file="{source}")
written = sentencepiece.SentencePieceProcessor(model_file="{target}")
translator = ctranslate2.Translator(".", inter_threads=2, intra_threads=1)  # as many at a time as there are cores
(result,) = translator.translate_batch(
    [pieces.encode("{example}", out_type=str)],
    beam_size=4, patience=1.5, num_hypotheses=6, length_penalty=0, return_scores=True,
)
score = [p / ((6 + len(found)) / 6) ** 0.6 for found, p in zip(result.hypotheses, result.scores)]  # 6: 5, and one for </s>
print(written.decode(result.hypotheses[score.index(max(score))]))
```

- CTranslate2 adds `</s>` to a source where the model was trained with it (`add_source_eos` in config.json).
- Text goes in as Unicode NFC. A source and its translation have at most {positions} tokens each.
- `length_penalty=0` makes CTranslate2 search until the likeliest translation has ended; with another it stops sooner, now
  and then on a bad one. Its hypotheses are then ranked as glassformer does, by log P / ((5 + n) / 6)^0.6.

Checked: {check}.

| file | what |
|---|---|
| `model.bin`, `config.json` | the model, and CTranslate2's settings of it |
| `shared_vocabulary.json`, of two vocabularies `source_vocabulary.json` and `target_vocabulary.json` | the pieces, by id |
| `{source}`, `{target}` | SentencePiece |
| `model_config.json`, `card.json` | sizes and choices; what is known about the model: data, command, scores |
| `check.json`, `manifest.json` | what the check found; the SHA-256 of each file |
"""


def export_ctranslate2(folder: Path, out: Path, quantization: str) -> Check:
    """Write ``out`` for the model in ``folder``, and give what its check found.

    Raises ConfigError for an ``out`` that is there already, ConversionError, before anything is written, when the check
    fails.
    """
    if quantization not in QUANTIZATIONS:
        raise ConfigError(f"quantization={quantization!r}: choose {', '.join(QUANTIZATIONS)}")
    if out.exists():
        raise ConfigError(f"{out} is there already: name a new folder")
    saved = load_model(folder)
    check_plain(saved.model.config)
    files, check = checked(saved, quantization, validation_pairs(folder), add_source_eos=True)
    source, target = names_of(saved.tokenizer)
    readme = README.format(
        name=Card.of(saved.card).languages or folder.name,
        version=ctranslate2.__version__,
        quantization=quantization,
        example="Good morning!",
        positions=positions_in(saved.model.config),
        source=source,
        target=target,
        check=check,
    )
    write_folder(
        out,
        {
            **files,
            "README.md": readme.encode(),
            target: saved.tokenizer.target.sentencepiece_model,
            source: saved.tokenizer.sentencepiece_model,
            "model_config.json": json_bytes(saved.model.config.to_dict()),
            "card.json": json_bytes(saved.card),
            "check.json": check.to_json(),
        },
    )
    return check


def names_of(tokenizer: Tokenizer) -> tuple[str, str]:
    """Under which names the SentencePiece models of both sides are written: one file where it is one model."""
    one = tokenizer.sentencepiece_model == tokenizer.target.sentencepiece_model
    return ("tokenizer.model", "tokenizer.model") if one else ("source.spm", "target.spm")


def check_plain(config: ModelConfig) -> None:
    """Raises ConfigError for a model that wants a language token, which the programs that load an export do not know of."""
    if config.target_prefix:
        raise ConfigError(
            "this model writes a language token first, which an export does not know of: use the original"
        )
