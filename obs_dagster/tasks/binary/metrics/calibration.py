"""Calibration: whether a score of 30 % comes true in 30 % of cases."""

from __future__ import annotations

import numpy as np

from obs_dagster.metrics.calibration import calibration_error
from obs_dagster.metrics.definition import Definition
from obs_dagster.metrics.metric import Metric
from obs_dagster.metrics.record import Estimate
from obs_dagster.tasks.binary.metrics.outcomes import Outcomes

BINS = 10


def _estimate(outcomes: Outcomes) -> Estimate:
    if outcomes.n == 0:
        return Estimate.missing("no labels")
    # no bin of a score lies in two tenths
    tenth = np.clip((outcomes.counts.score * BINS).astype(np.int64), 0, BINS - 1)
    cell = (outcomes.counts.label.astype(np.int64), tenth)
    counts = np.zeros((2, BINS), dtype=np.int64)
    score_sum = np.zeros((2, BINS))
    np.add.at(counts, cell, outcomes.counts.counts)
    np.add.at(score_sum, cell, outcomes.counts.score_sum)
    return calibration_error(counts, score_sum, outcomes.seed)


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
            interval="bootstrap over label and score bin, with two calibrated rows supposed in each bin, and "
            "no narrower than what a model whose scores come true would show",
            better="lower",
            tasks=("binary_classification",),
            needs=("labels",),
            shown=frozenset({"verdict", "trend", "summary"}),
            rank=5,
            heading="Calibration error",
        ),
        _estimate,
    ),
)
