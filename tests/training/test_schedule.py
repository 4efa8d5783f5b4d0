"""The learning rate: the paper's, and the one that knows the end of the run."""

import dataclasses
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from glassformer.config import DataConfig, TrainingConfig
from glassformer.corpus.prepare import prepare
from glassformer.errors import ConfigError
from glassformer.training import schedule
from glassformer.training.limits import limit_reached
from glassformer.training.report import NullReporter
from glassformer.training.schedule import learning_rate
from glassformer.training.state import RunProgress
from glassformer.training.train import train
from tests.training.test_train import FAST, assert_same_weights, recipe_for


def rates(config: TrainingConfig, progress: RunProgress, end: int) -> list[float]:
    """What a run's steps up to ``end`` are computed with, at 0.1 seconds a step."""
    found = []
    while progress.step < end:
        progress.step += 1
        found.append(learning_rate(progress, config))
        progress.seconds += 0.1
        if schedule.due(progress, config):
            schedule.plan(progress, config, 100)
    return found


class Notes(NullReporter):
    def __init__(self) -> None:
        self.notes: list[str] = []

    def noted(self, what: str) -> None:
        self.notes.append(what)


def begun(config: TrainingConfig) -> RunProgress:
    progress = RunProgress()
    schedule.begin(progress, config, 100)
    return progress


def test_the_papers_schedule_is_the_papers() -> None:
    d_model, warmup = 512, 4000
    peak = (d_model * warmup) ** -0.5
    config = TrainingConfig(schedule="paper", learning_rate=peak, warmup_steps=warmup)
    unlimited = dataclasses.replace(config, schedule="linear", time_limit=0.0)
    for step in (1, 100, 3999, 4000, 4001, 100_000):
        expected = d_model**-0.5 * min(step**-0.5, step * warmup**-1.5)
        assert learning_rate(RunProgress(step=step), config) == pytest.approx(expected, rel=1e-12)
        assert learning_rate(RunProgress(step=step), unlimited) == pytest.approx(expected, rel=1e-12)


def test_dropout_grows_from_epoch_to_epoch_up_to_the_models() -> None:
    config = TrainingConfig(first_dropout=0.1, dropout_epochs=40)
    found = [schedule.dropout(epoch, config, 0.3) for epoch in (0, 1, 20, 39, 40, 1000)]
    assert found == pytest.approx([0.1, 0.105, 0.2, 0.295, 0.3, 0.3])
    assert schedule.dropout(0, TrainingConfig(), 0.3) == 0.3


