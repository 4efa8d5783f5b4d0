"""``memory_of(code, …)``: how many MiB a piece of Python takes at its highest over what it began with, in a new process."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
PROGRAM = """
import sys
def highest():
    with open("/proc/self/status") as file:  # ru_maxrss would be the parent's, where that is larger
        return next(int(line.split()[1]) for line in file if line.startswith("VmHWM")) / 1024
{imports}
begin = highest()
try:
    {work}
    said = ""
except GlassformerError as error:
    said = str(error)
print(f"{{highest() - begin:.1f}} {{said}}")
"""


def memory_of(imports: str, work: str, *words: str) -> tuple[float, str]:
    """MiB, and what the error of ours said that ended it, if one did. ``words`` are its sys.argv[1:]."""
    program = PROGRAM.format(imports=f"from glassformer.errors import GlassformerError\n{imports}", work=work)
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT / "src"), str(ROOT)]), "OMP_NUM_THREADS": "1"}
    found = subprocess.run(
        [sys.executable, "-c", program, *words], env=environment, capture_output=True, text=True, check=True
    )
    size, _, said = found.stdout.rstrip("\n").partition(" ")
    return float(size), said
