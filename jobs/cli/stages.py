"""Shows the stages of a run as they begin and end."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Self

from rich.markup import escape
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
)

from jobs.cli.console import ERRORS

if TYPE_CHECKING:
    from jobs.execution import StageEvent

#: Seconds between two lines about a stage, where there is no terminal.
_TELL_EVERY = 30.0

_MARKS = {"done": "[green]✓[/]", "failed": "[red]✗[/]"}


def bar(title: str, total: int | None = None) -> Progress:
    """A progress bar on standard error with one task, whose `what` says what is being done."""
    shown = Progress(
        SpinnerColumn(),
        TextColumn("[bold]{task.description}"),
        BarColumn(bar_width=24),
        MofNCompleteColumn(),
        TextColumn("{task.fields[what]}"),
        TimeElapsedColumn(),
        console=ERRORS,
        # without a terminal a bar is noise
        disable=not ERRORS.is_terminal,
        transient=True,
    )
    shown.add_task(escape(title), total=total, what="")
    return shown


def working(title: str) -> Progress:
    """A sign of life on standard error, of work whose parts nobody can count."""
    shown = Progress(
        SpinnerColumn(),
        TextColumn("[bold]{task.description}"),
        TimeElapsedColumn(),
        console=ERRORS,
        disable=not ERRORS.is_terminal,
        transient=True,
    )
    shown.add_task(escape(title))
    return shown


class StageProgress:
    """Bars while a run and its stage last, and a line for each stage that has ended.

    Without a terminal a line tells now and then how far a long stage has got.
    """

    def __init__(self, title: str) -> None:
        self._title = title
        self._bar = bar(title)
        self._began: dict[str, float] = {}
        self._days: TaskID | None = None
        self._told = 0.0

    def __enter__(self) -> Self:
        ERRORS.print(self._title, markup=False, highlight=False)
        self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.stop()

    def update(self, event: StageEvent) -> None:
        """Take notice of a stage."""
        task = self._bar.task_ids[0]
        if event.outcome == "started":
            self._began[event.stage] = self._told = time.monotonic()
            self._bar.update(task, total=event.stages, what=event.stage)
            return
        if event.outcome == "going":
            self._show_days(event)
            return
        if self._days is not None:
            self._bar.remove_task(self._days)
            self._days = None
        took = time.monotonic() - self._began.get(event.stage, time.monotonic())
        ERRORS.print(f"  {_MARKS[event.outcome]} {event.stage} [dim]{took:.1f} s[/]", highlight=False)
        self._bar.advance(task)

    def _show_days(self, event: StageEvent) -> None:
        if self._days is None:
            self._days = self._bar.add_task(f"  {event.stage}", what="days")
        self._bar.update(self._days, completed=event.done, total=event.days)
        now = time.monotonic()
        if not ERRORS.is_terminal and now - self._told >= _TELL_EVERY:
            self._told = now
            ERRORS.print(f"    {event.stage}: {event.done} of {event.days} days", highlight=False)
