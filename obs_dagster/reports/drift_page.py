"""Evidently's page of how far columns have moved."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from obs_dagster.reports.drift_widgets import drift_widgets
from obs_dagster.reports.evidently import EvidentlyReport, NoReport, clean, harmless, import_evidently, quiet
from obs_dagster.reports.evidently_html import html_page, listed
from obs_dagster.reports.most_moved import Samples, most_moved

if TYPE_CHECKING:
    import pandas as pd

NUMERIC_METHOD = "wasserstein"
CATEGORICAL_METHOD = "jensenshannon"
"""Named, because Evidently by default picks by sample size, and p-values react to any difference."""


def drift_report(
    baseline: pd.DataFrame,
    current: pd.DataFrame,
    numeric: Sequence[str],
    categorical: Sequence[str],
    *,
    title: str = "Data drift",
    most: int | None = None,
    leading: Sequence[str] = (),
) -> EvidentlyReport | NoReport:
    """Compares the columns of two samples.

    Numeric columns by the Wasserstein distance over max(standard deviation of the baseline, 0.001), as
    `scipy.stats.wasserstein_distance` has it; categorical ones by the Jensen-Shannon distance, natural
    logarithm, as `scipy.spatial.distance.jensenshannon`. From 0.1 on Evidently calls a column drifted.

    Args:
        baseline: sample of the baseline.
        current: sample of the day, whose columns are named as in the baseline.
        numeric: names of the numeric columns.
        categorical: names of the categorical columns.
        title: stands above the report, with the sizes of the samples.
        most: how many columns the report has; of more, those that moved most. None: all.
        leading: columns that it has in any case.

    Returns:
        The report with the distance of each column. A column without a value in one of the samples is
        left out, since Evidently gives up the whole report over it; and so is one that it fails on, such as a
        column whose range its histogram cannot divide.
    """
    names = {**dict.fromkeys(numeric, True), **dict.fromkeys(categorical, False)}
    samples = Samples(_cleaned(baseline, names), _cleaned(current, names))
    left_out = {column: reason for column in names if (reason := _not_comparable(samples, column))}
    sizes = f"{len(current):,} sampled rows against {len(baseline):,} of the baseline"
    columns = [column for column in names if column not in left_out]
    if not columns:
        return NoReport("no column has values in both samples")
    if most is not None and len(columns) > most:
        sizes += f"; of {len(columns)} columns the {most} that moved most"
        kept = set(most_moved(samples, columns, leading)[:most])
        columns = [column for column in columns if column in kept]
    try:
        values, widgets = _compared(samples, columns)
    except Exception:  # noqa: BLE001 - of the libraries that it plots and computes with
        refused = _failing(samples, columns)
        left_out |= refused
        columns = [column for column in columns if column not in refused]
        if not columns:
            return NoReport(f"Evidently fails on every column, {listed(refused)}", failed=True)
        values, widgets = _compared(samples, columns)
    else:
        refused = {}
    return EvidentlyReport(html_page(widgets, title, sizes, left_out), values, left_out, refused)


def _cleaned(frame: pd.DataFrame, numeric: Mapping[str, bool]) -> pd.DataFrame:
    """The columns that there are, numbered anew: Evidently plots over the index, which no text can be."""
    import pandas as pd

    columns = {
        column: clean(frame[column], numeric=is_numeric)
        for column, is_numeric in numeric.items()
        if column in frame.columns
    }
    return pd.DataFrame(columns).reset_index(drop=True)


def _failing(samples: Samples, columns: Sequence[str]) -> dict[str, str]:
    """The columns that Evidently fails on, each by itself, with what it says."""
    found = {}
    for column in columns:
        try:
            _compared(samples, [column])
        except Exception as error:  # noqa: BLE001 - see `drift_report`
            lines = str(error).strip().splitlines()
            found[column] = f"Evidently fails: {lines[0].rstrip('.') if lines else type(error).__name__}"
    return found


def _compared(samples: Samples, columns: Sequence[str]) -> tuple[dict[str, float], list[Any]]:
    """The distance of each column, and the widgets of Evidently's page."""
    import_evidently()
    from evidently.legacy.calculations.data_drift import get_drift_for_columns
    from evidently.legacy.options.data_drift import DataDriftOptions
    from evidently.legacy.pipeline.column_mapping import ColumnMapping
    from evidently.legacy.utils.data_operations import process_columns

    names = {harmless(column): column for column in columns}
    baseline, current = (
        frame[list(columns)].set_axis(list(names), axis=1) for frame in (samples.baseline, samples.current)
    )
    numbers = [shown for shown, column in names.items() if samples.is_numeric(column)]
    mapping = ColumnMapping(
        numerical_features=numbers,
        categorical_features=[shown for shown in names if shown not in numbers],
    )
    with quiet():
        found = get_drift_for_columns(
            current_data=current,
            reference_data=baseline,
            dataset_columns=process_columns(baseline, mapping),
            data_drift_options=DataDriftOptions(
                num_features_stattest=NUMERIC_METHOD, cat_features_stattest=CATEGORICAL_METHOD
            ),
            agg_data=True,
        )
        values = {names[column]: float(each.drift_score) for column, each in found.drift_by_columns.items()}
        return values, drift_widgets(found)


def _not_comparable(samples: Samples, column: str) -> str:
    """Why the column cannot be compared; empty if it can."""
    for name, frame in (("baseline", samples.baseline), ("current", samples.current)):
        if column not in frame.columns:
            return f"not in the {name} sample"
        values = frame[column]
        if not values.notna().any():
            return f"no values in the {name} sample"
        if samples.is_numeric(column) and _overflows(values):
            return f"values in the {name} sample are too large for a standard deviation"
    return ""


def _overflows(values: pd.Series[Any]) -> bool:
    import numpy as np

    with np.errstate(over="ignore", invalid="ignore"):
        return not np.isfinite(np.nanstd(values.to_numpy()))
