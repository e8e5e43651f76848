"""One day's rows against the contract: what failed, what is quarantined, whether the day is evaluated."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from obs_dagster.errors import LakeError
from obs_dagster.lake.columns import DAY, FILE, ROW
from obs_dagster.lake.lake import Lake
from obs_dagster.lake.quoting import identifier, literals
from obs_dagster.monitor.model import Monitor
from obs_dagster.monitor.task import totals
from obs_dagster.quality.contract import UNCAST_RULE, contract, neither_class
from obs_dagster.quality.day_rows import BATCH_ROWS, DayRows, Uncast
from obs_dagster.quality.expectations import ExpectationResult, Suite, Validation, distinct
from obs_dagster.quality.frames import FrameJudge
from obs_dagster.quality.judging import judging
from obs_dagster.quality.refusal import fact, missing, reason_of
from obs_dagster.quality.releases import Parted, parted
from obs_dagster.sources.declared import declared_types
from obs_dagster.sources.files import connect
from obs_dagster.sources.ingest import LOGS
from obs_dagster.sources.log_rows import check_in_place, day_of, log_rows, unreadable
from obs_dagster.sources.personal import Personal
from obs_dagster.sources.unreadable_log import UNREADABLE
from obs_dagster.telemetry.traces import of_day, span

if TYPE_CHECKING:
    import duckdb

QUARANTINE = "quarantine"
_NOT_NULL = "expect_column_values_to_not_be_null"
#: Of DuckDB's batches eight; with more than a million rows pandas looks for values in sets the slow way.
_CHUNK_ROWS = 8 * BATCH_ROWS


@dataclass(frozen=True, slots=True)
class DayQuality:
    """How a day's rows met the contract; kept as the manifest of the day's quarantine.

    Attributes:
        evaluated: whether the day's metrics may be computed.
        reason: why not: a line for what is wrong, and one for by which rule, column or file; empty if they
            may.
        rows: rows of the day, one per version and prediction id.
        quarantined: those of them that broke the contract.
        duplicates: rows that were read beside them, whose prediction a later row repeats.
        versions: rows per version, before quarantine.
        schema_changes: each with `kind`, `column` and `text`.
        broken_rules: rows per rule that they broke.
        results: what became of each expectation.
        fingerprint: changes with the rows that are left.
        examples: a value that broke the rule, per rule, where there is one.
        released: rows per rule that they broke and are evaluated nonetheless (see `quality.releases`).
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
    purged: bool = False

    def without_values(self) -> DayQuality:
        """The same, without a value of any row."""
        results = [each | {"examples": []} for each in self.results]
        reason = self.reason
        if self.examples and self.broken_rules and reason:
            told = (f"{rule}: {rows:,} row{'s' * (rows != 1)}" for rule, rows in self.broken_rules.items())
            reason = f"{fact(reason)}\n{'; '.join(told)}"
        return replace(self, purged=True, examples={}, results=results, reason=reason)

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
    def quarantined_share(self) -> float:
        """Quarantined rows over all rows that were read; 0 for a day without rows."""
        return self.quarantined / self.rows_read if self.rows_read else 0.0


def validate_day(monitor: Monitor, day: dt.date, lake: Lake, *, chunk_rows: int = _CHUNK_ROWS) -> DayQuality:
    """Validate one day (see `validate_days`)."""
    return next(quality for _, quality in validate_days(monitor, [day], lake, chunk_rows=chunk_rows))


def validate_days(
    monitor: Monitor, days: Iterable[dt.date], lake: Lake, *, chunk_rows: int = _CHUNK_ROWS
) -> Iterator[tuple[dt.date, DayQuality]]:
    """Validate the partitions of days, one after the other, and replace their quarantines.

    Args:
        monitor: declares the contract.
        days: the days.
        lake: holds the partitions.
        chunk_rows: how many rows of a few columns Great Expectations holds in memory at once; of many columns
            it holds fewer.

    Raises:
        LakeError: a day has not been ingested, or its partition is damaged.
        SourceError: a file that is read in place is damaged, gone or was rewritten.
        SuiteError: the team's suite cannot be read.
    """
    with span("load expectations"):
        suite = Suite(Path(monitor.resolve_path(monitor.quality.suite)) if monitor.quality.suite else None)
        frames = FrameJudge()
    for day in days:
        manifest = lake.table(monitor.model, LOGS).manifest(day)
        if manifest is None:
            raise LakeError(f"{day} of {monitor.model} has not been ingested.", remedy="Run its night first.")
        with of_day(day), span("validate", engine=monitor.engine.kind) as told:
            found = _validated(monitor, day, lake, manifest, suite, frames, chunk_rows)
            told.set(
                rows=found.rows,
                quarantined=found.quarantined,
                evaluated=found.evaluated,
                expectations=len(found.results),
            )
        yield day, found


