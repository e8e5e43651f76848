"""A column of times as the table has it: moments in its own terms, and its values as moments."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from obs_dagster.errors import SourceError
from obs_dagster.monitor.times import Times

if TYPE_CHECKING:
    import pyarrow as pa

_ONE = dt.timedelta(days=1)
_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_MICROSECOND = dt.timedelta(microseconds=1)
_MICROSECONDS = {"s": 1_000_000, "ms": 1_000, "us": 1}
#: Days that a moment may be from the first and last ones that there are, whatever the zone.
_FIRST, _LAST = dt.datetime(1, 1, 3, tzinfo=dt.UTC), dt.datetime(9999, 12, 29, tzinfo=dt.UTC)


@dataclass(frozen=True, slots=True)
class TimeColumn:
    """A column of times.

    Attributes:
        name: its name.
        zoned: whether its values are moments.
        days: whether they are days.
        unit: of numbers since 1970; empty if it has none.
        zone: of values that have none themselves.
    """

    name: str
    zoned: bool
    days: bool
    unit: str
    zone: dt.tzinfo

    @classmethod
    def of(cls, schema: pa.Schema, name: str, times: Times, *, where: str, role: str) -> TimeColumn:
        """The column of a table.

        Args:
            schema: the table's columns.
            name: the column's name.
            times: what the monitor says of how times are written.
            where: the table, for errors.
            role: the key of the monitor that names the column, for errors.

        Raises:
            SourceError: there is no such column, or it is of no type of times.
        """
        import pyarrow as pa

        at = schema.get_field_index(name)
        kind = schema.field(at).type if at >= 0 else None
        stamp = kind is not None and pa.types.is_timestamp(kind)
        days = kind is not None and pa.types.is_date(kind)
        number = kind is not None and pa.types.is_integer(kind) and times.unit in _MICROSECONDS
        if kind is None:
            raise SourceError(
                f"{where} has no column {name}; it has {', '.join(schema.names)}.",
                remedy=f"Correct `{role}` in the monitor, or the table.",
            )
        if not (stamp or days or number):
            raise SourceError(
                f"The rows of a day cannot be found: the column {name} of {where} is of type {kind}.",
                remedy=f"Name a column of a timestamp type in `{role}`; of numbers say the unit in "
                "`times.unit` (s, ms or us).",
            )
        zone = ZoneInfo(times.zone) if times.zone else dt.UTC
        return cls(name, stamp and bool(kind.tz), days, times.unit or "" if number else "", zone)

    def value(self, moment: dt.datetime) -> Any:
        """The least value of the column that is a moment or later."""
        if self.unit:
            # whole numbers: where the moment lies between two, the later one
            return -(-((moment - _EPOCH) // _MICROSECOND) // _MICROSECONDS[self.unit])
        if self.zoned:
            return moment.astimezone(dt.UTC)
        naive = moment.astimezone(self.zone).replace(tzinfo=None)
        if not self.days:
            return naive
        return naive.date() if naive.time() == dt.time() else naive.date() + _ONE

    def moment(self, value: Any) -> dt.datetime:
        """A value of the column as a moment; those that are too far to be shown are the farthest ones."""
        try:
            found = self._moment(value)
        except (OverflowError, ValueError):
            return _LAST if not self.unit or value > 0 else _FIRST
        return min(max(found, _FIRST), _LAST)

    def _moment(self, value: Any) -> dt.datetime:
        if self.unit:
            return _EPOCH + dt.timedelta(microseconds=value * _MICROSECONDS[self.unit])
        if self.days:
            value = dt.datetime.combine(value, dt.time())
        moment: dt.datetime = value if value.tzinfo else value.replace(tzinfo=self.zone)
        return moment.astimezone(dt.UTC)
