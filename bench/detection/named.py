"""What incidents name as their likely cause, held against what was done to the log."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from obs_dagster.alerts.incidents.evidence import Evidence
from obs_dagster.alerts.incidents.incident import list_incidents
from obs_dagster.alerts.incidents.suspects import ranked
from obs_dagster.alerts.moved import from_lake
from obs_dagster.lake.lake import Lake
from obs_dagster.monitor.task import outputs

if TYPE_CHECKING:
    from bench.alarms.nights import Nights
    from obs_dagster.history import History

FIRST = 3
"""So many suspects are told."""

Named = Mapping[str, Any]
"""Of what fired on a night in an incident, `signals` and `suspects`: kind and about, likeliest first."""


def named(nights: Nights, history: History) -> list[Named]:
    """The suspects of all incidents that are open after a night, of each night on which alerts fired."""
    moved, columns = from_lake(Lake(nights.home / "lake")), [each.column for each in outputs(nights.monitor)]
    found: list[Named] = []
    with history.reading() as connection:
        for incident in list_incidents(history, nights.monitor.model):
            for part in (incident.of_night(night) for night in incident.nights if not incident.closed_at):
                suspects = ranked(part, Evidence.of(connection, part), moved, columns)
                found.append(
                    {
                        "signals": sorted({f"{alert.rule}|{alert.column}" for alert in part.alerts}),
                        "suspects": [[each.kind, each.about] for each in suspects],
                    }
                )
    return found


def place_of(truth: Sequence[Sequence[str]], told: Sequence[Named], signals: set[str]) -> int | None:
    """At which place, from 1 on, the true cause stands where most of a fault's signals are told, at best.

    None: it does not stand there at all, or none is told.

    Args:
        truth: what may be named, kind and what it is about.
        told: what fired in the incidents.
        signals: what is on because of the fault.
    """
    most = max((len(signals & set(each["signals"])) for each in told), default=0)
    if not most:
        return None
    right = {tuple(each) for each in truth}
    return min(
        (
            place
            for part in told
            if len(signals & set(part["signals"])) == most
            for place, each in enumerate(part["suspects"], start=1)
            if tuple(each) in right
        ),
        default=None,
    )
