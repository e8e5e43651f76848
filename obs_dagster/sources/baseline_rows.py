"""Where the rows of baselines are: training files of each version, or days of the log."""

from __future__ import annotations

import datetime as dt
import re
from pathlib import Path

from obs_dagster.monitor.data import TrainingBaseline
from obs_dagster.monitor.model import Monitor
from obs_dagster.sources.files import SourceFiles
from obs_dagster.sources.ingest import log_files
from obs_dagster.sources.log_table import versions_of_days


def training_files(monitor: Monitor, baseline: TrainingBaseline) -> dict[str, SourceFiles]:
    """The files of every version that has training rows, by version."""
    # the placeholder is a file-name part, so a marker without special characters can stand for it
    marker = "0obsversion0"
    pattern = monitor.resolve_path(baseline.path, version=marker)
    shape = re.compile(_shape(pattern, marker))
    files: dict[str, list[Path]] = {}
    for file in SourceFiles.find(baseline.source, pattern.replace(marker, "*")).files:
        if match := shape.fullmatch(str(file)):
            files.setdefault(match["version"], []).append(file)
    return {
        version: SourceFiles(baseline.source, pattern, tuple(found))
        for version, found in sorted(files.items())
    }


def log_stamp(monitor: Monitor, day: dt.date) -> str:
    """A text that changes when rows come to a day of the log; empty if the day has none.

    Raises:
        SourceError: the warehouse cannot be read.
    """
    if monitor.logs.source == "ibis":
        return "; ".join(f"{name}: {each}" for name, each in versions_of_days(monitor, day, day).items())
    source = log_files(monitor, day)
    return source.fingerprint() if source.files else ""


def _shape(pattern: str, marker: str) -> str:
    """A glob as a regular expression, with the version's place as a group."""
    shape = re.escape(pattern).replace(marker, "(?P<version>[^/]+)", 1).replace(marker, "[^/]+")
    return shape.replace(r"\*\*", ".*").replace(r"\*", "[^/]*").replace(r"\?", "[^/]")
