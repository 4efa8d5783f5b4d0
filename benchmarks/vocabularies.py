"""Which vocabulary suits a language that writes no blanks? One model and one budget, vocabularies of several kinds.

    python benchmarks/vocabularies.py --data ../shared/data --vocabularies unigram-5000 characters-5000 --steps 1500

The model has the sizes of the en-zh that ships, and learns Tatoeba's and LibreOffice's pairs alone; the budget is in steps of
2,048 tokens a side, so that a vocabulary with longer pieces shows the model more sentences in the same time. In
``characters-N`` no piece has two Chinese characters: N pieces are these characters and the pieces of English. A row that is
there is not made again.
"""

import argparse
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any
from unittest.mock import patch

import rows
import sentencepiece
import torch
from shipped_model import QUOTES, sides

from glassformer.card import Card
from glassformer.config import DataConfig, TrainingConfig
from glassformer.corpus.prepare import Data, prepare
from glassformer.runs.recipe import recipe
from glassformer.scores import bleu, chrf
from glassformer.text.lines import read_lines
from glassformer.training.train import train
from glassformer.translator import Translator

NAMES = ("tatoeba-en-zh", "libreoffice-help-en-zh")
MODEL = {"d_model": 192, "d_ff": 768, "heads": 8, "encoder_layers": 6, "decoder_layers": 2, "dropout": 0.2}
TRAINING = {"optimizer": "muon", "learning_rate": 3.5e-3, "warmup_steps": 200, "decay_share": 0.5, "batch_tokens": 2048}
TRAINING |= {"time_limit": 0.0, "patience": 0, "keep_checkpoints": 1}
BETWEEN = "␟"
"""No text here has it, and no piece goes across it. It must be seen: the vocabulary leaves invisible signs out."""
CHINESE = re.compile(r"(?<=[\u4e00-\u9fff])(?=[\u4e00-\u9fff])")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--vocabularies", nargs="+", default=["unigram-5000"], help="unigram-N or characters-N")
    parser.add_argument("--steps", type=int, default=1500)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--runs", type=Path, default=Path("runs/vocabularies"))
    parser.add_argument("--threads", type=int, default=0)
    wanted = parser.parse_args()
    if wanted.threads:
        torch.set_num_threads(wanted.threads)
    for vocabulary in wanted.vocabularies:
        if not measured(vocabulary, wanted.seed, wanted.steps):
            rows.write("vocabularies", [measure(vocabulary, wanted)])


def measured(vocabulary: str, seed: int, steps: int) -> bool:
    return any(
        (row["vocabulary"], row["seed"], row["steps"]) == (vocabulary, seed, steps) for row in rows.read("vocabularies")
    )


def measure(vocabulary: str, wanted: argparse.Namespace) -> dict[str, Any]:
    kind, size = vocabulary.split("-")
    training = {**TRAINING, "max_steps": wanted.steps, "seed": wanted.seed, "validate_every": max(wanted.steps // 3, 1)}
    with one_character_a_piece() if kind == "characters" else nullcontext():
        data = corpus(wanted.data, wanted.runs / f"data-{vocabulary}", int(size), wanted.runs, training)
    chosen = recipe(len(data.pairs), len(data.tokenizer), preset="tiny", model=MODEL, training=training)
    run = wanted.runs / f"{vocabulary}-{wanted.steps}-{wanted.seed}"
    outcome = train(run, data, chosen, card=Card(languages="en-zh"))
    translator = Translator.load(run)
    scores: dict[str, float] = {}
    for name in NAMES:
        sources, references = sides(wanted.data / name, "zh")
        found = translator.translate(sources)
        scores[f"{name} BLEU (zh)"] = round(bleu(found, references, tokenize="zh").value, 2)
        scores[f"{name} chrF2"] = round(chrf(found, references).value, 2)
        for side, texts in (("source", sources), ("target", references)):
            pieces = sum(map(len, data.tokenizer.encode_batch(texts)))
            scores[f"{name} {side} pieces a sentence"] = round(pieces / len(texts), 1)
    return {
        "vocabulary": vocabulary,
        "seed": wanted.seed,
        "steps": outcome.step,
        "epochs": outcome.epoch,
        "seconds": round(outcome.seconds),
        "pieces": len(data.tokenizer),
        "weights": sum(parameter.numel() for parameter in translator.model.parameters()),
        "valid_BLEU_greedy": round(outcome.best_bleu, 2),
        **scores,
        "beam": 4,
    }


def corpus(data: Path, folder: Path, size: int, runs: Path, training: dict[str, Any]) -> Data:
    """Both corpora's training pairs, with the quotes that the model that ships has learnt."""
    runs.mkdir(parents=True, exist_ok=True)
    targets = []
    for name in NAMES:
        targets.append(runs / f"{name}.zh")
        lines = (line.translate(QUOTES) for line in read_lines(data / name / "train.zh"))
        targets[-1].write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    config = DataConfig(
        source=[str(data / name / "train.en") for name in NAMES],
        target=list(map(str, targets)),
        valid_source=str(data / NAMES[0] / "valid.en"),
        valid_target=str(data / NAMES[0] / "valid.zh"),
    )
    begun = time.monotonic()
    made = prepare(folder, config, TrainingConfig.from_dict(training), vocabulary_size=size)
    print(f"{folder}: {len(made.tokenizer):,} pieces, {time.monotonic() - begun:.0f} s")
    return made


@contextmanager
def one_character_a_piece() -> Iterator[None]:
    """SentencePiece finds no piece with two Chinese characters."""
    made = sentencepiece.SentencePieceTrainer.train

    def separated(*, sentence_iterator: Iterator[str], **options: Any) -> None:
        lines = (CHINESE.sub(BETWEEN, line) for line in sentence_iterator)
        made(sentence_iterator=lines, pretokenization_delimiter=BETWEEN, **options)

    with patch.object(sentencepiece.SentencePieceTrainer, "train", separated):
        yield


if __name__ == "__main__":
    main()
