"""The page in a notebook: ``translator.trace(text)`` and ``show(translator, text)`` show themselves, offline;
``show(…).widget()`` also answers."""

import html
import json
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from glassformer.brief import brief, shown
from glassformer.errors import ConfigError, GlassformerError
from glassformer.http.parse import from_json, to_json
from glassformer.page import wire
from glassformer.page.body import Packed
from glassformer.page.built import HOW, built_page
from glassformer.page.export import page_with
from glassformer.page.look import LIVE, SAVED, Seen, look, see, seen_of
from glassformer.page.service import Service
from glassformer.trace import Trace
from glassformer.translator import Translator
from glassformer.what_if import attentions

if TYPE_CHECKING:
    from anywidget import AnyWidget

HEIGHT = 860
CELL = 2_000_000
"""Characters of what a cell keeps, unless more is asked for: a notebook holds every cell, and is read as a whole."""
ROOMY = 15_000_000
"""That of a cell which is to have more."""
LEVELS = (1.0, 0.5, 0.25, 0.12, 0.06, 0.03, 0.01)
"""Shares of the room, tried one after the other until the page fits: deflating makes of some numbers less than of others."""
AGAIN = "run this cell again"
TRUST = "trust this notebook (File, Trust Notebook; or: jupyter trust NAME.ipynb)"
MOVED = 1e-4
"""A weight this far from the softmax of its scores was written: float32 rounds much less."""
SANDBOX = "allow-scripts"
"""The page runs, and has no address: it reaches neither the notebook's page nor the network."""

BRIDGE = """
function render({ model, el }) {
  const frame = document.createElement("iframe");
  frame.setAttribute("sandbox", "allow-scripts");
  frame.title = "glassformer";
  frame.style.cssText = `width:100%;height:${model.get("height")}px;border:0`;
  const heard = (event) => {
    const ask = event.data;
    if (event.source === frame.contentWindow && ask && ask.glassformer === 1) model.send(ask);
  };
  const answered = (answer, buffers) => {
    const view = buffers[0];
    const body = view.buffer ? view.buffer.slice(view.byteOffset, view.byteOffset + view.byteLength) : view;
    frame.contentWindow?.postMessage({ ...answer, body }, "*");
  };
  window.addEventListener("message", heard);
  model.on("msg:custom", answered);
  frame.srcdoc = model.get("page");
  el.append(frame);
  return () => {
    window.removeEventListener("message", heard);
    model.off("msg:custom", answered);
  };
}
export default { render };
"""


@brief
@dataclass
class Shown:
    """One pair of sentences, as the page shows it. The last line of a cell: it is drawn there."""

    translator: Translator
    ask: wire.Ask
    height: int = HEIGHT
    largest: int = CELL
    _cell: str = field(default="", repr=False)

    def _repr_html_(self) -> str:
        """The page in a frame of its own, with the numbers in it; saved with the notebook, and it needs no network."""
        self._cell = self._cell or cell(self.translator, self.ask, height=self.height, largest=self.largest)
        return self._cell

    def _repr_mimebundle_(self, **_: Any) -> dict[str, str]:
        return {"text/plain": plain(self.ask), "text/html": self._repr_html_()}

    def widget(self) -> "AnyWidget":
        """The page with the model behind it: other sentences, heads off, exact rows. Needs the extra ``notebook``.

        Raises ConfigError where anywidget is not installed.
        """
        try:
            import anywidget
            import traitlets
        except ModuleNotFoundError as error:
            raise ConfigError(f"{error.name} is not installed: pip install 'glassformer[notebook]'") from None

        service = Service(self.translator, start=self.ask)
        seen = service.keep(self.ask, see(self.translator, self.ask))  # rows and rankings are of these pieces
        page, _ = page_within(self.translator, self.ask, seen, self.largest, live=True)
        trait = traitlets.Unicode(page).tag(sync=True)
        said = plain(self.ask)

        def mimebundle(widget: Any, **options: Any) -> Any:
            """anywidget's, and words for where no model is behind it any more."""
            bundle = anywidget.AnyWidget._repr_mimebundle_(widget, **options)
            data, about = bundle if isinstance(bundle, tuple) else (bundle or {}, {})
            return {**data, "text/plain": said, "text/html": f"<p>{html.escape(said)}</p>"}, about

        traits = {"_esm": BRIDGE, "page": trait, "height": traitlets.Int(self.height).tag(sync=True)}
        traits |= {"_repr_mimebundle_": mimebundle, "__repr__": lambda widget: said}
        widget = type("PageWidget", (anywidget.AnyWidget,), traits)()
        widget.on_msg(lambda sender, content, _: sender.send(*answer(service, content)))
        return widget


def show(
    translator: Translator,
    text: str,
    target: str | None = None,
    *,
    heads_off: list[wire.HeadIndex] | None = None,
    turned: list[wire.Turn] | None = None,
    height: int = HEIGHT,
    largest: int = CELL,
) -> Shown:
    """``text`` and its translation (or ``target``) with every number of every step, for a notebook.

    A cell has at most ``largest`` characters, and says below what was left out; 15,000,000 is room for all of a short
    sentence. A widget asks the model for what it has not.

    show(translator, "The animal didn't cross the street because it was too tired")
    """
    return Shown(translator, wire.Ask(text, target, list(heads_off or []), turned=list(turned or [])), height, largest)


def trace_html(translator: Translator, trace: Trace) -> str:
    """A notebook's view of ``translator.trace(…)``: the page with these numbers; what to do where it is not built."""
    if not built_page():
        return f"<p>{HOW}</p>"
    return cell(translator, asked(translator, trace), seen_of(translator, trace))


