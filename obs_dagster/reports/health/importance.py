"""What a version looks at: the features with the largest SHAP values."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from obs_dagster.metrics.record import MetricRecord
from obs_dagster.monitor.model import Monitor
from obs_dagster.reports.health.cell import TOP, place
from obs_dagster.verdict.record_index import RecordIndex
from obs_dagster.verdict.wording import day_month, interval, number


@dataclass(frozen=True, slots=True)
class Bar:
    """The importance of one feature; `width` and `tip` run from 0 to `BAR`.

    Attributes:
        moved: how far its SHAP values are from those of the baseline's rows; empty if that may be chance.
    """

    column: str
    value: str
    interval: str
    width: float
    moved: str = ""


@dataclass(frozen=True, slots=True)
class ImportanceTable:
    """The features that move the scores of one version most."""

    version: str
    bars: Sequence[Bar]
    note: str
    ranking: str = ""
    """How alike the ranking of the features is to that on the baseline; empty where nothing is known."""


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
            _moved(index.at(last, "shap_ks", version, record.window, column=record.column)),
        )
        for record in latest[:TOP]
    ]
    told = f"{day_month(last)}, {latest[0].n:,} rows explained"
    ranking = _ranking(index.at(last, "shap_ndcg", version, latest[0].window))
    return ImportanceTable(version, bars, told, ranking)


def _moved(record: MetricRecord | None) -> str:
    """How far a feature's SHAP values moved, where that is no chance."""
    if record is None or record.low is None or record.low <= 0:
        return ""
    return f"moved {number('shap_ks', record.value)}"


def _ranking(record: MetricRecord | None) -> str:
    """How alike the ranking is, in a sentence."""
    if record is None:
        return ""
    if record.value is None:
        return f"Not compared with the baseline: {record.reason}."
    told = f"{number('shap_ndcg', record.value)} {interval('shap_ndcg', record.low, record.high)}".strip()
    return f"Ranking of features beside the baseline's: {told}; 1 is the same."


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
