"""``glassformer translate FILE… --out FOLDER --shards``: a corpus that is translated in pieces, and goes on where it ended."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from glassformer.cli.terminal import echo
from glassformer.errors import ConfigError

if TYPE_CHECKING:
    from glassformer.config import DecodingConfig
    from glassformer.text.glossary import Glossary
    from glassformer.translator import Translator


def translate_shards(
    files: list[str],
    out: Path,
    *,
    model: str,
    field: str,
    part: str,
    load: "Callable[[], Translator]",
    config: "DecodingConfig",
    glossary: "Glossary | None",
) -> None:
    """Translate what is missing, and join it when nothing is. ``part``: 3/16, for a scheduler that starts sixteen; empty for
    all. Raises ConfigError for files that are not there and for a folder of other shards."""
    from glassformer.bulk.plan import fingerprint, settle
    from glassformer.bulk.shards import join, missing, translate_with, work
    from glassformer.translator.shipped import find_model

    paths = [Path(name) for name in files]
    for path in paths:
        if not path.is_file():
            raise ConfigError(f"--shards: {str(path)[:80]!r} is no file; wanted files to translate")
    options = {"decoding": vars(config), "glossary": [vars(term) for term in glossary.terms] if glossary else []}
    plan = settle(out, paths, field=field, model=fingerprint(find_model(model)), options=options)
    mine = plan.mine(*parts_of(part))
    todo = [shard for shard in missing(out, plan) if shard in set(mine)]
    echo(f"{len(plan.shards):,} shards, {len(todo):,} to translate here", err=True)
    if todo:
        translate = translate_with(load(), config, glossary)
        for number, shard in enumerate(work(out, plan, todo, translate), start=1):
            echo(f"{plan.name(shard)} ({number:,} of {len(todo):,})", err=True)
    left = missing(out, plan)
    if left:
        echo(f"{len(left):,} shards are still to come, from others or from this command again", err=True)
        return
    for path in join(out, plan):
        echo(str(path))


def parts_of(text: str) -> tuple[int, int]:
    """``3/16`` as numbers. Raises ConfigError for anything else."""
    if not text:
        return 1, 1
    part, _, parts = text.partition("/")
    if not (part.isdecimal() and parts.isdecimal() and 1 <= int(part) <= int(parts)):
        raise ConfigError(f"--shard {text}: wanted such as 3/16, from 1/16 to 16/16")
    return int(part), int(parts)
