"""How high what is relevant was ranked."""

from __future__ import annotations

from dataclasses import replace

from obs_dagster.metrics.default_rule import DefaultRule
from obs_dagster.metrics.definition import Definition
from obs_dagster.metrics.metric import Metric
from obs_dagster.metrics.quality_lost import quality_lost
from obs_dagster.metrics.record import Estimate
from obs_dagster.tasks.ranking.counts import Cutoff, Rankings
from obs_dagster.tasks.ranking.metrics.values import INTERVAL, LEFT_OUT, TIES, each, leading, mean


def ndcg(cutoff: Cutoff) -> Estimate:
    """Normalised discounted cumulative gain."""
    return mean(cutoff.ndcg, cutoff.requests.evaluated)


def average_precision(cutoff: Cutoff) -> Estimate:
    """Mean average precision."""
    return mean(cutoff.average_precision, cutoff.requests.evaluated)


def _reciprocal_rank(given: Rankings) -> Estimate:
    return mean(given.reciprocal_rank, given.requests.evaluated)


_NDCG = Definition(
    name="ndcg",
    id="ndcg/1",
    family="performance",
    title="NDCG at the first cut-off",
    meaning="The mean normalised discounted cumulative gain of the top k items: 1 where the best possible "
    "items come first, in the best order; k is the monitor's first cut-off.",
    formula="mean over requests of DCG@k / DCG@k of the best order; DCG@k = Σ_{i ≤ k} gᵢ / log₂(i + 1). g: "
    "the label (0 where it is negative; without one see `ranking.unlabelled`), or 2^label - 1 with `gain: "
    f"exponential`; items of one score each have the mean of their gains. {LEFT_OUT}. A request of one row "
    "is left out, as its order says nothing.",
    reference="`sklearn.metrics.ndcg_score(labels, scores, k=k)`, mean over requests; Järvelin and "
    "Kekäläinen, ACM TOIS 20 (2002), 422-446; ties: McSherry and Najork, ECIR 2008.",
    interval=INTERVAL,
    better="higher",
    counts="requests",
    tasks=("ranking",),
    needs=("labels",),
    noun="NDCG",
    shown=frozenset({"verdict", "trend", "summary"}),
    rank=1,
    heading="NDCG",
    watched=(
        DefaultRule(
            name="order_gone",
            below="75 % of baseline",
            window=7,
            for_nights=2,
            min_rows=200,
            severity="critical",
            full=False,
            summary="The order is far worse than on the baseline, by the labels that are in. Is it a new "
            "version? Take it back.",
            why="It does not wait for all labels, nor for a week of a new version. Requests without labels "
            "don't count, and items whose labels are late are missing wherever they stand.",
        ),
        DefaultRule(
            name="order_broken",
            below="50 % of baseline",
            min_rows=200,
            severity="critical",
            full=False,
            summary="What is relevant stands at the end. Was the order of the scores reversed?",
            why="No ordinary day is half as good as the baseline, and a reversed order is worse than that.",
        ),
        quality_lost(
            "order_lost",
            below="85 % of baseline",
            summary="Relevant items stand lower in the order than on the baseline. Look at which "
            "features moved, and retrain.",
        ),
    ),
)
_MAP = Definition(
    name="map",
    id="map/1",
    family="performance",
    title="Mean average precision at the first cut-off",
    meaning="The precision at each relevant item of the top k, on average over those that could be there; k "
    "is the monitor's first cut-off.",
    formula="mean over requests of Σ_{i ≤ k, i relevant} (relevant items down to i) / i, divided by min(k, "
    f"R); R: relevant items of the request; {TIES}. {LEFT_OUT}.",
    reference="`sklearn.metrics.label_ranking_average_precision_score(relevant, scores)` for k ≥ rows and "
    "requests with a relevant item.",
    interval=INTERVAL,
    better="higher",
    counts="requests",
    tasks=("ranking",),
    needs=("labels",),
    noun="MAP",
    shown=frozenset({"summary"}),
    rank=4,
    heading="MAP",
)

METRICS = (
    leading(_NDCG, ndcg),
    Metric(
        Definition(
            name="mrr",
            id="mrr/1",
            family="performance",
            title="Mean reciprocal rank",
            meaning="One over the place of the first relevant item, on average over requests, without a "
            "cut-off.",
            formula=f"mean over requests of 1 / (place of the first relevant item); {TIES}. {LEFT_OUT}.",
            reference="Voorhees, TREC-8 (1999); `sklearn.metrics.label_ranking_average_precision_score` "
            "where each request has one relevant item.",
            interval=INTERVAL,
            better="higher",
            counts="requests",
            tasks=("ranking",),
            needs=("labels",),
            noun="MRR",
            shown=frozenset({"verdict", "trend", "summary"}),
            rank=3,
            heading="MRR",
        ),
        _reciprocal_rank,
        lambda given: isinstance(given, Rankings),
    ),
    leading(_MAP, average_precision),
    each(
        replace(
            _NDCG,
            name="ndcg_at",
            id="ndcg_at/1",
            title="NDCG at a cut-off",
            meaning="`ndcg` for every cut-off of the monitor, which the record's column names (`top10`).",
            formula="as of `ndcg`.",
            noun="NDCG",
            heading="",
            shown=frozenset(),
            watched=(),
        ),
        ndcg,
    ),
    each(
        replace(
            _MAP,
            name="map_at",
            id="map_at/1",
            title="Mean average precision at a cut-off",
            meaning="`map` for every cut-off of the monitor, which the record's column names (`top10`).",
            formula="as of `map`.",
            noun="MAP",
            heading="",
            shown=frozenset(),
        ),
        average_precision,
    ),
)
