"""One model: a dashboard for each task, with the metrics that models of it are judged and drawn by."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from obs_dagster.dashboards.board import Board
from obs_dagster.dashboards.dialect import Dialect
from obs_dagster.dashboards.metric_panel import WHERE, metric_panel, unit
from obs_dagster.dashboards.of_model import MODEL, SEGMENT, VERSION, WINDOW, marks, variables
from obs_dagster.dashboards.panel import Panel, Row, coloured, promql, sql
from obs_dagster.exports.naming import gauge_of
from obs_dagster.metrics.definition import Definition
from obs_dagster.metrics.registry import definitions
from obs_dagster.monitor.task import TASKS


class Models:
    """A dashboard for each task."""

    name = "model"

    def boards(self, dialect: Dialect) -> Iterator[Board]:
        """Those of tasks with a truth, and one of models that have none."""
        for name, task in TASKS.all().items():
            title = str(getattr(task, "title", name))
            known = definitions(name).values()
            performance = [each for each in known if each.family == "performance" and each.tasks]
            telling = sorted(filter(_tells, performance), key=lambda each: each.rank)
            others = [each for each in performance if each not in telling]
            service = [each for each in known if each.family == "service"]
            objectives = [each for each in service if _of_objective(each)]
            service = [each for each in service if each not in objectives]
            now = [*(each for each in telling if each.about == "model"), *filter(_is_shown, service)]
            rows = [
                Row("Now", [_latest(each) for each in now]),
                Row("What is said of it", [_verdicts(dialect), _alerts(dialect), _thresholds()]),
                Row("Is it still right", [metric_panel(each, dialect) for each in telling]),
                Row("Is it up", [metric_panel(each, dialect) for each in service]),
                Row("What came late", [_corrections(dialect)]),
                Row("Objectives and their budgets", list(_objectives(objectives, dialect)), closed=True),
                Row("More of how right it is", [metric_panel(each, dialect) for each in others], closed=True),
            ]
            yield Board(
                f"model-{name.replace('_', '-')}",
                f"A model: {title.lower()}",
                "One model, its versions side by side: out of the history store, corrections included.",
                [row for row in rows if row.panels],
                variables([each.name for each in telling]),
                marks(dialect),
            )


def _tells(definition: Definition) -> bool:
    return bool({"verdict", "trend"} & definition.shown)


def _is_shown(definition: Definition) -> bool:
    return bool(definition.shown)


def _of_objective(definition: Definition) -> bool:
    return any(need.startswith("objectives") for need in definition.needs)


def _objectives(definitions: Sequence[Definition], dialect: Dialect) -> Iterator[Panel]:
    """What is left of each budget now, and how all of it came."""
    yield from (_latest(each) for each in definitions if _is_shown(each))
    yield from (metric_panel(each, dialect) for each in definitions)


def _verdicts(dialect: Dialect) -> Panel:
    query = f"""\
SELECT {dialect.day("day")} AS time, version AS metric, status AS value
FROM verdicts
WHERE {WHERE} AND version IN (${{version:sqlstring}}) AND {dialect.days_shown("day")}
ORDER BY 1"""
    return Panel(
        "state-timeline",
        "Verdicts",
        [sql(dialect, query)],
        width=24,
        height=6,
        description="What was said of every version after each night, as it is known by now.",
        defaults={"mappings": coloured(["failing", "unknown", "moved", "sound"])},
        options={"mergeValues": True, "showValue": "never"},
        transformations=[{"id": "partitionByValues", "options": {"fields": ["metric"], "keepFields": False}}],
    )


def _alerts(dialect: Dialect) -> Panel:
    query = f"""\
SELECT {dialect.day("since")} AS time, state, severity, rule, version, segment, "column", metric, value,
  threshold, nights, summary, id
FROM alerts
WHERE {WHERE} AND (state <> 'resolved' OR {dialect.days_shown("resolved_day")})
ORDER BY CASE state WHEN 'firing' THEN 0 WHEN 'pending' THEN 1 ELSE 2 END, since DESC"""
    return Panel(
        "table",
        "Alerts",
        [sql(dialect, query)],
        width=16,
        description="Those that are open, and those that ended in the time that is shown.",
    )


def _thresholds() -> Panel:
    hidden = {"Time": True, "__name__": True, "job": True, "instance": True, "model": True}
    return Panel(
        "table",
        "Thresholds of rules",
        [promql(f"obs_rule_threshold{{{MODEL}}}", table=True)],
        width=8,
        description="Of rules that name a number, in base units (seconds, shares of 1).",
        transformations=[{"id": "organize", "options": {"excludeByName": hidden}}],
    )


def _corrections(dialect: Dialect) -> Panel:
    query = f"""\
SELECT {dialect.moment("was.superseded_at")} AS time, was.day, was.metric, was.version, was.segment,
  was."column", was."window", was.value AS was, now.value AS "is", was.n AS rows_then, now.n AS rows_now
FROM metric_history AS was
LEFT JOIN metrics AS now ON now.model = was.model AND now.day = was.day AND now.metric = was.metric
  AND now."window" = was."window" AND now.version = was.version AND now.segment = was.segment
  AND now."column" = was."column"
WHERE was.{WHERE} AND was.version IN (${{version:sqlstring}}) AND was.segment IN (${{segment:sqlstring}})
  AND {dialect.days_shown("was.day")}
ORDER BY was.superseded_at DESC
LIMIT 500"""
    return Panel(
        "table",
        "Corrections",
        [sql(dialect, query)],
        width=24,
        description="What late labels and nights that ran again made of values: what each was, and is. "
        "Prometheus cannot tell of it.",
    )


def _latest(definition: Definition) -> Panel:
    """The present value by Prometheus, of what is chosen."""
    chosen = [MODEL, 'version="*"' if definition.whole_log else VERSION]
    chosen.append('segment="*"' if definition.cells == "none" else SEGMENT)
    chosen.append('window="1"' if definition.daily else WINDOW)
    query = f"{gauge_of(definition).name}{{{', '.join(chosen)}}}"
    return Panel(
        "stat",
        definition.title,
        [promql(query, "{{version}}", instant=True)],
        width=6,
        height=4,
        description=f"{definition.meaning} As Prometheus has it: of metrics that need labels, the last day "
        "whose labels are waited for no longer.",
        unit=unit(definition),
        options={"colorMode": "value", "graphMode": "none", "reduceOptions": {"calcs": ["lastNotNull"]}},
    )


BOARDS = Models()
