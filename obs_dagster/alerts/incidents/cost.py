"""What the errors of an incident's days cost, by the prices of the monitor."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from statistics import median

from sqlalchemy import Connection, select

from obs_dagster.history.tables import METRICS
from obs_dagster.metrics.usual import BAND_DAYS
from obs_dagster.monitor.costs import Costs
from obs_dagster.monitor.whole import WHOLE

PER_ROW = "cost_per_row"
"""The metric that says what errors cost."""


@dataclass(frozen=True, slots=True)
class Cost:
    """What errors cost.

    Attributes:
        total: of the rows of these days whose label is known.
        usual: what so many rows usually cost, by the median day of the eight weeks before; None if there is
            none with labels.
        rows: how many these are.
        currency: of both.
    """

    total: float
    usual: float | None
    rows: int
    currency: str

    def __str__(self) -> str:
        """In words."""
        of = f" {self.currency}" if self.currency else ""
        usual = "" if self.usual is None else f", usually {self.usual:,.0f}{of} of as many"
        return f"{self.total:,.0f}{of} of {self.rows:,} rows with a known label{usual}"


def cost_of(
    connection: Connection, model: str, version: str, days: tuple[dt.date, dt.date], costs: Costs
) -> Cost | None:
    """What the errors of a version, or of all, cost between two days; None if nothing is known of them.

    Args:
        connection: to the store.
        model: the model.
        version: the version; `*` for all.
        days: the first and the last one.
        costs: the prices, of which the currency is told.
    """
    first, last = days
    daily = _daily(connection, model, version, (first - dt.timedelta(days=BAND_DAYS), last))
    own = [daily[day] for day in daily if first <= day <= last]
    rows = sum(count for _, count in own)
    if not rows:
        return None
    before = [total / count for day, (total, count) in daily.items() if day < first and count]
    usual = median(before) * rows if before else None
    return Cost(sum(total for total, _ in own), usual, rows, costs.currency)


def _daily(
    connection: Connection, model: str, version: str, days: tuple[dt.date, dt.date]
) -> dict[dt.date, tuple[float, int]]:
    """Per day what errors cost, and the rows with a label."""
    columns = METRICS.c
    query = (
        select(columns.day, columns.value, columns.n)
        .where(columns.model == model, columns.day.between(*days), columns.window == 1)
        .where(columns.metric == PER_ROW, columns.segment == WHOLE, columns.column == "")
        .where(columns.value.is_not(None))
    )
    if version != WHOLE:
        query = query.where(columns.version == version)
    found: dict[dt.date, tuple[float, int]] = {}
    for day, value, n in connection.execute(query):
        total, rows = found.get(day, (0.0, 0))
        found[day] = (total + value * n, rows + n)
    return found
