"""``glassformer train``, from the words of the command line to the run's folder."""

import importlib
import io
import json
import re
import shutil
import signal
import subprocess
import sys
import time
import tomllib
from pathlib import Path

import pytest
import torch
from rich.console import Console

from glassformer.checkpoint import load_model
from glassformer.cli.progress import Bar, Lines, choices_table, duration
from glassformer.config.recipe import Choice
from glassformer.errors import ConfigError
from glassformer.scores import Score
from glassformer.training.report import Outcome, RunPlan, Step, Validation
from tests.cli.test_app import Call, Ended
from tests.cli.test_app import call as call  # the fixture
from tests.made_up import write_corpus
from tests.toy_translator import save_toy_translator

module = importlib.import_module("glassformer.cli.train")
SETTINGS = {
    "model.d_model": 32, "model.heads": 2, "model.d_ff": 64, "model.encoder_layers": 1, "model.decoder_layers": 1,
    "training.batch_tokens": 400, "training.learning_rate": 0.005, "training.warmup_steps": 20, "training.max_steps": 20,
    "training.validate_every": 10, "training.held_out": 10, "training.validation_sentences": 4,
    "training.precision": "float32", "training.average_decay": 0.9,
}  # fmt: skip


def words_for(folder: Path, out: str = "run", **changes: object) -> list[str]:
    settings = {**SETTINGS, **{name.replace("__", "."): value for name, value in changes.items()}}
    words = ["train", "--source", str(folder / "train.en"), "--target", str(folder / "train.de"), "--threads", "1"]
    words += ["--out", str(folder / out), "--vocabulary-size", "340"]
    return words + [word for name, value in settings.items() for word in ("--set", f"{name}={value}")]


def weights_of(run: Path) -> dict[str, torch.Tensor]:
    return load_model(run).model.state_dict()


def assert_same_weights(one: Path, other: Path) -> None:
    first, second = weights_of(one), weights_of(other)
    assert first.keys() == second.keys()
    assert all(torch.equal(first[name], second[name]) for name in first)


