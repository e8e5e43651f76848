"""Drift in segment cells that rules ask for: of other columns than the score, or by other metrics."""

from __future__ import annotations

from obs_dagster.metrics.registry import family
from obs_dagster.monitor.model import Monitor
from obs_dagster.monitor.whole import WHOLE
from obs_dagster.profile.cells import is_cell


class AskedCells:
    """What the rules of a monitor ask for, which is computed beside what every cell has.

    Args:
        monitor: the monitor.
    """

    def __init__(self, monitor: Monitor) -> None:
        known = family("drift")
        parts = (part for rule in monitor.alerts for part in rule.parts)
        self._rules = [part for part in parts if part.metric in known and set(part.segments) != {WHOLE}]

    def of(self, column: str) -> bool:
        """Whether a rule asks for any cell of a column."""
        return any(rule.watches_column(column) for rule in self._rules)

    def metrics(self, version: str, segment: str, column: str) -> set[str]:
        """The metrics of a column that rules ask for in one cell of a version."""
        return {
            rule.metric
            for rule in self._rules
            if rule.watches_column(column)
            and (rule.watches_version(version) or version == rule.threshold.version)
            and any(is_cell(watched, segment) for watched in rule.segments)
        }
