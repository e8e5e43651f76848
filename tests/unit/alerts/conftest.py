"""A small monitor, and nights written the way the stages write them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from obs_dagster.alerts import AlertSummary, evaluate_rules
from obs_dagster.history import History, NightRecord
from obs_dagster.metrics.record import MetricRecord
from obs_dagster.monitor import Monitor

FIRST = dt.date(2013, 7, 1)
MONITOR = {
    "model": "flight_delay",
    "owner": "team:flights",
    "start": "2013-06-01",
    "logs": {
        "source": "parquet",
        "path": "log/{day}.parquet",
        "columns": {"prediction_id": "id", "time": "time", "version": "version", "score": "score"},
    },
    "features": {"origin": {"type": "category"}, "dep_delay": {"type": "number"}},
    "segments": ["origin"],
    "baseline": {"kind": "training", "path": "train/{version}.parquet"},
}
RECALL = {"name": "recall_low", "metric": "recall", "below": 0.5, "severity": "critical", "summary": "Look."}


@pytest.fixture
def store(tmp_path: Path) -> Iterator[History]:
    with History.open(f"sqlite:///{tmp_path / 'history.db'}") as history:
        yield history


@pytest.fixture
def monitor() -> Callable[..., Monitor]:
    """Makes a monitor with the given rules; without any, one that watches recall."""

    def make(*rules: dict[str, object]) -> Monitor:
        return Monitor.model_validate({**MONITOR, "alerts": rules or (RECALL,)})

    return make


@pytest.fixture
def day() -> Callable[[int], dt.date]:
    """The n-th night, from 1."""
    return lambda number: FIRST + dt.timedelta(days=number - 1)


Write = Callable[..., None]


@pytest.fixture
def write(store: History) -> Write:
    """Writes a metric of one subject, night after night: a number, None, or (value, low, high)."""

    def write(values: Sequence[object], *, first: int = 1, **about: object) -> None:
        fields = {"version": "1", "segment": "*", "column": "", "metric": "recall", "window": 1, "n": 1_000}
        fields |= about
        for number, given in enumerate(values, start=first):
            on = FIRST + dt.timedelta(days=number - 1)
            value, low, high = given if isinstance(given, tuple) else (given, None, None)
            record = MetricRecord(
                model="flight_delay",
                definition=f"{fields['metric']}/1",
                day=on,
                value=value,
                low=low,
                high=high,
                error=0.0,
                reason="" if value is not None else "no labels",
                computed_at=dt.datetime(2013, 8, 1, tzinfo=dt.UTC),
                run_id="run",
                **fields,
            )
            others = [
                one for one in store.metrics("flight_delay", first=on, last=on) if one.key != record.key
            ]
            store.replace_metrics(
                [*others, record],
                model="flight_delay",
                days=[on],
                metrics={one.metric for one in [*others, record]},
            )

    return write


@pytest.fixture
def night(store: History) -> Callable[[int], None]:
    """Writes down that the n-th night was evaluated."""

    def night(number: int) -> None:
        finished = dt.datetime(2013, 8, 1, tzinfo=dt.UTC) + dt.timedelta(hours=number)
        store.record_night(
            NightRecord(
                model="flight_delay",
                day=FIRST + dt.timedelta(days=number - 1),
                evaluated=True,
                reason="",
                rows=1_000,
                versions=("1",),
                run_id=f"run-{number}",
                finished_at=finished,
            )
        )

    return night


@pytest.fixture
def evaluate(
    store: History, monitor: Callable[..., Monitor], night: Callable[[int], None]
) -> Callable[..., AlertSummary]:
    """Evaluates the rules as of the n-th night, an hour later each night."""

    def evaluate(number: int, *rules: dict[str, object]) -> AlertSummary:
        night(number)
        on = FIRST + dt.timedelta(days=number - 1)
        now = dt.datetime(2013, 8, 1, tzinfo=dt.UTC) + dt.timedelta(hours=number)
        return evaluate_rules(monitor(*rules), store, as_of=on, now=now, run_id=f"run-{number}")

    return evaluate
