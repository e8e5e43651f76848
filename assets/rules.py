"""Which stage shows which alert rule as a check: that whose records complete what the rule watches."""

from __future__ import annotations

from collections.abc import Sequence

import dagster as dg

from assets.changes import changes_at
from assets.links import day_links
from assets.rule_check import check_result
from assets.stage import check
from obs_dagster.alerts import AlertSummary
from obs_dagster.alerts.rules.stage import Stage, stage_of
from obs_dagster.lake.lake import Lake
from obs_dagster.monitor import Monitor, Rule


def rules_of(monitor: Monitor, stage: Stage) -> Sequence[Rule]:
    """The rules that a stage shows: `explanations` those about its own metrics, `alerts` all others.

    Explanations take long and need the registry, so alerts are evaluated without waiting for them, and rules
    about them once more when they are there.
    """
    return [rule for rule in monitor.alerts if stage_of(*(part.metric for part in rule.parts)) == stage]


def checks_of(monitor: Monitor, stage: Stage) -> list[dg.AssetCheckSpec]:
    """The checks of a stage, one per rule that it shows."""
    return [
        check(monitor, stage, rule.name, rule.summary or rule.condition) for rule in rules_of(monitor, stage)
    ]


def results_of(
    monitor: Monitor, stage: Stage, summary: AlertSummary, lake: Lake
) -> list[dg.AssetCheckResult]:
    """The results of a stage's checks; those about values that moved say how."""
    links = day_links(monitor.model, summary.as_of)
    names = {rule.name for rule in rules_of(monitor, stage)}
    return [
        check_result(each, changes_at(monitor, each, lake), links)
        for each in summary.rules
        if each.rule.name in names
    ]
