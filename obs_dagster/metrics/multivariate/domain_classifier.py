"""Whether a classifier can tell the day's rows from the baseline's, and by which columns."""

from __future__ import annotations

import math

from obs_dagster.evidence.detector import e_value
from obs_dagster.metrics.curves import roc_auc, roc_auc_interval
from obs_dagster.metrics.definition import Definition
from obs_dagster.metrics.metric import Metric
from obs_dagster.metrics.multivariate.ordinary import p_value
from obs_dagster.metrics.multivariate.samples import SampledColumn, Samples
from obs_dagster.metrics.multivariate.trees import FOLDS, LEAVES, TREES
from obs_dagster.metrics.record import Estimate


def _auc(samples: Samples) -> Estimate:
    if samples.obstacle:
        return Estimate.missing(samples.obstacle, samples.n)
    counts = samples.told.counts
    area, deviation = roc_auc(counts)
    low, high = roc_auc_interval(area, deviation, int(counts.positives.sum()), int(counts.negatives.sum()))
    return Estimate(area, low, high, samples.n)


def _beyond(samples: Samples) -> Estimate:
    found = _auc(samples)
    if found.value is None:
        return found
    if unknown := samples.not_calibrated("domain_auc"):
        return Estimate.missing(unknown, samples.n)
    ordinary = [_distance(each, samples.n) for each in samples.ordinary["domain_auc"]]
    return Estimate(p_value(_distance(found.value, samples.n), ordinary), None, None, samples.n)


def _distance(area: float, rows: int) -> float:
    """How far an area is from guessing; never nearer than the noise of so many rows on either side."""
    noise = math.sqrt((2 * rows + 1) / (12 * rows**2))
    return math.hypot(max(area - 0.5, 0.0), noise)


def _evidence(samples: Samples) -> Estimate:
    found = _beyond(samples)
    return found if found.value is None else Estimate(math.log10(e_value(found.value)), None, None, samples.n)


def _share(column: SampledColumn) -> Estimate:
    samples = column.samples
    if samples.obstacle:
        return Estimate.missing(samples.obstacle, samples.n)
    gain = samples.told.gain
    if gain.sum() == 0:
        return Estimate.missing("the classifier found nothing to split on", samples.n)
    share = float(gain[samples.columns.index(column.name)] / gain.sum())
    return Estimate(share, None, None, samples.n)


def _of_all(given: object) -> bool:
    return isinstance(given, Samples)


_TREES = (
    f"LightGBM, {TREES} trees of {LEAVES} leaves, on at most 2,000 rows of each side, of all features; "
    f"names are coded by how frequent they are in the baseline. Of {FOLDS} folds each is scored by the trees "
    "of the others."
)

METRICS = (
    Metric(
        Definition(
            name="domain_auc",
            id="domain_auc/lightgbm/1",
            family="multivariate",
            title="Domain classifier",
            meaning="How well a classifier tells the day's rows from the baseline's by all features "
            "together: 0.5 is not at all, 1 is every row. Days differ, so ordinary ones are above 0.5; "
            "`domain_auc_p_value` knows by how much.",
            formula=f"Area under the ROC curve of the scores. {_TREES}",
            reference="the domain classifier of NannyML, with these trees; "
            "`sklearn.metrics.roc_auc_score` of the scores.",
            interval="DeLong's variance on the logit scale, of the scores as they are",
            better="lower",
            cells="none",
            daily=True,
            asked_with="domain classifier",
            noun="domain AUC",
            shown=frozenset({"trend"}),
            rank=200,
            heading="Domain classifier, AUC",
            from_zero=False,
        ),
        _auc,
        _of_all,
    ),
    Metric(
        Definition(
            name="domain_auc_p_value",
            id="domain_auc_p_value/days/1",
            family="multivariate",
            title="p-value of the domain classifier against days that differ anyway",
            meaning="The chance that an ordinary day can be told from the baseline as well as this one.",
            formula="P(t > (ln d - m) / (s √(1 + 1/k))), d² = max(AUC - ½, 0)² + noise², m and s the mean "
            "and standard deviation of ln d over k days of the baseline, each told from the others; t: "
            "Student's, k - 1 degrees of freedom. None of fewer than 20 days.",
            reference="[multivariate.md](multivariate.md).",
            interval="none: a p-value already speaks of the noise",
            better="higher",
            cells="none",
            daily=True,
            asked_with="domain classifier",
            noun="domain p-value",
        ),
        _beyond,
        _of_all,
    ),
    Metric(
        Definition(
            name="domain_auc_evidence",
            id="domain_auc_evidence/e-value/1",
            family="multivariate",
            title="Evidence of the day that its rows are others",
            meaning='How strongly the day speaks against "no more than days differ anyway", of all features '
            "together: 2 is a hundred to one. Days add up. A rule `above: budget` adds them.",
            formula="log10 e, e the mean of κ p^(κ - 1) over κ = 1/4, 1/2, 3/4; p: `domain_auc_p_value`.",
            reference="as `drift_evidence`.",
            interval="none",
            better="lower",
            cells="none",
            daily=True,
            asked_with="domain classifier",
            noun="evidence of other rows",
            from_zero=False,
            adds_up=True,
        ),
        _evidence,
        _of_all,
    ),
    Metric(
        Definition(
            name="domain_share",
            id="domain_share/gain/1",
            family="multivariate",
            title="Share of the domain classifier",
            meaning="Which columns the domain classifier tells the day by: the share of what its splits "
            "gained that were on this one. It says little where the classifier can tell nothing.",
            formula="Gain of the splits on the column divided by that of all splits, over all folds.",
            reference='`lightgbm.Booster.feature_importance("gain")`.',
            interval="none",
            unit="share",
            about="column",
            cells="none",
            daily=True,
            asked_with="domain classifier",
            noun="share of the domain classifier",
            written="percent",
        ),
        _share,
        lambda given: isinstance(given, SampledColumn),
    ),
)
