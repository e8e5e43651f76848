"""Where Spark finds the lake's files."""

from __future__ import annotations

import datetime as dt
import re
from pathlib import Path

from obs_dagster.errors import LakeError
from obs_dagster.lake.lake import Lake
from obs_dagster.monitor.model import Monitor
from obs_dagster.sources.ingest import LOGS
from obs_dagster.store import is_remote


def location(path: Path) -> str:
    r"""The URI of a file as Spark reads it: a path could belong to another file system, or pass for a glob.

    >>> location(Path("/lake/a[1]/data.parquet"))
    'file:///lake/a\\[1\\]/data.parquet'

    Raises:
        LakeError: it is in object storage.
    """
    if is_remote(path):
        raise LakeError(
            f"{path} is in object storage, and `engine: spark` reads the lake from a folder that its workers "
            "share.",
            remedy="Let OBS_LAKE name such a folder, or use the engine duckdb, which reads objects.",
        )
    return "file://" + re.sub(r"([\[\]{}*?,\\])", r"\\\1", str(path.absolute()))


def ingested(monitor: Monitor, day: dt.date, lake: Lake) -> str:
    """The URI of a day's ingested rows.

    Raises:
        LakeError: the day was ingested while another engine read its rows in place, so there is no copy.
    """
    table = lake.table(monitor.model, LOGS)
    if "in_place" in (table.manifest(day) or {}):
        raise LakeError(
            f"The lake has no copy of the rows of {day} of {monitor.model}, which Spark needs.",
            remedy="Run the day again: with `engine: spark` its rows are copied.",
        )
    return location(table.path(day))
