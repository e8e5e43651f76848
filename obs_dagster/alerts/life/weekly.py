"""Hours of every week, as `Sun 02:00-06:00` writes them."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from typing import get_args
from zoneinfo import ZoneInfo

from obs_dagster.errors import ObsError
from obs_dagster.monitor.route import HOURS, Weekday

_WEEKDAYS: tuple[str, ...] = get_args(Weekday)
_WRITTEN = re.compile(r"(?:(?P<days>[a-z,-]+)\s+)?(?P<hours>\S+)")
SPELLED = "`Sun 02:00-06:00`, `Mon-Fri 22:00-06:00`, `Sat,Sun 00:00-00:00`, or `02:00-03:00` for every day"


@dataclass(frozen=True, slots=True)
class Weekly:
    """Hours of some days of the week, by the clock on the wall.

    Attributes:
        days: the days on which they begin, 0 for Monday.
        begin, end: of the day; an end that is not later is on the next day.
        zone: whose clock.
    """

    days: frozenset[int]
    begin: dt.time
    end: dt.time
    zone: ZoneInfo

    @classmethod
    def of_written(cls, text: str, zone: str) -> Weekly:
        """The hours as a person writes them.

        >>> Weekly.of_written("Fri-Mon 22:00-06:00", "UTC").days == {4, 5, 6, 0}
        True

        Raises:
            ObsError: they cannot be read, or there is no such time zone.
        """
        found = _WRITTEN.fullmatch(text.strip().lower())
        if found is None or not re.match(HOURS, found["hours"]):
            raise ObsError(f"{text!r} are no hours of a week.", remedy=f"Write {SPELLED}.")
        begin, end = map(dt.time.fromisoformat, found["hours"].split("-"))
        return cls(frozenset(_days(text, found["days"])), begin, end, zone_of(zone))

    def until(self, now: dt.datetime) -> dt.datetime | None:
        """The end of the hours that a moment is in (UTC); None if it is in none."""
        wall = now.astimezone(self.zone).replace(tzinfo=None)
        for back in (0, 1):
            day = wall.date() - dt.timedelta(days=back)
            begin = dt.datetime.combine(day, self.begin)
            end = dt.datetime.combine(day, self.end)
            if self.end <= self.begin:
                end += dt.timedelta(days=1)
            if day.weekday() in self.days and begin <= wall < end:
                return end.replace(tzinfo=self.zone).astimezone(dt.UTC)
        return None


def _days(text: str, written: str | None) -> set[int]:
    """The days that a list of days and ranges names; all without one."""
    if written is None:
        return set(range(7))
    found: set[int] = set()
    for part in written.split(","):
        first, _, last = part.partition("-")
        if first not in _WEEKDAYS or (last or first) not in _WEEKDAYS:
            days = ", ".join(name.title() for name in _WEEKDAYS)
            raise ObsError(f"{text!r} names no days of a week.", remedy=f"Days are {days}.")
        begin, end = _WEEKDAYS.index(first), _WEEKDAYS.index(last or first)
        found |= {(begin + more) % 7 for more in range((end - begin) % 7 + 1)}
    return found


def zone_of(name: str) -> ZoneInfo:
    """A time zone by its name.

    Raises:
        ObsError: there is none of this name.
    """
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:
        # of a folder, or of a path, it is another error than of a name
        raise ObsError(f"There is no time zone {name!r}.", remedy="Write it as `Europe/Berlin`.") from error
