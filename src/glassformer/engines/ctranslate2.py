"""CTranslate2: the same search by another's program, in int8 some five times faster than PyTorch on a CPU.

**What is equal.** Greedy decoding takes the same tokens; a beam grows the same way: a step's best 2 · beam_size
continuations, of which the first that end are finished and the first others live on. All that CTranslate2 finished comes
back and is ranked here, by the penalty that was asked for (its own is n^α); each sentence keeps its own limit.

**What is not.** Ours ends a beam's search when no live hypothesis can win any more. CTranslate2, given a penalty, ends it
when enough hypotheses are finished, bad ones too: 3 of 400 translations became worse, of a model sure of itself 8 of 30.
Given none, it also waits until the likeliest continuation of a step has ended, and with PATIENCE 1.5 all 430 were ours.
The conversion leaves pad and bos out before the softmax, ours after it: log P is higher by what they would have had (some
1e-5 a token). int8 is not float32: ``check`` says how much it costs.

**What is refused**, by name: sampling (its random numbers are its own), a precision (its own is fixed when a model is
converted), a prefix (CTranslate2 forbids what would end right after one), a source without tokens (CTranslate2 answers it
with nothing), lengths beyond the table of positions.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import fields
from typing import TYPE_CHECKING, Any

from glassformer.config import DecodingConfig, ModelConfig
from glassformer.config.settings import check_threads
from glassformer.engines.engine import Submitted
from glassformer.errors import DecodingError, ShapeError, VocabularyError
from glassformer.hypothesis import Hypothesis, Sentence, by_length, length_penalty, make_sentence

if TYPE_CHECKING:
    from glassformer.text.tokenizer import Tokenizer

POSITIONS = 2048
"""Rows of the table of positions. CTranslate2 does not make more: a longer sentence is for the native engine."""
PATIENCE = {"best": 1.5, "n_best": 3.0}
"""beam_size times this must be finished before a search ends: for the best one, and where lower ranks count, too."""
SCORED_AT_ONCE = 2048
"""Tokens whose logits are held at a time: with 32,000 pieces 256 MB."""
METHODS = ("greedy", "beam")
UNDERSTOOD = {
    *("method", "beam_size", "length_penalty", "length_penalty_form", "n_best", "extra_length", "batch_tokens"),
    *(
        "precision",
        "attention",
        "temperature",
        "top_k",
        "top_p",
        "seed",
    ),  # computed, refused below, or sampling's alone
}
"""The settings of decoding that are accounted for here. One that is not is refused unless it has its default: a new way of
decoding is never silently computed as beam search."""
QUANTIZATIONS = ("int8", "float32", "int8_float32", "int8_bfloat16", "int8_float16", "int16", "bfloat16", "float16")


def files_of(config: ModelConfig) -> list[str]:
    """The names of a conversion's files."""
    own = bool(config.target_vocabulary_size)
    tables = ["source_vocabulary.json", "target_vocabulary.json"] if own else ["shared_vocabulary.json"]
    return ["config.json", "model.bin", *tables]


def both_sides(tokenizer: Tokenizer) -> tuple[list[str], list[str]]:
    """The vocabularies of the source and of the target, by id."""
    source, target = (side.tokens(range(len(side))) for side in (tokenizer, tokenizer.target))
    return source, target


def positions_in(config: ModelConfig) -> int:
    """Rows of the table of positions that its conversion has."""
    return config.longest or POSITIONS


