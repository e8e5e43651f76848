"""One day's rows against the contract: what failed, what is quarantined, whether the day is evaluated."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq

from obs_dagster.errors import LakeError
from obs_dagster.lake.lake import Lake
from obs_dagster.monitor.model import Monitor
from obs_dagster.profile.columns import DAY, FILE, ROW
from obs_dagster.quality.contract import contract, occurrences
from obs_dagster.quality.expectations import validate
from obs_dagster.sources.files import connect
from obs_dagster.sources.ingest import LOGS
from obs_dagster.sources.quoting import identifier, literal, literals

if TYPE_CHECKING:
    import duckdb
    import pandas as pd

QUARANTINE = "quarantine"
RULES = "_obs_rules"
_CHUNK_ROWS = 200_000


@dataclass(frozen=True, slots=True)
class DayQuality:
    """How a day's rows met the contract; kept as the manifest of the day's quarantine.

    Attributes:
        evaluated: whether the day's metrics may be computed.
        reason: why not; empty if they may.
        rows, quarantined, duplicates: of the day.
        versions: rows per version, before quarantine.
        schema_changes: each with `kind`, `column` and `text`.
        broken_rules: rows per rule that they broke.
        results: what became of each expectation.
        fingerprint: changes with the rows that are left.
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

    @property
    def missing_columns(self) -> list[str]:
        """Declared columns that the source did not have."""
        return [change["column"] for change in self.schema_changes if change["kind"] == "missing"]

    @property
    def refused(self) -> bool:
        """Whether there are rows that may not be evaluated; a day without rows is sound, and empty."""
        return not self.evaluated and self.rows > 0

    @property
    def quarantined_share(self) -> float:
        """Quarantined rows over all rows; 0 for a day without rows."""
        return self.quarantined / self.rows if self.rows else 0.0


def validate_day(monitor: Monitor, day: dt.date, lake: Lake, *, chunk_rows: int = _CHUNK_ROWS) -> DayQuality:
    """Validate the day's partition and replace its quarantine.

    Args:
        monitor: declares the contract.
        day: the day.
        lake: holds the partition.
        chunk_rows: how many rows Great Expectations holds in memory at once.

    Raises:
        LakeError: the day has not been ingested.
        SuiteError: the team's suite cannot be read.
    """
    logs = lake.table(monitor.model, LOGS)
    manifest = logs.manifest(day)
    if manifest is None:
        raise LakeError(f"{day} of {monitor.model} has not been ingested.", remedy="Run its night first.")
    absent = [change["column"] for change in manifest["schema_changes"] if change["kind"] == "missing"]
    unique = [name for name, feature in monitor.features.items() if feature.unique]
    suite = Path(monitor.resolve_path(monitor.quality.suite)) if monitor.quality.suite else None
    checked = validate(_chunks(logs.path(day), unique, chunk_rows), contract(monitor, day, absent), suite)
    counted = _counted(checked.broken)
    share = len(checked.broken) / manifest["rows"] if manifest["rows"] else 0.0
    reason = ""
    if share > monitor.quality.max_quarantined_share:
        reason = (
            f"{share:.1%} of the rows broke the contract, "
            f"more than the {monitor.quality.max_quarantined_share:.1%} that are tolerated"
        )
    elif not manifest["rows"]:
        reason = "the log has no rows" if manifest["files"] else "there is no log file"
    elif lost := [name for name in _indispensable(monitor) if name in absent]:
        reason = f"the log has no column {', '.join(lost)}"
    quality = DayQuality(
        evaluated=not reason,
        reason=reason,
        rows=manifest["rows"],
        quarantined=len(checked.broken),
        duplicates=manifest["duplicates"],
        versions=manifest["versions"],
        schema_changes=manifest["schema_changes"],
        broken_rules=counted,
        results=[asdict(result) for result in checked.results],
        fingerprint=f"{manifest['fingerprint']}-{_digest(checked.broken)}{'-refused' if reason else ''}",
    )
    quarantined = _quarantined(logs.path(day), checked.broken)
    lake.table(monitor.model, QUARANTINE).write(day, quarantined, asdict(quality))
    return quality


