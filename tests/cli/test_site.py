"""``glassformer site``: a folder that any host of files serves."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from glassformer.errors import ConfigError

Run = Callable[..., Any]


@pytest.mark.usefixtures("page")
def test_a_site_is_written_and_its_files_are_told(run: Run, tmp_path: Path) -> None:
    text = run("site", str(tmp_path / "site"), "--text", "The lamp flickers.").stdout
    names = sorted(path.name for path in (tmp_path / "site").iterdir())
    assert [name.split("-")[0] for name in names] == ["index.html", "model", "page"]
    assert all(name in "".join(text.split()) for name in names)
    assert f"python -m http.server --directory {tmp_path / 'site'}" in " ".join(text.split())
    assert "The lamp flickers." in (tmp_path / "site" / "index.html").read_text("utf-8")
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "thesis.txt").write_text("mine")
    with pytest.raises(ConfigError, match="which is not a site's"):
        run("site", str(tmp_path / "other"))
