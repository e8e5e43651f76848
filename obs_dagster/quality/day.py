"""One day's rows against the contract: what failed, what is quarantined, whether the day is evaluated."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from obs_dagster.errors import LakeError
from obs_dagster.lake.lake import Lake
from obs_dagster.monitor.model import Monitor
from obs_dagster.monitor.task import totals
from obs_dagster.quality.concluded import concluded
from obs_dagster.quality.contract import UNCAST_RULE, contract
from obs_dagster.quality.counted import write_counted
from obs_dagster.quality.day_rows import BATCH_ROWS, DayRows, Uncast
from obs_dagster.quality.expectations import ExpectationResult, Suite, Validation, added_up, distinct
from obs_dagster.quality.frames import FrameJudge
from obs_dagster.quality.judging import judging
from obs_dagster.quality.refusal import missing
from obs_dagster.quality.releases import Parted, parted
from obs_dagster.quality.validated import QUARANTINE, DayQuality, day_quality
from obs_dagster.quality.warehouse import count_contract
from obs_dagster.sources.declared import declared_types
from obs_dagster.sources.files import connect
from obs_dagster.sources.ingest import LOGS
from obs_dagster.sources.log_rows import check_in_place, log_rows, unreadable
from obs_dagster.sources.personal import Personal
from obs_dagster.sources.warehouse_counts import STAYS
from obs_dagster.telemetry.traces import of_day, span

_NOT_NULL = "expect_column_values_to_not_be_null"
#: Of DuckDB's batches eight; with more than a million rows pandas looks for values in sets the slow way.
_CHUNK_ROWS = 8 * BATCH_ROWS


def validate_day(monitor: Monitor, day: dt.date, lake: Lake, *, chunk_rows: int = 0) -> DayQuality:
    """Validate one day (see `validate_days`)."""
    return next(quality for _, quality in validate_days(monitor, [day], lake, chunk_rows=chunk_rows))


def validate_days(
    monitor: Monitor, days: Iterable[dt.date], lake: Lake, *, chunk_rows: int = 0
) -> Iterator[tuple[dt.date, DayQuality]]:
    """Validate the partitions of days, one after the other, and replace their quarantines.

    Args:
        monitor: declares the contract.
        days: the days.
        lake: holds the partitions.
        chunk_rows: how many rows of a few columns Great Expectations holds in memory at once; of many columns
            it holds fewer. Left out: about a million.

    Raises:
        LakeError: a day has not been ingested, or its partition is damaged.
        SourceError: a file that is read in place is damaged, gone or was rewritten.
        SuiteError: the team's suite cannot be read.
    """
    judges: _Judges | None = None
    for day in days:
        manifest = lake.table(monitor.model, LOGS).manifest(day)
        if manifest is None:
            raise LakeError(f"{day} of {monitor.model} has not been ingested.", remedy="Run its night first.")
        with of_day(day), span("validate", engine=monitor.engine.kind) as told:
            if "sites" in manifest:
                found = write_counted(monitor, day, lake, manifest)
            elif STAYS in manifest:
                found = count_contract(monitor, day, lake, manifest)
            else:
                asked = _Asked(monitor, day, lake, manifest, chunk_rows or _CHUNK_ROWS)
                if monitor.engine.reads_here:
                    # what takes seconds to import is loaded where there are rows, once for all days
                    judges = judges or _Judges.of(monitor)
                    found = _whole(asked, judges)
                else:
                    found = _in_parts(asked)
            told.set(
                rows=found.rows,
                quarantined=found.quarantined,
                evaluated=found.evaluated,
                expectations=len(found.results),
            )
        yield day, found


@dataclass(frozen=True, slots=True)
class _Judges:
    """What judges the rows of days, kept from day to day."""

    suite: Suite
    frames: FrameJudge

    @classmethod
    def of(cls, monitor: Monitor) -> _Judges:
        with span("load expectations"):
            file = Path(monitor.resolve_path(monitor.quality.suite)) if monitor.quality.suite else None
            return cls(Suite(file), FrameJudge())


@dataclass(frozen=True, slots=True)
class _Asked:
    """A day to validate, which has been ingested."""

    monitor: Monitor
    day: dt.date
    lake: Lake
    manifest: Mapping[str, Any]
    chunk_rows: int

    @property
    def parts(self) -> list[range]:
        """Row numbers of the day, a chunk's each; few of them may be those of no row."""
        rows = self.manifest.get("source_rows", self.manifest["rows"])
        return [range(first, first + self.chunk_rows) for first in range(0, max(rows, 1), self.chunk_rows)]

    @contextmanager
    def rows(self, numbers: range | None = None) -> Iterator[DayRows]:
        """The rows; frames have those with some numbers, if these are given.

        Raises:
            LakeError: the partition is damaged.
            SourceError: a file that is read in place is damaged, gone or was rewritten.
        """
        import duckdb

        monitor = self.monitor
        with connect() as connection:
            try:
                yield DayRows(
                    connection,
                    log_rows(connection, monitor, [self.day], self.lake),
                    [name for name, each in monitor.features.items() if each.unique],
                    self.manifest["rows"] if numbers is None else len(numbers),
                    self.chunk_rows,
                    totals=[each.columns for each in totals(monitor)],
                    personal=Personal.of(monitor),
                    numbers=numbers,
                    unread=[name for name in monitor.content if monitor.content[name].type != "text"],
                )
                check_in_place(monitor, [self.day], self.lake)
            except duckdb.Error as error:
                raise unreadable(monitor, self.day, self.lake, error) from error

    def checked(self, rows: DayRows, judges: _Judges) -> Validation:
        """Which expectations rows break."""
        judge = judging(self.monitor).judge(self.monitor, self.day, self.lake, rows, judges.frames)
        expected = contract(self.monitor, self.day, missing(self.manifest))
        return _without_personal(judges.suite.validate(judge, expected), Personal.of(self.monitor))

    def settled(self, rows: DayRows, checked: Validation) -> DayQuality:
        """Replace the quarantine by the rows that broke expectations."""
        monitor, day, lake = self.monitor, self.day, self.lake
        kept = parted(monitor, day, lake, rows, checked.broken)
        uncast = kept.uncast(rows.uncast(declared_types(monitor)))
        quality = _judged(monitor, day, self.manifest, checked.results, kept, uncast)
        before = day_quality(monitor, day, lake)
        if before is not None and before.purged:
            quality = quality.without_values()
        quarantine = lake.table(monitor.model, QUARANTINE).path(day)
        check_in_place(monitor, [day], lake)
        rows.write_broken(quarantine, kept.broken, asdict(quality), whole=not quality.purged)
        return quality


