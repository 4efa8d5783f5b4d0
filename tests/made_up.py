"""Corpora that the tests make up: a small grammar in two languages, of which a few hundred pairs are enough to learn from,
and words in any order."""

import itertools
import random
from pathlib import Path

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
