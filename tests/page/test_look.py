"""A Look's numbers are the trace's, and what does not fit is left out and said."""

import dataclasses
import re
from typing import Any

import pytest
import torch

from glassformer.config import DecodingConfig, ModelConfig, base
from glassformer.decoding import decode
from glassformer.engines.native import Native
from glassformer.errors import ConfigError, WhatIfError
from glassformer.model import Transformer
from glassformer.page.body import Packed
from glassformer.page.facts import learned
from glassformer.page.look import LIVE, SAVED, Budget, choose_storages, fit_top, look, see, seen_of, spend
from glassformer.page.steps import decode_steps
from glassformer.page.unpack import Unpacked, unpack
from glassformer.page.wire import Ask, DecodingStep, HeadName, Look
from glassformer.trace import Window
from glassformer.translator import Translator
from glassformer.what_if import edges_blocked, heads_off, turned

SENTENCE = "The train stopped because it was snowing."
HEAD = ("decoder.layers.0.cross_attention", 1)


def header_of(packed: Packed) -> Look:
    assert isinstance(packed.header, Look)
    return packed.header


def numbers_of(packed: Packed) -> Unpacked:
    return unpack(packed.body())


@pytest.fixture
def pre_norm(translator: Translator) -> Translator:
    sizes = {"d_model": 16, "heads": 2, "d_ff": 32, "encoder_layers": 2, "decoder_layers": 2, "norm": "pre"}
    model = Transformer(ModelConfig(vocabulary_size=len(translator.tokenizer), attention_bias=True, **sizes))
    return dataclasses.replace(translator, engine=Native(model.eval()))


def test_every_window_is_the_traces(translator: Translator) -> None:
    trace = translator.trace(SENTENCE)
    packed = look(translator, Ask(SENTENCE))
    found, header = numbers_of(packed), header_of(packed)
    assert {window.name for window in header.windows} == set(trace)
    for window in header.windows:
        wanted = trace.window(window.name)
        assert tuple(window.axes) == wanted.axes
        assert window.place == wanted.place
        assert (window.storage == "none") == window.name.endswith(".concatenated")  # it is z in another order
        if window.storage == "none":
            continue
        assert torch.equal(torch.tensor(found[window.name]), wanted.tensor.float()), window.name
        assert window.error == 0
    assert header.source.tokens == trace.about["source_tokens"]
    assert header.target.tokens == trace.about["target_tokens"]
    assert header.target.text == "Der Zug hielt, weil es schneite."
    assert [word.text for word in header.source.words][-2:] == [".", "</s>"]
    assert header.model.longest_trained == 40
    assert header.model.languages == "en-de"


def test_the_steps_are_what_the_rows_predict(translator: Translator) -> None:
    header = header_of(look(translator, Ask(SENTENCE)))
    assert [step.chosen.token for step in header.steps] == [*header.target.tokens[1:], "</s>"]
    scores = translator.token_scores([SENTENCE], [header.target.text])[0]
    for step, (token, log_probability) in zip(header.steps, scores, strict=True):
        assert step.chosen.token == token
        assert step.chosen.probability == pytest.approx(torch.tensor(log_probability).exp().item(), rel=1e-3)
        likely = [choice.probability for choice in step.choices]
        assert len(likely) == 8
        assert likely == sorted(likely, reverse=True)


