"""The corpus of a run: read, counted, given a vocabulary, held out of, and encoded once into the run's folder."""

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import MISSING, dataclass, field, fields
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from glassformer.brief import brief
from glassformer.card import Card
from glassformer.config import DataConfig, ModelConfig, TrainingConfig
from glassformer.corpus.augmentation import augmented
from glassformer.corpus.batches import Batches
from glassformer.corpus.encoded import EncodedPairs
from glassformer.corpus.files import (
    changed,
    check_readable_again,
    files_of,
    keep_standard_input,
    kept_validation,
    languages,
    mark_files,
    stamp,
)
from glassformer.corpus.held_out import Account, chosen, weighted
from glassformer.corpus.marks import NO_MARKS, marked, with_marks_of, word_starts
from glassformer.corpus.read import CorpusReport, Pair, read_pairs
from glassformer.corpus.subword_sampling import SubwordSampler
from glassformer.corpus.units import folded
from glassformer.disk import read_json, replace_file, sha256_of
from glassformer.errors import CheckpointError, ConfigError, CorpusError
from glassformer.score_tokenizers import USUAL, choose, ready
from glassformer.scores import in_pieces
from glassformer.text.case import plain
from glassformer.text.protected import protected_pair
from glassformer.text.reading import Reader
from glassformer.text.scripts import common_scripts
from glassformer.text.sentences import sentences
from glassformer.text.tokenizer import Tokenizer, vocabulary_size_for

SAMPLED_LINES = 5000
SOME_LINES = 0.05
"""The share of shouted or titled lines from which on a model is taken to have learnt to read them."""
Doing = Callable[[str, int, int], None]
"""Called with what is being done, how much of it is done, and how much there is (0: not known)."""


@brief
@dataclass(frozen=True)
class Data:
    """The training data and the validation data of a run."""

    config: DataConfig
    pairs: EncodedPairs
    tokenizer: Tokenizer
    validation: list[Pair]
    messages: list[str]
    """Counts of the pairs that were read, kept and left out, in sentences."""
    notes: list[str] = field(default_factory=list)
    """Changes and damage since an earlier session read it."""
    bleu_tokenizer: str = ""
    """The tokenizer of the validation pairs' BLEU, chosen when they were read; "" where the settings say it."""

    def usual_sentences(self, share: float) -> int:
        """Sentences that this share of the source lines do not exceed (of ``sampled_lines``)."""
        return int(np.quantile([len(sentences(line)) for line in self.sampled_lines], share))

    @property
    def plain_case(self) -> bool:
        """Whether hardly any source line (of ``sampled_lines``) is IN UPPER CASE or In Title Case."""
        other = sum(plain(line) != line for line in self.sampled_lines)
        return other <= SOME_LINES * len(self.sampled_lines)

    @cached_property
    def sampled_lines(self) -> list[str]:
        """Some thousand source lines from all over the corpus."""
        numbers = np.linspace(0, len(self.pairs) - 1, min(len(self.pairs), SAMPLED_LINES)).astype(int)
        return [self.tokenizer.decode(self.pairs.pair(int(number))[0]) for number in numbers]

    def batches(self, config: TrainingConfig, model: ModelConfig) -> Batches:
        """The training pairs in batches, some words of them cut otherwise in each epoch where the settings say so."""
        share = (
            0.0 if self.tokenizer.has_tables else config.subword_sampling
        )  # another program's pieces stay as they are
        after = config.subword_sampling_after
        sampler = SubwordSampler(self.tokenizer, share, config.seed, after) if share else None
        starts = word_starts(self.tokenizer) if self.pairs.facts.marks and config.guided_attention else None
        size, seed = config.batch_tokens, config.seed
        special = {
            "pad_id": model.pad_id,
            "bos_id": model.bos_id,
            "eos_id": model.eos_id,
            "source_eos": model.source_eos,
        }
        return Batches(self.pairs, batch_tokens=size, seed=seed, sampler=sampler, word_starts=starts, **special)  # type: ignore[arg-type]

    @cached_property
    def card(self) -> Card:
        """The part of a model's card about its data: a translator needs it to read as training read."""
        pairs = self.pairs.facts
        return Card(
            languages=languages(self.config),
            data=(*self.config.source, *self.config.target),
            longest=max(pairs.longest_source, pairs.longest_target),
            sentences=self.usual_sentences(0.9),
            plain_case=self.plain_case,
            source_scripts=tuple(common_scripts(self.sampled_lines)),
        )

    @cached_property
    def reader(self) -> Reader:
        """How the model that is trained on this reads."""
        return Reader.of(self.tokenizer, self.card.to_dict(), protect=self.config.placeholders)


