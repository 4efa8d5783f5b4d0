import math
from pathlib import Path

import pytest
import torch
from torch import nn

from glassformer.config import DecodingConfig, ModelConfig
from glassformer.decoding import decode
from glassformer.errors import ShapeError, TraceFileError
from glassformer.model import Transformer
from glassformer.probe import AXES, Probe
from glassformer.trace import Trace, record

CONFIG = ModelConfig(vocabulary_size=23, d_model=16, heads=4, d_ff=24, encoder_layers=2, decoder_layers=2)
SOURCE = torch.tensor([[5, 9, 4, 17, 2]])
TARGET = torch.tensor([[1, 7, 20, 6]])


@pytest.fixture
def model() -> Transformer:
    return Transformer(CONFIG).eval()


def probes(model: nn.Module) -> dict[str, Probe]:
    return {name: module for name, module in model.named_modules() if isinstance(module, Probe)}


def hooks(model: nn.Module) -> int:
    return sum(len(module._forward_hooks) for module in model.modules())


def test_every_window_is_seen_with_its_axes(model: Transformer) -> None:
    with record(model) as trace:
        model(SOURCE, TARGET)
    assert set(trace.names) == set(probes(model))
    for name, axes, shape, place in trace.describe():
        assert len(axes.split()) == len(shape), name
        assert set(axes.split()) <= set(AXES)
        assert place
    assert trace["encoder.layers.1.self_attention.weights"].shape == (4, 5, 5)
    assert trace["decoder.layers.0.cross_attention.weights"].shape == (4, 4, 5)
    assert trace["probabilities"].shape == (4, 23)


def test_the_windows_fit_together_as_the_paper_says(model: Transformer) -> None:
    with record(model) as trace:
        logits = model(SOURCE, TARGET)
    attention, at = model.decoder.layers[1].self_attention, "decoder.layers.1.self_attention"
    x = trace["decoder.layers.0.feed_forward_add_norm.output"]
    for number in range(4):
        head = attention.head(number)
        torch.testing.assert_close(x @ head.w_q, trace[f"{at}.queries"][number])
        torch.testing.assert_close(x @ head.w_k, trace[f"{at}.keys"][number])
        torch.testing.assert_close(x @ head.w_v, trace[f"{at}.values"][number])
    scores = trace[f"{at}.queries"] @ trace[f"{at}.keys"].mT / math.sqrt(4)
    seen = trace[f"{at}.scores"]
    torch.testing.assert_close(scores.masked_fill(seen.isneginf(), -math.inf), seen)
    assert seen.isneginf().sum() == 4 * 6  # the later words of four, in four heads
    torch.testing.assert_close(seen.softmax(-1), trace[f"{at}.weights"])
    torch.testing.assert_close(trace[f"{at}.weights"] @ trace[f"{at}.values"], trace[f"{at}.z"])
    torch.testing.assert_close(torch.cat(list(trace[f"{at}.z"]), dim=-1), trace[f"{at}.concatenated"])
    torch.testing.assert_close(trace[f"{at}.concatenated"] @ attention.w_o.weight.mT, trace[f"{at}.output"])
    torch.testing.assert_close(
        trace["encoder.input.embeddings"] + trace["encoder.input.positions"], trace["encoder.input.x"]
    )
    torch.testing.assert_close(trace["encoder.layers.1.feed_forward_add_norm.output"], trace["encoder.memory"])
    torch.testing.assert_close(trace["logits"], logits[0])
    torch.testing.assert_close(trace["logits"].softmax(-1), trace["probabilities"])
    assert trace["encoder.input.ids"].tolist() == SOURCE[0].tolist()


def test_recording_changes_nothing(model: Transformer) -> None:
    plain = model(SOURCE, TARGET)
    with record(model):
        recorded = model(SOURCE, TARGET)
    torch.testing.assert_close(plain, recorded)


def decode_by_steps(model: Transformer) -> Trace:
    with record(model) as trace:
        memory, cache = model.encode(SOURCE), model.new_cache()
        for token in TARGET.split(1, dim=1):
            model.predict(model.decode(token, memory, model.allowed(SOURCE), cache))
    return trace


def test_decoding_has_one_part_a_step_and_equals_teacher_forcing(model: Transformer) -> None:
    steps = decode_by_steps(model)
    with record(model) as forced:
        model(SOURCE, TARGET)
    assert len(steps.steps) == TARGET.size(1)
    assert steps.steps[2]["decoder.layers.0.self_attention.weights"].tensor.shape == (4, 1, 3)
    assert set(steps.names) == set(forced.names)
    for name in forced:
        assert steps.window(name).axes == forced.window(name).axes
        torch.testing.assert_close(steps[name], forced[name], msg=lambda text, name=name: f"{name}: {text}")


