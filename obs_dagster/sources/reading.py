"""What a monitor says of how its files are read, beyond their format."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from obs_dagster.content.protocol import Function, described, register
from obs_dagster.lake.columns import RESERVED
from obs_dagster.monitor.csv_dialect import CsvDialect
from obs_dagster.monitor.data import MADE_ID, Labels
from obs_dagster.monitor.log_labels import in_log
from obs_dagster.monitor.model import Monitor
from obs_dagster.sources.declared import derived_columns, encoders, read_types
from obs_dagster.sources.formats.part import TEXT, Part
from obs_dagster.sources.nested import Inside, inside
from obs_dagster.sources.path_values import PathValues, as_sql
from obs_dagster.sources.row_text import whole

if TYPE_CHECKING:
    import duckdb


@dataclass(frozen=True, slots=True)
class Reading:
    """How files are read.

    Attributes:
        wanted: the columns that the monitor names; those that a file lacks are looked for in its path, and
            inside of its columns.
        places: where a column is, if not in one of its name.
        flat: whether a column of its name goes before its place.
        csv: how CSV files are written.
        paths: what paths say.
        version: the column of the version, and its value in all rows; empty if it is not the same.
        made_id: whether rows get an id of what they say.
        functions: what SQL over the rows calls that the database does not have.
        later: columns that are filled in later, as a label is, and are no part of what a row says.
    """

    wanted: tuple[str, ...] = ()
    places: Mapping[str, str] = field(default_factory=dict)
    flat: bool = False
    csv: CsvDialect | None = None
    paths: PathValues = field(default_factory=PathValues)
    version: tuple[str, str] | None = None
    made_id: bool = False
    functions: tuple[Function, ...] = ()
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
        register(connection, self.functions)
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
        inside = self._inside(connection, part, lacking)
        return part.with_values(
            dict.fromkeys(lacking, TEXT) | {name: each.found for name, each in inside.items()},
            lacking | {name: each.sql for name, each in inside.items()},
            used={each.column for each in inside.values() if each.column not in self.wanted},
        )

    def _inside(
        self, connection: duckdb.DuckDBPyConnection, part: Part, known: Collection[str]
    ) -> dict[str, Inside]:
        """Wanted columns that are inside of others, or called otherwise."""
        found = {}
        for name in self.wanted:
            place = self.places.get(name, name)
            if name in known or (name in part.found and (place == name or self.flat)):
                continue
            if place in part.found:
                found[name] = Inside(place, part.column(place), part.found[place])
            elif within := inside(connection, part, place):
                found[name] = within
        return found


PLAIN = Reading()
"""Files as they are."""


def reading_of_log(monitor: Monitor) -> Reading:
    """How the files of a monitor's log are read."""
    logs, labels = monitor.logs, monitor.labels
    return Reading(
        _named(monitor),
        _places(monitor),
        csv=logs.csv,
        paths=PathValues.of_log(monitor),
        version=(logs.columns.version, logs.version) if logs.version is not None else None,
        made_id=logs.columns.prediction_id == MADE_ID,
        functions=_functions(monitor),
        later=frozenset(filter(None, (labels.columns.label, labels.columns.known_at)))
        if labels
        else frozenset(),
    )


def reading_of_training(monitor: Monitor, csv: CsvDialect | None = None) -> Reading:
    """How training rows are read: their columns are named as in the log."""
    label = monitor.labels.columns.label if monitor.labels else ""
    return Reading(
        (*_named(monitor), *filter(None, [label])),
        _places(monitor),
        flat=True,
        csv=csv,
        functions=_functions(monitor),
    )


def _named(monitor: Monitor) -> tuple[str, ...]:
    """The columns of a log that a monitor names."""
    made = derived_columns(monitor).values()
    needed = (need for each in made for need in each.needs if not need.startswith(RESERVED))
    return tuple(dict.fromkeys([*read_types(monitor), *needed]))


def _places(monitor: Monitor) -> dict[str, str]:
    features = {**monitor.features, **monitor.content}
    return {name: each.column for name, each in features.items() if each.column is not None}


def _functions(monitor: Monitor) -> tuple[Function, ...]:
    """What the SQL of a monitor's content calls."""
    own = (call for each in monitor.content.values() for call in described(each).functions(each))
    return (*own, *(each.function for each in encoders(monitor).values()))


def reading_of_labels(monitor: Monitor, labels: Labels) -> Reading:
    """How the files of a monitor's labels are read; in the log itself as the log is."""
    columns = labels.columns
    if in_log(monitor.logs, labels):
        return replace(reading_of_log(monitor), wanted=columns.named)
    return Reading(columns.named, csv=labels.csv)
