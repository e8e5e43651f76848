"""Panels as Grafana has them, without their place: it follows from the order and the width."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from obs_dagster.dashboards.dialect import Dialect, Format

PROMETHEUS = {"type": "prometheus", "uid": "${prometheus}"}

COLOURS: Mapping[str, str] = {
    "failing": "red",
    "not evaluated": "red",
    "misconfigured": "purple",
    "overdue": "purple",
    "unknown": "purple",
    "moved": "yellow",
    "sound": "green",
    "critical": "red",
    "warning": "yellow",
    "info": "blue",
}
"""The colours that states have everywhere else."""


@dataclass(frozen=True, slots=True)
class Panel:
    """One panel.

    Attributes:
        kind: its type in Grafana.
        title, description: what people read.
        width, height: in units of which a row has 24, and of 30 pixels.
        targets: its queries, each with its source.
        unit: Grafana's name of the unit.
        defaults: more of what holds for all fields.
        overrides: what holds for some.
        options: of its type.
        transformations: what is made of the answers.
    """

    kind: str
    title: str
    targets: Sequence[Mapping[str, Any]]
    width: int = 12
    height: int = 8
    description: str = ""
    unit: str = ""
    defaults: Mapping[str, Any] = field(default_factory=dict)
    overrides: Sequence[Mapping[str, Any]] = ()
    options: Mapping[str, Any] = field(default_factory=dict)
    transformations: Sequence[Mapping[str, Any]] = ()


@dataclass(frozen=True, slots=True)
class Row:
    """A heading with panels below it; a closed one asks nothing until it is opened."""

    title: str
    panels: Sequence[Panel]
    closed: bool = False


def promql(query: str, legend: str = "", *, instant: bool = False, table: bool = False) -> dict[str, Any]:
    """A query to Prometheus: of a range, or of the end of it."""
    return {
        "datasource": PROMETHEUS,
        "expr": query,
        "legendFormat": legend or "__auto",
        "instant": instant or table,
        "range": not (instant or table),
        "format": "table" if table else "time_series",
        "editorMode": "code",
    }


def sql(dialect: Dialect, query: str, form: Format = "table") -> dict[str, Any]:
    """A query to the history store."""
    return {"datasource": history(dialect), **dialect.target(query, form)}


def history(dialect: Dialect) -> dict[str, str]:
    """The source of history, as the dashboard's variable names it."""
    return {"type": dialect.source, "uid": "${history}"}


def stat(
    title: str, query: str, description: str, *, unit: str = "", red_above: float | None = None
) -> Panel:
    """One number of now, red above a limit."""
    steps: list[dict[str, Any]] = [{"color": "green", "value": None}]
    if red_above is not None:
        steps.append({"color": "red", "value": red_above})
    return Panel(
        "stat",
        title,
        [promql(query, instant=True)],
        width=4,
        height=4,
        description=description,
        unit=unit,
        defaults={"thresholds": {"mode": "absolute", "steps": steps}},
        options={"colorMode": "background", "graphMode": "none", "reduceOptions": {"calcs": ["lastNotNull"]}},
    )


def lines(
    title: str, targets: Sequence[Mapping[str, Any]], description: str, *, unit: str = "", **more: Any
) -> Panel:
    """Values over days: points that are joined, and gaps where a day has none."""
    drawn = {"drawStyle": "line", "lineWidth": 2, "showPoints": "always", "pointSize": 4, "spanNulls": False}
    return Panel(
        "timeseries",
        title,
        targets,
        description=description,
        unit=unit,
        defaults={"custom": drawn, **more.pop("defaults", {})},
        options={
            "legend": {"displayMode": "list", "placement": "bottom", "showLegend": True},
            "tooltip": {"mode": "multi", "sort": "desc"},
        },
        **more,
    )


def coloured(names: Sequence[str]) -> list[dict[str, Any]]:
    """Value mappings by which states have their colours."""
    shown = {name: {"color": COLOURS[name], "index": number} for number, name in enumerate(names)}
    return [{"type": "value", "options": shown}]
