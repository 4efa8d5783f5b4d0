"""Extra training pairs as people really type them: in lower case, without a full stop, mistyped, with links, joined.

A copy follows its pair in the corpus and stays the same in every epoch, since batches are planned by the lengths on
disk. Which pairs are copied, and how, depends on their numbers and on the training's seed, so that a training with
another seed sees other typos. The kinds that must also show in the translation change both sides; those that must not,
the source alone. After OpusTrainer (Burchell et al. 2023), and for the joined
ones Kondo et al. 2021.
"""

import random
import re
import string
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator

from glassformer.corpus.marks import with_marks_of
from glassformer.corpus.read import Pair

NEIGHBOURS = 1000
"""Pairs from which a joined one takes its other sentences: the last ones."""
MOST_JOINED = 6
"""Sentences in a joined pair; at least 2."""
LONGEST = 5000
"""Characters of a side; a longer pair has no copy. Such a line has more tokens than a batch usually takes, and mistyping it
takes a time that grows with the square of its length."""
LETTERS_TO_A_TYPO = 20
"""On average; at least one typo a sentence."""


def lower_case(pair: Pair, chance: random.Random) -> Pair:
    """The source alone, its first letter sometimes kept: SHOUTED and Titled lines are read so as well (``text/case.py``)."""
    text = pair[0].lower()
    return (text[:1].upper() + text[1:] if chance.random() < 0.5 else text), pair[1]


def no_final_punctuation(pair: Pair, chance: random.Random) -> Pair:
    """Both sides, where both end in a mark."""
    sides = tuple(side.rstrip(" .!?…。！？") for side in pair)
    changed = all(sides) and all(len(side) < len(was) for side, was in zip(sides, pair, strict=True))
    return (sides[0], sides[1]) if changed else pair


def typos(pair: Pair, chance: random.Random) -> Pair:
    """The source alone: letters swapped, dropped, doubled, or replaced by another."""
    return mistyped(pair[0], chance), pair[1]


def mistyped(text: str, chance: random.Random) -> str:
    letters = list(text)
    for _ in range(max(1, round(len(text) / LETTERS_TO_A_TYPO * chance.uniform(0.5, 1.5)))):
        places = [i for i in range(1, len(letters) - 1) if letters[i].isalpha() and letters[i - 1].isalpha()]
        if not places:
            break
        place = chance.choice(places)
        match chance.randrange(4):
            case 0:
                letters[place - 1], letters[place] = letters[place], letters[place - 1]
            case 1:
                del letters[place]
            case 2:
                letters.insert(place, letters[place])
            case 3:
                letters[place] = chance.choice(string.ascii_lowercase)
    return "".join(letters)


def copied_through(pair: Pair, chance: random.Random) -> Pair:
    """Both sides get the same one to three things which are no words and must come out as they went in: at an end, or
    around or instead of a word that is the same on both sides."""
    for _ in range(chance.choice([1, 1, 2, 3])):
        pair = chance.choice([at_an_end, around_a_name])(pair, chance)
    return pair


def at_an_end(pair: Pair, chance: random.Random) -> Pair:
    """The same thing before or behind both sides, inside or outside their final punctuation."""
    thing = something_to_copy(chance)
    ends = tuple(side[len(side.rstrip(".!?…。！？")) :] for side in pair)
    if all(ends) and chance.random() < 0.4:
        behind = chance.choice([" {}", ": {}", " ({})"]).format(thing)
        return tuple(side[: -len(end)] + behind + end for side, end in zip(pair, ends, strict=True))  # type: ignore[return-value]
    before, after = chance.choice([(f"{thing}: ", ""), (f"{thing} ", ""), ("", f" {thing}"), ("", f" ({thing})")])
    return f"{before}{pair[0]}{after}", f"{before}{pair[1]}{after}"


