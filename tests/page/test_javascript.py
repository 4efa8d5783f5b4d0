"""Python's regular expressions in JavaScript's words (that they find the same: web/test/reading.test.ts)."""

import pytest

from glassformer.page.javascript import javascript


@pytest.mark.parametrize(
    ("python", "wanted"),
    [
        (r"(?P<link>a+)", r"(?<link>a+)"),
        (r"a++b", r"(?=(?<kept1>a+))\k<kept1>b"),
        (r"(?:[ab]++x){,3}", r"(?:(?=(?<kept1>[ab]+))\k<kept1>x){0,3}"),
        (r"[^\W\d_]", r"(?:(?![\p{Nd}_])[\p{L}\p{N}_])"),
        (r"[a-z\w.-]", r"[a-z\p{L}\p{N}_\.\-]"),
        ("\\\"'\\U0001F600.", "\"'\\u{1f600}[^\\n]"),
        (r"\p{RI}\]", r"\p{Regional_Indicator}\]"),
    ],
)
def test_a_pattern_in_javascript_s_words(python: str, wanted: str) -> None:
    assert javascript(python) == wanted


@pytest.mark.parametrize("python", [r"\Ax", r"[^\W\S]", "x\\"])
def test_what_is_not_known_is_refused(python: str) -> None:
    with pytest.raises(ValueError, match=r"not known here|backslash"):
        javascript(python)
