"""What commands read that evaluate stored counts once more: the night, and which days are meant."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from jobs.cli import days
from jobs.cli.failure import UsageError

if TYPE_CHECKING:
    from obs_dagster.evaluation.night import Night
    from obs_dagster.monitor import Monitor


def night_of(monitor: Monitor) -> Night:
    """What stored counts are evaluated with; nothing is recorded."""
    from obs_dagster.evaluation.night import Night
    from obs_dagster.evaluation.recording import Recorder
    from obs_dagster.lake.lake import Lake
    from obs_dagster.settings import Settings

    recorder = Recorder(monitor.model, "", dt.datetime.now(dt.UTC), monitor.task)
    return Night(monitor, Lake(Settings().lake_root), recorder)


def last_day(monitor: Monitor, night: Night, asked: str | None) -> dt.date:
    """The day that is meant; left out, the last one that has outcomes."""

    def latest() -> dt.date:
        # a model without labels has profiles alone
        known = night.outcomes.days() or night.profiles.days()
        return known[-1] if known else days.last_legal(monitor)

    return days.day_of(monitor, asked or days.LATEST, latest)


def period(
    monitor: Monitor, night: Night, first: str | None, last: str | None, *, length: int = 28
) -> tuple[dt.date, dt.date]:
    """The days that are meant; left out, so many to the last one that has outcomes.

    Raises:
        UsageError: they are in the wrong order.
    """
    end = last_day(monitor, night, last)
    begin = (
        last_day(monitor, night, first) if first else max(monitor.start, end - dt.timedelta(days=length - 1))
    )
    if begin > end:
        raise UsageError(f"{begin} is after {end}.", remedy="Write the earlier day first.")
    return begin, end
