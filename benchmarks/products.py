"""The matrix products of a training step and nothing else: an upper bound of the speed at these shapes, in this type."""

import time
from collections.abc import Callable

import torch
from torch import Tensor

from glassformer.config import ModelConfig
from glassformer.corpus.batches import Batch

Shape = tuple[int, int, int, int]
"""[matrix, row, inner, column]: so many products of [row, inner] with [inner, column]."""


def shapes(config: ModelConfig, batch: Batch) -> list[Shape]:
    """Those of one forward pass over the padded batch; the vocabulary's only for real tokens."""
    rows, source = batch.source_ids.shape
    target = batch.target_ids.size(1) - 1
    d, inner = config.d_model, config.d_ff

    def attention(queries: int, keys: int) -> list[Shape]:
        heads = rows * config.heads
        return [(heads, queries, config.d_k, keys), (heads, queries, keys, config.d_k), (1, rows * queries, d, d)]

    def feed_forward(positions: int) -> list[Shape]:
        return [(1, rows * positions, d, inner), (1, rows * positions, inner, d)]

    encoder = [(1, rows * source, d, 3 * d), *attention(source, source), *feed_forward(source)]
    decoder = [
        (1, rows * target, d, 3 * d),
        *attention(target, target),
        (1, rows * target, d, d),
        (1, rows * source, d, 2 * d),
        *attention(target, source),
        *feed_forward(target),
    ]
    return (
        encoder * config.encoder_layers
        + decoder * config.decoder_layers
        + [(1, batch.tokens, d, config.vocabulary_size)]
    )


def operations(config: ModelConfig, batch: Batch) -> int:
    """Multiplications and additions of a step: forward, and twice as many backward."""
    return 3 * sum(2 * many * row * inner * column for many, row, inner, column in shapes(config, batch))


class Product:
    """x W, and backward: the gradients of x and of W."""

    def __init__(self, shape: Shape, dtype: torch.dtype) -> None:
        many, row, inner, column = shape
        self.x, self.y = torch.randn(many, row, inner).to(dtype), torch.zeros(many, row, column, dtype=dtype)
        self.w = torch.randn(many, column, inner).to(dtype).mT  # as nn.Linear has it
        self.grad_x, self.grad_w = torch.empty_like(self.x), torch.empty(many, column, inner, dtype=dtype)
        if many == 1:
            self.x, self.y, self.w, self.grad_x, self.grad_w = (
                tensor[0] for tensor in (self.x, self.y, self.w, self.grad_x, self.grad_w)
            )

    def __call__(self) -> None:
        product: Callable[..., Tensor] = torch.mm if self.x.dim() == 2 else torch.bmm
        product(self.x, self.w, out=self.y)
        product(self.y, self.w.mT, out=self.grad_x)
        product(self.y.mT, self.x, out=self.grad_w)


@torch.inference_mode()
def products_alone(config: ModelConfig, batches: list[Batch], dtype: torch.dtype) -> Callable[[], None]:
    """A call that computes them all, with float32's quicker kernel of the two that PyTorch has on a CPU."""
    wanted = [shapes(config, batch) for batch in batches]
    products = {shape: Product(shape, dtype) for shape in {shape for some in wanted for shape in some}}
    for product in products.values():
        product.y.zero_()  # the second and third product multiply it: no number may grow from call to call

    @torch.inference_mode()
    def compute() -> None:
        for some in wanted:
            for shape in some:
                products[shape]()

    if dtype == torch.float32:
        times = {}
        for kind in ("highest", "medium"):
            torch.set_float32_matmul_precision(kind)
            compute()
            start = time.perf_counter()
            compute()
            times[kind] = time.perf_counter() - start
        torch.set_float32_matmul_precision(min(times, key=times.__getitem__))
    return compute
