"""Burn rates: how much faster than allowed the error budget is spent, over two windows at once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from obs_dagster.metrics.default_rule import DefaultRule
from obs_dagster.metrics.definition import Definition
from obs_dagster.metrics.intervals import wilson
from obs_dagster.metrics.metric import Metric
from obs_dagster.metrics.record import Estimate
from obs_dagster.metrics.service.hours import LEAST_REQUESTS, OBJECTIVES, Hours, Objective, nothing, sums
from obs_dagster.metrics.service.traffic import Traffic
from obs_dagster.monitor.escalation import Severity

_SOURCE = "Google, The Site Reliability Workbook (2018), chapter 5, “Multiwindow, Multi-Burn-Rate Alerts”"


@dataclass(frozen=True, slots=True)
class _Pair:
    """A long window that says that it matters, and a short one that says that it still goes on.

    Attributes:
        name: how the long one is called.
        long, short: both in hours.
        above: the rate that is watched.
        severity: how bad it is.
        spent: what it costs.
    """

    name: str
    long: int
    short: int
    above: float
    severity: Severity
    spent: str

    @property
    def windows(self) -> str:
        """Both windows in words."""
        return (
            f"{self.long} hours and {self.short} hour{'s' * (self.short > 1)}" if self.long > 1 else "1 hour"
        )


#: The workbook's short windows of 5 and 30 minutes are an hour here, in which logs are counted.
_PAIRS = (
    _Pair("1h", 1, 1, 14.4, "critical", "2 % of the budget of 30 days within an hour"),
    _Pair("6h", 6, 1, 6.0, "critical", "5 % of the budget of 30 days within six hours"),
    _Pair("3d", 72, 6, 1.0, "warning", "10 % of the budget of 30 days within three days"),
)
_SPEED = {"1h": "very fast", "6h": "fast", "3d": "too fast"}


def _burn(objective: Objective, pair: _Pair) -> Callable[[Traffic], Estimate]:
    def compute(traffic: Traffic) -> Estimate:
        hours = traffic.hours
        target = objective.target_of(hours)
        if hours is None or target is None:
            return Estimate.missing("no such objective")
        tally = objective.tally(hours)
        if unknown := nothing(hours, tally, hours.last + pair.long - 1):
            return unknown
        return _worst(hours, objective, pair, 1 - target)

    return compute


def _worst(hours: Hours, objective: Objective, pair: _Pair, allowed: float) -> Estimate:
    """The hour of the day at which it is surest that the budget burns."""
    tally = objective.tally(hours)
    found = []
    for length in (pair.long, pair.short):
        bad, judged = (sums(each, length, hours.last) for each in (tally.bad, tally.judged))
        found.append([_rate(b, n, allowed) for b, n in zip(bad, judged, strict=True)])
    both = [
        min(long, short, key=lambda rate: (rate.value, rate.low)) for long, short in zip(*found, strict=True)
    ]
    lows = [min(long.low, short.low) for long, short in zip(*found, strict=True)]
    judged = sums(tally.judged, pair.short, hours.last)
    enough = [place for place in range(hours.last) if judged[place] >= LEAST_REQUESTS]
    if not enough:
        most = int(judged.max(initial=0))
        return Estimate.missing(f"no hour with {LEAST_REQUESTS} requests", most)
    place = max(enough, key=lambda each: (lows[each], both[each].value, judged[each], -each))
    worst = both[place]
    return Estimate(worst.value, min(lows[place], worst.value), worst.high, int(judged[place]))


@dataclass(frozen=True, slots=True)
class _Rate:
    value: float
    low: float
    high: float


def _rate(bad: float, judged: float, allowed: float) -> _Rate:
    low, high = wilson(float(bad), float(judged))
    value = float(bad / judged) if judged else 0.0
    return _Rate(value / allowed, low / allowed, high / allowed)


def _metric(objective: Objective, pair: _Pair) -> Metric[Traffic]:
    name = f"{objective.name}_burn_{pair.name}"
    return Metric(
        Definition(
            name=name,
            id=f"{name}/1",
            family="service",
            title=f"{objective.name.capitalize()}, burn rate over {pair.windows}",
            meaning=f"How many times as often as allowed requests {objective.missed}, at the worst hour of "
            f"the day: the lower of the rates over {pair.windows} up to its end, so that both are that high.",
            formula=f"min over the windows of ({objective.bad} requests / requests of which it is known) / "
            f"(1 - target), at the hour whose lower end of the interval is highest, of those with "
            f"{LEAST_REQUESTS} requests in the shorter window.",
            reference=f"{_SOURCE}, with hours in place of minutes.",
            interval="Wilson of the share; the lower end is that of the less sure window",
            unit="",
            better="lower",
            counts="requests of the shorter window",
            needs=objective.needs,
            cells="none",
            daily=True,
            noun=f"burn rate of {objective.name} over {pair.windows}",
            watched=(
                DefaultRule(
                    name=f"{objective.name}_burns_{pair.name}",
                    above=pair.above,
                    min_rows=LEAST_REQUESTS,
                    severity=pair.severity,
                    summary=f"The error budget of {objective.name} is spent {_SPEED[pair.name]}. Look at "
                    f"which requests {objective.missed}, and at what changed in the service.",
                    why=f"As in the workbook: {pair.above:g} times the allowed rate spends {pair.spent}.",
                ),
            ),
        ),
        _burn(objective, pair),
        lambda traffic: objective.target_of(traffic.hours) is not None,
    )


METRICS = tuple(_metric(objective, pair) for objective in OBJECTIVES for pair in _PAIRS)
