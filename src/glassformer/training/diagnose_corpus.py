"""What is wrong with a corpus: each check looks at the sentence pairs alone, and knows no model."""

import math
import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence

from glassformer.text.units import folded
from glassformer.training.finding import Finding

Pair = tuple[str, str]

FEW = 10_000
"""Pairs below which hardly anything can be learnt but a toy language."""
WINDOW = 1000
"""Consecutive pairs in which a shift is looked for, at several places of the corpus."""
FARTHEST = 3
"""Lines by which sides are shifted at most for this to be seen."""
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
WORD = re.compile(r"\w+")


def examine_corpus(
    pairs: Sequence[Pair], validation: Sequence[Pair], languages: tuple[str, str] | None
) -> list[Finding]:
    """What stands out in the training pairs (all, or the first so many), in the order of the files, and in the
    validation pairs. ``languages``: what the sides are said to be, such as ("en", "de")."""
    checks: list[Callable[[], Finding | None]] = [
        lambda: too_few(pairs),
        lambda: swapped(pairs, languages),
        lambda: shifted(pairs),
        lambda: other_language_within(pairs),
        lambda: validation_swapped(pairs, validation),
        lambda: copied(pairs),
        lambda: seen_before(pairs, validation),
        lambda: repeated(pairs),
        lambda: uneven(pairs),
    ]
    return [found for check in checks if (found := check()) is not None]


def too_few(pairs: Sequence[Pair]) -> Finding | None:
    if len(pairs) >= FEW:
        return None
    return Finding(
        "too little data",
        "bad" if len(pairs) < FEW // 2 else "watch",
        f"there are {len(pairs):,} sentence pairs to learn from; a translator of simple sentences needs some 30,000, a good "
        "one a million",
        "find more pairs (tatoeba.org and opus.nlpl.eu have some for most languages)",
    )


def language_of(lines: Iterable[str]) -> str:
    """The language whose commonest words make up most of the text; empty when none is clear."""
    words = Counter(word for line in lines for word in WORD.findall(line.lower()))
    shares = {name: sum(words[word] for word in common.split()) for name, common in COMMON.items()}
    first, second = sorted(shares, key=lambda name: -shares[name])[:2]
    enough = words.total() and shares[first] > 0.05 * words.total()
    return first if enough and shares[first] > 1.3 * shares[second] else ""


def swapped(pairs: Sequence[Pair], languages: tuple[str, str] | None) -> Finding | None:
    """The sides are not in the languages that the files' names say."""
    if languages is None:
        return None
    seen = tuple(language_of(pair[side] for pair in pairs[:20_000]) for side in (0, 1))
    if seen == languages[::-1] and seen[0] != seen[1]:
        return Finding(
            "sides swapped",
            "bad",
            f"the source should be {languages[0]} and the target {languages[1]}, and it is the other way round",
            "exchange --source and --target",
        )
    for name, said, found in zip(("source", "target"), languages, seen, strict=True):
        if found and said in COMMON and found != said:
            return Finding(
                "wrong language",
                "bad",
                f"the {name} should be {said}, and most of its common words are {found}",
                f"look into the {name} file: is it the right one?",
            )
    return None


def shifted(pairs: Sequence[Pair]) -> Finding | None:
    """From some line on, line n of one side belongs to line n + k of the other: words that go together say so."""
    size = min(WINDOW, len(pairs))
    if size < 100:
        return None
    starts = sorted({round(place * (len(pairs) - size) / 5) for place in range(6)})
    for start in starts:
        window = pairs[start : start + size]
        scores = {offset: togetherness(window, offset) for offset in range(-FARTHEST, FARTHEST + 1)}
        best = max(scores, key=lambda offset: scores[offset])
        if best != 0 and scores[best] > 1.15 * scores[0]:
            lines = f"{abs(best)} line{'' if abs(best) == 1 else 's'} {'later' if best > 0 else 'earlier'}"
            return Finding(
                "shifted",
                "bad",
                f"around pair {start + 1:,} each source line belongs to the target line that stands {lines}: a line is "
                "missing or doubled before it",
                "find the place where the two files part, and mend it",
            )
    return None


def togetherness(pairs: Sequence[Pair], offset: int) -> float:
    """How strongly words of the sides go together when the target is moved by ``offset`` lines: the mean, over source
    words, of the best Dice coefficient with a word in the target line. The shared words (names, numbers) count, too."""
    rows = [
        (set(WORD.findall(pairs[n][0].lower())), set(WORD.findall(pairs[n + offset][1].lower())))
        for n in range(max(0, -offset), len(pairs) - max(0, offset))
    ]
    sources = Counter(word for source, _ in rows for word in source)
    targets = Counter(word for _, target in rows for word in target)
    usable = {word for word, count in sources.items() if 3 <= count <= len(rows) / 8}
    both: Counter[tuple[str, str]] = Counter()
    for source, target in rows:
        both.update((a, b) for a in source & usable for b in target)
    total, count = 0.0, 0
    for source, target in rows:
        for a in source & usable:
            total += max((2 * (both[a, b] - 1) / (sources[a] + targets[b]) for b in target), default=0.0)
            count += 1
    return total / max(count, 1)


