"""``glassformer translate``: arguments, files, pipes, or what somebody types."""

import os
import sys
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, BinaryIO

import typer

from glassformer.cli.shards import translate_shards
from glassformer.cli.terminal import Terminal, echo, for_stream
from glassformer.config import DecodingConfig
from glassformer.errors import ConfigError, GlassformerError

if TYPE_CHECKING:
    from glassformer.engines import Submitted
    from glassformer.text.glossary import Glossary
    from glassformer.translator import Translation, Translator

LINES_AT_ONCE = 2000
"""Enough to put sentences of similar length together, and little to hold: a pipe may never end."""
CHUNKS_AT_ONCE = 2
"""Blocks of LINES_AT_ONCE under way: while one is written out, or read, the next is being translated."""

EPILOG = """[bold]Examples[/]

glassformer translate "The animal didn't cross the street because it was too tired."

glassformer translate --model runs/mine --input news.en.gz --output news.de

glassformer translate news.en more.jsonl --shards --out news

cat news.en | glassformer translate --n-best 4 --beam 8 > news.tsv
"""


def translate(
    text: Annotated[list[str] | None, typer.Argument(help="Sentences, each in quotes. Without any: --input, standard input, or a prompt.", show_default=False)] = None,
    model: Annotated[str, typer.Option(help="A shipped model's name, or the folder of a model or a run.")] = "en-de",
    input: Annotated[str, typer.Option(help="A file with one sentence a line, also .gz, .xz and .zst; - is standard input.")] = "",
    output: Annotated[Path | None, typer.Option(help="Write here instead of to standard output; the file appears, or an older one is replaced, when it is complete.")] = None,
    beam: Annotated[int, typer.Option(help="Hypotheses followed at a time.", show_default="4, or --n-best")] = 0,
    method: Annotated[str, typer.Option(help="beam, greedy or sampling.", show_default="beam; sampling with one of its options")] = "",
    n_best: Annotated[int, typer.Option(help="Translations of each line, as number, rank, score and text with tabs between.")] = 1,
    scores: Annotated[bool, typer.Option("--scores", help="Put the score, log P over the length penalty, and a tab before each translation.")] = False,
    length_penalty: Annotated[float, typer.Option(help="α of ((5 + n) / 6)^α: higher makes longer translations.")] = 0.6,
    temperature: Annotated[float | None, typer.Option(help="Sampling: below 1 likelier words are drawn, above 1 wilder ones.", show_default="1")] = None,
    top_k: Annotated[int | None, typer.Option(help="Sampling: draw among the k likeliest tokens alone.", show_default="all")] = None,
    top_p: Annotated[float | None, typer.Option(help="Sampling: draw among the likeliest tokens that together have this probability.", show_default="1")] = None,
    seed: Annotated[int, typer.Option(help="Sampling: another seed draws other translations.")] = 0,
    prefix: Annotated[str, typer.Option(help="The words that each translation has to begin with.")] = "",
    shards: Annotated[bool, typer.Option("--shards", help="Translate whole files (text, .jsonl, .parquet), which are the arguments, into --out in shards. After a kill the same command goes on.")] = False,
    out: Annotated[Path | None, typer.Option(help="With --shards: the folder.", show_default=False)] = None,
    shard: Annotated[str, typer.Option(help="With --shards: a part of them, such as 3/16.", show_default="all")] = "",
    shard_lines: Annotated[int, typer.Option(min=1, help="With --shards: the lines of each. With fewer, less is lost when a process is killed; with more, translating is a little faster.")] = 2000,
    ray: Annotated[str, typer.Option(help="With --shards: a Ray cluster whose actors translate, by its address; auto: the one that this machine is in, else a new one here.", show_default="none")] = "",
    ray_share: Annotated[float, typer.Option(help="With --ray: the part of a core that each actor reserves; there are as many as cores.")] = 0.5,
    field: Annotated[str, typer.Option(help="With --shards: the field of .jsonl and .parquet that holds the text.")] = "text",
    glossary: Annotated[Path | None, typer.Option(help="A TSV of source terms and target terms, which translations have to have.", show_default=False)] = None,
    device: Annotated[str, typer.Option(help="cpu or cuda.", show_default="cuda where there is one")] = "",
    engine: Annotated[str, typer.Option(help="native (PyTorch), ctranslate2 (faster on a CPU), or auto: ctranslate2 where it searches as native does, else native.")] = "auto",
    quantization: Annotated[str, typer.Option(help="The numbers that ctranslate2 computes with: int8 (0.04 BLEU less on 2,000 sentences), or float32, which gives the native translations.")] = "int8",
    precision: Annotated[str, typer.Option(help="The numbers that the native engine computes with: float32, bfloat16 or int8 (the fastest, where the processor has it).")] = "float32",
    threads: Annotated[int, typer.Option(help="Cores to use.", show_default="all")] = 0,
    protect: Annotated[bool, typer.Option("--protect/--no-protect", help="Links, addresses, emoji, {names}, tags and their like come out as they went in.")] = True,
) -> None:  # fmt: skip
    """Translate sentences: as many lines come out as go in, in the same order.

    An empty line stays empty. A line of several sentences is translated as many at a time as the model was trained on.
    """
    if text and input:
        raise ConfigError("sentences and --input: give one or the other")
    sampling = {"temperature": temperature, "top_k": top_k, "top_p": top_p}
    config = decoding_config(method, beam, n_best, length_penalty, seed, sampling, precision)
    from glassformer.text.glossary import Glossary
    from glassformer.translator import Translator

    terms = Glossary.from_tsv(glossary) if glossary is not None else None
    loading = {"device": device, "engine": engine, "quantization": quantization, "protect": protect}
    load = partial(Translator.load, model, threads=threads, tell=tell, remark=tell)
    if shards or out or ray:
        files, folder = checked_shards(text, shards, out, input or prefix or output)
        translate_shards(
            files, folder, model=model, field=field, part=shard, load=load, loading=loading, config=config, glossary=terms,
            lines=shard_lines, ray=ray, share=ray_share,
        )  # fmt: skip
        return
    translator = load(**loading)  # type: ignore[arg-type]
    with writer(output) as write:
        job = LineTranslator(translator, config, prefix, rows_of(n_best, scores), write, glossary=terms)
        if text:
            job.run(iter(text))
        elif not input and stdin_is_terminal():
            job.talk()
        else:
            job.run_file(input or "-", show_bar=sys.stderr.isatty() and (output or not sys.stdout.isatty()))