def prepare(
    folder: Path,
    config: DataConfig,
    training: TrainingConfig,
    *,
    vocabulary_size: int = 0,
    tokenizer: Tokenizer | None = None,
    doing: Doing | None = None,
) -> Data:
    """Read the corpus into ``folder`` (a run's ``data``), or open what an earlier call left there.

    ``vocabulary_size`` 0 takes the size from the number of pairs. ``tokenizer``: the one to use; None makes one of the
    corpus. One without signs gets them behind its other pieces, unless ``config.placeholders`` is off.

    Raises CorpusError for data that cannot be used.
    """
    doing = doing or (lambda what, done, total: None)
    ready(training.bleu_tokenizer or prepared(folder).get("bleu_tokenizer", USUAL))  # now, and not hours later
    of_training = {"max_tokens": training.max_tokens, "held_out": training.held_out}
    if config.weights or config.augmentation:
        of_training["seed"] = training.seed  # which pairs are the sample of a file, and which are copied and how
    asked = {**config.to_dict(), **of_training, "size": vocabulary_size, "given": tokenizer is not None}
    notes: list[str] = []
    if same_request(prepared(folder).get("asked"), asked):
        notes = changes(folder)
        if whole(folder):
            return opened(folder, notes)
        notes.append(f"what was prepared in {folder} is damaged: the corpus was read again")
    read_corpus(folder, config, training, vocabulary_size, tokenizer, asked, doing)
    return opened(folder, notes)


def same_request(before: dict[str, Any] | None, asked: dict[str, Any]) -> bool:
    """Whether an earlier version was asked for the same: a setting that it did not know yet had its default."""
    defaults = {setting.name: setting.default for setting in fields(DataConfig) if setting.default is not MISSING}
    lists: dict[str, list[Any]] = {
        setting.name: [] for setting in fields(DataConfig) if setting.default_factory is not MISSING
    }
    return bool(before) and {**defaults, **lists, **(before or {})} == asked


def opened(folder: Path, notes: list[str]) -> Data:
    """The corpus that ``read_corpus`` left in ``folder``."""
    asked = prepared(folder)["asked"]
    return Data(
        DataConfig.from_dict({field.name: asked[field.name] for field in fields(DataConfig) if field.name in asked}),
        EncodedPairs.open(folder / "train"),
        Tokenizer.load(folder / "tokenizer.model"),
        kept_validation(folder),
        prepared(folder)["messages"],
        notes,
        prepared(folder).get("bleu_tokenizer", ""),
    )


def read_corpus(
    folder: Path,
    config: DataConfig,
    training: TrainingConfig,
    vocabulary_size: int,
    tokenizer: Tokenizer | None,
    asked: dict[str, Any],
    doing: Doing,
) -> None:
    """Read the corpus, as often as is needed, and leave in ``folder`` what training wants of it."""
    if not (config.valid_source or training.held_out):
        raise ConfigError("training.held_out=0 leaves no pairs to validate with: give --valid-source, or hold some out")
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "prepared.json").unlink(missing_ok=True)  # from now on what it says is not so
    config = keep_standard_input(folder, config)
    check_readable_again([*config.source, *config.target, *mark_files(config)])
    stamps = [stamp(path) for path in files_of(config)]
    reports: list[CorpusReport] = []
    count = 0
    for _ in all_pairs(config, reports):
        count += 1
        if count % 10_000 == 0:
            doing("reading", count, 0)
    held_out = every_nth(count, training.held_out) if not config.valid_source else 0
    tokenizer = vocabulary_for(config, tokenizer, vocabulary_size or vocabulary_size_for(count), training.seed, doing)
    replace_file(folder / "tokenizer.model", tokenizer.to_bytes())
    validation = list(validation_pairs(config, held_out))
    if in_pieces([target for _, target in validation[: training.validation_sentences]]):
        raise CorpusError(
            "the target sentences are subword pieces (▁ or @@): join them to words, the run makes its own"
        )
    replace_file(folder / "validation.json", json.dumps(validation, ensure_ascii=False).encode())
    account, long_ones, copies = Account(), CorpusReport(), Counter[str]()
    keys = {folded(source) for source, _ in validation} if held_out else set()
    wanted = weighted(pairs_by_file(config), config.weights, training.seed, held_out=keys, account=account)
    encoded = EncodedPairs.write(
        folder / "train",
        signed(augmented(wanted, config.augmentation, training.seed, copies), config),
        tokenizer,
        max_tokens=training.max_tokens,
        report=long_ones,
        progress=lambda done: doing("encoding", done, count),
    )
    messages = messages_of(reports, account, config.weights, long_ones, copies)
    if config.marks:
        messages.append(f"{encoded.facts.marked_pairs:,} pairs say which words are to look at which (data.marks)")
    if held_out:
        messages.append(account.held_out(len(validation), held_out))
    counted = choose([b for _, b in validation], guess=languages(config), tokenize=training.bleu_tokenizer)
    messages += [counted.said] if counted.said else []
    keep_account(folder, stamps, {"asked": asked, "messages": messages, "bleu_tokenizer": counted.tokenizer})


def messages_of(
    reports: Sequence[CorpusReport],
    account: Account,
    weights: list[float],
    long_ones: CorpusReport,
    copies: Counter[str],
) -> list[str]:
    """The messages on the pairs that were read, left out, repeated by their weight, too long, and added in another form."""
    messages = [line for report in reports for line in report.messages()]
    messages += account.messages([" and ".join(report.files) for report in reports], weights)
    messages += long_ones.messages()[1:-1]
    if copies:
        kinds = ", ".join(f"{count:,} {kind}" for kind, count in copies.most_common())
        messages.append(f"{copies.total():,} changed copies added: {kinds} (data.augmentation)")
    return messages


