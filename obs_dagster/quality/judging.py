"""Who judges a day's rows: what validation asks of the engine that reads them."""

from __future__ import annotations

import datetime as dt
from typing import Protocol, runtime_checkable

from obs_dagster.kinds import KindError
from obs_dagster.lake.lake import Lake
from obs_dagster.monitor.model import Monitor
from obs_dagster.quality.day_rows import DayRows
from obs_dagster.quality.expectations import Judge
from obs_dagster.quality.frames import FrameJudge


@runtime_checkable
class Judging(Protocol):
    """Judges the rows of a day by expectations."""

    def judge(self, monitor: Monitor, day: dt.date, lake: Lake, rows: DayRows, frames: FrameJudge) -> Judge:
        """What says of expectations which rows break them.

        Args:
            monitor: declares the contract.
            day: the day, which has been ingested.
            lake: holds its rows.
            rows: the rows, from which the quarantine is written.
            frames: judges rows with pandas; kept from day to day.
        """


def judging(monitor: Monitor) -> Judging:
    """Who judges the rows of a monitor.

    Raises:
        KindError: its engine cannot.
    """
    if isinstance(monitor.engine, Judging):
        return monitor.engine
    raise KindError(
        f"The engine {monitor.engine.kind!r} cannot judge rows.",
        remedy="Update the distribution that registers it, see docs/extending.md.",
    )
