"""Evidently's page of a binary classifier."""

from __future__ import annotations

from typing import Any

from obs_dagster.lake.columns import LABEL
from obs_dagster.monitor.task import leading_output
from obs_dagster.profile.columns import prediction_column
from obs_dagster.reports.evidently import EvidentlyReport, NoReport, classification_report
from obs_dagster.reports.quality_pages.sampled import Sampled, chosen
from obs_dagster.reports.training_labels import classes_of


def page(rows: Sampled) -> EvidentlyReport | NoReport:
    """The page, with the training rows beside the day's where they have labels."""
    monitor = rows.monitor
    score = leading_output(monitor).column
    renamed = {score: "score", prediction_column(monitor): "prediction", LABEL: "label"}
    return classification_report(
        chosen(rows.current, renamed),
        _reference(rows, renamed),
        threshold=monitor.logs.threshold,
        title=f"Classification quality: {rows.about}",
    )


def _reference(rows: Sampled, renamed: dict[str, str]) -> Any:
    """The baseline with its labels as classes; None if it has none."""
    if rows.baseline is None:
        return None
    label = rows.labels.columns.label
    beside = chosen(rows.baseline, renamed | {label: "label"})
    return beside.assign(label=classes_of(rows.baseline[label], rows.labels))
