"""``glassformer diagnose`` on a run whose sides are swapped, as a beginner would have it."""

import json
from pathlib import Path

from glassformer.demo import first_sentences
from tests.cli.test_app import Call
from tests.cli.test_app import call as call  # the fixture
from tests.cli.test_train import SETTINGS, assert_one_line

TOO_SLOW = {**SETTINGS, "training.learning_rate": 1e-5}


def test_a_run_is_diagnosed(tmp_path: Path, call: Call) -> None:
    pairs = [sentence.pair for sentence in first_sentences(400)]
    for side, language in enumerate(("de", "en")):  # the wrong way round
        (tmp_path / f"train.{language}").write_text("".join(f"{pair[side]}\n" for pair in pairs), encoding="utf-8")
    run = tmp_path / "run"
    words = [word for name, value in TOO_SLOW.items() for word in ("--set", f"{name}={value}")]
    files = ["--source", str(tmp_path / "train.de"), "--target", str(tmp_path / "train.en")]
    assert call("train", *files, "--out", str(run), "--threads", "1", *words, "--vocabulary-size", "400").status == 0
    ended = call("diagnose", str(run), *files)
    assert ended.status == 0, ended.err
    for text in ("sides swapped", "too little data", "exchange --source and --target", "test seen in training", "█"):
        assert text in ended.out, ended.out
    assert (run / "learning-curve.svg").read_text(encoding="utf-8").startswith("<svg")
    assert "validation seen in training" not in ended.out  # it was held out of these files
    metrics = (run / "metrics.jsonl").read_text(encoding="utf-8")
    (run / "metrics.jsonl").write_text(metrics.replace('"sample": ["', '"sample": ["\u2028'), encoding="utf-8")
    told = json.loads(call("diagnose", str(run), "--json", "--svg", str(tmp_path / "curve.svg")).out)
    assert {finding["fault"] for finding in told["findings"]} >= {"sides swapped", "too little data", "does not learn"}
    assert (tmp_path / "curve.svg").is_file()
    assert_one_line(call("diagnose", str(tmp_path)), "is no run's folder")
    assert_one_line(call("diagnose", str(tmp_path / "gone")), "gone is not there: give a run's folder")
    (run / "config.toml").write_text("[data\n", encoding="utf-8")
    assert_one_line(call("diagnose", str(run)), "config.toml is not TOML")
    assert_one_line(call("train", "--out", str(run), *files), "config.toml is not TOML")
