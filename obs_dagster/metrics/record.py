"""The metric record: one number, what it is about, and how sure it is."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, fields
from typing import Any

BASELINE = 0
"""The window of records that say what a metric is on the baseline which the day is compared with."""

NO_ROWS = "no rows"
"""The reason of a subject that nothing was predicted for."""

NO_BASELINE = "no baseline"
"""The reason of what cannot be compared for want of a baseline; why there is none may follow a colon."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """A number with its uncertainty, before anybody says what it is about.

    Attributes:
        value: the point estimate; None if it cannot be computed, and then `reason` says why.
        low: lower end of the 95 % confidence interval, None if there is none.
        high: upper end of it.
        n: rows behind the value.
        error: largest possible deviation from the exact value caused by binning; 0 if the value is exact.
        reason: why there is no value ("no rows", "one class only", …); empty if there is one.
    """

    value: float | None
    low: float | None
    high: float | None
    n: int
    error: float = 0.0
    reason: str = ""

    @classmethod
    def missing(cls, reason: str, n: int = 0) -> Estimate:
        """An estimate without a value, and the reason for it."""
        return cls(value=None, low=None, high=None, n=n, reason=reason)


@dataclass(frozen=True, slots=True)
class MetricRecord:
    """A named number for (model, version, segment, column, day, window).

    Attributes:
        segment: `*` for all rows, `origin=JFK` for one value, `origin=JFK,carrier=AA` for a crossing.
        column: the column that the metric is about; empty for metrics of the model as a whole.
        definition: the id of the exact definition, as docs/metrics.md lists it.
        day: last day of the window, in the monitor's time zone.
        window: length of the window in days; `BASELINE` for the value on the baseline itself.
        computed_at: when it was computed (UTC).
        run_id: the Dagster run that computed it.
    """

    model: str
    version: str
    segment: str
    column: str
    metric: str
    definition: str
    day: dt.date
    window: int
    value: float | None
    low: float | None
    high: float | None
    n: int
    error: float
    reason: str
    computed_at: dt.datetime
    run_id: str

    @property
    def key(self) -> tuple[str, str, str, str, str, dt.date, int]:
        """What makes a record current: there is one record per key."""
        return (self.model, self.version, self.segment, self.column, self.metric, self.day, self.window)

    def as_dict(self) -> dict[str, Any]:
        """The record as plain values, in field order."""
        return {field.name: getattr(self, field.name) for field in fields(self)}
