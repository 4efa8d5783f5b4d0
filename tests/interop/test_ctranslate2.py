"""Folders of CTranslate2 and packages of Argos become ours: the same tensors, the same translations, or one line why not."""

import json
import shutil
import struct
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType

import ctranslate2
import pytest
import sentencepiece
import torch
from typer.testing import CliRunner

from glassformer.checkpoint import Saved, load_model, save_model
from glassformer.cli.app import app
from glassformer.config import DecodingConfig
from glassformer.decoding import decode
from glassformer.errors import ConfigError, ForeignModelError
from glassformer.interop.bring import import_model
from glassformer.interop.ctranslate2_file import read_binary
from glassformer.interop.find import read_foreign
from glassformer.interop.imported import Languages
from tests.interop.conftest import set_json

Write = Callable[..., Path]
NONE = Languages()


def test_there_and_back_gives_the_same_bits(ctranslate2_folder: Write, saved: Saved, tmp_path: Path) -> None:
    found = import_model(ctranslate2_folder(), tmp_path / "ours")
    assert "the same tokens in 20 of 20" in found.said
    back = load_model(tmp_path / "ours")
    ours = {**saved.model.state_dict()}
    theirs = back.model.state_dict()
    biases = [name for name in theirs if name not in ours]
    assert all("b_qkv" in name or "bias" in name for name in biases)
    assert all(torch.equal(tensor, theirs[name]) for name, tensor in ours.items())
    assert back.tokenizer.encode("A small house.") == saved.tokenizer.encode("A small house.")
    assert back.tokenizer.decode(back.tokenizer.encode("A small house.")) == "A small house."
    assert not back.model.config.output_bias


@pytest.mark.parametrize("quantization", ["int8", "int16", "float16", "bfloat16"])
def test_rounded_weights_are_what_ctranslate2_computes_with(
    quantization: str, ctranslate2_folder: Write, tmp_path: Path
) -> None:
    found = import_model(ctranslate2_folder(quantization=quantization), tmp_path / "ours")
    assert found.rounded == quantization
    assert "the same tokens in" in found.said


def old_version(content: bytes, version: int, changed: Mapping[str, torch.Tensor] = MappingProxyType({})) -> bytes:
    """The same as an older program wrote it: aliases written out, and before 4 the size of an item instead of its kind."""
    binary = read_binary(content, "new")
    out = [struct.pack("<I", version), text(binary.specification), struct.pack("<I", binary.revision)]
    variables = {**binary.variables, **changed}
    variables = {n: t for n, t in variables.items() if version > 2 or not n.endswith("num_heads")}
    out.append(struct.pack("<I", len(variables)))
    for name, tensor in variables.items():
        out += [text(name), struct.pack("<B", tensor.dim()), *(struct.pack("<I", size) for size in tensor.shape)]
        out.append(struct.pack("<BI", tensor.itemsize, tensor.numel()))
        out.append(
            tensor.contiguous().view(torch.uint8).numpy().tobytes() if tensor.dim() else bytes(tensor.numpy().tobytes())
        )
    return b"".join(out) + (struct.pack("<I", 0) if version > 2 else b"")


def text(name: str) -> bytes:
    raw = name.encode() + b"\0"
    return struct.pack("<H", len(raw)) + raw


@pytest.mark.parametrize("version", [2, 3])
def test_old_versions(version: int, ctranslate2_folder: Write, saved: Saved) -> None:
    folder = ctranslate2_folder()
    path = folder / "model.bin"
    path.write_bytes(old_version(path.read_bytes(), version))
    found = read_foreign(folder, NONE)
    assert found.saved.model.config.heads == (8 if version == 2 else 2)
    assert torch.equal(found.saved.model.embedding.weight, saved.model.embedding.weight)


