"""What a kind of model can do, beyond what reading its rows asks for."""

from __future__ import annotations

from typing import Protocol, cast, runtime_checkable

from obs_dagster.monitor.model import Monitor
from obs_dagster.monitor.task import Task as Described
from obs_dagster.monitor.task import task_named
from obs_dagster.tasks.outcomes import OutcomeTable


class Task(Described, Protocol):
    """A kind of model, with what is made of its rows.

    Attributes:
        outcomes: what is counted of predictions and their labels; None where there is no ground truth.
    """

    @property
    def outcomes(self) -> OutcomeTable | None: ...  # noqa: D102


@runtime_checkable
class HasQualityPage(Protocol):
    """A task that Evidently has a page for.

    Attributes:
        quality_page: the page of how right a model was, a file of `obs_dagster/reports/quality_pages`.
    """

    @property
    def quality_page(self) -> str: ...  # noqa: D102


def quality_page(task: Task) -> str:
    """The page that Evidently makes of how right a model was; empty if it makes none."""
    return task.quality_page if isinstance(task, HasQualityPage) else ""


def task_of(monitor: Monitor) -> Task:
    """The task of a monitor.

    Raises:
        ObsError: there is no such task.
    """
    return cast("Task", task_named(monitor))
