"""Baselines prepared: the grids, and what each version is compared with."""

from __future__ import annotations

import datetime as dt
import shutil
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from uuid import uuid4

import narwhals as nw
import pyarrow as pa
import pyarrow.parquet as pq

from obs_dagster.baselines.days import BaselineDay, BaselineDays
from obs_dagster.baselines.log_days import LogDays
from obs_dagster.baselines.rows import training_files
from obs_dagster.baselines.stored import (
    GRIDS,
    PROFILE,
    SAMPLE,
    SAMPLE_ROWS,
    baseline_folder,
    grown_grids,
    version_folder,
)
from obs_dagster.errors import LakeError
from obs_dagster.lake.columns import ROW
from obs_dagster.lake.lake import (
    Lake,
    manifest_if_readable,
    manifest_metadata,
    read_json,
    replacing,
    write_json,
)
from obs_dagster.lake.quoting import identifier, literal
from obs_dagster.monitor.data import DaysBaseline, RollingBaseline, TrainingBaseline
from obs_dagster.monitor.model import Monitor
from obs_dagster.profile.columns import profiled_columns
from obs_dagster.profile.grids.fit import fit_grids
from obs_dagster.profile.grids.grid import Grids
from obs_dagster.profile.profile import Profile
from obs_dagster.profile.reduction import reduce_rows
from obs_dagster.sources.files import SourceFiles, connect, derived
from obs_dagster.sources.log_schema import LogSchema
from obs_dagster.sources.training_faults import training_faults

if TYPE_CHECKING:
    import duckdb


#: Characters of a folder's name that another one, beside it, is called by.
_NAME_LENGTH = 100


@dataclass(frozen=True, slots=True)
class BaselineVersion:
    """The baseline of one version: how many rows it has and where they came from.

    Attributes:
        fingerprint: changes with its rows, the grids and the segments.
    """

    version: str
    rows: int
    source: str
    fingerprint: str


@dataclass(frozen=True, slots=True)
class PreparedBaseline:
    """All baselines of a monitor.

    Attributes:
        grids: the grids that every profile of the monitor uses.
        versions: the versions that have a baseline of their own; none if it is a rolling window.
        days: the days that the baselines are made of; none if they are training data, or rolling windows.
        lost: why days that had rows are not in the baselines any more.
        faults: what is wrong with training rows of versions that were prepared now.
    """

    grids: Grids
    versions: tuple[BaselineVersion, ...]
    days: tuple[BaselineDay, ...] = ()
    lost: Mapping[dt.date, str] = field(default_factory=dict)
    faults: tuple[str, ...] = ()


def prepare_baseline(monitor: Monitor, lake: Lake) -> PreparedBaseline:
    """Fit the grids if there are none yet, and prepare every baseline that is new or changed.

    Baselines of days are the sums of the days' stored profiles. Rows are read to fit grids, of days that have
    no such profile, and for samples: from the lake, or else from the log by the rules of a night.

    Raises:
        LakeError: there are no rows to fit the grids to.
        SourceError: a file or the warehouse cannot be read.
    """
    baseline = monitor.baseline
    with connect() as connection, ExitStack() as stack:
        if isinstance(baseline, TrainingBaseline):
            return _only(_of_training(connection, monitor, baseline, lake), monitor, lake)
        log = LogDays(monitor, _days(monitor, baseline), lake, stack)
        grids = _grids(monitor, lake, lambda: log.all_rows(connection))
        if isinstance(baseline, RollingBaseline):
            # it is merged from profiles, each night anew
            return _only(PreparedBaseline(grids, ()), monitor, lake)
        return _only(_of_days(monitor, BaselineDays(monitor, lake, grids, log), grids, lake), monitor, lake)


def _only(found: PreparedBaseline, monitor: Monitor, lake: Lake) -> PreparedBaseline:
    """What was prepared, after versions that have no baseline any more have lost their old one."""
    kept = {version_folder(monitor, each.version, lake).name for each in found.versions}
    folders = baseline_folder(monitor, lake).glob("version=*")
    left = sorted(folder for folder in folders if folder.name not in kept)
    for folder in left:
        gone = folder.with_name(f".{folder.name[:_NAME_LENGTH]}.{uuid4().hex}")
        folder.replace(gone)
        shutil.rmtree(gone)
    return found


