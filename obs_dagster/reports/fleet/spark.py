"""A trend in the space of a word."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from itertools import pairwise

from obs_dagster.fleet.trend import DAYS, Trend
from obs_dagster.metrics.registry import definitions
from obs_dagster.reports.health.scale import Scale, value_range
from obs_dagster.verdict.wording import about, day_month, days_to, number

WIDTH, HEIGHT = 112, 26
_ROOM = 3
"""Of the last point's dot, on every side."""


@dataclass(frozen=True, slots=True)
class Spark:
    """A trend as drawn.

    Attributes:
        path: SVG path data; nothing is drawn across days without a value.
        x, y: where the last value is.
        name: of the metric, within a sentence.
        latest: the last value, as it is written.
        told: the trend in words.
    """

    path: str
    x: int
    y: int
    name: str
    latest: str
    told: str


def spark(trend: Trend) -> Spark:
    """Draws a trend over the days up to the model's last night."""
    leading, days = trend.leading, list(trend.values)
    known = definitions().get(leading.metric)
    low, high = value_range(list(trend.values.values()), [], [], from_zero=known is None or known.from_zero)
    if low == high:
        low, high = low - 0.5, high + 0.5
    x = Scale(trend.last.toordinal() - DAYS + 1, trend.last.toordinal(), _ROOM, WIDTH - _ROOM)
    y = Scale(low, high, HEIGHT - _ROOM, _ROOM)
    places = [(round(x.place(day.toordinal())), round(y.place(trend.values[day]))) for day in days]
    steps = [f"M{places[0][0]} {places[0][1]}"]
    for (before, day), place in zip(pairwise(days), places[1:], strict=True):
        steps.append(f"{'L' if day - before == dt.timedelta(days=1) else 'M'}{place[0]} {place[1]}")
    name = about(leading.metric, leading.column, "*")
    first, last = (number(leading.metric, trend.values[day]) for day in (days[0], days[-1]))
    told = f"{name}, {days_to(leading.window, days[-1])}: {last}; {first} on {day_month(days[0])}"
    return Spark("".join(steps), *places[-1], name, last, told)
