"""A model's folder, loaded."""

import subprocess
import sys
from pathlib import Path

import torch

from glassformer.checkpoint import load_model
from tests.toy_translator import save_toy_translator


def test_loading_draws_no_numbers_by_chance(tmp_path: Path) -> None:
    """They would only be written over; and for shapes alone PyTorch would import its compiler, for a second."""
    save_toy_translator(tmp_path / "model")
    state = torch.get_rng_state()
    model = load_model(tmp_path / "model").model
    assert torch.equal(state, torch.get_rng_state())
    assert {weight.device.type for weight in model.parameters()} == {"cpu"}
    code = "import sys, glassformer.checkpoint as c; c.load_model(sys.argv[1]); print('sympy' in sys.modules)"
    words = [sys.executable, "-c", code, str(tmp_path / "model")]
    assert subprocess.run(words, capture_output=True, text=True, check=True).stdout == "False\n"
