"""`obs run` and `obs backfill`: nights now, in this process."""

from __future__ import annotations

import datetime as dt
from contextlib import closing
from typing import TYPE_CHECKING, Annotated

import typer

from jobs.cli import days
from jobs.cli.changed import changed_spans, refuse_if_purged, spans_with_rows
from jobs.cli.choice import Model, find_monitor
from jobs.cli.console import ERRORS
from jobs.cli.failure import FAILED, UsageError, shows_traces
from jobs.cli.records import Format, FormatOption, console_for, emit
from jobs.cli.stages import StageProgress
from jobs.cli.standing import STANDING, print_refused, print_standing, standing_records

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console

    from jobs.execution import NightsRun
    from obs_dagster.history import History
    from obs_dagster.monitor import Monitor


def run(model: Model, day: days.Evaluated = days.LATEST, chosen: FormatOption = Format.TABLE) -> None:
    """Evaluate one night now; exit code 1 if it fails, is not evaluated, lacks labels or something fires."""
    monitor = find_monitor(model)
    asked = days.day_to_evaluate(monitor, day)
    _nights(monitor, asked, asked, chosen)


def backfill(  # noqa: PLR0917  Typer reads options by name
    model: Model,
    first: Annotated[
        str | None, days.option("--from", "The first day; left out: the one after the last night")
    ] = None,
    last: Annotated[str, days.option("--to", "The last day")] = days.LATEST,
    changed: Annotated[
        bool, typer.Option("--changed", help="Only days whose log has changed since it was evaluated.")
    ] = False,
    removed: Annotated[
        bool,
        typer.Option(
            "--removed", help="With --changed: also days whose log is gone; nothing is left of them."
        ),
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="With --changed: say which days, and evaluate none.")
    ] = False,
    chosen: FormatOption = Format.TABLE,
) -> None:
    """Evaluate a range of days as one run; exit code 1 as for `run`, for any of the days."""
    monitor = find_monitor(model)
    end = days.day_to_evaluate(monitor, last)
    if changed:
        begin = monitor.start if first is None else days.day_to_evaluate(monitor, first)
        _changed(monitor, begin, end, chosen, removed=removed, dry_run=dry_run)
        return
    if removed or dry_run:
        raise UsageError(
            f"--{'removed' if removed else 'dry-run'} is about days that have changed.",
            remedy="Add --changed.",
        )
    if first is not None:
        _nights(monitor, days.day_to_evaluate(monitor, first), end, chosen)
        return
    night = _last_night(monitor)
    if night is not None and night >= end:
        ERRORS.print(f"{model} has been evaluated up to {night}; --from repeats days.", highlight=False)
        return
    _nights(monitor, monitor.start if night is None else night + dt.timedelta(days=1), end, chosen)


def _changed(
    monitor: Monitor, first: dt.date, last: dt.date, chosen: Format, *, removed: bool, dry_run: bool
) -> None:
    """Evaluate the days whose log has changed, a run for each span of them."""
    found = changed_spans(monitor, first, last, removed=removed)
    if not dry_run and evaluate_and_show(monitor, found, chosen):
        raise typer.Exit(FAILED)


def _last_night(monitor: Monitor) -> dt.date | None:
    from obs_dagster.history import History
    from obs_dagster.settings import Settings

    with closing(History.open(Settings().history_url)) as history:
        return max((night.day for night in history.nights(monitor.model)), default=None)


def _nights(monitor: Monitor, first: dt.date, last: dt.date, chosen: Format) -> None:
    days.require_days(monitor, first, last)
    found = [(first, last)]
    if first == last:
        refuse_if_purged(monitor, first)
    else:
        every = (first + dt.timedelta(days=since) for since in range((last - first).days + 1))
        found = spans_with_rows(monitor, every)
    if evaluate_and_show(monitor, found, chosen):
        raise typer.Exit(FAILED)


def evaluate_and_show(
    monitor: Monitor, spans: Sequence[tuple[dt.date, dt.date]], chosen: Format = Format.TABLE
) -> bool:
    """Evaluate spans of days, a run for each, and show once how the model stands after the last one.

    Returns:
        Whether something failed or is wrong, on any of the days.
    """
    started = dt.datetime.now(dt.UTC)
    # every span is evaluated, whatever came of the one before
    done = [evaluate(monitor, first, last) for first, last in spans]
    bad = not all(each.success for each in done)
    if done and done[-1].judged:
        bad = show_standing(monitor, spans[-1][1], chosen) or bad
    elif chosen is not Format.TABLE:
        emit([], STANDING, chosen)
    if not spans:
        return bad
    first, last = spans[0][0], spans[-1][1]
    refused = tell_refused(monitor, first, last, since=started, console=console_for(chosen))
    return bool(refused) or bad


