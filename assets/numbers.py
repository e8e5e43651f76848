"""The numbers of a day that Dagster draws over days: metadata of a partition is drawn over partitions."""

from __future__ import annotations

from collections.abc import Iterable

from assets.tables import rounded
from obs_dagster.metrics.definition import Definition, Family
from obs_dagster.metrics.record import MetricRecord
from obs_dagster.metrics.registry import shown_in
from obs_dagster.monitor import Monitor
from obs_dagster.monitor.task import leading_output
from obs_dagster.monitor.whole import WHOLE
from obs_dagster.reports.health.trends import PLACES
from obs_dagster.verdict.headline import charted_window


def drawn_numbers(monitor: Monitor, family: Family, records: Iterable[MetricRecord]) -> dict[str, float]:
    """Of a family what the health page draws, over the same windows, per version.

    Args:
        monitor: the monitor.
        family: the family of metrics.
        records: all records of a day.
    """
    leading = leading_output(monitor).column
    wanted = {
        (each.name, charted_window(monitor, each), leading if each.about == "column" else ""): each
        for place in PLACES
        for each in shown_in(place, monitor.task)
        if each.family == family
    }
    found = {}
    for record in records:
        drawn = wanted.get((record.metric, record.window, record.column))
        if drawn is not None and record.segment == WHOLE and record.value is not None:
            found[_label(drawn, record)] = rounded(record.value)
    return found


def _label(drawn: Definition, record: MetricRecord) -> str:
    about = f" of {record.column}" if record.column else ""
    over = "" if record.window == 1 else f", {record.window} days"
    version = "all versions" if record.version == WHOLE else f"version {record.version}"
    return f"{drawn.in_a_sentence}{about}{over} · {version}"
