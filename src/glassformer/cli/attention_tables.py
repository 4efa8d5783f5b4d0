"""Attention weights as tables for a terminal of any width. Nothing here knows a model."""

from rich.cells import cell_len, set_cell_size
from rich.table import Table
from rich.text import Text

LEVELS = "▁▂▃▄▅▆▇█"
EIGHTHS = " ▏▎▍▌▋▊▉"
NARROW = 7
"""Columns that a head needs at least: a word, cut, above its weight."""
LABEL = 9
"""Columns of "▸layer 5" or "head 7", with the space after it."""
REST = 9
"""Columns of "rest 100%"."""


def layers_tables(
    words: list[str], weights: list[list[list[float]]], chosen: int, width: int
) -> list[Table]:  # weights: [layer][head][key word]
    """For each layer (a row) and head (a column) the key with the most weight; as many tables, one under another, as the
    heads need to fit in ``width`` columns. The row of layer ``chosen`` is marked."""
    heads = len(weights[0])
    fitting = max(1, (width - LABEL) // (NARROW + 1))
    count = -(-heads // fitting)
    each = -(-heads // count)
    cell = min((width - LABEL) // each - 1, max(map(cell_len, words)) + 7)
    tables = []
    for first in range(0, heads, each):
        table = Table(box=None, pad_edge=False, padding=(0, 1, 0, 0), collapse_padding=True)
        table.add_column("", no_wrap=True, width=LABEL - 1)
        for head in range(first, min(first + each, heads)):
            table.add_column(f"head {head}", no_wrap=True, width=cell, header_style="dim")
        for number, layer in enumerate(weights):
            mark = Text(f"▸layer {number}", style="bold") if number == chosen else Text(f" layer {number}", style="dim")
            table.add_row(mark, *(strongest(words, row, cell) for row in layer[first : first + each]))
        tables.append(table)
    return tables


def strongest(words: list[str], row: list[float], width: int) -> Text:
    """``animal 65% ▆``, over two lines where that does not fit."""
    weight = max(row)
    word = words[row.index(weight)]
    level = LEVELS[min(int(weight * len(LEVELS)), len(LEVELS) - 1)]
    wide = width >= NARROW + 6
    first = fitted(word, width - 7 if wide else width)
    figures = f"{percent(weight):>4} {level}"
    return Text(f"{first} {figures}" if wide else f"{first}\n{level}{percent(weight):>4}", style=strength(weight))


def heads_table(words: list[str], weights: list[list[float]], top: int, width: int) -> Table:
    """For each head (a row; ``weights`` is [head][key word]) its ``top`` keys with a bar each, and the weight of the
    rest; several lines a head where they do not fit in one of ``width`` columns."""
    top = min(top, len(words))
    room = width - LABEL - REST
    across = max(1, min(top, room // 20))
    cell = min(room // across - 2, 40)
    longest = min(max(map(cell_len, words)), max(cell - 9, 4))
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), show_header=False)
    table.add_column("", no_wrap=True, style="dim")
    for _ in range(across):
        table.add_column("", no_wrap=True, width=cell)
    table.add_column("", no_wrap=True, style="dim", justify="right")
    for head, row in enumerate(weights):
        order = sorted(range(len(row)), key=lambda key: -row[key])[:top]
        cells = [bar(words[key], row[key], longest, cell - longest - 6) for key in order]
        rest = f"rest {percent(max(0.0, 1 - sum(row[key] for key in order)))}"
        for start in range(0, top, across):
            some = cells[start : start + across]
            label, end = (f"head {head}", rest) if start == 0 else ("", "")
            table.add_row(label, *some, *[""] * (across - len(some)), end)
    return table


def bar(word: str, weight: float, word_width: int, bar_width: int) -> Text:
    """``animal ██████▌    65%``: the full width is a weight of 1."""
    eighths = round(weight * bar_width * 8)
    blocks = "█" * (eighths // 8) + (EIGHTHS[eighths % 8] if eighths % 8 else "")
    return Text.assemble(
        (fitted(word, word_width), strength(weight)), " ", (blocks.ljust(bar_width), "cyan"), f" {percent(weight):>4}"
    )


def fitted(word: str, width: int) -> str:
    """``word`` in exactly ``width`` terminal columns, with … where it is cut."""
    return word + " " * (width - cell_len(word)) if cell_len(word) <= width else set_cell_size(word, width - 1) + "…"


def percent(weight: float) -> str:
    return f"{100 * weight:.0f}%"


def strength(weight: float) -> str:
    """How a word with this weight is written."""
    return "bold cyan" if weight >= 0.5 else "" if weight >= 0.2 else "dim"
