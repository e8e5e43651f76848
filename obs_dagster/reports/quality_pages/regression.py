"""Evidently's page of a regressor."""

from __future__ import annotations

from typing import TYPE_CHECKING

from obs_dagster.lake.columns import LABEL
from obs_dagster.monitor.task import leading_output
from obs_dagster.reports.evidently import EvidentlyReport, NoReport, clean, library, run, widgets_of
from obs_dagster.reports.evidently_html import html_page
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


def regression_report(
    current: pd.DataFrame,
    reference: pd.DataFrame | None = None,
    *,
    title: str = "Regression quality",
) -> EvidentlyReport | NoReport:
    """Describes the errors of a regressor on a sample.

    Args:
        current: sample with the columns `prediction` and `label`; rows without two finite numbers are left
            out.
        reference: the same of the baseline, if it has labels; shown beside it.
        title: stands above the report, with the sizes of the samples.

    Returns:
        The report with Evidently's MeanError, MAE, MAPE, RMSE, R2Score and AbsMaxError; or no report if no
        row has both numbers. Evidently's MAPE divides by targets of zero as scikit-learn does.
    """
    pairs = _pairs(current)
    if pairs.empty:
        return NoReport("no row of the sample has a label")
    beside = None if reference is None else _pairs(reference)
    beside = None if beside is None or beside.empty else beside
    evidently = library()
    definition = evidently.DataDefinition(
        regression=[evidently.Regression(target="label", prediction="prediction")]
    )
    snapshot = run(
        evidently,
        evidently.RegressionPreset(),
        evidently.Dataset.from_pandas(pairs, definition),
        None if beside is None else evidently.Dataset.from_pandas(beside, definition),
    )
    values = {
        metric["config"]["type"].rsplit(":", 1)[-1]: float(
            metric["value"]["mean"] if isinstance(metric["value"], dict) else metric["value"]
        )
        for metric in snapshot.dict()["metrics"]
    }
    sizes = f"{len(pairs):,} sampled rows with a label"
    if beside is not None:
        sizes += f", beside {len(beside):,} of the baseline"
    zeros = int((pairs["label"] == 0).sum())
    if zeros:
        sizes += f"; {zeros:,} labels are zero, by which MAPE divides here"
    return EvidentlyReport(html_page(widgets_of(snapshot), title, sizes), values)


def _pairs(frame: pd.DataFrame) -> pd.DataFrame:
    """The rows that have a finite prediction and a finite label."""
    import numpy as np
    import pandas as pd

    numbers = pd.DataFrame(
        {
            name: clean(frame[name], numeric=True) if name in frame else np.nan
            for name in ("prediction", "label")
        },
        index=frame.index,
    )
    return numbers.dropna().reset_index(drop=True)
