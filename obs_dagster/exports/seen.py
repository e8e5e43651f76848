"""What readings are given: the store, the models, how they stand, the present."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from sqlalchemy import Connection

from obs_dagster.fleet.standing import ModelStanding, read_fleet
from obs_dagster.history import History, NightRecord
from obs_dagster.monitor import Monitor
from obs_dagster.monitor.loading import Faulty


@dataclass(frozen=True)
class Seen:
    """What is seen at one moment.

    Attributes:
        history: the open store.
        connection: of it; all readings see one state.
        monitors: the models that can be read, by name.
        now: the present (UTC).
        faulty: monitor files that are wrong.
    """

    history: History
    connection: Connection
    monitors: Mapping[str, Monitor]
    now: dt.datetime
    faulty: Collection[Faulty] = field(default=())

    @cached_property
    def fleet(self) -> list[ModelStanding]:
        """How all models stand."""
        return read_fleet(self.history, self.monitors.values(), self.now, faulty=self.faulty)

    @cached_property
    def last(self) -> dict[str, NightRecord]:
        """The last night of each model that had one."""
        return {each.model: each.night for each in self.fleet if each.night is not None}
