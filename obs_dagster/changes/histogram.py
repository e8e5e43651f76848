"""Both sides of a change as bars on one axis."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from obs_dagster.changes.spread import Spread
from obs_dagster.changes.summary import Summary
from obs_dagster.profile.distribution import FloatArray

Axis = Literal["values", "linear", "wide"]
"""What the bars are: values by name, equal parts of the line, or parts that widen away from 0."""

BARS = 24
"""Bars of a numeric column."""

_OUTER = (0.005, 0.995)
"""What lies beyond these quantiles of both sides is in the outer bars."""

_WIDE = 20
"""How many times wider than the narrower side both together are, where equal bars would show one only."""


@dataclass(frozen=True, slots=True)
class Histogram:
    """Shares of the rows with a value, side by side.

    Attributes:
        axis: what the bars are.
        names: the value of each bar, where they are values; "" is all others.
        edges: the ends of the bars, shape (bars + 1,), where they are parts of the line.
        before, after: the share in each bar.
    """

    axis: Axis
    names: tuple[str, ...]
    edges: tuple[float, ...]
    before: tuple[float, ...]
    after: tuple[float, ...]


def by_name(before: Summary, after: Summary) -> Histogram:
    """The shares of values by name, and of all others where there are such."""
    names = tuple(before.shares or after.shares)
    sides = [tuple(side.shares.get(name, 0.0) for name in names) for side in (before, after)]
    others = [max(0.0, 1 - math.fsum(side)) if any(side) else 0.0 for side in sides]
    if max(others) > 1e-9:  # noqa: PLR2004 - more than the rounding of a sum
        names += ("",)
        sides = [(*side, rest) for side, rest in zip(sides, others, strict=True)]
    return Histogram("values", names, (), *sides)


def over_line(before: Spread, after: Spread) -> Histogram | None:
    """The shares in parts of the line that hold nearly all rows of both sides.

    None for values so far apart that no number says by how much.
    """
    ends = np.array([side.quantiles(_OUTER) for side in (before, after)])
    low, high = float(ends.min()), float(ends.max())
    if not math.isfinite(high - low):
        return None
    if low == high:
        pad = abs(low) / 2 or 0.5
        low, high = low - pad, high + pad
    widths = ends[:, 1] - ends[:, 0]
    narrow = float(widths[widths > 0].min(initial=high - low))
    wide = high - low > _WIDE * narrow
    edges = np.linspace(low, high, BARS + 1)
    if wide and np.isfinite(widening := _widening(low, high, narrow)).all():
        edges = widening
    return Histogram(
        "wide" if wide else "linear",
        (),
        tuple(edges.tolist()),
        _shares(before, edges),
        _shares(after, edges),
    )


def _widening(low: float, high: float, unit: float) -> FloatArray:
    """Edges that are equally far apart in the inverse hyperbolic sine of the value."""
    unit = unit / 4
    first, last = np.arcsinh(np.array([low, high]) / unit).tolist()
    edges: FloatArray = np.sinh(np.linspace(first, last, BARS + 1)) * unit
    return edges


def _shares(spread: Spread, edges: Sequence[float] | FloatArray) -> tuple[float, ...]:
    """The share of rows between edges; rows of an interval across an edge in proportion to its length."""
    inner = np.asarray(edges)[1:-1]
    width = spread.high - spread.low
    inside = np.divide(
        inner[:, None] - spread.low,
        width,
        out=(inner[:, None] > spread.low).astype(np.float64),
        where=width > 0,
    )
    below = np.clip(inside, 0.0, 1.0) @ spread.mass
    found = np.diff(np.concatenate([[0.0], below, [float(spread.mass.sum())]]))
    return tuple(np.round(found, 5).tolist())