def _whole(asked: _Asked, judges: _Judges) -> DayQuality:
    with asked.rows() as rows:
        return asked.settled(rows, asked.checked(rows, judges))


def _in_parts(asked: _Asked) -> DayQuality:
    """The same where rows are read: their numbers are all that workers tell each other."""
    return asked.monitor.engine.in_parts(
        partial(_part, asked), asked.parts, partial(_settled, asked), personal=bool(asked.monitor.personal)
    )


def _part(asked: _Asked, numbers: range) -> Validation | None:
    """Which expectations rows with some numbers break; None if there are no such rows."""
    with asked.rows(numbers) as rows:
        return asked.checked(rows, _Judges.of(asked.monitor)) if rows.are_there() else None


def _settled(asked: _Asked, found: Sequence[Validation | None]) -> DayQuality:
    """What follows from what was found of all parts."""
    parts = [each for each in found if each is not None]
    if not parts:
        return _whole(asked, _Judges.of(asked.monitor))
    with asked.rows() as rows:
        return asked.settled(rows, added_up(parts))


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
    examples = {
        result.rule: result.examples[0]
        for result in results
        # what is missing has no value to show
        if result.rule in kept.broken
        and result.name != _NOT_NULL
        and result.rule != UNCAST_RULE
        and result.examples
    }
    return concluded(
        monitor,
        day,
        manifest,
        quarantined=len(broken),
        broken={rule: len(rows) for rule, rows in kept.broken.items()},
        released=kept.released,
        results=results,
        uncast=uncast,
        digest=hashlib.sha256(broken.astype("<i8").tobytes()).hexdigest()[:16],
        examples=examples,
    )
