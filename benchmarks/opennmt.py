"""How good is what OpenNMT-py makes of the same sentence pairs in the same time? Its own trainer, recipe and translator.

    .venv-bench/bin/python benchmarks/opennmt.py --data ../shared/data --minutes 40 --out runs/opennmt
        --source a/train.en --target a/train.zh --source b/train.en --target b/train.zh

The recipe is the one of its documentation ("How do I train the Transformer model?"), which is for four GPUs. Three things
are changed: the sizes are those of the model that ships, whose pieces it has as well, and all embeddings are one table, as
ours; gradients are those of one batch a step, its program's default, as four would leave it a quarter of the steps; batches
are made in the same thread, so that one thread is one. It never validates in the time: every checkpoint is scored
afterwards, the last one on the tests. ``--set warmup_steps=800`` and the like make another recipe of it; a row says which.
When training has ended, the same command once more only translates and scores. On a busy machine ``--clock processor``
gives it as much as it would have had on an idle one; without, the minutes are the wall's.
"""

import argparse
import importlib.metadata
import json
import resource
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import rows
import sentencepiece
import shipped_model
import torch
import training_peers

from glassformer.disk import read_json
from glassformer.text.lines import read_lines

MODELS = Path(__file__).parents[1] / "src" / "glassformer" / "models"
RECIPE: dict[str, Any] = {
    "train_steps": 200_000,
    "valid_steps": 10_000,
    "save_checkpoint_steps": 200,
    "bucket_size": 262_144,
    "num_workers": 0,
    "batch_type": "tokens",
    "batch_size": 4096,
    "accum_count": [1],
    "accum_steps": [0],
    "model_dtype": "fp32",
    "optim": "adam",
    "learning_rate": 2,
    "warmup_steps": 8000,
    "decay_method": "noam",
    "adam_beta2": 0.998,
    "max_grad_norm": 0,
    "label_smoothing": 0.1,
    "param_init": 0,
    "param_init_glorot": True,
    "normalization": "tokens",
    "encoder_type": "transformer",
    "decoder_type": "transformer",
    "position_encoding": True,
    "dropout_steps": [0],
    "dropout": [0.1],
    "attention_dropout": [0.1],
    "share_vocab": True,
    "share_embeddings": True,
    "share_decoder_embeddings": True,
    "seed": 1,
}
"""Its documentation's words; the last four are not in it. A checkpoint has 58 MB."""
VALIDATED = 200
"""Sentences of the validation set that each checkpoint translates."""
CLOCKS: dict[str, Callable[[], float]] = {"wall": time.monotonic, "processor": time.process_time}


class Until:
    """Batches until the time is up, counted. Where they end its trainer saves a checkpoint and stops."""

    def __init__(self, seconds: float, clock: Callable[[], float]) -> None:
        self.clock, self.begun, self.seconds = clock, clock(), seconds
        self.first_batch_seconds = 0.0
        self.sentences = self.tokens = 0

    def spent(self) -> float:
        return self.clock() - self.begun

    def over(self, batches: Iterable[Any]) -> Iterator[Any]:
        """Its batches: a dict with ``src`` and ``tgt`` [sentence, token, 1] and ``srclen`` and ``tgtlen`` [sentence],
        and the number of its bucket. Tokens are counted on both sides, padding not."""
        for batch in batches:
            self.first_batch_seconds = self.first_batch_seconds or self.spent()
            if self.spent() >= self.seconds:
                return
            made = batch[0]
            self.sentences += len(made["srclen"])
            self.tokens += int(made["srclen"].sum()) + int(made["tgtlen"].sum())
            yield batch


