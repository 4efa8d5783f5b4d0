"""Language tokens of multilingual models: Marian's ``>>deu<<`` before the source; before the source and the target those of
NLLB (``deu_Latn``), M2M-100 (``__de__``) and mBART (``de_DE``)."""

import re
from collections.abc import Iterable

from glassformer.errors import ForeignModelError
from glassformer.interop.imported import Languages
from glassformer.interop.vocabularies import Vocabularies

MARIAN = re.compile(r">>([\w-]+)<<")
OTHERS = re.compile(r"__([a-z]{2,3})__|([a-z]{3}_[A-Z][a-z]{3})|([a-z]{2}_[A-Z]{2})")
SHOWN = 8


def languages_in(tokens: Iterable[str]) -> dict[str, str]:
    """Codes, and their tokens."""
    found: dict[str, str] = {}
    for token in tokens:
        if match := MARIAN.fullmatch(token) or OTHERS.fullmatch(token):
            found[next(code for code in match.groups() if code)] = token
    return found


def around_of(tables: Vocabularies, languages: Languages, where: str) -> tuple[list[int], list[int]]:
    """The ids before each source, and before each target. Raises ForeignModelError where nobody says a multilingual
    model's languages, and for ones that it does not have."""
    known = languages_in(tables.source.tokens)
    if len(known) < 2:
        if languages.source or languages.target:
            raise ForeignModelError(
                f"{where} has no language tokens: leave --source-language and --target-language out"
            )
        return [], []
    target = token_of(known, languages.target, "--target-language", where)
    if MARIAN.fullmatch(target):
        return [tables.source.tokens.index(target)], []
    source = token_of(known, languages.source, "--source-language", where)
    return [tables.source.tokens.index(source)], [tables.target.tokens.index(target)]


def token_of(known: dict[str, str], code: str, option: str, where: str) -> str:
    """The token of ``code``, which may be the beginning of its own (de of de_DE)."""
    found = [code] if code in known else [one for one in known if code and re.split("[_-]", one)[0] == code]
    if len(found) != 1:
        said = f"{option} {code}" if code else f"no {option}"
        some = ", ".join(list(known)[:SHOWN])
        raise ForeignModelError(f"{where} has {len(known)} languages, and came with {said}: wanted one of {some} …")
    return known[found[0]]
