"""Words around nouns and verbs, in both languages: persons, degrees, openings, and adjectives that decide nothing."""

from typing import NamedTuple

AGAIN = {"he": "er", "she": "sie", "they": "sie", "I": "ich", "we": "wir"}


class Person(NamedTuple):
    """A human subject, which is not *it*."""

    english: str
    again: str
    """Its English pronoun."""
    german: str
    number: str = "3"
    """1 for ich, 3 for er, p for the plural."""

    @property
    def german_again(self) -> str:
        return AGAIN[self.again]


PERSONS = [
    Person("I", "I", "ich", "1"),
    Person("we", "we", "wir", "p"),
    *(Person(word, word, AGAIN[word]) for word in ("he", "she")),
    *(Person(name, "he", name) for name in ("Tom", "Peter")),
    *(Person(english, "she", german) for english, german in (("Mary", "Maria"), ("Anna", "Anna"))),
    Person("my brother", "he", "mein Bruder"),
    Person("my sister", "she", "meine Schwester"),
    Person("my mother", "she", "meine Mutter"),
    Person("my father", "he", "mein Vater"),
    Person("the woman", "she", "die Frau"),
    Person("the old woman", "she", "die alte Frau"),
    Person("the man", "he", "der Mann"),
    Person("the boy", "he", "der Junge"),
    Person("the teacher", "she", "die Lehrerin"),
    Person("the farmer", "he", "der Bauer"),
    Person("our neighbour", "he", "unser Nachbar"),
    Person("her uncle", "he", "ihr Onkel"),
    Person("my parents", "they", "meine Eltern", "p"),
    Person("the children", "they", "die Kinder", "p"),
]

Degree = tuple[str, str, int]
"""English, German, how often."""
PLAIN: Degree = ("", "", 1)
DEGREES: dict[str, list[Degree]] = {
    "too": [
        *[("too", "zu", 60), ("far too", "viel zu", 6), ("much too", "viel zu", 4), ("a bit too", "etwas zu", 3)],
        *[("simply too", "einfach zu", 3), ("", "", 12), ("so", "so", 6), ("very", "sehr", 6)],
    ],
    "if": [
        ("too", "zu", 60),
        ("far too", "viel zu", 6),
        ("still too", "noch zu", 6),
        ("", "", 20),
        ("very", "sehr", 8),
    ],
    "very": [
        *[("", "", 38), ("very", "sehr", 32), ("so", "so", 10), ("really", "wirklich", 6), ("quite", "ziemlich", 6)],
        *[("rather", "ziemlich", 3), ("extremely", "äußerst", 2), ("particularly", "besonders", 3)],
    ],
    "even": [
        *[("", "", 40), ("very", "sehr", 32), ("really", "wirklich", 8), ("quite", "ziemlich", 10)],
        ("rather", "ziemlich", 4),
    ],
    "so": [("so", "so", 1)],
    "unless": [("so", "so", 3), ("too", "zu", 1), ("that", "so", 1)],
    "plain": [PLAIN],
}
"""By a frame's degree."""

POSSESSORS = {
    "Tom's": "Toms",
    "Mary's": "Marias",
    "the farmer's": " des Bauern",
    "my brother's": " meines Bruders",
    "my sister's": " meiner Schwester",
    "our neighbour's": " unseres Nachbarn",
    "the woman's": " der Frau",
    "the child's": " des Kindes",
}
"""Whose it is, another noun that *it* could be taken for: a name stands before the German noun, the others behind it."""

