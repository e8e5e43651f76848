"""The rows that versions are compared with: training files of each version, or days of the log."""

from __future__ import annotations

import datetime as dt
import re
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from obs_dagster.monitor.data import RollingBaseline, TrainingBaseline
from obs_dagster.monitor.model import Monitor
from obs_dagster.sources.files import SourceFiles, derived
from obs_dagster.sources.ingest import log_files
from obs_dagster.sources.log_table import fetched_days, log_table, versions_of_days
from obs_dagster.sources.quoting import identifier

if TYPE_CHECKING:
    import duckdb


class BaselineRows(Protocol):
    """Where the rows of a monitor's baselines are; a warehouse's are fetched when they are asked for."""

    def versions(self) -> dict[str, str]:
        """The versions that the rows are of, each with a text that changes when its rows do."""

    def files(self, version: str | None) -> SourceFiles:
        """The files with the rows of a version, maybe among others; None for those of all versions."""


def baseline_rows(
    monitor: Monitor, connection: duckdb.DuckDBPyConnection, folder: Path, stack: ExitStack
) -> BaselineRows:
    """Where the rows of a monitor's baselines are; of a rolling one, its first days, which the grids follow.

    Args:
        monitor: names the source.
        connection: a session that may look into files.
        folder: where rows of a warehouse may be kept until the stack is closed.
        stack: closed when no rows are read any more.
    """
    baseline = monitor.baseline
    if isinstance(baseline, TrainingBaseline):
        return _TrainingFiles(monitor, baseline)
    if isinstance(baseline, RollingBaseline):
        first, last = monitor.start, monitor.start + dt.timedelta(days=baseline.days - 1)
    else:
        first, last = baseline.first, baseline.last
    if monitor.logs.source == "ibis":
        return _DaysOfTable(monitor, first, last, folder, stack)
    return _DaysOfFiles(monitor, first, last, connection)


class _TrainingFiles:
    def __init__(self, monitor: Monitor, baseline: TrainingBaseline) -> None:
        # the placeholder is a file-name part, so a marker without special characters can stand for it
        marker = "0obsversion0"
        pattern = monitor.resolve_path(baseline.path, version=marker)
        shape = re.compile(_shape(pattern, marker))
        files: dict[str, list[Path]] = {}
        for file in SourceFiles.find(baseline.source, pattern.replace(marker, "*")).files:
            if match := shape.fullmatch(str(file)):
                files.setdefault(match["version"], []).append(file)
        self._sources = {
            version: SourceFiles(baseline.source, pattern, tuple(found))
            for version, found in sorted(files.items())
        }
        every = sorted({file for source in self._sources.values() for file in source.files})
        self._all = SourceFiles(baseline.source, pattern, tuple(every))

    def versions(self) -> dict[str, str]:
        return {version: source.fingerprint() for version, source in self._sources.items()}

    def files(self, version: str | None) -> SourceFiles:
        return self._all if version is None else self._sources[version]


class _DaysOfFiles:
    def __init__(
        self, monitor: Monitor, first: dt.date, last: dt.date, connection: duckdb.DuckDBPyConnection
    ) -> None:
        days = (last - first).days + 1
        found = [log_files(monitor, first + dt.timedelta(days=offset)) for offset in range(days)]
        every = sorted({file for source in found for file in source.files})
        self._source = found[0].only(every)
        self._version = monitor.logs.columns.version
        self._connection = connection

    def versions(self) -> dict[str, str]:
        if not self._source.files:
            return {}
        rows = self._source.relation(self._connection)
        query = f"SELECT DISTINCT CAST({identifier(self._version)} AS VARCHAR) FROM log ORDER BY 1"
        fingerprint = self._source.fingerprint()
        found = derived(rows, "log", query).fetchall()
        return {version: fingerprint for (version,) in found if version is not None}

    def files(self, version: str | None) -> SourceFiles:  # noqa: ARG002  a file has rows of all versions
        return self._source


class _DaysOfTable:
    def __init__(
        self, monitor: Monitor, first: dt.date, last: dt.date, folder: Path, stack: ExitStack
    ) -> None:
        self._monitor, self._first, self._last = monitor, first, last
        self._folder, self._stack = folder, stack
        self._source: SourceFiles | None = None

    def versions(self) -> dict[str, str]:
        return versions_of_days(self._monitor, self._first, self._last)

    def files(self, version: str | None) -> SourceFiles:  # noqa: ARG002  as above
        if self._source is None and self.versions():
            fetched = fetched_days(self._monitor, self._first, self._last, self._folder)
            self._source = self._stack.enter_context(fetched)
        return self._source or SourceFiles("parquet", str(log_table(self._monitor)), ())


def _shape(pattern: str, marker: str) -> str:
    """A glob as a regular expression, with the version's place as a group."""
    shape = re.escape(pattern).replace(marker, "(?P<version>[^/]+)", 1).replace(marker, "[^/]+")
    return shape.replace(r"\*\*", ".*").replace(r"\*", "[^/]*").replace(r"\?", "[^/]")
