import io
import random
import unicodedata

import numpy as np
import pytest
import sentencepiece
from hypothesis import given, settings
from hypothesis import strategies as st

from glassformer.errors import CheckpointError, ConfigError, CorpusError, VocabularyError
from glassformer.text.normalise import normalised
from glassformer.text.protected import SIGNS
from glassformer.text.tokenizer import Tokenizer, _sample, vocabulary_size_for
from tests.made_up import made_up_pairs

NASTY = [
    "😀 👩👩👧 🏳🌈",
    "日本語の文です。",
    "½ ² ﬁ Ａ ①",
    "می\u200cخواهم",
    "<s> </s> <pad> <unk> <0x41>",
    "\U0010ffff\ue000",
]


@pytest.mark.parametrize("text", NASTY)
def test_text_comes_back(tokenizer, text):
    ids = tokenizer.encode(text)
    assert tokenizer.decode(ids) == text
    assert tokenizer.unk_id not in ids
    assert not {tokenizer.pad_id, tokenizer.bos_id, tokenizer.eos_id} & set(ids)


@settings(max_examples=200, deadline=None)
@given(text=st.text())
def test_any_text_comes_back_but_for_spaces(tokenizer, text):
    wanted = " ".join(word for word in normalised(text).replace("▁", " ").split(" ") if word)
    assert tokenizer.decode(tokenizer.encode(text)) == wanted
    assert tokenizer.encode_batch([text, text]) == [tokenizer.encode(text)] * 2


def test_accents_are_composed_and_compatibility_is_kept(tokenizer):
    assert tokenizer.encode("e\u0301") == tokenizer.encode("é")
    assert tokenizer.decode(tokenizer.encode("x²")) == "x²" != unicodedata.normalize("NFKC", "x²")


UNSEEN = {
    "the\u00a0old\u202fcat\u3000sat\u2009down": "the old cat sat down",
    "the\told\u2028cat\x85sat\x0cdown": "the old cat sat down",
    "\ufeffthe o\u00adld\u200b c\u2060at\u200d s\u200cat\ufe0f\u200e down\0\x07": "the old cat sat down",
}


@pytest.mark.parametrize("text", UNSEEN)
def test_what_nobody_sees_changes_nothing_in_other_programs_either(tokenizer, text):
    plain = tokenizer.encode(UNSEEN[text])
    assert tokenizer.encode(text) == tokenizer.encode_batch([text])[0] == plain
    theirs = sentencepiece.SentencePieceProcessor(model_proto=tokenizer.to_bytes())
    assert theirs.encode(text.replace("\u200d", "").replace("\u200c", "").replace("\0", "")) == plain


def test_joiners_stay_where_letters_are_joined_by_them():
    assert normalised("می\u200cخواهم") == "می\u200cخواهم"
    assert normalised("क्\u200dष") == "क्\u200dष"
    assert normalised("a\u200cb\u200dc") == "abc"


def test_signs_are_pieces_that_are_never_cut(tokenizer):
    assert tokenizer.signs == SIGNS
    text = f"the {SIGNS[0]}cat{SIGNS[9]}, ({SIGNS[3]})"
    ids = tokenizer.encode(text)
    assert tokenizer.decode(ids) == text
    assert [token for token in tokenizer.tokens(ids) if token in SIGNS] == [SIGNS[0], SIGNS[9], SIGNS[3]]


def test_an_older_vocabulary_gets_signs_and_keeps_its_ids():
    older = sentencepiece_model(made_up_pairs(300))
    assert older.signs == ()
    newer = older.with_signs()
    assert newer.signs == SIGNS
    assert len(newer) == len(older) + len(SIGNS)
    assert newer.tokens(range(len(older))) == older.tokens(range(len(older)))
    assert newer.encode("the cat sees the bridge") == older.encode("the cat sees the bridge")
    assert newer.with_signs().to_bytes() == newer.to_bytes()


def sentencepiece_model(pairs):
    """A vocabulary as another program makes it."""
    model = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter([side for pair in pairs for side in pair]), model_writer=model, vocab_size=300,
        hard_vocab_limit=False, byte_fallback=True, pad_id=0, bos_id=1, eos_id=2, unk_id=3, minloglevel=2,
    )  # fmt: skip
    return Tokenizer(model.getvalue())


def test_unknown_characters_are_found(tokenizer):
    found = tokenizer.unknown.findall("the 你好 再见 cat ♥, the Łódź bridge\U000f0000")
    assert found == ["你好 再见", "♥", "Łódź"]


def test_lone_surrogates_become_the_replacement_character(tokenizer):
    assert tokenizer.decode(tokenizer.encode("a\ud800b")) == "a\ufffdb"
    assert normalised("\ud83d\ude00") == "😀"


def test_a_word_of_a_megabyte(tokenizer):
    word = "rye" * 350_000
    assert tokenizer.decode(tokenizer.encode(word)) == word


