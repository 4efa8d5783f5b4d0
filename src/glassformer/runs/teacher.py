"""A teacher's translations of a whole corpus, for a student to learn from (sequence-level distillation, Kim & Rush 2016).

A teacher's text is simpler and more regular than people's, so that a small model, even a greedy one, learns it
better. The translations are kept in parts, so that an interrupted job goes on where it was.
"""

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator
from filecmp import cmp
from itertools import count, islice
from pathlib import Path

from glassformer.config import DecodingConfig
from glassformer.disk import replace_file
from glassformer.errors import TrainingError
from glassformer.translator.translator import Translator

PART = 500
"""Sentences that are translated, and kept, together."""


def teach(
    teacher: Translator,
    sources: Iterable[str],
    folder: Path,
    *,
    config: DecodingConfig,
    progress: Callable[[int], None] | None = None,
) -> int:
    """Write ``folder``/train.source and train.target: the sources with the teacher's translations; how many there are.

    Sources that the teacher cannot finish within the length limit, or translates to nothing, are left out. ``progress``
    is called now and then with a number of sentences that are done. An earlier call's parts are used again.

    Raises TrainingError when the folder holds another teacher's translations, or those of other sentences.
    """
    folder.mkdir(parents=True, exist_ok=True)
    tell = progress or (lambda count: None)
    asked = {"teacher": fingerprint(teacher), "engine": teacher.engine.name, "decoding": config.to_dict()}
    about = folder / "distilled.json"
    if about.is_file() and json.loads(about.read_bytes()) != asked:
        raise TrainingError(
            f"{folder} holds another teacher's translations, or made in another way: name another folder with --out"
        )
    replace_file(about, json.dumps(asked).encode())

    def translated() -> Iterator[tuple[str, str]]:
        remaining = iter(sources)
        for number in count():
            lines = list(islice(remaining, PART))
            if not lines:
                break
            yield from part(teacher, lines, folder / f"part-{number:06d}.json", config, tell)

    kept = write_pairs(translated(), folder, "train")
    if not kept:
        raise TrainingError(f"the teacher finished none of its translations: nothing to learn from in {folder}")
    return kept


def write_pairs(pairs: Iterable[tuple[str, str]], folder: Path, name: str) -> int:
    """Write ``folder``/``name``.source and ``name``.target, whole or, where there are no pairs, not at all; how many.

    Files that hold the same already stay: a run that was begun on them knows them by their time.
    """
    folder.mkdir(parents=True, exist_ok=True)
    sides = [folder / f"{name}.source", folder / f"{name}.target"]
    hidden = [side.with_name(f".{side.name}") for side in sides]
    written = 0
    with hidden[0].open("wb") as left, hidden[1].open("wb") as right:
        for source, target in pairs:
            left.write(f"{source}\n".encode())
            right.write(f"{target}\n".encode())
            written += 1
    for unfinished, side in zip(hidden, sides, strict=True):
        if written and not (side.is_file() and cmp(unfinished, side, shallow=False)):
            unfinished.replace(side)
        else:
            unfinished.unlink()
    return written


def part(
    teacher: Translator, lines: list[str], path: Path, config: DecodingConfig, tell: Callable[[int], None]
) -> list[tuple[str, str]]:
    """The pairs of one part, from disk where they are there already."""
    digest = hashlib.sha256("\n".join(lines).encode()).hexdigest()
    if path.is_file():
        held = json.loads(path.read_bytes())
        if held["of"] != digest:
            raise TrainingError(f"{path} holds translations of other sentences: name another folder with --out")
        tell(len(lines))
    else:
        found = teacher.translations(lines, config=config, progress=tell)
        pairs = [
            (line, best[0].text)
            for line, best in zip(lines, found, strict=True)
            if best[0].finished and best[0].text and not best[0].untranslated
        ]
        held = {"of": digest, "pairs": pairs}
        replace_file(path, json.dumps(held, ensure_ascii=False).encode())
    return [(source, target) for source, target in held["pairs"]]


def fingerprint(translator: Translator) -> str:
    """A hash of the model's weights and of its tokenizer."""
    digest = hashlib.sha256(translator.tokenizer.fingerprint.encode())
    for name, tensor in sorted(translator.model.state_dict().items()):
        digest.update(name.encode())
        digest.update(tensor.detach().float().cpu().numpy().tobytes())
    return digest.hexdigest()
