"""The small multiples of the health page: which metrics are drawn, over which window, against which rules."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from obs_dagster.monitor.alerting import Rule
from obs_dagster.monitor.model import Monitor
from obs_dagster.reports.headline import headline_window, needs_labels, settled_through
from obs_dagster.reports.health.chart import Chart, Frame, Point, Trend, draw
from obs_dagster.reports.record_index import ALL_VERSIONS, RecordIndex


@dataclass(frozen=True, slots=True)
class _Panel:
    metric: str
    title: str
    of_score: bool = False
    daily: bool = False
    from_zero: bool = True


PANELS = (
    _Panel("recall", "Recall"),
    _Panel("precision", "Precision"),
    _Panel("roc_auc", "ROC AUC", from_zero=False),
    _Panel("calibration_error", "Calibration error"),
    _Panel("psi", "Score drift (PSI)", of_score=True),
    _Panel("volume", "Predictions", daily=True),
    _Panel("latency_p95", "Latency, p95 (ms)", daily=True),
    _Panel("quarantined_share", "Rows in quarantine", daily=True),
)


def draw_trends(monitor: Monitor, index: RecordIndex, frame: Frame, styles: Mapping[str, int]) -> list[Chart]:
    """One chart per panel, with a line for each version in `styles`."""
    return [_chart(monitor, index, frame, panel, styles) for panel in PANELS]


def _chart(
    monitor: Monitor, index: RecordIndex, frame: Frame, panel: _Panel, styles: Mapping[str, int]
) -> Chart:
    column = monitor.logs.columns.score if panel.of_score else ""
    rules = [rule for rule in monitor.alerts if _watches(rule, panel.metric, column)]
    window = _window(monitor, panel, rules)
    settled = settled_through(monitor, frame.last) if needs_labels(panel.metric) else None
    trends = [
        Trend(version, style, _points(index, frame, panel.metric, version, window, column, settled))
        for version, style in styles.items()
    ]
    return draw(
        frame,
        panel.metric,
        panel.title,
        "each day" if window == 1 else f"{window} days",
        trends,
        thresholds=_thresholds(rules, window),
        from_zero=panel.from_zero,
        empty=_why_empty(monitor, panel.metric),
    )


def _watches(rule: Rule, metric: str, column: str) -> bool:
    if rule.metric != metric or "*" not in rule.segments:
        return False
    return not column or rule.columns is None or column in rule.columns


def _window(monitor: Monitor, panel: _Panel, rules: Sequence[Rule]) -> int:
    """The window that the rules on this metric watch, so that line and threshold belong together."""
    usual = 1 if panel.daily and 1 in monitor.windows else headline_window(monitor)
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
    found = []
    for rule in rules:
        threshold = rule.below if rule.below is not None else rule.above
        if rule.window == window and threshold is not None:
            found.append((threshold, rule.name))
    return found


def _why_empty(monitor: Monitor, metric: str) -> str:
    if needs_labels(metric):
        return "The monitor has no labels." if monitor.labels is None else "No labels yet."
    if metric == "latency_p95" and monitor.logs.columns.latency_ms is None:
        return "The log has no latency."
    return "Not measured in these days."


def trend_styles(versions: Sequence[str], index: RecordIndex) -> dict[str, int]:
    """Gives each version the number of its colour and dash; what is about the whole log has the last one."""
    styles = {version: number % VERSION_STYLES for number, version in enumerate(versions)}
    if any(index.series(panel.metric, ALL_VERSIONS, 1) for panel in PANELS if panel.daily):
        styles[ALL_VERSIONS] = VERSION_STYLES
    return styles


VERSION_STYLES = 6
"""How many colours and dashes there are for versions."""
