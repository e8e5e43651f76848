"""What is known of days that were validated: how their rows met the contract, and which are clean."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from obs_dagster.errors import LakeError
from obs_dagster.lake.columns import DAY, FILE, ROW
from obs_dagster.lake.lake import Lake
from obs_dagster.lake.quoting import identifier, literals
from obs_dagster.monitor.model import Monitor
from obs_dagster.quality.refusal import fact
from obs_dagster.sources.declared import declared_types
from obs_dagster.sources.ingest import LOGS
from obs_dagster.sources.log_rows import day_of, log_rows
from obs_dagster.sources.unreadable_log import UNREADABLE

if TYPE_CHECKING:
    import duckdb

QUARANTINE = "quarantine"


@dataclass(frozen=True, slots=True)
class DayQuality:
    """How a day's rows met the contract; kept as the manifest of the day's quarantine.

    Attributes:
        evaluated: whether the day's metrics may be computed.
        reason: why not: a line for what is wrong, and one for by which rule, column or file; empty if they
            may.
        rows: rows of the day, one per prediction.
        quarantined: those of them that broke the contract.
        duplicates: rows that were read beside them, whose prediction another row has.
        versions: rows per version, before quarantine.
        schema_changes: each with `kind`, `column` and `text`.
        broken_rules: rows per rule that they broke.
        results: what became of each expectation.
        fingerprint: changes with the rows that are left.
        examples: a value that broke the rule, per rule, where there is one.
        released: rows per rule that they broke and are evaluated nonetheless (see `quality.releases`).
        conflicts: ids whose rows say different things of one prediction (see `sources.repeats`).
        conflicting: some of these ids, as they may be shown.
        purged: whether the quarantine keeps only numbers and rules of its rows (see `quality.purge`).
    """

    evaluated: bool
    reason: str
    rows: int
    quarantined: int
    duplicates: int
    versions: dict[str, int]
    schema_changes: list[dict[str, str]]
    broken_rules: dict[str, int]
    results: list[dict[str, Any]] = field(default_factory=list)
    fingerprint: str = ""
    examples: dict[str, str] = field(default_factory=dict)
    released: dict[str, int] = field(default_factory=dict)
    conflicts: int = 0
    conflicting: list[str] = field(default_factory=list)
    purged: bool = False

    def without_values(self) -> DayQuality:
        """The same, without a value of any row."""
        results = [each | {"examples": []} for each in self.results]
        reason = self.reason
        if self.examples and self.broken_rules and reason:
            told = (f"{rule}: {rows:,} row{'s' * (rows != 1)}" for rule, rows in self.broken_rules.items())
            reason = f"{fact(reason)}\n{'; '.join(told)}"
        return replace(self, purged=True, examples={}, results=results, reason=reason, conflicting=[])

    @property
    def missing_columns(self) -> list[str]:
        """Declared columns that the source did not have."""
        return [change["column"] for change in self.schema_changes if change["kind"] == "missing"]

    @property
    def refused(self) -> bool:
        """Whether there are rows that may not be evaluated; a day without rows is sound, and empty."""
        return not self.evaluated and (self.rows > 0 or self.unreadable)

    @property
    def unreadable(self) -> bool:
        """Whether nobody knows what rows there are, since the log cannot be read."""
        return fact(self.reason) == UNREADABLE

    @property
    def rows_read(self) -> int:
        """All rows that the day's log has."""
        return self.rows + self.duplicates

    @property
    def told_conflicts(self) -> str:
        """That ids have rows which say different things of one prediction, with some of them."""
        ids = "1 id has" if self.conflicts == 1 else f"{self.conflicts:,} ids have"
        such = f", such as {', '.join(self.conflicting)}" if self.conflicting else ""
        return f"{ids} rows that say different things of one prediction{such}; one row of each counts"

    @property
    def quarantined_share(self) -> float:
        """Quarantined rows over all rows that were read; 0 for a day without rows."""
        return self.quarantined / self.rows_read if self.rows_read else 0.0


def day_quality(monitor: Monitor, day: dt.date, lake: Lake) -> DayQuality | None:
    """What `validate_day` found; None if the day was not validated, or what was found is damaged."""
    manifest = lake.table(monitor.model, QUARANTINE).readable(day)
    return DayQuality(**manifest) if manifest else None


def damaged_days(monitor: Monitor, lake: Lake) -> list[dt.date]:
    """The ingested days whose quarantine cannot be read, and can be made again."""
    logs = lake.table(monitor.model, LOGS)
    return [day for day in lake.table(monitor.model, QUARANTINE).damaged() if logs.readable(day) is not None]


def validated(monitor: Monitor, days: Iterable[dt.date], lake: Lake) -> dict[dt.date, DayQuality]:
    """What `validate_day` found on each of some days.

    Raises:
        LakeError: a day has not been validated.
    """
    found = {}
    for day in days:
        quality = day_quality(monitor, day, lake)
        if quality is None:
            raise LakeError(
                f"{day} of {monitor.model} has not been validated.", remedy="Run its night first."
            )
        found[day] = quality
    return found


def clean_rows(
    connection: duckdb.DuckDBPyConnection, monitor: Monitor, days: Sequence[dt.date], lake: Lake
) -> duckdb.DuckDBPyRelation:
    """The rows of days without the quarantined ones, lazily, with their day in the text column `_obs_day`.

    Declared columns that the source of one of the days lacks are left out.

    Raises:
        LakeError: a day has not been validated.
    """
    found = validated(monitor, days, lake)
    # of the columns that others are made of, the rows have only these
    absent = dict.fromkeys(
        name
        for quality in found.values()
        for name in quality.missing_columns
        if name in declared_types(monitor)
    )
    rows = log_rows(connection, monitor, days, lake)
    if absent:
        rows = f"SELECT * EXCLUDE ({', '.join(map(identifier, absent))}) FROM ({rows})"
    broken = [day for day, quality in found.items() if quality.quarantined]
    if broken:
        paths = literals(str(lake.table(monitor.model, QUARANTINE).path(day)) for day in broken)
        quarantine = f"read_parquet({paths}, filename = '{FILE}', hive_partitioning = false)"
        rows = (
            f"SELECT log.* FROM ({rows}) AS log ANTI JOIN "
            f"(SELECT {ROW}, {day_of(FILE)} AS {DAY} FROM {quarantine}) AS broken USING ({DAY}, {ROW})"
        )
    return connection.sql(rows)
