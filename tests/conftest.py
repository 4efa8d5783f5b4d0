"""Shapes in signatures are checked where they are tested: jaxtyping's import hook, with beartype."""

import os

os.environ["OMP_NUM_THREADS"] = "1"  # before torch is loaded: two processes test at once, and more threads only wait

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import jaxtyping
import pytest
import torch
from jaxtyping import install_import_hook

if TYPE_CHECKING:
    from glassformer.config import DataConfig
    from glassformer.text.tokenizer import Tokenizer

SHAPED = ["model", "what_if", "corpus.batches", "decoding"]
"""The rooms whose signatures carry shapes. The others' types are mypy's: to check them at every call as well would make
what reads texts a fifth slower in all tests, and find nothing more."""
AS_USERS_RUN_IT = {"browser", "bulk", "cli", "faults", "fuzz", "interop", "page", "ray", "runs", "serve"}
"""Folders whose tests go without the check: they come to those rooms through what other tests call with it (engines,
training, the translator), and it took a third of their time."""
install_import_hook([f"glassformer.{room}" for room in SHAPED], "beartype.beartype")

for name in ("COLUMNS", "LINES", "NO_COLOR", "FORCE_COLOR", "CLICOLOR_FORCE", "TTY_COMPATIBLE", "TTY_INTERACTIVE"):
    os.environ.pop(name, None)  # of whoever runs the tests: those about a width set one themselves
os.environ["TERM"] = "xterm-256color"


@pytest.fixture(autouse=True)
def _same_numbers_each_time() -> None:
    torch.manual_seed(20170612)  # the paper's first day on arXiv
    torch.set_num_threads(1)  # the models are so small that a second thread costs more than it brings


@pytest.fixture(autouse=True)
def _shapes_are_checked(request: pytest.FixtureRequest) -> Iterator[None]:
    jaxtyping.config.update("jaxtyping_disable", request.path.parent.name in AS_USERS_RUN_IT)
    yield
    jaxtyping.config.update("jaxtyping_disable", False)


@pytest.fixture
def unchecked_shapes() -> Iterator[None]:
    """As users run it, also elsewhere: wrong shapes reach our own errors and not the checker's."""
    jaxtyping.config.update("jaxtyping_disable", True)
    yield
    jaxtyping.config.update("jaxtyping_disable", False)


@pytest.fixture(scope="session")
def tokenizer() -> "Tokenizer":
    from glassformer.text.tokenizer import Tokenizer
    from tests.made_up import made_up_pairs

    return Tokenizer.train((side for pair in made_up_pairs(500) for side in pair), vocabulary_size=400)


@pytest.fixture
def corpus(tmp_path: Path) -> "DataConfig":
    from tests.made_up import write_corpus

    return write_corpus(tmp_path)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The browser's tests come last: Playwright keeps an event loop running in this thread until the session ends, and
    nobody else could run one after it. The largest files come first among them, so that at the end no process waits long
    for the other one's last file."""
    items.sort(key=lambda item: item.path.stat().st_size if "browser" in item.path.parts else 10**9, reverse=True)
