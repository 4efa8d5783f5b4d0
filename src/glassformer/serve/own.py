"""Our own requests: translations with log P, n-best lists, what each word looked at, and a link to look inside."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse

from glassformer.config import DecodingConfig
from glassformer.documents.blocks import words_of as looked_at
from glassformer.errors import GlassformerError
from glassformer.http.guard import RequestError
from glassformer.http.parse import to_json
from glassformer.serve.fields import as_kind, fields_of
from glassformer.serve.models import Offer
from glassformer.serve.office import Office
from glassformer.text.glossary import Glossary
from glassformer.text.languages import UNSPACED_LANGUAGES
from glassformer.translator import Translation

MOST_BEAM = 16
LINES = re.compile(r"(\s*\n\s*)")


@dataclass(frozen=True)
class OwnAsk:
    """POST /v1/translate."""

    text: str | list[str]
    source: str = "auto"
    target: str = ""
    """May be left out where the source is translated to one language alone."""
    beam: int = 4
    """1 is greedy decoding, several times as fast and a little worse."""
    n_best: int = 1
    """Translations of each text, the best first."""
    attention: bool = False
    """Also give which source words each word of the best translation looked at."""
    word_scores: bool = False
    """Also give log P of each word of the best translation."""
    glossary: str = ""
    """The name of a glossary of this server."""
    terms: list[tuple[str, str]] = field(default_factory=list)
    """A glossary of the request's own: source term, target term."""
    stream: bool = False
    """Answer in lines of JSON (NDJSON), each as soon as it is ready: of every text its paragraphs, in order."""


@dataclass(frozen=True)
class AnsweredWord:
    """A word of a translation, by its characters."""

    start: int
    end: int
    log_probability: float | None = None
    looks_at: list[tuple[int, int, float]] = field(default_factory=list)
    """Characters of the source, from and to, with the share of the attention."""


@dataclass(frozen=True)
class AnsweredHypothesis:
    """One translation."""

    text: str
    log_probability: float
    score: float
    finished: bool


@dataclass(frozen=True)
class Translated:
    """One text's translations."""

    text: str
    hypotheses: list[AnsweredHypothesis]
    words: list[AnsweredWord]
    not_applied: list[str]
    """Terms of the glossary that the translation does not have."""
    misplaced: list[str]
    """Links, emoji and their like that lost their place and stand at the end of their sentence."""
    look: str
    """Where to see how it came about; "" where this server does not show it."""
    index: int = 0
    """Streams: the number of the text."""
    part: int = 0
    """Streams: the number of the paragraph in it."""
    before: str = ""
    """Streams: the line ends before this paragraph."""


@dataclass(frozen=True)
class TranslateAnswer:
    """The answer of POST /v1/translate."""

    source: str
    target: str
    model: str
    translations: list[Translated]


