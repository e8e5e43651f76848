"""Baselines as they are kept: what each version is compared with, and the grids that all profiles share."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import narwhals as nw
import pyarrow as pa
import pyarrow.parquet as pq

from obs_dagster.errors import LakeError
from obs_dagster.lake.file_name import file_name
from obs_dagster.lake.lake import Lake, read_json, write_json
from obs_dagster.monitor.model import Monitor
from obs_dagster.profile.grids.fit import with_new_cells
from obs_dagster.profile.grids.grid import Grids
from obs_dagster.profile.profile import Profile
from obs_dagster.profile.stored import Part, stored_profile

GRIDS = "grids.json"
PROFILE = "profile.parquet"
SAMPLE = "sample.parquet"
#: Rows of a baseline that are kept for explanations and Evidently, which need rows.
SAMPLE_ROWS = 5_000


def load_grids(monitor: Monitor, lake: Lake) -> Grids:
    """The monitor's grids.

    Raises:
        LakeError: the baseline has not been prepared.
    """
    document = read_json(baseline_folder(monitor, lake) / GRIDS)
    if document is None:
        raise LakeError(
            f"The baseline of {monitor.model} has not been prepared.", remedy="Materialize its asset first."
        )
    return Grids.from_json(document)


def grown_grids(monitor: Monitor, rows: nw.LazyFrame[Any], lake: Lake) -> Grids:
    """The monitor's grids, after segment values that rows have for the first time have got a cell.

    Raises:
        LakeError: the baseline has not been prepared.
    """
    grids = load_grids(monitor, lake)
    grown = with_new_cells(grids, rows, monitor)
    if grown is not grids:
        write_json(baseline_folder(monitor, lake) / GRIDS, grown.to_json())
    return grown


def baseline_profile(
    monitor: Monitor, version: str, lake: Lake, grids: Grids, part: Part | None = None
) -> Profile | None:
    """The profile of a version's own baseline; None if it has none (a rolling window never has).

    Args:
        monitor: the monitor.
        version: the version.
        lake: holds the baseline.
        grids: those of the monitor.
        part: the part of the profile to read; left out: all.
    """
    path = version_folder(monitor, version, lake) / PROFILE
    return stored_profile(path, grids, part) if path.exists() else None


def baseline_sample(monitor: Monitor, version: str, lake: Lake) -> pa.Table | None:
    """Some rows of a version's own baseline, always the same ones; None if it has none."""
    path = version_folder(monitor, version, lake) / SAMPLE
    return pq.read_table(path, partitioning=None) if path.exists() else None


def baseline_folder(monitor: Monitor, lake: Lake) -> Path:
    """Where the monitor's baselines are, or will be."""
    return lake.folder(monitor.model, "baseline")


def version_folder(monitor: Monitor, version: str, lake: Lake) -> Path:
    """Where the baseline of a version is, or will be."""
    return baseline_folder(monitor, lake) / f"version={file_name(version)}"
