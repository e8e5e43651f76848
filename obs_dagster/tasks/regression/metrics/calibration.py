"""Calibration: whether predictions are right on average, wherever they lie."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from obs_dagster.metrics.bootstrap import REPLICATES
from obs_dagster.metrics.definition import Definition
from obs_dagster.metrics.intervals import TAILS, Interval
from obs_dagster.metrics.metric import Metric
from obs_dagster.metrics.record import Estimate
from obs_dagster.profile.distribution import FloatArray
from obs_dagster.tasks.regression.counts import Errors
from obs_dagster.tasks.regression.metrics.means import TARGET_UNIT, TOO_LARGE

GROUPS = 10
#: Rows below which the spread of a tenth of them is not known.
_FEWEST = 100
#: Standard errors from which on a gap is clearly there.
_CLEAR = 2.5
#: The part of the noise's lift that is not taken off the upper end.
_KEPT_LIFT = 0.75


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
    low, high = gap_interval(found, errors.seed)
    return Estimate(value, max(0.0, low - error), high + error, errors.n, error)


def gap_interval(found: Deciles, seed: int) -> Interval:
    """Interval of the mean size of the groups' gaps, from what noise of their standard errors does to it.

    Noise lifts the size of a gap, by much where the truth is zero and by nothing where it is large; how
    much is not known in between. So the lower end takes off what it does if all gaps that are not clearly
    there are zero, and the upper end a quarter of what it does to the gaps as they were seen. Simulations
    with gaps of 0 to 10 standard errors, in all groups or some, show a coverage of 93 to 98 %.
    """
    gap = found.prediction - found.target
    # the standard error is known from few rows: its own noise makes it wider
    error = found.deviation * math.sqrt((found.rows - 1) / (found.rows - 3))
    noise = np.random.default_rng((seed, 0)).standard_normal((REPLICATES, GROUPS)) * error
    value = float(np.abs(gap).mean())
    clear = np.where(np.abs(gap) > _CLEAR * error, gap, 0.0)
    lifted = np.abs(clear + noise).mean(axis=1) - np.abs(clear).mean()
    seen = np.abs(gap + noise).mean(axis=1) - value
    low = value - float(np.quantile(lifted, TAILS[1]))
    high = value - float(np.quantile(seen, TAILS[0])) + _KEPT_LIFT * float(seen.mean())
    return max(0.0, min(value, low)), max(value, high)


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
            interval="parametric bootstrap of the groups' standard errors, which takes off that noise lifts "
            "the sizes of gaps (covers 93 to 98 % in simulations); widened by the error; none below 100 rows",
            unit=TARGET_UNIT,
            better="lower",
            tasks=("regression",),
            needs=("labels",),
        ),
        _calibration_error,
        lambda given: isinstance(given, Errors),
    ),
)
