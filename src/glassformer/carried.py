"""Things that a search has lost and that must come out as they went in: found again, with their places.

Links, emoji and their kin reach a model as signs (``text/protected.py``), which it was taught to copy. Now and then it
leaves one out. Then the model itself is asked where the sign belongs: of all translations that are the found one with the
sign between two of its words, the likeliest is taken. A number that a translation lacks or has with other digits is read
as a sign, and its sentence is searched once more. Needs no torch; an engine searches and scores.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from glassformer.config import DecodingConfig
from glassformer.hypothesis import Hypothesis, length_penalty
from glassformer.text.languages import UNSPACED_LANGUAGES, language_code
from glassformer.text.numbers import DIGIT, lacking, numbers_in, written_in
from glassformer.text.reading import Part, Reader, Reading
from glassformer.text.tokenizer import WORD_START, Tokenizer, is_byte

Ids = Sequence[Sequence[int]]
SearchFunction = Callable[[Ids, Ids], Sequence[Sequence[Hypothesis]]]
"""Sources and prefixes to hypotheses."""
ScoreFunction = Callable[[Ids, Ids], Sequence[Sequence[float]]]
"""Sources and targets to the log P of each target's tokens, eos's the last."""
Found = list[list[list[Hypothesis]]]
"""[text][part]: hypotheses, the best first; none of a part without ids."""
ROUNDS = 2
"""Searches with signs in place of numbers: in the first one a number may get lost that was there before."""
CURRENCIES = "$€£¥"
"""They go with the number behind them."""
MOST_PLACES = 64
"""Places that are tried for one sign: those nearest to where it stood in the source."""


def with_numbers(
    reader: Reader,
    readings: Sequence[Reading],
    found: Found,
    search: SearchFunction,
    prefixes: Mapping[tuple[int, int], list[int]],
) -> list[Reading]:
    """``readings`` with signs in place of the numbers that the best translations in ``found`` lack. The parts that this
    concerns are searched again, and ``found`` gets what that found. ``prefixes``: with which ids a text's part begins."""
    made = list(readings)
    if not reader.protect or not reader.tokenizer.signs:
        return made
    looked_at = [(number, place) for number, reading in enumerate(readings) for place in range(len(reading.parts))]
    for _ in range(ROUNDS):
        again: list[tuple[int, int]] = []
        for number, place in looked_at:
            part, hypotheses = made[number].parts[place], found[number][place]
            if hypotheses and DIGIT.search(part.text):
                translation = reader.tokenizer.target.decode(hypotheses[0].ids)
                lost = lacking(part.text, translation, reader.source, reader.target)
                changed = read_again(reader, made[number], place, lost) if lost else made[number]
                if changed is not made[number]:
                    made[number] = changed
                    again.append((number, place))
        if not again:
            break
        sources = [made[number].parts[place].ids for number, place in again]
        forced = [list(prefixes.get(one, ())) for one in again]
        for (number, place), better in zip(again, search(sources, forced), strict=True):
            found[number][place] = list(better)
        looked_at = again
    return made


def read_again(reader: Reader, reading: Reading, place: int, lost: set[str]) -> Reading:
    """``reading`` with signs in place of the numbers ``lost`` in its part ``place``, as long as there are signs left."""
    part = reading.parts[place]
    free = [sign for sign in reader.signs if sign not in part.text]
    text, signs, things, in_target = "", dict(part.signs), list(reading.things), dict(reading.in_target)
    done = 0
    for match in numbers_in(part.text):
        if match.group() in lost and free:
            sign = free.pop(0)
            signs[sign] = len(things)
            before = part.text[max(match.start() - 1, done) : match.start()]
            currency = before if before and before in CURRENCIES else ""
            in_target[len(things)] = currency + written_in(match.group(), reader.source, reader.target)
            things.append(currency + match.group())
            text += part.text[done : match.start() - len(currency)] + sign
            done = match.end()
    if not done:
        return reading
    text += part.text[done:]
    parts = list(reading.parts)
    parts[place] = replace(part, text=text, ids=reader.tokenizer.encode(text), signs=signs)
    return replace(reading, parts=parts, things=tuple(things), in_target=in_target)


