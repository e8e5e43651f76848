"""What a version looks at: the features with the largest SHAP values."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from obs_dagster.metrics.record import MetricRecord
from obs_dagster.monitor.model import Monitor
from obs_dagster.reports.health.cell import TOP, place
from obs_dagster.reports.output_shift import shift_in_words
from obs_dagster.verdict.record_index import RecordIndex
from obs_dagster.verdict.wording import day_month, interval, number


@dataclass(frozen=True, slots=True)
class Bar:
    """The importance of one feature; `width` and `tip` run from 0 to `BAR`.

    Attributes:
        moved: how far its SHAP values are from those of the baseline's rows; empty if that may be chance.
        worth: what it is worth to be right, by labels; empty where nobody asked them.
    """

    column: str
    value: str
    interval: str
    width: float
    moved: str = ""
    worth: str = ""


@dataclass(frozen=True, slots=True)
class ImportanceTable:
    """The features that move the scores of one version most."""

    version: str
    bars: Sequence[Bar]
    note: str
    ranking: str = ""
    """How alike the ranking of the features is to that on the baseline; empty where nothing is known."""
    shift: str = ""
    """How far the mean output is from the baseline's, and by which features; empty where nothing is known."""
    trust: Sequence[str] = ()
    """How far what is shown can be trusted, in sentences."""


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
            _worth(_latest(index, "permutation_importance", version, record.window, day, record.column)),
        )
        for record in latest[:TOP]
    ]
    told = f"{day_month(last)}, {latest[0].n:,} rows explained"
    ranking = _ranking(index.at(last, "shap_ndcg", version, latest[0].window))
    window = latest[0].window
    return ImportanceTable(
        version,
        bars,
        told,
        ranking,
        shift_in_words(index, version, window, last),
        _trust(index, version, window, day),
    )


def _latest(  # noqa: PLR0917  of one record
    index: RecordIndex, metric: str, version: str, window: int, day: dt.date, column: str = ""
) -> MetricRecord | None:
    """The last value of a metric up to a day: what labels say comes when they do."""
    series = index.series(metric, version, window, column=column)
    known = [at for at, record in series.items() if at <= day and record.value is not None]
    return series[max(known)] if known else None


_SAID = (
    ("lime_sign_agreement", "LIME confirms the direction of {} of the attribution"),
    ("lime_rank_correlation", "rank correlation with LIME {}"),
    ("label_rank_correlation", "rank correlation with permutation importance on labels {}"),
    ("unlike_baseline_share", "{} of the rows are unlike the baseline's"),
)
"""What other explainers, and the rows, say of the explanation."""


def _trust(index: RecordIndex, version: str, window: int, day: dt.date) -> list[str]:
    found = []
    for metric, sentence in _SAID:
        record = _latest(index, metric, version, window, day)
        if record is not None:
            told = f"{number(metric, record.value)} {interval(metric, record.low, record.high)}".strip()
            found.append(sentence.format(told))
    return found


def _worth(record: MetricRecord | None) -> str:
    """What a feature is worth by labels, where that is no chance."""
    if record is None:
        return ""
    if record.low is not None and record.low <= 0:
        return "worth unsure"
    return f"worth {number('permutation_importance', record.value)}"


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