class Own:
    """Its routes' functions."""

    def __init__(self, office: Office) -> None:
        self.office = office

    async def translate(self, request: Request) -> Response:
        ask = as_kind(OwnAsk, await fields_of(request, self.office.limits.body))
        texts, until = ask.text if isinstance(ask.text, list) else [ask.text], self.until()
        header = request.headers.get("authorization", "")
        key = header[len("Bearer ") :].strip() if header.startswith("Bearer ") else ""
        self.office.admit(request, key, texts)
        offer = self.offer(ask, texts)
        config, glossary = self.config(ask), self.glossary(ask)
        if ask.stream:
            lines = self.lines(request, ask, offer, texts, config, glossary)
            return StreamingResponse(lines, media_type="application/x-ndjson")
        best = await self.office.translate(request, offer, texts, config, glossary=glossary)
        found = [await self.shown(ask, offer, *pair, until) for pair in zip(texts, best, strict=True)]
        return JSONResponse(plain(TranslateAnswer(offer.source, offer.target, offer.name, found)))

    def until(self) -> float:
        """When the time for an answer is over that begins now."""
        return time.monotonic() + self.office.desk.longest

    def offer(self, ask: OwnAsk, texts: list[str]) -> Offer:
        source = self.office.detect(texts, ask.target)[0] if ask.source == "auto" else ask.source
        targets = self.office.desk.models.targets(source)
        if not ask.target and len(targets) != 1:
            raise RequestError(
                400, f"target is missing: {source} can be translated to {', '.join(targets) or 'nothing'}"
            )
        return self.office.find(source, ask.target or targets[0])

    def config(self, ask: OwnAsk) -> DecodingConfig:
        if not 1 <= ask.beam <= MOST_BEAM or not 1 <= ask.n_best <= MOST_BEAM:
            raise RequestError(400, f"beam={ask.beam}, n_best={ask.n_best}: wanted 1 … {MOST_BEAM} of each")
        beam = max(ask.beam, ask.n_best)
        return DecodingConfig(beam_size=beam, n_best=ask.n_best, attention=ask.attention)

    def glossary(self, ask: OwnAsk) -> Glossary | None:
        if ask.terms and ask.glossary:
            raise RequestError(400, "glossary and terms: wanted one or the other")
        return Glossary.of(ask.terms) if ask.terms else self.office.glossary(ask.glossary)

    async def lines(
        self,
        request: Request,
        ask: OwnAsk,
        offer: Offer,
        texts: list[str],
        config: DecodingConfig,
        glossary: Glossary | None,
    ) -> AsyncIterator[str]:
        """A paragraph a line; an error is the last line."""
        try:
            for index, text in enumerate(texts):
                pieces = LINES.split(text)
                for part, (before, paragraph) in enumerate(zip(["", *pieces[1::2]], pieces[::2], strict=True)):
                    until = self.until()
                    (best,) = await self.office.translate(request, offer, [paragraph], config, glossary=glossary)
                    found = await self.shown(ask, offer, paragraph, best, until, index, part, before)
                    yield to_json(plain(found)) + "\n"
        except (RequestError, GlassformerError) as error:
            yield to_json({"error": " ".join(str(error).split())}) + "\n"

    async def shown(
        self,
        ask: OwnAsk,
        offer: Offer,
        text: str,
        best: list[Translation],
        until: float,
        index: int = 0,
        part: int = 0,
        before: str = "",
    ) -> Translated:
        if not best:
            return Translated("", [], [], [], [], "", index, part, before)
        scores = await self.office.word_scores(offer, text, best[0].text, until) if ask.word_scores else {}
        words = list[AnsweredWord]()
        if ask.attention or ask.word_scores:
            words = await asyncio.to_thread(words_of, best[0], offer.target in UNSPACED_LANGUAGES, scores)
        return Translated(
            best[0].text,
            [AnsweredHypothesis(one.text, one.log_probability, one.score, one.finished) for one in best],
            words,
            best[0].not_applied,
            best[0].misplaced,
            self.office.look(offer, text),
            index,
            part,
            before,
        )


def words_of(best: Translation, unspaced: bool, scores: dict[int, float]) -> list[AnsweredWord]:
    """The words between blanks (or characters), with what each looked at: the three source tokens with the most weight.
    ``scores``: log P by a word's number."""
    made = []
    for number, word in enumerate(looked_at(best.text, best.aligned, unspaced)):
        total = sum(weight for *_, weight in word.looks) or 1.0
        most = sorted(word.looks, key=lambda look: -look[2])[:3]
        looks = [(start, end, round(weight / total, 4)) for start, end, weight in most]
        made.append(AnsweredWord(word.start, word.end, scores.get(number), looks))
    return made


def plain(value: Any) -> Any:
    """Dataclasses as JSON's objects."""
    if isinstance(value, list):
        return [plain(one) for one in value]
    if hasattr(value, "__dataclass_fields__"):
        return {name: plain(getattr(value, name)) for name in value.__dataclass_fields__}
    return value
