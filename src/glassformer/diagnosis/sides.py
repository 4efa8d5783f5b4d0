"""Faults of a corpus's sides: which language a line is in, and whether source and target are exchanged."""

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import chain

import numpy as np
import numpy.typing as npt

from glassformer.corpus.read import Pair
from glassformer.corpus.units import units
from glassformer.diagnosis.finding import Finding

LOOKED_AT = 20_000
"""Pairs, from the beginning of the corpus."""
COMMON = {
    "en": "the a an of and to is are in that it you was for he she not with on",
    "de": "der die das und ist nicht ich sie es ein eine einen einem im zu mit auf den wir",
    "fr": "le la les des du de et est un une je il elle pas que vous dans sur",
    "es": "el la los de y es un una que no en por con lo se",
    "it": "il la di e è un una che non in per con sono mi lo",
    "pt": "o a os de e é um uma que não em para com eu se",
    "nl": "de het een en is van niet ik dat in je op zijn te ze",
    "sv": "och det att är en jag som inte på för han hon med ett den",
    "pl": "i w nie na to się jest że z do jak co ja tak o",
    "ru": "и в не на я что он она это с как у ты по мы",
}
"""Each language's commonest words: enough to tell a whole side's language."""
SCRIPTS = {
    "ja": ("\u3040", "\u30ff"), "ko": ("\uac00", "\ud7a3"), "zh": ("\u4e00", "\u9fff"), "th": ("\u0e00", "\u0e7f"),
    "el": ("\u0370", "\u03ff"), "he": ("\u0590", "\u05ff"), "hi": ("\u0900", "\u097f"), "ar": ("\u0600", "\u06ff"),
}  # fmt: skip
"""The first and the last character of scripts that tell a language; kana stand between Han characters."""
OTHER_NAMES = {"cn": "zh", "zho": "zh", "cmn": "zh", "jp": "ja", "jpn": "ja", "kr": "ko", "kor": "ko"}
JUDGED = 4000
"""Pairs, chosen by chance, by which it is found out whether some are turned: the half of them to learn from."""
SURE = 1.0
"""Nats a word by which a line belongs to a side rather than to the other one."""
FEATURES = 2000
"""Words by which pairs that stand one way are distinguished from those that stand the other way."""


class Profile(dict[str, float]):
    """How usual each word is on one side, as the logarithm of its share: enough to tell which of two sides a line belongs
    to. The logarithms are made when they are asked for."""

    def __init__(self, lines: Iterable[str]) -> None:
        super().__init__()
        self.words = Counter(chain.from_iterable(map(units, lines)))
        self.total = self.words.total() + 1

    def __missing__(self, word: str) -> float:
        self[word] = math.log((self.words[word] + 0.1) / self.total)
        return self[word]


Profiles = tuple[Profile, Profile]


def profiles_of(pairs: Sequence[Pair]) -> Profiles:
    """The source's and the target's, of the first ``LOOKED_AT`` pairs."""
    some = pairs[:LOOKED_AT]
    return Profile(source for source, _ in some), Profile(target for _, target in some)


def language_of(lines: Iterable[str], words: Counter[str] | None = None) -> str:
    """The language whose script, or whose commonest words, make up most of the text; empty when none is clear. ``words``:
    those of the lines, where they are counted already."""
    lines = list(lines)
    letters = Counter({letter: n for letter, n in Counter("".join(lines)).items() if letter.isalpha()})
    of = {name: sum(n for letter, n in letters.items() if a <= letter <= b) for name, (a, b) in SCRIPTS.items()}
    if of["ja"] > 0.1 * of["zh"] and of["ja"] + of["zh"] > letters.total() / 2:
        return "ja"
    if letters and max(of.values()) > letters.total() / 2:
        return max(of, key=lambda name: of[name])
    words = Profile(lines).words if words is None else words
    shares = {name: sum(words[word] for word in common.split()) for name, common in COMMON.items()}
    first, second = sorted(shares, key=lambda name: -shares[name])[:2]
    enough = words.total() and shares[first] > 0.05 * words.total()
    return first if enough and shares[first] > 1.3 * shares[second] else ""


def swapped(pairs: Sequence[Pair], languages: tuple[str, str] | None, profiles: Profiles) -> Finding | None:
    """The sides are not in the languages that the files' names say."""
    if languages is None:
        return None
    languages = OTHER_NAMES.get(languages[0], languages[0]), OTHER_NAMES.get(languages[1], languages[1])
    lines = ([pair[side] for pair in pairs[:LOOKED_AT]] for side in (0, 1))
    seen = tuple(language_of(some, profile.words) for some, profile in zip(lines, profiles, strict=True))
    if seen == languages[::-1] and seen[0] != seen[1]:
        return Finding(
            "sides swapped",
            "bad",
            f"the source should be {languages[0]} and the target {languages[1]}, and it is the other way round",
            "exchange --source and --target",
        )
    for name, said, found in zip(("source", "target"), languages, seen, strict=True):
        if found and said in COMMON | SCRIPTS and found != said:
            return Finding(
                "wrong language",
                "bad",
                f"the {name} should be {said}, and most of it is {found}",
                f"look into the {name} file: is it the right one?",
            )
    return None


def belongs_to(line: str, own: Profile, other: Profile) -> float:
    """Above 0 for a line that is likelier one of the other side: nats a word."""
    words = units(line)
    return sum(other[word] - own[word] for word in words) / max(len(words), 1)


