"""Finds every metric: one file in a family's folder each, and entry points for third parties."""

from __future__ import annotations

import difflib
import importlib
import pkgutil
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.metadata import entry_points
from types import MappingProxyType, ModuleType
from typing import Any, get_args

from obs_dagster.errors import ObsError
from obs_dagster.metrics.definition import Definition, Family
from obs_dagster.metrics.metric import Metric

ENTRY_POINTS = "obs_dagster.metrics"
FAMILIES: tuple[Family, ...] = get_args(Family)


class MetricError(ObsError):
    """A metric is not known, or is not registered as a metric should be."""


@cache
def metrics() -> Mapping[str, Metric[Any]]:
    """Every registered metric by name: ours in the order of families and files, then third parties'.

    A module of a family (`obs_dagster/metrics/<family>.py` or a file in the folder of that name) registers
    what its `METRICS` lists. A third party's distribution names a `Metric`, or a tuple of them, in
    the entry point group `obs_dagster.metrics`.

    Raises:
        MetricError: two metrics have one name, or an entry point holds something else.
    """
    found: dict[str, Metric[Any]] = {}
    for origin, listed in (*_shipped(), *_third_party()):
        for metric in listed if isinstance(listed, tuple) else (listed,):
            if not isinstance(metric, Metric):
                raise MetricError(
                    f"{origin} registers {metric!r}, which is not a Metric.",
                    remedy="Register an obs_dagster.metrics.metric.Metric or a tuple of them.",
                )
            if metric.name in found:
                raise MetricError(
                    f"{origin} registers the metric {metric.name!r}, which is already there.",
                    remedy="Give it another name.",
                )
            found[metric.name] = metric
    return MappingProxyType(found)


@cache
def family(name: Family) -> Mapping[str, Metric[Any]]:
    """The metrics of one family by name."""
    return MappingProxyType(
        {key: metric for key, metric in metrics().items() if metric.definition.family == name}
    )


@cache
def definitions() -> Mapping[str, Definition]:
    """The definition of every registered metric by name."""
    return MappingProxyType({name: metric.definition for name, metric in metrics().items()})


@cache
def tallies() -> frozenset[str]:
    """The names of the metrics whose value counts rows."""
    return frozenset(name for name, definition in definitions().items() if definition.tally)


def definition(name: str) -> Definition:
    """The definition of one metric.

    Raises:
        MetricError: there is no such metric; the message has the nearest name.
    """
    known = definitions()
    if name not in known:
        raise unknown(name, known)
    return known[name]


def unknown(name: str, known: Mapping[str, object]) -> MetricError:
    """The error for a name that is none of the known ones, with the nearest of them."""
    near = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
    guess = f"Did you mean {near[0]!r}? " if near else ""
    return MetricError(f"There is no metric {name!r}.", remedy=f"{guess}Known: {', '.join(sorted(known))}.")


def _shipped() -> Iterator[tuple[str, Any]]:
    """The `METRICS` of every module of every family, with the module's name."""
    for name in FAMILIES:
        root = importlib.import_module(f"obs_dagster.metrics.{name}")
        for module in (root, *_submodules(root)):
            yield module.__name__, getattr(module, "METRICS", ())


def _submodules(package: ModuleType) -> Iterator[ModuleType]:
    """The modules in a package's folder by name; none for a plain module."""
    for info in sorted(pkgutil.iter_modules(getattr(package, "__path__", ())), key=lambda info: info.name):
        yield importlib.import_module(f"{package.__name__}.{info.name}")


def _third_party() -> Iterator[tuple[str, Any]]:
    """What entry points of installed distributions name, with the entry point's name."""
    for point in sorted(entry_points(group=ENTRY_POINTS), key=lambda point: point.name):
        yield f"entry point {point.name!r} ({point.value})", point.load()