def refusal(
    sources: Sequence[Sequence[int]],
    config: DecodingConfig,
    prefixes: Sequence[Sequence[int]] | None = None,
    positions: int = POSITIONS,
) -> str:
    """Why CTranslate2 cannot do this with an equal result, in one line; "" when it can. ``positions``: the rows of its
    table of them."""
    use = "use the native engine"
    for setting in fields(config):
        value = getattr(config, setting.name)
        if setting.name not in UNDERSTOOD and value != setting.default:
            return f"{setting.name}={value!r}: not computed in CTranslate2; {use}"
    if config.method == "sampling":
        return f"method=sampling: CTranslate2 has random numbers of its own, and a seed means nothing to it; {use}"
    if config.method not in METHODS:
        return f"method={config.method}: CTranslate2 is asked for {' and '.join(METHODS)} only; {use}"
    if config.precision != "float32":
        return f"precision={config.precision}: PyTorch's numbers; CTranslate2's are called quantization; {use}"
    if prefixes is not None and any(prefixes):
        return f"a prefix: CTranslate2 does not let a translation end where its prefix does; {use}"
    if not all(sources):
        return f"a source without tokens: CTranslate2 does not translate it; {use}"
    longest = max(map(len, sources), default=0) + 1
    if longest + config.extra_length > positions:
        return (
            f"{longest} source tokens and extra_length={config.extra_length}: more than the {positions} positions "
            f"that CTranslate2 was given; {use}"
        )
    return ""


