"""A picture of one word's attention as SVG, drawn without a browser: what ``look --figure`` writes.

Nothing here knows a model: words and weights come in, text goes out.
"""

from collections.abc import Sequence
from html import escape

HUES = ("#2563c9", "#c9560c", "#16804a", "#b82676", "#7048c8", "#087d91", "#916900", "#be302c")
"""The colours of heads 0 … 7, as in the page."""
LAYOUTS = {"slide": (1600, 900), "paper": (960, 0)}
"""Width and height in pixels; a height of 0 is as high as the words need."""
MARGIN = 40
SIGN = 'data-by="glassformer"'
"""The mark of a figure of ours: another file is not replaced."""
LEAST = 0.01
"""Thinner arcs are not drawn; the shares beside the words are."""


def attention_figure(
    queries: Sequence[str],
    keys: Sequence[str],
    weights: Sequence[Sequence[float]],
    query: int,
    heads: Sequence[int],
    *,
    caption: str,
    layout: str = "paper",
) -> str:
    """The words that look on the left, those that are looked at on the right, an arc a weight, a bar a head.

    ``weights`` is [head of ``heads``][key word] of the word ``query``. An SVG of the size of ``layout``.
    """
    width, height = LAYOUTS[layout]
    rows = max(len(queries), len(keys))
    pitch = 34.0 if not height else min(40.0, (height - 3 * MARGIN) / rows)
    height = height or round(rows * pitch + 3 * MARGIN)
    size = min(20.0, 0.62 * pitch)
    top = (height - MARGIN - rows * pitch) / 2
    left, right, bars = 0.24 * width, 0.52 * width, 0.68 * width
    room = width - MARGIN - bars - 90

    def middle(row: int) -> float:
        return top + (row + 0.5) * pitch

    parts = []
    for number, name in enumerate(queries):
        bold = "bold" if number == query else "normal"
        parts.append(text(left - 12, middle(number), name, size, anchor="end", weight=bold))
    for number, name in enumerate(keys):
        parts.append(text(right + 12, middle(number), name, size))
    for head, row in zip(heads, weights, strict=True):
        colour = HUES[head % len(HUES)]
        for key, weight in enumerate(row):
            if weight >= LEAST:
                parts.append(arc(left, middle(query), right, middle(key), colour, weight))
    thick = min(9.0, 0.8 * pitch / len(heads))
    for key in range(len(keys)):
        start = middle(key) - thick * len(heads) / 2
        for number, (head, row) in enumerate(zip(heads, weights, strict=True)):
            colour = HUES[head % len(HUES)]
            y, long = start + number * thick, room * row[key]
            parts.append(
                f'<rect x="{bars:.1f}" y="{y:.1f}" width="{long:.1f}" height="{thick - 1:.1f}" fill="{colour}"/>'
            )
        share = sum(row[key] for row in weights) / len(heads)
        parts.append(text(width - MARGIN, middle(key), f"{100 * share:.0f} %", 0.8 * size, anchor="end"))
    return svg(width, height, parts, caption)


def heads_figure(
    weights: Sequence[Sequence[Sequence[float]]], keys: Sequence[str], *, caption: str, layout: str = "paper"
) -> str:
    """A row a layer, a column a head: how much one word gives to each key. ``weights`` is [layer][head][key word]."""
    width, height = LAYOUTS[layout]
    layers, heads = len(weights), len(weights[0])
    cell = (width - 2 * MARGIN - 60) / heads
    tall = 0.6 * cell if not height else min(0.6 * cell, (height - 3 * MARGIN) / layers)
    height = height or round(layers * tall + 3 * MARGIN)
    parts = []
    for layer, row in enumerate(weights):
        y = MARGIN + layer * tall
        parts.append(text(MARGIN, y + tall / 2, f"layer {layer + 1}", 13))
        for head, shares in enumerate(row):
            x = MARGIN + 60 + head * cell
            most = max(shares)
            step = (tall - 26) / len(shares)
            for key, share in enumerate(shares):
                long = (cell - 14) * share
                parts.append(
                    f'<rect x="{x:.1f}" y="{y + key * step:.1f}" width="{long:.1f}" height="{max(step - 0.6, 0.4):.1f}" '
                    f'fill="{HUES[head % len(HUES)]}"/>'
                )
            said = f"{head}: {keys[list(shares).index(most)]} {100 * most:.0f} %"
            parts.append(text(x, y + tall - 15, said, 11))
    return svg(width, height, parts, caption)


def arc(x1: float, y1: float, x2: float, y2: float, colour: str, weight: float) -> str:
    """A curve that leaves and arrives level, as wide as its weight."""
    bend = 0.45 * (x2 - x1)
    way = f"M{x1:.1f} {y1:.1f}C{x1 + bend:.1f} {y1:.1f} {x2 - bend:.1f} {y2:.1f} {x2:.1f} {y2:.1f}"
    return (
        f'<path d="{way}" fill="none" stroke="{colour}" stroke-width="{0.6 + 11 * weight:.2f}" '
        f'stroke-opacity="{0.3 + 0.7 * weight:.2f}"/>'
    )


def text(x: float, y: float, said: str, size: float, *, anchor: str = "start", weight: str = "normal") -> str:
    return (
        f'<text x="{x:.1f}" y="{y + 0.34 * size:.1f}" font-size="{size:.1f}" text-anchor="{anchor}" '
        f'font-weight="{weight}">{escape(said)}</text>'
    )


def svg(width: int, height: int, parts: Sequence[str], caption: str) -> str:
    """The picture on white, with ``caption`` below and as its title."""
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}" '
        f'{SIGN} font-family="Georgia, serif" fill="#1c1b19"><title>{escape(caption)}</title>'
        f'<rect width="100%" height="100%" fill="#fff"/>{"".join(parts)}'
        f"{text(MARGIN, height - MARGIN / 2 - 6, caption, 13)}</svg>\n"
    )
