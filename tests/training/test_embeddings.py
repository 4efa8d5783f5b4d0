"""First embeddings from the corpus."""

from itertools import product
from pathlib import Path

import pytest
import torch

from glassformer.checkpoint import load_model
from glassformer.config import DataConfig, ModelConfig, TrainingConfig
from glassformer.config.recipe import Recipe
from glassformer.corpus.prepare import Data, prepare
from glassformer.runs.recipe import recipe
from glassformer.training import embeddings
from glassformer.training.embeddings import begin_with_corpus, embeddings_of, spread
from glassformer.training.state import State
from glassformer.training.train import train

NOUNS = {"dog": "Hund", "cat": "Katze", "girl": "Maedchen", "king": "Koenig", "bird": "Vogel", "tree": "Baum"}
VERBS = {"sees": "sieht", "likes": "mag", "hears": "hoert", "paints": "malt"}
OWN = ("\u2581dog", "\u2581Hund", "\u2581king", "\u2581Koenig")


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Data:
    folder = tmp_path_factory.mktemp("corpus")
    lines = list(product(NOUNS, VERBS, NOUNS)) * 3
    english = [f"the {a} {verb} the {b}" for a, verb, b in lines]
    german = [f"{NOUNS[a]} {VERBS[verb]} {NOUNS[b]}" for a, verb, b in lines]
    for side, text in (("en", english), ("de", german)):
        (folder / f"train.{side}").write_text("".join(f"{line}\n" for line in text), encoding="utf-8")
    config = DataConfig(source=[str(folder / "train.en")], target=[str(folder / "train.de")], placeholders=False)
    return prepare(folder / "data", config, TrainingConfig(held_out=5), vocabulary_size=330)


def test_a_word_and_its_translation_begin_near_each_other(data: Data) -> None:
    names = data.tokenizer.tokens(range(len(data.tokenizer)))
    found = embeddings_of(data.pairs, len(names), 16, 1)
    dog, hund, king, koenig = (found[names.index(own)] for own in OWN)
    assert float(dog @ hund) > 0.9
    assert float(king @ koenig) > 0.9
    assert max(float(dog @ king), float(dog @ koenig)) < 0.5
    assert torch.equal(found, embeddings_of(data.pairs, len(names), 16, 1))


def test_lengths_are_one_and_what_the_pairs_do_not_say_stays_random(data: Data) -> None:
    config = ModelConfig(vocabulary_size=len(data.tokenizer), d_model=16, heads=2, encoder_layers=1, decoder_layers=1)
    state, random = (State.new(config, TrainingConfig(), torch.device("cpu")) for _ in range(2))
    begin_with_corpus(state, data.pairs, 1)
    table, before = state.model.embedding.weight.detach(), random.model.embedding.weight.detach()
    changed = (table != before).any(dim=1)
    torch.testing.assert_close(table[changed].norm(dim=1), torch.ones(int(changed.sum())))
    assert torch.equal(table[: config.unk_id + 1], before[: config.unk_id + 1])  # signs and bytes come in no pair
    assert changed[data.tokenizer.tokens(range(len(changed))).index(OWN[1])]
    for name, weight in state.averaged.state_dict().items():
        assert torch.equal(weight, state.model.state_dict()[name]), name


def test_a_wide_model_with_few_pieces(data: Data) -> None:
    found = embeddings_of(data.pairs, len(data.tokenizer), 512, 1)
    assert found.shape == (len(data.tokenizer), 512)
    assert bool(found.isfinite().all())


def test_a_large_corpus_is_counted_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embeddings, "PAIRS", 20)
    monkeypatch.setattr(embeddings, "AT_ONCE", 10)
    assert spread(15) == [(0, 10), (10, 15)]
    assert spread(65) == [(0, 10), (40, 50)]


def test_the_recipe_has_them_unless_another_model_s_are_there() -> None:
    assert recipe(30_000, 8000).training.first_embeddings == "corpus"
    started = recipe(30_000, 8000, started={"d_model": 128})
    assert started.training.first_embeddings == "random"
    assert started.training.subword_sampling_after == 0
    assert "first_embeddings" not in [choice.setting for choice in started.choices]
    whole = recipe(30_000, 8000, training={"subword_sampling": 0.0})
    assert "subword_sampling_after" not in [choice.setting for choice in whole.choices]


def test_a_run_begins_with_them_and_cuts_words_later(data: Data, tmp_path: Path) -> None:
    settings = {"max_steps": 1, "time_limit": 0.0, "learning_rate": 1e-9, "precision": "float32", "held_out": 5}
    training = TrainingConfig(**settings, first_embeddings="corpus", subword_sampling=0.5, subword_sampling_after=1)  # type: ignore[arg-type]
    model = ModelConfig(vocabulary_size=len(data.tokenizer), d_model=16, heads=2, encoder_layers=1, decoder_layers=1)
    train(tmp_path / "run", data, Recipe(model, training, []))
    table = load_model(tmp_path / "run").model.embedding.weight
    found = embeddings_of(data.pairs, len(data.tokenizer), 16, training.seed)
    known = found.any(dim=1)
    torch.testing.assert_close(table[known], found[known], rtol=0, atol=1e-6)
    batches = data.batches(training, model)
    whole = sum(batch.tokens for batch in data.batches(TrainingConfig(), model).epoch(0))
    assert sum(batch.tokens for batch in batches.epoch(0)) == whole
    assert sum(batch.tokens for batch in batches.epoch(1)) > whole
