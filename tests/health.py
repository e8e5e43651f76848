"""A store with two models: `risk` of two versions with records, alerts and an outbox; `idle` had no night."""

import datetime as dt

from obs_dagster.alerts import report_failure
from obs_dagster.alerts.rules.alert import Alert, write
from obs_dagster.alerts.rules.fold import State
from obs_dagster.history import NightRecord, VerdictRecord
from obs_dagster.history.usage import StageUsage, record_programs
from obs_dagster.history.usage import record as record_usage
from obs_dagster.metrics.record import MetricRecord
from obs_dagster.metrics.registry import definition
from obs_dagster.telemetry.resources import Usage

DAY = dt.date(2024, 3, 9)
DONE = dt.datetime(2024, 3, 10, 5, tzinfo=dt.UTC)
NOW = DONE + dt.timedelta(hours=1)
HOSTILE = 'city=Köln "\\\n;=,{} #'


def described(model):
    """The text of a monitor's file."""
    columns = {"prediction_id": "id", "time": "at", "version": "v", "score": "score", "latency_ms": "ms"}
    return {
        "model": model,
        "start": "2024-03-01",
        "time_zone": "Europe/Berlin",
        "logs": {"source": "parquet", "path": "log/{day}.parquet", "columns": columns},
        "labels": {
            "source": "parquet",
            "path": "l/*.parquet",
            "columns": {"prediction_id": "id", "label": "y"},
            "max_delay_days": 2,
        },
        "features": {"income": {"type": "number"}, "city": {"type": "category"}},
        "segments": ["city"],
        "windows": [1, 7],
        "baseline": {"kind": "rolling", "days": 7},
        "alerts": [
            {"name": "slow", "metric": "latency_p95", "above": 250, "severity": "critical"},
            {"name": "moved", "metric": "psi", "window": 7, "above": "150 % of usual"},
        ],
    }


def record(
    metric, value, *, day=DAY, version="1", segment="*", column="", window=1, low=None, high=None, n=500
):
    return MetricRecord(
        model="risk",
        version=version,
        segment=segment,
        column=column,
        metric=metric,
        definition=definition(metric).id,
        day=day,
        window=window,
        value=value,
        low=low,
        high=high,
        n=n if value is not None else 0,
        error=0.0,
        reason="" if value is not None else "no rows",
        computed_at=DONE,
        run_id="run",
    )


RECORDS = (
    record("recall", 0.75, day=DAY - dt.timedelta(days=2), low=0.7, high=0.8),
    # of days whose labels may still come
    record("recall", 0.1, low=0.05, high=0.2),
    record("latency_p95", 120.0, low=110.0, high=140.0),
    record("latency_p95", 80.0, version="2"),
    record("latency_p95", 95.0, segment=HOSTILE),
    record("volume", 500.0),
    record("volume", 499.0, day=DAY - dt.timedelta(days=1)),
    record("psi", 0.31, column="income", window=7, low=0.2, high=0.4),
    record("psi", None, column="score", window=7),
    record("quarantined_share", 7 / 507, version="*", n=507),
)


def alert(rule, metric, state, **changes):
    told = {
        "id": rule,
        "model": "risk",
        "rule": rule,
        "version": "1",
        "segment": "*",
        "column": "",
        "metric": metric,
        "window": 1,
        "severity": "critical",
        "owner": "",
        "summary": "",
        "direction": "above",
        "threshold": 250.0,
        "state": state,
        "since": DAY,
        "fired_day": DAY if state is State.FIRING else None,
        "last_day": DAY,
        "resolved_day": None,
        "value": 1.0,
        "low": None,
        "high": None,
        "n": 500,
        "nights": 1,
        "note": "",
        "announced": True,
        "firings": 1,
        "updated_at": DONE,
        "run_id": "run",
        "incident_id": "i" if state is State.FIRING else "",
    }
    return Alert(**{**told, **changes})


def fill(history):
    history.replace_metrics(
        RECORDS,
        model="risk",
        days={each.day for each in RECORDS},
        metrics={each.metric for each in RECORDS},
    )
    evaluated = True
    for back, rows in ((1, 499), (0, 507)):
        day = DAY - dt.timedelta(days=back)
        history.record_night(
            NightRecord("risk", day, evaluated, "", rows, ("1", "2"), "run", DONE - dt.timedelta(days=back))
        )
    said = [
        VerdictRecord("risk", version, DAY, status, "why")
        for version, status in (("1", "failing"), ("2", "sound"))
    ]
    history.record_verdicts("risk", DAY, said)
    with history.writing("risk") as connection:
        taken = Usage(40.0, 50.0, 2, 900_000_000, written_bytes=3_000_000, disk_free=10, disk_size=20)
        for back in range(12):
            day = DAY - dt.timedelta(days=back)
            record_usage(
                connection,
                [StageUsage("risk", day, "profile", 1, DONE - dt.timedelta(days=back), taken, "run")],
            )
        record_programs(connection, "risk", [DAY], {"python": "3.11.7"})
        write(connection, None, alert("slow", "latency_p95", State.FIRING))
        moved = {"column": "income", "window": 7, "threshold": 0.2, "severity": "warning"}
        write(connection, None, alert("moved", "psi", State.PENDING, **moved))
    report_failure(
        history,
        model="risk",
        run_id="r",
        partition="2024-03-08",
        error="x",
        owner="",
        now=DONE - dt.timedelta(days=1),
    )
