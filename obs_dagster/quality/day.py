"""One day's rows against the contract: what failed, what is quarantined, whether the day is evaluated."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from obs_dagster.errors import LakeError
from obs_dagster.lake.lake import Lake
from obs_dagster.monitor.model import Monitor
from obs_dagster.monitor.task import totals
from obs_dagster.quality.contract import UNCAST_RULE, contract, neither_class
from obs_dagster.quality.counted import write_counted
from obs_dagster.quality.day_rows import BATCH_ROWS, DayRows, Uncast
from obs_dagster.quality.expectations import ExpectationResult, Suite, Validation, distinct
from obs_dagster.quality.frames import FrameJudge
from obs_dagster.quality.judging import judging
from obs_dagster.quality.refusal import missing, reason_of
from obs_dagster.quality.releases import Parted, parted
from obs_dagster.quality.validated import QUARANTINE, DayQuality, day_quality
from obs_dagster.sources.declared import declared_types
from obs_dagster.sources.files import connect
from obs_dagster.sources.ingest import LOGS
from obs_dagster.sources.log_rows import check_in_place, log_rows, unreadable
from obs_dagster.sources.personal import Personal
from obs_dagster.telemetry.traces import of_day, span

_NOT_NULL = "expect_column_values_to_not_be_null"
#: Of DuckDB's batches eight; with more than a million rows pandas looks for values in sets the slow way.
_CHUNK_ROWS = 8 * BATCH_ROWS


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

    if "sites" in manifest:
        return write_counted(monitor, day, lake, manifest)
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
        replace(
            each,
            examples=[],
            error=each.error and "it could not be evaluated; why is left out, for it may quote values",
        )
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
        conflicts=manifest.get("conflicts", 0),
        conflicting=manifest.get("conflicting", []),
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
