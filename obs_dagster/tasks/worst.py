"""Which predictions of a task were most wrong, in SQL over the log's rows and their labels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from obs_dagster.lake.columns import LABEL
from obs_dagster.lake.quoting import identifier, literal
from obs_dagster.monitor.model import Monitor
from obs_dagster.tasks.protocol import Task

BESIDE = "_obs_beside"
"""The column that `Wrong.beside` gives."""


@dataclass(frozen=True, slots=True)
class Wrong:
    """How wrong a labelled row is.

    Attributes:
        off: SQL for a number, the larger the worse; 0 or null where it is right, or nobody can tell.
        told: SQL for what was wrong, in a few words.
        needs: the columns of the log that these use.
        beside: SQL over all rows of the day, labelled or not, that is there as `BESIDE`; empty: none.
    """

    off: str
    told: str
    needs: tuple[str, ...]
    beside: str = ""


@runtime_checkable
class ShowsWrong(Protocol):
    """A task of which single predictions can be wrong."""

    def wrong(self, monitor: Monitor) -> Wrong | None:
        """How wrong a row is; None if the log does not say."""


def wrong_of(task: Task, monitor: Monitor) -> Wrong | None:
    """How wrong a row of a task is; None if single rows don't show it."""
    return task.wrong(monitor) if isinstance(task, ShowsWrong) else None


def numbers_apart(column: str, title: str) -> Wrong:
    """A number that is far from its label."""
    put_out = identifier(column)
    said = literal(f"{title.lower()} {{:.3g}}, label {{}}")
    return Wrong(
        off=f"abs({put_out} - CAST({LABEL} AS DOUBLE))",
        told=f"format({said}, CAST({put_out} AS DOUBLE), CAST({LABEL} AS VARCHAR))",
        needs=(column,),
    )
