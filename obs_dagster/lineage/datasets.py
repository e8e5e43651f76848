"""The data of a monitor by its names in the graph of assets: its names elsewhere, and what is in it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from obs_dagster.baselines.protocol import baseline_of
from obs_dagster.lake.lake import Lake
from obs_dagster.lineage import columns
from obs_dagster.lineage.naming import Name, literal, of_files, of_table
from obs_dagster.lineage.switch import namespace
from obs_dagster.monitor.data import Labels, Logs
from obs_dagster.monitor.model import Monitor
from obs_dagster.monitor.secret_url import resolved
from obs_dagster.sources.ingest import LOGS
from obs_dagster.sources.labels import label_book

if TYPE_CHECKING:
    from openlineage.client.generated.base import DatasetFacet

_ROWS = (LOGS, "data_quality")
"""What has the rows of the log, with the columns that the monitor declares."""


def name_of(monitor: Monitor, asset: str) -> Name | None:
    """The name of what an asset stands for; None if the monitor has nothing there.

    What is not ours has the name that whoever makes it gives it. What is ours is named after its asset.

    Args:
        monitor: the monitor.
        asset: the asset without the model: `raw_log`, `profile`.

    Raises:
        ObsError: a variable that its place needs is not set.
    """
    if asset == "raw_log":
        return _source(monitor, monitor.logs)
    if asset == "raw_labels":
        return _source(monitor, monitor.labels) if monitor.labels else None
    if asset == "training_data":
        baseline = baseline_of(monitor)
        if baseline.of_log:
            return _source(monitor, monitor.logs)
        return of_files(monitor.resolve_path(literal(baseline.place())))
    if asset == "registered_model":
        return Name("mlflow", monitor.registry.name) if monitor.registry else None
    return Name(namespace(), f"{monitor.model}.{asset}")


def facets_of(monitor: Monitor, asset: str, lake: Lake) -> dict[str, DatasetFacet]:
    """What can be said of the data of an asset before it is read."""
    from openlineage.client.generated.ownership_dataset import Owner, OwnershipDatasetFacet
    from openlineage.client.generated.storage_dataset import StorageDatasetFacet
    from openlineage.client.generated.symlinks_dataset import Identifier, SymlinksDatasetFacet

    facets: dict[str, Any] = {}
    if monitor.owner and asset not in _NOT_OURS:
        facets["ownership"] = OwnershipDatasetFacet([Owner(monitor.owner, "MAINTAINER")])
    if asset in _ROWS:
        facets["schema"] = columns.schema(monitor)
    folder = lake.folder(monitor.model, asset)
    if asset not in _NOT_OURS and folder.is_dir():
        facets["storage"] = StorageDatasetFacet("obs_dagster", "parquet")
        facets["symlinks"] = SymlinksDatasetFacet([Identifier("file", str(folder), "LOCATION")])
    return facets


def made_of(monitor: Monitor, asset: str) -> dict[str, DatasetFacet]:
    """Which columns the columns of an asset are made of, where that is known."""
    source = name_of(monitor, "raw_log")
    if asset != LOGS or source is None:
        return {}
    return {"columnLineage": columns.lineage(monitor, source)}


def version_of(monitor: Monitor, asset: str, days: Sequence[dt.date], lake: Lake) -> dict[str, DatasetFacet]:
    """Which state of a table was read; nothing of files, which have none."""
    from openlineage.client.generated.dataset_version_dataset import DatasetVersionDatasetFacet

    if asset == "raw_log":
        logs = lake.table(monitor.model, LOGS)
        states = [(logs.readable(day) or {}).get("snapshot") for day in days]
    elif asset == "raw_labels":
        states = [label_book(monitor, lake).snapshot]
    else:
        states = []
    read = [state["id"] for state in states if state]
    return {"version": DatasetVersionDatasetFacet(read[-1])} if read else {}


_NOT_OURS = ("raw_log", "raw_labels", "training_data", "registered_model")


def _source(monitor: Monitor, section: Logs | Labels) -> Name:
    if section.table:
        return of_table(resolved(section.path), section.table or "")
    return of_files(monitor.resolve_path(literal(section.path)))
