"""One night of one model version, as it is published."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from obs_dagster.metrics.record import MetricRecord
from obs_dagster.monitor.whole import WHOLE
from obs_dagster.reports.mlflow.naming import night_metrics
from obs_dagster.reports.mlflow.record_tables import record_tables
from obs_dagster.verdict.verdict import Verdict

EPOCH = dt.date(1970, 1, 1)

TRACE_TAG = "obs.trace_id"
"""The tag of a night's run that names the trace of the run which published it."""

Content = str | bytes | Path
"""What an artifact holds: text, bytes, or those of a file."""


def about_all_rows(record: MetricRecord) -> bool:
    """Whether the record is about all rows of a window: those of segments are many, and nobody's trend."""
    return record.segment == WHOLE and record.window > 0


@dataclass(frozen=True, slots=True)
class Later:
    """What is made of a night while other things are published.

    Attributes:
        artifacts: content by path within the run.
        remarks: what a reader must know of it, such as why some of it could not be made; sentences without a
            full stop.
    """

    artifacts: Mapping[str, Content] = field(default_factory=dict)
    remarks: Sequence[str] = ()


@dataclass(frozen=True)
class VersionReport:
    """All that is current about one version and day; publishing it makes MLflow say exactly that.

    Attributes:
        records: all current records of the version and day.
        plots: whether a record is a metric of the runs; all are in the tables beside them.
        settled: whether the wait for the day's labels is over; until then what depends on them is withheld.
        verdict: how the version did as of that day.
        params: what the evaluation was made with (fingerprint of the monitor, windows, baseline, grid,
            version of the program). What changes from run to run without changing the result is a tag.
        tags: more tags, such as the run that evaluated.
        artifacts: content by path within the run; None leaves the artifacts as they are.
        remarks: what a reader must know besides the verdict; sentences without a full stop.
        later: makes more artifacts; called when all else is published, and may wait for other processes.
        links: where else to look, by what is there.
        kept: the folder whose artifacts stay as an earlier publication left them; empty if there is none.
        compared: the two versions that the night compares; None if it compares none.
        registered_model: name of the registered model whose version this is; None if there is none.
        linked_window: the window whose performance is shown at MLflow's logged model and in its charts.
        task: the kind of model; empty for any.
    """

    model: str
    version: str
    day: dt.date
    records: Sequence[MetricRecord]
    settled: bool
    verdict: Verdict
    params: Mapping[str, str] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)
    artifacts: Mapping[str, Content] | None = None
    remarks: Sequence[str] = ()
    later: Callable[[], Later] | None = None
    links: Mapping[str, str] = field(default_factory=dict)
    kept: str = ""
    compared: tuple[str, str] | None = None
    registered_model: str | None = None
    linked_window: int = 7
    task: str = ""
    plots: Callable[[MetricRecord], bool] = about_all_rows

    @cached_property
    def metrics(self) -> dict[str, float]:
        """The numbers to publish by their name in MLflow."""
        return night_metrics(filter(self.plots, self.records), settled=self.settled)

    @cached_property
    def last(self) -> Later:
        """What `later` makes, once it is made."""
        return Later() if self.later is None else self.later()

    @cached_property
    def tables(self) -> Mapping[str, Content]:
        """All records with their intervals, errors and row counts, by path within the run."""
        return record_tables(self.records)

    @property
    def step(self) -> int:
        """The day as MLflow's step: days since 1970-01-01."""
        return step_of(self.day)


def step_of(day: dt.date) -> int:
    """Days since 1970-01-01.

    >>> step_of(dt.date(1970, 1, 3))
    2
    """
    return (day - EPOCH).days
