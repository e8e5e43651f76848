"""All models: which are not as they should be, what fires, how old the last nights are."""

from __future__ import annotations

from collections.abc import Iterator

from obs_dagster.dashboards.board import Board
from obs_dagster.dashboards.dialect import Dialect
from obs_dagster.dashboards.panel import Panel, Row, coloured, lines, promql, sql, stat
from obs_dagster.fleet.standing import GRAVEST_FIRST

_HIDDEN = {"Time": True, "Value": True, "__name__": True, "job": True, "instance": True}


class Fleet:
    """The page that is on a wall."""

    name = "fleet"

    def boards(self, dialect: Dialect) -> Iterator[Board]:
        """One dashboard."""
        yield Board(
            "fleet",
            "Models: all of them",
            "How every model stands after its last night, what fires, and how that came.",
            [
                Row("Now", [*_counts(), _states(), _firing()]),
                Row("Nights", [_ages(), _coverage()]),
                Row("History", [_verdicts(dialect), _volumes(dialect)]),
            ],
        )


def _counts() -> Iterator[Panel]:
    yield stat(
        "Models", "count(obs_model_state{state='sound'})", "Models whose monitors are known.", unit="short"
    )
    for state, title in (("sound", "Sound"), ("moved", "Moved"), ("failing", "Failing")):
        yield stat(
            title,
            f"sum(obs_model_state{{state='{state}'}})",
            f"Models that are {state}.",
            unit="short",
            red_above=1 if state == "failing" else None,
        )
    yield stat(
        "No night, or none evaluated",
        "sum(obs_model_state{state=~'overdue|not evaluated|misconfigured'})",
        "Models of which nothing is known of their last day.",
        unit="short",
        red_above=1,
    )
    yield stat(
        "Alerts that fire",
        "sum(obs_alerts{state='firing'})",
        "Of all models, also those that somebody has silenced or acknowledged.",
        unit="short",
        red_above=1,
    )


def _states() -> Panel:
    return Panel(
        "table",
        "States",
        [promql("obs_model_state == 1", table=True)],
        description="As `obs status` says it.",
        overrides=[
            {
                "matcher": {"id": "byName", "options": "state"},
                "properties": [
                    {"id": "mappings", "value": coloured(GRAVEST_FIRST)},
                    {"id": "custom.cellOptions", "value": {"type": "color-background"}},
                ],
            }
        ],
        transformations=[{"id": "organize", "options": {"excludeByName": _HIDDEN}}],
    )


def _firing() -> Panel:
    return Panel(
        "table",
        "What fires",
        [promql("obs_alert_state{state='firing'}", table=True)],
        description="Every alert that fires. `obs alerts show ID` has all that is known of it.",
        overrides=[
            {
                "matcher": {"id": "byName", "options": "severity"},
                "properties": [
                    {"id": "mappings", "value": coloured(["critical", "warning", "info"])},
                    {"id": "custom.cellOptions", "value": {"type": "color-background"}},
                ],
            }
        ],
        transformations=[{"id": "organize", "options": {"excludeByName": {**_HIDDEN, "state": True}}}],
    )


def _ages() -> Panel:
    return lines(
        "Age of the last night",
        [promql("time() - obs_last_night_timestamp_seconds", "{{model}}")],
        "How long ago the night of the latest day ended.",
        unit="s",
    )


def _coverage() -> Panel:
    return lines(
        "Label coverage",
        [
            promql(
                "max by (model, version) (obs_model_label_coverage_ratio{segment='*', window='1'})",
                "{{model}} {{version}}",
            )
        ],
        "The share of predictions that have a label, of the last day whose labels are waited for no longer.",
        unit="percentunit",
    )


def _verdicts(dialect: Dialect) -> Panel:
    query = f"""\
SELECT {dialect.day("day")} AS time, model || ' ' || version AS metric, status AS value
FROM verdicts
WHERE {dialect.days_shown("day")}
ORDER BY 1"""
    return Panel(
        "state-timeline",
        "Verdicts",
        [sql(dialect, query)],
        width=24,
        height=10,
        description="What was said of every version after each night, as it is known by now.",
        defaults={"mappings": coloured(["failing", "unknown", "moved", "sound"])},
        options={
            "mergeValues": True,
            "showValue": "never",
            "legend": {"showLegend": True, "displayMode": "list", "placement": "bottom"},
        },
        transformations=[{"id": "partitionByValues", "options": {"fields": ["metric"], "keepFields": False}}],
    )


def _volumes(dialect: Dialect) -> Panel:
    query = f"""\
SELECT {dialect.day("day")} AS time, model AS metric, rows AS value
FROM nights
WHERE {dialect.days_shown("day")}
ORDER BY 1"""
    return lines(
        "Predictions a day",
        [sql(dialect, query, "time_series")],
        "Rows of every model's log.",
        unit="short",
        width=24,
    )


BOARDS = Fleet()
