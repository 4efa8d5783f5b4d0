"""The plain page at /: two boxes, for people. Its words are in English and Chinese, its script and style in it."""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files

from glassformer.http.policy import policy
from glassformer.serve.office import Office
from glassformer.text.scripts import NAMES

MARK = "/*facts*/null"
"""Where the page is informed what this server has."""


@cache
def template() -> str:
    return (files("glassformer") / "serve" / "page.html").read_text(encoding="utf-8")


def start_page(office: Office) -> str:
    """The page, with the languages that this server translates."""
    models = office.desk.models
    codes = {code for pair in models.offers for code in pair}
    facts = {
        "pairs": sorted(map(list, models.offers)),
        "names": {code: NAMES.get(code, code) for code in sorted(codes)},
        "keys": office.keys is not None,
        "look": office.shows,
        "most": office.limits.characters,
    }
    text = json.dumps(facts, ensure_ascii=True).replace("<", "\\u003c")
    return template().replace(MARK, text)


def policy_of(html: str) -> str:
    """Only what is in the page runs, and it asks this server alone."""
    return policy(html, connect="'self'") + "; frame-ancestors 'none'"