@pytest.mark.parametrize(
    ("before", "changes", "end"),
    [
        ({"batch_tokens": 2048}, {"batch_tokens": 4096}, 750),
        ({"batch_tokens": 4096}, {"batch_tokens": 2048}, 1500),
        ({"accumulate": 4}, {"accumulate": 1}, 2500),
    ],
)
def test_other_batches_from_the_middle_on_move_the_end(
    before: dict[str, int], changes: dict[str, int], end: int
) -> None:
    """Ten epochs, 100 steps each; after five of them, batches of another size."""
    config = TrainingConfig(max_epochs=10, time_limit=0.0, **before)
    progress = begun(config)
    assert progress.planned_steps == 1000
    progress.step, progress.epoch = 500, 5
    schedule.begin(progress, dataclasses.replace(config, **changes), (end - 500) // 5)
    assert progress.planned_steps == end


@pytest.mark.parametrize(("limits", "end"), [({"max_steps": 1000}, 1000), ({"max_epochs": 7}, 700)])
def test_the_rate_falls_to_0_at_the_end_of_the_run(limits: dict[str, int], end: int) -> None:
    config = TrainingConfig(**limits, time_limit=0.0, learning_rate=1.0, warmup_steps=50)
    found = rates(config, begun(config), end)
    assert max(found) == pytest.approx(1 - 49 / end)
    assert found.index(max(found)) == 49
    falling = found[50:]
    assert all(0 < before - after < 2 / end for before, after in pairwise(falling))
    assert falling[-1] == pytest.approx(1 / end)


def test_the_rate_stays_until_the_run_s_last_part() -> None:
    config = TrainingConfig(max_steps=1000, time_limit=0.0, learning_rate=1.0, warmup_steps=50, decay_share=0.3)
    found = rates(config, begun(config), 1000)
    assert set(found[49:700]) == {1.0}
    assert found[849] == pytest.approx(151 / 300)
    assert found[-1] == pytest.approx(1 / 300)
    with pytest.raises(ConfigError, match=r"decay_share=0\.0: wanted a share of the run"):
        TrainingConfig(decay_share=0.0)


def test_a_rate_that_would_stay_falls_when_patience_is_lost() -> None:
    config = TrainingConfig(learning_rate=1e-3, warmup_steps=10, max_steps=1000, time_limit=0, decay_share=0.5)
    progress = begun(config)
    assert rates(config, progress, 200)[-1] == 1e-3
    progress.without_better = 10
    assert schedule.start_decay(progress, config)
    assert (progress.early_end, progress.planned_steps, progress.without_better) == (400, 400, 0)
    fall = rates(config, progress, 400)
    assert fall[0] == pytest.approx(1e-3)
    assert fall[100] == pytest.approx(0.5e-3)
    assert 0 < fall[-1] < 1e-5
    assert "fallen to 0" in limit_reached(config, progress)
    assert not schedule.start_decay(progress, config)  # it has fallen
    more = dataclasses.replace(config, max_steps=2000)
    schedule.begin(progress, more, 100)
    assert (progress.early_end, progress.planned_steps) == (0, 2000)
    assert not limit_reached(more, progress)


@pytest.mark.parametrize("changes", [{"decay_share": 1.0}, {"schedule": "paper"}, {"max_steps": 0}, {"max_steps": 300}])
def test_a_rate_that_falls_already_is_left_alone(changes: dict[str, Any]) -> None:
    settings = {"learning_rate": 1e-3, "max_steps": 1000, "time_limit": 0.0, "decay_share": 0.5, **changes}
    config = TrainingConfig(**settings)
    progress = begun(config)
    rates(config, progress, 200)
    planned = progress.planned_steps
    assert not schedule.start_decay(progress, config)
    assert (progress.early_end, progress.planned_steps) == (0, planned)


def test_a_run_without_better_validations_falls_before_it_ends(corpus: DataConfig, tmp_path: Path) -> None:
    still = {"learning_rate": 1e-30, "validate_every": 2, "patience": 3, "decay_share": 0.2}
    recipe = recipe_for(prepare(tmp_path / "data", corpus, TrainingConfig(**FAST)), max_steps=1000, **still)
    reporter = Notes()
    outcome = train(tmp_path / "run", prepare(tmp_path / "data", corpus, recipe.training), recipe, reporter=reporter)
    # nothing is learnt: the first validation, at step 2, is the best, and those at 4, 6 and 8 are no better
    (note,) = reporter.notes
    assert note.startswith("no better validation BLEU in 3 validations, as set by patience: ")
    assert note.endswith(": the learning rate falls from here on, to 0 at step 10")
    assert (outcome.step, outcome.complete) == (10, True)
    assert "fallen to 0" in outcome.why


def test_a_short_run_does_not_spend_itself_on_the_warm_up() -> None:
    config = TrainingConfig(max_steps=100, time_limit=0.0, warmup_steps=4000, learning_rate=1.0)
    assert max(rates(config, begun(config), 100)) == rates(config, begun(config), 10)[-1]


def test_a_time_limit_is_turned_into_steps_by_the_speed() -> None:
    config = TrainingConfig(time_limit=100.0, learning_rate=1.0, warmup_steps=10)
    progress = begun(config)
    assert progress.planned_steps == 0
    found = rates(config, progress, 1000)
    assert progress.planned_steps == 1000
    assert found[499] == pytest.approx(0.5, abs=0.01)
    assert found[-1] == pytest.approx(0.001, abs=0.001)
    # the machine becomes half as fast: the end comes sooner, and the rate is low by then
    progress = begun(config)
    rates(config, progress, 500)
    progress.seconds = 75.0
    assert learning_rate(progress, config) == pytest.approx(0.5, abs=0.01)
    schedule.plan(progress, config, 100)
    assert progress.planned_steps == 667
    assert learning_rate(progress, config) == pytest.approx(0.25, abs=0.01)


def test_with_other_limits_the_rate_warms_up_to_where_a_run_of_that_length_would_be() -> None:
    config = TrainingConfig(max_steps=1000, time_limit=0.0, learning_rate=1.0, warmup_steps=50)
    progress = begun(config)
    rates(config, progress, 1000)
    longer = dataclasses.replace(config, max_steps=2000)
    schedule.begin(progress, longer, 100)
    found = rates(longer, progress, 2000)
    assert found[0] == pytest.approx(0.01, abs=0.001)
    assert max(found) == pytest.approx(0.475, abs=0.01)
    assert found[-1] == pytest.approx(1 / 2000)
    same = dataclasses.replace(progress)
    schedule.begin(same, longer, 100)
    assert same == progress


@pytest.mark.usefixtures("unchecked_shapes")  # other tests check them
def test_a_run_that_goes_on_under_other_limits_is_exact_too(corpus: DataConfig, tmp_path: Path) -> None:
    data = prepare(tmp_path / "data", corpus, TrainingConfig(**FAST))
    whole, broken = tmp_path / "whole", tmp_path / "broken"
    for run in (whole, broken):
        train(run, data, recipe_for(data, max_steps=10))
    longer = recipe_for(data, max_steps=30)
    train(whole, data, longer)
    asked = iter(range(1, 1000))
    train(broken, data, longer, stop=lambda: "enough" if next(asked) == 7 else "")
    train(broken, data, longer)
    assert_same_weights(whole, broken)


def test_a_little_more_or_less_to_go_needs_no_warm_up() -> None:
    config = TrainingConfig(max_steps=1000, time_limit=0.0, learning_rate=1.0, warmup_steps=50)
    for end in (800, 1200):
        progress = begun(config)
        rates(config, progress, 500)
        changed = dataclasses.replace(config, max_steps=end)
        schedule.begin(progress, changed, 100)
        assert rates(changed, progress, 501) == [pytest.approx(1 - 500 / end)]


def test_another_rate_or_batch_in_a_run_that_goes_on() -> None:
    config = TrainingConfig(max_steps=1000, time_limit=0, learning_rate=1e-3, batch_tokens=2000, warmup_steps=10)
    progress = RunProgress()
    schedule.begin(progress, config, 100)
    progress.step, progress.batch = 400, 60
    before = learning_rate(progress, config)
    lower = config.changed(learning_rate=5e-4)
    schedule.begin(progress, lower, 100)
    assert learning_rate(progress, lower) == pytest.approx(before / 2)
    assert (progress.warm_from, progress.batch) == (0, 60)
    higher = config.changed(learning_rate=4e-3)  # eight times the last: it rises there
    schedule.begin(progress, higher, 100)
    assert progress.warm_from == 400
    assert learning_rate(progress, higher) == 0
    larger = higher.changed(batch_tokens=4000)
    schedule.begin(progress, larger, 50)
    assert (progress.batch, progress.batch_tokens) == (30, 4000)
    schedule.begin(progress, larger, 50)
    assert progress.batch == 30  # once
