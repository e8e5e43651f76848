"""Fills a lake as nights do, with ingested days and their profiles."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

from bench.clock import run


def fill(monitor: str, lake: str, days: list[str], *, profiled: bool) -> None:
    """Ingest days whose logs are there, one after the other.

    Args:
        monitor: the monitor's file.
        lake: the lake's root.
        days: YYYY-MM-DD.
        profiled: whether they are validated and profiled too, on the monitor's baseline.
    """
    from obs_dagster.baselines.prepare import prepare_baseline
    from obs_dagster.catalogue import monitor_of
    from obs_dagster.evaluation.night import Night
    from obs_dagster.evaluation.profiling import profile_days
    from obs_dagster.evaluation.recording import Recorder
    from obs_dagster.lake.lake import Lake
    from obs_dagster.quality.day import validate_day
    from obs_dagster.sources.ingest import ingest_logs

    described, root = monitor_of(Path(monitor)), Lake(Path(lake))
    night = Night(described, root, Recorder(described.model, "bench", dt.datetime.now(dt.UTC)))
    if profiled:
        prepare_baseline(described, root)
    for name in days:
        day = dt.date.fromisoformat(name)
        ingest_logs(described, day, root)
        if profiled:
            validate_day(described, day, root)
            for _ in profile_days(night, [day]):
                pass


if __name__ == "__main__":
    run(fill)
