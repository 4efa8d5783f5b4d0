"""Where to compute."""

import torch

from glassformer.errors import ConfigError


def find_device(name: str) -> torch.device:
    """The device of this name; "" is a GPU if there is one. Raises ConfigError for a device that is not there."""
    try:
        device = torch.device(name or ("cuda" if torch.cuda.is_available() else "cpu"))
        torch.empty(0, device=device)
    except (RuntimeError, AssertionError) as error:
        there = ["cpu", *(f"cuda:{number}" for number in range(torch.cuda.device_count()))]
        raise ConfigError(f"no device {name!r}: there is {', '.join(there)}") from error
    return device
