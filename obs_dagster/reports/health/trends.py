"""The small multiples of the health page: which metrics are drawn, over which window, against which rules."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence

from obs_dagster.metrics.asked import asked_of
from obs_dagster.metrics.definition import Definition, Place
from obs_dagster.metrics.registry import shown_in, ways_of
from obs_dagster.monitor.alerting import Rule
from obs_dagster.monitor.model import Monitor
from obs_dagster.monitor.task import leading_output
from obs_dagster.monitor.whole import WHOLE
from obs_dagster.reports.health.chart import Chart, Frame, Point, Trend, draw
from obs_dagster.verdict.headline import charted_window, settled_through
from obs_dagster.verdict.record_index import RecordIndex

PLACES: tuple[Place, ...] = ("trend", "objective")
"""What is drawn over days."""
_DATA = ("labels", "logs")


def draw_trends(
    monitor: Monitor, index: RecordIndex, frame: Frame, styles: Mapping[str, int], place: Place = "trend"
) -> list[Chart]:
    """One chart per panel of a place, with a line for each version in `styles`; of objectives, those set."""
    shown = {panel.name: panel for panel in shown_in(place, monitor.task) if _is_asked_for(monitor, panel)}
    computed = asked_of(monitor, shown)
    panels = [panel for name, panel in shown.items() if name in computed]
    return [_chart(monitor, index, frame, panel, styles) for panel in panels]


def _is_asked_for(monitor: Monitor, panel: Definition) -> bool:
    """Whether the monitor has what the metric needs beside data; what data lack is said in its chart."""
    return all(monitor.has(need) for need in panel.needs if need.partition(".")[0] not in _DATA)


def _chart(
    monitor: Monitor, index: RecordIndex, frame: Frame, panel: Definition, styles: Mapping[str, int]
) -> Chart:
    column = leading_output(monitor).column if panel.about == "column" else ""
    rules = [part for rule in monitor.alerts for part in rule.parts if _watches(part, panel.name, column)]
    window = _window(monitor, panel, rules)
    settled = settled_through(monitor, frame.last) if panel.needs_labels else None
    every = ways_of(monitor.task).items()
    ways = {how: found[panel.name].name for how, found in every if panel.name in found}
    trends = [
        Trend(
            version,
            style,
            _points(index, frame, panel.name, version, window, column, settled),
            {how: _points(index, frame, name, version, window, column, None) for how, name in ways.items()},
        )
        for version, style in styles.items()
    ]
    return draw(
        frame,
        panel.name,
        panel.headed.replace("{output}", leading_output(monitor).title),
        "each day" if window == 1 else f"{window} days",
        trends,
        thresholds=_thresholds(rules, window),
        from_zero=panel.from_zero,
        empty=_why_empty(monitor, panel),
    )


def _watches(rule: Rule, metric: str, column: str) -> bool:
    if rule.metric != metric or WHOLE not in rule.segments:
        return False
    return not column or rule.watches_column(column)


def _window(monitor: Monitor, panel: Definition, rules: Sequence[Rule]) -> int:
    """The window that the rules on this metric watch, so that line and threshold belong together."""
    usual = charted_window(monitor, panel)
    watched = {rule.window for rule in rules}
    return usual if not watched or usual in watched else max(watched)


def _points(  # noqa: PLR0917 - one call, in this file
    index: RecordIndex,
    frame: Frame,
    metric: str,
    version: str,
    window: int,
    column: str,
    settled: dt.date | None,
) -> list[Point]:
    series = index.series(metric, version, window, column=column)
    return [
        Point(
            day,
            record.value,
            record.low,
            record.high,
            record.n,
            settled is None or day <= settled,
            record.error,
        )
        for day, record in series.items()
        if record.value is not None and frame.first <= day <= frame.last and day not in frame.blanks
    ]


def _thresholds(rules: Sequence[Rule], window: int) -> list[tuple[float, str]]:
    # a part of the baseline's value is another number each night
    return [
        (rule.threshold.number, rule.name)
        for rule in rules
        if rule.window == window and rule.threshold.of is None
    ]


def _why_empty(monitor: Monitor, panel: Definition) -> str:
    lacking = [need for need in panel.needs if not monitor.has(need)]
    if lacking:
        return f"The monitor has no {lacking[0]}."
    return "No labels yet." if panel.needs_labels else "Not measured in these days."


def trend_styles(monitor: Monitor, versions: Sequence[str], index: RecordIndex) -> dict[str, int]:
    """Gives each version the number of its colour and dash; what is about the whole log has the last one."""
    styles = {version: number % VERSION_STYLES for number, version in enumerate(versions)}
    if any(index.series(panel.name, WHOLE, 1) for panel in shown_in("trend", monitor.task)):
        styles[WHOLE] = VERSION_STYLES
    return styles


VERSION_STYLES = 6
"""How many colours and dashes there are for versions."""
