"""The records of a capture: lines of JSON, which may be lists of them, rows of Parquet, or lines of CSV."""

from __future__ import annotations

import csv
import datetime as dt
import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from obs_dagster.lake.columns import RESERVED
from obs_dagster.lake.quoting import identifier, literal
from obs_dagster.sources.captures.capture import CAPTURES, Capture, Tabular, Undated
from obs_dagster.sources.formats import parquet
from obs_dagster.sources.formats.compressed import opened

if TYPE_CHECKING:
    import duckdb

_BATCH = 1_000
LONGEST = 16_000_000
"""Bytes of a row that DuckDB reads as one line."""
_PARQUET = b"PAR1"
#: A row as a whole; a column of that name would be taken for it.
_RECORD = f"{RESERVED}record"
_FEWEST_NAMES = 3
_LONGEST_HEAD = 4_096


class Place(NamedTuple):
    """A record, or why there is none, and where it stands."""

    where: str
    record: Any = None
    refused: str = ""


def records(connection: duckdb.DuckDBPyConnection, file: Path) -> Iterator[Place]:
    """The records of a file, in their order.

    Raises:
        UnreadableError: it is compressed, and its name does not say so; or is damaged.
        duckdb.Error: DuckDB cannot read it.
    """
    with file.open("rb") as stream:
        is_parquet = stream.read(len(_PARQUET)) == _PARQUET
    if is_parquet:
        return _of_table(connection, parquet.table_function([file]), "row")
    if _is_csv(file):
        options = f"header = true, all_varchar = true, max_line_size = {LONGEST}"
        return _of_table(connection, f"read_csv({literal(str(file))}, {options})", "record")
    return _of_lines(file)


def dated(form: Capture, record: Any, file: Path) -> Any:
    """A record with the time at which its file was written, if its form has none of its own."""
    if not isinstance(form, Undated):
        return record
    seconds, rest = divmod(file.stat().st_mtime_ns, 1_000_000_000)
    written = dt.datetime.fromtimestamp(seconds, dt.UTC) + dt.timedelta(microseconds=rest // 1_000)
    return form.dated(record, written.isoformat(timespec="microseconds"))


def _is_csv(file: Path) -> bool:
    """Whether the first line has the names of a form that is written as CSV."""
    with opened(file) as stream:
        head = stream.readline(_LONGEST_HEAD)
    if head.lstrip().startswith((b"{", b"[")) or not head.endswith(b"\n"):
        return False
    try:
        names = next(csv.reader([head.decode("utf-8-sig")]))
    except (UnicodeDecodeError, csv.Error, StopIteration):
        return False
    forms = (each for each in CAPTURES.all().values() if isinstance(each, Tabular))
    return len(names) >= _FEWEST_NAMES and any(form.heads(names) for form in forms)


def _of_lines(file: Path) -> Iterator[Place]:
    with opened(file) as stream:
        for number, line in enumerate(stream, start=1):
            if line.strip():
                found = parsed(f"line {number}", line)
                if _is_batch(found.record):
                    for place, record in enumerate(found.record, start=1):
                        yield Place(f"{found.where}, record {place}", record)
                else:
                    yield found


def _is_batch(record: Any) -> bool:
    return isinstance(record, list) and all(isinstance(each, dict) for each in record)


def _of_table(connection: duckdb.DuckDBPyConnection, table: str, called: str) -> Iterator[Place]:
    # a session beside, for this one may write in between
    beside = connection.cursor()
    kinds = beside.sql(f"SELECT * FROM {table} LIMIT 0")
    # bytes have no form in JSON
    blobs = [name for name, kind in zip(kinds.columns, kinds.types, strict=True) if str(kind) == "BLOB"]
    replaced = ", ".join(f"base64({identifier(name)}) AS {identifier(name)}" for name in blobs)
    columns = f"* REPLACE ({replaced})" if replaced else "*"
    found = beside.execute(f"SELECT to_json({_RECORD}) FROM (SELECT {columns} FROM {table}) AS {_RECORD}")
    number = 0
    while batch := found.fetchmany(_BATCH):
        for (record,) in batch:
            number += 1
            yield parsed(f"{called} {number}", record)


def parsed(where: str, text: bytes | str) -> Place:
    """What a text says in JSON."""
    try:
        return Place(where, json.loads(text))
    except RecursionError:
        return Place(where, refused="it is nested too deeply")
    except ValueError:
        return Place(where, refused="it is not JSON, or cut")
