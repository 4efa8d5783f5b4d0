"""``glassformer look``: a sentence seen whole, as a page in the browser, as a file, or as tables in the terminal."""

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from glassformer.cli.lasting import lasting
from glassformer.cli.look_words import TITLES, Attention, looked_at, only_word, side_words
from glassformer.cli.terminal import Terminal, has_display, make_console, say
from glassformer.errors import ConfigError, torch_is_there

if TYPE_CHECKING:
    from rich.text import Text

    from glassformer.page.service import Services
    from glassformer.page.wire import Ask
    from glassformer.trace import Trace
    from glassformer.translator import Translator
    from glassformer.what_if import Turn

ARTICLE = "The animal didn't cross the street because it was too tired"

EPILOG = """[bold]Examples[/]

glassformer look "The animal didn't cross the street because it was too tired."

glassformer look "The animal didn't cross the street because it was too wide." --save wide.html   # a file that translates

glassformer look "The animal didn't cross the street because it was too tired." --turn encoder.layers.5.self_attention:3:it:street

glassformer look "The animal didn't cross the street because it was too tired." --figure it.svg --token it --layer 3
glassformer look "The animal didn't cross the street because it was too tired." --figure decoding.gif --layout slide

glassformer look "I see a house." --terminal --attention cross --token Haus --heads-off decoder.layers.0.cross_attention:3
"""


def look(
    text: Annotated[str, typer.Argument(help="A sentence, in quotes.", show_default="the article's")] = ARTICLE,
    model: Annotated[str, typer.Option(help="A shipped model's name, or the folder of a model or a run. Without it the page offers all shipped models; in 中文 it begins with en-zh.", show_default="en-de")] = "",
    target: Annotated[str | None, typer.Option(help="A translation to read instead of the model's own.")] = None,
    heads_off: Annotated[list[str] | None, typer.Option(metavar="ATTENTION:HEAD", help="Switch heads off, such as encoder.layers.5.self_attention:3. Can be repeated.")] = None,
    turn: Annotated[list[str] | None, typer.Option(metavar="ATTENTION:HEAD:QUERY:KEY", help="Turn a head: let a word look at one word alone, such as encoder.layers.5.self_attention:3:it:street. A word that occurs several times is named by the number of its token, which --terminal shows. Can be repeated.")] = None,
    save: Annotated[Path | None, typer.Option(help="Write a file instead: x.html is the page, which needs no server and no network; x.safetensors is every number. An older one is replaced, another file is not.")] = None,
    with_model: Annotated[bool | None, typer.Option("--with-model/--numbers-only", help="With --save x.html: put the model in, so that the file translates, or only this sentence's numbers.", show_default="the model up to 25 MB")] = None,
    int8: Annotated[bool, typer.Option("--int8", help="With --save x.html: the model's weights rounded to 8 bits, a third smaller. The page says how far they are off.")] = False,
    port: Annotated[int, typer.Option(min=0, max=65535, help="Where the page is served on this machine.", show_default="a free one")] = 0,
    browser: Annotated[bool, typer.Option("--browser/--no-browser", help="Open the page in the browser.")] = True,
    terminal: Annotated[bool, typer.Option("--terminal", help="Show what a word attends to here, in tables; so do the four options below.")] = False,
    token: Annotated[str, typer.Option(help="The word that looks, or the number of a token.", show_default="it, or else the last word")] = "",
    layer: Annotated[int | None, typer.Option(help="The layer whose heads are shown one by one, from 0.", show_default="the last")] = None,
    attention: Annotated[Attention | None, typer.Option(help="encoder and decoder: each to itself. cross: decoder to encoder.", show_default="encoder")] = None,
    top: Annotated[int | None, typer.Option(min=1, help="Keys shown for each head of that layer.", show_default="3")] = None,
    figure: Annotated[Path | None, typer.Option(help="Write a picture instead, x.svg: what the word of --token looks at, in the layer and the attention of the options above; or x.gif: the decoding, a word a second. It needs no browser; every other view can be taken away from the page.")] = None,
    view: Annotated[Literal["attention", "heads"], typer.Option(help="The figure's content: one layer's heads as arcs, or every layer and head.")] = "attention",
    layout: Annotated[Literal["slide", "paper"], typer.Option(help="The figure's size: slide is 1600 × 900, paper is as high as its words.")] = "paper",
    device: Annotated[str, typer.Option(help="cpu or cuda.", show_default="cuda where there is one")] = "",
) -> None:  # fmt: skip
    """Translate a sentence and see every number of every step: a page opens in the browser.

    The query is the word that looks; a key is a word that is looked at. A run that is still training shows its newest
    checkpoint.
    """
    if not text.strip():
        raise ConfigError("an empty sentence: wanted at least one word, so that one can look at another")
    from glassformer.cli.look_files import check_figure, check_save, save_figure, save_look

    check_save(save, with_model=with_model, int8=int8)
    check_figure(figure)
    off = [parse_head(one) for one in heads_off or []]
    turns = [parse_turn(one) for one in turn or []]
    tables = bool(token) or layer is not None or attention is not None or top is not None
    terminal = terminal or (tables and figure is None)
    from glassformer.page.wire import Ask
    from glassformer.translator.shipped import DEFAULT_MODEL, shipped_models

    others = [] if model else [name for name in shipped_models() if name != DEFAULT_MODEL]
    if not torch_is_there():
        from glassformer.cli.look_alone import check_alone, save_alone, serve_alone

        ask, name = Ask(text, target, off), model or DEFAULT_MODEL
        check_alone(
            ask,
            save,
            model=name,
            numbers_only=with_model is False,
            python=terminal or bool(turns) or figure is not None,
        )
        if save is not None:
            save_alone(ask, save, model=name, with_model=with_model, int8=int8)
        else:
            serve_alone(ask, [name, *others], port=port, browser=browser)
        return
    if not terminal and save is None and figure is None and not page_is_built():
        terminal = True
    with lasting():
        from glassformer.page.service import Services, load_service

    service = load_service(model or DEFAULT_MODEL, device)
    found = find_turns(service.translator, text, target, off, turns)
    ask = Ask(text, target, off, turned=[one for _, made in found for one in made])
    if terminal:
        show_tables(
            service.translator,
            ask,
            [said for said, _ in found],
            attention or "encoder",
            token=token,
            layer=layer,
            top=top or 3,
        )
    if figure is not None:
        save_figure(service, ask, figure, view, attention or "encoder", token=token, layer=layer, layout=layout)
    if save is not None:
        save_look(service, ask, save, with_model=with_model, int8=int8)
    elif not terminal and figure is None:
        services = Services(service, {name: partial(load_service, name, device) for name in others})
        serve_page(services, ask, port=port, browser=browser)


