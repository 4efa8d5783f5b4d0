"""The page in a notebook: ``translator.trace(text)`` and ``show(translator, text)`` show themselves, offline;
``show(…).widget()`` also answers."""

import html
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from glassformer.brief import brief
from glassformer.errors import ConfigError, GlassformerError
from glassformer.page import wire
from glassformer.page.built import HOW, built_page
from glassformer.page.export import page_with
from glassformer.page.look import LIVE, SAVED, look, see, seen_of
from glassformer.page.pack import Packed
from glassformer.page.parse import from_json, to_json
from glassformer.page.service import Service
from glassformer.trace import Trace
from glassformer.translator import Translator
from glassformer.what_if import attentions

if TYPE_CHECKING:
    from anywidget import AnyWidget

HEIGHT = 860
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
    _page: str = field(default="", repr=False)

    def look(self) -> Packed:
        return look(self.translator, self.ask, budget=SAVED)

    def _repr_html_(self) -> str:
        """The page in a frame of its own, with the numbers in it; saved with the notebook, and it needs no network."""
        self._page = self._page or page_with(self.look())
        return frame(self._page, self.height)

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
        packed = look(self.translator, self.ask, live=True, budget=LIVE, seen=seen)
        page = traitlets.Unicode(page_with(packed)).tag(sync=True)
        traits = {"_esm": BRIDGE, "page": page, "height": traitlets.Int(self.height).tag(sync=True)}
        widget = type("PageWidget", (anywidget.AnyWidget,), traits)()
        widget.on_msg(lambda sender, content, _: sender.send(*answer(service, content)))
        return widget


def show(
    translator: Translator,
    text: str,
    target: str | None = None,
    *,
    heads_off: list[wire.Head] | None = None,
    turned: list[wire.Turn] | None = None,
    height: int = HEIGHT,
) -> Shown:
    """``text`` and its translation (or ``target``) with every number of every step, for a notebook.

    show(translator, "The animal didn't cross the street because it was too tired")
    """
    return Shown(translator, wire.Ask(text, target, list(heads_off or []), turned=list(turned or [])), height)


def trace_html(translator: Translator, trace: Trace) -> str:
    """What a notebook shows of ``translator.trace(…)``: the page with these numbers; what to do where it is not built."""
    if not built_page():
        return f"<p>{HOW}</p>"
    return frame(page_with(look(translator, asked(translator, trace), seen=seen_of(translator, trace))))


def asked(translator: Translator, trace: Trace) -> wire.Ask:
    """What the model was asked when ``trace`` was made, and what was done to it, as the numbers tell: a head whose z is 0
    everywhere was switched off, where no head may look although no mask forbids it, it was forbidden, and a row of weights
    that is not its scores' softmax was turned."""
    off: list[wire.Head] = []
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
