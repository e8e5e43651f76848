"""What nights take of the time that there is for them."""

from __future__ import annotations

from dataclasses import dataclass

from obs_dagster.metrics.definition import Definition
from obs_dagster.metrics.metric import Metric
from obs_dagster.metrics.record import Estimate


@dataclass(frozen=True, slots=True)
class NightsTaken:
    """What is known of how long the nights of a model take.

    Attributes:
        nights: how many nights it rests on.
        share, low, high: of its window that a night will take in 14 days, with the interval.
        reason: why that is not known; empty if it is.
    """

    nights: int
    share: float = 0.0
    low: float = 0.0
    high: float = 0.0
    reason: str = ""


AHEAD = 14
"""Days ahead that the metric speaks of."""


def night_window_share(taken: NightsTaken) -> Estimate:
    """The share of its window that a night will take."""
    if taken.reason:
        return Estimate.missing(taken.reason, taken.nights)
    return Estimate(taken.share, taken.low, taken.high, taken.nights)


METRICS = (
    Metric(
        Definition(
            name="night_window_share",
            id="night_window_share/theil-sen/1",
            family="operation",
            title="Share of the night's window",
            meaning="The share of the time there is for it that a night will take in 14 days, if nights go "
            "on as they do; from 1 on, it is not done before the next one. Computed where a rule watches it.",
            formula="(seconds of a night + 14 * growth per day) / window. Level and growth are the line of "
            "Theil and Sen through the seconds of the nights before, of at most 56 days and at least 10 "
            "nights. The window is `night_hours` of the monitor, or the shortest time between two of its "
            "nights.",
            reference="`-scipy.stats.theilslopes`",
            interval="that of the growth (Sen 1968), at the level as it is.",
            unit="share",
            better="lower",
            counts="nights",
            whole_log=True,
            cells="none",
            daily=True,
            noun="share of the night's window",
            written="percent",
        ),
        night_window_share,
    ),
)
