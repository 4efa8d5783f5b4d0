"""The allocator of the C library, where that is glibc: what it keeps of the memory that was freed."""

import ctypes
import sys
from typing import Any


def function_of_glibc(name: str) -> Any:
    """The function of that name; None where there is no glibc: on another system than Linux, or with musl."""
    return getattr(ctypes.CDLL(None), name, None) if sys.platform.startswith("linux") else None
