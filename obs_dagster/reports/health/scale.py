"""Maps values and days to places in a chart."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

_STEPS = (1.0, 2.0, 2.5, 5.0, 10.0)


@dataclass(frozen=True, slots=True)
class Scale:
    """A linear scale from values to places.

    Attributes:
        low, high: the values at the two ends; they differ.
        start, end: their places, in the chart's units.
    """

    low: float
    high: float
    start: float
    end: float

    def place(self, value: float) -> float:
        """Where the value lies; beyond an end, the end.

        >>> Scale(0, 10, 100, 0).place(2.5)
        75.0
        """
        share = (value - self.low) / (self.high - self.low)
        return self.start + min(max(share, 0.0), 1.0) * (self.end - self.start)


def nice_ticks(low: float, high: float, count: int = 4) -> list[float]:
    """Round values from at or below `low` to at or above `high`, about `count` steps apart.

    >>> nice_ticks(0.03, 0.47)
    [0.0, 0.2, 0.4, 0.6]
    """
    span = high - low
    if not span > 0:
        span = abs(high) or 1.0
        low, high = low - span / 2, high + span / 2
    raw = span / count
    power = 10.0 ** math.floor(math.log10(raw))
    step = next(factor * power for factor in _STEPS if factor * power >= raw * (1 - 1e-9))
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    digits = max(0, 1 - math.floor(math.log10(step)))
    return [round(index * step, digits) for index in range(first, last + 1)]


def value_range(
    values: Sequence[float], bounds: Sequence[float], lines: Sequence[float], *, from_zero: bool
) -> tuple[float, float]:
    """The range that a chart shows: all values and lines, and of the intervals as much as is legible.

    Args:
        values: what is drawn.
        bounds: ends of the intervals; a very wide one does not flatten the values: at most half of the
            values' own range is added for it on each side.
        lines: values of the horizontal lines.
        from_zero: whether the axis has to start at zero.
    """
    inner = [*values, *lines, *([0.0] if from_zero else [])]
    low, high = min(inner), max(inner)
    room = (high - low) / 2 or abs(high) / 2 or 0.5
    if bounds:
        low = max(min(low, *bounds), low - room)
        high = min(max(high, *bounds), high + room)
    return (max(low, 0.0) if from_zero else low), high
