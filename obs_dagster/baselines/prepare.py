"""Prepares the baseline of a monitor, and lets go of what it no longer has."""

from __future__ import annotations

from contextlib import ExitStack

from obs_dagster.baselines.prepared import PreparedBaseline
from obs_dagster.baselines.protocol import baseline_of
from obs_dagster.baselines.stored import baseline_folder, version_folder
from obs_dagster.lake.lake import Lake, remove_folder
from obs_dagster.monitor.model import Monitor
from obs_dagster.monitor.row_work import reads_rows
from obs_dagster.sources.files import connect
from obs_dagster.telemetry.traces import traced


@reads_rows
@traced("baseline")
def prepare_baseline(monitor: Monitor, lake: Lake) -> PreparedBaseline:
    """Fit the grids if there are none yet, and prepare every baseline that is new or changed.

    Raises:
        LakeError: there are no rows to fit the grids to.
        SourceError: a file or the warehouse cannot be read.
    """
    with connect() as connection, ExitStack() as stack:
        return _only(baseline_of(monitor).prepare(monitor, lake, connection, stack), monitor, lake)


def _only(found: PreparedBaseline, monitor: Monitor, lake: Lake) -> PreparedBaseline:
    """What was prepared, after versions that have no baseline any more have lost their old one."""
    kept = {version_folder(monitor, each.version, lake).name for each in found.versions}
    folders = baseline_folder(monitor, lake).glob("version=*")
    left = sorted(folder for folder in folders if folder.name not in kept)
    for folder in left:
        remove_folder(folder)
    return found
