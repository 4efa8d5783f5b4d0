"""The whole model of figure 1: what may not matter does not, the fast ways equal the slow ones, the windows cost nothing."""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

from glassformer.cache import Cache
from glassformer.config import ModelConfig, NormPlace, base, big
from glassformer.errors import NothingAllowedError, ShapeError, VocabularyError
from glassformer.model import Transformer
from glassformer.model.layers import Dropout
from glassformer.probe import Probe

VOCABULARY = 23
SOURCE = torch.tensor([[5, 6, 7, 8, 9, 10, 2], [11, 4, 11, 2, 0, 0, 0], [7, 2, 0, 0, 0, 0, 0], [9, 8, 7, 6, 2, 0, 0]])
TARGET = torch.tensor([[1, 12, 13, 14, 15], [1, 4, 5, 0, 0], [1, 16, 0, 0, 0], [1, 16, 17, 18, 0]])


def model(**changes: object) -> Transformer:
    sizes = {"d_model": 24, "heads": 3, "d_ff": 40, "encoder_layers": 2, "decoder_layers": 2, "dropout": 0.0}
    return Transformer(ModelConfig(vocabulary_size=VOCABULARY).changed(**{**sizes, **changes}))


def random_ids(batch: int, length: int) -> Tensor:
    return torch.randint(4, VOCABULARY, (batch, length))


def alike(a: Tensor, b: Tensor, tolerance: float = 1e-5) -> bool:
    return a.shape == b.shape and bool((a - b).abs().max() < tolerance)


@pytest.fixture(params=["post", "pre"])
def glass(request: pytest.FixtureRequest) -> Transformer:
    norm: NormPlace = request.param
    return model(norm=norm)


# What may not matter


def test_more_padding_changes_nothing(glass: Transformer) -> None:
    """Also when the padding takes the sentence over the length at which the fused attention sets in."""
    logits = glass(SOURCE, TARGET)
    for more_source, more_target in ((1, 0), (0, 1), (3, 9), (150, 150)):
        source = nn.functional.pad(SOURCE, (0, more_source))
        target = nn.functional.pad(TARGET, (0, more_target))
        assert alike(glass(source, target)[:, :5][TARGET != 0], logits[TARGET != 0])


def test_what_padding_looks_like_does_not_matter(glass: Transformer) -> None:
    memory = glass.encode(SOURCE)[SOURCE != 0]
    with torch.no_grad():
        glass.embedding.weight[0] = 1000
    assert torch.equal(glass.encode(SOURCE)[SOURCE != 0], memory)


def test_a_batch_is_its_sentences_one_by_one(glass: Transformer) -> None:
    together = glass(SOURCE, TARGET)
    for row, (source, target) in enumerate(zip(SOURCE, TARGET, strict=True)):
        source, target = source[source != 0], target[target != 0]
        assert alike(glass(source[None], target[None])[0], together[row, : len(target)])


def test_without_positions_the_encoder_knows_no_order(glass: Transformer) -> None:
    """§3.5 "since our model contains no recurrence and no convolution": permuted in, permuted out."""
    allowed = glass.allowed(SOURCE)
    x = glass.embedding(SOURCE)
    order = torch.randperm(SOURCE.size(1))
    assert alike(glass.encoder(x[:, order], allowed[..., order]), glass.encoder(x, allowed)[:, order])


def test_with_positions_the_order_matters(glass: Transformer) -> None:
    ids = random_ids(1, 6)
    order = torch.tensor([5, 4, 3, 2, 1, 0])
    assert not alike(glass.encode(ids[:, order]), glass.encode(ids)[:, order], 1e-2)


def test_no_target_token_sees_a_later_one(glass: Transformer) -> None:
    source, target = random_ids(1, 6), random_ids(1, 8)
    logits = glass(source, target)
    for changed in range(8):
        other = target.clone()
        other[0, changed] = (other[0, changed] - 4 + 1) % (VOCABULARY - 4) + 4
        now = glass(source, other)
        assert alike(now[:, :changed], logits[:, :changed], 1e-6) if changed else True
        assert not alike(now[:, changed:], logits[:, changed:], 1e-3)


