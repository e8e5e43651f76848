"""Files of spans, whatever their forms, as one query: what each span is, and what it took."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from obs_dagster.errors import ObsError, SourceError
from obs_dagster.lake.quoting import literal
from obs_dagster.monitor.model import Monitor
from obs_dagster.monitor.placeholders import placeholders
from obs_dagster.monitor.system import Components
from obs_dagster.sources.file_stamp import FileStamp
from obs_dagster.sources.files import STAYS
from obs_dagster.sources.formats.compressed import opened
from obs_dagster.sources.formats.part import UnreadableError
from obs_dagster.sources.matching import matching_files
from obs_dagster.sources.session_failure import not_the_input
from obs_dagster.spans.convention import CONVENTIONS, attributes_of
from obs_dagster.spans.form import COLUMNS, FORMS, LONGEST, Rows, SpanForm
from obs_dagster.spans.meaning import meant
from obs_dagster.spans.scores import SCORES

if TYPE_CHECKING:
    import duckdb

T = TypeVar("T")

_PARQUET = b"PAR1"
_NANOSECONDS = 1_000_000_000
#: Fields of a record that has no form that are shown.
_SHOWN = 8


@dataclass(frozen=True, slots=True)
class SpanFiles:
    """The files that may have spans of a day.

    Attributes:
        files: the files, sorted.
        begin, end: between which nanoseconds since 1970 spans are looked for.
        stamps: what each file is like.
        own: whether there are files of the day itself.
    """

    files: tuple[Path, ...]
    begin: int
    end: int
    stamps: tuple[FileStamp, ...]
    own: bool = True

    @classmethod
    def of(cls, monitor: Monitor, day: dt.date) -> SpanFiles:
        """Those of the day, and of the days beside it as far as a request may reach into them.

        Raises:
            SourceError: a folder cannot be looked into, or what matches is no file.
        """
        asked = asked_of(monitor)
        reach = dt.timedelta(minutes=asked.longest_minutes)
        first, last = day_bounds(monitor, day)
        by_day = any(name == "day" for name, _ in placeholders(asked.path))
        days = [day + dt.timedelta(days=each) for each in (-1, 0, 1)] if by_day else [day]
        found = {each: matching_files(monitor.resolve_path(asked.path, day=each)) for each in days}
        files = tuple(sorted({file for some in found.values() for file in some}))
        margin = int(reach.total_seconds()) * _NANOSECONDS
        return cls(files, first - margin, last + margin, tuple(map(_stamp, files)), bool(found[day]))

    def check(self) -> None:
        """Make sure, after spans were read, that no file changed meanwhile.

        Raises:
            SourceError: one did.
        """
        for file, was in zip(self.files, self.stamps, strict=True):
            if not was.matches(_stamp(file)):
                raise SourceError(
                    f"{was.name} changed while it was read.",
                    remedy=f"Run the day again once the file is complete. {STAYS}",
                )


def asked_of(monitor: Monitor) -> Components:
    """What a monitor says of spans.

    Raises:
        ObsError: it says nothing.
    """
    if monitor.components is None:
        raise ObsError(
            f"The monitor of {monitor.model} says nothing of spans.",
            remedy="Give it `components` with the `path` of its spans (docs/components.md).",
        )
    return monitor.components


def day_bounds(monitor: Monitor, day: dt.date) -> tuple[int, int]:
    """When a day begins and ends in the monitor's time zone, in nanoseconds since 1970."""
    begin, end = (
        dt.datetime.combine(day + dt.timedelta(days=after), dt.time(), monitor.zone).timestamp()
        for after in (0, 1)
    )
    return round(begin) * _NANOSECONDS, round(end) * _NANOSECONDS


def _stamp(file: Path) -> FileStamp:
    try:
        return FileStamp.of(file)
    except OSError as error:
        raise SourceError(
            f"{file} cannot be read ({error.strerror}).",
            remedy=f"Check that it is there, or removed for good, then run the day again. {STAYS}",
        ) from error


@dataclass(frozen=True, slots=True)
class Shape:
    """What a file is like.

    Attributes:
        form: its form.
        types: DuckDB's type of each column, of Parquet; None of JSON.
    """

    form: SpanForm
    types: Mapping[str, str] | None


def shape_of(connection: duckdb.DuckDBPyConnection, file: Path) -> Shape | None:
    """What a file is like, by its first record; None of a file without any.

    Raises:
        SourceError: it has no form that is known, or cannot be read.
    """
    import duckdb

    try:
        with opened(file) as stream:
            start = stream.read(len(_PARQUET))
        types = _types(connection, file) if start == _PARQUET else None
        names = _fields(connection, file) if types is None and start else types
    except (duckdb.Error, UnreadableError, OSError) as error:
        raise unreadable(error, [file]) from error
    if not names:
        return None
    for form in FORMS.all().values():
        if form.claims(names, json=types is None):
            return Shape(form, types)
    raise SourceError(
        f"{file} has no form of spans that is known; it has {', '.join(list(names)[:_SHOWN])}.",
        remedy="docs/components.md has the forms that are: OTLP in JSON of the OpenTelemetry Collector, "
        "spans that Phoenix exports, traces of MLflow.",
    )


