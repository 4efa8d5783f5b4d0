"""A run: sentence pairs become a model in a folder. Behind the command ``train`` and ``glassformer.train``."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from glassformer.brief import brief
from glassformer.config import DataConfig, RunConfig, TrainingConfig
from glassformer.config.settings import use_threads
from glassformer.config.tables import Tables, read_settings, tables_of
from glassformer.corpus.files import languages
from glassformer.corpus.prepare import prepare
from glassformer.corpus.read import Pair, read_pairs
from glassformer.devices import find_device
from glassformer.diagnosis.finding import Finding
from glassformer.errors import CheckpointError
from glassformer.model_folder import model_folder
from glassformer.runs.folder import keep, only_run, settle, told_anew, undone_if_refused
from glassformer.runs.start import recipe_for, starting_tokenizer
from glassformer.training.processes import joined, local_device, prepared_by_first
from glassformer.training.report import NullReporter, Outcome, Reporter
from glassformer.training.state import newest_checkpoint
from glassformer.training.train import train as train_in
from glassformer.translator import Translator

StopSignal = AbstractContextManager[Callable[[], str]]
"""Entered while the loop runs; its function is called after each step and returns why to stop, or ""."""
Reporting = Callable[[Path], AbstractContextManager[Reporter]]
"""Gives, for a run's folder, the reporter of what happens."""


@contextmanager
def silent(folder: Path) -> Iterator[Reporter]:
    """Reports nothing."""
    yield NullReporter()


def train(
    source: str | Path | Sequence[str | Path] = (),
    target: str | Path | Sequence[str | Path] = (),
    out: str | Path | None = None,
    *,
    device: str = "",
    threads: int = 0,
    reporter: Reporter | None = None,
    stop: Callable[[], str] | None = None,
    **settings: Any,
) -> "Run":
    """Train a translator on sentence pairs, as ``glassformer train`` does, and return the run.

    ``source`` and ``target``: text files, line n of one translates line n of the other; a source alone is a TSV of two
    columns. ``out``: the run's folder (default: runs/LANGUAGES); an interrupted run that is there goes on.

    ``settings``: any setting of the run, data, model or training tables by its name (docs/settings.md), such as
    ``time_limit=600``, ``heads=4`` or ``valid_source="valid.en"``. The others follow from the number of pairs.

    ``reporter`` receives what happens (``training.report``). ``stop`` is called after each step: a text saves and stops,
    with that reason.
    ``device``: cpu, cuda; "" takes a GPU where there is one. ``threads``: 0 takes all cores.

    Raises ConfigError for settings that cannot be, CorpusError for files that cannot be used, TrainingError when training
    cannot go on.
    """
    sides = {"source": paths(source), "target": paths(target)}
    given = {**{name: side for name, side in sides.items() if side}, **settings}
    words = [f"{name}={value!r}" for name, value in {**given, **({"out": str(out)} if out else {})}.items()]
    outcome = carry_out(
        tables_of(given),
        Path(out) if out else None,
        device=device,
        threads=threads,
        reporting=(lambda folder: nullcontext(reporter)) if reporter else silent,
        stop=nullcontext(stop or never),
        command=f"glassformer.train({', '.join(words)})",
    )
    return Run(Path(outcome.folder), outcome)


def paths(given: str | Path | Sequence[str | Path]) -> list[str]:
    """One path or several, as texts."""
    return [str(given)] if isinstance(given, (str, Path)) else [str(path) for path in given]


def never() -> str:
    """Asks for no stop."""
    return ""