@pytest.mark.parametrize("norm", ["post", "pre"])
def test_each_station_says_what_is_multiplied(translator: Translator, pre_norm: Translator, norm: str) -> None:
    """Q = input W^Q, K = memory W^K, FFN's inner = relu(input W_1 + b_1): what the page writes out is what was done."""
    translator = translator if norm == "post" else pre_norm
    packed = look(translator, Ask(SENTENCE, "Der Zug hielt."))
    found, header = numbers_of(packed), header_of(packed)
    assert header.model.norm == norm

    def get(name: str) -> torch.Tensor:
        return torch.tensor(found[name])

    config = translator.model.config
    assert len(header.stations) == 2 * config.encoder_layers + 3 * config.decoder_layers
    for station in header.stations:
        x = get(station.input)
        if station.kind == "feed_forward":
            inner = torch.relu(x @ get(f"{station.name}.w_1.weight").T + get(f"{station.name}.w_1.bias"))
            assert torch.allclose(inner, get(f"{station.name}.inner"), atol=1e-4)
            sublayer = get(f"{station.name}.output")
        else:
            sources = [x, get(station.memory), get(station.memory)]
            for number, what in enumerate(("queries", "keys", "values")):
                w = get(f"{station.name}.w_qkv")[number]  # [head, d_k, d_model]
                product = torch.einsum("nd,hkd->hnk", sources[number], w)
                if config.attention_bias:
                    product = product + get(f"{station.name}.b_qkv")[number][:, None]
                assert torch.allclose(product, get(f"{station.name}.{what}"), atol=1e-4)
            w_o = get(f"{station.name}.w_o.weight")  # [d_model, head, d_v]
            sublayer = torch.einsum("hnk,dhk->nd", get(f"{station.name}.z"), w_o)
            if config.attention_bias:
                sublayer = sublayer + get(f"{station.name}.w_o.bias")
            assert torch.allclose(sublayer, get(f"{station.name}.output"), atol=1e-4)
        total = get(station.residual) + sublayer
        if norm == "post":
            weight, bias = (get(f"{station.name}_add_norm.norm.{part}") for part in ("weight", "bias"))
            total = torch.nn.functional.layer_norm(total, [config.d_model], weight, bias)
        assert torch.allclose(total, get(station.output), atol=1e-4)


def test_heads_off_and_edges_blocked_are_what_ifs(translator: Translator) -> None:
    ask = Ask(SENTENCE, "Der Zug hielt.", [HEAD], [("encoder.layers.1.self_attention", 4, 1)])
    packed = look(translator, ask)
    with (
        heads_off(translator.model, [HEAD]),
        edges_blocked(translator.model, "encoder.layers.1.self_attention", [(4, 1)]),
    ):
        trace = translator.trace(SENTENCE, "Der Zug hielt.")
    found = numbers_of(packed)
    for name in set(trace) - {name for name in trace if name.endswith(".concatenated")}:
        assert torch.equal(torch.tensor(found[name]), trace[name].float()), name
    assert not found[f"{HEAD[0]}.z"][1].any()
    assert not found["encoder.layers.1.self_attention.weights"][:, 4, 1].any()
    assert header_of(packed).heads_off == [HeadName(*HEAD)]
    again = numbers_of(look(translator, Ask(SENTENCE, "Der Zug hielt.")))
    assert again[f"{HEAD[0]}.z"][1].any()  # all is as it was


def test_turned_is_what_ifs_and_the_last_turn_holds(translator: Translator) -> None:
    name = "encoder.layers.1.self_attention"
    turns = [(name, 1, 4, [3]), (name, 0, 4, [1, 2]), (name, 1, 4, [0])]
    packed = look(translator, Ask(SENTENCE, "Der Zug hielt.", turned=turns))
    with turned(translator.model, name, 1, 4, 0), turned(translator.model, name, 0, 4, [1, 2]):
        trace = translator.trace(SENTENCE, "Der Zug hielt.")
    found = numbers_of(packed)
    for window in set(trace) - {window for window in trace if window.endswith(".concatenated")}:
        assert torch.equal(torch.tensor(found[window]), trace[window].float()), window
    assert found[f"{name}.weights"][1, 4, 0] == 1
    assert header_of(packed).turned == turns
    assert numbers_of(look(translator, Ask(SENTENCE, "Der Zug hielt.")))[f"{name}.weights"][1, 4, 0] < 1
    with pytest.raises(WhatIfError, match="no key 99"):
        look(translator, Ask(SENTENCE, turned=[(name, 1, 4, [99])]))


def test_a_translation_that_is_shorter_now_has_no_turns_past_its_end(translator: Translator) -> None:
    far = ("decoder.layers.0.self_attention", 0, 190, [3])
    near = ("encoder.layers.1.self_attention", 1, 4, [0])
    packed = look(translator, Ask(SENTENCE, turned=[far, near]))
    assert numbers_of(packed)["encoder.layers.1.self_attention.weights"][1, 4, 0] == 1
    with pytest.raises(WhatIfError, match="no query 190"):
        look(translator, Ask(SENTENCE, "Der Zug hielt.", turned=[far]))


