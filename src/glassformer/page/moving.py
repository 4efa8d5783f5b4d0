"""A decoding as a GIF for a lecture, a word a second, for ``look --figure x.gif``, with Pillow (extra ``figures``).

Nothing here knows a model: words and shares come in, a picture goes out.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import TYPE_CHECKING, Any

from glassformer.errors import ConfigError
from glassformer.page.figure import HUES

if TYPE_CHECKING:
    from PIL.ImageDraw import ImageDraw

SIZES = {"slide": (1600, 900), "paper": (960, 540)}
"""Width and height in pixels."""
SIGN = b"glassformer decoding"
"""The comment in a GIF of ours: another file is not replaced."""
A_WORD = 1000
AT_THE_END = 4000
"""Milliseconds that a picture stands."""
FONTS = (
    "NotoSans-Regular.ttf", "DejaVuSans.ttf", "NotoSansCJK-Regular.ttc", "wqy-zenhei.ttc", "msyh.ttc", "PingFang.ttc",
    "Arial Unicode.ttf",
)  # fmt: skip
"""Looked for where the system keeps its fonts, where the one that comes with Pillow lacks a letter."""
INK, SOFT, PAPER, LINE, TINT = "#1c1b19", "#625e56", "#ffffff", "#e2ded5", "#dfe8f7"


@dataclass(frozen=True)
class Moment:
    """One step of decoding."""

    word: str
    """The piece that was chosen."""
    choices: list[tuple[str, float]]
    """The likeliest pieces with their probability, the likeliest first."""
    shares: list[float]
    """The weight of each word of the source in this row: the mean of all heads of the last layer."""


def decoding_gif(source: Sequence[str], moments: Sequence[Moment], *, caption: str, layout: str = "paper") -> bytes:
    """A GIF of a picture a step: the source, each word as dark as it is looked at, the translation so far, and what else
    was likely. It plays without end and stands still for a while when the sentence is complete. Raises ConfigError where
    Pillow is missing, or a font that has all letters."""
    try:
        from PIL import Image, ImageDraw
    except ImportError:
        raise ConfigError("a GIF needs Pillow, which is not installed: pip install 'glassformer[figures]'") from None
    size = SIZES[layout]
    letters = "".join([*source, caption, *(m.word for m in moments), *(c for m in moments for c, _ in m.choices)])
    pictures = []
    for step in range(len(moments)):
        picture = Image.new("RGB", size, PAPER)
        scene(ImageDraw.Draw(picture), size, source, moments[: step + 1], caption, letters)
        pictures.append(picture)
    colours = with_all_tints(pictures[-1]).quantize(64)  # the same for all: nothing flickers
    first, *others = [picture.quantize(palette=colours, dither=Image.Dither.NONE) for picture in pictures]
    file = BytesIO()
    first.save(
        file,
        "GIF",
        save_all=True,
        append_images=others,
        duration=[A_WORD] * len(others) + [AT_THE_END],
        loop=0,
        comment=SIGN,
    )
    return file.getvalue()


def with_all_tints(picture: Any) -> Any:
    """From which the colours are taken: no single step has all of them."""
    from PIL import ImageDraw

    sample = picture.copy()
    width, height = picture.size
    for number in range(32):
        left = width * number // 32
        ImageDraw.Draw(sample).rectangle([left, height // 2, left + width // 32, height], fill=tinted(number / 31))
    return sample


def scene(
    draw: "ImageDraw", size: tuple[int, int], source: Sequence[str], done: Sequence[Moment], caption: str, letters: str
) -> None:
    """One step, drawn on white."""
    width, height = size
    unit = width / 48
    fonts = {scale: font_for(letters, round(scale * unit)) for scale in (0.7, 0.9, 1.3)}
    now = done[-1]
    marks = [(word, now.shares[n] if n < len(now.shares) else 0.0) for n, word in enumerate(source)]
    y = line_of(draw, [(word, tinted(share)) for word, share in marks], unit, 1.2 * unit, fonts[1.3], width)
    draw.line([unit, y + 0.6 * unit, width - unit, y + 0.6 * unit], fill=LINE, width=2)
    said = [(one.word, TINT if one is now else PAPER) for one in done]
    line_of(draw, said, unit, y + 1.2 * unit, fonts[1.3], width)
    top, step = height - 12.4 * unit, 1.75 * unit
    for number, (word, share) in enumerate(now.choices[:5]):
        middle = top + number * step
        chosen = word == now.word
        draw.text((6.2 * unit, middle), word, font=fonts[0.9], fill=INK if chosen else SOFT, anchor="rm")
        long = (width - 14 * unit) * share
        draw.rectangle(
            [6.8 * unit, middle - 0.45 * unit, 6.8 * unit + max(long, 1), middle + 0.45 * unit],
            fill=HUES[0] if chosen else LINE,
        )
        draw.text((7.3 * unit + long, middle), f"{100 * share:.0f} %", font=fonts[0.9], fill=SOFT, anchor="lm")
    draw.text((unit, height - 1.6 * unit), caption, font=fonts[0.7], fill=SOFT, anchor="lm")


def tinted(share: float) -> str:
    """White to the blue of head 0."""
    blue = [int(HUES[0][n : n + 2], 16) for n in (1, 3, 5)]
    return "#" + "".join(f"{round(255 - (255 - part) * 0.75 * min(share, 1.0)):02x}" for part in blue)


def line_of(draw: "ImageDraw", words: Sequence[tuple[str, str]], x: float, y: float, font: Any, width: int) -> float:
    """Words from left to right, each on its colour, on as many lines as they need. The y below them."""
    left, high = x, 1.35 * font.size
    for word, colour in words:
        long = draw.textlength(word, font=font)
        if left + long > width - x:
            left, y = x, y + 1.25 * high
        draw.rounded_rectangle([left - 5, y, left + long + 5, y + high], radius=6, fill=colour)
        draw.text((left, y + high / 2), word, font=font, fill=INK, anchor="lm")
        left += long + 0.55 * font.size
    return y + high


def font_for(letters: str, size: int) -> Any:
    """The first font that has all ``letters``."""
    from PIL import ImageFont

    wanted = sorted({letter for letter in letters if not letter.isspace()})
    fewest = wanted
    for name in ("", *FONTS):
        try:
            font = ImageFont.truetype(name, size) if name else ImageFont.load_default(size)
        except OSError:
            continue
        missing = picture_of(font, "\uffff")
        lacking = [letter for letter in wanted if picture_of(font, letter) == missing]
        if not lacking:
            return font
        fewest = min(fewest, lacking, key=len)
    raise ConfigError(f"no font here has {''.join(fewest)[:60]} with the rest: install one, such as Noto Sans CJK")


def picture_of(font: Any, letter: str) -> tuple[Any, bytes]:
    """By which the sign of a missing letter is known."""
    picture = font.getmask(letter)
    return picture.size, bytes(picture)