def test_every_source_token_matters(glass: Transformer) -> None:
    source, target = random_ids(1, 6), random_ids(1, 3)
    logits = glass(source, target)
    for changed in range(6):
        other = source.clone()
        other[0, changed] = (other[0, changed] - 4 + 1) % (VOCABULARY - 4) + 4
        assert not alike(glass(other, target), logits, 1e-4)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_never_a_nan(glass: Transformer, dtype: torch.dtype) -> None:
    glass.to(dtype)
    logits = glass(SOURCE, TARGET)
    assert logits.dtype == dtype
    assert logits.isfinite().all()
    logits.float().logsumexp(dim=-1).sum().backward()
    assert all(parameter.grad.isfinite().all() for parameter in glass.parameters())


def test_sixteen_bits_are_near_to_thirty_two(glass: Transformer) -> None:
    logits = glass(SOURCE, TARGET)
    assert alike(glass.bfloat16()(SOURCE, TARGET).float(), logits, 0.15)


# One step at a time


def continued(glass: Transformer, memory: Tensor, allowed: Tensor, cache: Cache, ids: Tensor) -> Tensor:
    return glass.predict(glass.decode(ids, memory, allowed, cache))


def step_by_step(glass: Transformer, source: Tensor, target: Tensor, sizes: list[int]) -> Tensor:
    memory, allowed, cache = glass.encode(source), glass.allowed(source), glass.new_cache()
    logits = [continued(glass, memory, allowed, cache, ids) for ids in target.split(sizes, dim=1)]
    assert cache.length == target.size(1)
    return torch.cat(logits, dim=1)


@pytest.mark.parametrize("sizes", [[1] * 40, [40], [3, 1, 20, 1, 15], [17, 23]])
def test_cached_is_uncached(glass: Transformer, sizes: list[int]) -> None:
    """Forty tokens: the cache's room is doubled twice on the way."""
    target = random_ids(4, 40)
    assert alike(step_by_step(glass, SOURCE, target, sizes), glass(SOURCE, target))


def test_cached_is_uncached_where_the_fused_attention_sets_in(glass: Transformer) -> None:
    source, target = random_ids(1, 140), random_ids(1, 135)
    assert alike(step_by_step(glass, source, target, [120, *[1] * 15]), glass(source, target), 1e-4)


@pytest.mark.parametrize("rows", [[2, 0, 0, 3], [1], [3, 2, 1, 0, 3, 2], [0, 1, 2, 3]])
def test_the_cache_is_reordered(glass: Transformer, rows: list[int]) -> None:
    """After a selection it goes on as if those sentences had been decoded from the beginning, in that order."""
    kept = torch.tensor(rows)
    first, then = random_ids(4, 18), random_ids(len(rows), 3)
    memory, allowed, cache = glass.encode(SOURCE), glass.allowed(SOURCE), glass.new_cache()
    continued(glass, memory, allowed, cache, first)
    cache.select(kept)
    for column in range(3):
        logits = continued(glass, memory[kept], allowed[kept], cache, then[:, [column]])
    anew = glass(SOURCE[kept], torch.cat([first[kept], then], dim=1))
    assert alike(logits[:, 0], anew[:, -1])


def test_hypotheses_of_one_source_change_places(glass: Transformer) -> None:
    """A beam's rows are exchanged among those of the same sentence, so that the memory's keys and values need not move."""
    source = SOURCE[[0, 0, 0, 1, 1, 1]]
    rows = torch.tensor([1, 1, 0, 5, 3, 4])
    first, then = random_ids(6, 4), random_ids(6, 1)
    memory, allowed, cache = glass.encode(source), glass.allowed(source), glass.new_cache()
    continued(glass, memory, allowed, cache, first)
    before = [of_memory.room.data_ptr() for _, of_memory in cache.layers]
    cache.select(rows, same_sources=True)
    assert [of_memory.room.data_ptr() for _, of_memory in cache.layers] == before
    logits = continued(glass, memory, allowed, cache, then)
    assert alike(logits[:, 0], glass(source, torch.cat([first[rows], then], dim=1))[:, -1])


def test_a_new_cache_may_be_reordered(glass: Transformer) -> None:
    cache = glass.new_cache()
    cache.select(torch.tensor([0]))
    assert cache.length == 0


# The windows cost nothing


class Wall(nn.Identity):
    """What a Probe would be if nobody could look through it."""

    watched = False


