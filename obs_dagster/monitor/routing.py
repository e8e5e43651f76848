"""Which routes of a tree take a notification."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from functools import lru_cache
from typing import get_args

from obs_dagster.monitor.escalation import Severity
from obs_dagster.monitor.route import Route, Weekday

Way = tuple[int, ...]
"""The place of a route in its tree: of each level the number, from 0."""

_WEEKDAYS = get_args(Weekday)
_DAY = 24 * 60
_WEEK = 7 * _DAY


@dataclass(frozen=True, slots=True)
class Notice:
    """What routes look at.

    Attributes:
        at: when it is told first, in the monitor's time zone.
        labels: those of the rule, and what else there is to match.
    """

    severity: Severity
    model: str
    owner: str
    at: dt.datetime
    labels: Mapping[str, str] = field(default_factory=dict)


def every_route(routes: Iterable[Route], above: Way = ()) -> Iterator[tuple[Way, Route]]:
    """All routes of a tree with their places, each before those below it."""
    for number, route in enumerate(routes):
        yield (*above, number), route
        yield from every_route(route.routes, (*above, number))


def destinations(routes: Iterable[Route], notice: Notice, above: Way = ()) -> Iterator[tuple[Way, Route]]:
    """The routes to whose URLs a notice goes, with their places."""
    for number, route in enumerate(routes):
        if not wants(route, notice):
            continue
        found = list(destinations(route.routes, notice, (*above, number)))
        if not found and route.url:
            found = [((*above, number), route)]
        yield from found
        if found and not route.further:
            return


def wants(route: Route, notice: Notice) -> bool:
    """Whether a route by itself wants a notice."""
    minute = notice.at.weekday() * _DAY + notice.at.hour * 60 + notice.at.minute
    return (
        notice.severity in route.severities
        and matches(route.models, notice.model)
        and matches(route.owners, notice.owner)
        and all(matches((wanted,), notice.labels.get(name, "")) for name, wanted in route.labels.items())
        and minute in minutes(route.hours, route.weekdays)
    )


def matches(patterns: Iterable[str] | None, text: str) -> bool:
    """Whether a text is of one of some patterns; None takes every text."""
    return patterns is None or any(fnmatchcase(text, pattern) for pattern in patterns)


@lru_cache(maxsize=256)
def minutes(hours: str | None, weekdays: tuple[str, ...] | None) -> frozenset[int]:
    """The minutes of a week, from Monday's midnight on, in which a route is open.

    What begins on a day in the evening and ends in the morning belongs to the day on which it begins.

    >>> sorted(minutes("23:58-00:01", ("sun",)))
    [0, 10078, 10079]
    """
    begin, end = (0, _DAY) if hours is None else map(_minute, hours.split("-"))
    length = (end - begin) % _DAY or _DAY
    days = _WEEKDAYS if weekdays is None else weekdays
    starts = [_WEEKDAYS.index(day) * _DAY + begin for day in days]
    return frozenset((start + after) % _WEEK for start in starts for after in range(length))


def told(way: Way) -> str:
    """How the monitor file calls a place.

    >>> told((1, 0))
    'routes[1].routes[0]'
    """
    return ".".join(f"routes[{number}]" for number in way)


def _minute(time: str) -> int:
    hour, minute = time.split(":")
    return 60 * int(hour) + int(minute)