def around_a_name(pair: Pair, chance: random.Random) -> Pair:
    """A word that is the same on both sides, once on each (a name or a number), becomes a thing or gets tags, marks or
    quotes around it."""
    words = [word for word in re.findall(r"\w{2,}", pair[0]) if all(side.count(word) == 1 for side in pair)]
    if not words:
        return at_an_end(pair, chance)
    word, thing = chance.choice(words), something_to_copy(chance)
    tag = chance.choice(["b", "i", "em", "a", "span", "code", "strong"])
    new = chance.choice([thing, f"<{tag}>{word}</{tag}>", f"**{word}**", f"{word} {thing}", f"{word} ({thing})"])
    return pair[0].replace(word, new), pair[1].replace(word, new)


PICTURES = "😀😂😍👍🙏🎉🔥❤✨🚀🐶🌹🍕⚽🎵💡📷🏠🚗☀⭐✅❌→★♥©™✓"


def something_to_copy(chance: random.Random) -> str:
    def word(alphabet: str = string.ascii_lowercase) -> str:
        return "".join(chance.choices(alphabet, k=chance.randint(2, 9)))

    number = chance.randrange(10 ** chance.randint(1, 6))
    return chance.choice(
        [
            f"https://{word()}.{chance.choice(['org', 'com', 'de', 'net'])}/{word()}",
            f"www.{word()}.{chance.choice(['org', 'com', 'de', 'net'])}",
            f"{word()}@{word()}.org",
            f"{{{word()}}}",
            f"%{chance.choice('sd')}",
            f"%({word()})s",
            f"<{word()}>",
            f"${word(string.ascii_uppercase)}",
            f"__{word()}__",
            f":{word()}:",
            f"&{word()};",
            "".join(chance.choices(PICTURES, k=chance.choice([1, 1, 1, 2, 3]))),
            chance.choice(PICTURES),
            f"{number}",
            f"{number}.{chance.randint(0, 99)}",
            f"#{number}",
            f"{chance.randint(0, 9)}.{chance.randint(0, 20)}.{chance.randint(0, 20)}",
            f"{chance.randint(0, 23)}:{chance.randint(0, 59):02}",
        ]
    )


KINDS: dict[str, Callable[[Pair, random.Random], Pair]] = {
    "in lower case": lower_case,
    "without final punctuation": no_final_punctuation,
    "with typos": typos,
    "with something to copy": copied_through,
}
JOINED = "joined with others"
SHARES = {kind: 3 if kind == "with typos" else 1 for kind in (*KINDS, JOINED)}
"""How often each kind comes, beside the others. Typos come most: there are more ways to mistype a word than a model can
learn from a few copies, and they are what still costs most (``benchmarks/robust.py``)."""
WORD_BY_WORD = ("in lower case", "without final punctuation", "with typos")
"""Kinds that leave each word where it was, or take the last one: the marks of the words stay (``corpus/marks.py``)."""


def augmented(pairs: Iterable[Pair], share: float, seed: int, counts: Counter[str] | None = None) -> Iterator[Pair]:
    """``pairs``, and after this share of them a changed copy. ``counts`` gets how many of each kind."""
    counts = Counter() if counts is None else counts
    neighbours: deque[Pair] = deque(maxlen=NEIGHBOURS)
    kinds, shares = list(SHARES), list(SHARES.values())
    for number, pair in enumerate(pairs):
        yield pair
        if max(map(len, pair)) > LONGEST:
            continue
        chance = random.Random(f"{seed} {number}")
        if chance.random() < share:
            kind = chance.choices(kinds, shares)[0]
            copy = joined(pair, neighbours, chance) if kind == JOINED else KINDS[kind](pair, chance)
            if copy != pair:
                counts[kind] += 1
                yield with_marks_of(pair, copy) if kind in WORD_BY_WORD else copy
        neighbours.append(pair)


def joined(pair: Pair, neighbours: deque[Pair], chance: random.Random) -> Pair:
    """The pair and some that came shortly before it, in one line on each side."""
    if not neighbours:
        return pair
    others = [chance.choice(neighbours) for _ in range(chance.randint(1, MOST_JOINED - 1))]
    sides = zip(*others, pair, strict=True)
    source, target = (" ".join(side) for side in sides)
    return source, target
