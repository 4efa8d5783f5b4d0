"""A server around the toy model, and one around an engine that only pretends."""

from collections.abc import Callable, Iterator, Sequence
from functools import cache
from typing import Any

import pytest
import torch
from starlette.testclient import TestClient

from glassformer.config import DecodingConfig
from glassformer.engines import Submitted
from glassformer.engines.native import Native
from glassformer.hypothesis import Hypothesis
from glassformer.serve.app import make_app
from glassformer.serve.desk import Desk
from glassformer.serve.models import Models, Offer
from glassformer.serve.office import Office
from glassformer.serve.queue import Queue
from glassformer.text.glossary import Glossary
from glassformer.text.tokenizer import Tokenizer
from glassformer.translator import Translator
from glassformer.translator.translator import nothing
from tests.toy_translator import CARD, ENGLISH, GERMAN, toy


class Fake:
    """An engine that says every sentence again, the moment that ``wait`` lets it."""

    name = "fake"
    copies = False

    def __init__(self, wait: Callable[[Sequence[list[int]]], None] = lambda sources: None) -> None:
        self.wait = wait
        self.batches: list[int] = []

    def submit(self, sources: Sequence[list[int]], config: DecodingConfig, **_: Any) -> Submitted[Any]:
        def finish() -> list[list[Hypothesis]]:
            self.wait(sources)
            self.batches.append(len(sources))
            looks = [[[float(n == m) for m in range(len(ids) + 1)] for n in range(len(ids))] for ids in sources]
            return [
                [Hypothesis(list(ids), -1.0, -1.0, True, [], look if config.attention else [])]
                for ids, look in zip(sources, looks, strict=True)
            ]

        return Submitted(finish)

    def score(self, sources: Sequence[list[int]], targets: Sequence[list[int]]) -> list[list[float]]:
        return [[-1.0] * (len(target) + 1) for target in targets]


@cache
def tokenizer() -> Tokenizer:
    """The toy's, without the toy, which takes seconds to learn."""
    return Tokenizer.train([*ENGLISH, *GERMAN], vocabulary_size=360)


def office_of(
    engine: Any, *, queue: Queue | None = None, longest: float = 30.0, workers: int = 2, **rules: Any
) -> Office:
    def load(name: str) -> Translator:
        return Translator(engine, tokenizer(), dict(CARD), name, remark=nothing)

    models = Models([Offer("toy", "en", "de", 1)], load)
    glossaries = {"terms": Glossary.of([("clock", "Wanduhr")])}
    desk = Desk(models, workers=workers, glossaries=glossaries, longest=longest, queue=queue)
    return Office(desk, **rules)


@pytest.fixture
def engine() -> Fake:
    return Fake()


@pytest.fixture
def fake(engine: Fake) -> Iterator[TestClient]:
    office = office_of(engine)
    with client_of(office) as client:
        yield client


def client_of(office: Office, **options: Any) -> TestClient:
    app = make_app(office, draining=5.0, **options)
    return TestClient(app, base_url="http://127.0.0.1:8000", raise_server_exceptions=False)


@pytest.fixture(scope="module")
def real() -> Iterator[TestClient]:
    """The toy model itself, in PyTorch."""
    torch.set_num_threads(1)  # before the test's own fixture does: the toy is small
    with client_of(office_of(Native(toy().model))) as client:
        yield client
