"""The time zone in which a log's days begin and end."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo, available_timezones

from obs_dagster.discovery.error import DiscoveryError
from obs_dagster.discovery.sample import Sample
from obs_dagster.discovery.task import Choice
from obs_dagster.monitor.problem import nearest, quoted

UTC = "UTC"
_OPTION = "--time-zone"
_HOURS, _DAY = 24, timedelta(days=1)
#: Of zones with the same clock these are named first; and how many are named at most.
_KNOWN = (
    "America/Chicago",
    "America/Denver",
    "America/Los_Angeles",
    "America/New_York",
    "Asia/Jerusalem",
    "Australia/Sydney",
    "Europe/Athens",
    "Europe/Berlin",
    "Europe/London",
    "Pacific/Auckland",
)
_OTHERS = 4


def zone_of(
    sample: Sample, time: str, days: Sequence[date], given: str = "", *, own: str | None = None
) -> Choice:
    """The zone in which every row lies in the day that its file names.

    Args:
        sample: rows of the log.
        time: the column of the moments.
        days: that files name.
        given: the zone that a person named; empty for none.
        own: this machine's zone; left out: as the system says.

    Raises:
        DiscoveryError: there is no such zone.
    """
    if given:
        return _named(given)
    hours = sample.hours(time)
    if hours is None or not days:
        return Choice(UTC, "no file names a day: a day begins at midnight UTC", sure=False, option=_OPTION)
    if hours[0] >= 0 and hours[1] < _HOURS:
        return Choice(UTC, "every row lies in the UTC day that its file names", option=_OPTION)
    # a day begins so many hours after midnight UTC
    latest, earliest = hours[0], hours[1] - _HOURS
    own = _of_machine() if own is None else own
    if latest < earliest:
        return _summer_time(sample.hours_by_day(time), own, hours)
    if own and earliest < _begins(own, days[-1]) <= latest:
        return Choice(
            own, "this machine's, in which rows lie in the day that files name", sure=False, option=_OPTION
        )
    # the first rows of a day come soon after its beginning
    shift = math.floor(latest)
    why = "rows lie in the day that files name if it begins so; write the name of the zone (Europe/Berlin)"
    return Choice(f"Etc/GMT{shift:+d}", why, sure=False, option=_OPTION)


def _named(zone: str) -> Choice:
    if zone in available_timezones():
        return Choice(zone, "named by --time-zone", option=_OPTION)
    known = sorted(available_timezones())
    meant = nearest(zone, known, most=len(known))
    hint = f"Did you mean {quoted(meant)}?" if meant else "Write its IANA name, such as Europe/Berlin."
    raise DiscoveryError(f"There is no time zone {quoted(zone)}.", remedy=hint)


def _summer_time(days: Mapping[date, tuple[float, float]], own: str, hours: tuple[float, float]) -> Choice:
    """A zone in which days begin at several hours of UTC, for its clock changes."""
    if zones := _with_summer_time(days, own):
        others = f"; so it is in {', '.join(zones[1:_OTHERS])}" if len(zones) > 1 else ""
        why = f"rows lie in the day that files name, in summer time, too{others}"
        return Choice(zones[0], why, sure=False, option=_OPTION)
    why = f"rows lie {hours[0]:.0f} to {hours[1]:.0f} hours after the beginning of the day that files name"
    return Choice(UTC, f"{why}: no zone explains that", sure=False, option=_OPTION)


def _with_summer_time(days: Mapping[date, tuple[float, float]], own: str) -> list[str]:
    """The zones whose days begin when those that files name do, the likeliest first.

    Args:
        days: hours from midnight UTC to the earliest and latest moments in the files of each day.
        own: this machine's zone.
    """
    waits = {}
    for zone in available_timezones():
        # the first rows of a day come soon after its beginning
        late = [hours[0] - _begins(zone, day, hour=0) for day, hours in days.items()]
        early = [_begins(zone, day + _DAY, hour=0) + _HOURS - hours[1] for day, hours in days.items()]
        if min(late, default=-1.0) >= 0 and min(early, default=-1.0) > 0:
            waits[zone] = round(sum(late), 6)
    least = min(waits.values(), default=0.0)
    alike = [zone for zone, wait in waits.items() if wait == least]
    return sorted(alike, key=lambda zone: (zone != own, zone not in _KNOWN, "/" not in zone, zone))


def _begins(zone: str, day: date, hour: int = 12) -> float:
    """Hours after midnight UTC at which a day begins in a zone, by what the clock says at an hour of it."""
    offset = datetime(day.year, day.month, day.day, hour, tzinfo=ZoneInfo(zone)).utcoffset()
    return -offset.total_seconds() / 3600 if offset else 0.0


def _of_machine() -> str:
    """The zone that this machine is in; empty if the system does not say."""
    named = os.environ.get("TZ", "").lstrip(":")
    if not named:
        place = Path("/etc/localtime")
        named = str(place.resolve()).partition("zoneinfo/")[2] if place.is_symlink() else ""
    return named if named in available_timezones() else ""
