"""Prints records as a table, JSON, CSV or Parquet."""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from jobs.cli.console import ERRORS, OUTPUT, cell, table
from jobs.cli.failure import UsageError
from obs_dagster.permissions import as_started

if TYPE_CHECKING:
    import pyarrow as pa
    from rich.console import Console

MOST_ROWS = 200
"""Rows that a table for reading has at most."""


class Format(StrEnum):
    """How data is printed."""

    TABLE = "table"
    JSON = "json"
    CSV = "csv"
    PARQUET = "parquet"


FormatOption = Annotated[Format, typer.Option("--format", help="How to print.")]
"""The option, the same wherever data is printed."""


def console_for(chosen: Format) -> Console:
    """Where what is not data goes."""
    return OUTPUT if chosen is Format.TABLE else ERRORS


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
            with as_started(), output.open("w", encoding="utf-8", newline="") as file:
                write(records, columns, file)
        except OSError as error:
            raise _unwritable(output, error) from error


def _print_table(records: Sequence[Mapping[str, Any]], columns: Sequence[str]) -> None:
    """What all rows have in common stands above the table, so that the rest has room in a terminal."""
    shown = records[-MOST_ROWS:]
    values = {
        column: {"" if each[column] is None else str(each[column]) for each in shown} for column in columns
    }
    common = [column for column in columns if len(shown) > 1 and len(values[column]) == 1]
    told = ", ".join(
        # a version may be called as all segments are
        f"{column} '*'" if column == "version" and values[column] == {"*"} else f"{column} {shown[0][column]}"
        for column in common
        if values[column] != {""}
    )
    if told:
        OUTPUT.print(cell(f"All rows: {told}."))
    kept = [column for column in columns if column not in common]
    rows = table(*kept)
    for name, column in zip(kept, rows.columns, strict=True):
        # numbers and days stay whole; names give way
        column.no_wrap = len(name) >= max(map(len, values[name]), default=0) or not any(
            isinstance(record[name], str) for record in shown
        )
    for record in shown:
        rows.add_row(*(cell(record[column]) for column in kept))
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
        with as_started():
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
