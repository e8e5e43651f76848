"""How times are written, recognised from some of them; and where a wrong setting would lead."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Sequence
from contextlib import suppress

from obs_dagster.monitor.times import Times, Unit

#: Units by the numbers that are moments of the years 1973 to 2286 in them; no number is so in two.
_RANGES: dict[Unit, tuple[float, float]] = {
    "s": (1e8, 1e10),
    "ms": (1e11, 1e13),
    "us": (1e14, 1e16),
    "ns": (1e17, 9.2e18),
}
_PER_SECOND = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}
_NUMBER = re.compile(r"[+-]?\d+([.]\d*)?([eE][+-]?\d+)?")
#: ISO 8601, which needs no format, and with which the day is certain.
_ISO = re.compile(
    r"\d{4}-\d{1,2}-\d{1,2}([ T]\d{1,2}:\d{2}(:\d{2}([.]\d+)?)?)? ?(Z|UTC|[+-]\d{2}(:?\d{2})?)?"
)
#: Days as they are written elsewhere; of two that read the same texts the first is meant.
_DAYS = (
    "%d.%m.%Y",
    "%d/%m/%Y",
    "%m/%d/%Y",
    "%Y/%m/%d",
    "%d-%m-%Y",
    "%m-%d-%Y",
    "%d-%b-%Y",
    "%d/%b/%Y",
    "%d %b %Y",
    "%b %d, %Y",
    "%Y%m%d",
    "%d.%m.%y",
    "%m/%d/%y",
)
_CLOCKS = ("", "%H:%M:%S", "%H:%M", "%H:%M:%S.%f", "%I:%M:%S %p", "%I:%M %p", "%H%M%S")
_BETWEEN = (" ", "T", ":", ", ", "")
_ZONES = ("", " %z", "%z")
_MOST = 200


def epoch_unit(values: Iterable[float]) -> Unit | None:
    """The unit in which numbers are moments since 1970, between 1973 and 2286; None if they are not in any.

    >>> epoch_unit([1709596800, 1709596801]), epoch_unit([1709596800123]), epoch_unit([20240304])
    ('s', 'ms', None)
    """
    numbers = [abs(value) for value in values]
    fitting = (
        unit for unit, (low, high) in _RANGES.items() if all(low <= number < high for number in numbers)
    )
    return next(fitting, None) if numbers else None


def day_of(value: float, unit: Unit) -> dt.date | None:
    """The day (UTC) that a number of a unit since 1970 leads to; None beyond the years 1 to 9999.

    >>> day_of(1709596800, "ms"), day_of(1709596800123, "s")
    (datetime.date(1970, 1, 20), None)
    """
    with suppress(OverflowError, ValueError):
        return dt.datetime(1970, 1, 1).date() + dt.timedelta(seconds=value / _PER_SECOND[unit])  # noqa: DTZ001
    return None


def recognised_times(values: Sequence[object]) -> Times | None:
    """How some values of one column are written: what `logs.times` has to say; None if they are no times.

    Args:
        values: numbers or texts, nulls left out; of moments nothing needs to be said.

    >>> recognised_times(["04.03.2024 10:00", "31.03.2024 09:15"]).format
    '%d.%m.%Y %H:%M'
    >>> recognised_times([1709596800123]).unit, recognised_times(["2024-03-04T10:00:00Z"])
    ('ms', Times(unit=None, format=None, zone=None))
    """
    seen = [value for value in values if value is not None][:_MOST]
    texts = [str(value).strip() for value in seen]
    if not texts:
        return None
    if all(isinstance(value, dt.date) for value in seen) or all(map(_ISO.fullmatch, texts)):
        return Times()
    if all(map(_NUMBER.fullmatch, texts)) and (unit := epoch_unit(map(float, texts))):
        return Times(unit=unit)
    form = _format(texts)
    return Times(format=form) if form else None


def _format(texts: Sequence[str]) -> str | None:
    """The first format that reads all texts."""
    for day in _DAYS:
        for clock in _CLOCKS:
            for between in _BETWEEN if clock else ("",):
                for zone in _ZONES if clock else ("",):
                    form = f"{day}{between}{clock}{zone}"
                    if all(_reads(text, form) for text in texts):
                        return form
    return None


def _reads(text: str, form: str) -> bool:
    try:
        year = dt.datetime.strptime(text, form).year  # noqa: DTZ007  only whether it can be read
    except ValueError:
        return False
    return 1970 <= year < 2100  # noqa: PLR2004  years that a log may be of
