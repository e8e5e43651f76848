"""Nights of a world with the default rules, through every stage of the engine."""

from __future__ import annotations

import datetime as dt
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from bench.alarms.nights import Nights, Registered
from bench.alarms.served import QUIET as NOTHING
from bench.alarms.served import Fault
from bench.detection.faults import Case
from bench.detection.world import QUIET, SERVED, TWIN, World
from obs_dagster.alerts import list_alerts
from obs_dagster.demo.log_rows import to_arrow

if TYPE_CHECKING:
    from obs_dagster.history import History

Signals = list[list[str]]
"""Of each night, what fires: rules with their columns."""


@dataclass(frozen=True)
class Watch:
    """A world whose quiet nights are evaluated once; what happens to it then, in a copy.

    Attributes:
        world: the world.
        nights: its home.
        quiet: the quiet nights before a fault begins.
    """

    world: World
    nights: Nights
    quiet: Signals

    @classmethod
    def begun(cls, world: World, home: Path, nights: int = QUIET) -> Watch:
        """The nights of the reference, which teach what labels are like, and quiet nights after it."""
        models = {SERVED: Registered(list(world.features), world.score)}
        evaluated = Nights.of(home, world.monitor(), models)
        # a day is held against all of the reference, so its log is there from the first night on
        for number in range(world.reference):
            write(world, home, world.day(number), NOTHING)
        with evaluated.history() as history:
            for number in range(world.reference):
                evaluated.run(world.day(number), history)
            found = []
            for number in range(world.reference, world.reference + nights):
                write(world, home, world.day(number), NOTHING)
                found.append(_fired(evaluated, world.day(number), history))
        return cls(world, evaluated, found)

    def case(self, case: Case, twin: Signals | None = None, nights: int = TWIN) -> Signals:
        """The nights of a case, until one has what its quiet twin has not.

        Args:
            case: what happens.
            twin: the same nights without a fault; left out: all nights are evaluated.
            nights: how many at most.
        """
        found = []
        with self._back_afterwards() as there, there.history() as history:
            for night in range(1, min(case.nights, nights) + 1):
                day = self.world.day(self.world.reference + len(self.quiet) + night - 1)
                write(self.world, there.home, day, case.fault(self.world, night))
                found.append(_fired(there, day, history))
                if twin is not None and set(found[-1]) - set(twin[night - 1]):
                    break
        return found

    @contextmanager
    def _back_afterwards(self) -> Iterator[Nights]:
        """The home, as it is again later. It stays at its place: files of another one would be read anew."""
        home = self.nights.home
        kept = home.rename(home.with_name("kept"))
        try:
            yield replace(self.nights, home=kept).copied(home)
        finally:
            shutil.rmtree(home)
            kept.rename(home)


def watched(
    world: World, folder: Path, cases: Sequence[Case], nights: int = QUIET, twin: int = TWIN
) -> dict[str, Signals]:
    """What fires on quiet nights, those after them without a fault (`twin`), and those of each case."""
    watch = Watch.begun(world, folder / "home", nights)
    after = watch.case(Case(), nights=twin)
    found = {"quiet": watch.quiet, "twin": after}
    for case in cases:
        found[case.name] = watch.case(case, after, twin)
    return found


def write(world: World, home: Path, day: dt.date, fault: Fault) -> None:
    """Write the log of a day, and its labels."""
    import pyarrow.parquet as pq

    log, labels = world.served(day, fault)
    for place, rows in ((f"logs/day={day}/rows.parquet", log), (f"labels/{day}.parquet", labels)):
        path = home / place
        path.parent.mkdir(parents=True, exist_ok=True)
        pq.write_table(to_arrow(rows, {}), path)


def _fired(nights: Nights, day: dt.date, history: History) -> list[str]:
    """What fires after the night of a day."""
    nights.run(day, history)
    firing = [alert for alert in list_alerts(history) if alert.fired_day and not alert.resolved_day]
    return sorted({f"{alert.rule}|{alert.column}" for alert in firing})