def test_a_flag_that_is_no_number_is_refused(ctranslate2_folder: Write) -> None:
    folder = ctranslate2_folder()
    path = folder / "model.bin"
    changed = {name: torch.tensor(float("nan")) for name in ("encoder/activation", "decoder/activation")}
    path.write_bytes(old_version(path.read_bytes(), 3, changed))
    with pytest.raises(ForeignModelError, match="activation is nan: wanted a number"):
        read_foreign(folder, NONE)


def argos(folder: Path, path: Path, **changes: object) -> Path:
    about = {"package_version": "1.9", "from_code": "en", "to_code": "de", **changes}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("translate-en_de-1_9/metadata.json", json.dumps(about))
        archive.write(folder / "sentencepiece.model", "translate-en_de-1_9/sentencepiece.model")
        for name in ("model.bin", "config.json", "shared_vocabulary.json"):
            archive.write(folder / name, f"translate-en_de-1_9/model/{name}")
    return path


def test_an_argos_package_reads_sources_without_an_end(ctranslate2_folder: Write, tmp_path: Path) -> None:
    package = argos(ctranslate2_folder(eos=False), tmp_path / "translate-en_de-1_9.argosmodel")
    found = import_model(package, tmp_path / "ours")
    assert not found.saved.model.config.source_eos
    assert found.saved.card["languages"] == "en-de"
    assert "the same tokens in 20 of 20" in found.said
    result = CliRunner().invoke(app, ["translate", "--engine", "native", "--model", str(tmp_path / "ours"), "A house."])
    assert result.exit_code == 0


def test_an_exported_package_comes_back_as_it_was(saved: Saved, tmp_path: Path) -> None:
    """As Argos Translate reads it: metadata, SentencePiece, and a model that CTranslate2 runs on pieces alone."""
    save_model(tmp_path / "ours", saved)
    package = tmp_path / "translate-en_de-1_0.argosmodel"
    result = CliRunner().invoke(
        app, ["export", "--to", "argos", str(tmp_path / "ours"), str(package), "--quantization", "float32"]
    )
    assert result.exit_code == 0, result.output
    with zipfile.ZipFile(package) as archive:
        about = json.loads(archive.read("translate-en_de-1_0/metadata.json"))
        archive.extractall(tmp_path / "installed")
    assert (about["from_code"], about["to_name"]) == ("en", "German")
    folder = tmp_path / "installed" / "translate-en_de-1_0"
    pieces = sentencepiece.SentencePieceProcessor(model_file=str(folder / "sentencepiece.model"))
    runtime = ctranslate2.Translator(str(folder / "model"))
    (found,) = runtime.translate_batch([pieces.encode("A house.", out_type=str)], beam_size=1, max_decoding_length=8)
    ((ours,),) = decode(
        saved.model, [saved.tokenizer.encode("A house.")], DecodingConfig(method="greedy", extra_length=4)
    )
    assert found.hypotheses[0] == saved.tokenizer.tokens(ours.ids)[:8]
    import_model(package, tmp_path / "back")
    back = load_model(tmp_path / "back")
    assert back.model.config.source_eos
    assert all(torch.equal(tensor, back.model.state_dict()[name]) for name, tensor in saved.model.state_dict().items())


def test_two_vocabularies(saved: Saved, ctranslate2_folder: Write, tmp_path: Path) -> None:
    """The target has its own table, without what only the source has; and its special tokens stand elsewhere."""
    folder = ctranslate2_folder()
    tokens = json.loads((folder / "shared_vocabulary.json").read_text())
    turned = [*tokens[4:], *tokens[:4]]
    (folder / "source_vocabulary.json").write_text(json.dumps(turned))
    (folder / "target_vocabulary.json").write_text(json.dumps(tokens))
    (folder / "shared_vocabulary.json").unlink()
    found = import_model(folder, tmp_path / "ours")
    assert found.saved.model.config.target_vocabulary_size == len(tokens)
    assert "the same tokens in 20 of 20" in found.said


