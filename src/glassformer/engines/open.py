"""Which engine translates: the choice. Nothing here needs torch until the native engine is asked for."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

from glassformer.config import DecodingConfig
from glassformer.config.settings import check_threads
from glassformer.engines.ctranslate2 import QUANTIZATIONS, CTranslate2, refusal
from glassformer.engines.engine import Engine, Ids, Progress, Submitted
from glassformer.errors import NEEDS_TORCH, ConfigError, ConversionError, torch_is_there
from glassformer.model_folder import Description

if TYPE_CHECKING:
    from glassformer.engines.native import Native
    from glassformer.hypothesis import Hypothesis

ENGINES = ("auto", "native", "ctranslate2")


class Auto:
    """CTranslate2 for what it can do, PyTorch for the rest. Each is loaded when it is first needed."""

    name = "auto"
    copies = True

    def __init__(self, native: Callable[[], Native], fast: Callable[[], CTranslate2], tell: Callable[[str], None]):
        self._native, self._load_fast, self._tell = native, fast, tell
        self._no_fast = ""

    @cached_property
    def fast(self) -> CTranslate2:
        return self._load_fast()

    def submit(
        self, sources: Ids, config: DecodingConfig, *, prefixes: Ids | None = None, progress: Progress | None = None
    ) -> Submitted[list[list[Hypothesis]]]:
        return self.chosen(sources, config, prefixes).submit(sources, config, prefixes=prefixes, progress=progress)

    def score(self, sources: Ids, targets: Ids) -> list[list[float]]:
        return self.chosen(sources, DecodingConfig(), None).score(sources, targets)

    def chosen(self, sources: Ids, config: DecodingConfig, prefixes: Ids | None) -> Engine:
        """The engine for this."""
        if not self._no_fast and not refusal(sources, config, prefixes):
            try:
                return self.fast
            except ConversionError as error:
                self._no_fast = str(error)
                self._tell(f"PyTorch translates: {error}")
        return self._native()


def native_opener(folder: Path, about: Description, *, device: str = "", threads: int = 0) -> Callable[[], Native]:
    """Loads the model in ``folder``, which ``about`` describes, when it is first called; then gives the same one. Raises
    ConfigError where there is no torch, and as ``load_native``."""
    lock = Lock()
    opened: list[Native] = []

    def native() -> Native:
        if not torch_is_there():
            raise ConfigError(f"{NEEDS_TORCH}; translating with engine=ctranslate2, without a prefix, needs none")
        from glassformer.engines.native import load_native

        with lock:  # a server's threads may ask at the same time
            if not opened:
                opened.append(load_native(folder, about, device=device, threads=threads))
        return opened[0]

    return native


def open_engine(
    folder: Path,
    about: Description,
    native: Callable[[], Native],
    *,
    engine: str = "native",
    device: str = "",
    threads: int = 0,
    quantization: str = "int8",
    spread: bool = True,
    tell: Callable[[str], None] = lambda text: None,
) -> Engine:
    """The engine of this name for the model in ``folder``, which ``about`` describes.

    ``native`` opens the model itself. ``device``, ``threads`` and ``spread`` as for ``Translator.load``. ``quantization``:
    the numbers that CTranslate2 computes with.
    ``tell`` is called with what takes longer than a moment, and with the reason why an engine is not the one asked for.

    Raises ConfigError for a device, an engine or threads that cannot be, ConversionError when CTranslate2 is asked for and
    its conversion of this model failed its check.
    """
    check_threads(threads)
    if engine not in ENGINES:
        raise ConfigError(f"engine={engine!r}: choose {', '.join(ENGINES)}")
    if quantization not in QUANTIZATIONS:
        raise ConfigError(f"quantization={quantization!r}: choose {', '.join(QUANTIZATIONS)}")

    def fast() -> CTranslate2:
        from glassformer.engines.conversion_cache import load_fast

        return load_fast(folder, about, quantization=quantization, threads=threads, spread=spread, tell=tell)

    there = importlib.util.find_spec("ctranslate2") is not None
    if engine == "ctranslate2":
        if not there:
            raise ConfigError("engine=ctranslate2: it is not installed; pip install ctranslate2, or use native")
        if device not in ("", "cpu"):
            raise ConfigError(f"device={device!r} with engine=ctranslate2: it computes on the CPU; use engine=native")
        if about.config.target_prefix:
            raise ConfigError("engine=ctranslate2: this model writes a language token first; use engine=native")
        return fast()
    gpu = not device and there and torch_is_there() and has_gpu()
    elsewhere = engine == "native" or bool(about.config.target_prefix)
    if elsewhere or not there or device not in ("", "cpu") or gpu:
        return native()
    return Auto(native, fast, tell)


def has_gpu() -> bool:
    """Whether there is a GPU, asked without torch."""
    import ctranslate2

    return bool(ctranslate2.get_cuda_device_count() > 0)