def evaluate(monitor: Monitor, first: dt.date, last: dt.date) -> NightsRun:
    """Evaluate a range of days with progress; says what failed."""
    from obs_dagster.reports.evidently_ahead import load_ahead

    # while this process imports Dagster
    load_ahead(monitor, (first + dt.timedelta(days=offset) for offset in range((last - first).days + 1)))
    from jobs.execution import run_nights

    span = str(first) if first == last else f"{first} to {last}"
    with StageProgress(f"{monitor.model}, {span}") as shown:
        result = run_nights(monitor, first, last, progress=shown.update)
    for lost in result.lost:
        told = f"Run {lost.run_id} ({lost.days or 'no day'}) had lost its process, and has failed now."
        ERRORS.print(told, markup=False, highlight=False)
    for failure in result.failures:
        if shows_traces() and failure.details:
            ERRORS.print(failure.details, markup=False, highlight=False, soft_wrap=True)
        ERRORS.print("error: ", style="bold red", end="")
        ERRORS.print(f"{failure.stage}: {failure.reason}", markup=False, highlight=False, soft_wrap=True)
    if not result.success:
        rest = " All rules were evaluated without it." if result.judged else ""
        ERRORS.print(f"Run {result.run_id} failed; `obs dev` shows it whole.{rest}", highlight=False)
    return result


def show_standing(monitor: Monitor, day: dt.date, chosen: Format = Format.TABLE) -> bool:
    """Print how the model stands after a day, and what waits to be sent.

    Args:
        monitor: the monitor.
        day: the day.
        chosen: the format; as data there is a record for each version, and nothing else on standard output.

    Returns:
        Whether something fires, or labels are lost or cannot be read.
    """
    from obs_dagster.history import History
    from obs_dagster.lake.lake import Lake
    from obs_dagster.reports.gather import gather
    from obs_dagster.settings import Settings

    settings = Settings()
    with closing(History.open(settings.history_url)) as history:
        page = gather(monitor, history, day, now=dt.datetime.now(dt.UTC), lake=Lake(settings.lake_root))
        if chosen is Format.TABLE:
            firing = print_standing(page)
        else:
            emit(standing_records(page), STANDING, chosen)
            firing = any(alert.state == "firing" for alert in page.alerts)
        wrong = _tell_unreadable(monitor) | _tell_labels(monitor)
        _tell_waiting(history, monitor.model)
    return firing or wrong


def tell_refused(
    monitor: Monitor, first: dt.date, last: dt.date, *, since: dt.datetime, console: Console
) -> int:
    """Print which days from `first` to `last` were not evaluated by a run that began at a moment.

    Returns:
        How many there are, apart from days without rows on which none are expected.
    """
    from obs_dagster.alerts.rules import unevaluated
    from obs_dagster.history import History
    from obs_dagster.settings import Settings

    with closing(History.open(Settings().history_url)) as history:
        ran = [night for night in history.nights(monitor.model, first, last) if night.finished_at >= since]
    empty = [night for night in ran if not night.evaluated]
    refused = [night for night in empty if unevaluated.refused(monitor, night.day, night)]
    quiet = [night.day for night in empty if night not in refused]
    print_refused(refused, quiet=quiet, days=len(ran), console=console)
    return len(refused)


def _tell_unreadable(monitor: Monitor) -> bool:
    """Say of which days the log cannot be read, and what was evaluated before stays: nothing else says so.

    Returns:
        Whether there are such days.
    """
    from obs_dagster.lake.lake import Lake
    from obs_dagster.settings import Settings
    from obs_dagster.sources.unreadable_log import unreadable_logs

    kept = [each for each in unreadable_logs(monitor.model, Lake(Settings().lake_root)) if each.kept]
    for each in kept:
        told = f"\nlog of {each.day}: {each.error} What was evaluated before stays as it was."
        ERRORS.print(told, markup=False, highlight=False, soft_wrap=True)
    return bool(kept)


def _tell_labels(monitor: Monitor) -> bool:
    """Say what people must know of the labels: those that cannot be used, or wait for their prediction.

    Returns:
        Whether some are lost, or cannot be read.
    """
    from obs_dagster.lake.lake import Lake
    from obs_dagster.settings import Settings
    from obs_dagster.sources.labels import label_book

    book = label_book(monitor, Lake(Settings().lake_root))
    for note in book.notes():
        ERRORS.print(f"\nlabels: {note}", markup=False, highlight=False, soft_wrap=True)
    return book.wrong


def _tell_waiting(history: History, model: str) -> None:
    """Say how many notifications the outbox holds: nights only put them there, the daemon sends them."""
    from obs_dagster.alerts import undelivered

    waiting = [each for each in undelivered(history) if each.model == model]
    if not waiting:
        return
    count = len({each.key for each in waiting})
    told = "1 notification waits" if count == 1 else f"{count} notifications wait"
    tried = "; a channel failed, see `obs doctor`" if any(each.attempts for each in waiting) else ""
    ERRORS.print(
        f"\n{told}: `obs dev` (or your Dagster daemon) sends {'it' if count == 1 else 'them'}{tried}.",
        markup=False,
        highlight=False,
    )
