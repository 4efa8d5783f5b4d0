"""Other people's folders are left as they are, links are not followed, and what is refused leaves nothing behind."""

import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from glassformer.errors import TrainingError
from glassformer.runs.folder import check_folder, is_run, only_run
from tests.cli.test_app import Call
from tests.cli.test_app import call as call  # the fixture
from tests.cli.test_train import assert_one_line, words_for
from tests.made_up import write_corpus
from tests.toy_translator import save_toy_translator


def everything(folder: Path) -> dict[str, bytes | None]:
    """What lies in a folder, to the last byte."""
    return {str(path.relative_to(folder)): path.read_bytes() if path.is_file() else None for path in folder.rglob("*")}


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    write_corpus(tmp_path, count=60)
    return tmp_path


FOREIGN: dict[str, dict[str, str]] = {
    "a project with a folder called data": {"data/tokenizer.model": "mine", "data/notes.txt": "mine", "README.md": "x"},
    "another program's settings": {"config.toml": 'title = "A blog"\n[menu]\nmain = 1\n', "content/a.md": "x"},
    "our settings, copied by a person": {"config.toml": "[training]\nmax_steps = 3\n", "thesis.tex": "x"},
    "another program's lock": {".lock": "4711\n", "data/a": "x"},
    "checkpoints of something else": {"checkpoints/step-00000001/w.bin": "x", "checkpoints/step-2": "x"},
    "metrics of something else": {"metrics.jsonl": "{}\n"},
    "one hidden file": {".git": "x"},
    "a damaged settings file": {"config.toml": "][", "a": "b"},
}  # fmt: skip


def put(folder: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)


@pytest.mark.parametrize("name", FOREIGN)
@pytest.mark.parametrize("command", ["train", "demo", "distill"])
def test_other_peoples_folders_are_left_as_they_are(name: str, command: str, corpus: Path, call: Call) -> None:
    put(corpus / "run", FOREIGN[name])
    before = everything(corpus)
    save_toy_translator(corpus.parent / f"{corpus.name}-toy")
    words = {
        "train": words_for(corpus),
        "demo": ["train", "--demo", "--out", str(corpus / "run")],
        "distill": [
            "distill", "--model", str(corpus.parent / f"{corpus.name}-toy"), "--source", str(corpus / "train.en"),
            "--out", str(corpus / "run"), "--engine", "native",
        ],
    }[command]  # fmt: skip
    assert_one_line(call(*words), "is no run's folder and not empty", "nothing was written")
    assert everything(corpus) == before


@pytest.mark.parametrize(
    "name", ["checkpoints", "data", "config.toml", "metrics.jsonl", ".lock", "data/train", "best.json"]
)
def test_no_link_leads_out_of_a_run(name: str, corpus: Path, call: Call) -> None:
    assert call(*words_for(corpus, training__max_steps=2, training__validate_every=1)).status == 0
    elsewhere = corpus / "elsewhere"
    (corpus / "run" / name).rename(elsewhere)
    (corpus / "run" / name).symlink_to(elsewhere)
    before = everything(corpus)
    ended = call(*words_for(corpus, training__max_steps=4, training__validate_every=1))
    assert_one_line(ended, "is a link: a run writes into its own folder only")
    assert everything(corpus) == before


@pytest.mark.parametrize("out", ["run", "new/deep/run", "empty"])
@pytest.mark.parametrize(
    "spoil",
    [
        lambda folder: (folder / "train.de").write_bytes(b"only one line\n"),
        lambda folder: (folder / "train.de").write_bytes(b"\xff\n" * 60),
        lambda folder: (folder / "train.de").unlink(),
        lambda folder: (folder / "train.en").write_bytes(b"\x28\xb5\x2f\xfd cut short"),
        lambda folder: [(folder / f"train.{side}").write_text("a\n" * 5) for side in ("en", "de")],
    ],
)
def test_a_refused_training_leaves_nothing_behind(
    spoil: Callable[[Path], object], out: str, corpus: Path, call: Call
) -> None:
    spoil(corpus)
    (corpus / "empty").mkdir()
    before = everything(corpus)
    assert_one_line(call(*words_for(corpus, out)))
    assert everything(corpus) == before


@pytest.mark.parametrize("more", [["--set", "model.heads=7"], ["--set", "nonsense"], ["--set", "training.held_out=0"],
                                  ["--start-from", "nowhere"], ["--device", "nowhere"]])  # fmt: skip
def test_a_mistake_in_the_words_leaves_nothing_behind(more: list[str], corpus: Path, call: Call) -> None:
    before = everything(corpus)
    assert_one_line(call(*words_for(corpus), *more))
    assert everything(corpus) == before
    if "held_out" not in more[-1]:
        assert_one_line(call("train", "--demo", "--out", str(corpus / "run"), *more))
        assert everything(corpus) == before


def test_a_refused_student_leaves_nothing_behind(
    corpus: Path, call: Call, tmp_path_factory: pytest.TempPathFactory
) -> None:
    teacher = tmp_path_factory.mktemp("teacher") / "toy"
    save_toy_translator(teacher)
    before = everything(corpus)
    words = ["distill", "--model", str(teacher), "--out", str(corpus / "run"), "--engine", "native", "--source"]
    assert_one_line(call(*words, str(corpus / "nothing.en")))
    assert everything(corpus) == before
    assert_one_line(call(*words, str(corpus / "train.en"), "--valid-source", str(corpus / "nothing")))
    assert everything(corpus) == before


def test_a_run_that_goes_on_and_is_refused_stays_as_it_was(corpus: Path, call: Call) -> None:
    assert call(*words_for(corpus, training__max_steps=2)).status == 0
    before = everything(corpus)
    assert_one_line(
        call(*words_for(corpus, training__max_steps=4, model__d_model=64)), "holds a run with model.d_model=32"
    )
    assert everything(corpus) == before


def test_what_is_a_run(tmp_path: Path) -> None:
    check_folder(tmp_path / "new")
    (tmp_path / "empty").mkdir()
    check_folder(tmp_path / "empty")
    with only_run(tmp_path / "begun"):
        pass
    assert is_run(tmp_path / "begun")
    put(tmp_path / "copied", {"config.toml": "[run]\n[data]\n", "best.json": "{}"})
    put(tmp_path / "another machine's", {"data/prepared.json": "{}", "data/train/pairs.json": "{}"})
    put(tmp_path / "older", {"config.toml": "[data]\n", ".lock": "12\n"})
    for name in ("copied", "another machine's", "older"):
        check_folder(tmp_path / name)
    (tmp_path / "file").write_text(json.dumps(sys.version))
    with pytest.raises(TrainingError, match="is a file: name a folder"):
        check_folder(tmp_path / "file")
