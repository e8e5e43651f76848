"""What is in quarantine: how many rows, of which days and versions, by the rules that they broke."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from obs_dagster.lake.columns import ROW, UNCAST, marked
from obs_dagster.lake.lake import Lake
from obs_dagster.lake.quoting import identifier, literal, literals
from obs_dagster.monitor.elsewhere import rows_elsewhere
from obs_dagster.monitor.model import Monitor
from obs_dagster.monitor.row_work import reads_rows
from obs_dagster.quality.contract import UNCAST_RULE
from obs_dagster.quality.day_rows import RULES, type_rule
from obs_dagster.quality.expectations import OF_SUITE
from obs_dagster.quality.validated import QUARANTINE, day_quality
from obs_dagster.sources.declared import declared_types
from obs_dagster.sources.files import connect


@dataclass(frozen=True, slots=True)
class Quarantined:
    """Rows of a day and version that broke a rule.

    Attributes:
        day: the day.
        version: as the log has it; empty where the row has none, was purged, or is elsewhere.
        rule: the rule; of values that are not of the declared type, that of their column.
        column: the column that the rule is about; empty of a team's rule about several.
        rows: how many rows. One that broke several rules is counted with each.
    """

    day: dt.date
    version: str
    rule: str
    column: str
    rows: int


def tally(monitor: Monitor, lake: Lake, first: dt.date, last: dt.date) -> Iterator[Quarantined]:
    """Count the rows in quarantine, day by day, the rules with the most rows first.

    Days that were not validated, or whose quarantine is damaged, are left out.

    Args:
        monitor: declares the contract.
        lake: holds the quarantine.
        first: the first day.
        last: the last day, included.
    """
    table = lake.table(monitor.model, QUARANTINE)
    types = declared_types(monitor)
    by_type = {type_rule(name, kind): name for name, kind in types.items()}
    for day in table.days_between(first, last):
        found = day_quality(monitor, day, lake)
        if found is None or not found.quarantined:
            continue
        if rows_elsewhere(monitor):
            # of rows that are not here, only how many broke a rule is known
            for rule, rows in found.broken_rules.items():
                yield Quarantined(day, "", rule, by_type.get(rule) or column_of(rule, types), rows)
            continue
        for name, rule, rows in _counted(monitor, day, lake, purged=found.purged):
            yield Quarantined(day, name, rule, by_type.get(rule) or column_of(rule, types), rows)


@reads_rows
def _counted(monitor: Monitor, day: dt.date, lake: Lake, *, purged: bool) -> list[tuple[str, str, int]]:
    """Versions and rules of a day's quarantine, with how many rows they have."""
    path = lake.table(monitor.model, QUARANTINE).path(day)
    source = f"read_parquet({literals([str(path)])}, hive_partitioning = false)"
    version, rules = "''", RULES
    if not purged:
        version = f"coalesce(CAST({identifier(monitor.logs.columns.version)} AS VARCHAR), '')"
        rules = _typed(declared_types(monitor))
    query = (
        f"SELECT version, rule, count(*) FROM (SELECT {version} AS version, unnest({rules}) AS rule, "
        f"{ROW} FROM {source}) GROUP BY ALL ORDER BY 3 DESC, 1, 2"
    )
    with connect() as connection:
        return connection.sql(query).fetchall()


def column_of(rule: str, names: Iterable[str]) -> str:
    """The column that a rule of the contract or of a team's suite is about; empty if it is none of them.

    >>> column_of("net amount is missing", ["net", "net amount"])
    'net amount'
    >>> column_of("breaks: id column values", ["id"]), column_of("breaks: table rows", ["id"])
    ('id', '')
    """
    text = rule.removeprefix(OF_SUITE)
    longest = sorted(names, key=len, reverse=True)
    return next((name for name in longest if text.startswith(f"{name} ")), "")


def _typed(types: dict[str, str]) -> str:
    """SQL for the rules of a row, with one per column for values that are not of the declared type."""
    mark = identifier(UNCAST)
    named = [
        f"CASE WHEN regexp_matches({mark}, {literal(marked(name))}) THEN {literal(type_rule(name, kind))} END"
        for name, kind in types.items()
    ]
    others = f"list_filter({RULES}, lambda rule: rule <> {literal(UNCAST_RULE)})"
    mistyped = f"list_filter([{', '.join(named)}], lambda rule: rule IS NOT NULL)"
    # of a row that was released from it, the mark is still there
    return (
        f"CASE WHEN list_contains({RULES}, {literal(UNCAST_RULE)}) THEN list_concat({others}, {mistyped}) "
        f"ELSE {RULES} END"
    )
