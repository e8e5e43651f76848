"""Calibration within groups: whether scores mean the same whoever they are about."""

from __future__ import annotations

import math

import numpy as np

from obs_dagster.figures import percent
from obs_dagster.metrics.definition import Definition
from obs_dagster.metrics.fairness.groups import GroupCounts, Groups
from obs_dagster.metrics.intervals import LEVEL
from obs_dagster.metrics.metric import Metric
from obs_dagster.metrics.record import NO_ROWS, Estimate

_DRAWS = 2_000


def gap(group: GroupCounts) -> float:
    """Mean score minus share of positives, over the labelled rows of a group that has some."""
    return (group.score_sum - group.positive) / group.scored


def spread(group: GroupCounts) -> float:
    """The standard error of the gap."""
    variance = max(0.0, group.squared_sum / group.scored - gap(group) ** 2)
    return math.sqrt(variance / max(1, group.scored - 1))


def _largest(groups: Groups) -> Estimate:
    if not groups.rows:
        return Estimate.missing(NO_ROWS)
    told = [each for each in groups.groups if min(each.rows, each.scored) >= groups.least]
    small = sorted(each.name for each in groups.groups if each not in told)
    if not told:
        return Estimate.missing(f"no group has {groups.least} labelled rows with a score", groups.rows)
    worst = max(told, key=lambda each: abs(gap(each)))
    spreads = np.array([spread(each) for each in told])
    noise = np.abs(np.random.default_rng(groups.seed).standard_normal((_DRAWS, len(told))) * spreads).max(
        axis=1
    )
    value, reach = abs(gap(worst)), float(np.quantile(noise, LEVEL))
    side = "above" if gap(worst) > 0 else "below"
    reason = f"{worst.name}: scores {percent(value)} {side} what came true"
    if small:
        reason += f"; fewer than {groups.least} rows: {', '.join(small[:3])}"
    rows = sum(each.scored for each in told)
    return Estimate(value, max(0.0, value - reach), min(1.0, value + reach), rows, reason=reason)


METRICS = (
    Metric(
        Definition(
            name="group_calibration_gap",
            id="group_calibration_gap/1",
            family="fairness",
            title="Calibration gap of groups",
            meaning="How far the scores of the group that is scored worst are from what came true for it, on "
            "average. Groups below `fairness.min_group` rows are left out, and named.",
            formula="max over groups of |mean score - share of positive labels|.",
            reference="`numpy.mean` of scores and labels by group.",
            interval="the value ± the 95 % quantile of what noise makes of the greatest gap",
            better="lower",
            tasks=("binary_classification",),
            needs=("fairness.attributes", "labels"),
            about="column",
            cells="none",
        ),
        _largest,
    ),
)
