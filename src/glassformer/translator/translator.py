"""An engine and a tokenizer behind one door. The way from text to ids and back is here, and needs no torch."""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, TypedDict, Unpack, overload

from glassformer.brief import brief
from glassformer.card import Card
from glassformer.carried import placed
from glassformer.config import DecodingConfig
from glassformer.engines import Engine, Submitted, native_opener, open_engine
from glassformer.errors import ConfigError, DecodingError, TranslationWarning
from glassformer.model_folder import describe
from glassformer.text.glossary import Glossary
from glassformer.text.reading import Reader, Reading
from glassformer.text.tokenizer import WORD_START, Tokenizer, is_byte
from glassformer.translator.alignment import Alignment, check_number, merge_words, shown_words, words_of
from glassformer.translator.parts import Translation, in_proportion
from glassformer.translator.prepared import Prepared, prepare
from glassformer.translator.shipped import find_model

if TYPE_CHECKING:
    import torch

    from glassformer.engines.native import Native
    from glassformer.model import Transformer
    from glassformer.trace import Trace
    from glassformer.translator.inside import Inside

LOOKED_AT = 20
"""Texts of those translated together by which another language is known."""
LINE_END = re.compile(r"[\r\n]+")
SHOWN = 60
"""Characters of a text that a message shows."""


class Options(TypedDict, total=False):
    """The options that ``Translator.translations`` explains."""

    config: DecodingConfig | None
    prefix: str | Sequence[str]
    glossary: Glossary | None
    progress: Callable[[int], None] | None


