"""Predictions of a window by score and decision, and what quality they would have with these positives."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property

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
    group = np.minimum(np.floor(before / upto[-1] * most), most - 1)
    return np.flatnonzero(np.diff(group, prepend=-1.0))


@dataclass(frozen=True)
class Predicted:
    """Rows by score and decision.

    Attributes:
        score: distinct scores, or centres of their bins, ascending, shape (k,).
        rows: without and with a positive decision, shape (k, 2).
    """

    score: FloatArray
    rows: FloatArray

    @cached_property
    def n(self) -> int:
        """All rows."""
        return int(self.rows.sum())

    @cached_property
    def by_score(self) -> FloatArray:
        """The rows of each score, shape (k,)."""
        found: FloatArray = self.rows[:, 0] + self.rows[:, 1]
        return found

    @cached_property
    def accepted(self) -> float:
        """Rows with a positive decision."""
        return float(self.rows[:, 1].sum())

    def groups(self, most: int) -> NDArray[np.intp]:
        """The first of the bins of each group, of at most so many groups of about equal rows, ascending."""
        return grouped(self.by_score, most)

    def joined(self, first: NDArray[np.intp]) -> Predicted:
        """The rows with bins joined to groups, each at its mean score."""
        rows = np.add.reduceat(self.rows, first, axis=0)
        total = np.add.reduceat(self.by_score, first)
        score = np.add.reduceat(self.score * self.by_score, first) / np.maximum(total, 1.0)
        return Predicted(score, rows)


@dataclass(frozen=True)
class Labelled:
    """Predictions with labels, or draws of them; what several measures are made of is summed once.

    Attributes:
        given: the rows.
        positives: how many of them are positive, by score and decision, shape (..., k, 2).
    """

    given: Predicted
    positives: FloatArray

    @cached_property
    def yes(self) -> FloatArray:
        """Positives by score, shape (..., k)."""
        found: FloatArray = self.positives[..., 0] + self.positives[..., 1]
        return found

    @cached_property
    def no(self) -> FloatArray:
        """Negatives by score, likewise."""
        found: FloatArray = self.given.by_score - self.yes
        return found

    @cached_property
    def hits(self) -> FloatArray:
        """Positives with a positive decision, shape (...)."""
        found: FloatArray = self.positives[..., 1].sum(axis=-1)
        return found

    @cached_property
    def total(self) -> FloatArray:
        """All positives, likewise."""
        found: FloatArray = self.yes.sum(axis=-1)
        return found


Statistic = Callable[[Labelled], FloatArray]
"""A measure of quality, to values of shape (...); NaN where it has none."""


def _over(part: FloatArray, whole: FloatArray | float) -> FloatArray:
    """The ratio; NaN where the whole is nothing."""
    nothing = np.full(np.broadcast(part, whole).shape, np.nan)
    found: FloatArray = np.divide(part, whole, out=nothing, where=np.greater(whole, 0))
    return found


def _precision(known: Labelled) -> FloatArray:
    return _over(known.hits, known.given.accepted)


def _recall(known: Labelled) -> FloatArray:
    return _over(known.hits, known.total)


def _f1(known: Labelled) -> FloatArray:
    return _over(2 * known.hits, known.total + known.given.accepted)


def _accuracy(known: Labelled) -> FloatArray:
    n = float(known.given.rows.sum())
    # right are the hits, and of the rejected rows those that are not missed
    return _over(n - known.given.accepted - known.total + 2 * known.hits, n)


def _positive_share(known: Labelled) -> FloatArray:
    return _over(known.total, float(known.given.rows.sum()))


def _roc_auc(known: Labelled) -> FloatArray:
    no = known.no
    below = np.cumsum(no, axis=-1)
    negatives = below[..., -1] if no.shape[-1] else known.total
    return _over(np.einsum("...k,...k->...", known.yes, below - no / 2), known.total * negatives)


def _pr_auc(known: Labelled) -> FloatArray:
    yes = known.yes[..., ::-1]
    served = np.cumsum(known.given.by_score[::-1])
    # where nothing is served, nobody is positive
    found = yes / np.where(served > 0, served, 1.0)
    return _over(np.einsum("...k,...k->...", found, np.cumsum(yes, axis=-1)), known.total)


def _log_loss(known: Labelled) -> FloatArray:
    score = np.clip(known.given.score, _TINY, 1 - _TINY)
    return _linear(known, -np.log(score), -np.log(1 - score))


def _brier(known: Labelled) -> FloatArray:
    score = known.given.score
    return _linear(known, (1 - score) ** 2, score**2)


def _linear(known: Labelled, of_positive: FloatArray, of_negative: FloatArray) -> FloatArray:
    """The mean of what each positive and each negative row of a score counts."""
    total = known.yes @ (of_positive - of_negative) + known.given.by_score @ of_negative
    return _over(total, float(known.given.rows.sum()))


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
