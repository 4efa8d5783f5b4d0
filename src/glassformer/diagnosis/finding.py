"""The findings of a diagnosis: in words for people who train their first model."""

from dataclasses import dataclass
from typing import Literal

ORDER = ("bad", "watch", "good")
"""The worst first."""


@dataclass(frozen=True)
class Finding:
    """One thing that was noticed."""

    fault: str
    """Its name, such as ``shifted``."""
    weight: Literal["bad", "watch", "good"]
    """``bad``: likely why the model is bad. ``watch``: may be a reason. ``good``: what is as it should be."""
    says: str
    """The evidence, with its figure."""
    do: str = ""
    """The advice."""
