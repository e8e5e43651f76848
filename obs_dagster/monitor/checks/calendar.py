"""Time: days, windows, the night's schedule and the time zone."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterator
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from obs_dagster.monitor.checks.check import Surroundings
from obs_dagster.monitor.checks.outline import windows
from obs_dagster.monitor.cron import cron_mistake
from obs_dagster.monitor.document import Document
from obs_dagster.monitor.problem import Keys, Problem, nearest, quoted
from obs_dagster.monitor.source import SECTIONS
from obs_dagster.monitor.times import format_mistakes


def time_zone_exists(document: Document, _: Surroundings) -> Iterator[Problem]:
    """`time_zone` is a name of the IANA time zone database (`America/New_York`)."""
    yield from _zone(document, ("time_zone",))


def times_are_written_well(document: Document, _: Surroundings) -> Iterator[Problem]:
    """`times` has a `unit` or a `format` with a whole day, and a `zone` where times have none."""
    for section in SECTIONS:
        keys = (section, "times")
        form = document.text(*keys, "format")
        for mistake in format_mistakes(form) if form else ():
            yield document.problem((*keys, "format"), mistake)
        if form and document.value(*keys, "unit") is not None:
            message = "Numbers since 1970 have no format; leave out `unit`, or `format`."
            yield document.problem((*keys, "unit"), message)
        yield from _zone(document, (*keys, "zone"))


def _zone(document: Document, keys: Keys) -> Iterator[Problem]:
    name = document.text(*keys)
    if name is None:
        return
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        zones = sorted(available_timezones())
        written = name.replace(" ", "_")
        # People often know the city alone.
        cities = {zone.rpartition("/")[2]: zone for zone in zones}
        city = nearest(written, cities, most=len(cities))
        meant = nearest(written, zones, most=len(zones)) or (cities[city] if city else None)
        yield document.problem(keys, f"{quoted(name)} is not an IANA time zone.", meant=meant)


def schedule_is_cron(document: Document, _: Surroundings) -> Iterator[Problem]:
    """`schedule` is a cron expression of five fields that some date satisfies."""
    expression = document.text("schedule")
    mistake = cron_mistake(expression) if expression is not None else None
    if mistake:
        yield document.problem(("schedule",), f"{mistake[0].upper()}{mistake[1:]}.")


def days_are_in_order(document: Document, _: Surroundings) -> Iterator[Problem]:
    """`end` is not before `start`."""
    yield from out_of_order(document, ("start",), ("end",))


def windows_are_sound(document: Document, _: Surroundings) -> Iterator[Problem]:
    """`windows` are distinct and contain 1, the day itself."""
    lengths = windows(document)
    for length, count in Counter(lengths).items():
        if count > 1:
            yield document.problem(("windows",), f"The window {length} is listed {count} times.")
    if lengths and 1 not in lengths:
        yield document.problem(("windows",), "The window 1, the day itself, is missing.")


def out_of_order(document: Document, first: Keys, last: Keys) -> Iterator[Problem]:
    """The problem of a range of days that ends before it begins."""
    begin, end = _day(document, first), _day(document, last)
    if begin is not None and end is not None and end < begin:
        yield document.problem(last, f"{end} is before `{first[-1]}`, {begin}.")


def _day(document: Document, keys: Keys) -> dt.date | None:
    try:
        return dt.date.fromisoformat(document.text(*keys) or "")
    except ValueError:
        return None
