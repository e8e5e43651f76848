"""CSV: every column is text as it is written, and the declared types decide what it means.

Nothing is guessed from rows, and no line is passed over: the separator is the one that divides the header,
and a line that does not have the header's columns fails the file, by its number.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from obs_dagster.lake.quoting import literal, literals
from obs_dagster.monitor.csv_dialect import CsvDialect
from obs_dagster.sources.formats.compressed import opened
from obs_dagster.sources.formats.encoding import in_utf_8
from obs_dagster.sources.formats.file_format import FileFormat
from obs_dagster.sources.formats.part import TEXT, Part, UnreadableError, first_rows, loaded, repeated

if TYPE_CHECKING:
    import duckdb

#: Where more than one of them divides the header, the first one is it.
SEPARATORS = (",", ";", "\t", "|")
_USUAL = CsvDialect()
_BOM = "\ufeff"
_UTF_16 = (b"\xff\xfe", b"\xfe\xff")
_LONGEST_HEADER = 1 << 22
_SHOWN = 60


@dataclass(frozen=True, slots=True)
class _Header:
    separator: str
    names: tuple[str, ...]


def read(
    connection: duckdb.DuckDBPyConnection,
    files: Sequence[Path],
    most: int | None = None,
    *,
    dialect: CsvDialect = _USUAL,
) -> list[Part]:
    """The rows of CSV files (see `Reader`): files in a row with the same header are one part."""
    with in_utf_8(files, dialect.encoding, most) as known:
        try:
            return _read(connection, list(known), most, dialect)
        except UnreadableError as error:
            # of a copy people know nothing
            raise UnreadableError(known.get(error.file, error.file), error.cause, error.remedy) from error


def _read(
    connection: duckdb.DuckDBPyConnection, files: Sequence[Path], most: int | None, dialect: CsvDialect
) -> list[Part]:
    import duckdb

    runs: list[tuple[_Header, list[Path]]] = []
    for file in files:
        if (header := _header(file, dialect)) is None:
            continue
        if runs and runs[-1][0] == header:
            runs[-1][1].append(file)
        else:
            runs.append((header, [file]))
    parts: list[Part] = []
    for header, alike in runs:
        try:
            table, rows = loaded(connection, _query(header, alike, dialect) + first_rows(most))
        except duckdb.Error as error:
            raise _explained(error, header, alike, dialect) from error
        before = sum(part.rows for part in parts)
        columns = {name: f"c{place}" for place, name in reversed(list(enumerate(header.names)))}
        # a column without a name, such as an index, can be declared by nobody
        found = dict.fromkeys(filter(None, header.names), TEXT)
        parts.append(
            Part(
                table,
                found,
                f"rowid + {before + 1}",
                rows,
                columns,
                repeated(header.names),
                decimal=dialect.decimal,
                thousands=dialect.thousands or "",
            )
        )
    return parts


def _query(header: _Header, files: Sequence[Path], dialect: CsvDialect) -> str:
    columns = ", ".join(f"'c{place}': 'VARCHAR'" for place in range(len(header.names)))
    options = {
        "header": "false" if dialect.names else "true",
        "delim": literal(header.separator),
        "quote": literal(dialect.quote),
        "escape": literal(dialect.escape or dialect.quote),
    }
    named = ", ".join(f"{name} = {value}" for name, value in options.items())
    values = "*"
    if dialect.nulls:
        values = ", ".join(
            f"CASE WHEN c{place} NOT IN ({literals(dialect.nulls)[1:-1]}) THEN c{place} END AS c{place}"
            for place in range(len(header.names))
        )
    return (
        f"SELECT {values} FROM read_csv({literals(map(str, files))}, columns = {{{columns}}}, "
        f"auto_detect = false, hive_partitioning = false, {named})"
    )


def _header(file: Path, dialect: CsvDialect) -> _Header | None:
    """The columns of a file; None if it is empty."""
    with opened(file) as stream:
        first = stream.read(_LONGEST_HEADER)
    if first.startswith(_UTF_16):
        raise UnreadableError(file, "it is UTF-16 text", _in_utf_8("UTF-16"))
    if b"\0" in first[:2]:
        raise UnreadableError(file, "it is UTF-16 text, or no text at all", _in_utf_8("UTF-16"))
    # the last character may be cut
    text = first.decode("utf-8", errors="replace").removeprefix(_BOM)
    if not text.strip():
        return None
    known = (dialect.delimiter,) if dialect.delimiter else SEPARATORS
    rows = {separator: _first_row(text, separator, dialect.quote) for separator in known}
    divided = [separator for separator, names in rows.items() if len(names) > 1]
    separator = divided[0] if divided else known[0]
    names = tuple(rows[separator])
    if dialect.names:
        return _Header(separator, dialect.names)
    if any("\ufffd" in name for name in names):
        raise UnreadableError(file, "line 1 is not UTF-8", _in_utf_8("CP1252"))
    if names[0].startswith("#") and _is_comment(text, separator, len(names)):
        raise UnreadableError(
            file,
            f"line 1 is a comment: {text.splitlines()[0][:_SHOWN]}",
            "Begin the file with the names of its columns; lines of comment belong elsewhere",
        )
    return _Header(separator, names)


def _is_comment(text: str, separator: str, columns: int) -> bool:
    """Whether a first line with a `#` is not like the line after it: a name of a column may begin so."""
    _, _, rest = text.partition("\n")
    after = {each: len(_first_row(rest, each)) for each in SEPARATORS}
    return after[separator] != columns or (columns == 1 and max(after.values()) > 1)


def _first_row(text: str, separator: str, quote: str = '"') -> list[str]:
    quoting = {"quotechar": quote} if quote else {"quoting": csv.QUOTE_NONE}
    try:
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, **quoting)
        return next((row for row in reader if row), [])
    except csv.Error:
        return []


def _in_utf_8(encoding: str) -> str:
    return (
        f"Say `csv: {{encoding: {encoding.lower()}}}` in the monitor, or write the file as UTF-8 "
        f"(`iconv -f {encoding} -t UTF-8`); then run the day again"
    )


def _explained(error: Exception, header: _Header, files: Sequence[Path], dialect: CsvDialect) -> Exception:
    """What DuckDB says of a line, in words for who wrote the file; the error itself if it says none."""
    text = str(error)
    file = next((file for file in files if f"file = {file}\n" in text), files[0])
    line = re.search(r"CSV Error on Line: (\d+)", text)
    where = f"line {line[1]}" if line else "a line"
    columns = re.search(r"Expected Number of Columns: (\d+) Found: (\d+)", text)
    if columns:
        named = "csv.names" if dialect.names else "its header"
        cause = (
            f"{where} has {columns[2]} columns, {named} has {columns[1]} (separated by {header.separator!r})"
        )
        remedy = (
            "Correct or complete the line, or quote the value that has the separator in it; rows with other "
            "columns belong into a file with a header of their own"
        )
        return UnreadableError(file, cause, remedy)
    if "not utf-8" in text:
        return UnreadableError(file, f"{where} is not UTF-8; it may be Windows-1252", _in_utf_8("CP1252"))
    if "unterminated quote" in text:
        remedy = 'Close the quote; a quote within a quoted value is written twice (`""`)'
        return UnreadableError(file, f'{where} has a quoted value that does not end (`"`)', remedy)
    if "invalid state" in text:
        remedy = "Write the file with one kind of line ending, and quote values that have quotes in them"
        return UnreadableError(file, "it mixes line endings, or has quotes inside unquoted values", remedy)
    if line or "Maximum line size" in text:
        return UnreadableError(file, f"{where}: {text.splitlines()[0]}")
    return error


FORMAT = FileFormat(
    "csv", read, (".csv", ".tsv", ".psv"), read_as=lambda dialect: partial(read, dialect=dialect)
)
