"""The nightly job of a monitor."""

from __future__ import annotations

import dagster as dg

from assets.partitions import daily
from obs_dagster.monitor import Monitor
from obs_dagster.settings import Settings

_SUFFIX = "_nightly"


def job_name(monitor: Monitor) -> str:
    """The name of the monitor's nightly job."""
    return f"{monitor.model}{_SUFFIX}"


def model_of_job(name: str) -> str:
    """The model whose nightly job has a name; empty if it is no such job."""
    return name.removesuffix(_SUFFIX) if name.endswith(_SUFFIX) else ""


def build(monitor: Monitor) -> dg.UnresolvedAssetJobDefinition:
    """All stages of the monitor for one day, or for a range of days in one run."""
    return dg.define_asset_job(
        job_name(monitor),
        selection=dg.AssetSelection.groups(monitor.model),
        partitions_def=daily(monitor),
        description=f"One night of {monitor.model}: every stage of its graph.",
        tags={"obs/model": monitor.model} | _limit(Settings().max_runtime_seconds),
    )


def _limit(seconds: int) -> dict[str, str]:
    """The tag by which Dagster's run monitoring ends a run that lasts too long."""
    return {"dagster/max_runtime": str(seconds)} if seconds else {}
