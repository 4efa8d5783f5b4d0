"""Bytes and back: each storage is within the error that it states, and the error is no larger than it must be."""

import pytest
import torch
from torch import Tensor

from glassformer.errors import FileFormatError
from glassformer.page.body import Packed
from glassformer.page.pack import Packer, described, exact, pooled, store
from glassformer.page.unpack import Unpacked, unpack
from glassformer.page.wire import Numbers, Storage


def there_and_back(tensor: Tensor, storage: Storage, top: int = 0) -> Unpacked:
    packer = Packer()
    packer.add(described("odd", ("key",), "", "a"), torch.zeros(1, 3), "root8")  # so that alignment is seen
    window = packer.add(described("it", ("head", "query", "key"), "§3.2.1", "a"), tensor, storage, top=top)
    assert window.offset % 4 == 0
    groups, blobs = packer.deflated(6)
    return unpack(Packed(Numbers([window], groups), blobs).body(), Numbers)


def rows(*shape: int) -> Tensor:
    return (2 * torch.randn(*shape)).softmax(dim=-1)


def test_float32_is_exact_and_says_what_is_not_allowed() -> None:
    values = torch.tensor([[1.1, -torch.inf], [3e-38, -2.5]])
    found = there_and_back(values, "float32")
    assert torch.equal(torch.tensor(found["it"]), values)
    assert found.window("it").error == 0


def test_bfloat16_is_within_its_error() -> None:
    values = torch.randn(3, 5, 7)
    values[0, 0, 0] = -torch.inf
    found = there_and_back(values, "bfloat16")
    got = torch.tensor(found["it"])
    assert torch.equal(got, values.bfloat16().float())
    assert found.window("it").error == pytest.approx(float((got - values)[values.isfinite()].abs().max()))
    assert 0 < found.window("it").error < 0.02


def test_root8_is_within_its_error() -> None:
    values = rows(2, 9, 100)
    found = there_and_back(values, "root8")
    difference = (torch.tensor(found["it"]) - values).abs()
    assert float(difference.max()) == pytest.approx(found.window("it").error, abs=1e-7)
    assert found.window("it").error < 1 / 255  # half a step at 1 is the largest that can be
    ends = there_and_back(torch.tensor([[0.0, 1.0]]), "root8")
    assert ends["it"].tolist() == [[0, 1]]


@pytest.mark.parametrize("top", [1, 5, 12])
def test_the_top_and_the_rest_are_the_whole_row(top: int) -> None:
    values = rows(2, 6, 12)
    found = there_and_back(values, "top", top)
    got, rest = torch.tensor(found["it"]), torch.tensor(found.rest("it"))
    kept = values.topk(top, dim=-1)
    assert torch.equal((got > 0).sum(-1), torch.full((2, 6), top))
    assert torch.equal(got.topk(top, dim=-1).indices.sort().values, kept.indices.sort().values)
    assert float((got.gather(2, kept.indices) - kept.values).abs().max()) <= found.window("it").error + 1e-7
    assert torch.allclose(kept.values.sum(-1) + rest, torch.ones(2, 6))
    assert torch.allclose(rest, values.sum(-1) - kept.values.sum(-1), atol=1e-6)
    assert found.window("it").length == 12 * (3 * top + 4)


def test_a_causal_row_with_fewer_keys_than_the_top() -> None:
    values = torch.ones(1, 4, 4).tril().softmax(-1) * torch.ones(4, 4).tril()
    values /= values.sum(-1, keepdim=True)
    found = there_and_back(values, "top", 3)
    assert torch.tensor(found["it"])[0, 0].tolist() == [1, 0, 0, 0]
    assert found.rest("it")[0, 0] == 0


def test_columns_over_32767_are_right() -> None:
    values = torch.zeros(1, 1, 40_000)
    values[0, 0, 39_999] = 1
    assert there_and_back(values, "top", 1)["it"][0, 0, 39_999] == 1


def test_too_many_of_a_row_is_an_error() -> None:
    with pytest.raises(ValueError, match="the 3 largest of rows of 2"):
        store(torch.ones(1, 2), "top", 3)


def test_a_map_holds_means_and_every_number_counts() -> None:
    values = torch.arange(2 * 5 * 7).reshape(2, 5, 7) / 70
    small = pooled(values, 3)  # blocks of 2 × 3
    assert small.shape == (2, 3, 3)
    assert torch.allclose(small[1, 0, 0], values[1, :2, :3].mean())
    assert torch.allclose(small[1, 2, 2], values[1, 4:, 6:].mean())
    assert torch.equal(pooled(values, 10), values)


def test_the_smallest_storage_that_loses_nothing() -> None:
    assert exact(torch.randn(5).bfloat16().float()) == "bfloat16"
    assert exact(torch.tensor([0.1])) == "float32"


def test_none_has_a_shape_but_no_numbers() -> None:
    found = there_and_back(torch.ones(2, 3), "none")
    assert found.window("it").shape == [2, 3]
    assert (found.window("it").group, found.window("it").length) == ("", 0)
    with pytest.raises(KeyError):
        found["it"]


@pytest.mark.parametrize("body", [b"", b"\x05\x00\x00\x00{}", b"\x02\x00\x00\x00[]abc"])
def test_what_is_no_body_is_told(body: bytes) -> None:
    with pytest.raises(FileFormatError, match="no body of numbers"):
        unpack(body, Numbers)
