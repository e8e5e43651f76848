"""Settings that make of a log's values what is likely not meant: found by a look at some of them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from obs_dagster.monitor.model import Monitor
from obs_dagster.monitor.problem import Keys
from obs_dagster.monitor.times import Unit
from obs_dagster.sources.casts import nested
from obs_dagster.sources.files import SourceFiles
from obs_dagster.sources.formats.part import Part, UnreadableError
from obs_dagster.sources.formats.recognised_csv import recognised_dialect
from obs_dagster.sources.log_schema import LogSchema
from obs_dagster.sources.score_scale import probabilities, recognised_scale
from obs_dagster.sources.time_forms import day_of, epoch_unit, recognised_times

if TYPE_CHECKING:
    import duckdb

_MOST = 200
#: Values that are enough to say how probabilities are written.
_ENOUGH = 20


@dataclass(frozen=True, slots=True)
class Misreading:
    """What a setting makes of values, and which would read them.

    Attributes:
        keys: where the setting is in the monitor, or would be.
        text: what is wrong, what it leads to, and what to write.
        certain: whether nothing else can be meant.
    """

    keys: Keys
    text: str
    certain: bool = True


def misreadings(
    connection: duckdb.DuckDBPyConnection, monitor: Monitor, source: SourceFiles, most: int
) -> list[Misreading]:
    """What the settings of a log likely do not mean.

    Args:
        connection: the session that reads it.
        monitor: has the settings.
        source: some of its files.
        most: rows of like files that are enough.

    Raises:
        SourceError: a file cannot be read.
    """
    schema = LogSchema.of(monitor)
    found: list[Misreading] = []
    for part in source.parts(connection, most):
        found += [*_of_time(connection, monitor, schema, part), *_of_scores(connection, monitor, part)]
    return list(dict.fromkeys([*found, *_of_dialect(monitor, source)]))


def _of_time(
    connection: duckdb.DuckDBPyConnection, monitor: Monitor, schema: LogSchema, part: Part
) -> Iterator[Misreading]:
    """Numbers of another unit than is said, and texts that are not read as they are written."""
    column, times = monitor.logs.columns.time, monitor.logs.times
    if column not in part.found:
        return
    rows = connection.sql(
        f"SELECT CAST({part.column(column)} AS VARCHAR), ({schema.declared(part, column)}) IS NULL "
        f"FROM {part.source} AS source WHERE {part.column(column)} IS NOT NULL LIMIT {_MOST}"
    ).fetchall()
    values = [str(value).strip('"') for value, _ in rows]
    if not values:
        return
    keys: Keys = ("logs", "times")
    if times.unit is not None:
        yield from _of_unit(column, values, times.unit)
    elif all(unread for _, unread in rows):
        meant = recognised_times(values)
        form = meant.format if meant else None
        remedy = f'write `times: {{format: "{form}"}}`' if form else "say in `logs.times` how it is written"
        yield Misreading(keys, f"{column} is such as {values[0]!r}, which is not read as a time: {remedy}")


def _of_unit(column: str, values: Sequence[str], unit: Unit) -> Iterator[Misreading]:
    numbers = [number for value in values if (number := _number(value)) is not None]
    meant = epoch_unit(numbers)
    if meant is None or meant == unit:
        return
    leads = day_of(numbers[0], unit)
    told = f"of the day {leads}" if leads else "of no day before the year 10000"
    yield Misreading(
        ("logs", "times", "unit"),
        f"{column} is such as {values[0]}, which as {unit} is {told}; as {meant} it is of "
        f"{day_of(numbers[0], meant)}: write `unit: {meant}`",
    )


def _of_scores(connection: duckdb.DuckDBPyConnection, monitor: Monitor, part: Part) -> Iterator[Misreading]:
    """Probabilities that are beyond what their scale has."""
    for column in sorted(probabilities(monitor) & part.found.keys()):
        if nested(part.found[column]):
            continue
        value = f"TRY_CAST({part.number(column)} AS DOUBLE)"
        # some values may be wrong by themselves, which the contract says
        number, middle, greatest = connection.sql(
            f"SELECT count(v), quantile_disc(v, [0.05, 0.95]), max(v) FROM "
            f"(SELECT {value} AS v FROM {part.source} AS source) WHERE isfinite(v)"
        ).fetchall()[0]
        if number < _ENOUGH:
            continue
        low, high = middle
        meant = recognised_scale(low, high)
        if meant is not None and meant not in ("probability", monitor.logs.scale):
            text = (
                f"nine of ten values of {column} are from {low:.4g} to {high:.4g}, which is not "
                f"{_SCALES[monitor.logs.scale]}: "
                f"write `scale: {meant}` if it is {_SCALES[meant]}"
            )
            yield Misreading(("logs", "scale"), text)
        elif greatest <= 1 and monitor.logs.scale == "percent":
            text = f"no value of {column} is above {greatest:.4g} %: leave out `scale` if it is a probability"
            yield Misreading(("logs", "scale"), text, certain=False)


_SCALES = {"probability": "a probability", "percent": "percent", "log_odds": "log-odds"}


def _of_dialect(monitor: Monitor, source: SourceFiles) -> Iterator[Misreading]:
    """Numbers of CSV files that are written otherwise than is said."""
    if monitor.logs.source != "csv" or not source.files:
        return
    try:
        found = recognised_dialect(source.files[-1])
    except UnreadableError:
        # reading it says so
        return
    if found is None:
        return
    said: dict[str, Any] = monitor.logs.csv.model_dump() if monitor.logs.csv else {}
    for key in ("decimal", "thousands", "nulls"):
        value = getattr(found, key)
        missing = set(value) - set(said.get(key) or ()) if key == "nulls" else value != said.get(key)
        if key in found.model_fields_set and missing:
            shown = sorted(missing) if isinstance(missing, set) else value
            written = json.dumps(shown, ensure_ascii=False)
            text = (
                f"numbers of {source.files[-1].name} have {_NUMBERS[key]} {written}: "
                f"write `csv: {{{key}: {written}}}`"
            )
            yield Misreading(("logs", "csv"), text, certain=False)


_NUMBERS = {"decimal": "the decimal sign", "thousands": "between thousands", "nulls": "among them"}


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None
