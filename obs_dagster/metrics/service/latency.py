"""Latency quantiles."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from obs_dagster.metrics.definition import Definition
from obs_dagster.metrics.intervals import TAILS
from obs_dagster.metrics.metric import Metric
from obs_dagster.metrics.record import NO_ROWS, Estimate
from obs_dagster.metrics.service.traffic import Traffic
from obs_dagster.profile.distribution import NumericCounts


def quantile(counts: NumericCounts, level: float) -> Estimate:
    """A quantile with its order-statistic interval.

    The value is the smallest one that at least a share of `level` of the rows do not exceed. The number of
    rows below the true quantile is binomial, so two ranks of the sample enclose it with at least 95 %,
    whatever the distribution (Conover, Practical Nonparametric Statistics, section 3.2). A rank beyond the
    sample means that so few rows cannot bound that side: the end is None. Where values are binned, the
    interval goes to the outer edges of the bins that hold these ranks.

    Args:
        counts: a column with at least one finite value.
        level: between 0 and 1.
    """
    n = counts.n
    cumulative = np.cumsum(counts.counts)

    def at(rank: int) -> tuple[float, float, float]:
        """The least, the likeliest and the greatest value of the row of this rank (1 to n)."""
        place = int(np.searchsorted(cumulative, rank))
        point, reach = float(counts.points[place]), float(counts.widths[place]) / 2
        # The exact extremes are known, and no row lies beyond them.
        lowest = max(point - reach, point - reach if counts.minimum is None else counts.minimum)
        highest = min(point + reach, point + reach if counts.maximum is None else counts.maximum)
        return lowest, min(max(point, lowest), highest), highest

    least, value, most = at(max(1, math.ceil(level * n - 1e-9)))
    lower, upper = _ranks(n, level)
    low = at(lower)[0] if lower >= 1 else None
    high = at(upper)[-1] if upper <= n else None
    return Estimate(value, low, high, n, max(value - least, most - value))


def _ranks(n: int, level: float) -> tuple[int, int]:
    """Ranks whose rows enclose the quantile; 0 and n + 1 stand for none."""
    from scipy.special import bdtr, bdtrik

    def smallest(tail: float) -> int:
        """The smallest k with P(rows below the quantile ≤ k) of at least `tail`."""
        found = math.ceil(float(bdtrik(tail, n, level)))
        # bdtrik inverts a continuous function, and may end just beside the integer.
        return found - 1 if found >= 1 and bdtr(found - 1, n, level) >= tail else found

    return smallest(TAILS[0]), smallest(TAILS[1]) + 1


def _latency(level: float) -> Callable[[Traffic], Estimate]:
    def compute(traffic: Traffic) -> Estimate:
        if traffic.rows == 0:
            return Estimate.missing(NO_ROWS)
        if traffic.latency is None or traffic.latency.n == 0:
            return Estimate.missing("no latencies")
        return quantile(traffic.latency, level)

    return compute


_NOUNS = {50: "median latency", 95: "95th percentile of latency", 99: "99th percentile of latency"}
#: The quantile that has a chart.
SHOWN = 95

METRICS = tuple(
    Metric(
        Definition(
            name=f"latency_p{percent}",
            id=f"latency_p{percent}/inverted-cdf/1",
            family="service",
            title=f"Latency, {percent} % quantile",
            meaning=f"The time within which {percent} % of the requests were answered; n counts the rows "
            f"that have a "
            "latency.",
            formula=f"smallest latency that at least {percent} % of the rows do not exceed.",
            reference=f"`numpy.quantile(latency, {percent / 100}, method='inverted_cdf')`, within the stated "
            f"error.",
            interval="order statistics (exact binomial ranks); at the outer edges of their bins; an end "
            "that so few rows cannot bound is empty",
            unit="ms",
            better="lower",
            needs=("logs.columns.latency_ms",),
            noun=noun,
            written="milliseconds",
            shown=frozenset({"trend"}) if percent == SHOWN else frozenset(),
            rank=35,
            heading=f"Latency, p{percent} (ms)",
        ),
        _latency(percent / 100),
    )
    for percent, noun in _NOUNS.items()
)
