"""An engine and a tokenizer behind one door. What text needs on the way to ids and back is here, and needs no torch."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, TypedDict, Unpack, overload

from glassformer.brief import brief
from glassformer.config import DecodingConfig
from glassformer.engines import Engine, open_engine
from glassformer.errors import ShapeError
from glassformer.folders import describe
from glassformer.search import Hypothesis
from glassformer.text.case import plain, shouted
from glassformer.text.sentences import SMALLEST_LIMIT, split_long
from glassformer.text.tokenizer import Tokenizer
from glassformer.translator.alignment import Alignment, check_number, merge_words, words_of
from glassformer.translator.parts import Translation, in_proportion, in_upper_case, joined, one_line
from glassformer.translator.shipped import find_model

if TYPE_CHECKING:
    import torch

    from glassformer.model import Transformer
    from glassformer.trace import Trace
    from glassformer.translator.inside import Inside

LONGEST = 200
"""Tokens: a longer line is split into sentences where the model's card does not say how long its training's were."""


class Options(TypedDict, total=False):
    """What ``Translator.translations`` explains."""

    config: DecodingConfig | None
    prefix: str | Sequence[str]
    progress: Callable[[int], None] | None


@brief
@dataclass
class Translator:
    """An engine and a tokenizer. Make one with ``load``."""

    engine: Engine
    tokenizer: Tokenizer
    card: dict[str, Any]
    name: str = ""
    show: ClassVar[Callable[["Translator", Trace], str] | None] = None
    """How a notebook shows a trace. The room ``page`` knows it, which lies above: it is set from there."""

    @classmethod
    def load(
        cls,
        name_or_path: str | Path,
        *,
        device: str = "",
        engine: str = "native",
        quantization: str = "int8",
        threads: int = 0,
        tell: Callable[[str], None] = lambda text: None,
    ) -> Translator:
        """``name_or_path``: a shipped model's name, a model's folder or a run's folder (its best checkpoint). It
        computes on ``device`` (cpu, cuda, cuda:1; where none is given on a GPU if there is one).

        ``engine``: who translates. ``native`` is PyTorch, whose numbers ``trace`` shows. ``ctranslate2`` is several times
        faster on a CPU and computes in ``quantization`` (float32 gives the native translations, int8 hardly worse ones);
        what it cannot do equally it refuses. ``auto`` takes it for what it can do, and the native one for the rest.
        Scores of given translations, traces and alignments are always the native model's, loaded when it is first needed.

        ``threads``: cores to use; 0 means all. ``tell`` is told what takes longer than a moment: the first time, a model
        is converted for CTranslate2, checked, and kept beside the model or in the user's cache.

        Raises CheckpointError for a model that is not there or damaged, ConfigError for a device or an engine that is not
        there, ConversionError when ``ctranslate2`` would not translate as the model does.
        """
        folder = find_model(name_or_path)
        about = describe(folder)
        chosen = open_engine(
            folder, about, engine=engine, device=device, threads=threads, quantization=quantization, tell=tell
        )
        return cls(chosen, about.tokenizer, about.card, str(name_or_path))

    @property
    def model(self) -> Transformer:
        """The model to look into."""
        return self.engine.model

    @cached_property
    def inside(self) -> Inside:
        from glassformer.translator.inside import Inside  # needs torch, which costs seconds

        return Inside(self.model)

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

    def read(self, line: str) -> str:
        """``line`` as the model reads it: shouted and titled ones in small letters, unless the card says (``plain_case``)
        that its training's lines were such ones themselves."""
        return plain(line) if self.card.get("plain_case", True) else line

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
        A text IN UPPER CASE or In Title Case is read in small letters (``read``), and of the former the translations' text,
        not their ids, is in UPPER CASE again; with a prefix all is read as it stands.

        ``prefix`` is what each translation begins with, or one for each text (of a split one, its first part).
        ``progress`` is called now and then with a number of texts; in the end they add up to all.

        Raises ShapeError for another number of prefixes than texts, DecodingError for a prefix that is too long, and for
        an option that the engine refuses.
        """
        return self.begin(texts, config=config, prefix=prefix, progress=progress)()

    def begin(
        self,
        texts: str | Sequence[str],
        *,
        config: DecodingConfig | None = None,
        prefix: str | Sequence[str] = "",
        progress: Callable[[int], None] | None = None,
    ) -> Callable[[], list[list[Translation]]]:
        """The same, begun: call what it gives to wait for the translations. Meanwhile the next texts can be begun, so that
        an engine which computes in the background never waits for text."""
        config = config or DecodingConfig()
        lines = [one_line(text) for text in ([texts] if isinstance(texts, str) else texts)]
        prefixes = [prefix] * len(lines) if isinstance(prefix, str) else list(prefix)
        if len(prefixes) != len(lines):
            raise ShapeError(f"{len(prefixes)} prefixes for {len(lines)} texts: wanted one each, or one for all")
        heard = [line if prefix else self.read(line) for line, prefix in zip(lines, prefixes, strict=True)]
        loud = [line != as_read and shouted(line) for line, as_read in zip(lines, heard, strict=True)]
        parts = self.split(heard)
        forced = [
            self.tokenizer.encode(prefix) if number == 0 else []
            for prefix, of_line in zip(prefixes, parts, strict=True)
            for number in range(len(of_line))
        ]
        sources = [ids for of_line in parts for ids in of_line]
        tell = in_proportion(len(sources), len(lines), progress)
        pending = self.engine.begin(sources, config, prefixes=forced, progress=tell)

        def finish() -> list[list[Translation]]:
            found = iter(self.told(pending()))
            tell(0)
            ranked = [joined([next(found) for _ in of_line]) for of_line in parts]
            return [in_upper_case(ranks) if louder else ranks for ranks, louder in zip(ranked, loud, strict=True)]

        return finish

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

    def told(self, found: Sequence[Sequence[Hypothesis]]) -> list[list[Translation]]:
        """What an engine found for each part, as text."""
        texts = iter(self.tokenizer.decode_batch([h.ids for hypotheses in found for h in hypotheses]))
        return [
            [
                Translation(one_line(next(texts)), h.score, h.log_probability, list(h.ids), h.finished)
                for h in hypotheses
            ]
            for hypotheses in found
        ]

    def score(self, sources: Sequence[str], targets: Sequence[str]) -> list[float]:
        """log P(target | source) of each pair, natural, eos counted, nothing split. Raises as ``token_scores``."""
        return [sum(value for _, value in tokens) for tokens in self.token_scores(sources, targets)]

    def token_scores(self, sources: Sequence[str], targets: Sequence[str]) -> list[list[tuple[str, float]]]:
        """Each target's tokens, the last being </s>, with the natural log-probability of each.

        Raises ShapeError when there are not as many targets as sources.
        """
        sources_ids, targets_ids = (
            self.tokenizer.encode_batch([texts] if isinstance(texts, str) else texts) for texts in (sources, targets)
        )
        found = self.inside.scores(sources_ids, targets_ids)
        eos = self.tokenizer.eos_id
        return [
            list(zip(self.tokenizer.tokens([*ids, eos]), values, strict=True))
            for ids, values in zip(targets_ids, found, strict=True)
        ]

    def trace(self, text: str, target: str | None = None, *, config: DecodingConfig | None = None) -> Trace:
        """Every number on the way from ``text`` to ``target`` (without one, to its best translation by ``config``),
        all target positions at once. ``text`` is not split, and read as ``read`` says.

        ``about`` holds ``source`` and ``target`` (texts), ``source_tokens`` (ending with </s>), ``target_tokens``
        (beginning with <s>), both sides' ``…_ids``, and ``model``: row i of a window belongs to token i.
        """
        source_ids, target_ids = self.ids_of(text, target, config)
        trace = self.recorded(source_ids, target_ids)
        trace.about = self.about(text, source_ids, target_ids)
        trace.shown = self.show
        return trace

    def trace_decoding(self, text: str) -> Trace:
        """The same for greedy decoding, a word at a time: ``steps`` has one part a target token, the first of which
        also holds the encoder."""
        source_ids = self.tokenizer.encode(self.read(one_line(text)))
        trace, target_ids = self.inside.recorded_decoding(source_ids)
        trace.about = self.about(text, source_ids, target_ids, looked=len(trace.steps))
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
        return words_of(self.tokenizer, ids, special)

    def ids_of(self, text: str, target: str | None, config: DecodingConfig | None) -> tuple[list[int], list[int]]:
        """Both sides' ids, without bos and eos; where there is no target, its best translation's."""
        source_ids = self.tokenizer.encode(self.read(one_line(text)))
        if target is not None:
            return source_ids, self.tokenizer.encode(one_line(target))
        return source_ids, self.inside.best(source_ids, config)

    def recorded(self, source_ids: Sequence[int], target_ids: Sequence[int], only: str = "*") -> Trace:
        return self.inside.recorded(source_ids, target_ids, only)

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
