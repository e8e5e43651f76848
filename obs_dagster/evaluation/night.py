"""A night: what its stages evaluate, with what, and where it is kept."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from obs_dagster.baselines.days import baseline_days
from obs_dagster.baselines.stored import load_grids
from obs_dagster.evaluation.recording import Recorder
from obs_dagster.lake.lake import Lake, Table
from obs_dagster.monitor.model import Monitor
from obs_dagster.profile.grids.grid import Grids
from obs_dagster.profile.tables import OUTCOMES, PROFILES

Breached = Callable[[str, str], Collection[dt.date]]
"""The days on which a column of a version, or for the empty column the version as a whole, broke a rule."""


def never(_version: str, _column: str) -> Collection[dt.date]:
    """Nothing was ever in breach."""
    return ()


@dataclass(frozen=True)
class Night:
    """What one stage of a run has at hand for whichever day it evaluates.

    Attributes:
        monitor: the monitor.
        lake: holds what earlier stages made.
        recorder: makes the run's records.
        breached: the days that a baseline may leave out; of the rules of the stage that evaluates.
    """

    monitor: Monitor
    lake: Lake
    recorder: Recorder
    breached: Breached = never

    @cached_property
    def grids(self) -> Grids:
        """What all profiles are counted on; loaded once, for cells that come later change no count.

        Raises:
            LakeError: the baseline has not been prepared.
        """
        return load_grids(self.monitor, self.lake)

    @cached_property
    def baseline_days(self) -> list[Path]:
        """The counts of each day of the prepared baseline, in order; empty if it is no days of the log."""
        return baseline_days(self.monitor, self.lake, self.grids)

    @property
    def profiles(self) -> Table:
        """The profiles of days."""
        return self.lake.table(self.monitor.model, PROFILES)

    @property
    def outcomes(self) -> Table:
        """The outcomes of days: predictions with their labels."""
        return self.lake.table(self.monitor.model, OUTCOMES)
