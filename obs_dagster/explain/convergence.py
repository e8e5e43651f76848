"""How many rows an explanation needs: as many as it takes until the ranking of the features is known."""

from __future__ import annotations

import math
from collections.abc import Iterator
from statistics import NormalDist

import numpy as np

from obs_dagster.explain.explainable import FloatArray
from obs_dagster.metrics.intervals import LEVEL

FIRST = 100
"""Rows of the first look; with fewer, the normal approximation of skewed SHAP values is not to be trusted."""


def sizes(largest: int) -> list[int]:
    """After how many rows the ranking is looked at: each time twice as many, so that few looks are wasted.

    >>> sizes(500)
    [100, 200, 400, 500]
    >>> sizes(60)
    [60]
    """
    return list(_doubling(largest))


def _doubling(largest: int) -> Iterator[int]:
    size = FIRST
    while size < largest:
        yield size
        size *= 2
    yield largest


def is_settled(contributions: FloatArray, *, looks: int, tolerance: float) -> bool:
    """Whether more rows would tell nothing new about which features matter, and how much.

    The share of a feature is its part of the sum of all mean |SHAP values|. The ranking is settled once

    - every share is known to within the tolerance, and
    - every feature and the next one of the ranking are either told apart (the interval of the difference of
      their shares leaves 0 out) or tie (it lies within the tolerance).

    Intervals are normal ones of ratios of means. They hold together, over all comparisons and all looks, with
    95 % confidence (Bonferroni), so that looking again and again does not make up an order. That the ordering
    is right with a stated probability when sampling ends by itself follows Goldwasser and Hooker, "Provably
    stable feature rankings with SHAP and LIME" (2024); that ties end it too, so that equal features do not
    take for ever, is the indifference zone of Bechhofer, Annals of Mathematical Statistics 25 (1954), 16-39.

    Args:
        contributions: SHAP values of the rows so far, shape (n, f).
        looks: how often the question is asked at most.
        tolerance: a difference of shares that nobody would act on, such as 0.05.
    """
    size = np.abs(np.nan_to_num(contributions, posinf=0.0, neginf=0.0))
    n, features = size.shape
    total = size.sum(axis=1)
    if features == 1 or n == 1 or total.sum() == 0:
        return bool(
            n > 1
        )  # one row says nothing; all to one feature, or nothing to any, needs no more than two
    confidence = 1 - (1 - LEVEL) / (looks * (2 * features - 1))
    reach = NormalDist().inv_cdf((1 + confidence) / 2) / (math.sqrt(n) * total.mean())
    share = size.sum(axis=0) / total.sum()
    ranking = np.argsort(-share, kind="stable")
    apart = share[ranking[:-1]] - share[ranking[1:]]
    ahead = size[:, ranking[:-1]] - size[:, ranking[1:]]
    share_half = reach * (size - np.outer(total, share)).std(axis=0, ddof=1)
    apart_half = reach * (ahead - np.outer(total, apart)).std(axis=0, ddof=1)
    known = share_half.max() <= tolerance
    ordered = (apart > apart_half) | (apart + apart_half <= tolerance)
    return bool(known and ordered.all())
