"""The words, read from the text files beside this one: nouns and what they are, what can be said of them, verbs."""

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from glassformer.errors import CorpusError

HERE = Path(__file__).parent
GENDERS = {"der": "m", "die": "f", "das": "n"}
VOWELS = "aeiou"
GERMAN_NOW = {
    "war": ("ist", "sind"),
    "hatte": ("hat", "haben"),
    "musste": ("muss", "müssen"),
    "konnte": ("kann", "können"),
    "brauchte": ("braucht", "brauchen"),
    "wollte": ("will", "wollen"),
    "wurde": ("wird", "werden"),
}
ENGLISH_NOW = {
    "was": ("is", "are"),
    "had": ("has", "have"),
    "could": ("can", "can"),
    "needed": ("needs", "need"),
    "wanted": ("wants", "want"),
}
"""The finite verbs of phrases that have a present: singular, plural."""
THEN = re.compile(r"\b(last|that (morning|evening)|ago|overnight|had just|as late as|during the night|in \d+|next)\b")
"""Words of a phrase that tell when it was: *had been baked that morning* has no present."""


@dataclass(frozen=True, eq=False)
class Noun:
    """A noun in both languages, one object. ``group`` is the one it stands in, ``groups`` also the sets that name it."""

    english: str
    english_plural: str
    """Empty where there is none."""
    gender: str
    """m, f or n, in German."""
    german: str
    german_plural: str
    weak: bool
    """Ends in -n in all cases but the nominative: der Löwe, den Löwen."""
    group: str
    groups: frozenset[str]


@dataclass(frozen=True, eq=False)
class Predicate:
    """A phrase about a noun: *was tired*, or with ``phrase`` a verb's whole phrase: *had a flat tyre*."""

    english: str
    german: str
    """The adjective; of a phrase what stands between its finite verb and its end."""
    stem: str
    """The adjective before an ending: hoch, hohes. Empty where it cannot stand before a noun."""
    graded: bool
    """Whether it can be *too* much."""
    finite: str
    """Of a phrase the German verb, singular; of adjectives ``war``."""
    prefix: str
    """Of a phrase the German verb's separable prefix."""
    of: frozenset[str]
    """The names of the nouns of which it can be said."""

    phrase: bool
    """Whether it is a verb's whole phrase."""

    @property
    def has_present(self) -> bool:
        """Whether it can be told in the present: *has to be repaired*, but not *would not start* or *was towed away*."""
        if self.phrase and THEN.search(self.english):
            return False
        if self.finite == "wurde":
            return self.english.startswith("was being ")
        return not self.phrase or (self.finite in GERMAN_NOW and self.english.split(" ")[0] in ENGLISH_NOW)


@dataclass(frozen=True)
class Verb:
    """A verb in both languages."""

    english: str
    past: str
    participle: str
    preposition: str
    infinitive: str
    """German, in one word: aufhalten."""
    finite: str
    """The German past, singular, without its prefix: hielt."""
    prefix: str
    german_present: str
    """The German present, third person singular, without its prefix: hält."""
    german_participle: str
    auxiliary: str
    """hatte or war."""
    reflexive: bool
    german_preposition: str
    case: str
    """acc or dat: of the object, or behind the preposition."""


def entries(name: str) -> list[str]:
    """The lines of one of the files, without comments."""
    lines = (HERE / name).read_text(encoding="utf-8").split("\n")
    return [line for line in lines if line.strip() and not line.startswith("#")]


def english_plural(noun: str) -> str:
    """The plural by rule: boxes, flies, dogs."""
    if re.search(r"(s|sh|ch|x|z)$", noun):
        return f"{noun}es"
    return f"{noun[:-1]}ies" if re.search(r"[^aeiou]y$", noun) else f"{noun}s"


