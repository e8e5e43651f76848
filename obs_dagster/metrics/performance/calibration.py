"""Calibration: whether a score of 30 % comes true in 30 % of cases."""

from __future__ import annotations

import math

import numpy as np

from obs_dagster.metrics.definition import Definition
from obs_dagster.metrics.intervals import distance_band, resample
from obs_dagster.metrics.metric import Metric
from obs_dagster.metrics.performance.outcomes import Outcomes
from obs_dagster.metrics.record import Estimate
from obs_dagster.profile.distribution import CountArray, FloatArray

BINS = 10


def gaps(counts: CountArray, mean_score: FloatArray) -> FloatArray:
    """Mean score minus share of positives per bin, times the bin's share of rows, shape (..., bins).

    Args:
        counts: rows of the negative (0) and of the positive class (1) per score bin, shape (..., 2, bins).
        mean_score: the mean score of the rows of each cell, shape (2, bins); any number where there are none.
    """
    score_sum = (counts * mean_score).sum(axis=-2)
    result: FloatArray = (score_sum - counts[..., 1, :]) / counts.sum(axis=(-2, -1))[..., np.newaxis]
    return result


def _estimate(outcomes: Outcomes) -> Estimate:
    if outcomes.n == 0:
        return Estimate.missing("no labels")
    tenth = np.clip((outcomes.counts.score * BINS).astype(np.int64), 0, BINS - 1)
    cell = (outcomes.counts.label.astype(np.int64), tenth)
    counts = np.zeros((2, BINS), dtype=np.int64)
    score_sum = np.zeros((2, BINS))
    np.add.at(counts, cell, outcomes.counts.counts)
    np.add.at(score_sum, cell, outcomes.counts.score_sum)
    mean_score = score_sum / np.maximum(counts, 1)
    observed = gaps(counts, mean_score)
    value = min(1.0, float(np.abs(observed).sum()))
    drawn = gaps(resample(counts.ravel(), (outcomes.seed, 0)).reshape(-1, 2, BINS), mean_score)
    error = _misplaced(outcomes)
    low, high = distance_band(value, np.abs(drawn - observed).sum(axis=-1), error=error, largest=1.0)
    return Estimate(value, low, high, outcomes.n, error)


def _misplaced(outcomes: Outcomes) -> float:
    """Largest error from score bins that do not nest in tenths: none for widths such as 0.0001 and 0.01."""
    width = outcomes.counts.bin_width
    if width == 0 or math.isclose(round(1 / (BINS * width)) * BINS * width, 1.0, rel_tol=1e-9):
        return 0.0
    # A row in the wrong tenth changes two of the terms, by at most its own weight each.
    edges = outcomes.counts.score * BINS
    split = np.floor(edges - width * BINS / 2) != np.floor(edges + width * BINS / 2)
    return float(min(1.0, 2 * outcomes.counts.counts[split].sum() / outcomes.n))


METRICS = (
    Metric(
        Definition(
            name="calibration_error",
            id="calibration_error/ece-10-equal-width/1",
            family="performance",
            title="Expected calibration error",
            meaning="How far the scores are from the shares that came true, on average over the rows.",
            formula="Σ (nᵦ / n) · |mean score - share of positives| over ten score bins [0, 0.1), … [0.9, "
            "1].",
            reference="Naeini, Cooper and Hauskrecht, AAAI 2015; "
            "`sklearn.calibration.calibration_curve(n_bins=10)` weighted by rows.",
            interval="pivotal bootstrap over label and score bin, which takes the upward bias of small bins "
            "off",
            better="lower",
        ),
        _estimate,
    ),
)
