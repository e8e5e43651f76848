"""Evidently's page of how far columns have moved."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from obs_dagster.reports.evidently import (
    EvidentlyReport,
    NoReport,
    clean,
    harmless,
    library,
    listed,
    page_of,
    run,
    titled,
    values_of,
)

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

    Returns:
        The report with the distance of each column. A column without a value in one of the samples is
        left out, since Evidently gives up the whole report over it; and so is one that it fails on, such as a
        column whose range its histogram cannot divide.
    """
    left_out = {
        column: reason
        for columns, is_numeric in ((numeric, True), (categorical, False))
        for column in columns
        if (reason := _not_comparable(baseline, current, column, numeric=is_numeric))
    }
    sizes = f"{len(current):,} sampled rows against {len(baseline):,} of the baseline"
    numbers = [column for column in numeric if column not in left_out]
    words = [column for column in categorical if column not in left_out]
    if not numbers and not words:
        return NoReport("no column has values in both samples")
    try:
        values, snapshot = _compared(baseline, current, numbers, words)
    except Exception:  # noqa: BLE001 - of the libraries that it plots and computes with
        refused = _failing(baseline, current, numbers, words)
        left_out |= refused
        numbers = [column for column in numbers if column not in refused]
        words = [column for column in words if column not in refused]
        if not numbers and not words:
            return NoReport(f"Evidently fails on every column, {listed(refused)}", failed=True)
        values, snapshot = _compared(baseline, current, numbers, words)
    else:
        refused = {}
    return EvidentlyReport(titled(snapshot, title, sizes, left_out), values, left_out, refused)


def _failing(
    baseline: pd.DataFrame, current: pd.DataFrame, numbers: Sequence[str], words: Sequence[str]
) -> dict[str, str]:
    """The columns that Evidently fails on, each by itself, with what it says."""
    found = {}
    for column, by_number in [(each, True) for each in numbers] + [(each, False) for each in words]:
        try:
            _compared(baseline, current, [column] * by_number, [column] * (not by_number))
        except Exception as error:  # noqa: BLE001 - see `drift_report`
            lines = str(error).strip().splitlines()
            found[column] = f"Evidently fails: {lines[0].rstrip('.') if lines else type(error).__name__}"
    return found


def _compared(
    baseline: pd.DataFrame, current: pd.DataFrame, numbers: Sequence[str], words: Sequence[str]
) -> tuple[dict[str, float], str]:
    """The distance of each column, and Evidently's page."""
    evidently = library()
    definition = evidently.DataDefinition(
        numerical_columns=[harmless(column) for column in numbers],
        categorical_columns=[harmless(column) for column in words],
    )
    preset = evidently.DataDriftPreset(num_method=NUMERIC_METHOD, cat_method=CATEGORICAL_METHOD)
    snapshot = run(
        evidently,
        preset,
        evidently.Dataset.from_pandas(_columns(current, numbers, words), definition),
        evidently.Dataset.from_pandas(_columns(baseline, numbers, words), definition),
    )
    names = {harmless(column): column for column in (*numbers, *words)}
    values = {names[config["column"]]: value for config, value in values_of(snapshot) if "column" in config}
    return values, page_of(snapshot)


def _not_comparable(baseline: pd.DataFrame, current: pd.DataFrame, column: str, *, numeric: bool) -> str:
    """Why the column cannot be compared; empty if it can."""
    for name, frame in (("baseline", baseline), ("current", current)):
        if column not in frame.columns:
            return f"not in the {name} sample"
        values = clean(frame[column], numeric=numeric)
        if not values.notna().any():
            return f"no values in the {name} sample"
        if numeric and _overflows(values):
            return f"values in the {name} sample are too large for a standard deviation"
    return ""


def _overflows(values: pd.Series[Any]) -> bool:
    import numpy as np

    with np.errstate(over="ignore", invalid="ignore"):
        return not np.isfinite(np.nanstd(values.to_numpy()))


def _columns(frame: pd.DataFrame, numeric: Sequence[str], categorical: Sequence[str]) -> pd.DataFrame:
    import pandas as pd

    numbers = {harmless(column): clean(frame[column], numeric=True) for column in numeric}
    words = {harmless(column): clean(frame[column], numeric=False) for column in categorical}
    # numbered anew: Evidently plots over the index, and cannot over one of texts
    return pd.DataFrame(numbers | words).reset_index(drop=True)
