"""Does what was learned on short sentences hold for longer ones, and does the layout of the positions matter?

For each layout a tiny model learns to reverse strings of 1 to 12 digits; then it reverses strings of 12, 16, 20 and 24 that
it never saw. Written down: the share of strings that are right to the last token, and of tokens that are right, when the
model goes on from its own output. The positions after 12 are new to it: nothing promises that it can.
"""

import argparse
import time
from typing import Any

import rows
import torch
from rich.progress import Progress
from torch import Tensor, nn

from glassformer.config import ModelConfig, PositionLayout
from glassformer.model import Transformer

LAYOUTS: list[PositionLayout] = ["halves", "interleaved", "halves_exact"]
PAD, BOS, EOS, ZERO = 0, 1, 2, 4
TRAINED_TO, ASKED, STRINGS = 12, [12, 16, 20, 24], 500
STEPS, BATCH, WARMUP, RATE, SEED = 700, 128, 100, 2e-3, 0


def reversals(lengths: Tensor) -> tuple[Tensor, Tensor]:
    """Random strings of these lengths and ⟨eos⟩; ⟨bos⟩, the same reversed, and ⟨eos⟩."""
    sources, targets = [], []
    for length in lengths.tolist():
        digits = torch.randint(ZERO, ZERO + 10, (length,))
        sources.append(torch.cat([digits, torch.tensor([EOS])]))
        targets.append(torch.cat([torch.tensor([BOS]), digits.flip(0), torch.tensor([EOS])]))
    source, target = (
        nn.utils.rnn.pad_sequence(side, batch_first=True, padding_value=PAD) for side in (sources, targets)
    )
    return source, target


def train(layout: PositionLayout) -> Transformer:
    torch.manual_seed(SEED)
    config = ModelConfig(
        vocabulary_size=14,
        d_model=64,
        heads=4,
        d_ff=128,
        encoder_layers=2,
        decoder_layers=2,
        dropout=0.0,
        positions=layout,
    )
    model = Transformer(config)
    adam = torch.optim.Adam(model.parameters(), betas=(0.9, 0.98))
    with Progress(transient=True) as progress:
        for step in progress.track(range(STEPS), description=layout):
            adam.param_groups[0]["lr"] = RATE * min((step + 1) / WARMUP, (STEPS - step) / (STEPS - WARMUP))
            source, target = reversals(torch.randint(1, TRAINED_TO + 1, (BATCH,)))
            logits = model(source, target[:, :-1])
            loss = nn.functional.cross_entropy(logits.flatten(0, 1), target[:, 1:].flatten(), ignore_index=PAD)
            adam.zero_grad()
            loss.backward()
            adam.step()
    return model.eval()


@torch.inference_mode()
def likeliest(model: Transformer, source: Tensor, length: int) -> Tensor:
    memory, cache, allowed = model.encode(source), model.new_cache(), model.allowed(source)
    ids = [torch.full((source.size(0), 1), BOS)]
    for _ in range(length):
        ids.append(model.predict(model.decode(ids[-1], memory, allowed, cache)).argmax(dim=-1))
    return torch.cat(ids[1:], dim=1)


def main() -> None:
    argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter).parse_args()
    torch.set_num_threads(1)  # on a busy machine two threads wait for each other
    measured: list[dict[str, Any]] = []
    for layout in LAYOUTS:
        start = time.perf_counter()
        model = train(layout)
        seconds = time.perf_counter() - start
        torch.manual_seed(SEED + 1)
        for length in ASKED:
            source, target = reversals(torch.full((STRINGS,), length))
            right = likeliest(model, source, length + 1) == target[:, 1:]
            shares = {"strings_right": right.all(dim=1), "tokens_right": right}
            about = {"task": "reverse", "trained_to": TRAINED_TO, "strings": STRINGS, "steps": STEPS, "seed": SEED}
            found = {name: float(share.float().mean()) for name, share in shares.items()}
            measured.append({**about, "positions": layout, "length": length, **found, "training_s": seconds})
    rows.write("lengths", measured)


if __name__ == "__main__":
    main()
