"""What is lost when the test's sentences come SHOUTED, Titled, without a full stop, mistyped, with links, or joined?

    python benchmarks/robust.py --model en-de --source ../shared/data/tatoeba-en-de/test.en --target .../test.de

Copies of a test set, changed as training's augmentation changes pairs, but with other chance. Where the case changes, both sides are
compared in lower case ("lc"), with the plain test in lower case; shouted translations are wanted for shouted sentences. Joined
sentences are compared with the same ones translated one by one, joined afterwards: in one piece, two sentences at a time, and one.
What is to be copied (a link, a tag, a number, …) stands anywhere in its sentence. It is *there* where the translation has it
exactly as often as the source, as it is written there; *in its place* where the translator does not report it as put at the
end, which is the translator's own word. So another 500 say without it: things behind a name which is the same in both
languages, and how many of them stand *beside that name* in the translation.
"""

import argparse
import random
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import rows

from glassformer.corpus.augmentation import mistyped, no_final_punctuation, something_to_copy
from glassformer.score_tokenizers import choose
from glassformer.scores import Score
from glassformer.scores import bleu as bleu_by
from glassformer.text.lines import read_lines
from glassformer.translator import Translator

SEED = "test"
COPIES = 500
A_TIME = "a sentence at a time"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="en-de")
    parser.add_argument("--name", help="what the rows call the model")
    parser.add_argument("--source", type=Path, required=True)
    parser.add_argument("--target", type=Path, required=True)
    wanted = parser.parse_args()
    translator = Translator.load(wanted.model)
    pairs = list(zip(read_lines(wanted.source), read_lines(wanted.target), strict=True))
    rows.write("robust", [{"model": wanted.name or wanted.model, **row} for row in measure(translator, pairs)])


def measure(translator: Translator, pairs: list[tuple[str, str]]) -> list[dict[str, Any]]:
    sources, references = [source for source, _ in pairs], [target for _, target in pairs]
    counted = choose(references, guess=translator.card.get("languages", ""))
    between = "" if counted.tokenizer == "zh" else " "  # sentences

    def bleu(hypotheses: list[str], references: list[str]) -> Score:
        return bleu_by(hypotheses, references, tokenize=counted.tokenizer)

    plain = translator.translate(sources)
    cased, folded = bleu(plain, references), bleu(lower(plain), lower(references))
    made = [
        row("plain", len(pairs), cased, cased),
        row("plain, lc", len(pairs), folded, folded),
    ]

    def against(name: str, changed: list[tuple[str, str]], base: Score, show: Callable[[list[str]], list[str]]) -> None:
        found = translator.translate([source for source, _ in changed])
        made.append(row(name, len(changed), bleu(show(found), show([target for _, target in changed])), base))

    def as_it_is(texts: list[str]) -> list[str]:
        return texts

    chance = random.Random(SEED)
    shouted = [(source.upper(), target.upper()) for source, target in pairs]
    against("UPPER CASE, lc", shouted, folded, lower)
    small = [(source.lower(), target) for source, target in pairs]
    against("lower case", small, cased, as_it_is)
    heading = [(in_title_case(source), target) for source, target in pairs]
    against("Title Case", heading, cased, as_it_is)
    against("Title Case, lc", heading, folded, lower)
    against("no final punctuation", [no_final_punctuation(pair, chance) for pair in pairs], cased, as_it_is)
    against("typos", [(mistyped(source, chance), target) for source, target in pairs], cased, as_it_is)
    made += copies(translator, sources[:COPIES], chance)
    made += beside_names(translator, sources, plain, chance)
    most = translator.card.get("sentences", 0)
    ways = [("in one piece", 0), ("two sentences at a time", 2), (A_TIME, 1)]
    for count in (3, 6):
        groups = [range(i, i + count) for i in range(0, len(pairs) - count + 1, count)]
        one_by_one, wanted, lines = (
            [joint.join(texts[i] for i in g) for g in groups]
            for texts, joint in ((plain, between), (references, between), (sources, " "))
        )
        base = bleu(one_by_one, wanted)
        made.append(row(f"{count} joined afterwards", len(groups), base, base))
        for how, sentences in ways:
            translator.card["sentences"] = sentences
            made.append(row(f"{count} joined, {how}", len(groups), bleu(translator.translate(lines), wanted), base))
        translator.card["sentences"] = most
    return made


def copies(translator: Translator, sources: list[str], chance: random.Random) -> list[dict[str, Any]]:
    """How many links, numbers, emoji and placeholders come out as they went in, and of how many the place was known."""
    things = [something_to_copy(chance) for _ in sources]
    lines = []
    for source, thing in zip(sources, things, strict=True):
        words = source.split()
        place = chance.randint(0, len(words))
        lines.append(" ".join([*words[:place], thing, *words[place:]]))
    found = [best[0] for best in translator.translations(lines)]
    there = [
        times(thing, one.text) == times(thing, line) for thing, one, line in zip(things, found, lines, strict=True)
    ]
    placed = [known and not one.misplaced for known, one in zip(there, found, strict=True)]
    return [
        share("something to copy", there, "% copied"),
        share("something to copy", placed, "% in their place"),
    ]


def beside_names(
    translator: Translator, sources: list[str], plain: list[str], chance: random.Random
) -> list[dict[str, Any]]:
    """How many things that follow a name stand beside it in the translation, of those whose translation has the name."""
    lines = []
    for source, translation in zip(sources, plain, strict=True):
        names = [word for word in re.findall(r"(?<=\s)[A-Z]\w{2,}", source) if times(word, source) == 1]
        names = [word for word in names if times(word, translation) == 1]
        if names and len(lines) < COPIES:
            name, thing = chance.choice(names), something_to_copy(chance)
            lines.append((re.sub(rf"\b{name}\b", lambda word, thing=thing: f"{word[0]} {thing}", source), name, thing))
    found = translator.translate([line for line, _, _ in lines])
    beside = [
        bool(re.search(rf"\b{name}\W*{re.escape(thing)}|{re.escape(thing)}\W*{name}\b", text))
        for (_, name, thing), text in zip(lines, found, strict=True)
        if re.search(rf"\b{name}\b", text)
    ]
    return [share("something to copy behind a name", beside, "% beside it")]


def times(thing: str, text: str) -> int:
    """How often ``thing`` stands in ``text``, not as a part of a longer word or number."""
    before, after = (r"(?<![\w.])" if thing[0].isalnum() else "", r"(?![\w]|[.,]\d)" if thing[-1].isalnum() else "")
    return len(re.findall(before + re.escape(thing) + after, text))


def share(test: str, held: list[bool], measure: str) -> dict[str, Any]:
    return {
        "test": test,
        "lines": len(held),
        "value": round(100 * sum(held) / len(held), 1) if held else 0.0,
        "measure": measure,
    }


def row(test: str, lines: int, score: Score, base: Score) -> dict[str, Any]:
    lost = 100 * (1 - score.value / base.value) if base.value else 0.0
    return {
        "test": test,
        "lines": lines,
        "value": round(score.value, 2),
        "measure": "BLEU",
        "lost_percent": round(lost, 1),
        "signature": score.signature,
    }


def in_title_case(text: str) -> str:
    return " ".join(word[:1].upper() + word[1:] for word in text.split(" "))


def lower(texts: list[str]) -> list[str]:
    return [text.lower() for text in texts]


if __name__ == "__main__":
    main()