@brief
@dataclass
class Translator:
    """An engine and a tokenizer. Make one with ``load``."""

    engine: Engine
    tokenizer: Tokenizer
    card: dict[str, Any]
    name: str = ""
    protect: bool = True
    """Whether links, emoji, {names} and their like come out as they went in (``text/protected.py``)."""
    remark: Callable[[str], None] = field(default_factory=lambda: warn)
    """Is given, once each, what people should know of their texts: a script that the model does not read, a sentence that
    is too long for it, a thing that has lost its place."""
    open_native: Callable[[], Native] | None = None
    """Opens the model to look into, where ``engine`` computes with a copy of it."""
    _said: set[str] = field(default_factory=set, init=False, repr=False)
    _reader: Reader | None = field(default=None, init=False, repr=False)
    _reader_of: Any = field(default=None, init=False, repr=False)
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
        spread: bool = True,
        protect: bool = True,
        tell: Callable[[str], None] = lambda text: None,
        remark: Callable[[str], None] | None = None,
    ) -> Translator:
        """``name_or_path``: a shipped model's name, a model's folder or a run's folder (its best checkpoint). It
        computes on ``device`` (cpu, cuda, cuda:1; where none is given on a GPU if there is one).

        ``engine``: who translates. ``native`` is PyTorch, whose numbers ``trace`` shows. ``ctranslate2`` is several times
        faster on a CPU and computes in ``quantization`` (float32 gives the native translations, int8 hardly worse ones);
        what it cannot do equally it refuses. ``auto`` takes it for what it can do, and the native one for the rest.
        Scores of given translations, traces and alignments are always the native model's, loaded when it is first needed.

        ``protect``: whether links, emoji, {names} and their like come out as they went in. ``remark`` is given what people
        should know of their texts, such as a script that the model does not read; without it these are Python's warnings.

        ``threads``: cores to use; 0 means all. ``spread``: texts that are translated together are shared among them; without
        it (CTranslate2 alone) they stay together, for a caller that has several threads itself. ``tell`` gets what takes
        longer than a moment: the first time, a model is converted for CTranslate2, checked, and kept in the user's cache.

        Raises CheckpointError for a model that is not there or damaged, ConfigError for a device or an engine that is not
        there, ConversionError when ``ctranslate2`` would not translate as the model does.
        """
        folder = find_model(name_or_path, tell)
        about = describe(folder)
        native = native_opener(folder, about, device=device, threads=threads)
        chosen = open_engine(
            folder,
            about,
            native,
            engine=engine,
            device=device,
            threads=threads,
            quantization=quantization,
            spread=spread,
            tell=tell,
        )
        return cls(chosen, about.tokenizer, about.card, str(name_or_path), protect, remark or warn, native)

    @cached_property
    def native(self) -> Native:
        """PyTorch's engine, around the model to look into; loaded when it is first needed."""
        if not self.engine.copies:
            return self.engine  # type: ignore[return-value]
        if self.open_native is None:
            raise DecodingError("this translator has no model to look into: load it with engine=native")
        return self.open_native()

    @property
    def model(self) -> Transformer:
        """The model to look into: always PyTorch's, whichever engine translates."""
        return self.native.model

    @property
    def engine_now(self) -> Engine:
        """The engine that translates now. While a window of the model is watched or written to (``record``, ``heads_off``
        and their like), no copy of the model answers: instead of ``auto`` the model itself does.

        Raises DecodingError where another engine was asked for by name.
        """
        if not self.engine.copies or "native" not in vars(self) or not self.native.is_watched:
            return self.engine
        if self.engine.name == "auto":
            return self.native
        raise DecodingError(
            f"a window of the model is watched or written to, and {self.engine.name} has a copy of the model; "
            "use the native engine"
        )

    @cached_property
    def inside(self) -> Inside:
        from glassformer.translator.inside import Inside  # needs torch, which costs seconds

        return Inside(self.native)

    @cached_property
    def inside_word(self) -> list[bool]:
        """By id, whether a token goes on with a word that another one began."""
        tokens = self.tokenizer.target.tokens(range(len(self.tokenizer.target)))
        return [not token.startswith(WORD_START) and (is_byte(token) or token[:1].isalnum()) for token in tokens]

    @property
    def device(self) -> torch.device:
        return self.model.embedding.weight.device

    @property
    def reader(self) -> Reader:
        """The reader between text and ids: sentences, signs, capitals, as the model's card asks for."""
        if self._reader is None or self._reader_of != (self.card, self.protect):
            self._reader = Reader.of(self.tokenizer, self.card, protect=self.protect)
            self._reader_of = dict(self.card), self.protect
        return self._reader

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
        glossary: Glossary | None = None,
        progress: Callable[[int], None] | None = None,
    ) -> list[list[Translation]]:
        """Up to ``config.n_best`` translations of each text, the best first: as many lists as texts, in their order.

        A text without words stays "" (score 0); of one with words no translation is empty, and no two are the same. Its
        lines, and empty ones between them, stay lines. A line falls into sentences, as many at a time as the card says that
        training's lines had; only a sentence longer than any of those is cut inside, at clauses. A line IN UPPER CASE or In
        Title Case is read in small letters, and of the former the translations' text, not their ids, is in UPPER CASE again;
        with a prefix all is read as it stands. Links, emoji, {names} and their like come out as it went in, unless
        ``protect`` is off; what the translation has no place for stands at the end of its sentence (``misplaced``).

        ``prefix`` is what each translation begins with, or one for each text (of a split one, its first part). Where a
        term of ``glossary`` stands in a text and its translation lacks the target term, that sentence is searched again for
        the best translation that has it (``decoding/constrained.py``); ``not_applied`` says where there was none.
        ``progress`` is called now and then with a number of texts; in the end they add up to all.

        Raises ShapeError for another number of prefixes than texts, DecodingError for a prefix that is too long, and for
        an option that the engine refuses.
        """
        return self.submit(texts, config=config, prefix=prefix, glossary=glossary, progress=progress).result()

    def submit(
        self,
        texts: str | Sequence[str],
        *,
        config: DecodingConfig | None = None,
        prefix: str | Sequence[str] = "",
        glossary: Glossary | None = None,
        progress: Callable[[int], None] | None = None,
    ) -> Submitted[list[list[Translation]]]:
        """The same, submitted: ``result()`` of what comes back waits for the translations. Meanwhile the next texts can be
        submitted, so that an engine which computes in the background never waits for text."""
        prepared = self.prepare(texts, config=config, prefix=prefix, glossary=glossary)
        advance = in_proportion(len(prepared.sources), len(prepared.texts), progress)
        pending = self.engine_now.submit(prepared.sources, prepared.asked, prefixes=prepared.prefixes, progress=advance)

        def finish() -> list[list[Translation]]:
            found = pending.result()
            advance(0)
            return prepared.finish(found)

        return Submitted(finish)

    def prepare(
        self,
        texts: str | Sequence[str],
        *,
        config: DecodingConfig | None = None,
        prefix: str | Sequence[str] = "",
        glossary: Glossary | None = None,
    ) -> Prepared:
        """The first half of ``submit``: ``texts`` read, and nothing computed. ``finish`` makes translations of an engine's
        hypotheses for the ``sources``: for a server that computes the sentences of several clients together."""
        return prepare(self, [texts] if isinstance(texts, str) else texts, config or DecodingConfig(), prefix, glossary)

    def remark_on(self, texts: Sequence[str], readings: Sequence[Reading]) -> None:
        """Say, once each, what about these texts a reader of their translations should know."""
        if self.remark is nothing:
            return
        if "language" not in self._said:
            strange = [text for text in texts if self.reader.stranger(text)] or texts
            first = strange[0] if strange else ""
            if reason := self.reader.stranger(first) or self.reader.foreigner("\n".join(strange[:LOOKED_AT])):
                self._say("language", f"{self.name}: {reason} ({shortened(first)})")
        for text, reading in zip(texts, readings, strict=True):
            if reading.cut:
                limit = f"{self.reader.limit:,} tokens, the longest that {self.name} was trained on"
                self._say("cut", f"a sentence is longer than {limit}: it is translated in pieces ({shortened(text)})")

    def remark_on_found(self, made: Sequence[Sequence[Translation]]) -> None:
        """Say, once each, what has lost its place, and which term was not applied."""
        for best in made:
            if best and best[0].misplaced:
                things = " ".join(best[0].misplaced)
                self._say("misplaced", f"a translation has lost the place of {shortened(things)}: it stands at the end")
            if best and best[0].not_applied:
                terms = ", ".join(best[0].not_applied)
                self._say("term", f"a translation lacks terms of the glossary: {shortened(terms)}")

    def _say(self, what: str, text: str) -> None:
        if what not in self._said:
            self._said.add(what)
            self.remark(text)

    def score(self, sources: Sequence[str], targets: Sequence[str]) -> list[float]:
        """log P(target | source) of each pair, natural, eos counted, nothing split. Raises as ``token_scores``."""
        return [sum(value for _, value in tokens) for tokens in self.token_scores(sources, targets)]

    def token_scores(self, sources: Sequence[str], targets: Sequence[str]) -> list[list[tuple[str, float]]]:
        """Each target's tokens, the last being ``</s>``, with the natural log-probability of each; sources read as
        ``translate`` reads them, nothing split.

        Raises ShapeError when there are not as many targets as sources.
        """
        sides = [[texts] if isinstance(texts, str) else texts for texts in (sources, targets)]
        readings = [self.reader.whole(text) for text in sides[0]]
        sources_ids = [reading.parts[0].ids for reading in readings]
        written = [self.reader.as_target(*both) for both in zip(readings, sides[1], strict=False)]
        targets_ids = self.tokenizer.target.encode_batch([*written, *sides[1][len(written) :]])
        found = self.inside.scores(sources_ids, targets_ids)
        eos = self.tokenizer.eos_id
        return [
            list(zip(self.tokenizer.target.tokens([*ids, eos]), values, strict=True))
            for ids, values in zip(targets_ids, found, strict=True)
        ]

    def trace(self, text: str, target: str | None = None, *, config: DecodingConfig | None = None) -> Trace:
        """Every number on the way from ``text`` to ``target`` (without one, to its best translation by ``config``),
        all target positions at once. ``text`` is not split, and read as ``reader.whole`` reads it.

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
        source_ids, _ = self.ids_of(text, "", None)
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
            layer = Card.of(self.card).alignment_layer
            layer = max(config.decoder_layers - 2, 0) if layer is None else layer
        check_number("layer", layer, config.decoder_layers)
        chosen = list(range(config.heads) if heads is None else heads)
        if not chosen:
            raise ConfigError("no heads: give at least one, or leave heads out for the mean of all")
        for head in chosen:
            check_number("head", head, config.heads)
        source_ids, target_ids = self.ids_of(text, target, None)
        window = f"decoder.layers.{layer}.cross_attention.weights"
        weights = self.recorded(source_ids, target_ids, window)[window][chosen].float().mean(dim=0)
        sides = self.words(source_ids), self.words(target_ids, target=True)
        source, found = (shown_words(self.reader, text, words) for words in sides)
        # Row i of the decoder, whose input begins with <s>, is where token i is chosen.
        merged = merge_words(weights, [places for _, places in found], [places for _, places in source])
        words = [text for text, _ in source], [text for text, _ in found]
        return Alignment(*words, merged, 1 - merged.sum(dim=1), layer, chosen)

    def words(self, ids: Sequence[int], *, special: bool = False, target: bool = False) -> list[tuple[str, list[int]]]:
        """The words that ``ids`` spell, each with its positions in them; punctuation marks are words, and with
        ``special`` also ``<s>`` and ``</s>``. ``target``: ids of the translation, which may have a vocabulary of its own."""
        return words_of(self.tokenizer.target if target else self.tokenizer, ids, special)

    def ids_of(self, text: str, target: str | None, config: DecodingConfig | None) -> tuple[list[int], list[int]]:
        """Both sides' ids, without bos and eos; where there is no target, its best translation's."""
        reading = self.reader.whole(text)
        source_ids = reading.parts[0].ids
        if target is not None:
            return source_ids, self.tokenizer.target.encode(self.reader.as_target(reading, target))
        config = config or DecodingConfig()
        found = self.inside.found(source_ids, config)
        placed(self.reader, [reading], [[found]], config, self.inside.scores)
        return source_ids, found[0].ids

    def written(self, text: str, target_ids: Sequence[int]) -> str:
        """The translation of ``text`` that these ids spell, as people read it."""
        return self.reader.write(self.reader.whole(text), [self.tokenizer.target.decode(target_ids)]).text

    def recorded(self, source_ids: Sequence[int], target_ids: Sequence[int], only: str = "*") -> Trace:
        return self.inside.recorded(source_ids, target_ids, only)

    def about(self, text: str, source_ids: Sequence[int], target_ids: Sequence[int], looked: int = 0) -> dict[str, Any]:
        """A trace's facts about itself. ``looked``: the decoder's steps, where these may be less than its tokens."""
        source = self.model.config.source(source_ids)
        target = [self.tokenizer.bos_id, *target_ids][: looked or None]
        reading = self.reader.whole(text)
        return {
            "source": LINE_END.sub(" ", text),
            "target": self.written(text, target_ids),
            "source_tokens": self.reader.shown(reading, self.tokenizer.tokens(source)),
            "target_tokens": self.reader.shown(reading, self.tokenizer.target.tokens(target)),
            "source_ids": source,
            "target_ids": target,
            "model": self.name,
        }


def shortened(text: str) -> str:
    """The beginning of a text, for a message."""
    line = " ".join(text.split())
    return line if len(line) <= SHOWN else f"{line[:SHOWN]}…"


def nothing(text: str) -> None:
    """A ``remark`` for who does not want any: the texts are not even looked at for them."""


def warn(text: str) -> None:
    """How a remark reaches people who call the library: once, as Python's warnings do."""
    warnings.warn(text, TranslationWarning, stacklevel=4)
