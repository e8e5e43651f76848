"""Attributes of people in files of their own: joined with rows to count them, and written nowhere."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from obs_dagster.errors import SourceError
from obs_dagster.lake.quoting import identifier
from obs_dagster.monitor.fairness import HeldApart
from obs_dagster.monitor.model import Monitor
from obs_dagster.sources.files import SourceFiles, connect
from obs_dagster.sources.reading import Reading

if TYPE_CHECKING:
    import duckdb

KEY = "_obs_whose"
"""The column of what attributes are matched by."""


@dataclass(frozen=True, slots=True)
class Attributes:
    """The files that attributes are in, at this moment.

    Attributes:
        keys: what the monitor says of them.
        source: the files.
    """

    keys: HeldApart
    source: SourceFiles

    @classmethod
    def of(cls, monitor: Monitor) -> Attributes:
        """Those of a monitor that holds attributes apart.

        Raises:
            SourceError: what matches its path is no file, or a folder cannot be looked into.
        """
        keys = monitor.fairness.held_apart
        if keys is None:
            raise TypeError(monitor.model)
        reading = Reading((keys.key, *keys.columns), csv=keys.csv)
        return cls(keys, SourceFiles.find(keys.source, monitor.resolve_path(keys.path), reading))

    def rows(self, connection: duckdb.DuckDBPyConnection) -> str:
        """SQL for them as texts, with what they are matched by in `KEY`; null of what is empty.

        Raises:
            SourceError: a file is damaged, or lacks a column.
        """
        wanted = (self.keys.key, *self.keys.columns)
        if not self.source.files:
            nothing = ", ".join(
                f"CAST(NULL AS VARCHAR) AS {identifier(each)}" for each in (KEY, *self.keys.columns)
            )
            return f"SELECT {nothing} LIMIT 0"
        queries = []
        for part in self.source.parts(connection):
            for name in wanted:
                if name not in part.found:
                    raise SourceError(
                        f"The attributes in {self.source.pattern} have no column {name}; they have "
                        f"{', '.join(part.found)}.",
                        remedy="Correct `fairness.held_apart` in the monitor, or the files.",
                    )
            texts = [f"CAST({part.value(self.keys.key)} AS VARCHAR) AS {KEY}"]
            texts += [
                f"nullif(trim(CAST({part.value(name)} AS VARCHAR)), '') AS {identifier(name)}"
                for name in self.keys.columns
            ]
            queries.append(f"SELECT {', '.join(texts)} FROM {part.source} AS source")
        return " UNION ALL ".join(queries)


@contextmanager
def in_memory() -> Iterator[duckdb.DuckDBPyConnection]:
    """A session that never writes to disk: what does not fit into its memory is an error."""
    with connect() as connection:
        connection.execute("SET temp_directory = ''")
        yield connection
