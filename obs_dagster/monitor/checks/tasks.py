"""Tasks: there is such a kind of model, and the monitor has what it needs."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from obs_dagster.monitor.checks.check import Surroundings
from obs_dagster.monitor.document import Document
from obs_dagster.monitor.model import Monitor
from obs_dagster.monitor.problem import Problem, quoted
from obs_dagster.monitor.task import HasBlock, task_in, tasks


def task_is_known(document: Document, _: Surroundings) -> Iterator[Problem]:
    """`task` is a kind of model that there is."""
    written = document.text("task")
    if written is not None and written not in tasks():
        message = f"{quoted(written)} is not a known task."
        yield document.problem(("task",), message, legal=list(tasks()), near=written)


def task_has_its_columns(document: Document, _: Surroundings) -> Iterator[Problem]:
    """The log maps the columns that models of the task put out, and no others."""
    task = task_in(document)
    if task is not None and document.mapping("logs", "columns") is not None:
        yield from task.problems(document)


def _defaults(block: str) -> Any:
    """What a block of options says where the monitor says nothing, as it would be written."""
    field = Monitor.model_fields[block]
    return json.loads(field.get_default(call_default_factory=True).model_dump_json())


def blocks_fit_the_task(document: Document, _: Surroundings) -> Iterator[Problem]:
    """Options that only models of another task have are not given."""
    task = task_in(document)
    for other in tasks().values():
        block = other.block if isinstance(other, HasBlock) else None
        if block and task not in (None, other) and document.value(block) not in (None, _defaults(block)):
            message = f"`{block}` has the options of {other.name}, which this model is not."
            yield document.problem((block,), message, at_key=True)
