"""How much of what is relevant was among the top items."""

from __future__ import annotations

from dataclasses import replace

from obs_dagster.metrics.definition import Definition
from obs_dagster.metrics.intervals import share
from obs_dagster.metrics.record import Estimate
from obs_dagster.tasks.ranking.counts import Cutoff
from obs_dagster.tasks.ranking.metrics.values import INTERVAL, LEFT_OUT, TIES, each, leading, mean


def hit_rate(cutoff: Cutoff) -> Estimate:
    """The share of requests with a relevant item above the cut-off."""
    hits, n = round(cutoff.hit.total), cutoff.hit.n
    return share(hits, n, reason=cutoff.hit.reason)


def precision(cutoff: Cutoff) -> Estimate:
    """The share of relevant items above the cut-off."""
    return mean(cutoff.precision, cutoff.requests.evaluated)


def recall(cutoff: Cutoff) -> Estimate:
    """The share of the relevant items that is above the cut-off."""
    return mean(cutoff.recall, cutoff.requests.evaluated)


_HIT_RATE = Definition(
    name="hit_rate",
    id="hit_rate/1",
    family="performance",
    title="Hit rate at the first cut-off",
    meaning="The share of requests with a relevant item among the top k; k is the monitor's first cut-off.",
    formula=f"requests with a relevant item on a place ≤ k / requests; {TIES}. {LEFT_OUT}.",
    reference="a plain share of requests; `sklearn.metrics.top_k_accuracy_score` where each request has one "
    "relevant item and no ties.",
    interval="Wilson",
    unit="share",
    better="higher",
    counts="requests",
    tasks=("ranking",),
    needs=("labels",),
    written="percent",
    shown=frozenset({"verdict", "trend", "summary"}),
    rank=2,
    heading="Hit rate",
)
_AT = replace(_HIT_RATE, interval=INTERVAL, shown=frozenset(), heading="")

METRICS = (
    leading(_HIT_RATE, hit_rate),
    each(
        replace(
            _AT,
            name="hit_rate_at",
            id="hit_rate_at/1",
            title="Hit rate at a cut-off",
            meaning="`hit_rate` for every k of `ranking.at`, which the record's column names (`top10`).",
            formula="as of `hit_rate`.",
            noun="hit rate",
            interval="Wilson",
        ),
        hit_rate,
    ),
    each(
        replace(
            _AT,
            name="precision_at",
            id="precision_at/1",
            title="Precision at a cut-off",
            meaning="The share of relevant items among the top k, on average over requests, for every k of "
            "`ranking.at`, which the record's column names (`top10`).",
            formula=f"mean over requests of (relevant items on places ≤ k) / k; {TIES}. {LEFT_OUT}.",
            reference="a mean over requests; k divides also where a request has fewer rows.",
            noun="precision",
        ),
        precision,
    ),
    each(
        replace(
            _AT,
            name="recall_at",
            id="recall_at/1",
            title="Recall at a cut-off",
            meaning="The share of its relevant items that a request has among the top k, on average over "
            "requests, for every k of `ranking.at`, which the record's column names (`top10`).",
            formula="mean over requests of (relevant items on places ≤ k) / (relevant items); "
            f"{TIES}. {LEFT_OUT}.",
            reference="`sklearn.metrics.recall_score` of the top k as the decision, mean over requests.",
            noun="recall",
        ),
        recall,
    ),
)
