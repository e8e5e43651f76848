"""Default rules on the flights: what fires in weeks without a fault, and on which night of each fault."""

from __future__ import annotations

import datetime as dt
import shutil
import tempfile
from collections.abc import Collection, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench.clock import Clock, run

if TYPE_CHECKING:
    from bench.alarms.nights import Nights
    from bench.alarms.served import Fault, Served

About = tuple[str, str, str]
"""Rule, version and column of an alert."""

_ONE = dt.timedelta(days=1)
_NAMED = 3
#: The version that faults happen to was trained up to the month before its weeks.
_TRAINED_TO, _FAULTY_FROM, _WARM_UP, _FAULTY = 7, "2013-08-01", 28, 2


def undisturbed(folder: str, first: str, nights: int) -> None:
    """Nights of the demo's two versions as they were served.

    Args:
        folder: where to work.
        first: the first day, YYYY-MM-DD.
        nights: how many.
    """
    clock = Clock()
    with clock.importing():
        from bench.alarms.nights import Nights
        from bench.alarms.served import trained
        from obs_dagster.alerts.incidents.incident import list_incidents
        from obs_dagster.demo.flights import load_flights
    home, day = Path(folder), dt.date.fromisoformat(first)
    served = trained(home / "demo", load_flights(), day)
    evaluated = Nights.at(home, day, served.registered)
    with clock.phase("nights"), evaluated.history() as history:
        for back in range(nights):
            served.day(day + back * _ONE)
            evaluated.run(day + back * _ONE, history)
    with evaluated.history() as history:
        found = [
            {
                "version": each.version,
                "since": str(each.since),
                "until": str(each.until),
                "state": each.state,
                "rules": list(each.rules),
                "columns": sorted({alert.column for alert in each.alerts} - {""}),
            }
            for each in reversed(list_incidents(history))
        ]
    clock.report(nights=nights, first=first, incidents=found)


def faulty(folder: str) -> None:
    """Each fault for two nights, after four weeks without one."""
    clock = Clock()
    with clock.importing():
        from bench.alarms.faults import FAULTS
        from bench.alarms.nights import Nights
        from bench.alarms.served import QUIET, trained
        from obs_dagster.demo.flights import load_flights
        from obs_dagster.demo.models import RECIPES
    home, first = Path(folder), dt.date.fromisoformat(_FAULTY_FROM)
    recipe = replace(RECIPES[-1], last_month=_TRAINED_TO)
    flights = load_flights()
    served = trained(home / "demo", flights, first, lambda _flight, _day: recipe.version, [recipe])
    # a version that comes with a fault was trained likewise
    baselines = home / "demo" / "baseline"
    shutil.copytree(baselines / f"version={recipe.version}", baselines / "version=3")
    quiet = Nights.at(home, first, served.registered)
    with clock.phase("warm-up"), quiet.history() as history:
        for back in range(_WARM_UP):
            served.day(first + back * _ONE)
            quiet.run(first + back * _ONE, history)
    days = [first + (_WARM_UP + more) * _ONE for more in range(_FAULTY)]
    longest = max(each.awaited for each in FAULTS.values())
    with clock.phase("faults"):
        told = _told(quiet, served, replace(QUIET, awaited=longest), days)
        anyway = {about for _, about in told}
        found = {
            name: _noticed(_told(quiet, served, fault, days, anyway), fault) for name, fault in FAULTS.items()
        }
    clock.report(faults=found)


def _told(
    quiet: Nights,
    served: Served,
    fault: Fault,
    days: Sequence[dt.date],
    anyway: Collection[About] | None = None,
) -> list[tuple[int, About]]:
    """Which alerts joined an incident after the nights of a fault, until labels are waited for no longer.

    Args:
        quiet: the nights before.
        served: what writes logs and labels.
        fault: what goes wrong.
        days: when.
        anyway: what these nights tell without a fault; the first night of other news is the last one.
    """
    from bench.alarms.served import QUIET
    from obs_dagster.alerts import list_alerts

    blamed = dict.fromkeys(days, fault)
    after = [days[-1] + (1 + more) * _ONE for more in range(fault.awaited)]
    told: list[tuple[int, About]] = []
    with tempfile.TemporaryDirectory(dir=quiet.home.parent) as aside:
        nights = quiet.copied(Path(aside) / "home")
        there = replace(served, folder=nights.home / "demo")
        with nights.history() as history:
            known = {alert.id for alert in list_alerts(history) if alert.fired_day}
            for number, day in enumerate([*days, *after], start=1):
                there.day(day, fault if day in blamed else QUIET, blamed)
                nights.run(day, history)
                fired = [each for each in list_alerts(history) if each.incident_id and each.id not in known]
                known.update(each.id for each in fired)
                about = ((each.rule, each.version, each.column) for each in fired)
                told += [(number, each) for each in about if each not in (anyway or ())]
                if told and anyway is not None:
                    break
    return told


def _noticed(told: Sequence[tuple[int, About]], fault: Fault) -> dict[str, Any]:
    """On which night people were told of a fault, and by which rules.

    Nights count from the first on which it can be judged: where labels are wrong, from when these are waited
    for no longer.
    """
    if not told or told[0][0] - fault.awaited > _FAULTY:
        return {"night": None, "rules": [], "more": 0}
    rules = list(dict.fromkeys(rule for _, (rule, *_) in told))
    night, more = max(told[0][0] - fault.awaited, 1), max(len(rules) - _NAMED, 0)
    return {"night": night, "rules": rules[:_NAMED], "more": more, "awaited": fault.awaited}


def main(what: str, **arguments: Any) -> None:
    """Measure one of both."""
    {"undisturbed": undisturbed, "faulty": faulty}[what](**arguments)


if __name__ == "__main__":
    run(main)
