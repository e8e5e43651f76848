"""Generated inputs of the reports: a season of two versions, of which the first loses its recall."""

import datetime as dt
import math

import numpy as np

from obs_dagster.alerts.incidents.incident import Incident
from obs_dagster.alerts.rules.alert import Alert
from obs_dagster.alerts.rules.fold import State
from obs_dagster.metrics.record import MetricRecord
from obs_dagster.monitor.model import Monitor
from obs_dagster.reports.health import HealthInput, render_health
from obs_dagster.verdict.inputs import AlertLine, NightLine

LAST = dt.date(2013, 7, 21)
DAYS = 42
COMPUTED = dt.datetime(2013, 7, 22, 5, 0, tzinfo=dt.UTC)
FEATURES = ("temp", "dewp", "humid", "wind_speed", "precip", "visib", "hour", "distance", "carrier", "origin")


def monitor(**changes):
    described = {
        "model": "flight_delay",
        "description": "Will a flight arrive more than 15 minutes late?",
        "owner": "flights@example.org",
        "start": "2013-06-01",
        "logs": {
            "source": "parquet",
            "path": "log/{day}.parquet",
            "columns": {
                "prediction_id": "id",
                "time": "at",
                "version": "version",
                "score": "score",
                "latency_ms": "latency_ms",
            },
            "threshold": 0.3,
        },
        "labels": {
            "source": "parquet",
            "path": "labels/*.parquet",
            "columns": {"prediction_id": "id", "label": "late"},
            "max_delay_days": 3,
        },
        "features": {
            name: {"type": "category" if name in ("carrier", "origin") else "number"} for name in FEATURES
        },
        "segments": ["origin", "carrier"],
        "baseline": {"kind": "training", "path": "training/{version}.parquet"},
        "alerts": [
            {
                "name": "recall_floor",
                "metric": "recall",
                "window": 7,
                "below": 0.25,
                "for": 2,
                "severity": "critical",
                "summary": "The model misses most late flights. Retrain it, or move its traffic.",
            },
            {"name": "input_drift", "metric": "psi", "window": 7, "above": 0.25, "for": 2},
        ],
    }
    return Monitor.model_validate(described | changes)


def record(
    metric,
    version,
    day,
    value,
    *,
    spread=0.0,
    error=0.0,
    n=900,
    window=7,
    segment="*",
    column="",
    reason="",
):
    known = value is not None
    return MetricRecord(
        model="flight_delay",
        version=version,
        segment=segment,
        column=column,
        metric=metric,
        definition=f"{metric}/1",
        day=day,
        window=window,
        value=value,
        low=value - spread if known and spread else None,
        high=value + spread if known and spread else None,
        n=n,
        error=error,
        reason=reason,
        computed_at=COMPUTED,
        run_id="3f1c9a52",
    )


def days(count=DAYS, last=LAST):
    return [last - dt.timedelta(days=back) for back in range(count - 1, -1, -1)]


def _slide(start, end, index):
    """From `start` to `end` around the middle of the season."""
    return start + (end - start) / (1 + math.exp(-(index - DAYS / 2) / 3))


REFUSED = LAST - dt.timedelta(days=17)


