"""Days counted here and now, with nothing but what counting needs: for a small machine that only sends."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence

from obs_dagster.baselines.prepare import prepare_baseline
from obs_dagster.evaluation.hours import count_hours
from obs_dagster.evaluation.night import Night
from obs_dagster.evaluation.profiling import profile_days, reduce_outcomes_of, stale_outcomes
from obs_dagster.evaluation.recording import Recorder
from obs_dagster.lake.lake import Lake
from obs_dagster.monitor.model import Monitor
from obs_dagster.quality.day import validate_days
from obs_dagster.quality.validated import DayQuality
from obs_dagster.sources.ingest import ingest_logs
from obs_dagster.sources.labels import ingest_labels


def count_days(
    monitor: Monitor, days: Sequence[dt.date], lake: Lake, now: dt.datetime
) -> Iterator[tuple[dt.date, DayQuality]]:
    """Do of nights what an export is made of: rows and labels, the contract, the baseline, and the counts.

    No metric is computed, nobody is told, and neither Dagster nor MLflow is there. What is counted is what a
    night counts, and a night that runs later finds it.

    Args:
        monitor: the monitor.
        days: the days, ascending.
        lake: takes what is counted.
        now: the present (UTC).

    Yields:
        Each day with how its rows met the contract, once all of it is counted.

    Raises:
        ObsError: the log, the labels or the baseline cannot be read.
    """
    for day in days:
        ingest_logs(monitor, day, lake)
    ingest_labels(monitor, lake)
    found = dict(validate_days(monitor, days, lake))
    prepare_baseline(monitor, lake)
    night = Night(monitor, lake, Recorder(monitor.model, "count", now, monitor.task))
    for _ in profile_days(night, days):
        pass
    # labels that came late belong to days before, which are then to be sent again
    for _ in reduce_outcomes_of(night, sorted(stale_outcomes(night, night.profiles.days()))):
        pass
    count_hours(night, days)
    yield from found.items()
