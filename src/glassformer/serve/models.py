"""The models that are offered, by language pair: loaded when first asked for, the least used dropped at a memory limit."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from glassformer.card import Card
from glassformer.errors import ConfigError
from glassformer.model_folder import describe
from glassformer.text.languages import language_code
from glassformer.translator import Translator
from glassformer.translator.shipped import find_model

Loader = Callable[[str], Translator]


@dataclass(eq=False)
class Offer:
    """One model, loaded or not."""

    name: str
    source: str
    target: str
    size: int
    """Bytes of its weights on disk: what the memory limit counts."""
    translator: Translator | None = None
    used: float = 0.0
    lock: threading.Lock = field(default_factory=threading.Lock)
    """Held while it is loaded, and while PyTorch computes with it: hooks are the model's, not a thread's."""

    @property
    def pair(self) -> tuple[str, str]:
        return self.source, self.target


def offer_of(name: str) -> Offer:
    """Facts about a model before it is loaded. Raises CheckpointError for none, ConfigError for one whose card does not
    say its languages."""
    folder = find_model(name)
    card = Card.of(describe(folder).card)
    if not card.source or not card.target:
        raise ConfigError(f"{name}: its card does not say its languages ({card.languages!r}): wanted such as en-de")
    return Offer(name, language_code(card.source), language_code(card.target), weights_of(folder))


def weights_of(folder: Path) -> int:
    path = folder / "model.safetensors"
    return path.stat().st_size if path.is_file() else 0


class Models:
    """Raises ConfigError for two models of the same pair: who asks names languages."""

    def __init__(self, offers: Sequence[Offer], load: Loader, *, most_memory: int = 0) -> None:
        self.load, self.most_memory, self.choosing = load, most_memory, threading.Lock()
        self.offers: dict[tuple[str, str], Offer] = {}
        for offer in offers:
            if (other := self.offers.setdefault(offer.pair, offer)) is not offer:
                pair = f"{offer.source}-{offer.target}"
                raise ConfigError(f"{other.name} and {offer.name} are both {pair}: wanted one model a language pair")

    @property
    def sources(self) -> list[str]:
        """The languages that can be translated from."""
        return sorted({source for source, _ in self.offers})

    def targets(self, source: str) -> list[str]:
        """The targets of ``source``."""
        return sorted(target for one, target in self.offers if one == source)

    def find(self, source: str, target: str) -> Offer:
        """Raises ConfigError, with the pairs that there are, for another pair."""
        pair = language_code(source), language_code(target)
        if pair not in self.offers:
            known = ", ".join("-".join(one) for one in self.offers)
            raise ConfigError(f"there is no model from {source[:20]!r} to {target[:20]!r}: there is {known}")
        return self.offers[pair]

    def translator(self, offer: Offer) -> Translator:
        """The model of ``offer``, loaded if it is not. Others that were not used for the longest make room for it."""
        with offer.lock:
            offer.used = time.monotonic()
            if offer.translator is None:
                self.make_room(offer)
                offer.translator = self.load(offer.name)
            return offer.translator

    def make_room(self, newcomer: Offer) -> None:
        """Drop models until ``newcomer`` fits below the limit. One that computes is freed when that is done."""
        if not self.most_memory:
            return
        with self.choosing:
            loaded = [one for one in self.offers.values() if one.translator is not None and one is not newcomer]
            held = sum(one.size for one in loaded)
            for one in sorted(loaded, key=lambda one: one.used):
                if held + newcomer.size <= self.most_memory:
                    break
                one.translator = None
                held -= one.size

    @property
    def loaded(self) -> list[Offer]:
        return [offer for offer in self.offers.values() if offer.translator is not None]
