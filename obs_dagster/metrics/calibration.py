"""Expected calibration error: how far scores are from the shares that came true, from counts per tenth."""

from __future__ import annotations

import numpy as np

from obs_dagster.metrics.bootstrap import resample
from obs_dagster.metrics.intervals import distance_band
from obs_dagster.metrics.record import Estimate
from obs_dagster.profile.distribution import CountArray, FloatArray, IntArray


def gaps(counts: CountArray, mean_score: FloatArray) -> FloatArray:
    """Mean score minus share of positives per bin, times the bin's share of rows, shape (..., bins).

    Args:
        counts: rows of the negative (0) and of the positive class (1) per score bin,
            shape (..., 2, bins).
        mean_score: the mean score of the rows of each cell, shape (2, bins); any number where there are none.
    """
    score_sum = (counts * mean_score).sum(axis=-2)
    result: FloatArray = (score_sum - counts[..., 1, :]) / counts.sum(axis=(-2, -1))[..., np.newaxis]
    return result


def calibration_error(counts: IntArray, score_sum: FloatArray, seed: int) -> Estimate:
    """The expected calibration error, with the interval of a bootstrap over bins.

    Args:
        counts: rows that did not come true (0) and that did (1) per bin of the score, shape (2, bins); at
            least one row.
        score_sum: the sum of their scores, likewise.
        seed: a non-negative integer; the same counts and seed give the same interval.
    """
    mean_score = score_sum / np.maximum(counts, 1)
    observed = gaps(counts, mean_score)
    value = min(1.0, float(np.abs(observed).sum()))
    drawn = gaps(resample(counts.ravel(), (seed, 0)).reshape(-1, *counts.shape), mean_score)
    low, high = distance_band(value, np.abs(drawn - observed).sum(axis=-1), largest=1.0)
    return Estimate(value, low, high, int(counts.sum()))
