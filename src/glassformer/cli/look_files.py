"""The files that ``look --save`` writes: the page, with the model in it or with numbers only, or the trace."""

from pathlib import Path
from typing import TYPE_CHECKING

from glassformer.cli.look_words import TITLES, Attention, looked_at, side_words, sides
from glassformer.cli.terminal import make_console, say
from glassformer.errors import ConfigError

if TYPE_CHECKING:
    from glassformer.page.service import Service
    from glassformer.page.wire import Ask
    from glassformer.translator import Translator


def check_save(path: Path | None, *, with_model: bool | None, int8: bool) -> None:
    """Raises ConfigError for options that do not go together, and where ``path`` is a file that ``look`` has not written."""
    if path is not None and path.suffix not in (".html", ".safetensors"):
        raise ConfigError(f"--save {path}: wanted a name ending with .html (the page) or .safetensors (the numbers)")
    if int8 and with_model is False:
        raise ConfigError("--int8 --numbers-only: without a model nothing is rounded, so give one of the two")
    if (int8 or with_model is not None) and (path is None or path.suffix != ".html"):
        raise ConfigError("--int8, --with-model and --numbers-only are for a page: give --save x.html as well")
    if path is None:
        return
    from glassformer.disk import check_replaceable
    from glassformer.page.export import SHELF, SIGN

    if path.suffix == ".html":
        check_replaceable(path, SIGN.encode(), "saved page of glassformer", SHELF.encode())
        return
    from glassformer.trace import FORMAT

    check_replaceable(path, FORMAT.encode(), "trace of glassformer")


def save_html(service: "Service", ask: "Ask", path: Path, *, inside: bool, int8: bool) -> None:
    """The page, with the model ``inside`` or with this sentence's numbers only. Says how large it is."""
    from glassformer.page.export import save_page
    from glassformer.page.look import ALONE, SAVED, look
    from glassformer.page.model import model_body, rounded

    console = make_console()
    with console.status("writing the page"):
        translator = rounded(service.translator) if inside and int8 else service.translator
        seen = look(translator, ask, checkpoint=service.checkpoint, budget=ALONE if inside else SAVED)
        save_page(seen, path, model_body(translator, checkpoint=service.checkpoint) if inside else b"")
    what = "with the model, so it translates without a network" if inside else "this sentence's numbers only"
    size = path.stat().st_size / 1e6
    say(console, f"the page is saved in {path}: {size:.1f} MB, {what}; open it in any browser", "dim", whole=True)


def has_room(translator: "Translator", *, with_model: bool | None, int8: bool) -> bool:
    """Whether the model goes into the file. Says how large it makes it, or why it stays out."""
    from glassformer.page.model import LARGEST, check_computable, model_size

    if with_model is False:
        return False
    console = make_console()
    try:
        check_computable(translator)
    except ConfigError as error:
        if with_model:
            raise
        say(console, f"the model stays out: {error}", "yellow")
        return False
    size = model_size(translator, int8)
    if with_model is True or size <= LARGEST:
        say(console, f"the model takes about {size / 1e6:.0f} MB of the file; --numbers-only leaves it out", "dim")
        return True
    smaller = "" if int8 else f", --int8 makes it {model_size(translator, True) / 1e6:.0f}"
    large = f"the model would take {size / 1e6:.0f} MB, over {LARGEST / 1e6:.0f}, and stays out"
    say(console, f"{large}: --with-model puts it in{smaller}", "yellow")
    return False


def save_look(service: "Service", ask: "Ask", path: Path, *, with_model: bool | None, int8: bool) -> None:
    """The page, or the trace, by the name's ending."""
    if path.suffix == ".html":
        inside = has_room(service.translator, with_model=with_model, int8=int8)
        save_html(service, ask, path, inside=inside, int8=int8)
        return
    from glassformer.page.look import changed_trace

    translator, console = service.translator, make_console()
    trace = changed_trace(translator, ask)
    trace.save(path)
    say(console, f"{len(trace)} windows saved in {path}", "dim", whole=True)


