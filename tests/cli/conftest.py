"""The commands, run in this process, with a tiny translator as the shipped model."""

import importlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
import typer
from typer.testing import CliRunner

from tests.toy_translator import save_toy_translator

Run = Callable[..., Any]


@pytest.fixture(autouse=True)
def _one_thread(_same_numbers_each_time: None) -> None:
    torch.set_num_threads(1)  # tiny tensors: threads would only wait for each other


@pytest.fixture(scope="session")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder in which "en-de" is."""
    folder = tmp_path_factory.mktemp("models")
    save_toy_translator(folder / "en-de")
    return folder


@pytest.fixture
def page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A small page in place of the built one, which a checkout need not have."""
    (tmp_path / "built").mkdir()
    (tmp_path / "built" / "index.html").write_text(
        "<html><head></head><body><!--look--><script>1</script></body></html>"
    )
    monkeypatch.setattr("glassformer.page.built.built_folder", lambda: tmp_path / "built")


@pytest.fixture
def run(models: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """``run("translate", "A sentence.")`` gives the Result; what the command raises on purpose comes out of it."""
    monkeypatch.setattr("glassformer.translator.shipped.models_folder", lambda: models)
    monkeypatch.delenv("COLUMNS", raising=False)
    app = typer.Typer(rich_markup_mode="rich")
    for name in ("translate", "evaluate", "score", "look", "site", "info", "export"):
        module = importlib.import_module(f"glassformer.cli.{name}")
        app.command(epilog=module.EPILOG)(getattr(module, name))

    def run(*arguments: str, input: str | bytes | None = None) -> Any:
        result = CliRunner().invoke(app, list(arguments), input=input)
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result

    return run
