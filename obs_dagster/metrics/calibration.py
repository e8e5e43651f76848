"""Expected calibration error: how far scores are from the shares that came true, from counts per tenth."""

from __future__ import annotations

import numpy as np

from obs_dagster.metrics.bootstrap import resample
from obs_dagster.metrics.intervals import LEVEL, distance_band, quantiles
from obs_dagster.metrics.record import Estimate
from obs_dagster.profile.distribution import CountArray, FloatArray, IntArray

#: Rows of each bin whose labels are supposed to be what their scores say.
_SUPPOSED = 2


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

    Few rows show no mistake in most bins, and draws from them alone would show none either. So two rows that
    are as calibrated as can be are supposed in each bin; and noise is no less than that of a model whose
    scores all come true, which must not be told to be miscalibrated. Simulated, intervals of 100 and 1,000
    rows of four calibrated models held in 95 to 99 of 100 samples, and in 84 to 95 without.

    Args:
        counts: rows that did not come true (0) and that did (1) per bin of the score, shape (2, bins); at
            least one row.
        score_sum: the sum of their scores, likewise.
        seed: a non-negative integer; the same counts and seed give the same interval.
    """
    rows, n = counts.sum(axis=0), int(counts.sum())
    of_bin = np.clip(score_sum.sum(axis=0) / np.maximum(rows, 1), 0.0, 1.0)
    mean_score = np.where(counts > 0, score_sum / np.maximum(counts, 1), of_bin)
    value = min(1.0, float(np.abs(gaps(counts, mean_score)).sum()))
    smoothed = (counts[1] + _SUPPOSED * of_bin) / (rows + _SUPPOSED)
    noises = [_noise(rows, share, mean_score, seed) for share in (smoothed, of_bin)]
    low, high = distance_band(value, max(noises, key=lambda noise: quantiles(noise, LEVEL)[0]), largest=1.0)
    return Estimate(value, low, high, n)


def _noise(rows: IntArray, share: FloatArray, mean_score: FloatArray, seed: int) -> FloatArray:
    """How far the gaps of samples lie from those of shares that come true, one distance a replicate."""
    counts = np.stack([rows * (1 - share), rows * share])
    drawn = resample(counts.ravel(), (seed, 0), size=int(rows.sum())).reshape(-1, *counts.shape)
    noise: FloatArray = np.abs(gaps(drawn, mean_score) - gaps(counts, mean_score)).sum(axis=-1)
    return noise