@pytest.mark.parametrize(
    ("card", "head"),
    [
        ({"taught": {"head": "encoder.layers.1.self_attention:1"}}, "encoder.layers.1.self_attention:1"),
        ({"taught": {"head": "encoder.layers.7.self_attention:1"}}, ""),
        ({"taught": {"head": "encoder.layers.1.self_attention:9"}}, ""),
        ({"taught": {"head": ["x"]}}, ""),
        ({"taught": "it"}, ""),
        ({}, ""),
    ],
)
def test_a_head_that_was_taught_is_the_cards_word(translator: Translator, card: dict[str, Any], head: str) -> None:
    translator = dataclasses.replace(translator, card={**translator.card, **card})
    assert header_of(look(translator, Ask(SENTENCE, "Der Zug."))).model.taught_head == head


def test_what_is_not_there_is_told(translator: Translator) -> None:
    with pytest.raises(WhatIfError, match="no head 7"):
        look(translator, Ask(SENTENCE, None, [("encoder.layers.0.self_attention", 7)]))
    with pytest.raises(ConfigError, match="empty sentence"):
        look(translator, Ask(" "))
    with pytest.raises(ConfigError, match=r"this sentence has \d+ tokens: wanted at most 5"):
        see(translator, Ask(SENTENCE), 5)
    with pytest.raises(ConfigError, match="this translation has"):
        see(translator, Ask("it", SENTENCE), 12)


def test_over_64_tokens_the_weights_are_bytes(translator: Translator) -> None:
    text = " ".join([SENTENCE] * 6)
    packed = look(translator, Ask(text, text))
    found, trace = numbers_of(packed), translator.trace(text, text)
    header = header_of(packed)
    assert 64 < len(header.source.tokens) <= 256
    storages = {w.storage for w in header.windows if w.name.endswith(".weights")}
    assert storages == {"root8"}
    for window in header.windows:
        if window.storage in ("root8", "bfloat16"):
            difference = (torch.tensor(found[window.name]) - trace[window.name]).abs().max()
            assert float(difference) <= window.error + 1e-6
        elif window.storage == "none":
            assert re.search(r"scores|concatenated|logits|probabilities", window.name)


def test_over_256_tokens_the_top_the_rest_and_a_map(translator: Translator) -> None:
    text = " ".join([SENTENCE] * 24)
    budget = dataclasses.replace(SAVED, weights=200_000)
    packed = look(translator, Ask(text, "Der Zug hielt."), budget=budget)
    found, header = numbers_of(packed), header_of(packed)
    trace = translator.trace(text, "Der Zug hielt.")
    name = "encoder.layers.1.self_attention.weights"
    window = found.window(name)
    assert window.storage == "top"
    assert 0 < window.top < len(header.source.tokens)
    kept = trace[name].topk(window.top, dim=-1).values.sum(-1)
    assert torch.allclose(kept + torch.tensor(found.rest(name)), torch.ones(2, len(header.source.tokens)), atol=1e-5)
    assert found.window(f"{name}.pooled").storage == "root8"
    assert sum(w.length for w in header.windows if ".weights" in w.name) <= budget.weights
    assert all(w.storage == "none" for w in header.weights)


def test_the_budget_is_kept_at_12_layers_of_12_heads_and_1024_tokens() -> None:
    maps = [torch.empty(12, 1024, 1024, device="meta") for _ in range(12)]
    top, side = fit_top(maps, SAVED.weights)
    size = 144 * (1024 * (3 * top + 4) + side * side)
    assert 0.9 * SAVED.weights < size <= SAVED.weights
    assert top >= 12
    assert side == 128
    assert size * 4 / 3 < 15_000_000  # base64, before it is deflated


def test_a_large_vocabulary_and_wide_states_are_left_out() -> None:
    windows = {
        "logits": Window(torch.empty(14, 32_000, device="meta"), ("position", "vocabulary"), ""),
        "encoder.memory": Window(torch.empty(60, 512, device="meta"), ("position", "d_model"), ""),
        "encoder.input.ids": Window(torch.empty(60, device="meta"), ("position",), ""),
    }
    chosen = choose_storages(windows, 60, LIVE)
    assert chosen == {"logits": "none", "encoder.memory": "float32", "encoder.input.ids": "float32"}
    assert choose_storages(windows, 60, Budget(states=80_000))["encoder.memory"] == "bfloat16"
    assert choose_storages(windows, 60, Budget(states=8_000))["encoder.memory"] == "none"


