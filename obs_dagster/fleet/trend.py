"""The trend of the metric that a model is first judged by."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sqlalchemy import Connection, select

from obs_dagster.history.tables import METRICS
from obs_dagster.metrics.definition import Definition
from obs_dagster.metrics.registry import shown_in
from obs_dagster.monitor import Monitor
from obs_dagster.monitor.task import leading_output
from obs_dagster.monitor.whole import WHOLE
from obs_dagster.verdict.headline import headline_window, needs_labels, settled_through

DAYS = 28
"""Days that a trend goes back."""


@dataclass(frozen=True, slots=True)
class Leading:
    """What a model is first judged by: a metric, over so many days, of all rows or of what it puts out."""

    metric: str
    window: int
    column: str


@dataclass(frozen=True, slots=True)
class Trend:
    """The values of a version's leading metric in the days up to its model's last night.

    Attributes:
        last: the day of the last night.
        values: the days that have a value, in order; of a metric that needs labels, those whose labels are
            waited for no longer.
    """

    leading: Leading
    last: dt.date
    values: Mapping[dt.date, float]


def leading(monitor: Monitor) -> Leading:
    """The first metric that is evidence of a verdict; of a model without labels, the first that is drawn."""
    shown = (*shown_in("verdict", monitor.task), *shown_in("trend", monitor.task))
    first = next(each for each in shown if all(monitor.has(need) for need in each.needs))
    column = leading_output(monitor).column if first.about == "column" else ""
    return Leading(first.name, _window(monitor, first), column)


def _window(monitor: Monitor, definition: Definition) -> int:
    return 1 if definition.daily else headline_window(monitor)


def read_trends(
    connection: Connection, monitors: Iterable[Monitor], last: Mapping[str, dt.date]
) -> dict[tuple[str, str], Trend]:
    """The trends of models that had a night, by model and version; one query for each last day.

    Args:
        connection: of the store.
        monitors: the models.
        last: the day of the last night of those that had one.
    """
    together: dict[dt.date, dict[str, Leading]] = defaultdict(dict)
    awaited: dict[str, dt.date] = {}
    for monitor in monitors:
        day = last.get(monitor.model)
        if day is not None:
            first = together[day][monitor.model] = leading(monitor)
            settled = settled_through(monitor, day) if needs_labels(first.metric) else None
            awaited[monitor.model] = day if settled is None else settled
    found: dict[tuple[str, str], dict[dt.date, float]] = defaultdict(dict)
    for day, models in together.items():
        days = [day - dt.timedelta(days=back) for back in range(DAYS)]
        wanted = set(models.values())
        # each term names values, so that the key of the table leads straight to them
        query = select(
            *(METRICS.c[name] for name in ("model", "version", "metric", "window", "column", "day", "value"))
        ).where(
            METRICS.c.model.in_(list(models)),
            METRICS.c.day.in_(days),
            METRICS.c.metric.in_({each.metric for each in wanted}),
            METRICS.c.window.in_({each.window for each in wanted}),
            METRICS.c.segment == WHOLE,
            METRICS.c.column.in_({each.column for each in wanted}),
            METRICS.c.value.is_not(None),
        )
        for model, version, metric, window, column, at, value in connection.execute(query):
            if models[model] == Leading(metric, window, column) and at <= awaited[model]:
                found[model, version][at] = value
    return {
        (model, version): Trend(together[last[model]][model], last[model], dict(sorted(values.items())))
        for (model, version), values in found.items()
    }
