"""Words to words: attention between pieces of words, put together for people."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from glassformer.brief import brief
from glassformer.corpus.units import UNSPACED_CHARACTER
from glassformer.errors import ConfigError
from glassformer.text.tokenizer import WORD_START, Tokenizer, is_byte

if TYPE_CHECKING:
    from jaxtyping import Float
    from torch import Tensor

    from glassformer.text.reading import Reader


@brief
@dataclass(frozen=True, eq=False)
class Alignment:
    """Which source words each target word looked at while it was chosen. A weight, not a proof of translation."""

    source_words: list[str]
    target_words: list[str]
    weights: Float[Tensor, "target_word source_word"]
    special: Float[Tensor, " target_word"]
    """The part that each row lacks to a sum of 1: the weight on the source's </s>, which is no word."""
    layer: int
    """The decoder's layer that was read, from 0, and its heads that were averaged."""
    heads: list[int]

    def pairs(self, threshold: float = 0.25) -> list[tuple[int, int, float]]:
        """(source word, target word, weight), numbered from 0, for each weight that is at least ``threshold``."""
        found = (self.weights >= threshold).nonzero().tolist()
        return [(source, target, float(self.weights[target, source])) for target, source in found]

    def __str__(self) -> str:
        """A line a target word: ``Tier ← animal 65 %, The 12 %, was 3 %``."""
        lines = []
        for target, row in zip(self.target_words, self.weights, strict=True):
            best = row.argsort(descending=True, stable=True)[:3].tolist()
            looked_at = ", ".join(f"{self.source_words[number]} {100 * float(row[number]):.0f} %" for number in best)
            lines.append(f"{target} ← {looked_at}")
        return "\n".join(lines)


def words_of(tokenizer: Tokenizer, ids: Sequence[int], special: bool) -> list[tuple[str, list[int]]]:
    """The result of ``Translator.words``."""
    tokens = tokenizer.tokens(ids)
    found = [
        (tokenizer.decode([ids[n] for n in places]), places)
        for between_spaces in tokenizer.words(ids)
        for places in parts_of(tokens, between_spaces)
    ]
    if special:
        taken = {n for _, places in found for n in places}
        found += [(tokens[n], [n]) for n in range(len(ids)) if n not in taken]
    return sorted(found, key=lambda word: word[1])


def shown_words(reader: Reader, text: str, words: list[tuple[str, list[int]]]) -> list[tuple[str, list[int]]]:
    """``words`` of the sentence ``text``, or of its translation, for people: links, emoji and their like themselves
    instead of the signs that the model has for them."""
    shown = reader.shown(reader.whole(text), [word for word, _ in words])
    return list(zip(shown, [places for _, places in words], strict=True))


def parts_of(tokens: Sequence[str], places: Sequence[int]) -> list[list[int]]:
    """The words between two blanks. Chinese, Japanese, Thai have no blanks between words: there each piece is one, with
    the blank before it; the bytes of a character are together."""
    if not any(UNSPACED_CHARACTER.search(tokens[place]) for place in places):
        return without_marks(tokens, places)
    parts: list[list[int]] = []
    before = ""
    for place in places:
        token = tokens[place]
        if before == WORD_START or (is_byte(before) and is_byte(token)):
            parts[-1].append(place)
        else:
            parts.append([place])
        before = token
    return parts


def without_marks(tokens: Sequence[str], places: Sequence[int]) -> list[list[int]]:
    """A word's positions, but those of the punctuation marks at its ends (``tired`` and ``.``) as words of their own,
    where they are tokens of their own: a full stop looks, and is looked at, quite differently."""
    first, last = 0, len(places)
    while last - 1 > first and is_mark(tokens[places[last - 1]]):
        last -= 1
    while first < last - 1 and is_mark(tokens[places[first]]):
        first += 1
    return [[place] for place in places[:first]] + [list(places[first:last])] + [[place] for place in places[last:]]


def is_mark(token: str) -> bool:
    """Whether a piece is punctuation only."""
    text = token.removeprefix(WORD_START)
    return bool(text) and not any(character.isalnum() for character in text)


def word_that_looks(
    attention: Sequence[Sequence[float]],
    target_words: Sequence[Sequence[int]],
    source_words: Sequence[Sequence[int]],
    tokens: set[int],
) -> Sequence[int]:
    """The target word (positions) that looks the most at these source tokens; none where it looks more at another word.
    ``attention``: [target token][source token]."""

    def look(word: Sequence[int], at: Iterable[int]) -> float:
        return sum(attention[place][number] for number in at for place in word) / len(word)

    if not target_words or not source_words:
        return []
    best = max(target_words, key=lambda word: look(word, tokens))
    most = max(source_words, key=lambda word: look(best, word))
    return best if tokens.intersection(most) else []


def merge_words(
    weights: Float[Tensor, "*head query key"], query_words: Sequence[Sequence[int]], key_words: Sequence[Sequence[int]]
) -> Float[Tensor, "*head query_word key_word"]:
    """Attention weights between words, from those between pieces, on the CPU.

    Each word is a list of positions. A query word looks as its pieces do on average; a key word is looked at as its
    pieces are together. A row still sums to 1, less what lies on keys that belong to no word.
    """
    weights = weights.detach().float().cpu()
    mean = weights.new_zeros(len(query_words), weights.size(-2))
    for number, places in enumerate(query_words):
        mean[number, list(places)] = 1 / len(places)
    total = weights.new_zeros(weights.size(-1), len(key_words))
    for number, places in enumerate(key_words):
        total[list(places), number] = 1
    return mean @ weights @ total


def check_number(what: str, number: int, count: int) -> None:
    """Raises ConfigError for the number of a layer or head that is not there."""
    if not 0 <= number < count:
        raise ConfigError(f"{what}={number}: wanted 0 … {count - 1}")
