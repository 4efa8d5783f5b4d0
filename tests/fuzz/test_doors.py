"""Any bytes at every door: no crash, no hang, nothing lost untold; and what the fuzzer once found, again."""

import json
import random
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from glassformer.corpus.encoded import EncodedPairs
from glassformer.corpus.read import read_pairs
from glassformer.engines.native import Native
from glassformer.page import wire
from glassformer.page.service import Service
from glassformer.translator import Translator
from tests.faults.conftest import Tried
from tests.faults.conftest import long as long  # the fixtures
from tests.faults.conftest import tried as tried
from tests.fuzz.targets import PATHS, TARGETS, refused, seeds
from tests.toy_translator import toy

KEPT = Path(__file__).parent / "corpus"
QUICK = settings(deadline=None, max_examples=60, suppress_health_check=list(HealthCheck), derandomize=True)
NASTY = {
    "NUL": "a\0b", "a lone surrogate": "a\ud800b", "two halves the wrong way round": "\udc00\ud800",
    "one word of a megabyte": "a" * 2**20, "right-to-left overrides": "\u202e\u202dabc\u202c\u2066",
    "combining marks": "e" + "\u0301\u0327" * 500, "emoji": "👩‍👩‍👧‍👦🏳️‍🌈🇩🇪",
    "U+2028 and its like": "a\u2028b\u2029c\x85d\x0be\x0cf\x1c",
    "every Unicode space": "a" + "".join(map(chr, [9, 32, 160, 5760, *range(8192, 8203), 8239, 8287, 12288])) + "b",
    "noncharacters": "\ufffe\uffff\U0010ffff", "a byte order mark inside": "a\ufeffb", "only spaces": " \u3000 ",
    "what looks like control symbols": "<s> </s> <unk> <0x41> <pad> ▁", "markup": "<script>[/red]{}%s%n\\", "nothing": "",
}  # fmt: skip


def mutated(data: bytes, chance: random.Random) -> bytes:
    """Bytes flipped, cut out, doubled or put in: what a disk or a stranger may do."""
    content = bytearray(data)
    for _ in range(chance.choice([1, 1, 2, 8])):
        place = chance.randrange(len(content) + 1)
        match chance.randrange(4):
            case 0 if content:
                content[place % len(content)] ^= 1 << chance.randrange(8)
            case 1:
                del content[place : place + chance.choice([1, 4, 64, 4096])]
            case 2:
                content[place:place] = content[place : place + chance.choice([1, 8, 64])]
            case _:
                content[place:place] = chance.randbytes(chance.choice([1, 4, 8]))
    return bytes(content)


@pytest.mark.parametrize("name", TARGETS)
def test_good_input_with_something_wrong(name: str, tried: Tried, long: bool) -> None:
    few = 15 if name == "ratio" else 60  # of "ratio" each unpacks megabytes
    chance, times = random.Random(name), 3000 if long else few
    good = seeds(name)
    for seed in good:
        TARGETS[name](seed)
    for _ in range(times):
        TARGETS[name](mutated(chance.choice(good), chance))
    what = "ends, or is refused with one of our errors in one line"
    tried(f"Damaged or hostile bytes: {TARGETS[name].__doc__}".split(".")[0], times, "nothing", what)


@pytest.mark.parametrize("path", sorted(KEPT.glob("*/*")), ids=lambda path: f"{path.parent.name}-{path.name[:12]}")
def test_what_the_fuzzer_found(path: Path) -> None:
    TARGETS[path.parent.name](path.read_bytes())


@QUICK
@given(st.binary(max_size=300))
def test_any_bytes_as_a_corpus(data: bytes) -> None:
    TARGETS["corpus"](data)


@QUICK
@given(st.text(st.characters(), max_size=60))
def test_any_text_to_the_tokenizer(text: str) -> None:
    TARGETS["text"](text.encode("utf-8", "surrogatepass"))


def anything() -> st.SearchStrategy[object]:
    """Any JSON."""
    plain = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=True) | st.text(max_size=8)
    return st.recursive(
        plain, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
    )


def field(name: str) -> st.SearchStrategy[object]:
    """What may stand under a name of the requests: what is right, nearly right, and anything."""
    attention = st.sampled_from(["encoder.layers.0.self_attention", "decoder.layers.1.cross_attention", "encoder", ""])
    number = st.integers(-2, 4) | st.integers()
    right = {
        "text": st.text(max_size=20) | st.sampled_from(list(NASTY.values())).filter(lambda text: len(text) < 9999),
        "target": st.none() | st.text(max_size=12),
        "heads_off": st.lists(st.tuples(attention, number), max_size=3),
        "blocked": st.lists(st.tuples(attention, number, number), max_size=3),
        "turned": st.lists(st.tuples(attention, number, number, st.lists(number, max_size=3)), max_size=3),
        "name": st.sampled_from(
            ["encoder.memory", "logits", "embedding.weight", "decoder.layers.0.feed_forward.w_1.weight"]
        ),
        "at": st.lists(number, max_size=4),
        "checkpoint": st.none() | st.sampled_from(["", "step-7"]),
    }
    return right[name] | right[name] | right[name] | anything()


FIELDS = ["text", "target", "heads_off", "blocked", "turned", "name", "at", "checkpoint"]
BODY = st.fixed_dictionaries({}, optional={name: field(name) for name in FIELDS}) | anything()


@QUICK
@given(st.sampled_from(PATHS), BODY)
def test_any_request_of_the_page(path: str, body: object) -> None:
    service = Service(Translator(Native(toy().model), toy().tokenizer, {"longest": 40}, "toy"), longest=16)
    refused(lambda: service.answer(path, json.dumps(body).encode()))


def test_the_requests_have_these_fields() -> None:
    """What is tried above is what ``wire`` has."""
    kinds = (wire.Ask, wire.WeightsAsk, wire.RowsAsk)
    assert {name for kind in kinds for name in kind.__dataclass_fields__} == set(FIELDS)


@pytest.mark.parametrize("name", NASTY)
def test_nasty_strings_go_all_the_way(name: str, tmp_path: Path, tried: Tried) -> None:
    """Into a corpus and through training's encoding, the tokenizer, the translator and the page."""
    text, translator = NASTY[name], Translator(Native(toy().model), toy().tokenizer, {"longest": 40}, "toy")
    translator.remark = lambda text: None
    TARGETS["text"](text.encode("utf-8", "surrogatepass"))
    short = text[:2000]
    assert isinstance(translator.translate(short), str)
    assert len(translator.translate([short, "it"])) == 2
    service = Service(translator, longest=64)
    for path in PATHS:
        refused(lambda path=path: service.answer(path, json.dumps({"text": short}).encode()))
    line = text.replace("\t", " ").replace("\n", " ")
    (tmp_path / "c.tsv").write_bytes(f"{line}\t{line}\nit\tes\n".encode("utf-8", "surrogatepass"))
    pairs = list(read_pairs(tmp_path / "c.tsv", skip_bad_lines=True))
    assert pairs[-1] == ("it", "es")
    from glassformer.corpus.read import CorpusReport

    report = CorpusReport()
    encoded = EncodedPairs.write(tmp_path / "e", pairs, translator.tokenizer, max_tokens=64, report=report)
    assert len(encoded) + report.skipped.total() == len(pairs)
    tried(
        f"A nasty string: {name}",
        6,
        "nothing",
        "corpus, tokenizer, translator and page take it or refuse it in one line",
    )