def test_a_model_option_takes_it_directly(
    ctranslate2_folder: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    folder = ctranslate2_folder()
    first = CliRunner().invoke(app, ["info", str(folder)])
    assert first.exit_code == 0
    kept = list((tmp_path / "cache" / "glassformer").glob("imported-*"))
    assert len(kept) == 1
    CliRunner().invoke(app, ["info", str(folder)])
    assert list((tmp_path / "cache" / "glassformer").glob("imported-*")) == kept


def test_the_engine_of_an_imported_model(saved: Saved, ctranslate2_folder: Write, tmp_path: Path) -> None:
    """Our own conversion of it gives what PyTorch gives."""
    from glassformer.engines.check import checked

    import_model(ctranslate2_folder(), tmp_path / "ours")
    _, check = checked(load_model(tmp_path / "ours"), "float32")
    assert check.equal + check.ties == check.sentences


def without(folder: Path, name: str) -> None:
    (folder / name).unlink()


def cut(folder: Path, size: int) -> None:
    content = (folder / "model.bin").read_bytes()
    (folder / "model.bin").write_bytes(content[:size])


def put(folder: Path, place: int, content: bytes) -> None:
    data = bytearray((folder / "model.bin").read_bytes())
    data[place : place + len(content)] = content
    (folder / "model.bin").write_bytes(data)


def append(folder: Path, content: bytes) -> None:
    (folder / "model.bin").write_bytes((folder / "model.bin").read_bytes() + content)


HOSTILE = {
    "truncated": (lambda folder: cut(folder, 5000), "ends in the middle"),
    "empty": (lambda folder: cut(folder, 0), "ends in the middle"),
    "version 1": (lambda folder: put(folder, 0, struct.pack("<I", 1)), "binary version 1"),
    "huge count": (lambda folder: put(folder, 26, struct.pack("<I", 2**32 - 1)), "model.bin"),
    "longer": (lambda folder: append(folder, b"more"), "behind its end"),
    "no vocabulary": (lambda folder: without(folder, "shared_vocabulary.json"), "no vocabulary"),
    "other vocabulary": (
        lambda folder: (folder / "shared_vocabulary.json").write_text('["<s>", "</s>", "a"]'),
        "settings want",
    ),
    "a token twice": (lambda folder: (folder / "shared_vocabulary.json").write_text('["<s>", "a", "a"]'), "twice"),
    "no pieces": (lambda folder: without(folder, "sentencepiece.model"), "no SentencePiece model"),
    "other norm": (lambda folder: set_json(folder / "config.json", layer_norm_epsilon=1e-6), "layer_norm_epsilon"),
    "source bos": (lambda folder: set_json(folder / "config.json", add_source_bos=True), "begin with <s>"),
    "no start": (lambda folder: set_json(folder / "config.json", decoder_start_token="<begin>"), "'<begin>'"),
    "not JSON": (lambda folder: (folder / "config.json").write_text("[" * 100_000), "not JSON"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_what_is_damaged_is_refused_in_one_line(name: str, ctranslate2_folder: Write, tmp_path: Path) -> None:
    folder = ctranslate2_folder()
    spoil, said = HOSTILE[name]
    spoil(folder)
    with pytest.raises(ForeignModelError) as caught:
        import_model(folder, tmp_path / "ours")
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "ours").exists()


def test_a_folder_that_is_there_stays_as_it_is(ctranslate2_folder: Write, tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    with pytest.raises(ConfigError, match="is there already"):
        import_model(ctranslate2_folder(), tmp_path / "mine")
    assert not list((tmp_path / "mine").iterdir())


def test_a_tensor_that_ours_has_not_is_named(ctranslate2_folder: Write) -> None:
    folder = ctranslate2_folder()
    content = (folder / "model.bin").read_bytes()
    where = (
        content.index(b"encoder/layer_1/ffn/layer_norm/gamma")
        if b"encoder/layer_1/ffn/layer_norm/gamma" in content
        else -1
    )
    assert where > 0
    (folder / "model.bin").write_bytes(
        content.replace(b"encoder/layer_1/ffn/layer_norm/gamma", b"encoder/layer_1/ffn/layer_worm/gamma")
    )
    with pytest.raises(ForeignModelError, match=r"layer_norm/gamma: the model is not complete|layer_worm"):
        read_foreign(folder, NONE)


def test_weights_that_are_not_finite(ctranslate2_folder: Write, saved: Saved) -> None:
    folder = ctranslate2_folder()
    content = bytearray((folder / "model.bin").read_bytes())
    first = saved.model.embedding.weight.detach()[5].numpy().tobytes()
    at = content.index(first)
    content[at : at + 4] = struct.pack("<f", float("nan"))
    (folder / "model.bin").write_bytes(content)
    with pytest.raises(ForeignModelError, match="not finite"):
        read_foreign(folder, NONE)


def test_other_weights_are_found_out(
    ctranslate2_folder: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The check can fail: with other positions than the file's the tokens are others."""
    from glassformer.interop import ctranslate2_folder as module

    monkeypatch.setattr(module, "positions_of", lambda *_: ("interleaved", 0, 0))
    folder = ctranslate2_folder()
    monkeypatch.setattr(module.Tensors, "finish", lambda self: None)
    with pytest.raises(ForeignModelError, match="not what was imported"):
        import_model(folder, tmp_path / "ours")


ZIPS = {
    "above": ["../evil/metadata.json"],
    "absolute": ["/evil/metadata.json"],
    "backslash": ["a\\b/metadata.json"],
    "two folders": ["a/metadata.json", "b/metadata.json"],
    "twice": ["a/metadata.json", "a/metadata.json"],
}


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize("kind", ZIPS)
def test_names_of_a_zip(kind: str, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "bad.argosmodel", "w") as archive:
        for name in ZIPS[kind]:
            archive.writestr(name, "{}")
    with pytest.raises(ForeignModelError, match="wanted"):
        read_foreign(tmp_path / "bad.argosmodel", NONE)


def test_a_zip_that_becomes_too_large(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "bomb.argosmodel", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a/metadata.json", b"0" * 50_000_000)
    with pytest.raises(ForeignModelError, match="becomes 50,000,000 bytes"):
        read_foreign(tmp_path / "bomb.argosmodel", NONE)


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({"config.json": '{"model_type": "t5"}'}, "T5 has relative positions"),
        ({"config.json": '{"model_type": "bert"}'}, "half of figure 1"),
        ({"config.json": '{"model_type": "gpt2"}'}, "half of figure 1"),
        ({"checkpoint_best.pt": "", "dict.en.txt": ""}, "ct2-fairseq-converter"),
        ({"model_step_100.pt": ""}, "ct2-opennmt-py-converter"),
        ({"model.ende.intgemm.alphas.bin": ""}, "SSRU"),
        ({"model.npz": ""}, "convert_marian_to_pytorch"),
        ({"nothing": ""}, "no model that is known here"),
    ],
)
def test_other_kinds_are_refused_by_name(files: dict[str, str], said: str, tmp_path: Path) -> None:
    for name, content in files.items():
        (tmp_path / name).write_text(content)
    with pytest.raises(ForeignModelError) as caught:
        read_foreign(tmp_path, NONE)
    assert said in str(caught.value)


def test_the_command(ctranslate2_folder: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    folder = ctranslate2_folder(quantization="int8", name="small")
    result = CliRunner().invoke(app, ["import", str(folder)])
    assert result.exit_code == 0, result.output
    assert "rounded to int8" in result.output
    assert load_model(tmp_path / "small-glassformer").card["imported"]["format"].startswith("CTranslate2")
    shutil.rmtree(folder)
    ours = load_model(tmp_path / "small-glassformer")
    assert decode(ours.model, [[5, 6, 7]], DecodingConfig(method="greedy"))[0][0].ids is not None
