"""What comes from outside is exactly what was wanted, or an error that says where it is not."""

import json

import pytest

from glassformer.errors import ConfigError
from glassformer.http.parse import from_json, to_json
from glassformer.page import wire


def test_there_and_back() -> None:
    ask = wire.Ask("a < b </script> & 猫\u2028\ud800", None, [("encoder.layers.0.self_attention", 1)], [("x", 0, 2)])
    text = to_json(ask)
    assert text.isascii()
    assert not set("<>&\n") & set(text)
    assert from_json(wire.Ask, text) == ask
    assert json.loads(text)["text"] == ask.text


def test_what_may_be_missing() -> None:
    assert from_json(wire.Ask, '{"text": "it"}') == wire.Ask("it")
    assert from_json(wire.Ask, '{"text": "it", "target": null}').target is None


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "not JSON"),
        (b"\xff", "not JSON"),
        ("[" * 100_000, "not JSON"),
        ("[]", "Ask is \\[\\]: wanted an object"),
        ("{}", "Ask has no text"),
        ('{"text": 1}', "Ask.text is 1: wanted a text"),
        ('{"text": "it", "target": 1}', "Ask.target is 1"),
        ('{"text": "it", "heads": []}', 'Ask has no "heads": wanted heads_off'),
        ('{"text": "it", "heads_off": [["a", true]]}', "Ask.heads_off\\[0\\] is true: wanted a whole number"),
        ('{"text": "it", "heads_off": [["a"]]}', 'is \\["a"\\]: wanted \\[a text, a whole number\\]'),
        ('{"text": "it", "blocked": {}}', "Ask.blocked is {}: wanted a list, each entry"),
    ],
)
def test_what_is_wrong_is_named(text: str | bytes, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        from_json(wire.Ask, text)


def test_a_number_that_is_none_is_refused() -> None:
    with pytest.raises(ValueError, match="JSON"):
        to_json(wire.NextToken("it", 3, float("nan")))
