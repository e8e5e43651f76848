"""Finds every metric: one file in a family's folder each, and entry points for third parties."""

from __future__ import annotations

import difflib
import importlib
import pkgutil
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import cache
from types import MappingProxyType, ModuleType
from typing import Any, get_args

from obs_dagster.errors import ObsError
from obs_dagster.kinds import third_party
from obs_dagster.metrics.definition import Definition, Family, Place
from obs_dagster.metrics.metric import Metric

ENTRY_POINTS = "obs_dagster.metrics"
FAMILIES: tuple[Family, ...] = get_args(Family)
#: What metrics that share a name agree on: people read it without knowing the task.
_READ_ALIKE = ("title", "unit", "better", "tally", "needs", "about", "noun", "written", "heading")


class MetricError(ObsError):
    """A metric is not known, or is not registered as a metric should be."""


@cache
def metrics() -> tuple[Metric[Any], ...]:
    """Every registered metric: ours in the order of families and files, then the tasks', then third parties'.

    A module of a family (`obs_dagster/metrics/<family>.py` or a file in the folder of that name) and of a
    task's metrics (`obs_dagster/tasks/<task>/metrics/`) registers what its `METRICS` lists. A third party's
    distribution names a `Metric`, or a tuple of them, in the entry point group `obs_dagster.metrics`.

    Raises:
        MetricError: two metrics of one task have one name, two of different tasks read differently under one
            name, or an entry point holds something else.
    """
    found: list[Metric[Any]] = []
    for origin, listed in (*_shipped(), *third_party(ENTRY_POINTS)):
        for metric in listed if isinstance(listed, tuple) else (listed,):
            if not isinstance(metric, Metric):
                raise MetricError(
                    f"{origin} registers {metric!r}, which is not a Metric.",
                    remedy="Register an obs_dagster.metrics.metric.Metric or a tuple of them.",
                )
            for other in found:
                if other.name == metric.name:
                    _hold_apart(origin, metric.definition, other.definition)
            found.append(metric)
    return tuple(found)


def _hold_apart(origin: str, new: Definition, old: Definition) -> None:
    """Make sure that two metrics of one name belong to different tasks, and mean the same to a reader."""
    if not new.tasks or not old.tasks or set(new.tasks) & set(old.tasks):
        raise MetricError(
            f"{origin} registers the metric {new.name!r}, which is already there.",
            remedy="Give it another name.",
        )
    for fact in _READ_ALIKE:
        if getattr(new, fact) != getattr(old, fact):
            raise MetricError(
                f"{origin} registers the metric {new.name!r}, whose {fact} is another one for "
                f"{', '.join(old.tasks)}.",
                remedy=f"Give it another name, or the {fact} {getattr(old, fact)!r}.",
            )


@cache
def family(name: Family, task: str = "") -> Mapping[str, Metric[Any]]:
    """The metrics of one family by name, those of a task or of all."""
    found: dict[str, Metric[Any]] = {}
    for metric in metrics():
        if metric.definition.family == name and (not task or metric.definition.serves(task)):
            found.setdefault(metric.name, metric)
    return MappingProxyType(found)


@cache
def common(name: Family, task: str = "") -> tuple[str, ...]:
    """The metrics of a family that are computed for every monitor, whatever its rules watch."""
    return tuple(each for each, metric in family(name, task).items() if not metric.definition.asked_with)


@cache
def definitions(task: str = "") -> Mapping[str, Definition]:
    """The definition of every registered metric by name, of a task's or of all.

    What tasks share the name of has the definition of the first one, with the tasks of all: they read alike.
    """
    found: dict[str, Definition] = {}
    for metric in metrics():
        if task and not metric.definition.serves(task):
            continue
        first = found.setdefault(metric.name, metric.definition)
        if first is not metric.definition:
            found[metric.name] = replace(first, tasks=(*first.tasks, *metric.definition.tasks))
    return MappingProxyType(found)


@cache
def shown_in(place: Place, task: str = "") -> tuple[Definition, ...]:
    """The metrics that models of a task, or of any, are shown in a place, in order."""
    chosen = (each for each in definitions(task).values() if place in each.shown)
    return tuple(sorted(chosen, key=lambda each: each.rank))


@cache
def estimates(task: str) -> Mapping[str, Definition]:
    """By name, what estimates a metric of models of a task before there are labels."""
    known = definitions(task).values()
    return MappingProxyType({each.estimates: each for each in known if each.estimates})


@cache
def completions(task: str) -> Mapping[str, Definition]:
    """By name, what says of a metric of models of a task what it will be once its labels are complete."""
    known = definitions(task).values()
    return MappingProxyType({each.completes: each for each in known if each.completes})


@cache
def adaptations(task: str) -> Mapping[str, Definition]:
    """By name, what says a metric of models of a task before labels, adapted to the features of now."""
    known = definitions(task).values()
    return MappingProxyType({each.adapts: each for each in known if each.adapts})


@cache
def ways_of(task: str) -> Mapping[str, Mapping[str, Definition]]:
    """How metrics of models of a task are expected before their labels are complete; of each way by name."""
    found = {"estimated": estimates(task), "adapted": adaptations(task), "completed": completions(task)}
    return MappingProxyType(found)


@cache
def tallies() -> frozenset[str]:
    """The names of the metrics whose value counts rows."""
    return frozenset(name for name, definition in definitions().items() if definition.tally)


def definition(name: str, task: str = "") -> Definition:
    """The definition of one metric, as models of a task have it.

    Raises:
        MetricError: there is no such metric; the message has the nearest name.
    """
    known = definitions(task)
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
    roots = [f"obs_dagster.metrics.{name}" for name in FAMILIES]
    tasks = importlib.import_module("obs_dagster.tasks")
    roots += [f"{module.__name__}.metrics" for module in _submodules(tasks) if _has_metrics(module)]
    for name in roots:
        root = importlib.import_module(name)
        for module in (root, *_submodules(root)):
            yield module.__name__, getattr(module, "METRICS", ())


def _has_metrics(module: ModuleType) -> bool:
    return any(info.name == "metrics" for info in pkgutil.iter_modules(getattr(module, "__path__", ())))


def _submodules(package: ModuleType) -> Iterator[ModuleType]:
    """The modules in a package's folder by name; none for a plain module."""
    for info in sorted(pkgutil.iter_modules(getattr(package, "__path__", ())), key=lambda info: info.name):
        yield importlib.import_module(f"{package.__name__}.{info.name}")
