"""The contract of a row as conditions that a warehouse counts: which rows break which expectation.

What each means is what Great Expectations says of the same rows: a null, and a number that is NaN, is
missing, and of what is missing nothing else is expected.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from obs_dagster.errors import ObsError
from obs_dagster.lake.columns import DAY, UNCAST, marked
from obs_dagster.monitor.model import Monitor
from obs_dagster.monitor.task import totals
from obs_dagster.quality.contract import Expectation, occurrences, total
from obs_dagster.sources.warehouse_casts import NOT

if TYPE_CHECKING:
    import ibis

TABLE = "ExpectColumnToExist"
"""The expectation that is about the table, which no row breaks."""


def with_contract_columns(rows: ibis.Table, monitor: Monitor) -> ibis.Table:
    """Declared rows with the columns that only the contract is about: occurrences of values, and sums."""
    import ibis

    made: dict[str, ibis.Value] = {}
    for name, feature in monitor.features.items():
        if feature.unique and name in rows.columns:
            times = rows[name].count().over(ibis.window(group_by=[DAY, name]))
            made[occurrences(name)] = rows[name].notnull().ifelse(times, 0)
    for place, each in enumerate(totals(monitor)):
        if {*each.columns} <= {*rows.columns}:
            added = rows[each.columns[0]]
            for name in each.columns[1:]:
                added += rows[name]
            made[total(place)] = added
    return rows.mutate(**made) if made else rows


def breaks(expectation: Expectation, rows: ibis.Table) -> ibis.BooleanValue | None:
    """Whether a row breaks an expectation, never null; None where no row can.

    Args:
        expectation: one of the contract.
        rows: the rows of `with_contract_columns`.

    Raises:
        ObsError: the contract has an expectation that is not known here.
    """
    column = expectation.arguments["column"]
    if column == UNCAST:
        return _uncast(expectation, rows)
    if expectation.kind == TABLE or column not in rows.columns:
        return None
    if expectation.kind not in _CONDITIONS:
        raise ObsError(
            f"{expectation.kind} cannot be counted in a warehouse.", remedy="Leave out `engine: warehouse`."
        )
    value = rows[column]
    found = _CONDITIONS[expectation.kind](value, expectation.arguments)
    return None if found is None else found.fill_null(NOT)


def _uncast(expectation: Expectation, rows: ibis.Table) -> ibis.BooleanValue | None:
    """Rows with a value, of any column or of the one that is named, which has no form as declared."""
    marks = [name for name in rows.columns if name.startswith(f"{UNCAST}_")]
    if expectation.kind != "ExpectColumnValuesToBeNull":
        pattern = expectation.arguments["regex"]
        marks = [name for name in marks if pattern == marked(name.removeprefix(f"{UNCAST}_"))]
    found = None
    for name in marks:
        each = rows[name].fill_null(NOT)
        found = each if found is None else found | each
    return found


def uncast_columns(rows: ibis.Table) -> list[str]:
    """The columns that may have values which have no form as declared."""
    return [name.removeprefix(f"{UNCAST}_") for name in rows.columns if name.startswith(f"{UNCAST}_")]


def missing_value(value: ibis.Value) -> ibis.BooleanValue:
    """Whether there is no value: null, or NaN."""
    return value.isnull() | value.isnan() if value.type().is_floating() else value.isnull()


def _missing(value: ibis.Value, arguments: Mapping[str, Any]) -> ibis.BooleanValue:
    del arguments
    return missing_value(value)


def _beyond(value: ibis.Value, arguments: Mapping[str, Any]) -> ibis.BooleanValue | None:
    import ibis

    low, high = arguments.get("min_value"), arguments.get("max_value")
    found: list[ibis.BooleanValue] = []
    of = value.type() if value.type().is_timestamp() else None
    if low is not None:
        found.append(value < ibis.literal(low, type=of))
    if high is not None:
        bound = ibis.literal(high, type=of)
        found.append(value >= bound if arguments.get("strict_max") else value > bound)
    if not found:
        return None
    beyond = found[0] if len(found) == 1 else found[0] | found[1]
    return beyond & ~missing_value(value)


def _none_of(value: ibis.Value, arguments: Mapping[str, Any]) -> ibis.BooleanValue:
    return ~value.isin(list(arguments["value_set"])) & ~missing_value(value)


_Condition = Callable[["ibis.Value", Mapping[str, Any]], "ibis.BooleanValue | None"]
_CONDITIONS: dict[str, _Condition] = {
    "ExpectColumnValuesToNotBeNull": _missing,
    "ExpectColumnValuesToBeBetween": _beyond,
    "ExpectColumnValuesToBeInSet": _none_of,
}


def name_of(expectation: Expectation) -> str:
    """Great Expectations' name of an expectation.

    >>> name_of(Expectation("ExpectColumnValuesToNotBeNull", {}, ""))
    'expect_column_values_to_not_be_null'
    """
    return re.sub(r"(?<!^)(?=[A-Z])", "_", expectation.kind).lower()


def by_rule(expected: Sequence[Expectation], rows: ibis.Table) -> dict[str, ibis.BooleanValue]:
    """Per rule whether a row breaks it, in the order of the contract; without rules that no row can break."""
    found: dict[str, ibis.BooleanValue] = {}
    for each in expected:
        broken = breaks(each, rows)
        if broken is not None:
            found[each.rule] = found[each.rule] | broken if each.rule in found else broken
    return found
