"""Evidently's page of a regressor."""

from __future__ import annotations

from typing import TYPE_CHECKING

from obs_dagster.lake.columns import LABEL
from obs_dagster.monitor.task import leading_output
from obs_dagster.reports.evidently import EvidentlyReport, NoReport, regression_report
from obs_dagster.reports.quality_pages.sampled import Sampled, chosen

if TYPE_CHECKING:
    import pandas as pd


def page(rows: Sampled) -> EvidentlyReport | NoReport:
    """The page, with the training rows beside the day's where they have labels."""
    prediction = leading_output(rows.monitor).column
    return regression_report(
        chosen(rows.current, {prediction: "prediction", LABEL: "label"}),
        _reference(rows, prediction),
        title=f"Regression quality: {rows.about}",
    )


def _reference(rows: Sampled, prediction: str) -> pd.DataFrame | None:
    if rows.baseline is None:
        return None
    return chosen(rows.baseline, {prediction: "prediction", rows.labels.columns.label: "label"})
