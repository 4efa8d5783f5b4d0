"""The learning curve as a picture: training and validation loss, and BLEU, over the steps. One SVG, light and dark."""

import math
from collections.abc import Sequence
from typing import Any
from xml.sax.saxutils import escape

Row = dict[str, Any]
Points = list[tuple[float, float]]

WIDTH, HEIGHT = 720, 380
LEFT, RIGHT, TOP, BOTTOM = 52, 664, 60, 304

STYLE = """
svg { font: 12px system-ui, sans-serif; color: #222; background: #fff; }
.line { fill: none; stroke-width: 2; } .grid { stroke: currentColor; opacity: .15; } text { fill: currentColor; }
.training { stroke: #8a8a8a; stroke-width: 1; } .validation { stroke: #c2410c; }
.bleu { stroke: #1d4ed8; stroke-dasharray: 6 3; }
@media (prefers-color-scheme: dark) {
  svg { color: #eee; background: #16181d; } .validation { stroke: #fb923c; } .bleu { stroke: #93b4ff; }
}
"""


def series(rows: Sequence[Row]) -> dict[str, Points]:
    """``training`` and ``validation`` (nats a token) and ``bleu``, each as (step, value)."""
    steps = [row for row in rows if row["kind"] == "step"]
    validations = [row for row in rows if row["kind"] == "validation"]
    return {
        "training": [(row["step"], row["loss"]) for row in steps],
        "validation": [(row["step"], row["loss"]) for row in validations],
        "bleu": [(row["step"], row["bleu"]) for row in validations],
    }


def learning_curve(rows: Sequence[Row], title: str) -> str:
    """The picture of ``metrics.jsonl``'s rows as SVG: losses by the left axis, BLEU by the right one.

    The loss axis begins where the run was after a tenth of its steps: a random model's loss would lay the rest flat.
    """
    lines = series(rows)
    last = max((step for points in lines.values() for step, _ in points), default=1)
    losses = [value for name in ("training", "validation") for step, value in lines[name] if step >= last / 10]
    loss = ticks(min(losses, default=0), max(losses, default=1))
    bleu = ticks(0, max((value for _, value in lines["bleu"]), default=0))
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{escape(title)}">',
        f"<style>{STYLE}</style>",
        f'<clipPath id="inside"><path d="M{LEFT} {TOP}H{RIGHT}V{BOTTOM}H{LEFT}Z"/></clipPath>',
        f'<text x="{LEFT}" y="24" font-weight="bold">{escape(title)}</text>',
        f'<text x="{LEFT - 8}" y="{TOP - 12}" text-anchor="end">loss</text>',
        f'<text x="{RIGHT + 8}" y="{TOP - 12}">BLEU</text>',
        f'<text x="{RIGHT}" y="{BOTTOM + 36}" text-anchor="end">steps</text>',
    ]
    for value in (tick for tick in ticks(0, last) if tick <= last):
        x = placed(value, (0, last), LEFT, RIGHT)
        parts.append(f'<text x="{x:.1f}" y="{BOTTOM + 18}" text-anchor="middle">{value:,.0f}</text>')
    for value in loss:
        y = placed(value, loss, BOTTOM, TOP)
        parts.append(f'<path class="grid" d="M{LEFT} {y:.1f}H{RIGHT}"/>')
        parts.append(f'<text x="{LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">{value:g}</text>')
    for value in bleu:
        y = placed(value, bleu, BOTTOM, TOP)
        parts.append(f'<text x="{RIGHT + 8}" y="{y + 4:.1f}">{value:g}</text>')
    scales = {"training": loss, "validation": loss, "bleu": bleu}
    keys = {"training": "training loss", "validation": "validation loss", "bleu": "validation BLEU"}
    for number, (name, points) in enumerate(lines.items()):
        if points:
            places = ((placed(x, (0, last), LEFT, RIGHT), placed(y, scales[name], BOTTOM, TOP)) for x, y in points)
            path = "L".join(f"{x:.1f} {y:.1f}" for x, y in places)
            parts.append(f'<path class="line {name}" clip-path="url(#inside)" d="M{path}"/>')
        x, text = LEFT + 200 * number, f"{keys[name]} {points[-1][1]:.2f}" if points else keys[name]
        parts.append(
            f'<path class="line {name}" d="M{x} {HEIGHT - 18}h28"/><text x="{x + 34}" y="{HEIGHT - 14}">{text}</text>'
        )
    return "\n".join([*parts, "</svg>", ""])


def ticks(low: float, high: float) -> list[float]:
    """Three to eight round numbers at equal distances that hold ``low`` … ``high`` between the first and the last."""
    high = max(high, low + 0.1)  # one value alone has room too
    wanted = (high - low) / 5
    size = 10 ** math.floor(math.log10(wanted))
    step = size * next(times for times in (1, 2, 5, 10) if times * size >= wanted * 0.999)
    return [round(n * step, 9) for n in range(math.floor(low / step), math.ceil(high / step) + 1)]


def placed(value: float, scale: Sequence[float], first: float, last: float) -> float:
    """Where ``value`` lies on an axis from ``first`` (the scale's first tick) to ``last`` (its last), in pixels."""
    return first + (last - first) * (value - scale[0]) / (scale[-1] - scale[0])
