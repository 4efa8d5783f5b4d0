"""The front door: text in and out, line by line, and the numbers on the way."""

import dataclasses
import json
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
import torch

from glassformer.checkpoint import Saved, save_model
from glassformer.config import DecodingConfig
from glassformer.decoding import Hypothesis
from glassformer.engines.native import Native
from glassformer.errors import CheckpointError, ConfigError, ShapeError, TranslationWarning
from glassformer.text.glossary import Glossary
from glassformer.text.protected import SIGNS
from glassformer.text.reading import NAMES, Part
from glassformer.text.tokenizer import Tokenizer
from glassformer.trace import Trace
from glassformer.translator import Translation, Translator, merge_words, shipped_models
from glassformer.translator.alignment import parts_of, without_marks, word_that_looks
from glassformer.translator.parts import not_empty
from tests.toy_translator import ENGLISH, GERMAN, save_toy_translator

SENTENCE = "The train stopped because it was snowing."


@pytest.fixture(autouse=True)
def _one_thread(_same_numbers_each_time: None) -> None:
    torch.set_num_threads(1)  # tiny tensors: threads would only wait for each other


def test_a_vocabulary_is_read_once(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of 65,000 pieces it takes a quarter of a second, of another program's tables more."""
    read, usual = [], Tokenizer.from_bytes
    monkeypatch.setattr(Tokenizer, "from_bytes", lambda model: read.append(len(model)) or usual(model))
    assert Translator.load(folder).translate(ENGLISH[0]) == GERMAN[0]
    assert len(read) == 1


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("toy") / "model"
    save_toy_translator(folder)
    return folder


@pytest.fixture(scope="module")
def translator(folder: Path) -> Translator:
    return Translator.load(folder, device="cpu")


@pytest.fixture
def echo(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """A model that says what it hears; the fixture is the lengths of what it heard."""
    heard: list[int] = []

    def decode(
        _: Any,
        sources: Sequence[Sequence[int]],
        config: DecodingConfig,
        *,
        prefixes: Any = None,
        progress: Callable[[int], None] | None = None,
    ) -> list[list[Hypothesis]]:
        heard.extend(map(len, sources))
        if progress is not None:
            for _ in sources:
                progress(1)
        return [
            [Hypothesis(list(ids), -1.0, -float(rank), True, []) for rank in range(config.n_best)] for ids in sources
        ]

    monkeypatch.setattr("glassformer.engines.native.decode", decode)
    return heard


# loading


def test_a_saved_model_translates_as_before(translator: Translator, tmp_path: Path) -> None:
    save_model(tmp_path / "again", Saved(translator.model, translator.tokenizer, translator.card))
    again = Translator.load(tmp_path / "again", device="cpu")
    assert again.translate(ENGLISH[:8]) == translator.translate(ENGLISH[:8])
    assert again.card == translator.card


def test_the_toy_knows_its_sentences(translator: Translator) -> None:
    found = translator.translate(ENGLISH[:12])
    assert found == GERMAN[:12]


def test_a_run_gives_its_best_checkpoint(folder: Path, translator: Translator, tmp_path: Path) -> None:
    shutil.copytree(folder, tmp_path / "checkpoints" / "step-00000007")
    (tmp_path / "best.json").write_text(json.dumps({"checkpoint": "step-00000007"}))
    assert Translator.load(tmp_path, device="cpu").translate(SENTENCE) == translator.translate(SENTENCE)


def test_shipped_models_have_names(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("glassformer.translator.shipped.models_folder", lambda: folder.parent)
    assert shipped_models() == ["model"]
    assert Translator.load("model").name == "model"
    with pytest.raises(CheckpointError, match=r"'modle'.* \(model\)"):
        Translator.load("modle")


def test_a_folder_without_a_model_is_told(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="there is no model in"):
        Translator.load(tmp_path)


def test_a_device_that_is_not_there_is_told(folder: Path) -> None:
    with pytest.raises(ConfigError, match="no device 'abacus': there is cpu"):
        Translator.load(folder, device="abacus")


# lines in = lines out


def test_one_string_gives_one_string_and_a_list_a_list(translator: Translator) -> None:
    assert translator.translate([SENTENCE]) == [translator.translate(SENTENCE)]
    assert translator.translate([]) == []


def test_lines_keep_their_order_and_empty_ones_stay_empty(translator: Translator) -> None:
    lines = ["", *ENGLISH[:5], "  \t ", *ENGLISH[5:9], "\n"]
    found = translator.translate(lines)
    assert [bool(line.strip()) or text == "" for line, text in zip(lines, found, strict=True)] == [True] * len(lines)
    assert [found[number] for number in (0, 6, 11)] == ["", "", ""]
    assert found == [translator.translate(line) for line in lines]
    assert translator.translate(lines[::-1]) == found[::-1]


def test_paragraphs_and_empty_lines_stay(translator: Translator) -> None:
    lamp, baker = translator.translate(["The lamp flickers.", "The baker sings."])
    assert translator.translate("The lamp flickers.\r\nThe baker sings.\n") == f"{lamp}\r\n{baker}\n"
    assert translator.translate("The lamp flickers.\n\n  The baker sings.") == f"{lamp}\n\n  {baker}"
    assert translator.translate("\n \n") == ""


def test_a_translation_is_one_line_even_when_the_model_says_a_line_end(translator: Translator) -> None:
    newline = translator.tokenizer.tokens(range(len(translator.tokenizer))).index("<0x0A>")
    ids = [*translator.tokenizer.encode("Brot"), newline, *translator.tokenizer.encode("Boot")]
    ((written,),) = translator.prepare("Brot").written([[Hypothesis(ids, -1.0, -1.0, True, [])]])
    assert written.text.splitlines() == [written.text]
    assert written.text.split() == ["Brot", "Boot"]


def test_of_ten_thousand_words_in_a_line_none_is_lost(translator: Translator, echo: list[int]) -> None:
    words = (" ".join(ENGLISH) * 100).split()[:10_000]
    assert len(words) == 10_000
    found = translator.translate(["", " ".join(words), SENTENCE])
    assert found[0] == ""
    assert found[1].split() == words
    assert found[2] == SENTENCE
    assert len(echo) > 1000
    assert max(echo) <= translator.reader.limit == 40


def test_a_long_word_is_cut_and_not_lost(folder: Path, echo: list[int]) -> None:
    translator, word = Translator.load(folder, device="cpu"), "baker" * 200
    with pytest.warns(TranslationWarning, match="longer than 40 tokens"):
        translator.translate(word)
    assert translator.translate(word).replace(" ", "") == word
    assert max(echo) <= 40


def test_without_a_word_on_length_in_the_card_there_is_a_limit(translator: Translator, echo: list[int]) -> None:
    bare = Translator(Native(translator.model), translator.tokenizer, {})
    bare.translate(" ".join(ENGLISH * 4))
    assert 40 < max(echo) <= bare.reader.limit == 200


def test_progress_adds_up_to_all_lines(translator: Translator, echo: list[int]) -> None:
    counts: list[int] = []
    translator.translate(["", " ".join(ENGLISH), *ENGLISH[:3], ""], progress=counts.append)
    assert sum(counts) == 6
    assert len(counts) > 1
    counts.clear()
    translator.translate(["", ""], progress=counts.append)
    assert sum(counts) == 2


# n-best, prefixes, scores


def test_n_best_translations_come_best_first(translator: Translator) -> None:
    config = DecodingConfig(beam_size=4, n_best=3)
    for translations in translator.translations(ENGLISH[:4], config=config):
        scores = [translation.score for translation in translations]
        assert len(scores) == 3
        assert scores == sorted(scores, reverse=True)
        assert len({tuple(translation.ids) for translation in translations}) == 3
    assert translator.translations([""], config=config)[0][0].text == ""


def test_parts_of_a_long_line_are_joined_rank_by_rank(translator: Translator) -> None:
    config, text = DecodingConfig(beam_size=4, n_best=2), " ".join(ENGLISH[:8])
    (whole,) = translator.translations(text, config=config)
    parts = translator.reader.read([text])[0].parts
    assert len(parts) > 2
    each = translator.translations([part.text for part in parts], config=config)
    for rank in range(2):
        assert whole[rank].text == " ".join(part[rank].text for part in each if part[rank].text)
        assert whole[rank].score == pytest.approx(sum(part[rank].score for part in each), abs=1e-3)
        assert whole[rank].ids == [id for part in each for id in part[rank].ids]


def test_a_translation_begins_with_its_prefix(translator: Translator) -> None:
    for text in translator.translate(ENGLISH[:3], prefix="Das Brot"):
        assert text.startswith("Das Brot")
    found = translator.translate(["The lamp flickers.", "", "The lamp flickers."], prefix=["Die", "Die", "Es"])
    assert [text[:2] for text in found] == ["Di", "", "Es"]
    with pytest.raises(ShapeError, match="2 prefixes for 1 texts"):
        translator.translate([SENTENCE], prefix=["a", "b"])


def test_scores_are_those_of_decoding(translator: Translator) -> None:
    found = [best for (best,) in translator.translations(ENGLISH[:4])]
    assert all(best.finished for best in found)
    scores = translator.score(ENGLISH[:4], [best.text for best in found])
    assert scores == pytest.approx([best.log_probability for best in found], abs=1e-3)
    assert all(best.score > score for best, score in zip(found, scores, strict=True))


def test_token_scores_name_each_token_and_add_up(translator: Translator) -> None:
    rows = translator.token_scores(ENGLISH[:3], GERMAN[:3])
    assert [sum(value for _, value in row) for row in rows] == pytest.approx(translator.score(ENGLISH[:3], GERMAN[:3]))
    assert all(row[-1][0] == "</s>" for row in rows)
    assert "".join(token for token, _ in rows[0][:-1]).replace("▁", " ").strip() == GERMAN[0]
    with pytest.raises(ShapeError):
        translator.score(ENGLISH[:2], GERMAN[:1])


# traces


def test_a_trace_has_a_row_for_each_token(translator: Translator) -> None:
    trace = translator.trace(SENTENCE)
    about = trace.about
    assert about["source"] == SENTENCE
    assert about["target"] == translator.translate(SENTENCE)
    assert about["source_tokens"][-1] == "</s>"
    assert about["target_tokens"][0] == "<s>"
    source, target = len(about["source_tokens"]), len(about["target_tokens"])
    window = trace.window("decoder.layers.1.cross_attention.weights")
    assert window.axes == ("head", "query", "key")
    assert window.tensor.shape == (2, target, source)
    assert trace["probabilities"].shape == (target, len(translator.tokenizer))


def test_a_trace_of_a_given_target_reads_that_target(translator: Translator, tmp_path: Path) -> None:
    trace = translator.trace(ENGLISH[0], GERMAN[0])
    assert trace.about["target"] == GERMAN[0]
    trace.save(tmp_path / "t.safetensors")
    assert Trace.load(tmp_path / "t.safetensors").about == trace.about


def test_decoding_is_traced_step_by_step(translator: Translator) -> None:
    trace = translator.trace_decoding(SENTENCE)
    forced = translator.trace(SENTENCE, config=DecodingConfig(method="greedy"))
    assert len(trace.steps) == len(trace.about["target_tokens"]) > 1
    assert trace.about == forced.about
    for name in ("decoder.layers.0.self_attention.weights", "decoder.layers.1.cross_attention.weights", "logits"):
        torch.testing.assert_close(trace[name], forced[name], atol=1e-4, rtol=1e-4)
    trace["logits"].add_(1)  # an inference tensor would refuse


# alignment


def test_rows_of_an_alignment_sum_to_one_with_the_special_tokens(translator: Translator) -> None:
    alignment = translator.align(ENGLISH[0], GERMAN[0])
    assert alignment.source_words == ENGLISH[0].replace(".", " .").split()
    assert alignment.target_words == GERMAN[0].replace(".", " .").split()
    assert alignment.weights.shape == (6, 6)
    assert bool((alignment.special > 0).all())
    torch.testing.assert_close(alignment.weights.sum(dim=1) + alignment.special, torch.ones(6))
    assert alignment.layer == 0
    assert alignment.heads == [0, 1]


def test_an_alignment_reads_the_row_where_the_word_is_chosen(translator: Translator) -> None:
    alignment = translator.align(ENGLISH[0], GERMAN[0], layer=1, heads=[1])
    trace = translator.trace(ENGLISH[0], GERMAN[0])
    places = translator.tokenizer.words(trace.about["target_ids"])[0]  # <s> is before it, so the row before it chooses
    rows = trace["decoder.layers.1.cross_attention.weights"][1][[place - 1 for place in places]].mean(dim=0)
    assert float(alignment.special[0]) == pytest.approx(float(rows[-1]), abs=1e-5)


def test_pairs_are_the_weights_over_a_threshold(translator: Translator) -> None:
    alignment = translator.align(ENGLISH[0], GERMAN[0])
    assert len(alignment.pairs(0)) == 36
    for source, target, weight in alignment.pairs(0.3):
        assert weight == float(alignment.weights[target, source]) >= 0.3
    assert str(alignment).splitlines()[0].startswith("Der ← ")


def test_an_alignment_of_nothing_is_empty(translator: Translator) -> None:
    assert translator.align(SENTENCE, "").weights.shape == (0, 8)
    assert translator.align("", "Tür").special.tolist() == pytest.approx([1.0])
    assert str(translator.align("", "")) == ""


def test_a_layer_or_head_that_is_not_there_is_told(translator: Translator) -> None:
    with pytest.raises(ConfigError, match="layer=2: wanted 0 … 1"):
        translator.align(SENTENCE, layer=2)
    with pytest.raises(ConfigError, match="head=-1: wanted 0 … 1"):
        translator.align(SENTENCE, heads=[-1])


def test_pieces_become_words_by_mean_over_queries_and_sum_over_keys() -> None:
    weights = torch.tensor([[[0.5, 0.3, 0.2], [0.1, 0.1, 0.8]]])
    merged = merge_words(weights, [[0, 1]], [[0, 1], [2]])
    torch.testing.assert_close(merged, torch.tensor([[[0.5, 0.5]]]))


def test_marks_at_the_ends_of_words_are_words() -> None:
    tokens = ["▁„", "Wie", "▁geht", "'", "s", "?", "“", "▁–", "▁", "(", "3", ")", "."]
    assert without_marks(tokens, [0, 1]) == [[0], [1]]
    assert without_marks(tokens, [2, 3, 4, 5, 6]) == [[2, 3, 4], [5], [6]]
    assert without_marks(tokens, [7]) == [[7]]
    assert without_marks(tokens, [8, 9, 10, 11, 12]) == [[8, 9, 10], [11], [12]]


def test_where_no_blanks_are_each_piece_is_a_word() -> None:
    tokens = ["▁", "动物", "没有", "，", "<0xE4>", "<0xBD>", "它", "▁is", "n", "t"]
    assert parts_of(tokens, list(range(7))) == [[0, 1], [2], [3], [4, 5], [6]]
    assert parts_of(tokens, [7, 8, 9]) == [[7, 8, 9]]


def test_special_tokens_are_words_when_asked_for(translator: Translator) -> None:
    ids = [1, *translator.tokenizer.encode("Die Tür"), 2]
    assert [word for word, _ in translator.words(ids)] == ["Die", "Tür"]
    assert [word for word, _ in translator.words(ids, special=True)] == ["<s>", "Die", "Tür", "</s>"]


def test_shouted_and_titled_lines_are_read_in_small_letters(translator: Translator) -> None:
    plain = translator.translate(ENGLISH[:4])
    lines = [ENGLISH[0].upper(), ENGLISH[1].title(), ENGLISH[2].upper() + " " + ENGLISH[3].upper(), ENGLISH[3]]
    assert translator.reader.whole(lines[0]).parts[0].text == ENGLISH[0]
    found = translator.translate(lines)
    assert found == [plain[0].upper(), plain[1], translator.translate(" ".join(ENGLISH[2:4])).upper(), plain[3]]
    best = translator.translations(lines[0])[0][0]
    assert best.ids == translator.translations(ENGLISH[0])[0][0].ids
    assert translator.trace(lines[0]).about["source_tokens"] == translator.trace(ENGLISH[0]).about["source_tokens"]
    heard = dataclasses.replace(translator, card={**translator.card, "plain_case": False})
    assert heard.reader.whole(lines[0]).parts[0].text == lines[0]
    prefixed = translator.translate(lines[0], prefix="DER")
    assert prefixed.startswith("DER")
    assert prefixed != prefixed.upper()


def test_a_model_of_single_sentences_gets_them_one_by_one(translator: Translator) -> None:
    lines = ENGLISH[:3]
    joined, found = " ".join(lines), translator.translate(lines)
    single = dataclasses.replace(translator, card={**translator.card, "longest": 400, "sentences": 1})
    assert single.translate(joined) == " ".join(found)
    whole = dataclasses.replace(translator, card={**translator.card, "longest": 400})
    assert len(whole.reader.read([joined])[0].parts) == 1


# what must come out as it went in, and what people should know


def test_things_come_out_as_they_went_in(translator: Translator, echo: list[int]) -> None:
    lines = [
        "See https://example.org/a?b=c, {name} and %(x)s 👍🏽 at 10:30.",
        "🎉🎉",
        "THE LAMP {name} FLICKERS at www.Example.org.",
        "the lamp. 😀 The baker 😀 sings <b>now</b>.",
        "Привет, the baker 你好 sings.",
    ]
    assert [one.replace("AT", "at") for one in translator.translate(lines)] == lines
    assert not any(best.misplaced for (best,) in translator.translations(lines))
    translator = dataclasses.replace(translator, remark=lambda text: None)
    many = " ".join(f"{{n{number}}}" for number in range(23))
    found = translator.translate(many)
    assert sorted(found.split()) == sorted(many.split())


def test_things_without_a_place_stand_at_the_end_and_are_told(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[str] = []
    translator = Translator.load(folder, device="cpu", remark=said.append)
    ids = translator.tokenizer.encode("Die Lampe.")
    monkeypatch.setattr(
        "glassformer.engines.native.decode",
        lambda _, sources, *more, **named: [[Hypothesis(ids, -1.0, -1.0, True, [])] for _ in sources],
    )
    (best,) = translator.translations("The {name} lamp 😀 flickers.")[0]
    assert (best.text.count("{name}"), best.text.count("😀"), best.misplaced, said) == (1, 1, [], [])
    translator.card["longest"] = 200  # or the line falls into parts, each with signs enough
    many = [f"{{n{number}}}" for number in range(12)]
    (best,) = translator.translations(f"The {' lamp '.join(many)} flickers.")[0]
    assert (best.text.endswith(" {n10} {n11}"), best.misplaced) == (True, many[10:])
    assert all(best.text.count(thing) == 1 for thing in many)
    assert said == ["a translation has lost the place of {n10} {n11}: it stands at the end"]
    unprotected = dataclasses.replace(translator, protect=False)
    assert unprotected.translate("The {name} lamp 😀 flickers.") == "Die Lampe."


def test_emoji_beside_a_sentence_change_nothing_in_it(translator: Translator) -> None:
    plain = translator.translate(ENGLISH[0])
    for before, after in (("", " 😀"), ("🎉 ", ""), ("👍 ", " :tada: 😀!"), ("", "😀")):
        assert translator.translate(f"{before}{ENGLISH[0]}{after.rstrip('!')}") == f"{before}{plain}{after.rstrip('!')}"
    reading = translator.reader.whole("🎉 The 😀 lamp {name} 👍🏽")
    assert reading.parts[0].head == "🎉 "
    assert reading.parts[0].tail == " 👍🏽"
    assert len(reading.parts[0].signs) == 2


def test_a_vocabulary_without_signs_gets_names(translator: Translator, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(translator.tokenizer, "signs", ())
    translator = dataclasses.replace(translator)
    reading = translator.reader.whole("Mail {name} at 10:30")
    assert reading.parts[0].text == f"Mail {NAMES[0]} at {NAMES[1]}"
    assert translator.reader.write(reading, [f"Um {NAMES[1]} {NAMES[0]} schreiben"]).text == "Um 10:30 {name} schreiben"


def test_a_given_translation_is_read_with_the_sources_signs(translator: Translator) -> None:
    trace = translator.trace("The {name} lamp 😀.", "Die Lampe 😀 {name}.")
    assert trace.about["target"] == "Die Lampe 😀 {name}."
    assert {"{name}", "😀"} <= set(trace.about["source_tokens"]) & set(trace.about["target_tokens"])
    assert trace.about["source"] == "The {name} lamp 😀."


def test_no_translation_of_words_is_empty_and_no_two_are_the_same(translator: Translator, folder: Path) -> None:
    for source in ["!", "a", "I.", "The"]:
        for method in (DecodingConfig(method="greedy"), DecodingConfig(beam_size=4, n_best=4)):
            texts = [one.text for one in translator.translations(source, config=method)[0]]
            assert all(text.strip() for text in texts)
            assert len(set(texts)) == len(texts)


def test_an_empty_hypothesis_is_passed_over() -> None:
    def made(text: str) -> Translation:
        return Translation(text, -1.0, -1.0, [], True)

    assert [one.text for one in not_empty([made(" "), made("Ja")], Part([5], "Yes"))] == ["Ja"]
    (as_it_was,) = not_empty([made(""), made(" ")], Part([5], "Yes"))
    assert (as_it_was.text, as_it_was.score, as_it_was.untranslated) == ("Yes", -1.0, True)
    (nothing_to_do,) = not_empty([], Part([], "..."))
    assert (nothing_to_do.text, nothing_to_do.score, nothing_to_do.untranslated) == ("...", 0.0, False)
    a, b = SIGNS[:2]
    part = Part([5], f"See {b}", {b: 0})
    found = [made(a), made(f" {a} {b}"), made(f"{a}{a} Ja")]
    assert [one.text for one in not_empty(found, part)] == [f" {a} {b}", f"{a}{a} Ja"]  # strays are taken out


def test_a_script_that_the_model_does_not_read_is_told_once(folder: Path) -> None:
    said: list[str] = []
    translator = Translator.load(folder, device="cpu", remark=said.append)
    translator.card["languages"] = "en-de"
    translator.translate(["这只动物没过马路，因为它太累了。", "他说你好。", "The lamp flickers."])
    assert len(said) == 1
    assert "Han" in said[0]
    assert "English" in said[0]
    quiet = Translator.load(folder, device="cpu")
    quiet.card["languages"] = "en-de"
    with pytest.warns(TranslationWarning, match="Han"):
        quiet.translate("这只动物没过马路。")


@pytest.mark.usefixtures("unchecked_shapes")  # other tests check them
def test_invisible_characters_change_nothing(translator: Translator) -> None:
    for source in ENGLISH[:4]:
        plain = translator.translations(source)[0][0]
        first, rest = source.split(" ", 1)
        for odd in ("\u00a0", "\t", "\u2009", "\u3000", "\u2028", " \u200b", "\u202f\u200e", "\ufeff "):
            assert translator.translations(f"{first}{odd}{rest}")[0][0].ids == plain.ids


def test_a_translation_knows_which_characters_looked_at_which(translator: Translator) -> None:
    text = f"{ENGLISH[1]}\n{ENGLISH[4]}"
    ((found, *_),) = translator.translations([text], config=DecodingConfig(attention=True))
    assert [text[slice(*one.source[0])] for one in found.aligned] == [
        text.splitlines()[n][: len(text[slice(*one.source[0])])] for n, one in enumerate(found.aligned)
    ]
    for one in found.aligned:
        said = "".join(found.text[start:end] for start, end in one.target)
        assert said in found.text.replace(" ", "")
        assert all(len(row) == len(one.source) and 0 < sum(row) <= 1.001 for row in one.weights)
    assert translator.translations([text])[0][0].aligned == []


def test_both_engines_know_it_of_the_same_tokens(folder: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    config = DecodingConfig(attention=True)
    found = [
        Translator.load(folder, device="cpu", engine=engine).translations([ENGLISH[1]], config=config)[0][0].aligned
        for engine in ("native", "ctranslate2")
    ]
    assert [(one.source, one.target) for one in found[0]] == [(one.source, one.target) for one in found[1]]


def test_the_word_that_looks_the_most_at_a_term() -> None:
    """Unless it looks more at another word: then nothing is known."""
    attention = [[0.7, 0.2, 0.1], [0.2, 0.5, 0.3], [0.1, 0.6, 0.3]]
    target, source = [[0], [1, 2]], [[0], [1], [2]]
    assert word_that_looks(attention, target, source, {0}) == [0]
    assert word_that_looks(attention, target, source, {1}) == [1, 2]
    assert word_that_looks(attention, target, source, {2}) == []
    assert word_that_looks([], [], source, {0}) == []


def test_a_glossary_searches_again_where_a_term_is_missing(translator: Translator) -> None:
    terms = Glossary.of([("clock", "Glocke"), ("soup", "Suppe"), ("rain", "Wolkenbruch in der Nacht und am Tag " * 4)])
    texts = [ENGLISH[1], ENGLISH[5], "The key. It rains."]
    clock, soup, _ = (best[0] for best in translator.translations(texts, glossary=terms))
    assert "Glocke" in clock.text
    assert clock.not_applied == []
    assert soup.text == translator.translate(ENGLISH[5])
    with pytest.warns(TranslationWarning, match="lacks terms of the glossary"):
        ((found, *_),) = Translator.load(translator.name, device="cpu").translations(["rain"], glossary=terms)
    assert found.not_applied
