"""The translations of a text's parts as those of the text. Needs no torch."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from glassformer.text.protected import SIGNS
from glassformer.text.reading import Part, Reader, Reading, Written
from glassformer.translator.spans import Aligned


@dataclass(frozen=True)
class Translation:
    """One translation of one text. Of a text that was split, the parts' figures are summed."""

    text: str
    score: float
    """log_probability divided by the length penalty: what n-best lists are ranked by."""
    log_probability: float
    """log P(target | source), natural."""
    ids: list[int]
    """The target's tokens, without bos and eos."""
    finished: bool
    """False when the length limit cut it, or a part of it, off."""
    misplaced: list[str] = field(default_factory=list)
    """Links, emoji and their like for which the translation had no place: they stand at the end of their sentence."""
    aligned: list[Aligned] = field(default_factory=list)
    """With ``DecodingConfig.attention``, of the best translation: which characters looked at which, a part at a time."""
    not_applied: list[str] = field(default_factory=list)
    """The glossary's terms in the source that the translation does not have as it should: ``house → Gebäude``."""
    untranslated: bool = False
    """Whether the model wrote nothing for the text, or a part of it, which stands here as it was."""


def ranked(reader: Reader, reading: Reading, parts: Sequence[Sequence[Translation]], count: int) -> list[Translation]:
    """Up to ``count`` translations of a text from those of its parts, as the model wrote them, rank by rank; a part with
    fewer of them repeats its last. No two have the same text."""
    if len(parts) == 1 and len(parts[0]) == 1:
        (one,) = parts[0]
        text, lost, _ = reader.write(reading, [one.text])
        return [replace(one, text=text, misplaced=lost)]
    ranks: dict[str, Translation] = {}
    for rank in range(max(map(len, parts), default=1)):
        chosen = [of_part[min(rank, len(of_part) - 1)] for of_part in parts]
        written = reader.write(reading, [one.text for one in chosen]) if chosen else Written("", [], [])
        whole = Translation(
            written.text,
            sum((one.score for one in chosen), 0.0),
            sum((one.log_probability for one in chosen), 0.0),
            [id for one in chosen for id in one.ids],
            all(one.finished for one in chosen),
            written.lost,
            untranslated=any(one.untranslated for one in chosen),
        )
        ranks.setdefault(whole.text, whole)
    return list(ranks.values())[:count]


def not_empty(found: Sequence[Translation], part: Part) -> list[Translation]:
    """Those with a text, as signs that ``part`` has not are none; where none has one, the part as it stands."""
    strays = {ord(sign): None for sign in SIGNS if sign not in part.signs}
    if some := [one for one in found if one.text.translate(strays).strip()]:
        return some
    if not found:  # it has nothing to translate
        return [Translation(part.text, 0.0, 0.0, [], True)]
    return [replace(found[0], text=part.text, ids=[], untranslated=True)]


def in_proportion(parts: int, texts: int, progress: Callable[[int], None] | None) -> Callable[[int], None]:
    """Turns numbers of parts that are done into numbers of texts, which add up to all when all parts are done."""
    done = reported = 0

    def advance(count: int) -> None:
        nonlocal done, reported
        done += count
        now = texts * done // parts if parts else texts
        if progress is not None and now > reported:
            progress(now - reported)
            reported = now

    return advance