def placed(
    reader: Reader, readings: Sequence[Reading], found: Found, config: DecodingConfig, score: ScoreFunction
) -> None:
    """Give each hypothesis in ``found`` the signs of its part that it lacks, each where the model finds it likeliest; a
    part's hypotheses are ranked anew."""
    for reading, of_parts in zip(readings, found, strict=True):
        for part, hypotheses in zip(reading.parts, of_parts, strict=True) if reading.things else ():
            lost = [lost_signs(reader, part, one) for one in hypotheses] if part.signs else []
            if any(lost):
                for rank, signs in enumerate(lost):
                    for sign in signs:
                        hypotheses[rank] = with_sign(reader, part, hypotheses[rank], sign, config, score)
                hypotheses.sort(key=lambda one: (not one.finished, -one.score))


def lost_signs(reader: Reader, part: Part, hypothesis: Hypothesis) -> list[str]:
    """The signs of ``part`` that its translation lacks; none of a translation without words, for which nothing has a
    place."""
    text = reader.tokenizer.target.decode(hypothesis.ids)
    return [sign for sign in part.signs if sign not in text] if text.strip() else []


def with_sign(
    reader: Reader, part: Part, hypothesis: Hypothesis, sign: str, config: DecodingConfig, score: ScoreFunction
) -> Hypothesis:
    """``hypothesis`` with ``sign`` at the place where the whole is likeliest."""
    tokenizer = reader.tokenizer.target
    ids, pieces = hypothesis.ids, tokenizer.encode(sign)
    unspaced = language_code(reader.target) in UNSPACED_LANGUAGES
    near = part.text.find(sign) / len(part.text) * len(ids)
    around = sorted(places(tokenizer, ids, unspaced), key=lambda place: abs(place - near))[:MOST_PLACES]
    ways = [pieces, pieces[1:]] if unspaced and tokenizer.tokens(pieces[:1]) == [WORD_START] else [pieces]
    tried = [(place, way) for place in sorted(around) for way in ways]
    targets = [[*ids[:place], *way, *ids[place:]] for place, way in tried]
    found = score([part.ids] * len(targets), targets)
    best = max(range(len(tried)), key=lambda number: sum(found[number]))
    place, way = tried[best]
    total = sum(found[best])
    source = reader.tokenizer.encode(sign)[-1:]
    look = [float([id] == source) for id in part.ids]
    return replace(
        hypothesis,
        ids=targets[best],
        log_probability=total,
        score=total / length_penalty(float(len(found[best])), config),
        token_log_probabilities=list(found[best]) if hypothesis.token_log_probabilities else [],
        attention=hypothesis.attention
        and [
            *hypothesis.attention[:place],
            *([*look, *[0.0] * (len(hypothesis.attention[0]) - len(look))] for _ in way),
            *hypothesis.attention[place:],
        ],
    )


def places(tokenizer: Tokenizer, ids: Sequence[int], unspaced: bool) -> list[int]:
    """Before which of ``ids`` (behind the last: their number) something can stand: at words' beginnings and before the marks
    at their ends; in an ``unspaced`` language between any two characters."""
    tokens = tokenizer.tokens(ids)
    found = []
    only_marks = True  # from here on, up to the next word
    for place in range(len(tokens), -1, -1):
        token = tokens[place] if place < len(tokens) else WORD_START
        begins, byte = token.startswith(WORD_START), is_byte(token)
        if not begins:
            only_marks = only_marks and not byte and not any(map(str.isalnum, token))
        character = unspaced and not begins and not byte and not token[0].isascii()
        behind_blank = place > 0 and tokens[place - 1] == WORD_START  # which belongs to what follows it
        if (begins or only_marks or character) and not behind_blank and (place or begins):
            found.append(place)
        if begins:
            only_marks = True
    return found[::-1]
