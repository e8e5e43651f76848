"""What a version looks at: the features with the largest SHAP values."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from obs_dagster.monitor.model import Monitor
from obs_dagster.reports.health.cell import TOP, place
from obs_dagster.verdict.record_index import RecordIndex
from obs_dagster.verdict.wording import day_month, interval, number


@dataclass(frozen=True, slots=True)
class Bar:
    """The importance of one feature; `width` and `tip` run from 0 to `BAR`."""

    column: str
    value: str
    interval: str
    width: float


@dataclass(frozen=True, slots=True)
class ImportanceTable:
    """The features that move the scores of one version most."""

    version: str
    bars: Sequence[Bar]
    note: str


def importance_table(monitor: Monitor, index: RecordIndex, version: str, day: dt.date) -> ImportanceTable:
    """The features with the largest mean absolute SHAP value, on the last day that has them."""
    known = {
        window: [
            record
            for column in index.columns("shap_importance", version, window)
            for at, record in index.series("shap_importance", version, window, column=column).items()
            if at <= day and record.value is not None
        ]
        for window in monitor.windows
    }
    records = next((found for found in known.values() if found), [])
    if not records:
        return ImportanceTable(version, (), _absent(monitor, index, version, day))
    last = max(record.day for record in records)
    latest = sorted(
        (record for record in records if record.day == last), key=lambda record: -(record.value or 0)
    )
    longest = max(record.value or 0.0 for record in latest) or 1.0
    bars = [
        Bar(
            record.column,
            number("shap_importance", record.value),
            interval("shap_importance", record.low, record.high),
            place(record.value or 0.0, longest),
        )
        for record in latest[:TOP]
    ]
    return ImportanceTable(version, bars, f"{day_month(last)}, {latest[0].n:,} rows explained")


def _absent(monitor: Monitor, index: RecordIndex, version: str, day: dt.date) -> str:
    """Why a version has no explanation."""
    for window in monitor.windows:
        for column in index.columns("shap_importance", version, window):
            record = index.at(day, "shap_importance", version, window, column=column)
            if record is not None and record.reason:
                return f"Not explained: {record.reason}"
    if monitor.registry is None:
        return (
            "Not explained: the monitor has no registry, which says which models of MLflow its versions are."
        )
    return "No explanations were computed for this version."