def test_the_steps_of_a_beam_are_no_whole(model: Transformer) -> None:
    with record(model, "*.weights") as trace:
        decode(model, [SOURCE[0].tolist()], DecodingConfig(beam_size=3, extra_length=2))
    with pytest.raises(ShapeError, match=r"greedy translation, or look at each of trace\.steps"):
        trace["decoder.layers.0.cross_attention.weights"]


def test_a_layer_that_was_not_seen_is_no_other(model: Transformer) -> None:
    with record(model, "encoder.layers.1.*") as trace:
        model(SOURCE, TARGET)
    assert trace.attention("encoder", 1) is trace["encoder.layers.1.self_attention.weights"]
    assert trace.attention("encoder", -1) is trace.attention("encoder", 1)
    for layer in (0, 2, -2):
        with pytest.raises(KeyError, match="wanted one of the 1 that this trace has"):
            trace.attention("encoder", layer)


def test_a_batch_keeps_its_axis(model: Transformer) -> None:
    with record(model, "*.weights") as trace:
        model(SOURCE.expand(3, -1), TARGET.expand(3, -1))
    window = trace.window("encoder.layers.0.self_attention.weights")
    assert window.axes == ("batch", "head", "query", "key")
    assert window.tensor.shape == (3, 4, 5, 5)
    assert all(name.endswith(".weights") for name in trace)


@pytest.mark.usefixtures("unchecked_shapes")
def test_no_hook_is_left_behind(model: Transformer) -> None:
    with record(model):
        assert hooks(model) == len(probes(model))
    assert hooks(model) == 0
    with pytest.raises(ShapeError), record(model):
        model(SOURCE, TARGET.expand(2, -1))
    assert hooks(model) == 0


def test_gradients_reach_a_window_that_keeps_its_graph(model: Transformer) -> None:
    with record(model, "*.weights", keep_graph=True) as trace:
        logits = model(SOURCE, TARGET)
    (gradient,) = torch.autograd.grad(logits[0, -1, 5], trace["encoder.layers.0.self_attention.weights"])
    assert gradient.shape == (1, 4, 5, 5)
    assert gradient.abs().sum() > 0
    with record(model) as trace:
        model(SOURCE, TARGET)
    assert not trace["logits"].requires_grad


def test_an_unknown_window_names_the_near_ones(model: Transformer) -> None:
    with record(model) as trace:
        model(SOURCE, TARGET)
    with pytest.raises(KeyError, match=r"no window 'encoder\.weights'.*encoder\.layers\.0\.self_attention\.weights"):
        trace["encoder.weights"]


@pytest.mark.parametrize("recorded", [decode_by_steps], ids=["by steps"])
def test_saved_and_loaded_it_is_the_same(model: Transformer, tmp_path: Path, recorded) -> None:
    trace = recorded(model)
    trace.about = {"source": "猫 \u2028 <script>", "tokens": ["a", "b"]}
    trace.save(tmp_path / "trace.safetensors")
    again = Trace.load(tmp_path / "trace.safetensors")
    assert again.about == trace.about
    assert again.describe() == trace.describe()
    assert len(again.steps) == len(trace.steps)
    for name in trace:
        assert torch.equal(again[name], trace[name])


def test_a_damaged_file_is_refused(model: Transformer, tmp_path: Path) -> None:
    path = tmp_path / "trace.safetensors"
    decode_by_steps(model).save(path)
    whole = path.read_bytes()
    for length in (0, 7, 100, len(whole) // 2, len(whole) - 1):
        path.write_bytes(whole[:length])
        with pytest.raises(TraceFileError, match="truncated or not a safetensors"):
            Trace.load(path)
    path.write_bytes(whole[:-5] + bytes([whole[-5] ^ 1]) + whole[-4:])
    with pytest.raises(TraceFileError, match="altered"):
        Trace.load(path)
    place = whole.index("§3.1".encode())
    path.write_bytes(whole[: place + 2] + b"9" + whole[place + 3 :])
    with pytest.raises(TraceFileError, match="altered"):
        Trace.load(path)
    path.write_bytes(b"\x02\x00\x00\x00\x00\x00\x00\x00{}")
    with pytest.raises(TraceFileError, match="not a trace"):
        Trace.load(path)
    with pytest.raises(TraceFileError, match="no such file"):
        Trace.load(tmp_path / "nowhere")


def test_a_probe_knows_its_axes() -> None:
    with pytest.raises(ValueError, match="colour"):
        Probe("head colour", "nowhere")
    value = object()
    assert Probe("head", "nowhere")(value) is value
