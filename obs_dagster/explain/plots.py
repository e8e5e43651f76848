"""The plots of an explanation, as PNG images; they read as `shap.plots.bar` and `shap.plots.beeswarm` do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from obs_dagster.explain.canvas import BLACK, Axis, Canvas, Colour, fitted, text_width
from obs_dagster.explain.explainable import FloatArray
from obs_dagster.explain.explanation import Explanation

if TYPE_CHECKING:
    import pandas as pd

MAX_FEATURES = 15
"""Features that a plot shows, so that the labels stay legible; the bar plot sums up the rest in one row."""

_WIDTH, _ROW, _TOP, _BOTTOM = 880, 46, 18, 70
_LABEL, _VALUE, _LONGEST_LABEL = 20, 17, 300
_DOT = 6.2
_PINK: Colour = (255, 0, 81)
_GREY: Colour = (119, 119, 119)
#: The colours of `shap.plots.colors.red_blue` at equal distances, from the lowest to the highest value.
_RAMP = np.array(
    [
        [0, 139, 251],
        [0, 130, 248],
        [0, 120, 243],
        [15, 110, 236],
        [75, 99, 227],
        [104, 86, 216],
        [125, 72, 203],
        [142, 56, 188],
        [156, 35, 173],
        [176, 16, 165],
        [194, 0, 155],
        [210, 0, 145],
        [224, 0, 133],
        [236, 0, 121],
        [246, 0, 108],
        [253, 0, 94],
        [255, 0, 81],
    ]
)


def bar_png(explanation: Explanation) -> bytes:
    """Mean absolute SHAP value per feature, the most important on top."""
    importance = explanation.importance()
    names, values = list(importance), np.array(list(importance.values()))
    if len(names) > MAX_FEATURES:
        rest = len(names) - MAX_FEATURES + 1
        names = [*names[:-rest], f"Sum of {rest} other features"]
        values = np.append(values[:-rest], values[-rest:].sum())
    canvas, left, labels = _labelled(names)
    written = [f"+{value:.2f}" if value >= 0.005 or value == 0 else f"+{value:.1g}" for value in values]  # noqa: PLR2004
    longest = _WIDTH - 24 - max(text_width(text, _VALUE) for text in written)
    beyond = (_WIDTH - 6 - left) / (longest - left)  # the axis goes on below the value of the longest bar
    axis = Axis(0.0, (float(values.max()) or 1.0) * beyond, left, _WIDTH - 6)
    for y, name, text, end in zip(_rows(len(names)), labels, written, axis.x(values), strict=True):
        canvas.text(left - 12, y, name, size=_LABEL, anchor="right")
        canvas.pen.rectangle((left, y - 16, end, y + 16), fill=_PINK)
        canvas.text(end + 10, y, text, size=_VALUE, anchor="left", colour=_PINK)
        canvas.dotted((end + 16 + text_width(text, _VALUE), _WIDTH - 6), y)
    bottom = canvas.height - _BOTTOM
    canvas.pen.line((left, _TOP - 12, left, bottom), fill=BLACK)
    axis.draw(canvas, bottom, f"mean |SHAP value| ({explanation.unit})")
    return canvas.png()


def beeswarm_png(explanation: Explanation) -> bytes:
    """One dot per row and feature: how far the feature moved the score, coloured by its value.

    Categories have no order and missing values no place in one, so both are grey.
    """
    names = list(explanation.importance())[:MAX_FEATURES]
    columns = [explanation.features.index(name) for name in names]
    values = explanation.shap_values[:, columns]
    canvas, left, labels = _labelled(names)
    right = _WIDTH - 110
    low, high = min(0.0, float(values.min())), max(0.0, float(values.max()))
    margin = 0.04 * (high - low) or 1.0
    axis = Axis(low - margin, high + margin, left, right)
    bottom = canvas.height - _BOTTOM
    zero = round(float(axis.x(np.zeros(1))[0]))
    canvas.pen.line((zero, _TOP - 12, zero, bottom), fill=(153, 153, 153), width=2)
    draw = np.random.default_rng(0)  # the same picture every time
    for y, name, label, column in zip(_rows(len(names)), names, labels, values.T, strict=True):
        canvas.text(left - 12, y, label, size=_LABEL, anchor="right")
        canvas.dotted((left, right), y)
        order = draw.permutation(len(column))
        offset = _swarm(column[order]) * 0.36 * _ROW
        colours = _colours(explanation.data[name])
        canvas.dots(axis.x(column[order]), y + offset, [colours[row] for row in order], _DOT)
    axis.draw(canvas, bottom, f"SHAP value ({explanation.unit}); grey: category or missing")
    _colour_bar(canvas, right + 28, _TOP - 12, bottom)
    return canvas.png()


def _labelled(names: list[str]) -> tuple[Canvas, float, list[str]]:
    """A canvas for as many rows, where the plot begins, and the names as they fit beside it."""
    labels = [fitted(name, _LABEL, _LONGEST_LABEL) for name in names]
    widest = max(text_width(label, _LABEL) for label in labels)
    return Canvas(_WIDTH, _TOP + _ROW * len(names) + _BOTTOM), round(widest + 24), labels


def _rows(count: int) -> list[float]:
    return [_TOP + _ROW * (row + 0.5) for row in range(count)]


def _swarm(values: FloatArray) -> FloatArray:
    """How far each dot is from the middle of its row, -1 to 1: dots of about the same value are stacked."""
    span = float(np.ptp(values)) or 1.0
    stack = np.round(100 * (values - values.min()) / span)
    order = np.argsort(stack, kind="stable")
    ordered = stack[order]
    first = np.searchsorted(ordered, ordered)
    place = np.empty(len(values))
    place[order] = np.arange(len(values)) - first
    sides = np.ceil(place / 2) * np.where(place % 2, 1, -1)
    return np.asarray(sides / (np.abs(sides).max() + 1), dtype=np.float64)


def _colours(data: pd.Series[Any]) -> list[Colour]:
    """The colour of each value within the 5th to 95th percentile of its column."""
    import pandas as pd

    if not pd.api.types.is_numeric_dtype(data) or data.isna().all():
        return [_GREY] * len(data)
    values = data.to_numpy(dtype=np.float64, na_value=np.nan)
    low, high = np.nanpercentile(values, [5, 95])
    if low == high:
        low, high = np.nanmin(values), np.nanmax(values)
    share = np.clip((values - low) / ((high - low) or 1.0), 0, 1)
    shades = _ramp(np.nan_to_num(share))
    return [_GREY if missing else shade for shade, missing in zip(shades, np.isnan(values), strict=True)]


def _ramp(share: FloatArray) -> list[Colour]:
    """Colours from low (0) to high (1)."""
    places = np.linspace(0, 1, len(_RAMP))
    bands = [np.round(np.interp(share, places, band)).astype(int).tolist() for band in _RAMP.T]
    return list(zip(*bands, strict=True))


def _colour_bar(canvas: Canvas, x: int, top: int, bottom: int) -> None:
    canvas.gradient((x, top, x + 8, bottom), _ramp(np.linspace(0, 1, 256)))
    canvas.text(x + 15, top + 7, "High", size=16, anchor="left", colour=BLACK)
    canvas.text(x + 15, bottom - 7, "Low", size=16, anchor="left", colour=BLACK)
    canvas.upright(x + 62, (top + bottom) / 2, "Feature value", size=17)