def assert_one_line(ended: Ended, *says: str) -> None:
    assert ended.status == 2
    assert ended.err.startswith("error: ")
    assert ended.err.count("\n") == 1
    for text in says:
        assert text in ended.err, ended.err


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A folder with a corpus and a run of 20 steps, and what the run said."""
    folder = tmp_path_factory.mktemp("trained")
    write_corpus(folder, count=120)
    with pytest.MonkeyPatch.context() as patch:
        said = io.StringIO()
        patch.setattr(sys, "argv", ["glassformer", *words_for(folder)])
        patch.setattr(sys, "stderr", said)
        with pytest.raises(SystemExit) as end:
            importlib.import_module("glassformer.cli.app").main()
    assert not end.value.code
    return folder, said.getvalue()


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    write_corpus(tmp_path, count=120)
    return tmp_path


def test_it_says_what_it_chose_and_why_and_how_good_it_is(trained: tuple[Path, str]) -> None:
    _, said = trained
    assert re.search(r"preset +tiny +for 114 pairs", said)
    assert re.search(r"dropout +0\.3 +the less data, the more: 114 pairs", said)
    assert re.search(r"learning_rate +0\.005 +as you set it", said)
    assert "6 pairs held out for validation: one in 20" in said
    assert "120" in said
    assert "weights, 114 pairs" in said
    assert len(re.findall(r"step (?:10|20) after .*: validation BLEU \d+\.\d\d, loss \d\.\d{3}", said)) == 2
    assert re.search(r"source +The .*\n +reference Der .*\n +model ", said)
    assert "stopped at step 20" in said
    assert "20 steps, as set by max_steps" in said
    assert "\x1b" not in said, "no terminal: no colours and no bar"


def test_what_it_left_is_a_model(trained: tuple[Path, str]) -> None:
    folder, _ = trained
    saved = load_model(folder / "run")
    assert saved.model.config.d_model == 32
    assert saved.card["languages"] == "en-de"
    assert saved.card["command"].startswith("glassformer train --source")
    rows = [json.loads(line) for line in (folder / "run" / "metrics.jsonl").read_text(encoding="utf-8").splitlines()]
    assert [row["step"] for row in rows if row["kind"] == "validation"] == [10, 20]


def test_the_settings_lie_in_the_folder_and_make_the_same_weights_again(trained: tuple[Path, str], call: Call) -> None:
    folder, _ = trained
    config = folder / "run" / "config.toml"
    written = tomllib.loads(config.read_text(encoding="utf-8"))
    assert written["run"] == {"vocabulary_size": 340}
    assert written["model"]["d_ff"] == 64
    assert written["training"]["max_steps"] == 20
    ended = call("train", "--config", config, "--out", folder / "again", "--threads", 1)
    assert ended.status == 0, ended.err
    assert_same_weights(folder / "run", folder / "again")


def test_another_seed_makes_other_weights(corpus: Path, trained: tuple[Path, str], call: Call) -> None:
    assert call(*words_for(corpus), "--seed", 2).status == 0
    first, second = weights_of(corpus / "run"), weights_of(trained[0] / "run")
    assert not torch.equal(first["embedding.weight"], second["embedding.weight"])


def test_the_same_command_goes_on(corpus: Path, call: Call) -> None:
    # the paper's schedule knows no end: a raised limit changes nothing before it
    paper = {"training__schedule": "paper"}
    assert call(*words_for(corpus, out="whole", **paper)).status == 0
    assert call(*words_for(corpus, training__max_steps=10, **paper)).status == 0
    more = call(*words_for(corpus, **paper))
    assert more.status == 0
    assert "going on at step 10" in more.err
    assert "stopped at step 20" in more.err
    assert_same_weights(corpus / "run", corpus / "whole")
    again = call(*words_for(corpus, **paper))
    assert "going on at step 20" in again.err
    assert "stopped at step 20" in again.err


def test_a_run_goes_on_with_its_own_data(corpus: Path, call: Call) -> None:
    assert call(*words_for(corpus, training__max_steps=5)).status == 0
    ended = call("train", "--out", corpus / "run", "--threads", 1, "--set", "training.max_steps=7")
    assert ended.status == 0, ended.err
    assert "stopped at step 7" in ended.err


def test_other_settings_for_a_run_that_has_begun_are_told(corpus: Path, call: Call) -> None:
    assert call(*words_for(corpus, training__max_steps=2)).status == 0
    assert_one_line(call(*words_for(corpus, model__heads=4)), "model.heads=2, and now it is 4", "--out")
    assert_one_line(
        call(*words_for(corpus), "--preset", "small"), "run.preset as the recipe chose it, and now it is 'small'"
    )


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--set", "model.headz=4"], "unknown setting 'headz' in ModelConfig: did you mean heads"),
        (["--set", "training.learningrate=1"], "did you mean learning_rate"),
        (["--set", "model.heads=many"], "heads='many': wanted int"),
        (["--set", "model.heads=5"], "heads=5 does not divide d_model=32"),
        (["--set", "heads=4"], "--set heads=4: wanted ROOM.NAME=VALUE"),
        (["--set", "house.heads=4"], "where ROOM is data, model or training"),
        (["--set", "model.heads"], "wanted ROOM.NAME=VALUE"),
        (["--preset", "huge"], "unknown preset 'huge': choose tiny, small, fast, base, big"),
        (["--time-limit", "1d"], "--time-limit 1d: wanted a time such as 45m"),
        (["--config", "nowhere.toml"], "nowhere.toml cannot be read: No such file or directory"),
        (["--device", "abacus"], "abacus"),
        (["--set", "training.held_out=-1"], "held_out=-1: wanted 0 or more"),
        (["--set", "model.vocabulary_size=500"], "vocabulary_size"),
        (["--threads", "-1"], "threads"),
        (["--seed", "-1"], "seed=-1: wanted 0 or more"),
        (["--set", "training.guided_attention=encoder.layers.0.self_attention:1"], "no marks: say with --marks"),
        (["--marks", "m", "--marks", "-"], "2 files of marks and 1 source files"),
        (
            ["--marks", "m", "--set", "training.guided_attention=encoder.layers.0.self_attention:2"],
            "no such head: wanted one of encoder.layers.0.self_attention:0 to encoder.layers.0.self_attention:1",
        ),
    ],
)
def test_a_wrong_setting_is_one_line(corpus: Path, call: Call, words: list[str], says: str) -> None:
    assert_one_line(call(*words_for(corpus), *words), says)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[modle]\nheads = 2\n", "unknown table [modle]: wanted [run], [data], [model], [training]"),
        ("heads = 2\n", "unknown table [heads]"),
        ("[model\n", "is not TOML"),
        ("[model]\nheadz = 2\n", "did you mean heads"),
        ("[training]\nseed = '1'\n", "seed='1': wanted int"),
        ("[run]\npresett = 'tiny'\n", "presett"),
    ],
)
def test_a_wrong_file_of_settings_is_one_line(corpus: Path, call: Call, text: str, says: str) -> None:
    (corpus / "settings.toml").write_text(text, encoding="utf-8")
    assert_one_line(call(*words_for(corpus), "--config", corpus / "settings.toml"), says)


def test_data_that_cannot_be_used_is_one_line(corpus: Path, call: Call) -> None:
    assert_one_line(call("train", "--out", corpus / "none"), "no training data")
    (corpus / "train.de").write_text("Eins.\n" * 119, encoding="utf-8")
    assert_one_line(call(*words_for(corpus)), "120", "119")
    (corpus / "train.de").unlink()
    assert_one_line(call(*words_for(corpus, out="other")), "train.de")
    (corpus / "empty.tsv").touch()
    assert_one_line(call("train", "--source", corpus / "empty.tsv", "--out", corpus / "empty"), "pairs")
    (corpus / "few.tsv").write_text("One.\tEins.\n" * 3, encoding="utf-8")
    assert_one_line(call("train", "--source", corpus / "few.tsv", "--out", corpus / "few"), "too few")


@pytest.mark.parametrize(
    "mistake",
    [
        ["--set", "model.headz=4"], ["--set", "model.heads=5"], ["--set", "training.learningrate=1"],
        ["--preset", "huge"], ["--vocabulary-size", "100"], ["--source", "trian.en", "--target", "train.de"],
    ],
)  # fmt: skip
def test_a_mistake_can_be_put_right(corpus: Path, call: Call, mistake: list[str]) -> None:
    """A run that has not begun holds nobody to what was mistyped: the right command, with the same folder, trains."""
    right = words_for(corpus, training__max_steps=1)
    assert call(*right, *mistake).status == 2
    ended = call(*right)
    assert ended.status == 0, ended.err


def test_data_that_failed_can_be_mended(corpus: Path, call: Call) -> None:
    """The same command, after the files were put right."""
    good = (corpus / "train.de").read_text(encoding="utf-8")
    (corpus / "train.de").write_text(good + "Zu viel.\n", encoding="utf-8")
    assert_one_line(call(*words_for(corpus, training__max_steps=2)), "120", "121")
    (corpus / "train.de").write_text(good, encoding="utf-8")
    assert call(*words_for(corpus, training__max_steps=2)).status == 0


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("45m", 2700), ("2h", 7200), ("1h30m", 5400), ("90s", 90), ("90", 90), ("0", 0), ("1.5h", 5400), ("1h1m1s", 3661)],
)
def test_a_time(text: str, seconds: float) -> None:
    assert module.seconds(text) == seconds


@pytest.mark.parametrize("text", ["soon", "-5m", "1d", "m", "h", " ", "30m1h", "1h 30m", "5 m", "inf", "nan", "1e3"])
def test_what_is_no_time(text: str) -> None:
    with pytest.raises(ConfigError, match="wanted a time"):
        module.seconds(text)


def test_values_of_settings_are_numbers_lists_and_words() -> None:
    assert module.parse_setting("training.learning_rate=2e-3") == ("training", "learning_rate", 0.002)
    assert module.parse_setting(" model.norm = pre") == ("model", "norm", "pre")
    assert module.parse_setting('data.source=["a", "b"]') == ("data", "source", ["a", "b"])
    assert module.parse_setting("data.skip_bad_lines=true") == ("data", "skip_bad_lines", True)
    assert module.parse_setting("data.valid_source=a=b") == ("data", "valid_source", "a=b")


def test_tensorboards_files(corpus: Path, call: Call) -> None:
    pytest.importorskip("tensorboard", reason="TensorBoard is an extra: pip install 'glassformer[tensorboard]'")
    assert call(*words_for(corpus), "--tensorboard").status == 0
    events = list((corpus / "run" / "tensorboard").glob("events*"))
    assert events
    content = b"".join(path.read_bytes() for path in events)
    for name in (b"loss", b"learning_rate", b"tokens_per_second", b"validation_bleu"):
        assert name in content


def test_ctrl_c_saves_and_the_same_command_goes_on(corpus: Path, call: Call, trained: tuple[Path, str]) -> None:
    words = words_for(corpus, training__max_steps=100_000, training__validate_every=50_000)
    command = [sys.executable, "-m", "glassformer", *words]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    until = time.monotonic() + 60
    while not (corpus / "run" / "metrics.jsonl").is_file() and process.poll() is None and time.monotonic() < until:
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 0, said
    assert "interrupted (Ctrl-C)" in said
    assert "The same command goes on from here." in said
    assert "Traceback" not in said
    assert "not validated yet" in said
    assert "Try it" not in said  # there is no model yet
    stopped = int(re.findall(r"stopped at step ([\d,]+)", said)[0].replace(",", ""))
    assert stopped >= 20
    words = words_for(corpus, training__max_steps=stopped + 5, training__validate_every=50_000)
    ended = call(*words)
    assert ended.status == 0, ended.err
    assert f"going on at step {stopped:,}" in ended.err
    assert f"stopped at step {stopped + 5:,}" in ended.err


PLAN = RunPlan("runs/x", ["[3] lines left out"], [Choice("heads", 4, "as you set it")], 1234, 99, 7, "cpu", 40)
STEP = Step(100, 1, 0.5, 3.25, 1e-3, 12345.0, 60.0, 3723.0)
SCORE = Score("BLEU", 12.34, "sig")
VALIDATION = Validation(100, 1, 61.0, 2.5, SCORE, True, ("A [house].", "Ein Haus.", "Das."))
OUTCOME = Outcome("runs/x", 100, 1, 61.0, "enough", False, 100, 12.34, 2.5)


def console(*, terminal: bool) -> Console:
    return Console(file=io.StringIO(), force_terminal=terminal, width=120, highlight=False, legacy_windows=False)


def test_the_guide_is_shown_beside_the_loss_and_a_head_with_its_number() -> None:
    step = Step(100, 1, 0.5, 3.25, 1e-3, 12345.0, 60.0, 3723.0, guide=0.693)
    log, screen = console(terminal=False), console(terminal=True)
    Lines(log).stepped(step)
    assert "loss 3.250, guide 0.693, rate" in said_by(log)
    with Bar(screen) as bar:
        bar.stepped(step)
        assert "loss 3.250 · guide 0.693 · 12,345 tokens/s" in bar.progress.tasks[0].fields["right"]
    chosen = [Choice("guided_attention", "encoder.layers.5.self_attention:3", "as you set it")]
    narrow = Console(file=io.StringIO(), width=40)
    narrow.print(choices_table(RunPlan("runs/x", [], chosen, 1, 1, 1, "cpu", 0)))
    assert "…" not in said_by(narrow)


def test_choices_with_one_reason_share_a_line_instead_of_filling_the_table() -> None:
    kept = [Choice(f"size_{number}", number, "as in the model it starts from") for number in range(7)]
    log = console(terminal=False)
    Lines(log).planned(RunPlan("runs/x", [], [Choice("preset", "tiny", "for 7 pairs"), *kept], 1, 1, 1, "cpu", 0))
    said = " ".join(said_by(log).split())
    assert "preset tiny for 7 pairs" in said
    assert (
        "as in the model it starts from: size_0=0, size_1=1, size_2=2, size_3=3, size_4=4, size_5=5, size_6=6" in said
    )
    assert said.count("as in the model") == 1


def said_by(console: Console) -> str:
    assert isinstance(console.file, io.StringIO)
    return re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", console.file.getvalue())


def test_a_terminal_gets_a_bar_with_rate_and_time_left() -> None:
    screen = console(terminal=True)
    with Bar(screen) as bar:
        bar.doing("reading", 20_000, 0)
        bar.progress.refresh()
        bar.doing("encoding", 10_000, 20_000)
        bar.progress.refresh()
        bar.planned(PLAN)
        bar.stepped(STEP)
        bar.progress.refresh()
        bar.validated(VALIDATION)
    text = said_by(screen)
    assert "20,000" in text
    assert "10,000 of 20,000" in text
    assert "step 100 · epoch 1.5" in text
    assert "loss 3.250 · 12,345 tokens/s · 1 h 02 min left" in text
    assert "validation BLEU 12.34" in text


def test_a_log_gets_lines() -> None:
    log = console(terminal=False)
    with Lines(log) as lines:
        for done in (1, 2, 3):
            lines.doing("reading", done, 3)
        lines.planned(PLAN)
        for number in range(1, 201):
            lines.stepped(Step(number, *[getattr(STEP, name) for name in list(STEP.__dataclass_fields__)[1:]]))
        lines.validated(VALIDATION)
        lines.ended(OUTCOME)
    text = said_by(log)
    assert text.count("reading …") == 1
    assert "[3] lines left out" in text
    assert re.search(r"heads +4 +as you set it", text)
    assert "1,234 weights, 99 pairs, 7 steps an epoch, on cpu; everything lies in runs/x" in text
    assert "going on at step 40" in text
    assert text.count("tokens/s, 1 h 02 min left") == 2
    assert "source    A [house]." in text
    assert "stopped at step 100 after 1 min 01 s: enough; best: step 100, BLEU 12.34. The same command goes on" in text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0 s"), (59.4, "59 s"), (61, "1 min 01 s"), (600, "10 min"), (3599.7, "1 h 00 min"), (7380, "2 h 03 min")],
)
def test_durations(seconds: float, text: str) -> None:
    assert duration(seconds) == text


def test_the_demo_makes_its_own_sentences_and_says_which_head_does_what(
    tmp_path: Path, call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    demo = importlib.import_module("glassformer.demo.run")
    monkeypatch.setattr(demo, "SIZES", {"train": 150, "valid": 10, "test": 10})
    words = ["train", "--demo", "--out", str(tmp_path / "demo"), "--threads", "1"]
    for setting in ("max_steps=30", "validate_every=30", "validation_sentences=4"):
        words += ["--set", f"training.{setting}"]
    for setting in ("d_model=32", "d_ff=64"):
        words += ["--set", f"model.{setting}"]
    ended = call(*words)
    assert ended.status == 0, ended.err
    assert "for the demo" in ended.err
    assert re.search(r"\d+ of 10 test sentences", ended.out)
    assert "encoder.layers.1.self_attention:0 was taught to look from it to its noun" in ended.out
    assert re.search(r"an article to its noun +encoder\.layers\.\d\.self_attention:\d +\d+%", ended.out)
    assert len((tmp_path / "demo" / "sentences" / "test.de").read_text(encoding="utf-8").splitlines()) == 10
    assert_one_line(call(*words, "--source", "x"), "--demo makes its own sentences")
    train = importlib.import_module("glassformer.training.train")
    monkeypatch.setattr(train, "limit_reached", lambda *_: "")
    monkeypatch.setattr(importlib.import_module("glassformer.cli.train").asked_to_stop, "__call__", lambda _: "enough")
    words[words.index("--out") + 1] = str(tmp_path / "stopped")
    stopped = call(*words)
    assert (stopped.status, "not validated yet" in stopped.err, "test sentences" in stopped.out) == (0, True, False)


def test_a_run_starts_from_a_trained_model_and_takes_its_sizes(tmp_path: Path, call: Call) -> None:
    save_toy_translator(tmp_path / "toy")
    write_corpus(tmp_path, count=60)
    words = ["train", "--source", str(tmp_path / "train.en"), "--target", str(tmp_path / "train.de"), "--threads", "1"]
    words += ["--out", str(tmp_path / "run"), "--start-from", str(tmp_path / "toy")]
    words += [word for name in ("max_steps=2", "validation_sentences=2") for word in ("--set", f"training.{name}")]
    ended = call(*words)
    assert ended.status == 0, ended.err
    saved, toy = load_model(tmp_path / "run"), load_model(tmp_path / "toy")
    assert saved.model.config.d_model == 24
    assert saved.tokenizer.to_bytes() == toy.tokenizer.to_bytes()  # its vocabulary and ids are kept
    elsewhere = [*words[:7], "--out", str(tmp_path / "other"), *words[9:]]
    assert_one_line(call(*elsewhere, "--vocabulary-size", "340"), "--new-vocabulary")
    new = [*words[:7], "--out", str(tmp_path / "new"), *words[9:], "--new-vocabulary", "--vocabulary-size", "340"]
    assert call(*new).status == 0
    assert load_model(tmp_path / "new").tokenizer.to_bytes() != toy.tokenizer.to_bytes()
    shutil.move(tmp_path / "toy", tmp_path / "elsewhere")
    assert "stopped at step 2" in call(*words).err  # what it started from is not needed any more
    assert_one_line(call(*words, "--set", "model.d_model=32"), "model.d_model")
    nothing = [*words[:7], "--out", str(tmp_path / "none"), "--start-from", "nothing", *words[11:]]
    assert_one_line(call(*nothing), "nothing")


def test_what_may_be_set_anew_in_a_run_that_goes_on(corpus: Path, call: Call) -> None:
    short = {**SETTINGS, "training.max_steps": 6, "training.validate_every": 3}
    assert call(*words_for(corpus, **{name.replace(".", "__"): value for name, value in short.items()})).status == 0
    out = corpus / "run"
    anew = ["training.learning_rate=0.002", "training.batch_tokens=200", "training.accumulate=2", "model.dropout=0.2"]
    anew += ["training.max_steps=12", "training.clip_norm=0.5", "training.precision=float32", "training.r_drop=1.0"]
    words = [word for setting in anew for word in ("--set", setting)]
    ended = call("train", "--out", out, "--threads", "1", *words)
    assert ended.status == 0, ended.err
    assert "training.learning_rate: 0.002 from here on, and 0.005 before" in ended.err
    assert "some pairs come twice in this epoch" in ended.err
    rows = [json.loads(line) for line in (out / "metrics.jsonl").read_text(encoding="utf-8").splitlines()]
    assert rows[-1]["step"] == 12
    kept = tomllib.loads((out / "config.toml").read_text(encoding="utf-8"))
    assert kept["training"]["batch_tokens"] == 200
    assert kept["model"]["dropout"] == 0.2
    again = call("train", "--out", out, "--threads", "1")
    assert again.status == 0
    assert "from here on" not in again.err
    for setting in ("training.seed=5", "training.optimizer=muon", "training.max_tokens=99", "data.augmentation=0.5"):
        told = call(
            "train", "--out", out, "--source", corpus / "train.en", "--target", corpus / "train.de", "--set", setting
        )
        assert_one_line(told, f"--start-from {out} --out OTHER")
    for setting in ("model.d_ff=32", "model.heads=4"):
        assert_one_line(call("train", "--out", out, "--set", setting), "these weights fit no other")


def test_help_says_which_lines_can_be_skipped(call: Call) -> None:
    said = " ".join(re.sub("[│|]", " ", call("train", "--help").out).split())
    assert "not UTF-8" in said
    assert "TSV" in said.split("--skip-bad-lines")[1].split("--seed")[0]


def test_weights_and_columns_on_the_command_line(tmp_path: Path, call: Call) -> None:
    rows = write_corpus(tmp_path, count=120)
    pairs = [(tmp_path / f"train.{side}").read_text(encoding="utf-8").splitlines() for side in ("en", "de")]
    lines = [f"{number}\t{source}\t{target}\n" for number, (source, target) in enumerate(zip(*pairs, strict=True))]
    (tmp_path / "one.tsv").write_text("".join(lines[:60]), encoding="utf-8")
    (tmp_path / "two.tsv").write_text("".join(lines[60:]), encoding="utf-8")
    assert rows.source
    settings = [word for name, value in SETTINGS.items() for word in ("--set", f"{name}={value}")]
    files = ["--source", tmp_path / "one.tsv", "--source", tmp_path / "two.tsv", "--vocabulary-size", "330"]
    command = ["train", *files, "--out", tmp_path / "run", "--threads", "1", *settings]
    assert_one_line(call(*command), "3 columns, wanted two", "--columns 1,2")
    assert_one_line(call(*command, "--columns", "2"), "columns=[2]: wanted the source's and the target's")
    assert_one_line(call(*command, "--columns", "a,b"), "--columns a,b: wanted")
    assert_one_line(call(*command, "--columns", "2,3", "--weight", "3"), "1 weights and 2 source files")
    ended = call(*command, "--columns", "2,3", "--weight", "1", "--weight", "3", "--set", "training.max_steps=2")
    assert ended.status == 0, ended.err
    assert "(weight 3)" in " ".join(ended.err.split())
    test = call("evaluate", "--model", tmp_path / "run", "--source", tmp_path / "one.tsv", "--columns", "2,3", "--json")
    assert json.loads(test.out)["sentences"] == 60
    found = call("diagnose", tmp_path / "run", "--source", tmp_path / "one.tsv", "--columns", "2,3")
    assert "test seen in training" in found.out
