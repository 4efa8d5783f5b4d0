"""How many sentences a second does greedy decoding translate, on one thread, beside what a user would otherwise pick?

Two questions: ``base`` with 64 sentences at once, and ``small`` with one at a time. Source sentences are sorted by
length (4 to 100 tokens, 25 on average), words and weights are random, and everyone says exactly 25 tokens a sentence:
the peers through their least and greatest length, ours because the bias of eos is −10⁴ and the limit is set to 25,
which changes nothing of the work. Ids in, ids out: no toolkit cuts words here.

CTranslate2 has our weights, so that it must say what we say: ``same`` counts the sentences that are equal, token by
token. The others have random weights of their own. Everyone is in a process of its own, and they take turns.
"""

import argparse
import importlib
import math
from collections.abc import Callable
from typing import Any, get_args

import decoding_peers
import rows
import torch
import workload
from training_peers import version
from turns import Make, Turns, take_turns

from glassformer.config import DecodingConfig, ModelConfig, Precision
from glassformer.engines.conversion import convert
from glassformer.engines.native import Native
from glassformer.model import Transformer

LENGTH = 25
SCENES = {"base": (64, 64), "small": (1, 16)}
"""Model: sentences at once, sentences in a turn."""
NEVER = -1e4


def setting(preset: str, at_once: int, count: int) -> tuple[ModelConfig, decoding_peers.Groups]:
    """The model's sizes, and ``count`` sentences in groups of ``at_once``: every n-th of 64 in order of length."""
    config = workload.model_config(preset, output_bias=True)
    sentences = workload.sentences(64)[:: max(1, 64 // count)]
    return config, [sentences[first : first + at_once] for first in range(0, len(sentences), at_once)]


def model_of(config: ModelConfig) -> Transformer:
    torch.manual_seed(0)
    model = Transformer(config).eval()
    assert model.output_bias is not None
    with torch.no_grad():
        model.output_bias[config.eos_id] = NEVER
        model.output_bias[[config.pad_id, config.bos_id]] = NEVER  # we never say them; CTranslate2 would
    return model


def ours(preset: str, at_once: int, count: int, precision: str) -> Callable[[], list[list[int]]]:
    """Our native engine through its door."""
    from glassformer.hypothesis import Sentence

    config, groups = setting(preset, at_once, count)
    engine = Native(model_of(config))
    door: Any = importlib.import_module("glassformer.decoding.decode")
    door.make_sentence = lambda source, *_: Sentence([*source, config.eos_id], [], LENGTH)
    greedy = DecodingConfig.from_dict({"method": "greedy", "batch_tokens": 10**6, "precision": precision})

    def translate() -> list[list[int]]:
        return [found[0].ids for group in groups for found in engine.submit(group, greedy).result()]

    return translate


def ctranslate2(preset: str, at_once: int, count: int, precision: str, threads: int) -> Callable[[], list[list[int]]]:
    import ctranslate2

    config, groups = setting(preset, at_once, count)
    words = [f"w{number}" for number in range(config.vocabulary_size)]
    files = convert(model_of(config), words, quantization="float32")
    translator = ctranslate2.Translator(
        "ours", files=dict(files), compute_type=precision, inter_threads=1, intra_threads=threads
    )
    named = [[[words[word] for word in [*sentence, config.eos_id]] for sentence in group] for group in groups]

    def translate() -> list[list[int]]:
        found = []
        for group in named:
            said = translator.translate_batch(
                group,
                beam_size=1,
                max_batch_size=at_once,
                min_decoding_length=LENGTH,
                max_decoding_length=LENGTH,
                return_scores=False,
            )
            found += [[int(word[1:]) for word in one.hypotheses[0]] for one in said]
        return found

    return translate


def peer(name: str, preset: str, at_once: int, count: int) -> Callable[[], int]:
    torch.manual_seed(0)
    config, groups = setting(preset, at_once, count)
    return decoding_peers.PEERS[name](config, groups, LENGTH)


def contenders(arguments: argparse.Namespace, preset: str, at_once: int, count: int) -> dict[str, Make]:
    scene = (preset, at_once, count)
    found: dict[str, Make] = {f"glassformer {kind}": (ours, (*scene, kind)) for kind in arguments.precision}
    found |= {name: (peer, (name, *scene)) for name in arguments.peers}
    for kind in arguments.ctranslate2:
        found[f"CTranslate2 {kind}"] = ctranslate2, (*scene, kind, arguments.threads)
    return found


def measured(turns: Turns, preset: str, at_once: int, count: int) -> list[dict[str, Any]]:
    """A row for each contender. The best peer is the quickest one that is PyTorch; CTranslate2 stands beside."""
    best = min((turns.median(name) for name in turns.seconds if name in decoding_peers.PEERS), default=math.nan)
    reference = turns.gave.get("glassformer float32")
    found = []
    for name in turns.seconds:
        gave = turns.gave[name]
        row: dict[str, Any] = {"model": preset, "at_once": at_once, "sentences": count, "tokens": LENGTH}
        row |= {"contender": name, "version": version(name), **turns.row(name, count)}
        row["over_best_peer"] = best / turns.median(name)
        tokens = gave if isinstance(gave, int) else sum(map(len, gave))
        if tokens != count * LENGTH:
            row["MISMATCH"] = f"{tokens} tokens, wanted {count * LENGTH}"
        if isinstance(gave, list) and reference:
            row["same"] = sum(mine == theirs for mine, theirs in zip(reference, gave, strict=True))
        found.append(row)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--models", nargs="+", default=list(SCENES), metavar="PRESET")
    kinds = list(get_args(Precision))
    parser.add_argument("--precision", nargs="+", default=kinds, choices=kinds, help="of our native engine")
    parser.add_argument("--ctranslate2", nargs="*", default=["float32", "int8"], help="compute types")
    parser.add_argument("--peers", nargs="*", default=list(decoding_peers.PEERS), choices=list(decoding_peers.PEERS))
    parser.add_argument("--at-once", type=int, default=0, help="sentences at once; 0: 64, small 1")
    parser.add_argument("--sentences", type=int, default=0, help="in a turn; 0: 64, one at a time 16")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=math.inf, help="no new round begins after so many")
    parser.add_argument("--rounds", type=int, default=4)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    for preset in arguments.models:
        at_once, count = SCENES.get(preset, (64, 64))
        at_once, count = arguments.at_once or at_once, arguments.sentences or count
        turns = take_turns(
            contenders(arguments, preset, at_once, count),
            rounds=arguments.rounds,
            threads=arguments.threads,
            seconds=arguments.seconds,
        )
        rows.write("decoding_speed", measured(turns, preset, at_once, count))
        for name, why in turns.failed.items():
            print(f"not measured: {name}: {why}")


if __name__ == "__main__":
    main()
