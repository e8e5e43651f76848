"""What a task shows of a version's outcomes on the health page: plain data, which the page lays out."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, runtime_checkable

from obs_dagster.monitor.model import Monitor


@dataclass(frozen=True, slots=True)
class CurvePoint:
    """A point of a curve.

    Attributes:
        x, y: where it lies.
        low, high: the 95 % interval of y; None where there is none.
        n: rows behind it.
    """

    x: float
    y: float
    low: float | None = None
    high: float | None = None
    n: float = 0.0


@dataclass(frozen=True, slots=True)
class Curve:
    """One number against another.

    Attributes:
        title: what stands over it.
        x, y: what its axes show.
        points: in order of x.
        diagonal: whether both axes show the same thing, so that points on the diagonal are right.
        beside: points of another line that it is compared with; empty without one.
        note: what has to be known to read it; empty if nothing.
        empty: what is said if there are no points.
    """

    title: str
    x: str
    y: str
    points: Sequence[CurvePoint]
    diagonal: bool = False
    note: str = ""
    empty: str = "No labels yet."
    beside: Sequence[CurvePoint] = ()


@dataclass(frozen=True, slots=True)
class Matrix:
    """Counts by two names, such as the true class and the predicted one.

    Attributes:
        title: what stands over it.
        row, column: what the names of the rows and of the columns are.
        rows, columns: the names.
        counts: rows of the log, shape (rows, columns).
        right: whether the cells in which both names are the same are the right ones.
        note: what has to be known to read it; empty if nothing.
        empty: what is said if there are no rows.
    """

    title: str
    row: str
    column: str
    rows: Sequence[str]
    columns: Sequence[str]
    counts: Sequence[Sequence[int]]
    right: bool = True
    note: str = ""
    empty: str = "No labels yet."


@dataclass(frozen=True, slots=True)
class Listing:
    """A table of texts.

    Attributes:
        title: what stands over it.
        headings: of the columns.
        rows: a text per column each; the first is the row's name.
        numeric: the columns that hold numbers, by place.
        note: what has to be known to read it; empty if nothing.
        empty: what is said if there are no rows.
    """

    title: str
    headings: Sequence[str]
    rows: Sequence[Sequence[str]]
    numeric: frozenset[int] = field(default_factory=frozenset)
    note: str = ""
    empty: str = "No labels yet."


@dataclass(frozen=True, slots=True)
class GalleryItem:
    """A row of the log, to be looked at.

    Attributes:
        name: its prediction.
        told: what is said of it, in a few words.
        texts: the beginnings of its texts, by column.
        pictures: its images as data URLs, by column.
    """

    name: str
    told: str
    texts: Mapping[str, str] = field(default_factory=dict)
    pictures: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Gallery:
    """Rows of the log with their texts and images.

    Attributes:
        title: what stands over them.
        items: the rows.
        note: what has to be known to read it; empty if nothing.
        empty: what is said if there are none.
    """

    title: str
    items: Sequence[GalleryItem]
    note: str = ""
    empty: str = "No rows."


Section = Curve | Matrix | Listing | Gallery


@runtime_checkable
class HasSections(Protocol):
    """A task that shows more of its outcomes than its metrics."""

    def sections(self, inputs: Mapping[str, Any], monitor: Monitor) -> Sequence[Section]:
        """What people see of one version.

        Args:
            inputs: of the performance metrics, by class or column and `""` for the model as a whole, over all
                rows of the version in the window that the page is about.
            monitor: the monitor.
        """


@runtime_checkable
class HasComparedSections(Protocol):
    """A task that shows its outcomes beside those of the baseline, which are reduced for that."""

    def compared_sections(
        self, inputs: Mapping[str, Any], baseline: Mapping[str, Any], monitor: Monitor
    ) -> Sequence[Section]:
        """What people see of one version.

        Args:
            inputs: as for `HasSections`.
            baseline: likewise of what the version is compared with; none where no label of that is known.
            monitor: the monitor.
        """


def has_sections(task: object) -> bool:
    """Whether a task shows more of its outcomes than its metrics."""
    return isinstance(task, HasSections | HasComparedSections)


def sections_of(
    task: object,
    inputs: Mapping[str, Any],
    monitor: Monitor,
    baseline: Callable[[], Mapping[str, Any]] = dict,
) -> tuple[Section, ...]:
    """The sections of one version; none where the task has no more to show.

    Args:
        task: the kind of model.
        inputs: as for `HasSections`.
        monitor: the monitor.
        baseline: gives the same of the baseline; asked only for a task that compares.
    """
    found: list[Section] = []
    if isinstance(task, HasSections):
        found += task.sections(inputs, monitor)
    if isinstance(task, HasComparedSections):
        found += task.compared_sections(inputs, baseline(), monitor)
    return tuple(found)
