"""BART's byte pairs and mBART's languages: the same ids as their own tokenizers', the same tokens as their own classes'."""

import json
from pathlib import Path

import pytest
import torch
import transformers
from tokenizers import Tokenizer as TheirTokenizer
from tokenizers import models, pre_tokenizers, trainers

from glassformer.checkpoint import load_model
from glassformer.config import DecodingConfig
from glassformer.decoding import decode
from glassformer.errors import ConfigError, ForeignModelError
from glassformer.interop.bring import import_model
from glassformer.interop.export_huggingface import export_huggingface
from glassformer.interop.imported import Languages
from glassformer.text.byte_pairs import shown
from tests.interop.conftest import sure
from tests.interop.test_huggingface import SMALL, TEXTS, many_folder

SPECIAL = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]
STRANGE = ["It's 1,234 o'clock; I'd've gone.", "Größe, naïve, 漢字 🙂 <s> and </s>", "a", "under_score - dash — …"]


def bart_folder(folder: Path) -> "transformers.BartForConditionalGeneration":
    folder.mkdir()
    pairs = TheirTokenizer(models.BPE())
    pairs.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    lines = [*TEXTS, "Größe und Straße", "It's naïve"] * 3
    pairs.train_from_iterator(
        lines,
        trainers.BpeTrainer(vocab_size=330, special_tokens=SPECIAL, initial_alphabet=alphabet, show_progress=False),
    )
    pairs.model.save(str(folder))
    sizes = {f"{side}_{name}": value for side in ("encoder", "decoder") for name, value in SMALL.items()}
    ids = {"pad_token_id": 1, "bos_token_id": 0, "eos_token_id": 2, "decoder_start_token_id": 2}
    config = transformers.BartConfig(
        vocab_size=pairs.get_vocab_size(), d_model=16, **sizes, **ids, forced_bos_token_id=0, forced_eos_token_id=None,
        max_position_embeddings=64,
    )  # fmt: skip
    torch.manual_seed(3)
    model = transformers.BartForConditionalGeneration(config).eval()
    sure(model)  # type: ignore[arg-type]
    model.save_pretrained(folder)
    about = json.loads((folder / "config.json").read_text()) | {"forced_bos_token_id": 0}
    (folder / "config.json").write_text(json.dumps(about))
    return model


def test_bart(tmp_path: Path) -> None:
    model = bart_folder(tmp_path / "bart")
    theirs = transformers.BartTokenizer.from_pretrained(tmp_path / "bart")
    import_model(tmp_path / "bart", tmp_path / "ours")
    ours = load_model(tmp_path / "ours")
    tokenizer, config = ours.tokenizer, ours.model.config
    for text in [*TEXTS, *STRANGE[:1], *STRANGE[2:]]:
        assert config.source(tokenizer.encode(text)) == theirs(text).input_ids
        assert tokenizer.decode(tokenizer.encode(text)) == text
    typed = tokenizer.encode(STRANGE[1])  # special tokens that somebody types are text
    assert tokenizer.decode(typed) == STRANGE[1]
    assert 2 not in typed
    assert [tokenizer.tokens(word) for word in ([tokenizer.encode("a Straße")[n] for n in word] for word in
            tokenizer.words(tokenizer.encode("a Straße")))] == [["a"], ["▁Straße"]]  # fmt: skip
    for text in TEXTS:
        ids = tokenizer.encode(text)
        ((found,),) = decode(ours.model, [ids], DecodingConfig(method="greedy", extra_length=5))
        (said,) = model.generate(
            torch.tensor([config.source(ids)]), num_beams=1, do_sample=False, max_new_tokens=len(found.ids),
            forced_bos_token_id=0, bad_words_ids=[[1]], min_new_tokens=2, no_repeat_ngram_size=0,
        ).tolist()  # fmt: skip
        assert said[1 : 1 + len(found.ids)] == found.ids
    with pytest.raises(ConfigError):
        export_huggingface(tmp_path / "ours", tmp_path / "out")


