"""Predictions of a window by score and decision, and what quality they would have with these positives."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from obs_dagster.profile.distribution import FloatArray


def grouped(rows: FloatArray, most: int) -> NDArray[np.intp]:
    """The first of the bins of each group, of at most so many groups of about equal rows, ascending."""
    if len(rows) <= most:
        return np.arange(len(rows))
    upto = np.cumsum(rows)
    before = np.concatenate([[0.0], upto[:-1]])
    # empty bins at the end belong to the last group
    return np.unique(np.minimum(np.floor(before / upto[-1] * most), most - 1), return_index=True)[1]


@dataclass(frozen=True, slots=True)
class Predicted:
    """Rows by score and decision.

    Attributes:
        score: distinct scores, or centres of their bins, ascending, shape (k,).
        rows: without and with a positive decision, shape (k, 2).
    """

    score: FloatArray
    rows: FloatArray

    @property
    def n(self) -> int:
        """All rows."""
        return int(self.rows.sum())

    def groups(self, most: int) -> NDArray[np.intp]:
        """The first of the bins of each group, of at most so many groups of about equal rows, ascending."""
        return grouped(self.rows.sum(axis=1), most)

    def joined(self, first: NDArray[np.intp]) -> Predicted:
        """The rows with bins joined to groups, each at its mean score."""
        rows = np.add.reduceat(self.rows, first, axis=0)
        of_bins = self.rows.sum(axis=1)
        total = np.add.reduceat(of_bins, first)
        score = np.add.reduceat(self.score * of_bins, first) / np.maximum(total, 1.0)
        return Predicted(score, rows)


Statistic = Callable[[Predicted, FloatArray], FloatArray]
"""A measure of quality: from rows, and how many are positive, shape (..., k, 2), to values of shape (...);
NaN where it has none."""


def _total(parts: FloatArray) -> FloatArray:
    total: FloatArray = parts.sum(axis=(-2, -1))
    return total


def _over(part: FloatArray, whole: FloatArray | float) -> FloatArray:
    """The ratio; NaN where the whole is nothing."""
    with np.errstate(invalid="ignore", divide="ignore"):
        found: FloatArray = np.where(np.asarray(whole) > 0, part / whole, np.nan)
    return found


def _precision(given: Predicted, positives: FloatArray) -> FloatArray:
    return _over(positives[..., 1].sum(axis=-1), float(given.rows[:, 1].sum()))


def _recall(_: Predicted, positives: FloatArray) -> FloatArray:
    return _over(positives[..., 1].sum(axis=-1), _total(positives))


def _f1(given: Predicted, positives: FloatArray) -> FloatArray:
    return _over(2 * positives[..., 1].sum(axis=-1), _total(positives) + float(given.rows[:, 1].sum()))


def _accuracy(given: Predicted, positives: FloatArray) -> FloatArray:
    right = positives[..., 1].sum(axis=-1) + (given.rows[:, 0] - positives[..., 0]).sum(axis=-1)
    return _over(right, float(given.rows.sum()))


def _positive_share(given: Predicted, positives: FloatArray) -> FloatArray:
    return _over(_total(positives), float(given.rows.sum()))


def _classes(given: Predicted, positives: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Rows of each class by score, shape (..., k)."""
    yes = positives.sum(axis=-1)
    return yes, given.rows.sum(axis=-1) - yes


def _roc_auc(given: Predicted, positives: FloatArray) -> FloatArray:
    yes, no = _classes(given, positives)
    below = np.cumsum(no, axis=-1) - no / 2
    return _over((yes * below).sum(axis=-1), yes.sum(axis=-1) * no.sum(axis=-1))


def _pr_auc(given: Predicted, positives: FloatArray) -> FloatArray:
    yes = positives.sum(axis=-1)[..., ::-1]
    served = np.cumsum(given.rows.sum(axis=-1)[::-1])
    # where nothing is served, nobody is positive
    return _over(
        (yes * np.cumsum(yes, axis=-1) / np.where(served > 0, served, 1.0)).sum(axis=-1), yes.sum(axis=-1)
    )


def _log_loss(given: Predicted, positives: FloatArray) -> FloatArray:
    yes, no = _classes(given, positives)
    score = np.clip(given.score, _TINY, 1 - _TINY)
    return _over(-(yes @ np.log(score) + no @ np.log(1 - score)), float(given.rows.sum()))


def _brier(given: Predicted, positives: FloatArray) -> FloatArray:
    yes, no = _classes(given, positives)
    return _over(yes @ (1 - given.score) ** 2 + no @ given.score**2, float(given.rows.sum()))


#: scikit-learn's clip of probabilities in `log_loss`.
_TINY = float(np.finfo(np.float64).eps)

STATISTICS: Mapping[str, Statistic] = {
    "recall": _recall,
    "precision": _precision,
    "f1": _f1,
    "accuracy": _accuracy,
    "positive_share": _positive_share,
    "roc_auc": _roc_auc,
    "pr_auc": _pr_auc,
    "log_loss": _log_loss,
    "brier": _brier,
}
"""By the name of the metric that it is."""
