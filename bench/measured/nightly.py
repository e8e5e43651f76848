"""What a night does with rows, on whichever engine a monitor names: read, validate, label and count them."""

from __future__ import annotations

import datetime as dt
import os
from pathlib import Path

from bench.clock import Clock, run
from bench.spark_cluster import processes_of


def night(monitor: str, lake: str, day: str) -> None:
    """Run the stages that read rows, of one day.

    Tells bytes of memory that this process, and the Java of its Spark session if there is one, held at most.
    """
    clock = Clock()
    with clock.importing():
        from obs_dagster.baselines.prepare import prepare_baseline
        from obs_dagster.catalogue import monitor_of
        from obs_dagster.evaluation.hours import count_hours
        from obs_dagster.evaluation.night import Night
        from obs_dagster.evaluation.profiling import profile_days, reduce_outcomes_of
        from obs_dagster.evaluation.recording import Recorder
        from obs_dagster.lake.lake import Lake
        from obs_dagster.quality.day import validate_day
        from obs_dagster.sources.ingest import ingest_logs
        from obs_dagster.sources.labels import ingest_labels

        described, place, on = monitor_of(Path(monitor)), Lake(Path(lake)), dt.date.fromisoformat(day)
        # a session of Spark's and its executors' Python are started by the first work, whatever it is
        described.engine.elsewhere(os.getpid)
    with clock.phase("read the log"):
        found = ingest_logs(described, on, place)
    with clock.phase("read labels"):
        ingest_labels(described, place)
    with clock.phase("validate"):
        validate_day(described, on, place)
    with clock.phase("baseline"):
        prepare_baseline(described, place)
    now = dt.datetime.now(dt.UTC)
    evaluated = Night(described, place, Recorder(described.model, "bench", now, described.task))
    with clock.phase("profile"):
        for _ in profile_days(evaluated, [on]):
            pass
    with clock.phase("outcomes"):
        for _ in reduce_outcomes_of(evaluated, [on]):
            pass
    with clock.phase("hours"):
        count_hours(evaluated, [on])
    java = [held for each in processes_of(os.getpid()) if (held := _peak(each, "java"))]
    clock.report(rows=found.rows, python=_peak(os.getpid()), java=max(java, default=0))


def _peak(process: int, name: str = "") -> int:
    """Bytes of memory that a process held at most; 0 if it is not called by that name."""
    try:
        lines = Path(f"/proc/{process}/status").read_text("utf-8").splitlines()
    except OSError:
        return 0
    told = dict(line.split(":", 1) for line in lines if ":" in line)
    if name and told["Name"].strip() != name:
        return 0
    return int(told["VmHWM"].split()[0]) * 1024


if __name__ == "__main__":
    run(night)
