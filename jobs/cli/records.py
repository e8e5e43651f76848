"""Prints records as a table, JSON, CSV or Parquet."""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jobs.cli.console import ERRORS, OUTPUT, cell, table
from jobs.cli.failure import UsageError

if TYPE_CHECKING:
    import pyarrow as pa

MOST_ROWS = 200
"""Rows that a table for reading has at most."""


class Format(StrEnum):
    """How data is printed."""

    TABLE = "table"
    JSON = "json"
    CSV = "csv"
    PARQUET = "parquet"


def emit(
    records: Sequence[Mapping[str, Any]],
    columns: Sequence[str],
    chosen: Format,
    *,
    output: Path | None = None,
    shown: Sequence[str] | None = None,
    arrow: Callable[[], pa.Table] | None = None,
) -> None:
    """Print records, or write them to a file.

    Args:
        records: what there is, one mapping per row.
        columns: the fields of a record, in order.
        chosen: the format.
        output: the file to write; left out: standard output.
        shown: the fields that a table for reading has; left out: all.
        arrow: the records with their types, for Parquet; left out: types follow from the values.

    Raises:
        UsageError: Parquet was asked for on a terminal, or a table in a file, or the file cannot be written.
    """
    if chosen is Format.TABLE:
        if output is not None:
            raise UsageError(
                "A table is for reading.", remedy="Add --format json, csv or parquet to --output."
            )
        _print_table(records, shown or columns)
    elif chosen is Format.PARQUET:
        _write_parquet((arrow or (lambda: _typed(records, columns)))(), output)
    else:
        write = _write_json if chosen is Format.JSON else _write_csv
        if output is None:
            write(records, columns, sys.stdout)
            return
        try:
            with output.open("w", encoding="utf-8", newline="") as file:
                write(records, columns, file)
        except OSError as error:
            raise _unwritable(output, error) from error


def _print_table(records: Sequence[Mapping[str, Any]], columns: Sequence[str]) -> None:
    rows = table(*columns)
    for record in records[-MOST_ROWS:]:
        rows.add_row(*(cell(record[column]) for column in columns))
    OUTPUT.print(rows)
    if len(records) > MOST_ROWS:
        ERRORS.print(
            f"The last {MOST_ROWS} of {len(records):,} rows; narrow them down, or take --format csv."
        )


def _write_json(records: Sequence[Mapping[str, Any]], _columns: Sequence[str], file: Any) -> None:
    json.dump([dict(record) for record in records], file, default=_plain, indent=1, ensure_ascii=False)
    file.write("\n")


def _write_csv(records: Sequence[Mapping[str, Any]], columns: Sequence[str], file: Any) -> None:
    writer = csv.DictWriter(file, fieldnames=list(columns), lineterminator="\n")
    writer.writeheader()
    writer.writerows({name: _plain(value) for name, value in record.items()} for record in records)


def _plain(value: Any) -> Any:
    return value.isoformat() if hasattr(value, "isoformat") else value


def _write_parquet(rows: pa.Table, output: Path | None) -> None:
    import pyarrow.parquet as pq

    if output is None and sys.stdout.isatty():
        raise UsageError("Parquet is not for a terminal.", remedy="Name a file with --output, or use a pipe.")
    try:
        pq.write_table(rows, sys.stdout.buffer if output is None else output)
    except OSError as error:
        raise _unwritable(output, error) from error


def _typed(records: Sequence[Mapping[str, Any]], columns: Sequence[str]) -> pa.Table:
    import pyarrow as pa

    return pa.table({name: [record[name] for record in records] for name in columns})


def _unwritable(output: Path | None, error: OSError) -> UsageError:
    return UsageError(
        f"{output} cannot be written: {error.strerror or error}.", remedy="Choose another file."
    )
