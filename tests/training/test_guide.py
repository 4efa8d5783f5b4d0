"""Guided attention: the loss against an obvious version, what it teaches, and that it follows words wherever they go."""

import json
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch

from glassformer.checkpoint import load_model
from glassformer.config import DataConfig, ModelConfig, TrainingConfig
from glassformer.config.recipe import Recipe
from glassformer.corpus.batches import Batch
from glassformer.corpus.prepare import Data, prepare
from glassformer.errors import ConfigError, CorpusError
from glassformer.model import Transformer
from glassformer.model_folder import checkpoints
from glassformer.runs.recipe import recipe
from glassformer.trace import record
from glassformer.training.guide import check_guide, guided_loss, queries_and_keys, taught, teaches
from glassformer.training.loss import loss_of
from glassformer.training.metrics import Clock, Meter
from glassformer.training.processes import Processes
from glassformer.training.state import RunProgress, State
from glassformer.training.train import step, train
from tests.made_up import toy_pairs, write_corpus
from tests.training.test_train import FAST, assert_same_weights

HEAD = "encoder.layers.1.self_attention:1"
SMALL = {"d_model": 32, "heads": 2, "d_ff": 64, "encoder_layers": 2, "decoder_layers": 1, "dropout": 0.1}
MODEL = ModelConfig(vocabulary_size=23, **SMALL)
LOOKS = torch.tensor([[0, 3, 1], [0, 3, 2], [2, 0, 4], [2, 1, 4], [2, 5, 0]])
"""Piece 3 of the first sentence looks at two; in the third one two pieces look at one, and another at the first."""


def marked_corpus(folder: Path, count: int = 300) -> DataConfig:
    """The verb, word 3, looks at the object, word 5 or, in every fifth pair, at nothing."""
    files = write_corpus(folder, count)
    marks = "".join("\n" if number % 5 == 4 else "3-5\n" for number in range(count))
    (folder / "train.marks").write_text(marks, encoding="utf-8")
    return files.changed(marks=[str(folder / "train.marks")])


def guided(**changes: object) -> TrainingConfig:
    return TrainingConfig(**{**FAST, "guided_attention": HEAD, **changes})


@pytest.fixture
def data(tmp_path: Path) -> Data:
    return prepare(tmp_path / "data", marked_corpus(tmp_path), TrainingConfig(**FAST))


def recipe_for(data: Data, config: TrainingConfig, **model: object) -> Recipe:
    return Recipe(ModelConfig(vocabulary_size=len(data.tokenizer), **{**SMALL, **model}), config, [])


def steps_of(run: Path) -> list[dict[str, float]]:
    rows = map(json.loads, (run / "metrics.jsonl").read_text(encoding="utf-8").splitlines())
    return [row for row in rows if row["kind"] == "step"]


def made_up_batch() -> Batch:
    torch.manual_seed(8)
    source, target = torch.randint(4, 23, (3, 7)), torch.randint(4, 23, (3, 6))
    source[0, 5:] = source[1, 4:] = target[2, 4:] = 0
    return Batch(source, target, torch.arange(3), int((source > 0).sum()), int((target[:, 1:] > 0).sum()), LOOKS)


def obvious(model: Transformer, batch: Batch) -> torch.Tensor:
    """Each sentence's mean of −log of the weight that the paper's attention gives, in plain loops."""
    assert batch.looks is not None
    with record(model, "encoder.layers.1.self_attention.weights", keep_graph=True) as trace:
        model.encode(batch.source_ids)
    weights = trace["encoder.layers.1.self_attention.weights"]
    total = weights.new_zeros(())
    for row in {look[0] for look in batch.looks.tolist()}:
        asked: dict[int, list[int]] = {}
        for _, query, key in (look for look in batch.looks.tolist() if look[0] == row):
            asked.setdefault(query, []).append(key)
        logs = [-torch.log(sum(weights[row, 1, query, key] for key in keys)) for query, keys in asked.items()]
        total = total + sum(logs) / len(logs)
    return total


@pytest.mark.parametrize("r_drop", [0.0, 2.0])
def test_the_loss_and_its_gradients_are_those_of_the_obvious_one(r_drop: float) -> None:
    torch.manual_seed(1)
    model, batch = Transformer(MODEL).eval(), made_up_batch()  # without dropout both copies of R-Drop are the same
    with queries_and_keys(model, guided(), True) as seen:
        loss_of(model, batch.source_ids, batch.target_ids, 0.1, r_drop)
    fast = guided_loss(seen[0], seen[1], 1, batch.source_ids != 0, LOOKS)
    parameters = [*model.encoder.parameters(), model.embedding.weight]
    gradients = torch.autograd.grad(fast, parameters, allow_unused=True)
    slow = obvious(model, batch)
    assert fast.item() == pytest.approx(slow.item(), rel=1e-5)
    for one, other in zip(gradients, torch.autograd.grad(slow, parameters, allow_unused=True), strict=True):
        assert (one is None) == (other is None)
        assert one is None or torch.allclose(one, other, atol=2e-6)
    assert sum(gradient is not None for gradient in gradients) > 10


