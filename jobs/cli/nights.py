"""`obs nights`: a night of many models, in as few processes as there are cores."""

from __future__ import annotations

import datetime as dt
from contextlib import closing
from typing import TYPE_CHECKING, Annotated, Any

import typer

from jobs.cli import days
from jobs.cli.choice import readable_monitors, tell_faulty
from jobs.cli.completion import complete_model
from jobs.cli.console import ERRORS, OUTPUT, cell, table
from jobs.cli.failure import BAD_USAGE, FAILED, UsageError, shows_traces
from jobs.cli.records import Format, FormatOption, emit

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from jobs.due import Due
    from jobs.night_workers import Evaluated
    from obs_dagster.history import History
    from obs_dagster.monitor import Monitor

_FIELDS = ("model", "day", "run_id", "seconds", "success", "what")


def nights(
    models: Annotated[
        list[str] | None,
        typer.Argument(metavar="[MODEL]…", help="The models; left out: all.", autocompletion=complete_model),
    ] = None,
    day: Annotated[str | None, days.option("--day", "The day; left out: each model's latest one")] = None,
    due: Annotated[
        bool, typer.Option("--due", help="Only the nights whose scheduled time came within the last hour.")
    ] = False,
    chosen: FormatOption = Format.TABLE,
) -> None:
    """Evaluate the nights of many models, each as a run of its own; exit code 1 as for `run`, for any."""
    from jobs.night_workers import evaluate_nights

    found = readable_monitors(models or None)
    monitors = found.monitors
    asked = [monitors[model] for model in dict.fromkeys(models or monitors) if model in monitors]
    faulty = [each for each in found.faulty if not models or each.model in models]
    if due and day is not None:
        raise UsageError("--due says which days, and so does --day.", remedy="Give one of them.")
    wanted = _due(asked) if due else _wanted(asked, day or days.LATEST)
    if not wanted:
        ERRORS.print("No night is to be evaluated.", highlight=False)
        if chosen is not Format.TABLE:
            emit([], _FIELDS, chosen)
        tell_faulty(faulty)
        raise typer.Exit(0 if due else BAD_USAGE)
    done: list[Evaluated] = []
    with closing(evaluate_nights(wanted)) as results:
        try:
            for each in results:
                done.append(each)
                _show(each, len(done), len(wanted))
        except KeyboardInterrupt:
            told = (
                f"Interrupted: {len(done)} of {len(wanted)} nights were evaluated, the others are cancelled."
            )
            raise KeyboardInterrupt(told) from None
    _tell(done, monitors)
    wrong = _summary(done, monitors, chosen)
    tell_faulty(faulty)
    if wrong:
        raise typer.Exit(FAILED)


def _due(monitors: Sequence[Monitor]) -> list[Due]:
    from jobs.due import nights_due

    return nights_due(monitors, dt.datetime.now(dt.UTC))


def _wanted(monitors: Sequence[Monitor], day: str) -> list[Due]:
    """A night of each monitor; it is told which have none."""
    from jobs.due import Due

    found = []
    for monitor in monitors:
        last = days.last_legal(monitor)
        night = days.day_to_evaluate(monitor, day)
        if monitor.start <= night <= last:
            found.append(Due(monitor.model, night))
        else:
            told = f"{monitor.model} has no night of {night}: its days are {monitor.start} to {last}."
            ERRORS.print(told, markup=False, highlight=False)
    return found


def _show(done: Evaluated, number: int, count: int) -> None:
    """Print a line about a night."""
    mark = "[green]✓[/]" if done.success else "[red]✗[/]"
    ERRORS.print(f"{mark} [dim]{number}/{count}[/]", end=" ", highlight=False)
    ERRORS.print(str(done), markup=False, highlight=False, soft_wrap=True)
    for failure in done.failures:
        if shows_traces() and failure.details:
            ERRORS.print(failure.details, markup=False, highlight=False, soft_wrap=True)


def _tell(done: Sequence[Evaluated], monitors: Mapping[str, Monitor]) -> None:
    """Have failures go to the outbox that have no run to tell of them."""
    if all(each.success for each in done):
        return
    from jobs.instance import open_instance
    from jobs.untold import tell_untold
    from obs_dagster.settings import Settings

    with open_instance(Settings()) as instance:
        tell_untold(done, instance, monitors)


def _summary(done: Sequence[Evaluated], monitors: Mapping[str, Monitor], chosen: Format) -> bool:
    """Print what is wrong, a line per model; as data, every night.

    Returns:
        Whether something is: a night failed or was not evaluated, or an alert fires.
    """
    from obs_dagster.history import History
    from obs_dagster.settings import Settings

    with closing(History.open(Settings().history_url)) as history:
        wrong = {each.due.model: _wrong(each, monitors[each.due.model], history) for each in done}
    if chosen is not Format.TABLE:
        emit([_record(each, wrong[each.due.model]) for each in done], _FIELDS, chosen)
    elif any(wrong.values()):
        rows = table("model", "day", "what")
        for each in sorted(done, key=lambda each: each.due.model):
            if what := wrong[each.due.model]:
                rows.add_row(cell(each.due.model), cell(each.due.day), cell(what))
        OUTPUT.print(rows)
    sound = sum(each.success for each in done)
    count = "1 night" if len(done) == 1 else f"{len(done)} nights"
    ERRORS.print(f"{count}, {sound} without a failure.", highlight=False)
    return any(wrong.values())


def _record(done: Evaluated, what: str) -> dict[str, Any]:
    return {
        "model": done.due.model,
        "day": done.due.day,
        "run_id": done.run_id,
        "seconds": round(done.seconds, 1),
        "success": done.success,
        "what": what,
    }


def _wrong(done: Evaluated, monitor: Monitor, history: History) -> str:
    """What is wrong with a model after its night, in a few words."""
    from obs_dagster.alerts import State, list_alerts
    from obs_dagster.alerts.rules import unevaluated

    due = done.due
    firing = {alert.rule for alert in list_alerts(history, due.model, [State.FIRING])}
    empty = [night for night in history.nights(due.model, due.day, due.day) if not night.evaluated]
    refused = [night for night in empty if unevaluated.refused(monitor, night.day, night)]
    told = [f"failed: {', '.join(each.stage for each in done.failures)}"] if not done.success else []
    told += [f"not evaluated: {night.reason.partition(chr(10))[0]}" for night in refused]
    told += [f"firing: {', '.join(sorted(firing))}"] if firing else []
    return "; ".join(told)
