"""Puts precision, recall and costs by threshold on a page: charts for each version and segment cell."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from obs_dagster.evaluation.thresholds import CellThresholds
from obs_dagster.monitor import Monitor
from obs_dagster.monitor.whole import WHOLE
from obs_dagster.reports.health.sections import draw_section
from obs_dagster.reports.templates import environment
from obs_dagster.tasks.binary.sections import best_told, curves

_MOST = 12
"""Versions and segment cells that have charts."""


def render_thresholds(monitor: Monitor, day: dt.date, window: int, cells: Sequence[CellThresholds]) -> str:
    """The page as one HTML document that loads nothing.

    Args:
        monitor: the monitor, with the prices that were asked for.
        day: the last day of the rows.
        window: how many days they are of.
        cells: what is drawn.
    """
    drawn = [
        {
            "name": f"Version {each.version}" + ("" if each.segment == WHOLE else f", {each.segment}"),
            "rows": f"{each.thresholds.n:,}",
            "told": best_told(each.thresholds.served(), each.best, monitor),
            "curves": [draw_section(curve) for curve in curves(each.thresholds, monitor)],
        }
        for each in cells[:_MOST]
    ]
    return (
        environment(__name__)
        .get_template("thresholds.html.j2")
        .render(model=monitor.model, day=day, window=window, cells=drawn, more=max(0, len(cells) - _MOST))
    )
