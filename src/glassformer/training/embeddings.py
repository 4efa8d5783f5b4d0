"""First embeddings that know the corpus: pieces that come in the same sentence pairs begin near each other.

A pair is one document in two languages, so a word and its translation get similar vectors before the first step: latent
semantic analysis across languages (Dumais et al. 1997), of how much more often than by chance two pieces come together
(positive pointwise mutual information, Bullinaria and Levy 2007). The model has one table for both languages (§3.4), and it
is that of the output as well.
"""

import numpy as np
import torch
from torch import Tensor

from glassformer.corpus.encoded import EncodedPairs, PairBlock
from glassformer.training.state import State

PAIRS = 100_000
"""The number of pairs that are counted at most, from all over the corpus."""
AT_ONCE = 4096
"""Pairs that are counted together."""
CONTEXTS = 2000
"""The number of pieces, the most frequent ones, by whose company a piece is described."""
TOGETHER = 2
"""Times that two pieces come together at least, to be more than chance."""


def begin_with_corpus(state: State, corpus: EncodedPairs, seed: int) -> None:
    """Give the pieces of ``corpus`` these embeddings, in the model and in its average; others keep their random ones."""
    table = state.model.embedding.weight
    vocabulary_size, d_model = table.shape
    found = embeddings_of(corpus, vocabulary_size, d_model, seed).to(table.device)
    known = found.any(dim=1)
    with torch.no_grad():
        table[known] = found[known]
        for average, parameter in zip(state.average.weights, state.model.parameters(), strict=True):
            if parameter is table:
                average.copy_(table)


@torch.no_grad()
def embeddings_of(corpus: EncodedPairs, vocabulary_size: int, d_model: int, seed: int) -> Tensor:
    """[vocabulary_size, d_model]: vectors of length 1, as random ones have on average; 0 for a piece of which the pairs say
    nothing. The same for the same corpus and seed on the same machine."""
    together, alone, contexts, pairs = counts(corpus, vocabulary_size)
    expected = alone[:, None] * alone[contexts] / max(pairs, 1)
    information = torch.where(together >= TOGETHER, (together / expected.clamp_min(1e-9)).log().clamp_min(0), 0)
    # information = U Σ Vᵀ; V and Σ² from the smaller product, and U √Σ = information V / √Σ
    squares, v = torch.linalg.eigh(information.mT @ information)
    squares, v = squares[-d_model:].clamp_min(1e-6), v[:, -d_model:]
    vectors = information @ v * squares**-0.25
    turn = torch.linalg.qr(torch.randn(d_model, d_model, generator=torch.Generator().manual_seed(seed))).Q
    vectors = vectors @ turn[: vectors.size(1)]  # or the last coordinates would have most of it
    lengths = vectors.norm(dim=1, keepdim=True)
    return torch.where(lengths > 1e-6, vectors / lengths.clamp_min(1e-6), 0)


def counts(corpus: EncodedPairs, vocabulary_size: int) -> tuple[Tensor, Tensor, Tensor, int]:
    """How many pairs hold both a piece and a context [piece, context], how many hold a piece [piece], which pieces are the
    contexts [context], and how many pairs were counted."""
    blocks = [pieces_of(corpus.block(*ends), vocabulary_size) for ends in spread(len(corpus))]
    alone = torch.stack([torch.sparse.sum(holds, dim=0).to_dense() for holds in blocks]).sum(dim=0)
    contexts = alone.topk(min(CONTEXTS, vocabulary_size)).indices
    together = torch.zeros(vocabulary_size, len(contexts))
    for holds in blocks:
        together += torch.sparse.mm(holds.mT, holds.index_select(1, contexts).to_dense())
    return together, alone, contexts, sum(holds.size(0) for holds in blocks)


def spread(pairs: int) -> list[tuple[int, int]]:
    """Where the blocks begin and end that are counted: all, or as many as hold PAIRS, at equal distances."""
    first = range(0, pairs, AT_ONCE)
    every = -(-len(first) * AT_ONCE // PAIRS)
    return [(begin, min(begin + AT_ONCE, pairs)) for begin in first[::every]]


def pieces_of(block: PairBlock, vocabulary_size: int) -> Tensor:
    """[pair, piece], sparse: 1 where the pair holds the piece on either side."""
    lengths = block.source_lengths.astype(np.int64) + block.target_lengths
    places = np.repeat(np.arange(len(lengths)), lengths) * vocabulary_size + block.ids
    held = torch.from_numpy(np.stack(np.divmod(np.unique(places), vocabulary_size)))
    ones, size = torch.ones(held.size(1)), (len(lengths), vocabulary_size)
    return torch.sparse_coo_tensor(held, ones, size, check_invariants=False)
