"""The one door of decoding: sentences in, hypotheses out, in the same order."""

from collections.abc import Callable, Sequence

import torch

from glassformer.config import DecodingConfig
from glassformer.decoding.batches import evaluating
from glassformer.decoding.beam import beam_search
from glassformer.decoding.greedy import greedy
from glassformer.decoding.lean import LeanTransformer, lean
from glassformer.decoding.sampling import sample
from glassformer.errors import ShapeError
from glassformer.hypothesis import Hypothesis, by_length, make_sentence
from glassformer.model import Transformer

METHODS = {"beam": beam_search, "greedy": greedy, "sampling": sample}


def decode(
    model: Transformer | LeanTransformer,
    sources: Sequence[Sequence[int]],
    config: DecodingConfig,
    *,
    prefixes: Sequence[Sequence[int]] | None = None,
    progress: Callable[[int], None] | None = None,
) -> list[list[Hypothesis]]:
    """The hypotheses of each source (ids without bos and eos; none at all is a sentence too), in the sources' order.

    ``beam``: up to n_best, the best score first. ``greedy``: one. ``sampling``: n_best, in the order drawn. A target
    has at most the source's tokens, its eos counted, plus ``config.extra_length``, its own eos counted. With
    ``prefixes`` each begins with the given ids. ``progress`` is called after each batch with the number of sentences in
    it. It computes where the model's parameters are and leaves the model's mode as it was. A LeanTransformer spares making
    one of the model; its precision counts then.

    Raises ShapeError when there are not as many prefixes as sources, DecodingError for a prefix longer than the limit
    or with pad, bos or eos in it, and VocabularyError for an id that is not in the vocabulary.
    """
    if prefixes is not None and len(prefixes) != len(sources):
        raise ShapeError(
            f"{len(prefixes)} prefixes for {len(sources)} sources: wanted one each (an empty one forces nothing)"
        )
    pairs = zip(sources, prefixes if prefixes is not None else [()] * len(sources), strict=True)
    sentences = [make_sentence(source, prefix, config, model.config) for source, prefix in pairs]
    rows = {"beam": config.beam_size, "greedy": 1, "sampling": config.n_best}[config.method]
    found: dict[int, list[Hypothesis]] = {}
    whole = model.model if isinstance(model, LeanTransformer) else model
    where = whole.embedding.weight.device.type
    with evaluating(whole), torch.autocast(where, enabled=False):  # ``precision`` says what is computed in
        decoder = lean(model, config.precision) if isinstance(model, Transformer) else model
        for numbers in by_length([len(sentence.source) for sentence in sentences], rows, config.batch_tokens):
            group = [sentences[number] for number in numbers]
            found.update(zip(numbers, METHODS[config.method](decoder, group, config), strict=True))
            if progress is not None:
                progress(len(group))
    return [found[number] for number in range(len(sentences))]
