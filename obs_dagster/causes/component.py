"""A component of what a night observes: whether it is off, by evidence that the store has."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import NamedTuple

from obs_dagster.causes.signal import Signal
from obs_dagster.causes.telemetry import Telemetry
from obs_dagster.monitor.model import Monitor


class Happening(NamedTuple):
    """Something that makes a component off on a day, in words."""

    day: dt.date
    told: str


def _nothing(_: Telemetry) -> Iterable[Happening]:
    return ()


def _no_signals(_: Monitor) -> Iterable[Signal]:
    return ()


def _no_days(_: Telemetry) -> Iterable[dt.date]:
    return ()


@dataclass(frozen=True, slots=True)
class Component:
    """A component.

    Attributes:
        name: as monitors and commands name it.
        stage: its place in the order of a night: what is of a later stage causes nothing of an earlier one.
        title: its name within a sentence ("data quality").
        trouble: what it is called when it is off ("data errors").
        outside: whether nothing that a night observes causes it.
        ends: whether it causes nothing.
        metrics: those whose alerts are about it.
        families: families of metrics whose alerts are, unless another component has the metric.
        signals: the metrics by which it is known without any rule.
        more_signals: signals that depend on the monitor.
        happened: what else makes it off.
        known: the days on which it is known without any metric.
    """

    name: str
    stage: int
    title: str
    trouble: str
    outside: bool = False
    ends: bool = False
    metrics: frozenset[str] = frozenset()
    families: frozenset[str] = frozenset()
    signals: tuple[Signal, ...] = ()
    more_signals: Callable[[Monitor], Iterable[Signal]] = _no_signals
    happened: Callable[[Telemetry], Iterable[Happening]] = _nothing
    known: Callable[[Telemetry], Iterable[dt.date]] = _no_days