def records(seed=7):
    noise = np.random.default_rng(seed)
    made = []

    def add(metric, version, day, value, scatter, **more):
        made.append(record(metric, version, day, max(value + noise.normal(0, scatter), 0.0), **more))

    for index, day in enumerate(days()):
        if day == REFUSED:
            continue
        for version in ("1", "2"):
            if version == "2" and index < DAYS // 2:
                continue
            first = version == "1"
            share = 1.0 if index < DAYS // 2 else 0.5
            n = int(6_300 * share)
            quality = {"spread": 0.03 / math.sqrt(share), "n": int(n * 0.25)}
            add("recall", version, day, _slide(0.43, 0.05, index) if first else 0.52, 0.012, **quality)
            add("precision", version, day, 0.41 if first else 0.46, 0.015, **quality)
            add("roc_auc", version, day, 0.67 if first else 0.73, 0.006, spread=0.015, n=n)
            add(
                "calibration_error",
                version,
                day,
                _slide(0.02, 0.21, index) if first else 0.04,
                0.006,
                spread=0.01,
                n=n,
            )
            add("label_coverage", version, day, 0.97, 0.005, n=900, window=1)
            add(
                "psi",
                version,
                day,
                _slide(0.03, 0.61, index) if first else 0.06,
                0.012,
                spread=0.03,
                n=n,
                column="score",
            )
            for place, column in enumerate(FEATURES):
                end = (0.92, 0.74, 0.21, 0.09)[place] if first and place < 4 else 0.02
                add("psi", version, day, _slide(0.02, end, index), 0.006, spread=0.02, n=n, column=column)
                add("ks", version, day, _slide(0.02, end / 2, index), 0.004, n=n, column=column)
                add(
                    "missing_share",
                    version,
                    day,
                    0.012 if column != "visib" else 0.09,
                    0.001,
                    n=n,
                    column=column,
                )
                change = 0.08 if column == "visib" else 0.0
                made.append(record("missing_drift", version, day, change, spread=0.01, n=n, column=column))
                add(
                    "shap_importance",
                    version,
                    day,
                    0.4 / (place + 1),
                    0.004,
                    spread=0.01,
                    n=500,
                    window=1,
                    column=column,
                )
            for segment, lift, rows in (
                ("origin=JFK", 0.02, 500),
                ("origin=LGA", -0.01, 600),
                ("origin=EWR", -0.03, 700),
                ("carrier=UA", -0.04, 400),
                ("carrier=B6", 0.05, 420),
                ("carrier=EV", 0.0, 380),
                ("carrier=HA", -0.05, 12),
                ("carrier=OO", -0.05, 4),
            ):
                whole = _slide(0.43, 0.05, index) if first else 0.52
                spread = 0.6 / math.sqrt(rows)
                add(
                    "recall",
                    version,
                    day,
                    max(whole + 2 * lift, 0.01),
                    0.0,
                    spread=spread,
                    n=rows,
                    segment=segment,
                )
                add("precision", version, day, 0.42 + lift, 0.0, spread=spread, n=rows, segment=segment)
            add(
                "volume",
                version,
                day,
                930 * share * (0.8 if day.weekday() == 5 else 1),
                14,
                n=int(900 * share),
                window=1,
            )
            add("latency_p95", version, day, 38 if first else 52, 2.5, spread=2, n=900, window=1)
            add("quarantined_share", version, day, 0.004, 0.002, n=900, window=1)
            add("duplicate_share", version, day, 0.001, 0.0005, n=900, window=1)
            add("schema_changes", version, day, 0.0, 0.0, n=900, window=1)
    return made


def alert(**changes):
    described = {
        "id": "a1",
        "rule": "recall_floor",
        "severity": "critical",
        "state": "firing",
        "version": "1",
        "segment": "*",
        "column": "",
        "metric": "recall",
        "value": 0.05,
        "low": 0.04,
        "high": 0.06,
        "n": 1_575,
        "threshold": 0.25,
        "direction": "below",
        "since": LAST - dt.timedelta(days=14),
        "fired_day": LAST - dt.timedelta(days=13),
        "nights": 12,
        "owner": "",
        "summary": "The model misses most late flights. Retrain it, or move its traffic.",
        "window": 7,
        "day": LAST - dt.timedelta(days=3),
    }
    return AlertLine(**(described | changes))


def drift_alert(column, value, **changes):
    described = {
        "id": f"drift-{column}",
        "rule": "input_drift",
        "severity": "warning",
        "column": column,
        "metric": "psi",
        "value": value,
        "low": value - 0.02,
        "high": value + 0.02,
        "n": 3_150,
        "threshold": 0.25,
        "direction": "above",
        "summary": "The model sees values that it was not trained on.",
        "day": None,
    }
    return alert(**(described | changes))


def alerts():
    return [alert(), drift_alert("temp", 0.92), drift_alert("dewp", 0.74), drift_alert("score", 0.61)]


def night(day, *, evaluated=True, reason="", rows=930):
    return NightLine(day, evaluated, reason, rows, ("1", "2"))


def nights():
    return [
        night(day, evaluated=False, reason="12 % of the rows are in quarantine")
        if day == REFUSED
        else night(day)
        for day in days()
    ]


def health_page(**changes):
    """The health page of the season, with what a test changes."""
    described = {
        "monitor": monitor(),
        "records": records(),
        "alerts": alerts(),
        "nights": nights(),
        "day": LAST,
        "generated_at": COMPUTED,
    }
    return render_health(HealthInput(**described | changes))


def incident():
    """One alert of the first version, which somebody has acknowledged."""
    line = alert()
    shared = {
        name: getattr(line, name)
        for name in AlertLine.__dataclass_fields__
        if name not in {"day", "handled", "why"}
    }
    stored = Alert(
        **shared
        | {
            "model": "flight_delay",
            "state": State.FIRING,
            "last_day": LAST,
            "resolved_day": None,
            "announced": True,
            "firings": 1,
            "updated_at": COMPUTED,
            "run_id": "run",
            "acknowledged_at": COMPUTED,
            "acknowledged_by": "ann",
            "incident_id": "7c2e0d91ab",
        }
    )
    return Incident(
        id="7c2e0d91ab",
        model="flight_delay",
        version="1",
        kind="behaviour",
        opened_at=COMPUTED,
        closed_at=None,
        closed_by="",
        cause="",
        comment="",
        alerts=(stored,),
    )
