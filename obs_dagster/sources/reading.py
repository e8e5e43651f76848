"""What a monitor says of how its files are read, beyond their format."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from obs_dagster.monitor.csv_dialect import CsvDialect
from obs_dagster.monitor.data import MADE_ID, Labels
from obs_dagster.monitor.log_labels import in_log
from obs_dagster.monitor.model import Monitor
from obs_dagster.sources.formats.part import TEXT, Part
from obs_dagster.sources.log_schema import declared_types, whole
from obs_dagster.sources.path_values import PathValues, as_sql

if TYPE_CHECKING:
    import duckdb


@dataclass(frozen=True, slots=True)
class Reading:
    """How files are read.

    Attributes:
        wanted: the columns that the monitor names; those that a file lacks are looked for in its path.
        csv: how CSV files are written.
        paths: what paths say.
        version: the column of the version, and its value in all rows; empty if it is not the same.
        made_id: whether rows get an id of what they say.
        later: columns that are filled in later, as a label is, and are no part of what a row says.
    """

    wanted: tuple[str, ...] = ()
    csv: CsvDialect | None = None
    paths: PathValues = field(default_factory=PathValues)
    version: tuple[str, str] | None = None
    made_id: bool = False
    later: frozenset[str] = frozenset()

    def place(self, file: Path) -> tuple[tuple[str, str | None], ...]:
        """The values of wanted columns that a file's path has: rows of files with the same ones are alike."""
        found = self.paths.values(file)
        return tuple((name, found[name]) for name in self.wanted if name in found)

    def applied(
        self, connection: duckdb.DuckDBPyConnection, part: Part, place: Mapping[str, str | None]
    ) -> Part:
        """A part of files of a place with every wanted column that there is.

        Args:
            connection: the session that reads it.
            part: the rows as their format has them.
            place: what their path says.
        """
        del connection
        # the monitor's own path says more than a column that happens to have the name
        lacking = {
            name: as_sql(value)
            for name, value in place.items()
            if name not in part.found or name in self.paths.groups
        }
        if self.version is not None:
            lacking[self.version[0]] = as_sql(self.version[1])
        if self.made_id:
            lacking[MADE_ID] = f"md5({whole(part, without=self.later)})"
        return part.with_values(dict.fromkeys(lacking, TEXT), lacking)


PLAIN = Reading()
"""Files as they are."""


def reading_of_log(monitor: Monitor) -> Reading:
    """How the files of a monitor's log are read."""
    logs, labels = monitor.logs, monitor.labels
    return Reading(
        tuple(declared_types(monitor)),
        logs.csv,
        PathValues.of_log(monitor),
        (logs.columns.version, logs.version) if logs.version is not None else None,
        logs.columns.prediction_id == MADE_ID,
        frozenset(filter(None, (labels.columns.label, labels.columns.known_at))) if labels else frozenset(),
    )


def reading_of_training(monitor: Monitor, csv: CsvDialect | None = None) -> Reading:
    """How training rows are read: their columns are named as in the log."""
    label = monitor.labels.columns.label if monitor.labels else ""
    return Reading((*declared_types(monitor), *filter(None, [label])), csv)


def reading_of_labels(monitor: Monitor, labels: Labels) -> Reading:
    """How the files of a monitor's labels are read; in the log itself as the log is."""
    columns = labels.columns
    wanted = filter(None, (columns.prediction_id, columns.label, columns.known_at))
    if in_log(monitor.logs, labels):
        return replace(reading_of_log(monitor), wanted=tuple(wanted))
    return Reading(tuple(wanted), labels.csv)
