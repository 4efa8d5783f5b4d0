"""Write files of sentences that ask for *it*: ``python -m glassformer.demo --held-out benchmarks/it.tsv --out FOLDER``."""

import argparse
import random
import sys
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from glassformer.demo.held_out import HeldOut, HeldOutRow, read_rows
from glassformer.demo.schemas import schema_sentences
from glassformer.demo.sentences import ItSentence, it_sentences
from glassformer.disk import replace_file
from glassformer.errors import GlassformerError


def main() -> int:
    """Write it.en, it.de (or it.zh) and it.marks; the counts go to standard output."""
    parser = argparse.ArgumentParser(
        prog="python -m glassformer.demo",
        description="Write files of sentences that ask for it: which noun does it stand for?",
    )
    parser.add_argument("--pairs", type=int, default=60_000, help="how many sentence pairs (default: 60000)")
    parser.add_argument("--seed", type=int, default=1, help="the same seed makes the same sentences (default: 1)")
    parser.add_argument("--languages", choices=["en-de", "en-zh"], default="en-de", help="default: en-de")
    parser.add_argument(
        "--held-out", action="append", default=[], metavar="TSV", help="rows that no sentence combines; repeatable"
    )
    parser.add_argument(
        "--schemas",
        type=float,
        default=0.6,
        metavar="SHARE",
        help="of English to German, the share of sentences from situations that are written out (default: 0.6)",
    )
    parser.add_argument(
        "--out",
        type=Path,
        required=True,
        metavar="FOLDER",
        help="where it.en, it.de (or it.zh) and it.marks are written",
    )
    wanted = parser.parse_args()
    if not 0 <= wanted.schemas <= 1:
        parser.error(f"--schemas {wanted.schemas:g}: wanted a share from 0 to 1")
    try:
        rows = [row for path in wanted.held_out for row in read_rows(path)]
        made = list(islice(drawn(wanted.seed, rows, wanted.languages[-2:], wanted.schemas), wanted.pairs))
        write(wanted.out, made, wanted.languages)
    except (GlassformerError, OSError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    sys.stdout.write(account(made, rows))
    return 0


def drawn(seed: int, rows: list[HeldOutRow], language: str, share: float) -> Iterator[ItSentence]:
    """Sentences of grammar and words, and for German that share from schemas, until the schemas have no more."""
    of_words = it_sentences(seed, rows, language=language)
    of_schemas = schema_sentences(seed, rows) if language == "de" else iter(())
    chance = random.Random(seed)
    while True:
        one = next(of_schemas, None) if chance.random() < share else None
        yield one or next(of_words)


def write(folder: Path, made: list[ItSentence], languages: str) -> None:
    """Line n of each file is about sentence n; of the marks ``i-j``: source word i is the pronoun, j its noun."""
    folder.mkdir(parents=True, exist_ok=True)
    source, target = languages.split("-")
    columns = {
        source: [one.source for one in made],
        target: [one.target for one in made],
        "marks": [" ".join(f"{query}-{key}" for query, key in one.marks) for one in made],
    }
    for ending, lines in columns.items():
        replace_file(folder / f"it.{ending}", "".join(f"{line}\n" for line in lines).encode())


def account(made: list[ItSentence], rows: list[HeldOutRow]) -> str:
    """How many of what, in words."""
    two = [one for one in made if one.marks and one.nouns == 2]
    first = sum(one.about == 0 for one in two) / max(1, len(two))
    marked, twins = sum(bool(one.marks) for one in made), sum(one.twins > 0 for one in made)
    held, frames = HeldOut(rows), len({one.frame for one in made})
    lines = [
        f"{len(made):,} pairs in {frames:,} frames and schemas, {marked:,} with a pronoun marked, {twins:,} in twins",
        f"{len(two):,} with two nouns: the first of the two (of a scene the subject) is meant in {first:.1%}",
        f"{sum(held(one.source) for one in made)} combine what the {len(rows)} held-out rows combine",
    ]
    return "".join(f"{line}\n" for line in lines)


if __name__ == "__main__":
    raise SystemExit(main())
