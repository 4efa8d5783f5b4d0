"""``glassformer translate FILE… --out FOLDER --shards``: a corpus that is translated in pieces, and goes on where it ended."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from glassformer.cli.terminal import echo
from glassformer.errors import ConfigError

if TYPE_CHECKING:
    from glassformer.bulk.plan import ShardPlan
    from glassformer.config import DecodingConfig
    from glassformer.ray.cluster import ActorSettings
    from glassformer.text.glossary import Glossary
    from glassformer.translator import Translator


def translate_shards(
    files: list[str],
    out: Path,
    *,
    model: str,
    field: str,
    part: str,
    load: "Callable[..., Translator]",
    loading: dict[str, Any],
    config: "DecodingConfig",
    glossary: "Glossary | None",
    lines: int = 2000,
    ray: str = "",
    share: float = 0.0,
) -> None:
    """Translate what is missing, and join it when nothing is. ``part``: 3/16, for a scheduler that starts sixteen; empty for
    all. ``lines``: of a shard, where the folder has none yet. ``ray``: the address of a cluster whose actors compute, each
    reserving ``share`` of a core. Raises ConfigError for files that are not there and for a folder of other shards."""
    from glassformer.bulk.plan import fingerprint, settle
    from glassformer.bulk.shards import join, missing, translate_with, work
    from glassformer.ray.cluster import ActorSettings
    from glassformer.translator.shipped import find_model

    paths = [Path(name) for name in files]
    for path in paths:
        if not path.is_file():
            raise ConfigError(f"--shards: {str(path)[:80]!r} is no file; wanted files to translate")
    terms = [vars(term) for term in glossary.terms] if glossary else []
    options = {"decoding": vars(config), "glossary": terms, **loading}
    plan = settle(out, paths, field=field, model=fingerprint(find_model(model)), options=options, lines=lines)
    mine = plan.mine(*parts_of(part))
    todo = [shard for shard in missing(out, plan) if shard in set(mine)]
    echo(f"{len(plan.shards):,} shards, {len(todo):,} to translate here", err=True)
    if todo:
        if ray:
            made = on_ray(out, plan, todo, ray, share, ActorSettings(model, plan.model, loading, config, glossary))
        else:
            made = work(out, plan, todo, translate_with(load(**loading), config, glossary))
        for number, shard in enumerate(made, start=1):
            echo(f"{plan.name(shard)} ({number:,} of {len(todo):,})", err=True)
    left = missing(out, plan)
    if left:
        echo(f"{len(left):,} shards are still to come, from others or from this command again", err=True)
        return
    for path in join(out, plan):
        echo(str(path))


def on_ray(
    out: Path, plan: "ShardPlan", todo: list[int], address: str, share: float, job: "ActorSettings"
) -> Iterator[int]:
    """The shards that actors of a cluster made, each as soon as it is written."""
    from glassformer.bulk.crew import work_with
    from glassformer.ray.cluster import SHARE, RayCluster

    cluster = RayCluster(address, job, share or SHARE)
    try:
        echo(f"{cluster.cores} actors, each with {cluster.share:g} of a core", err=True)
        yield from work_with(out, plan, todo, cluster, cluster.cores)
    finally:
        cluster.end()


def parts_of(text: str) -> tuple[int, int]:
    """``3/16`` as numbers. Raises ConfigError for anything else."""
    if not text:
        return 1, 1
    part, _, parts = text.partition("/")
    if not (part.isdecimal() and parts.isdecimal() and 1 <= int(part) <= int(parts)):
        raise ConfigError(f"--shard {text}: wanted such as 3/16, from 1/16 to 16/16")
    return int(part), int(parts)
