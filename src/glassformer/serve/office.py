"""The parts of every kind of request: who may ask, which model answers, plain texts, marked-up texts and whole files."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass
from functools import partial
from urllib.parse import quote_plus

from starlette.requests import Request

from glassformer.config import DecodingConfig
from glassformer.documents.blocks import Document
from glassformer.documents.html import read_html
from glassformer.documents.office import OfficeFile
from glassformer.errors import ConfigError
from glassformer.http.guard import RequestError
from glassformer.serve.desk import Desk, TranslationRequest
from glassformer.serve.detect import detected
from glassformer.serve.keys import ApiKeys, Key, Limits, Usage
from glassformer.serve.models import Offer
from glassformer.serve.queue import LateError
from glassformer.text.glossary import Glossary
from glassformer.translator import Translation

ENDLESS = 10**12
"""Characters that stand for no limit where a number is wanted."""


@dataclass(frozen=True)
class Sizes:
    """How large one request may be."""

    characters: int = 100_000
    """Of all its texts together."""
    texts: int = 1000
    body: int = 2 * 2**20
    """Bytes."""


class Office:
    """One for the whole server."""

    def __init__(
        self,
        desk: Desk,
        *,
        keys: ApiKeys | None = None,
        per_address: Limits | None = None,
        limits: Sizes | None = None,
        beam: int = 4,
        look: bool = False,
    ) -> None:
        """``beam``: for requests that do not say one. ``look``: whether this server shows the page to look inside."""
        self.desk, self.keys, self.limits = desk, keys, limits or Sizes()
        self.per_address, self.beam, self.shows = per_address or Limits(), beam, look
        self.usual = DecodingConfig(beam_size=beam)
        self.counted = Usage()
        self.used: Counter[str] = Counter()
        """Characters asked for by each key, since the server began."""

    def admit(self, request: Request, key: str, texts: Sequence[str]) -> Key | None:
        """``enter`` and ``count`` at once."""
        found = self.enter(request, key)
        self.count(request, found, texts)
        return found

    def enter(self, request: Request, key: str) -> Key | None:
        """The client, whose request is counted, before its texts are read: a stranger is not to have that time.
        Raises RequestError: 403 for a key that is not known, 429 for too many requests a minute."""
        found = self.keys.find(key) if self.keys is not None else None
        who, limits = self.client(request, found)
        self.counted.take(who, "requests", 1, limits.requests_per_minute)
        return found

    def count(self, request: Request, found: Key | None, texts: Sequence[str]) -> None:
        """Count the client's texts. Raises RequestError: 413 for too much, 429 for too much a minute."""
        characters = sum(map(len, texts))
        if len(texts) > self.limits.texts:
            raise RequestError(413, f"{len(texts):,} texts: wanted at most {self.limits.texts:,} a request")
        if characters > self.limits.characters:
            raise RequestError(413, f"{characters:,} characters: wanted at most {self.limits.characters:,} a request")
        who, limits = self.client(request, found)
        self.counted.take(who, "characters", characters, limits.characters_per_minute)
        self.used[found.name if found else ""] += characters
        self.desk.metrics.read(characters)

    def client(self, request: Request, found: Key | None) -> tuple[str, Limits]:
        """The name under which a client is counted, and its limits."""
        if found is not None:
            return f"key {found.name}", found.limits
        return f"address {request.client.host if request.client else ''}", self.per_address

    def most_characters(self, used: int) -> int:
        """The usage that DeepL's clients ask for: a month's limit, which there is none of."""
        return max(ENDLESS, used)

    def find(self, source: str, target: str) -> Offer:
        """Raises RequestError for a pair without a model."""
        try:
            return self.desk.models.find(source, target)
        except ConfigError as error:
            raise RequestError(400, str(error)) from None

    def detected(self, text: str) -> list[tuple[str, float]]:
        """The languages that can be translated from, the likeliest first."""
        return detected(text, self.desk.models.sources)

    def detect(self, texts: Sequence[str], target: str) -> tuple[str, float]:
        """The likeliest language of ``texts``, among those that can be translated to ``target`` (any where it is empty)."""
        models = self.desk.models
        sources = [one for one in models.sources if not target or target in models.targets(one)] or models.sources
        if not sources:
            raise RequestError(400, "there is no model here")
        return detected("\n".join(texts[:20]), sources)[0]

    def glossary(self, name: str) -> Glossary | None:
        return self.desk.glossary(name) if name else None

    def config(self, asked: DecodingConfig | None) -> DecodingConfig:
        return asked or self.usual

    def look(self, offer: Offer, text: str) -> str:
        """The address of the page on this text; "" where it is not shown."""
        if not self.shows:
            return ""
        return f"/look#sentence={quote_plus(text, errors='replace')}&model={quote_plus(offer.name)}"

    async def translate(
        self,
        request: Request,
        offer: Offer,
        texts: Sequence[str],
        config: DecodingConfig,
        glossary: Glossary | None = None,
    ) -> list[list[Translation]]:
        """As ``Desk.translate``, while the client who asked is there."""
        return await self.desk.translate(TranslationRequest(offer, texts, config, glossary), leaving(request))

    async def marked(
        self,
        request: Request,
        offer: Offer,
        texts: Sequence[str],
        *,
        xml: bool = False,
        ignored: Collection[str] = (),
        splitting: Collection[str] = (),
        glossary: Glossary | None = None,
    ) -> list[str]:
        """Texts with tags: translated, with the tags on the words that they belong to. They are read and put together in
        threads, so that other requests do not wait for it."""
        read = partial(read_html, xml=xml, ignored=ignored, splitting=splitting)
        documents = await asyncio.to_thread(lambda: [read(text) for text in texts])
        blocks = [text for document in documents for text in document.texts]
        has_tags = any(document.has_tags for document in documents)
        config = self.config(None).changed(attention=has_tags)
        found = iter(await self.translate(request, offer, blocks, config, glossary))
        best = [[best_of(next(found)) for _ in document.texts] for document in documents]
        pairs = list(zip(documents, best, strict=True))
        return await asyncio.to_thread(lambda: [document.rebuilt(one, offer.target) for document, one in pairs])

    async def document(self, request: Request, offer: Offer, document: Document | OfficeFile) -> bytes:
        """A file with its texts translated."""
        config = self.config(None).changed(attention=document.has_tags)
        found = await self.translate(request, offer, document.texts, config)
        rebuilt: Callable[..., str | bytes] = document.rebuilt
        made = await asyncio.to_thread(rebuilt, [best_of(one) for one in found], offer.target)
        return made.encode() if isinstance(made, str) else made

    async def word_scores(self, offer: Offer, text: str, translation: str, until: float) -> dict[int, float]:
        """log P of each of the translation's words between blanks, by its number, as the model in PyTorch has it. Raises
        RequestError, 503, where they are not there at ``until``, on ``time.monotonic``'s clock."""
        computed = asyncio.to_thread(self._word_scores, offer, text, translation)
        try:
            return await asyncio.wait_for(computed, max(until - time.monotonic(), 0))
        except TimeoutError:
            raise self.desk.refusal(LateError()) from None

    def _word_scores(self, offer: Offer, text: str, translation: str) -> dict[int, float]:
        translator = self.desk.models.translator(offer)
        with offer.lock:
            (tokens,) = translator.token_scores([text], [translation])
        figures: dict[int, float] = {}
        number = -1
        for token, figure in tokens[:-1]:
            number += token.startswith("▁") or number < 0
            figures[number] = figures.get(number, 0.0) + figure
        return figures


def best_of(translations: Sequence[Translation]) -> Translation:
    return translations[0] if translations else Translation("", 0.0, 0.0, [], True)


def leaving(request: Request) -> Callable[[], Awaitable[bool]]:
    """Ends when the client who asked has left: its body has been read, so the next message can say nothing else."""

    async def watch() -> bool:
        while True:
            message = await request.receive()
            if message["type"] == "http.disconnect":
                return True

    return watch