def with_room(connection: duckdb.DuckDBPyConnection, read: Callable[[int], T]) -> T:
    """Read with room for records of ordinary size; where one is longer, again with room for that.

    Args:
        connection: the session that reads; it has one thread afterwards if there was a longer one.
        read: reads, given how many bytes a record of JSON has at most.

    Raises:
        duckdb.Error: whatever `read` raises that is about something else.
    """
    import duckdb

    ordinary, longer = LONGEST
    try:
        return read(ordinary)
    except duckdb.Error as error:
        if "maximum_object_size" not in str(error):
            raise
    # every thread takes room for itself
    connection.execute("SET threads = 1")
    return read(longer)


def _types(connection: duckdb.DuckDBPyConnection, file: Path) -> dict[str, str]:
    """The columns of a Parquet file."""
    found = connection.sql(f"SELECT * FROM read_parquet({literal(str(file))}, hive_partitioning = false)")
    return dict(zip(found.columns, map(str, found.types), strict=True))


def _fields(connection: duckdb.DuckDBPyConnection, file: Path) -> dict[str, str]:
    """The fields of the first record of JSON."""

    def first(longest: int) -> list[Any]:
        return connection.sql(
            "SELECT CASE WHEN json_type(json) = 'OBJECT' THEN json_keys(json) ELSE ['no object'] END "
            f"FROM read_json_objects({literal(str(file))}, format = 'auto', "
            f"maximum_object_size = {longest}, hive_partitioning = false) LIMIT 1"
        ).fetchall()

    keys = with_room(connection, first)
    return dict.fromkeys(keys[0][0], "JSON") if keys else {}


def unreadable(error: Exception, files: Sequence[Path]) -> ObsError:
    """The error for files that a reader failed at."""
    if isinstance(error, UnreadableError):
        return SourceError(f"Cannot read {error.file}: {error.cause}.", remedy=f"{error.remedy}. {STAYS}")
    if cause := not_the_input(error, files):
        return cause
    text = str(error).strip().splitlines()[0]
    named = next((str(file) for file in files if str(file) in text), str(files[0]))
    return SourceError(
        f"Cannot read the spans of {named}: {text}",
        remedy=f"Check that the file is complete, then run the day again. {STAYS}",
    )


def spans_query(
    connection: duckdb.DuckDBPyConnection, asked: Components, found: SpanFiles, longest: int = LONGEST[0]
) -> str | None:
    """SQL for the spans that begin within the files' time, of whatever form; None if no file has any.

    Columns: `trace` (`trace_key`), `id` and `parent` (hashes of trace and span, and of trace and parent, 0 of
    a root), `began` and `ended` in nanoseconds since 1970 (the latter -1 of a span that has not ended),
    `failed` (0 or 1), `wanted` (1 where its name is one that requests begin with), `component` (null of what
    is a part of something else), `tokens_in`, `tokens_out`, `cached`, `retries`, `cost` (NaN where it is
    not known), `version` (null where the span does not say it), and `scored` (`obs_dagster.spans.scores`).

    Args:
        connection: the session that reads them.
        asked: what the monitor says of spans.
        found: the files.
        longest: bytes of a record of JSON at most.

    Raises:
        SourceError: a file has no form that is known, or cannot be read.
    """
    alike: dict[tuple[str, bool], list[tuple[Path, Shape]]] = defaultdict(list)
    for file in found.files:
        shape = shape_of(connection, file)
        if shape is not None:
            alike[shape.form.name, shape.types is None].append((file, shape))
    if not alike:
        return None
    attributes = attributes_of(list(CONVENTIONS.all().values()))
    parts = [group[0][1].form.query(_rows(group, longest), attributes) for group in alike.values()]
    columns = ", ".join(COLUMNS)
    spans = " UNION ALL ".join(
        f"(SELECT {columns}, {_scored(connection, part)} FROM ({part}))" for part in parts
    )
    window = f"began >= {found.begin} AND began < {found.end}"
    return meant(asked, attributes, f"SELECT * FROM ({spans}) WHERE {window}")


def _scored(connection: duckdb.DuckDBPyConnection, spans: str) -> str:
    """SQL for the evaluations of spans: none where a form reads none."""
    there = "scored" in connection.sql(spans).columns
    return "scored" if there else f"CAST(NULL AS {SCORES}) AS scored"


def _rows(group: Sequence[tuple[Path, Shape]], longest: int) -> Rows:
    types = [shape.types for _, shape in group if shape.types is not None]
    every = {name: kind for each in types for name, kind in each.items()} if types else None
    return Rows([file for file, _ in group], every, longest)