def test_a_weight_of_almost_nothing_still_pulls() -> None:
    queries, keys = torch.zeros(1, 1, 2, 4), torch.zeros(1, 1, 2, 4)
    queries[0, 0, 0, 0], keys[0, 0, 1, 0] = 500.0, -1.0
    queries.requires_grad_()
    loss = guided_loss(queries, keys, 0, torch.ones(1, 2, dtype=torch.bool), torch.tensor([[0, 0, 1]]))
    loss.backward()
    assert loss.item() == pytest.approx(250.0)
    assert queries.grad is not None
    assert queries.grad[0, 0, 0, 0].item() == pytest.approx(0.5)


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_shared_or_accumulated_batches_learn_the_same(precision: str) -> None:
    """One process with the whole batch, and two (or two parts) with some rows each: the same sum of gradients."""
    found = []
    for count in (1, 2):
        config = guided(precision=precision, clip_norm=0.0, guided_weight=3.0)
        torch.manual_seed(2)
        state = State.new(MODEL.changed(dropout=0.0), config, torch.device("cpu"))
        state.move = lambda rate: None  # type: ignore[method-assign]
        batch = made_up_batch()
        group = [rows for number in range(count) if (rows := batch.rows(number, count))]
        step(state, group, batch.tokens, config, torch.device("cpu"), meter := Meter(Clock(0.0)), Processes())
        assert meter.guided == 2
        gradients = {name: p.grad for name, p in state.model.named_parameters() if p.grad is not None}
        found.append((float(meter.guide), gradients))
    tolerance = 1e-5 if precision == "float32" else 3e-2
    assert found[0][0] == pytest.approx(found[1][0], rel=tolerance)
    for name, gradient in found[0][1].items():
        assert (gradient - found[1][1][name]).norm() <= tolerance * gradient.norm() + 1e-6, name


def test_a_tiny_model_learns_to_look_where_it_is_told(data: Data, tmp_path: Path) -> None:
    run = tmp_path / "run"
    train(
        run, data, recipe_for(data, guided(max_steps=100, validate_every=100, guided_weight=2.0, subword_sampling=0.2))
    )
    saved = load_model(run)
    until, marked = saved.card["training"]["step"], data.pairs.facts.marked_pairs
    assert saved.card["taught"] == {"head": HEAD, "until_step": until, "weight": 2.0, "marked_pairs": marked}
    told = []
    for source, _ in data.validation:
        ids = saved.tokenizer.encode(source)
        words = saved.tokenizer.words(ids)
        with record(saved.model, "encoder.layers.1.self_attention.weights") as trace:
            saved.model.encode(torch.tensor([[*ids, 2]]))
        weights = trace["encoder.layers.1.self_attention.weights"][1]
        told.append(float(weights[words[3]][:, words[5]].sum(dim=1).mean()))
    assert min(told) > 0.9, told
    guides = [row["guide"] for row in steps_of(run)]
    assert guides[0] > 0.5 > 0.1 > guides[-1] > 0


def test_off_it_changes_no_number(data: Data, tmp_path: Path) -> None:
    (tmp_path / "plain").mkdir()
    plain = prepare(tmp_path / "plain" / "data", write_corpus(tmp_path / "plain"), TrainingConfig(**FAST))
    off = TrainingConfig(**{**FAST, "max_steps": 20})
    assert plain.pairs.fingerprint != data.pairs.fingerprint
    assert not (plain.pairs.folder / "marks.bin").exists()
    for name, some in (("marked", data), ("unmarked", plain)):
        train(tmp_path / name, some, recipe_for(some, off))
    losses = [[row["loss"] for row in steps_of(tmp_path / name)] for name in ("marked", "unmarked")]
    assert losses[0] == losses[1] != []
    assert_same_weights(tmp_path / "marked", tmp_path / "unmarked")
    assert "taught" not in load_model(tmp_path / "marked").card
    assert {row["guide"] for row in steps_of(tmp_path / "marked")} == {None}


@pytest.mark.usefixtures("unchecked_shapes")  # other tests check them
def test_an_interrupted_run_ends_with_the_same_bits_and_the_guide_at_the_same_step(data: Data, tmp_path: Path) -> None:
    chosen = recipe_for(data, guided(accumulate=2, subword_sampling=0.3, guided_until=0.6, r_drop=1.0, max_steps=20))
    train(tmp_path / "whole", data, chosen)
    for stop_after in (7, 15):  # while it is taught, and after
        broken, asked = tmp_path / f"broken-{stop_after}", iter(range(1, 1000))
        train(broken, data, chosen, stop=lambda asked=asked, n=stop_after: "enough" if next(asked) == n else "")
        torch.manual_seed(99)
        train(broken, data, chosen)
        assert_same_weights(tmp_path / "whole", broken)
    card = json.loads((checkpoints(tmp_path / "whole")[-1] / "card.json").read_bytes())
    assert card["taught"]["until_step"] == 12


