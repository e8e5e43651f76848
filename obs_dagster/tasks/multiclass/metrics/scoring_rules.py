"""Proper scoring rules, and calibration: how good the scores are as probabilities."""

from __future__ import annotations

import math
from collections.abc import Callable

from obs_dagster.metrics.calibration import calibration_error
from obs_dagster.metrics.definition import Definition
from obs_dagster.metrics.metric import Metric
from obs_dagster.metrics.record import Estimate
from obs_dagster.metrics.skewed_mean import TOLD, skewed_mean
from obs_dagster.tasks.multiclass.counts import ClassOutcomes
from obs_dagster.tasks.multiclass.metrics.applies import LABELS, TASKS, to_scored
from obs_dagster.tasks.multiclass.table import SUMS, TINY


def _mean(name: str, highest: Callable[[ClassOutcomes], float]) -> Callable[[ClassOutcomes], Estimate]:
    """The mean of a loss, which is `highest` at most, from the sums of its values and of their squares."""

    def compute(outcomes: ClassOutcomes) -> Estimate:
        if outcomes.no_scores:
            return Estimate.missing(outcomes.no_scores)
        top = outcomes.top
        total, total_sq = (top.sums[SUMS.index(f"{name}_{kind}")].ravel() for kind in ("sum", "sq"))
        most = highest(outcomes)
        ends = skewed_mean(top.counts.ravel(), total, total_sq, outcomes.seed, highest=most)
        low, high = ends or (None, None)
        return Estimate(float(total.sum()) / top.n, low, high, top.n)

    return compute


def _calibration(outcomes: ClassOutcomes) -> Estimate:
    if outcomes.no_scores:
        return Estimate.missing(outcomes.no_scores)
    counts, sums = outcomes.top.counts.sum(axis=-1), outcomes.top.sums[0].sum(axis=-1)
    return calibration_error(counts, sums, outcomes.seed)


METRICS = (
    Metric(
        Definition(
            name="log_loss",
            id="log_loss/classes-ln/1",
            family="performance",
            title="Log loss",
            meaning="The mean surprise at the true class; punishes scores that are confident and wrong.",
            formula="-(1/n) Σ ln s, s: the score of the label's class, clipped to [ε, 1 - ε], ε: "
            f"{TINY!r}; 0 for labels of no declared class. Scores are not scaled to sum to 1.",
            reference="`sklearn.metrics.log_loss(label, scores)`.",
            interval=TOLD,
            unit="nats",
            better="lower",
            tasks=TASKS,
            needs=LABELS,
        ),
        _mean("log_loss", lambda _: -math.log(TINY)),
        to_scored,
    ),
    Metric(
        Definition(
            name="brier",
            id="brier/classes/1",
            family="performance",
            title="Brier score",
            meaning="The mean squared distance of the scores from the label, summed over the classes; 0 to "
            "2.",
            formula="(1/n) Σ Σ_c (s_c - y_c)²; y_c: 1 for the label's class, else 0; a label of no declared "
            "class adds 1.",
            reference="`sklearn.metrics.brier_score_loss(label, scores, scale_by_half=False)`.",
            interval=TOLD,
            better="lower",
            tasks=TASKS,
            needs=LABELS,
            noun="Brier score",
        ),
        _mean("brier", lambda outcomes: len(outcomes.classes)),
        to_scored,
    ),
    Metric(
        Definition(
            name="calibration_error",
            id="calibration_error/top-score-10-equal-width/1",
            family="performance",
            title="Expected calibration error",
            meaning="How far the highest scores are from the share of rows whose label is that class, on "
            "average over the rows.",
            formula="Σ (nᵦ / n) · |mean top score - share that is right| over ten bins of the top score [0, "
            "0.1), … [0.9, 1].",
            reference="Guo et al., ICML 2017; `sklearn.calibration.calibration_curve(n_bins=10)` of the top "
            "score, weighted by rows.",
            interval="bootstrap over hit and bin, with two calibrated rows supposed in each bin, and no "
            "narrower than what a model whose scores come true would show",
            better="lower",
            tasks=TASKS,
            needs=LABELS,
            shown=frozenset({"verdict", "trend", "summary"}),
            rank=5,
            heading="Calibration error",
        ),
        _calibration,
        to_scored,
    ),
)
