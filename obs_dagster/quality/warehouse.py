"""A day's rows against the contract where they stay in the warehouse: counts per rule, and who is clean."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import reduce
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from obs_dagster.errors import SourceError
from obs_dagster.lake.columns import DAY, ROW, UNCAST
from obs_dagster.lake.lake import Lake
from obs_dagster.monitor.model import Monitor
from obs_dagster.quality.broken_in_sql import (
    TABLE,
    breaks,
    by_rule,
    name_of,
    uncast_columns,
    with_contract_columns,
)
from obs_dagster.quality.concluded import concluded
from obs_dagster.quality.contract import Expectation, contract
from obs_dagster.quality.day_rows import RULES, Uncast
from obs_dagster.quality.expectations import ExpectationResult
from obs_dagster.quality.refusal import missing, outside, type_in_words
from obs_dagster.quality.releases import Release, releases_of
from obs_dagster.quality.validated import QUARANTINE, DayQuality
from obs_dagster.sources.declared import declared_types, derived_columns
from obs_dagster.sources.ingest import LOGS
from obs_dagster.sources.log_table import log_table
from obs_dagster.sources.warehouse import settled
from obs_dagster.sources.warehouse_casts import NOT
from obs_dagster.sources.warehouse_counts import stamp_of_day
from obs_dagster.sources.warehouse_rows import declared_rows, one_per_prediction, uncast_mark

if TYPE_CHECKING:
    import ibis

#: Columns of an answer; databases have a bound on them.
_MOST_COUNTS = 400
_NO_ROWS = pa.schema([(ROW, pa.int64()), (RULES, pa.list_(pa.string()))]).empty_table()


@dataclass(frozen=True, slots=True)
class Judged:
    """Rows of days with what they break.

    Attributes:
        rows: one per prediction, as declared, with the columns that the contract is about.
        expected: the contract.
        broken: per rule whether a row breaks it and is not released.
        released: per rule whether a row would have, and is.
    """

    rows: ibis.Table
    expected: Sequence[Expectation]
    broken: Mapping[str, ibis.BooleanValue]
    released: Mapping[str, ibis.BooleanValue]

    @classmethod
    def of(cls, log: ibis.Table, monitor: Monitor, days: Sequence[dt.date], lake: Lake) -> Judged:
        """The rows of ingested days of which the log has the same declared columns."""
        logs = lake.table(monitor.model, LOGS)
        manifests = [logs.manifest(day) or {"schema_changes": []} for day in days]
        absent = {name for each in manifests for name in missing(each)}
        rows = declared_rows(log, monitor, days)
        if any(each.get("duplicates") for each in manifests):
            rows = one_per_prediction(rows, monitor)
        rows = with_contract_columns(rows, monitor)
        expected = contract(monitor, days[0], sorted(absent))
        # that rows are of their day is what they are picked by
        asked = [each for each in expected if each.rule != outside(monitor, days[0])]
        broken, released = by_rule(asked, rows), dict[str, Any]()
        for each in releases_of(monitor.model, lake):
            if on := [str(day) for day in days if each.holds(day)]:
                held = rows[DAY].isin(on)
                if each.versions:
                    of = rows[monitor.logs.columns.version].isin(list(each.versions))
                    held &= of.fill_null(NOT)
                _release(each, held, broken, released)
        return cls(rows, expected, broken, released)

    @property
    def quarantined(self) -> ibis.BooleanValue | None:
        """Whether a row breaks any rule; None if none can."""
        return reduce(lambda one, other: one | other, self.broken.values()) if self.broken else None

    def clean(self, monitor: Monitor, absent: Sequence[str]) -> ibis.Table:
        """The rows that break no rule, with the declared columns but those that are absent."""
        kept = self.rows if self.quarantined is None else self.rows.filter(~self.quarantined)
        names = [DAY, *declared_types(monitor), *derived_columns(monitor)]
        return kept.select([name for name in names if name in kept.columns and name not in absent])


def _release(
    release: Release,
    held: ibis.BooleanValue,
    broken: dict[str, ibis.BooleanValue],
    released: dict[str, ibis.BooleanValue],
) -> None:
    """Take the rows that a release is about out of those that break its rule."""
    if release.rule not in broken:
        return
    held &= broken[release.rule]
    broken[release.rule] &= ~held
    released[release.rule] = released[release.rule] | held if release.rule in released else held


def count_contract(monitor: Monitor, day: dt.date, lake: Lake, manifest: Mapping[str, Any]) -> DayQuality:
    """Count in the warehouse what a day's rows break, and replace the day's quarantine, which has no rows.

    Raises:
        SourceError: the warehouse cannot be read, or has other rows of the day than when it was ingested.
    """
    results, rules, released, quarantined, uncast = [], {}, {}, 0, list[Uncast]()
    if manifest["rows"]:
        with log_table(monitor).opened() as (log,):
            judged = Judged.of(log, monitor, [day], lake)
            counts = broken_counts(judged)
        check_unchanged(monitor, [day], lake)
        results = list(_results(judged, counts, manifest["rows"]))
        rules = {rule: rows for rule in judged.broken if (rows := counts[f"broken {rule}"])}
        released = {rule: rows for rule in judged.released if (rows := counts[f"released {rule}"])}
        quarantined = counts["quarantined"]
        types = declared_types(monitor)
        uncast = [
            Uncast(name, type_in_words(types[name]), rows, "")
            for name in uncast_columns(judged.rows)
            if (rows := counts[f"uncast {name}"])
        ]
    told = f"{sorted(rules.items())} {sorted(released.items())} {quarantined}"
    quality = concluded(
        monitor,
        day,
        manifest,
        quarantined=quarantined,
        broken=rules,
        released=released,
        results=results,
        uncast=sorted(uncast, key=lambda each: -each.rows),
        digest=hashlib.sha256(told.encode()).hexdigest()[:16],
    )
    lake.table(monitor.model, QUARANTINE).write(day, _NO_ROWS, asdict(quality))
    return quality


def clean_table(log: ibis.Table, monitor: Monitor, days: Sequence[dt.date], lake: Lake) -> ibis.Table:
    """The clean rows of validated days, lazily.

    Args:
        log: the log.
        monitor: declares the contract.
        days: validated days of which the log has the same declared columns.
        lake: knows the days.
    """
    table = lake.table(monitor.model, LOGS)
    absent = {name for day in days for name in missing(table.manifest(day) or {"schema_changes": []})}
    return settled(Judged.of(log, monitor, days, lake).clean(monitor, sorted(absent)))


def check_unchanged(monitor: Monitor, days: Sequence[dt.date], lake: Lake) -> None:
    """Make sure, after a warehouse was asked, that rows of days are those that were ingested.

    Raises:
        SourceError: rows came or went.
    """
    table = lake.table(monitor.model, LOGS)
    for day in days:
        manifest = table.readable(day) or {}
        if manifest.get("rows") and stamp_of_day(monitor, day) != manifest["stamp"]:
            raise SourceError(
                f"The rows of {day} in {log_table(monitor)} are not those that its night has read: some came "
                "or went since.",
                remedy=f"Run the day {day} again.",
            )


def broken_counts(judged: Judged) -> dict[str, int]:
    """How many rows break what."""
    wanted: dict[str, ibis.BooleanValue] = {f"broken {rule}": each for rule, each in judged.broken.items()}
    wanted |= {f"released {rule}": each for rule, each in judged.released.items()}
    for number, each in enumerate(judged.expected):
        if each.rule in judged.broken and (condition := breaks(each, judged.rows)) is not None:
            wanted[f"expectation {number}"] = condition
    for name in uncast_columns(judged.rows):
        wanted[f"uncast {name}"] = judged.rows[uncast_mark(name)].fill_null(NOT)
    if judged.quarantined is not None:
        wanted["quarantined"] = judged.quarantined
    found = dict.fromkeys([*wanted, "quarantined"], 0)
    names = list(wanted)
    for start in range(0, len(names), _MOST_COUNTS):
        chosen = names[start : start + _MOST_COUNTS]
        # databases cut long names
        counts = {f"c{place}": wanted[name].ifelse(1, 0).sum() for place, name in enumerate(chosen)}
        [row] = judged.rows.aggregate(**counts).to_pyarrow().to_pylist() or [{}]
        found |= {name: int(row.get(f"c{place}") or 0) for place, name in enumerate(chosen)}
    return found


def _results(judged: Judged, counts: Mapping[str, int], rows: int) -> Iterator[ExpectationResult]:
    """What became of each expectation; values that broke it stay where they are."""
    present = set(judged.rows.columns) | {UNCAST}
    for number, each in enumerate(judged.expected):
        failed = counts.get(f"expectation {number}", 0)
        column = str(each.arguments["column"])
        about_table = each.kind == TABLE
        yield ExpectationResult(
            name=name_of(each),
            column=column,
            rule=each.rule,
            origin="contract",
            success=column in present if about_table else not failed,
            checked=0 if about_table else rows,
            failed=failed,
        )
