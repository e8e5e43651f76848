"""The monitor's contract of a row, as Great Expectations expectations."""

from __future__ import annotations

import datetime as dt
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from obs_dagster.content.protocol import described, fault_column
from obs_dagster.lake.columns import UNCAST, marked
from obs_dagster.monitor.contract import Feature
from obs_dagster.monitor.model import Monitor
from obs_dagster.monitor.task import Output, outputs, totals
from obs_dagster.quality.refusal import outside
from obs_dagster.sources.classes import inverts

_LARGEST = sys.float_info.max
UNCAST_RULE = "value is not of the declared type"


@dataclass(frozen=True, slots=True)
class Expectation:
    """One expectation, before Great Expectations is imported.

    Attributes:
        kind: Great Expectations' class name (`ExpectColumnValuesToNotBeNull`).
        arguments: its arguments.
        rule: what a person reads about a row that breaks it.
        indispensable: whether a row that breaks it cannot be evaluated, whoever wants that.
    """

    kind: str
    arguments: dict[str, Any]
    rule: str
    indispensable: bool = True


def occurrences(column: str) -> str:
    """Name of the column that counts how often a row's value of a unique column occurs in the day."""
    return f"_obs_occurrences_{column}"


def total(place: int) -> str:
    """Name of the column that has a row's sum of the outputs of one of the task's totals."""
    return f"_obs_total_{place}"


def neither_class(monitor: Monitor) -> str:
    """The rule that a decision breaks which is neither positive nor negative."""
    column, labels = monitor.logs.columns.prediction, monitor.labels
    if monitor.logs.positive is None and labels is not None and inverts(labels.positive, labels.negatives):
        return (
            f"{column} is of neither class: it is not written as labels are, of which {labels.positive!r} is "
            "positive; logs.positive names the decision that is"
        )
    return f"{column} is of neither class; logs.positive and logs.negative name its values"


def contract(monitor: Monitor, day: dt.date, absent: Sequence[str]) -> list[Expectation]:
    """The expectations of one day's rows.

    Args:
        monitor: declares features and roles.
        day: rows must have been predicted within it, in the monitor's time zone.
        absent: declared columns that the source does not have. Their absence is an expectation that fails;
            what is expected of their values is not asked of every row.
    """
    roles = monitor.logs.columns
    begin = dt.datetime.combine(day, dt.time(), monitor.zone).astimezone(dt.UTC)
    end = dt.datetime.combine(day + dt.timedelta(days=1), dt.time(), monitor.zone).astimezone(dt.UTC)
    gone = set(absent)
    gone |= {name for name, (column, each) in monitor.described.items() if column in gone or each.learned}
    gone |= {fault_column(name) for name in monitor.content if name in gone}
    gone |= {each.column for each in outputs(monitor) if each.derived and gone & set(each.derived.needs)}
    # a column that ingestion makes may lack values that the contract asks for, but is never missing
    puts_out = [each for each in outputs(monitor) if each.derived is None or each.required]
    needed = [roles.prediction_id, roles.time, roles.version]
    declared = [*needed, *(each.column for each in puts_out if each.required and each.derived is None)]
    declared += [name for name in (*monitor.features, *monitor.content) if name not in monitor.described]
    needed += [each.column for each in puts_out if each.required]
    expected = [
        Expectation("ExpectColumnToExist", {"column": name}, f"column {name} is there") for name in declared
    ]
    expected.append(
        Expectation("ExpectColumnValuesToBeNull", {"column": UNCAST}, UNCAST_RULE, indispensable=False)
    )
    expected += [
        Expectation(
            "ExpectColumnValuesToNotMatchRegex",
            {"column": UNCAST, "regex": marked(each.column)},
            neither_class(monitor),
        )
        for each in puts_out
        if each.kind == "decision"
    ]
    expected += [
        Expectation("ExpectColumnValuesToNotBeNull", {"column": name}, f"{name} is missing")
        for name in needed
    ]
    expected.append(
        Expectation(
            "ExpectColumnValuesToBeBetween",
            {"column": roles.time, "min_value": begin, "max_value": end, "strict_max": True},
            outside(monitor, day),
        )
    )
    expected += [
        Expectation(
            "ExpectColumnValuesToBeBetween",
            {"column": each.column, "min_value": each.low, "max_value": each.high},
            _bounded(each),
        )
        for each in puts_out
        if each.low is not None or each.high is not None
    ]
    expected += [
        Expectation(
            "ExpectColumnValuesToBeInSet",
            {"column": each.column, "value_set": list(each.allowed)},
            f"{each.column} is none of the {len(each.allowed)} declared classes",
        )
        for each in puts_out
        if each.allowed
    ]
    expected += [
        Expectation(
            "ExpectColumnValuesToBeBetween",
            {"column": total(place), "min_value": each.low, "max_value": each.high},
            each.rule,
        )
        for place, each in enumerate(totals(monitor))
        if not gone & set(each.columns)
    ]
    expected += [
        Expectation(
            "ExpectColumnValuesToBeBetween",
            {"column": each.column, "min_value": -_LARGEST, "max_value": _LARGEST},
            f"{each.column} is not a finite number",
        )
        for each in puts_out
        if each.kind == "number" and each.required and each.low is None and each.high is None
    ]
    for name, feature in monitor.features.items():
        expected += _of_feature(name, feature)
    for name, feature in monitor.content.items():
        expected += _of_content(name, feature)
    return [
        each
        for each in expected
        if each.kind == "ExpectColumnToExist"
        or each.arguments["column"].removeprefix(occurrences("")) not in gone
    ]


