"""What people see of a regressor's outcomes: predicted against actual, and what its quantiles are worth."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from obs_dagster.figures import decimal, percent
from obs_dagster.metrics.intervals import Z
from obs_dagster.monitor.model import Monitor
from obs_dagster.tasks.regression.counts import Errors, QuantileErrors
from obs_dagster.tasks.regression.metrics.calibration import GROUPS, deciles
from obs_dagster.tasks.sections import Curve, CurvePoint, Listing, Section


def sections(inputs: Mapping[str, Any], monitor: Monitor) -> tuple[Section, ...]:
    """The sections of one version.

    Args:
        inputs: of the performance metrics: `Errors` under `""`, `QuantileErrors` under a quantile's column.
        monitor: names the quantiles.
    """
    calibration = predicted_against_actual(inputs[""])
    levels = monitor.logs.columns.quantiles
    return (calibration, quantile_table(inputs, levels)) if levels else (calibration,)


def predicted_against_actual(errors: Errors) -> Curve:
    """The mean label of each tenth of the predictions; the interval allows for what bins leave open."""
    title, x, y = "Predicted against actual", "mean prediction", "mean actual value"
    if errors.n < GROUPS:
        empty = "No labels yet." if errors.n == 0 else f"Fewer than {GROUPS} labelled rows."
        return Curve(title, x, y, (), diagonal=True, empty=empty)
    found = deciles(errors)
    reach = Z * found.deviation + found.slack
    points = [
        CurvePoint(float(across), float(up), float(up - half), float(up + half), found.rows)
        for across, up, half in zip(found.prediction, found.target, reach, strict=True)
    ]
    note = "in ten equal groups by prediction; on the dashed line the model is right on average"
    return Curve(title, x, y, points, diagonal=True, note=note)


def quantile_table(inputs: Mapping[str, Any], levels: Mapping[float, str]) -> Listing:
    """How many labels lie at or below each predicted quantile, beside how many should."""
    rows = [
        (column, f"{100 * level:g} %", percent(given.below / given.n), decimal(_loss(given)), f"{given.n:,}")
        for level, column in sorted(levels.items())
        if (given := inputs[column]).n
    ]
    return Listing(
        "Predicted quantiles",
        ("Column", "Level", "Actual values at or below", "Pinball loss", "Rows"),
        rows,
        numeric=frozenset({1, 2, 3, 4}),
    )


def _loss(errors: QuantileErrors) -> float:
    return errors.scale * errors.pinball_sum / errors.n