def page_is_built() -> bool:
    """Says it on standard error if not."""
    from glassformer.page.built import HOW, built_page

    if built_page():
        return True
    Terminal(stderr=True).print(
        f"{HOW} Here is the view for the terminal.", style="yellow", markup=False, highlight=False
    )
    return False


def show_tables(
    translator: "Translator",
    ask: "Ask",
    turns: list[str],
    attention: Attention,
    *,
    token: str,
    layer: int | None,
    top: int,
) -> None:
    from glassformer.page.look import changed_trace

    whole = translator.translate(ask.text) if (ask.heads_off or ask.turned) and ask.target is None else ""
    trace = changed_trace(translator, ask)
    console = make_console()
    changes = {"heads off": [f"{name}:{head}" for name, head in ask.heads_off], "turned": turns}
    print_sentences(console, trace, whole, changes)
    print_attention(console, translator, trace, attention, token=token, layer=layer, top=top)


def serve_page(services: "Services", ask: "Ask", *, port: int, browser: bool) -> None:
    """Until Ctrl-C. Raises ConfigError for a port that is taken, and for a sentence that is too long to be live."""
    import contextlib
    import webbrowser

    from glassformer.http.listening import listen
    from glassformer.page.facts import LONGEST
    from glassformer.page.look import changed, check_length
    from glassformer.page.serve import serve

    service = services.first
    check_length(service.translator, ask, LONGEST)
    with changed(service.translator, ask):
        pass  # raises for a head that is not there
    console = make_console()

    def ready(address: str) -> None:
        say(console, f"The page is at {address} and only this machine can see it. Ctrl-C ends it.", whole=True)
        if browser and has_display():
            webbrowser.open(address)

    with contextlib.suppress(KeyboardInterrupt):
        service.start = ask
        serve(services, listen(port), ready)


def parse_head(text: str) -> tuple[str, int]:
    """``encoder.layers.5.self_attention:3``. Raises ConfigError for anything else."""
    name, _, number = text.rpartition(":")
    if not name or not number.isdecimal():
        raise ConfigError(f"--heads-off {text}: wanted an attention and a head, encoder.layers.5.self_attention:3")
    return name, int(number)


