"""Nights as components that are normal or off, by the evidence and the rules that there are."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from obs_dagster.alerts.incidents.evidence import usual_on
from obs_dagster.alerts.rules import unevaluated
from obs_dagster.alerts.rules.alert import Alert
from obs_dagster.alerts.rules.fold import State
from obs_dagster.causes.component import Component
from obs_dagster.causes.network import States
from obs_dagster.causes.signal import Signal
from obs_dagster.causes.telemetry import Telemetry
from obs_dagster.metrics.registry import definitions
from obs_dagster.metrics.usual import BAND_DAYS, Band
from obs_dagster.monitor.champion import good_news
from obs_dagster.monitor.component import COMPONENTS
from obs_dagster.monitor.model import Monitor
from obs_dagster.verdict.wording import noun, number

ODD = 4.0
"""In spreads: what lies closer to what is usual is no sign."""

OFF, NORMAL, UNKNOWN = 1, 0, -1

Told = Mapping[dt.date, Sequence[str]]
"""By day on which a component is off, why, in words."""


@dataclass(frozen=True)
class Nights:
    """Components by night.

    Attributes:
        components: the components, in the order of their stages.
        days: the nights.
        states: shape (nights, components).
        told: by component, why it is off.
        alerts: by component, the alerts that are about it.
    """

    components: Sequence[Component]
    days: Sequence[dt.date]
    states: States
    told: Mapping[str, Told]
    alerts: Mapping[str, Sequence[Alert]]

    def between(self, first: dt.date, last: dt.date) -> States:
        """Each component on any of some days: off if it was on one of them; shape (components,)."""
        rows = [place for place, day in enumerate(self.days) if first <= day <= last]
        if not rows:
            return np.full(len(self.components), UNKNOWN, dtype=np.int8)
        return np.asarray(self.states[rows].max(axis=0))

    def informative(self, before: dt.date) -> States:
        """The nights before a day that say something new.

        A state that lasts says the same again: of nights that follow each other with the same components off,
        the first counts. Nights on which nothing is off all count.
        """
        states = self.states[[day < before for day in self.days]]
        if not len(states):
            return states
        same = (states[1:] == states[:-1]).all(axis=1) & (states[1:] == OFF).any(axis=1)
        return np.asarray(states[~np.concatenate([[False], same])])


def signals_of(monitor: Monitor) -> list[Signal]:
    """The metrics by which components are known, of all of them."""
    return [
        signal
        for each in COMPONENTS.all().values()
        for signal in (*each.signals, *each.more_signals(monitor))
    ]


def nights_of(telemetry: Telemetry) -> Nights:
    """The nights of a model, component by component."""
    components = sorted(COMPONENTS.all().values(), key=lambda each: each.stage)
    days = [night.day for night in telemetry.nights]
    place = {day: at for at, day in enumerate(days)}
    states = np.full((len(days), len(components)), UNKNOWN, dtype=np.int8)
    alerts = alerts_by_component(components, telemetry.alerts)
    told = {}
    for column, component in enumerate(components):
        known, off = _observed(telemetry, component, alerts[component.name])
        states[[place[day] for day in known if day in place], column] = NORMAL
        states[[place[day] for day in off if day in place], column] = OFF
        told[component.name] = off
    return Nights(components, days, states, told, alerts)


def alerts_by_component(components: Sequence[Component], alerts: Sequence[Alert]) -> dict[str, list[Alert]]:
    """The alerts about each component, by the metric that their rules watch."""
    by_metric = {metric: each.name for each in components for metric in each.metrics}
    by_family = {family: each.name for each in components for family in each.families}
    found: dict[str, list[Alert]] = {each.name: [] for each in components}
    for alert in alerts:
        if good_news(alert.metric, alert.direction):
            # a version that is better than its champion is nothing that is off
            continue
        known = definitions().get(alert.metric)
        name = by_metric.get(alert.metric) or by_family.get(known.family if known else "")
        if name is not None:
            found[name].append(alert)
    return found


def in_breach(alert: Alert, day: dt.date) -> bool:
    """Whether an alert's rule was in breach on a night, as far as is known."""
    over = alert.resolved_day is not None and day >= alert.resolved_day
    return alert.since <= day and not over and day <= max(alert.end, alert.since)


def _observed(
    telemetry: Telemetry, component: Component, alerts: Sequence[Alert]
) -> tuple[set[dt.date], dict[dt.date, list[str]]]:
    """The days on which a component is known, and those on which it is off."""
    known = set(component.known(telemetry))
    off: dict[dt.date, list[str]] = defaultdict(list)
    for signal in (*component.signals, *component.more_signals(telemetry.monitor)):
        for version, values in telemetry.of(signal).items():
            for day, value, usual in _judged(values):
                known.add(day)
                if _odd(signal, value, usual):
                    off[day].append(_told(signal, version, value, usual))
    for happening in component.happened(telemetry):
        off[happening.day].append(happening.told)
    for alert in alerts:
        for day in _days(alert):
            told = f"the rule {alert.rule} was in breach"
            if told not in off[day]:
                off[day].append(told)
    return known, dict(off)


def _judged(values: Sequence[tuple[dt.date, float]]) -> Iterator[tuple[dt.date, float, Band]]:
    """The values of days of which it is known what is usual."""
    start = 0
    for place, (day, value) in enumerate(values):
        while values[start][0] < day - dt.timedelta(days=BAND_DAYS):
            start += 1
        usual = usual_on(values[start:place], day)
        if usual is not None:
            yield day, value, usual


def _odd(signal: Signal, value: float, usual: Band) -> bool:
    least = signal.least * (abs(usual.centre) if signal.relative else 1.0)
    away = value - usual.centre
    if (signal.side == "above" and away <= 0) or (signal.side == "below" and away >= 0):
        return False
    return abs(away) > least and abs(usual.distance(value)) > ODD


def _told(signal: Signal, version: str, value: float, usual: Band) -> str:
    """A value beside what is usual, in words."""
    about = {"features": "largest ", "output": "", "model": "", "log": ""}[signal.of]
    of = {"features": " of a feature", "output": " of the output", "model": "", "log": ""}[signal.of]
    whose = "" if signal.of == "log" else f" (version {version})"
    values = f"{number(signal.metric, value)}, usually {number(signal.metric, usual.centre)}"
    return f"{about}{noun(signal.metric)}{of} {values}{whose}"


def _days(alert: Alert) -> Iterator[dt.date]:
    """The nights that an alert makes a component off.

    A rule on longer windows does on the night on which it begins to be in breach: those that follow hold the
    same days, and tell of themselves by their own values. So do the nights of what comes and goes.
    """
    if (alert.window > 1 and alert.rule != unevaluated.NAME) or alert.flaps:
        yield alert.since
        return
    last = alert.last_day if alert.state is not State.RESOLVED else alert.end - dt.timedelta(days=1)
    for number_ in range((max(last, alert.since) - alert.since).days + 1):
        yield alert.since + dt.timedelta(days=number_)
