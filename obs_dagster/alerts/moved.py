"""What an alert about a column's values says of them: before and after, and what explains it."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import Connection, select

from obs_dagster.alerts.rules.alert import Alert
from obs_dagster.changes.words import of_rows, told
from obs_dagster.errors import LakeError
from obs_dagster.evaluation.drift import changes_of
from obs_dagster.evaluation.where_kept import kept_sentence
from obs_dagster.history.tables import METRICS
from obs_dagster.lake.lake import Lake
from obs_dagster.metrics.registry import definitions
from obs_dagster.monitor.champion import of_version
from obs_dagster.monitor.whole import WHOLE

Told = Callable[[Alert], str]
"""What is told of the values that an alert is about; empty if nothing is known of them."""


def silent(_: Alert) -> str:
    """Nothing is known of any values."""
    return ""


def of_record(connection: Connection, alert: Alert) -> str:
    """What the record of an alert says beside its value: which groups, or which version, it is about."""
    known = definitions().get(alert.metric)
    if known is None or not known.tells_in_words:
        return ""
    columns = METRICS.c
    query = select(columns.reason).where(
        columns.model == alert.model,
        columns.day == alert.last_day,
        columns.metric == alert.metric,
        columns.window == alert.window,
        columns.version == alert.version,
        columns.segment == alert.segment,
        columns.column == alert.column,
        columns.value.is_not(None),
    )
    said = str(connection.execute(query).scalar_one_or_none() or "")
    return f"{of_version(alert.metric)} {said}" if said and known.family == "champion" else said


def from_lake(lake: Lake) -> Told:
    """What the night of each alert kept of its column, in its segment cell or of all rows."""

    def tell(alert: Alert) -> str:
        if where := where_of(lake, alert):
            return where
        known = definitions().get(alert.metric)
        if known is None or not known.tells_movement or not alert.column:
            return ""
        try:
            changes = changes_of(alert.model, lake, alert.last_day)
        except LakeError:
            # an alert is told whatever else is damaged; who reads the day's report is told of the file
            return ""
        change = changes.about(alert.version, alert.column, alert.window, alert.segment)
        return "" if change is None else f"{told(change)} ({of_rows(change, alert.segment)})"

    return tell


def where_of(lake: Lake, alert: Alert) -> str:
    """Where a version is wrong, and what the change of its metric is made of; empty if it is not on that."""
    known = definitions().get(alert.metric)
    if known is None or known.family != "performance" or alert.segment != WHOLE:
        return ""
    try:
        return kept_sentence(alert.model, lake, alert.last_day, alert.version, alert.metric)
    except LakeError:
        return ""
