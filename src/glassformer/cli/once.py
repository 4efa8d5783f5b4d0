"""A command whose options say when they are given more often than they can be heard: the parser would take the last."""

from collections import Counter
from typing import Any

from typer.core import TyperCommand

from glassformer.errors import ConfigError


class OnceEach(TyperCommand):
    """Refuses an option that takes one value and is given several. A flag may be said again: it says the same."""

    def parse_args(self, ctx: Any, words: list[str]) -> list[str]:
        """Raises ConfigError for a repeated option that cannot be repeated."""
        _, _, order = self.make_parser(ctx).parse_args(args=list(words))
        for option, times in Counter(order).items():
            on_and_off = bool(getattr(option, "secondary_opts", ()))
            single = not getattr(option, "multiple", False) and not getattr(option, "count", False)
            says_the_same = getattr(option, "is_flag", False) and not on_and_off
            if times > 1 and option.param_type_name == "option" and single and not says_the_same:
                more = sorted(
                    other.opts[0] for other in self.params if getattr(other, "multiple", False) and other.opts
                )
                can = f"; of this command's options {' and '.join(more)} can be repeated" if more else ""
                raise ConfigError(f"{option.opts[0]} is given {times} times and takes one value: give it once{can}")
        return super().parse_args(ctx, words)
