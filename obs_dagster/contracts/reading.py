"""A data contract as the features of a monitor, and what of it a monitor cannot say."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from obs_dagster.discovery.yaml_text import comment, entry, mapping, scalar
from obs_dagster.monitor.contract import Feature, FeatureType

if TYPE_CHECKING:
    from open_data_contract_standard.model import DataQuality, SchemaObject, SchemaProperty

_TYPES: Mapping[str, FeatureType] = {
    "string": "category",
    "integer": "integer",
    "number": "number",
    "boolean": "boolean",
}


@dataclass(frozen=True, slots=True)
class Promised:
    """What a contract promises of one column.

    Attributes:
        feature: as a monitor says it.
        lacks: what the contract says beside that, and a monitor cannot.
    """

    feature: Feature
    lacks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Promises:
    """What a contract promises of a table.

    Attributes:
        columns: the columns that can be features, by name.
        others: the columns that can't, with the reason.
    """

    columns: dict[str, Promised] = field(default_factory=dict)
    others: dict[str, str] = field(default_factory=dict)

    def text(self, without: Collection[str] = ()) -> str:
        """The section `features` of a monitor file.

        Args:
            without: columns that are none, because they play a role.
        """
        return "\n".join(["features:", *self._lines(without)]) + "\n"

    def _lines(self, without: Collection[str]) -> Iterator[str]:
        for name, promised in self.columns.items():
            if name in without or promised.feature.column in without:
                continue
            keys = promised.feature.model_dump(exclude_unset=True)
            for lack in promised.lacks:
                yield from comment(f"{name}: the contract also says {lack}", 2)
            yield from entry(scalar(name), mapping(keys), indent=2)
        left = {name: why for name, why in self.others.items() if name not in without}
        if left:
            yield from comment("Left out:", 2)
        for name, why in left.items():
            yield from comment(f"- {name}: {why}", 2)


def promises_of(table: SchemaObject) -> Promises:
    """What a contract promises of the columns of a table; columns inside of others by their path."""
    found = Promises()
    for each in table.properties or ():
        _add(each, "", found)
    return found


def _add(column: SchemaProperty, outer: str, found: Promises) -> None:
    name = column.name or ""
    place = f"{outer}.{column.physicalName or name}" if outer else column.physicalName or name
    if column.properties:
        for each in column.properties:
            _add(each, place, found)
        return
    kind = column.logicalType or ""
    shown = name if name not in found.columns else place
    if kind not in _TYPES:
        what = f"a value of type {kind}" if kind else "a value of a type that the contract does not say"
        found.others[shown] = f"{what} is none that a feature has"
        return
    found.columns[shown] = _promised(column, _TYPES[kind], place if place != shown else None)


def _promised(column: SchemaProperty, kind: FeatureType, place: str | None) -> Promised:
    keys: dict[str, Any] = {"type": kind}
    lacks: list[str] = []
    if place:
        keys["column"] = place
    if column.required:
        keys["nullable"] = False
    if column.unique:
        keys["unique"] = True
    for option, value in (column.logicalTypeOptions or {}).items():
        lacks += _bound(keys, kind, option, value)
    if column.enum:
        keys["allowed"] = tuple(each.value for each in column.enum)
    for rule in column.quality or ():
        lacks += _rule(keys, rule)
    if column.description:
        keys["description"] = " ".join(column.description.split())
    return Promised(Feature.model_validate(keys), tuple(lacks))


def _bound(keys: dict[str, Any], kind: FeatureType, option: str, value: Any) -> Iterator[str]:
    """Take over a bound, or say which one can't be."""
    number = isinstance(value, int | float) and not isinstance(value, bool)
    numeric = kind in ("integer", "number")
    if numeric and number and option in ("minimum", "maximum"):
        keys[option[:3]] = value
    elif kind == "integer" and number and option == "exclusiveMinimum":
        keys["min"] = math.floor(value) + 1
    elif kind == "integer" and number and option == "exclusiveMaximum":
        keys["max"] = math.ceil(value) - 1
    else:
        yield f"{option}: {value}"


def _rule(keys: dict[str, Any], rule: DataQuality) -> Iterator[str]:
    """Take over a rule that every row must keep, or say which one can't be."""
    metric, none_at_all = rule.metric or rule.rule, rule.mustBe == 0
    valid = (rule.arguments or {}).get("validValues")
    if none_at_all and metric in ("nullValues", "missingValues"):
        keys["nullable"] = False
    elif none_at_all and metric == "duplicateValues":
        keys["unique"] = True
    elif none_at_all and metric == "invalidValues" and isinstance(valid, list) and valid:
        keys["allowed"] = tuple(valid)
    else:
        said = rule.description or rule.name or metric or rule.type
        yield f"a rule ({said}); a suite may hold it (quality.suite)"