def without_windows(glass: Transformer) -> Transformer:
    for module in list(glass.modules()):
        for name, child in list(module.named_children()):
            if isinstance(child, Probe):
                setattr(module, name, Wall())
    return glass


def test_windows_add_no_node_to_an_exported_graph() -> None:
    programs = [torch.export.export(g.eval(), (SOURCE, TARGET)) for g in (model(), without_windows(model()))]
    operations = [[str(node.target) for node in p.graph.nodes if node.op == "call_function"] for p in programs]
    assert operations[0] == operations[1]
    assert len(operations[0]) > 100
    assert len(programs[0].graph.nodes) == len(programs[1].graph.nodes)


def test_exported_is_native() -> None:
    glass = model().eval()
    program = torch.export.export(glass, (SOURCE, TARGET)).module()
    assert alike(program(SOURCE.flip(0), TARGET.flip(0)), glass(SOURCE.flip(0), TARGET.flip(0)))


@pytest.mark.usefixtures("unchecked_shapes")
def test_compiled_is_eager_without_a_break() -> None:
    """fullgraph=True makes any break an error; the second length is over the table's first size and the switch to fused."""
    glass = model()
    torch.compiler.reset()
    compiled = torch.compile(glass, fullgraph=True, backend="eager")
    for length in (5, 140):
        source, target = random_ids(2, length), random_ids(2, length + 1)
        assert alike(compiled(source, target), glass(source, target))


@pytest.mark.usefixtures("unchecked_shapes")
def test_training_compiles_without_a_break() -> None:
    torch.compiler.reset()
    glass = model(dropout=0.1, encoder_layers=1, decoder_layers=1)
    compiled = torch.compile(glass, fullgraph=True, backend="eager")
    compiled(SOURCE, TARGET).sum().backward()
    assert all(parameter.grad is not None for parameter in glass.parameters())


def test_windows_have_no_weights() -> None:
    glass = model(attention_bias=True, output_bias=True)
    windows = [name for name, module in glass.named_modules() if isinstance(module, Probe)]
    assert (
        len(windows) == 2 * 5 + 2 * (8 + 1 + 2 + 1) + 2 * (8 + 1 + 8 + 1 + 2 + 1) + 3
    )  # inputs, layers, memory and ends
    for key in glass.state_dict():
        assert not any(key == window or key.startswith(window + ".") for window in windows)
    assert glass.state_dict().keys() == without_windows(glass).state_dict().keys()
    assert glass.state_dict().keys() == dict(glass.named_parameters()).keys()  # the positions are no weight either


def test_every_window_shows_what_its_axes_say() -> None:
    """Axes of one name are equally long in one window's sight, and each window is passed once."""
    glass = model()
    seen: dict[str, tuple[int, ...]] = {}

    def looking(name: str) -> Callable[..., None]:
        return lambda _, __, value: seen.update({name: tuple(value.shape)}) if name not in seen else pytest.fail(name)

    windows = {name: module for name, module in glass.named_modules() if isinstance(module, Probe)}
    for name, window in windows.items():
        window.register_forward_hook(looking(name))
    glass(SOURCE[:1], TARGET[:1])
    assert seen.keys() == windows.keys()
    sizes = {"head": 3, "d_k": 8, "d_v": 8, "d_model": 24, "d_ff": 40, "vocabulary": VOCABULARY}
    for name, shape in seen.items():
        axes = windows[name].axes
        length = 7 if name.startswith("encoder") else 5
        keys = 7 if "cross_attention" in name else length
        known = {**sizes, "query": length, "position": length, "key": keys}
        assert shape == (1, *(known[axis] for axis in axes)), name


def test_logits_and_probabilities_belong_together() -> None:
    glass = model()
    seen: list[Tensor] = []
    glass.probabilities.register_forward_hook(lambda _, __, value: seen.append(value))
    logits = glass(SOURCE, TARGET)
    assert alike(seen[0], logits.softmax(dim=-1))
    assert alike(seen[0].sum(dim=-1), torch.ones(TARGET.shape))


# Sizes, training, errors


def parameters(config: ModelConfig) -> int:
    with torch.device("meta"):
        return sum(parameter.numel() for parameter in Transformer(config).parameters())


