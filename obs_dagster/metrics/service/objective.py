"""Objectives over their window: the share of good requests, and what is left of the error budget."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from obs_dagster.metrics.definition import Definition
from obs_dagster.metrics.intervals import share
from obs_dagster.metrics.metric import Metric
from obs_dagster.metrics.record import NO_ROWS, Estimate
from obs_dagster.metrics.service.hours import OBJECTIVES, Hours, Objective, nothing
from obs_dagster.metrics.service.traffic import Traffic

_SOURCE = "Google, The Site Reliability Workbook (2018), chapters 2 and 5."
_GOOD = {"availability": "succeeded", "latency": "were fast enough"}


def _of(objective: Objective, hours: Hours | None) -> tuple[float, Estimate]:
    """The target, and the share of bad requests over the window."""
    target = objective.target_of(hours)
    if hours is None or target is None:
        return 1.0, Estimate.missing("no such objective")
    tally = objective.tally(hours)
    if unknown := nothing(hours, tally, hours.window):
        return target, unknown
    bad, judged = (int(each[-hours.window :].sum()) for each in (tally.bad, tally.judged))
    return target, share(bad, judged, reason=NO_ROWS)


def _reached(objective: Objective) -> Callable[[Traffic], Estimate]:
    def compute(traffic: Traffic) -> Estimate:
        _, bad = _of(objective, traffic.hours)
        return _turned(bad, 1.0)

    return compute


def _budget_left(objective: Objective) -> Callable[[Traffic], Estimate]:
    def compute(traffic: Traffic) -> Estimate:
        target, bad = _of(objective, traffic.hours)
        return _turned(bad, 1 / (1 - target) if bad.value is not None else 1.0)

    return compute


def _turned(bad: Estimate, factor: float) -> Estimate:
    """One less a share times a factor."""
    if bad.value is None or bad.low is None or bad.high is None:
        return bad
    value, low, high = (1 - end * factor for end in (bad.value, bad.high, bad.low))
    return replace(bad, value=value, low=min(low, value), high=max(high, value))


def _metrics(objective: Objective, rank: int) -> tuple[Metric[Traffic], ...]:
    name, good = objective.name, _GOOD[objective.name]
    lines = {
        f"{name}_reached": Definition(
            name=f"{name}_reached",
            id=f"{name}_reached/1",
            family="service",
            title=f"{name.capitalize()} reached",
            meaning=f"The share of requests that {good}, over the window of the objectives that ends with "
            "the day; quarantined rows count too.",
            formula=f"1 - {objective.bad} requests / requests of which it is known.",
            reference="a plain share of rows.",
            interval="Wilson",
            unit="share",
            better="higher",
            counts="requests of the window",
            needs=objective.needs,
            cells="none",
            daily=True,
            noun=f"{name} reached",
            written="percent",
            shown=frozenset({"objective"}),
            rank=rank,
            heading=f"{name.capitalize()} reached",
            from_zero=False,
        ),
        f"{name}_budget_left": Definition(
            name=f"{name}_budget_left",
            id=f"{name}_budget_left/1",
            family="service",
            title=f"{name.capitalize()}, error budget left",
            meaning=f"What is left of the bad requests that the window of the objectives allows, those "
            f"that {objective.missed}: 1 if there were none, 0 if as many as are allowed, below 0 if more.",
            formula=f"1 - ({objective.bad} requests / requests of which it is known) / (1 - target), over "
            "the window that ends with the day.",
            reference=_SOURCE,
            interval="Wilson of the share",
            unit="share",
            better="higher",
            counts="requests of the window",
            needs=objective.needs,
            cells="none",
            daily=True,
            noun=f"error budget of {name} left",
            written="percent",
            shown=frozenset({"objective"}),
            rank=rank + 1,
            heading=f"Budget left, {name}",
            from_zero=False,
        ),
    }
    computed = {f"{name}_reached": _reached(objective), f"{name}_budget_left": _budget_left(objective)}
    return tuple(
        Metric(lines[each], computed[each], lambda traffic: objective.target_of(traffic.hours) is not None)
        for each in lines
    )


METRICS = tuple(metric for place, each in enumerate(OBJECTIVES) for metric in _metrics(each, 60 + 2 * place))
