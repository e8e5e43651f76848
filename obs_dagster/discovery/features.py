"""The features of a log: what is left, with its type, and the contract that the sample suggests."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace

from obs_dagster.discovery.column import Column
from obs_dagster.discovery.content import Content, content_of, vectors_of
from obs_dagster.discovery.sample import Sample
from obs_dagster.lake.columns import RESERVED
from obs_dagster.monitor.contract import FeatureType
from obs_dagster.sources.casts import nested

#: Values that are so many, and so often others, name rows rather than say something of them.
_NAMES_ROWS, _FEWEST_NAMES, _LONG = 0.5, 50, 200
#: An id of a few rows each, such as those of one request, says as little of them.
_NAMES_SOME, _FEWEST_IDS = 0.1, 4
_ID = ("id", "uuid", "guid")
#: How many values a list of legal ones has at most, and how often each must have been seen.
_MOST_ALLOWED, _SEEN = 12, 5


@dataclass(frozen=True, slots=True)
class Feature:
    """A column that the model reads, as far as a sample tells.

    Attributes:
        name: what it is called: as its column, or as the innermost of a column inside of others.
        column: what it is like.
        type: what its values are.
        seen: what they were, in words.
        suggested: what the contract could say of them: keys and values as the monitor has them.
        keys: what the monitor has to say of them beside their type.
    """

    name: str
    column: Column
    type: FeatureType
    seen: str
    suggested: dict[str, object]
    keys: dict[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A column that the monitor does not name, and why."""

    name: str
    why: str


def features_of(sample: Sample, used: Collection[str]) -> tuple[list[Feature], list[LeftOut]]:
    """The features among the columns that play no role, and the columns that are none."""
    features: list[Feature] = []
    left: list[LeftOut] = []
    used = {*used}
    for name, found, items in vectors_of(sample, used):
        whole = replace(sample.columns[min(items)], name=name)
        features.append(Feature(name, whole, found.type, found.seen, {}, found.keys))
        used |= items
    for column in sample.columns.values():
        if column.name in used:
            continue
        if content := content_of(column):
            features.append(_of_content(column, content))
            continue
        if why := _no_feature(column):
            left.append(LeftOut(column.name, why))
        else:
            features.append(_feature(column))
    names = Counter(feature.name for feature in features)
    taken = {*used, *(column.name for column in sample.columns.values())}
    return [_unambiguous(feature, names, taken) for feature in features], left


def _unambiguous(feature: Feature, names: Mapping[str, int], taken: Collection[str]) -> Feature:
    """The feature with the whole name of its column, if the innermost is another's as well."""
    whole = feature.column.name
    alone = feature.name == whole or (names[feature.name] == 1 and feature.name not in taken)
    return feature if alone else replace(feature, name=whole)


def _no_feature(column: Column) -> str:
    """Why a column is no feature; empty if it is one."""
    if not column.name.strip() or column.name == "*" or column.name.lower().startswith(RESERVED):
        return "a monitor cannot name it"
    if nested(column.found):
        return f"its values are made of others ({column.found})"
    if not column.present or (column.temporal and not column.numeric):
        return "its values are moments" if column.present else "it has no value in the sample"
    return _names_rows(column)


def _names_rows(column: Column) -> str:
    """Why a column says nothing of the rows that it is in; empty if it does."""
    an_id = column.plain_name.split("_")[-1] in _ID
    # of an id that no two rows share a few are enough
    fewest = _FEWEST_IDS if an_id and column.unique else _FEWEST_NAMES
    many = column.distinct > max(fewest, column.present * (_NAMES_SOME if an_id else _NAMES_ROWS))
    if many and (not column.numeric or an_id):
        named = "single rows" if column.distinct > column.present * _NAMES_ROWS else "a few rows each"
        return f"its values name {named} ({column.distinct:,} different ones of {column.present:,})"
    if not column.numeric and column.longest > _LONG:
        return f"it is text of up to {column.longest:,} characters"
    return ""


def _feature(column: Column) -> Feature:
    kind = _type(column)
    suggested: dict[str, object] = {} if column.nulls else {"nullable": False}
    if kind in ("integer", "number"):
        suggested |= _bounds(column)
        seen = f"{column.low:.6g} to {column.high:.6g}" if column.low is not None else "no finite number"
    else:
        seen = _values(column)
        allowed = [value for value, _ in column.top]
        if kind == "category" and column.distinct <= _MOST_ALLOWED and column.top[-1][1] >= _SEEN:
            suggested["allowed"] = sorted(allowed)
    missing = f", {100 * column.nulls / column.rows:.2g} % missing" if column.nulls else ", none missing"
    return Feature(column.innermost, column, kind, seen + missing, suggested)


def _of_content(column: Column, content: Content) -> Feature:
    suggested: dict[str, object] = {} if column.nulls else {"nullable": False}
    missing = f", {100 * column.nulls / column.rows:.2g} % missing" if column.nulls else ", none missing"
    return Feature(column.innermost, column, content.type, content.seen + missing, suggested, content.keys)


def _type(column: Column) -> FeatureType:
    if column.boolean:
        return "boolean"
    if column.integral and column.found not in ("DOUBLE", "FLOAT"):
        return "integer"
    return "number" if column.numeric else "category"


def _values(column: Column) -> str:
    return f"{column.distinct:,} value{'s' * (column.distinct > 1)}: {column.listed()}"


def _bounds(column: Column) -> dict[str, object]:
    """Bounds with slack: half of the range beyond what was seen, and zero where it is natural."""
    if column.low is None or column.high is None:
        return {}
    if column.within(0, 1) and not column.integral:
        return {"min": 0, "max": 1}
    slack = (column.high - column.low) / 2 or abs(column.high) or 1.0
    low = 0 if column.low >= 0 else _rounded(column.low - slack, math.floor)
    return {"min": low, "max": _rounded(column.high + slack, math.ceil)}


def _rounded(value: float, towards: Callable[[float], int]) -> float | int:
    """A number of two digits, rounded down or up.

    >>> _rounded(1234.0, math.ceil), _rounded(-0.01234, math.floor)
    (1300, -0.013)
    """
    if value == 0 or not math.isfinite(value):
        return 0
    digits = 1 - math.floor(math.log10(abs(value)))
    step = 10.0**-digits
    found = float(f"{towards(value / step) * step:.2g}")
    return int(found) if found.is_integer() else found
