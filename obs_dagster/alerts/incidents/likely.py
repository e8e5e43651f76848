"""What people are told of why an incident fires: its first suspects, and that these have changed.

A message that an alert fires has the suspects of what fires with it, as they are then. Alerts that join
later, labels that come late or what an upstream asset did may bring another one to the front; then people are
told so, once, in the thread of the incident.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field

from sqlalchemy import Connection, update

from obs_dagster.alerts.incidents.across import Across, unasked
from obs_dagster.alerts.incidents.evidence import Evidence
from obs_dagster.alerts.incidents.incident import Incident, read_incidents
from obs_dagster.alerts.incidents.suspects import Suspect, ranked
from obs_dagster.alerts.life import tell
from obs_dagster.alerts.message import harmless
from obs_dagster.alerts.moved import Told
from obs_dagster.alerts.outbox import entries
from obs_dagster.alerts.rules import unevaluated
from obs_dagster.alerts.rules.alert import Alert
from obs_dagster.alerts.rules.fold import State
from obs_dagster.history.alert_tables import INCIDENTS
from obs_dagster.secrets import scrub

Outputs = Callable[[str], Collection[str]]
"""The columns that a model puts out."""

NOTHING = "nothing that is known explains it"

_TOLD = 3
"""So many suspects are told, the likeliest first."""

_LENGTH = 200
"""Of what is told of one."""


@dataclass
class Likely:
    """Looks at each incident once; for one evaluation, in which its alerts stay as they are.

    Attributes:
        moved: what is told of the values that an alert is about.
        outputs: the columns that models put out.
        across: what is told of where an incident began among components.
    """

    moved: Told
    outputs: Outputs
    across: Across = unasked
    _known: dict[tuple[str, dt.date | None], Sequence[Suspect]] = field(default_factory=dict)
    _began: dict[str, str] = field(default_factory=dict)

    def __call__(self, connection: Connection, alert: Alert) -> str:
        """What is told of why an alert fires; empty where it says itself why."""
        if not alert.incident_id:
            return ""
        # what joins an incident later may have another cause than what began it
        return self._words(connection, alert, self._of(connection, alert.incident_id, alert.fired_day))

    def follow(self, connection: Connection, model: str, told: Iterable[Alert], now: dt.datetime) -> None:
        """Tell of incidents whose first suspect is another one than people were told.

        Args:
            connection: to the store, in the transaction that holds the model's lock.
            model: the model.
            told: the alerts of which people were just told that they fire.
            now: the present (UTC).
        """
        just_told = {alert.incident_id for alert in told}
        wanted = (INCIDENTS.c.model == model) & INCIDENTS.c.closed_at.is_(None)
        for incident in read_incidents(connection, wanted):
            alert = _spokesman(incident)
            if alert is None:
                continue
            suspects = self._of(connection, incident.id)
            first = _name(suspects[0]) if suspects else NOTHING
            if first == incident.told_why:
                continue
            known: dict[str, str | int] = {"told_why": first}
            why = self._words(connection, alert, suspects)
            if incident.told_why and suspects and why and incident.id not in just_told:
                known["whys"] = incident.whys + 1
                entries.enqueue(
                    connection,
                    alert,
                    "explained",
                    now,
                    beside=tell.beside(connection, alert),
                    why=why,
                    number=incident.whys + 1,
                )
            connection.execute(update(INCIDENTS).where(INCIDENTS.c.id == incident.id).values(known))

    def _words(self, connection: Connection, alert: Alert, suspects: Sequence[Suspect]) -> str:
        """The first suspects, and where it began among components, if that is known."""
        told, began = words(alert, suspects), self._across(connection, alert.incident_id)
        if not began:
            return told
        began = f"across components: {harmless(scrub(began), length=_LENGTH)}"
        return f"{told}; {began}" if told and told != NOTHING else began

    def _across(self, connection: Connection, incident_id: str) -> str:
        if incident_id not in self._began:
            found = read_incidents(connection, INCIDENTS.c.id == incident_id)
            self._began[incident_id] = "".join(self.across(connection, each) for each in found)
        return self._began[incident_id]

    def _of(
        self, connection: Connection, incident_id: str, fired: dt.date | None = None
    ) -> Sequence[Suspect]:
        """The suspects of an incident, or of the part of it that fired on one night."""
        if (incident_id, fired) not in self._known:
            found = read_incidents(connection, INCIDENTS.c.id == incident_id)
            self._known[incident_id, fired] = [
                suspect
                for incident in (each.of_night(fired) for each in found)
                for suspect in ranked(
                    incident, Evidence.of(connection, incident), self.moved, self.outputs(incident.model)
                )
            ]
        return self._known[incident_id, fired]


def words(alert: Alert, suspects: Sequence[Suspect]) -> str:
    """The first suspects in a line; that there is none, if so. Names out of data do nothing in it.

    An alert of a day that was not evaluated says why, and one about groups of people which these are; only
    what may be behind that is told of it.
    """
    of_days = alert.rule == unevaluated.NAME
    said = [each for each in suspects if _says_itself(alert, each)]
    told = [harmless(scrub(each.evidence), length=_LENGTH) for each in suspects if each not in said][:_TOLD]
    if len(told) < 2:  # noqa: PLR2004
        return told[0] if told else "" if of_days or said else NOTHING
    return "; ".join(f"({place}) {text}" for place, text in enumerate(told, start=1))


def _says_itself(alert: Alert, suspect: Suspect) -> bool:
    """Whether an alert is the suspect, in its own words."""
    if suspect.kind == "group":
        return suspect.about == alert.column
    return alert.rule == unevaluated.NAME and suspect.kind == "day"


def _spokesman(incident: Incident) -> Alert | None:
    """The alert in whose name is told what is news of the incident: the first that people know to fire."""
    known = [
        alert
        for alert in incident.alerts
        if alert.state is State.FIRING and alert.announced and alert.silenced_until is None
    ]
    return known[0] if known else None


def _name(suspect: Suspect) -> str:
    return f"{suspect.kind} {suspect.about}".strip()
