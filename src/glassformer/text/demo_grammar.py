"""A small language pair that the package makes itself, for a first training: English and German of a hundred words.

What makes translating hard is in it: three genders and two cases (der, die, das, den), endings of adjectives, number,
verbs that German puts at the end or splits, and an "it" whose gender depends on what it stands for: *because it was tired*
is about the animal, *because it was wide* about the street. Each word has a key, which is the same on both sides where one
translates the other.
"""

import random
from dataclasses import dataclass
from typing import NamedTuple

Words = list[tuple[str, str]]
"""(word, key), in order."""


class Noun(NamedTuple):
    """A noun in both languages, and its German gender: m, f or n."""

    english: str
    english_plural: str
    gender: str
    german: str
    german_plural: str


class Verb(NamedTuple):
    """A verb in both languages, in the forms that the sentences need."""

    english: str
    english_past: str
    english_participle: str
    german_past: str
    """Singular; the plural has an n more, or en after a consonant."""
    german_participle: str


ANIMALS = [
    Noun("animal", "animals", "n", "Tier", "Tiere"),
    Noun("dog", "dogs", "m", "Hund", "Hunde"),
    Noun("cat", "cats", "f", "Katze", "Katzen"),
    Noun("horse", "horses", "n", "Pferd", "Pferde"),
    Noun("mouse", "mice", "f", "Maus", "Mäuse"),
    Noun("bird", "birds", "m", "Vogel", "Vögel"),
    Noun("cow", "cows", "f", "Kuh", "Kühe"),
    Noun("pig", "pigs", "n", "Schwein", "Schweine"),
    Noun("wolf", "wolves", "m", "Wolf", "Wölfe"),
    Noun("goat", "goats", "f", "Ziege", "Ziegen"),
    Noun("sheep", "sheep", "n", "Schaf", "Schafe"),
    Noun("fox", "foxes", "m", "Fuchs", "Füchse"),
]
PLACES = [
    Noun("street", "streets", "f", "Straße", "Straßen"),
    Noun("river", "rivers", "m", "Fluss", "Flüsse"),
    Noun("field", "fields", "n", "Feld", "Felder"),
    Noun("bridge", "bridges", "f", "Brücke", "Brücken"),
    Noun("garden", "gardens", "m", "Garten", "Gärten"),
    Noun("valley", "valleys", "n", "Tal", "Täler"),
    Noun("meadow", "meadows", "f", "Wiese", "Wiesen"),
    Noun("path", "paths", "m", "Weg", "Wege"),
    Noun("ice", "ice", "n", "Eis", "Eis"),
    Noun("swamp", "swamps", "m", "Sumpf", "Sümpfe"),
    Noun("island", "islands", "f", "Insel", "Inseln"),
    Noun("moor", "moors", "n", "Moor", "Moore"),
]
VERBS = [
    Verb("cross", "crossed", "crossed", "überquerte", "überquert"),
    Verb("see", "saw", "seen", "sah", "gesehen"),
    Verb("find", "found", "found", "fand", "gefunden"),
    Verb("leave", "left", "left", "verließ", "verlassen"),
    Verb("reach", "reached", "reached", "erreichte", "erreicht"),
    Verb("avoid", "avoided", "avoided", "mied", "gemieden"),
    Verb("like", "liked", "liked", "mochte", "gemocht"),
    Verb("know", "knew", "known", "kannte", "gekannt"),
]
OF_ANIMALS = {"tired": "müde", "hungry": "hungrig", "lazy": "faul", "shy": "scheu", "sick": "krank", "angry": "wütend"}
OF_PLACES = {
    "wide": "breit",
    "long": "lang",
    "wet": "nass",
    "flooded": "überflutet",
    "dark": "dunkel",
    "muddy": "matschig",
}
BEFORE_NOUNS = {
    "big": "groß",
    "small": "klein",
    "old": "alt",
    "beautiful": "schön",
    "strange": "seltsam",
    "white": "weiß",
}
ADVERBS = {"yesterday": "gestern", "today": "heute", "then": "dann", "often": "oft"}
ARTICLES = {
    "nominative": {"m": "der", "f": "die", "n": "das", "plural": "die"},
    "accusative": {"m": "den", "f": "die", "n": "das", "plural": "die"},
}
PRONOUNS = {"m": "er", "f": "sie", "n": "es", "plural": "sie"}


@dataclass(frozen=True)
class Sentence:
    """One sentence in both languages, and what is known of it."""

    source: Words
    target: Words
    meant: str = ""
    """The key of the noun that *it* stands for; empty where there is no *it*."""

    @property
    def pair(self) -> tuple[str, str]:
        return text_of(self.source), text_of(self.target)


def text_of(words: Words) -> str:
    """The words as a sentence: a capital first, a full stop last."""
    text = " ".join(word for word, _ in words)
    return f"{text[0].upper()}{text[1:]}."


class Phrase(NamedTuple):
    """A noun with its article: both languages' words and what agrees with it."""

    source: Words
    target: Words
    number: str
    """The gender, or ``plural``."""


