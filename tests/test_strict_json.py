"""JSON from strangers is a value, or a ValueError of one line: never a RecursionError, here or later."""

import json

import pytest

from glassformer.errors import ConfigError
from glassformer.http.parse import from_json
from glassformer.page import wire
from glassformer.strict_json import DEEPEST, parsed


@pytest.mark.parametrize("depth", [DEEPEST + 1, 200, 900, 985, 995, 1100, 30_000])
@pytest.mark.parametrize("ends", ["[]", ["{\"text\":", "}"]])  # fmt: skip
def test_what_is_nested_without_end_is_refused(depth: int, ends: str) -> None:
    text = ends[0] * depth + "1" + ends[1] * depth
    with pytest.raises(ValueError, match="nested deeper than 64"):
        parsed(text)
    for around in (text, f'{{"text": {text}}}', f'{{"heads_off": {text}, "text": "it"}}'):
        with pytest.raises(ConfigError, match="the request is not JSON") as error:
            from_json(wire.Ask, around)
        assert "\n" not in str(error.value)


@pytest.mark.parametrize("text", ["NaN", '{"a": [1, Infinity]}', "-Infinity", "[", "", "1" * 5000])
def test_what_is_no_json(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        parsed(text)


def test_what_is_json_comes_as_it_is() -> None:
    value = {"a": [1, None, {"b": [[["c"]]], "d": 1.5}], "e": "\x1b"}
    assert parsed(json.dumps(value)) == value
    assert parsed("[" * DEEPEST + "]" * DEEPEST)