def check_figure(path: Path | None) -> None:
    """Raises ConfigError for another ending, and where ``path`` is a file that ``look`` has not written."""
    if path is None:
        return
    if path.suffix not in (".svg", ".gif"):
        raise ConfigError(
            f"--figure {path}: wanted a name ending with .svg, or with .gif (the decoding, a word a second); the page itself "
            "gives PNG as well"
        )
    from glassformer.disk import check_replaceable
    from glassformer.page.figure import SIGN
    from glassformer.page.moving import SIGN as MOVING

    check_replaceable(path, SIGN.encode(), "figure of glassformer", MOVING)


def save_figure(
    service: "Service",
    ask: "Ask",
    path: Path,
    view: str,
    attention: Attention,
    *,
    token: str,
    layer: int | None,
    layout: str,
) -> None:
    """A picture of where a word looks: in one layer's heads, or in all; or the decoding, moving. Says what it shows."""
    if path.suffix == ".gif":
        save_decoding(service, ask, path, layout)
        return
    from glassformer.disk import replace_file
    from glassformer.page.figure import attention_figure, heads_figure
    from glassformer.page.look import changed_trace

    translator = service.translator
    trace = changed_trace(translator, ask)
    layer, (name, places), keys, weights = looked_at(translator, trace, attention, token=token, layer=layer)
    words = [word for word, _ in keys]
    about = f"{translator.name} · “{trace.about['source']}” · {TITLES[attention]} · “{name}”"
    if view == "heads":
        picture = heads_figure(weights.tolist(), words, caption=f"{about} · all layers and heads", layout=layout)
    else:
        looking = sides(translator, trace, attention)[0]
        queries, query = [word for word, _ in looking], [at for _, at in looking].index(places)
        heads = range(weights.size(1))
        caption = f"{about} · layer {layer + 1} of {len(weights)} · heads 0–{heads[-1]}"
        picture = attention_figure(
            queries, words, weights[layer].tolist(), query, heads, caption=caption, layout=layout
        )
    replace_file(path, picture.encode())
    say(make_console(), f"the figure is saved in {path}", "dim", whole=True)


def save_decoding(service: "Service", ask: "Ask", path: Path, layout: str) -> None:
    """The decoding as a GIF: a picture a step. Says how many."""
    from glassformer.disk import replace_file
    from glassformer.page.look import changed_trace
    from glassformer.page.moving import Moment, decoding_gif
    from glassformer.translator import merge_words

    translator = service.translator
    trace = changed_trace(translator, ask)
    text = trace.about["source"]
    source = side_words(translator, text, trace.about["source_ids"])
    ids = [*trace.about["target_ids"][1:], translator.model.config.eos_id]
    rows = [[number] for number in range(len(ids))]
    layer = translator.model.config.decoder_layers - 1
    weights = trace[f"decoder.layers.{layer}.cross_attention.weights"].mean(0)
    shares = merge_words(weights, rows, [places for _, places in source]).tolist()
    best = trace["probabilities"].topk(5)
    reading = translator.reader.whole(text)

    def pieces(some: list[int]) -> list[str]:
        shown = translator.reader.shown(reading, translator.tokenizer.target.tokens(some))
        return [piece.strip("▁") or "▁" for piece in shown]

    tokens, chosen = [pieces(row.tolist()) for row in best.indices], pieces(ids)
    moments = [
        Moment(chosen[step], list(zip(tokens[step], best.values[step].tolist(), strict=True)), shares[step])
        for step in range(len(ids))
    ]
    caption = f"{translator.name} · “{trace.about['source']}” · decoder → encoder, layer {layer + 1}, mean of all heads"
    replace_file(path, decoding_gif([word for word, _ in source], moments, caption=caption, layout=layout))
    say(make_console(), f"the decoding is saved in {path}: {len(moments)} steps", "dim", whole=True)
