"""Subjects: what a rule watches, one alert each."""

from __future__ import annotations

from typing import NamedTuple

from obs_dagster.metrics.registry import definitions
from obs_dagster.monitor import Rule
from obs_dagster.monitor.whole import WHOLE
from obs_dagster.profile.cells import is_cell


class Subject(NamedTuple):
    """One thing that a rule watches.

    Attributes:
        version: the model version.
        segment: the segment cell; `*` is all rows.
        column: the column; empty for the model as a whole.
    """

    version: str
    segment: str
    column: str

    def told(self, metric: str) -> str:
        """The subject of a metric in words: `version 1, origin=JFK, column dep_delay`."""
        parts = [f"version {self.version}"]
        if self.segment != WHOLE:
            parts.append(self.segment)
        if self.column:
            known = definitions().get(metric)
            named = known is not None and known.about in ("class", "component")
            parts.append(f"{known.about if known and named else 'column'} {self.column}")
        return ", ".join(parts)


def watches(rule: Rule, subject: Subject) -> bool:
    """Whether the rule watches the subject.

    A rule's `versions`, `columns`, `classes` and `components` list names or patterns; what the column of a
    record is depends on the metric. What is of all versions together is watched of single ones where these
    are named. Its `segments` list cells (`*`, `origin=JFK`, `origin=J*`) or segment columns (`origin`, and
    `origin,carrier` for a crossing), which stand for all their cells.
    """
    return (
        rule.watches_version(subject.version)
        and (subject.version == WHOLE or rule.versions is not None or not _of_all(rule.metric))
        and rule.watches_column(subject.column)
        and any(is_cell(segment, subject.segment) for segment in rule.segments)
    )


def _of_all(metric: str) -> bool:
    """Whether a metric is of all versions together before it is of any."""
    known = definitions().get(metric)
    return known is not None and known.by_version
