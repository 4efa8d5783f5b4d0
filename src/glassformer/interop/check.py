"""An import checks itself: CTranslate2 translates made-up sentences with the very files, in float32, and the tokens must be
ours but for ties. Rounded weights are the same numbers on both sides, so they are no excuse."""

from typing import Any

from glassformer.config import DecodingConfig
from glassformer.decoding import decode
from glassformer.engines.check import TIE, compare, made_up
from glassformer.errors import ConversionError, ForeignModelError
from glassformer.hypothesis import Hypothesis, make_sentence
from glassformer.interop.imported import Imported
from glassformer.strict_json import parsed

SENTENCES = 20
TIES = {"float16": 1e-2, "bfloat16": 1e-1}
"""Of what these round: the table of positions as well, which ours computes exactly."""
GREEDY = DecodingConfig(method="greedy", extra_length=8)


def check(found: Imported, where: object) -> None:
    """Write into ``found.said`` what was found. Raises ForeignModelError where the files give other tokens."""
    if not found.files:
        said = found.by_their_class() if found.by_their_class else ""
        found.said = said or "its names and shapes fit; nothing here could run the original beside it"
        return
    saved = found.saved
    before, after = saved.tokenizer.before, saved.tokenizer.after
    sources = [[*before, *ids, *after] for ids in made_up(saved, SENTENCES)]
    ours = [best for (best,) in decode(saved.model, sources, GREEDY)]
    limits = [make_sentence(source, (), GREEDY, saved.model.config).limit for source in sources]
    theirs = translated(found, sources, limits)
    try:
        ties = compare(saved.model, sources, ours, theirs, TIES.get(found.rounded, TIE))
    except ConversionError as error:
        raise ForeignModelError(f"{where} is not what was imported: {error}") from None
    found.said = f"CTranslate2 gives the same tokens in {len(sources) - ties} of {len(sources)} made-up sentences"
    if ties:
        found.said += f", and in {ties} but for a tie"


def translated(found: Imported, sources: list[list[int]], limits: list[int]) -> list[Hypothesis]:
    """CTranslate2's translations of these with the very files, greedily, up to a limit of tokens each."""
    import ctranslate2

    tokenizer, config = found.saved.tokenizer, found.saved.model.config
    settings: dict[str, Any] = parsed(found.files["config.json"]) if "config.json" in found.files else {}
    adds_eos = bool(settings.get("add_source_eos"))
    read = sources if adds_eos else [config.source(ids) for ids in sources]
    try:
        runtime = ctranslate2.Translator("imported", files=dict(found.files), device="cpu", compute_type="float32")
        results = runtime.translate_batch(
            [tokenizer.tokens(ids) for ids in read],
            target_prefix=[tokenizer.target.tokens(config.target_prefix)] * len(read) if config.target_prefix else None,
            beam_size=1,
            min_decoding_length=1,
            max_decoding_length=max(limits),
            max_input_length=0,
            return_end_token=True,
        )
    except (RuntimeError, ValueError) as error:
        raise ForeignModelError(f"CTranslate2 cannot run it: {' '.join(str(error).split())[:200]}") from None
    numbers = {token: id for id, token in enumerate(tokenizer.target.tokens(range(len(tokenizer.target))))}
    written = []
    for result, limit in zip(results, limits, strict=True):
        ids = [numbers[token] for token in result.hypotheses[0]][:limit]
        finished = bool(ids) and ids[-1] == config.eos_id
        written.append(Hypothesis(ids[:-1] if finished else ids, 0.0, 0.0, finished, []))
    return written
