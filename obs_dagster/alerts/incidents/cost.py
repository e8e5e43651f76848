"""What the errors of an incident's days cost, by the prices of the monitor."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from statistics import median

from sqlalchemy import Connection, select

from obs_dagster.history.tables import METRICS
from obs_dagster.metrics.usual import BAND_DAYS
from obs_dagster.monitor.costs import Costs
from obs_dagster.monitor.whole import WHOLE


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
        costs: the prices.
    """
    first, last = days
    daily = _daily(connection, model, version, (first - dt.timedelta(days=BAND_DAYS), last), _priced(costs))
    own = [daily[day] for day in daily if first <= day <= last]
    rows = sum(count for _, count in own)
    if not rows:
        return None
    before = [total / count for day, (total, count) in daily.items() if day < first and count]
    usual = median(before) * rows if before else None
    return Cost(sum(total for total, _ in own), usual, rows, costs.currency)


Priced = Mapping[str, Callable[[float, int], float]]
"""By metric, what errors cost given its value and the rows behind it."""


def _priced(costs: Costs) -> Priced:
    """What each kind of error costs that has a price, by the metric that tells of it."""
    every: dict[str, tuple[float, Callable[[float, int], float]]] = {
        "false_positives": (costs.false_positive, lambda count, _: costs.false_positive * count),
        "false_negatives": (costs.false_negative, lambda count, _: costs.false_negative * count),
        "accuracy": (costs.wrong, lambda share, rows: costs.wrong * (1.0 - share) * rows),
        "mae": (costs.unit, lambda mean, rows: costs.unit * mean * rows),
    }
    return {metric: cost for metric, (price, cost) in every.items() if price}


def _daily(
    connection: Connection, model: str, version: str, days: tuple[dt.date, dt.date], priced: Priced
) -> dict[dt.date, tuple[float, int]]:
    """Per day what errors cost, and the rows with a label."""
    columns = METRICS.c
    query = (
        select(columns.day, columns.version, columns.metric, columns.value, columns.n)
        .where(columns.model == model, columns.day.between(*days), columns.window == 1)
        .where(columns.metric.in_(list(priced)), columns.segment == WHOLE, columns.column == "")
        .where(columns.value.is_not(None))
    )
    if version != WHOLE:
        query = query.where(columns.version == version)
    totals: dict[dt.date, float] = defaultdict(float)
    rows: dict[dt.date, dict[str, int]] = defaultdict(dict)
    for day, of, metric, value, n in connection.execute(query):
        totals[day] += priced[metric](value, n)
        # metrics of one version are of the same rows
        rows[day][of] = max(n, rows[day].get(of, 0))
    return {day: (total, sum(rows[day].values())) for day, total in totals.items()}
