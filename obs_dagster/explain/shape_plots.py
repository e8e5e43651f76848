"""Plots of how a version's output goes with features, and of which features act together; as PNG images."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from obs_dagster.explain.canvas import BLACK, Canvas, Colour, fitted, text_width, ticks
from obs_dagster.explain.explainable import FloatArray
from obs_dagster.explain.interactions import Strengths
from obs_dagster.explain.shapes import Shape

_TODAY: Colour = (255, 0, 81)
_BEFORE: Colour = (119, 119, 119)
_WIDE, _HIGH, _LEFT, _TOP, _RIGHT, _BOTTOM = 440, 260, 70, 44, 20, 56
_CELL, _SHOWN = 62, 10


def shapes_png(found: Sequence[Shape], output: str) -> bytes:
    """A panel for each shape, two beside each other: today's line over the baseline's.

    Args:
        found: the shapes, at least one.
        output: what the model puts out, as people read it.
    """
    rows = (len(found) + 1) // 2
    canvas = Canvas(2 * _WIDE, rows * _HIGH + 34)
    for at, each in enumerate(found):
        _panel(canvas, each, (at % 2) * _WIDE, (at // 2) * _HIGH)
    y = canvas.height - 18
    legend = [("today", _TODAY), *([("baseline", _BEFORE)] if any(each.baseline for each in found) else [])]
    x = 20.0
    for name, colour in legend:
        canvas.pen.line((x, y, x + 26, y), fill=colour, width=3)
        canvas.text(x + 34, y, name, size=15, anchor="left")
        x += 34 + text_width(name, 15) + 24
    canvas.text(canvas.width - 20, y, output, size=15, anchor="right")
    return canvas.png()


def _panel(canvas: Canvas, shape: Shape, x0: float, y0: float) -> None:
    left, right = x0 + _LEFT, x0 + _WIDE - _RIGHT
    top, bottom = y0 + _TOP, y0 + _HIGH - _BOTTOM
    sides = np.array([*shape.today, *shape.baseline])
    low, high = float(sides.min()), float(sides.max())
    margin = 0.06 * (high - low) or 0.01
    low, high = low - margin, high + margin
    title = fitted(f"{shape.feature}: {shape.kind}", 16, _WIDE - 40)
    canvas.text(x0 + 16, y0 + 22, title, size=16, anchor="left", colour=BLACK)

    def up(values: Sequence[float] | FloatArray) -> FloatArray:
        found: FloatArray = bottom - (np.asarray(values) - low) / (high - low) * (bottom - top)
        return found

    at, labels = ticks(low, high)
    for y, label in zip(up(at), labels, strict=True):
        canvas.pen.line((left, y, right, y), fill=(230, 230, 230))
        canvas.text(left - 8, y, label, size=13, anchor="right")
    across = _across(canvas, shape, (left, right), bottom)
    for values, colour in ((shape.baseline, _BEFORE), (shape.today, _TODAY)):
        if not values:
            continue
        points = list(zip(across.tolist(), up(values).tolist(), strict=True))
        if shape.numeric:
            canvas.pen.line(points, fill=colour, width=3)
        canvas.dots(
            np.array([x for x, _ in points]), np.array([y for _, y in points]), [colour] * len(points), 7.0
        )
    canvas.pen.line((left, bottom, right, bottom), fill=BLACK)


def _across(canvas: Canvas, shape: Shape, ends: tuple[float, float], bottom: float) -> FloatArray:
    """Where the values are, with their labels below the axis."""
    left, right = ends
    if not shape.numeric:
        step = (right - left) / len(shape.values)
        places = left + step * (np.arange(len(shape.values)) + 0.5)
        for x, value in zip(places, shape.values, strict=True):
            canvas.text(x, bottom + 16, fitted(str(value), 13, step - 4), size=13)
        return np.asarray(places, dtype=np.float64)
    values = np.array(shape.values, dtype=np.float64)
    low, high = float(values.min()), float(values.max())
    at, labels = ticks(low, high)
    span = (high - low) or 1.0
    for x, label in zip(left + (at - low) / span * (right - left), labels, strict=True):
        canvas.pen.line((x, bottom, x, bottom + 5), fill=BLACK)
        canvas.text(x, bottom + 17, label, size=13)
    found: FloatArray = left + (values - low) / span * (right - left)
    return found


def interactions_png(found: Strengths) -> bytes:
    """The strongest features by each other: the darker, the more a pair moves the output together."""
    names = found.features[:_SHOWN]
    values = found.values[: len(names), : len(names)]
    labels = [fitted(name, 15, 190) for name in names]
    left = round(max(text_width(each, 15) for each in labels)) + 24
    top = 52
    canvas = Canvas(max(left + _CELL * len(names) + 24, 420), top + _CELL * len(names) + 64)
    canvas.text(16, 22, f"mean |SHAP interaction value| ({found.unit})", size=16, anchor="left", colour=BLACK)
    most = float(values.max()) or 1.0
    for row, label in enumerate(labels):
        y = top + _CELL * (row + 0.5)
        canvas.text(left - 10, y, label, size=15, anchor="right")
        short = fitted(names[row], 13, _CELL - 4)
        canvas.text(left + _CELL * (row + 0.5), top + _CELL * len(names) + 16, short, size=13)
        for column in range(len(names)):
            x, value = left + _CELL * column, float(values[row, column])
            share = value / most
            shade = tuple(round(255 + share * (end - 255)) for end in _TODAY)
            canvas.pen.rectangle((x, y - _CELL / 2, x + _CELL - 2, y + _CELL / 2 - 2), fill=shade)
            ink = (255, 255, 255) if share > 0.6 else BLACK  # noqa: PLR2004 - what can be read on the shade
            canvas.text(x + _CELL / 2 - 1, y - 1, f"{value:.2g}", size=13, colour=ink)
    told = f"{found.rows:,} rows; on the diagonal what a feature adds alone"
    canvas.text(16, canvas.height - 18, told, size=14, anchor="left")
    return canvas.png()
