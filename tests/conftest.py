"""Shapes in signatures are checked in every test: jaxtyping's import hook, with beartype."""

from jaxtyping import install_import_hook

with install_import_hook("glassformer", "beartype.beartype"):
    import glassformer.model
    import glassformer.trace
    import glassformer.what_if  # noqa: F401

import pytest
import torch


@pytest.fixture(autouse=True)
def _same_numbers_each_time() -> None:
    torch.manual_seed(20170612)  # the paper's first day on arXiv
    torch.set_num_threads(2)
