"""Values of training rows that are not what the monitor declares, and so are compared as missing."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING

from obs_dagster.lake.columns import RAW, UNCAST, marked
from obs_dagster.lake.quoting import identifier, literal
from obs_dagster.monitor.model import Monitor
from obs_dagster.monitor.task import Output, outputs
from obs_dagster.sources.files import SourceFiles
from obs_dagster.sources.log_schema import LogSchema

if TYPE_CHECKING:
    import duckdb

_SHOWN = 40
_NEEDED = {"BIGINT": "integers", "DOUBLE": "numbers", "BOOLEAN": "true or false", "VARCHAR": "texts"}


def training_faults(
    connection: duckdb.DuckDBPyConnection, monitor: Monitor, source: SourceFiles, *, most: int | None = None
) -> list[str]:
    """What is wrong with the features and scores of training files, a sentence per file and column.

    Args:
        connection: the session that reads them.
        monitor: declares the columns.
        source: the files.
        most: rows of like files that are enough for a look; left out: all.

    Raises:
        SourceError: a file cannot be read.
    """
    if not list(_faults(connection, monitor, source, most)):
        return []
    return [
        f"{file}: {told}"
        for file in source.files
        for told in _faults(connection, monitor, source.only([file]), most)
    ]


def _faults(
    connection: duckdb.DuckDBPyConnection, monitor: Monitor, source: SourceFiles, most: int | None
) -> Iterator[str]:
    parts = source.parts(connection, most)
    if not parts:
        return
    schema = LogSchema.of(monitor)
    there = {name for part in parts for name in part.found}
    put_out = [each for each in outputs(monitor) if each.derived is None and each.column in there]
    names = [*(each.column for each in put_out), *(name for name in monitor.features if name in there)]
    holds = {name: f"regexp_matches({UNCAST}, {literal(marked(name))})" for name in names}
    bounded = [each for each in put_out if each.low is not None or each.high is not None]
    wanted = [f"count(*) FILTER ({each}), any_value({RAW}) FILTER ({each})" for each in holds.values()]
    for each in bounded:
        beyond = _beyond(each)
        wanted.append(f"count(*) FILTER ({beyond}), any_value({identifier(each.column)}) FILTER ({beyond})")
    if not wanted:
        return
    rows = schema.rows(parts, absent_as_null=False)
    found = connection.sql(f"SELECT {', '.join(wanted)} FROM ({rows})").fetchall()[0]
    counted = list(zip(found[::2], found[1::2], strict=True))
    for name, (number, raw) in zip(holds, counted, strict=False):
        if number:
            example = json.dumps(json.loads(raw or "{}").get(name), ensure_ascii=False)[:_SHOWN]
            example = "" if name in monitor.personal else example
            yield _told(name, number, f"not {_NEEDED[schema.types[name]]}, and count as missing", example)
    for each, (number, value) in zip(bounded, counted[len(holds) :], strict=True):
        if number:
            yield _told(each.column, number, f"not {_bounds(each)}", str(value))


def _beyond(output: Output) -> str:
    """SQL for whether a value of an output is none that its contract allows."""
    value = identifier(output.column)
    terms = [f"isnan({value})"]
    terms += [f"{value} < {output.low!r}"] if output.low is not None else []
    terms += [f"{value} > {output.high!r}"] if output.high is not None else []
    return " OR ".join(terms)


def _bounds(output: Output) -> str:
    if output.low is None or output.high is None:
        return f"{output.low:g} or more" if output.high is None else f"{output.high:g} or less"
    return f"between {output.low:g} and {output.high:g}"


def _told(column: str, number: int, what: str, example: str) -> str:
    return f"{number:,} values of {column} are {what}{f', such as {example}' if example else ''}"
