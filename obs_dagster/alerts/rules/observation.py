"""A night of a watched metric: its value, and what it is held against."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from enum import StrEnum

from obs_dagster.metrics.record import NO_ROWS
from obs_dagster.monitor import Rule


class Verdict(StrEnum):
    """What one night says about a rule."""

    OK = "ok"
    UNSURE = "unsure"
    BREACH = "breach"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Reference:
    """What the watched metric of a night is held against.

    Attributes:
        value: what it is on the baseline, usually, for another version, or was.
        low, high: its 95 % interval; the value itself where that counts as it is.
        n: rows behind it.
        spread: how far usual nights lie apart, as a standard deviation; 0 where nobody asks.
    """

    value: float
    low: float | None
    high: float | None
    n: int
    spread: float = 0.0

    @classmethod
    def of(cls, night: Observation | None) -> Reference | None:
        """The value of a night; None if it has none."""
        if night is None or night.value is None:
            return None
        return cls(night.value, night.low, night.high, night.n)


@dataclass(frozen=True, slots=True)
class Observation:
    """One night's record of the watched metric.

    Attributes:
        low, high: the 95 % confidence interval, None where there is none.
        n: rows behind the value.
        reason: why there is no value, or what a value stands for that is not a number; else empty.
        baseline: what it is held against, where that is no plain number and is known.
        without: why that is not known.
        verdict: what it says, where several conditions together say it.
        part: of such, the condition whose night this is.
        beside: of such, what the others say, in words.
        margin: how many times as far from the value the ends of an interval count as they lie, because the
            night is one of several tests (see `family`).
        among: how many tests these are.
        likely: how likely days are to differ so anyway, a p-value; None where that is not known.
        floored: whether a plain number holds it too, so that a multiple of nothing is nothing.
    """

    day: dt.date
    value: float | None
    low: float | None
    high: float | None
    n: int
    reason: str = ""
    baseline: Reference | None = None
    without: str = ""
    verdict: Verdict | None = None
    part: Rule | None = None
    beside: str = ""
    margin: float = 1.0
    among: int = 1
    likely: float | None = None
    floored: bool = False

    @property
    def absent(self) -> bool:
        """Whether the subject had no rows, so that there was nothing to measure."""
        return self.value is None and self.reason == NO_ROWS
