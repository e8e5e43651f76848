"""`obs quarantine show`: the rows that broke the contract, with the rules that each broke."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from jobs.cli import days
from jobs.cli.choice import Model, OnlyVersions, find_monitor
from jobs.cli.console import ERRORS
from jobs.cli.failure import UsageError
from jobs.cli.records import Format, FormatOption, emit
from jobs.cli.unmatched import Filters, require_known, tell_unmatched
from obs_dagster.lake.columns import marked

if TYPE_CHECKING:
    import datetime as dt

    import pyarrow as pa

    from obs_dagster.monitor import Monitor

_ROW, _RULES = "row", "rules"


def quarantine(  # noqa: PLR0917  Typer reads options by name
    model: Model,
    day: days.Shown = None,
    rule: Annotated[
        list[str] | None, typer.Option(help="Only rows that broke this rule (repeatable).")
    ] = None,
    column: Annotated[
        list[str] | None, typer.Option(help="Only rows that broke a rule about this column (repeatable).")
    ] = None,
    version: OnlyVersions = None,
    chosen: FormatOption = Format.TABLE,
    output: Annotated[Path | None, typer.Option(help="Write to this file.")] = None,
) -> None:
    """Print the rows of a day that broke the contract, whole, with the rules that each broke."""
    from obs_dagster.notebook import quarantine as rows_of

    monitor = find_monitor(model)
    asked = _day(monitor, day)
    rows = rows_of(model, asked, frame="arrow")
    wanted: dict[str, list[str] | None] = {"rule": rule, "column": column, "version": version}
    if rows.num_rows and monitor.logs.columns.prediction_id not in rows.column_names:
        _tell_purged(asked, wanted)
    every = [_Row(row, monitor, rows.column_names) for row in rows.to_pylist()]
    kept = [place for place, row in enumerate(every) if row.matches(wanted)]
    matched = {
        option: {value for place in kept for value in every[place].values[option]} for option in wanted
    }
    require_known(wanted, matched, lambda option: _known(monitor, rows, every, option))
    records = [every[place].record for place in kept]
    if chosen is Format.CSV:
        records = [record | {_RULES: "; ".join(record[_RULES])} for record in records]
    about = {name for place in kept for name in every[place].values["column"]}
    emit(
        [every[place].legible() for place in kept] if chosen is Format.TABLE else records,
        rows.column_names,
        chosen,
        output=output,
        shown=_shown(monitor, rows, about),
        arrow=lambda: rows.take(kept),
    )
    if not every:
        ERRORS.print(f"No row of {asked} broke the contract.", highlight=False)
    elif not kept:

        def without(option: str) -> list[str]:
            others = {name: values for name, values in wanted.items() if name != option}
            return sorted({value for row in every if row.matches(others) for value in row.values[option]})

        tell_unmatched("rows", wanted, without)


def _tell_purged(day: dt.date, wanted: Filters) -> None:
    """Say of rows without values that they had some.

    Raises:
        UsageError: they are to be picked by a value.
    """
    told = f"The values of the rows of {day} were purged"
    if asked := [f"--{option}" for option in ("column", "version") if wanted[option]]:
        raise UsageError(
            f"{told}, so {' and '.join(asked)} cannot pick any.", remedy="Their rules are left: use --rule."
        )
    ERRORS.print(f"{told}: their numbers and rules are left.", highlight=False)


def _day(monitor: Monitor, day: str | None) -> dt.date:
    """The day that is meant: the latest is that of the last night."""
    from obs_dagster.history import History
    from obs_dagster.settings import Settings

    def latest() -> dt.date:
        with History.open(Settings().history_url) as history:
            nights = history.nights(monitor.model)
        return max((night.day for night in nights), default=days.last_legal(monitor))

    return days.day_of(monitor, day or days.LATEST, latest)


def _known(monitor: Monitor, rows: pa.Table, every: Sequence[_Row], option: str) -> set[str]:
    """What there is to filter by, whether any of the rows is of it or not."""
    from obs_dagster.history import History
    from obs_dagster.settings import Settings

    there = {value for row in every for value in row.values[option]}
    if option == "column":
        return there | set(rows.column_names)
    if option == "version":
        with History.open(Settings().history_url) as history:
            return there | set(history.metric_values(monitor.model, option))
    return there


class _Row:
    """A row, and its values by the option that filters by them."""

    def __init__(self, record: dict[str, Any], monitor: Monitor, columns: Sequence[str]) -> None:
        from obs_dagster.quality.tally import column_of

        self.record = record
        rules, named = list(record[_RULES] or ()), monitor.logs.columns.version
        mistyped = str(record.get("uncast") or "")
        self.mistyped = [name for name in columns if re.search(marked(name), mistyped)]
        about = list(dict.fromkeys(filter(None, (column_of(rule, columns) for rule in rules))))
        self.values: Mapping[str, Sequence[str]] = {
            "rule": rules,
            "column": [*about, *self.mistyped],
            "version": [str(record[named])] if named in record else [],
        }

    def legible(self) -> dict[str, Any]:
        """The row for reading: a value that has not the declared type is shown as it was written."""
        written = json.loads(self.record["raw"]) if self.mistyped and self.record.get("raw") else {}
        given = {name: written.get(name) for name in self.mistyped}
        return self.record | given | {_RULES: "; ".join(self.values["rule"])}

    def matches(self, wanted: Filters) -> bool:
        """Whether the row is one of those that filters ask for."""
        return all(not values or set(values) & set(self.values[option]) for option, values in wanted.items())


def _shown(monitor: Monitor, rows: pa.Table, about: set[str]) -> list[str]:
    """What a table for reading has: which row it is, its rules, and the columns that these are about."""
    columns = monitor.logs.columns
    first = [_ROW, columns.prediction_id, columns.version]
    return [name for name in (*first, *sorted(about - {*first}), _RULES) if name in rows.column_names]
