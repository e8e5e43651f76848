"""Requests by the hour, as objectives ask for them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from obs_dagster.metrics.record import NO_ROWS, Estimate
from obs_dagster.profile.distribution import FloatArray, IntArray

LEAST_REQUESTS = 30
"""Requests that an hour has at least if anything is to follow from it alone."""

NO_STATUSES, NO_LATENCIES = "no statuses", "no latencies"


@dataclass(frozen=True, slots=True)
class Tally:
    """Requests of some hours that were judged, and those of them that were bad.

    Attributes:
        judged: requests of which it is known, shape (k,).
        bad: those that miss the objective, shape (k,).
        unknown: what is said where none was judged.
    """

    judged: IntArray
    bad: IntArray
    unknown: str


@dataclass(frozen=True, slots=True)
class Hours:
    """The hours of one version up to the end of a day: all requests of the log, quarantined ones too.

    Attributes:
        last: the hours that belong to the day itself: that many at the end.
        requests: requests that began in each hour, the earliest first, without gaps; shape (k,).
        answered: those of them whose log has statuses, shape (k,).
        failed: those of them that did not report success, shape (k,).
        timed: those that have a latency, shape (k,).
        slow: those of them that took as long as the objective allows, or longer, shape (k,).
        total_ms: the sum of the latencies, shape (k,).
        total_sq_ms: the sum of their squares, shape (k,).
        availability: the share of requests that are to succeed; None without such an objective.
        latency: the share that is to be fast enough; None without such an objective.
        window: hours of the objectives' window; hours before `requests` have none.
    """

    last: int
    requests: IntArray
    answered: IntArray
    failed: IntArray
    timed: IntArray
    slow: IntArray
    total_ms: FloatArray
    total_sq_ms: FloatArray
    availability: float | None = None
    latency: float | None = None
    window: int = 28 * 24

    @property
    def availability_tally(self) -> Tally:
        """Requests that failed."""
        return Tally(self.answered, self.failed, NO_STATUSES)

    @property
    def latency_tally(self) -> Tally:
        """Requests that were slow."""
        return Tally(self.timed, self.slow, NO_LATENCIES)


@dataclass(frozen=True, slots=True)
class Objective:
    """What an objective is about, for the metrics that there are of each.

    Attributes:
        name: its key in the monitor, the beginning of its metrics' names.
        bad: what bad requests are called.
        missed: what they did.
        column: the role of the log that tells.
        tally: the requests of each hour.
        target: the share of good ones that is asked for.
    """

    name: str
    bad: str
    missed: str
    column: str
    tally: Callable[[Hours], Tally]
    target: Callable[[Hours], float | None]

    def target_of(self, hours: Hours | None) -> float | None:
        """The share that is asked for; None where nothing is."""
        return None if hours is None else self.target(hours)

    @property
    def needs(self) -> tuple[str, str]:
        """What the monitor must have for it."""
        return (f"objectives.{self.name}", f"logs.columns.{self.column}")


OBJECTIVES = (
    Objective(
        "availability",
        "failed",
        "failed",
        "status",
        lambda hours: hours.availability_tally,
        lambda hours: hours.availability,
    ),
    Objective(
        "latency",
        "slow",
        "were slow",
        "latency_ms",
        lambda hours: hours.latency_tally,
        lambda hours: hours.latency,
    ),
)


def sums(values: IntArray | FloatArray, length: int, last: int) -> FloatArray:
    """The sum over `length` hours up to each of the `last` ones.

    >>> sums(np.array([1, 2, 3, 4]), 2, 3).tolist()
    [3.0, 5.0, 7.0]
    """
    cumulated = np.concatenate([np.zeros(length), np.cumsum(values, dtype=np.float64)])
    found: FloatArray = (cumulated[length:] - cumulated[:-length])[len(values) - last :]
    return found


def nothing(hours: Hours, tally: Tally, length: int) -> Estimate | None:
    """Why nothing is known of the last hours; None if something is."""
    if hours.requests[-length:].sum() == 0:
        return Estimate.missing(NO_ROWS)
    if tally.judged[-length:].sum() == 0:
        return Estimate.missing(tally.unknown)
    return None
