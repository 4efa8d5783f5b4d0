"""Every view shows the trace's numbers."""

import math

import pytest
import torch

from glassformer.model.positions import positional_encodings
from glassformer.trace import Trace
from glassformer.translator import Translator
from tests.browser.conftest import SENTENCE, TARGET, Open, link, number


@pytest.fixture(params=["server", "file"])
def server(request: pytest.FixtureRequest, server: str, alone: str) -> str:
    """The page with a server behind it, and a file with the model in it: no view knows who answers."""
    return server if request.param == "server" else alone


@pytest.fixture(scope="module")
def trace(translator: Translator) -> Trace:
    return translator.trace(SENTENCE)


def close(rows: list[list[str]], wanted: torch.Tensor, digits: float = 6e-4) -> None:
    """A table's cells, but for the row's name, and a matrix."""
    shown = torch.tensor([[number(cell) for cell in row[1:]] for row in rows])
    assert list(shown.shape) == list(wanted.shape)
    finite = wanted.isfinite()
    assert torch.equal(shown.isfinite(), finite)
    assert torch.where(finite, (shown - wanted).abs(), 0).max() <= digits


@pytest.mark.parametrize(
    ("side", "window"),
    [
        ("encoder", "encoder.layers.1.self_attention.weights"),
        ("decoder", "decoder.layers.1.self_attention.weights"),
        ("cross", "decoder.layers.1.cross_attention.weights"),
    ],
)
@pytest.mark.parametrize("head", [0, 1])
def test_attention_rows_look_and_columns_are_looked_at(
    visit: Open, server: str, trace: Trace, side: str, window: str, head: int
) -> None:
    seen = visit(server, link(view="attention", side=side, layer="1", heads=str(head), pieces="true"))
    rows = seen.table("These weights")
    close(rows, trace[window][head])
    names = trace.about["source_tokens" if side == "encoder" else "target_tokens"]
    assert [row[0] for row in rows] == [name.removeprefix("▁") or "␣" for name in names]
    assert seen.wrong == []


def test_words_are_sums_over_keys_and_means_over_queries(
    visit: Open, server: str, trace: Trace, translator: Translator
) -> None:
    places = [tokens for _, tokens in translator.words(trace.about["source_ids"], special=True)]
    weights = trace["encoder.layers.0.self_attention.weights"][0]
    merged = torch.stack([torch.stack([weights[q][:, k].sum(-1).mean() for k in places]) for q in places])
    seen = visit(server, link(view="attention", layer="0", heads="0"))
    close(seen.table("These weights"), merged)


def test_the_pair_grid_has_every_layer_and_head(visit: Open, server: str, trace: Trace) -> None:
    seen = visit(server, link(view="attention", token="1", key="0", pieces="true"))
    cells = seen.page.locator(".pair-grid tbody td").all_inner_texts()
    wanted = [
        round(100 * float(trace[f"encoder.layers.{layer}.self_attention.weights"][head, 1, 0]))
        for layer in (0, 1)
        for head in (0, 1)
    ]
    assert [abs(int(cell) - share) <= 1 for cell, share in zip(cells, wanted, strict=True)] == [True] * 4


@pytest.mark.parametrize("side", ["encoder", "decoder", "cross"])
@pytest.mark.parametrize(
    ("symbol", "window"),
    [("q", "queries"), ("k", "keys"), ("v", "values"), ("scores", "scores"), ("weights", "weights"), ("z", "z")],
)
def test_matrices_are_the_trace_s_and_explain_themselves(
    visit: Open, server: str, trace: Trace, side: str, symbol: str, window: str
) -> None:
    attention = {"encoder": "encoder.layers.0.self_attention", "decoder": "decoder.layers.0.self_attention"}.get(
        side, "decoder.layers.0.cross_attention"
    )
    seen = visit(server, link(view="matrices", side=side, layer="0", head="1", symbol=symbol))
    seen.page.locator(".written .check").wait_for()
    assert "✓" in seen.page.locator(".written .check").inner_text()
    close(seen.table("as a table"), trace[f"{attention}.{window}"][1], 6e-4 if symbol != "scores" else 1e-3)


