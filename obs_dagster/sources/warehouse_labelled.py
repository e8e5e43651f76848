"""Rows that stay in the warehouse, joined there with their labels and the age of these."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Sequence
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from obs_dagster.lake.columns import AGE, DAY, LABEL, RESERVED
from obs_dagster.monitor.model import Monitor
from obs_dagster.sources.warehouse import settled
from obs_dagster.sources.warehouse_keys import key_of_row
from obs_dagster.sources.warehouse_labels import KNOWN_AT

if TYPE_CHECKING:
    import ibis

_LABEL_ID, _SINCE = f"{RESERVED}label_id", f"{RESERVED}since"
_DAY_SECONDS = 86_400
_EPOCH = dt.date(1970, 1, 1).toordinal()
#: Days around those that are evaluated in which a label may become known, or a clock may change.
_DAYS_AROUND = 800


def labelled_table(
    rows: ibis.Table, known: ibis.Table, monitor: Monitor, days: Sequence[dt.date], *, aged: bool = False
) -> ibis.Table:
    """Rows of days joined with their labels, lazily (see `Engine.labelled_rows`)."""
    told = known.select(**{_LABEL_ID: known["prediction_id"], LABEL: known[LABEL], _SINCE: known[KNOWN_AT]})
    joined = rows.left_join(told, key_of_row(rows, monitor) == told[_LABEL_ID])
    columns = {name: joined[name] for name in (*rows.columns, LABEL)}
    if aged:
        columns[AGE] = _age(joined[_SINCE], joined[DAY], monitor, days)
    return settled(joined.select(**columns))


def _age(known_at: ibis.Value, day: ibis.Value, monitor: Monitor, days: Sequence[dt.date]) -> ibis.Value:
    """On which day after its own a row's label became known; null without a time.

    Days are counted in seconds since 1970 and the offsets of the time zone, which no database has to know.
    """
    import ibis

    number = ibis.cases(
        *((day == str(each), ibis.literal(each.toordinal() - _EPOCH)) for each in days),
        else_=ibis.null("int64"),
    )
    seconds = known_at.truncate("s").epoch_seconds().cast("int64")
    changes = _offsets(monitor.zone, min(days))
    offset: ibis.Value = ibis.literal(changes[0][1])
    for begin, shift in changes[1:]:
        offset = (seconds >= begin).ifelse(ibis.literal(shift), offset)
    local = ((seconds + offset).cast("float64") / _DAY_SECONDS).floor().cast("int64")
    return local - number


def _offsets(zone: ZoneInfo, first: dt.date) -> list[tuple[float, int]]:
    """From which second since 1970 on a zone is how many seconds ahead of UTC; the first one of always."""
    begin = dt.datetime.combine(first, dt.time(), dt.UTC) - dt.timedelta(days=2)
    hours = (begin + dt.timedelta(hours=each) for each in range(24 * _DAYS_AROUND))
    found: list[tuple[float, int]] = []
    for moment in hours:
        offset = int((moment.astimezone(zone).utcoffset() or dt.timedelta()).total_seconds())
        if not found or found[-1][1] != offset:
            found.append((moment.timestamp() if found else -math.inf, offset))
    return found
