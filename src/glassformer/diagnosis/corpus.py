"""Faults of a corpus: each check looks at the sentence pairs alone, and knows no model."""

from collections import Counter
from collections.abc import Iterable, Sequence

from glassformer.corpus.read import Pair
from glassformer.corpus.units import UNSPACED_CHARACTER, folded, units
from glassformer.diagnosis.finding import Finding
from glassformer.diagnosis.lines import cut_off, same_line, tags_on_one_side, with_references, wrongly_decoded
from glassformer.diagnosis.sides import other_language_within, profiles_of, swapped, swapped_in_part, validation_swapped

FEW = 10_000
"""Pairs below which hardly anything can be learnt but a toy language."""
WINDOW = 1000
"""Consecutive pairs in which a shift is looked for, at several places of the corpus."""
WORDS = 25
"""Of each line that are looked at for it, the first ones: each is counted with each of the other line."""
FARTHEST = 3
"""Lines by which sides are shifted at most for this to be seen."""


def examine_corpus(
    pairs: Sequence[Pair], validation: Sequence[Pair], languages: tuple[str, str] | None
) -> list[Finding]:
    """The findings about the training pairs (all, or the first ones), in the order of the files, and in the
    validation pairs. ``languages``: what the sides are said to be, such as ("en", "de")."""
    in_part = swapped_in_part(pairs)
    sides, others = [in_part], None
    if not in_part:  # what follows needs sides that are not mixed, so that each has a profile
        profiles = profiles_of(pairs)
        others = other_language_within(pairs, profiles)
        sides = [swapped(pairs, languages, profiles), others, validation_swapped(validation, profiles)]
    found = [too_few(pairs), *sides, shifted(pairs), copied(pairs), seen_before(pairs, validation), repeated(pairs)]
    found += [wrongly_decoded(pairs), with_references(pairs), tags_on_one_side(pairs), cut_off(pairs), same_line(pairs)]
    # lines in the wrong language have other lengths, too: that is no cause
    found.append(None if in_part or others else uneven(pairs))
    return [finding for finding in found if finding is not None]


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


def shifted(pairs: Sequence[Pair]) -> Finding | None:
    """From some line on, line n of one side belongs to line n + k of the other: words that go together say so."""
    size = min(WINDOW, len(pairs))
    if size < 100:
        return None
    starts = sorted({round(place * (len(pairs) - size) / 5) for place in range(6)})
    for start in starts:
        window = [
            (set(units(source)[:WORDS]), set(units(target)[:WORDS])) for source, target in pairs[start : start + size]
        ]
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


def togetherness(pairs: Sequence[tuple[set[str], set[str]]], offset: int) -> float:
    """How strongly words of the sides go together when the target is moved by ``offset`` lines: the mean, over source
    words, of the best Dice coefficient with a word in the target line. The shared words (names, numbers) count, too.
    ``pairs``: the words of both sides of each pair.
    """
    rows = [(pairs[n][0], pairs[n + offset][1]) for n in range(max(0, -offset), len(pairs) - max(0, offset))]
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


def is_long(text: str) -> bool:
    """Whether a line has enough characters for its length to say something: a Chinese word has one or two."""
    return len(text) > 20 or len(UNSPACED_CHARACTER.findall(text[:21])) > 10


def uneven(pairs: Sequence[Pair]) -> Finding | None:
    """Sides of very different length are seldom translations."""
    lengths = [(len(source), len(target)) for source, target in pairs if is_long(source) or is_long(target)]
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
