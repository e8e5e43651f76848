"""What dashboards of one model have in common: what is chosen at the top, and what is marked in charts."""

from __future__ import annotations

from collections.abc import Sequence

from obs_dagster.dashboards.board import Annotation, Variable
from obs_dagster.dashboards.dialect import Dialect
from obs_dagster.dashboards.metric_panel import WHERE

MODEL = "model=${model:doublequote}"
VERSION = "version=~`${version:regex}`"
SEGMENT = "segment=${segment:doublequote}"
WINDOW = 'window="$window"'
"""What is chosen, as Prometheus is asked. In backticks a backslash is one."""


def variables(metrics: Sequence[str] = ()) -> list[Variable]:
    """Model, versions, segment and window; models that have one of these metrics, or all."""
    named = ", ".join(f"'{name}'" for name in metrics)
    having = f" WHERE metric IN ({named})" if named else ""
    return [
        Variable("model", "Model", f"SELECT DISTINCT model FROM metrics{having} ORDER BY 1"),
        Variable(
            "version",
            "Version",
            f"SELECT DISTINCT version FROM metrics WHERE {WHERE} AND version <> '*' ORDER BY 1",
            several=True,
        ),
        Variable(
            "segment",
            "Segment",
            f"SELECT DISTINCT segment FROM metrics WHERE {WHERE} ORDER BY 1",
            first="*",
        ),
        Variable(
            "window",
            "Days of the window",
            f'SELECT DISTINCT "window" FROM metrics WHERE {WHERE} AND "window" > 0 ORDER BY 1',
        ),
    ]


def marks(dialect: Dialect) -> list[Annotation]:
    """Incidents from their beginning to their end, and the first day of each version."""
    incidents = f"""\
SELECT {dialect.moment("opened_at")} AS time, {dialect.moment("closed_at")} AS timeend,
  'Incident ' || id || ': ' || kind || ' of version ' || version AS text, 'incident' AS tags
FROM incidents
WHERE {WHERE} AND {dialect.moments_shown("opened_at")}"""
    versions = f"""\
SELECT {dialect.day("first")} AS time, 'Version ' || version || ' serves' AS text, 'version' AS tags
FROM (
  SELECT version, MIN(day) AS first FROM metrics
  WHERE {WHERE} AND metric = 'volume' AND value > 0 AND version <> '*' GROUP BY version
) AS served
WHERE {dialect.days_shown("first")}"""
    return [Annotation("Incidents", incidents, "red"), Annotation("Versions", versions, "blue")]
