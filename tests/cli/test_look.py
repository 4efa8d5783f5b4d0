"""``glassformer look``: what a word looks at, in any terminal."""

import importlib
import re
import socket
import webbrowser
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from rich.cells import cell_len
from rich.console import Console

from glassformer.cli.attention_tables import bar, fitted, heads_table, layers_tables
from glassformer.cli.look_words import sides
from glassformer.errors import ConfigError, WhatIfError
from glassformer.page.unpack import unpack_page
from glassformer.trace import Trace
from glassformer.translator import Translator, merge_words

Run = Callable[..., Any]
find_word = importlib.import_module("glassformer.cli.look_words").find_word
SENTENCE = "The train stopped because it was snowing."


def shown(what: Any, width: int) -> list[str]:
    console = Console(width=width)
    with console.capture() as capture:
        console.print(what)
    return capture.get().splitlines()


def test_help_has_an_example(run: Run) -> None:
    assert 'glassformer look "The animal' in run("look", "--help").output


def test_the_word_it_looks_by_default(run: Run) -> None:
    text = run("look", SENTENCE, "--terminal").stdout
    assert "Der Zug hielt, weil es schneite." in text
    assert "Encoder self-attention: “it”" in text
    assert "▸layer 1" in text
    assert "Layer 1: the 3 keys" in text
    assert max(map(cell_len, text.splitlines())) <= 100


@pytest.mark.parametrize("width", [40, 80, 120])
@pytest.mark.parametrize("attention", ["encoder", "decoder", "cross"])
def test_it_fits_the_terminal(run: Run, monkeypatch: pytest.MonkeyPatch, width: int, attention: str) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    lines = run("look", SENTENCE, "--attention", attention, "--target", "Der Zug hielt.").stdout.splitlines()
    assert max(map(cell_len, lines)) <= width
    assert any("head 1" in line for line in lines)


def test_the_figures_are_the_models(run: Run, models: Path, tmp_path: Path) -> None:
    path = tmp_path / "t.safetensors"
    text = run("look", SENTENCE, "--layer", "0", "--top", "1", "--save", str(path)).stdout
    translator, trace = Translator.load(models / "en-de"), Trace.load(path)
    assert trace.about["source"] == SENTENCE
    words = translator.words(trace.about["source_ids"], special=True)
    names, places = [name for name, _ in words], [places for _, places in words]
    it = places[names.index("it")]
    for head, line in enumerate(line for line in text.splitlines() if "rest" in line and line.startswith("head")):
        row = merge_words(trace["encoder.layers.0.self_attention.weights"][head], [it], places)[0]
        assert float(row.sum()) == pytest.approx(1)
        assert line.split()[2] == names[int(row.argmax())]
        assert line.split()[-3] == f"{100 * float(row.max()):.0f}%"
    assert head == 1
    assert f"{len(trace)} windows saved" in text


IT_TO_TRAIN = "encoder.layers.1.self_attention:0:it:train"


def test_a_head_that_is_turned_is_told_and_looks_there(run: Run, models: Path, tmp_path: Path) -> None:
    path = tmp_path / "t.safetensors"
    text = run(
        "look", SENTENCE, "--turn", IT_TO_TRAIN, "--turn", "decoder.layers.0.cross_attention:1:<s>:the", "--top", "1",
        "--save", str(path),
    ).stdout  # fmt: skip
    trace, translator = Trace.load(path), Translator.load(models / "en-de")
    places = dict(translator.words(trace.about["source_ids"], special=True))
    row = trace["encoder.layers.1.self_attention.weights"][0, places["it"][0]]
    assert float(row[places["train"]].sum()) == pytest.approx(1)
    assert f"encoder.layers.1.self_attention:0 {places['it'][0]} it → {places['train'][0]} train" in text
    (first,) = [line for line in text.splitlines() if line.startswith("head 0") and "rest" in line]
    assert first.split()[2] == "train"
    assert "100%" in first
    row = trace["decoder.layers.0.cross_attention.weights"][1, 0]
    assert float(row[places["The"]].sum()) == pytest.approx(1)  # “the” is “The”, which is there once
    page = tmp_path / "t.html"
    run("look", SENTENCE, "--turn", IT_TO_TRAIN, "--save", str(page))
    assert unpack_page(page).header.turned == [
        ("encoder.layers.1.self_attention", 0, place, places["train"]) for place in places["it"]
    ]