def carry_out(
    settings: Tables,
    out: Path | None,
    *,
    command: str,
    threads: int = 0,
    device: str = "",
    reporting: Reporting = silent,
    stop: StopSignal | None = None,
    about: dict[str, Any] | None = None,
    set_by: str = "as you set it",
    corpus: Callable[[Path], None] | None = None,
) -> Outcome:
    """Begin the run in ``out``, or go on with it, up to its end or until ``stop`` asks for it.

    ``command``: what was typed, for the model's card. ``about``: more fields of the card. ``corpus`` writes the files
    of the corpus where they are made for this run. A run that is refused leaves nothing behind.
    """
    use_threads(threads)
    if not settings["data"] and out is not None and (out / "config.toml").is_file():
        # `train --out RUN` goes on with the run's own data
        settings["data"] = read_settings(out / "config.toml")["data"]
    data_config = DataConfig.from_dict(settings["data"])
    folder = out or Path("runs") / languages(data_config)
    anew, settings = told_anew(folder, settings), settle(folder, settings)
    run, training = RunConfig.from_dict(settings["run"]), TrainingConfig.from_dict(settings["training"])
    start, choose = recipe_for(settings, folder, set_by)
    where = find_device(local_device(device))
    with joined(where) as processes, ExitStack() as stack:
        reporter: Reporter = NullReporter()
        if processes.first:
            stack.enter_context(undone_if_refused(folder))
            stack.enter_context(only_run(folder))
            if corpus is not None:
                corpus(folder)
            reporter = stack.enter_context(reporting(folder))
        read = partial(
            prepare,
            folder / "data",
            data_config,
            training,
            vocabulary_size=run.vocabulary_size,
            tokenizer=None if run.new_vocabulary or not run.start_from else starting_tokenizer(start, folder),
        )
        data = prepared_by_first(processes, read, reporter.doing)
        data.notes[:0] = anew
        if processes.first:
            keep(folder, settings)
        recipe = choose(len(data.pairs), len(data.tokenizer), device=where.type)
        # A tokenizer of BLEU that is asked for once counts ever after.
        card = replace(data.card, command=command, bleu_tokenizer=training.bleu_tokenizer, **(about or {}))
        more: dict[str, Any] = {"reporter": reporter, "device": str(where), "processes": processes, "start": start}
        with stop or nullcontext(never) as asked:
            return train_in(folder, data, recipe, card=card, stop=asked, **more)


@brief
@dataclass
class Run:
    """A training run in its folder. ``train`` returns one, ``Run.open`` opens one that is there."""

    folder: Path
    outcome: Outcome | None = None
    """How the session of this call ended; None for a run that was only opened."""

    @classmethod
    def open(cls, folder: str | Path) -> "Run":
        """Raises CheckpointError where ``folder`` holds no run."""
        folder = Path(folder)
        if not (folder / "config.toml").is_file():
            from glassformer.diagnosis.diagnose import why_no_run

            raise CheckpointError(why_no_run(folder))
        return cls(folder)

    @property
    def settings(self) -> Tables:
        """The settings that it was given, by table, as its ``config.toml`` has them."""
        return read_settings(self.folder / "config.toml")

    @property
    def best(self) -> Path:
        """The folder of the best checkpoint. Raises CheckpointError before the first validation."""
        if not (self.folder / "best.json").is_file():
            raise CheckpointError(f"{self.folder} has no best checkpoint yet: it is written at the first validation")
        return model_folder(self.folder)

    @property
    def newest(self) -> Path | None:
        """The folder of the newest whole checkpoint; None before the first."""
        return newest_checkpoint(self.folder)

    def go_on(self, **settings: Any) -> Outcome:
        """Train on from the newest checkpoint, with these settings changed, such as ``time_limit=7200``, and the options of
        ``train``. Raises as ``train``, and TrainingError for a setting that a run cannot change."""
        self.outcome = train(out=self.folder, **settings).outcome
        assert self.outcome is not None
        return self.outcome

    def translator(self, **options: Any) -> Translator:
        """The translator of the best checkpoint; options as for ``Translator.load``."""
        return Translator.load(self.folder, **options)

    def diagnose(
        self, source: str | Path | None = None, target: str | Path | None = None, columns: Sequence[int] = ()
    ) -> list[Finding]:
        """The faults of its corpus, its course and its translations, the worst first. ``source`` and ``target``: a test
        set, to see whether it was trained on. Raises CheckpointError where the run has not read its corpus yet."""
        from glassformer.diagnosis.diagnose import diagnose

        test: list[Pair] = list(read_pairs(source, target, columns=columns)) if source else []
        return diagnose(self.folder, test)
