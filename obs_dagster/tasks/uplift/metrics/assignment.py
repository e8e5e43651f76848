"""Who is treated: how many, and whether the score decides it."""

from __future__ import annotations

import numpy as np

from obs_dagster.metrics.curves import ScoreCounts, roc_auc, roc_auc_interval
from obs_dagster.metrics.default_rule import DefaultRule
from obs_dagster.metrics.definition import Definition
from obs_dagster.metrics.intervals import share
from obs_dagster.metrics.metric import Metric
from obs_dagster.metrics.record import Estimate
from obs_dagster.tasks.uplift.counts import Treated
from obs_dagster.tasks.uplift.metrics.areas import treated_rows


def _share(given: Treated) -> Estimate:
    return share(given.treated, given.n, reason="no labels")


def _told(given: Treated) -> Estimate:
    if given.obstacle:
        return Estimate.missing(given.obstacle, given.n)
    sides = given.counts.sum(axis=2)[::-1]
    counts = ScoreCounts(given.score[::-1], sides[:, 1], sides[:, 0], np.zeros(len(sides), dtype=bool))
    area, deviation = roc_auc(counts)
    low, high = roc_auc_interval(area, deviation, given.treated, given.n - given.treated)
    return Estimate(area, low, high, given.n)


METRICS = (
    Metric(
        Definition(
            name="treated_share",
            id="treated_share/1",
            family="performance",
            title="Share of treated rows",
            meaning="The share of labelled rows that were treated.",
            formula="treated rows / rows with a score, a treatment and a label.",
            reference="`numpy.mean(treatment)`.",
            interval="Wilson",
            unit="share",
            tasks=("uplift",),
            needs=("labels",),
            noun="share of treated rows",
            written="percent",
            shown=frozenset({"summary"}),
            rank=10,
        ),
        _share,
        treated_rows,
    ),
    Metric(
        Definition(
            name="treatment_auc",
            id="treatment_auc/score-bins/1",
            family="performance",
            title="Treatment told by the score",
            meaning="The chance that a treated row has a higher score than an untreated one. 0.5 is a "
            "treatment that was drawn at random; away from it the other numbers compare different people.",
            formula="area under the ROC curve of the score for the treatment; rows of a score bin are ties.",
            reference="`sklearn.metrics.roc_auc_score(treatment, score)`, on score bins.",
            interval="DeLong's variance on the logit scale",
            tasks=("uplift",),
            needs=("labels",),
            noun="treatment AUC",
            shown=frozenset({"trend", "summary"}),
            rank=11,
            heading="Treatment told by the score, AUC",
            from_zero=False,
            watched=(
                DefaultRule(
                    name="treatment_by_score",
                    above=0.6,
                    window=7,
                    for_nights=2,
                    min_rows=1000,
                    summary="The score decides who is treated, so treated and untreated rows are different "
                    "people, and uplift cannot be told from that. Keep a part of the rows whose treatment "
                    "is drawn at random, and watch the model on these.",
                    why="Random treatment has 0.5; of a thousand rows the noise is less than 0.05.",
                ),
            ),
        ),
        _told,
        treated_rows,
    ),
)
