"""Some rows of a log's files in a table of a session."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

from obs_dagster.discovery.layout import Layout
from obs_dagster.lake.columns import RESERVED
from obs_dagster.lake.quoting import identifier, literal
from obs_dagster.monitor.csv_dialect import CsvDialect
from obs_dagster.sources.files import SourceFiles
from obs_dagster.sources.formats.file_format import file_format
from obs_dagster.sources.formats.part import TEXT, Part, UnreadableError, plain_number, union_of
from obs_dagster.sources.formats.recognised_csv import recognised_dialect
from obs_dagster.sources.nested import paths_in
from obs_dagster.sources.reading import Reading

if TYPE_CHECKING:
    import duckdb

FILES, ROWS = 12, 2_000
"""How many files a sample takes rows of, and how many of each."""
BESIDE = 384
"""How many files it takes where one row may be in two of them, as of requests and responses apart."""

SCANNED = 1_000_000
"""How many rows of a file that has many days are looked at, for some of all of them."""

#: Rows of a file whose columns are looked into.
_LOOKED_AT = 1_000

DAY = f"{RESERVED}day"
"""The column of the day that a row's file names."""


def spread(files: Sequence[tuple[Path, dt.date | None]], most: int) -> list[tuple[Path, dt.date | None]]:
    """The first file, the last one, and others between them as evenly as there are."""
    if len(files) <= most:
        return list(files)
    return [files[round(place * (len(files) - 1) / (most - 1))] for place in range(most)]


def chosen(layout: Layout) -> list[tuple[Path, dt.date | None]]:
    """The files that a sample takes rows of; with those beside them where a row may be in two of them."""
    files = layout.files
    if file_format(layout.format).joined is None:
        return spread(files, FILES)
    if len(files) <= BESIDE:
        return list(files)
    run = BESIDE // FILES
    begins = [round(place * (len(files) - run) / (FILES - 1)) for place in range(FILES)]
    places = sorted({place for begin in begins for place in range(begin, begin + run)})
    return [files[place] for place in places]


def dialect_of(layout: Layout, file: Path) -> CsvDialect | None:
    """How the files of a format that has dialects are written; None if as most are."""
    if not file_format(layout.format).has_dialects:
        return None
    try:
        return recognised_dialect(file)
    except UnreadableError as error:
        raise SourceFiles(layout.format, str(file), (file,)).unreadable(error) from error


def load(
    connection: duckdb.DuckDBPyConnection,
    layout: Layout,
    files: Sequence[tuple[Path, dt.date | None]],
    dialect: CsvDialect | None,
) -> str:
    """Some rows of each file in one table; returns its name."""
    # of few files more of each
    units = list(_together(layout, files))
    wanted = ROWS * FILES // len(units)
    most = wanted if layout.by_day else SCANNED
    reading = Reading((*layout.folders, *_inside(connection, layout, units[-1][0], dialect)), csv=dialect)
    queries = []
    for together, day in units:
        parts = SourceFiles(layout.format, str(together[0]), together, reading).parts(connection, most)
        named = f"DATE {literal(str(day))}" if day else "NULL::DATE"
        some = "" if layout.by_day else f" USING SAMPLE reservoir({wanted} ROWS) REPEATABLE (1)"
        queries += [f"(SELECT *, {named} AS {DAY} FROM ({_rows(part)}){some})" for part in parts]
    table = f"sample_{uuid4().hex}"
    rows = " UNION ALL BY NAME ".join(queries) or f"SELECT NULL::DATE AS {DAY} LIMIT 0"
    connection.execute(f"CREATE TEMP TABLE {table} AS {rows}")
    return table


def _together(
    layout: Layout, files: Sequence[tuple[Path, dt.date | None]]
) -> Iterator[tuple[tuple[Path, ...], dt.date | None]]:
    """Files that are read together: those of a day where a row may be in two of them, else each alone."""
    if file_format(layout.format).joined is None:
        yield from (((file,), day) for file, day in files)
        return
    for day, those in groupby(files, key=lambda each: each[1]):
        yield tuple(file for file, _ in those), day


def _inside(
    connection: duckdb.DuckDBPyConnection, layout: Layout, files: Sequence[Path], dialect: CsvDialect | None
) -> list[str]:
    """The names of values inside of the columns of some files, such as `request.amount`."""
    parts = SourceFiles(layout.format, str(files[-1]), tuple(files), Reading(csv=dialect)).parts(
        connection, _LOOKED_AT
    )
    return list(dict.fromkeys(name for part in parts for name in paths_in(connection, part)))


def _rows(part: Part) -> str:
    """SQL for the rows of a part, with numbers as SQL has them."""
    rows = union_of([part])
    if part.refused:
        rows = f"SELECT * FROM ({rows}) WHERE {identifier(part.refused)} IS NULL"
    if (part.decimal, part.thousands) == (".", ""):
        return rows
    between, decimal = re.escape(part.thousands), re.escape(part.decimal)
    number = f"[+-]?([0-9]{{1,3}}({between}[0-9]{{3}})*|[0-9]+)({decimal}[0-9]+)?([eE][+-]?[0-9]+)?"
    plain = []
    for name in (name for name, kind in part.found.items() if kind == TEXT):
        value = identifier(name)
        is_number = f"regexp_full_match({value}, {literal(number)})"
        read = plain_number(value, part.decimal, part.thousands)
        plain.append(f"CASE WHEN {is_number} THEN {read} ELSE {value} END AS {value}")
    return f"SELECT * REPLACE ({', '.join(plain)}) FROM ({rows})" if plain else rows
