"""Texts on their way through an engine: read, and then put together again. Needs no torch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol

from glassformer.carried import Ids, placed, with_numbers
from glassformer.config import DecodingConfig
from glassformer.errors import ShapeError
from glassformer.hypothesis import Hypothesis
from glassformer.text.glossary import Glossary, Match, Term
from glassformer.text.normalise import normalised
from glassformer.text.reading import Part, Reading
from glassformer.translator.alignment import word_that_looks, words_of
from glassformer.translator.parts import Translation, not_empty, ranked
from glassformer.translator.spans import Aligned, aligned, spans_of

if TYPE_CHECKING:
    from glassformer.engines import Engine
    from glassformer.model import Transformer
    from glassformer.text.reading import Reader
    from glassformer.text.tokenizer import Tokenizer
    from glassformer.translator.inside import Inside


class Asker(Protocol):
    """The translator, as far as its questions and answers need it."""

    @property
    def reader(self) -> Reader: ...
    @property
    def tokenizer(self) -> Tokenizer: ...
    @property
    def engine_now(self) -> Engine: ...
    @property
    def model(self) -> Transformer: ...
    @property
    def inside(self) -> Inside: ...
    @property
    def inside_word(self) -> list[bool]: ...
    def remark_on(self, texts: Sequence[str], readings: list[Reading]) -> None: ...
    def remark_on_found(self, found: list[list[Translation]]) -> None: ...


@dataclass(frozen=True)
class Prepared:
    """The request to an engine for some texts. ``finish`` takes what it found."""

    translator: Asker
    texts: Sequence[str]
    readings: list[Reading]
    config: DecodingConfig
    asked: DecodingConfig
    """The settings for the engine: of two hypotheses with the same text one is dropped, so some are in reserve."""
    sources: list[list[int]]
    """The ids of each part that has something to translate, the texts' parts one after the other."""
    prefixes: list[list[int]]
    glossary: Glossary | None
    forced: dict[tuple[int, int], list[int]]
    """The prefixes that are not empty, by the numbers of their text and part."""

    def finish(self, found: Sequence[Sequence[Hypothesis]]) -> list[list[Translation]]:
        """The translations of each text, from each source's hypotheses."""
        reader, each, engine = self.translator.reader, iter(found), self.translator.engine_now
        hypotheses = [[list(next(each)) if part.ids else [] for part in one.parts] for one in self.readings]

        def search(sources: Ids, prefixes: Ids) -> list[list[Hypothesis]]:
            return engine.submit(sources, self.asked, prefixes=prefixes).result()

        readings = with_numbers(reader, self.readings, hypotheses, search, self.forced)
        both = enumerate(zip(readings, hypotheses, strict=True))
        missing = [self.missing(number, *one) for number, one in both] if self.glossary else []
        placed(reader, readings, hypotheses, self.asked, engine.score)
        written = iter(self.written([of_part for of_parts in hypotheses for of_part in of_parts]))
        made = []
        for number, (text, reading, of_parts) in enumerate(zip(self.texts, readings, hypotheses, strict=True)):
            parts = [not_empty(next(written), part) for part in reading.parts]
            best = ranked(reader, reading, parts, self.config.n_best)
            if best and missing and missing[number]:
                best[0] = replace(best[0], not_applied=missing[number])
            if best and self.config.attention:
                best[0] = replace(best[0], aligned=self.aligned(text, reading, parts, of_parts))
            made.append(best)
        self.translator.remark_on_found(made)
        return made

    def written(self, found: Sequence[Sequence[Hypothesis]]) -> list[list[Translation]]:
        """The hypotheses of each part, as the model writes them."""
        texts = iter(self.translator.tokenizer.target.decode_batch([h.ids for of_part in found for h in of_part]))
        return [
            [Translation(normalised(next(texts)), h.score, h.log_probability, h.ids, h.finished) for h in of_part]
            for of_part in found
        ]

    def aligned(
        self, text: str, reading: Reading, parts: list[list[Translation]], found: list[list[Hypothesis]]
    ) -> list[Aligned]:
        """Which characters of the best translation looked at which of ``text``."""
        written = self.translator.reader.write(reading, [of_part[0].text for of_part in parts])
        ways = [
            (one[0].ids, of_part[0].attention if of_part and of_part[0].ids == one[0].ids else [])
            for one, of_part in zip(parts, found, strict=True)
        ]
        return aligned(self.translator.tokenizer, text, reading, written.text, written.places, ways)

    def missing(self, number: int, reading: Reading, found: list[list[Hypothesis]]) -> list[str]:
        """The glossary applied to the parts of text ``number``; the terms that no translation could have."""
        parts = enumerate(zip(reading.parts, found, strict=True))
        terms = [term for place, one in parts for term in self.apply(*one, self.forced.get((number, place), []))]
        return [f"{term.source} → {term.target}" for term in terms]

    def apply(self, part: Part, found: list[Hypothesis], prefix: Sequence[int]) -> list[Term]:
        """Where terms of the glossary stand in ``part``, see that its best translation has them: search again where it does
        not, for one that begins with ``prefix``, too. Gives the terms that no translation could have."""
        if self.glossary is None or not found:
            return []
        matches = self.glossary.matches(part.text)
        terms = [match.term for match in matches]
        if not terms or not (missing := lacking(terms, self.translator.tokenizer.target.decode(found[0].ids))):
            return []
        tokenizer = self.translator.tokenizer
        once = {match.term: match for match in matches if match.term in missing and terms.count(match.term) == 1}
        instead = self.words_at(part, found[0].ids, once, len(prefix))
        # The prefix may have a term in other tokens than the term alone has. A letter behind it: its last word may go on.
        there = tokenizer.target.decode(prefix) + "x" if prefix else ""
        phrases = {term: tokenizer.target.encode(term.target) for term in terms if not term.is_in(there)}
        words = [instead.get(term, []) for term in phrases]
        again = self.translator.inside.with_phrases(
            part.ids, list(phrases.values()), words, self.translator.inside_word, self.asked, prefix
        )
        if again:
            missing = lacking(terms, tokenizer.target.decode(again[0].ids))
            found[:] = again
        return missing

    def words_at(
        self, part: Part, ids: Sequence[int], matches: Mapping[Term, Match], fixed: int
    ) -> dict[Term, list[int]]:
        """For each term the word (ids) that its translation ``ids`` has for it: that which looks the most at it. None for a
        word among the first ``fixed`` tokens, whose place nothing can take."""
        source, target = self.translator.tokenizer, self.translator.tokenizer.target
        attention = self.translator.inside.native.attention(part.ids, ids) if matches else []
        spans = spans_of(source, part.ids, part.text)
        written, read = (
            [places for word, places in words_of(*side, False) if any(map(str.isalnum, word))]
            for side in ((target, ids), (source, part.ids))
        )
        found = {}
        for term, match in matches.items():
            tokens = {number for number, (start, end) in enumerate(spans) if start < match.end and end > match.start}
            places = word_that_looks(attention, written, read, tokens)
            found[term] = [ids[place] for place in places] if min(places, default=0) >= fixed else []
        return found