def test_a_cell_of_q_is_a_row_of_x_times_a_column_of_w_q(
    visit: Open, server: str, trace: Trace, translator: Translator
) -> None:
    seen = visit(server, link(view="matrices", side="encoder", layer="0", head="1", symbol="q", cell="2:3"))
    said = seen.page.locator("[data-spot=written]").inner_text()
    x = trace["encoder.input.x"][2]
    column = translator.model.encoder.layers[0].self_attention.head(1).w_q[:, 3].detach()
    largest = int((x * column).abs().argmax())
    assert f"{float(x @ column):.4f}".replace("-", "−") in said
    assert f"{float(x[largest] * column[largest]):.3f}".replace("-", "−") in said
    canvas = seen.page.locator(".heat-canvas.pick")
    canvas.focus()
    seen.page.keyboard.press("ArrowRight")
    assert "cell=2%3A4" in seen.state()
    value = float(trace["encoder.layers.0.self_attention.queries"][1, 2, 4])
    assert f"{value:.4f}".replace("-", "−") in seen.page.locator("[data-spot=written]").inner_text()


def test_heads_side_by_side_and_concat_times_w_o(visit: Open, server: str, trace: Trace) -> None:
    seen = visit(server, link(view="matrices", symbol="heads", layer="1"))
    assert seen.page.locator(".beast").count() == 2
    seen.page.locator(".beast").nth(1).locator(".mini").nth(4).click()
    assert "symbol=z" in seen.state()
    assert "head=1" in seen.state()
    seen.page.get_by_role("button", name="together").click()
    seen.page.locator(".written .check.ok").wait_for()
    close(seen.table("as a table"), trace["encoder.layers.1.self_attention.output"])


def test_the_flow_is_all_doors(visit: Open, server: str, trace: Trace) -> None:
    seen = visit(server, link(view="flow", side="encoder", layer="0"))
    assert seen.page.locator(".flow-heads li").count() == 2
    assert "X" in seen.page.locator(".flow-column").nth(1).inner_text()
    seen.page.locator(".rest-row .door").nth(3).click()
    close(seen.table("as a table"), trace["encoder.layers.0.feed_forward.inner"])
    seen.page.locator(".flow-heads li").nth(1).locator(".door").nth(3).click()
    seen.page.locator("[data-spot=product]").wait_for()
    assert all(part in seen.state() for part in ("view=matrices", "head=1"))


@pytest.mark.parametrize("layout", ["halves", "interleaved", "halves_exact"])
def test_positions(visit: Open, server: str, layout: str) -> None:
    seen = visit(server, link(view="positions", layout=layout, length="50", dims="16"))
    close(seen.table("as a table", 1), positional_encodings(50, 16, layout))  # type: ignore[arg-type]
    assert seen.page.locator(".badge").count() == 1
    note = seen.page.locator("[data-spot=encoding] > .note").inner_text()
    assert ("training ended at 40" in note) is True


def test_positions_of_this_sentence(visit: Open, server: str, trace: Trace) -> None:
    seen = visit(server, link(view="positions"))
    close(seen.table("as a table"), trace["encoder.input.positions"])


def test_decoding_shows_the_probabilities_and_the_alignment(
    visit: Open, server: str, trace: Trace, translator: Translator
) -> None:
    seen = visit(server, link(view="decoding", side="cross", layer="1", heads="0,1", step="2", pieces="true"))
    probabilities = trace["probabilities"]
    chosen = trace.about["target_ids"][3]
    share = 100 * float(probabilities[2, chosen])
    assert seen.page.locator(".choices .chosen").count() == 1
    shown = seen.page.locator(".choices .chosen > span").last.inner_text().removesuffix(" %")
    assert abs(float(shown) - share) <= 0.5
    close(seen.table("These weights"), trace["decoder.layers.1.cross_attention.weights"][:, 2].T)
    produced = seen.page.locator(".produced").inner_text().split()
    assert produced[-1] == "</s>"
    assert len(produced) == len(trace.about["target_tokens"])
    assert seen.page.locator(".translation").first.inner_text() == TARGET == trace.about["target"]
    assert math.isclose(float(probabilities[2].sum()), 1, rel_tol=1e-4)
