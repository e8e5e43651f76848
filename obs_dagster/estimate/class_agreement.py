"""Agreement beyond chance, of what is known or expected of classes: it needs no more than the margins."""

from __future__ import annotations

import numpy as np

from obs_dagster.estimate.expected_classes import ClassCounts
from obs_dagster.profile.distribution import FloatArray


def _margins(given: ClassCounts) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Shares of labels and of predictions, those of no declared class last, and of right rows."""
    parts = []
    for counts in (given.labels, given.predicted):
        shares = counts / max(given.n, 1e-12)
        within = np.maximum(shares.sum(axis=-1, keepdims=True), 1.0)
        shares = shares / within
        parts.append(np.append(shares, 1 - shares.sum(axis=-1, keepdims=True), axis=-1))
    return parts[0], parts[1], given.right.sum(axis=-1) / max(given.n, 1e-12)


def kappa(given: ClassCounts) -> FloatArray:
    """Cohen's kappa, shape (...); NaN where labels and predictions are all of one class."""
    labels, predicted, right = _margins(given)
    chance = (labels * predicted).sum(axis=-1)
    return _over(right - chance, 1 - chance)


def mcc(given: ClassCounts) -> FloatArray:
    """Matthews' coefficient (Gorodkin 2004), shape (...); NaN where either has one class only."""
    labels, predicted, right = _margins(given)
    varied = (1 - (labels**2).sum(axis=-1)) * (1 - (predicted**2).sum(axis=-1))
    return _over(right - (labels * predicted).sum(axis=-1), np.sqrt(np.maximum(varied, 0.0)))


def _over(part: FloatArray, whole: FloatArray) -> FloatArray:
    """The ratio; NaN where the whole is nothing."""
    nothing = np.full(np.broadcast(part, whole).shape, np.nan)
    found: FloatArray = np.divide(part, whole, out=nothing, where=whole > 1e-12)  # noqa: PLR2004  rounding
    return found