def lacking(terms: Sequence[Term], translation: str) -> list[Term]:
    """The terms whose targets ``translation`` does not have."""
    return [term for term in dict.fromkeys(terms) if not term.is_in(translation)]


def prepare(
    translator: Asker,
    texts: Sequence[str],
    config: DecodingConfig,
    prefix: str | Sequence[str],
    glossary: Glossary | None,
) -> Prepared:
    """``Translator.prepare``. Raises ShapeError for another number of prefixes than texts."""
    prefixes = [prefix] * len(texts) if isinstance(prefix, str) else list(prefix)
    if len(prefixes) != len(texts):
        raise ShapeError(f"{len(prefixes)} prefixes for {len(texts)} texts: wanted one each, or one for all")
    readings = translator.reader.read(texts, [bool(prefix) for prefix in prefixes])
    translator.remark_on(texts, readings)
    spoken = [
        (number, place, part.ids)
        for number, reading in enumerate(readings)
        for place, part in enumerate(reading.parts)
        if part.ids
    ]
    by_part: dict[tuple[int, int], list[int]] = {}
    for number, place in {number: place for number, place, _ in reversed(spoken)}.items() if any(prefixes) else ():
        prefixed = translator.reader.as_target(readings[number], prefixes[number])
        if ids := translator.tokenizer.target.encode(prefixed):
            by_part[number, place] = ids
    sources = [ids for *_, ids in spoken]
    forced = [by_part.get((number, place), []) for number, place, _ in spoken]
    asked = config.changed(n_best=config.beam_size) if config.method == "beam" and config.n_best > 1 else config
    return Prepared(translator, texts, readings, config, asked, sources, forced, glossary, by_part)
