"""A model as one body: exactly what it is, or rounded and said so; and the site that offers it."""

import base64
import copy
import hashlib
import json
import re
import struct
import zlib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from glassformer.engines.native import Native
from glassformer.errors import ConfigError
from glassformer.http.parse import from_json
from glassformer.http.policy import policy
from glassformer.page.export import page_with
from glassformer.page.look import ALONE, look
from glassformer.page.model import int8_rows, model_body, model_size, rounded, smallest, stored, vocabulary
from glassformer.page.site import Offered, write_site
from glassformer.page.wire import Ask, Learned, Model, Shelf
from glassformer.translator import Translator
from glassformer.weights import numbers_of


@pytest.fixture
def translator(translator: Translator) -> Translator:
    """With weights of its own, which a test may change."""
    return replace(translator, engine=Native(copy.deepcopy(translator.model)))


def opened(body: bytes) -> tuple[Model, dict[str, bytes]]:
    (length,) = struct.unpack_from("<I", body)
    header = from_json(Model, body[4 : 4 + length])
    blobs = body[4 + length :]
    groups = {}
    for group in header.groups:
        blob = blobs[group.offset : group.offset + group.length]
        groups[group.name] = blob if group.length == group.size else zlib.decompress(blob)
    return header, groups


def weights_of(one: Learned, groups: dict[str, bytes]) -> torch.Tensor:
    content = np.frombuffer(groups[one.group], np.uint8)[one.offset : one.offset + one.length]
    if one.storage == "rows_int8":
        scales = content[: 4 * one.shape[0]].copy().view("<f4")
        steps = content[4 * one.shape[0] :].view(np.int8).reshape(one.shape)
        return torch.from_numpy(steps.astype(np.float32) * scales[:, None])
    width = {"upper_first_2": 2, "upper_first_4": 4}[one.storage]
    planes = np.zeros((4, content.size // width), np.uint8)
    planes[:width] = content.reshape(width, -1)
    bits = np.ascontiguousarray(planes[::-1].T).view("<u4")
    return torch.from_numpy(bits.view(np.float32).reshape(one.shape).copy())


@pytest.mark.parametrize("storage", ["upper_first_2", "upper_first_4"])
def test_weights_travel_exactly(translator: Translator, storage: str) -> None:
    if storage == "upper_first_2":
        with torch.no_grad():
            for parameter in translator.model.parameters():
                parameter.copy_(parameter.bfloat16().float())
    header, groups = opened(model_body(translator))
    parameters = dict(translator.model.named_parameters())
    assert [one.name for one in header.learned] == list(parameters)
    for one in header.learned:
        assert torch.equal(weights_of(one, groups), parameters[one.name]), one.name
        assert one.storage == storage or not parameters[one.name].any() or parameters[one.name].dim() == 1
    table = json.loads(groups["tokenizer"])
    assert len(table["pieces"]) == len(table["scores"]) == len(table["kinds"]) == len(translator.tokenizer)
    assert header.model.rounded == 0


def test_rounded_weights_say_how_far_they_are_off(translator: Translator) -> None:
    near = rounded(translator)
    header, groups = opened(model_body(near))
    parameters, exact = near.model.state_dict(), translator.model.state_dict()
    for one in header.learned:
        assert torch.equal(weights_of(one, groups), parameters[one.name]), one.name
    lost = sum(float((parameters[name] - exact[name]).double().pow(2).sum()) for name in exact)
    total = sum(float(parameter.double().pow(2).sum()) for parameter in exact.values())
    assert header.model.rounded == pytest.approx((lost / total) ** 0.5)
    assert 0 < header.model.rounded < 0.02
    steps, scales = int8_rows(parameters["embedding.weight"])
    again, _ = int8_rows(torch.from_numpy(steps.astype(np.float32) * scales[:, None]))
    assert np.array_equal(steps, again)


def test_the_shipped_model_s_size_is_known_before() -> None:
    shipped = Translator.load("en-de")
    size = len(model_body(shipped)) * 4 / 3
    assert size == pytest.approx(model_size(shipped), rel=0.02)
    assert size < 16.5e6


def test_a_group_is_deflated_in_the_smaller_of_two_ways(translator: Translator) -> None:
    weights = numbers_of(translator.model)["embedding.weight"]
    text = vocabulary(translator)
    for content in (stored(weights, False)[0], stored(weights, True)[0], text, bytes(1000)):
        found = smallest(content)
        packer = zlib.compressobj(9, strategy=zlib.Z_HUFFMAN_ONLY)
        smaller = min(len(zlib.compress(content, 9)), len(packer.compress(content) + packer.flush()))
        assert smaller <= len(found) < 1.01 * smaller
        assert zlib.decompress(found) == content


def test_a_tokenizer_that_the_page_cannot_be_is_refused(
    translator: Translator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(type(translator.tokenizer), "decode", lambda self, ids: "e 2 fi")
    with pytest.raises(ConfigError, match="the page computes with tokenizers that training here wrote"):
        model_body(translator)


def test_a_file_with_its_model_may_start_its_worker_and_nothing_else(translator: Translator, page: str) -> None:
    seen = look(translator, Ask("it"), budget=ALONE)
    body = model_body(translator)
    text = page_with(seen, model=body)
    found = re.search(r'<script type="application/octet-stream" id="model">(.*?)</script>', text)
    assert found is not None
    assert base64.b64decode(found[1]) == body
    assert "worker-src blob:" in text
    assert "'wasm-unsafe-eval'" in text
    assert "connect-src 'none'" in text
    alone = page_with(look(translator, Ask("it")))
    assert "worker-src" not in alone
    assert "wasm" not in policy(page)


@pytest.mark.usefixtures("page")
def test_a_site_is_files_with_their_hash(translator: Translator, tmp_path: Path) -> None:
    told: list[str] = []
    write_site(tmp_path / "site", [Offered(translator, Ask("it"))], lambda name, _: told.append(name))
    (shelf,) = re.findall(r'id="shelf">(.*?)</script>', (tmp_path / "site" / "index.html").read_text("utf-8"))
    (shelved,) = from_json(Shelf, shelf).models
    body = (tmp_path / "site" / shelved.file).read_bytes()
    assert body == model_body(translator)
    assert shelved.size == len(body)
    assert hashlib.sha256(body).hexdigest()[:12] in shelved.file
    assert told[-1] == "index.html"
    index = (tmp_path / "site" / "index.html").read_text("utf-8")
    (name, digest) = re.findall(r'<script src="(page-\w+\.js)" integrity="(.*?)"', index)[0]
    script = (tmp_path / "site" / name).read_bytes()
    assert digest == "sha256-" + base64.b64encode(hashlib.sha256(script).digest()).decode()
    (rules,) = re.findall(r'http-equiv="Content-Security-Policy" content="(.*?)"', index)
    assert f"script-src '{digest}'" in rules
    assert "default-src 'none'" in rules
    assert "connect-src 'self'" in rules
    assert "unsafe-inline" not in rules


@pytest.mark.usefixtures("page")
def test_a_newer_site_takes_an_older_one_s_place_and_nobody_else_s(translator: Translator, tmp_path: Path) -> None:
    folder = tmp_path / "site"
    write_site(folder, [Offered(translator)], lambda *_: None)
    before = {path.name for path in folder.iterdir()}
    with torch.no_grad():
        translator.model.embedding.weight[0] += 1
    write_site(folder, [Offered(translator)], lambda *_: None)
    assert len({path.name for path in folder.iterdir()} - before) == 1
    assert len(list(folder.iterdir())) == 3
    (folder / "thesis.txt").write_text("mine")
    with pytest.raises(ConfigError, match=r"holds thesis\.txt, which is not a site's"):
        write_site(folder, [Offered(translator)], lambda *_: None)
    with pytest.raises(ConfigError, match="wanted at least one, each by a name of its own"):
        write_site(tmp_path / "other", [Offered(translator)] * 2, lambda *_: None)


@pytest.mark.usefixtures("no_page")
def test_without_a_built_page_a_site_says_how(translator: Translator, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="make web"):
        write_site(tmp_path / "site", [Offered(translator)], lambda *_: None)
    assert not (tmp_path / "site").exists()
