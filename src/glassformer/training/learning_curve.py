"""The learning curve as a picture: training and validation loss, and BLEU, over the steps. One SVG, light and dark."""

from collections.abc import Sequence
from typing import Any
from xml.sax.saxutils import escape

Row = dict[str, Any]
Points = list[tuple[float, float]]

WIDTH, HEIGHT, MARGIN = 720, 360, 56

STYLE = """
svg { font: 12px system-ui, sans-serif; color: #222; background: #fff; }
.line { fill: none; stroke-width: 2; } .axis { stroke: currentColor; stroke-width: 1; } text { fill: currentColor; }
.training { stroke: #8a8a8a; } .validation { stroke: #c2410c; } .bleu { stroke: #1d4ed8; stroke-dasharray: 6 3; }
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
    """The picture of ``metrics.jsonl``'s rows as SVG: losses by the left axis, BLEU by the right one."""
    lines = series(rows)
    last = max((step for points in lines.values() for step, _ in points), default=1)
    losses = [value for name in ("training", "validation") for _, value in lines[name]]
    low, high = (min(losses), max(losses)) if losses else (0.0, 1.0)
    bleus = [value for _, value in lines["bleu"]]
    ranges = {"training": (low, high), "validation": (low, high), "bleu": (0.0, max(bleus, default=1.0) or 1.0)}
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{escape(title)}">',
        f"<style>{STYLE}</style>",
        f'<text x="{MARGIN}" y="22" font-weight="bold">{escape(title)}</text>',
        f'<path class="axis" fill="none" d="M{MARGIN} {MARGIN}V{HEIGHT - MARGIN}H{WIDTH - MARGIN}V{MARGIN}"/>',
    ]
    for name, points in lines.items():
        if points:
            path = "L".join(f"{x:.1f} {y:.1f}" for x, y in placed(points, last, *ranges[name]))
            parts.append(f'<path class="line {name}" d="M{path}"/>')
    labels = [
        (MARGIN - 6, MARGIN + 4, "end", f"{high:.2f}"),
        (MARGIN - 6, HEIGHT - MARGIN, "end", f"{low:.2f}"),
        (WIDTH - MARGIN + 6, MARGIN + 4, "start", f"{ranges['bleu'][1]:.1f}"),
        (WIDTH - MARGIN + 6, HEIGHT - MARGIN, "start", "0"),
        (WIDTH - MARGIN, HEIGHT - MARGIN + 18, "end", f"step {last:,.0f}"),
    ]
    parts += [f'<text x="{x}" y="{y}" text-anchor="{anchor}">{text}</text>' for x, y, anchor, text in labels]
    keys = (("training", "training loss"), ("validation", "validation loss"), ("bleu", "validation BLEU"))
    for number, (name, text) in enumerate(keys):
        x = MARGIN + 190 * number
        parts.append(
            f'<path class="line {name}" d="M{x} {HEIGHT - 18}h28"/><text x="{x + 34}" y="{HEIGHT - 14}">{text}</text>'
        )
    return "\n".join([*parts, "</svg>", ""])


def placed(points: Points, last: float, low: float, high: float) -> Points:
    across, up = WIDTH - 2 * MARGIN, HEIGHT - 2 * MARGIN
    return [
        (MARGIN + across * step / max(last, 1), HEIGHT - MARGIN - up * (value - low) / max(high - low, 1e-9))
        for step, value in points
    ]
