"""``glassformer translate``: arguments, files, pipes and a prompt."""

import gzip
import importlib
import io
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import typer

from glassformer.errors import CheckpointError, ConfigError, CorpusError, GlassformerError
from tests.toy_translator import ENGLISH, GERMAN

Run = Callable[..., Any]
module = importlib.import_module("glassformer.cli.translate")
GREEDY = ("--method", "greedy")


def test_help_has_an_example_and_every_default(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "140")
    text = run("translate", "--help").output
    assert "Examples" in text
    assert "glassformer translate --model runs/mine" in text
    assert "4, or --n-best" in text  # square brackets would have been taken for Rich's


def test_arguments_are_translated_line_by_line(run: Run) -> None:
    assert run("translate", *ENGLISH[:2], "", ENGLISH[2]).stdout.splitlines() == [*GERMAN[:2], "", GERMAN[2]]


def test_a_pipe_gives_as_many_lines_as_it_takes(run: Run) -> None:
    result = run("translate", *GREEDY, input="\n".join([ENGLISH[0], "", ENGLISH[1]]) + "\n\n")
    assert result.stdout == f"{GERMAN[0]}\n\n{GERMAN[1]}\n\n"
    assert result.stderr == ""


def test_nothing_in_nothing_out(run: Run) -> None:
    assert run("translate", input="").stdout == ""


def test_a_file_is_translated_into_a_file(run: Run, tmp_path: Path) -> None:
    (tmp_path / "in.gz").write_bytes(gzip.compress("\r\n".join(ENGLISH[:3]).encode()))
    result = run("translate", *GREEDY, "--input", str(tmp_path / "in.gz"), "--output", str(tmp_path / "out"))
    assert result.stdout == ""
    assert (tmp_path / "out").read_text(encoding="utf-8").splitlines() == GERMAN[:3]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in.gz", "out"]


