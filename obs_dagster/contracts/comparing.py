"""Where a monitor and a data contract say different things of the same column."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from obs_dagster.contracts.reading import Promises
from obs_dagster.monitor.contract import Feature
from obs_dagster.monitor.model import Monitor
from obs_dagster.sources.declared import read_types


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that is said differently.

    Attributes:
        column: the column.
        what: what is said of it: `type`, `nullable`, …, or `column` for whether it is there.
        monitor, contract: what either says; empty for nothing.
    """

    column: str
    what: str
    monitor: str
    contract: str


def differences(monitor: Monitor, promised: Promises) -> list[Difference]:
    """Every difference, by column; columns that play a role need only be there."""
    return list(_differences(monitor, promised))


def _differences(monitor: Monitor, promised: Promises) -> Iterator[Difference]:
    features = {name: each for name, each in monitor.features.items() if name not in monitor.described}
    # of content a contract says no more than that it is there
    roles = [name for name in read_types(monitor) if name not in features]
    known = {*promised.columns, *promised.others}
    for name in roles:
        if name not in known:
            yield Difference(name, "column", _what(monitor, name), "")
    for name, feature in features.items():
        if name in promised.columns:
            yield from _of_column(name, feature, promised.columns[name].feature)
        elif name in promised.others:
            yield Difference(name, "type", feature.type, promised.others[name])
        else:
            yield Difference(name, "column", feature.type, "")
    for name, each in promised.columns.items():
        if name not in features and name not in roles:
            yield Difference(name, "column", "", each.feature.type)


def _what(monitor: Monitor, name: str) -> str:
    """What a column is that is no feature."""
    return monitor.content[name].type if name in monitor.content else "a role of the log"


def _of_column(name: str, ours: Feature, theirs: Feature) -> Iterator[Difference]:
    for key in ("type", "nullable", "unique", "min", "max", "allowed"):
        one, other = getattr(ours, key), getattr(theirs, key)
        if key == "allowed":
            one, other = (None if values is None else sorted(map(str, values)) for values in (one, other))
        if one != other:
            yield Difference(name, key, _said(one), _said(other))


def _said(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, list):
        return ", ".join(value)
    return f"{value:g}" if isinstance(value, float) else str(value).lower()
