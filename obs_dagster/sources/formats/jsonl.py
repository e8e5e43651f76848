"""JSON lines: one object a line, whose fields are kept as they are; declared types decide what they mean."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from obs_dagster.lake.quoting import identifier, literal, literals
from obs_dagster.sources.formats.compressed import opened
from obs_dagster.sources.formats.file_format import FileFormat
from obs_dagster.sources.formats.part import JSON, Part, UnreadableError, first_rows, loaded

if TYPE_CHECKING:
    import duckdb

_UTF_16 = ("is UTF-16 text", "Write the file as UTF-8 (`iconv -f UTF-16 -t UTF-8`)")
#: What a file can begin with that DuckDB does not read as JSON.
_MARKS = {
    b"\xff\xfe": _UTF_16,
    b"\xfe\xff": _UTF_16,
    b"\xef\xbb\xbf": ("begins with a byte order mark", "Write the file as UTF-8 without one"),
}
_NO_ARRAY = "Write each of its objects on a line of its own, without brackets and commas (`jq -c '.[]'`)"
_SURROGATE = re.compile("[\ud800-\udfff]")
#: How much of a line an error shows.
_SHOWN = 60


def read(connection: duckdb.DuckDBPyConnection, files: Sequence[Path], most: int | None = None) -> list[Part]:
    """The rows of files of JSON lines (see `Reader`), as one part."""
    import duckdb

    try:
        names = _fields(connection, files, most)
        columns = {name: f"c{place}" for place, name in enumerate(names)}
        table, rows = loaded(connection, _query(columns, files) + first_rows(most))
    except duckdb.Error as error:
        raise _explained(error, files) from error
    return [Part(table, dict.fromkeys(names, JSON), "rowid + 1", rows, columns)]


def _fields(connection: duckdb.DuckDBPyConnection, files: Sequence[Path], most: int | None) -> list[str]:
    """The names of all fields of all lines.

    Raises:
        UnreadableError: a line is JSON, and no object.
    """
    # a name that is null stands for lines without names
    keys = "CASE WHEN json_type(json) = 'OBJECT' THEN json_keys(json) ELSE [NULL] END"
    found = connection.execute(
        f"SELECT DISTINCT unnest({keys}) AS name "
        f"FROM (SELECT json FROM {_lines(files)}{first_rows(most)}) ORDER BY name"
    ).fetchall()
    if (None,) in found and (mistake := next(filter(None, map(_first_mistake, files)), None)):
        raise mistake
    # SQL has no names with NUL characters
    return [name for (name,) in found if name is not None and "\0" not in name]


def _lines(files: Sequence[Path]) -> str:
    return (
        f"read_json_objects({literals(map(str, files))}, format = 'newline_delimited', "
        "hive_partitioning = false)"
    )


def _query(columns: dict[str, str], files: Sequence[Path]) -> str:
    """SQL for the rows, each field in a column of type JSON."""
    if not columns or "" in columns or len({name.lower() for name in columns}) < len(columns):
        # names that differ by case alone cannot be asked for at once: each is looked up in the line
        fields = [
            f"json_extract(json, {literal(_path(name))}) AS {called}" for name, called in columns.items()
        ]
        return f"SELECT {', '.join(fields) or 'NULL AS nothing'} FROM {_lines(files)}"
    fields = [f"{identifier(name)} AS {called}" for name, called in columns.items()]
    types = ", ".join(f"{identifier(name)}: 'JSON'" for name in columns)
    return (
        f"SELECT {', '.join(fields)} FROM read_json({literals(map(str, files))}, columns = {{{types}}}, "
        "format = 'newline_delimited', records = 'true', hive_partitioning = false)"
    )


def _path(name: str) -> str:
    """A field of an object as a JSON path."""
    escaped = name.replace("\\", "\\\\").replace('"', '\\"')
    return f'$."{escaped}"'


def _explained(error: Exception, files: Sequence[Path]) -> Exception:
    """The line that is no object of JSON; the error itself if it is about something else."""
    text = str(error).splitlines()[0]
    file = next((file for file in files if f'"{file}"' in text), None)
    if file is None or not re.search(r"Malformed JSON|JSON transform error", text):
        return error
    return _first_mistake(file) or UnreadableError(file, text)


def _first_mistake(file: Path) -> UnreadableError | None:
    """The first line that Python does not read as an object either."""
    with opened(file) as stream:
        for number, line in enumerate(stream, start=1):
            if found := _mistake(line, first=number == 1):
                return UnreadableError(file, f"line {number} {found[0]}", found[1])
    return None


def _mistake(line: bytes, *, first: bool) -> tuple[str, str] | None:
    """What is wrong with a line, and what to do about it; None if Python finds nothing."""
    if first and (marked := next((mark for mark in _MARKS if line.startswith(mark)), None)):
        return _MARKS[marked]
    try:
        text = line.decode("utf-8")
    except UnicodeDecodeError as error:
        cause = f"is not UTF-8 (byte {line[error.start]:#04x} at {error.start + 1}); it may be Windows-1252"
        return cause, "Write the file as UTF-8 (`iconv -f CP1252 -t UTF-8`)"
    return _not_an_object(text)


def _not_an_object(text: str) -> tuple[str, str] | None:
    if not text.strip():
        return None
    shown = text.strip() if len(text.strip()) <= _SHOWN else f"{text.strip()[:_SHOWN]}…"
    try:
        value = json.loads(text, object_pairs_hook=_once)
    except _RepeatedError as error:
        return f"has the field {error} twice: {shown}", "Write each field once"
    except ValueError:
        if text.lstrip().startswith("["):
            return f"is no JSON object, but begins an array: {shown}", _NO_ARRAY
        remedy = "Complete the line or remove it; every line is one JSON object, however long"
        return f"is not JSON, or cut: {shown}", remedy
    return _not_fields(value, shown)


def _not_fields(value: object, shown: str) -> tuple[str, str] | None:
    if isinstance(value, list):
        return f"is no JSON object, but an array: {shown}", _NO_ARRAY
    if not isinstance(value, dict):
        return f"is no JSON object: {shown}", "Write one object with named fields on every line"
    if half := _SURROGATE.search(json.dumps(value, ensure_ascii=False)):
        cause = f"has half of a character (\\u{ord(half[0]):04x}, a lone surrogate): {shown}"
        return cause, "Write both halves of a surrogate pair, or the character itself as UTF-8"
    return None


class _RepeatedError(Exception):
    pass


def _once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    fields = dict(pairs)
    if len(fields) < len(pairs):
        names = [name for name, _ in pairs]
        raise _RepeatedError(next(name for name in fields if names.count(name) > 1))
    return fields


FORMAT = FileFormat("jsonl", read, (".jsonl", ".ndjson", ".json"))
