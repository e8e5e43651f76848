"""Whether whom the score puts first is whom the treatment helps: areas under uplift curves."""

from __future__ import annotations

import math
from collections.abc import Callable

from obs_dagster.metrics.default_rule import DefaultRule
from obs_dagster.metrics.definition import Definition
from obs_dagster.metrics.intervals import Z
from obs_dagster.metrics.metric import Metric
from obs_dagster.metrics.record import Estimate
from obs_dagster.profile.distribution import FloatArray
from obs_dagster.tasks.uplift import curves
from obs_dagster.tasks.uplift.counts import Treated

_LEAST = 20
"""Positive rows of either kind, below which the interval does not hold."""


def _area(name: str, area: Callable[[FloatArray], FloatArray], nothing: str) -> Callable[[Treated], Estimate]:
    def compute(given: Treated) -> Estimate:
        if given.obstacle:
            return Estimate.missing(given.obstacle, given.n)
        value = float(area(given.counts.astype(float)))
        if not math.isfinite(value):
            return Estimate.missing(nothing, given.n)
        if min(*given.positives, given.n - sum(given.positives)) < _LEAST:
            return Estimate(value, None, None, given.n)
        reach = Z * curves.deviation_of(given.counts, given.seed, (name,))[name]
        return Estimate(value, value - reach, value + reach, given.n)

    return compute


def treated_rows(given: object) -> bool:
    """Whether metrics are asked of an uplift model."""
    return isinstance(given, Treated)


_INTERVAL = (
    f"normal, with the standard deviation of {curves.SAMPLES} bootstrap samples of the counts; none where "
    f"fewer than {_LEAST} treated or untreated rows are positive"
)

METRICS = (
    Metric(
        Definition(
            name="auuc",
            id="auuc/score-bins/1",
            family="performance",
            title="Area under the uplift curve",
            meaning="What the treatment gains per row, on average over all shares of the rows that could be "
            "treated, those with the highest scores first. A score that says nothing has half of the mean "
            "uplift.",
            formula="∫ G(φ) dφ over the share φ of rows by descending score, by the trapezoid rule; G = φ · "
            "(share of positives of the treated - of the untreated) among them; rows of a score bin come "
            "together.",
            reference="`sklearn.metrics.auc(*sklift.metrics.uplift_curve(y, score, treatment)) / n²`; "
            "`causalml.metrics.auuc_score(normalize=False) / n`.",
            interval=_INTERVAL,
            better="higher",
            tasks=("uplift",),
            needs=("labels",),
            noun="AUUC",
            shown=frozenset({"trend", "summary"}),
            rank=2,
            heading="AUUC",
            from_zero=False,
        ),
        _area("auuc", curves.auuc, ""),
        treated_rows,
    ),
    Metric(
        Definition(
            name="qini",
            id="qini/score-bins/1",
            family="performance",
            title="Qini coefficient",
            meaning="How much of what the best order of the rows could gain over a random one the score "
            "gains: 0 is a score that says nothing, 1 the best there is, below 0 is worse than chance.",
            formula="(∫ Q - line) / (∫ Q of the best order - line); Q = Y_T - Y_C · N_T / N_C among rows by "
            "descending score, line: the straight one to its end; the best order has treated positives "
            "first and untreated ones last; rows of a score bin come together.",
            reference="`sklift.metrics.qini_auc_score(negative_effect=True)`; Radcliffe, Direct Marketing "
            "Analytics Journal 1, 2007, 14-21.",
            interval=_INTERVAL,
            better="higher",
            tasks=("uplift",),
            needs=("labels",),
            noun="Qini coefficient",
            shown=frozenset({"verdict", "trend", "summary"}),
            rank=1,
            from_zero=False,
            watched=(
                DefaultRule(
                    name="uplift_reversed",
                    below=0.0,
                    window=7,
                    for_nights=2,
                    min_rows=1000,
                    severity="critical",
                    settled=True,
                    summary="The score puts those first whom the treatment helps least. Has its sign "
                    "changed, or the column of the treatment?",
                    why="A score that says nothing has 0; the whole interval lies below it.",
                ),
            ),
        ),
        _area("qini", curves.qini, "no order of the rows gains anything"),
        treated_rows,
    ),
)