class CTranslate2:
    """Computes while the caller does something else: ``threads`` batches at a time, each on one core (two cores on one
    batch are slower: they wait for each other in every layer)."""

    name = "ctranslate2"
    copies = True

    def __init__(
        self,
        files: Mapping[str, bytes],
        config: ModelConfig,
        tokens: Sequence[str],
        target_tokens: Sequence[str] | None = None,
        *,
        threads: int = 0,
        spread: bool = True,
    ) -> None:
        """``files``, ``tokens``, ``target_tokens``: as of ``conversion.convert``. ``spread``: what is submitted together is
        shared among all threads; without it, it stays together, for callers who are several themselves."""
        import ctranslate2

        check_threads(threads)  # its own message would hold the whole model
        self.threads, self.spread = threads or cores(), spread
        self.config, self.tokens = config, tokens
        self.target_tokens = target_tokens or tokens
        self.numbers = {token: number for number, token in enumerate(self.target_tokens)}
        self._runtime: Any = ctranslate2.Translator(
            "glassformer",
            files=dict(files),
            device="cpu",
            inter_threads=self.threads,
            intra_threads=1,
            max_queued_batches=-1,
        )

    def submit(
        self,
        sources: Sequence[Sequence[int]],
        config: DecodingConfig,
        *,
        prefixes: Sequence[Sequence[int]] | None = None,
        progress: Callable[[int], None] | None = None,
    ) -> Submitted[list[list[Hypothesis]]]:
        """As ``Engine.submit``. Raises DecodingError, naming the option, for what CTranslate2 cannot do equally."""
        if prefixes is not None and len(prefixes) != len(sources):
            raise ShapeError(f"{len(prefixes)} prefixes for {len(sources)} sources: wanted one each")
        reason = refusal(sources, config, prefixes, positions_in(self.config))
        if reason:
            raise DecodingError(reason)
        sentences = [make_sentence(source, (), config, self.config) for source in sources]
        self.check(sentences)
        batches = [
            (numbers, self.start([sentences[number] for number in numbers], config))
            for numbers in self.batches(sentences, config)
        ]

        def finish() -> list[list[Hypothesis]]:
            found: dict[int, list[Hypothesis]] = {}
            for numbers, waiting in batches:
                for number, one in zip(numbers, waiting, strict=True):
                    found[number] = self.n_best_of(one.result(), sentences[number], config)
                if progress is not None:
                    progress(len(numbers))
            return [found[number] for number in range(len(sentences))]

        return Submitted(finish)

    def check(self, sentences: Sequence[Sentence]) -> None:
        for sentence in sentences:
            if not 0 <= min(sentence.source) <= max(sentence.source) < len(self.tokens):
                stranger = next(id for id in sentence.source if not 0 <= id < len(self.tokens))
                raise VocabularyError(f"id {stranger} is not one of the vocabulary's {len(self.tokens):,}")

    def batches(self, sentences: Sequence[Sentence], config: DecodingConfig) -> Iterator[list[int]]:
        """Sentences of similar length together, and, where they are ``spread``, at least as many batches as threads."""
        rows = 1 if is_greedy(config) else config.beam_size
        lengths = [len(sentence.source) for sentence in sentences]
        share = -(-sum(lengths) * rows // (self.threads if self.spread else 1))
        return by_length(lengths, rows, min(config.batch_tokens, max(share, 1)))

    def start(self, sentences: Sequence[Sentence], config: DecodingConfig) -> list[Any]:
        """The pending results of these sentences. The limit is the longest one's; ``n_best_of`` keeps to each one's own."""
        options: dict[str, Any] = {"beam_size": 1, "length_penalty": 0}
        if not is_greedy(config):
            patience = PATIENCE["best" if config.n_best == 1 else "n_best"]
            options |= {
                "beam_size": config.beam_size,
                "patience": patience,
                "num_hypotheses": int(config.beam_size * patience),
            }
        return self._runtime.translate_batch(
            [list(map(self.tokens.__getitem__, sentence.source)) for sentence in sentences],
            asynchronous=True,
            max_input_length=0,
            min_decoding_length=1,
            max_decoding_length=max(sentence.limit for sentence in sentences),
            return_end_token=True,
            return_scores=True,
            return_attention=config.attention,
            **options,
        )

    def n_best_of(self, result: Any, sentence: Sentence, config: DecodingConfig) -> list[Hypothesis]:
        """The n_best of what CTranslate2 found within the sentence's own limit: the finished ones first, then the score."""
        if is_greedy(config) and not config.attention and len(result.hypotheses[0]) <= sentence.limit:
            return [self.hypothesis(result.hypotheses[0], result.scores[0], (), config)]
        looks = result.attention if config.attention else [[] for _ in result.hypotheses]
        found = list(zip(result.hypotheses, result.scores, looks, strict=True))
        if any(len(tokens) > sentence.limit for tokens, _, _ in found):
            if is_greedy(config):
                found = [(*self.cut(found[0][0], sentence), found[0][2])]
            else:
                within = [one for one in found if len(one[0]) <= sentence.limit]
                if len(within) < config.n_best:
                    (again,) = self.start([sentence], config)
                    return self.n_best_of(again.result(), sentence, config)
                found = within
        hypotheses = [self.hypothesis(*one, config) for one in found]
        return sorted(hypotheses, key=lambda one: (not one.finished, -one.score))[: config.n_best]

    def cut(self, tokens: Sequence[str], sentence: Sentence) -> tuple[list[str], float]:
        """The tokens up to the limit, and log P of these."""
        kept = list(tokens[: sentence.limit])
        (scores,) = self._runtime.score_batch([[self.tokens[id] for id in sentence.source]], [kept], max_input_length=0)
        return kept, sum(scores.log_probs[: len(kept)])

    def score(self, sources: Sequence[Sequence[int]], targets: Sequence[Sequence[int]]) -> list[list[float]]:
        """Natural log P of each target's tokens and of its end, as ``decoding.score`` gives them."""
        read = [[self.tokens[id] for id in self.config.source(ids)] for ids in sources]
        written = [[self.target_tokens[id] for id in ids] for ids in targets]
        found = self._runtime.score_batch(
            read, written, max_input_length=0, max_batch_size=SCORED_AT_ONCE, batch_type="tokens"
        )
        return [list(one.log_probs) for one in found]

    def hypothesis(
        self, tokens: Sequence[str], log_probability: float, attention: Sequence[list[float]], config: DecodingConfig
    ) -> Hypothesis:
        ids = list(map(self.numbers.__getitem__, tokens))
        finished = bool(ids) and ids[-1] == self.config.eos_id
        score = log_probability / length_penalty(float(max(len(ids), 1)), config)
        ids = ids[:-1] if finished else ids
        return Hypothesis(ids, log_probability, score, finished, [], list(attention[: len(ids)]))


def is_greedy(config: DecodingConfig) -> bool:
    return config.method == "greedy" or config.beam_size == 1


def cores() -> int:
    """The processor's cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