@pytest.mark.parametrize(
    ("turn", "said"),
    [
        ("it:train", "wanted ATTENTION:HEAD:QUERY:KEY, such as encoder.layers.5.self_attention:3:it:street"),
        ("encoder.layers.1.self_attention:x:it:train", "wanted ATTENTION:HEAD:QUERY:KEY"),
        ("encoder.layers.1.self_attention:1:it:cat", "no word 'cat' here; there are 0 "),
        ("encoder.layers.1.self_attention:1:it:a", "'a' occurs 2 times; name one by its token's number: 0 a, "),
        ("encoder.layers.9.self_attention:1:it:train", "no attention 'encoder.layers.9.self_attention'"),
        ("encoder.layers.1.self_attention:7:it:train", "no head 7"),
        ("decoder.layers.0.self_attention:0:<s>:Zug", "sees no later one"),
    ],
)
def test_a_turn_that_cannot_be_is_one_line(run: Run, turn: str, said: str) -> None:
    text = "a train and a horse because it was red"
    with pytest.raises((ConfigError, WhatIfError), match=re.escape(said)):
        run("look", text, "--target", "Der Zug", "--terminal", "--turn", turn)


def test_a_word_is_named_once_or_by_its_number() -> None:
    only_word = importlib.import_module("glassformer.cli.look").only_word
    words = [("The", [0]), ("3", [1]), ("cats", [2, 3]), ("the", [4]), ("Dog", [5]), ("dog", [6]), (".", [7])]
    assert [only_word(words, token, "--turn") for token in ("The", "the", "CATS", "3", "2", ".")] == [0, 3, 2, 1, 2, 6]
    with pytest.raises(ConfigError, match="'DOG' occurs 2 times; name one by its token's number: 5 Dog, 6 dog"):
        only_word(words, "DOG", "--turn")
    with pytest.raises(ConfigError, match="no word '8' here"):
        only_word(words, "8", "--turn")


def test_a_head_that_is_off_changes_the_numbers_and_is_told(run: Run) -> None:
    off = "decoder.layers.0.cross_attention:0"
    text = run(
        "look", SENTENCE, "--heads-off", off, "--heads-off", "decoder.layers.1.cross_attention:1", "--terminal"
    ).stdout
    assert off in text
    assert "as it is" in text
    target = next(line for line in text.splitlines() if line.startswith("target "))
    assert "Der Zug hielt, weil es schneite." not in target