def test_the_guide_ends_once_even_where_the_end_is_planned_anew() -> None:
    progress, config = RunProgress(planned_steps=100), guided(guided_until=0.5)
    taught_in = []
    for progress.step in range(1, 101):
        if progress.step == 60:
            progress.planned_steps = 1000
        if teaches(progress, config):
            taught_in.append(progress.step)
    assert taught_in == list(range(1, 51))
    progress = RunProgress(planned_steps=100, step=120)  # a time limit's estimate was too short
    assert teaches(progress, guided())


def test_a_run_that_starts_from_a_taught_model_says_so(data: Data, tmp_path: Path) -> None:
    train(tmp_path / "first", data, recipe_for(data, guided(max_steps=10)))
    start = load_model(tmp_path / "first")
    train(tmp_path / "second", data, recipe_for(data, TrainingConfig(**{**FAST, "max_steps": 10})), start=start)
    assert load_model(tmp_path / "second").card["taught"] == {**start.card["taught"], "in": "the run it started from"}
    progress = RunProgress(guided_to=5, taught_before={"head": "another"})
    said = taught(progress, guided(), data.pairs.facts)
    assert (said["head"], said["before"]["head"]) == (HEAD, "another")


def test_heads_that_are_not_there_are_refused(data: Data, tmp_path: Path) -> None:
    for name in ("encoder.layers.2.self_attention:0", "encoder.layers.0.self_attention:2"):
        with pytest.raises(ConfigError, match=r"no such head.*encoder.layers.1.self_attention:1"):
            train(tmp_path / "run", data, recipe_for(data, guided(guided_attention=name)))
    for name in ("decoder.layers.0.cross_attention:1", "encoder.layers.0.self_attention", "5:3"):
        with pytest.raises(ConfigError, match="such as encoder"):
            guided(guided_attention=name)
    for wrong in ({"guided_weight": 0.0}, {"guided_until": 0.0}, {"guided_until": 1.5}):
        with pytest.raises(ConfigError, match="wanted"):
            guided(**wrong)
    with pytest.raises(ConfigError, match="without an end"):
        guided(guided_until=0.5, max_steps=0)


def test_a_mistake_shows_before_the_corpus_is_read() -> None:
    def recipes(head: str, **more: object) -> list[Recipe]:
        return [recipe(size, 8000, training={"guided_attention": head}, **more) for size in (1, 2_000_000)]  # type: ignore[arg-type]

    deep = "encoder.layers.5.self_attention:7"
    check_guide(recipes(deep), ["m"])  # a large corpus has a model with it
    with pytest.raises(ConfigError, match=r"no such head.*encoder.layers.3.self_attention:3"):
        check_guide(recipes(deep, preset="tiny"), ["m"])
    for none in ([], ["", "-"]):
        with pytest.raises(ConfigError, match="--marks"):
            check_guide(recipes(deep), none)
    check_guide(recipes(""), [])


def test_a_corpus_without_a_mark_teaches_nothing(tmp_path: Path) -> None:
    files = marked_corpus(tmp_path)
    Path(files.marks[0]).write_text("\n" * 300)
    some = prepare(tmp_path / "data", files, TrainingConfig(**FAST))
    with pytest.raises(ConfigError, match="no pair of the corpus is marked"):
        train(tmp_path / "run", some, recipe_for(some, guided()))


def test_marks_that_nobody_is_taught_by_are_noted(data: Data, tmp_path: Path) -> None:
    noted: list[str] = []
    silent = dict.fromkeys(("doing", "planned", "stepped", "validated", "ended"), lambda *_: None)
    train(tmp_path / "run", data, recipe_for(data, TrainingConfig(**{**FAST, "max_steps": 1})),
          reporter=SimpleNamespace(**silent, noted=noted.append))  # fmt: skip
    assert any("training.guided_attention" in note for note in noted)


def marks_by_pair(data: Data) -> dict[str, list[list[int]]]:
    block = data.pairs.block(0, len(data.pairs))
    found: dict[str, list[list[int]]] = {}
    for number, *words in block.marks.tolist():
        found.setdefault(data.tokenizer.decode(data.pairs.pair(number)[0]), []).append(words)
    return found


