"""Broken rules as people read them: values that are not of the declared type by their column."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from obs_dagster.monitor.model import Monitor
from obs_dagster.quality.contract import UNCAST_RULE, neither_class
from obs_dagster.quality.day_rows import Uncast


def rules_by_column(monitor: Monitor, rules: Mapping[str, int], uncast: Sequence[Uncast]) -> dict[str, int]:
    """Rows per rule, the most first, with a rule per column for values that are not of the declared type.

    Such a value is null in the lake; that it is missing follows, and is not said.
    """
    # a decision has a rule of its own, which knows the remedy
    decided = monitor.logs.columns.prediction if neither_class(monitor) in rules else None
    typed = {each.rule: each.rows for each in uncast if each.column != decided}
    follows = {f"{each.column} is missing": each.rows for each in uncast}
    rest = {rule: rows for rule, rows in rules.items() if rule != UNCAST_RULE and rows > follows.get(rule, 0)}
    return dict(sorted((typed | rest).items(), key=lambda item: -item[1]))
