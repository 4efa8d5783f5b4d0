"""Hugging Face's Marian and M2M-100 with tiny random weights, and their tokenizers' files, become ours and go back."""

import io
import json
import os
import shutil
from contextlib import nullcontext
from pathlib import Path

import pytest
import sentencepiece
import torch

os.environ["HF_HUB_OFFLINE"] = "1"  # before transformers is imported, so that a look at the network would be an error

import transformers

from glassformer.checkpoint import Saved, load_model, save_model
from glassformer.config import DecodingConfig
from glassformer.decoding import decode
from glassformer.errors import ConversionError, ForeignModelError
from glassformer.interop.bring import import_model
from glassformer.interop.export_huggingface import export_huggingface
from glassformer.interop.huggingface import ACTIVATIONS
from glassformer.interop.imported import Languages
from glassformer.interop.torch_file import read_torch
from glassformer.text.tokenizer import Tokenizer
from tests.interop.conftest import set_json, sure

SMALL = {"layers": 1, "attention_heads": 2, "ffn_dim": 32}
TEXTS = ["A small house.", "The dog runs across the street.", "Two men are talking."]


def marian_folder(folder: Path, tokenizer: Tokenizer, *, own: bool = False) -> "transformers.MarianMTModel":
    """A folder as OPUS-MT's: ids of its own order, </s> first and <pad> last."""
    folder.mkdir()
    pieces = [one for one in tokenizer.tokens(range(len(tokenizer))) if one not in ("<pad>", "<s>", "</s>", "<unk>")]
    tokens = ["</s>", "<unk>", *reversed(pieces), "<pad>"]
    target = ["</s>", "<unk>", *pieces[: len(pieces)], "<pad>"]
    for name, some in [("vocab.json", tokens), *([("target_vocab.json", target)] if own else [])]:
        (folder / name).write_text(json.dumps({token: id for id, token in enumerate(some)}))
    for name in ("source.spm", "target.spm"):
        (folder / name).write_bytes(tokenizer.to_bytes())
    pad = len(tokens) - 1
    config = transformers.MarianConfig(
        vocab_size=len(tokens), decoder_vocab_size=len(target), share_encoder_decoder_embeddings=not own, d_model=16,
        encoder_layers=2, decoder_layers=2, encoder_attention_heads=2, decoder_attention_heads=2, encoder_ffn_dim=32,
        decoder_ffn_dim=32, activation_function="swish", scale_embedding=True, max_position_embeddings=64, pad_token_id=pad,
        decoder_start_token_id=pad, eos_token_id=0, bos_token_id=0, forced_eos_token_id=None,
    )  # fmt: skip
    torch.manual_seed(3)
    model = transformers.MarianMTModel(config).eval()
    waves = {name: table.clone() for name, table in model.state_dict().items() if "embed_positions" in name}
    sure(model)  # type: ignore[arg-type]
    model.load_state_dict(waves, strict=False)
    with torch.no_grad():
        for module in model.modules():
            if isinstance(module, torch.nn.Embedding) and "Sinusoidal" not in type(module).__name__:
                module.weight[pad] = 0
    model.save_pretrained(folder)
    about = {"separate_vocabs": own, "source_lang": "en", "target_lang": "de", "tokenizer_class": "MarianTokenizer"}
    (folder / "tokenizer_config.json").write_text(json.dumps(about))
    return model


@pytest.mark.parametrize("own", [False, True])
def test_marian(own: bool, tokenizer: Tokenizer, tmp_path: Path) -> None:
    """The same ids in, the same tokens out, as their own tokenizer and their own ``generate``."""
    theirs = marian_folder(tmp_path / "opus", tokenizer, own=own)
    their_tokenizer = transformers.MarianTokenizer.from_pretrained(tmp_path / "opus")
    assert "MarianMTModel gives the same log P" in import_model(tmp_path / "opus", tmp_path / "ours").said
    ours = load_model(tmp_path / "ours")
    config = ours.model.config
    assert bool(config.target_vocabulary_size) == own
    for text in TEXTS:
        assert config.source(ours.tokenizer.encode(text)) == their_tokenizer(text).input_ids
        ids = ours.tokenizer.encode(text)
        ((found,),) = decode(ours.model, [ids], DecodingConfig(method="greedy", extra_length=5))
        limit = len(ids) + 6
        (said,) = theirs.generate(
            torch.tensor([config.source(ids)]), num_beams=1, do_sample=False, max_new_tokens=limit, min_new_tokens=2,
            bad_words_ids=[[config.pad_id]],
        ).tolist()  # fmt: skip
        assert said[1 : 1 + len(found.ids)] == found.ids
        assert their_tokenizer.decode(
            said[1 : 1 + len(found.ids)], use_source_tokenizer=False
        ) == ours.tokenizer.target.decode(found.ids)


