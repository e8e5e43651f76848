"""What is computed of requests by the hour: objectives, their burn rates, the slowest hour."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import replace

from obs_dagster.evaluation.hours import hours_of_day
from obs_dagster.evaluation.night import Night
from obs_dagster.metrics.evaluation import evaluate
from obs_dagster.metrics.record import MetricRecord
from obs_dagster.metrics.registry import family
from obs_dagster.metrics.service.traffic import Traffic


def hourly_records(night: Night, day: dt.date) -> Iterator[MetricRecord]:
    """What is computed of a day's requests by the hour, and of the hours before them, per version."""
    without = Traffic(0, None, None, ())
    # the others are of windows and cells, whose rows are the clean ones
    hourly = {name for name, metric in family("service").items() if not metric.applies(without)}
    for version, hours in hours_of_day(night.monitor, day, night.lake).items():
        found = evaluate("service", replace(without, hours=hours), only=hourly)
        yield from night.recorder.records(found, version=version, day=day, window=1)
