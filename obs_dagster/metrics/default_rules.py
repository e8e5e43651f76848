"""The rules of a monitor that names none: those of its metrics that can fire for it."""

from __future__ import annotations

from collections.abc import Iterator

from obs_dagster.metrics.default_rule import DefaultRule
from obs_dagster.metrics.definition import Definition
from obs_dagster.metrics.registry import definitions
from obs_dagster.monitor.alerting import Rule
from obs_dagster.monitor.model import Monitor
from obs_dagster.monitor.task import leading_output
from obs_dagster.monitor.threshold import BUDGET


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
    columns = _columns(watched, monitor)
    # the days of a week differ: what they are compared with has all of them
    weekly = watched.window > 1 and watched.columns == "categories"
    if columns == [] or (weekly and _window(watched, monitor) < watched.window):
        return False
    if watched.staying and monitor.baseline.moves_along:
        return False
    if watched.above == BUDGET and definition.learns_from_labels:
        # labelled days of the baseline say how days differ
        return monitor.baseline.of_log
    if not watched.relative:
        return True
    return monitor.baseline.of_log or (monitor.baseline.labelled and definition.learns_from_labels)


def _window(watched: DefaultRule, monitor: Monitor) -> int:
    """The rule's window, or the longest below it."""
    return max((each for each in monitor.windows if each <= watched.window), default=1)


def _columns(watched: DefaultRule, monitor: Monitor) -> list[str] | None:
    """The columns that it watches; None for all."""
    features = monitor.features.items()
    match watched.columns:
        case "numeric":
            return [name for name, feature in features if feature.numeric]
        case "categories":
            return [name for name, feature in features if not feature.numeric]
        case "leading":
            return [leading_output(monitor).column]
        case "unlike":
            described = monitor.described.items()
            return [name for name, (_, each) in described if each.learned and each.type == "number"]
        case "every":
            return None


def _rule(watched: DefaultRule, definition: Definition, monitor: Monitor) -> Rule:
    window = _window(watched, monitor)
    condition = {
        "metric": definition.name,
        "window": window,
        "above": watched.above,
        "below": watched.below,
        "min_rows": watched.min_rows,
        "full_window": watched.full and window > 1,
        "settled": watched.settled,
        "beyond_days": watched.beyond_days,
        "columns": _columns(watched, monitor),
    }
    side = "above" if watched.below is None else "below"
    held = condition if watched.also is None else {"all": [condition, {**condition, side: watched.also}]}
    return Rule.model_validate(
        {
            "name": watched.name,
            "for": watched.for_nights,
            "severity": watched.severity,
            "summary": watched.summary,
            **held,
        }
    ).leading
