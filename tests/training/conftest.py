"""A corpus of the test's own: a small grammar in two languages, so that a few hundred pairs are enough to learn from."""

import itertools
import random
from pathlib import Path

import pytest

from glassformer.config import DataConfig

NOUNS = {"dog": "Hund", "cat": "Kater", "man": "Mann", "bird": "Vogel", "bear": "Bär", "fish": "Fisch"}
VERBS = {"sees": "sieht", "hears": "hört", "likes": "mag", "finds": "findet"}
ADJECTIVES = {"big": "große", "small": "kleine", "old": "alte", "tired": "müde"}


def toy_pairs(count: int) -> list[tuple[str, str]]:
    everything = [
        (f"The {a} {n} {v} the {m}.", f"Der {ADJECTIVES[a]} {NOUNS[n]} {VERBS[v]} den {NOUNS[m]}.")
        for a, n, v, m in itertools.product(ADJECTIVES, NOUNS, VERBS, NOUNS)
    ]
    random.Random(7).shuffle(everything)
    return everything[:count]


def write_corpus(folder: Path, count: int = 300, name: str = "train") -> DataConfig:
    pairs = toy_pairs(count)
    for side, language in enumerate(("en", "de")):
        (folder / f"{name}.{language}").write_text("".join(f"{pair[side]}\n" for pair in pairs), encoding="utf-8")
    return DataConfig(source=[str(folder / f"{name}.en")], target=[str(folder / f"{name}.de")])


@pytest.fixture
def corpus(tmp_path: Path) -> DataConfig:
    return write_corpus(tmp_path)
