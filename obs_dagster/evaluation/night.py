"""A night: what its stages evaluate, with what, and where it is kept."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from obs_dagster.baselines.stored import load_grids
from obs_dagster.evaluation.recording import Recorder
from obs_dagster.lake.lake import Lake, Table
from obs_dagster.monitor.model import Monitor
from obs_dagster.profile.grids.grid import Grids
from obs_dagster.profile.tables import OUTCOMES, PROFILES


@dataclass(frozen=True)
class Night:
    """What one stage of a run has at hand for whichever day it evaluates.

    Attributes:
        monitor: the monitor.
        lake: holds what earlier stages made.
        recorder: makes the run's records.
    """

    monitor: Monitor
    lake: Lake
    recorder: Recorder

    @cached_property
    def grids(self) -> Grids:
        """What all profiles are counted on; loaded once, for cells that come later change no count.

        Raises:
            LakeError: the baseline has not been prepared.
        """
        return load_grids(self.monitor, self.lake)

    @property
    def profiles(self) -> Table:
        """The profiles of days."""
        return self.lake.table(self.monitor.model, PROFILES)

    @property
    def outcomes(self) -> Table:
        """The outcomes of days: predictions with their labels."""
        return self.lake.table(self.monitor.model, OUTCOMES)
