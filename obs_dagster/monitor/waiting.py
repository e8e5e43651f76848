"""Which rules wait until labels are complete, where they do not say it themselves."""

from __future__ import annotations

from collections.abc import Mapping

from obs_dagster.monitor.alerting import Rule
from obs_dagster.monitor.checks.check import Watched
from obs_dagster.monitor.condition import Condition
from obs_dagster.monitor.model import Monitor


def with_waiting(monitor: Monitor, metrics: Mapping[str, Watched]) -> Monitor:
    """The monitor with rules that say whether they wait: where left out, those do that labels decide.

    Args:
        monitor: as it is written.
        metrics: the metrics that rules may watch, by name.
    """
    waits = monitor.labels is not None and monitor.labels.immature == "wait"
    rules = tuple(_said(rule, waits=waits, metrics=metrics) for rule in monitor.alerts)
    return monitor.model_copy(update={"alerts": rules})


def _said(rule: Rule, *, waits: bool, metrics: Mapping[str, Watched]) -> Rule:
    """A rule that says whether it waits; all of its conditions do if one does."""
    conditions: tuple[Condition, ...] = (*rule.all_of, *rule.any_of) or (rule,)
    said = [each.settled for each in (rule, *conditions) if each.settled is not None]
    settled = any(said) if said else waits and any(_decided(each.metric, metrics) for each in conditions)
    update = {
        name: tuple(each.model_copy(update={"settled": settled}) for each in getattr(rule, name))
        for name in ("all_of", "any_of")
    }
    return rule.model_copy(update={**update, "settled": settled})


def _decided(metric: str, metrics: Mapping[str, Watched]) -> bool:
    """Whether labels decide a metric, and it is not about these themselves."""
    known = metrics.get(metric)
    return known is not None and "labels" in known.needs and known.incident != "labels"
