"""A hundred words of it, for a first training of some minutes: animals, places and food, in a dozen frames."""

from dataclasses import replace
from functools import cache
from itertools import islice

from glassformer.demo.draw import Repertoire, frames
from glassformer.demo.sentences import ItSentence, it_sentences
from glassformer.demo.situations import Situation, scenes

NOUNS = {
    *("animal", "dog", "cat", "horse", "mouse", "cow", "pig", "wolf", "goat", "sheep", "fox", "rabbit"),
    *("street", "river", "field", "bridge", "garden", "forest", "meadow", "swamp", "path"),
    *("bone", "apple", "bread", "cheese", "egg", "sausage", "carrot", "banana", "cake"),
}
VERBS = {"cross", "eat", "avoid", "like", "sleep"}
PREDICATES = {
    *("tired", "hungry", "ill", "full", "lazy", "timid", "curious", "brave", "wide", "deep", "muddy", "flooded", "icy"),
    *(
        "dangerous",
        "dark",
        "narrow",
        "empty",
        "quiet",
        "hard",
        "rotten",
        "sour",
        "fresh",
        "sweet",
        "delicious",
        "frozen",
    ),
}
FRAMES = {
    *("because", "two sentences", "why", "although", "although first", "since first", "because does", "why does"),
    *("two does", "although not", "so", "so does", "wanted but", "until", "did"),
}


@cache
def first_repertoire() -> Repertoire:
    """The part of the lexicon that a small model learns in a thousand steps."""
    some = tuple(made for made in map(part_of, scenes()) if made)
    some_frames = tuple(frame for frame in frames() if frame.name in FRAMES)
    return Repertoire(some_frames, some, (), (), plain=True, knows=frozenset())


def part_of(scene: Situation) -> Situation | None:
    """The scene with its nouns and reasons that are in the part; None where too little is left."""
    participants = tuple(tuple(noun for noun in some if noun.english in NOUNS) for some in scene.participants)
    if scene.verb.english not in VERBS or not all(participants):
        return None
    against, reasons = (
        tuple(tuple(english for english in some if english in PREDICATES) for some in side)
        for side in (scene.against, scene.reasons)
    )
    return replace(scene, participants=participants, against=against, reasons=reasons)


def first_sentences(count: int, seed: int = 1) -> list[ItSentence]:
    """``count`` different sentences of these words, the same for the same seed."""
    return list(islice(it_sentences(seed, repertoire=first_repertoire()), count))
