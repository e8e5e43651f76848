"""Nights of a world with the default rules, through every stage of the engine."""

from __future__ import annotations

import datetime as dt
import json
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench.alarms.nights import Nights, Registered
from bench.alarms.served import QUIET as NOTHING
from bench.alarms.served import Fault
from bench.detection.budgets import budgeted, evidence_of
from bench.detection.faults import Case
from bench.detection.kept import Kept
from bench.detection.named import named
from bench.detection.world import AFTER, BEFORE, LEARNED, QUIET, SERVED, World
from obs_dagster.alerts import list_alerts
from obs_dagster.demo.log_rows import to_arrow

if TYPE_CHECKING:
    from obs_dagster.history import History

OURS = "obs-dagster"
"""What we are called in results."""

_ASIDE, _TWICE = "aside", "aside-twice"
"""Where the home is while something happens to a copy of it; and that copy, while it does to one of that."""

Signals = list[dict[str, Any]]
"""Of each night, its `day`, what is `on`: rules with their columns, the `evidence` that has a budget, and
what incidents have `named`."""


@dataclass(frozen=True)
class Watch:
    """A world whose quiet nights are evaluated once; what happens to it then, in a copy.

    Attributes:
        world: the world.
        nights: its home.
        learned: the nights of the reference.
        quiet: the quiet nights before a fault begins.
    """

    world: World
    nights: Nights
    learned: Signals
    quiet: Signals

    @classmethod
    def begun(cls, world: World, home: Path, nights: int = QUIET) -> Watch:
        """The nights of the reference, which teach what labels are like, and quiet nights after it.

        A home that has had them is taken as it is.
        """
        models = {SERVED: Registered(list(world.features), world.score)}
        told, aside = home.with_suffix(".json"), home.with_name(_ASIDE)
        if aside.exists():
            # a run was cut while something happened to it
            shutil.rmtree(home, ignore_errors=True)
            aside.rename(home)
        if told.exists():
            learned, quiet = json.loads(told.read_text(encoding="utf-8"))
            return cls(world, Nights.of(home, world.monitor(), models), learned, quiet)
        shutil.rmtree(home, ignore_errors=True)
        evaluated = Nights.of(home, world.monitor(), models)
        # a day is held against all of the reference, so its log is there from the first night on
        for number in range(world.reference):
            write(world, home, world.day(number), NOTHING)
        with evaluated.history() as history:
            learned = [_night(evaluated, world.day(number), history) for number in range(world.reference)]
            found = []
            for number in range(world.reference, world.reference + nights):
                write(world, home, world.day(number), NOTHING)
                found.append(_night(evaluated, world.day(number), history))
        told.write_text(json.dumps([learned, found]), encoding="utf-8")
        return cls(world, evaluated, learned, found)

    def without(self) -> Signals:
        """The nights that follow, if nothing happens."""
        return self._nights(Case(), [set()] * self.world.after, until_found=False)

    def case(self, case: Case, twin: Signals) -> Signals:
        """The nights of a case, up to the first that has what its quiet twin has not, at any budget.

        Args:
            case: what happens.
            twin: the same nights without a fault, and no fewer than are watched.
        """
        return self._nights(case, [set(each["on"]) for each in twin[: case.nights]], until_found=True)

    def begun_later(
        self, case_of: Mapping[int, Sequence[Case]], twin: Signals
    ) -> Iterator[tuple[int, Case, Signals]]:
        """The nights of cases that begin so many quiet nights later, in the order of these.

        Args:
            case_of: by how many nights later, what happens then.
            twin: the nights without a fault, from the first that is not among the quiet ones.
        """
        with self._back_afterwards() as there:
            watch = replace(self, nights=there)
            for start in sorted(case_of):
                watch = watch.further(start - (len(watch.quiet) - len(self.quiet)))
                for case in case_of[start]:
                    yield start, case, watch.case(case, twin[start:])

    def further(self, nights: int) -> Watch:
        """So many quiet nights later."""
        quiet = list(self.quiet)
        with self.nights.history() as history:
            for _ in range(nights):
                day = self.world.day(self.world.reference + len(quiet))
                write(self.world, self.nights.home, day, NOTHING)
                quiet.append(_night(self.nights, day, history))
        return replace(self, quiet=quiet)

    def _nights(self, case: Case, twin: Sequence[set[str]], *, until_found: bool) -> Signals:
        found: Signals = []
        with self._back_afterwards() as there, there.history() as history:
            for night, quiet in enumerate(twin, start=1):
                day = self.world.day(self.world.reference + len(self.quiet) + night - 1)
                write(self.world, there.home, day, case.fault(self.world, night))
                found.append(_night(there, day, history))
                # with a smaller budget, what has one may be found later
                if until_found and set(budgeted(found[-1]["on"], has=False)) - quiet:
                    break
        return found

    @contextmanager
    def _back_afterwards(self) -> Iterator[Nights]:
        """The home, as it is again later. It stays at its place: files of another one would be read anew."""
        home = self.nights.home
        aside = home.with_name(_ASIDE)
        if aside.exists():
            # what is aside is what this one is a copy of; one that a run which was cut has left is not
            aside = home.with_name(_TWICE)
            shutil.rmtree(aside, ignore_errors=True)
        kept = home.rename(aside)
        try:
            yield replace(self.nights, home=kept).copied(home)
        finally:
            shutil.rmtree(home)
            kept.rename(home)


def watched(world: World, folder: Path, cases: Sequence[Case], quiet: int = QUIET) -> None:
    """Keep the nights of the reference, quiet ones, those after them without a fault, and of each case."""
    kept = Kept(folder, OURS)
    if not kept.missing([LEARNED, BEFORE, AFTER, *(case.name for case in cases)]):
        return
    watch = Watch.begun(world, folder / "home", quiet)
    kept.write(LEARNED, watch.learned)
    kept.write(BEFORE, watch.quiet)
    if kept.missing([AFTER]):
        kept.write(AFTER, watch.without())
    after = kept.read(AFTER)
    for case in cases:
        if kept.missing([case.name]):
            kept.write(case.name, watch.case(case, after))


def write(world: World, home: Path, day: dt.date, fault: Fault) -> None:
    """Write the log of a day, and its labels."""
    import pyarrow.parquet as pq

    log, labels = world.served(day, fault)
    for place, rows in ((f"logs/day={day}/rows.parquet", log), (f"labels/{day}.parquet", labels)):
        path = home / place
        path.parent.mkdir(parents=True, exist_ok=True)
        pq.write_table(to_arrow(rows, {}), path)


def _night(nights: Nights, day: dt.date, history: History) -> dict[str, Any]:
    """What is on after the night of a day, and what evidence it has."""
    nights.run(day, history)
    firing = [alert for alert in list_alerts(history) if alert.fired_day and not alert.resolved_day]
    return {
        "day": day.isoformat(),
        "on": sorted({f"{alert.rule}|{alert.column}" for alert in firing}),
        "evidence": evidence_of(history, nights.monitor, day),
        "named": named(nights, history),
    }