class Peer:
    """OpenNMT-py's translator with a checkpoint of its trainer: its own settings, which are beam 5 and each sentence's
    mean log-probability."""

    def __init__(self, checkpoint: Path, pieces: Path) -> None:
        self.checkpoint, self.pieces = checkpoint, pieces

    def translate(self, sentences: list[str]) -> list[str]:
        with tempfile.TemporaryDirectory() as folder:
            source, output = Path(folder) / "source", Path(folder) / "output"
            source.write_text("".join(f"{text}\n" for text in sentences), encoding="utf-8")
            run_translator(
                ["-model", str(self.checkpoint), "-src", str(source), "-output", str(output)]
                + ["-transforms", "sentencepiece"]
                + [part for side in ("src", "tgt") for part in (f"-{side}_subword_model", str(self.pieces))]
            )
            return list(read_lines(output))


def run_translator(arguments: list[str]) -> None:
    """What ``onmt_translate`` does, in this process."""
    from onmt.bin.translate import translate
    from onmt.opts import translate_opts
    from onmt.utils.parse import ArgumentParser

    parser = ArgumentParser()
    translate_opts(parser)
    with torch.serialization.safe_globals([argparse.Namespace]):  # its settings lie in the checkpoint as one
        translate(parser.parse_args(arguments))


def run_trainer(config: Path, until: Until) -> None:
    """What ``onmt_train`` does, in this process, with batches that end when the time is up."""
    import onmt.train_single
    from onmt.bin.train import train
    from onmt.constants import CorpusTask
    from onmt.opts import train_opts
    from onmt.utils.parse import ArgumentParser

    made = onmt.train_single.build_dynamic_dataset_iter

    def batches(*arguments: Any, task: str, **more: Any) -> Any:
        found = made(*arguments, task=task, **more)
        return until.over(found) if task == CorpusTask.TRAIN else found

    onmt.train_single.build_dynamic_dataset_iter = batches
    parser = ArgumentParser()
    train_opts(parser)
    train(parser.parse_args(["-config", str(config)]))


def sizes(model: Path) -> dict[str, int]:
    """A shipped model's sizes in OpenNMT-py's words."""
    ours = read_json((model / "config.json").read_bytes(), model)
    return {
        "enc_layers": ours["encoder_layers"],
        "dec_layers": ours["decoder_layers"],
        "hidden_size": ours["d_model"],
        "word_vec_size": ours["d_model"],
        "heads": ours["heads"],
        "transformer_ff": ours["d_ff"],
    }


def pieces_of(path: Path) -> list[str]:
    """A SentencePiece file's pieces without those that are no text: OpenNMT-py adds its own of these."""
    model = sentencepiece.SentencePieceProcessor(model_file=str(path))
    return [
        model.id_to_piece(id)
        for id in range(len(model))
        if not (model.is_unknown(id) or model.is_control(id) or model.is_unused(id))
    ]


def prepare(out: Path, pairs: list[tuple[Path, Path]], model: Path, changed: dict[str, Any]) -> Path:
    """Write the training's files with Chinese quotes as ours, the vocabulary and the settings: JSON, which is YAML too."""
    data = {}
    for number, sides in enumerate(pairs):
        names = [out / f"corpus{number}.{side}" for side in ("source", "target")]
        for name, path, quotes in zip(names, sides, ({}, shipped_model.QUOTES), strict=True):
            with name.open("w", encoding="utf-8", newline="\n") as file:
                file.writelines(line.translate(quotes) + "\n" for line in read_lines(path))
        data[f"corpus{number}"] = {"path_src": str(names[0]), "path_tgt": str(names[1]), "weight": 1}
    pieces, vocabulary = model / "tokenizer.model", out / "vocabulary"
    vocabulary.write_text("".join(f"{piece}\n" for piece in pieces_of(pieces)), encoding="utf-8")
    settings = RECIPE | sizes(model) | changed
    settings |= {"data": data, "transforms": ["sentencepiece", "filtertoolong"], "src_vocab": str(vocabulary)}
    settings |= {"src_subword_model": str(pieces), "tgt_subword_model": str(pieces)}
    settings |= {"save_model": str(out / "model"), "log_file": str(out / "train.log")}
    config = out / "config.yaml"
    config.write_text(json.dumps(settings, indent=1, ensure_ascii=False), encoding="utf-8")
    return config