def _bounded(output: Output) -> str:
    """The rule that a value beyond the bounds of an output breaks."""
    if output.low is None:
        return f"{output.column} is above {output.high:g}"
    if output.high is None:
        return f"{output.column} is below {output.low:g}"
    return f"{output.column} is not between {output.low:g} and {output.high:g}"


def _of_feature(name: str, feature: Feature) -> list[Expectation]:
    found = []
    if not feature.nullable:
        found.append(_dispensable("ExpectColumnValuesToNotBeNull", name, f"{name} is missing"))
    if feature.min is not None or feature.max is not None:
        found.append(
            _dispensable(
                "ExpectColumnValuesToBeBetween",
                name,
                f"{name} is outside {_range(feature)}",
                min_value=feature.min,
                max_value=feature.max,
            )
        )
    if feature.allowed is not None:
        found.append(
            _dispensable(
                "ExpectColumnValuesToBeInSet",
                name,
                f"{name} is not an allowed value",
                value_set=_as_stored(feature),
            )
        )
    if feature.unique:
        found.append(
            _dispensable(
                "ExpectColumnValuesToBeBetween",
                occurrences(name),
                f"{name} occurs more than once",
                max_value=1,
            )
        )
    return found


def _of_content(name: str, feature: Feature) -> list[Expectation]:
    return [
        _dispensable("ExpectColumnValuesToNotMatchRegex", fault_column(name), rule, regex=f"^{fault}")
        for fault, rule in described(feature).faults(name, feature).items()
    ]


def _dispensable(kind: str, column: str, rule: str, **arguments: Any) -> Expectation:
    """What is expected of a feature: a row that breaks it may be released, and is evaluated as it is."""
    return Expectation(kind, {"column": column, **arguments}, rule, indispensable=False)


def _as_stored(feature: Feature) -> list[Any]:
    """The allowed values in the type that the lake has; numbers of another type are compared as objects."""
    allowed = list(feature.allowed or ())
    if feature.type == "category":
        return list(map(str, allowed))
    return list(map(float, allowed)) if feature.type == "number" else allowed


def _range(feature: Feature) -> str:
    low = "-∞" if feature.min is None else _bound(feature.min)
    high = "∞" if feature.max is None else _bound(feature.max)
    return f"[{low}, {high}]"


def _bound(bound: float) -> str:
    """The bound as the monitor gives it; six digits of it would be another one."""
    short = f"{bound:g}"
    return short if float(short) == bound else repr(bound)
