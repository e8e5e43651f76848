"""A raster image to draw plots on: text, dots, a value axis.

A plot takes some 20 ms here, of which most goes into the PNG; through matplotlib's artists it took over 300.
"""

from __future__ import annotations

import io
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np

from obs_dagster.explain.explainable import FloatArray

if TYPE_CHECKING:
    from PIL.Image import Image
    from PIL.ImageDraw import ImageDraw
    from PIL.ImageFont import FreeTypeFont

Colour = tuple[int, int, int]
Anchor = Literal["left", "middle", "right"]

BLACK: Colour = (0, 0, 0)
INK: Colour = (51, 51, 51)
FAINT: Colour = (170, 170, 170)

_SUBPIXELS = 4
_ANCHORS = {"left": "lm", "middle": "mm", "right": "rm"}
_ELLIPSIS = "…"


class Canvas:
    """A white image of a size in pixels, y downwards."""

    def __init__(self, width: int, height: int) -> None:
        from PIL import Image

        self.width, self.height = width, height
        self._image: Image.Image = Image.new("RGB", (width, height), "white")

    @cached_property
    def pen(self) -> ImageDraw:
        """Draws lines and shapes."""
        from PIL import ImageDraw

        return ImageDraw.Draw(self._image)

    def text(
        self, x: float, y: float, text: str, *, size: int, anchor: Anchor = "middle", colour: Colour = INK
    ) -> None:
        """One line of text, vertically centred on y."""
        self.pen.text((x, y), text, fill=colour, font=_font(size), anchor=_ANCHORS[anchor])

    def upright(self, x: float, y: float, text: str, *, size: int) -> None:
        """Text from bottom to top, centred on the point."""
        across = Canvas(math.ceil(text_width(text, size)), 2 * size)
        across.text(across.width / 2, size, text, size=size)
        turned = across._image.rotate(90, expand=True)
        self._image.paste(turned, (round(x - turned.width / 2), round(y - turned.height / 2)))

    def dotted(self, x: tuple[float, float], y: float) -> None:
        """A faint dotted line from one x to the other."""
        self.pen.point([(dot, round(y)) for dot in range(round(x[0]), round(x[1]), 5)], fill=FAINT)

    def dots(self, x: FloatArray, y: FloatArray, colours: Iterable[Colour], diameter: float) -> None:
        """Discs on top of each other in the order given, with smooth edges."""
        masks = _discs(diameter)
        margin = masks[0][0].width / 2
        left, column = _snapped(x - margin)
        top, row = _snapped(y - margin)
        for at_x, at_y, step_x, step_y, colour in zip(left, top, column, row, colours, strict=True):
            self._image.paste(colour, (at_x, at_y), masks[step_y][step_x])

    def gradient(self, box: tuple[int, int, int, int], colours: Sequence[Colour]) -> None:
        """A band from the first colour at the bottom to the last one at the top."""
        left, top, right, bottom = box
        for y in range(top, bottom):
            share = (bottom - 1 - y) / max(1, bottom - 1 - top)
            self.pen.line((left, y, right, y), fill=colours[round(share * (len(colours) - 1))])

    def png(self) -> bytes:
        """The image as a PNG file."""
        image = io.BytesIO()
        self._image.save(image, format="png", compress_level=3)
        return image.getvalue()


@dataclass(frozen=True, slots=True)
class Axis:
    """A horizontal axis: values from `low` to `high` between two x."""

    low: float
    high: float
    left: float
    right: float

    def x(self, values: FloatArray) -> FloatArray:
        """Where the values are, in pixels."""
        span = (self.high - self.low) or 1.0
        return self.left + (values - self.low) / span * (self.right - self.left)

    def draw(self, canvas: Canvas, y: float, title: str) -> None:
        """A line with ticks and their values, and the title below."""
        canvas.pen.line((self.left, y, self.right, y), fill=BLACK)
        values, labels = ticks(self.low, self.high)
        for x, label in zip(self.x(values), labels, strict=True):
            canvas.pen.line((round(x), y, round(x), y + 5), fill=BLACK)
            canvas.text(x, y + 17, label, size=15)
        canvas.text((self.left + self.right) / 2, y + 41, title, size=16, colour=BLACK)


def ticks(low: float, high: float) -> tuple[FloatArray, list[str]]:
    """Round values within the range, and how they are written.

    >>> ticks(-0.1, 0.63)[1]
    ['0.0', '0.2', '0.4', '0.6']
    """
    from matplotlib.ticker import MaxNLocator

    found = np.asarray(MaxNLocator(nbins=6, steps=[1, 2, 2.5, 5, 10]).tick_values(low, high))
    inside = found[(found >= low) & (found <= high)]
    step = float(found[1] - found[0]) if len(found) > 1 else 1.0
    digits = next((digits for digits in range(5) if math.isclose(round(step, digits), step)), None)
    texts = [f"{value + 0:.3g}" if digits is None else f"{value + 0:.{digits}f}" for value in inside]
    return inside, [text.replace("-", "−") for text in texts]  # noqa: RUF001  a real minus sign


def text_width(text: str, size: int) -> float:
    """The width of one line of text in pixels."""
    return float(_font(size).getlength(text))


def fitted(text: str, size: int, width: float) -> str:
    """The text on one line, shortened to the width in pixels."""
    line = " ".join(text.split())
    while text_width(line, size) > width and line != _ELLIPSIS:
        line = line.removesuffix(_ELLIPSIS)[:-1].rstrip() + _ELLIPSIS
    return line


@cache
def _font(size: int) -> FreeTypeFont:
    """DejaVu Sans, which matplotlib brings; it has most alphabets."""
    import matplotlib as mpl
    from PIL import ImageFont

    return ImageFont.truetype(Path(mpl.get_data_path(), "fonts", "ttf", "DejaVuSans.ttf"), size)


@cache
def _discs(diameter: float) -> list[list[Image]]:
    """Masks of a disc at every offset of a fraction of a pixel, by row and column."""
    from PIL.Image import fromarray

    size, fine = math.ceil(diameter) + 2, 8 * _SUBPIXELS
    place = (np.arange(size * fine) + 0.5) / fine
    masks: list[list[Image]] = [[] for _ in range(_SUBPIXELS)]
    for row in range(_SUBPIXELS):
        for column in range(_SUBPIXELS):
            dx, dy = (place - size / 2 - step / _SUBPIXELS for step in (column, row))
            inside = dx[None, :] ** 2 + dy[:, None] ** 2 <= diameter**2 / 4
            cover = inside.reshape(size, fine, size, fine).mean(axis=(1, 3))
            masks[row].append(fromarray(np.round(255 * cover).astype(np.uint8)))
    return masks


def _snapped(place: FloatArray) -> tuple[list[int], list[int]]:
    """Whole pixels, and the steps of a fraction of one that are left."""
    steps = np.round(place * _SUBPIXELS).astype(int)
    return (steps // _SUBPIXELS).tolist(), (steps % _SUBPIXELS).tolist()
