"""A value in a table: as text, and as a place on a short axis."""

from __future__ import annotations

from dataclasses import dataclass

from obs_dagster.metrics.record import MetricRecord
from obs_dagster.reports.health.scale import Scale
from obs_dagster.verdict.wording import UNKNOWN, binning, interval, number

BAR = 100.0
"""Length of the axis that an interval is drawn on."""

TOP = 8
"""Rows of a table."""


@dataclass(frozen=True, slots=True)
class Cell:
    """A value as text, and as places on an axis from 0 to `BAR`.

    Attributes:
        binning: how far binning may have moved the value; empty where that does not matter.
    """

    value: str
    interval: str
    n: int
    binning: str = ""
    dot: float | None = None
    low: float | None = None
    high: float | None = None


def cell(record: MetricRecord | None, longest: float) -> Cell:
    """The record's value on an axis from 0 to `longest`."""
    if record is None or record.value is None:
        return Cell(UNKNOWN, "", 0 if record is None else record.n)
    return Cell(
        value=number(record.metric, record.value),
        interval=interval(record.metric, record.low, record.high),
        n=record.n,
        binning=binning(record.metric, record.error, record.low, record.high),
        dot=place(record.value, longest),
        low=None if record.low is None else place(record.low, longest),
        high=None if record.high is None else place(record.high, longest),
    )


def place(value: float, longest: float) -> float:
    """Where a value lies on an axis from 0 to `longest`."""
    return round(Scale(0.0, longest, 0.0, BAR).place(value), 1)
