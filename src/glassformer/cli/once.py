"""A command whose options say when they are given more often than they can be heard: the parser would take the last."""

from collections import Counter
from typing import Any

from typer.core import TyperCommand

from glassformer.errors import ConfigError


class OnceEach(TyperCommand):
    """Refuses an option that takes one value and is given several. A flag may be said again: it says the same."""

    def make_context(  # type: ignore[override]  # "args" is no name of this house
        self, info_name: Any, words: list[str], parent: Any = None, **extra: Any
    ) -> Any:
        """Raises ConfigError for a repeated option that cannot be repeated."""
        if not extra.get("resilient_parsing"):  # completion: what is on the line is not whole yet
            bare = self.context_class(self, info_name=info_name, parent=parent)
            _, _, order = self.make_parser(bare).parse_args(list(words))
            self.refuse_repeated(order)
        return super().make_context(info_name, words, parent, **extra)

    def refuse_repeated(self, order: list[Any]) -> None:
        """``order``: the parameters as they stand on the command line."""
        for option, times in Counter(order).items():
            many = getattr(option, "multiple", False) or getattr(option, "count", False)
            on_alone = getattr(option, "is_flag", False) and not getattr(option, "secondary_opts", ())
            if times > 1 and option.param_type_name == "option" and not many and not on_alone:
                more = sorted(other.opts[0] for other in self.params if getattr(other, "multiple", False))
                can = f"; of this command's options {' and '.join(more)} can be repeated" if more else ""
                raise ConfigError(f"{option.opts[0]} is given {times} times and takes one value: give it once{can}")
