"""Whether a text is in another language of the same script: French typed at a model that reads English.

It counts the words that only make grammar (the, der, les), which every sentence of some length has; where they are those of
one other language and none is the model's, that is sure enough to say. A detector such as py3langid finds more, and
takes half a second to load, more than a translation.
"""

import re

from glassformer.text.abbreviations import STARTERS, abbreviations
from glassformer.text.languages import language_code
from glassformer.text.scripts import NAMES

FEWEST = 3
"""Different words of the other language, of two letters or more, that say it."""
TIMES = 4
"""The factor by which they outnumber words of the model's language."""
WORD = re.compile(r"[^\W\d_]+(?:['’](?=[^\W\d_]))?")


def other_language(text: str, language: str) -> str:
    """ "the text seems to be French; this model reads English"; "" unless that is very sure, and for a language whose words
    are not known here (de, en, es, fr, it, nl, pt, ru are)."""
    own = language_code(language)
    if own not in STARTERS:
        return ""
    words = {word.replace("’", "'").casefold() for word in WORD.findall(text) if len(word) > 1}
    found = {code: sum(word in abbreviations(code).starters for word in words) for code in STARTERS}
    likeliest = max(found, key=lambda code: found[code])
    if likeliest == own or found[likeliest] < FEWEST or found[likeliest] < TIMES * max(found[own], 0.5):
        return ""
    return f"the text seems to be {NAMES[likeliest]}; this model reads {NAMES[own]}"