def test_base_and_big_have_the_papers_sizes() -> None:
    """Table 3 says 65 and 213 million, for a shared vocabulary of "about 37000 tokens" (§5.1)."""
    assert 63e6 < parameters(base(37_000)) < 65.5e6
    assert 212e6 < parameters(big(37_000)) < 215e6
    with torch.device("meta"):
        glass = Transformer(base(37_000))
    assert len(glass.encoder.layers) == len(glass.decoder.layers) == 6
    assert glass.encoder.layers[0].feed_forward.w_1.weight.shape == (2048, 512)
    assert glass.decoder.layers[5].cross_attention.head(7).w_q.shape == (512, 64)
    assert {module.p for module in glass.modules() if isinstance(module, Dropout)} == {0.1}


def test_one_matrix_embeds_both_languages_and_predicts() -> None:
    """§3.4: there is one, so a change of a word's row changes its embedding and its logit."""
    glass = model()
    assert [name for name in glass.state_dict() if glass.state_dict()[name].size(0) == VOCABULARY] == [
        "embedding.weight"
    ]
    states = torch.randn(2, 3, 24)
    assert alike(glass.predict(states), states @ glass.embedding.weight.T)


@pytest.mark.parametrize("bias", [False, True])
def test_gradients_flow_everywhere(glass: Transformer, bias: bool) -> None:
    glass = model(norm=glass.config.norm, attention_bias=bias, output_bias=bias, dropout=0.1)
    logits = glass(SOURCE, TARGET)
    nn.functional.cross_entropy(logits.flatten(0, 1), TARGET.roll(-1, 1).flatten(), ignore_index=0).backward()
    for name, parameter in glass.named_parameters():
        assert parameter.grad is not None, name
        assert parameter.grad.isfinite().all(), name
        assert parameter.grad.abs().max() > 0, name
    for attention in (layer.self_attention for layer in glass.encoder.layers):
        for w in attention.w_qkv.grad.chunk(3):
            assert w.abs().max() > 0


def test_dropout_is_off_outside_training() -> None:
    glass = model(dropout=0.5)
    assert not alike(glass(SOURCE, TARGET), glass(SOURCE, TARGET), 1e-2)
    glass.eval()
    assert torch.equal(glass(SOURCE, TARGET), glass(SOURCE, TARGET))


def test_a_table_grown_while_translating_serves_training() -> None:
    glass = model()
    ids = random_ids(1, 200)
    with torch.inference_mode():
        glass(ids, ids)
    glass(ids, ids).sum().backward()
    assert glass.embedding.weight.grad.isfinite().all()


@pytest.mark.parametrize("wrong", [-1, VOCABULARY, 10**9])
def test_an_id_outside_the_vocabulary_is_refused(wrong: int) -> None:
    ids = torch.tensor([[5, wrong]])
    for source, target in ((ids, TARGET[:1]), (SOURCE[:1], ids)):
        with pytest.raises(VocabularyError, match=f"id {wrong} is not one of the vocabulary.s {VOCABULARY}"):
            model()(source, target)


def test_a_source_of_only_padding_is_refused() -> None:
    source = SOURCE.clone()
    source[2] = 0
    with pytest.raises(NothingAllowedError, match="sentence 2 is only padding"):
        model()(source, TARGET)


def test_a_target_row_may_be_padding_while_others_go_on() -> None:
    """When decoding a batch, finished sentences are fed padding until the last one ends."""
    target = TARGET.clone()
    target[1] = 0
    assert model()(SOURCE, target).isfinite().all()


@pytest.mark.usefixtures("unchecked_shapes")
def test_sides_of_different_batches_are_refused() -> None:
    with pytest.raises(ShapeError, match="3 target sentences and 4 source sentences"):
        model()(SOURCE, TARGET[:3])


@pytest.mark.usefixtures("unchecked_shapes")
@pytest.mark.parametrize("shape", [(5,), (1, 2, 5), (), (2, 0)])
def test_ids_of_the_wrong_rank_are_refused(shape: tuple[int, ...]) -> None:
    ids = torch.full(shape, 5)
    for source, target in ((ids, TARGET), (SOURCE, ids)):
        with pytest.raises(ShapeError, match=r"wanted \[batch, position\] with at least one position"):
            model()(source, target)