def keep_account(folder: Path, stamps: list[dict[str, Any]], about: dict[str, Any]) -> None:
    """Write what a later ``prepare`` asks for: ``about``, and by which corpus and what was made of it are known. Raises
    CorpusError for a file of the corpus that is not as ``stamps`` has it."""
    for before in stamps:
        if stamp(before["path"]) != before:
            raise CorpusError(f"{before['path']} changed while it was read: start again when nobody writes to it")
    hashes = {name: sha256_of(folder / name) for name in ("tokenizer.model", "validation.json")}
    files = [{**before, "sha256": sha256_of(Path(before["path"])) if before["size"] > 0 else ""} for before in stamps]
    replace_file(folder / "prepared.json", json.dumps({**about, "files": files, "sha256": hashes}).encode())


def changes(folder: Path) -> list[str]:
    """A sentence for each file of the corpus that is not as it was when it was read; one that is gone is not needed."""
    return [
        f"{before['path']} has changed since this run read it: the run goes on with the pairs as they were; "
        "to train on the new ones begin another with --out"
        for before in prepared(folder).get("files", [])
        if changed(before)
    ]


def whole(folder: Path) -> bool:
    """Whether everything in ``folder`` is what was left there, byte by byte."""
    try:
        hashes = prepared(folder)["sha256"]
        return EncodedPairs.open(folder / "train").whole() and all(
            sha256_of(folder / name) == wanted for name, wanted in hashes.items()
        )
    except (CorpusError, OSError, KeyError):
        return False


def prepared(folder: Path) -> dict[str, Any]:
    """The request of an earlier ``prepare``, and its messages; empty when it did not come to its end."""
    path = folder / "prepared.json"
    try:
        return read_json(path.read_bytes(), path)
    except (OSError, CheckpointError):
        return {}


def all_pairs(config: DataConfig, reports: list[CorpusReport] | None = None) -> Iterator[Pair]:
    """The pairs of all files, one file after the other. ``reports`` gets the account of each."""
    for pairs in pairs_by_file(config, reports):
        yield from pairs


def pairs_by_file(config: DataConfig, reports: list[CorpusReport] | None = None) -> Iterator[Iterator[Pair]]:
    """The pairs of each file; ``reports`` gets the account of it, once they are read."""
    targets: list[str | None] = [*config.target] or [None] * len(config.source)
    marks = config.marks or [""] * len(config.source)
    how: dict[str, Any] = {"columns": config.columns, "skip_bad_lines": config.skip_bad_lines}
    for source, target, marks_file in zip(config.source, targets, marks, strict=True):
        report = CorpusReport()
        pairs = read_pairs(source, target, report=report, **how)
        yield pairs if marks_file in NO_MARKS else marked(pairs, marks_file, report)
        if reports is not None:
            reports.append(report)


def vocabulary_for(config: DataConfig, given: Tokenizer | None, size: int, seed: int, doing: Doing) -> Tokenizer:
    """The ``given`` tokenizer, with signs unless ``config`` wants none, or one of ``size`` pieces made for the corpus."""
    if given is not None:
        return given.with_signs() if config.placeholders else given
    doing(f"finding {size:,} pieces of words", 0, 0)
    pairs = weighted(pairs_by_file(config), config.weights, seed)
    seen = signed(augmented(pairs, config.augmentation, seed), config)
    return Tokenizer.train((side for pair in seen for side in pair), vocabulary_size=size)


def signed(pairs: Iterable[Pair], config: DataConfig) -> Iterator[Pair]:
    """The pairs with signs instead of what both sides have to be carried through, unless ``config`` leaves them."""
    for number, pair in enumerate(pairs):
        made = protected_pair(*pair, number) if config.placeholders else pair
        yield pair if made == pair else with_marks_of(pair, made)


def validation_pairs(config: DataConfig, held_out: int) -> Iterator[Pair]:
    """The validation files' pairs, or, where there are none, those held out."""
    if config.valid_source:
        how: dict[str, Any] = {"columns": config.columns, "skip_bad_lines": config.skip_bad_lines}
        yield from read_pairs(config.valid_source, config.valid_target or None, **how)
    elif held_out:
        candidates = [pair for i, pair in enumerate(all_pairs(config)) if is_held_out(i, held_out)]
        yield from chosen(candidates, lambda: all_pairs(config))


def every_nth(pairs: int, wanted: int) -> int:
    """How far apart held-out pairs stand: ``wanted`` of them, but at most one of 20; 0 holds none out."""
    if not wanted:
        return 0
    if pairs < 20:
        raise CorpusError(f"{pairs} sentence pairs: too few to hold some out for validation; give validation files")
    return max(20, pairs // wanted)


def is_held_out(number: int, nth: int) -> bool:
    return nth > 0 and number % nth == nth // 2