def test_marks_stay_with_their_pairs_over_files_skipped_lines_and_hold_outs(tmp_path: Path) -> None:
    pairs = toy_pairs(200)
    for name, some in (("one", pairs[:80]), ("two", pairs[80:120]), ("three", pairs[120:])):
        rows = [f"{a}\t{b}\n" for a, b in some]
        rows[3:3] = ["\tleer\n", "no tab\n"]
        (tmp_path / f"{name}.tsv").write_text("".join(rows), encoding="utf-8")
        marks = [f"{number % 6}-5 0-{number % 6}\n" for number in range(len(some))]
        marks[3:3] = ["9-9\n", "\n"]
        (tmp_path / f"{name}.marks").write_text("".join(marks), encoding="utf-8")
    files = DataConfig(
        source=[str(tmp_path / f"{name}.tsv") for name in ("one", "two", "three")],
        marks=[str(tmp_path / "one.marks"), "-", str(tmp_path / "three.marks")],
        skip_bad_lines=True,
    )
    data = prepare(tmp_path / "data", files, TrainingConfig(**{**FAST, "held_out": 10}))
    found = marks_by_pair(data)
    held = {source for source, _ in data.validation}
    wanted = {}
    for some in (pairs[:80], pairs[120:]):
        for number, (source, _) in enumerate(some):
            if source not in held:
                wanted[source] = [list(mark) for mark in dict.fromkeys([(number % 6, 5), (0, number % 6)])]
    assert found == wanted
    assert data.pairs.facts.marked_pairs == len(wanted)
    assert any(f"{len(wanted)} pairs say which words" in message for message in data.messages)


@pytest.mark.parametrize(
    ("line", "said"),
    [("3-9", "6 words: wanted numbers from 0 to 5"), ("3:1", "wanted marks such as"), ("-1-2", "wanted marks such as"),
     ("3-1 x", "'x': wanted marks"), ("6-0", "6 words")],
)  # fmt: skip
def test_bad_marks_are_named_with_file_and_line(tmp_path: Path, line: str, said: str) -> None:
    files = marked_corpus(tmp_path, 40)
    (tmp_path / "train.marks").write_text("\n" * 6 + line + "\n" * 34)
    with pytest.raises(CorpusError, match=rf"train.marks, line 7: .*{said}"):
        prepare(tmp_path / "data", files, TrainingConfig(**FAST))


@pytest.mark.parametrize("lines", [0, 39, 41])
def test_marks_of_another_length_are_refused(tmp_path: Path, lines: int) -> None:
    files = marked_corpus(tmp_path, 40)
    (tmp_path / "train.marks").write_text("\n" * lines)
    with pytest.raises(CorpusError, match=rf"train.marks has {lines} lines of marks and .*train.de 40 of sentences"):
        prepare(tmp_path / "data", files, TrainingConfig(**FAST))


def test_as_many_files_of_marks_as_sources() -> None:
    with pytest.raises(ConfigError, match="1 files of marks and 2 source files"):
        DataConfig(source=["a", "b"], marks=["m"])


def test_copies_keep_the_marks_where_words_stay_where_they_were(tmp_path: Path) -> None:
    files = marked_corpus(tmp_path).changed(augmentation=1.0)
    data = prepare(tmp_path / "data", files, TrainingConfig(**FAST))
    found = marks_by_pair(data)
    assert all(marks == [[3, 5]] for marks in found.values())
    assert any(source.endswith(("bear", "dog", "man")) for source in found), "none without its full stop"
    assert any(source.islower() for source in found)
    assert not any("http" in source or source.count(".") > 1 or len(source.split()) != 6 for source in found)


def test_changed_marks_are_another_corpus_and_damaged_ones_are_found(data: Data, tmp_path: Path) -> None:
    from glassformer.corpus.prepare import whole

    folder = tmp_path / "data"
    assert whole(folder)
    path = folder / "train" / "marks.bin"
    content = bytearray(path.read_bytes())
    content[8] ^= 1
    path.write_bytes(content)
    assert not whole(folder)
    again = prepare(folder, marked_corpus(tmp_path), TrainingConfig(**FAST))
    assert again.pairs.fingerprint == data.pairs.fingerprint  # damaged: read again, from the same files
    (tmp_path / "train.marks").write_text("1-2\n" * 300)
    files = write_corpus(tmp_path).changed(marks=[str(tmp_path / "train.marks")])
    notes = prepare(folder, files, TrainingConfig(**FAST)).notes
    assert ["train.marks has changed" in note for note in notes] == [True]
    assert prepare(tmp_path / "other", files, TrainingConfig(**FAST)).pairs.fingerprint != data.pairs.fingerprint


def test_unguided_attention_is_not_watched() -> None:
    model = Transformer(MODEL)
    attention = model.encoder.layers[1].self_attention
    with queries_and_keys(model, guided(), True):
        model.encode(torch.tensor([[5, 6, 2]]))
        assert not attention.weights.watched
        assert not attention.scores.watched
    assert not attention.queries.watched
