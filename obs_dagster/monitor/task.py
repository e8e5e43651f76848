"""What kind of model a monitor watches: what those who read, check and count its rows must know of it.

A task is found by its place, `obs_dagster/tasks/<name>/task.py`, or by an entry point of a third party; what
else it can do says `obs_dagster.tasks.protocol`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol, runtime_checkable

from obs_dagster.kinds import Kinds, Place
from obs_dagster.monitor.document import Document
from obs_dagster.monitor.model import DEFAULT_TASK, Monitor
from obs_dagster.monitor.problem import Problem

ENTRY_POINTS = "obs_dagster.tasks"

Kind = Literal["score", "number", "category", "decision", "id"]
"""What a column holds: a probability, any number, one of several names, true and false, or names that say
which rows belong together, and are not counted by themselves."""

Truth = Literal["class", "number", "name"]
"""What labels are: one of two classes, a number, or one of several names."""


@dataclass(frozen=True, slots=True)
class Derived:
    """How ingestion makes a column that the log does not have.

    Attributes:
        sql: an expression of DuckDB's SQL; `{0}`, `{1}`, … stand for the columns that it is made from. Such a
            column is as declared; one that nothing else declares, as a list or a struct, is its JSON.
        needs: the columns that it is made from; without one of them the column is not there.
        made: gives the column of those that it is made from, as expressions of a warehouse (Ibis); None where
            only DuckDB can make it.
    """

    sql: str
    needs: tuple[str, ...]
    made: Callable[..., Any] | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Output:
    """A column that the model puts out.

    Attributes:
        column: its name.
        kind: what it holds.
        title: what it is, as people read it ("Score").
        required: whether rows without a value break the contract.
        low, high: the values that the contract allows; None is no bound.
        allowed: the names that the contract allows; empty allows any.
        leads: whether it is the one whose movement is told first, and watched in segment cells.
        derived: how it is made, if the log does not have it.
    """

    column: str
    kind: Kind
    title: str
    required: bool = True
    low: float | None = None
    high: float | None = None
    allowed: tuple[str, ...] = ()
    leads: bool = False
    derived: Derived | None = None


@dataclass(frozen=True, slots=True)
class Total:
    """Outputs whose sum the contract bounds in every row.

    Attributes:
        columns: the columns that are added up.
        low, high: what their sum may be.
        rule: what a person reads about a row that breaks it.
    """

    columns: tuple[str, ...]
    low: float
    high: float
    rule: str


class Task(Protocol):
    """A kind of model.

    Attributes:
        name: as the monitor names it.
        title: as people read it.
        truth: what labels are; None where there is no ground truth.
    """

    @property
    def name(self) -> str: ...  # noqa: D102

    @property
    def title(self) -> str: ...  # noqa: D102

    @property
    def truth(self) -> Truth | None: ...  # noqa: D102

    def outputs(self, monitor: Monitor) -> tuple[Output, ...]:
        """The columns that the model puts out, in order."""

    def problems(self, document: Document) -> Iterator[Problem]:
        """What a monitor of this task lacks, or has that only others have."""


@runtime_checkable
class HasTotals(Protocol):
    """A kind of model whose outputs add up to something."""

    def totals(self, monitor: Monitor) -> tuple[Total, ...]:
        """The sums that the contract bounds."""


@runtime_checkable
class HasBlock(Protocol):
    """A kind of model with options of its own.

    Attributes:
        block: the key of the monitor that holds them.
    """

    @property
    def block(self) -> str: ...  # noqa: D102


@runtime_checkable
class HasClasses(Protocol):
    """A kind of model of which a monitor's file says what the metrics of a class are about."""

    def classes(self, document: Document) -> Sequence[str] | None:
        """The legal names in a rule's `classes`; None if they cannot be read, and then none is judged."""


@runtime_checkable
class HasRoles(Protocol):
    """A kind of model that says which columns of a log it has a use for.

    Attributes:
        roles: keys of `logs.columns`, of those that only some tasks have.
    """

    @property
    def roles(self) -> tuple[str, ...]: ...  # noqa: D102


TASKS: Kinds[Task] = Kinds("task", ENTRY_POINTS, [Place("obs_dagster.tasks", "TASK", "task")])


def tasks() -> Mapping[str, Task]:
    """Every task by name: ours in order of their names, then third parties'.

    Raises:
        KindError: two tasks have one name.
    """
    return TASKS.all()


def task_named(monitor: Monitor) -> Task:
    """The task of a monitor.

    Raises:
        KindError: there is no such task.
    """
    return TASKS.named(monitor.task)


def outputs(monitor: Monitor) -> tuple[Output, ...]:
    """The columns that a monitor's model puts out, in order."""
    return task_named(monitor).outputs(monitor)


def totals(monitor: Monitor) -> tuple[Total, ...]:
    """The sums of a monitor's outputs that the contract bounds."""
    task = task_named(monitor)
    return task.totals(monitor) if isinstance(task, HasTotals) else ()


def leading_output(monitor: Monitor) -> Output:
    """The column whose movement is told first."""
    found = outputs(monitor)
    return next((output for output in found if output.leads), found[0])


def task_in(document: Document) -> Task | None:
    """The task that a document names, or that it has by leaving it out; None if there is no such."""
    if document.value("task") is None:
        return tasks().get(DEFAULT_TASK)
    return tasks().get(document.text("task") or "")
