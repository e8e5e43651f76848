"""The panel of one metric: its values over days out of the history store, with intervals, in base units."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from obs_dagster.dashboards.dialect import Dialect
from obs_dagster.dashboards.panel import Panel, lines, sql
from obs_dagster.exports.naming import unit_of
from obs_dagster.metrics.definition import Definition

_UNITS = {"ratio": "percentunit", "seconds": "s", "rows": "short", "requests": "short"}

WHERE = "model IN (${model:sqlstring})"
"""The model that was chosen."""

_ENDS: Sequence[dict[str, Any]] = [
    {
        "matcher": {"id": "byRegexp", "options": "/ (low|high)$/"},
        "properties": [
            {"id": "custom.lineWidth", "value": 1},
            {"id": "custom.lineStyle", "value": {"fill": "dash", "dash": [4, 4]}},
            {"id": "custom.showPoints", "value": "never"},
            {"id": "custom.hideFrom", "value": {"legend": True, "tooltip": False, "viz": False}},
        ],
    }
]


def unit(definition: Definition) -> str:
    """Grafana's name of the unit that values are shown in."""
    if definition.unit == "share" and definition.written != "percent":
        # people read it as 0.75 everywhere else
        return ""
    return _UNITS.get(unit_of(definition)[0], "")


def metric_panel(definition: Definition, dialect: Dialect, *, width: int = 12) -> Panel:
    """Values over days: of the chosen versions, segment and window; of every column if it is about such."""
    about = "version" if definition.about == "model" else "version || ' ' || \"column\""
    ends = [("value", "")]
    if definition.about == "model":
        ends += [("low", " || ' low'"), ("high", " || ' high'")]
    query = "\nUNION ALL\n".join(_values(definition, dialect, f"{about}{name}", end) for end, name in ends)
    return lines(
        # a heading may name the unit of the history
        definition.title if unit_of(definition)[1] != 1 else definition.headed.replace("{output}", "Output"),
        [sql(dialect, f"{query}\nORDER BY 1", "time_series")],
        f"{definition.meaning} {definition.formula} (`{definition.name}`)",
        unit=unit(definition),
        overrides=_ENDS if definition.about == "model" else (),
        defaults={"min": 0} if definition.from_zero and definition.written != "number" else {},
        width=width,
    )


def _values(definition: Definition, dialect: Dialect, series: str, end: str) -> str:
    scale = unit_of(definition)[1]
    value = end if scale == 1 else f"{end} * {scale!r}"
    version = "= '*'" if definition.whole_log else "IN (${version:sqlstring})"
    segment = "'*'" if definition.cells == "none" else "${segment:sqlstring}"
    window = "1" if definition.daily else "${window}"
    return f"""\
SELECT {dialect.day("day")} AS time, {series} AS metric, {value} AS value
FROM metrics
WHERE {WHERE} AND metric = '{definition.name}'
  AND version {version}
  AND segment IN ({segment}) AND "window" = {window}
  AND {dialect.days_shown("day")} AND {end} IS NOT NULL"""