def test_pytorch_model_bin_of_both_formats(tokenizer: Tokenizer, tmp_path: Path) -> None:
    """The same tensors out of a pickle that nobody unpickles."""
    model = marian_folder(tmp_path / "opus", tokenizer)
    import_model(tmp_path / "opus", tmp_path / "a")
    (tmp_path / "opus" / "model.safetensors").unlink()
    path = tmp_path / "opus" / "pytorch_model.bin"
    for zipped in (True, False):
        torch.save(model.state_dict(), path, _use_new_zipfile_serialization=zipped)
        read = read_torch(path.read_bytes(), path)
        assert read.keys() == model.state_dict().keys()
        assert all(torch.equal(tensor, read[name]) for name, tensor in model.state_dict().items())
        out = tmp_path / f"ours-{zipped}"
        import_model(tmp_path / "opus", out)
        ours, before = load_model(out).model.state_dict(), load_model(tmp_path / "a").model.state_dict()
        assert all(torch.equal(tensor, ours[name]) for name, tensor in before.items())


class Evil:
    def __reduce__(self) -> tuple:
        return (os.mkdir, ("evil",))


@pytest.mark.parametrize("zipped", [True, False])
def test_a_pickle_that_wants_more_is_refused_by_name(
    zipped: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    torch.save({"a": Evil()}, "pytorch_model.bin", _use_new_zipfile_serialization=zipped)
    with pytest.raises(ForeignModelError, match="mkdir"):
        read_torch(Path("pytorch_model.bin").read_bytes(), tmp_path / "pytorch_model.bin")
    assert not (tmp_path / "evil").exists()


def test_a_pickle_that_repeats_itself_is_refused_at_once(tmp_path: Path) -> None:
    """64 tuples, each of the one before twice: written out, 2^64 of them."""
    doubled = b"".join(b"h" + bytes([n, ord("h"), n]) + b"\x86\x94" for n in range(64))
    path = tmp_path / "pytorch_model.bin"
    for end in (b"h@h@\x93.", b"}h@K\x01s.", b"(\x8c\x07storageh@h@K\x01K\x01tQ."):
        path.write_bytes(b"\x80\x04)\x94" + doubled + end)
        with pytest.raises(ForeignModelError, match="damaged, or holds more than tensors"):
            read_torch(path.read_bytes(), path)


def test_numbers_under_many_names_are_no_model(tmp_path: Path) -> None:
    path, table = tmp_path / "pytorch_model.bin", torch.ones(100)
    for count, allowed in ((4, True), (5, False)):
        torch.save({f"name{n}": table for n in range(count)}, path)
        if allowed:
            assert len(read_torch(path.read_bytes(), path)) == count
            continue
        with pytest.raises(ForeignModelError, match="more than 4 names"):
            read_torch(path.read_bytes(), path)


@pytest.mark.parametrize("kind", [torch.float16, torch.bfloat16])
def test_a_rounded_table_of_positions_is_no_other_model(kind: torch.dtype, saved: Saved, tmp_path: Path) -> None:
    """PEGASUS's class has the table in its file, and computes with the rounded one."""
    model = sure(type(saved.model)(saved.model.config.changed(norm="pre")))
    save_model(tmp_path / "ours", Saved(model, saved.tokenizer, {}))
    export_huggingface(tmp_path / "ours", tmp_path / "theirs")
    theirs = transformers.AutoModelForSeq2SeqLM.from_pretrained(tmp_path / "theirs")
    theirs.to(kind).save_pretrained(tmp_path / "half")
    for name in ("source.spm", "target.spm", "vocab.json"):
        shutil.copy(tmp_path / "theirs" / name, tmp_path / "half")
    import_model(tmp_path / "half", tmp_path / "back")
    assert load_model(tmp_path / "back").model.config.positions == saved.model.config.positions


def test_multilingual_marian(tokenizer: Tokenizer, tmp_path: Path) -> None:
    marian_folder(tmp_path / "opus", tokenizer)
    ids = json.loads((tmp_path / "opus" / "vocab.json").read_text())
    tokens = sorted(ids, key=ids.get)
    tokens[10:12] = [">>deu<<", ">>nld<<"]
    (tmp_path / "opus" / "vocab.json").write_text(json.dumps({token: id for id, token in enumerate(tokens)}))
    with pytest.raises(ForeignModelError, match="has 2 languages, and came with no --target-language"):
        import_model(tmp_path / "opus", tmp_path / "ours")
    import_model(tmp_path / "opus", tmp_path / "ours", Languages(target="deu"))
    ours = load_model(tmp_path / "ours").tokenizer
    theirs = transformers.MarianTokenizer.from_pretrained(tmp_path / "opus")
    assert [*ours.encode("A house."), 0] == theirs(">>deu<< A house.").input_ids
    assert ours.words(ours.encode("A house.")) == [
        [n + 1 for n in word] for word in ours.words(ours.encode("A house.")[1:])
    ]


def many_folder(folder: Path) -> None:
    """As NLLB's: fairseq's table, SentencePiece's pieces from the third on, then the languages."""
    folder.mkdir()
    pieces = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(TEXTS * 9), model_writer=pieces, vocab_size=40, hard_vocab_limit=False, minloglevel=2
    )
    size = 4 + sentencepiece.SentencePieceProcessor(model_proto=pieces.getvalue()).get_piece_size() - 3 + 2
    sizes = {f"{side}_{name}": value for side in ("encoder", "decoder") for name, value in SMALL.items()}
    special = {"pad_token_id": 1, "bos_token_id": 0, "eos_token_id": 2, "decoder_start_token_id": 2}
    config = transformers.M2M100Config(vocab_size=size, d_model=16, **sizes, **special)
    torch.manual_seed(3)
    model = transformers.M2M100ForConditionalGeneration(config)
    sure(model)  # type: ignore[arg-type]
    model.save_pretrained(folder)
    (folder / "sentencepiece.bpe.model").write_bytes(pieces.getvalue())
    (folder / "special_tokens_map.json").write_text(json.dumps({"additional_special_tokens": ["eng_Latn", "deu_Latn"]}))