def test_its_tokenizer_json_says_the_same(tmp_path: Path) -> None:
    bart_folder(tmp_path / "bart")
    import_model(tmp_path / "bart", tmp_path / "one")
    transformers.BartTokenizer.from_pretrained(tmp_path / "bart").save_pretrained(tmp_path / "bart")
    for name in ("vocab.json", "merges.txt"):
        (tmp_path / "bart" / name).unlink(missing_ok=True)
    import_model(tmp_path / "bart", tmp_path / "other")
    one, other = (load_model(tmp_path / name).tokenizer for name in ("one", "other"))
    assert one.to_bytes() == other.to_bytes()


@pytest.mark.parametrize(("file", "said"), [("merges.txt", "the merge"), ("vocab.json", "do not fit together")])
def test_pairs_that_do_not_fit_are_refused(file: str, said: str, tmp_path: Path) -> None:
    bart_folder(tmp_path / "bart")
    path = tmp_path / "bart" / file
    if file == "merges.txt":
        path.write_text(path.read_text() + "\na b c\n")
    else:
        ids = json.loads(path.read_text())
        ids["strange"] = ids.pop("Ġt")
        path.write_text(json.dumps(ids))
    with pytest.raises(ForeignModelError, match=said):
        import_model(tmp_path / "bart", tmp_path / "ours")
    assert not (tmp_path / "ours").exists()


def test_pieces_are_shown_as_what_they_say() -> None:
    assert [shown(one) for one in ("Ġhouse", "Ã¼", "Ã", "Ċ", "<s>")] == ["▁house", "ü", "<0xC3>", "<0x0A>", "<s>"]


@pytest.mark.parametrize("year", [2020, 2021])
def test_mbart(year: int, tmp_path: Path) -> None:
    """cc25: the text, </s>, its language, and targets begin with theirs. 50: the language goes before both."""
    many_folder(tmp_path / "mbart")
    (tmp_path / "mbart" / "model.safetensors").unlink()
    languages = ["en_XX", "de_DE"]
    (tmp_path / "mbart" / "special_tokens_map.json").write_text(json.dumps({"additional_special_tokens": languages}))
    size = json.loads((tmp_path / "mbart" / "config.json").read_text())["vocab_size"]
    sizes = {f"{side}_{name}": value for side in ("encoder", "decoder") for name, value in SMALL.items()}
    ids = {"pad_token_id": 1, "bos_token_id": 0, "eos_token_id": 2}
    start = size - 1 if year == 2020 else 2
    config = transformers.MBartConfig(
        vocab_size=size, d_model=16, **sizes, **ids, decoder_start_token_id=start, max_position_embeddings=64,
        scale_embedding=True, forced_eos_token_id=None,
    )  # fmt: skip
    torch.manual_seed(3)
    model = transformers.MBartForConditionalGeneration(config).eval()
    sure(model)  # type: ignore[arg-type]
    model.save_pretrained(tmp_path / "mbart")
    import_model(tmp_path / "mbart", tmp_path / "ours", Languages("en", "de"))
    ours = load_model(tmp_path / "ours")
    source = ours.tokenizer.encode("A house.")
    read = ours.model.config.source(source)
    plain = read[1:-1] if year == 2021 else read[:-2]
    assert read == ([size - 2, *plain, 2] if year == 2021 else [*plain, 2, size - 2])
    assert ours.tokenizer.decode(source) == "A house."
    ((found,),) = decode(ours.model, [source], DecodingConfig(method="greedy", extra_length=5))
    forced = {"forced_bos_token_id": size - 1} if year == 2021 else {}
    (said,) = model.generate(
        torch.tensor([read]), num_beams=1, do_sample=False, max_new_tokens=len(found.ids), min_new_tokens=2,
        bad_words_ids=[[1], *([[start]] if year == 2020 else [])], **forced,
    ).tolist()  # fmt: skip
    assert said[1 : 1 + len(found.ids)] == found.ids