def test_special_ids_are_those_of_the_model(tokenizer):
    assert (tokenizer.pad_id, tokenizer.bos_id, tokenizer.eos_id, tokenizer.unk_id) == (0, 1, 2, 3)
    ids = tokenizer.encode("the cat")
    assert tokenizer.decode([1, *ids, 2, 0, 0]) == "the cat"
    assert tokenizer.decode(np.array(ids)) == "the cat"


def test_words_are_groups_of_positions(tokenizer):
    ids = [1, *tokenizer.encode("the 😀 bridge"), 2, 0]
    words = tokenizer.words(ids)
    assert [tokenizer.decode([ids[i] for i in word]) for word in words] == ["the", "😀", "bridge"]
    assert [i for word in words for i in word] == list(range(1, len(ids) - 2))
    assert tokenizer.words([]) == []


@pytest.mark.parametrize("method", ["decode", "tokens", "words"])
@pytest.mark.parametrize("id", [-1, 10**6])
def test_ids_outside_the_vocabulary_are_named(tokenizer, method, id):
    with pytest.raises(VocabularyError, match=f"id {id} is outside the vocabulary: wanted 0 to {len(tokenizer) - 1}"):
        getattr(tokenizer, method)([5, id])


def test_the_same_text_gives_the_same_tokenizer(tokenizer):
    again = Tokenizer.train((side for pair in made_up_pairs(500) for side in pair), vocabulary_size=400)
    assert again.fingerprint == tokenizer.fingerprint
    other = Tokenizer.train((side for pair in made_up_pairs(400) for side in pair), vocabulary_size=400)
    assert other.fingerprint != tokenizer.fingerprint


def test_saved_and_loaded_it_is_the_same(tokenizer, tmp_path):
    tokenizer.save(tmp_path / "tokenizer.model")
    for again in (Tokenizer.load(tmp_path / "tokenizer.model"), Tokenizer.from_bytes(tokenizer.to_bytes())):
        assert again.fingerprint == tokenizer.fingerprint
        assert again.encode("the old bridge") == tokenizer.encode("the old bridge")


@pytest.mark.parametrize("damage", [lambda model: b"", lambda model: b"not a model", lambda model: model[:1000]])
def test_a_broken_file_is_one_line(tokenizer, tmp_path, damage):
    path = tmp_path / "tokenizer.model"
    path.write_bytes(damage(tokenizer.to_bytes()))
    with pytest.raises(CheckpointError, match="no SentencePiece model in these") as caught:
        Tokenizer.load(path)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_missing_file_is_one_line(tmp_path):
    with pytest.raises(CheckpointError, match="No such file"):
        Tokenizer.load(tmp_path / "nothing")


@pytest.mark.parametrize("lines", [["ja"], ["a b", "c d", "e"], ["x" * 100_000], ["nul \0", "more"]])
def test_little_text_gives_a_smaller_vocabulary(lines):
    small = Tokenizer.train(lines, vocabulary_size=8000)
    assert 260 < len(small) < 8000
    assert small.decode(small.encode("quite other text")) == "quite other text"


def test_more_kinds_of_characters_than_ids():
    lines = ["".join(map(chr, range(0x4E00 + i, 0x4E00 + i + 50))) for i in range(0, 3000, 50)]
    small = Tokenizer.train(lines, vocabulary_size=400)
    assert len(small) <= 400
    assert small.decode(small.encode(lines[7])) == lines[7]


def test_no_text_and_no_room_are_errors():
    with pytest.raises(CorpusError, match="no text to make a vocabulary of"):
        Tokenizer.train(["", "  "], vocabulary_size=1000)
    with pytest.raises(ConfigError, match="vocabulary_size=100: wanted at least 300"):
        Tokenizer.train(["a"], vocabulary_size=100)


def test_training_is_silent(capfd):
    Tokenizer.train(["one two three"], vocabulary_size=400)
    assert capfd.readouterr() == ("", "")


def test_the_sample_is_bounded_and_from_everywhere():
    lines = [f"{i:010}" for i in range(20_000)]
    sample = _sample(iter(lines), 20_000, random.Random(1))
    assert 1 / 3 < len(sample) / 2_000 <= 1
    assert len(set(sample)) == len(sample)
    thirds = [sum(int(line) // 6_667 == third for line in sample) / len(sample) for third in range(3)]
    assert min(thirds) > 0.25
    assert _sample(lines, 20_000, random.Random(1)) == sample != _sample(lines, 20_000, random.Random(2))


def test_vocabulary_grows_with_the_corpus():
    assert [vocabulary_size_for(pairs) for pairs in (10, 2_000, 30_000, 200_000, 2_000_000, 10**9)] == [
        1000, 1000, 8000, 8000, 32000, 32000,
    ]  # fmt: skip
    sizes = [vocabulary_size_for(pairs) for pairs in range(3_000, 3_000_000, 10_000)]
    assert sizes == sorted(sizes)
    assert all(size % 100 == 0 for size in sizes)
