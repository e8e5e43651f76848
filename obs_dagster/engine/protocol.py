"""What an engine does, and which one a monitor has."""

from __future__ import annotations

import datetime as dt
from abc import abstractmethod
from collections.abc import Sequence
from contextlib import AbstractContextManager
from functools import partial
from typing import Any

import narwhals as nw

from obs_dagster.kinds import KindError
from obs_dagster.lake.lake import Lake
from obs_dagster.monitor.engine import EngineKeys
from obs_dagster.monitor.model import Monitor
from obs_dagster.quality.day_rows import DayRows
from obs_dagster.quality.expectations import Judge
from obs_dagster.quality.frames import FrameJudge


class Engine(EngineKeys):
    """Reads rows of the lake lazily, and judges them; the reduction that runs on them is the same for all.

    Its keys in the monitor file are its fields. Its methods are called where rows are read.
    """

    def judge(self, monitor: Monitor, day: dt.date, lake: Lake, rows: DayRows, frames: FrameJudge) -> Judge:
        """Judge with pandas, a few rows and columns at a time.

        See `obs_dagster.quality.judging.Judging`, where rows are read.
        """
        del monitor, day, lake
        return partial(frames.outcomes, rows)

    @abstractmethod
    def clean_rows(
        self, monitor: Monitor, days: Sequence[dt.date], lake: Lake
    ) -> AbstractContextManager[nw.LazyFrame[Any]]:
        """The rows of days without the quarantined ones, with their day in the text column `_obs_day`.

        Declared columns that the source of one of the days lacks are left out. The rows can be read until
        the block ends.

        Raises:
            LakeError: a day has not been validated.
        """

    @abstractmethod
    def labelled_rows(
        self, monitor: Monitor, days: Sequence[dt.date], lake: Lake, *, aged: bool = False
    ) -> AbstractContextManager[nw.LazyFrame[Any]]:
        """The rows of `clean_rows` with their label in the column `_obs_label`, null if unknown.

        If they are to be `aged`, the column `_obs_age` has on which day after its own a row's label became
        known, an integer; null without a label, and where nobody knows.

        Raises:
            LakeError: a day has not been validated.
        """


def engine_of(monitor: Monitor) -> Engine:
    """The engine that the monitor names.

    Raises:
        KindError: what is registered under its name can only be read from a file.
    """
    if isinstance(monitor.engine, Engine):
        return monitor.engine
    raise KindError(
        f"The engine {monitor.engine.kind!r} is no obs_dagster.engine.protocol.Engine.",
        remedy="Update the distribution that registers it, see docs/extending.md.",
    )
