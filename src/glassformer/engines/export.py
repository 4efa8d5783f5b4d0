"""A folder that plain CTranslate2 loads, for people who have no glassformer."""

from pathlib import Path

import ctranslate2

from glassformer.checkpoint import load_model
from glassformer.disk import json_bytes, write_folder
from glassformer.engines.check import Check, checked, validation_pairs
from glassformer.engines.ctranslate2 import POSITIONS, QUANTIZATIONS
from glassformer.errors import ConfigError

README = """# {name} for CTranslate2

Made by `glassformer export --to ctranslate2` (CTranslate2 {version}, {quantization}).

```python
import ctranslate2, sentencepiece

pieces = sentencepiece.SentencePieceProcessor(model_file="tokenizer.model")
translator = ctranslate2.Translator(".", inter_threads=2, intra_threads=1)  # as many at a time as there are cores
(result,) = translator.translate_batch(
    [pieces.encode("{example}", out_type=str)],
    beam_size=4, patience=1.5, num_hypotheses=6, length_penalty=0, return_scores=True,
)
score = [p / ((6 + len(found)) / 6) ** 0.6 for found, p in zip(result.hypotheses, result.scores)]  # 6: 5, and one for </s>
print(pieces.decode(result.hypotheses[score.index(max(score))]))
```

- `</s>` is added to each source by CTranslate2 (`add_source_eos` in config.json).
- Text goes in as Unicode NFC. A source and its translation have at most {positions} tokens each.
- `length_penalty=0` makes CTranslate2 search until the likeliest translation has ended; with another it stops sooner, now
  and then on a bad one. What it found is then ranked as glassformer does, by log P / ((5 + n) / 6)^0.6.

Checked: {check}.

| file | what |
|---|---|
| `model.bin`, `config.json` | the model, and CTranslate2's settings of it |
| `shared_vocabulary.json` | the pieces, by id |
| `tokenizer.model` | SentencePiece |
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
    files, check = checked(saved, quantization, validation_pairs(folder), add_source_eos=True)
    readme = README.format(
        name=saved.card.get("languages", folder.name),
        version=ctranslate2.__version__,
        quantization=quantization,
        example="Good morning!",
        positions=POSITIONS,
        check=check,
    )
    write_folder(
        out,
        {
            **files,
            "README.md": readme.encode(),
            "tokenizer.model": saved.tokenizer.to_bytes(),
            "model_config.json": json_bytes(saved.model.config.to_dict()),
            "card.json": json_bytes(saved.card),
            "check.json": check.to_json(),
        },
    )
    return check
