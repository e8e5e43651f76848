"""A small model with logs, late labels, alerts and an MLflow, and its nights without Dagster.

The stages are those of a run, in the order of its graph. What a run has around them (locks of runs, their
records) is killed in `tests/jobs/test_killed_runs.py`.
"""

from __future__ import annotations

import datetime as dt
import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from obs_dagster.alerts import deliver, evaluate_rules
from obs_dagster.alerts.channels.thread import Taken
from obs_dagster.alerts.moved import from_lake
from obs_dagster.alerts.outbox.entries import LEASE
from obs_dagster.anomalies import record_anomalies
from obs_dagster.baselines.prepare import prepare_baseline
from obs_dagster.evaluation.drift import drift_of_day
from obs_dagster.evaluation.hours import count_hours
from obs_dagster.evaluation.label_ages import age_labels, days_to_age
from obs_dagster.evaluation.log_records import quality_records
from obs_dagster.evaluation.night import Night
from obs_dagster.evaluation.night_record import record_nights
from obs_dagster.evaluation.owed import digests, owed_days, settle
from obs_dagster.evaluation.parallel import each_day, records_of_days
from obs_dagster.evaluation.performance_records import performance_records
from obs_dagster.evaluation.profiling import (
    damaged_profiles,
    profile_days,
    reduce_outcomes_of,
    stale_outcomes,
)
from obs_dagster.evaluation.recording import Recorder
from obs_dagster.evaluation.service_records import service_records
from obs_dagster.evaluation.windows import later_days
from obs_dagster.history import History
from obs_dagster.lake.lake import Lake
from obs_dagster.lake.leftovers import claimed
from obs_dagster.metrics.registry import family
from obs_dagster.monitor.model import Monitor
from obs_dagster.quality.day import validate_days
from obs_dagster.quality.validated import damaged_days
from obs_dagster.reports.catch_up import publish_nights
from obs_dagster.sources.labels import ingest_labels
from obs_dagster.sources.unreadable_log import ingest_day

MODEL = "small"
FIRST = dt.date(2024, 3, 4)
NIGHT = FIRST + dt.timedelta(days=2)
"""The night that things happen to; those before it were quiet."""