@pytest.mark.parametrize("norm", ["post", "pre"])
def test_a_trace_shows_itself_as_it_was(translator: Translator, pre_norm: Translator, norm: str) -> None:
    """With what was switched off when it was made, and the norms that a pre-norm trace does not hold."""
    translator = translator if norm == "post" else pre_norm
    with heads_off(translator.model, [HEAD]):
        trace = translator.trace(SENTENCE, "Der Zug hielt.")
    ask = Ask(SENTENCE, "Der Zug hielt.", [HEAD])
    made, wanted = (look(translator, ask, seen=seen) for seen in (seen_of(translator, trace), see(translator, ask)))
    found, expected = numbers_of(made), numbers_of(wanted)
    for station in header_of(made).stations:
        for name in (station.input, station.output):
            assert torch.allclose(torch.tensor(found[name]), torch.tensor(expected[name]), atol=1e-6), name
    assert not found[f"{HEAD[0]}.z"][1].any()


def test_what_fits_travels_the_first_first() -> None:
    sizes = {"encoder.input.x": 100, "a.queries": 50, "a.inner": 400, "b.inner": 30}
    assert set(spend(sizes, 2320).values()) == {"float32"}
    assert set(spend(sizes, 2320, exact=False).values()) == {"bfloat16"}
    assert list(spend(sizes, 400).values()) == ["bfloat16", "bfloat16", "none", "bfloat16"]
    assert set(spend(sizes, 0).values()) == {"none"}


def test_a_saved_file_of_a_base_model_is_under_15_megabytes(translator: Translator) -> None:
    wide = base(len(translator.tokenizer))
    translator = dataclasses.replace(translator, engine=Native(Transformer(wide).eval()))
    text = " ".join([SENTENCE] * 2)  # just under 64 tokens, where most is exact
    packed = look(translator, Ask(text, text), level=1)
    assert 40 < len(header_of(packed).source.tokens) <= 64
    assert sum(map(len, packed.blobs)) * 4 / 3 < 14_500_000  # base64; script, style and header take the rest
    stored = {window.name for window in header_of(packed).weights if window.storage != "none"}
    assert "encoder.layers.0.self_attention.w_qkv" in stored


def test_a_translation_that_is_shorter_now_has_no_edges_past_its_end(translator: Translator) -> None:
    far = [("decoder.layers.0.self_attention", 190, 3), ("decoder.layers.1.cross_attention", 190, 2)]
    packed = look(translator, Ask(SENTENCE, None, [], [*far, ("encoder.layers.1.self_attention", 4, 1)]))
    assert not numbers_of(packed)["encoder.layers.1.self_attention.weights"][:, 4, 1].any()
    with pytest.raises(WhatIfError, match="no edge"):
        look(translator, Ask(SENTENCE, "Der Zug hielt.", [], far))


def test_the_learned_matrices_are_the_models(translator: Translator) -> None:
    packed = look(translator, Ask(SENTENCE))
    found, model = numbers_of(packed), translator.model
    assert {window.name for window in header_of(packed).weights} == set(learned(translator))
    head = model.encoder.layers[1].self_attention.head(1)
    w_qkv = torch.tensor(found["encoder.layers.1.self_attention.w_qkv"])
    assert torch.equal(w_qkv[0, 1].T, head.w_q)
    assert torch.equal(w_qkv[2, 1].T, head.w_v)
    assert torch.equal(torch.tensor(found["encoder.layers.1.self_attention.w_o.weight"])[:, 1].T, head.w_o)
    assert {w.storage for w in header_of(look(translator, Ask(SENTENCE), budget=LIVE)).weights} == {"none"}


def test_the_steps_of_decoding_are_greedys(translator: Translator) -> None:
    steps: list[DecodingStep] = []
    decode_steps(translator, SENTENCE, lambda step: steps.append(step) is None)
    ids = translator.tokenizer.encode(SENTENCE)
    ((found,),) = decode(translator.model, [ids], DecodingConfig(method="greedy"))
    assert [step.chosen.id for step in steps] == [*found.ids, translator.tokenizer.eos_id]
    for step, log_probability in zip(steps, found.token_log_probabilities, strict=True):
        assert step.chosen.probability == pytest.approx(torch.tensor(log_probability).exp().item(), rel=1e-4)
    few: list[DecodingStep] = []
    decode_steps(translator, SENTENCE, lambda step: few.append(step) or len(few) < 2)
    assert len(few) == 2
