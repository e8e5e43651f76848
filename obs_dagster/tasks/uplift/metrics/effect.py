"""What the treatment does: on average, and where the score is highest."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from obs_dagster.metrics.definition import Definition, Place
from obs_dagster.metrics.intervals import wilson
from obs_dagster.metrics.metric import Metric
from obs_dagster.metrics.record import Estimate
from obs_dagster.profile.distribution import FloatArray
from obs_dagster.tasks.uplift.counts import Treated
from obs_dagster.tasks.uplift.curves import top
from obs_dagster.tasks.uplift.metrics.areas import treated_rows

SHARES = {"uplift_at_10": 0.1, "uplift_at_30": 0.3}
"""The parts of the rows with the highest scores, by metric."""

_ALL, _NOBODY = "all of these were treated", "nobody of these was treated"


def difference(rows: FloatArray, n: int) -> Estimate:
    """The difference in the share of positives, treated less untreated.

    The interval is Newcombe's (Statistics in Medicine 17, 1998, 873-890, method 10): Wilson's of both shares.

    Args:
        rows: by treatment and label, shape (2, 2).
        n: rows behind the estimate.
    """
    sizes = rows.sum(axis=1)
    if sizes[1] <= 0 or sizes[0] <= 0:
        return Estimate.missing(_ALL if sizes[1] > 0 else _NOBODY, n)
    untreated, treated = rows[:, 1] / sizes
    ends = [wilson(float(rows[side, 1]), float(sizes[side])) for side in (0, 1)]
    below = math.hypot(treated - ends[1][0], ends[0][1] - untreated)
    above = math.hypot(ends[1][1] - treated, untreated - ends[0][0])
    value = float(treated - untreated)
    return Estimate(value, value - below, value + above, n)


def _average(given: Treated) -> Estimate:
    if given.obstacle:
        return Estimate.missing(given.obstacle, given.n)
    return difference(given.counts.sum(axis=0).astype(np.float64), given.n)


def _at(share: float) -> Callable[[Treated], Estimate]:
    def compute(given: Treated) -> Estimate:
        if given.obstacle:
            return Estimate.missing(given.obstacle, given.n)
        rows = top(given.counts.astype(np.float64), share)
        return difference(rows, round(float(rows.sum())))

    return compute


def _definition(  # noqa: PLR0917  of one file
    name: str, title: str, meaning: str, formula: str, reference: str, shown: frozenset[Place], rank: int
) -> Definition:
    return Definition(
        name=name,
        id=f"{name}/1",
        family="performance",
        title=title,
        meaning=meaning,
        formula=formula,
        reference=reference,
        interval="Newcombe's of a difference of shares (1998, method 10)",
        better="higher",
        tasks=("uplift",),
        needs=("labels",),
        noun=title[0].lower() + title[1:],
        shown=shown,
        rank=rank,
        from_zero=False,
    )


METRICS = (
    Metric(
        _definition(
            "average_uplift",
            "Average uplift",
            "How much larger the share of positives is among the treated. It is the treatment's effect where "
            "it was drawn at random (see `treatment_auc`).",
            "positives of the treated / treated - positives of the untreated / untreated.",
            "a plain difference of two shares.",
            frozenset({"trend", "summary"}),
            3,
        ),
        _average,
        treated_rows,
    ),
    *(
        Metric(
            _definition(
                name,
                f"Uplift of the top {share:.0%}".replace("%", " %"),
                f"The same among the {share:.0%} of the rows with the highest scores: what treating them "
                "gains.".replace("%", " %"),
                "as `average_uplift`, of the rows with the highest scores; of the last score bin in part.",
                f'`sklift.metrics.uplift_at_k(y, score, treatment, strategy="overall", k={share})`, but for '
                "the order within a bin.",
                frozenset({"trend"}) if share > 0.2 else frozenset(),  # noqa: PLR2004  one of them is drawn
                4,
            ),
            _at(share),
            treated_rows,
        )
        for name, share in SHARES.items()
    ),
)