def _validated(  # noqa: PLR0917  one call
    monitor: Monitor,
    day: dt.date,
    lake: Lake,
    manifest: Mapping[str, Any],
    suite: Suite,
    frames: FrameJudge,
    chunk_rows: int,
) -> DayQuality:
    import duckdb

    absent = missing(manifest)
    engine, personal = judging(monitor), Personal.of(monitor)
    unique = [name for name, each in monitor.features.items() if each.unique and not engine.counts_unique]
    with connect() as connection:
        try:
            query = log_rows(connection, monitor, [day], lake)
            added = [each.columns for each in totals(monitor)]
            rows = DayRows(
                connection, query, unique, manifest["rows"], chunk_rows, totals=added, personal=personal
            )
            judge = engine.judge(monitor, day, lake, rows, frames)
            checked = _without_personal(suite.validate(judge, contract(monitor, day, absent)), personal)
            kept = parted(monitor, day, lake, rows, checked.broken)
            check_in_place(monitor, [day], lake)
            uncast = kept.uncast(rows.uncast(declared_types(monitor)))
            quality = _judged(monitor, day, manifest, checked.results, kept, uncast)
            before = day_quality(monitor, day, lake)
            if before is not None and before.purged:
                quality = quality.without_values()
            quarantine = lake.table(monitor.model, QUARANTINE).path(day)
            rows.write_broken(quarantine, kept.broken, asdict(quality), whole=not quality.purged)
        except duckdb.Error as error:
            raise unreadable(monitor, day, lake, error) from error
    return quality


def _without_personal(found: Validation, personal: Personal) -> Validation:
    """What was found, without values that are personal; neither do errors of libraries, which quote them."""
    results = [
        replace(each, examples=[], error=each.error and "it could not be evaluated on personal data")
        if personal.hides(each.column)
        else each
        for each in found.results
    ]
    return replace(found, results=results)


def _judged(  # noqa: PLR0917  one call
    monitor: Monitor,
    day: dt.date,
    manifest: Mapping[str, Any],
    results: Sequence[ExpectationResult],
    kept: Parted,
    uncast: Sequence[Uncast],
) -> DayQuality:
    """What follows for a day from its manifest and its validation."""
    broken = distinct(kept.broken.values())
    counts = {rule: len(rows) for rule, rows in kept.broken.items()}
    rules = dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))
    examples = {
        result.rule: result.examples[0]
        for result in results
        # what is missing has no value to show
        if result.rule in rules
        and result.name != _NOT_NULL
        and result.rule != UNCAST_RULE
        and result.examples
    }
    reason = reason_of(
        monitor,
        day,
        manifest,
        quarantined=len(broken),
        rules=_by_column(monitor, rules, uncast),
        examples=examples | {each.rule: each.example for each in uncast},
    )
    digest = hashlib.sha256(broken.astype("<i8").tobytes()).hexdigest()[:16]
    return DayQuality(
        evaluated=not reason,
        reason=reason,
        rows=manifest["rows"],
        quarantined=len(broken),
        duplicates=manifest["duplicates"],
        versions=manifest["versions"],
        schema_changes=manifest["schema_changes"],
        broken_rules=rules,
        results=[asdict(result) for result in results],
        fingerprint=f"{manifest['fingerprint']}-{digest}{'-refused' if reason else ''}",
        examples=examples | ({UNCAST_RULE: uncast[0].told} if uncast else {}),
        released=kept.released,
    )


def _by_column(monitor: Monitor, rules: Mapping[str, int], uncast: Sequence[Uncast]) -> dict[str, int]:
    """Rows per rule, the most first, with a rule per column for values that are not of the declared type.

    Such a value is null in the lake; that it is missing follows, and is not said.
    """
    # a decision has a rule of its own, which knows the remedy
    decided = monitor.logs.columns.prediction if neither_class(monitor) in rules else None
    typed = {each.rule: each.rows for each in uncast if each.column != decided}
    follows = {f"{each.column} is missing": each.rows for each in uncast}
    rest = {rule: rows for rule, rows in rules.items() if rule != UNCAST_RULE and rows > follows.get(rule, 0)}
    return dict(sorted((typed | rest).items(), key=lambda item: -item[1]))


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