@cache
def nouns() -> dict[str, Noun]:
    """All nouns by their English name."""
    found: dict[str, tuple[str, str]] = {}
    sets: list[tuple[str, list[str]]] = []
    for line in entries("nouns.txt"):
        if line.startswith("set "):
            name, _, named = line[4:].partition(" = ")
            sets.append((name, members_of(named)))
            continue
        group, rest = line.split(": ")
        for entry in rest.split("; "):
            english = entry.split(",")[0].split("/")[0]
            if english in found:
                raise CorpusError(f"nouns.txt has {english!r} in {found[english][0]!r} and in {group!r}: one must go")
            found[english] = (group, entry)
    of: dict[str, set[str]] = {english: {group} for english, (group, _) in found.items()}
    for name, members in sets:
        for english in of:
            if any(member[1:] == english if member.startswith("=") else member in of[english] for member in members):
                of[english].add(name)
    return {english: noun_of(entry, group, frozenset(of[english])) for english, (group, entry) in found.items()}


@cache
def noun_names() -> frozenset[str]:
    groups = (line.split(": ")[1] for line in entries("nouns.txt") if not line.startswith("set "))
    return frozenset(re.split(r"[,/]", entry)[0] for group in groups for entry in group.split("; "))


def members_of(text: str) -> list[str]:
    """*pet =guinea pig wall* is pet, =guinea pig (if there is one) and wall: a noun's name may have blanks."""
    words, found = text.split(), list[str]()
    while words:
        for length in (4, 3, 2, 1):
            name = " ".join(words[:length])
            if name.startswith("=") and name[1:] in noun_names():
                break
        found.append(" ".join(words[:length]))
        del words[:length]
    return found


def noun_of(entry: str, group: str, groups: frozenset[str]) -> Noun:
    """The noun of an entry of nouns.txt: *wolf/wolves, der Wolf, Wölfe*."""
    english, german, plural = (part.strip() for part in entry.split(","))
    name, _, many = english.partition("/")
    article, word = german.split(" ")
    has_plural = plural != "-" and many != "-"
    return Noun(
        name,
        (many or english_plural(name)) if has_plural else "",
        GENDERS[article],
        word.rstrip("*"),
        plural if has_plural else "",
        word.endswith("*"),
        group,
        groups,
    )


@cache
def meant(text: str) -> tuple[Noun, ...]:
    """The nouns that *pet =wolf except =poodle* names; raises CorpusError for a name that is no noun's and no group's."""
    text, _, others = text.partition(" except ")
    if others:
        return tuple(noun for noun in meant(text) if noun not in meant(others))
    found: dict[str, Noun] = {}
    for member in members_of(text):
        name = member.removeprefix("=")
        some = [one for one in nouns().values() if (one.english == name if name != member else name in one.groups)]
        if not some:
            raise CorpusError(f"{member!r} in {text!r} is neither a noun (=noun) nor a group of nouns.txt")
        found |= {noun.english: noun for noun in some}
    return tuple(found.values())


@cache
def predicates() -> dict[str, list[Predicate]]:
    """All predicates by their English words: one for each German word that they have."""
    collected: dict[tuple[str, str], set[str]] = {}
    for line in entries("predicates.txt"):
        groups, rest = line.split(": ", 1)
        of = {noun.english for noun in meant(groups)}
        for entry in rest.split("; "):
            english, german = entry.split(" = ")
            collected.setdefault((english.strip(), german.strip()), set()).update(of)
    found: dict[str, list[Predicate]] = {}
    for (english, german), of in collected.items():
        made = predicate_of(english, german, frozenset(of))
        found.setdefault(made.english, []).append(made)
    return found


@cache
def phrases_of(noun: Noun) -> tuple[Predicate, ...]:
    """All that is said of a noun with a whole verb phrase: *had lost a wheel*, *was sold out*."""
    return tuple(one for some in predicates().values() for one in some if one.phrase and noun.english in one.of)


def predicate_of(english: str, german: str, of: frozenset[str]) -> Predicate:
    if english.startswith("~"):
        finite, middle, prefix = (*german.split("|"), "")[:3]
        return Predicate(english[1:], middle, "", False, finite, prefix, of, phrase=True)
    word, _, stem = german.partition("/")
    name = english.lstrip("!")
    stands_before = " " not in name and " " not in word and word != "zu"
    return Predicate(
        name, word, (stem or word) if stands_before else "", not english.startswith("!"), "war", "", of, phrase=False
    )


