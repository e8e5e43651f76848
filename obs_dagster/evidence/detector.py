"""Evidence that adds up over nights, and alarms that keep a budget.

A p-value becomes an *e-value*, a bet against "no more than days differ anyway" that wins nothing on average
while that is true. Bets of nights multiply. Shiryaev and Roberts' sum over all nights on which a change may
have begun is M_t = (M_{t-1} + 1) e_t; while nothing has changed M_t - t wins nothing, so the mean number of
nights until M reaches A is at least A (Shin, Ramdas and Rinaldo, *E-detectors*, 2022). For m columns, k of
them alarm at once if each has M ≥ m A / k: then the mean of all M is at least A, which is such a sum itself.
So the promise holds for all columns together, however they depend on each other; it is Benjamini and
Hochberg's procedure on e-values (Wang and Ramdas, 2022).

Bets are strict with a single night: one that a year of m columns has by chance an eighth of a time, with
p = 1 / (8 · 365 m), wins some hundreds, where A m are thousands. So the budget of B alarms a year is divided.
With N = 365 / B nights, and s = 1/8 of it for single ones:

- a column alarms whose bet of a night is at least that of p = s / (N m). While nothing has changed, the
  chance of a night that some column does is at most s / N (Bonferroni), and the mean number of such nights in
  a year at most s B. It asks of each night's p-value alone that it is no smaller than it says: not that
  nights, or columns, are independent.
- the rest is for nights that add up: A = N / (1 - s), which is at most (1 - s) B alarms a year.

Both together keep the budget. The smaller part is that of single nights, for it leans on the far tail of
p-values, of which days tell least; a night must still be far less unlikely than a bet alone would take.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]

DAYS_OF_YEAR = 365

Key = TypeVar("Key", bound=Hashable)

_POWERS = (0.25, 0.5, 0.75)
_LEAST_P = 1e-60
_MOST = 1e100
ALONE = 1 / 8
"""The part of a budget that is for single nights; the rest is for nights that add up."""
_ROUNDED = 1e-9
_OVER = 0.1
"""An alarm is over when its evidence has fallen to a tenth of what it took."""


def e_value(p: float) -> float:
    """The bet that a p-value wins: the mean of κ p^(κ - 1) over κ = 1/4, 1/2, 3/4.

    Of uniform p its mean is 1. The first term answers to tiny p at once, the last one loses little on
    ordinary nights, so that what is small adds up.

    >>> round(e_value(0.5), 2), round(e_value(0.01), 1), round(e_value(1e-6))
    (0.67, 5.1, 2810)
    """
    return float(e_values(np.asarray(p)))


def e_values(p: FloatArray) -> FloatArray:
    """The same of several p-values at once."""
    p = np.maximum(p, _LEAST_P)
    found: FloatArray = sum((power * p ** (power - 1) for power in _POWERS), np.zeros_like(p)) / len(_POWERS)
    return found


@dataclass(frozen=True, slots=True)
class Gathered:
    """What a night's evidence has come to.

    Attributes:
        evidence: log10 of M; of an alarm, the most that it had.
        needed: log10 of what an alarm takes, or took.
        alarm: whether it is one.
        since: the night on which the change has most likely begun.
        nights: how many nights with evidence that is.
        by_itself: whether one night was enough for the alarm.
    """

    evidence: float
    needed: float
    alarm: bool
    since: dt.date
    nights: int
    by_itself: bool = False


@dataclass(slots=True)
class _Detector:
    """A subject's state."""

    total: float = 0.0
    peak: float = 0.0
    bet: float = 0.0
    since: dt.date = dt.date.min
    nights: int = 0
    needed: float = 0.0
    level: float = 0.0
    by_itself: bool = False

    def see(self, day: dt.date, e: float) -> None:
        self.total = min((self.total + 1) * e, _MOST)
        if self.bet <= 1:
            self.bet, self.since, self.nights = 1.0, day, 0
        self.bet = min(self.bet * e, _MOST)
        self.nights += 1

    @property
    def alarm(self) -> bool:
        return self.needed > 0

    def decide(self, needed: float | None, least: float, *, by_itself: bool) -> Gathered:
        """Begin or end an alarm.

        Args:
            needed: what it takes to be among those that alarm; None if it is not.
            least: what it takes to be the only one.
            by_itself: whether it is one for this night alone, which `needed` is then about.
        """
        if needed is not None and not self.alarm:
            self.needed, self.peak, self.by_itself = needed, self.total, by_itself
            # what quiet nights come to is no tenth of what they are to add up to, as it is of a single bet
            self.level = least if by_itself else needed
            self.total = self.level
        if not self.alarm:
            return self._told(self.total, least, alarm=False)
        self.peak = max(self.peak, self.total if self.total > self.level else 0.0)
        self.total = min(self.total, self.level)
        if self.total < self.level * _OVER:
            told = self._told(self.total, self.level, alarm=False)
            self.total = self.needed = self.bet = 0.0
            self.by_itself = False
            return told
        return self._told(self.peak, self.needed, alarm=True)

    def _told(self, total: float, needed: float, *, alarm: bool) -> Gathered:
        evidence = math.log10(max(total, 1e-9))
        by_itself = alarm and self.by_itself
        return Gathered(evidence, math.log10(needed), alarm, self.since, self.nights, by_itself)


class Detectors(Generic[Key]):
    """The detectors of all subjects that share a budget.

    Args:
        alarms_a_year: how many false alarms are allowed on average.
    """

    def __init__(self, alarms_a_year: float) -> None:
        nights = DAYS_OF_YEAR / alarms_a_year
        self._alone = ALONE / nights
        self._nights = nights / (1 - ALONE)
        self._found: dict[Key, _Detector] = {}

    def night(self, day: dt.date, bets: Mapping[Key, float]) -> dict[Key, Gathered]:
        """Take the e-values of a night, and say what they have come to."""
        seen = {key: self._found.setdefault(key, _Detector()) for key in bets}
        for key, e in bets.items():
            seen[key].see(day, e)
        needed = self._needed([each.total for each in seen.values()])
        least = self._nights * len(seen)
        # a logarithm and back is not quite the same number
        alone = e_value(self._alone / len(seen)) * (1 - _ROUNDED) if seen else math.inf
        told = {}
        for key, each in seen.items():
            together = needed is not None and each.total >= needed
            by_itself = not together and bets[key] >= alone
            takes = needed if together else alone if by_itself else None
            told[key] = each.decide(takes, least, by_itself=by_itself)
        return told

    def _needed(self, totals: Sequence[float]) -> float | None:
        """What each has of the most that alarm together; None if none does."""
        ordered = sorted(totals, reverse=True)
        for rank in range(len(ordered), 0, -1):
            needed = self._nights * len(ordered) / rank
            if ordered[rank - 1] >= needed:
                return needed
        return None
