"""Which metrics a monitor has that are not computed for everybody: they cost too much for that."""

from __future__ import annotations

from collections.abc import Mapping

from obs_dagster.metrics.definition import Definition
from obs_dagster.metrics.registry import definitions
from obs_dagster.monitor.model import Monitor


def asked_of(monitor: Monitor, known: Mapping[str, Definition]) -> frozenset[str]:
    """The names of those that are computed: always, or because a rule watches one that they come with."""
    every = definitions(monitor.task)
    watched = {
        every[part.metric].asked_with
        for rule in monitor.alerts
        for part in rule.parts
        if part.metric in every
    }
    return frozenset(
        name for name, each in known.items() if not each.asked_with or each.asked_with in watched
    )