def noun_phrase(key: str, noun: Noun, case: str, chance: random.Random, *, plural: bool) -> Phrase:
    """``the``, perhaps an adjective, and the noun, with German endings for the case: nominative or accusative."""
    number = "plural" if plural else noun.gender
    source: Words = [("the", f"{key} article")]
    target: Words = [(ARTICLES[case][number], f"{key} article")]
    if chance.random() < 0.4:
        english, german = chance.choice([*BEFORE_NOUNS.items()])
        ending = "en" if plural or (case == "accusative" and noun.gender == "m") else "e"
        source.append((english, f"{key} adjective"))
        target.append((german + ending, f"{key} adjective"))
    source.append((noun.english_plural if plural else noun.english, key))
    target.append((noun.german_plural if plural else noun.german, key))
    return Phrase(source, target, number)


def past(verb: str, *, plural: bool) -> str:
    """The German past of a verb, singular or plural."""
    return verb if not plural else f"{verb}n" if verb.endswith("e") else f"{verb}en"


def sentence(chance: random.Random) -> Sentence:
    """One sentence, drawn by ``chance``."""
    many = chance.random() < 0.2
    subject = noun_phrase("subject", chance.choice(ANIMALS), "nominative", chance, plural=many)
    place = chance.choice(PLACES)
    thing = noun_phrase("object", place, "accusative", chance, plural=False)
    verb = chance.choice(VERBS)
    kind = chance.choice([statement, denial, perfect, because, because, relative])
    return kind(subject, thing, verb, many, chance)


def statement(subject: Phrase, thing: Phrase, verb: Verb, many: bool, chance: random.Random) -> Sentence:
    """*Yesterday the dog crossed the street.* German puts the verb second."""
    german: Words = [(past(verb.german_past, plural=many), "verb")]
    clause = [*subject.source, (verb.english_past, "verb"), *thing.source]
    if chance.random() < 0.5:
        first, erst = chance.choice([*ADVERBS.items()])
        return Sentence([(first, "adverb"), *clause], [(erst, "adverb"), *german, *subject.target, *thing.target])
    return Sentence(clause, [*subject.target, *german, *thing.target])


def denial(subject: Phrase, thing: Phrase, verb: Verb, many: bool, chance: random.Random) -> Sentence:
    """*The dog didn't cross the street.* German has no *did*, and *nicht* comes late."""
    source = [*subject.source, ("didn't", "not"), (verb.english, "verb"), *thing.source]
    did = (past(verb.german_past, plural=many), "verb")
    return Sentence(source, [*subject.target, did, *thing.target, ("nicht", "not")])


def perfect(subject: Phrase, thing: Phrase, verb: Verb, many: bool, chance: random.Random) -> Sentence:
    """*The dog has crossed the street.* The German participle goes to the end."""
    source = [
        *subject.source,
        ("have" if many else "has", "auxiliary"),
        (verb.english_participle, "verb"),
        *thing.source,
    ]
    auxiliary = ("haben" if many else "hat", "auxiliary")
    return Sentence(source, [*subject.target, auxiliary, *thing.target, (verb.german_participle, "verb")])


def because(subject: Phrase, thing: Phrase, verb: Verb, many: bool, chance: random.Random) -> Sentence:
    """*The dog didn't cross the street because it was too tired.* Who is *it*? German must know, and has the verb last."""
    first = denial(subject, thing, verb, many, chance)
    meant, of = chance.choice([("subject", OF_ANIMALS), ("object", OF_PLACES)])
    number = subject.number if meant == "subject" else thing.number
    english, german = chance.choice([*of.items()])
    too = chance.random() < 0.7
    plural = number == "plural"
    source = [("because", "because"), ("they" if plural else "it", "it"), ("were" if plural else "was", "was")]
    target = [("weil", "because"), (PRONOUNS[number], "it")]
    if too:
        source.append(("too", "too"))
        target.append(("zu", "too"))
    source.append((english, "property"))
    target += [(german, "property"), ("waren" if plural else "war", "was")]
    return Sentence([*first.source, *source], [*with_comma(first.target), *target], "" if plural else meant)


def relative(subject: Phrase, thing: Phrase, verb: Verb, many: bool, chance: random.Random) -> Sentence:
    """*The dog that crossed the street was tired.* In German the clause has commas, a gender, and its verb last."""
    english, german = chance.choice([*OF_ANIMALS.items()])
    that = ARTICLES["nominative"][subject.number]
    source = [*subject.source, ("that", "that"), (verb.english_past, "verb"), *thing.source]
    source += [("were" if many else "was", "was"), (english, "property")]
    clause = [(that, "that"), *thing.target, (past(verb.german_past, plural=many), "verb")]
    target = [
        *with_comma(subject.target),
        *with_comma(clause),
        ("waren" if many else "war", "was"),
        (german, "property"),
    ]
    return Sentence(source, target)


def with_comma(words: Words) -> Words:
    return [*words[:-1], (f"{words[-1][0]},", words[-1][1])]


def sentences(count: int, seed: int = 1) -> list[Sentence]:
    """``count`` different ones, the same for the same seed."""
    chance = random.Random(seed)
    found: dict[tuple[str, str], Sentence] = {}
    while len(found) < count:
        made = sentence(chance)
        found.setdefault(made.pair, made)
    return list(found.values())