def cell(
    translator: Translator, ask: wire.Ask, seen: Seen | None = None, *, height: int = HEIGHT, largest: int = CELL
) -> str:
    """A page in its frame, and below it, where no script is needed to read it, what was left out and what to do when a
    notebook that was opened again, or is not trusted, does not show it."""
    page, left_out = page_within(translator, ask, seen or see(translator, ask), largest)
    more = f"show(…, largest={ROOMY:_})" if largest < ROOMY else "show(…).widget()"
    less = f"A cell has at most {largest / 1e6:g} MB: {left_out}. All of it: <code>{more}</code>. "
    words = f"{less if left_out else ''}Is there no page above? Then {AGAIN}, or {TRUST}."
    return f'{frame(page, height) if page else ""}<p style="font-size:85%;opacity:.8">{words}</p>'


def page_within(
    translator: Translator, ask: wire.Ask, seen: Seen, largest: int, *, live: bool = False
) -> tuple[str, str]:
    """The page with as many of the numbers as ``largest`` characters have room for, and which were left out. It is empty
    where there is no room for any."""
    budgets = [replace(LIVE if live else SAVED, **size) for size in sizes(largest)]
    for budget in [*([SAVED] if largest > SAVED.states else []), *budgets]:
        packed = look(translator, ask, live=live, budget=budget, seen=seen)
        page = page_with(packed)
        if len(html.escape(page)) + 2_000 <= largest:
            return page, missing(packed)
    return "", "there is no room in it for this sentence"


def sizes(largest: int) -> list[dict[str, int]]:
    """Budgets for the numbers of a cell, each smaller than the one before; the learned matrices have no room in it."""
    found = []
    for share in LEVELS:
        room = int(share * largest)
        small = {"exact_tokens": 0, "dense_tokens": int(128 * share)} if share < LEVELS[0] / 2 else {}
        found.append({"states": room, "long_states": room // 2, "weights": room // 2, "learned": 0, **small})
    return found


def missing(packed: Packed) -> str:
    """The numbers that the page lacks, in a few words."""
    header = packed.header
    assert isinstance(header, wire.Look)
    names = {one.name.rsplit(".", 1)[-1] for one in header.windows if one.storage == "none"} - {"concatenated"}
    rounded = any(one.storage in ("bfloat16", "root8") and one.error for one in header.windows)
    cut = any(one.storage == "top" for one in header.windows)
    kept = any(one.storage != "none" for one in header.weights)
    said = [] if kept else ["the learned matrices are left out"]
    said += (
        [f"{', '.join(sorted(names))} {'is' if len(names) == 1 else 'are'} left out, where there was no room"]
        if names
        else []
    )
    said += ["only the largest weights of each row are there"] if cut else []
    said += ["numbers are rounded"] if rounded else []
    return "; ".join(said)


def plain(ask: wire.Ask) -> str:
    """The text where there are only words."""
    return f"glassformer's page of {shown(ask.text)}. Is it not there? Then {AGAIN}, or {TRUST}."


def asked(translator: Translator, trace: Trace) -> wire.Ask:
    """The question and the changes with which ``trace`` was made, as the numbers tell: a head whose z is 0
    everywhere was switched off, where no head may look although no mask forbids it, it was forbidden, and a row of weights
    that is not its scores' softmax was turned."""
    off: list[wire.HeadIndex] = []
    blocked: list[wire.Edge] = []
    turned: list[wire.Turn] = []
    for name in attentions(translator.model):
        off += [(name, head) for head, z in enumerate(trace[f"{name}.z"]) if not z.any()]
        scores = trace[f"{name}.scores"]
        turned += [(name, *turn) for turn in turns_in(scores.softmax(dim=-1), trace[f"{name}.weights"])]
        forbidden = scores.isneginf().all(dim=0)
        if name.startswith("decoder") and name.endswith("self_attention"):
            forbidden = forbidden.tril()  # above lies what comes later
        blocked += [(name, query, key) for query, key in forbidden.nonzero().tolist()]
    return wire.Ask(trace.about["source"], trace.about["target"], off, blocked, turned)


def turns_in(had: Tensor, have: Tensor) -> Iterator[tuple[int, int, list[int]]]:
    """Head, query and keys of each row of weights ([head, query, key]) that differs from what the softmax gave, and is what
    a turn makes of that; what was written otherwise is no turn."""
    for head, query in ((had - have).abs().amax(dim=-1) > MOVED).nonzero().tolist():
        before, after = had[head, query], have[head, query]
        keys = after.nonzero()[:, 0]
        shares = (
            before[keys] / before[keys].sum() if before[keys].sum() > 0 else torch.full((len(keys),), 1 / len(keys))
        )
        if torch.allclose(after[keys], shares.to(after), atol=MOVED):
            yield head, query, keys.tolist()


Translator.show = trace_html


def frame(page: str, height: int = HEIGHT) -> str:
    return (
        f'<iframe sandbox="{SANDBOX}" title="glassformer" style="width:100%;height:{height}px;border:0" '
        f'srcdoc="{html.escape(page)}"></iframe>'
    )


def answer(service: Service, content: Any) -> tuple[dict[str, Any], list[bytes]]:
    """The message, and its one buffer, that answer a page's message."""
    try:
        ask = from_json(wire.BridgeAsk, json.dumps(content))
    except GlassformerError as error:
        return {"glassformer": wire.VERSION, "id": -1, "status": 400}, [to_json(wire.Problem(str(error))).encode()]
    try:
        status, body = 200, service.answer(ask.path, ask.body.encode("utf-8", "surrogatepass"))
    except GlassformerError as error:
        status, body = 400, to_json(wire.Problem(" ".join(str(error).split()))).encode()
    return {"glassformer": wire.VERSION, "id": ask.id, "status": status}, [body]
