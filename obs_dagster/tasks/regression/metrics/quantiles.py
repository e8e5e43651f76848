"""Quantiles of the errors' sizes: what the typical and the bad prediction are off by."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from obs_dagster.metrics.definition import Definition
from obs_dagster.metrics.metric import Metric
from obs_dagster.metrics.quantile import quantile
from obs_dagster.metrics.record import Estimate
from obs_dagster.profile.distribution import NumericCounts
from obs_dagster.tasks.regression.counts import ErrorBins, Errors
from obs_dagster.tasks.regression.metrics.means import TARGET_UNIT


def sizes(bins: ErrorBins) -> NumericCounts:
    """The sizes of the errors: bins above and below zero joined, between the extremes in them."""
    place, rows = np.unique(np.where(bins.key < 0, -1 - bins.key, bins.key), return_inverse=True)
    low, high = np.full(len(place), np.inf), np.zeros(len(place))
    inner = np.where(bins.low >= 0, bins.low, np.where(bins.high <= 0, -bins.high, 0.0))
    np.minimum.at(low, rows, inner)
    np.maximum.at(high, rows, np.maximum(np.abs(bins.low), np.abs(bins.high)))
    counts = np.zeros(len(place), dtype=np.int64)
    np.add.at(counts, rows, bins.counts)
    return NumericCounts(low / 2 + high / 2, high - low, counts)


def _quantile(level: float) -> Callable[[Errors], Estimate]:
    def compute(errors: Errors) -> Estimate:
        if errors.unlabelled:
            return Estimate.missing(errors.unlabelled)
        return quantile(sizes(errors.by_error), level)

    return compute


_LEVELS = {
    "median_absolute_error": (0.5, "Median absolute error", "half of the predictions are", "typical"),
    "absolute_error_p90": (0.9, "Absolute error, 90 % quantile", "90 % of the predictions are", "bad"),
}
METRICS = tuple(
    Metric(
        Definition(
            name=name,
            id=f"{name}/inverted-cdf/1",
            family="performance",
            title=title,
            meaning=f"How far {many} off at most, in the unit of the target: the size of a {kind} error, "
            "whatever the worst ones are.",
            formula=f"smallest |p - y| that at least {100 * level:.0f} % of the rows do not exceed; p: "
            f"prediction, "
            "y: label.",
            reference=f"`numpy.quantile(numpy.abs(prediction - label), {level}, method='inverted_cdf')`, "
            f"within "
            "the stated error"
            + (
                "; `sklearn.metrics.median_absolute_error` takes the mean of the two rows in the middle of "
                "an even number."
                if level == 0.5  # noqa: PLR2004 - the median
                else "."
            ),
            interval="order statistics (exact binomial ranks); at the outer edges of their bins; an end "
            "that so few rows cannot bound is empty",
            unit=TARGET_UNIT,
            better="lower",
            tasks=("regression",),
            needs=("labels",),
        ),
        _quantile(level),
        lambda given: isinstance(given, Errors),
    )
    for name, (level, title, many, kind) in _LEVELS.items()
)
