"""The incidents that fire, a line each."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from obs_dagster.alerts.incidents.incident import Incident
from obs_dagster.monitor.escalation import SEVERITIES, Severity
from obs_dagster.monitor.whole import WHOLE
from obs_dagster.verdict.wording import day_month, listing, night_count

_NAMED = 3
"""Rules of an incident that are named."""


@dataclass(frozen=True, slots=True)
class IncidentLine:
    """One incident, as a reader takes it in.

    Attributes:
        lasting: since when, and how long that is.
        alerts: how many of its alerts fire, and of which rules.
        taken_on: who acknowledged one of them; empty if nobody has.
        why: what is likely behind it; empty if its alerts say that themselves.
        silenced: how it is silenced in Alertmanager, in words; empty if it is not.
    """

    id: str
    severity: Severity
    version: str
    lasting: str
    alerts: str
    taken_on: str
    why: str = ""
    silenced: str = ""


def incident_lines(
    incidents: Sequence[Incident],
    day: dt.date,
    why: Mapping[str, str] = MappingProxyType({}),
    silenced: Mapping[str, str] = MappingProxyType({}),
) -> list[IncidentLine]:
    """The incidents as they stand after the night of a day, the gravest first, then the longest.

    Args:
        incidents: those that fire.
        day: the day.
        why: by the id of an incident, what is likely behind it.
        silenced: likewise, how it is silenced in Alertmanager.
    """
    ordered = sorted(incidents, key=lambda each: (-SEVERITIES.index(each.severity), each.since, each.id))
    return [_line(each, day, why.get(each.id, ""), silenced.get(each.id, "")) for each in ordered]


def _line(incident: Incident, day: dt.date, why: str, silenced: str) -> IncidentLine:
    firing = [alert for alert in incident.alerts if alert.fires_on(day)]
    rules = list(dict.fromkeys(alert.rule for alert in firing))
    more = [f"{len(rules) - _NAMED} more"] if len(rules) > _NAMED else []
    people = sorted({alert.acknowledged_by for alert in firing if alert.acknowledged_at is not None})
    return IncidentLine(
        incident.id,
        incident.severity,
        "all versions" if incident.version == WHOLE else f"version {incident.version}",
        f"{night_count((day - incident.since).days + 1)} since {day_month(incident.since)}",
        f"{len(firing)} alert{'s' * (len(firing) != 1)} of {listing([*rules[:_NAMED], *more])}",
        listing(people) if people else "",
        why,
        silenced,
    )
