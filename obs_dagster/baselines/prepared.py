"""Baselines as they were prepared: the grids, and what each version is compared with."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import narwhals as nw
import pyarrow as pa
import pyarrow.parquet as pq

from obs_dagster.baselines.days import BaselineDay
from obs_dagster.baselines.stored import GRIDS, PROFILE, SAMPLE, baseline_folder, version_folder
from obs_dagster.errors import LakeError
from obs_dagster.lake.lake import (
    Lake,
    manifest_if_readable,
    manifest_metadata,
    read_json,
    replacing,
    write_json,
    write_rows,
)
from obs_dagster.monitor.model import Monitor
from obs_dagster.profile.columns import profiled_columns
from obs_dagster.profile.grids.fit import fit_grids
from obs_dagster.profile.grids.grid import Grids
from obs_dagster.profile.profile import Profile


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


def fitted_grids(monitor: Monitor, lake: Lake, rows: Callable[[], nw.LazyFrame[Any] | str]) -> Grids:
    """The grids that were fitted once; columns that the monitor has gained since are fitted now.

    Args:
        monitor: names the columns.
        lake: holds the grids.
        rows: gives the rows to fit grids to, or says why there are none.

    Raises:
        LakeError: there are no rows, and no grids either.
    """
    path = baseline_folder(monitor, lake) / GRIDS
    document = read_json(path)
    was = Grids.from_json(document) if document is not None else Grids({})
    known = was.columns
    if known and {each.name for each in profiled_columns(monitor)} <= set(known):
        return was
    found = rows()
    if isinstance(found, str):
        if document is not None:
            return was
        raise LakeError(
            f"The baseline of {monitor.model} has no rows to fit its grids to: {found}.",
            remedy="Check `baseline` in the monitor, and that its rows are there.",
        )
    fitted = fit_grids(found, monitor)
    grids = Grids(fitted.columns | known, {**fitted.learned, **was.learned})
    write_json(path, grids.to_json())
    return grids


def held_version(monitor: Monitor, version: str, fingerprint: str, lake: Lake) -> BaselineVersion | None:
    """The baseline of a version as it was prepared before, if it has this fingerprint."""
    folder = version_folder(monitor, version, lake)
    if not (folder / PROFILE).exists() or not (folder / SAMPLE).exists():
        return None
    held = manifest_if_readable(folder / PROFILE) or {}
    if held.get("fingerprint") != fingerprint or manifest_if_readable(folder / SAMPLE) is None:
        return None
    return BaselineVersion(version, held["rows"], held["source"], fingerprint)


def keep_version(
    monitor: Monitor, version: BaselineVersion, profile: Profile, sample: pa.Table, lake: Lake
) -> None:
    """Replace the baseline of a version; the profile, with the fingerprint, comes last."""
    folder = version_folder(monitor, version.version, lake)
    with replacing(folder / SAMPLE) as aside:
        pq.write_table(sample, aside, compression="zstd")
    manifest = {"fingerprint": version.fingerprint, "rows": version.rows, "source": version.source}
    with replacing(folder / PROFILE) as aside:
        described = profile.table.replace_schema_metadata(manifest_metadata(manifest))
        write_rows(described, aside)
