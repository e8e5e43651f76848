"""A window of days from their stored profiles: merged, and the drift of its columns."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

from bench.clock import Clock, run


def merge(monitor: str, lake: str, day: str) -> None:
    """Merge every window of the monitor that ends on the day; then compute a night's drift, merging anew."""
    clock = Clock()
    with clock.importing():
        from bench.measured import ours
        from obs_dagster.evaluation.drift_records import drift_records
        from obs_dagster.evaluation.night import Night
        from obs_dagster.evaluation.recording import Recorder
        from obs_dagster.evaluation.windows import profile_windows
        from obs_dagster.lake.lake import Lake

        described = ours.load(monitor)
    last, root = dt.date.fromisoformat(day), Lake(Path(lake))
    night = Night(
        described, root, Recorder(described.model, "bench", dt.datetime.now(dt.UTC), described.task)
    )
    with clock.phase("merge"):
        for window in profile_windows(night, last):
            window.profile.versions()
    with clock.phase("drift"):
        records = sum(1 for _ in drift_records(night, last))
    files = [night.profiles.path(each) for each in night.profiles.days()]
    clock.report(records=records, days=len(files), bytes=sum(file.stat().st_size for file in files))


if __name__ == "__main__":
    run(merge)
