import numpy as np
import pytest

from glassformer.corpus import encoded as module
from glassformer.corpus.encoded import EncodedPairs
from glassformer.corpus.read import CorpusReport
from glassformer.disk import UNFINISHED
from glassformer.errors import CorpusError
from tests.made_up import made_up_pairs


def write(folder, pairs, tokenizer, *, max_tokens=100, **options):
    report = options.pop("report", CorpusReport(read=10**6))
    return EncodedPairs.write(folder, pairs, tokenizer, max_tokens=max_tokens, report=report, **options)


def test_what_is_written_is_read(tmp_path, tokenizer, monkeypatch):
    monkeypatch.setattr(module, "CHUNK", 7)
    pairs, told = made_up_pairs(50), []
    written = write(tmp_path / "new" / "encoded", pairs, tokenizer, progress=told.append)
    again = EncodedPairs.open(tmp_path / "new" / "encoded")
    assert len(written) == len(again) == 50
    assert told == [7, 14, 21, 28, 35, 42, 49, 50]
    encoded = [(tokenizer.encode(source), tokenizer.encode(target)) for source, target in pairs]
    for i, (source, target) in enumerate(encoded):
        assert [side.tolist() for side in again.pair(i)] == [source, target]
    assert again.source_lengths.tolist() == [len(source) for source, _ in encoded]
    assert again.target_lengths.tolist() == [len(target) for _, target in encoded]
    assert again.tokens == sum(len(source) + len(target) for source, target in encoded)
    assert again.facts.longest_target == max(len(target) for _, target in encoded)
    assert again.pair(0)[0].dtype == np.uint16


def test_a_block_holds_the_same_as_its_pairs(tmp_path, tokenizer):
    pairs = write(tmp_path / "encoded", made_up_pairs(20), tokenizer)
    block = pairs.block(5, 12)
    for i, start in enumerate(block.starts):
        source, target = pairs.pair(5 + i)
        middle = start + block.source_lengths[i]
        assert block.ids[start:middle].tolist() == source.tolist()
        assert block.ids[middle : middle + block.target_lengths[i]].tolist() == target.tolist()


def test_large_vocabularies_get_wider_ids(tmp_path, tokenizer, monkeypatch):
    monkeypatch.setattr(type(tokenizer), "__len__", lambda self: 2**16 + 1)
    monkeypatch.setattr(type(tokenizer), "tokens", lambda self, ids: ["▁" for _ in ids])
    pairs = write(tmp_path / "encoded", made_up_pairs(3), tokenizer)
    assert pairs.pair(2)[1].dtype == np.uint32


def test_long_and_empty_pairs_are_skipped_and_told(tmp_path, tokenizer):
    report = CorpusReport(read=4)
    long = "cat " * 30
    pairs = [("the cat", "die Katze"), (long, "kurz"), ("short", long), (" ", "leer")]
    assert len(write(tmp_path / "encoded", pairs, tokenizer, max_tokens=25, report=report)) == 1
    assert report.messages()[1:] == [
        "2 pairs skipped: a side is longer than 25 tokens",
        "1 pair skipped: one side is empty",
        "1 pair kept",
    ]
    with pytest.raises(CorpusError, match=r"no sentence pairs left to train on \(1 pair skipped: a side is longer"):
        write(tmp_path / "none", pairs[1:2], tokenizer, max_tokens=25, report=CorpusReport(read=1))
    assert not (tmp_path / "none").exists()


def test_the_fingerprint_is_that_of_the_content(tmp_path, tokenizer, monkeypatch):
    pairs = made_up_pairs(30)
    one = write(tmp_path / "one", pairs, tokenizer).fingerprint
    monkeypatch.setattr(module, "CHUNK", 4)
    assert write(tmp_path / "two", pairs, tokenizer).fingerprint == one
    assert write(tmp_path / "three", [*pairs[:-1], ("the", "die")], tokenizer).fingerprint != one
    moved = [(source + " " + target.split()[0], " ".join(target.split()[1:]) or "x") for source, target in pairs]
    assert write(tmp_path / "four", moved, tokenizer).fingerprint != one


@pytest.mark.parametrize("error", [KeyboardInterrupt, CorpusError])
def test_an_interrupted_write_leaves_what_was_there(tmp_path, tokenizer, error):
    def broken():
        yield from made_up_pairs(5000)
        raise error

    with pytest.raises(error):
        write(tmp_path / "encoded", broken(), tokenizer)
    assert list(tmp_path.iterdir()) == []
    write(tmp_path / "encoded", made_up_pairs(3), tokenizer)
    with pytest.raises(error):
        write(tmp_path / "encoded", broken(), tokenizer)
    assert len(EncodedPairs.open(tmp_path / "encoded")) == 3
    assert len(list(tmp_path.iterdir())) == 1


def test_a_killed_write_is_not_loadable_and_not_in_the_way(tmp_path, tokenizer):
    left = tmp_path / f"{UNFINISHED}encoded-1-abcd"
    left.mkdir()
    (left / "ids.bin").write_bytes(b"half")
    with pytest.raises(CorpusError, match=r"holds no encoded sentence pairs .*encode them again"):
        EncodedPairs.open(left)
    assert len(write(tmp_path / "encoded", made_up_pairs(3), tokenizer)) == 3
    assert len(write(tmp_path / "encoded", made_up_pairs(4), tokenizer)) == 4
    assert [path.name for path in tmp_path.iterdir()] == ["encoded"]


def test_somebody_elses_folder_is_left_alone(tmp_path, tokenizer):
    (tmp_path / "thesis.tex").write_text("precious")
    with pytest.raises(CorpusError, match="holds no encoded sentence pairs; name another folder"):
        write(tmp_path, made_up_pairs(3), tokenizer)
    assert (tmp_path / "thesis.tex").read_text() == "precious"


def test_damaged_folders_are_named(tmp_path, tokenizer):
    pairs = write(tmp_path / "encoded", made_up_pairs(3), tokenizer)
    with pytest.raises(IndexError, match="pair 3: wanted 0 to 2"):
        pairs.pair(3)
    (tmp_path / "encoded" / "starts.bin").write_bytes(b"12345")
    with pytest.raises(CorpusError, match=r"starts.bin: 5 bytes, wanted 24; delete the folder"):
        EncodedPairs.open(tmp_path / "encoded")
    facts = tmp_path / "encoded" / "pairs.json"
    facts.write_text(facts.read_text().replace('"version": 1', '"version": 9'))
    with pytest.raises(CorpusError, match="version 9, wanted 1"):
        EncodedPairs.open(tmp_path / "encoded")
    facts.write_text("[]")
    with pytest.raises(CorpusError, match="holds no encoded sentence pairs"):
        EncodedPairs.open(tmp_path / "encoded")
