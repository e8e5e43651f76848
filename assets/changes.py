"""Columns that moved, for the UI: before and after, what explains it, and both sides as bars."""

from __future__ import annotations

from collections.abc import Sequence

import dagster as dg

from assets.plots import image
from assets.tables import table
from obs_dagster.alerts import RuleSummary
from obs_dagster.changes.change import Change
from obs_dagster.changes.words import between, told
from obs_dagster.errors import LakeError
from obs_dagster.evaluation.drift import changes_of
from obs_dagster.lake.lake import Lake
from obs_dagster.metrics.registry import definitions
from obs_dagster.monitor import Monitor
from obs_dagster.reports.health.moved import picture

_MOST, _DRAWN = 20, 3
"""Columns that are listed, and that are drawn."""


def changes_metadata(changes: Sequence[Change]) -> dict[str, dg.MetadataValue]:
    """The metadata of columns that moved, the gravest first; none if none did."""
    rows = (
        {
            "version": change.version,
            "column": change.subject,
            "before → after": told(change),
            "days": between(change),
        }
        for change in changes[:_MOST]
    )
    if not changes:
        return {}
    found: dict[str, dg.MetadataValue] = {
        "what moved": table(rows, ["version", "column", "before → after", "days"])
    }
    for change in changes[:_DRAWN]:
        drawn = picture(change)
        if drawn:
            name = f"{change.subject} · version {change.version}"
            found[name] = image(name, drawn.encode(), "svg+xml")
    return found


def of_shortest_window(changes: Sequence[Change]) -> list[Change]:
    """The changes of the shortest window in which columns moved: of the day alone, if it is watched."""
    shortest = min((change.window for change in changes), default=0)
    return [change for change in changes if change.window == shortest]


def changes_at(monitor: Monitor, summary: RuleSummary, lake: Lake) -> list[Change]:
    """How the values moved that a rule is in breach for: of its worst subject first."""
    known = definitions(monitor.task).get(summary.rule.metric)
    worst = summary.worst
    if known is None or not known.tells_movement or worst is None or worst.night is None:
        return []
    if summary.status not in ("firing", "pending"):
        return []
    try:
        changes = changes_of(monitor.model, lake, worst.night.day)
    except LakeError:
        return []  # rules are evaluated and told whatever else is damaged
    subjects = dict.fromkeys([worst.subject, *summary.subjects["firing"]])
    known_of = (
        changes.about(subject.version, subject.column, summary.rule.window, subject.segment)
        for subject in subjects
    )
    # subjects of several cells may share what is told of all rows
    return list({id(change): change for change in known_of if change is not None}.values())[:_MOST]