class Profile:
    """How usual each word is on one side: enough to tell which of two sides a line belongs to."""

    def __init__(self, lines: Iterable[str]) -> None:
        self.words = Counter(word for line in lines for word in WORD.findall(line.lower()))
        self.total = self.words.total() + 1

    def log_probability(self, word: str) -> float:
        return math.log((self.words[word] + 0.1) / self.total)


def belongs_to(line: str, own: Profile, other: Profile) -> float:
    """Above 0 for a line that is likelier one of the other side: nats a word."""
    words = WORD.findall(line.lower())
    return sum(other.log_probability(word) - own.log_probability(word) for word in words) / max(len(words), 1)


def other_language_within(pairs: Sequence[Pair]) -> Finding | None:
    """Some lines of a side are in the other side's language."""
    some = pairs[:20_000]
    profiles = [Profile(pair[side] for pair in some) for side in (0, 1)]
    for side, name in enumerate(("source", "target")):
        wrong = [
            number
            for number, pair in enumerate(some)
            if pair[0] != pair[1]
            and len(WORD.findall(pair[side])) >= 4
            and belongs_to(pair[side], profiles[side], profiles[1 - side]) > 1.0
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


def validation_swapped(pairs: Sequence[Pair], validation: Sequence[Pair]) -> Finding | None:
    if not validation:
        return None
    profiles = [Profile(pair[side] for pair in pairs[:20_000]) for side in (0, 1)]
    wrong = sum(
        belongs_to(source, *profiles) > 0 and belongs_to(target, *profiles[::-1]) > 0 for source, target in validation
    )
    if wrong < len(validation) / 2:
        return None
    return Finding(
        "validation sides swapped",
        "bad",
        f"{wrong:,} of {len(validation):,} validation pairs have their sides the other way round than the training pairs",
        "exchange --valid-source and --valid-target",
    )


def copied(pairs: Sequence[Pair]) -> Finding | None:
    same = sum(source.strip() == target.strip() for source, target in pairs)
    if same <= 0.02 * len(pairs):
        return None
    return Finding(
        "copies",
        "bad" if same > 0.1 * len(pairs) else "watch",
        f"in {100 * same / len(pairs):.0f} % of the pairs the target is the source, untranslated: the model learns to copy",
        "leave these pairs out",
    )


def seen_before(pairs: Iterable[Pair], validation: Sequence[Pair], name: str = "validation") -> Finding | None:
    """Test sentences that stand in the training pairs, whatever their case and marks."""
    if not validation:
        return None
    wanted = {folded(source) for source, _ in validation}
    known = wanted & {text for source, _ in pairs if (text := folded(source)) in wanted}
    count = sum(folded(source) in known for source, _ in validation)
    if count <= 0.01 * len(validation):
        return None
    return Finding(
        f"{name} seen in training",
        "bad" if count > 0.1 * len(validation) else "watch",
        f"{count:,} of {len(validation):,} {name} sentences stand in the training data, too: the score is that of a memory, "
        "and better than the model",
        f"take them out of the training data, or take other {name} sentences",
    )


def repeated(pairs: Sequence[Pair]) -> Finding | None:
    same = len(pairs) - len(set(pairs))
    if same <= 0.2 * len(pairs):
        return None
    return Finding(
        "repeated pairs",
        "watch",
        f"{100 * same / len(pairs):.0f} % of the pairs are repetitions: there is less to learn from than it seems",
        "keep each pair once",
    )


def uneven(pairs: Sequence[Pair]) -> Finding | None:
    """Sides of very different length are seldom translations."""
    lengths = [(len(source), len(target)) for source, target in pairs if max(len(source), len(target)) > 20]
    if not lengths:
        return None
    usual = sorted(target / max(source, 1) for source, target in lengths)[len(lengths) // 2]
    odd = sum(not usual / 2.5 <= target / max(source, 1) <= usual * 2.5 for source, target in lengths)
    if odd <= 0.05 * len(lengths):
        return None
    return Finding(
        "length ratio",
        "bad" if odd > 0.2 * len(lengths) else "watch",
        f"in {100 * odd / len(lengths):.0f} % of the pairs one side is more than 2.5 times as long as the other should be "
        f"(usually the target has {usual:.2f} times the source's characters): these are hardly translations",
        "leave these pairs out",
    )
