"""Proper scoring rules: how good the scores are as probabilities."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from obs_dagster.metrics.definition import Definition
from obs_dagster.metrics.metric import Metric
from obs_dagster.metrics.record import Estimate
from obs_dagster.metrics.skewed_mean import TOLD, skewed_mean
from obs_dagster.profile.distribution import FloatArray, IntArray
from obs_dagster.tasks.binary.counts import TINY, OutcomeCounts
from obs_dagster.tasks.binary.metrics.calibration import BINS
from obs_dagster.tasks.binary.metrics.outcomes import Outcomes


def _mean(
    sums: Callable[[OutcomeCounts], tuple[FloatArray, FloatArray]], *, highest: float
) -> Callable[[Outcomes], Estimate]:
    """The mean of a loss, which is `highest` at most, from the sums of its values and squares per cell."""

    def compute(outcomes: Outcomes) -> Estimate:
        n = outcomes.n
        if n == 0:
            return Estimate.missing("no labels")
        total, total_sq = sums(outcomes.counts)
        cells = _cells(outcomes.counts)
        rows, of_cells, squares = (_summed(cells, each) for each in (outcomes.counts.counts, total, total_sq))
        ends = skewed_mean(rows, of_cells, squares, outcomes.seed, highest=highest)
        low, high = ends or (None, None)
        return Estimate(float(total.sum()) / n, low, high, n)

    return compute


def _cells(counts: OutcomeCounts) -> IntArray:
    """The cell of each entry: its tenth of the scores, decision and label, whose sums are exact."""
    tenth = np.clip((counts.score * BINS).astype(np.int64), 0, BINS - 1)
    return (tenth * 2 + counts.decision) * 2 + counts.label


def _summed(cells: IntArray, numbers: NDArray[Any]) -> NDArray[Any]:
    """The sums of numbers of each cell, in the type of the numbers."""
    found = np.zeros(4 * BINS, numbers.dtype)
    np.add.at(found, cells, numbers)
    return found


METRICS = (
    Metric(
        Definition(
            name="log_loss",
            id="log_loss/ln/1",
            family="performance",
            title="Log loss",
            meaning="The mean surprise at the true class; punishes scores that are confident and wrong.",
            formula="-(1/n) Σ (y ln s + (1 - y) ln(1 - s)), natural logarithm, scores clipped to "
            f"[ε, 1 - ε]; y: label, s: score, ε: {TINY!r}, float64's spacing at 1.",
            reference="`sklearn.metrics.log_loss(label, score)`.",
            interval=TOLD,
            unit="nats",
            better="lower",
            tasks=("binary_classification",),
            needs=("labels",),
        ),
        _mean(lambda counts: (counts.log_loss_sum, counts.log_loss_sq), highest=-math.log(TINY)),
    ),
    Metric(
        Definition(
            name="brier",
            id="brier/1",
            family="performance",
            title="Brier score",
            meaning="The mean squared distance of the score from the label.",
            formula="(1/n) Σ (s - y)²; y: label (0 or 1), s: score.",
            reference="`sklearn.metrics.brier_score_loss(label, score)`.",
            interval=TOLD,
            better="lower",
            tasks=("binary_classification",),
            needs=("labels",),
            noun="Brier score",
        ),
        _mean(lambda counts: (counts.brier_sum, counts.brier_sq), highest=1.0),
    ),
)