def parse_turn(text: str) -> tuple[str, int, str, str]:
    """``encoder.layers.5.self_attention:3:it:street``. Raises ConfigError for anything else."""
    parts = text.split(":", 3)
    if len(parts) < 4 or not all(parts) or not parts[1].isdecimal():
        raise ConfigError(
            f"--turn {text}: wanted ATTENTION:HEAD:QUERY:KEY, such as encoder.layers.5.self_attention:3:it:street"
        )
    return parts[0], int(parts[1]), parts[2], parts[3]


def find_turns(
    translator: "Translator",
    text: str,
    target: str | None,
    off: list[tuple[str, int]],
    turns: list[tuple[str, int, str, str]],
) -> list[tuple[str, list["Turn"]]]:
    """Each of ``turns`` in words, and with the positions that the words have; those of the translation as it is before
    anything is turned.

    Raises ConfigError for a word that is not there or that is there several times, WhatIfError for a head that is not."""
    from glassformer.what_if import find_attention, heads_off

    if not turns:
        return []
    for name, head, _, _ in turns:
        find_attention(translator.model, name, [head])
    with heads_off(translator.model, off):
        source_ids, target_ids = translator.ids_of(text, target, None)
    special = translator.tokenizer
    source = side_words(translator, text, translator.model.config.source(source_ids))
    said = side_words(translator, text, [special.bos_id, *target_ids], target=True)
    found = []
    for name, head, query, key in turns:
        looking, looked_at = source if name.startswith("encoder") else said, said if is_own(name) else source
        option = f"--turn {name}:{head}:{query}:{key}"
        looks, places = looking[only_word(looking, query, option)]
        seen, keys = looked_at[only_word(looked_at, key, option)]
        made = [(name, head, place, keys) for place in places]
        found.append((f"{name}:{head} {places[0]} {looks} → {keys[0]} {seen}", made))
    return found


def is_own(attention: str) -> bool:
    """Whether the decoder looks at its own words there."""
    return attention.startswith("decoder") and attention.endswith("self_attention")


def print_sentences(console: Terminal, trace: "Trace", whole: str, changes: dict[str, list[str]]) -> None:
    """Source and translation, what was changed in the model, and both sides' tokens with their numbers."""
    from rich.table import Table
    from rich.text import Text

    width = console.width - len("source tokens ")
    rows = [("source", Text(trace.about["source"]))]
    if whole:
        rows.append(("as it is", Text(whole)))
    rows += [(what, Text(", ".join(names), style="yellow")) for what, names in changes.items() if names]
    rows += [
        ("target", Text(trace.about["target"], style="bold")),
        ("source tokens", numbered(trace.about["source_tokens"], width)),
        ("target tokens", numbered(trace.about["target_tokens"], width)),
    ]
    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_column(style="dim", no_wrap=True)
    table.add_column()
    for row in rows:
        table.add_row(*row)
    console.print(table)


def numbered(tokens: list[str], width: int) -> "Text":
    """``0 ▁The  1 ▁animal`` in lines of ``width`` columns: a number and its token stay together."""
    from rich.text import Text

    lines = [Text()]
    for number, token in enumerate(tokens):
        item = Text.assemble((f"{number} ", "dim"), token)
        if lines[-1] and lines[-1].cell_len + 2 + item.cell_len > width:
            lines.append(Text())
        lines[-1].append_text(Text("  ") if lines[-1] else Text()).append_text(item)
    return Text("\n").join(lines)


def print_attention(
    console: Terminal,
    translator: "Translator",
    trace: "Trace",
    attention: Attention,
    *,
    token: str,
    layer: int | None,
    top: int,
) -> None:
    """The query's strongest key in each layer and head, and its strongest keys in the heads of one layer."""
    from glassformer.cli.attention_tables import heads_table, layers_tables

    layer, (name, places), keys, weights = looked_at(translator, trace, attention, token=token, layer=layer)
    words = [word for word, _ in keys]
    which = f"token {places[0]}" if len(places) == 1 else f"tokens {places[0]}–{places[-1]}"
    console.print()
    say(console, f"{TITLES[attention]}: “{name}” ({which}) looks.", "bold")
    say(console, "It is the query; each cell shows the key it looks at most, with its weight.")
    for table in layers_tables(words, weights.tolist(), layer, console.width):
        console.print(table)
    say(console, "Pieces are merged into words: a query's are averaged, a key's are summed.", "dim")
    if attention != "encoder":
        say(console, "The decoder has read up to the query here, and chooses the word after it.", "dim")
    console.print()
    strongest = "key" if top == 1 else f"{top} keys"
    say(console, f"Layer {layer}: the {strongest} that each head looks at most, and the rest.", "bold")
    console.print(heads_table(words, weights[layer].tolist(), top, console.width))
