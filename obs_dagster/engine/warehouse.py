"""The rows of a log where they are: in a warehouse, which reduces them and gives counts."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, ClassVar, Literal
from zoneinfo import ZoneInfo

import narwhals as nw

from obs_dagster.engine.protocol import Engine
from obs_dagster.engine.warehouse_problems import problems
from obs_dagster.errors import LakeError
from obs_dagster.lake.columns import AGE, DAY, LABEL, RESERVED
from obs_dagster.lake.lake import Lake
from obs_dagster.monitor.document import Document
from obs_dagster.monitor.model import Monitor
from obs_dagster.monitor.problem import Problem
from obs_dagster.quality.day_rows import DayRows
from obs_dagster.quality.expectations import Judge
from obs_dagster.quality.frames import FrameJudge
from obs_dagster.quality.validated import validated
from obs_dagster.quality.warehouse import check_unchanged, clean_table
from obs_dagster.sources.label_table import label_table
from obs_dagster.sources.log_table import log_table
from obs_dagster.sources.warehouse import settled
from obs_dagster.sources.warehouse_labels import KNOWN_AT, labels_of

if TYPE_CHECKING:
    import ibis

_LABEL_ID, _SINCE = f"{RESERVED}label_id", f"{RESERVED}since"
_DAY_SECONDS = 86_400
_EPOCH = dt.date(1970, 1, 1).toordinal()
#: Days around those that are evaluated in which a label may become known, or a clock may change.
_DAYS_AROUND = 800


class WarehouseEngine(Engine):
    """Count rows in the warehouse that has them, with Ibis; also written `engine: warehouse`.

    The log, and labels, are tables of one warehouse (`source: ibis`). Nothing but counts comes back, so what
    needs rows is not known, and says so. Needs the extra `ibis`.
    """

    rows_stay: ClassVar[bool] = True
    counts_unique: ClassVar[bool] = True

    kind: Literal["warehouse"] = "warehouse"

    @classmethod
    def problems(cls, document: Document) -> Iterator[Problem]:
        """With `engine: warehouse` log and labels are tables of one warehouse, and nothing needs rows."""
        yield from problems(document)

    def judge(self, monitor: Monitor, day: dt.date, lake: Lake, rows: DayRows, frames: FrameJudge) -> Judge:
        """No row is here to be judged (see `quality.warehouse`)."""
        del day, lake, rows, frames
        raise LakeError(
            f"The rows of {monitor.model} stay in the warehouse.", remedy="Ask the warehouse for them."
        )

    @contextmanager
    def clean_rows(
        self, monitor: Monitor, days: Sequence[dt.date], lake: Lake
    ) -> Iterator[nw.LazyFrame[Any]]:
        """The rows of days that break no rule, as a query."""
        validated(monitor, days, lake)
        with log_table(monitor).opened() as (log,):
            yield nw.from_native(clean_table(log, monitor, days, lake))
        check_unchanged(monitor, days, lake)

    @contextmanager
    def labelled_rows(
        self, monitor: Monitor, days: Sequence[dt.date], lake: Lake, *, aged: bool = False
    ) -> Iterator[nw.LazyFrame[Any]]:
        """The rows of `clean_rows` joined with their labels, as a query."""
        validated(monitor, days, lake)
        labels = monitor.labels
        if labels is None:
            raise LakeError(f"{monitor.model} has no labels.", remedy="Add `labels` to the monitor.")
        with log_table(monitor).opened(label_table(labels)) as (log, table):
            rows = clean_table(log, monitor, days, lake)
            known = labels_of(table, monitor, lake)
            yield nw.from_native(labelled_table(rows, known, monitor, days, aged=aged))
        check_unchanged(monitor, days, lake)


def labelled_table(
    rows: ibis.Table, known: ibis.Table, monitor: Monitor, days: Sequence[dt.date], *, aged: bool = False
) -> ibis.Table:
    """Rows of days joined with their labels, lazily (see `Engine.labelled_rows`)."""
    key = monitor.logs.columns.prediction_id
    told = known.select(**{_LABEL_ID: known["prediction_id"], LABEL: known[LABEL], _SINCE: known[KNOWN_AT]})
    joined = rows.left_join(told, rows[key] == told[_LABEL_ID])
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


ENGINE = WarehouseEngine
