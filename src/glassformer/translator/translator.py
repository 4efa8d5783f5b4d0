"""A model and its tokenizer behind one door. What text needs on the way to ids and back is here."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypedDict, Unpack, overload

import torch

from glassformer.checkpoint import load_model
from glassformer.config import DecodingConfig
from glassformer.decoding import Hypothesis, decode, score
from glassformer.devices import find_device
from glassformer.errors import ShapeError
from glassformer.model import Transformer
from glassformer.text.sentences import SMALLEST_LIMIT, split_long
from glassformer.text.tokenizer import Tokenizer
from glassformer.trace import Trace, Window, record
from glassformer.translator.alignment import Alignment, check_number, merge_words, without_marks
from glassformer.translator.shipped import find_model

LONGEST = 200
"""Tokens: a longer line is split into sentences where the model's card does not say how long its training's were."""
LINE_END = re.compile(r"[\r\n]+")


@dataclass(frozen=True)
class Translation:
    """One translation of one line. Of a line that was split, the parts' figures are summed."""

    text: str
    score: float
    """log_probability divided by the length penalty: what n-best lists are ranked by."""
    log_probability: float
    """log P(target | source), natural."""
    ids: list[int]
    """The target's tokens, without bos and eos."""
    finished: bool
    """False when the length limit cut it, or a part of it, off."""


class Options(TypedDict, total=False):
    """What ``Translator.translations`` explains."""

    config: DecodingConfig | None
    prefix: str | Sequence[str]
    progress: Callable[[int], None] | None


