"""The rules of a monitor that names none: those of its metrics that can fire for it."""

from __future__ import annotations

from collections.abc import Iterator

from obs_dagster.metrics.default_rule import DefaultRule
from obs_dagster.metrics.definition import Definition
from obs_dagster.metrics.registry import definitions
from obs_dagster.monitor.alerting import Rule
from obs_dagster.monitor.model import Monitor
from obs_dagster.monitor.task import leading_output


def default_rules(monitor: Monitor) -> tuple[Rule, ...]:
    """The default rules of the metrics that a monitor has what they need for, in the order of the metrics."""
    return tuple(_rules(monitor))


def _rules(monitor: Monitor) -> Iterator[Rule]:
    for definition in definitions(monitor.task).values():
        if all(map(monitor.has, definition.needs)):
            for watched in definition.watched:
                if _can_fire(watched, definition, monitor):
                    yield _rule(watched, definition, monitor)


def _can_fire(watched: DefaultRule, definition: Definition, monitor: Monitor) -> bool:
    """Whether there is what it watches, and what it is held against."""
    # days of the week differ: what they are compared with has all of them
    if watched.columns == "features" and _window(watched, monitor) < watched.window:
        return False
    if not watched.relative:
        return True
    of_log, labelled = monitor.baseline.of_log, monitor.baseline.labelled
    return of_log or (labelled and definition.needs_labels)


def _window(watched: DefaultRule, monitor: Monitor) -> int:
    """The rule's window, or the longest below it."""
    return max((each for each in monitor.windows if each <= watched.window), default=1)


def _rule(watched: DefaultRule, definition: Definition, monitor: Monitor) -> Rule:
    columns = {
        "every": None,
        "features": list(monitor.features),
        "leading": [leading_output(monitor).column],
    }
    return Rule.model_validate(
        {
            "name": watched.name,
            "metric": definition.name,
            "window": _window(watched, monitor),
            "above": watched.above,
            "below": watched.below,
            "for": watched.for_nights,
            "min_rows": watched.min_rows,
            "severity": watched.severity,
            "columns": columns[watched.columns],
            "summary": watched.summary,
        }
    )
