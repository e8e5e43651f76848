"""Default rules on the flights: what fires in weeks without a fault, and on which night of each fault."""

from __future__ import annotations

import datetime as dt
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from bench.clock import Clock, run

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
    evaluated = Nights.at(home, day, served.models)
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
        from bench.alarms.served import trained
        from obs_dagster.demo.flights import load_flights
        from obs_dagster.demo.models import RECIPES
    home, first = Path(folder), dt.date.fromisoformat(_FAULTY_FROM)
    recipe = replace(RECIPES[-1], last_month=_TRAINED_TO)
    flights = load_flights()
    served = trained(home / "demo", flights, first, lambda _flight, _day: recipe.version, [recipe])
    # a version that comes with a fault was trained likewise
    baselines = home / "demo" / "baseline"
    shutil.copytree(baselines / f"version={recipe.version}", baselines / "version=3")
    quiet = Nights.at(home, first, served.models)
    with clock.phase("warm-up"), quiet.history() as history:
        for back in range(_WARM_UP):
            served.day(first + back * _ONE)
            quiet.run(first + back * _ONE, history)
    days = [first + (_WARM_UP + more) * _ONE for more in range(_FAULTY)]
    found = {}
    with clock.phase("faults"):
        for name, fault in FAULTS.items():
            with tempfile.TemporaryDirectory(dir=home.parent) as aside:
                nights = quiet.copied(Path(aside) / "home")
                there = replace(served, folder=nights.home / "demo")
                blamed = dict.fromkeys(days, fault)

                def one(day: dt.date, there: Any = there, fault: Any = fault, blamed: Any = blamed) -> None:
                    there.day(day, fault, blamed)

                found[name] = _noticed(nights, days, one)
    clock.report(faults=found)


def _noticed(nights: Any, days: list[dt.date], write: Callable[[dt.date], None]) -> dict[str, Any]:
    """On which night an incident was opened, or joined, and by which rules."""
    from obs_dagster.alerts import list_alerts

    with nights.history() as history:
        known = {alert.id for alert in list_alerts(history) if alert.fired_day}
        for number, day in enumerate(days, start=1):
            write(day)
            nights.run(day, history)
            fired = [alert for alert in list_alerts(history) if alert.incident_id and alert.id not in known]
            if fired:
                rules = list(dict.fromkeys(alert.rule for alert in fired))
                return {"night": number, "rules": rules[:_NAMED], "more": max(len(rules) - _NAMED, 0)}
    return {"night": None, "rules": [], "more": 0}


def main(what: str, **arguments: Any) -> None:
    """Measure one of both."""
    {"undisturbed": undisturbed, "faulty": faulty}[what](**arguments)


if __name__ == "__main__":
    run(main)