def test_a_language_token_goes_before_both_sides(tmp_path: Path) -> None:
    many_folder(tmp_path / "nllb")
    import_model(tmp_path / "nllb", tmp_path / "ours", Languages("eng", "deu_Latn"))
    ours = load_model(tmp_path / "ours")
    size = ours.model.config.vocabulary_size
    source = ours.tokenizer.encode("A house.")
    assert source[0] == size - 2
    assert ours.tokenizer.target.encode("Ein Haus.")[0] == size - 1
    ((found,),) = decode(ours.model, [source], DecodingConfig(extra_length=5))
    assert found.ids[0] == size - 1
    assert "deu_Latn" not in ours.tokenizer.target.decode(found.ids)
    model = transformers.M2M100ForConditionalGeneration.from_pretrained(tmp_path / "nllb")
    ((greedy,),) = decode(ours.model, [source], DecodingConfig(method="greedy", extra_length=5))
    (said,) = model.generate(
        torch.tensor([ours.model.config.source(source)]), num_beams=1, do_sample=False, forced_bos_token_id=size - 1,
        max_new_tokens=len(greedy.ids), min_new_tokens=len(greedy.ids), bad_words_ids=[[1]],
    ).tolist()  # fmt: skip
    assert said[1 : 1 + len(greedy.ids)] == greedy.ids


@pytest.mark.parametrize(
    ("name", "values", "said"),
    [
        ("special_tokens_map.json", {"additional_special_tokens": 5}, "wanted a list"),
        ("special_tokens_map.json", {"additional_special_tokens": [5, {}]}, "names no languages"),
        ("tokenizer.json", {"added_tokens": 5}, "wanted a list"),
        ("tokenizer_config.json", {"added_tokens_decoder": [1]}, "wanted an object"),
        ("tokenizer_config.json", {"added_tokens_decoder": {"5": {}}}, ""),
    ],
)
def test_damaged_lists_of_languages(name: str, values: dict[str, object], said: str, tmp_path: Path) -> None:
    many_folder(tmp_path / "nllb")
    (tmp_path / "nllb" / name).write_text(json.dumps(values))
    with pytest.raises(ForeignModelError, match=said) if said else nullcontext():  # else from the other file
        import_model(tmp_path / "nllb", tmp_path / "ours", Languages("eng", "deu_Latn"))