def test_a_file_can_be_replaced_by_its_translation(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "text"
    path.write_text(ENGLISH[0], encoding="utf-8")
    run("translate", *GREEDY, "--input", str(path), "--output", str(path))
    assert path.read_text(encoding="utf-8") == GERMAN[0] + "\n"


def test_after_an_error_there_is_no_half_file(run: Run, tmp_path: Path) -> None:
    (tmp_path / "in").write_bytes(b"The bell.\n\xff\xfe\n")
    (tmp_path / "out").write_text("old")
    with pytest.raises(CorpusError, match="line 2"):
        run("translate", "--input", str(tmp_path / "in"), "--output", str(tmp_path / "out"))
    assert (tmp_path / "out").read_text() == "old"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in", "out"]


def test_what_is_no_ordinary_file_stays_what_it_is(run: Run) -> None:
    run("translate", *GREEDY, ENGLISH[0], "--output", os.devnull)
    assert not Path(os.devnull).is_file()


def test_a_file_that_cannot_be_written_is_told(run: Run, tmp_path: Path) -> None:
    with pytest.raises(GlassformerError, match="cannot be written: No such file"):
        run("translate", ENGLISH[0], "--output", str(tmp_path / "nowhere" / "out"))


def test_chunks_change_nothing(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LINES_AT_ONCE", 2)
    result = run("translate", "--n-best", "2", input="\n".join(ENGLISH[:5]))
    rows = [line.split("\t") for line in result.stdout.splitlines()]
    assert [(row[0], row[1]) for row in rows] == [(str(n), str(r)) for n in range(1, 6) for r in (1, 2)]
    assert [row[3] for row in rows[::2]] == GERMAN[:5]
    assert all(float(first[2]) >= float(second[2]) for first, second in zip(rows[::2], rows[1::2], strict=True))


def test_scores_stand_before_the_text(run: Run) -> None:
    score, text = run("translate", *GREEDY, "--scores", ENGLISH[0]).stdout.rstrip("\n").split("\t")
    assert text == GERMAN[0]
    assert float(score) < 0


def test_a_tab_in_a_translation_does_not_break_the_table() -> None:
    from glassformer.translator import Translation

    (row,) = module.rows_of(1, True)(1, [Translation("a\tb", -1.0, -1.0, [], True)])
    assert row.split("\t") == ["-1.0000", "a b"]


def test_sampling_follows_from_its_options_and_a_seed(run: Run) -> None:
    def sampled(seed: str) -> str:
        return run("translate", "--temperature", "3", "--top-k", "20", "--seed", seed, ENGLISH[0]).stdout

    assert sampled("1") == sampled("1") != sampled("2")


def test_a_prefix_comes_first(run: Run) -> None:
    assert run("translate", "--prefix", "Das", ENGLISH[0]).stdout.startswith("Das")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("a", "--input", "b"), "sentences and --input"),
        (("a", "--method", "beam", "--top-p", "0.5"), "--top-p with --method beam"),
        (("a", "--method", "greedy", "--beam", "3"), "--beam 3 with --method greedy"),
        (("a", "--beam", "2", "--n-best", "3"), "n_best=3 is more than beam_size=2"),
        (("a", "--method", "luck"), "method='luck'"),
        (("a", "--device", "abacus"), "no device 'abacus'"),
    ],
)
def test_options_that_do_not_go_together_are_told(run: Run, arguments: tuple[str, ...], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        run("translate", *arguments)


def test_an_unknown_model_is_told_with_the_known_ones(run: Run) -> None:
    with pytest.raises(CheckpointError, match=r"no model 'nix'.*\(en-de\)"):
        run("translate", "--model", "nix", "a")
    for path in ("missing.argosmodel", "runs/missing"):
        with pytest.raises(CheckpointError, match=rf"no model '{path}': nothing lies at this path"):
            run("translate", "--model", path, "a")


def test_somebody_who_types_gets_an_answer_to_each_line(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "stdin_is_terminal", lambda: True)
    result = run("translate", *GREEDY, input=f"{ENGLISH[0]}\n\n{ENGLISH[1]}\n")
    assert result.exit_code == 0
    assert [line for line in result.stdout.splitlines() if line] == GERMAN[:2]
    assert "Ctrl-D ends" in result.stderr


def test_a_line_in_a_pipe_is_answered_before_the_next_one_comes(models: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from glassformer.translator import Translator

    reading, writing = os.pipe()
    answers: list[str] = []

    def write(text: str) -> None:
        answers.append(text)
        if len(answers) == 1:
            os.write(writing, f"{ENGLISH[1]}\n".encode())
        else:
            os.close(writing)

    with open(reading, encoding="utf-8") as stdin:
        monkeypatch.setattr(sys, "stdin", stdin)
        os.write(writing, f"{ENGLISH[0]}\n".encode())
        greedy = module.decoding_config("greedy", 0, 1, 0.6, 0, {})
        module.LineTranslator(Translator.load(models / "en-de"), greedy, "", show, write).run_file("-", show_bar=False)
    assert answers == [f"1 {GERMAN[0]}\n", f"2 {GERMAN[1]}\n"]


def show(number: int, translations: Any) -> list[str]:
    return [f"{number} {translations[0].text}"]


def test_when_nobody_reads_any_more_it_ends_quietly() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    with open(writing, "wb", buffering=0) as file, pytest.raises(typer.Exit) as end:
        module.write_out(file, "nobody reads this\n")
    assert end.value.exit_code == 0


def test_a_full_disk_is_told() -> None:
    class Full(io.BytesIO):
        name = "out.de"

        def write(self, _: Any) -> int:
            raise OSError(28, "No space left on device")

    with pytest.raises(GlassformerError, match=r"out\.de cannot be written: No space left"):
        module.write_out(Full(), "x")


def test_the_bar_counts_lines(run: Run, tmp_path: Path, models: Path) -> None:
    (tmp_path / "in").write_text("\n".join(ENGLISH[:3]), encoding="utf-8")
    from glassformer.translator import Translator

    found: list[str] = []
    greedy = module.decoding_config("greedy", 0, 1, 0.6, 0, {})
    job = module.LineTranslator(Translator.load(models / "en-de"), greedy, "", show, found.append)
    job.run_file(str(tmp_path / "in"), show_bar=True)
    assert len(found) == 3
    os.mkfifo(tmp_path / "pipe")
    writer = threading.Thread(target=(tmp_path / "pipe").write_text, args=("\n".join(ENGLISH[:2]),))
    writer.start()
    job.run_file(str(tmp_path / "pipe"), show_bar=True)
    writer.join()
    assert len(found) == 5  # a pipe is not read to count its lines: it would be empty afterwards


def test_the_commands_import_nothing_heavy() -> None:
    names = ", ".join(
        f"glassformer.cli.{name}" for name in ("translate", "evaluate", "look", "info", "attention_tables")
    )
    code = f"import sys, {names}; print(*({{'torch', 'sacrebleu', 'sentencepiece'}} & set(sys.modules)))"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == ""