def _of_training(
    connection: duckdb.DuckDBPyConnection, monitor: Monitor, baseline: TrainingBaseline, lake: Lake
) -> PreparedBaseline:
    sources = training_files(monitor, baseline)

    def typed(source: SourceFiles) -> duckdb.DuckDBPyRelation:
        return connection.sql(LogSchema.of(monitor).rows(source.parts(connection), absent_as_null=False))

    def every() -> duckdb.DuckDBPyRelation | str:
        if not sources:
            return f"there are no files at {baseline.path}"
        files = sorted({file for source in sources.values() for file in source.files})
        return typed(next(iter(sources.values())).only(files))

    grids = _grids(monitor, lake, every)
    versions = []
    faults: list[str] = []
    for version, source in sources.items():
        fingerprint = f"{source.fingerprint()}-{grids.id}-{monitor.cuts}"
        held = _held(monitor, version, fingerprint, lake)
        if held is None:
            faults += training_faults(connection, monitor, source)
            rows = _named(typed(source), monitor, version)
            picked = f"SELECT * FROM training ORDER BY hash({ROW}), {ROW} LIMIT {SAMPLE_ROWS}"
            sample = derived(rows, "training", picked).to_arrow_table()
            frame = nw.from_native(rows)
            profile = reduce_rows(frame, monitor, grown_grids(monitor, frame, lake))
            held = BaselineVersion(version, profile.rows(version), source.pattern, fingerprint)
            _write(monitor, held, profile, sample, lake)
        versions.append(held)
    return PreparedBaseline(grids, tuple(versions), faults=tuple(faults))


def _named(rows: duckdb.DuckDBPyRelation, monitor: Monitor, version: str) -> duckdb.DuckDBPyRelation:
    """Training rows of a version, as rows of a log that name it."""
    column = identifier(monitor.logs.columns.version)
    keep = f"EXCLUDE ({column})" if monitor.logs.columns.version in rows.columns else ""
    return derived(rows, "typed", f"SELECT * {keep}, {literal(version)} AS {column} FROM typed")


def _of_days(monitor: Monitor, days: BaselineDays, grids: Grids, lake: Lake) -> PreparedBaseline:
    found = days.prepare()
    versions = []
    for version in sorted({version for day in found for version in day.rows}):
        fingerprint = days.fingerprint(version, found)
        held = _held(monitor, version, fingerprint, lake)
        if held is None:
            profile = days.profile(version, found)
            source = monitor.logs.table or monitor.logs.path
            held = BaselineVersion(version, profile.rows(version), source, fingerprint)
            _write(monitor, held, profile, days.sample(version, found), lake)
        versions.append(held)
    return PreparedBaseline(grids, tuple(versions), tuple(found), days.lost)


def _days(monitor: Monitor, baseline: DaysBaseline | RollingBaseline) -> list[dt.date]:
    """The days of the baseline; of a rolling one its first days, which the grids follow."""
    if isinstance(baseline, DaysBaseline):
        first, number = baseline.first, (baseline.last - baseline.first).days + 1
    else:
        first, number = monitor.start, baseline.days
    return [first + dt.timedelta(days=offset) for offset in range(number)]


def _grids(monitor: Monitor, lake: Lake, rows: Callable[[], duckdb.DuckDBPyRelation | str]) -> Grids:
    """The grids that were fitted once; columns that the monitor has gained since are fitted now.

    Args:
        monitor: names the columns.
        lake: holds the grids.
        rows: gives the rows to fit grids to, or says why there are none.
    """
    path = baseline_folder(monitor, lake) / GRIDS
    document = read_json(path)
    known = Grids.from_json(document).columns if document is not None else {}
    if known and {each.name for each in profiled_columns(monitor)} <= set(known):
        return Grids(known)
    found = rows()
    if isinstance(found, str):
        if document is not None:
            return Grids(known)
        raise LakeError(
            f"The baseline of {monitor.model} has no rows to fit its grids to: {found}.",
            remedy="Check `baseline` in the monitor, and that its rows are there.",
        )
    grids = Grids(fit_grids(nw.from_native(found), monitor).columns | known)
    write_json(path, grids.to_json())
    return grids


def _held(monitor: Monitor, version: str, fingerprint: str, lake: Lake) -> BaselineVersion | None:
    """The baseline of a version as it was prepared before, if it has this fingerprint."""
    folder = version_folder(monitor, version, lake)
    if not (folder / PROFILE).exists() or not (folder / SAMPLE).exists():
        return None
    held = manifest_if_readable(folder / PROFILE) or {}
    if held.get("fingerprint") != fingerprint or manifest_if_readable(folder / SAMPLE) is None:
        return None
    return BaselineVersion(version, held["rows"], held["source"], fingerprint)


def _write(
    monitor: Monitor, version: BaselineVersion, profile: Profile, sample: pa.Table, lake: Lake
) -> None:
    """Replace the baseline of a version; the profile, with the fingerprint, comes last."""
    folder = version_folder(monitor, version.version, lake)
    with replacing(folder / SAMPLE) as aside:
        pq.write_table(sample, aside, compression="zstd")
    manifest = {"fingerprint": version.fingerprint, "rows": version.rows, "source": version.source}
    with replacing(folder / PROFILE) as aside:
        described = profile.table.replace_schema_metadata(manifest_metadata(manifest))
        pq.write_table(described, aside, compression="zstd")
