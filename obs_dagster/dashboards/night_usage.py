"""Panels of what nights take of the machine, and whether they will outgrow their time."""

from __future__ import annotations

from collections.abc import Iterator

from obs_dagster.dashboards.dialect import Dialect
from obs_dagster.dashboards.panel import Panel, lines, promql, sql


def night_usage(dialect: Dialect) -> Iterator[Panel]:
    """By model, over nights out of the history store; what Prometheus has of the last one beside it."""
    yield _over_nights(
        dialect,
        "Time of a night",
        "SUM(seconds / days)",
        "From the first stage to the last; of a range of days that ran as one, the mean of a day.",
        "s",
    )
    yield _over_nights(
        dialect, "Memory of a night", "MAX(peak_memory)", "What its processes held together at most.", "bytes"
    )
    yield lines(
        "Share of the time there is for a night",
        [promql("obs_night_window_ratio", "{{model}}")],
        "By the trend; at 1 a night ends when the next one begins.",
        unit="percentunit",
    )
    yield lines(
        "Cores that are busy",
        [promql("obs_night_saturation_ratio", "{{model}}")],
        "The share of the cores that the last night kept busy on average.",
        unit="percentunit",
    )
    yield Panel(
        "bargauge",
        "Stages of the last night that took longest",
        [promql("topk(15, obs_stage_duration_seconds)", "{{model}} {{stage}}", instant=True)],
        width=24,
        height=10,
        description="How long each took.",
        unit="s",
        defaults={"min": 0},
        options={
            "displayMode": "basic",
            "orientation": "horizontal",
            "reduceOptions": {"calcs": ["lastNotNull"]},
        },
    )


def _over_nights(dialect: Dialect, title: str, value: str, description: str, unit: str) -> Panel:
    query = f"""\
SELECT {dialect.day("day")} AS time, model AS metric, {value} AS value
FROM night_usage
WHERE {dialect.days_shown("day")}
GROUP BY model, day
ORDER BY 1"""
    return lines(title, [sql(dialect, query, "time_series")], description, unit=unit)