ROWS = 80
ROUTES = ("json://first", "json://second")
MONITOR = {
    "model": MODEL,
    "start": str(FIRST),
    "logs": {
        "source": "parquet",
        "path": "logs/{day}.parquet",
        "columns": {"prediction_id": "id", "time": "at", "version": "model", "score": "score"},
    },
    "labels": {
        "source": "parquet",
        "path": "labels/*",
        "columns": {"prediction_id": "id", "label": "late", "known_at": "known_at"},
        "max_delay_days": 1,
    },
    "features": {"temp": {"type": "number"}, "carrier": {"type": "category"}},
    "segments": ["carrier"],
    "baseline": {"kind": "training", "path": "training/{version}.parquet"},
    "windows": [1, 7],
    "reports": {"evidently_every_days": 366},
    "alerts": [
        {"name": "busy", "metric": "volume", "above": ROWS // 2},
        {"name": "busier", "metric": "volume", "above": 1.5 * ROWS, "window": 1},
    ],
    "routes": [{"url": url} for url in ROUTES],
}


@dataclass(frozen=True)
class World:
    """What there is below one folder.

    Args:
        root: the folder.
        database: the history store; left out: an SQLite file.
        mlflow: MLflow; left out: an SQLite file.
        clock: by how much the machine's clock is wrong.
    """

    root: Path
    database: str = ""
    mlflow: str = ""
    clock: dt.timedelta = dt.timedelta()

    @property
    def monitor(self) -> Monitor:
        return Monitor.model_validate(MONITOR, context=self.root / "small.yaml")

    @property
    def lake(self) -> Lake:
        return Lake(self.root / "lake")

    @property
    def history_url(self) -> str:
        return self.database or f"sqlite:///{self.root / 'history.db'}"

    @property
    def mlflow_uri(self) -> str:
        return self.mlflow or f"sqlite:///{self.root / 'mlflow.db'}"

    @property
    def taken(self) -> Path:
        """What the channels have taken: a line of URL and key each."""
        return self.root / "taken.jsonl"

    def log(self, day: dt.date) -> Path:
        return self.root / "logs" / f"{day}.parquet"

    def night(self, days: Sequence[dt.date]) -> Night:
        now = dt.datetime.combine(max(days), dt.time(5), dt.UTC) + dt.timedelta(days=1) + self.clock
        run = f"run of {min(days)} to {max(days)}"
        return Night(self.monitor, self.lake, Recorder(MODEL, run, now, self.monitor.task))


def days(first: dt.date, last: dt.date) -> list[dt.date]:
    """The days from one to another, both included."""
    return [first + dt.timedelta(days=number) for number in range((last - first).days + 1)]


def write_inputs(root: Path) -> None:
    """Logs and training rows; the last night has more rows, and is in breach."""
    for folder in ("logs", "labels", "training"):
        (root / folder).mkdir(parents=True, exist_ok=True)
    pq.write_table(_rows(dt.date(2024, 1, 1), 300), root / "training" / "1.parquet")
    for day in days(FIRST, NIGHT):
        pq.write_table(_rows(day, _many(day)), root / "logs" / f"{day}.parquet")


def write_labels(root: Path, day: dt.date) -> None:
    """The labels of a day, which are there for the night after its own."""
    pq.write_table(_labels(_rows(day, _many(day)), day), root / "labels" / f"{day}.parquet")


def _many(day: dt.date) -> int:
    return 2 * ROWS if day == NIGHT else ROWS


def _rows(day: dt.date, n: int) -> pa.Table:
    random = np.random.default_rng(day.toordinal())
    noon = dt.datetime.combine(day, dt.time(12), dt.UTC)
    temp = random.normal(10, 5, n)
    # a row of each day breaks the contract
    temp[0] = np.inf
    return pa.table(
        {
            "id": [f"{day}-{number}" for number in range(n)],
            "at": [noon + dt.timedelta(seconds=number) for number in range(n)],
            "model": ["1"] * n,
            "score": random.uniform(size=n),
            "temp": temp,
            "carrier": random.choice(["AA", "UA"], n),
        }
    )


def _labels(log: pa.Table, day: dt.date) -> pa.Table:
    known = dt.datetime.combine(day, dt.time(20), dt.UTC)
    late = [score > 0.5 for score in log["score"].to_pylist()]
    return pa.table({"id": log["id"], "late": late, "known_at": [known] * len(late)})


def evaluate(world: World, wanted: Sequence[dt.date]) -> None:
    """Days through every stage from the log to the outbox, as one run."""
    night, lake, monitor = world.night(wanted), world.lake, world.monitor
    now, run = night.recorder.now, night.recorder.run_id
    with claimed(lake.root), History.open(world.history_url) as history:

        def keep(records, about, *families):
            metrics = {name for each in families for name in family(each)}
            history.replace_metrics(records, model=MODEL, days=about, metrics=metrics)

        for day in wanted:
            ingest_day(monitor, day, lake, now)
        ingest_labels(monitor, lake)
        records = []
        for day, quality in validate_days(monitor, sorted({*damaged_days(monitor, lake), *wanted}), lake):
            if day in wanted:
                records += quality_records(quality, day, night.recorder)
        keep(records, wanted, "quality")
        prepare_baseline(monitor, lake)
        for _ in profile_days(night, {*damaged_profiles(night), *wanted}):
            pass
        affected = later_days(night.profiles, monitor, set(wanted)) | set(wanted)
        for day, found in each_day(drift_of_day, night, affected):
            keep(found.records, [day], "drift")
        stale = stale_outcomes(night, night.profiles.days())
        owed = owed_days(night, stale)
        list(reduce_outcomes_of(night, sorted(stale)))
        changed = stale | owed
        outcomes = digests(night, changed)
        list(age_labels(night, days_to_age(night)))
        touched = later_days(night.outcomes, monitor, changed) | set(wanted)
        for day, found in records_of_days(performance_records, night, touched):
            keep(found, [day], "performance", "estimate")
        settle(night, outcomes)
        count_hours(night, list(wanted))
        for day, found in records_of_days(service_records, night, affected):
            keep(found, [day], "service")
        record_nights(night, wanted, history)
        record_anomalies(monitor, history, wanted, night.recorder)
        evaluate_rules(monitor, history, as_of=max(wanted), now=now, run_id=run, moved=from_lake(lake))


def publish(world: World, wanted: Sequence[dt.date]) -> None:
    """Days into MLflow, and whatever it misses."""
    with claimed(world.lake.root), History.open(world.history_url) as history:
        publish_nights(world.night(wanted), wanted, history, world.mlflow_uri)


def send(world: World, *, attempt: int = 0) -> None:
    """What waits in the outbox; each further attempt is as late as the lease of one that died."""
    when = dt.datetime(2024, 4, 1, tzinfo=dt.UTC) + attempt * 2 * LEASE + world.clock

    def take(url, message, _thread) -> Taken:
        line = json.dumps([url, message.key]).encode() + b"\n"
        descriptor = os.open(world.taken, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        os.write(descriptor, line)
        os.close(descriptor)
        return Taken()

    with History.open(world.history_url) as history:
        deliver(history, {MODEL: world.monitor.routes}, environ={}, clock=lambda: when, sender=take)


def run(world: World, wanted: Sequence[dt.date] = (NIGHT,)) -> None:
    """A whole run: evaluated, sent, published."""
    evaluate(world, wanted)
    send(world)
    publish(world, wanted)