def checkpoints(out: Path) -> list[tuple[int, Path]]:
    """Step and file of each, the oldest first."""
    return sorted((int(path.stem.rpartition("_")[2]), path) for path in out.glob("model_step_*.pt"))


def train(config: Path, out: Path, minutes: float, clock: str) -> dict[str, Any]:
    """What the training was; the time is the whole trainer's, from its start, the last checkpoint included."""
    until, wall, processor = Until(60 * minutes, CLOCKS[clock]), time.monotonic(), time.process_time()
    run_trainer(config, until)
    seconds, step = until.spent(), checkpoints(out)[-1][0]
    return {
        "minutes": minutes,
        "clock": clock,
        "pairs": sum(1 for path in out.glob("*.source") for _ in read_lines(path)),
        "wall_seconds": round(time.monotonic() - wall, 1),
        "processor_seconds": round(time.process_time() - processor, 1),
        "first_batch_seconds": round(until.first_batch_seconds, 1),
        "steps": step,
        "sentences_seen": until.sentences,
        "steps_per_second": step / seconds,
        "tokens_per_second": until.tokens / seconds,
        "peak_MiB": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
    }


def score(out: Path, data: Path, languages: str, pieces: Path) -> list[dict[str, Any]]:
    """A row a checkpoint of the validation set's BLEU, and the tests' rows of the last checkpoint."""
    target = languages.partition("-")[2]
    made, kept = [], checkpoints(out)
    with tempfile.TemporaryDirectory() as folder:
        for side in languages.split("-"):
            lines = list(read_lines(data / f"tatoeba-{languages}" / f"valid.{side}"))[:VALIDATED]
            (Path(folder) / f"test.{side}").write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
        for step, checkpoint in kept:
            name = f"tatoeba-{languages} valid"
            bleu, _ = shipped_model.measure(Peer(checkpoint, pieces), Path(folder), name, target)
            made.append(bleu | {"test": name, "step": step})
    step, last = kept[-1]
    for name in (f"tatoeba-{languages}", f"libreoffice-help-{languages}"):
        tests = shipped_model.measure(Peer(last, pieces), data / name, name, target)
        made += [row | {"step": step} for row in tests]
    return made


def settings(words: list[str]) -> dict[str, Any]:
    """``name=value`` as a dict; a value that is no JSON is text."""
    made: dict[str, Any] = {}
    for word in words:
        name, _, value = word.partition("=")
        try:
            made[name] = json.loads(value)
        except ValueError:
            made[name] = value
    return made


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--source", type=Path, action="append", required=True)
    parser.add_argument("--target", type=Path, action="append", required=True)
    parser.add_argument("--data", type=Path, required=True, help="the folder of the test sets")
    parser.add_argument("--languages", default="en-zh", help="a model that ships: its sizes and its pieces")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--minutes", type=float, default=40.0)
    parser.add_argument("--clock", choices=CLOCKS, default="wall")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument(
        "--set", action="append", default=[], metavar="NAME=VALUE", help="another setting of its trainer"
    )
    wanted = parser.parse_args()
    torch.set_num_threads(wanted.threads)
    training_peers.import_opennmt()
    model, changed = MODELS / wanted.languages, settings(wanted.set)
    ended = wanted.out / "training.json"
    if not ended.exists():
        wanted.out.mkdir(parents=True)  # one that is there has the checkpoints of a training that was ended
        pairs = list(zip(wanted.source, wanted.target, strict=True))
        config = prepare(wanted.out.resolve(), pairs, model, changed)
        done = train(config, wanted.out, wanted.minutes, wanted.clock)
        ended.write_text(json.dumps(done), encoding="utf-8")
    training = read_json(ended.read_bytes(), ended)
    contender = {"contender": f"OpenNMT-py {importlib.metadata.version('OpenNMT-py')}", "changed": changed}
    scores = score(wanted.out, wanted.data, wanted.languages, model / "tokenizer.model")
    rows.write("opennmt", [{**contender, **training, **row} for row in scores])


if __name__ == "__main__":
    main()