def turned(pairs: Sequence[Pair]) -> tuple[list[int], int]:
    """The numbers of pairs that stand the other way round than most, among those that are looked at (how many).

    A corpus of both ways has mixed sides, so that no profile of a side tells them. But the differences between a pair's
    sides all lie along one line, in one direction or in the other: along the first principal component. It is found on
    one half of the pairs, and profiles made of these, turned one way, judge the other half: chance alone, as in sides of
    the same language, does not carry over.
    """
    order = (
        np.random.default_rng(1).permutation(min(len(pairs), LOOKED_AT))[:JUDGED].tolist()
    )  # lines may be turned by turns
    halves = sorted(order[::2]), sorted(order[1::2])
    learnt, judged = ([pairs[number] for number in half] for half in halves)
    ways = directions(learnt)
    own = Profile(pair[0] if way > 0 else pair[1] for pair, way in zip(learnt, ways, strict=True))
    other = Profile(pair[1] if way > 0 else pair[0] for pair, way in zip(learnt, ways, strict=True))
    found: dict[bool, list[int]] = {True: [], False: []}
    for number, (source, target) in zip(halves[1], judged, strict=True):
        left, right = belongs_to(source, own, other), belongs_to(target, other, own)
        if min(left, right) > SURE or max(left, right) < -SURE:
            found[left > 0].append(number)
    few, most = sorted(found.values(), key=len)
    sides = [{word for number in most for word in units(pairs[number][side])} for side in (0, 1)]
    return [number for number in few if is_at_home_turned(pairs[number], sides)], len(judged)


def is_at_home_turned(pair: Pair, sides: Sequence[set[str]]) -> bool:
    """Whether each line has more words of the other side's than of its own, ``sides`` being the words of the pairs that
    stand as most do. A pair of two other languages has none of either."""
    words = [units(text) for text in pair]
    return all(
        sum(word in sides[1 - side] for word in words[side]) > sum(word in sides[side] for word in words[side])
        for side in (0, 1)
    )


def directions(pairs: Sequence[Pair]) -> npt.NDArray[np.float64]:
    """For each pair, on which side of 0 the difference of its sides' words lies along its first principal component."""
    rows = [(Counter(units(source)), Counter(units(target))) for source, target in pairs]
    counts: Counter[str] = Counter()
    for row in rows:
        counts.update(row[0])
        counts.update(row[1])
    known = {word: place for place, (word, _) in enumerate(counts.most_common(FEATURES))}
    differences = np.zeros((len(pairs), len(known)), dtype=np.float32)
    for number, row in enumerate(rows):
        for sign, words in zip((1, -1), row, strict=True):
            for word, count in words.items():
                if (place := known.get(word)) is not None:
                    differences[number, place] += sign * count / math.sqrt(words.total())
    # a power iteration; it begins with what the longest difference has, so that no chance is needed
    axis = differences[np.argmax((differences**2).sum(axis=1))] if len(pairs) else np.zeros(0, dtype=np.float32)
    for _ in range(50):
        axis = differences.T @ (differences @ axis)
        axis = axis / (np.linalg.norm(axis) or 1)
    return np.asarray(differences @ axis, dtype=np.float64)


def swapped_in_part(pairs: Sequence[Pair]) -> Finding | None:
    """Some pairs have source and target exchanged."""
    if len(pairs) < 20:
        return None
    numbers, judged = turned(pairs)
    if len(numbers) <= max(0.01 * judged, 2):
        return None
    source, target = pairs[numbers[0]]
    return Finding(
        "sides swapped in part",
        "bad" if len(numbers) > 0.03 * judged else "watch",
        f"in {100 * len(numbers) / judged:.0f} % of the pairs source and target are exchanged, other than in the rest, such "
        f"as in pair {numbers[0] + 1:,}: “{source[:40]}” → “{target[:40]}”",
        "turn these pairs round, so that every source is in one language and every target in the other",
    )


def other_language_within(pairs: Sequence[Pair], profiles: Profiles) -> Finding | None:
    """Some lines of a side are in the other side's language."""
    some = pairs[:LOOKED_AT]
    for side, name in enumerate(("source", "target")):
        wrong = [
            number
            for number, pair in enumerate(some)
            if pair[0] != pair[1]
            and len(units(pair[side])) >= 4
            and belongs_to(pair[side], profiles[side], profiles[1 - side]) > SURE
        ]
        if len(wrong) > 0.02 * len(some):
            return Finding(
                "wrong language in a side",
                "bad" if len(wrong) > 0.1 * len(some) else "watch",
                f"{100 * len(wrong) / len(some):.0f} % of the {name} lines look like the other side's language, such as "
                f"pair {wrong[0] + 1:,}: “{some[wrong[0]][side][:60]}”",
                f"leave these pairs out: the model learns from them to leave sentences in the {name}'s other language",
            )
    return None


def validation_swapped(validation: Sequence[Pair], profiles: Profiles) -> Finding | None:
    """The validation pairs, or some of them, stand the other way round than the training pairs, whose profiles these
    are."""
    ways = [(belongs_to(source, *profiles), belongs_to(target, *profiles[::-1])) for source, target in validation]
    most = sum(min(way) > 0 for way in ways) >= len(validation) / 2
    wrong = sum(min(way) > (0 if most else SURE) for way in ways)
    if not validation or wrong <= 0.05 * len(validation):
        return None
    return Finding(
        "validation sides swapped" if most else "validation sides swapped in part",
        "bad",
        f"{wrong:,} of {len(validation):,} validation pairs have their sides the other way round than the training pairs",
        "exchange --valid-source and --valid-target" if most else "turn these pairs round",
    )
