"""Baselines: what each version is compared with, and the grids that follow from the first one."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

import narwhals as nw
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from obs_dagster.errors import LakeError
from obs_dagster.lake.lake import Lake, manifest_metadata, manifest_of, read_json, replacing, write_json
from obs_dagster.monitor.data import RollingBaseline, TrainingBaseline
from obs_dagster.monitor.model import Monitor
from obs_dagster.profile.columns import ROW
from obs_dagster.profile.fit import fit_grids
from obs_dagster.profile.grid import Grids
from obs_dagster.profile.profile import Profile
from obs_dagster.profile.reduction import reduce_rows
from obs_dagster.sources.baseline_rows import BaselineRows, baseline_rows
from obs_dagster.sources.files import SourceFiles, connect, derived
from obs_dagster.sources.quoting import identifier, literal
from obs_dagster.sources.schema import typed_query

if TYPE_CHECKING:
    import duckdb

_FOLDER = "baseline"
_GRIDS = "grids.json"
#: Rows of a baseline that are kept for explanations and Evidently, which need rows.
SAMPLE_ROWS = 5_000


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
    """

    grids: Grids
    versions: tuple[BaselineVersion, ...]


def prepare_baseline(monitor: Monitor, lake: Lake) -> PreparedBaseline:
    """Fit the grids if there are none yet, and reduce every baseline that is new or changed.

    Raises:
        LakeError: there are no rows to fit the grids to.
        SourceError: a file or the warehouse cannot be read.
    """
    folder = lake.folder(monitor.model, _FOLDER)
    with connect() as connection, ExitStack() as stack:
        source = baseline_rows(monitor, connection, folder, stack)
        grids = _grids(connection, monitor, source, folder)
        # a rolling window is made of profiles
        own = {} if isinstance(monitor.baseline, RollingBaseline) else source.versions()
        versions = [
            _prepare_version(
                connection,
                monitor,
                grids,
                _version_folder(folder, version),
                version,
                f"{fingerprint}-{grids.id}-{monitor.cuts}",
                source,
            )
            for version, fingerprint in own.items()
        ]
    return PreparedBaseline(grids, tuple(versions))


def load_grids(monitor: Monitor, lake: Lake) -> Grids:
    """The monitor's grids.

    Raises:
        LakeError: the baseline has not been prepared.
    """
    document = read_json(lake.folder(monitor.model, _FOLDER) / _GRIDS)
    if document is None:
        raise LakeError(
            f"The baseline of {monitor.model} has not been prepared.", remedy="Materialize its asset first."
        )
    return Grids.from_json(document)


def baseline_profile(
    monitor: Monitor, version: str, lake: Lake, rows: pc.Expression | None = None
) -> Profile | None:
    """The profile of a version's own baseline; None if it has none (a rolling window never has).

    Args:
        monitor: the monitor.
        version: the version.
        lake: holds the baseline.
        rows: the rows of the profile to read; left out: all.
    """
    path = _version_folder(lake.folder(monitor.model, _FOLDER), version) / "profile.parquet"
    if not path.exists():
        return None
    return Profile(pq.read_table(path, partitioning=None, filters=rows), load_grids(monitor, lake))


def baseline_sample(monitor: Monitor, version: str, lake: Lake) -> pa.Table | None:
    """Some rows of a version's own baseline, always the same ones; None if it has none."""
    path = _version_folder(lake.folder(monitor.model, _FOLDER), version) / "sample.parquet"
    return pq.read_table(path, partitioning=None) if path.exists() else None


def _version_folder(folder: Path, version: str) -> Path:
    return folder / f"version={quote(version, safe='')}"


def _grids(
    connection: duckdb.DuckDBPyConnection, monitor: Monitor, source: BaselineRows, folder: Path
) -> Grids:
    """The grids that were fitted once; columns that the monitor has gained since are fitted now."""
    document = read_json(folder / _GRIDS)
    known = Grids.from_json(document).columns if document is not None else {}
    if known and {*monitor.features, monitor.logs.columns.score} <= set(known):
        return Grids(known)
    rows = source.files(None)
    if not rows.files:
        if document is not None:
            return Grids(known)
        raise LakeError(
            f"The baseline of {monitor.model} has no rows to fit its grids to.",
            remedy="Check `baseline` in the monitor: there are no rows of its path, or of its days.",
        )
    fitted = fit_grids(nw.from_native(_typed(connection, monitor, rows)), monitor)
    grids = Grids(fitted.columns | known)
    write_json(folder / _GRIDS, grids.to_json())
    return grids


def _typed(
    connection: duckdb.DuckDBPyConnection, monitor: Monitor, source: SourceFiles
) -> duckdb.DuckDBPyRelation:
    relation = source.relation(connection)
    found = dict(zip(relation.columns, map(str, relation.types), strict=True))
    return derived(relation, "source", typed_query(monitor, found, absent_as_null=False))


def _prepare_version(  # noqa: PLR0917  one call
    connection: duckdb.DuckDBPyConnection,
    monitor: Monitor,
    grids: Grids,
    place: Path,
    version: str,
    fingerprint: str,
    source: BaselineRows,
) -> BaselineVersion:
    profile = place / "profile.parquet"
    held = manifest_of(profile) if profile.exists() else {}
    if held.get("fingerprint") != fingerprint or not (place / "sample.parquet").exists():
        column = identifier(monitor.logs.columns.version)
        files = source.files(version)
        rows = _typed(connection, monitor, files)
        if isinstance(monitor.baseline, TrainingBaseline):
            keep = f"EXCLUDE ({column})" if monitor.logs.columns.version in rows.columns else ""
            rows = derived(rows, "typed", f"SELECT * {keep}, {literal(version)} AS {column} FROM typed")
        else:
            rows = derived(rows, "typed", f"SELECT * FROM typed WHERE {column} = {literal(version)}")
        picked = f"SELECT * FROM rows_of_version ORDER BY hash({ROW}), {ROW} LIMIT {SAMPLE_ROWS}"
        sample = derived(rows, "rows_of_version", picked)
        with replacing(place / "sample.parquet") as aside:
            pq.write_table(sample.to_arrow_table(), aside, compression="zstd")
        reduced = reduce_rows(nw.from_native(rows), monitor, grids)
        held = {"fingerprint": fingerprint, "rows": reduced.rows(version), "source": files.pattern}
        with replacing(profile) as aside:
            pq.write_table(
                reduced.table.replace_schema_metadata(manifest_metadata(held)), aside, compression="zstd"
            )
    return BaselineVersion(version, held["rows"], held["source"], held["fingerprint"])
