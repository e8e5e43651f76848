"""When nights will take longer than there is time for."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from obs_dagster.capacity.trend import robust_line
from obs_dagster.history.usage import NightUsage

DAYS = 56
"""Days before a night whose nights are looked at."""

FEWEST_NIGHTS = 10
"""Nights that a trend needs."""

AHEAD_DAYS = 30
"""A night that outgrows its window sooner is told of."""

TIGHT = 0.8
"""So is one that takes this share of it."""


@dataclass(frozen=True, slots=True)
class Forecast:
    """How long nights take, and what that comes to.

    Attributes:
        day: the last night's.
        nights: how many nights the trend rests on.
        seconds: of a night now, by the trend.
        growth, low, high: seconds that each further day adds, with the 95 % interval.
        window: seconds that a night may take.
    """

    day: dt.date
    nights: int
    seconds: float
    growth: float
    low: float
    high: float
    window: float

    @property
    def share(self) -> float:
        """The share of its window that a night takes now."""
        return self.seconds / self.window

    def share_in(self, days: int) -> tuple[float, float, float]:
        """The share that a night will take in some days, with the 95 % interval of the growth."""
        value, *ends = (
            max(0.0, self.seconds + days * each) / self.window for each in (self.growth, self.low, self.high)
        )
        return value, min(ends), max(ends)

    @property
    def days_left(self) -> float | None:
        """Days until a night takes longer than its window; None if nights are not surely growing."""
        if self.seconds >= self.window:
            return 0.0
        return (self.window - self.seconds) / self.growth if self.low > 0 else None

    @property
    def days_left_interval(self) -> tuple[float, float] | None:
        """The 95 % interval of `days_left`."""
        if self.days_left is None or self.low <= 0:
            return None
        room = max(0.0, self.window - self.seconds)
        return room / self.high, room / self.low

    @property
    def is_tight(self) -> bool:
        """Whether somebody should know."""
        return self.share >= TIGHT or (self.days_left is not None and self.days_left <= AHEAD_DAYS)

    def __str__(self) -> str:
        if self.seconds >= self.window:
            return f"a night takes {_time(self.seconds)}, longer than the {_time(self.window)} there are"
        told = f"a night takes {_time(self.seconds)}, {self.share:.0%} of the {_time(self.window)} there are"
        if self.days_left is None or self.days_left_interval is None:
            return told
        soonest, latest = self.days_left_interval
        return (
            f"{told}, and {_time(self.growth)} more with every day: "
            f"too long in about {self.days_left:.0f} days ({soonest:.0f} to {latest:.0f})"
        )


def forecast(nights: Sequence[NightUsage], window: dt.timedelta) -> Forecast | str:
    """How nights go on, or why that is not known.

    Only nights of their own count, not those of a range of days. Each is taken at its day, so that a night
    that was run again later is no later one.

    Args:
        nights: by day.
        window: how long a night may take.
    """
    known = [night for night in nights if night.alone]
    last = known[-1].day if known else None
    recent = [night for night in known if last is not None and (last - night.day).days < DAYS]
    if last is None or len(recent) < FEWEST_NIGHTS:
        return f"{len(recent)} of the {FEWEST_NIGHTS} nights that are needed to know how nights grow"
    line = robust_line([((night.day - last).days, night.usage.seconds) for night in recent])
    return Forecast(
        day=last,
        nights=len(recent),
        seconds=max(0.0, line.level),
        growth=line.slope,
        low=line.low,
        high=line.high,
        window=window.total_seconds(),
    )


def _time(seconds: float) -> str:
    """A length of time in two units at most.

    >>> _time(45.3), _time(754), _time(86_400), _time(0.42)
    ('45 s', '12 min 34 s', '24 h', '0.42 s')
    """
    if seconds < 10:  # noqa: PLR2004 - where a decimal says something
        return f"{seconds:.2g} s"
    whole = round(seconds)
    hours, minutes, rest = whole // 3600, whole // 60 % 60, whole % 60
    parts = [f"{hours} h" if hours else "", f"{minutes} min" if minutes else "", f"{rest} s" if rest else ""]
    return " ".join([part for part in parts if part][:2])
