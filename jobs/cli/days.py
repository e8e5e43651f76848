"""Days as people ask for them: a date, or a word that means one where the model lives."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Annotated

import typer

from jobs.cli.failure import UsageError

if TYPE_CHECKING:
    from obs_dagster.monitor import Monitor

LATEST = "latest"
"""For what evaluates days the last one that there is, for what shows them the last one that was evaluated."""

_WORDS = {"today": 0, "yesterday": 1}
METAVAR = "DAY"
WRITTEN = "YYYY-MM-DD, today, yesterday or latest"


def parse_day(text: str) -> str:
    """The same, if it is a day: a date as YYYY-MM-DD, or one of the words."""
    text = text.strip()
    if text in (LATEST, *_WORDS):
        return text
    try:
        return str(dt.datetime.strptime(text, "%Y-%m-%d").date())  # noqa: DTZ007  a day has no zone
    except ValueError:
        raise typer.BadParameter(f"{text!r} is not a day; write it as {WRITTEN}.") from None


def complete_day(incomplete: str) -> Iterator[str]:
    """The words that begin like this, for a shell."""
    return (word for word in (LATEST, *_WORDS) if word.startswith(incomplete))


def parse_moment(text: str) -> str:
    """The same, if it is a moment: a day, or a date and a time with an offset."""
    try:
        moment = dt.datetime.fromisoformat(text.strip())
    except ValueError:
        moment = None
    if moment is None or (len(text.strip()) > len("YYYY-MM-DD") and moment.tzinfo is None):
        raise typer.BadParameter(
            f"{text!r} is no moment; write it as YYYY-MM-DD, the end of that day, or like 2024-03-05T06:00Z."
        ) from None
    return text.strip()


def moment_of(monitor: Monitor, asked: str) -> dt.datetime:
    """The moment that is meant, in UTC: of a day its end, in the monitor's time zone."""
    moment = dt.datetime.fromisoformat(asked)
    if moment.tzinfo is None:
        moment = (moment + dt.timedelta(days=1)).replace(tzinfo=monitor.zone)
    return moment.astimezone(dt.UTC)


def day_of(monitor: Monitor, asked: str, latest: Callable[[], dt.date]) -> dt.date:
    """The day that is meant, in the monitor's time zone.

    Args:
        monitor: the monitor.
        asked: what `parse_day` gave.
        latest: the day that `latest` means here.
    """
    if asked == LATEST:
        return latest()
    if asked in _WORDS:
        today = dt.datetime.now(dt.UTC).astimezone(monitor.zone).date()
        return today - dt.timedelta(days=_WORDS[asked])
    return dt.date.fromisoformat(asked)


def day_to_evaluate(monitor: Monitor, asked: str) -> dt.date:
    """The day that is meant where days are evaluated: the latest is yesterday, or the monitor's end."""
    return day_of(monitor, asked, lambda: last_legal(monitor))


def last_legal(monitor: Monitor) -> dt.date:
    """The last day that can be evaluated by now."""
    from obs_dagster.monitor.due import last_day

    return last_day(monitor, dt.datetime.now(dt.UTC))


def require_days(monitor: Monitor, first: dt.date, last: dt.date) -> None:
    """Complain unless the days are the monitor's.

    Raises:
        UsageError: they are not, or are in the wrong order; the remedy gives the legal range.
    """
    end = last_legal(monitor)
    if end < monitor.start:
        raise UsageError(
            f"No day of {monitor.model} has ended yet.", remedy=f"Its first one is {monitor.start}."
        )
    legal = f"The days of {monitor.model} are {monitor.start} to {end}."
    if first > last:
        raise UsageError(f"{first} is after {last}.", remedy=f"Write the earlier day first. {legal}")
    for day in (first, last):
        if not monitor.start <= day <= end:
            raise UsageError(f"{day} is no day of {monitor.model}.", remedy=legal)


def option(name: str, told: str) -> typer.models.OptionInfo:
    """An option that takes a day."""
    info: typer.models.OptionInfo = typer.Option(
        name, parser=parse_day, metavar=METAVAR, help=f"{told} ({WRITTEN}).", autocompletion=complete_day
    )
    return info


Evaluated = Annotated[str, option("--day", "The day")]
Shown = Annotated[str | None, option("--day", "The day; left out: the last one that was evaluated")]