def checked_shards(text: list[str] | None, shards: bool, out: Path | None, other: object) -> tuple[list[str], Path]:
    """The files and the folder. Raises ConfigError for options that do not go together."""
    if not (shards and out and text):
        raise ConfigError("--shards wants files and --out FOLDER, and --out and --ray want --shards")
    if other:
        raise ConfigError("--shards with --input, --output or --prefix: leave these out")
    return text, out


def decoding_config(
    method: str,
    beam: int,
    n_best: int,
    length_penalty: float,
    seed: int,
    sampling: dict[str, Any],
    precision: str = "float32",
) -> DecodingConfig:
    """Raises ConfigError for options that do not go together."""
    sampling = {name: value for name, value in sampling.items() if value is not None}
    method = method or ("sampling" if sampling else "beam")
    if sampling and method != "sampling":
        names = " and ".join(f"--{name.replace('_', '-')}" for name in sampling)
        raise ConfigError(f"{names} with --method {method}: these are for --method sampling")
    if beam and method != "beam":
        raise ConfigError(f"--beam {beam} with --method {method}: it is for --method beam")
    return DecodingConfig.from_dict(
        {
            "method": method,
            "beam_size": beam or max(4, n_best),
            "n_best": n_best,
            "length_penalty": length_penalty,
            "seed": seed,
            "precision": precision,
            **sampling,
        }
    )