def day_quality(monitor: Monitor, day: dt.date, lake: Lake) -> DayQuality | None:
    """What `validate_day` found, None if the day was not validated."""
    manifest = lake.table(monitor.model, QUARANTINE).manifest(day)
    return DayQuality(**manifest) if manifest else None


def clean_rows(
    connection: duckdb.DuckDBPyConnection, monitor: Monitor, days: Sequence[dt.date], lake: Lake
) -> duckdb.DuckDBPyRelation:
    """The rows of days without the quarantined ones, lazily, with their day in the text column `_obs_day`.

    Declared columns that the source of one of the days lacks are left out.

    Raises:
        LakeError: a day has not been validated.
    """
    found = {day: day_quality(monitor, day, lake) for day in days}
    absent: dict[str, None] = {}
    for day, quality in found.items():
        if quality is None:
            raise LakeError(
                f"{day} of {monitor.model} has not been validated.", remedy="Run its night first."
            )
        absent |= dict.fromkeys(quality.missing_columns)
    logs = _files(lake, monitor, LOGS, days)
    exclude = ", ".join([FILE, *map(identifier, absent)])
    rows = f"SELECT * EXCLUDE ({exclude}), {_day_of(FILE)} AS {DAY} FROM {logs}"
    broken = [day for day, quality in found.items() if quality is not None and quality.quarantined]
    if broken:
        quarantine = _files(lake, monitor, QUARANTINE, broken)
        rows = (
            f"SELECT log.* FROM ({rows}) AS log ANTI JOIN "
            f"(SELECT {ROW}, {_day_of(FILE)} AS {DAY} FROM {quarantine}) AS broken USING ({DAY}, {ROW})"
        )
    return connection.sql(rows)


def _files(lake: Lake, monitor: Monitor, table: str, days: Sequence[dt.date]) -> str:
    """SQL that reads a table's partitions of some days, with the file that each row is from."""
    paths = literals(str(lake.table(monitor.model, table).path(day)) for day in days)
    return f"read_parquet({paths}, filename = '{FILE}', union_by_name = true, hive_partitioning = false)"


def _day_of(filename: str) -> str:
    return f"regexp_extract({filename}, 'day=([0-9-]{{10}})/[^/]*$', 1)"


def _indispensable(monitor: Monitor) -> list[str]:
    """The columns without which rows cannot be evaluated at all."""
    roles = monitor.logs.columns
    return [roles.prediction_id, roles.time, roles.version, roles.score]


def _chunks(path: Path, unique: list[str], size: int) -> Iterator[pd.DataFrame]:
    """The day's rows as frames of bounded size, indexed by row number; one empty frame for an empty day."""
    counts = "".join(
        f", count({identifier(name)}) OVER (PARTITION BY {identifier(name)}) "
        f"AS {identifier(occurrences(name))}"
        for name in unique
    )
    with connect() as connection:
        rows = connection.sql(
            f"SELECT *{counts} FROM read_parquet({literal(str(path))}, hive_partitioning = false) "
            f"ORDER BY {ROW}"
        )
        batches = rows.fetch_record_batch(size)
        empty = batches.schema.empty_table()
        frame = None
        for batch in batches:
            frame = batch.to_pandas().set_index(ROW).rename_axis(index=None)
            yield frame
        if frame is None:
            yield empty.to_pandas().set_index(ROW).rename_axis(index=None)


def _counted(broken: dict[int, list[str]]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for rules in broken.values():
        for rule in rules:
            counts[rule] = counts.get(rule, 0) + 1
    return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))


def _digest(broken: dict[int, list[str]]) -> str:
    return hashlib.sha256(str(sorted(broken)).encode()).hexdigest()[:16]


def _quarantined(path: Path, broken: dict[int, list[str]]) -> pa.Table:
    """The broken rows, whole, with the rules they broke."""
    rows = pa.array(sorted(broken), pa.int64())
    found = pq.read_table(path, filters=ds.field(ROW).isin(rows), partitioning=None).sort_by(ROW)
    rules = pa.array([broken[row] for row in found[ROW].to_pylist()], pa.list_(pa.string()))
    return found.append_column(RULES, rules)
