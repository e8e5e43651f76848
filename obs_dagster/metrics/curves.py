"""Areas under the curves of a score that tells one class from the rest, and how sure they are."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from obs_dagster.metrics.intervals import Interval, Z
from obs_dagster.profile.distribution import FloatArray, IntArray

FEW = 10
"""Rows below which a variance estimated from them is not trusted."""


@dataclass(frozen=True, slots=True)
class ScoreCounts:
    """Rows of each class by ascending, distinct score; all of shape (k,).

    Attributes:
        score: a score that rows have, or the centre of a bin of scores.
        positives, negatives: rows of each class.
        binned: whether the scores of the rows may differ.
    """

    score: FloatArray
    positives: IntArray
    negatives: IntArray
    binned: NDArray[np.bool_]


def roc_auc(scores: ScoreCounts) -> tuple[float, float]:
    """The area under the ROC curve, and the standard error of DeLong et al. (Biometrics 44, 1988, 837-845).

    Positives and negatives of one bin count as ties (mid-ranks). The standard error comes from the
    placements: for each positive the share of negatives below it, for each negative the share of positives
    above it. Both classes must have rows; with a single row in one, the standard error is NaN.
    """
    positives, negatives = scores.positives, scores.negatives
    below = (np.cumsum(negatives) - negatives / 2) / negatives.sum()
    above = 1 - (np.cumsum(positives) - positives / 2) / positives.sum()
    area = float(positives @ below / positives.sum())
    variance = 0.0
    for rows, placement in ((positives, below), (negatives, above)):
        n = int(rows.sum())
        if n == 1:
            return area, math.nan
        variance += float(rows @ (placement - area) ** 2) / (n - 1) / n
    return area, math.sqrt(variance)


def roc_auc_interval(area: float, error: float, positives: int, negatives: int) -> Interval:
    """Interval of the area under the ROC curve.

    DeLong's standard error on the logit scale, which stays within (0, 1). Where fewer than ten rows of the
    smaller class are misplaced, all together, that error is itself unknown, or zero: there, Newcombe's
    score-like interval (Statistics in Medicine 25, 2006, 559-573, method 5), whose variance is that of
    Hanley and McNeil at the ends of the interval.
    """
    if min(positives, negatives) * min(area, 1 - area) >= FEW and error > 0:
        centre, half = math.log(area / (1 - area)), Z * error / (area * (1 - area))
        return _expit(centre - half), _expit(centre + half)
    mean = (positives + negatives) / 2

    def surely_off(candidate: float) -> bool:
        tail = (1 - candidate) / (2 - candidate) + candidate / (1 + candidate)
        variance = candidate * (1 - candidate) * (1 + (mean - 1) * tail) / (positives * negatives)
        return abs(candidate - area) > Z * math.sqrt(variance)

    def end(outer: float) -> float:
        inner = area
        for _ in range(60):  # halves the gap beyond double precision
            middle = (outer + inner) / 2
            outer, inner = (middle, inner) if surely_off(middle) else (outer, middle)
        return inner

    return end(0.0), end(1.0)


def average_precision(scores: ScoreCounts) -> tuple[float, float]:
    """Average precision on the score bins, and the largest error that ordering rows within bins could make.

    Sum over the thresholds, from high to low, of the gain in recall times the precision. There must be
    positives.

    The error: within a bin of p positives and m negatives, after TP and FP rows above it, the j-th positive's
    precision lies between (TP + j) / (TP + FP + m + j), all negatives first, and (TP + p) / (TP + FP + p).
    The former is concave in j, so its sum is at least p times the mean of its ends. Rows of one score have no
    order.
    """
    positives, negatives, binned = scores.positives[::-1], scores.negatives[::-1], scores.binned[::-1]
    true, false = np.cumsum(positives), np.cumsum(negatives)
    recalled = positives / positives.sum()
    before = true - positives
    precision = true / (true + false)
    value = float(recalled @ precision)
    best = np.where(binned, true / np.maximum(true + false - negatives, 1), precision)
    first = (before + 1) / (before + false + 1)
    worst = np.where(binned, (first + precision) / 2, precision)
    return value, max(float(recalled @ best) - value, value - float(recalled @ worst), 0.0)


def _expit(x: float) -> float:
    return 1 / (1 + math.exp(-x)) if x >= 0 else math.exp(x) / (1 + math.exp(x))