@dataclass
class Translator:
    """A model and its tokenizer. Make one with ``load``."""

    model: Transformer
    tokenizer: Tokenizer
    card: dict[str, Any]
    name: str = ""

    @classmethod
    def load(cls, name_or_path: str | Path, *, device: str = "") -> "Translator":
        """``name_or_path``: a shipped model's name, a model's folder or a run's folder (its best checkpoint). It
        computes on ``device`` (cpu, cuda, cuda:1; where none is given on a GPU if there is one).

        Raises CheckpointError for a model that is not there or damaged, ConfigError for a device that is not there.
        """
        where = find_device(device)
        saved = load_model(find_model(name_or_path))
        return cls(saved.model.to(where), saved.tokenizer, saved.card, str(name_or_path))

    @property
    def device(self) -> torch.device:
        return self.model.embedding.weight.device

    @property
    def longest(self) -> int:
        """Tokens of the longest line that is translated in one: 99 of 100 training lines, if the card says it."""
        return max(SMALLEST_LIMIT, int(self.card.get("split_above") or self.card.get("longest") or LONGEST))

    @property
    def most_sentences(self) -> int:
        """Sentences that are translated in one: what 9 of 10 training lines hold, if the card says it; 0: no matter."""
        return int(self.card.get("sentences", 0))

    @overload
    def translate(self, texts: str, **options: Unpack[Options]) -> str: ...  # type: ignore[overload-overlap]
    @overload
    def translate(self, texts: Sequence[str], **options: Unpack[Options]) -> list[str]: ...
    def translate(self, texts: str | Sequence[str], **options: Unpack[Options]) -> str | list[str]:
        """The best translation of each text, in order; of one string a string. Options as for ``translations``."""
        found = [best[0].text for best in self.translations([texts] if isinstance(texts, str) else texts, **options)]
        return found[0] if isinstance(texts, str) else found

    def translations(
        self,
        texts: str | Sequence[str],
        *,
        config: DecodingConfig | None = None,
        prefix: str | Sequence[str] = "",
        progress: Callable[[int], None] | None = None,
    ) -> list[list[Translation]]:
        """Up to ``config.n_best`` translations of each text, the best first: as many lists as texts, in their order.

        A text without words stays "" (score 0). One longer than ``longest`` tokens, or of more sentences than
        ``most_sentences``, is split into sentences, the translations of which are joined with spaces, rank by rank; a part
        with fewer of them repeats its last. Line ends within a text, or a translation, become spaces: it is one line.

        ``prefix`` is what each translation begins with, or one for each text (of a split one, its first part).
        ``progress`` is called now and then with a number of texts; in the end they add up to all.

        Raises ShapeError for another number of prefixes than texts, DecodingError for a prefix that is too long.
        """
        config = config or DecodingConfig()
        lines = [one_line(text) for text in ([texts] if isinstance(texts, str) else texts)]
        prefixes = [prefix] * len(lines) if isinstance(prefix, str) else list(prefix)
        if len(prefixes) != len(lines):
            raise ShapeError(f"{len(prefixes)} prefixes for {len(lines)} texts: wanted one each, or one for all")
        parts = self.split(lines)
        forced = [
            self.tokenizer.encode(prefix) if number == 0 else []
            for prefix, of_line in zip(prefixes, parts, strict=True)
            for number in range(len(of_line))
        ]
        sources = [ids for of_line in parts for ids in of_line]
        tell = in_proportion(len(sources), len(lines), progress)
        found = iter(decode(self.model, sources, config, prefixes=forced, progress=tell))
        tell(0)
        return [self.joined([self.told(next(found)) for _ in of_line]) for of_line in parts]

    def split(self, lines: Sequence[str]) -> list[list[list[int]]]:
        """The ids of each line's parts, in order: none for an empty line, several for a long one."""
        parts: list[list[list[int]]] = []
        for line, ids in zip(lines, self.tokenizer.encode_batch(lines), strict=True):
            if not line.strip():
                parts.append([])
            elif len(ids) <= self.longest and not self.most_sentences:
                parts.append([ids])
            else:
                pieces = split_long(line, self.tokenizer, self.longest, self.most_sentences)
                parts.append(self.tokenizer.encode_batch(piece for piece in pieces if piece.strip()))
        return parts

    def told(self, hypotheses: Sequence[Hypothesis]) -> list[Translation]:
        """What decoding found, as text."""
        return [
            Translation(one_line(self.tokenizer.decode(h.ids)), h.score, h.log_probability, list(h.ids), h.finished)
            for h in hypotheses
        ]

    @staticmethod
    def joined(parts: Sequence[Sequence[Translation]]) -> list[Translation]:
        """The translations of a line from those of its parts."""
        if len(parts) == 1:
            return list(parts[0])
        ranks = []
        for rank in range(max(map(len, parts), default=1)):
            chosen = [of_part[min(rank, len(of_part) - 1)] for of_part in parts]
            ranks.append(
                Translation(
                    " ".join(one.text for one in chosen if one.text),
                    sum((one.score for one in chosen), 0.0),
                    sum((one.log_probability for one in chosen), 0.0),
                    [id for one in chosen for id in one.ids],
                    all(one.finished for one in chosen),
                )
            )
        return ranks

    def score(self, sources: Sequence[str], targets: Sequence[str]) -> list[float]:
        """log P(target | source) of each pair, natural, eos counted. Nothing is split. Raises as ``token_scores``."""
        return [sum(value for _, value in tokens) for tokens in self.token_scores(sources, targets)]

    def token_scores(self, sources: Sequence[str], targets: Sequence[str]) -> list[list[tuple[str, float]]]:
        """Each target's tokens, the last being </s>, with the natural log-probability of each.

        Raises ShapeError when there are not as many targets as sources.
        """
        sources_ids, targets_ids = (
            self.tokenizer.encode_batch([texts] if isinstance(texts, str) else texts) for texts in (sources, targets)
        )
        found = score(self.model, sources_ids, targets_ids)
        eos = self.tokenizer.eos_id
        return [
            list(zip(self.tokenizer.tokens([*ids, eos]), values, strict=True))
            for ids, values in zip(targets_ids, found, strict=True)
        ]

    def trace(self, text: str, target: str | None = None, *, config: DecodingConfig | None = None) -> Trace:
        """Every number on the way from ``text`` to ``target`` (without one, to its best translation by ``config``),
        all target positions at once. ``text`` is not split.

        ``about`` holds ``source`` and ``target`` (texts), ``source_tokens`` (ending with </s>), ``target_tokens``
        (beginning with <s>), both sides' ``…_ids``, and ``model``: row i of a window belongs to token i.
        """
        source_ids, target_ids = self.ids_of(text, target, config)
        trace = self.recorded(source_ids, target_ids)
        trace.about = self.about(text, source_ids, target_ids)
        return trace

    def trace_decoding(self, text: str) -> Trace:
        """The same for greedy decoding, a word at a time: ``steps`` has one part a target token, the first of which
        also holds the encoder."""
        source_ids = self.tokenizer.encode(one_line(text))
        with record(self.model) as trace:
            ((found,),) = decode(self.model, [source_ids], DecodingConfig(method="greedy"))
        # Decoding's tensors are PyTorch's inference tensors, which cannot be written to or used in gradients.
        trace.steps = [{name: Window(w.tensor.clone(), *w[1:]) for name, w in step.items()} for step in trace.steps]
        trace.about = self.about(text, source_ids, found.ids, looked=len(trace.steps))
        return trace

    def align(
        self, text: str, target: str | None = None, *, layer: int | None = None, heads: Sequence[int] | None = None
    ) -> Alignment:
        """Words to words: the cross-attention of one decoder layer at the moment when each target word is chosen,
        averaged over ``heads`` (all). Without ``layer`` the one named in the card (``alignment_layer``) or the
        penultimate one, which aligns best (Garg et al. 2019, §3.2). A word of several pieces looks as they do on
        average, and is looked at as they are together.

        Raises ConfigError for a layer or head that the model does not have.
        """
        config = self.model.config
        if layer is None:
            layer = int(self.card.get("alignment_layer", max(config.decoder_layers - 2, 0)))
        check_number("layer", layer, config.decoder_layers)
        chosen = list(range(config.heads) if heads is None else heads)
        for head in chosen:
            check_number("head", head, config.heads)
        source_ids, target_ids = self.ids_of(text, target, None)
        window = f"decoder.layers.{layer}.cross_attention.weights"
        weights = self.recorded(source_ids, target_ids, window)[window][chosen].float().mean(dim=0)
        source, found = self.words(source_ids), self.words(target_ids)
        # Row i of the decoder, whose input begins with <s>, is where token i is chosen.
        merged = merge_words(weights, [places for _, places in found], [places for _, places in source])
        words = [text for text, _ in source], [text for text, _ in found]
        return Alignment(*words, merged, 1 - merged.sum(dim=1), layer, chosen)

    def words(self, ids: Sequence[int], *, special: bool = False) -> list[tuple[str, list[int]]]:
        """The words that ``ids`` spell, each with its positions in them; punctuation marks are words, and with
        ``special`` <s> and </s> are, too."""
        tokens = self.tokenizer.tokens(ids)
        found = [
            (self.tokenizer.decode([ids[n] for n in places]), places)
            for between_spaces in self.tokenizer.words(ids)
            for places in without_marks(tokens, between_spaces)
        ]
        if special:
            taken = {n for _, places in found for n in places}
            found += [(tokens[n], [n]) for n in range(len(ids)) if n not in taken]
        return sorted(found, key=lambda word: word[1])

    def ids_of(self, text: str, target: str | None, config: DecodingConfig | None) -> tuple[list[int], list[int]]:
        """Both sides' ids, without bos and eos; where there is no target, its best translation's."""
        source_ids = self.tokenizer.encode(one_line(text))
        if target is not None:
            return source_ids, self.tokenizer.encode(one_line(target))
        return source_ids, decode(self.model, [source_ids], config or DecodingConfig())[0][0].ids

    def recorded(self, source_ids: Sequence[int], target_ids: Sequence[int], only: str = "*") -> Trace:
        special = self.model.config
        sides = [*source_ids, special.eos_id], [special.bos_id, *target_ids]
        with torch.no_grad(), record(self.model, only) as trace:
            self.model(*(torch.tensor([ids], device=self.device) for ids in sides))
        return trace

    def about(self, text: str, source_ids: Sequence[int], target_ids: Sequence[int], looked: int = 0) -> dict[str, Any]:
        """What a trace says of itself. ``looked``: the decoder's steps, where these may be less than its tokens."""
        source = [*source_ids, self.tokenizer.eos_id]
        target = [self.tokenizer.bos_id, *target_ids][: looked or None]
        return {
            "source": one_line(text),
            "target": self.tokenizer.decode(target_ids),
            "source_tokens": self.tokenizer.tokens(source),
            "target_tokens": self.tokenizer.tokens(target),
            "source_ids": source,
            "target_ids": target,
            "model": self.name,
        }


def one_line(text: str) -> str:
    return LINE_END.sub(" ", text)


def in_proportion(parts: int, texts: int, progress: Callable[[int], None] | None) -> Callable[[int], None]:
    """Turns numbers of parts that are done into numbers of texts, all of which are told when all parts are done."""
    done = told = 0

    def tell(count: int) -> None:
        nonlocal done, told
        done += count
        now = texts * done // parts if parts else texts
        if progress is not None and now > told:
            progress(now - told)
            told = now

    return tell
