"""One number that a verdict rests on, with what a reader must know to take it for what it is."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from obs_dagster.metrics.record import MetricRecord
from obs_dagster.monitor.model import Monitor
from obs_dagster.monitor.whole import WHOLE
from obs_dagster.verdict.headline import awaits_labels, tells_in_words
from obs_dagster.verdict.inputs import AlertLine
from obs_dagster.verdict.record_index import RecordIndex
from obs_dagster.verdict.wording import (
    about,
    beside,
    binning,
    covered,
    days_to,
    distance,
    interval,
    labels_in,
    measured,
)


@dataclass(frozen=True, slots=True)
class Evidence:
    """One number that a verdict rests on.

    Attributes:
        day, window: the value covers `window` days ending on `day`.
        settled: whether all labels that it may depend on are in.
        labelled: the share of the window's predictions whose label is in; None if the value is settled, or
            the share is not known.
        moved_by: for a PSI of numbers, how far the rows moved on average, in standard deviations of the
            baseline; a PSI by itself hardly grows once no row is where the baseline was.
        threshold: what it was held against; None if no rule did.
        error: how far binning may have moved the value.
        days: how many days of the window have rows of the version; None if it is about all versions.
        told: which groups, or which version, it is about, in words; empty where the number says it all.
    """

    metric: str
    segment: str
    column: str
    day: dt.date
    window: int
    value: float | None
    low: float | None
    high: float | None
    n: int
    settled: bool = True
    labelled: float | None = None
    moved_by: float | None = None
    threshold: float | None = None
    error: float = 0.0
    days: int | None = None
    told: str = ""

    @property
    def name(self) -> str:
        """What the number is about, in words."""
        return about(self.metric, self.column, self.segment)

    @property
    def shown(self) -> str:
        """The value, as it is written."""
        return beside(self.metric, self.value, self.threshold)

    @property
    def uncertainty(self) -> str:
        """The interval in brackets, and how far binning may have moved the value, if that matters."""
        parts = (
            interval(self.metric, self.low, self.high, self.threshold),
            binning(self.metric, self.error, self.low, self.high),
        )
        return " ".join(filter(None, parts))

    @property
    def value_text(self) -> str:
        """The value with its interval, and what binning may have done to it."""
        return measured(self.metric, self.value, self.low, self.high, self.error, self.threshold)

    @property
    def remark(self) -> str:
        """How far that is, or what it is about, where the value itself does not say it; else empty."""
        return self.told if self.moved_by is None else f"{distance(self.moved_by)} from the baseline"

    @property
    def caveat(self) -> str:
        """Why the value may still change; empty if it will not."""
        return "" if self.settled else labels_in(self.labelled)

    @property
    def when(self) -> str:
        """The days that it covers, in a sentence."""
        return covered(self.window, self.day, self.window if self.days is None else self.days)

    @property
    def covers(self) -> str:
        """The days that it covers, and the caveat."""
        return ", ".join(filter(None, (days_to(self.window, self.day), self.caveat)))

    @property
    def text(self) -> str:
        """The number with its name and interval."""
        return f"{self.name} {self.value_text}"


def evidence_of(
    found: MetricRecord | AlertLine, monitor: Monitor, index: RecordIndex, reported: dt.date
) -> Evidence:
    """The number of a record, or of an alert, as it is known after the night of `reported`."""
    day = found.day or reported
    settled = not awaits_labels(monitor, found.metric, day, reported)
    record = _at(found, index, day, found.metric, column=found.column)
    return Evidence(
        metric=found.metric,
        segment=found.segment,
        column=found.column,
        day=day,
        window=found.window,
        value=found.value,
        low=found.low,
        high=found.high,
        n=found.n,
        settled=settled,
        labelled=None if settled else _beside(found, index, day, "label_coverage", column=""),
        moved_by=_beside(found, index, day, "wasserstein", column=found.column)
        if found.metric == "psi"
        else None,
        threshold=found.threshold if isinstance(found, AlertLine) else None,
        error=0.0 if record is None else record.error,
        days=None if found.version == WHOLE else index.days_with_rows(found.version, day, found.window),
        told=record.reason
        if record is not None and record.value is not None and tells_in_words(found.metric)
        else "",
    )


def _beside(
    found: MetricRecord | AlertLine, index: RecordIndex, day: dt.date, metric: str, *, column: str
) -> float | None:
    """The value of another metric of the same rows."""
    record = _at(found, index, day, metric, column=column)
    return None if record is None else record.value


def _at(
    found: MetricRecord | AlertLine, index: RecordIndex, day: dt.date, metric: str, *, column: str
) -> MetricRecord | None:
    return index.at(day, metric, found.version, found.window, segment=found.segment, column=column)
