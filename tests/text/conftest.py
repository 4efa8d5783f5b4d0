"""A corpus that the tests make up, and a tokenizer trained on it once."""

import random

import pytest

from glassformer.text.tokenizer import Tokenizer

WORDS = {
    "the": "die", "grey": "graue", "cat": "Katze", "sleeps": "schläft", "under": "unter", "old": "alte", "bridge": "Brücke",
    "river": "Fluss", "sings": "singt", "quietly": "leise", "and": "und", "waits": "wartet", "for": "für", "rain": "Regen",
    "tomorrow": "morgen", "we": "wir", "bake": "backen", "seven": "sieben", "loaves": "Brote", "of": "aus", "rye": "Roggen",
    "nobody": "niemand", "counts": "zählt", "stars": "Sterne", "above": "über", "harbour": "Hafen", "lamp": "Lampe",
}  # fmt: skip


def made_up_pairs(count: int, seed: int = 0) -> list[tuple[str, str]]:
    """Pairs of 2 to 30 words, short ones more often, as in real corpora."""
    chance = random.Random(seed)
    pairs = []
    for _ in range(count):
        words = chance.choices(list(WORDS), k=min(2 + int(chance.expovariate(1 / 6)), 30))
        extra = ["wohl"] * chance.randint(0, 2)
        pairs.append((" ".join(words) + ".", " ".join([*(WORDS[word] for word in words), *extra]) + "."))
    return pairs


@pytest.fixture(scope="session")
def tokenizer() -> Tokenizer:
    return Tokenizer.train((side for pair in made_up_pairs(500) for side in pair), vocabulary_size=400)
