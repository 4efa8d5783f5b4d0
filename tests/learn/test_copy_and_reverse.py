"""It learns: digits copied, and digits reversed, on strings that it never saw. Some ten seconds each."""

import pytest
import torch
from torch import Tensor, nn

from glassformer.config import ModelConfig
from glassformer.model import Transformer

PAD, BOS, EOS, ZERO = 0, 1, 2, 4  # the digit n is the id ZERO + n
LONGEST = 8
STEPS, BATCH, WARMUP, RATE = 300, 96, 100, 3e-3


def strings(count: int, held_out: bool, generator: torch.Generator) -> list[Tensor]:
    """Random strings of 1 to 8 digits. One in five is never trained on: those whose digits' sum ends in 0 or 5."""
    lengths = torch.randint(1, LONGEST + 1, (10 * count if held_out else 2 * count,), generator=generator)
    digits = torch.randint(0, 10, (len(lengths), LONGEST), generator=generator)
    sums = digits.masked_fill(torch.arange(LONGEST) >= lengths[:, None], 0).sum(dim=1)
    chosen = ((sums % 5 == 0) == held_out).nonzero()[:count, 0]
    return [digits[row, : lengths[row]] + ZERO for row in chosen.tolist()]


def pairs(sources: list[Tensor], reverse: bool) -> tuple[Tensor, Tensor]:
    """Source "3 1 4 ⟨eos⟩", target "⟨bos⟩ 4 1 3 ⟨eos⟩", padded."""
    bos, eos = torch.tensor([BOS]), torch.tensor([EOS])
    targets = [source.flip(0) if reverse else source for source in sources]
    both = [torch.cat([s, eos]) for s in sources], [torch.cat([bos, t, eos]) for t in targets]
    return tuple(nn.utils.rnn.pad_sequence(side, batch_first=True, padding_value=PAD) for side in both)


def train(reverse: bool, generator: torch.Generator) -> Transformer:
    config = ModelConfig(
        vocabulary_size=14, d_model=48, heads=4, d_ff=96, encoder_layers=2, decoder_layers=2, dropout=0.0
    )
    model = Transformer(config)
    adam = torch.optim.Adam(model.parameters(), betas=(0.9, 0.98))
    for step in range(STEPS):
        adam.param_groups[0]["lr"] = RATE * min((step + 1) / WARMUP, (STEPS - step) / (STEPS - WARMUP))
        source, target = pairs(strings(BATCH, False, generator), reverse)
        logits = model(source, target[:, :-1])
        loss = nn.functional.cross_entropy(logits.flatten(0, 1), target[:, 1:].flatten(), ignore_index=PAD)
        adam.zero_grad()
        loss.backward()
        adam.step()
    return model.eval()


@torch.inference_mode()
def likeliest(model: Transformer, source: Tensor, length: int) -> Tensor:
    """Greedy, one token at a time, from the model's own output."""
    memory, cache, allowed = model.encode(source), model.new_cache(), model.allowed(source)
    ids = [torch.full((source.size(0), 1), BOS)]
    for _ in range(length - 1):
        ids.append(model.predict(model.decode(ids[-1], memory, allowed, cache)).argmax(dim=-1))
    return torch.cat(ids, dim=1)


@pytest.mark.usefixtures("unchecked_shapes")  # other tests check them
@pytest.mark.parametrize("reverse", [False, True], ids=["copy", "reverse"])
def test_it_learns(reverse: bool) -> None:
    torch.set_num_threads(1)  # on a busy machine two threads wait for each other
    generator = torch.Generator().manual_seed(20170612)
    model = train(reverse, generator)
    source, wanted = pairs(strings(1000, True, generator), reverse)
    found = likeliest(model, source, wanted.size(1))
    right = ((found == wanted) | (wanted == PAD)).all(dim=1)
    assert right.float().mean() >= 0.98, f"{int(right.sum())} of 1000 held-out strings are right"
