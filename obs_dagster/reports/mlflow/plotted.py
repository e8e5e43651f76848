"""Which numbers of a night become metrics of its run: those that people plot.

MLflow sends every metric of every run that a list shows, so a list of nights opens at once only where each of
them has few. All numbers are in the tables beside them (`metrics.parquet`, `metrics.json`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import islice

from obs_dagster.metrics.record import MetricRecord
from obs_dagster.metrics.registry import definitions, shown_in, ways_of
from obs_dagster.monitor.model import Monitor
from obs_dagster.monitor.task import outputs
from obs_dagster.monitor.whole import WHOLE
from obs_dagster.verdict.headline import charted_window

COLUMNS = 30
"""So many columns have metrics, those that the model puts out before its features."""


@dataclass(frozen=True, slots=True)
class Plotted:
    """The numbers of a monitor's nights that people plot.

    Attributes:
        windows: the windows of each metric.
        columns: the columns that have metrics; the empty one stands for the model as a whole.
        of_components: the metrics of components of the system, of which there are few and all are plotted.
    """

    windows: Mapping[str, frozenset[int]]
    columns: frozenset[str]
    of_components: frozenset[str] = frozenset()

    def __contains__(self, record: MetricRecord) -> bool:
        return (
            record.segment == WHOLE
            and (record.column in self.columns or record.metric in self.of_components)
            and record.window in self.windows.get(record.metric, ())
        )


def plotted_of(monitor: Monitor) -> Plotted:
    """What the health page draws, and what rules about all rows watch, so that an alert can be followed."""
    known, shown = (
        definitions(monitor.task),
        (
            *shown_in("trend", monitor.task),
            *shown_in("objective", monitor.task),
        ),
    )
    windows: dict[str, set[int]] = defaultdict(set)
    for each in shown:
        drawn = charted_window(monitor, each)
        windows[each.name].add(drawn)
        for way in ways_of(monitor.task).values():
            if each.name in way:
                windows[way[each.name].name].add(drawn)
    for rule in (part for whole in monitor.alerts for part in whole.parts):
        watched = known.get(rule.metric)
        few = watched is not None and (
            watched.about in ("model", "component") or watched.family == "fairness"
        )
        if watched and WHOLE in rule.segments and (few or watched in shown):
            windows[rule.metric].add(rule.window)
    columns = dict.fromkeys([*(each.column for each in outputs(monitor)), *monitor.features])
    groups = (",".join(cut) for cut in monitor.fairness.cuts)
    return Plotted(
        {metric: frozenset(days) for metric, days in windows.items()},
        frozenset(["", *islice(columns, COLUMNS), *groups]),
        frozenset(name for name in windows if name in known and known[name].about == "component"),
    )
