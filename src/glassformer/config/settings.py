"""The base of all settings: they check themselves, come from a mapping with unknown keys refused, become one."""

import dataclasses
import difflib
import math
from collections.abc import Mapping
from typing import Any, Self, get_args, get_origin

from glassformer.brief import shown
from glassformer.errors import ConfigError


class Settings:
    """The base of the kinds of settings: made from a mapping with unknown keys refused, turned into one."""

    def __post_init__(self) -> None:
        for setting in dataclasses.fields(self):  # type: ignore[arg-type]
            expect_type(setting.name, getattr(self, setting.name), setting.type)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """Raises ConfigError for a key that is no setting, naming the nearest, and for a value of the wrong type."""
        fields = {field.name: field for field in dataclasses.fields(cls)}  # type: ignore[arg-type]
        for key in values:
            if key not in fields:
                near = difflib.get_close_matches(key, fields, n=3, cutoff=0.5) or sorted(fields)
                raise ConfigError(f"unknown setting {shown(key)} in {cls.__name__}: did you mean {', '.join(near)}?")
        missing = [
            name
            for name, field in fields.items()
            if field.default is dataclasses.MISSING
            and field.default_factory is dataclasses.MISSING
            and name not in values
        ]
        if missing:
            raise ConfigError(f"{cls.__name__} needs {', '.join(missing)}")
        return cls(**values)

    def to_dict(self) -> dict[str, Any]:
        return dataclasses.asdict(self)  # type: ignore[call-overload]

    def changed(self, **changes: Any) -> Self:
        """The same settings but for ``changes``."""
        return type(self).from_dict({**self.to_dict(), **changes})


def expect_type(key: str, value: Any, wanted: Any) -> None:
    """Raises ConfigError when a setting read from a file has the wrong type: "8" is not 8, and no number is infinite."""
    if get_origin(wanted) is list:
        if not isinstance(value, list):
            raise ConfigError(f"{key}={shown(value)}: wanted a list")
        for item in value:
            expect_type(key, item, get_args(wanted)[0])
        return
    options = get_args(wanted) or (wanted,)
    for option in options:
        if not isinstance(option, type):
            fits = value == option  # one of a Literal's words
        elif isinstance(value, bool):
            fits = option is bool
        else:
            fits = isinstance(value, option) or (option is float and isinstance(value, int))
        if fits and (not isinstance(value, float) or math.isfinite(value)):
            return
    names = " or ".join(option.__name__ if isinstance(option, type) else repr(option) for option in options)
    finite = ", and a finite one" if isinstance(value, float) and float in options else ""
    raise ConfigError(f"{key}={shown(value)}: wanted {names}{finite}")


def require(holds: bool, message: str) -> None:
    """Raises ConfigError with this message when a condition does not hold."""
    if not holds:
        raise ConfigError(message)


MOST_THREADS = 1024


def check_threads(threads: int) -> None:
    """Raises ConfigError unless it is a number of threads; 0 stands for all cores."""
    fits = type(threads) is int and 0 <= threads <= MOST_THREADS
    require(fits, f"threads={shown(threads)}: wanted a whole number from 1 to {MOST_THREADS:,}, or 0 for all cores")


def use_threads(threads: int) -> None:
    """Let PyTorch compute with this number of threads; 0 changes nothing. Raises ConfigError as ``check_threads``."""
    check_threads(threads)
    if threads:
        import torch  # here, since settings need none

        torch.set_num_threads(threads)
