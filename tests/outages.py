"""A store of nights on which a service goes down now and then, which makes data errors, which are felt."""

import datetime as dt

import numpy as np

from obs_dagster.alerts import evaluate_rules
from obs_dagster.causes.model_nights import across
from obs_dagster.history import NightRecord
from obs_dagster.metrics.record import MetricRecord
from obs_dagster.metrics.registry import definition

FIRST = dt.date(2024, 1, 1)
NIGHTS = 140
#: Every thirteen nights; the last of them is the last night.
OUTAGES = range(1 + 21, NIGHTS, 13)
LAST = FIRST + (NIGHTS - 1) * dt.timedelta(days=1)
NOW = dt.datetime(2024, 8, 1, 6, tzinfo=dt.UTC)

MONITOR = """
model: loan_default
start: 2024-01-01
logs:
  source: parquet
  path: logs/{day}.parquet
  columns: {prediction_id: id, time: at, version: version, score: score, status: status}
labels:
  source: parquet
  path: labels/*.parquet
  columns: {prediction_id: id, label: defaulted}
  max_delay_days: 0
features: {income: {type: number}}
baseline: {kind: rolling}
windows: [1]
causes: {forbidden: ["volume -> drift"]}
alerts:
  - {name: requests_failed, metric: error_share, above: 0.1}
  - {name: recall_lost, metric: recall, below: 0.4, confident: false, severity: critical}
"""

#: Of each metric its subject, what it usually is, and what it is with an outage.
METRICS = (
    ("error_share", "1", "", 0.004, 0.3),
    ("rows_read", "*", "", 1_000.0, 1_000.0),
    ("quarantined_share", "*", "", 0.001, 0.001),
    ("schema_events", "*", "", 0.0, 0.0),
    ("missing_share", "1", "income", 0.01, 0.4),
    ("psi", "1", "income", 0.02, 0.02),
    ("psi", "1", "score", 0.02, 0.02),
    ("label_coverage", "1", "", 0.95, 0.95),
    ("positive_share", "1", "", 0.2, 0.2),
    ("recall", "1", "", 0.7, 0.3),
)


def write_nights(history, monitor):
    """Keeps the nights, and evaluates the rules as of the last one."""
    random = np.random.default_rng(1)
    records, days = [], [FIRST + number * dt.timedelta(days=1) for number in range(NIGHTS)]
    for number, day in enumerate(days):
        for metric, version, column, usual, down in METRICS:
            value = (down if number in OUTAGES else usual) * (1 + 0.02 * random.normal())
            records.append(_record(metric, version, column, day, value))
    history.replace_metrics(
        records, model="loan_default", days=days, metrics={metric for metric, *_ in METRICS}
    )
    for day in days:
        history.record_night(_night(day))
    asked = across([monitor])
    evaluate_rules(monitor, history, as_of=LAST, now=NOW, run_id="run", across=asked)


def _record(metric, version, column, day, value):
    return MetricRecord(
        model="loan_default",
        version=version,
        segment="*",
        column=column,
        metric=metric,
        definition=definition(metric, "binary_classification").id,
        day=day,
        window=1,
        value=value,
        low=None,
        high=None,
        n=900,
        error=0.0,
        reason="",
        computed_at=NOW,
        run_id="run",
    )


def _night(day):
    return NightRecord(
        model="loan_default",
        day=day,
        evaluated=True,
        reason="",
        rows=1_000,
        versions=("1",),
        run_id="run",
        finished_at=NOW,
    )
