"""Where the rows of baselines are: training files of each version, or days of the log."""

from __future__ import annotations

import datetime as dt
import re
from pathlib import Path

from obs_dagster.monitor.data import TrainingBaseline
from obs_dagster.monitor.model import Monitor
from obs_dagster.sources.day_log import beside, log_files, may_be_by_time
from obs_dagster.sources.file_stamp import fingerprint
from obs_dagster.sources.files import SourceFiles
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


def days_with_files(monitor: Monitor) -> tuple[list[dt.date], list[str]]:
    """The days that files of the log name, ascending, and what stands in the place of a day elsewhere.

    Raises:
        SourceError: what matches is no file, or a folder cannot be looked into.
    """
    marker = "0obsday0"
    pattern = monitor.resolve_path(monitor.logs.path, day=marker)
    shape = re.compile(_shape(pattern, marker))
    days, others = set(), set()
    for file in SourceFiles.find(monitor.logs.source, pattern.replace(marker, "*")).files:
        if match := shape.fullmatch(str(file)):
            try:
                days.add(dt.datetime.strptime(match["version"], "%Y-%m-%d").replace(tzinfo=dt.UTC).date())
            except ValueError:
                others.add(match["version"])
    return sorted(days), sorted(others)


def log_stamp(monitor: Monitor, day: dt.date) -> str:
    """A text that changes when rows come to a day of the log; empty if the day has none.

    Raises:
        SourceError: the warehouse, or a file, cannot be read.
    """
    if monitor.logs.source == "ibis":
        return "; ".join(f"{name}: {each}" for name, each in versions_of_days(monitor, day, day).items())
    days = (day, *beside(day)) if may_be_by_time(monitor, day) else (day,)
    sources = [log_files(monitor, each) for each in days]
    stamps = [stamp for source in sources for stamp in source.stamps()]
    return fingerprint(stamps) if stamps else ""


def _shape(pattern: str, marker: str) -> str:
    """A glob as a regular expression, with the version's place as a group."""
    shape = re.escape(pattern).replace(marker, "(?P<version>[^/]+)", 1).replace(marker, "[^/]+")
    return shape.replace(r"\*\*", ".*").replace(r"\*", "[^/]*").replace(r"\?", "[^/]")
