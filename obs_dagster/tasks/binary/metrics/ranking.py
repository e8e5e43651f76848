"""How well the scores rank positives above negatives, whatever the threshold."""

from __future__ import annotations

from obs_dagster.metrics.curves import average_precision, roc_auc, roc_auc_interval
from obs_dagster.metrics.default_rule import DefaultRule
from obs_dagster.metrics.definition import Definition
from obs_dagster.metrics.intervals import Interval, wilson
from obs_dagster.metrics.metric import Metric
from obs_dagster.metrics.quality_lost import quality_lost
from obs_dagster.metrics.record import Estimate
from obs_dagster.tasks.binary.metrics.outcomes import Outcomes


def _roc_auc(outcomes: Outcomes) -> Estimate:
    if outcomes.one_sided:
        return Estimate.missing(outcomes.one_sided, outcomes.n)
    scores = outcomes.by_score
    area, deviation = roc_auc(scores)
    interval = roc_auc_interval(area, deviation, outcomes.positives, outcomes.negatives)
    # each pair within a bin counts one half, and may be worth nothing or all; of one score it is a tie
    pairs = outcomes.positives * outcomes.negatives
    error = float(scores.positives[scores.binned] @ scores.negatives[scores.binned]) / (2 * pairs)
    return _estimate(area, interval, error, outcomes.n)


def _pr_auc(outcomes: Outcomes) -> Estimate:
    if outcomes.one_sided:
        return Estimate.missing(outcomes.one_sided, outcomes.n)
    value, error = average_precision(outcomes.by_score)
    return _estimate(value, wilson(value * outcomes.positives, outcomes.positives), error, outcomes.n)


def _estimate(value: float, interval: Interval, error: float, n: int) -> Estimate:
    """An estimate of the exact statistic: the interval of the one on bins, widened by the binning error."""
    low, high = interval
    return Estimate(value, max(0.0, low - error), min(1.0, high + error), n, error)


METRICS = (
    Metric(
        Definition(
            name="roc_auc",
            id="roc_auc/mid-rank/1",
            family="performance",
            title="Area under the ROC curve",
            meaning="The chance that a positive has a higher score than a negative; 0.5 is guessing.",
            formula="Σ over pairs of a positive and a negative of 1 if its score is higher, ½ if both fall "
            "into one score bin, divided by the number of pairs.",
            reference="`sklearn.metrics.roc_auc_score(label, score)`, within the stated error.",
            interval="DeLong's variance on the logit scale; where fewer than ten rows of the smaller class "
            "are misplaced, Newcombe's (2006) method 5; widened by the error at both ends",
            better="higher",
            tasks=("binary_classification",),
            needs=("labels",),
            noun="ROC AUC",
            shown=frozenset({"verdict", "trend", "summary"}),
            rank=4,
            heading="ROC AUC",
            from_zero=False,
            watched=(
                quality_lost(
                    "ranking_lost",
                    below="90 % of baseline",
                    summary="The score tells the classes apart less well than on the baseline. "
                    "While this one is quiet and recall is lost, the level of the scores "
                    "is wrong.",
                    more="0.7 becomes 0.63, where guessing is 0.5.",
                ),
                DefaultRule(
                    name="ranking_gone",
                    below="80 % of baseline",
                    window=7,
                    for_nights=2,
                    min_rows=200,
                    severity="critical",
                    full=False,
                    summary="The score hardly tells the classes apart, by the labels that are in. Is "
                    "it a new version? Take it back.",
                    why="0.7 becomes 0.56. It does not wait for all labels, nor for a week of a new "
                    "version: which class is labelled first does not change the area under the curve.",
                ),
                DefaultRule(
                    name="ranking_reversed",
                    below=0.45,
                    min_rows=200,
                    severity="critical",
                    full=False,
                    summary="High scores go to the negatives. Have labels or scores changed sides?",
                    why="A model that knows nothing has 0.5; what is surely worse on one day has a sign "
                    "wrong. In half a year of flights the interval of no day lay below 0.5.",
                ),
            ),
        ),
        _roc_auc,
    ),
    Metric(
        Definition(
            name="pr_auc",
            id="pr_auc/average-precision/1",
            family="performance",
            title="Area under the precision-recall curve",
            meaning="The mean precision over all levels of recall; guessing gives the share of positives.",
            formula="Average precision: Σ (Rᵢ - Rᵢ₋₁) · Pᵢ over the score bins from high to low, without "
            "interpolation.",
            reference="`sklearn.metrics.average_precision_score(label, score)`, within the stated error.",
            interval="Wilson, as a share of the positives (Boyd, Eng and Page, ECML 2013, the binomial "
            "interval; covers 91 to 95 % in simulations), widened by the error at both ends",
            better="higher",
            tasks=("binary_classification",),
            needs=("labels",),
            noun="PR AUC",
        ),
        _pr_auc,
    ),
)
