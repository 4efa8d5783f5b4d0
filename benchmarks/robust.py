"""What is lost when the test's sentences come SHOUTED, Titled, without a full stop, mistyped, with links, or joined?

    python benchmarks/robust.py --model en-de --source ../shared/data/tatoeba-en-de/test.en --target .../test.de

Copies of a test set, changed as training's augmentation changes pairs, but with other chance. Where the case changes, both sides are
compared in lower case ("lc"), with the plain test in lower case; shouted translations are wanted for shouted sentences. Joined
sentences are compared with the same ones translated one by one, joined afterwards: in one piece, two sentences at a time, and one.
What is to be copied stands anywhere in its sentence; ``placed`` says where the translation had a place for it.
"""

import argparse
import random
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
    kept = sum(one.text.count(thing) >= 1 for thing, one in zip(things, found, strict=True))
    placed = sum(thing in one.text and not one.misplaced for thing, one in zip(things, found, strict=True))
    return [
        {"test": "something to copy", "lines": len(lines), "value": round(100 * count / len(lines), 1), "measure": name}
        for count, name in ((kept, "% copied"), (placed, "% in their place"))
    ]


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
