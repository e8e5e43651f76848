"""The champion, and rules that hold a metric against its."""

from __future__ import annotations

from collections.abc import Iterator

from obs_dagster.monitor.champion import ALIAS, beside_champion
from obs_dagster.monitor.checks.check import Surroundings
from obs_dagster.monitor.checks.outline import conditions
from obs_dagster.monitor.document import Document
from obs_dagster.monitor.model import DEFAULT_TASK
from obs_dagster.monitor.problem import Keys, Problem, quoted

BESIDE_CHAMPION = ("better_than", "worse_than")
"""What stands in place of a threshold where a rule names the champion."""


def against_champion(document: Document, keys: Keys) -> bool:
    """Whether a condition holds its metric against the champion's."""
    return any(document.value(*keys, key) is not None for key in BESIDE_CHAMPION)


def champions_are_sure(document: Document, surroundings: Surroundings) -> Iterator[Problem]:
    """A rule on the champion has a metric that the task's versions are compared by, and is sure."""
    task = document.text("task") or DEFAULT_TASK
    beside = {name: surroundings.metrics.get(beside_champion(name)) for name in surroundings.metrics}
    legal = sorted(
        name
        for name, each in beside.items()
        if each is not None and each.name != name and (not each.tasks or task in each.tasks)
    )
    for keys in conditions(document):
        name = document.text(*keys, "metric")
        if name is None or not against_champion(document, keys):
            continue
        if name in surroundings.metrics and name not in legal:
            message = f"The metric `{name}` is not compared with the champion's for models of {task}."
            yield document.problem((*keys, "metric"), message, legal=legal)
        if document.value(*keys, "confident") is False:
            message = "Better or worse than the champion is only what is so for sure."
            yield document.problem((*keys, "confident"), message, at_key=True)


def aliases_are_of_a_registry(document: Document, _: Surroundings) -> Iterator[Problem]:
    """A `champion` that is an alias (`@champion`) needs a `registry`."""
    champion = document.text("champion")
    if champion is not None and champion.startswith(ALIAS) and document.value("registry") is None:
        message = f"{quoted(champion)} is an alias of MLflow's registry, and the monitor has no `registry`."
        yield document.problem(("champion",), message)
