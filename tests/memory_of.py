"""``memory_of(code, …)``: how many MiB a piece of Python takes at its highest over what it began with, in a new process."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
PROGRAM = """
import os, sys
def highest():
    with open("/proc/self/status") as file:  # ru_maxrss would be the parent's, where that is larger
        return next(int(line.split()[1]) for line in file if line.startswith("VmHWM")) / 1024
{imports}
for word in sys.argv[1:]:
    if child := os.fork():  # which begins with what is held at this moment, not with what was the highest
        assert os.waitpid(child, 0)[1] == 0, word
        continue
    begin = highest()
    try:
        {work}
        said = ""
    except GlassformerError as error:
        said = str(error)
    print(f"{{highest() - begin:.1f}} {{said}}", flush=True)
    os._exit(0)
"""


def memory_of(imports: str, work: str, *words: str) -> list[tuple[float, str]]:
    """Of each of ``words``, which ``work`` has as ``word``: MiB, and what the error of ours said that ended it, if one did.
    Each has a process of its own, forked from one that has done the imports."""
    program = PROGRAM.format(imports=f"from glassformer.errors import GlassformerError\n{imports}", work=work)
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT / "src"), str(ROOT)])}
    found = subprocess.run(
        [sys.executable, "-c", program, *words], env=environment, capture_output=True, text=True, check=True
    )
    lines = [line.partition(" ") for line in found.stdout.splitlines()]
    assert len(lines) == len(words)
    return [(float(size), said) for size, _, said in lines]
