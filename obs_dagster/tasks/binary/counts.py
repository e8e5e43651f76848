"""Labelled predictions of one cell, as the metrics take them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from obs_dagster.profile.distribution import FloatArray, IntArray

#: scikit-learn's clip of probabilities in `log_loss`.
TINY = float(np.finfo(np.float64).eps)


@dataclass(frozen=True, slots=True)
class OutcomeCounts:
    """Predictions whose label is known, by score bin, decision and label; and how many there were to label.

    All arrays have shape (k,), one entry per (score bin, decision, label) that occurs.

    Attributes:
        score: the score that all rows of the score bin have, or its centre.
        width: of the score bin; 0 where all its rows have one score.
        decision: whether the served decision was positive.
        label: whether the true class is positive.
        counts: rows.
        score_sum: exact sum of the scores.
        log_loss_sum, log_loss_sq: sums of the rows' log loss and of its square (natural logarithm, scores
            clipped to [ε, 1 - ε] with float64's ε, as scikit-learn does).
        brier_sum, brier_sq: sums of (score - label)^2 and of its square.
        predictions: rows that were predicted, labelled or not.
    """

    score: FloatArray
    width: FloatArray
    decision: NDArray[np.bool_]
    label: NDArray[np.bool_]
    counts: IntArray
    score_sum: FloatArray
    log_loss_sum: FloatArray
    log_loss_sq: FloatArray
    brier_sum: FloatArray
    brier_sq: FloatArray
    predictions: int

    @property
    def n(self) -> int:
        """Rows with a label."""
        return int(self.counts.sum())
