"""A tiny translator, on disk as training would leave it, and the thirty sentences that it knows.

Its weights lie in ``tests/toy``: learning them takes ten seconds, in each process that asks, and another processor learns
others. ``python -m tests.toy_translator`` learns them anew.
"""

import shutil
from functools import cache
from pathlib import Path

import torch

from glassformer.checkpoint import Saved, load_model, save_model
from glassformer.config import ModelConfig
from glassformer.decoding.batches import pad
from glassformer.model import Transformer
from glassformer.text.tokenizer import Tokenizer

ENGLISH = """\
The baker opens the door. The old clock is slow. Our neighbour paints a green boat. I lost my left glove.
She reads the letter twice. The soup was too hot. We walked home in the rain. He hides behind the curtain.
The ferry leaves at noon. My sister plays the cello. A fox crossed the frozen field. They sell honey and candles.
The window will not close. It was a very long night. The child counts the steps. Nobody heard the bell.
The train stopped because it was snowing. You forgot your umbrella. The lamp flickers. I cannot find the key.
The gardener waters the roses. The road is narrow and steep. Her brother repairs bicycles. The bread is still warm.
Two owls live in the barn. The teacher wrote a word. We drink tea in the kitchen. The storm broke the mast.
The museum opens on Sunday. His coat has no buttons.
""".replace("\n", " ").replace(". ", ".\n").split("\n")[:-1]  # fmt: skip

GERMAN = """\
Der Bäcker öffnet die Tür. Die alte Uhr geht nach. Unser Nachbar streicht ein grünes Boot. Mein linker Handschuh ist weg.
Sie liest den Brief zweimal. Die Suppe war zu heiß. Wir gingen im Regen nach Hause. Er versteckt sich hinter dem Vorhang.
Die Fähre legt mittags ab. Meine Schwester spielt Cello. Ein Fuchs lief über das Feld. Sie verkaufen Honig und Kerzen.
Das Fenster schließt nicht. Es war eine lange Nacht. Das Kind zählt die Stufen. Niemand hörte die Glocke.
Der Zug hielt, weil es schneite. Du hast den Schirm vergessen. Die Lampe flackert. Ich finde den Schlüssel nicht.
Der Gärtner gießt die Rosen. Die Straße ist schmal und steil. Ihr Bruder repariert Räder. Das Brot ist noch warm.
Zwei Eulen wohnen in der Scheune. Der Lehrer schrieb ein Wort. Wir trinken Tee in der Küche. Der Sturm brach den Mast.
Das Museum öffnet am Sonntag. Sein Mantel hat keine Knöpfe.
""".replace("\n", " ").replace(". ", ".\n").split("\n")[:-1]  # fmt: skip

CARD = {
    "languages": "en-de",
    "longest": 40,
    "data": ["toy.en", "toy.de"],
    "training": {"step": 7, "seconds": 12.5},
    "scores": [{"name": "BLEU", "value": 1.25, "low": 0.5, "high": 2.0, "signature": "nrefs:1|tok:13a|version:0"}],
}


FOLDER = Path(__file__).parent / "toy"


@cache
def toy() -> Saved:
    """It knows the sentences above by heart, so that translations are words and end."""
    return load_model(FOLDER)


def learnt() -> Saved:
    """The toy, learnt anew."""
    tokenizer = Tokenizer.train([*ENGLISH, *GERMAN], vocabulary_size=360)
    torch.manual_seed(5)
    sizes = {"d_model": 24, "heads": 2, "d_ff": 48, "encoder_layers": 2, "decoder_layers": 2}
    model = Transformer(ModelConfig(vocabulary_size=len(tokenizer), dropout=0.0, **sizes))
    source_ids = pad([[*ids, tokenizer.eos_id] for ids in tokenizer.encode_batch(ENGLISH)], tokenizer.pad_id)
    target_ids = pad([[tokenizer.bos_id, *ids, tokenizer.eos_id] for ids in tokenizer.encode_batch(GERMAN)], 0)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)
    for step in range(400):
        optimizer.param_groups[0]["lr"] = 1e-2 * (1 - step / 400)  # at a constant rate some processors end on a peak
        optimizer.zero_grad()
        logits = model(source_ids, target_ids[:, :-1]).flatten(0, 1)
        torch.nn.functional.cross_entropy(logits, target_ids[:, 1:].flatten(), ignore_index=0).backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
    return Saved(model.eval(), tokenizer, dict(CARD))


def save_toy_translator(folder: Path) -> None:
    save_model(folder, toy())


if __name__ == "__main__":
    shutil.rmtree(FOLDER, ignore_errors=True)
    save_model(FOLDER, learnt())
