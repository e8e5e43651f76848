"""Nights of a world with the default rules: what fires on quiet ones, and how soon each fault is found."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bench.alarms.nights import Nights
from bench.content.world import REFERENCE, Happening, World
from obs_dagster.alerts import list_alerts
from obs_dagster.history import History

WATCHED = 2
"""Nights that a fault is watched for."""


@dataclass
class Found:
    """What was found in a world.

    Attributes:
        nights: quiet nights after the reference.
        alarms: what fired on them: a day, and the rule with its column.
        found: the night of each fault that something fires on which its quiet twin does not, from 1 on.
        by: what fired then.
    """

    nights: int = 0
    alarms: list[tuple[str, str]] = field(default_factory=list)
    found: dict[str, int | None] = field(default_factory=dict)
    by: dict[str, list[str]] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """As plain data."""
        return {"nights": self.nights, "alarms": self.alarms, "found": self.found, "by": self.by}


def watched(world: World, folder: Path, quiet: int, faults: Sequence[str] | None = None) -> Found:
    """Evaluate the reference, each fault after a week of quiet nights, and quiet nights.

    Args:
        world: the world.
        folder: takes its homes; is empty.
        quiet: nights without a fault, a week or more.
        faults: those that happen; left out: all.
    """
    found = Found()
    nights = Nights.of(folder / "home", world.monitor(), {})
    for number in range(REFERENCE):
        world.write(nights.home, world.day(number))
    begun = REFERENCE + 7
    with nights.history() as history:
        seen = [_night(world, nights, number, history) for number in range(REFERENCE, begun)]
    aside = nights.home.rename(folder / "aside")
    kept = Nights(aside, nights.monitor, {})
    twin = _after(world, kept, nights.home, begun, [None] * max(WATCHED, quiet - 7))
    for name in world.faults if faults is None else faults:
        happening: list[Happening | None] = [world.faults[name]] * WATCHED
        on = _after(world, kept, nights.home, begun, happening)
        news = [sorted(there - without) for there, without in zip(on, twin, strict=False)]
        found.found[name] = next((night for night, each in enumerate(news, start=1) if each), None)
        found.by[name] = next((each for each in news if each), [])
    seen += twin
    found.nights = len(seen)
    before: set[str] = set()
    for number, each in enumerate(seen):
        found.alarms += [(str(world.day(REFERENCE + number)), name) for name in sorted(each - before)]
        before = each
    return found


def _after(
    world: World, kept: Nights, home: Path, begun: int, happening: Sequence[Happening | None]
) -> list[set[str]]:
    """What is on after each of some nights, in a copy of a home at its old place."""
    there = kept.copied(home)
    try:
        with there.history() as history:
            return [
                _night(world, there, begun + number, history, fault) for number, fault in enumerate(happening)
            ]
    finally:
        shutil.rmtree(home)


def _night(
    world: World, nights: Nights, number: int, history: History, fault: Happening | None = None
) -> set[str]:
    day = world.day(number)
    world.write(nights.home, day, fault)
    nights.run(day, history)
    return {
        f"{alert.rule}|{alert.column}"
        for alert in list_alerts(history)
        if alert.fired_day and not alert.resolved_day
    }