class LineTranslator:
    """Lines in, rows out; the line numbers go on from one chunk to the next."""

    def __init__(
        self,
        translator: "Translator",
        config: DecodingConfig,
        prefix: str,
        show: Callable[[int, "list[Translation]"], list[str]],
        write: Callable[[str], None],
        glossary: "Glossary | None" = None,
    ) -> None:
        self.translator, self.config, self.prefix, self.glossary = translator, config, prefix, glossary
        self.show, self.write = show, write
        self.number = 0
        self.waiting: list[str] = []
        self.submitted: deque[Submitted[list[list[Translation]]]] = deque()

    def run(self, lines: Iterator[str], progress: Callable[[int], None] | None = None) -> None:
        """Translate all ``lines``, LINES_AT_ONCE together; fewer where ``flush`` is called in between."""
        for line in lines:
            self.waiting.append(line)
            if len(self.waiting) >= LINES_AT_ONCE:
                self.submit(progress)
                self.finish(still=CHUNKS_AT_ONCE - 1)
        self.flush(progress)

    def submit(self, progress: Callable[[int], None] | None) -> None:
        if self.waiting:
            chunk, self.waiting = self.waiting, []
            options = {"config": self.config, "prefix": self.prefix, "glossary": self.glossary}
            self.submitted.append(self.translator.submit(chunk, progress=progress, **options))  # type: ignore[arg-type]

    def finish(self, still: int) -> None:
        """Write the translations of the oldest blocks; ``still`` blocks stay under way."""
        while len(self.submitted) > still:
            for translations in self.submitted.popleft().result():
                self.number += 1
                self.write("".join(f"{row}\n" for row in self.show(self.number, translations)))

    def flush(self, progress: Callable[[int], None] | None = None) -> None:
        """Translate and write all lines that were read."""
        self.submit(progress)
        self.finish(still=0)

    def run_file(self, path: str, *, show_bar: object) -> None:
        """The lines of a file. Of standard input those that are there are translated before reading waits for more: a
        program that writes a line into a pipe and waits for its translation gets it."""
        from glassformer.text.lines import is_pipe, read_lines

        if not show_bar:
            self.run(read_lines(path, before_waiting=self.flush))
            return
        total = None if is_pipe(path) else sum(1 for _ in read_lines(path))
        with bar("translating", total) as advance:
            self.run(read_lines(path, before_waiting=lambda: self.flush(advance)), advance)

    def talk(self) -> None:
        """Translate what somebody types, line by line, until Ctrl-D."""
        console = Terminal(stderr=True, highlight=False)
        console.print(f"Type a sentence for {self.translator.name}; Ctrl-D ends.", style="dim", markup=False)
        while True:
            try:
                line = console.input("[bold cyan]>[/] ")
            except (EOFError, KeyboardInterrupt):
                console.print()
                return
            self.run(iter([line]))


def rows_of(n_best: int, scores: bool) -> "Callable[[int, list[Translation]], list[str]]":
    """How the translations of one line are written."""

    def rows(number: int, translations: "list[Translation]") -> list[str]:
        if n_best == 1:
            best = translations[0]
            return [f"{best.score:.4f}\t{in_cell(best.text)}" if scores else best.text]
        return [
            f"{number}\t{rank}\t{translation.score:.4f}\t{in_cell(translation.text)}"
            for rank, translation in enumerate(translations, start=1)
        ]

    return rows


def in_cell(text: str) -> str:
    return " ".join(text.replace("\t", " ").splitlines())


def tell(text: str) -> None:
    """A message about a long wait, or about something that is not as asked."""
    echo(text, err=True)


def stdin_is_terminal() -> bool:
    """Whether somebody types."""
    return sys.stdin is not None and sys.stdin.isatty()


@contextmanager
def writer(path: Path | None) -> Iterator[Callable[[str], None]]:
    """Writes UTF-8 to standard output or to ``path``. A file gets its name when it is complete, so that a half-written
    one is never taken for a whole; what is no ordinary file (/dev/null, a named pipe) is written to directly.

    When nobody reads standard output any more (``| head``) the program ends quietly.
    """
    if path is None or str(path) == "-":
        yield lambda text: write_out(typer.get_binary_stream("stdout"), text)
        return
    from glassformer.disk import replacing

    try:
        if path.exists() and not path.is_file():
            with path.open("wb") as file:
                yield lambda text: write_out(file, text)
        else:
            with replacing(path) as unfinished, unfinished.open("wb") as file:
                yield lambda text: write_out(file, text)
    except OSError as error:
        raise GlassformerError(f"{path} cannot be written: {error.strerror or error}") from error


def write_out(file: BinaryIO, text: str) -> None:
    try:
        file.write(for_stream(text, file).encode("utf-8", "replace"))
        file.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), file.fileno())  # or Python complains once more at its end
        raise typer.Exit from None
    except OSError as error:
        name = getattr(file, "name", "standard output")
        raise GlassformerError(f"{name} cannot be written: {error.strerror or error}") from error


@contextmanager
def bar(what: str, total: int | None) -> Iterator[Callable[[int], None]]:
    """A bar on standard error with the rate and the time left; call what it gives with each number of lines done."""
    from rich.progress import BarColumn, Progress, ProgressColumn, Task, TextColumn, TimeRemainingColumn
    from rich.table import Column
    from rich.text import Text

    class Rate(ProgressColumn):
        def render(self, task: Task) -> Text:
            of = "" if task.total is None else f" of {task.total:,.0f}"
            rate = "" if task.speed is None else f" · {task.speed:,.1f} lines/s"
            return Text(f"{task.completed:,.0f}{of} lines{rate}")

    columns = [
        TextColumn("{task.description}"),
        BarColumn(bar_width=None),
        Rate(Column(no_wrap=True)),
        TimeRemainingColumn(),
    ]
    with Progress(*columns, console=Terminal(stderr=True), transient=True, expand=True) as progress:
        task = progress.add_task(what, total=total)
        yield lambda count: progress.advance(task, count)