def predicate(english: str, noun: Noun) -> Predicate | None:
    """The predicate with these words that can be said of this noun, if any."""
    return next((one for one in predicates().get(english, []) if noun.english in one.of), None)


def verb_of(text: str) -> Verb:
    """A verb from "english [past participle] [+ preposition] = german …", as scenes.txt has it."""
    english, german = text.split(" = ")
    words, _, preposition = english.partition(" + ")
    base, past, participle = (*words.split(), "", "")[:3]
    past = past or english_past(base)
    rest, _, governed = german.partition(" + ")
    german_preposition, _, case = governed.partition(":")
    forms = rest.split()
    dative, moves = "dat" in forms, "(ist)" in forms
    forms = [form for form in forms if form not in ("dat", "(ist)", "sich")]
    prefix, _, stem = forms[0].rpartition("|")
    if prefix and len(forms) == 4:
        del forms[2]
    finite, german_participle = (forms[1], forms[2]) if len(forms) == 3 else weak_forms(prefix, stem)
    return Verb(
        english=base,
        past=past,
        participle=participle or past,
        preposition=preposition.strip(),
        infinitive=prefix + stem,
        finite=finite,
        prefix=prefix,
        german_present=VOWEL_CHANGES.get(stem) or weak_present(stem),
        german_participle=german_participle,
        auxiliary="war" if moves else "hatte",
        reflexive="sich" in rest.split(),
        german_preposition=german_preposition,
        case=case.strip() or ("dat" if dative else "acc"),
    )


def english_past(base: str) -> str:
    if base.endswith("e"):
        return f"{base}d"
    return f"{base[:-1]}ied" if re.search(r"[^aeiou]y$", base) else f"{base}ed"


def english_present(base: str) -> str:
    """The third person singular: *carries*, *watches*, *eats*. Plurals of nouns follow the same rule."""
    return english_plural(base)


VOWEL_CHANGES = {
    "betreten": "betritt", "verlassen": "verlässt", "fressen": "frisst", "vergraben": "vergräbt", "tragen": "trägt",
    "stehlen": "stiehlt", "waschen": "wäscht", "fahren": "fährt", "schmelzen": "schmilzt", "gefallen": "gefällt",
    "lesen": "liest", "fallen": "fällt", "verderben": "verdirbt", "stechen": "sticht", "fangen": "fängt",
    "halten": "hält", "zerbrechen": "zerbricht", "schlafen": "schläft", "mögen": "mag", "treffen": "trifft",
    "nehmen": "nimmt", "sehen": "sieht", "werfen": "wirft", "lassen": "lässt", "geben": "gibt",
    "essen": "isst", "braten": "brät", "laden": "lädt", "vergessen": "vergisst",
}  # fmt: skip
"""Strong verbs whose vowel changes in the third person singular of the present."""


def weak_present(infinitive: str) -> str:
    """By rule, without a prefix: öffnet, füttert, redet."""
    stem = re.sub(r"e?n$", "", infinitive)
    return f"{stem}et" if re.search(r"([dt]|[^lrhmnaeiouäöü][mn]|chn)$", stem) else f"{stem}t"


def first_person(infinitive: str) -> str:
    """The present that stands behind *ich*, without a prefix: öffne, bügle, mag."""
    stem = re.sub(r"e?n$", "", infinitive)
    return "mag" if infinitive == "mögen" else f"{stem[:-2]}le" if infinitive.endswith("eln") else f"{stem}e"


def weak_forms(prefix: str, infinitive: str) -> tuple[str, str]:
    """Past and participle by rule: öffnen, öffnete, geöffnet; aufräumen, räumte, aufgeräumt."""
    stem = re.sub(r"e?n$", "", infinitive)
    link = "e" if re.search(r"([dt]|[^lrhaeiouäöü]n|chn)$", stem) else ""
    bare = infinitive.endswith("ieren") or (not prefix and re.match(r"(be|ge|ver|er|ent|zer)", infinitive))
    return f"{stem}{link}te", f"{prefix}{'' if bare else 'ge'}{stem}{link}t"
