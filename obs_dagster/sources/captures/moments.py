"""When something happened, however a platform writes it, as text with a time zone."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

from obs_dagster.sources.captures.capture import RefusedError

_BIGQUERY = re.compile(r" UTC$")
_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


def moment(value: Any) -> str | None:
    """Text as it is, BigQuery's `UTC` as an offset; None if there is nothing.

    >>> moment("2024-03-04 10:00:00.25 UTC")
    '2024-03-04 10:00:00.25+00:00'
    """
    if value is None or not isinstance(value, str):
        return None if value is None else str(value)
    return _BIGQUERY.sub("+00:00", value)


def of_milliseconds(value: Any) -> str | None:
    """Milliseconds since 1970.

    >>> of_milliseconds(1709546400250)
    '2024-03-04T10:00:00.250000+00:00'

    Raises:
        RefusedError: it is no number, or none of a year that there is.
    """
    if value is None:
        return None
    try:
        return (_EPOCH + dt.timedelta(milliseconds=float(value))).isoformat(timespec="microseconds")
    except (TypeError, ValueError, OverflowError):
        raise RefusedError("the time is no number of milliseconds since 1970") from None


def between(begin: Any, end: Any) -> float | None:
    """Milliseconds from one moment to another, of texts as ISO 8601 has them; None if one cannot be read."""
    try:
        # of nanoseconds only the microseconds
        first, last = (dt.datetime.fromisoformat(_micros(str(each))) for each in (begin, end))
        return (last - first) / dt.timedelta(milliseconds=1)
    except (ValueError, TypeError):
        return None


def _micros(text: str) -> str:
    return re.sub(r"(\.\d{6})\d+", r"\1", text)
