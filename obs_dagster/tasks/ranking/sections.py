"""What people see of rankings: every cut-off beside the others, and how relevant each place was."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from obs_dagster.figures import decimal, percent
from obs_dagster.metrics.intervals import wilson
from obs_dagster.metrics.record import Estimate
from obs_dagster.monitor.model import Monitor
from obs_dagster.tasks.ranking.counts import Rankings
from obs_dagster.tasks.ranking.metrics.catalogue import coverage
from obs_dagster.tasks.ranking.metrics.found import hit_rate, precision, recall
from obs_dagster.tasks.ranking.metrics.order import average_precision, ndcg
from obs_dagster.tasks.sections import Curve, CurvePoint, Listing, Section

_ROWS = (
    ("NDCG", ndcg, decimal),
    ("MAP", average_precision, decimal),
    ("Hit rate", hit_rate, percent),
    ("Precision", precision, percent),
    ("Recall", recall, percent),
    ("Catalogue shown", coverage, percent),
)


_BESIDE = 3
"""Cut-offs that have room for their intervals beside each other."""


def sections(inputs: Mapping[str, Any], monitor: Monitor) -> tuple[Section, ...]:
    """The sections of one version.

    Args:
        inputs: of the performance metrics: `Rankings` under `""`, `Cutoff` under each cut-off's name.
        monitor: names the cut-offs.
    """
    return (cutoffs(inputs, monitor), relevance_by_place(inputs[""]))


def cutoffs(inputs: Mapping[str, Any], monitor: Monitor) -> Listing:
    """Every metric that has a cut-off, with its interval, for each."""
    known = inputs[""].requests.evaluated > 0
    cut = sorted(monitor.ranking.at)
    told = partial(_told, sure=len(cut) <= _BESIDE)
    rows = [
        (name, *(told(of(inputs[f"top{k}"]), written) for k in cut)) for name, of, written in _ROWS if known
    ]
    headings = ("Metric", *(f"k = {k}" for k in cut))
    note = f"{inputs[''].requests.evaluated:,} requests with labels; 95 % intervals over requests"
    return Listing("Down to each cut-off", headings, rows, frozenset(range(1, len(headings))), note)


def relevance_by_place(given: Rankings) -> Curve:
    """The share of relevant items on each place, which falls where the order is any good."""
    points = []
    for each in given.places:
        low, high = wilson(each.relevant, each.rows)
        points.append(CurvePoint(float(each.place), each.relevant / each.rows, low, high, each.rows))
    note = "where people see the top first, they also choose it more often for that"
    return Curve("Relevance by place", "place in the ranking", "share of relevant items", points, note=note)


def _told(estimate: Estimate, written: Callable[[float], str], *, sure: bool) -> str:
    """The value, with its interval where there is room for it."""
    if estimate.value is None:
        return estimate.reason
    if not sure or estimate.low is None or estimate.high is None:
        return written(estimate.value)
    return f"{written(estimate.value)} [{written(estimate.low)}, {written(estimate.high)}]"