@pytest.mark.parametrize(("layout", "norm"), [("halves", "post"), ("interleaved", "pre")])
def test_export_loads_in_transformers(layout: str, norm: str, saved: Saved, tmp_path: Path) -> None:
    """Ours in MarianMTModel, or with norms before in PEGASUS's class, and MarianTokenizer: the same translations; and back
    again the same bits."""
    config = saved.model.config.changed(positions=layout, norm=norm)
    model = sure(type(saved.model)(config))
    save_model(tmp_path / "ours", Saved(model, saved.tokenizer, {"languages": "en-de", "longest": 40}))
    said = export_huggingface(tmp_path / "ours", tmp_path / "marian")
    assert "are the same" in said
    theirs = transformers.AutoModelForSeq2SeqLM.from_pretrained(tmp_path / "marian").eval()
    tokenizer = transformers.MarianTokenizer.from_pretrained(tmp_path / "marian")
    for text in TEXTS:
        ids = saved.tokenizer.encode(text)
        ((found,),) = decode(model, [ids], DecodingConfig(method="greedy", extra_length=5))
        batch = tokenizer([text], return_tensors="pt")
        assert batch.input_ids[0].tolist() == [*ids, 2]
        (out,) = theirs.generate(**batch, num_beams=1, do_sample=False, max_new_tokens=len(ids) + 6).tolist()
        assert out[1 : 1 + len(found.ids)] == found.ids
        assert tokenizer.decode(batch.input_ids[0], skip_special_tokens=True) == text
    import_model(tmp_path / "marian", tmp_path / "back")
    back = load_model(tmp_path / "back")
    assert (back.model.config.positions, back.model.config.norm) == (layout, norm)
    assert back.card["longest"] == 40
    assert all(torch.equal(tensor, back.model.state_dict()[name]) for name, tensor in model.state_dict().items())


def test_where_it_reads_back_otherwise_nothing_is_written(
    saved: Saved, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from glassformer.interop import export_huggingface as module

    save_model(tmp_path / "ours", saved)
    right = module.to_huggingface
    for spoil, said in ((lambda name: "b" + name, "does not read back"), (lambda name: name, "with other embedding")):
        monkeypatch.setattr(
            module,
            "to_huggingface",
            lambda weights, config, spoil=spoil: {
                spoil(name) if "fc1" in name else name: tensor * (2 if "shared" in name else 1)
                for name, tensor in right(weights, config).items()
            },
        )
        with pytest.raises(ConversionError, match=said):
            export_huggingface(tmp_path / "ours", tmp_path / "marian")
        assert [one.name for one in tmp_path.iterdir()] == ["ours"]


def test_a_model_that_their_class_computes_otherwise_is_refused(
    tokenizer: Tokenizer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    marian_folder(tmp_path / "opus", tokenizer)
    monkeypatch.setitem(ACTIVATIONS, "swish", "relu")
    with pytest.raises(ForeignModelError, match="MarianMTModel finds another log P"):
        import_model(tmp_path / "opus", tmp_path / "ours")
    assert not (tmp_path / "ours").exists()


REFUSED = {
    "no weights": (lambda folder: (folder / "model.safetensors").unlink(), "no weights"),
    "no target": (lambda folder: (folder / "target.spm").unlink(), "target.spm cannot be read"),
    "activation": (lambda folder: set_json(folder / "config.json", activation_function="gelu_new"), "gelu_new"),
    "sizes": (lambda folder: set_json(folder / "config.json", encoder_ffn_dim=64), "d_ff is 64 in the encoder"),
    "heads": (
        lambda folder: set_json(folder / "config.json", encoder_attention_heads=3, decoder_attention_heads=3),
        "heads=3 does not divide",
    ),
    "layers": (lambda folder: set_json(folder / "config.json", encoder_layers=1), "which this Transformer does not"),
    "many layers": (
        lambda folder: set_json(folder / "config.json", encoder_layers=10**7),
        "config.json has 10,000,002 layers, and model.safetensors only",
    ),
    "activation's kind": (lambda folder: set_json(folder / "config.json", activation_function=["relu"]), "wanted relu"),
    "ids": (lambda folder: set_json(folder / "vocab.json", more=100_000), "has the id 100000"),
    "weights": (lambda folder: (folder / "model.safetensors").write_bytes(b"\xff" * 100), "header is longer"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_damaged_is_refused_in_one_line(name: str, tokenizer: Tokenizer, tmp_path: Path) -> None:
    marian_folder(tmp_path / "opus", tokenizer)
    spoil, said = REFUSED[name]
    spoil(tmp_path / "opus")
    with pytest.raises(ForeignModelError) as caught:
        import_model(tmp_path / "opus", tmp_path / "ours")
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "ours").exists()