def test_markup_in_a_sentence_is_only_text(run: Run) -> None:
    assert "[bold]lamp[/bold]" in run("look", "The [bold]lamp[/bold] flickers.", "--token", "[bold]lamp[/bold]").stdout


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ((" ",), ConfigError, "an empty sentence"),
        ((SENTENCE, "--save", "x.txt"), ConfigError, "wanted a name ending with .html"),
        ((SENTENCE, "--int8"), ConfigError, "are for a page: give --save x.html as well"),
        ((SENTENCE, "--save", "x.safetensors", "--with-model"), ConfigError, "are for a page"),
        ((SENTENCE, "--save", "x.html", "--int8", "--numbers-only"), ConfigError, "without a model nothing is rounded"),
        ((SENTENCE, "--token", "owl"), ConfigError, "no such word here; there are 0 The"),
        ((SENTENCE, "--layer", "2"), ConfigError, "the layers are 0 … 1"),
        ((SENTENCE, "--heads-off", "encoder"), ConfigError, "wanted an attention and a head"),
        ((SENTENCE, "--heads-off", "encoder.layers.0.self_attention:5"), WhatIfError, "no head 5"),
        ((SENTENCE, "--heads-off", "encoder.layers.9.self_attention:0"), WhatIfError, "no attention"),
    ],
)
def test_what_is_not_there_is_told(run: Run, arguments: tuple[str, ...], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        run("look", *arguments)


def test_a_word_is_found_by_its_text_its_token_or_nearly() -> None:
    words = [("The", [0]), ("Cat", [1, 2]), ("3", [3]), ("it.", [4, 5]), ("</s>", [6])]
    assert find_word(words, "") == 3
    assert find_word(words, "Cat") == 1
    assert find_word(words, "cat") == find_word(words, "cat.") == 1
    assert find_word(words, "2") == 1
    assert find_word(words, "3") == 2
    assert find_word(words, "6") == 4
    assert find_word([("</s>", [0])], "") == 0


def test_a_link_is_a_word_of_its_own(run: Run, models: Path, tmp_path: Path) -> None:
    text, link = "The link is http://a.b/c now.", "http://a.b/c"
    path = tmp_path / "it.svg"
    assert f"“{link}”" in run("look", text, "--token", link, "--terminal").stdout
    run("look", text, "--token", link, "--figure", str(path))
    assert link in [
        one.text for one in ElementTree.fromstring(path.read_bytes()).iter("{http://www.w3.org/2000/svg}text")
    ]
    translator = Translator.load(models / "en-de")
    assert all(word.strip() for side in sides(translator, translator.trace(text), "cross") for word, _ in side)
    assert link in translator.align(text, f"Hier {link}.").source_words
    with pytest.raises(ConfigError, match="no heads"):
        translator.align(text, heads=[])


def test_a_targets_own_vocabulary_spells_its_words(models: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The source's would spell other ones."""
    translator = Translator.load(models / "en-de")
    trace, asked = translator.trace(SENTENCE), []

    def spelt(of: Translator, ids: list[int], *, special: bool, target: bool = False) -> list[Any]:
        asked.append((ids, target))
        return []

    monkeypatch.setattr(Translator, "words", spelt)
    sides(translator, trace, "cross")
    assert asked == [(trace.about["source_ids"], False), (trace.about["target_ids"], True)]


# the page


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What was served, instead of serving it, and the addresses that the browser was given."""
    seen: list[Any] = []

    def serve(services: Any, listener: socket.socket, ready: Callable[[str], None]) -> None:
        seen.append(services.first.model())
        ready(f"http://127.0.0.1:{listener.getsockname()[1]}/")
        listener.close()
        raise KeyboardInterrupt

    monkeypatch.setattr("glassformer.page.serve.serve", serve)
    monkeypatch.setattr(webbrowser, "open", seen.append)
    monkeypatch.setenv("DISPLAY", ":0")
    return seen


@pytest.mark.usefixtures("page")
def test_the_page_opens(run: Run, opened: list[Any]) -> None:
    result = run("look", SENTENCE, "--target", "Der Zug.", "--heads-off", "decoder.layers.1.cross_attention:1")
    start, address = opened
    assert (start.text, start.target) == (SENTENCE, "Der Zug.")
    assert start.heads_off == [("decoder.layers.1.cross_attention", 1)]
    assert f"The page is at {address}" in result.stdout
    assert result.exit_code == 0
    assert "layer 1" not in result.stdout


@pytest.mark.usefixtures("page")
def test_the_page_opens_with_the_articles_sentence(run: Run, opened: list[Any]) -> None:
    run("look", "--no-browser")
    (start,) = opened
    assert start.text == "The animal didn't cross the street because it was too tired"


@pytest.mark.usefixtures("page")
def test_without_a_display_no_browser_is_opened(run: Run, opened: list[Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DISPLAY")
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    monkeypatch.setattr("sys.platform", "linux")
    run("look", SENTENCE)
    assert len(opened) == 1


@pytest.mark.usefixtures("page")
def test_what_the_page_cannot_show_is_told_before_it_opens(run: Run, opened: list[Any]) -> None:
    with pytest.raises(ConfigError, match="wanted at most 256"):
        run("look", "owl " * 300)
    with pytest.raises(WhatIfError, match="no head 5"):
        run("look", SENTENCE, "--heads-off", "decoder.layers.1.cross_attention:5")
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(ConfigError, match=f"port {port} of 127.0.0.1 cannot be used"):
            run("look", SENTENCE, "--port", str(port))
    assert not opened


@pytest.mark.usefixtures("page")
def test_the_page_is_saved(run: Run, opened: list[Any], tmp_path: Path) -> None:
    path = tmp_path / "x.html"
    text = run("look", SENTENCE, "--save", str(path), "--heads-off", "decoder.layers.1.cross_attention:1").stdout
    assert f"the page is saved in {path}" in " ".join(text.split())
    header = unpack_page(path).header
    assert header.source.text == SENTENCE
    assert header.heads_off[0].head == 1
    assert not opened


@pytest.mark.usefixtures("page")
def test_the_model_goes_into_the_page_where_it_has_room(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "x.html"

    def said(*options: str) -> str:
        return " ".join(run("look", SENTENCE, "--save", str(path), *options).stdout.split())

    assert "the model takes about 0 MB of the file; --numbers-only leaves it out" in said()
    assert 'id="model"' in path.read_text("utf-8")
    assert unpack_page(path).header.model.rounded == 0
    assert "so it translates without a network" in said("--int8")
    assert unpack_page(path).header.model.rounded > 0
    assert "this sentence's numbers only" in said("--numbers-only")
    with monkeypatch.context() as patched:
        patched.setattr("glassformer.page.model.SPELLING", "a  b")  # a tokenizer of somebody else
        assert "the model stays out: this model's tokenizer" in said()
        with pytest.raises(ConfigError, match="--numbers-only"):
            run("look", SENTENCE, "--save", str(path), "--with-model")
    assert 'id="model"' not in path.read_text("utf-8")
    monkeypatch.setattr("glassformer.page.model.LARGEST", 1000)
    text = said()
    assert "and stays out: --with-model puts it in, --int8 makes it 0" in text
    assert "this sentence's numbers only" in text
    assert "so it translates without a network" in said("--with-model")


def test_without_a_built_page_it_says_so_and_shows_the_tables(
    run: Run, opened: list[Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("glassformer.page.built.built_folder", lambda: tmp_path / "nowhere")
    result = run("look", SENTENCE)
    assert "make web" in result.stderr
    assert "Encoder self-attention: “it”" in result.stdout
    assert not opened
    with pytest.raises(ConfigError, match="make web"):
        run("look", SENTENCE, "--save", str(tmp_path / "x.html"))


# drawing


def test_many_heads_are_put_in_several_tables() -> None:
    words, weights = ["one", "two"], [[[0.75, 0.25]] * 16] * 3
    tables = layers_tables(words, weights, 2, 80)
    assert len(tables) == 2
    lines = [line for table in tables for line in shown(table, 80)]
    assert max(map(cell_len, lines)) <= 80
    assert sum("▸layer 2" in line for line in lines) == 2
    assert sum(line.count("75%") for line in lines) == 3 * 16


def test_one_line_a_cell_where_there_is_room_and_two_where_not() -> None:
    words, weights = ["animal", "</s>"], [[[0.9, 0.1]] * 8]
    assert len(shown(layers_tables(words, weights, 0, 160)[0], 160)) == 2
    assert len(shown(layers_tables(words, weights, 0, 80)[0], 80)) == 3


def test_top_keys_and_the_rest_make_the_whole() -> None:
    lines = shown(heads_table(["a", "b", "c", "d"], [[0.5, 0.1, 0.3, 0.1]], 2, 80), 80)
    assert [lines[0].index(text) for text in ("head 0", "a ", "50%", "c ", "30%", "rest 20%")] == sorted(
        lines[0].index(text) for text in ("head 0", "a ", "50%", "c ", "30%", "rest 20%")
    )
    assert len(shown(heads_table(["a", "b", "c", "d"], [[0.5, 0.1, 0.3, 0.1]], 4, 60), 60)) > 1


def test_a_bar_is_as_long_as_its_weight() -> None:
    assert bar("it", 1.0, 2, 8).plain == "it ████████ 100%"
    assert bar("it", 0.5, 2, 8).plain == "it ████      50%"
    assert bar("it", 0.0, 2, 8).plain == "it            0%"


@pytest.mark.parametrize("word", ["it", "Donaudampfschiff", "猫猫猫猫猫", "é́"])
def test_a_word_is_fitted_in_terminal_columns(word: str) -> None:
    assert cell_len(fitted(word, 6)) == 6


@pytest.mark.parametrize("name", ["thesis.html", "weights.safetensors"])
def test_other_peoples_files_are_not_replaced_and_ours_are(run: Run, name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_bytes(b"mine")
    with pytest.raises(ConfigError, match=r"is there already and is no .* of glassformer: name another file"):
        run("look", SENTENCE, "--save", str(path))
    assert path.read_bytes() == b"mine"
    path = tmp_path / "trace.safetensors"
    for text in (SENTENCE, "The old clock is slow."):
        run("look", text, "--save", str(path))
        assert Trace.load(path).about["source"] == text
    assert sorted(one.name for one in tmp_path.iterdir()) == sorted([name, path.name])


def test_a_path_and_a_note_are_a_line_in_a_narrow_terminal(
    run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from glassformer.cli.terminal import Terminal

    monkeypatch.setenv("COLUMNS", "40")
    path = tmp_path / "a folder with a long name" / "and another one" / "trace.safetensors"
    path.parent.mkdir(parents=True)
    assert f"windows saved in {path}\n" in run("look", SENTENCE, "--save", str(path)).stdout
    Terminal(stderr=True).print("a note of many words " * 9)
    assert capsys.readouterr().err.count("\n") == 1


@pytest.mark.parametrize("layout", ["slide", "paper"])
@pytest.mark.parametrize("view", ["attention", "heads"])
def test_a_figure_without_a_browser(run: Run, models: Path, tmp_path: Path, view: str, layout: str) -> None:
    path = tmp_path / "it.svg"
    words = ["--figure", str(path), "--view", view, "--layout", layout, "--token", "it", "--layer", "0"]
    said = run("look", SENTENCE, *words).stdout
    assert "the figure is saved in" in said
    assert "Encoder self-attention: “it”" not in said  # no tables beside it
    root = ElementTree.fromstring(path.read_text(encoding="utf-8"))
    assert root.get("width") == {"slide": "1600", "paper": "960"}[layout]
    texts = [one.text for one in root.iter("{http://www.w3.org/2000/svg}text")]
    assert SENTENCE in str(texts[-1])
    translator = Translator.load(models / "en-de")
    trace = translator.trace(SENTENCE)
    places = translator.words(trace.about["source_ids"], special=True)
    query = next(n for n, (word, _) in enumerate(places) if word == "it")
    weights = trace["encoder.layers.0.self_attention.weights"]
    share = float(merge_words(weights, [places[query][1]], [at for _, at in places])[:, 0, query].mean())
    if view == "attention":
        assert f"{100 * share:.0f} %" in texts
    run("look", SENTENCE, *words)  # its own file is replaced


def test_a_decoding_as_a_gif(run: Run, models: Path, tmp_path: Path) -> None:
    image = pytest.importorskip("PIL.Image", reason="Pillow is not installed")
    path = tmp_path / "decoding.gif"
    for _ in range(2):  # its own file is replaced
        assert "the decoding is saved in" in run("look", SENTENCE, "--figure", str(path)).stdout
    translator = Translator.load(models / "en-de")
    steps = len(translator.trace(SENTENCE).about["target_ids"])
    with image.open(path) as picture:
        assert (picture.n_frames, picture.size, picture.info["loop"]) == (steps, (960, 540), 0)
        first = picture.convert("RGB").tobytes()
        picture.seek(steps - 1)
        assert picture.convert("RGB").tobytes() != first
        assert picture.info["duration"] > 1000  # the whole sentence stands for a while


def test_a_letter_that_no_font_has_is_told() -> None:
    pytest.importorskip("PIL", reason="Pillow is not installed")
    from glassformer.page.moving import font_for

    with pytest.raises(ConfigError, match="no font here has \U0010fffd with the rest"):
        font_for("a\U0010fffd", 12)


def test_a_figure_replaces_nothing_of_somebody_else_s(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "mine.svg"
    path.write_text("<svg/>")
    with pytest.raises(ConfigError, match="is there already and is no figure of glassformer"):
        run("look", SENTENCE, "--figure", str(path))
    with pytest.raises(ConfigError, match="wanted a name ending with"):
        run("look", SENTENCE, "--figure", str(tmp_path / "x.png"))
