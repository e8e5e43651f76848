"""Calibration: whether predictions are right on average, wherever they lie."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from obs_dagster.metrics.definition import Definition
from obs_dagster.metrics.intervals import REPLICATES, distance_band
from obs_dagster.metrics.metric import Metric
from obs_dagster.metrics.record import Estimate
from obs_dagster.profile.distribution import FloatArray
from obs_dagster.tasks.regression.counts import Errors
from obs_dagster.tasks.regression.metrics.means import TARGET_UNIT, TOO_LARGE

GROUPS = 10
#: Rows below which the spread of a tenth of them is not known.
_FEWEST = 50


@dataclass(frozen=True, slots=True)
class Deciles:
    """The pairs in ten equal groups by ascending prediction: of shape (10,), in the unit of the target.

    Attributes:
        rows: pairs in each group, a tenth of all.
        prediction, target: their means.
        deviation: standard error of the mean error.
        slack: how far the mean error can be off, because the rows of a bin that lies in two groups have no
            order.
    """

    rows: float
    prediction: FloatArray
    target: FloatArray
    deviation: FloatArray
    slack: FloatArray


def deciles(errors: Errors) -> Deciles:
    """The pairs of a cell, of which there must be some, in ten equal groups.

    Rows of one prediction are divided in proportion between the groups that they lie in, and so are those
    of a bin. Of n numbers with the variance v, the sum of any m is off m times their mean by
    sqrt(m (n - m) v) at most (by Cauchy and Schwarz), which is what the rows of a bin can make of their
    order.
    """
    bins = errors.by_prediction
    parts = _overlaps(bins.counts)
    counts = bins.counts[np.newaxis, :]
    weight = parts / counts
    rows = errors.n / GROUPS
    mean_error, mean_square = (weight @ sums / rows for sums in (bins.error_sum, bins.error_sq))
    variance = np.maximum(0.0, mean_square - mean_error**2) * rows / max(rows - 1, 1)
    within = np.maximum(0.0, bins.error_sq / bins.counts - (bins.error_sum / bins.counts) ** 2)
    loose = np.where(bins.low < bins.high, within, 0.0)
    slack = np.sqrt(parts * (counts - parts) * loose).sum(axis=1) / rows
    prediction = weight @ bins.prediction_sum / rows
    return Deciles(
        rows=rows,
        prediction=errors.centre + errors.scale * prediction,
        target=errors.centre + errors.scale * (prediction - mean_error),
        deviation=errors.scale * np.sqrt(variance / rows),
        slack=errors.scale * slack,
    )


def _overlaps(counts: FloatArray | np.ndarray) -> FloatArray:
    """The rows of each bin that lie in each group, shape (10, bins)."""
    ends = np.concatenate([[0.0], np.cumsum(counts)])
    edges = np.linspace(0.0, ends[-1], GROUPS + 1)[:, np.newaxis]
    overlaps: FloatArray = np.minimum(edges[1:], ends[1:]) - np.maximum(edges[:-1], ends[:-1])
    return np.maximum(overlaps, 0.0)


def _calibration_error(errors: Errors) -> Estimate:
    if errors.unlabelled:
        return Estimate.missing(errors.unlabelled)
    if errors.n < GROUPS:
        return Estimate.missing(f"fewer than {GROUPS} labelled rows", errors.n)
    found = deciles(errors)
    value = float(np.abs(found.prediction - found.target).mean())
    error = float(found.slack.mean())
    if not np.isfinite([value, error]).all():
        return Estimate.missing(TOO_LARGE, errors.n)
    if errors.n < _FEWEST:
        return Estimate(value, None, None, errors.n, error)
    drawn = np.random.default_rng((errors.seed, 0)).standard_normal((REPLICATES, GROUPS))
    noise = np.abs(drawn * found.deviation).mean(axis=1)
    low, high = distance_band(value, noise, error=error)
    return Estimate(value, low, high, errors.n, error)


METRICS = (
    Metric(
        Definition(
            name="decile_calibration_error",
            id="decile_calibration_error/ten-equal-groups/1",
            family="performance",
            title="Calibration error by decile of prediction",
            meaning="How far the mean prediction is from the mean true value, on average over ten equal "
            "groups from the lowest to the highest predictions, in the unit of the target.",
            formula="(1/10) Σ |mean p - mean y| over ten groups of n / 10 rows by ascending prediction; "
            "rows of one prediction are divided in proportion between the groups; p: prediction, y: label.",
            reference="`sklearn.calibration.calibration_curve(strategy='quantile', n_bins=10)` for numbers; "
            "within the stated error.",
            interval="the 95 % quantile of what the groups' standard errors would show, as wide as it is "
            "where nothing is off; wider than it need be where much is; none below 50 rows",
            unit=TARGET_UNIT,
            better="lower",
            tasks=("regression",),
            needs=("labels",),
        ),
        _calibration_error,
        lambda given: isinstance(given, Errors),
    ),
)