OPENINGS = [
    *[("Yesterday", "Gestern"), ("This morning", "Heute Morgen"), ("In the end", "Am Ende"), ("Today", "Heute")],
    *[("Unfortunately", "Leider"), ("At first", "Zuerst"), ("Last night", "Gestern Abend"), ("On Monday", "Am Montag")],
    *[("Once again", "Wieder einmal"), ("Last week", "Letzte Woche"), ("That day", "An jenem Tag")],
    *[("After the meal", "Nach dem Essen"), ("During the night", "In der Nacht"), ("After the war", "Nach dem Krieg")],
    *[
        ("Behind the church", "Hinter der Kirche"),
        ("Before the party", "Vor der Feier"),
        ("Two days ago", "Vor zwei Tagen"),
    ],
    *[("At the weekend", "Am Wochenende"), ("In front of the school", "Vor der Schule"), ("Of course", "Natürlich")],
    *[
        ("During the journey", "Auf der Reise"),
        ("After the film", "Nach dem Film"),
        ("On his birthday", "An seinem Geburtstag"),
    ],
    *[
        ("Near the station", "In der Nähe des Bahnhofs"),
        ("In the beginning", "Am Anfang"),
        ("For once", "Ausnahmsweise"),
    ],
]
"""Nouns among them, which the pronoun behind does not mean."""
OPENINGS_NOW = [
    *[("Today", "Heute"), ("Unfortunately", "Leider"), ("Sometimes", "Manchmal"), ("At night", "In der Nacht")],
    *[("In winter", "Im Winter"), ("Of course", "Natürlich"), ("After school", "Nach der Schule"), ("Here", "Hier")],
    *[("In the morning", "Am Morgen"), ("At the moment", "Im Moment"), ("In this picture", "Auf diesem Bild")],
    *[
        ("In this story", "In dieser Geschichte"),
        ("In this film", "In diesem Film"),
        ("Behind the house", "Hinter dem Haus"),
    ],
]
"""The same where it is told in the present."""
THOUGHTS = [
    *[("I think", "Ich glaube, dass"), ("I think that", "Ich glaube, dass"), ("she said that", "Sie sagte, dass")],
    *[("he says that", "Er sagt, dass"), ("we were told that", "Man sagte uns, dass")],
    *[("I know that", "Ich weiß, dass"), ("Tom says", "Tom sagt, dass"), ("it seems that", "Es scheint, dass")],
    *[("I heard that", "Ich hörte, dass"), ("the farmer told us that", "Der Bauer erzählte uns, dass")],
    ("everybody knows that", "Jeder weiß, dass"),
]

WEATHER = [
    ("it was raining", "es regnete", "es regnete"),
    ("it was snowing", "es schneite", "es schneite"),
    ("it was too late", "es war zu spät", "es zu spät war"),
    ("it was already dark", "es war schon dunkel", "es schon dunkel war"),
    ("it was getting dark", "es wurde dunkel", "es dunkel wurde"),
    ("it was too cold outside", "es war draußen zu kalt", "es draußen zu kalt war"),
    ("it was very foggy", "es war sehr neblig", "es sehr neblig war"),
    ("it was Sunday", "es war Sonntag", "es Sonntag war"),
    ("it was too early", "es war zu früh", "es zu früh war"),
    ("it was midnight", "es war Mitternacht", "es Mitternacht war"),
    ("it was terribly hot", "es war furchtbar heiß", "es furchtbar heiß war"),
    ("there was a storm", "es gab einen Sturm", "es einen Sturm gab"),
]
"""*It* that stands for no noun: so that a model does not look for one everywhere."""

OWNED = ("pet", "farm", "article", "car", "bike", "cart", "room", "shed", "parcel", "screen", "writing")
"""Groups of nouns that can be mine or yours."""
Adjectives = list[tuple[str, str]]
COLOURS: Adjectives = [("black", "schwarz"), ("white", "weiß"), ("brown", "braun"), ("grey", "grau")]
BRIGHT: Adjectives = [("red", "rot"), ("blue", "blau"), ("green", "grün"), ("yellow", "gelb"), *COLOURS]
AGE: Adjectives = [("old", "alt"), ("new", "neu")]
SIZE: Adjectives = [("little", "klein"), ("big", "groß")]
COUNTING = {"first", "second", "last", "other"}
"""Not of milk."""
ADJECTIVES: list[tuple[str, Adjectives]] = [
    ("being", [*COLOURS, *SIZE, ("old", "alt"), ("young", "jung"), ("beautiful", "schön")]),
    ("article", [*BRIGHT, *AGE, ("little", "klein"), ("beautiful", "schön")]),
    ("vehicle", [*BRIGHT, *AGE, *SIZE]),
    ("house", [*AGE, *SIZE, ("white", "weiß")]),
    ("land", [*SIZE, ("beautiful", "schön")]),
    ("flora", [("old", "alt"), ("little", "klein"), ("beautiful", "schön")]),
    ("opening", [*AGE, ("green", "grün"), ("second", "zweit")]),
    ("writing", [*AGE, ("second", "zweit"), ("last", "letzt")]),
    ("boat", [*AGE, ("white", "weiß"), ("little", "klein")]),
    ("solid", [("first", "erst"), ("last", "letzt"), ("other", "ander")]),
]
"""By group, the first that fits: what may stand before a noun because no reason of the lexicon speaks of it."""
